/*
 * The lines in the head of an answer from a file. Runs in the reactor.
 */
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_static.h"

#include <inttypes.h>

struct lines {
	char *p;
	size_t n;
	bool cut;
};

static void put(struct lines *l, struct rs_slice s)
{
	l->cut = l->cut || s.n >= RS_STATIC_LINES_MAX - l->n;
	if (l->cut)
		return;
	memcpy(l->p + l->n, s.p, s.n);
	l->n += s.n;
}

static void line(struct lines *l, struct rs_slice name, const char *value)
{
	put(l, name);
	put(l, RS_SLICE(": "));
	put(l, rs_slice_str(value));
	put(l, RS_SLICE("\r\n"));
}

/* ---- static_expires ----------------------------------------------------------------------------------------------------- */

/* "public immutable" becomes ", public, immutable". */
static void put_directives(struct lines *l, const char *more)
{
	for (more += strspn(more, " \t"); *more; more += strspn(more, " \t")) {
		size_t n = strcspn(more, " \t");

		put(l, RS_SLICE(", "));
		put(l, rs_slice(more, n));
		more += n;
	}
}

/* As nginx's `expires` answers. */
static void expires(struct lines *l, const struct rs_conf_expires *e, int64_t modified, int64_t now)
{
	int64_t at = now + e->seconds;
	char text[48];

	switch (e->when) {
	case RS_EXPIRES_OFF:
		return;
	case RS_EXPIRES_EPOCH:
		at = 1;
		break;
	case RS_EXPIRES_MAX:
		at = INT64_C(2145916555); /* Thu, 31 Dec 2037 23:55:55 GMT */
		break;
	case RS_EXPIRES_MODIFIED:
		at = modified + e->seconds;
		break;
	case RS_EXPIRES_ACCESS:
		break;
	}
	rs_http_date(at, text);
	line(l, RS_SLICE("Expires"), text);
	put(l, RS_SLICE("Cache-Control: "));
	if (e->when == RS_EXPIRES_EPOCH || e->seconds < 0 || at < now)
		put(l, RS_SLICE("no-cache"));
	else if (e->when == RS_EXPIRES_MAX)
		put(l, RS_SLICE("max-age=315360000"));
	else if (rs_fmt(text, sizeof text, "max-age=%" PRId64, at - now))
		put(l, rs_slice_str(text));
	put_directives(l, e->more);
	put(l, RS_SLICE("\r\n"));
}

/* ---- all of them ---------------------------------------------------------------------------------------------------------- */

bool rs_static_lines(const struct rs_req *q, const struct rs_static_found *f, unsigned status, const struct rs_http_range *part,
		     const char *type, char out[RS_STATIC_LINES_MAX])
{
	const int64_t now = rs_reactor_wall_us(q->r) / 1000000;
	struct lines l = { .p = out };
	struct rs_conf_expires e;
	char text[96];

	if (type)
		line(&l, RS_SLICE("Content-Type"), type);
	/* RFC 9110 8.8.2.1: nothing was changed in the future. */
	rs_http_date(f->st.st_mtime < now ? f->st.st_mtime : now, text);
	line(&l, RS_SLICE("Last-Modified"), text);
	line(&l, RS_SLICE("ETag"), f->etag);
	if (f->coding && type)
		line(&l, RS_SLICE("Content-Encoding"), f->coding);
	if (f->varies)
		line(&l, RS_SLICE("Vary"), "Accept-Encoding");
	if (rs_conf_expires_of(&q->r->conf->static_expires, f->name, &e))
		expires(&l, &e, f->st.st_mtime, now);
	if (status == 200)
		line(&l, RS_SLICE("Accept-Ranges"), "bytes");
	if (part && rs_fmt(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, part->at, part->at + part->n - 1,
			   (uint64_t)f->st.st_size))
		line(&l, RS_SLICE("Content-Range"), text);
	out[l.n] = '\0';
	return !l.cut;
}
