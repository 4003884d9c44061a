/*
 * A request on its way: connected when it has to be, sent, its answer received; once more, on a new connection, when one that was
 * kept turns out to be dead and nothing can have happened twice.
 */
#include "swoole_http_client.h"

#include <errno.h>

#define SERVER_CANCELED 10017

static struct rs_sock *sock(struct rs_http_client *o)
{
	return &o->fetch.c.sock;
}

/* Tells how it failed. false. */
static bool failed(struct rs_http_client *o, enum rs_fetch_end end)
{
	int code = o->reply.error ? o->reply.error : sock(o)->error;
	const char *why = o->reply.error ? o->reply.why : sock(o)->why;

	rs_http_client_forget(o);
	zend_update_property_long(o->std.ce, &o->std, ZEND_STRL("statusCode"), end);
	if (code == ECANCELED)
		code = SERVER_CANCELED;
	rs_http_client_error(o, code, why);
	rs_http_client_close(o);
	rs_http_reply_free(&o->reply);
	return false;
}

/* ---- there ---------------------------------------------------------------------------------------------------------- */

static enum rs_fetch_end connected(struct rs_http_client *o)
{
	enum rs_fetch_end end;

	/* A proxy that forwards requests does not forward what is none. */
	if (o->ask.upgrade && o->fetch.forward)
		rs_fetch_close(&o->fetch);
	o->reused = rs_fetch_reusable(&o->fetch);
	if (o->reused)
		return RS_FETCH_OK;
	end = rs_fetch_connect(&o->fetch, &o->conf, o->ask.upgrade);
	rs_http_client_show(o);
	if (end == RS_FETCH_OK && o->async)
		rs_http_async_connected(o);
	return end;
}

static enum rs_fetch_end send_out(struct rs_http_client *o)
{
	enum rs_fetch_end end = connected(o);

	return end == RS_FETCH_OK ? rs_fetch_send(&o->fetch, &o->conf, o->ask.parts, o->ask.nparts) : end;
}

/* ---- and back ------------------------------------------------------------------------------------------------------- */

static enum rs_fetch_end receive(struct rs_http_client *o, int64_t timeout_ms)
{
	const struct rs_fetch_question q = { .head_method = o->ask.head_method, .upgrade = o->ask.upgrade, .timeout_ms = timeout_ms };
	struct rs_fetch_sink sink = rs_http_client_sink;
	enum rs_fetch_end end;

	sink.arg = o;
	rs_http_reply_begin(o);
	end = rs_fetch_receive(&o->fetch, &q, &sink);
	if (end == RS_FETCH_OK && !rs_http_reply_end(o))
		end = RS_FETCH_RESET;
	return end;
}

/* It had been open for a while, and closed before a word of the answer. */
static bool was_dead(const struct rs_http_client *o, enum rs_fetch_end end)
{
	int error = o->fetch.c.sock.error;

	return (end == RS_FETCH_RESET || end == RS_FETCH_SEND) && o->reused && o->ask.idempotent && !o->fetch.heard && !o->reply.error &&
	       error != ECANCELED && error != RS_SOCK_CLOSED && !EG(exception);
}

/* From what became of sending to the end. */
static enum rs_fetch_end answered(struct rs_http_client *o, enum rs_fetch_end sent, int64_t timeout_ms)
{
	int error = sock(o)->error;
	const char *why = sock(o)->why;
	enum rs_fetch_end end;

	if (sent == RS_FETCH_CONNECT || sent == RS_FETCH_TIMEOUT)
		return sent;
	/* Who refuses a body may answer before it has come, and close. What went wrong here is no business of the server's. */
	if (sent == RS_FETCH_SEND && error != EPIPE && error != ECONNRESET && error != RS_TLS_RESET)
		return sent;
	end = receive(o, timeout_ms);
	if (end != RS_FETCH_RESET || sent == RS_FETCH_OK || o->fetch.heard)
		return end;
	rs_sock_fail_why(sock(o), error, why);
	return RS_FETCH_SEND;
}

static bool told(struct rs_http_client *o, enum rs_fetch_end end)
{
	if (end != RS_FETCH_OK)
		return failed(o, end);
	if (!o->options.keep_alive && !o->fetch.upgraded)
		rs_http_client_close(o);
	if (!o->ask.upgrade || o->fetch.upgraded)
		return true;
	rs_http_client_error(o, RS_SWOOLE_ERROR_WEBSOCKET_HANDSHAKE_FAILED, "the server answered the handshake with another status than 101");
	return false;
}

static bool finish(struct rs_http_client *o, enum rs_fetch_end sent, int64_t timeout_ms)
{
	enum rs_fetch_end end = answered(o, sent, timeout_ms);

	for (unsigned again = 0; again < o->options.retries && was_dead(o, end); again++) {
		rs_fetch_close(&o->fetch);
		end = answered(o, send_out(o), timeout_ms);
	}
	return told(o, end);
}

bool rs_http_client_perform(struct rs_http_client *o)
{
	enum rs_fetch_end sent;

	rs_http_client_forget(o);
	rs_http_client_error(o, 0, NULL);
	sent = send_out(o);
	if (!o->defer || o->async || o->ask.upgrade || sent == RS_FETCH_CONNECT || sent == RS_FETCH_TIMEOUT)
		return finish(o, sent, o->conf.read_ms);
	o->waiting = true;
	return true;
}

bool rs_http_client_finish(struct rs_http_client *o, int64_t timeout_ms)
{
	o->waiting = false;
	rs_http_client_error(o, 0, NULL);
	return finish(o, rs_fetch_is_open(&o->fetch) ? RS_FETCH_OK : RS_FETCH_SEND, timeout_ms);
}
