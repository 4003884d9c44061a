/*
 * Snapshot of the process: what lives in C. A function that changes a subject of the table below marks it; a request that calls
 * none of them costs a few comparisons. What runs in every mode is elsewhere: ini directives, environment, stream context
 * (php_settings.c); time zone, locale, encoding, working directory, umask (ProcessState.php).
 */
#include "php_left.h"
#include "php_snapshot_process.h"
#include "swoole_coroutine.h"

#include <ext/json/php_json.h>
#include <ext/pcre/php_pcre.h>
#include <ext/random/php_random.h>
#include <signal.h>
#include <syslog.h>
#include <unistd.h>

bool rs_ask(const char *function, uint32_t argc, zval *argv, zval *ret)
{
	zend_function *f = zend_hash_str_find_ptr(CG(function_table), function, strlen(function));

	ZVAL_UNDEF(ret);
	if (!f)
		return false;
	zend_call_known_function(f, NULL, NULL, ret, argc, argv, NULL);
	if (!EG(exception))
		return true;
	zend_clear_exception();
	zval_ptr_dtor(ret);
	ZVAL_UNDEF(ret);
	return false;
}

unsigned rs_call(const char *function)
{
	zval ret;
	bool ok = rs_ask(function, 0, NULL, &ret);

	zval_ptr_dtor(&ret);
	return ok;
}

/* ---- randomness -------------------------------------------------------------------------------------------------------- */

static const char *const random_functions[] = { "mt_srand", "srand", NULL };

/* Unseeded, which it was: a worker begins so. Else everybody after somebody's mt_srand(1) would get the same numbers. */
static unsigned random_restore(void)
{
	RANDOM_G(mt19937_seeded) = false;
#if PHP_VERSION_ID < 80400
	((php_random_status_state_mt19937 *)RANDOM_G(mt19937)->state)->mode = MT_RAND_MT19937;
#else
	RANDOM_G(mt19937).mode = MT_RAND_MT19937;
#endif
	return 1;
}

static const char *const gmp_functions[] = { "gmp_random_seed", NULL };

static unsigned gmp_restore(void)
{
	zval seed, ret;

	ZVAL_LONG(&seed, GENERATE_SEED());
	(void)rs_ask("gmp_random_seed", 1, &seed, &ret);
	zval_ptr_dtor(&ret);
	return 1;
}

/* ---- ticks ---------------------------------------------------------------------------------------------------------------- */

static const char *const tick_functions[] = { "register_tick_function", "unregister_tick_function", NULL };
static struct {
	size_t functions, user;
} ticks;

static void ticks_take(void)
{
	ticks.functions = zend_llist_count(&PG(tick_functions));
	ticks.user = BG(user_tick_functions) ? zend_llist_count(BG(user_tick_functions)) : 0;
}

/* One of boot's that a request took out is gone. */
static unsigned ticks_restore(void)
{
	unsigned n = 0;

	for (; BG(user_tick_functions) && zend_llist_count(BG(user_tick_functions)) > ticks.user; n++)
		zend_llist_remove_tail(BG(user_tick_functions));
	if (!ticks.user && BG(user_tick_functions)) {
		zend_llist_destroy(BG(user_tick_functions));
		efree(BG(user_tick_functions));
		BG(user_tick_functions) = NULL;
	}
	while (zend_llist_count(&PG(tick_functions)) > ticks.functions)
		zend_llist_remove_tail(&PG(tick_functions));
	return n;
}

/* ---- signals ----------------------------------------------------------------------------------------------------------------- */

#define SIGNALS 65

static const char *const signal_functions[] = { "pcntl_signal", "pcntl_sigprocmask", NULL };
static struct {
	struct sigaction action[SIGNALS];
	zval handler[SIGNALS]; /* as pcntl_signal_get_handler() tells them */
	sigset_t blocked;
} signals;

static void signals_take(void)
{
	zval number;

	sigprocmask(SIG_SETMASK, NULL, &signals.blocked);
	for (int i = 1; i < SIGNALS; i++) {
		ZVAL_LONG(&number, i);
		ZVAL_UNDEF(&signals.handler[i]);
		if (sigaction(i, NULL, &signals.action[i]) == 0)
			(void)rs_ask("pcntl_signal_get_handler", 1, &number, &signals.handler[i]);
	}
}

static unsigned signal_restore(int i)
{
	zval now, argv[2];
	bool same;

	ZVAL_LONG(&argv[0], i);
	if (Z_TYPE(signals.handler[i]) == IS_UNDEF || !rs_ask("pcntl_signal_get_handler", 1, argv, &now))
		return 0;
	same = zend_is_identical(&now, &signals.handler[i]);
	rs_snapshot_bury(&now);
	if (same)
		return 0;
	ZVAL_COPY_VALUE(&argv[1], &signals.handler[i]);
	(void)rs_ask("pcntl_signal", 2, argv, &now);
	sigaction(i, &signals.action[i], NULL); /* where pcntl has nobody, the server may have */
	return 1;
}

static unsigned signals_restore(void)
{
	unsigned n = 0;

	for (int i = 1; i < SIGNALS; i++)
		n += signal_restore(i);
	sigprocmask(SIG_SETMASK, &signals.blocked, NULL);
	return n;
}

static const char *const alarm_functions[] = { "pcntl_alarm", NULL };

static unsigned alarm_restore(void)
{
	return alarm(0) > 0;
}

/* ---- the table ---------------------------------------------------------------------------------------------------------------------- */

static const char *const autoload_functions[] = { "spl_autoload_register", "spl_autoload_unregister", "spl_autoload_extensions", NULL };
static const char *const wrapper_functions[] = { "stream_wrapper_register", "stream_register_wrapper", "stream_wrapper_unregister",
						 "stream_wrapper_restore", NULL };
static const char *const filter_functions[] = { "stream_filter_register", NULL };

static const struct rs_subject subjects[] = {
	{ "random seed", random_functions, NULL, random_restore, false },
	{ "gmp random seed", gmp_functions, NULL, gmp_restore, false },
	{ "tick functions", tick_functions, ticks_take, ticks_restore, false },
	{ "signal handlers", signal_functions, signals_take, signals_restore, false },
	{ "alarm", alarm_functions, NULL, alarm_restore, false },
	{ "libxml errors", rs_libxml_functions, rs_libxml_take, rs_libxml_restore, true },
	{ "libxml entities", rs_entities_functions, rs_entities_take, rs_entities_restore, false },
	{ "openssl errors", rs_openssl_functions, rs_openssl_take, rs_openssl_restore, false },
	{ "output rewrite variables", rs_rewrite_functions, NULL, rs_rewrite_restore, false },
	{ "regular expression search", rs_regex_functions, NULL, rs_regex_restore, false },
	{ "syslog", rs_syslog_functions, NULL, rs_syslog_restore, false },
	{ "readline history", rs_readline_functions, NULL, rs_readline_restore, false },
	{ "translation domains", rs_gettext_functions, NULL, rs_gettext_restore, false },
	{ "autoloaders", autoload_functions, rs_autoload_take, rs_autoload_restore, false },
	{ "stream wrappers", wrapper_functions, rs_wrappers_take, rs_wrappers_restore, false },
	{ "stream filters", filter_functions, rs_filters_take, rs_filters_restore, false },
	{ "settings of extensions", rs_asked_functions, rs_asked_take, rs_asked_restore, true },
};

/* ---- seen called -------------------------------------------------------------------------------------------------------------------- */

static struct seen {
	const zend_function *function;
	zif_handler original;
	size_t subject;
} seen[96];
static size_t nseen;
static uint64_t touched; /* a bit for each subject */

static ZEND_FUNCTION(rs_process_touch)
{
	for (size_t i = 0; i < nseen; i++) {
		if (seen[i].function == EX(func)) {
			if (ZEND_NUM_ARGS() > 0 || !subjects[seen[i].subject].tell)
				touched |= UINT64_C(1) << seen[i].subject;
			seen[i].original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
			return;
		}
	}
}

static void see(const char *name, size_t subject)
{
	zend_function *f = zend_hash_str_find_ptr(CG(function_table), name, strlen(name));

	if (!f || f->type != ZEND_INTERNAL_FUNCTION || nseen == RS_COUNTOF(seen))
		return;
	seen[nseen++] = (struct seen){ f, f->internal_function.handler, subject };
	f->internal_function.handler = ZEND_FN(rs_process_touch);
}

void rs_snapshot_process_guard(void)
{
	for (size_t i = 0; i < RS_COUNTOF(subjects); i++) {
		for (const char *const *name = subjects[i].functions; *name; name++)
			see(*name, i);
	}
	rs_pdo_guard();
	rs_gettext_guard();
	rs_lasting_guard();
}

/* ---- the part ------------------------------------------------------------------------------------------------------------------------- */

static void take(void)
{
	for (size_t i = 0; i < RS_COUNTOF(subjects); i++) {
		if (subjects[i].take)
			subjects[i].take();
	}
	rs_handlers_take();
	rs_streams_take();
	rs_co_keep_settings();
	touched = 0;
}

/* Nobody may see what the last call of somebody else came to. */
static void forget_last_errors(void)
{
	JSON_G(error_code) = PHP_JSON_ERROR_NONE;
	PCRE_G(error_code) = PHP_PCRE_NO_ERROR;
}

RS_HOT static unsigned restore(void)
{
	unsigned n = rs_handlers_restore() + rs_php_transactions_end() + rs_pdo_restore() + rs_php_locks_end();

	forget_last_errors();
	n += rs_co_restore_settings() + rs_streams_restore();
	rs_libxml_forget_errors();
	for (size_t i = 0; touched && i < RS_COUNTOF(subjects); i++) {
		if (touched & UINT64_C(1) << i)
			n += subjects[i].restore();
	}
	touched = 0; /* by what was just called as well */
	return n;
}

/* What was called, not what came of it: that is in C. */
static void differences(rs_snapshot_tell tell, void *arg)
{
	for (size_t i = 0; i < RS_COUNTOF(subjects); i++) {
		struct rs_snapshot_change change = { .kind = "process" };

		if (!(touched & UINT64_C(1) << i))
			continue;
		change.name = zend_string_init(subjects[i].name, strlen(subjects[i].name), false);
		tell(&change, arg);
		zend_string_release(change.name);
	}
}

const struct rs_snapshot_part rs_snapshot_process = { "process", take, restore, differences };
