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

/* false: no memory, nothing changed. */
bool rs_strlist_add(struct rs_strlist *l, const char *item) RS_MUST_CHECK;
bool rs_strlist_copy(struct rs_strlist *to, const struct rs_strlist *from) RS_MUST_CHECK;
void rs_strlist_clear(struct rs_strlist *l);
bool rs_strlist_eq(const struct rs_strlist *a, const struct rs_strlist *b);
bool rs_str_set(char **field, const char *text) RS_MUST_CHECK;

/* ---- conf_value.c: text <-> value of one option, no rs_conf ---- */
/* BOOL, INT, SIZE, TIME, ENUM into *out; range included. false: *why. */
bool rs_conf_parse_number(const struct rs_option *o, const char *text, int64_t *out, struct rs_complaint *why);
/* STR and LIST items: rules of single options (class names, addresses, octal). false: *why. */
bool rs_conf_check_text(const struct rs_option *o, const char *text, struct rs_complaint *why);
bool rs_conf_number_text(const struct rs_option *o, int64_t v, struct rs_buf *out) RS_MUST_CHECK;
/* BOOL, INT, SIZE, TIME and ENUM fields as a number, and back. */
int64_t rs_conf_get_number(const struct rs_conf *c, const struct rs_option *o);
void rs_conf_put_number(struct rs_conf *c, const struct rs_option *o, int64_t v);

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

/* ---- conf_check.c: rules across options of a completed configuration ---- */
enum rs_result rs_conf_check(const struct rs_conf *c, struct rs_conf_error *err) RS_MUST_CHECK;

#endif
