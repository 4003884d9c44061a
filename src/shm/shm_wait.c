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
 * The longest single sleep. A signal that comes just before the call does not end it, so who has an ear looks up now and then.
 * For the others any limit would do: without one the kernel restarts the call behind a signal handler with SA_RESTART. Longer
 * than the naps of locks, whose ends mean something (shm_lock.c).
 */
#define NAP_WITH_EAR_US INT64_C(250000)
#define NAP_US (INT64_C(3600) * 1000000)

int64_t rs_shm_until(int64_t wait_us)
{
	int64_t now = rs_now_us();

	return wait_us < 0 || wait_us >= INT64_MAX - now ? RS_SHM_FOR_EVER : now + wait_us;
}

int rs_shm_sleep(_Atomic uint32_t *word, uint32_t expected, int64_t until_us, const struct rs_shm_ear *ear)
{
	int64_t nap = rs_now_us() + (ear ? NAP_WITH_EAR_US : NAP_US), end = until_us < nap ? until_us : nap;
	struct timespec ts = { .tv_sec = end / 1000000, .tv_nsec = end % 1000000 * 1000 };
	int e = 0;

	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, &ts, NULL, FUTEX_BITSET_MATCH_ANY) != 0)
		e = errno;
	if (e != ETIMEDOUT && e != EINTR)
		return 0; /* woken, or EAGAIN: it had changed */
	if (ear && !ear->go_on(ear->arg))
		return EINTR;
	return e == ETIMEDOUT && end == until_us ? ETIMEDOUT : 0;
}

int rs_shm_wake(_Atomic uint32_t *word, int n)
{
	long woken = syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);

	return woken < 0 ? 0 : (int)woken;
}
