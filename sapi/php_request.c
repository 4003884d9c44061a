/*
 * Arming and disarming: one HTTP request inside the long PHP request. The counterpart of php_request_startup() and
 * php_request_shutdown(), for the parts that belong to a request, in their order. sapi/rearm.def says which modules take part.
 */
#include "sapi.h"

#include "base/rs_clock.h"

#include <ext/session/php_session.h>
#include <ext/standard/php_filestat.h>

struct module_cycle {
	const char *name;
	bool rshutdown, rinit;
};

static const struct module_cycle cycles[] = {
#define RS_REARM(name, rshutdown, rinit, reason) { name, rshutdown, rinit },
#include "rearm.def"
#undef RS_REARM
};

/* ---- the request's strings, terminated ---------------------------------------------------------------- */

/* All copies of one request live in one buffer that is kept; reserved whole, so that pointers stay. */
static char *keep(struct rs_buf *b, struct rs_slice s)
{
	char *to = b->p + b->off + b->len;

	if (s.p && s.n)
		memcpy(to, s.p, s.n);
	to[s.n] = '\0';
	rs_buf_commit(b, s.n + 1);
	return to;
}

static struct rs_slice field(const struct rs_request_view *v, struct rs_slice name)
{
	for (uint32_t i = 0; i < v->nfields; i++) {
		if (rs_slice_eqi(v->fields[i].name, name))
			return v->fields[i].value;
	}
	return (struct rs_slice){ NULL, 0 };
}

/* Several Cookie fields mean one, joined with "; ". NULL without any. */
static char *keep_cookies(struct rs_buf *b, const struct rs_request_view *v)
{
	char *start = NULL;

	for (uint32_t i = 0; i < v->nfields; i++) {
		if (!rs_slice_eqi(v->fields[i].name, RS_SLICE("cookie")))
			continue;
		if (start) {
			b->len--; /* the terminator */
			memcpy(b->p + b->off + b->len, "; ", 2);
			rs_buf_commit(b, 2);
			keep(b, v->fields[i].value);
		} else {
			start = keep(b, v->fields[i].value);
		}
	}
	return start;
}

static size_t scratch_need(const struct rs_request_view *v)
{
	size_t n = v->method.n + v->target.n + v->query.n + 16;

	for (uint32_t i = 0; i < v->nfields; i++)
		n += v->fields[i].value.n + 4;
	return n;
}

static void fill_request_info(struct rs_php *php, const struct rs_request_view *v)
{
	struct rs_buf *b = &php->scratch;
	struct rs_slice type = field(v, RS_SLICE("content-type")), auth = field(v, RS_SLICE("authorization"));
	sapi_request_info *ri = &SG(request_info);

	rs_buf_reset(b, 64u << 10);
	if (!rs_buf_reserve(b, scratch_need(v)))
		zend_error_noreturn(E_ERROR, "Out of memory for the request's header");
	ri->request_method = v->method.n ? keep(b, v->method) : NULL;
	ri->request_uri = keep(b, v->target);
	ri->query_string = keep(b, v->query);
	ri->content_type = type.p ? keep(b, type) : NULL;
	ri->content_length = (zend_long)v->body_len;
	ri->cookie_data = keep_cookies(b, v);
	ri->path_translated = php->script;
	ri->proto_num = 1000 + v->http_minor;
	ri->headers_only = rs_slice_eq(v->method, RS_SLICE("HEAD"));
	ri->no_headers = false;
	ri->auth_user = ri->auth_password = ri->auth_digest = NULL;
	if (auth.p)
		php_handle_auth_data(keep(b, auth));
}

/* ---- modules ------------------------------------------------------------------------------------------- */

static zend_module_entry *module_of(const struct module_cycle *c)
{
	return zend_hash_str_find_ptr(&module_registry, c->name, strlen(c->name));
}

static void modules_rinit(void)
{
	for (size_t i = 0; i < RS_COUNTOF(cycles); i++) {
		zend_module_entry *m = cycles[i].rinit ? module_of(&cycles[i]) : NULL;
		if (m && m->request_startup_func)
			m->request_startup_func(m->type, m->module_number);
	}
}

static void modules_rshutdown(void)
{
	for (size_t i = 0; i < RS_COUNTOF(cycles); i++) {
		zend_module_entry *m = cycles[i].rshutdown ? module_of(&cycles[i]) : NULL;
		if (m && m->request_shutdown_func)
			m->request_shutdown_func(m->type, m->module_number);
	}
}

/* ---- time limit ----------------------------------------------------------------------------------------- */

/*
 * max_execution_time counts the process's CPU time. Arming costs system calls, so a timer armed less than a second ago
 * is kept: it was armed one second longer than the limit, so no request gets less than that.
 */
static void arm_timer(struct rs_php *php)
{
	int64_t now;

	if (php->time_limit <= 0)
		return;
	now = rs_now_us();
	if (php->timer_armed_us && now - php->timer_armed_us < 1000000)
		return;
	zend_set_timeout(php->time_limit + 1, false);
	EG(timeout_seconds) = php->time_limit; /* what the error message says */
	php->timer_armed_us = now;
}

/* Events have no limit, as scripts have none. */
static void unset_timer(struct rs_php *php)
{
	if (php->timer_armed_us)
		zend_unset_timeout();
	php->timer_armed_us = 0;
}

/* ---- boot ------------------------------------------------------------------------------------------------ */

static const char *const boot_only[] = { "argv", "argc", "PHP_SELF", "SCRIPT_NAME", "SCRIPT_FILENAME",
					 "PATH_TRANSLATED", "DOCUMENT_ROOT", "REQUEST_TIME", "REQUEST_TIME_FLOAT" };

/* An HTTP_ variable of the environment must not pass for a header of a request. */
static void drop_header_names(HashTable *server)
{
	zend_string *key;

	ZEND_HASH_FOREACH_STR_KEY(server, key) {
		if (key && zend_string_starts_with_literal(key, "HTTP_"))
			zend_hash_del(server, key);
	} ZEND_HASH_FOREACH_END();
}

/* The superglobal of this name as an array; NULL: somebody has made something else of it. */
static zval *superglobal(const char *name, size_t n)
{
	zval *zv = zend_hash_str_find(&EG(symbol_table), name, n);

	if (zv)
		ZVAL_DEREF(zv);
	return zv && Z_TYPE_P(zv) == IS_ARRAY ? zv : NULL;
}

void rs_php_remember_boot(void)
{
	struct rs_php *php = rs_php();
	zval *server = superglobal(ZEND_STRL("_SERVER")), *env = superglobal(ZEND_STRL("_ENV"));

	if (env) {
		zval_ptr_dtor(&php->base_env);
		ZVAL_ARR(&php->base_env, zend_array_dup(Z_ARRVAL_P(env)));
	}
	if (server) {
		zval_ptr_dtor(&php->base_server);
		ZVAL_ARR(&php->base_server, zend_array_dup(Z_ARRVAL_P(server)));
		for (size_t i = 0; i < RS_COUNTOF(boot_only); i++)
			zend_hash_str_del(Z_ARRVAL(php->base_server), boot_only[i], strlen(boot_only[i]));
		drop_header_names(Z_ARRVAL(php->base_server));
	}
	rs_php_server_template();
	rs_php_remember_settings();
	php->shutdown_functions = BG(user_shutdown_function_names)
					  ? zend_hash_num_elements(BG(user_shutdown_function_names)) : 0;
}

/* ---- one request ------------------------------------------------------------------------------------------ */

static void free_http_globals(void)
{
	for (int i = 0; i < 6; i++) {
		zval_ptr_dtor(&PG(http_globals)[i]);
		ZVAL_UNDEF(&PG(http_globals)[i]);
	}
}

static void clear_last_error(void)
{
	if (PG(last_error_message)) {
		zend_string_release(PG(last_error_message));
		PG(last_error_message) = NULL;
	}
	if (PG(last_error_file)) {
		zend_string_release(PG(last_error_file));
		PG(last_error_file) = NULL;
	}
	PG(last_error_type) = PG(last_error_lineno) = 0;
}

/* php_hash_environment() has made it of the environment, or empty (variables_order): what dotenv put there is not in it. */
static void restore_env(const struct rs_php *php)
{
	zval *env = &PG(http_globals)[TRACK_VARS_ENV];

	if (Z_TYPE(php->base_env) != IS_ARRAY)
		return;
	zval_ptr_dtor(env);
	ZVAL_COPY(env, &php->base_env);
	Z_TRY_ADDREF_P(env);
	zend_hash_str_update(&EG(symbol_table), ZEND_STRL("_ENV"), env);
}

/*
 * Where PHP keeps what it writes of a body: uploads, and bodies that it does not hold in memory. Asked only when there can be such:
 * the directory is made for it.
 */
static void choose_upload_dir(const struct rs_request_view *v)
{
	const char *dir = v->body_len > SAPI_POST_BLOCK_SIZE ||
				  (v->body_len && SG(request_info).content_type &&
				   zend_binary_strncasecmp(SG(request_info).content_type, strlen(SG(request_info).content_type),
							   ZEND_STRL("multipart/"), 10) == 0)
				  ? rs_host_upload_dir() : NULL;

	PG(upload_tmp_dir) = dir ? (char *)(uintptr_t)dir : rs_php()->conf->upload_tmp_dir;
}

/*
 * Superglobals, and the body where they are made of it. What PHP warns of meanwhile (max_input_vars, a multipart body without an end) is
 * logged as under php-fpm, where the application's error handler is not there yet: it would make an exception of it, and a 500.
 */
static void read_input(bool mute)
{
	zval handler;

	ZVAL_COPY_VALUE(&handler, &EG(user_error_handler));
	ZVAL_UNDEF(&EG(user_error_handler));
	PG(during_request_startup) = true;
	sapi_activate();
	if (mute)
		SG(request_info).no_headers = true; /* header() is heard, nothing is sent */
	free_http_globals();
	rs_php_filter_reset();
	php_hash_environment();
	restore_env(rs_php());
	modules_rinit();
	PG(during_request_startup) = false;
	ZVAL_COPY_VALUE(&EG(user_error_handler), &handler);
}

void rs_php_arm(struct rs_exchange *x)
{
	struct rs_php *php = rs_php();

	php->x = x;
	SG(server_context) = x;
	fill_request_info(php, rs_exchange_request(x));
	choose_upload_dir(rs_exchange_request(x));
	EG(exit_status) = 0;
	SG(sapi_headers).http_response_code = 200;
	PG(header_is_being_sent) = 0;
	PG(connection_status) = PHP_CONNECTION_NORMAL;
	php_output_activate();
	if (rs_exchange_is_mute(x))
		unset_timer(php);
	else
		arm_timer(php);
	read_input(rs_exchange_is_mute(x));
}

/* php://input handles that user code still holds point at the body stream: they go first. */
static void close_body_stream(void)
{
	zval *zv;

	if (!SG(request_info).request_body)
		return;
	ZEND_HASH_FOREACH_VAL(&EG(regular_list), zv) {
		zend_resource *res = Z_RES_P(zv);
		php_stream *s = res->type == php_file_le_stream() ? res->ptr : NULL;
		if (s && s != SG(request_info).request_body && strcmp(s->ops->label, "Input") == 0)
			zend_list_close(res);
	} ZEND_HASH_FOREACH_END();
	php_stream_close(SG(request_info).request_body);
	SG(request_info).request_body = NULL;
	/* All of it was read, or nobody will: sapi_deactivate() must not try. */
	SG(post_read) = 1;
}

/* What session.use_trans_sid and output_add_rewrite_var() add to links; its output handler has gone with the buffers. */
static void end_rewriting(url_adapt_state_ex_t *s)
{
	s->active = s->tag_type = s->attr_type = 0;
	smart_str_free(&s->form_app);
	smart_str_free(&s->url_app);
}

void rs_php_end_sapi(void)
{
	sapi_deactivate();
	/* It frees these and keeps the pointers, for sapi_activate() would be next; a process that ends calls it once more. */
	SG(request_info).auth_user = SG(request_info).auth_password = SG(request_info).auth_digest = NULL;
	SG(request_info).content_type_dup = SG(request_info).current_user = NULL;
}

void rs_php_disarm(void)
{
	struct rs_php *php = rs_php();

	modules_rshutdown();
	zend_hash_str_del(&EG(symbol_table), ZEND_STRL("_SESSION"));
	php_output_deactivate();
	close_body_stream();
	SG(post_read) = 1;
	rs_php_end_sapi();
	SG(request_info).cookie_data = NULL;
	SG(request_info).content_type = NULL;
	SG(request_info).query_string = SG(request_info).request_uri = NULL;
	SG(request_info).request_method = NULL;
	php_clear_stat_cache(0, NULL, 0);
	if (BG(strtok_string)) {
		zend_string_release(BG(strtok_string));
		BG(strtok_string) = NULL;
	}
	end_rewriting(&BG(url_adapt_session_ex));
	end_rewriting(&BG(url_adapt_output_ex));
	clear_last_error();
	zend_atomic_bool_store_ex(&EG(timed_out), false);
	rs_php_restore_settings();
	SG(server_context) = NULL;
	php->x = NULL;
}
