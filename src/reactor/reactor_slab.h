/*
 * Objects with ids: fixed size, found by a 64-bit id (generation << 32 | slot), never moved. An id that is
 * not live any more is simply not found, so ids may travel to other processes and come back late.
 */
#ifndef RS_REACTOR_SLAB_H
#define RS_REACTOR_SLAB_H

#include "base/rs_base.h"

/* First member of every object in a slab. */
struct rs_slab_node {
	uint64_t id;                    /* 0 while free */
	uint32_t slot, generation;
	struct rs_slab_node *next_free;
};

/* Zeroed but for `size` it is a valid empty slab. */
struct rs_slab {
	size_t size;                    /* of one object */
	char **chunk;                   /* RS_SLAB_CHUNK objects each */
	uint32_t nchunks, chunks_cap;
	uint32_t used;
	struct rs_slab_node *free_list; /* last given, first taken: its memory is still in the cache */
};

#define RS_SLAB_CHUNK 64u

/* Objects there is room for: slots 0 .. capacity - 1. */
static inline uint32_t rs_slab_capacity(const struct rs_slab *s)
{
	return s->nchunks * RS_SLAB_CHUNK;
}

/*
 * An object with a fresh id. Its bytes are zero at first use and what the last owner left there later. NULL:
 * no memory.
 */
void *rs_slab_take(struct rs_slab *s);
/* The object is free again; its id is dead from now on. */
void rs_slab_give(struct rs_slab *s, void *object);
/* NULL: no such object lives. */
void *rs_slab_find(const struct rs_slab *s, uint64_t id);
/* The object in a slot, live or not; slot < capacity. */
void *rs_slab_at(const struct rs_slab *s, uint32_t slot);
void rs_slab_fini(struct rs_slab *s);

#endif
