/*
 * uniqid() is the time in microseconds, and two processes that ask in the same one are told the same. Those that come from one manager
 * share the time that was told last; whoever is told that or an earlier one asks again, as PHP itself does within a process.
 */
#include "sapi.h"

#include <stdatomic.h>
#include <sys/mman.h>

/* Hexadecimal digits behind the prefix: seconds, microseconds. */
#define DIGITS_SECONDS 8
#define DIGITS_MICROSECONDS 5
/* A time that is new and this long before the last one is a clock that was set back. Microseconds. */
#define SET_BACK_US 1000

static struct {
	zif_handler original;
	_Atomic uint64_t *last; /* microseconds since the epoch; shared by the manager and all its children */
} uniqid;

/* The time that ends an answer of uniqid(); 0: none, with more entropy a random number stands behind it. */
static uint64_t time_of(const zend_string *id)
{
	const size_t n = DIGITS_SECONDS + DIGITS_MICROSECONDS;
	char digits[DIGITS_SECONDS + DIGITS_MICROSECONDS + 1];
	uint64_t number;

	if (ZSTR_LEN(id) < n)
		return 0;
	memcpy(digits, ZSTR_VAL(id) + ZSTR_LEN(id) - n, n + 1);
	if (strspn(digits, "0123456789abcdef") != n)
		return 0;
	number = strtoull(digits, NULL, 16);
	return (number >> (4 * DIGITS_MICROSECONDS)) * 1000000 + (number & ((1u << (4 * DIGITS_MICROSECONDS)) - 1));
}

/* Is t later than what all others have got? It is the last one from now on. fresh: this process has not slept since it asked for t. */
static bool take(uint64_t t, bool fresh)
{
	uint64_t last = atomic_load(uniqid.last);

	while (t > last || (fresh && last - t > SET_BACK_US)) {
		if (atomic_compare_exchange_weak(uniqid.last, &last, t))
			return true;
	}
	return false;
}

static ZEND_FUNCTION(rs_uniqid)
{
	for (unsigned tries = 0;; tries++) {
		uint64_t t;

		uniqid.original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
		if (EG(exception) || Z_TYPE_P(return_value) != IS_STRING)
			return;
		t = time_of(Z_STR_P(return_value));
		/* What was late the first time may have been interrupted; hardly twice. */
		if (t == 0 || take(t, tries > 0))
			return;
		zval_ptr_dtor(return_value);
		ZVAL_NULL(return_value);
	}
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
