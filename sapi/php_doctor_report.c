/*
 * The doctor's report of one request as text: lines of ipc/doctor.def for `rserverd doctor`, or of the log.
 */
#include "php_doctor.h"

#define CHANGES_MAX 200
#define CLASSES_MAX 200
/* Bytes of one name, of one path; the rest is cut. */
#define NAME_BYTES 200
#define PATH_BYTES 1024

struct writing {
	struct rs_buf *out;   /* NULL: the log */
	struct rs_buf where;
	unsigned changes, classes, left_out;
	bool failed;
};

static const char *const words[] = {
#define RS_DOCTOR_LINE(name, word, fields) word,
#include "ipc/doctor.def"
#undef RS_DOCTOR_LINE
};

enum line {
#define RS_DOCTOR_LINE(name, word, fields) LINE_##name,
#include "ipc/doctor.def"
#undef RS_DOCTOR_LINE
};

bool rs_doctor_put(struct rs_buf *out, const char *p, size_t n, size_t max)
{
	size_t start = 0;

	n = n < max ? n : max;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];
		if (c >= ' ' && c != 0x7f && c != '\\')
			continue;
		if (!rs_buf_put(out, p + start, i - start) || !rs_buf_printf(out, "\\x%02x", c))
			return false;
		start = i + 1;
	}
	return rs_buf_put(out, p + start, n - start);
}

void rs_doctor_differences(rs_snapshot_tell tell, void *arg)
{
	rs_php_settings_differences(tell, arg);
	if (rs_php_snapshot_taken())
		rs_php_snapshot_differences(tell, arg);
}

/* ---- pieces ---------------------------------------------------------------------------------------------------------- */

/* Names of anonymous classes have a zero byte in them, and a path behind it. */
static struct rs_slice class_text(const char *p, size_t n)
{
	return rs_slice(p, strnlen(p, n));
}

static struct rs_slice text_of(const zend_string *s)
{
	return s ? rs_slice(ZSTR_VAL(s), ZSTR_LEN(s)) : RS_SLICE("");
}

/* Private and protected properties have their class before the name. */
static struct rs_slice property_text(const zend_string *s)
{
	struct rs_slice text = text_of(s);
	const char *end;

	if (text.n < 3 || text.p[0] != '\0' || !(end = memchr(text.p + 1, '\0', text.n - 1)))
		return text;
	return rs_slice(end + 1, text.n - (size_t)(end + 1 - text.p));
}

static void put_word(struct writing *w, enum line line)
{
	w->failed = w->failed || !rs_buf_put(w->out, words[line], strlen(words[line]));
}

static void put_field(struct writing *w, struct rs_slice text, size_t max)
{
	w->failed = w->failed || !rs_buf_put(w->out, "\t", 1) || !rs_doctor_put(w->out, text.p, text.n, max);
}

static void put_number(struct writing *w, uint64_t n)
{
	w->failed = w->failed || !rs_buf_printf(w->out, "\t%llu", (unsigned long long)n);
}

static void put_end(struct writing *w)
{
	w->failed = w->failed || !rs_buf_put(w->out, "\n", 1);
}

/* What is said of a place is said of its value; of inner contents the values are the numbers of their elements. */
static bool is_inner(const struct rs_snapshot_change *c)
{
	return strcmp(c->kind, "inner") == 0;
}

static struct rs_slice type_of(const struct rs_snapshot_change *c, const zval *zv)
{
	size_t n = 0;
	const char *type = is_inner(c) ? "contents" : rs_doctor_type(zv, &n);

	return is_inner(c) ? rs_slice_str(type) : class_text(type, n);
}

static uint64_t size_of(const struct rs_snapshot_change *c, const zval *zv)
{
	if (is_inner(c))
		return zv && Z_TYPE_P(zv) == IS_LONG && Z_LVAL_P(zv) > 0 ? (uint64_t)Z_LVAL_P(zv) : 0;
	return rs_doctor_size(zv);
}

static void put_value(struct writing *w, const struct rs_snapshot_change *c, const zval *zv)
{
	put_field(w, type_of(c, zv), NAME_BYTES);
	put_number(w, size_of(c, zv));
}

/* ---- changes ----------------------------------------------------------------------------------------------------------- */

struct change_text {
	struct rs_slice owner, name, file, author;
	enum rs_doctor_how how;
	uint32_t line;
};

static void describe(struct writing *w, const struct rs_snapshot_change *c, struct change_text *t)
{
	t->owner = c->owner ? class_text(ZSTR_VAL(c->owner), ZSTR_LEN(c->owner)) : RS_SLICE("");
	t->name = property_text(c->name);
	t->file = text_of(c->file);
	t->how = rs_doctor_compare(c->before, c->after, &w->where);
	if (is_inner(c))
		t->how = size_of(c, c->after) < size_of(c, c->before) ? RS_DOCTOR_CHANGED : RS_DOCTOR_MADE;
	t->author = text_of(rs_doctor_author(c->before, c->after, &t->line));
}

static void put_change(struct writing *w, const struct rs_snapshot_change *c, const struct change_text *t)
{
	put_word(w, LINE_CHANGE);
	put_field(w, rs_slice_str(c->kind), NAME_BYTES);
	put_field(w, t->owner, NAME_BYTES);
	put_field(w, t->name, NAME_BYTES);
	put_field(w, rs_buf_slice(&w->where), NAME_BYTES);
	put_field(w, t->how == RS_DOCTOR_CHANGED ? RS_SLICE("changed") : RS_SLICE("made"), NAME_BYTES);
	put_value(w, c, c->before);
	put_value(w, c, c->after);
	put_number(w, rs_doctor_mark(c->after));
	put_field(w, t->file, PATH_BYTES);
	put_field(w, t->author, PATH_BYTES);
	put_number(w, t->line);
	put_end(w);
}

static void log_change(const struct rs_snapshot_change *c, const struct change_text *t)
{
	struct rs_slice before = type_of(c, c->before), after = type_of(c, c->after);

	rs_debug(rs_host_log(), "doctor:   %s %.*s%s%.*s: %.*s(%llu) -> %.*s(%llu)%s%.*s", c->kind, (int)t->owner.n, t->owner.p,
		 t->owner.n && t->name.n ? "::" : "", (int)(t->name.n < NAME_BYTES ? t->name.n : NAME_BYTES), t->name.p,
		 (int)before.n, before.p, (unsigned long long)size_of(c, c->before), (int)after.n, after.p,
		 (unsigned long long)size_of(c, c->after),
		 t->file.n ? " in " : "", (int)t->file.n, t->file.p);
}

static void tell_change(const struct rs_snapshot_change *c, void *arg)
{
	struct writing *w = arg;
	struct change_text t;

	if (w->changes++ >= CHANGES_MAX) {
		w->left_out++;
		return;
	}
	describe(w, c, &t);
	if (w->out)
		put_change(w, c, &t);
	else
		log_change(c, &t);
}

/* ---- objects ------------------------------------------------------------------------------------------------------------- */

static void tell_class(void *arg, const zend_class_entry *ce, long more)
{
	struct rs_slice file = ce->type == ZEND_USER_CLASS ? text_of(ce->info.user.filename) : RS_SLICE("");
	struct rs_slice name = class_text(ZSTR_VAL(ce->name), ZSTR_LEN(ce->name));
	struct writing *w = arg;

	if (w->classes++ >= CLASSES_MAX) {
		w->left_out++;
		return;
	}
	if (!w->out) {
		rs_debug(rs_host_log(), "doctor:   %ld more objects of %.*s", more, (int)name.n, name.p);
		return;
	}
	put_word(w, LINE_OBJECTS);
	put_field(w, name, NAME_BYTES);
	put_number(w, (uint64_t)more);
	put_field(w, file, PATH_BYTES);
	put_end(w);
}

static void tell_all(struct writing *w)
{
	rs_doctor_differences(tell_change, w);
	rs_doctor_new_objects(tell_class, w);
	rs_buf_free(&w->where);
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------ */

bool rs_doctor_lines(const struct rs_request_view *request, const struct rs_doctor_seen *seen, struct rs_buf *out)
{
	struct writing w = { .out = out };

	put_word(&w, LINE_REQUEST);
	put_field(&w, request->method, NAME_BYTES);
	put_field(&w, request->target, PATH_BYTES);
	put_end(&w);
	tell_all(&w);
	if (w.left_out) {
		put_word(&w, LINE_MORE);
		put_number(&w, w.left_out);
		put_end(&w);
	}
	put_word(&w, LINE_END);
	put_number(&w, seen->begin);
	put_number(&w, seen->used);
	put_number(&w, seen->transactions);
	put_end(&w);
	return !w.failed;
}

static void count_change(const struct rs_snapshot_change *c, void *arg)
{
	(void)c;
	++*(unsigned *)arg;
}

void rs_doctor_log(const struct rs_request_view *request, const struct rs_doctor_seen *seen)
{
	struct writing w = { .out = NULL };
	long more = seen->before ? (long)seen->used - (long)seen->before : 0;
	unsigned n = 0;

	rs_doctor_differences(count_change, &n);
	if (n || seen->transactions)
		rs_notice(rs_host_log(), "doctor: %.*s %.*s has left %u changed places, %u open transactions, memory %+ld bytes",
			  (int)request->method.n, request->method.p, (int)request->target.n, request->target.p, n, seen->transactions,
			  more);
	tell_all(&w);
	if (w.left_out)
		rs_debug(rs_host_log(), "doctor:   and %u more", w.left_out);
}
