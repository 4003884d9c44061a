/*
 * Functions of the PHP glue (sapi/php), in the namespace Rserverd, and the ones that php-fpm has and the cli name hides.
 * Registered only when this module hosts PHP.
 */
#include "sapi.h"
#include "php_state.h"
#include "php_title.h"

#include <ext/standard/head.h>

ZEND_BEGIN_ARG_INFO_EX(arginfo_none, 0, 0, 0) ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_serve, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, handle, IS_CALLABLE, 0)
	ZEND_ARG_TYPE_INFO(0, clean, IS_CALLABLE, 1)
	ZEND_ARG_TYPE_INFO(0, workerStart, IS_CALLABLE, 1)
	ZEND_ARG_TYPE_INFO(0, idle, IS_CALLABLE, 1)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_array, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, values, IS_ARRAY, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_text, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, text, IS_STRING, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_log, 0, 0, 2)
	ZEND_ARG_TYPE_INFO(0, level, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, text, IS_STRING, 0)
ZEND_END_ARG_INFO()

static void add_list(zval *array, const char *key, const struct rs_strlist *list)
{
	zval z;

	array_init(&z);
	for (size_t i = 0; i < list->n; i++)
		add_next_index_string(&z, list->v[i]);
	add_assoc_zval(array, key, &z);
}

static const char *word(enum rs_opt_id id, int value)
{
	return rs_options[id].words ? rs_options[id].words[value] : "";
}

/* Rserverd\settings(): array; what the glue must know of the configuration in force. */
static ZEND_FUNCTION(rs_settings)
{
	const struct rs_php *php = rs_php();
	const struct rs_conf *c = php->conf;

	ZEND_PARSE_PARAMETERS_NONE();
	array_init(return_value);
	add_assoc_string(return_value, "base_path", php->h->base_path);
	add_assoc_string(return_value, "entry", php->h->entry_path);
	add_assoc_string(return_value, "framework", word(RS_OPT_ID_framework, c->framework));
	add_assoc_string(return_value, "boot", word(RS_OPT_ID_boot, c->boot));
	add_assoc_string(return_value, "isolation", word(RS_OPT_ID_isolation, c->isolation));
	add_list(return_value, "cleaners", &c->cleaners);
	add_list(return_value, "register_providers", &c->register_providers);
	add_assoc_bool(return_value, "destroy_controllers", c->destroy_controllers);
	add_list(return_value, "destroy_controllers_excluded", &c->destroy_controllers_excluded);
	add_assoc_string(return_value, "server", c->server);
	add_assoc_string(return_value, "document_root", c->document_root);
	add_assoc_bool(return_value, "handle_static", c->handle_static);
	add_assoc_string(return_value, "environment", php->h->environment);
	add_assoc_string(return_value, "x_version", php->h->x_version);
	add_assoc_long(return_value, "generation", php->h->generation);
}

static void keep_callback(struct rs_php_callback *cb, zend_fcall_info *fci, zend_fcall_info_cache *fcc)
{
	cb->set = ZEND_FCI_INITIALIZED(*fci);
	if (!cb->set)
		return;
	cb->fci = *fci;
	cb->fcc = *fcc;
	Z_TRY_ADDREF(cb->fci.function_name);
}

/*
 * Rserverd\serve(callable $handle, ?callable $clean, ?callable $workerStart, ?callable $idle): int; once, when the
 * application is booted. The manager's life; in a forked worker, the worker's life.
 */
static ZEND_FUNCTION(rs_serve)
{
	struct rs_php *php = rs_php();
	zend_fcall_info fci[4];
	zend_fcall_info_cache fcc[4];

	memset(fci, 0, sizeof fci);
	ZEND_PARSE_PARAMETERS_START(1, 4)
		Z_PARAM_FUNC(fci[0], fcc[0])
		Z_PARAM_OPTIONAL
		Z_PARAM_FUNC_OR_NULL(fci[1], fcc[1])
		Z_PARAM_FUNC_OR_NULL(fci[2], fcc[2])
		Z_PARAM_FUNC_OR_NULL(fci[3], fcc[3])
	ZEND_PARSE_PARAMETERS_END();
	if (php->serving) {
		zend_throw_error(NULL, "Rserverd\\serve() has been called already");
		RETURN_THROWS();
	}
	php->serving = true;
	keep_callback(&php->handle, &fci[0], &fcc[0]);
	keep_callback(&php->clean, &fci[1], &fcc[1]);
	keep_callback(&php->worker_start, &fci[2], &fcc[2]);
	keep_callback(&php->idle, &fci[3], &fcc[3]);
	rs_php_remember_boot();
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

/* Rserverd\app_conf(list<array{string, string, string}>): the evaluated config/laravels.php, flattened. */
static ZEND_FUNCTION(rs_app_conf)
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
}

/* Rserverd\facts(array<string, string>): what `rserverd info` shows of the application. */
static ZEND_FUNCTION(rs_facts)
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
static ZEND_FUNCTION(rs_boot_failed)
{
	char *text;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STRING(text, n)
	ZEND_PARSE_PARAMETERS_END();
	rs_buf_reset(&rs_php()->boot_error, 0);
	RS_IGNORE(rs_buf_put(&rs_php()->boot_error, text, n));
}

/* Rserverd\finish_request(): bool, fastcgi_finish_request(): bool; the response is complete and leaves now. */
static ZEND_FUNCTION(rs_finish_request)
{
	struct rs_exchange *x = rs_php()->x;

	ZEND_PARSE_PARAMETERS_NONE();
	if (!x || rs_exchange_finished(x))
		RETURN_FALSE;
	php_output_end_all();
	php_header();
	rs_exchange_finish(x);
	RETURN_TRUE;
}

/* Rserverd\log(int $level, string $text) */
static ZEND_FUNCTION(rs_log_line)
{
	zend_long level;
	char *text;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(level)
		Z_PARAM_STRING(text, n)
	ZEND_PARSE_PARAMETERS_END();
	/* An alert is our own word for a broken server: applications reach error. */
	level = level < RS_LOG_DEBUG ? RS_LOG_DEBUG : level > RS_LOG_ERROR ? RS_LOG_ERROR : level;
	rs_log_text(rs_host_log(), (enum rs_log_level)level, "", rs_slice(text, n));
}

/* Rserverd\ask_reload(string $why) */
static ZEND_FUNCTION(rs_ask_reload)
{
	char *text;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STRING(text, n)
	ZEND_PARSE_PARAMETERS_END();
	rs_host_ask_reload(text);
}

/* getallheaders(), apache_request_headers(): field name => value, as the client wrote them. */
static ZEND_FUNCTION(rs_getallheaders)
{
	const struct rs_request_view *v;

	ZEND_PARSE_PARAMETERS_NONE();
	array_init(return_value);
	if (!rs_php()->x)
		return;
	v = rs_exchange_request(rs_php()->x);
	for (uint32_t i = 0; i < v->nfields; i++) {
		zval *old = zend_hash_str_find(Z_ARRVAL_P(return_value), v->fields[i].name.p, v->fields[i].name.n);
		smart_str s = { 0 };
		if (old) {
			smart_str_append(&s, Z_STR_P(old));
			smart_str_appends(&s, ", ");
		}
		smart_str_appendl(&s, v->fields[i].value.p, v->fields[i].value.n);
		add_assoc_str_ex(return_value, v->fields[i].name.p, v->fields[i].name.n,
				 s.s ? smart_str_extract(&s) : ZSTR_EMPTY_ALLOC());
	}
}

#define NS "Rserverd\\"
const zend_function_entry rs_php_glue_functions[] = {
	ZEND_RAW_FENTRY(NS "settings", ZEND_FN(rs_settings), arginfo_none, 0)
	ZEND_RAW_FENTRY(NS "serve", ZEND_FN(rs_serve), arginfo_serve, 0)
	ZEND_RAW_FENTRY(NS "app_conf", ZEND_FN(rs_app_conf), arginfo_array, 0)
	ZEND_RAW_FENTRY(NS "facts", ZEND_FN(rs_facts), arginfo_array, 0)
	ZEND_RAW_FENTRY(NS "boot_failed", ZEND_FN(rs_boot_failed), arginfo_text, 0)
	ZEND_RAW_FENTRY(NS "touched", ZEND_FN(rs_touched), arginfo_none, 0)
	ZEND_RAW_FENTRY(NS "finish_request", ZEND_FN(rs_finish_request), arginfo_none, 0)
	ZEND_RAW_FENTRY(NS "log", ZEND_FN(rs_log_line), arginfo_log, 0)
	ZEND_RAW_FENTRY(NS "ask_reload", ZEND_FN(rs_ask_reload), arginfo_text, 0)
	RS_STATE_FUNCTIONS(NS)
	ZEND_RAW_FENTRY("fastcgi_finish_request", ZEND_FN(rs_finish_request), arginfo_none, 0)
	ZEND_RAW_FENTRY("getallheaders", ZEND_FN(rs_getallheaders), arginfo_none, 0)
	ZEND_RAW_FENTRY("apache_request_headers", ZEND_FN(rs_getallheaders), arginfo_none, 0)
	RS_TITLE_FUNCTIONS
	ZEND_FE_END
};
