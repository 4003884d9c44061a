/*
 * Files of run time: pid file, logs, sockets. Which rights they are made with, and the checks on what is there already.
 * Runs in the master and in the command line; keeps nothing.
 */
#include "master/master_file.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

/* May only root change what is in this directory? A sticky one protects entries that root owns. */
static bool dir_trusted(const struct stat *dir, const struct stat *entry)
{
	bool others = (dir->st_mode & S_IWOTH) || ((dir->st_mode & S_IWGRP) && dir->st_gid != 0);

	if (dir->st_uid != 0)
		return false;
	return !others || ((dir->st_mode & S_ISVTX) && entry && entry->st_uid == 0);
}

/* Is every directory on the way to where the link leads trusted, and that one too? */
static bool link_trusted(const char *link)
{
	char real[PATH_MAX], inside[PATH_MAX + 2];

	return realpath(link, real) && rs_fmt(inside, sizeof inside, "%s/", real) && rs_file_trusted(inside);
}

bool rs_file_trusted(const char *path)
{
	char part[PATH_MAX];
	struct stat dir, entry;

	if (path[0] != '/' || !rs_copy(part, sizeof part, rs_slice_str(path)) || lstat("/", &dir) < 0)
		return false;
	for (char *at = part; at;) {
		char *end = strchr(at + 1, '/');
		bool last = end == NULL;
		if (end)
			*end = '\0';
		if (last)
			return dir_trusted(&dir, lstat(part, &entry) == 0 ? &entry : NULL);
		if (lstat(part, &entry) < 0 || !dir_trusted(&dir, &entry))
			return false;
		/* A link counts as what it points to; who could put another link there was asked just now. */
		if (S_ISLNK(entry.st_mode)) {
			if (!link_trusted(part) || stat(part, &entry) < 0)
				return false;
		}
		dir = entry;
		*end = '/';
		at = end;
	}
	return false;
}

struct rs_file_rights rs_file_rights_take(const char *path, const struct rs_identity *user)
{
	struct rs_file_rights r = { .uid = geteuid(), .gid = getegid() };

	if (!user || r.uid != 0 || user->uid == 0 || rs_file_trusted(path))
		return r;
	/* Group first: it takes root's rights to change it. */
	setfsgid(user->gid);
	setfsuid(user->uid);
	r.changed = true;
	return r;
}

void rs_file_rights_drop(const struct rs_file_rights *r)
{
	int saved = errno;

	if (r->changed) {
		setfsuid(r->uid);
		setfsgid(r->gid);
	}
	errno = saved;
}

int rs_file_open(const char *path, int flags, mode_t mode, const struct rs_identity *user)
{
	struct rs_file_rights rights = rs_file_rights_take(path, user);
	/* Not blocking: somebody may have put a FIFO there. */
	int fd = open(path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, mode);
	struct stat st;

	rs_file_rights_drop(&rights);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		rs_fd_close(&fd);
		errno = EINVAL;
		return -1;
	}
	(void)rs_fd_nonblock(fd, false);
	return fd;
}

bool rs_file_make_dir_of(const char *path, const struct rs_identity *user)
{
	char dir[PATH_MAX];
	char *end;
	struct rs_file_rights rights;
	bool ok = true;

	if (path[0] != '/' || !rs_copy(dir, sizeof dir, rs_slice_str(path))) {
		errno = ENAMETOOLONG;
		return false;
	}
	end = strrchr(dir, '/');
	*end = '\0';
	if (end == dir || access(dir, F_OK) == 0)
		return true;
	for (char *at = strchr(dir + 1, '/'); ok; at = strchr(at + 1, '/')) {
		if (at)
			*at = '\0';
		rights = rs_file_rights_take(dir, user);
		ok = mkdir(dir, 0755) == 0 || errno == EEXIST;
		rs_file_rights_drop(&rights);
		if (!at)
			break;
		*at = '/';
	}
	return ok;
}
