/*
 * Snapshot of the process: what lives in C. A function that changes a subject of the table below marks it; a request that calls
 * none of them costs a few comparisons. What runs in every mode is elsewhere: ini directives, environment, stream context
 * (php_settings.c); time zone, locale, encoding, working directory, umask (ProcessState.php).
 */
#include "php_snapshot_process.h"

#include "tls/tls_cert.h"

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

/* Calls what needs no argument, for its effect. */
static unsigned call(const char *function)
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

/* ---- small ones ----------------------------------------------------------------------------------------------------------------- */

static const char *const libxml_functions[] = { "libxml_use_internal_errors", "libxml_set_streams_context", NULL };
static bool libxml_collects;

static void libxml_take(void)
{
	zval ret;

	libxml_collects = rs_ask("libxml_use_internal_errors", 0, NULL, &ret) && Z_TYPE(ret) == IS_TRUE;
}

static unsigned libxml_restore(void)
{
	zval context, ret;

	if (rs_ask("stream_context_create", 0, NULL, &context)) {
		(void)rs_ask("libxml_set_streams_context", 1, &context, &ret);
		zval_ptr_dtor(&context);
	}
	return call("libxml_clear_errors");
}

static const char *const openssl_functions[] = {
	"openssl_encrypt", "openssl_decrypt", "openssl_sign", "openssl_verify", "openssl_seal", "openssl_open", "openssl_public_encrypt",
	"openssl_public_decrypt", "openssl_private_encrypt", "openssl_private_decrypt", "openssl_pkey_new", "openssl_pkey_get_private",
	"openssl_pkey_get_public", "openssl_get_privatekey", "openssl_get_publickey", "openssl_pkey_export", "openssl_x509_read",
	"openssl_x509_parse", "openssl_x509_verify", "openssl_csr_new", "openssl_csr_sign", "openssl_pkcs12_read", "openssl_pkcs7_verify",
	"openssl_pkcs7_sign", "openssl_pkcs7_decrypt", "openssl_cms_verify", NULL,
};

/* The extension's queue of errors, which is made for the first one; NULL: it keeps it otherwise. */
static void *const *openssl_queue;

/* Before 8.4 its globals are that pointer. */
static void openssl_take(void)
{
	const zend_module_entry *module = zend_hash_str_find_ptr(&module_registry, ZEND_STRL("openssl"));

	if (PHP_VERSION_ID < 80400 && module && module->globals_size == sizeof *openssl_queue)
		openssl_queue = module->globals_ptr;
}

/* No function of the extension has ever met an error, and none is on its way there: who encrypts a cookie leaves nothing. */
static bool openssl_is_clean(void)
{
	return openssl_queue && !*openssl_queue && !rs_tlscert_error_waits();
}

/* The queue has 16 places. */
RS_HOT static unsigned openssl_restore(void)
{
	unsigned n = 0;
	zval text;

	if (openssl_is_clean())
		return 0;
	while (n < 32 && rs_ask("openssl_error_string", 0, NULL, &text) && Z_TYPE(text) == IS_STRING) {
		zval_ptr_dtor(&text);
		n++;
	}
	return n;
}

static const char *const rewrite_functions[] = { "output_add_rewrite_var", NULL };

static unsigned rewrite_restore(void)
{
	return call("output_reset_rewrite_vars");
}

static const char *const regex_functions[] = { "mb_ereg_search_init", NULL };

static unsigned regex_restore(void)
{
	zval empty, ret;

	ZVAL_EMPTY_STRING(&empty);
	(void)rs_ask("mb_ereg_search_init", 1, &empty, &ret);
	return 1;
}

static const char *const syslog_functions[] = { "openlog", NULL };

static unsigned syslog_restore(void)
{
	return call("closelog");
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
	{ "libxml errors", libxml_functions, libxml_take, libxml_restore, true },
	{ "openssl errors", openssl_functions, openssl_take, openssl_restore, false },
	{ "output rewrite variables", rewrite_functions, NULL, rewrite_restore, false },
	{ "regular expression search", regex_functions, NULL, regex_restore, false },
	{ "syslog", syslog_functions, NULL, syslog_restore, false },
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
	rs_transactions_guard();
	rs_pdo_guard();
}

/* ---- the part ------------------------------------------------------------------------------------------------------------------------- */

static void take(void)
{
	for (size_t i = 0; i < RS_COUNTOF(subjects); i++) {
		if (subjects[i].take)
			subjects[i].take();
	}
	rs_handlers_take();
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
	unsigned n = rs_handlers_restore() + rs_transactions_restore() + rs_pdo_restore();

	forget_last_errors();
	if (libxml_collects)
		(void)call("libxml_clear_errors");
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
