/*
 * A number in shared memory: unsigned 32 bits that one can also sleep on, or signed 64 bits. Arithmetic is C11's on the cell.
 */
#ifndef RS_SHM_ATOMIC_H
#define RS_SHM_ATOMIC_H

#include "shm/shm_map.h"
#include "shm/shm_wait.h"

struct rs_atomic_cell {
	_Atomic uint32_t value;
	_Atomic uint32_t passes; /* sleepers that may go although value is 0: see rs_atomic_wake() */
	_Atomic uint64_t wide;
	_Atomic uint32_t kind;   /* what its maker says it is: who attaches must say the same */
};

/* A zeroed struct has no cell. */
struct rs_atomic {
	struct rs_shm_map map;
	struct rs_atomic_cell *cell;
};

/* All zero but for its kind. fd as in rs_shm_map_new(). false: errno. */
bool rs_atomic_init(struct rs_atomic *a, uint32_t kind, int *fd);
/* The memory of one of that kind, as it is: else errno EINVAL. The fd stays the caller's. */
bool rs_atomic_attach(struct rs_atomic *a, uint32_t kind, int fd);
void rs_atomic_fini(struct rs_atomic *a);

/*
 * 1 becomes 0: RS_OK at once. At 0 sleeps until somebody wakes it. RS_AGAIN: time is up (0: only looks; negative: for ever).
 * RS_DONE: the value is neither. RS_ERR: ear said stop.
 */
enum rs_result rs_atomic_wait(struct rs_atomic *a, int64_t wait_us, const struct rs_shm_ear *ear);
/* 0 becomes 1, for one sleeper or, without any, for the next that comes; up to n sleepers get RS_OK. */
void rs_atomic_wake(struct rs_atomic *a, unsigned n);

#endif
