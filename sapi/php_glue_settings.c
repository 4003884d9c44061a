/*
 * Rserverd\settings(): the configuration in force as PHP values; config/laravels.php counts from app_conf() on.
 */
#include "php_glue.h"

#include "swoole_server_settings.h"

#include <ext/json/php_json.h>

#define JSON_DEPTH 16

/* ---- options ------------------------------------------------------------------------------------------------------------------ */

static void list_value(const struct rs_strlist *list, zval *out)
{
	array_init_size(out, (uint32_t)list->n);
	for (size_t i = 0; i < list->n; i++)
		add_next_index_string(out, list->v[i]);
}

static void option_value(const struct rs_conf *c, const struct rs_option *o, zval *out)
{
	const char *at = (const char *)c + o->offset;

	switch (o->type) {
	case RS_OPT_BOOL:
		ZVAL_BOOL(out, *(const bool *)at);
		break;
	case RS_OPT_INT:
	case RS_OPT_SIZE:
		ZVAL_LONG(out, *(const int64_t *)at);
		break;
	case RS_OPT_TIME:
		if (*(const int64_t *)at % 1000 == 0)
			ZVAL_LONG(out, *(const int64_t *)at / 1000);
		else
			ZVAL_DOUBLE(out, (double)*(const int64_t *)at / 1000);
		break;
	case RS_OPT_STR:
		ZVAL_STRING(out, *(char *const *)at);
		break;
	case RS_OPT_LIST:
		list_value((const struct rs_strlist *)at, out);
		break;
	case RS_OPT_ENUM:
		ZVAL_STRING(out, o->words[*(const int *)at]);
		break;
	}
}

void rs_php_conf_section(const char *section, zval *out)
{
	zval value;

	array_init(out);
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		if (strcmp(rs_options[i].section, section) != 0)
			continue;
		option_value(rs_php()->conf, &rs_options[i], &value);
		zend_hash_str_update(Z_ARRVAL_P(out), rs_options[i].key, strlen(rs_options[i].key), &value);
	}
}

static void add_option(zval *array, const char *name, enum rs_opt_id id)
{
	zval value;

	option_value(rs_php()->conf, &rs_options[id], &value);
	add_assoc_zval(array, name, &value);
}

/* Seconds, always as a float. */
static void add_seconds(zval *array, const char *name, int64_t ms)
{
	add_assoc_double(array, name, (double)ms / 1000);
}

/* ---- items -------------------------------------------------------------------------------------------------------------------- */

/* All items of a kind: add() fills the array of one. */
static void add_items(zval *array, enum rs_kind_id kind, const char *name, void (*add)(const struct rs_conf_item *it, zval *out))
{
	const struct rs_conf_items *items = &rs_php()->conf->items[kind];
	zval all, one;

	array_init(&all);
	for (size_t i = 0; i < items->n; i++) {
		array_init(&one);
		add(&items->v[i], &one);
		zend_symtable_str_update(Z_ARRVAL(all), items->v[i].name, strlen(items->v[i].name), &one);
	}
	add_assoc_zval(array, name, &all);
}

static void add_process(const struct rs_conf_item *it, zval *out)
{
	zval queue;

	add_assoc_string(out, "class", rs_conf_item_text(it, RS_ITEM_processes_class));
	add_assoc_bool(out, "redirect", rs_conf_item_number(it, RS_ITEM_processes_redirect) != 0);
	add_assoc_long(out, "pipe", rs_conf_item_number(it, RS_ITEM_processes_pipe));
	add_assoc_bool(out, "enable", rs_conf_item_number(it, RS_ITEM_processes_enable) != 0);
	add_assoc_long(out, "num", rs_conf_item_number(it, RS_ITEM_processes_num));
	add_seconds(out, "restart_interval", rs_conf_item_number(it, RS_ITEM_processes_restart_interval));
	if (!rs_conf_process_queue(it)) {
		add_assoc_null(out, "queue");
		return;
	}
	array_init(&queue);
	add_assoc_long(&queue, "msg_key", rs_conf_item_number(it, RS_ITEM_processes_queue_key));
	add_assoc_long(&queue, "mode", rs_conf_item_number(it, RS_ITEM_processes_queue_mode));
	add_assoc_long(&queue, "capacity", rs_conf_item_number(it, RS_ITEM_processes_queue_capacity));
	add_assoc_zval(out, "queue", &queue);
}

/* A text of the configuration as the type that the setting has; as it is when it is none of ours, or wrong. */
static void setting_value(const struct rs_setting *row, const char *text, zval *out)
{
	static const char *const yes[] = { "1", "true", "on", "yes" }, *const no[] = { "", "0", "false", "off", "no" };
	zend_uchar type;
	zend_long n;
	double d;

	ZVAL_STRING(out, text);
	if (row && row->type == RS_SETTING_BOOL) {
		for (size_t i = 0; i < RS_COUNTOF(yes) && Z_TYPE_P(out) == IS_STRING; i++)
			if (strcasecmp(text, yes[i]) == 0) {
				zval_ptr_dtor(out);
				ZVAL_TRUE(out);
			}
		for (size_t i = 0; i < RS_COUNTOF(no) && Z_TYPE_P(out) == IS_STRING; i++)
			if (strcasecmp(text, no[i]) == 0) {
				zval_ptr_dtor(out);
				ZVAL_FALSE(out);
			}
		return;
	}
	if (!row || row->type > RS_SETTING_MS)
		return;
	type = is_numeric_string(text, strlen(text), &n, &d, false);
	if (!type)
		return;
	zval_ptr_dtor(out);
	if (type == IS_LONG)
		ZVAL_LONG(out, n);
	else
		ZVAL_DOUBLE(out, d);
}

/* A key that is there more than once is a list. */
static void add_setting(zval *all, const struct rs_conf_row *row)
{
	zend_string *key = zend_string_init(row->key + strlen("settings."), strlen(row->key) - strlen("settings."), false);
	const struct rs_setting *known = rs_swoole_setting(key);
	zval value, list, *old = zend_hash_find(Z_ARRVAL_P(all), key);

	setting_value(known, row->value, &value);
	if (!old && known && known->type == RS_SETTING_ARRAY) {
		array_init(&list);
		add_next_index_zval(&list, &value);
		zend_hash_update(Z_ARRVAL_P(all), key, &list);
	} else if (!old) {
		zend_hash_update(Z_ARRVAL_P(all), key, &value);
	} else {
		if (Z_TYPE_P(old) != IS_ARRAY) {
			array_init(&list);
			add_next_index_zval(&list, old);
			ZVAL_COPY_VALUE(old, &list);
		}
		add_next_index_zval(old, &value);
	}
	zend_string_release(key);
}

/* SWOOLE_SSL */
#define SOCK_SSL 512

static void add_socket(const struct rs_conf_item *it, zval *out)
{
	const struct rs_conf_row *row = NULL;
	zval settings;

	add_assoc_string(out, "host", rs_conf_item_text(it, RS_ITEM_sockets_host));
	add_assoc_long(out, "port", rs_conf_item_number(it, RS_ITEM_sockets_port));
	add_assoc_long(out, "type", rs_conf_socket_type(it) | (rs_conf_socket_tls(it) ? SOCK_SSL : 0));
	add_assoc_string(out, "handler", rs_conf_item_text(it, RS_ITEM_sockets_handler));
	add_assoc_bool(out, "enable", rs_conf_item_number(it, RS_ITEM_sockets_enable) != 0);
	add_assoc_bool(out, "optional", rs_conf_item_number(it, RS_ITEM_sockets_optional) != 0);
	array_init(&settings);
	while ((row = rs_conf_item_next(it, RS_ITEM_sockets_settings, row)))
		add_setting(&settings, row);
	add_assoc_zval(out, "settings", &settings);
}

static void add_table(const struct rs_conf_item *it, zval *out)
{
	const struct rs_conf_row *row = NULL;
	struct rs_conf_column column;
	zval columns, one;

	add_assoc_long(out, "size", rs_conf_item_number(it, RS_ITEM_swoole_tables_size));
	array_init(&columns);
	while ((row = rs_conf_item_next(it, RS_ITEM_swoole_tables_column, row))) {
		if (!rs_conf_column(row->value, &column))
			continue;
		array_init(&one);
		add_assoc_string(&one, "name", column.name);
		add_assoc_long(&one, "type", column.type);
		add_assoc_long(&one, "size", column.size);
		add_next_index_zval(&columns, &one);
	}
	add_assoc_zval(out, "column", &columns);
}

static void add_values(const struct rs_conf_item *it, enum rs_item_id id, zval *out)
{
	const struct rs_conf_row *row = NULL;

	while ((row = rs_conf_item_next(it, id, row)))
		add_next_index_string(out, row->value);
}

static void add_listeners(const struct rs_conf_item *it, zval *out)
{
	add_values(it, RS_ITEM_events_listener, out);
}

static void add_handlers(const struct rs_conf_item *it, zval *out)
{
	add_values(it, RS_ITEM_event_handlers_class, out);
}

/* ---- [websocket], [timer] --------------------------------------------------------------------------------------------------------- */

static void add_websocket(zval *array)
{
	const struct rs_conf *c = rs_php()->conf;
	zval out;

	array_init(&out);
	add_assoc_bool(&out, "enable", c->websocket_enable);
	add_assoc_string(&out, "handler", c->websocket_handler);
	add_assoc_bool(&out, "gate", c->websocket_gate);
	add_assoc_zval(array, "websocket", &out);
}

/* "Class", or ["Class", [milliseconds, immediate, ...]]: as config/laravels.php has it. */
static void add_job(zval *jobs, const char *text)
{
	struct rs_conf_job job;
	zval out, more;

	if (*text == '[' && php_json_decode_ex(&out, text, strlen(text), PHP_JSON_OBJECT_AS_ARRAY, JSON_DEPTH) == SUCCESS) {
		add_next_index_zval(jobs, &out);
		return;
	}
	if (!rs_conf_job(text, &job))
		return;
	if (!job.has_interval) {
		add_next_index_string(jobs, job.class_name);
		return;
	}
	array_init(&out);
	array_init(&more);
	add_next_index_string(&out, job.class_name);
	add_next_index_long(&more, job.interval_ms);
	add_next_index_bool(&more, job.immediate);
	add_next_index_zval(&out, &more);
	add_next_index_zval(jobs, &out);
}

static void add_timer(zval *array)
{
	const struct rs_conf *c = rs_php()->conf;
	zval out, jobs;

	array_init(&out);
	array_init(&jobs);
	for (size_t i = 0; i < c->timer_jobs.n; i++)
		add_job(&jobs, c->timer_jobs.v[i]);
	add_assoc_bool(&out, "enable", c->timer_enable);
	add_assoc_zval(&out, "jobs", &jobs);
	add_seconds(&out, "max_wait_time", c->timer_max_wait_time);
	add_assoc_bool(&out, "global_lock", c->timer_global_lock);
	add_assoc_string(&out, "global_lock_key", c->timer_global_lock_key);
	add_assoc_zval(array, "timer", &out);
}

/* ---- all ----------------------------------------------------------------------------------------------------------------------------- */

/* Options under their own names. */
static const struct {
	const char *name;
	enum rs_opt_id id;
} plain[] = {
#define PLAIN(name) { #name, RS_OPT_ID_##name },
	PLAIN(framework) PLAIN(boot) PLAIN(isolation) PLAIN(cleaners) PLAIN(register_providers) PLAIN(destroy_controllers)
	PLAIN(destroy_controllers_excluded) PLAIN(server) PLAIN(document_root) PLAIN(handle_static) PLAIN(listen_ip)
	PLAIN(listen_port) PLAIN(socket_type) PLAIN(worker_num) PLAIN(task_worker_num) PLAIN(process_prefix) PLAIN(pid_file)
	PLAIN(log_file) PLAIN(app_socket) PLAIN(providers_on_worker) PLAIN(providers_in_request) PLAIN(providers_ignore)
#undef PLAIN
};

/* Rserverd\settings(): array; what the glue must know of the configuration in force. */
ZEND_FUNCTION(rs_settings)
{
	const struct rs_php *php = rs_php();
	zval swoole;

	ZEND_PARSE_PARAMETERS_NONE();
	array_init(return_value);
	for (size_t i = 0; i < RS_COUNTOF(plain); i++)
		add_option(return_value, plain[i].name, plain[i].id);
	add_assoc_string(return_value, "base_path", php->h->base_path);
	add_assoc_string(return_value, "entry", php->h->entry_path);
	add_assoc_string(return_value, "environment", php->h->environment);
	add_assoc_string(return_value, "x_version", php->h->x_version);
	add_assoc_long(return_value, "generation", php->h->generation);
	add_seconds(return_value, "max_wait_time", php->conf->max_wait_time);
	add_websocket(return_value);
	add_timer(return_value);
	rs_php_conf_section("swoole", &swoole);
	add_assoc_zval(return_value, "swoole", &swoole);
	add_items(return_value, RS_KIND_sockets, "sockets", add_socket);
	add_items(return_value, RS_KIND_processes, "processes", add_process);
	add_items(return_value, RS_KIND_swoole_tables, "swoole_tables", add_table);
	add_items(return_value, RS_KIND_events, "events", add_listeners);
	add_items(return_value, RS_KIND_event_handlers, "event_handlers", add_handlers);
}
