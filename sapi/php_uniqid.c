/*
 * uniqid() is the time in microseconds, and two processes that ask in the same one are told the same. Those that come from one manager
 * share the time that was told last: whoever is not later than it is told the next microsecond instead.
 */
#include "sapi.h"

#include <main/snprintf.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/time.h>

#define SECOND_US 1000000

static struct {
	zif_handler original;
	_Atomic uint64_t *last; /* microseconds since the epoch; shared by the manager and all its children */
} uniqid;

/* Later than what anybody has got, also when the clock was set back. */
static uint64_t next_time(void)
{
	uint64_t last = atomic_load(uniqid.last), now, next;
	struct timeval tv;

	gettimeofday(&tv, NULL);
	now = (uint64_t)tv.tv_sec * SECOND_US + (uint64_t)tv.tv_usec;
	do {
		next = MAX(now, last + 1);
	} while (!atomic_compare_exchange_weak(uniqid.last, &last, next));
	return next;
}

static ZEND_FUNCTION(rs_uniqid)
{
	zend_string *prefix = ZSTR_EMPTY_ALLOC();
	bool more_entropy = false;
	uint64_t t;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR(prefix)
		Z_PARAM_BOOL(more_entropy)
	ZEND_PARSE_PARAMETERS_END();
	/* A random number stands behind the time. */
	if (more_entropy) {
		uniqid.original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
		return;
	}
	t = next_time();
	RETURN_STR(strpprintf(0, "%s%08x%05x", ZSTR_VAL(prefix), (unsigned)(t / SECOND_US), (unsigned)(t % SECOND_US)));
}

void rs_php_uniqid_guard(void)
{
	zend_function *f = zend_hash_str_find_ptr(CG(function_table), "uniqid", strlen("uniqid"));
	void *shared;

	if (!f || f->type != ZEND_INTERNAL_FUNCTION)
		return;
	shared = mmap(NULL, sizeof *uniqid.last, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return;
	uniqid.last = shared;
	uniqid.original = f->internal_function.handler;
	f->internal_function.handler = ZEND_FN(rs_uniqid);
}
