/*
 * Objects with ids. Memory is kept once it was needed: the peak bounds it, and the peak is bounded by the
 * owner.
 */
#include "reactor/reactor_slab.h"

#include <stdlib.h>

static bool grow(struct rs_slab *s)
{
	char *chunk;

	if (s->nchunks == s->chunks_cap) {
		uint32_t cap = s->chunks_cap ? s->chunks_cap * 2 : 16;
		char **p = realloc(s->chunk, cap * sizeof *p);
		if (!p)
			return false;
		s->chunk = p;
		s->chunks_cap = cap;
	}
	chunk = calloc(RS_SLAB_CHUNK, s->size);
	if (!chunk)
		return false;
	s->chunk[s->nchunks++] = chunk;
	for (uint32_t i = RS_SLAB_CHUNK; i--;) {
		struct rs_slab_node *n = (struct rs_slab_node *)(chunk + i * s->size);
		n->slot = (s->nchunks - 1) * RS_SLAB_CHUNK + i;
		n->next_free = s->free_list;
		s->free_list = n;
	}
	return true;
}

void *rs_slab_take(struct rs_slab *s)
{
	struct rs_slab_node *n;

	RS_ASSERT(s->size >= sizeof *n && s->size % sizeof(void *) == 0);
	if (!s->free_list && !grow(s))
		return NULL;
	n = s->free_list;
	s->free_list = n->next_free;
	n->next_free = NULL;
	if (++n->generation == 0)
		n->generation = 1;
	n->id = (uint64_t)n->generation << 32 | n->slot;
	s->used++;
	return n;
}

void rs_slab_give(struct rs_slab *s, void *object)
{
	struct rs_slab_node *n = object;

	RS_ASSERT(n->id != 0 && s->used > 0);
	n->id = 0;
	n->next_free = s->free_list;
	s->free_list = n;
	s->used--;
}

void *rs_slab_at(const struct rs_slab *s, uint32_t slot)
{
	RS_ASSERT(slot < rs_slab_capacity(s));
	return s->chunk[slot / RS_SLAB_CHUNK] + (slot % RS_SLAB_CHUNK) * s->size;
}

void *rs_slab_find(const struct rs_slab *s, uint64_t id)
{
	uint32_t slot = (uint32_t)id;
	struct rs_slab_node *n;

	if (id == 0 || slot >= rs_slab_capacity(s))
		return NULL;
	n = rs_slab_at(s, slot);
	return n->id == id ? n : NULL;
}

void rs_slab_fini(struct rs_slab *s)
{
	for (uint32_t i = 0; i < s->nchunks; i++)
		free(s->chunk[i]);
	free(s->chunk);
	*s = (struct rs_slab){ .size = s->size };
}
