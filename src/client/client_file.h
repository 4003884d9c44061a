/*
 * Whole-file operations as jobs for client_threads.h: one struct that owns what it needs, plain functions that block.
 */
#ifndef RS_CLIENT_FILE_H
#define RS_CLIENT_FILE_H

#include <sys/statvfs.h>
#include <sys/types.h>

#include "base/rs_buf.h"

struct rs_file_job {
	char *path;          /* owned; NULL: fd */
	int fd;              /* owned; -1: path */
	off_t offset;        /* in fd */
	size_t max;          /* read: no more than this; of a path: more is EFBIG */
	bool truncate;       /* write at an offset: what was there before goes first */
	bool append, lock;   /* write: at the end, under flock(LOCK_EX); read: under LOCK_SH */
	struct rs_buf data;  /* read: out, write: in; owned */
	struct statvfs vfs;  /* statvfs: out */
	int error;           /* out: errno, 0 when it worked */
};

/* Copies path. NULL: no memory. */
struct rs_file_job *rs_file_job_path(const char *path);
/* Of a descriptor, which is duplicated. NULL: errno. */
struct rs_file_job *rs_file_job_fd(int fd, off_t offset);
/* Opens a regular file, as open() does. *size is what it has. NULL: errno (EINVAL: not a regular file). */
struct rs_file_job *rs_file_job_open(const char *path, int flags, off_t *size);
void rs_file_job_free(void *job);

/* Bodies: struct rs_file_job as arg. */
void rs_file_read(void *job);    /* path: all of it */
void rs_file_write(void *job);   /* path: makes or truncates it, unless append */
void rs_file_pread(void *job);   /* fd: what one read gives, at offset */
void rs_file_pread_all(void *job); /* fd: max bytes at offset; fewer at the end of the file */
void rs_file_pwrite(void *job);  /* fd: all of data, at offset (at the end, if it was opened so) */
void rs_file_statvfs(void *job);

#endif
