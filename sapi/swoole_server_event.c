/*
 * Events of the reactor become calls of PHP: one function for each kind. Runs in workers and task workers, from the loop. What
 * comes of a call is settled in swoole_server_settle.c.
 */
#include "swoole_server.h"

#include "swoole_server_command.h"
#include "swoole_websocket_deflate.h"
#include "swoole_websocket_frame.h"

/* An event on its way, and what is to be told about it in one way or another. */
struct telling {
	struct rs_swoole_server *s;
	struct rs_event *ev;
	struct rs_php_callback *cb;
	bool ok; /* this process goes on */
};

static struct rs_swoole_port *port_of(const struct telling *t)
{
	return t->s->ports[t->ev->h.port < t->s->nports ? t->ev->h.port : 0];
}

static void owes_nothing(struct rs_swoole_owed *owed)
{
	*owed = (struct rs_swoole_owed){ .fd = 0 };
	ZVAL_UNDEF(&owed->response);
}

static void call(struct telling *t, uint32_t argc, zval *argv, struct rs_swoole_owed *owed)
{
	t->ok = rs_swoole_server_call(t->cb, false, argc, argv, owed);
}

/* ---- connections --------------------------------------------------------------------------------------------------------- */

/* $server, $fd, $reactorId[, $data]; or $server, object. */
static uint32_t connection_arguments(struct telling *t, zval *argv)
{
	const struct rs_wire_event *h = &t->ev->h;

	rs_swoole_server_zval(&argv[0], t->s);
	if (t->s->conf.event_object) {
		rs_swoole_event_object(&argv[1], h, t->ev->data);
		return 2;
	}
	ZVAL_LONG(&argv[1], h->fd);
	ZVAL_LONG(&argv[2], h->reactor_id);
	if (h->kind != RS_EVENT_RECEIVE)
		return 3;
	ZVAL_STRINGL(&argv[3], t->ev->data.p, t->ev->data.n);
	return 4;
}

static void tell_connection(struct telling *t)
{
	struct rs_swoole_owed owed;
	zval argv[4];

	owes_nothing(&owed);
	owed.fd = t->ev->h.fd;
	call(t, connection_arguments(t, argv), argv, &owed);
}

static void tell_close(struct telling *t)
{
	struct rs_swoole_owed owed;
	struct rs_session session;
	zval argv[4];

	owes_nothing(&owed);
	if (rs_board_get(rs_server_board(), t->ev->h.fd, &session)) {
		rs_swoole_close_begins(&session);
		owed.closes = t->ev->h.fd;
	}
	call(t, connection_arguments(t, argv), argv, &owed);
}

void rs_swoole_server_close_here(struct rs_swoole_server *s, const struct rs_session *session)
{
	struct rs_event ev = { .h = { .kind = RS_EVENT_CLOSE, .fd = session->fd, .port = session->port, .reactor_id = -1 } };
	struct telling t = { .s = s, .ev = &ev, .cb = rs_swoole_callback(s, RS_ON_CLOSE, session->port) };
	struct rs_swoole_owed owed;
	zval argv[4];

	if (!t.cb || session->worker != rs_server_id() || rs_server_role() != RS_ROLE_WORKER)
		return;
	/* It may be that onDisconnect comes instead: the reactor knows. */
	if (session->websocket && session->websocket < 3 && rs_swoole_callback(s, RS_ON_DISCONNECT, session->port))
		return;
	rs_server_swallow_close(session->fd);
	rs_swoole_close_begins(session);
	owes_nothing(&owed);
	owed.closes = session->fd;
	rs_swoole_server_call_nested(t.cb, connection_arguments(&t, argv), argv, &owed);
}

/* $server, $fd: the buffers, and a WebSocket connection that never became one. */
static void tell_fd(struct telling *t)
{
	zval argv[2];

	rs_swoole_server_zval(&argv[0], t->s);
	ZVAL_LONG(&argv[1], t->ev->h.fd);
	call(t, 2, argv, NULL);
}

/* ---- datagrams ----------------------------------------------------------------------------------------------------------- */

static void tell_packet(struct telling *t)
{
	const struct rs_port *p = &port_of(t)->p;
	uint32_t argc = 2;
	zval argv[3];

	rs_swoole_server_zval(&argv[0], t->s);
	if (t->s->conf.event_object) {
		rs_swoole_packet_object(&argv[1], t->ev, port_of(t));
	} else {
		argc = 3;
		ZVAL_STRINGL(&argv[1], t->ev->data.p, t->ev->data.n);
		array_init_size(&argv[2], 5);
		add_assoc_long(&argv[2], "server_socket", p->listen_fd);
		add_assoc_double(&argv[2], "dispatch_time", (double)t->ev->h.dispatch_us / 1e6);
		add_assoc_long(&argv[2], "server_port", p->port);
		add_assoc_string(&argv[2], "address", t->ev->peer.address);
		add_assoc_long(&argv[2], "port", t->ev->peer.port);
	}
	call(t, argc, argv, NULL);
}

/* ---- HTTP ---------------------------------------------------------------------------------------------------------------- */

static void tell_request(struct telling *t)
{
	struct rs_swoole_owed owed;
	zval argv[2];

	owes_nothing(&owed);
	if (!rs_swoole_http_objects(t->ev, &argv[0], &argv[1]))
		return;
	if (!t->cb) {
		/* A WebSocket port without onRequest. */
		rs_swoole_http_end(&argv[1], 400);
		zval_ptr_dtor(&argv[0]);
		zval_ptr_dtor(&argv[1]);
		return;
	}
	ZVAL_COPY(&owed.response, &argv[1]);
	call(t, 2, argv, &owed);
}

/* ---- WebSocket ------------------------------------------------------------------------------------------------------------ */

/* The default answer with what the application adds; then it goes out. */
static void answer_handshake(struct telling *t, struct rs_php_callback *before, zval *request, zval *response)
{
	struct rs_swoole_owed owed;
	zval argv[3];

	owes_nothing(&owed);
	rs_swoole_server_zval(&argv[0], t->s);
	ZVAL_COPY(&argv[1], request);
	ZVAL_COPY(&argv[2], response);
	ZVAL_COPY(&owed.response, response);
	/* In no coroutine: the answer goes out when it returns. */
	t->ok = rs_swoole_server_call(before, true, 3, argv, &owed);
	rs_swoole_http_finish(response);
}

/* A hosted application without onHandshake: the default answer, then onOpen. Takes over both objects. */
static void answer_upgrade(struct telling *t, zval *request, zval *response)
{
	bool good = rs_swoole_http_default_handshake(request, response, port_of(t)->p.subprotocol);
	struct rs_swoole_owed owed;
	zval argv[2];

	if (good)
		rs_swoole_http_finish(response);
	zval_ptr_dtor(response);
	t->cb = good ? rs_swoole_callback(t->s, RS_ON_OPEN, t->ev->h.port) : NULL;
	if (!t->cb) {
		zval_ptr_dtor(request);
		return;
	}
	owes_nothing(&owed);
	owed.fd = t->ev->h.fd;
	rs_swoole_server_zval(&argv[0], t->s);
	ZVAL_COPY_VALUE(&argv[1], request);
	call(t, 2, argv, &owed);
}

static void tell_handshake(struct telling *t)
{
	struct rs_php_callback *before = rs_swoole_callback(t->s, RS_ON_BEFORE_HANDSHAKE, t->ev->h.port);
	struct rs_swoole_owed owed;
	zval argv[2];

	owes_nothing(&owed);
	if (!rs_swoole_http_objects(t->ev, &argv[0], &argv[1]))
		return;
	if (t->cb) {
		ZVAL_COPY(&owed.response, &argv[1]);
		call(t, 2, argv, &owed);
		return;
	}
	if (t->s->hosted) {
		answer_upgrade(t, &argv[0], &argv[1]);
		return;
	}
	if (before && rs_swoole_http_default_handshake(&argv[0], &argv[1], port_of(t)->p.subprotocol))
		answer_handshake(t, before, &argv[0], &argv[1]);
	zval_ptr_dtor(&argv[0]);
	zval_ptr_dtor(&argv[1]);
}

static void tell_open(struct telling *t)
{
	struct rs_swoole_owed owed;
	zval argv[2];

	owes_nothing(&owed);
	if (!rs_swoole_http_objects(t->ev, &argv[1], NULL))
		return;
	rs_swoole_server_zval(&argv[0], t->s);
	owed.fd = t->ev->h.fd;
	call(t, 2, argv, &owed);
}

/* NULL: it cannot be read, and its connection ends. */
static zend_string *message_of(const struct telling *t)
{
	const struct rs_wire_event *h = &t->ev->h;
	zend_string *data;
	unsigned code;

	if (!(h->b & RS_WS_RSV1))
		return zend_string_init(t->ev->data.p ? t->ev->data.p : "", t->ev->data.n, false);
	data = rs_swoole_ws_inflate(t->ev->data, h->a == RS_WS_TEXT, port_of(t)->p.package_max_length, &code);
	if (!data)
		(void)rs_server_order(h->fd, RS_ORDER_DISCONNECT, code, RS_SLICE(""));
	return data;
}

static void tell_message(struct telling *t)
{
	const struct rs_wire_event *h = &t->ev->h;
	struct rs_swoole_owed owed;
	zend_string *data = message_of(t);
	zval argv[2];

	if (!data)
		return;
	owes_nothing(&owed);
	rs_swoole_server_zval(&argv[0], t->s);
	if (h->a == RS_WS_CLOSE)
		rs_swoole_frame_make_close(&argv[1], h->fd, h->b & 0xffff, h->b >> 16, data);
	else
		rs_swoole_frame_make(&argv[1], h->fd, h->a, h->b & 0xffff & ~RS_WS_RSV1, data);
	zend_string_release(data);
	owed.fd = h->fd;
	call(t, 2, argv, &owed);
}

/* ---- messages of other processes -------------------------------------------------------------------------------------------- */

static void tell_pipe_message(struct telling *t)
{
	const struct rs_wire_event *h = &t->ev->h;
	zend_long from = h->a >= RS_ID_OUTSIDE ? 0 : rs_server_shown_id(h->a);
	uint32_t argc = 3;
	zval argv[3], data;

	if (h->b & (RS_DATA_COMMAND | RS_DATA_ANSWER)) {
		rs_swoole_command_event(t->s, t->ev);
		return;
	}
	if (!t->cb)
		return;
	rs_swoole_data_unpack(&data, t->ev->data, h->b);
	rs_swoole_server_zval(&argv[0], t->s);
	if (t->s->conf.event_object) {
		argc = 2;
		rs_swoole_pipe_message_object(&argv[1], h, from, &data);
		zval_ptr_dtor(&data);
	} else {
		ZVAL_LONG(&argv[1], from);
		ZVAL_COPY_VALUE(&argv[2], &data);
	}
	call(t, argc, argv, NULL);
}

static void tell_task(struct telling *t)
{
	t->ok = rs_swoole_task_event(t->s, t->ev);
}

static void tell_finish(struct telling *t)
{
	t->ok = rs_swoole_finish_event(t->s, t->ev);
}

/* ---- dispatch ------------------------------------------------------------------------------------------------------------- */

static const struct {
	void (*tell)(struct telling *t);
	enum rs_on on;
	bool without; /* also called when there is no callback */
} kinds[RS_EVENT_KINDS] = {
	[RS_EVENT_CONNECT] = { tell_connection, RS_ON_CONNECT, false },
	[RS_EVENT_RECEIVE] = { tell_connection, RS_ON_RECEIVE, false },
	[RS_EVENT_CLOSE] = { tell_close, RS_ON_CLOSE, false },
	[RS_EVENT_PACKET] = { tell_packet, RS_ON_PACKET, false },
	[RS_EVENT_REQUEST] = { tell_request, RS_ON_REQUEST, true },
	[RS_EVENT_HANDSHAKE] = { tell_handshake, RS_ON_HANDSHAKE, true },
	[RS_EVENT_OPEN] = { tell_open, RS_ON_OPEN, false },
	[RS_EVENT_MESSAGE] = { tell_message, RS_ON_MESSAGE, false },
	[RS_EVENT_DISCONNECT] = { tell_fd, RS_ON_DISCONNECT, false },
	[RS_EVENT_BUFFER_FULL] = { tell_fd, RS_ON_BUFFER_FULL, false },
	[RS_EVENT_BUFFER_EMPTY] = { tell_fd, RS_ON_BUFFER_EMPTY, false },
	[RS_EVENT_PIPE_MESSAGE] = { tell_pipe_message, RS_ON_PIPE_MESSAGE, true },
	[RS_EVENT_TASK] = { tell_task, RS_ON_TASK, true },
	[RS_EVENT_FINISH] = { tell_finish, RS_ON_FINISH, true },
};

static void event_body(void *arg)
{
	struct telling *t = arg;
	uint32_t kind = t->ev->h.kind;

	t->cb = rs_swoole_callback(t->s, kinds[kind].on, t->ev->h.port);
	if (t->cb || kinds[kind].without)
		kinds[kind].tell(t);
}

bool rs_swoole_server_event(struct rs_event *ev)
{
	struct telling t = { .s = rs_swoole_the_server(), .ev = ev, .ok = true };

	if (ev->h.kind >= RS_EVENT_KINDS)
		return true;
	/* Making objects and values of it runs user code as well. */
	return rs_swoole_server_guarded(event_body, &t) && t.ok;
}
