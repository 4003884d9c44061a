/*
 * futex(2) across processes.
 */
#include "shm/shm_wait.h"

#include "base/rs_clock.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * The longest single sleep. Any limit would do: without one the kernel restarts the call behind a signal handler with
 * SA_RESTART, and PHP would not get to run its own.
 */
#define NAP_US (INT64_C(3600) * 1000000)

int64_t rs_shm_until(int64_t wait_us)
{
	int64_t now = rs_now_us();

	return wait_us < 0 || wait_us >= INT64_MAX - now ? RS_SHM_FOR_EVER : now + wait_us;
}

int rs_shm_sleep(_Atomic uint32_t *word, uint32_t expected, int64_t until_us, const struct rs_shm_ear *ear)
{
	int64_t nap = rs_now_us() + NAP_US, end = until_us < nap ? until_us : nap;
	struct timespec ts = { .tv_sec = end / 1000000, .tv_nsec = end % 1000000 * 1000 };

	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, &ts, NULL, FUTEX_BITSET_MATCH_ANY) == 0)
		return 0;
	switch (errno) {
	case ETIMEDOUT:
		return end == until_us ? ETIMEDOUT : 0;
	case EINTR:
		return !ear || ear->go_on(ear->arg) ? 0 : EINTR;
	default:
		return 0; /* EAGAIN: it had changed */
	}
}

int rs_shm_wake(_Atomic uint32_t *word, int n)
{
	long woken = syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);

	return woken < 0 ? 0 : (int)woken;
}
