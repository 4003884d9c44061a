/*
 * The page of claim words that the reactor shares with a worker.
 */
#include "ipc/wire.h"

#include <sys/mman.h>
#include <sys/stat.h>

struct rs_claim_page *rs_claim_map(int fd)
{
	struct stat st;
	void *page;

	/* A shorter file would be a SIGBUS later. */
	if (fstat(fd, &st) < 0 || st.st_size < RS_CLAIM_PAGE)
		return NULL;
	page = mmap(NULL, RS_CLAIM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return page == MAP_FAILED ? NULL : page;
}
