/*
 * Functions of the glue for the boot: what the application says of itself, and serve(), which is the rest of the process's life.
 */
#include "php_doctor.h"
#include "php_glue.h"
#include "php_serve.h"
#include "swoole_server_hosted.h"

#include <ext/spl/spl_exceptions.h>

static void keep_callback(struct rs_php_callback *cb, zend_fcall_info *fci, zend_fcall_info_cache *fcc)
{
	cb->set = ZEND_FCI_INITIALIZED(*fci);
	if (!cb->set)
		return;
	cb->fci = *fci;
	cb->fcc = *fcc;
	Z_TRY_ADDREF(cb->fci.function_name);
}

/* The exception that is on its way, for those who wait for the boot. */
static void say_why(void)
{
	zval room, *text;

	if (!EG(exception))
		return;
	text = zend_read_property(zend_ce_exception, EG(exception), ZEND_STRL("message"), true, &room);
	rs_buf_reset(&rs_php()->boot_error, 0);
	if (Z_TYPE_P(text) == IS_STRING)
		RS_IGNORE(rs_buf_put(&rs_php()->boot_error, Z_STRVAL_P(text), Z_STRLEN_P(text)));
}

/*
 * Rserverd\serve(callable $handle, ?callable $clean, ?callable $workerStart, ?callable $idle, ?callable $warm,
 * ?callable $settle): int; once, when the application is booted. $warm is called for each path of warm_up[], with the superglobals of a request for it;
 * $settle when destructors that ran after $clean have changed PHP itself. The manager's life; in a forked worker, the worker's life.
 */
ZEND_FUNCTION(rs_serve)
{
	struct rs_php *php = rs_php();
	zend_fcall_info fci[6];
	zend_fcall_info_cache fcc[6];
	const char *failed = NULL;

	memset(fci, 0, sizeof fci);
	ZEND_PARSE_PARAMETERS_START(1, 6)
		Z_PARAM_FUNC(fci[0], fcc[0])
		Z_PARAM_OPTIONAL
		Z_PARAM_FUNC_OR_NULL(fci[1], fcc[1])
		Z_PARAM_FUNC_OR_NULL(fci[2], fcc[2])
		Z_PARAM_FUNC_OR_NULL(fci[3], fcc[3])
		Z_PARAM_FUNC_OR_NULL(fci[4], fcc[4])
		Z_PARAM_FUNC_OR_NULL(fci[5], fcc[5])
	ZEND_PARSE_PARAMETERS_END();
	if (php->serving) {
		zend_throw_error(NULL, "Rserverd\\serve() has been called already");
		RETURN_THROWS();
	}
	if (!rs_swoole_hosted_finish()) {
		say_why();
		RETURN_THROWS();
	}
	php->serving = true;
	keep_callback(&php->handle, &fci[0], &fcc[0]);
	keep_callback(&php->clean, &fci[1], &fcc[1]);
	keep_callback(&php->worker_start, &fci[2], &fcc[2]);
	keep_callback(&php->idle, &fci[3], &fcc[3]);
	keep_callback(&php->warm, &fci[4], &fcc[4]);
	keep_callback(&php->settle, &fci[5], &fcc[5]);
	rs_php_remember_boot();
	if (php->conf->boot == RS_BOOT_MANAGER && !rs_php_warm_up(&failed)) {
		php->serving = false;
		RS_IGNORE(!rs_buf_printf(&php->boot_error, "warm_up: a fatal error in %s", failed));
		RETURN_LONG(RS_ERR);
	}
	rs_php_doctor_booted();
	php->result = php->booted(php->booted_arg);
	RETURN_LONG(php->result);
}

/* A line as rs_conf_dump() writes it; false: no memory. */
static bool put_conf_line(struct rs_buf *b, zval *section, zval *key, zval *value)
{
	bool ok = rs_buf_printf(b, "app\tconfig/laravels.php\t%s\t%s\t", Z_STRVAL_P(section), Z_STRVAL_P(key));

	for (const char *p = Z_STRVAL_P(value); ok && *p; p++) {
		const char *e = *p == '\\' ? "\\\\" : *p == '\t' ? "\\t" : *p == '\n' ? "\\n" : *p == '\r' ? "\\r" : NULL;
		ok = e ? rs_buf_put(b, e, 2) : rs_buf_put(b, p, 1);
	}
	return ok && rs_buf_put(b, "\n", 1);
}

/* Into the configuration of this process, as the master will take it. false: thrown. */
static bool take(void)
{
	struct rs_php *php = rs_php();
	struct rs_conf_error err;

	/* With boot = worker it comes too late: the server runs with what ini and command line say. */
	if (php->serving || php->app_conf_taken)
		return true;
	php->app_conf_taken = true;
	if (rs_host_take_conf(rs_buf_slice(&php->app_conf), &err) == RS_OK)
		return true;
	zend_throw_exception(spl_ce_UnexpectedValueException, err.text, 0);
	return false;
}

/*
 * Rserverd\app_conf(list<array{string, string, string}>): the evaluated config/laravels.php, flattened. Once; from then on it
 * is in force as far as ini and command line leave it. A wrong value is an UnexpectedValueException.
 */
ZEND_FUNCTION(rs_app_conf)
{
	zval *rows, *row, *cell[3];
	bool ok;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY(rows)
	ZEND_PARSE_PARAMETERS_END();
	rs_buf_reset(&rs_php()->app_conf, 0);
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(rows), row) {
		ok = Z_TYPE_P(row) == IS_ARRAY;
		for (int i = 0; ok && i < 3; i++) {
			cell[i] = zend_hash_index_find(Z_ARRVAL_P(row), (zend_ulong)i);
			ok = cell[i] && Z_TYPE_P(cell[i]) == IS_STRING &&
			     (i == 2 || !strpbrk(Z_STRVAL_P(cell[i]), "\t\n\r"));
		}
		if (!ok || !put_conf_line(&rs_php()->app_conf, cell[0], cell[1], cell[2])) {
			zend_argument_value_error(1, "must be a list of [section, key, value] strings");
			RETURN_THROWS();
		}
	} ZEND_HASH_FOREACH_END();
	if (!take())
		RETURN_THROWS();
}

/* Rserverd\facts(array<string, string>): what `rserverd info` shows of the application. */
ZEND_FUNCTION(rs_facts)
{
	zend_string *key;
	zval *facts, *value;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY(facts)
	ZEND_PARSE_PARAMETERS_END();
	ZEND_HASH_FOREACH_STR_KEY_VAL(Z_ARRVAL_P(facts), key, value) {
		zend_string *text = zval_get_string(value);
		size_t n = strcspn(ZSTR_VAL(text), "\t\r\n");
		if (key && !rs_buf_printf(&rs_php()->facts, "%s\t%.*s\n", ZSTR_VAL(key), (int)n, ZSTR_VAL(text)))
			zend_throw_error(NULL, "out of memory");
		zend_string_release(text);
	} ZEND_HASH_FOREACH_END();
}

/* Rserverd\boot_failed(string $why): the reason that `start` and `reload --wait` print. */
ZEND_FUNCTION(rs_boot_failed)
{
	char *text;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STRING(text, n)
	ZEND_PARSE_PARAMETERS_END();
	rs_buf_reset(&rs_php()->boot_error, 0);
	RS_IGNORE(rs_buf_put(&rs_php()->boot_error, text, n));
}
