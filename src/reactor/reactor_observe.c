/*
 * Ids of requests, and the response header fields for whoever looks from outside. Runs in the reactor.
 */
#include "reactor/reactor_observe.h"

#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_worker.h"

#include <strings.h>
#include <sys/random.h>

#define ID_BYTES 16

/* ---- ids -------------------------------------------------------------------------------------------------- */

/* One system call serves many ids. It cannot fail for so few bytes once the kernel has started. */
static const unsigned char *random_bytes(struct rs_observe *o)
{
	if (o->left < ID_BYTES) {
		size_t have = 0;
		while (have < sizeof o->pool) {
			ssize_t n = getrandom(o->pool + have, sizeof o->pool - have, 0);
			have += n > 0 ? (size_t)n : 0;
		}
		o->left = sizeof o->pool;
	}
	o->left -= ID_BYTES;
	return o->pool + o->left;
}

static void make_id(struct rs_observe *o, char out[RS_REQUEST_ID_MAX + 1])
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *p = random_bytes(o);

	for (size_t i = 0; i < ID_BYTES; i++) {
		out[2 * i] = hex[p[i] >> 4];
		out[2 * i + 1] = hex[p[i] & 15];
	}
	out[2 * ID_BYTES] = '\0';
}

void rs_observe_id(struct rs_conn *c, const struct rs_http_head *h, char out[RS_REQUEST_ID_MAX + 1])
{
	const struct rs_slice name = rs_slice_str(c->r->conf->request_id_header);

	for (size_t i = 0; i < h->nfields && name.n && rs_conn_trusted(c); i++) {
		if (h->fields[i].name.n != name.n || !rs_slice_eqi(h->fields[i].name, name) || !rs_http_request_id(h->fields[i].value))
			continue;
		(void)rs_copy(out, RS_REQUEST_ID_MAX + 1, h->fields[i].value);
		return;
	}
	make_id(&c->r->observe, out);
}

/* ---- response header fields ----------------------------------------------------------------------------------- */

/* Has a block of header lines this field? */
static bool has_field(struct rs_slice block, const char *name)
{
	const size_t n = strlen(name);
	const char *p = block.p, *end = block.p + block.n;

	while ((size_t)(end - p) > n) {
		if (p[n] == ':' && strncasecmp(p, name, n) == 0)
			return true;
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p++)
			return false;
	}
	return false;
}

static size_t put_id(struct rs_req *q, struct rs_slice headers, char *out, size_t size)
{
	const struct rs_conf *conf = q->r->conf;

	if (!conf->request_id_response || !*conf->request_id_header || has_field(headers, conf->request_id_header) ||
	    !rs_fmt(out, size, "%s: %s\r\n", conf->request_id_header, q->id))
		return 0;
	return strlen(out);
}

/* How long it waited for a worker that had nothing else before it, and how long that has taken until now; milliseconds. */
static size_t put_timing(struct rs_req *q, char *out, size_t size)
{
	const int64_t now = rs_reactor_us(q->r);

	if (!q->r->conf->server_timing || q->begun_us == 0 ||
	    !rs_fmt(out, size, "Server-Timing: queue;dur=%.3f, app;dur=%.3f\r\n", (double)(q->begun_us - q->received_us) / 1e3,
		    (double)(now - q->begun_us) / 1e3))
		return 0;
	return strlen(out);
}

struct rs_slice rs_observe_lines(struct rs_req *q, struct rs_slice headers, const char *lines)
{
	struct rs_observe *o = &q->r->observe;
	size_t n = strlen(lines);

	if (!rs_copy(o->lines, sizeof o->lines, rs_slice(lines, n)))
		return rs_slice(lines, n);
	n += put_id(q, headers, o->lines + n, sizeof o->lines - n);
	n += put_timing(q, o->lines + n, sizeof o->lines - n);
	return rs_slice(o->lines, n);
}

void rs_observe_answering(struct rs_req *q)
{
	if (q->begun_us == 0 && q->posted_us)
		q->begun_us = q->worker && q->worker->since_us > q->posted_us ? q->worker->since_us : q->posted_us;
}
