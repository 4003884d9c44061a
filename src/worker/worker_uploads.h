/*
 * A directory of each worker's own, below upload_tmp_dir, for the files of the requests that it serves: uploads, and bodies that PHP
 * keeps on disk. PHP removes them itself at the end of a request; of a worker that was killed nobody would know their names.
 */
#ifndef RS_WORKER_UPLOADS_H
#define RS_WORKER_UPLOADS_H

#include "base/rs_base.h"

#include <limits.h>

/* Zero with fd -1: none was made. */
struct rs_uploads {
	int fd;              /* of the directory, locked while any process of this worker lives */
	char path[PATH_MAX];
};

/* Removes what workers below dir have left that live no more. Whoever comes as a successor does so. */
void rs_uploads_sweep(const char *dir);
/* Its path; made when there is none. NULL: it cannot be. */
const char *rs_uploads_make(struct rs_uploads *u, const char *dir);
/* A process that used it was killed: what it has left goes. */
void rs_uploads_empty(struct rs_uploads *u);
/* The same, and the directory. */
void rs_uploads_end(struct rs_uploads *u);

#endif
