/*
 * A word that has one owner or none.
 */
#include "shm/shm_lock_private.h"

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#else
	atomic_signal_fence(memory_order_seq_cst);
#endif
}

/* Marks that somebody is going to sleep. false: the word has changed. */
static bool announce(_Atomic uint64_t *word, uint64_t now)
{
	return now & WAITING || atomic_compare_exchange_strong(word, &now, now | WAITING);
}

int rs_word_take(_Atomic uint64_t *word, uint64_t self, struct pace *p, unsigned spins)
{
	uint64_t mark = 0; /* having slept, we do not know whether others still do */

	for (;;) {
		uint64_t now = 0;
		int e;

		if (atomic_compare_exchange_strong(word, &now, self | mark))
			return 0;
		if ((now & ~WAITING) == self && p->until_us == RS_SHM_FOR_EVER && !p->by_others)
			return EDEADLK;
		if (p->check && !rs_owner_alive(now)) {
			if (atomic_compare_exchange_strong(word, &now, self | (now & WAITING) | mark))
				return 0;
			continue;
		}
		if (spins && !p->refusal) {
			spins--;
			relax();
			continue;
		}
		if (!p->refusal && !announce(word, now))
			continue;
		e = rs_pace_sleep(p, low_half(word), (uint32_t)(now | WAITING));
		if (e)
			return e;
		mark = WAITING;
	}
}

int rs_word_wait_free(_Atomic uint64_t *word, struct pace *p)
{
	for (;;) {
		uint64_t now = atomic_load(word);
		int e;

		if (now == 0)
			return 0;
		if (p->check && !rs_owner_alive(now)) {
			atomic_compare_exchange_strong(word, &now, 0);
			continue;
		}
		if (!p->refusal && !announce(word, now))
			continue;
		e = rs_pace_sleep(p, low_half(word), (uint32_t)(now | WAITING));
		if (e)
			return e;
	}
}

int rs_word_release(_Atomic uint64_t *word, uint64_t self, bool anybody, int wake)
{
	uint64_t now = atomic_load(word);

	do {
		if ((now & ~WAITING) != self && !(anybody && now))
			return EPERM;
	} while (!atomic_compare_exchange_weak(word, &now, 0));
	if (now & WAITING)
		rs_shm_wake(low_half(word), wake);
	return 0;
}
