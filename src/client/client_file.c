/*
 * Files, on threads: no state but the job's.
 */
#include "client/client_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rs_fd.h"

#define CHUNK (64u << 10)

struct rs_file_job *rs_file_job_path(const char *path)
{
	struct rs_file_job *j = calloc(1, sizeof *j);

	if (!j)
		return NULL;
	j->fd = -1;
	j->path = strdup(path);
	if (!j->path) {
		free(j);
		return NULL;
	}
	return j;
}

struct rs_file_job *rs_file_job_fd(int fd, off_t offset)
{
	struct rs_file_job *j = calloc(1, sizeof *j);

	if (!j)
		return NULL;
	j->offset = offset;
	j->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (j->fd < 0) {
		free(j);
		return NULL;
	}
	return j;
}

struct rs_file_job *rs_file_job_open(const char *path, int flags, off_t *size)
{
	struct rs_file_job *j = calloc(1, sizeof *j);
	struct stat st;

	if (!j)
		return NULL;
	/* Not blocking: it may be a pipe that nobody has opened at its other end. */
	do
		j->fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
	while (j->fd < 0 && errno == EINTR);
	if (j->fd < 0 || fstat(j->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		int saved = j->fd < 0 || errno == EISDIR ? errno : EINVAL;

		rs_file_job_free(j);
		errno = saved;
		return NULL;
	}
	*size = st.st_size;
	return j;
}

void rs_file_job_free(void *job)
{
	struct rs_file_job *j = job;

	if (!j)
		return;
	rs_fd_close(&j->fd);
	rs_buf_free(&j->data);
	free(j->path);
	free(j);
}

/* -1: errno. */
static int open_locked(const struct rs_file_job *j, int flags, int lock)
{
	int fd;

	do
		fd = open(j->path, flags | O_CLOEXEC, 0666);
	while (fd < 0 && errno == EINTR);
	if (fd >= 0 && j->lock && flock(fd, lock) != 0)
		rs_fd_close(&fd);
	return fd;
}

/* Bytes read, 0 at the end, -1: errno. */
static ssize_t read_some(struct rs_file_job *j, int fd, size_t most, bool at_offset)
{
	size_t room = most < CHUNK ? most : CHUNK;
	char *p = rs_buf_reserve(&j->data, room);
	ssize_t n;

	if (!p) {
		errno = ENOMEM;
		return -1;
	}
	do
		n = at_offset ? pread(fd, p, room, j->offset) : read(fd, p, room);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		rs_buf_commit(&j->data, (size_t)n);
	return n;
}

void rs_file_read(void *job)
{
	struct rs_file_job *j = job;
	int fd = open_locked(j, O_RDONLY, LOCK_SH);
	struct stat st;
	ssize_t n = 0;

	if (fd < 0 || fstat(fd, &st) != 0) {
		j->error = errno;
		rs_fd_close(&fd);
		return;
	}
	/* The size is a hint: the file may grow, and /proc has none. */
	if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size < j->max && !rs_buf_reserve(&j->data, (size_t)st.st_size + 1))
		j->error = ENOMEM;
	while (!j->error && (n = read_some(j, fd, CHUNK, false)) > 0)
		if (j->data.len > j->max)
			j->error = EFBIG;
	if (n < 0)
		j->error = errno;
	rs_fd_close(&fd);
}

static bool write_all(struct rs_file_job *j, int fd, bool at_offset)
{
	struct rs_slice rest = rs_buf_slice(&j->data);
	off_t at = j->offset;

	while (rest.n > 0) {
		ssize_t n = at_offset ? pwrite(fd, rest.p, rest.n, at) : write(fd, rest.p, rest.n);

		if (n < 0 && errno != EINTR)
			return false;
		if (n < 0)
			continue;
		rest = rs_slice(rest.p + n, rest.n - (size_t)n);
		at += n;
	}
	return true;
}

/* With a lock it is truncated only once the lock is held. */
void rs_file_write(void *job)
{
	struct rs_file_job *j = job;
	int flags = O_WRONLY | O_CREAT | (j->append ? O_APPEND : j->lock ? 0 : O_TRUNC);
	int fd = open_locked(j, flags, LOCK_EX);

	if (fd < 0 || (j->lock && !j->append && ftruncate(fd, 0) != 0) || !write_all(j, fd, false))
		j->error = errno;
	rs_fd_close(&fd);
}

void rs_file_pread(void *job)
{
	struct rs_file_job *j = job;

	if (read_some(j, j->fd, j->max, true) < 0)
		j->error = errno;
}

void rs_file_pread_all(void *job)
{
	struct rs_file_job *j = job;
	off_t start = j->offset;
	ssize_t n = 1;

	while (n > 0 && j->data.len < j->max) {
		n = read_some(j, j->fd, j->max - j->data.len, true);
		j->offset = start + (off_t)j->data.len;
	}
	j->offset = start;
	if (n < 0)
		j->error = errno;
}

void rs_file_pwrite(void *job)
{
	struct rs_file_job *j = job;

	if ((j->truncate && ftruncate(j->fd, 0) != 0) || !write_all(j, j->fd, true))
		j->error = errno;
}

void rs_file_statvfs(void *job)
{
	struct rs_file_job *j = job;

	if (statvfs(j->path, &j->vfs) != 0)
		j->error = errno;
}
