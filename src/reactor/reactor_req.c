/*
 * Requests: made from a parsed head, encoded at once as the REQUEST frame will carry it, so that nothing else
 * has to be kept of the received bytes. The body is appended where the frame wants it. Runs in the reactor.
 */
#include "reactor/reactor_req.h"

#include "base/rs_fd.h"
#include "reactor/reactor_client.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_observe.h"
#include "reactor/reactor_tls.h"

#include <stdlib.h>

/* Free requests keep a payload buffer up to this, if there are not too many of them. */
#define PAYLOAD_KEEP 4096
#define IDLE_PAYLOADS_MAX 256
/* An answered request that is kept for the access log gives up a payload larger than this. */
#define ANSWERED_KEEP (16u << 10)

static struct rs_wire_slice place(const char *p, const struct rs_http_head *h, struct rs_slice s)
{
	if (s.n == 0)
		return (struct rs_wire_slice){ 0, 0 };
	RS_ASSERT(s.p >= p && s.n <= h->head_len && (size_t)(s.p - p) <= h->head_len - s.n);
	return (struct rs_wire_slice){ (uint32_t)(s.p - p), (uint32_t)s.n };
}

/* The whole payload but the body: see struct rs_wire_request. */
static bool encode(struct rs_req *q, struct rs_conn *c, const char *p, const struct rs_http_head *h, const struct rs_client *who)
{
	const struct rs_slice tls = c->secure ? rs_tls_variables(c) : RS_SLICE("");
	const struct rs_slice texts[] = { rs_slice_str(who->remote), rs_slice_str(c->local), who->name, rs_slice_str(q->id), tls };
	size_t table = h->nfields * 2 * sizeof(struct rs_wire_slice);
	struct rs_wire_request w = {
		.received_us = (uint64_t)rs_reactor_wall_us(c->r),
		.credit = q->window,
		.tls_len = (uint32_t)tls.n,
		.flags = (who->tls ? RS_REQ_TLS : 0) | (who->headers ? RS_REQ_TRUSTED : 0) | (h->keepalive ? RS_REQ_KEEPALIVE : 0),
		.method = place(p, h, h->method),
		.target = place(p, h, h->target),
		.path_len = (uint32_t)h->path_len,
		.nfields = (uint32_t)h->nfields,
		.head_len = (uint32_t)h->head_len,
		.remote_len = (uint16_t)texts[0].n,
		.local_len = (uint16_t)texts[1].n,
		.name_len = (uint16_t)texts[2].n,
		.id_len = (uint16_t)texts[3].n,
		.remote_port = who->remote_port,
		.local_port = who->local_port,
		.http_minor = h->minor,
		.http_major = h->major,
		.stream = rs_h2conn_stream_id(c),
	};
	struct rs_wire_slice pair[2];
	char *to;

	q->prefix_len = sizeof w + table + h->head_len;
	for (size_t i = 0; i < RS_COUNTOF(texts); i++)
		q->prefix_len += texts[i].n;
	to = rs_buf_reserve(&q->payload, q->prefix_len);
	if (!to)
		return false;
	memcpy(to, &w, sizeof w);
	to += sizeof w;
	for (size_t i = 0; i < h->nfields; i++, to += sizeof pair) {
		pair[0] = place(p, h, h->fields[i].name);
		pair[1] = place(p, h, h->fields[i].value);
		memcpy(to, pair, sizeof pair);
	}
	memcpy(to, p, h->head_len);
	to += h->head_len;
	for (size_t i = 0; i < RS_COUNTOF(texts); to += texts[i].n, i++)
		if (texts[i].n)
			memcpy(to, texts[i].p, texts[i].n);
	rs_buf_commit(&q->payload, q->prefix_len);
	return true;
}

struct rs_req *rs_req_new(struct rs_conn *c, const char *p, const struct rs_http_head *h)
{
	struct rs_reactor *r = c->r;
	struct rs_req *q = rs_slab_take(&r->reqs);
	struct rs_slab_node node;
	struct rs_buf payload;
	struct rs_client who;

	if (!q)
		return NULL;
	node = q->node;
	payload = q->payload;
	*q = (struct rs_req){
		.node = node,
		.magic = RS_REQ_MAGIC,
		.state = RS_REQ_BODY,
		.minor = h->minor,
		.head_method = h->head_method,
		.file_method = h->get_method || h->head_method,
		.r = r,
		.conn = c,
		.payload = payload,
		.body_fd = -1,
		.received_us = rs_reactor_us(r),
		.worker_id = -1,
		/* In a server it is the sender who looks how much waits. */
		.window = c->guest ? INT64_MAX : (uint64_t)r->conf->buffer_output_size,
		.granted = c->guest ? INT64_MAX : (uint64_t)r->conf->buffer_output_size,
		.file_fd = -1,
	};
	rs_client_find(c, h, &who);
	memcpy(q->remote, who.remote, sizeof q->remote);
	q->proxied = who.proxied;
	rs_observe_id(c, h, q->id);
	c->req = q;
	if (encode(q, c, p, h, &who))
		return q;
	c->req = NULL;
	q->conn = NULL;
	rs_req_release(q);
	return NULL;
}

void rs_req_release(struct rs_req *q)
{
	struct rs_reactor *r = q->r;

	RS_CHECK(q, RS_REQ_MAGIC);
	/* q->holder is only kept with a connection: see rs_request_settle(). */
	if (q->conn || q->worker || q->letters || q->state == RS_REQ_QUEUED)
		return;
	rs_fd_close(&q->body_fd);
	rs_fd_close(&q->file_fd);
	free(q->parts);
	q->parts = NULL;
	rs_buf_reset(&q->payload,
		     rs_slab_capacity(&r->reqs) - r->reqs.used < IDLE_PAYLOADS_MAX ? PAYLOAD_KEEP : 0);
	q->magic = 0;
	rs_slab_give(&r->reqs, q);
}

void rs_req_answering(struct rs_req *q)
{
	struct rs_buf small = { 0 };

	if (q->answering)
		return;
	q->answering = true;
	rs_fd_close(&q->body_fd);
	if (q->payload.cap <= ANSWERED_KEEP)
		return;
	if (rs_access_on(&q->r->access) && !rs_buf_put(&small, rs_buf_data(&q->payload), q->prefix_len))
		return;
	rs_buf_free(&q->payload);
	q->payload = small;
}

struct rs_wire_request *rs_req_wire(const struct rs_req *q)
{
	RS_ASSERT(q->payload.off == 0 && q->payload.len >= sizeof(struct rs_wire_request));
	return (struct rs_wire_request *)(void *)q->payload.p;
}

static const struct rs_wire_slice *field_table(const struct rs_req *q)
{
	return (const struct rs_wire_slice *)(const void *)(q->payload.p + sizeof(struct rs_wire_request));
}

struct rs_slice rs_req_head(const struct rs_req *q)
{
	const struct rs_wire_request *w = rs_req_wire(q);

	return rs_slice(field_table(q) + 2 * w->nfields, w->head_len);
}

static struct rs_slice bytes_of(const struct rs_req *q, struct rs_wire_slice s)
{
	return rs_slice(rs_req_head(q).p + s.off, s.len);
}

struct rs_slice rs_req_path(const struct rs_req *q)
{
	return rs_slice(bytes_of(q, rs_req_wire(q)->target).p, rs_req_wire(q)->path_len);
}

struct rs_slice rs_req_query(const struct rs_req *q)
{
	const struct rs_slice target = bytes_of(q, rs_req_wire(q)->target);
	const size_t path = rs_req_wire(q)->path_len;

	return rs_slice(target.p + path, target.n - path);
}

bool rs_req_field_at(const struct rs_req *q, uint32_t i, struct rs_slice *name, struct rs_slice *value)
{
	if (i >= rs_req_wire(q)->nfields)
		return false;
	*name = bytes_of(q, field_table(q)[2 * i]);
	*value = bytes_of(q, field_table(q)[2 * i + 1]);
	return true;
}

struct rs_slice rs_req_field(const struct rs_req *q, struct rs_slice name)
{
	const struct rs_wire_slice *pair = field_table(q);

	for (uint32_t n = rs_req_wire(q)->nfields; n; n--, pair += 2) {
		if (pair[0].len == name.n && rs_slice_eqi(bytes_of(q, pair[0]), name))
			return bytes_of(q, pair[1]);
	}
	return rs_slice("", 0);
}
