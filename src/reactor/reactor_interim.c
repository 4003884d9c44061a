/*
 * Informational responses of a worker (RFC 9110 15.2, RFC 8297): a head before the head. A hint: it is left out for HTTP/1.0, which
 * does not know such, for a client that does not read, and for proxies that speak HTTP/1: nginx before 1.29 takes it for the answer, and
 * waits for what is none. Runs in the reactor.
 */
#include "reactor/reactor_interim.h"

#include "http/http.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_wire.h"

/* Bytes that may wait for a client that gets one more. */
#define PENDING_MAX (64u << 10)

/* In HTTP/2 it is the connection that carries them, and what its socket does not take waits in the session, counted by nobody. */
static bool client_is_behind(const struct rs_conn *c)
{
	const struct rs_conn *under = c->wire->under ? c->wire->under(c) : NULL;

	return under ? rs_conn_pending(under) > 0 : rs_conn_pending(c) > PENDING_MAX;
}

const char *rs_interim_send(struct rs_req *q, const struct rs_frame *f)
{
	struct rs_buf *out = &q->r->out;
	struct rs_slice reason, headers, body;
	struct rs_wire_response w;
	struct rs_http_block block;
	enum rs_http_framing framing;

	if (q->head_sent || q->ended)
		return "INTERIM after the RESPONSE";
	if (f->flags)
		return "INTERIM that is to end something";
	if (!rs_send_cut(f->payload, &w, &reason, &headers, &body) || body.n)
		return "INTERIM with wrong lengths";
	if (w.status < 102 || w.status > 199)
		return "INTERIM with a status that is none";
	if (!rs_http_block_check(headers, &block) || block.forbidden || block.has_connection_close)
		return "INTERIM with malformed or forbidden headers";
	if (q->minor == 0 || (q->proxied && !q->conn->h2) || client_is_behind(q->conn))
		return NULL;
	const struct rs_http_response head = { .status = w.status, .headers = headers, .content_length = -1, .minor = q->minor,
					       .keepalive = q->conn->keepalive };
	RS_ASSERT(out->len == 0);
	if (q->conn->protocol->put_head(q->conn, out, &head, &framing)) {
		struct iovec iov = { out->p + out->off, out->len };
		RS_IGNORE(!rs_conn_write(q->conn, &iov, 1));
	}
	rs_buf_reset(out, RS_OUT_KEEP);
	return NULL;
}
