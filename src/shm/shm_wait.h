/*
 * Sleeping on a word of shared memory, with an end and with an ear for signals.
 */
#ifndef RS_SHM_WAIT_H
#define RS_SHM_WAIT_H

#include "base/rs_base.h"

#include <stdatomic.h>

/*
 * Who is asked when a signal may have come while a process sleeps (at the signal, and four times a second): it may run what
 * the signal is for. false: stop waiting. Where a pointer to one may be NULL, that goes on.
 */
struct rs_shm_ear {
	bool (*go_on)(void *arg);
	void *arg;
};

#define RS_SHM_FOR_EVER INT64_MAX

/* rs_now_us() and so many microseconds; negative: RS_SHM_FOR_EVER. */
int64_t rs_shm_until(int64_t wait_us);

/*
 * While *word is expected: until woken, or until_us on the clock of rs_now_us(). 0: look again, whatever the cause;
 * ETIMEDOUT; EINTR: ear says stop.
 */
int rs_shm_sleep(_Atomic uint32_t *word, uint32_t expected, int64_t until_us, const struct rs_shm_ear *ear);

/* How many were woken, at most n. */
int rs_shm_wake(_Atomic uint32_t *word, int n);

#endif
