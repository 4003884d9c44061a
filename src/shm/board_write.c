/*
 * The board's one writer: the reactor. What it must know it keeps in memory of its own (slots by $fd, free slots), and only
 * copies it to where the others look; whatever they write there, it does not read.
 */
#include "shm/board_private.h"

#include <stdlib.h>

bool rs_board_own(struct rs_board *b, uint32_t first_fd)
{
	struct rs_board_head *h = b->head;
	uint32_t high = atomic_load(&h->high_water);

	b->free_slots = calloc(b->nsessions, sizeof *b->free_slots);
	b->own_fd = calloc(b->nsessions, sizeof *b->own_fd);
	b->own_index = calloc(b->nindex, sizeof *b->own_index);
	if (!b->free_slots || !b->own_fd || !b->own_index)
		return false;
	b->nfree = b->used = 0;
	if (first_fd == 0 || first_fd > RS_SESSION_MAX)
		first_fd = 1;
	/* Numbers that were given are behind us, whoever had them. */
	b->next_fd = high == 0 ? first_fd : high >= RS_SESSION_MAX ? 1 : high + 1;

	atomic_store(&h->index_seq, atomic_load(&h->index_seq) | 1);
	for (uint32_t i = 0; i < b->nindex; i++)
		atomic_store_explicit(&b->index[i], 0, memory_order_relaxed);
	for (uint32_t i = 0; i < b->nsessions && i < atomic_load(&h->slots_used); i++) {
		struct rs_board_slot *s = &b->slots[i];
		/* The last writer may have died in the middle: odd, then even again. */
		atomic_store(&s->seq, atomic_load(&s->seq) | 1);
		atomic_store_explicit(&s->fd, 0, memory_order_relaxed);
		atomic_store_explicit(&s->tag, 0, memory_order_relaxed);
		for (size_t k = 0; k < RS_SESSION_WORDS; k++)
			atomic_store_explicit(&s->word[k], 0, memory_order_relaxed);
		atomic_fetch_add(&s->seq, 1);
	}
	atomic_fetch_add(&h->index_seq, 1);
	atomic_store(&h->slots_used, 0);
	atomic_fetch_add(&h->closed, atomic_exchange(&h->connections, 0));
	atomic_store(&h->tasking, 0);
	atomic_store(&h->idle_workers, 0);
	atomic_store(&h->idle_tasks, 0);
	atomic_store(&h->min_fd, 0);
	atomic_store(&h->max_fd, 0);
	return true;
}

/* ---- the index ---------------------------------------------------------------------------------------------------------- */

/* Where fd stands in the index. false: nowhere; then *at is the free place behind its like. */
static bool find(const struct rs_board *b, uint32_t fd, uint32_t *at)
{
	uint32_t mask = b->nindex - 1;

	for (*at = fd & mask; b->own_index[*at]; *at = (*at + 1) & mask) {
		if (b->own_fd[b->own_index[*at] - 1] == fd)
			return true;
	}
	return false;
}

static void set(struct rs_board *b, uint32_t at, uint32_t value)
{
	b->own_index[at] = value;
	atomic_store_explicit(&b->index[at], value, memory_order_release);
}

bool rs_board_find(const struct rs_board *b, uint32_t fd, uint32_t *slot)
{
	uint32_t at;

	if (fd == 0 || !find(b, fd, &at))
		return false;
	*slot = b->own_index[at] - 1;
	return true;
}

/* Those behind a place that becomes free move up, so that no search stops too early. */
static void take_out(struct rs_board *b, uint32_t hole)
{
	uint32_t mask = b->nindex - 1;

	atomic_fetch_add_explicit(&b->head->index_seq, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (uint32_t i = (hole + 1) & mask; b->own_index[i]; i = (i + 1) & mask) {
		uint32_t home = b->own_fd[b->own_index[i] - 1] & mask;
		/* It may stand at the hole if its home is not between the hole and where it stands. */
		if (((i - home) & mask) < ((i - hole) & mask))
			continue;
		set(b, hole, b->own_index[i]);
		hole = i;
	}
	set(b, hole, 0);
	atomic_fetch_add_explicit(&b->head->index_seq, 1, memory_order_release);
}

/* ---- slots --------------------------------------------------------------------------------------------------------------- */

bool rs_board_take(struct rs_board *b, uint32_t *slot, uint32_t *fd)
{
	uint32_t at;

	if (b->nfree == 0 && b->used == b->nsessions)
		return false;
	/* Ends: at most nsessions numbers live, and there are more numbers than that. */
	while (find(b, b->next_fd, &at))
		b->next_fd = b->next_fd >= RS_SESSION_MAX ? 1 : b->next_fd + 1;
	*fd = b->next_fd;
	b->next_fd = *fd >= RS_SESSION_MAX ? 1 : *fd + 1;
	*slot = b->nfree ? b->free_slots[--b->nfree] : b->used++;
	b->own_fd[*slot] = *fd;
	set(b, at, *slot + 1);
	atomic_store_explicit(&b->head->slots_used, b->used, memory_order_release);
	atomic_store_explicit(&b->head->high_water, *fd, memory_order_relaxed);
	b->range_stale = true;
	return true;
}

static void write_slot(struct rs_board_slot *s, const struct rs_session *from)
{
	uint64_t word[RS_SESSION_WORDS] = { 0 };
	uint32_t seq = atomic_load_explicit(&s->seq, memory_order_relaxed) | 1;

	memcpy(word, from, sizeof *from);
	atomic_store_explicit(&s->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	for (size_t i = 0; i < RS_SESSION_WORDS; i++)
		atomic_store_explicit(&s->word[i], word[i], memory_order_relaxed);
	atomic_store_explicit(&s->tag, (uint32_t)from->port << 8 | from->state, memory_order_relaxed);
	atomic_store_explicit(&s->fd, from->fd, memory_order_relaxed);
	atomic_store_explicit(&s->seq, seq + 1, memory_order_release);
}

void rs_board_put(struct rs_board *b, uint32_t slot, const struct rs_session *s)
{
	RS_ASSERT(slot < b->used && s->fd && s->fd == b->own_fd[slot]);
	write_slot(&b->slots[slot], s);
}

uint16_t rs_board_put_cert(struct rs_board *b, uint32_t slot, struct rs_slice pem)
{
	RS_ASSERT(slot < b->used && b->own_fd[slot]);
	if (slot >= b->ncerts || pem.n > RS_BOARD_CERT_MAX || pem.n == 0)
		return 0;
	memcpy(b->certs + (size_t)slot * RS_BOARD_CERT_MAX, pem.p, pem.n);
	return (uint16_t)pem.n;
}

void rs_board_give(struct rs_board *b, uint32_t slot)
{
	static const struct rs_session nobody;
	uint32_t at;

	RS_ASSERT(slot < b->used && b->own_fd[slot]);
	write_slot(&b->slots[slot], &nobody);
	RS_ASSERT(find(b, b->own_fd[slot], &at));
	take_out(b, at);
	b->own_fd[slot] = 0;
	b->free_slots[b->nfree++] = slot;
	b->range_stale = true;
}

void rs_board_range(struct rs_board *b)
{
	uint32_t min = 0, max = 0;

	if (!b->range_stale)
		return;
	b->range_stale = false;
	for (uint32_t i = 0; i < b->used; i++) {
		uint32_t fd = b->own_fd[i];
		if (fd && (min == 0 || fd < min))
			min = fd;
		if (fd > max)
			max = fd;
	}
	atomic_store_explicit(&b->head->min_fd, min, memory_order_relaxed);
	atomic_store_explicit(&b->head->max_fd, max, memory_order_relaxed);
}
