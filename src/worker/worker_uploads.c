/*
 * Directories of workers for uploaded files. A lock on the directory says that somebody lives who uses it: the kernel drops it with
 * the last process that has it, however that ends, so what is left behind can be told from what is in use. No list, no message.
 */
#include "worker/worker_uploads.h"

#include "base/rs_fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "rserverd-upload-"
/* Names that are tried: another container may have the same pid. */
#define TRIES 16

/* Every file in it; uploads have no directories. fd stays open. */
static void empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *e;

	if (!d) {
		rs_fd_close(&copy);
		return;
	}
	while ((e = readdir(d)))
		RS_IGNORE(unlinkat(fd, e->d_name, 0) < 0);
	closedir(d);
}

/* Locked by us, ours, and still there. -1: not. */
static int take(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() || st.st_nlink == 0))
		rs_fd_close(&fd);
	return fd;
}

void rs_uploads_sweep(const char *dir)
{
	DIR *d = opendir(dir);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		int fd = strncmp(e->d_name, PREFIX, sizeof PREFIX - 1) == 0 ? take(dirfd(d), e->d_name) : -1;
		if (fd < 0)
			continue;
		empty(fd);
		RS_IGNORE(unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR) < 0);
		rs_fd_close(&fd);
	}
	if (d)
		closedir(d);
}

/* Is it there still? Cleaners of temporary directories may have thought it old. */
static bool stands(const struct rs_uploads *u)
{
	struct stat st;

	return u->fd >= 0 && fstat(u->fd, &st) == 0 && st.st_nlink > 0;
}

const char *rs_uploads_make(struct rs_uploads *u, const char *dir)
{
	if (stands(u))
		return u->path;
	rs_fd_close(&u->fd);
	for (int i = 0; i < TRIES && u->fd < 0; i++) {
		if (!rs_fmt(u->path, sizeof u->path, "%s/" PREFIX "%d-%d", dir, (int)getpid(), i))
			return NULL;
		if (mkdir(u->path, 0700) == 0)
			u->fd = take(AT_FDCWD, u->path);
	}
	return u->fd >= 0 ? u->path : NULL;
}

void rs_uploads_empty(struct rs_uploads *u)
{
	if (u->fd >= 0)
		empty(u->fd);
}

void rs_uploads_end(struct rs_uploads *u)
{
	if (u->fd < 0)
		return;
	empty(u->fd);
	RS_IGNORE(rmdir(u->path) < 0);
	rs_fd_close(&u->fd);
}
