/*
 * One writer or many readers. The writer takes the owner's word, which keeps new readers out, then waits for those inside to
 * leave. A reader puts itself into a slot, then looks whether a writer has come: one of the two always sees the other.
 */
#include "shm/shm_lock_private.h"

#include <limits.h>

/*
 * Empties a slot if that reader is in it. The first count is for a writer who looks at one slot after the other while the
 * reader moves behind its back: it sees that it must look again. The second is for the one who is about to sleep.
 */
static bool leave_slot(struct lock_words *w, _Atomic uint64_t *slot, uint64_t reader)
{
	bool left;

	atomic_fetch_add(&w->changes, 1);
	left = atomic_compare_exchange_strong(slot, &reader, 0);
	atomic_fetch_add(&w->changes, 1);
	rs_shm_wake(&w->changes, INT_MAX);
	return left;
}

static bool reads(struct lock_words *w, uint64_t self)
{
	for (size_t i = 0; i < READERS; i++)
		if (atomic_load(&w->readers[i]) == self)
			return true;
	return false;
}

/* NULL: all are taken. Begins at a place of our own, so that readers seldom meet. */
static _Atomic uint64_t *take_slot(struct lock_words *w, uint64_t self)
{
	for (size_t i = 0; i < READERS; i++) {
		_Atomic uint64_t *slot = &w->readers[(i + (self & 0x7fffffff)) % READERS];
		uint64_t nobody = 0;

		if (atomic_load_explicit(slot, memory_order_relaxed) == 0 && atomic_compare_exchange_strong(slot, &nobody, self))
			return slot;
	}
	return NULL;
}

/* Throws dead readers out when it is time to ask. true: nobody is inside. */
static bool no_readers(struct lock_words *w, bool check)
{
	bool none = true;

	for (size_t i = 0; i < READERS; i++) {
		uint64_t reader = atomic_load(&w->readers[i]);

		if (reader && check && !rs_owner_alive(reader)) {
			leave_slot(w, &w->readers[i], reader);
			reader = 0;
		}
		none &= reader == 0;
	}
	return none;
}

/* Who reads already comes in past a waiting writer, who waits for that reader to leave. */
static int take_read(struct lock_words *w, uint64_t self, struct pace *p)
{
	if ((atomic_load(&w->owner) & ~WAITING) == self)
		return p->refusal ? p->refusal : EDEADLK;
	for (;;) {
		uint32_t changes = atomic_load(&w->changes);
		bool inside = reads(w, self);
		_Atomic uint64_t *slot;
		int e = inside ? 0 : rs_word_wait_free(&w->owner, p);

		if (e)
			return e;
		slot = take_slot(w, self);
		if (slot && (inside || atomic_load(&w->owner) == 0))
			return 0;
		if (slot) {
			leave_slot(w, slot, self);
			continue;
		}
		no_readers(w, p->check);
		e = rs_pace_sleep(p, &w->changes, changes);
		if (e)
			return e;
	}
}

static int take_write(struct lock_words *w, uint64_t self, struct pace *p)
{
	int e;

	if (reads(w, self) && p->until_us == RS_SHM_FOR_EVER)
		return EDEADLK;
	e = rs_word_take(&w->owner, self, p, 0);
	while (e == 0) {
		uint32_t changes = atomic_load(&w->changes);

		if (!no_readers(w, p->check))
			e = rs_pace_sleep(p, &w->changes, changes);
		else if (atomic_load(&w->changes) == changes)
			return 0;
		if (e)
			rs_word_release(&w->owner, self, false, INT_MAX);
	}
	return e;
}

int rs_rw_take(struct rs_lock *l, enum rs_lock_how how, struct pace *p)
{
	return (how == RS_LOCK_READ ? take_read : take_write)(l->words, l->self, p);
}

/* The write lock if it is ours, else one read lock. Readers wait on the owner's word as writers do: all are woken. */
int rs_rw_release(struct rs_lock *l)
{
	struct lock_words *w = l->words;

	if (rs_word_release(&w->owner, l->self, false, INT_MAX) == 0)
		return 0;
	for (size_t i = 0; i < READERS; i++)
		if (atomic_load(&w->readers[i]) == l->self && leave_slot(w, &w->readers[i], l->self))
			return 0;
	return EPERM;
}
