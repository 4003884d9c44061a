/*
 * Shared numbers.
 */
#include "shm/shm_atomic.h"

#include <errno.h>
#include <limits.h>

bool rs_atomic_init(struct rs_atomic *a, uint32_t kind, int *fd)
{
	if (!rs_shm_map_new(&a->map, "rserverd atomic", sizeof *a->cell, fd))
		return false;
	a->cell = (struct rs_atomic_cell *)a->map.base;
	atomic_store(&a->cell->kind, kind);
	return true;
}

bool rs_atomic_attach(struct rs_atomic *a, uint32_t kind, int fd)
{
	if (!rs_shm_map_fd(&a->map, fd, sizeof *a->cell))
		return false;
	a->cell = (struct rs_atomic_cell *)a->map.base;
	if (atomic_load(&a->cell->kind) == kind)
		return true;
	rs_atomic_fini(a);
	errno = EINVAL;
	return false;
}

void rs_atomic_fini(struct rs_atomic *a)
{
	rs_shm_map_free(&a->map);
	a->cell = NULL;
}

/* Takes the 1, or a pass. */
static bool let_through(struct rs_atomic_cell *c)
{
	uint32_t passes = atomic_load(&c->passes), one = 1;

	if (atomic_compare_exchange_strong(&c->value, &one, 0))
		return true;
	while (passes)
		if (atomic_compare_exchange_weak(&c->passes, &passes, passes - 1))
			return true;
	return false;
}

enum rs_result rs_atomic_wait(struct rs_atomic *a, int64_t wait_us, const struct rs_shm_ear *ear)
{
	struct rs_atomic_cell *c = a->cell;
	int64_t until = rs_shm_until(wait_us);
	int e = 0;

	for (;;) {
		if (let_through(c))
			return RS_OK;
		if (e || wait_us == 0)
			return e == EINTR ? RS_ERR : RS_AGAIN;
		if (atomic_load(&c->value) > 1)
			return RS_DONE;
		e = rs_shm_sleep(&c->value, 0, until, ear);
	}
}

/*
 * The kernel knows how many slept. The 1 is for one of them; for the others passes are made, and since they may have looked
 * and lain down again meanwhile, they are woken again. Somebody who comes by and takes the 1 or a pass is one of the n.
 */
void rs_atomic_wake(struct rs_atomic *a, unsigned n)
{
	struct rs_atomic_cell *c = a->cell;
	uint32_t zero = 0;
	int woken;

	atomic_compare_exchange_strong(&c->value, &zero, 1);
	woken = rs_shm_wake(&c->value, n > INT_MAX ? INT_MAX : (int)n);
	if (woken < 2)
		return;
	atomic_fetch_add(&c->passes, (uint32_t)woken - 1);
	rs_shm_wake(&c->value, woken - 1);
}
