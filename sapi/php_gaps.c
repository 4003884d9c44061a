/*
 * isolation = fork: whole pages for what requests allocate. Runs once, in the process that forks theirs.
 *
 * The boot leaves gaps between the blocks that it keeps, some on nearly every page. A request would put its own small blocks there, and each
 * page that it writes to is a copy that it pays for, for the sake of a few bytes. So the gaps are given away for good; what a request
 * allocates then lies on pages of its own, one after the other.
 */
#include "php_serve.h"

#include <zend_alloc_sizes.h>

/* A size of PHP's allocator. It cuts so many blocks at once, from pages that follow one another, and hands them out in their order. */
struct bin {
	size_t size;
	uint32_t blocks;
};

static const struct bin bins[] = {
#define BIN(num, size, blocks, pages, x, y) { size, blocks },
	ZEND_MM_BINS_INFO(BIN, , )
#undef BIN
};

#define BLOCKS_MAX 512

/*
 * Blocks are taken until a run of pages has come whole, from its first block to its last. None such lay between the gaps, since
 * zend_mm_gc() has just given back all that were free: so it was cut now, and there are no gaps any more. It is put back for use.
 */
static void fill(const struct bin *b)
{
	char *run[BLOCKS_MAX];
	uint32_t n = 0;

	assert(b->blocks <= BLOCKS_MAX);
	for (size_t left = zend_memory_usage(true) / b->size; left && n < b->blocks; left--) {
		char *block = emalloc(b->size);

		if (n && block != run[n - 1] + b->size)
			n = 0;
		if (n || (uintptr_t)block % ZEND_MM_PAGE_SIZE == 0)
			run[n++] = block;
	}
	while (n)
		efree(run[--n]);
}

/* The whole pages need a chunk at most; memory_limit is for requests to break, not for this. -1: there is none. */
static bool has_room(void)
{
	return zend_memory_usage(true) + 2 * ZEND_MM_CHUNK_SIZE <= (size_t)PG(memory_limit);
}

static void fill_all(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < RS_COUNTOF(bins); i++)
		fill(&bins[i]);
}

enum rs_request_end rs_php_settle(void)
{
	enum rs_request_end end = rs_php_tidy();

	/* With USE_ZEND_ALLOC=0 it is malloc() that allocates. */
	if (end == RS_REQUEST_OK && is_zend_mm() && has_room() && rs_php_guarded(fill_all, NULL) == RS_CALL_FATAL)
		return RS_REQUEST_RECYCLE;
	return end;
}
