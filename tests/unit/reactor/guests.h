/*
 * A reactor that serves a script's server: the test plays master, processes and clients. One port, HTTP or WebSocket.
 */
#ifndef RS_REACTOR_GUESTS_H
#define RS_REACTOR_GUESTS_H

#include "ipc/server_wire.h"
#include "reactor/wsclient.h"
#include "shm/board.h"

#define ALL_EVENTS                                                                                                      \
	(RS_PORT_EVENT(RS_EVENT_CONNECT) | RS_PORT_EVENT(RS_EVENT_CLOSE) | RS_PORT_EVENT(RS_EVENT_REQUEST) |            \
	 RS_PORT_EVENT(RS_EVENT_HANDSHAKE) | RS_PORT_EVENT(RS_EVENT_OPEN) | RS_PORT_EVENT(RS_EVENT_MESSAGE) |           \
	 RS_PORT_EVENT(RS_EVENT_BUFFER_FULL) | RS_PORT_EVENT(RS_EVENT_BUFFER_EMPTY))

struct serving {
	struct harness h;
	struct rs_wire_server set;
	struct rs_port port;
	struct rs_board board;
	int board_fd;
};

/* An event as a process got it; its payload is a copy. */
struct heard {
	struct rs_wire_event e;
	uint64_t id;
	char *bytes;
	size_t n;
	int fd;
};

/* ---- life ------------------------------------------------------------------------------------------------ */

/* Defaults that fit tests; change set and port before serve(). */
static UNUSED_OK void prepare_serving(struct serving *s, enum rs_port_protocol protocol, uint32_t nworkers)
{
	memset(s, 0, sizeof *s);
	prepare(&s->h);
	s->set = (struct rs_wire_server){
		.nports = 1,
		.nworkers = nworkers,
		.ntasks = 1,
		.dispatch_mode = 2,
		.discard_timeout_request = true,
		.reactor_num = 2,
		.max_conn = 20000,
		.max_wait_ms = 3000,
		.first_fd = 1,
	};
	s->port = (struct rs_port){
		.protocol = (uint8_t)protocol,
		.socket_type = 1,
		.listen_fd = 7,
		.events = ALL_EVENTS,
		.host = "127.0.0.1",
		.package_max_length = 2u << 20,
		.socket_buffer_size = 8u << 20,
		.output_buffer_size = UINT32_MAX,
		.high_watermark = 6u << 20,
		.tcp_nodelay = true,
	};
	s->board_fd = rs_board_create(s->set.max_conn + 64, nworkers, s->set.ntasks, 0, false);
	assert_true(s->board_fd >= 0 && rs_board_map(&s->board, s->board_fd));
}

static UNUSED_OK void serve_port(struct serving *s)
{
	struct rs_buf ports = { 0 };

	spawn(&s->h);
	s->h.listener = tcp_listener(&s->h.port);
	s->port.port = s->h.port;
	assert_true(rs_buf_put(&ports, &s->set, sizeof s->set) && rs_buf_put(&ports, &s->port, sizeof s->port));
	to_reactor(&s->h, RS_MSG_PORTS, rs_buf_data(&ports), ports.len, &s->board_fd, 1);
	to_reactor(&s->h, RS_MSG_LISTEN, "127.0.0.1", 9, &s->h.listener, 1);
	route(&s->h, 1);
	rs_buf_free(&ports);
}

static UNUSED_OK void end_serving(struct serving *s)
{
	finish(&s->h);
	rs_board_unmap(&s->board);
	close(s->board_fd);
}

static UNUSED_OK void hire_role(struct serving *s, struct actor *a, uint32_t id, enum rs_server_role role)
{
	s->h.role_next = role;
	enter(&s->h, a, id, 1);
	ready(&s->h, a);
}

/* ---- events ------------------------------------------------------------------------------------------------ */

static UNUSED_OK void heard_free(struct heard *e)
{
	free(e->bytes);
	rs_fd_close(&e->fd);
	e->bytes = NULL;
}

static const char *const kinds[] = { "CONNECT", "RECEIVE", "CLOSE",	 "PACKET",	"REQUEST",	"HANDSHAKE", "OPEN",
				     "MESSAGE", "DISCONNECT", "BUFFER_FULL", "BUFFER_EMPTY", "PIPE_MESSAGE", "TASK", "FINISH" };

/* The next event, of that kind; begun, as a worker would, but not taken. */
static UNUSED_OK struct heard hear_event(struct actor *a, enum rs_event_kind kind)
{
	struct rs_frame f = hear(a, RS_MSG_EVENT);
	struct heard e = { .id = f.id, .fd = -1 };

	assert_true(f.payload.n >= sizeof e.e);
	memcpy(&e.e, f.payload.p, sizeof e.e);
	e.n = f.payload.n - sizeof e.e;
	e.bytes = malloc(e.n + 1);
	memcpy(e.bytes, f.payload.p + sizeof e.e, e.n);
	e.bytes[e.n] = '\0';
	if (f.nfds)
		e.fd = rs_ipc_take_fd(&a->ch, &f, 0);
	if (e.e.kind != kind)
		fail_msg("worker %u: %s instead of %s", a->id, e.e.kind < RS_COUNTOF(kinds) ? kinds[e.e.kind] : "?", kinds[kind]);
	atomic_store(&a->page->begun, e.e.seq);
	return e;
}

static UNUSED_OK void take_up_to(struct actor *a, uint64_t seq)
{
	say(a, RS_MSG_TAKEN, 0, 0, rs_slice(&seq, sizeof seq), RS_SLICE(""));
}

/* Its callback has returned. */
static UNUSED_OK void taken(struct actor *a, struct heard *e)
{
	take_up_to(a, e->e.seq);
	heard_free(e);
}

/* One event of that kind from begin to end; the $fd it is about. */
static UNUSED_OK uint32_t handle(struct actor *a, enum rs_event_kind kind)
{
	struct heard e = hear_event(a, kind);
	uint32_t fd = e.e.fd;

	taken(a, &e);
	return fd;
}

/* The REQUEST part of an event, for head_bytes() and its kin. Bytes stay the event's. */
static UNUSED_OK struct got as_request(const struct heard *e)
{
	struct got g = { .id = e->id, .bytes = e->bytes, .n = e->n, .fd = -1 };

	assert_true(e->n >= sizeof g.w);
	memcpy(&g.w, e->bytes, sizeof g.w);
	return g;
}

/* The whole life of a request: 200 and that body. */
static UNUSED_OK void serve_event(struct actor *a, const char *target, const char *body)
{
	struct heard e = hear_event(a, RS_EVENT_REQUEST);
	struct got g = as_request(&e);

	if (!target_is(&g, target))
		fail_msg("not %s but %.*s", target, (int)g.w.target.len, head_bytes(&g).p + g.w.target.off);
	respond(a, e.id, RS_FRAME_END, 200, "X-Test: 1\r\n", -1, rs_slice_str(body));
	taken(a, &e);
}

/* ---- what processes say --------------------------------------------------------------------------------- */

static UNUSED_OK void push(struct actor *a, uint32_t fd, unsigned opcode, unsigned flags, struct rs_slice payload)
{
	struct rs_wire_send w = { .fd = fd, .kind = RS_SEND_WEBSOCKET, .opcode = (uint8_t)opcode, .flags = (uint8_t)flags };

	say(a, RS_MSG_SEND, 0, 0, rs_slice(&w, sizeof w), payload);
}

static UNUSED_OK void push_text(struct actor *a, uint32_t fd, const char *text)
{
	push(a, fd, RS_WS_TEXT, RS_WS_FIN, rs_slice_str(text));
}

static UNUSED_OK void give_order(struct actor *a, uint32_t fd, enum rs_order what, int64_t arg, const char *text)
{
	struct rs_wire_order w = { .fd = fd, .what = what, .arg = arg };

	say(a, RS_MSG_ORDER, 0, 0, rs_slice(&w, sizeof w), rs_slice_str(text));
}

/* ---- the board ------------------------------------------------------------------------------------------ */

/* Waits until the board shows that; NULL: it does not. */
#define until_session(s, fd_, x, condition)                                                                             \
	do {                                                                                                            \
		int64_t end_ms = rs_now_ms() + PATIENCE_MS;                                                             \
		while (!(rs_board_get(&(s)->board, fd_, &x) && (condition))) {                                          \
			if (rs_now_ms() > end_ms)                                                                       \
				fail_msg("connection %u never has " #condition, fd_);                                   \
			pause_ms(2);                                                                                    \
		}                                                                                                       \
	} while (0)

static UNUSED_OK void until_gone(struct serving *s, uint32_t fd)
{
	int64_t end = rs_now_ms() + PATIENCE_MS;
	struct rs_session x;

	while (rs_board_get(&s->board, fd, &x)) {
		if (rs_now_ms() > end)
			fail_msg("connection %u is still on the board", fd);
		pause_ms(2);
	}
}

/* ---- WebSocket clients ---------------------------------------------------------------------------------- */

static UNUSED_OK void expect_text(int fd, const char *text)
{
	expect_frame(fd, RS_WS_TEXT, rs_slice_str(text));
}

/* A connection that is established; a hears CONNECT and OPEN. *fd: its number. */
static UNUSED_OK int joined(struct serving *s, struct actor *a, uint32_t *fd)
{
	int c = client(&s->h);

	send_text(c, UPGRADE);
	expect_upgraded(c);
	*fd = handle(a, RS_EVENT_CONNECT);
	assert_int_equal(handle(a, RS_EVENT_OPEN), *fd);
	return c;
}

#endif
