/*
 * What the files of src/conf share with one another and nobody else.
 */
#ifndef RS_CONF_PRIVATE_H
#define RS_CONF_PRIVATE_H

#include "conf/conf.h"

/* What is wrong with a value: "WHAT; allowed: ALLOWED; did you mean HINT?". Empty parts are left out. */
struct rs_complaint {
	char what[320], allowed[320], hint[96];
};

/* What one rs_conf_set() is about. */
struct rs_conf_setting {
	enum rs_origin from;
	const char *where, *section, *key, *value;
	rs_conf_warn_fn warn;
	void *arg;
};

/* "swoole_tables." and the name of an item, terminated. */
#define RS_SECTION_BYTES 256

/* A row of items.def: RS_KIND. */
struct rs_kind {
	const char *name, *name_is, *title, *example;
	bool by_key; /* its items are keys of the one section */
};
extern const struct rs_kind rs_kinds[RS_KIND_COUNT];
extern const char *const rs_item_examples[RS_ITEM_COUNT];
extern const char *const rs_enum_isolation[]; /* NULL-terminated; items have the same words */

/* ---- conf_set.c ---- */
void rs_conf_warn_about(const struct rs_conf_setting *s, const char *key, const struct rs_complaint *why);

/* ---- conf_item.c: the keyed sections ---- */
/* Is it a section of items? "sockets.echo" and "sockets" are. */
bool rs_conf_kind(const char *section, enum rs_kind_id *out);
enum rs_result rs_conf_set_item(struct rs_conf *c, enum rs_kind_id kind, const struct rs_conf_setting *s,
				struct rs_conf_error *err) RS_MUST_CHECK;
/* The section as it is written: "sockets.echo", "events". */
void rs_conf_item_section(enum rs_kind_id kind, const struct rs_conf_item *it, char *out, size_t size);
void rs_conf_items_fini(struct rs_conf_items *items);
bool rs_conf_items_eq(const struct rs_conf_items *a, const struct rs_conf_items *b);
bool rs_conf_items_copy(struct rs_conf_items *to, const struct rs_conf_items *from) RS_MUST_CHECK;

/* ---- conf_item_value.c ---- */
/* Is the key one of the kind's? */
bool rs_conf_item_key(enum rs_kind_id kind, const char *key, enum rs_item_id *out);
/* BOOL, INT, TIME, ENUM keys. false: *why. */
bool rs_conf_item_parse(enum rs_item_id id, const char *text, int64_t *out, struct rs_complaint *why);
/* Any value of an item. */
bool rs_conf_item_check(enum rs_item_id id, const char *text, struct rs_complaint *why);
bool rs_conf_job_valid(const char *text);

/* ---- conf_item_check.c: rules across the items of a completed configuration ---- */
enum rs_result rs_conf_check_items(const struct rs_conf *c, struct rs_conf_error *err) RS_MUST_CHECK;

/* ---- conf_table.c ---- */
const struct rs_option *rs_conf_find(const char *section, const char *key);
static inline enum rs_opt_id rs_conf_id(const struct rs_option *o)
{
	return (enum rs_opt_id)(o - rs_options);
}

/* The option's field, whatever its type. */
static inline void *rs_conf_field(struct rs_conf *c, const struct rs_option *o)
{
	return (char *)c + o->offset;
}
static inline const void *rs_conf_field_const(const struct rs_conf *c, const struct rs_option *o)
{
	return (const char *)c + o->offset;
}

bool rs_str_set(char **field, const char *text) RS_MUST_CHECK;

/* ---- conf_value.c: text <-> value of one option, no rs_conf ---- */
/* BOOL, INT, SIZE, TIME, ENUM into *out; range included. false: *why. */
bool rs_conf_parse_number(const struct rs_option *o, const char *text, int64_t *out, struct rs_complaint *why);
/* STR and LIST items: rules of single options (class names, addresses, octal). false: *why. */
bool rs_conf_check_text(const struct rs_option *o, const char *text, struct rs_complaint *why);
bool rs_conf_class_valid(const char *text);
bool rs_conf_index_valid(const char *text);   /* conf_files.c */
bool rs_conf_coding_valid(const char *text);
bool rs_conf_expires_valid(const char *text);
bool rs_conf_number_text(const struct rs_option *o, int64_t v, struct rs_buf *out) RS_MUST_CHECK;
/* BOOL, INT, SIZE, TIME and ENUM fields as a number, and back. */
int64_t rs_conf_get_number(const struct rs_conf *c, const struct rs_option *o);
void rs_conf_put_number(struct rs_conf *c, const struct rs_option *o, int64_t v);

/* ---- conf_dump.c: lines of a dump ---- */
enum { RS_LINE_FROM, RS_LINE_WHERE, RS_LINE_SECTION, RS_LINE_KEY, RS_LINE_VALUE, RS_LINE_FIELDS };
typedef enum rs_result (*rs_conf_line_fn)(struct rs_conf *c, char *field[RS_LINE_FIELDS], void *arg, struct rs_conf_error *err);
/* Every line, until fn fails or one is malformed. */
enum rs_result rs_conf_each_line(struct rs_conf *c, struct rs_slice text, rs_conf_line_fn fn, void *arg,
				 struct rs_conf_error *err) RS_MUST_CHECK;

/* ---- conf_keep.c ---- */
bool rs_conf_same_value(const struct rs_conf *a, const struct rs_conf *b, const struct rs_option *o);

/* ---- conf_error.c: messages and suggestions ---- */
/* Fills *err and returns RS_ERR. where, section, key may be NULL. */
enum rs_result rs_conf_fail(struct rs_conf_error *err, const char *where, const char *section, const char *key,
			    const struct rs_complaint *why);
/* The same for the value of an option in force: names its origin. */
enum rs_result rs_conf_fail_option(const struct rs_conf *c, enum rs_opt_id id, const struct rs_complaint *why,
				   struct rs_conf_error *err);
enum rs_result rs_conf_no_memory(struct rs_conf_error *err);
/* Text from elsewhere made fit to print: control bytes as \xNN, cut with "...". */
const char *rs_conf_printable(const char *text, char *out, size_t size);
/* Is `word` a likely misspelling of `known`? Lower is closer, 0 the same but for case; UINT_MAX: no. */
unsigned rs_conf_distance(const char *word, const char *known);

/* ---- conf_address.c ---- */
bool rs_conf_cidr_valid(const char *entry);
/* host:port, [ipv6]:port, or a path (it has a slash). */
bool rs_conf_listen_valid(const char *text);
/* limit_req: "" or a rate. */
bool rs_conf_rate_valid(const char *text);

/* ---- conf_log_format.c ---- */
bool rs_conf_log_format_valid(const char *text);
/* Says more of what is wrong with it. */
void rs_conf_log_format_explain(const char *text, struct rs_complaint *why);

/* ---- conf_check.c: rules across options of a completed configuration ---- */
enum rs_result rs_conf_check(const struct rs_conf *c, struct rs_conf_error *err) RS_MUST_CHECK;

#endif
