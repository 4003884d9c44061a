/*
 * What a fresh child must change before any user code runs: randomness, and nothing of the parent's timers.
 */
#include "sapi.h"

#include <ext/random/php_random.h>

/* Measured: without this two workers print the same mt_rand() and str_shuffle(). */
static void reseed(void)
{
	RANDOM_G(mt19937_seeded) = false;
	RANDOM_G(combined_lcg_seeded) = false;
}

/* fork() reset all signal handlers; PHP installs the one of its execution timer only with this flag. */
static void rehang_timer(void)
{
	zend_long seconds = EG(timeout_seconds);

	zend_set_timeout(3600, true);
	zend_unset_timeout();
	EG(timeout_seconds) = seconds;
	rs_php()->timer_armed_us = 0;
}

void rs_php_after_fork(void)
{
	reseed();
	rehang_timer();
}

static void open_standard(const char *path, const char *mode, const char *constant)
{
	php_stream *first, *dup;
	zend_constant c;

	/*
	 * The cli SAPI's first open of such a path takes the fd itself, and its end would close 0, 1 or 2; that first open
	 * is made here and never ends. The constant is a duplicate that user code may close as it likes.
	 */
	first = php_stream_open_wrapper_ex(path, mode, 0, NULL, NULL);
	if (first)
		first->flags |= PHP_STREAM_FLAG_NO_CLOSE | PHP_STREAM_FLAG_NO_RSCR_DTOR_CLOSE;
	dup = php_stream_open_wrapper_ex(path, mode, 0, NULL, NULL);
	if (!dup)
		return;
	php_stream_to_zval(dup, &c.value);
	ZEND_CONSTANT_SET_FLAGS(&c, CONST_CS, 0);
	c.name = zend_string_init_interned(constant, strlen(constant), 0);
	zend_register_constant(&c);
}

void rs_php_standard_streams(void)
{
	open_standard("php://stdin", "rb", "STDIN");
	open_standard("php://stdout", "wb", "STDOUT");
	open_standard("php://stderr", "wb", "STDERR");
}
