/*
 * Unix sockets by path. Used by the master (control sockets, listeners) and the command line.
 */
#include "master/master_unix.h"

#include "base/rs_fd.h"
#include "master/master_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* An address for a path of any length: a long one goes through its directory's fd, which the caller closes. */
struct address {
	struct sockaddr_un un;
	int dir;
};

static bool address_init(struct address *a, const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');

	*a = (struct address){ .un = { .sun_family = AF_UNIX }, .dir = -1 };
	if (rs_copy(a->un.sun_path, sizeof a->un.sun_path, rs_slice_str(path)))
		return true;
	if (!slash || !rs_copy(dir, sizeof dir, rs_slice(path, (size_t)(slash - path)))) {
		errno = ENAMETOOLONG;
		return false;
	}
	a->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (a->dir < 0)
		return false;
	if (rs_fmt(a->un.sun_path, sizeof a->un.sun_path, "/proc/self/fd/%d%s", a->dir, slash))
		return true;
	rs_fd_close(&a->dir);
	errno = ENAMETOOLONG;
	return false;
}

static int connect_as(const char *path, int type)
{
	struct address a;
	int fd;

	if (!address_init(&a, path))
		return -1;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&a.un, sizeof a.un) < 0)
		rs_fd_close(&fd);
	rs_fd_close(&a.dir);
	return fd;
}

int rs_unix_connect(const char *path)
{
	return connect_as(path, SOCK_STREAM);
}

bool rs_unix_peer(int fd, struct ucred *peer)
{
	socklen_t n = sizeof *peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, peer, &n) == 0;
}

void rs_unix_unlink(const char *path, const struct rs_identity *owner)
{
	struct rs_file_rights rights = rs_file_rights_take(path, owner);
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path);
	rs_file_rights_drop(&rights);
}

/* May what is at path now be replaced? Nothing there: yes. */
static bool replaceable(const char *path, int type, const struct rs_identity *owner, char *why, size_t why_size)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0) {
		if (errno == ENOENT)
			return true;
		rs_fmt(why, why_size, "%s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISSOCK(st.st_mode)) {
		rs_fmt(why, why_size, "%s: is there and is not a socket", path);
		return false;
	}
	if (st.st_uid != geteuid() && (!owner || st.st_uid != owner->uid)) {
		rs_fmt(why, why_size, "%s: is there and belongs to another user (uid %u)", path, (unsigned)st.st_uid);
		return false;
	}
	fd = connect_as(path, type);
	if (fd < 0 && errno == ECONNREFUSED)
		return true;
	rs_fmt(why, why_size, "%s: %s", path, fd >= 0 ? "another server answers there" : strerror(errno));
	rs_fd_close(&fd);
	return false;
}

/* Binds with exactly the wanted mode from the first moment on. */
static bool bind_as(int fd, const char *path, const struct rs_unix_options *o)
{
	struct address a;
	mode_t mask;
	int rc;

	if (!address_init(&a, path))
		return false;
	mask = umask(~o->mode & 0777);
	rc = bind(fd, (const struct sockaddr *)&a.un, sizeof a.un);
	umask(mask);
	rs_fd_close(&a.dir);
	return rc == 0;
}

int rs_unix_listen(const struct rs_unix_options *o, char *why, size_t why_size)
{
	struct rs_file_rights rights = rs_file_rights_take(o->path, o->owner);
	char temp[PATH_MAX];
	int fd = -1, type = o->datagrams ? SOCK_DGRAM : SOCK_STREAM;

	if (!rs_fmt(temp, sizeof temp, "%s.%d", o->path, (int)getpid())) {
		rs_fmt(why, why_size, "%s: %s", o->path, strerror(ENAMETOOLONG));
		goto out;
	}
	if (!replaceable(o->path, type, o->owner, why, why_size))
		goto out;
	(void)unlink(temp);
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || !bind_as(fd, temp, o))
		goto fail;
	/* Only where root made it, in a place that only root can change. */
	if (!rights.changed && o->give && o->owner && geteuid() == 0 && lchown(temp, o->owner->uid, o->owner->gid) < 0)
		goto fail;
	if ((!o->datagrams && listen(fd, o->backlog) < 0) || rename(temp, o->path) < 0)
		goto fail;
out:
	rs_file_rights_drop(&rights);
	return fd;
fail:
	rs_fmt(why, why_size, "%s: %s", o->path, strerror(errno));
	(void)unlink(temp);
	rs_fd_close(&fd);
	goto out;
}
