/*
 * What single values of the keyed sections mean and what they demand of their text; and the lists of [timer] and of
 * tables whose items have an inner shape. Pure.
 */
#include "conf/conf_json.h"
#include "conf/conf_private.h"

#include <stdlib.h>

/* In the order of SWOOLE_SOCK_*, from 1. */
static const char *const socket_words[] = { "tcp", "udp", "tcp6", "udp6", "unix_stream", "unix_dgram", NULL };
static const char *const column_words[] = { "int", "float", "string" };

enum { SOCK_SSL = 512 };

#define WORDS(id) \
	(RS_ITEM_##id == RS_ITEM_sockets_type ? socket_words : RS_ITEM_##id == RS_ITEM_isolation_mode ? rs_enum_isolation : NULL)

const struct rs_option rs_item_keys[RS_ITEM_COUNT] = {
#define RS_KIND(kind, named, name_is, title, example)
#define RS_ITEM(kind_, key_, id_, type_, def_, min_, max_, example_, help_)                                           \
	{ .section = #kind_,                                                                                        \
	  .key = key_,                                                                                              \
	  .def = def_,                                                                                              \
	  .help = help_,                                                                                            \
	  .type = RS_OPT_##type_,                                                                                   \
	  .min = min_,                                                                                              \
	  .max = max_,                                                                                              \
	  .apply = RS_APPLY_START,                                                                                  \
	  .words = WORDS(id_) },
#include "conf/items.def"
#undef RS_KIND
#undef RS_ITEM
};

static bool complain(struct rs_complaint *why, const char *value, const char *what, const char *allowed)
{
	char shown[96];

	(void)rs_fmt(why->what, sizeof why->what, "`%s` %s", rs_conf_printable(value, shown, sizeof shown), what);
	(void)rs_fmt(why->allowed, sizeof why->allowed, "%s", allowed);
	return false;
}

/* ---- numbers -------------------------------------------------------------------------------------------------- */

/* SWOOLE_SOCK_* numbers as their words. */
static const char *as_socket_word(const char *text)
{
	uint64_t v;

	return rs_parse_u64(rs_slice_str(text), 6, &v) && v >= 1 ? socket_words[v - 1] : text;
}

/* A socket type that asks for TLS, "tcp ssl" or 513, as what it is without. false: it does not ask. */
static bool without_tls(const char *text, char *plain, size_t size)
{
	const char *space = strchr(text, ' ');
	uint64_t v;

	if (rs_parse_u64(rs_slice_str(text), 1023, &v) && (v & SOCK_SSL))
		return rs_fmt(plain, size, "%u", (unsigned)(v & ~(uint64_t)SOCK_SSL));
	return space && strcmp(space + strspn(space, " "), "ssl") == 0 && rs_copy(plain, size, rs_slice(text, (size_t)(space - text)));
}

bool rs_conf_item_parse(enum rs_item_id id, const char *text, int64_t *out, struct rs_complaint *why)
{
	char plain[64];

	*why = (struct rs_complaint){ 0 };
	if (id != RS_ITEM_sockets_type)
		return rs_conf_parse_number(&rs_item_keys[id], text, out, why);
	if (!without_tls(text, plain, sizeof plain))
		return rs_conf_parse_number(&rs_item_keys[id], as_socket_word(text), out, why);
	if (!rs_conf_parse_number(&rs_item_keys[id], as_socket_word(plain), out, why))
		return false;
	return *out % 2 == 0 || complain(why, text, "asks for TLS on datagrams", "TLS with tcp, tcp6 or unix_stream");
}

bool rs_conf_socket_tls(const struct rs_conf_item *it)
{
	const struct rs_conf_row *row = rs_conf_item_next(it, RS_ITEM_sockets_type, NULL);
	char plain[64];

	return row && without_tls(row->value, plain, sizeof plain);
}

/* ---- timer.jobs ----------------------------------------------------------------------------------------------- */

/* [interval, immediate, ...], behind its opening bracket; a job's own constructor may take more than these. */
static bool job_arguments(struct rs_conf_json *j, struct rs_conf_job *out)
{
	int64_t bit;

	if (rs_conf_json_take(j, ']'))
		return true;
	out->has_interval = true;
	if (!rs_conf_json_int(j, &out->interval_ms))
		return false;
	if (rs_conf_json_take(j, ',') && !rs_conf_json_bool(j, &out->immediate)) {
		if (!rs_conf_json_int(j, &bit) || bit < 0 || bit > 1)
			return false;
		out->immediate = bit;
	}
	while (rs_conf_json_take(j, ','))
		if (!rs_conf_json_skip(j))
			return false;
	return rs_conf_json_take(j, ']');
}

static bool job_json(const char *text, struct rs_conf_job *out)
{
	struct rs_conf_json j = { text };

	if (!rs_conf_json_take(&j, '[') || !rs_conf_json_string(&j, out->class_name, sizeof out->class_name))
		return false;
	if (rs_conf_json_take(&j, ',') && (!rs_conf_json_take(&j, '[') || !job_arguments(&j, out)))
		return false;
	return rs_conf_json_take(&j, ']') && rs_conf_json_end(&j);
}

static bool job_text(const char *text, struct rs_conf_job *out)
{
	const char *colon = strchr(text, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;
	size_t n = colon ? (size_t)(colon - text) : strlen(text);
	static const struct rs_option truth = { .type = RS_OPT_BOOL, .max = 1 };
	struct rs_complaint why;
	uint64_t v;
	int64_t bit = 0;

	if (!rs_copy(out->class_name, sizeof out->class_name, rs_slice(text, n)))
		return false;
	if (!colon)
		return true;
	n = second ? (size_t)(second - colon - 1) : strlen(colon + 1);
	if (!rs_parse_u64(rs_slice(colon + 1, n), INT64_MAX, &v))
		return false;
	out->has_interval = true;
	out->interval_ms = (int64_t)v;
	if (second && !rs_conf_parse_number(&truth, second + 1, &bit, &why))
		return false;
	out->immediate = bit;
	return true;
}

bool rs_conf_job(const char *text, struct rs_conf_job *out)
{
	*out = (struct rs_conf_job){ 0 };
	if (!(*text == '[' ? job_json(text, out) : job_text(text, out)) || !rs_conf_class_valid(out->class_name))
		return false;
	return !out->has_interval || (out->interval_ms >= 1 && out->interval_ms <= INT32_MAX);
}

bool rs_conf_job_valid(const char *text)
{
	struct rs_conf_job job;

	return rs_conf_job(text, &job);
}

/* ---- columns -------------------------------------------------------------------------------------------------- */

/* A word, or a number of Table::TYPE_*: 1, 2, 3, and 6 and 7 for the last two in old servers. 0: none. */
static int column_type(const char *text)
{
	static const char *const numbers[] = { "1", "2", "3", "", "", "6", "7" };

	for (size_t i = 0; i < RS_COUNTOF(column_words); i++)
		if (strcmp(text, column_words[i]) == 0)
			return (int)i + 1;
	for (size_t i = 0; i < RS_COUNTOF(numbers); i++)
		if (strcmp(text, numbers[i]) == 0)
			return i < 3 ? (int)i + 1 : (int)i - 3;
	return 0;
}

/* A number in JSON, quoted or not. */
static bool json_number(struct rs_conf_json *j, int64_t *out)
{
	char text[24];
	uint64_t v;

	if (rs_conf_json_int(j, out))
		return true;
	if (!rs_conf_json_string(j, text, sizeof text) || !rs_parse_u64(rs_slice_str(text), INT64_MAX, &v))
		return false;
	*out = (int64_t)v;
	return true;
}

static bool column_member(struct rs_conf_json *j, struct rs_conf_column *out)
{
	char key[32], word[16];
	int64_t v;

	if (!rs_conf_json_string(j, key, sizeof key) || !rs_conf_json_take(j, ':'))
		return false;
	if (strcmp(key, "name") == 0)
		return rs_conf_json_string(j, out->name, sizeof out->name);
	if (strcmp(key, "size") == 0)
		return json_number(j, &out->size);
	if (strcmp(key, "type") != 0)
		return rs_conf_json_skip(j);
	if (rs_conf_json_int(j, &v))
		(void)rs_fmt(word, sizeof word, "%jd", (intmax_t)v);
	else if (!rs_conf_json_string(j, word, sizeof word))
		return false;
	out->type = column_type(word);
	return out->type != 0;
}

static bool column_json(const char *text, struct rs_conf_column *out)
{
	struct rs_conf_json j = { text };

	if (!rs_conf_json_take(&j, '{'))
		return false;
	do {
		if (!column_member(&j, out))
			return false;
	} while (rs_conf_json_take(&j, ','));
	return rs_conf_json_take(&j, '}') && rs_conf_json_end(&j);
}

static bool column_text(const char *text, struct rs_conf_column *out)
{
	const char *colon = strchr(text, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;
	char word[16];
	uint64_t v = 0;

	if (!colon || !rs_copy(out->name, sizeof out->name, rs_slice(text, (size_t)(colon - text))) ||
	    !rs_copy(word, sizeof word, rs_slice(colon + 1, second ? (size_t)(second - colon - 1) : strlen(colon + 1))))
		return false;
	if (second && !rs_parse_u64(rs_slice_str(second + 1), INT64_MAX, &v))
		return false;
	out->type = column_type(word);
	out->size = (int64_t)v;
	return out->type != 0;
}

bool rs_conf_column(const char *text, struct rs_conf_column *out)
{
	*out = (struct rs_conf_column){ 0 };
	if (!(*text == '{' ? column_json(text, out) : column_text(text, out)) || out->name[0] == '\0' || out->type == 0)
		return false;
	if (out->type == 3)
		return out->size >= 1 && out->size <= INT32_MAX;
	return out->size == 0 || out->size == 8 ||
	       (out->type == 1 && (out->size == 1 || out->size == 2 || out->size == 4));
}

static bool column_valid(const char *text)
{
	struct rs_conf_column column;

	return rs_conf_column(text, &column);
}

/* ---- texts ---------------------------------------------------------------------------------------------------- */

static const char class_allowed[] = "a PHP class name with its namespace";

static const struct {
	enum rs_item_id id;
	bool (*valid)(const char *text);
	const char *what, *allowed;
} text_rules[] = {
	{ RS_ITEM_processes_class, rs_conf_class_valid, "is not a class name", class_allowed },
	{ RS_ITEM_sockets_handler, rs_conf_class_valid, "is not a class name", class_allowed },
	{ RS_ITEM_events_listener, rs_conf_class_valid, "is not a class name", class_allowed },
	{ RS_ITEM_event_handlers_class, rs_conf_class_valid, "is not a class name", class_allowed },
	{ RS_ITEM_swoole_tables_column, column_valid, "is not a column",
	  "name:int (size 1, 2, 4 or 8), name:float, name:string:BYTES, or the same as JSON" },
};

bool rs_conf_item_check(enum rs_item_id id, const char *text, struct rs_complaint *why)
{
	const struct rs_option *o = &rs_item_keys[id];
	int64_t v;

	*why = (struct rs_complaint){ 0 };
	if (o->type != RS_OPT_STR && o->type != RS_OPT_LIST)
		return rs_conf_item_parse(id, text, &v, why);
	/* Ends of packages are made of such bytes. */
	for (const char *p = text; *p && id != RS_ITEM_sockets_settings; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return complain(why, text, "has a control character in it", "");
	for (size_t i = 0; i < RS_COUNTOF(text_rules); i++)
		if (text_rules[i].id == id && !text_rules[i].valid(text))
			return complain(why, text, text_rules[i].what, text_rules[i].allowed);
	return true;
}

/* ---- items ---------------------------------------------------------------------------------------------------- */

static bool matches(const struct rs_option *o, const char *key)
{
	size_t n = strlen(o->key);

	return n && o->key[n - 1] == '.' ? strncmp(key, o->key, n) == 0 && key[n] : strcmp(key, o->key) == 0;
}

bool rs_conf_item_key(enum rs_kind_id kind, const char *key, enum rs_item_id *out)
{
	for (size_t i = 0; i < RS_ITEM_COUNT; i++) {
		if (strcmp(rs_item_keys[i].section, rs_kinds[kind].name) != 0 || !matches(&rs_item_keys[i], key))
			continue;
		*out = (enum rs_item_id)i;
		return true;
	}
	return false;
}

const struct rs_conf_row *rs_conf_item_next(const struct rs_conf_item *it, enum rs_item_id id,
					    const struct rs_conf_row *after)
{
	for (size_t i = after ? (size_t)(after - it->rows) + 1 : 0; i < it->n; i++)
		if (matches(&rs_item_keys[id], it->rows[i].key))
			return &it->rows[i];
	return NULL;
}

const char *rs_conf_item_text(const struct rs_conf_item *it, enum rs_item_id id)
{
	const struct rs_conf_row *row = rs_conf_item_next(it, id, NULL);

	return row ? row->value : rs_item_keys[id].def;
}

int64_t rs_conf_item_number(const struct rs_conf_item *it, enum rs_item_id id)
{
	struct rs_complaint why;
	int64_t v = 0;

	/* Only checked values are stored. */
	RS_ASSERT(rs_conf_item_parse(id, rs_conf_item_text(it, id), &v, &why));
	return v;
}

int rs_conf_socket_type(const struct rs_conf_item *it)
{
	return (int)rs_conf_item_number(it, RS_ITEM_sockets_type) + 1;
}

bool rs_conf_process_queue(const struct rs_conf_item *it)
{
	if (rs_conf_item_next(it, RS_ITEM_processes_queue, NULL))
		return rs_conf_item_number(it, RS_ITEM_processes_queue) != 0;
	return rs_conf_item_next(it, RS_ITEM_processes_queue_key, NULL) ||
	       rs_conf_item_next(it, RS_ITEM_processes_queue_mode, NULL) ||
	       rs_conf_item_next(it, RS_ITEM_processes_queue_capacity, NULL);
}
