/*
 * The HTTP clients after upgrade(): frames in and out.
 */
#include "swoole_http_client.h"

#include <errno.h>
#include <stdlib.h>

#include "swoole_websocket_deflate.h"
#include "swoole_websocket_frame.h"

#define NO_CONNECTION 5001
#define BUSY 10002
#define CANCELED 10017
#define WINDOW 15

void rs_http_client_websocket(struct rs_http_client *o, bool deflate)
{
	rs_client_ws_begin(&o->ws, rs_http_client_most(o), o->options.mask, o->options.show_ping);
	o->ws.deflate = o->ws.options.rsv1 = deflate;
}

/* Is it one, and open? Else told. */
static bool ready(struct rs_http_client *o)
{
	if (o->fetch.upgraded && rs_fetch_is_open(&o->fetch))
		return true;
	if (!rs_fetch_is_open(&o->fetch))
		rs_http_client_error(o, NO_CONNECTION, NULL);
	else
		rs_http_client_error(o, RS_SWOOLE_ERROR_WEBSOCKET_UNCONNECTED, NULL);
	return false;
}

static bool over(struct rs_http_client *o, int code, const char *why)
{
	rs_http_client_close(o);
	rs_http_client_show(o);
	rs_http_client_error(o, code, why);
	return false;
}

/* ---- in ---------------------------------------------------------------------------------------------------------------- */

static bool failed(struct rs_http_client *o)
{
	struct rs_sock *s = &o->fetch.c.sock;

	if (s->error == RS_SOCK_BUSY) {
		rs_swoole_throw_error(BUSY, "this client is already being used by another coroutine");
		return false;
	}
	/* It is as it was. */
	if (s->error == ETIMEDOUT || s->error == ECANCELED) {
		rs_http_client_error(o, s->error == ECANCELED ? CANCELED : s->error, NULL);
		return false;
	}
	return over(o, s->error, s->why);
}

/* NULL: its connection has ended. */
static zend_string *data_of(struct rs_http_client *o, const struct rs_client_ws_event *e)
{
	zend_string *data;
	unsigned code;

	if (!(e->flags & RS_WS_RSV1))
		return zend_string_init(e->data, e->n, false);
	data = rs_swoole_ws_inflate(rs_slice(e->data, e->n), e->opcode == RS_WS_TEXT, o->ws.options.message_max, &code);
	if (!data)
		over(o, EPROTO, "a message that cannot be decompressed");
	return data;
}

static bool shown(const struct rs_http_client *o, unsigned opcode)
{
	return opcode != RS_WS_PONG || o->options.show_pong;
}

static bool make(struct rs_http_client *o, const struct rs_client_ws_event *e, zval *ret)
{
	int fd = o->fetch.c.sock.fd;
	zend_string *data;

	if (e->opcode == RS_WS_CLOSE && !o->options.show_close)
		return over(o, 0, NULL);
	if (!(data = data_of(o, e)))
		return false;
	if (e->opcode == RS_WS_CLOSE)
		rs_swoole_frame_make_close(ret, fd, e->flags, e->code, data);
	else
		rs_swoole_frame_make(ret, fd, e->opcode, e->flags & ~RS_WS_RSV1, data);
	zend_string_release(data);
	return true;
}

bool rs_http_client_frame(struct rs_http_client *o, int64_t timeout_ms, zval *ret)
{
	int64_t until = rs_deadline(timeout_ms);
	struct rs_client_ws_event *e = NULL;
	bool ok;

	if (!ready(o))
		return false;
	rs_http_client_error(o, 0, NULL);
	for (;;) {
		switch (rs_client_ws_recv(&o->fetch.c, &o->conf, &o->ws, rs_deadline_left(until), &e)) {
		case RS_OK:
		case RS_AGAIN:
			break;
		case RS_DONE:
			return over(o, 0, NULL);
		case RS_ERR:
			return failed(o);
		}
		if (shown(o, e->opcode))
			break;
		free(e);
		/* Pongs that nobody wants to see do not make time stand still. */
		if (timeout_ms > 0 && rs_deadline_left(until) == 0) {
			rs_sock_fail(&o->fetch.c.sock, ETIMEDOUT);
			return failed(o);
		}
	}
	ok = make(o, e, ret);
	free(e);
	return ok;
}

/* ---- out --------------------------------------------------------------------------------------------------------------- */

/* As the server does: what is asked for is compressed where it was agreed on, in messages of one frame. */
static void compress(const struct rs_http_client *o, struct rs_swoole_frame *f)
{
	bool wanted = f->flags & RS_WS_COMPRESS;
	zend_string *packed;

	f->flags &= ~(unsigned)(RS_WS_COMPRESS | RS_WS_MASK);
	if (!wanted || !o->ws.deflate || !(f->flags & RS_WS_FIN) || (f->opcode != RS_WS_TEXT && f->opcode != RS_WS_BINARY))
		return;
	packed = rs_swoole_ws_deflate(rs_slice(ZSTR_VAL(f->payload), ZSTR_LEN(f->payload)), WINDOW);
	if (!packed)
		return;
	zend_string_release(f->payload);
	f->payload = packed;
	f->flags |= RS_WS_RSV1;
}

bool rs_http_client_push(struct rs_http_client *o, zval *data, zend_long opcode, zend_long flags)
{
	bool frame = Z_TYPE_P(data) == IS_OBJECT && instanceof_function(Z_OBJCE_P(data), rs_swoole_frame_ce);
	zend_string *text = NULL;
	struct rs_swoole_frame f;
	bool ok;

	if (!ready(o))
		return false;
	if (!frame && !(text = zval_try_get_string(data)))
		return false;
	ok = rs_swoole_frame_read(&f, frame ? Z_OBJ_P(data) : NULL, text, opcode, flags);
	if (text)
		zend_string_release(text);
	if (!ok) {
		if (!EG(exception))
			rs_http_client_error(o, rs_swoole_last_error(), NULL);
		return false;
	}
	compress(o, &f);
	ok = rs_client_ws_put(&o->fetch.c, &o->ws, f.opcode, f.flags, rs_slice(ZSTR_VAL(f.payload), ZSTR_LEN(f.payload)));
	rs_swoole_frame_free(&f);
	if (ok)
		ok = o->async ? rs_http_async_flush(o) : rs_client_ws_flush(&o->fetch.c, &o->conf, &o->ws);
	if (!ok && o->fetch.c.sock.error == RS_CLIENT_WS_FULL)
		rs_http_client_error(o, RS_CLIENT_WS_FULL, "too much waits to be sent already");
	else if (!ok)
		rs_http_client_error(o, o->fetch.c.sock.error == ECANCELED ? CANCELED : o->fetch.c.sock.error, o->fetch.c.sock.why);
	return ok;
}
