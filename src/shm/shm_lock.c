/*
 * Locks: making and freeing them, and which kind does what.
 */
#include "shm/shm_lock_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <stdlib.h>
#include <unistd.h>

/* How long a sleeper trusts that the owner lives: from the first to the second, doubling. */
#define NAP_FIRST_US 10000
#define NAP_LAST_US 200000
#define SPINS 2000 /* some tens of microseconds: the holders of such locks are quick, or asleep */

static struct rs_lock *lock_alloc(enum rs_lock_type type)
{
	struct rs_lock *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->type = type;
	l->fd = -1;
	return l;
}

struct rs_lock *rs_lock_create(enum rs_lock_type type, int *fd)
{
	struct rs_lock *l = lock_alloc(type);

	if (!l)
		return NULL;
	if (!rs_shm_map_new(&l->map, "rserverd lock", sizeof *l->words, fd)) {
		free(l);
		return NULL;
	}
	l->words = (struct lock_words *)l->map.base;
	atomic_store(&l->words->type, type);
	return l;
}

struct rs_lock *rs_lock_attach(enum rs_lock_type type, int fd)
{
	struct rs_lock *l = lock_alloc(type);

	if (!l)
		return NULL;
	if (!rs_shm_map_fd(&l->map, fd, sizeof *l->words)) {
		free(l);
		return NULL;
	}
	l->words = (struct lock_words *)l->map.base;
	if (atomic_load(&l->words->type) == (uint32_t)type)
		return l;
	rs_shm_map_free(&l->map);
	free(l);
	errno = EINVAL;
	return NULL;
}

struct rs_lock *rs_lock_new(enum rs_lock_type type, const char *path)
{
	struct rs_lock *l;

	if (type != RS_LOCK_FILE)
		return rs_lock_create(type, NULL);
	l = lock_alloc(type);
	if (l && rs_lock_file_open(l, path))
		return l;
	free(l);
	return NULL;
}

/* A forked child is somebody else. */
static void know_self(struct rs_lock *l)
{
	pid_t pid = getpid();

	if (l->pid == pid)
		return;
	l->pid = pid;
	l->self = rs_owner_of(pid);
}

static int release(struct rs_lock *l, bool anybody)
{
	switch (l->type) {
	case RS_LOCK_FILE:
		return rs_lock_file_release(l);
	case RS_LOCK_RW:
		return rs_rw_release(l);
	default:
		return rs_word_release(&l->words->owner, l->self, anybody, 1);
	}
}

void rs_lock_free(struct rs_lock *l)
{
	if (!l)
		return;
	know_self(l);
	while (release(l, false) == 0)
		;
	rs_fd_close(&l->fd);
	rs_shm_map_free(&l->map);
	free(l);
}

int rs_pace_sleep(struct pace *p, _Atomic uint32_t *word, uint32_t expected)
{
	int64_t nap;
	int e;

	if (p->refusal)
		return p->refusal;
	nap = rs_now_us() + p->nap_us;
	e = rs_shm_sleep(word, expected, nap < p->until_us ? nap : p->until_us, p->ear);
	p->check = e == ETIMEDOUT;
	if (e != ETIMEDOUT)
		return e;
	if (nap >= p->until_us)
		p->refusal = ETIMEDOUT;
	p->nap_us = p->nap_us * 2 < NAP_LAST_US ? p->nap_us * 2 : NAP_LAST_US;
	return 0;
}

int rs_lock_take(struct rs_lock *l, enum rs_lock_how how, int64_t wait_us, const struct rs_shm_ear *ear)
{
	struct pace p = {
		.until_us = rs_shm_until(wait_us),
		.nap_us = NAP_FIRST_US,
		.refusal = wait_us == 0 ? EBUSY : 0,
		.check = wait_us == 0, /* who looks once asks at once */
		.by_others = l->type == RS_LOCK_SEM,
		.ear = ear,
	};

	know_self(l);
	switch (l->type) {
	case RS_LOCK_FILE:
		return rs_lock_file_take(l, how, &p);
	case RS_LOCK_RW:
		return rs_rw_take(l, how, &p);
	default:
		return rs_word_take(&l->words->owner, l->self, &p, l->type == RS_LOCK_SPIN ? SPINS : 0);
	}
}

/* A semaphore is nobody's: one process may take it and another give it back. */
int rs_lock_release(struct rs_lock *l)
{
	know_self(l);
	return release(l, l->type == RS_LOCK_SEM);
}
