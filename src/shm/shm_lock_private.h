/*
 * A lock's words in shared memory, for shm_lock.c (types), shm_lock_word.c (one owner), shm_lock_rw.c (many readers) and
 * shm_lock_file.c.
 *
 * All state is single words, each changed by one compare-and-swap: there is nothing half done that a killed process could
 * leave, only a word with a dead owner.
 */
#ifndef RS_SHM_LOCK_PRIVATE_H
#define RS_SHM_LOCK_PRIVATE_H

#include "shm/shm_lock.h"
#include "shm/shm_map.h"
#include "shm/shm_owner.h"

#include <errno.h>

#define WAITING UINT64_C(0x80000000) /* somebody sleeps on the word, or did a moment ago */
#define READERS 256                  /* holds at a time; more wait */

struct lock_words {
	_Atomic uint64_t owner;      /* of the lock, or the one writer; may have WAITING */
	_Atomic uint32_t changes;    /* moves when a reader leaves; the writer sleeps on it */
	_Atomic uint64_t readers[READERS];
	_Atomic uint32_t type;       /* enum rs_lock_type, for those that attach */
};

struct rs_lock {
	enum rs_lock_type type;
	struct rs_shm_map map;
	struct lock_words *words;    /* NULL: a file */
	int fd;                      /* of the file, -1 */
	pid_t pid;                   /* whose self this is; a child makes its own */
	uint64_t self;
	pid_t file_held_by;          /* by this process if it is its pid */
};

/* One call's patience. */
struct pace {
	int64_t until_us, nap_us;
	int refusal;                 /* EBUSY, ETIMEDOUT: not 0 when this is the last look */
	bool check;                  /* time to ask whether the owner lives */
	bool by_others;              /* another process may release what we hold, so waiting for it can end */
	const struct rs_shm_ear *ear;
};

/* Sleeps a while, or less. 0: look again; else give up with that. */
int rs_pace_sleep(struct pace *p, _Atomic uint32_t *word, uint32_t expected);

/* The half of an owner's word that one sleeps on: the pid and WAITING. */
static inline _Atomic uint32_t *low_half(_Atomic uint64_t *word)
{
	return (_Atomic uint32_t *)word + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
}

/* ---- shm_lock_word.c: spins: looks before the first sleep ---- */
int rs_word_take(_Atomic uint64_t *word, uint64_t self, struct pace *p, unsigned spins);
/* Until nobody has it, without taking it. */
int rs_word_wait_free(_Atomic uint64_t *word, struct pace *p);
/* anybody: also for one who did not take it. */
int rs_word_release(_Atomic uint64_t *word, uint64_t self, bool anybody, int wake);

/* ---- shm_lock_rw.c ---- */
int rs_rw_take(struct rs_lock *l, enum rs_lock_how how, struct pace *p);
int rs_rw_release(struct rs_lock *l);

/* ---- shm_lock_file.c ---- */
bool rs_lock_file_open(struct rs_lock *l, const char *path);
int rs_lock_file_take(struct rs_lock *l, enum rs_lock_how how, struct pace *p);
int rs_lock_file_release(struct rs_lock *l);

#endif
