/*
 * The ini file: inih splits lines into section, key and text; this file feeds it lines, knows their numbers, and
 * understands quotes and comments behind a value, which inih cannot tell apart.
 */
#include "conf/conf_private.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/rs_fd.h"

#define FILE_MAX_BYTES (1u << 20)
#define LINE_MAX_BYTES 8192
/* inih keeps at most 49 bytes of a section's name, and cuts the rest in silence. */
#define SECTION_MAX_BYTES 49

struct reading {
	struct rs_conf *c;
	struct rs_slice rest; /* of the text, from the next line on */
	const char *name;
	unsigned line;        /* number of the line inih works on */
	bool failed;          /* *err is filled */
	struct rs_conf_error *err;
	rs_conf_warn_fn warn;
	void *arg;
	char where[4200];     /* "NAME:LINE" */
};

static void fail_line(struct reading *r, const char *section, const char *key, const struct rs_complaint *why)
{
	(void)rs_conf_fail(r->err, r->where, section, key, why);
	r->failed = true;
}

static void fail_what(struct reading *r, const char *what, const char *allowed)
{
	struct rs_complaint why = { 0 };

	(void)rs_fmt(why.what, sizeof why.what, "%s", what);
	(void)rs_fmt(why.allowed, sizeof why.allowed, "%s", allowed);
	fail_line(r, NULL, NULL, &why);
}

/* What stands in a line that inih would take wrongly without a word. */
static bool line_acceptable(struct reading *r, struct rs_slice line)
{
	const char *close;

	if (line.n > LINE_MAX_BYTES - 3) {
		fail_what(r, "the line is too long", "8189 bytes");
		return false;
	}
	if (memchr(line.p, '\0', line.n)) {
		fail_what(r, "the line has a NUL byte in it", "text");
		return false;
	}
	while (line.n && (*line.p == ' ' || *line.p == '\t'))
		line = rs_slice(line.p + 1, line.n - 1);
	if (line.n == 0 || *line.p != '[')
		return true;
	close = memchr(line.p, ']', line.n);
	if (close && close - line.p - 1 > SECTION_MAX_BYTES) {
		fail_what(r, "the name of the section is too long", "49 bytes");
		return false;
	}
	return true;
}

/* fgets for inih. */
static char *next_line(char *to, int size, void *arg)
{
	struct reading *r = arg;
	const char *nl;
	struct rs_slice line;

	if (r->rest.n == 0 || r->failed)
		return NULL;
	nl = memchr(r->rest.p, '\n', r->rest.n);
	line = rs_slice(r->rest.p, nl ? (size_t)(nl - r->rest.p) : r->rest.n);
	r->line++;
	(void)rs_fmt(r->where, sizeof r->where, "%s:%u", r->name, r->line);
	if (!line_acceptable(r, line))
		return NULL;
	r->rest = rs_slice(r->rest.p + line.n + (nl != NULL), r->rest.n - line.n - (nl != NULL));
	RS_ASSERT(rs_copy(to, (size_t)size, line));
	return to;
}

/* A '\xNN' or letter escape at p[1..]; returns the bytes it took after the backslash, 0 when it is none. */
static size_t unescape(const char *p, char *out)
{
	static const char from[] = "nrtfv0\\\"", to[] = "\n\r\t\f\v\0\\\"";
	const char *at = p[1] ? strchr(from, p[1]) : NULL;
	char hex[3] = "";

	if (at) {
		*out = to[at - from];
		return 1;
	}
	if (p[1] != 'x' || strspn(p + 2, "0123456789abcdefABCDEF") < 2)
		return 0;
	memcpy(hex, p + 2, 2);
	*out = (char)strtoul(hex, NULL, 16);
	return 3;
}

/*
 * In place: "..." with escapes, '...' as it stands, else the text up to a comment (a ';' after a blank).
 * NULL when all is well, else what is wrong. A backslash before any other letter is itself: class names have them.
 */
static const char *unquote(char *v)
{
	char quote = *v, *to = v, *p = v, ch;
	size_t took;

	if (quote != '"' && quote != '\'') {
		for (p = v; *p; p++) {
			if (*p != ';' || (p > v && p[-1] != ' ' && p[-1] != '\t'))
				continue;
			while (p > v && (p[-1] == ' ' || p[-1] == '\t'))
				p--;
			*p = '\0';
			break;
		}
		return NULL;
	}
	for (p = v + 1; *p && *p != quote; p++) {
		ch = *p;
		if (ch == '\\' && quote == '"' && (took = unescape(p, &ch)) > 0)
			p += took;
		if (ch == '\0')
			return "a NUL byte cannot be part of a value";
		*to++ = ch;
	}
	if (*p != quote)
		return "the quote is not closed";
	p++;
	p += strspn(p, " \t");
	if (*p && *p != ';')
		return "there is text behind the closing quote";
	*to = '\0';
	return NULL;
}

/* `key[]`: cuts the brackets off and says whether they were there. */
static bool cut_brackets(char *key)
{
	size_t n = strlen(key);

	if (n < 3 || strcmp(key + n - 2, "[]") != 0)
		return false;
	key[n - 2] = '\0';
	return true;
}

static bool brackets_right(struct reading *r, const char *section, const char *key, bool brackets)
{
	const struct rs_option *o = rs_conf_find(section, key);
	struct rs_complaint why = { 0 };
	enum rs_kind_id kind;
	enum rs_item_id id;

	/* What may be one or many is written either way: listeners, settings of a port. */
	if (rs_conf_kind(section, &kind) && rs_conf_item_key(kind, key, &id) && id != RS_ITEM_sockets_settings)
		o = &rs_item_keys[id];
	if (!o || brackets == (o->type == RS_OPT_LIST))
		return true;
	(void)rs_fmt(why.what, sizeof why.what, "is %s list", brackets ? "no" : "a");
	(void)rs_fmt(why.allowed, sizeof why.allowed, "%s%s = value", key, brackets ? "" : "[]");
	fail_line(r, section, key, &why);
	return false;
}

static int on_pair(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *r = arg;
	struct rs_complaint why = { 0 };
	char *key = NULL, *v = NULL;
	const char *wrong;
	bool brackets;

	if (section[0] == '\0') {
		(void)rs_fmt(why.what, sizeof why.what, "a value stands before the first section");
		(void)rs_fmt(why.hint, sizeof why.hint, "`[laravels]` above it");
		fail_line(r, NULL, name, &why);
		return 0;
	}
	if (!(key = strdup(name)) || !(v = strdup(value))) {
		r->failed = true;
		(void)rs_conf_no_memory(r->err);
		goto done;
	}
	brackets = cut_brackets(key);
	wrong = unquote(v);
	if (wrong) {
		(void)rs_fmt(why.what, sizeof why.what, "%s", wrong);
		fail_line(r, section, key, &why);
		goto done;
	}
	if (brackets_right(r, section, key, brackets))
		r->failed = rs_conf_set(r->c, RS_FROM_INI, r->where, section, key, v, r->err, r->warn, r->arg) == RS_ERR;
done:
	free(key);
	free(v);
	return !r->failed;
}

enum rs_result rs_conf_parse_ini(struct rs_conf *c, struct rs_slice text, const char *name,
				 struct rs_conf_error *err, rs_conf_warn_fn warn, void *arg)
{
	struct reading r = { .c = c, .rest = text, .name = name, .err = err, .warn = warn, .arg = arg };
	int bad;

	err->text[0] = '\0';
	/* inih's settings are the library's own variables; nobody else in our processes uses it. */
	ini_use_stack = false;
	ini_allow_realloc = false;
	ini_initial_alloc = ini_max_line = LINE_MAX_BYTES;
	ini_allow_multiline = false;
	ini_allow_inline_comments = false;
	ini_stop_on_first_error = true;
	bad = ini_parse_stream(next_line, &r, on_pair, &r);
	if (bad == -2)
		return rs_conf_no_memory(err);
	if (bad && !r.failed)
		fail_what(&r, "the line is neither a section nor a value",
			  "[section], key = value, key[] = value, ; comment");
	return r.failed ? RS_ERR : RS_OK;
}

static enum rs_result fail_file(struct rs_conf_error *err, const char *path, const char *doing)
{
	(void)rs_fmt(err->text, sizeof err->text, "%.700s: cannot %s the ini file: %s", path, doing, strerror(errno));
	return RS_ERR;
}

/* All of a file, up to the limit. */
static enum rs_result slurp(const char *path, struct rs_buf *text, struct rs_conf_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum rs_result r = RS_OK;
	ssize_t n = 1;
	char *to;

	if (fd < 0)
		return fail_file(err, path, "open");
	while (n != 0 && r == RS_OK) {
		to = rs_buf_reserve(text, 65536);
		n = to ? read(fd, to, 65536) : 0;
		if (!to)
			r = rs_conf_no_memory(err);
		else if (n < 0 && errno != EINTR)
			r = fail_file(err, path, "read");
		else if (n > 0)
			rs_buf_commit(text, (size_t)n);
		if (text->len > FILE_MAX_BYTES) {
			errno = EFBIG;
			r = fail_file(err, path, "read");
		}
	}
	rs_fd_close(&fd);
	return r;
}

/* path, absolute: below the working directory unless it is already. */
static bool set_ini_file(struct rs_conf *c, const char *path)
{
	struct rs_buf b = { 0 };
	char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
	bool ok = rs_buf_printf(&b, "%s%s%s", cwd ? cwd : "", cwd ? "/" : "", path) && rs_buf_put(&b, "", 1) &&
		  rs_str_set(&c->ini_file, rs_buf_data(&b));

	free(cwd);
	rs_buf_free(&b);
	return ok;
}

enum rs_result rs_conf_read_ini(struct rs_conf *c, const char *path, struct rs_conf_error *err,
				rs_conf_warn_fn warn, void *arg)
{
	struct rs_buf text = { 0 };
	enum rs_result r = slurp(path, &text, err);

	if (r == RS_OK && !set_ini_file(c, path))
		r = rs_conf_no_memory(err);
	if (r == RS_OK)
		r = rs_conf_parse_ini(c, rs_buf_slice(&text), path, err, warn, arg);
	rs_buf_free(&text);
	return r;
}
