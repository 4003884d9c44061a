/*
 * The pid file and its lock. Written by the master, asked by the command line.
 */
#include "master/master_pid.h"

#include "base/rs_fd.h"
#include "master/master_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Somebody may remove and make the file between our open() and our lock. */
#define TRIES 10

static bool same_file(int fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && lstat(path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static pid_t lock_holder(int fd)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_GETLK, &l) < 0 || l.l_type == F_UNLCK)
		return 0;
	return l.l_pid;
}

pid_t rs_pidfile_holder(const char *path)
{
	int fd = rs_file_open(path, O_RDONLY, 0, NULL);
	pid_t pid = fd >= 0 ? lock_holder(fd) : 0;

	rs_fd_close(&fd);
	return pid;
}

/* A number cut short is somebody else's: as bad as none. */
static bool write_pid(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%d\n", (int)getpid());
	ssize_t put = ftruncate(fd, 0) == 0 ? pwrite(fd, text, (size_t)n, 0) : -1;

	if (put >= 0 && put < n)
		errno = ENOSPC;
	return put == n;
}

/* While the lock is held: the name, if it still is this file. */
static void remove_name(const struct rs_pidfile *f)
{
	struct rs_file_rights rights = rs_file_rights_take(f->path, f->owner);

	if (same_file(f->fd, f->path))
		(void)unlink(f->path);
	rs_file_rights_drop(&rights);
}

/*
 * One that we may not write was left by a server that somebody else had started: where nobody holds it and the folder is ours, the
 * name is, too. errno stays EACCES.
 */
static bool remove_stale(const struct rs_pidfile *f)
{
	int fd = rs_file_open(f->path, O_RDONLY, 0, f->owner);
	bool removed = false;

	if (fd >= 0 && lock_holder(fd) == 0) {
		struct rs_file_rights rights = rs_file_rights_take(f->path, f->owner);

		removed = same_file(fd, f->path) && unlink(f->path) == 0;
		rs_file_rights_drop(&rights);
	}
	rs_fd_close(&fd);
	errno = EACCES;
	return removed;
}

/* RS_DONE: the file was replaced meanwhile; once more. */
static enum rs_result try_lock(struct rs_pidfile *f, pid_t *holder, char *why, size_t why_size)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	enum rs_result r = RS_ERR;
	bool locked;

	f->fd = rs_file_open(f->path, O_RDWR | O_CREAT, 0644, f->owner);
	if (f->fd < 0 && errno == EACCES) {
		*holder = rs_pidfile_holder(f->path);
		if (*holder)
			return RS_AGAIN;
		if (remove_stale(f))
			return RS_DONE;
	}
	if (f->fd < 0) {
		rs_fmt(why, why_size, "cannot open the pid file %s: %s", f->path,
		       errno == EINVAL ? "not a regular file" : strerror(errno));
		return RS_ERR;
	}
	locked = fcntl(f->fd, F_SETLK, &l) == 0;
	if (!locked) {
		*holder = errno == EAGAIN || errno == EACCES ? lock_holder(f->fd) : 0;
		/* Gone between the two calls: try again. */
		r = *holder ? RS_AGAIN : errno == EAGAIN || errno == EACCES ? RS_DONE : RS_ERR;
	} else if (!same_file(f->fd, f->path)) {
		r = RS_DONE;
	} else if (write_pid(f->fd)) {
		return RS_OK;
	}
	if (r == RS_ERR)
		rs_fmt(why, why_size, "cannot lock and write the pid file %s: %s", f->path, strerror(errno));
	if (locked && r == RS_ERR)
		remove_name(f);
	rs_fd_close(&f->fd);
	return r;
}

enum rs_result rs_pidfile_take(struct rs_pidfile *f, const char *path, const struct rs_identity *owner, int inherited,
			       pid_t *holder, char *why, size_t why_size)
{
	enum rs_result r = RS_DONE;

	*f = (struct rs_pidfile){ .fd = -1, .path = path, .owner = owner };
	*holder = 0;
	if (inherited >= 0 && same_file(inherited, path)) {
		f->fd = inherited;
		(void)rs_fd_cloexec(inherited, true);
		return RS_OK;
	}
	rs_fd_close(&inherited);
	for (int i = 0; i < TRIES && r == RS_DONE; i++)
		r = try_lock(f, holder, why, why_size);
	if (r != RS_DONE)
		return r;
	rs_fmt(why, why_size, "the pid file %s is being replaced all the time", path);
	return RS_ERR;
}

void rs_pidfile_drop(struct rs_pidfile *f)
{
	if (f->fd < 0)
		return;
	remove_name(f);
	rs_fd_close(&f->fd);
}
