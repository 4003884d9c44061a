/*
 * Swoole\Runtime: which blocking functions of PHP suspend only their coroutine. The handlers of these functions are replaced
 * once, at MINIT (the JIT compiles their addresses in); whether they do anything but call PHP's own is asked at each call:
 * inside a coroutine, with the flag on. Streams are the business of swoole_runtime_stream.c.
 */
#include "swoole_coroutine_private.h"

#include <netdb.h>

#include "base/rs_clock.h"
#include "client/client_lookup.h"
#include "client/client_wait.h"
#include "stubs/runtime_arginfo.h"
#include "swoole_loop.h"
#include "swoole_runtime.h"
#include "worker/loop.h"

#define HOSTNAME_MAX 255

/* ---- functions ------------------------------------------------------------------------------------------------------ */

static ZEND_FUNCTION(hooked_sleep);
static ZEND_FUNCTION(hooked_usleep);
static ZEND_FUNCTION(hooked_nanosleep);
static ZEND_FUNCTION(hooked_sleep_until);
static ZEND_FUNCTION(hooked_select);
static ZEND_FUNCTION(hooked_gethostbyname);

enum hook { SLEEP, USLEEP, NANOSLEEP, SLEEP_UNTIL, SELECT, GETHOSTBYNAME, NHOOKS };

static const struct {
	const char *name;
	zend_long flag;
	zif_handler handler;
} hooks[NHOOKS] = {
	[SLEEP] = { "sleep", RS_HOOK_SLEEP, zif_hooked_sleep },
	[USLEEP] = { "usleep", RS_HOOK_SLEEP, zif_hooked_usleep },
	[NANOSLEEP] = { "time_nanosleep", RS_HOOK_SLEEP, zif_hooked_nanosleep },
	[SLEEP_UNTIL] = { "time_sleep_until", RS_HOOK_SLEEP, zif_hooked_sleep_until },
	[SELECT] = { "stream_select", RS_HOOK_STREAM_FUNCTION, zif_hooked_select },
	[GETHOSTBYNAME] = { "gethostbyname", RS_HOOK_BLOCKING_FUNCTION, zif_hooked_gethostbyname },
};

static struct {
	zend_long flags;
	zif_handler original[NHOOKS];
} runtime;

#define ORIGINAL(which) runtime.original[which](INTERNAL_FUNCTION_PARAM_PASSTHRU)

zend_long rs_hook_flags(void)
{
	return runtime.flags;
}

void rs_hook_set_flags(zend_long flags)
{
	runtime.flags = flags & RS_HOOK_ALL;
	if (runtime.flags & RS_HOOK_STREAMS)
		rs_hook_streams_install();
}

bool rs_hooked(zend_long flags)
{
	return (runtime.flags & flags) && rs_co_self() && !rs_co_switch_blocked();
}

static ZEND_FUNCTION(hooked_sleep)
{
	int64_t until;
	zend_long seconds;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(seconds)
	ZEND_PARSE_PARAMETERS_END();
	if (seconds <= 0 || !rs_hooked(RS_HOOK_SLEEP)) {
		ORIGINAL(SLEEP);
		return;
	}
	until = rs_deadline(seconds > INT_MAX ? (int64_t)INT_MAX * 1000 : seconds * 1000);
	if (rs_co_sleep(rs_deadline_left(until)) == RS_CO_READY)
		RETURN_LONG(0);
	RETURN_LONG((rs_deadline_left(until) + 999) / 1000);
}

/* Less than the loop's clock can tell apart is slept at once. */
static ZEND_FUNCTION(hooked_usleep)
{
	zend_long us;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(us)
	ZEND_PARSE_PARAMETERS_END();
	if (us < 1000 || !rs_hooked(RS_HOOK_SLEEP)) {
		ORIGINAL(USLEEP);
		return;
	}
	(void)rs_co_sleep((us + 999) / 1000);
}

static ZEND_FUNCTION(hooked_nanosleep)
{
	zend_long seconds, ns;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(seconds)
		Z_PARAM_LONG(ns)
	ZEND_PARSE_PARAMETERS_END();
	if (seconds < 0 || seconds > INT_MAX || ns < 0 || ns > 999999999 || (seconds == 0 && ns < 1000000) ||
	    !rs_hooked(RS_HOOK_SLEEP)) {
		ORIGINAL(NANOSLEEP);
		return;
	}
	RETURN_BOOL(rs_co_sleep(seconds * 1000 + (ns + 999999) / 1000000) == RS_CO_READY);
}

static ZEND_FUNCTION(hooked_sleep_until)
{
	double until, left;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_DOUBLE(until)
	ZEND_PARSE_PARAMETERS_END();
	left = until - (double)rs_wall_us() / 1e6;
	if (!(left >= 0.001) || left > INT_MAX || !rs_hooked(RS_HOOK_SLEEP)) {
		ORIGINAL(SLEEP_UNTIL);
		return;
	}
	RETURN_BOOL(rs_co_sleep((int64_t)(left * 1000) + 1) == RS_CO_READY);
}

/* A resolver call on a thread. */
static ZEND_FUNCTION(hooked_gethostbyname)
{
	struct rs_lookup_job *j;
	zend_string *name;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_PATH_STR(name)
	ZEND_PARSE_PARAMETERS_END();
	if (ZSTR_LEN(name) > HOSTNAME_MAX || !rs_hooked(RS_HOOK_BLOCKING_FUNCTION)) {
		ORIGINAL(GETHOSTBYNAME);
		return;
	}
	j = rs_lookup_job_new(ZSTR_VAL(name), NULL);
	if (!j)
		RETURN_STR_COPY(name);
	j->family = AF_INET;
	j->socktype = SOCK_STREAM;
	if (rs_co_thread(rs_lookup, rs_lookup_job_free, j, -1) != RS_CO_READY)
		RETURN_STR_COPY(name);
	if (j->error)
		RETVAL_STR_COPY(name);
	else
		RETVAL_STRING(j->list[0]);
	rs_lookup_job_free(j);
}

/* ---- stream_select() -------------------------------------------------------------------------------------------------- */

/* Adds what the streams of one array wait for. false: waiting makes no sense: one is ready, or PHP will complain. */
static bool add_streams(zval *array, unsigned events, struct rs_co_fd *items, size_t *n)
{
	zval *value;

	ZVAL_DEREF(array);
	if (Z_TYPE_P(array) != IS_ARRAY)
		return Z_TYPE_P(array) == IS_NULL;
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(array), value) {
		php_stream *stream;
		int fd;

		ZVAL_DEREF(value);
		if (Z_TYPE_P(value) != IS_RESOURCE)
			return false;
		stream = zend_fetch_resource2(Z_RES_P(value), NULL, php_file_le_stream(), php_file_le_pstream());
		fd = stream ? rs_swoole_fd_of(value) : -1;
		if (fd < 0 || (events == RS_WATCH_READ && stream->writepos > stream->readpos))
			return false;
		items[(*n)++] = (struct rs_co_fd){ .fd = fd, .events = events };
	} ZEND_HASH_FOREACH_END();
	return true;
}

static size_t count_of(zval *array)
{
	ZVAL_DEREF(array);
	return Z_TYPE_P(array) == IS_ARRAY ? zend_hash_num_elements(Z_ARRVAL_P(array)) : 0;
}

/* The coroutine waits, then PHP's own looks without waiting and fills the arrays. */
static ZEND_FUNCTION(hooked_select)
{
	uint32_t argc = ZEND_NUM_ARGS();
	zval *args = ZEND_CALL_ARG(execute_data, 1);
	struct rs_co_fd *items;
	int64_t timeout_ms = -1;
	size_t n = 0;
	bool wait;

	if (argc < 4 || argc > 5 || !rs_hooked(RS_HOOK_STREAM_FUNCTION) ||
	    (Z_TYPE(args[3]) != IS_NULL && Z_TYPE(args[3]) != IS_LONG) ||
	    (argc == 5 && Z_TYPE(args[4]) != IS_NULL && Z_TYPE(args[4]) != IS_LONG)) {
		ORIGINAL(SELECT);
		return;
	}
	if (Z_TYPE(args[3]) == IS_LONG) {
		zend_long s = Z_LVAL(args[3]), us = argc == 5 && Z_TYPE(args[4]) == IS_LONG ? Z_LVAL(args[4]) : 0;

		timeout_ms = s < 0 || us < 0 ? 0 : s > INT_MAX || us > ZEND_LONG_MAX / 2 ? INT_MAX : s * 1000 + (us + 999) / 1000;
	} else if (argc == 5 && Z_TYPE(args[4]) == IS_LONG && Z_LVAL(args[4]) != 0) {
		timeout_ms = 0; /* an error that PHP reports */
	}
	items = safe_emalloc(count_of(&args[0]) + count_of(&args[1]) + 1, sizeof *items, 0);
	/* Out-of-band data alone never ends the wait. */
	wait = timeout_ms != 0 && add_streams(&args[0], RS_WATCH_READ, items, &n) &&
	       add_streams(&args[1], RS_WATCH_WRITE, items, &n) && n > 0;
	if (wait) {
		(void)rs_co_wait_many(items, n, timeout_ms);
		ZVAL_LONG(&args[3], 0);
		if (argc == 5)
			ZVAL_LONG(&args[4], 0);
	}
	efree(items);
	if (!EG(exception))
		ORIGINAL(SELECT);
}

/* ---- class ------------------------------------------------------------------------------------------------------------ */

ZEND_METHOD(Swoole_Runtime, enableCoroutine)
{
	zend_long enable = RS_HOOK_ALL, flags = RS_HOOK_ALL;
	zval *arg = NULL;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_ZVAL(arg)
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	if (arg && Z_TYPE_P(arg) != IS_LONG && Z_TYPE_P(arg) != IS_TRUE && Z_TYPE_P(arg) != IS_FALSE) {
		zend_argument_type_error(1, "must be of type bool|int, %s given", zend_zval_type_name(arg));
		RETURN_THROWS();
	}
	if (arg)
		enable = Z_TYPE_P(arg) == IS_LONG ? Z_LVAL_P(arg) : Z_TYPE_P(arg) == IS_TRUE ? flags : 0;
	rs_hook_set_flags(enable);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Runtime, getHookFlags)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(runtime.flags);
}

ZEND_METHOD(Swoole_Runtime, setHookFlags)
{
	zend_long flags;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	rs_hook_set_flags(flags);
	RETURN_TRUE;
}

void rs_swoole_minit_runtime(void)
{
	rs_swoole_alias(register_class_Swoole_Runtime(), "swoole_runtime");
	for (size_t i = 0; i < NHOOKS; i++) {
		zend_internal_function *f = zend_hash_str_find_ptr(CG(function_table), hooks[i].name, strlen(hooks[i].name));

		if (!f || f->type != ZEND_INTERNAL_FUNCTION)
			continue; /* disabled: stays so */
		runtime.original[i] = f->handler;
		f->handler = hooks[i].handler;
	}
}
