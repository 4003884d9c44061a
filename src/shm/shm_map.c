/*
 * Shared mappings: sealed memory files.
 */
#include "shm/shm_map.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Without these a peer could cut the file, and a look at the table would be a SIGBUS. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static bool map(struct rs_shm_map *m, int fd, size_t size)
{
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (base == MAP_FAILED)
		return false;
	*m = (struct rs_shm_map){ .base = base, .size = size };
	return true;
}

bool rs_shm_map_new(struct rs_shm_map *m, const char *name, size_t size, int *fd)
{
	int file;

	if (size == 0 || size > (size_t)INT64_MAX) {
		errno = size ? ENOMEM : EINVAL;
		return false;
	}
	file = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (file < 0)
		return false;
	if (ftruncate(file, (off_t)size) < 0 || fcntl(file, F_ADD_SEALS, SEALS) < 0 || !map(m, file, size)) {
		if (errno == EFBIG)
			errno = ENOMEM;
		rs_fd_close(&file);
		return false;
	}
	if (fd)
		*fd = file;
	else
		close(file);
	return true;
}

bool rs_shm_map_fd(struct rs_shm_map *m, int fd, size_t size)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0 || (uint64_t)st.st_size != size) {
		errno = EINVAL;
		return false;
	}
	return map(m, fd, size);
}

void rs_shm_map_free(struct rs_shm_map *m)
{
	if (m->base)
		munmap(m->base, m->size);
	*m = (struct rs_shm_map){ 0 };
}
