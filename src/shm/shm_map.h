/*
 * One shared mapping of zero bytes: what tables, atomics and locks live in. Children made by fork() after it share it; a
 * process that gets its fd can map it too, at another address, so nothing inside may be a pointer. The kernel gives memory
 * page by page as it is touched.
 */
#ifndef RS_SHM_MAP_H
#define RS_SHM_MAP_H

#include "base/rs_base.h"

/* A zeroed struct maps nothing. */
struct rs_shm_map {
	char *base;   /* NULL: nothing mapped */
	size_t size;  /* bytes asked for; the mapping itself ends with a page */
};

/*
 * A new file of size bytes that can neither shrink nor grow. fd: NULL, or gets the file, close-on-exec, the caller's to close.
 * false: errno says why, nothing is mapped.
 */
bool rs_shm_map_new(struct rs_shm_map *m, const char *name, size_t size, int *fd);
/* A file that rs_shm_map_new() made, and of this size: else EINVAL. The fd stays the caller's. */
bool rs_shm_map_fd(struct rs_shm_map *m, int fd, size_t size);
/* In this process only; the memory lives as long as one process maps it. */
void rs_shm_map_free(struct rs_shm_map *m);

#endif
