/*
 * X-Sendfile and X-Accel-Redirect: the application names a file in a header of its response, and the file is the response. For
 * applications that were made for Apache's mod_xsendfile or nginx's internal locations.
 *
 * The name may come from anywhere, so it is the opened file that is judged: where it really lies must be below one of the
 * directories of x_sendfile[], whatever dots and symlinks led to it.
 */
#include "worker/process.h"
#include "worker/worker_private.h"

#include "base/rs_fd.h"
#include "http/http.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SENDFILE RS_SLICE("x-sendfile")
#define ACCEL RS_SLICE("x-accel-redirect")

/* Lines of the application's head that are not for the client, or wrong for the file. */
static const struct rs_slice dropped[] = {
	{ "x-sendfile", 10 },      { "x-accel-redirect", 16 }, { "x-accel-buffering", 17 }, { "x-accel-charset", 15 },
	{ "x-accel-expires", 15 }, { "x-accel-limit-rate", 18 }, { "content-range", 13 },   { "accept-ranges", 13 },
	{ "trailer", 7 }, /* nothing follows a file */
};

/* What is answered. */
struct answer {
	int fd;
	unsigned status;
	struct stat st;
	struct rs_http_range part;
	struct rs_slice etag, modified; /* as the application says them */
	struct rs_buf head;
};

/* ---- lines ------------------------------------------------------------------------------------------------- */

/* The next line of a header block, cut; whole: with its end. */
static bool next_line(struct rs_slice *block, struct rs_slice *whole, struct rs_slice *name, struct rs_slice *value)
{
	const char *end = block->n ? memchr(block->p, '\n', block->n) : NULL, *colon;
	struct rs_slice v;

	if (!end)
		return false;
	*whole = rs_slice(block->p, (size_t)(end - block->p) + 1);
	*block = rs_slice(end + 1, block->n - whole->n);
	colon = memchr(whole->p, ':', whole->n);
	if (!colon)
		return false;
	*name = rs_slice(whole->p, (size_t)(colon - whole->p));
	v = rs_slice(colon + 1, whole->n - name->n - 1);
	while (v.n && (v.p[0] == ' ' || v.p[0] == '\t'))
		v = rs_slice(v.p + 1, v.n - 1);
	while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t' || v.p[v.n - 1] == '\r' || v.p[v.n - 1] == '\n'))
		v.n--;
	*value = v;
	return true;
}

static struct rs_slice find(struct rs_slice block, struct rs_slice wanted)
{
	struct rs_slice whole, name, value;

	while (next_line(&block, &whole, &name, &value))
		if (rs_slice_eqi(name, wanted))
			return value;
	return rs_slice("", 0);
}

static struct rs_slice field(const struct rs_exchange *x, struct rs_slice name)
{
	for (uint32_t i = 0; i < x->view.nfields; i++)
		if (rs_slice_eqi(x->view.fields[i].name, name))
			return x->view.fields[i].value;
	return rs_slice("", 0);
}

/* ---- which file ---------------------------------------------------------------------------------------------- */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decoded, slashes too: that is how frameworks write it. false: too long, or a byte that no path has. */
static bool decode(struct rs_slice s, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		bool escape = s.p[i] == '%' && i + 2 < s.n && hex(s.p[i + 1]) >= 0 && hex(s.p[i + 2]) >= 0;
		char c = escape ? (char)(hex(s.p[i + 1]) << 4 | hex(s.p[i + 2])) : s.p[i];

		if (c == '\0' || n + 1 >= size)
			return false;
		out[n++] = c;
		i += escape ? 2 : 0;
	}
	out[n] = '\0';
	return true;
}

/* Is the open file below dir? */
static bool lies_below(int fd, const char *dir)
{
	char link[40], real[PATH_MAX], *root = realpath(dir, NULL);
	ssize_t n;
	size_t len;
	bool below;

	if (!root || !rs_fmt(link, sizeof link, "/proc/self/fd/%d", fd) || (n = readlink(link, real, sizeof real)) <= 0) {
		free(root);
		return false;
	}
	len = strlen(root);
	below = (size_t)n < sizeof real && (strcmp(root, "/") == 0 ||
					    ((size_t)n > len + 1 && memcmp(real, root, len) == 0 && real[len] == '/'));
	free(root);
	return below;
}

/* The file, if it is a regular one below dir, or, without dir, below any directory of the option. Else -1, and a->status. */
static int open_below(const struct rs_conf *conf, const char *path, const char *dir, struct answer *a)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool ok = dir && fd >= 0 && lies_below(fd, dir);

	if (fd < 0) {
		a->status = errno == EACCES || errno == EPERM ? 403 : 404;
		return -1;
	}
	for (size_t i = 0; !dir && !ok && i < conf->x_sendfile.n; i++)
		ok = !strstr(conf->x_sendfile.v[i], "/=") && lies_below(fd, conf->x_sendfile.v[i]);
	if (ok && fstat(fd, &a->st) == 0 && S_ISREG(a->st.st_mode))
		return fd;
	a->status = ok ? 404 : 403;
	rs_fd_close(&fd);
	return -1;
}

/* X-Sendfile: a path; with escapes if there is no such file. */
static void open_path(const struct rs_conf *conf, struct rs_slice value, struct answer *a)
{
	char path[PATH_MAX];

	a->status = 404;
	if (value.n && value.p[0] == '/' && rs_copy(path, sizeof path, value) && !memchr(value.p, '\0', value.n))
		a->fd = open_below(conf, path, NULL, a);
	if (a->fd < 0 && a->status == 404 && memchr(value.p, '%', value.n) && decode(value, path, sizeof path) && path[0] == '/')
		a->fd = open_below(conf, path, NULL, a);
}

/* X-Accel-Redirect: a URI below one of the prefixes. */
static void open_uri(const struct rs_conf *conf, struct rs_slice value, struct answer *a)
{
	const char *query = memchr(value.p, '?', value.n);
	char uri[PATH_MAX], path[2 * PATH_MAX];

	a->status = 404;
	if (query)
		value.n = (size_t)(query - value.p);
	if (!decode(value, uri, sizeof uri))
		return;
	for (size_t i = 0; i < conf->x_sendfile.n; i++) {
		const char *item = conf->x_sendfile.v[i], *eq = strstr(item, "/=");
		size_t prefix = eq ? (size_t)(eq - item) + 1 : 0;

		if (!eq || strncmp(uri, item, prefix) != 0)
			continue;
		if (rs_fmt(path, sizeof path, "%s/%s", eq + 2, uri + prefix))
			a->fd = open_below(conf, path, eq + 2, a);
		return;
	}
}

/* Does the option have an entry of that kind? */
static bool serves(const struct rs_conf *conf, bool uris)
{
	for (size_t i = 0; i < conf->x_sendfile.n; i++)
		if ((strstr(conf->x_sendfile.v[i], "/=") != NULL) == uris)
			return true;
	return false;
}

/* ---- the answer ------------------------------------------------------------------------------------------------ */

/* If-Range holds: the part is one of the file that the client has (RFC 9110 13.1.5). */
static bool same_file(const struct rs_exchange *x, const struct answer *a)
{
	struct rs_slice only_if = field(x, RS_SLICE("if-range"));
	int64_t t, ours = a->st.st_mtime;

	if (!only_if.n)
		return true;
	if (only_if.p[0] == '"' || only_if.p[0] == 'W')
		return only_if.p[0] == '"' && rs_slice_eq(only_if, a->etag);
	if (a->modified.n && !rs_http_date_parse(a->modified, &ours))
		return false;
	return rs_http_date_parse(only_if, &t) && t == ours;
}

/* All of the file, or the one part that is asked for. */
static void choose_part(const struct rs_exchange *x, struct answer *a)
{
	struct rs_http_range parts[RS_HTTP_RANGES_MAX];
	struct rs_slice range = field(x, RS_SLICE("range"));
	uint64_t size = (uint64_t)a->st.st_size;
	size_t n;

	a->part = (struct rs_http_range){ 0, size };
	if (a->status != 200 || !range.n || !rs_slice_eq(x->view.method, RS_SLICE("GET")) || !same_file(x, a))
		return;
	switch (rs_http_range(range, size, parts, &n)) {
	case RS_HTTP_RANGE_WHOLE:
		break;
	case RS_HTTP_RANGE_PART:
		if (n > 1)
			break; /* nobody but tests wants several, and the whole is allowed */
		a->status = 206;
		a->part = parts[0];
		break;
	case RS_HTTP_RANGE_NEVER:
		a->status = 416;
		a->part.n = 0;
		break;
	}
}

static bool is_dropped(struct rs_slice name)
{
	for (size_t i = 0; i < RS_COUNTOF(dropped); i++)
		if (rs_slice_eqi(name, dropped[i]))
			return true;
	return false;
}

/* The application's head without what was for us, and what belongs to a file. */
static bool make_head(struct rs_slice headers, struct answer *a)
{
	struct rs_slice whole, name, value;
	uint64_t size = (uint64_t)a->st.st_size;
	char date[32];
	bool ok = true;

	while (ok && next_line(&headers, &whole, &name, &value))
		ok = is_dropped(name) || rs_buf_put(&a->head, whole.p, whole.n);
	rs_http_date(a->st.st_mtime, date);
	ok = ok && rs_buf_printf(&a->head, "Accept-Ranges: bytes\r\n");
	if (!a->modified.n)
		ok = ok && rs_buf_printf(&a->head, "Last-Modified: %s\r\n", date);
	if (a->status == 206)
		ok = ok && rs_buf_printf(&a->head, "Content-Range: bytes %llu-%llu/%llu\r\n", (unsigned long long)a->part.at,
					 (unsigned long long)(a->part.at + a->part.n - 1), (unsigned long long)size);
	else if (a->status == 416)
		ok = ok && rs_buf_printf(&a->head, "Content-Range: bytes */%llu\r\n", (unsigned long long)size);
	return ok;
}

/* Without a file: what the reactor would say, in its words. */
static void refuse(struct rs_exchange *x, unsigned status)
{
	struct rs_buf body = { 0 };
	const char *phrase = rs_http_reason(status);

	rs_exchange_hold(x, status, RS_SLICE(""), RS_SLICE("Content-Type: text/html\r\n"), -1);
	if (rs_buf_printf(&body, "<!DOCTYPE html>\n<title>%u %s</title>\n<h1>%u %s</h1>\n", status, phrase, status, phrase))
		RS_IGNORE(rs_exchange_write(x, rs_buf_data(&body), body.len) != RS_OK);
	rs_buf_free(&body);
	rs_exchange_finish(x);
}

static void give(struct rs_exchange *x, struct rs_slice headers, struct answer *a)
{
	choose_part(x, a);
	if (!make_head(headers, a)) {
		refuse(x, 500);
		return;
	}
	rs_exchange_hold(x, a->status, RS_SLICE(""), rs_buf_slice(&a->head), (int64_t)a->part.n);
	RS_IGNORE(!rs_exchange_file(x, a->fd, a->part.at, a->part.n));
}

bool rs_xsendfile_answer(struct rs_exchange *x, unsigned status, struct rs_slice headers)
{
	struct rs_process *p = rs_process();
	const struct rs_conf *conf = p->h->conf;
	struct answer a = { .fd = -1 };
	struct rs_slice path, uri;

	if (!conf->x_sendfile.n)
		return false;
	path = serves(conf, false) ? find(headers, SENDFILE) : rs_slice("", 0);
	uri = serves(conf, true) ? find(headers, ACCEL) : rs_slice("", 0);
	if (path.n)
		open_path(conf, path, &a);
	else if (uri.n)
		open_uri(conf, uri, &a);
	else
		return false;
	if (a.fd < 0) {
		rs_errorx(p->log, "%s: %.*s: %s; answered %u", path.n ? "X-Sendfile" : "X-Accel-Redirect", (int)(path.n ? path.n : uri.n),
			  path.n ? path.p : uri.p,
			  a.status == 403 ? "not below a directory of x_sendfile, or not readable" : "no such file", a.status);
		refuse(x, a.status);
		return true;
	}
	a.status = status;
	a.etag = find(headers, RS_SLICE("etag"));
	a.modified = find(headers, RS_SLICE("last-modified"));
	give(x, headers, &a);
	rs_buf_free(&a.head);
	rs_fd_close(&a.fd);
	return true;
}
