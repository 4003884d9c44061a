/*
 * A server of a script in a real reactor (harness.h): the test plays the master, its processes, and the clients.
 */
#ifndef RS_REACTOR_SERVING_H
#define RS_REACTOR_SERVING_H

#include "reactor/harness.h"
#include "shm/board.h"

#include <stddef.h>

#define PORTS_OF_TESTS 4
#define ALL_EVENTS ((1u << RS_EVENT_KINDS) - 1)

struct server {
	struct harness h;
	struct rs_wire_server set;
	struct rs_port port[PORTS_OF_TESTS];
	int listener[PORTS_OF_TESTS]; /* 0: a TCP one is made; else taken */
	uint32_t sessions;            /* places on the board */
	int board_fd;
	struct rs_board board;
};

/* An event as a process got it; bytes are valid until the next frame. */
struct told {
	struct rs_wire_event h;
	struct rs_slice bytes;
	uint64_t id;
};

/* One stream port, one worker; change it before open_doors(). */
static UNUSED_OK void prepare_server(struct server *s)
{
	*s = (struct server){ .board_fd = -1, .sessions = 64 };
	prepare(&s->h);
	s->set = (struct rs_wire_server){ .nports = 1, .nworkers = 1, .dispatch_mode = 2, .reactor_num = 2, .max_wait_ms = 3000 };
	for (int i = 0; i < PORTS_OF_TESTS; i++) {
		s->port[i] = (struct rs_port){
			.protocol = RS_PORT_STREAM,
			.socket_type = 1,
			.listen_fd = 70 + i,
			.events = ALL_EVENTS,
			.package_max_length = 1u << 20,
			.socket_buffer_size = 8u << 20,
		};
	}
}

/* PORTS and LISTENs, as the master says them. */
static UNUSED_OK void announce(struct server *s)
{
	struct {
		struct rs_wire_server set;
		struct rs_port port[PORTS_OF_TESTS];
	} m;
	_Static_assert(offsetof(__typeof__(m), port) == sizeof m.set, "as PORTS lies");

	memset(&m, 0, sizeof m);
	m.set = s->set;
	memcpy(m.port, s->port, sizeof m.port);
	to_reactor(&s->h, RS_MSG_PORTS, &m, sizeof m.set + s->set.nports * sizeof m.port[0], &s->board_fd, 1);
	for (uint32_t i = 0; i < s->set.nports; i++) {
		assert_int_equal(rs_ipc_put(&s->h.master, RS_MSG_LISTEN, 0, s->set.hosted ? i : 0, RS_SLICE("port"), RS_SLICE(""),
					    &s->listener[i], 1), RS_OK);
		assert_int_equal(rs_ipc_flush(&s->h.master), RS_OK);
	}
}

static UNUSED_OK void open_doors(struct server *s)
{
	s->board_fd = s->set.hosted ? rs_board_create(s->sessions, RS_HOSTED_TASKS, RS_HOSTED_USERS - RS_HOSTED_TASKS,
						      RS_HOSTED_END - RS_HOSTED_USERS, false)
				    : rs_board_create(s->sessions, s->set.nworkers, s->set.ntasks, s->set.nusers, false);
	assert_true(s->board_fd >= 0);
	assert_true(rs_board_map(&s->board, s->board_fd));
	for (uint32_t i = 0; i < s->set.nports; i++) {
		if (!s->listener[i])
			s->listener[i] = tcp_listener(&s->port[i].port);
	}
	spawn(&s->h);
	announce(s);
}

static UNUSED_OK void close_doors(struct server *s)
{
	finish(&s->h);
	rs_board_unmap(&s->board);
	close(s->board_fd);
	for (uint32_t i = 0; i < s->set.nports; i++)
		close(s->listener[i]);
}

static UNUSED_OK uint32_t role_of(const struct server *s, uint32_t id)
{
	if (id == RS_ID_MANAGER)
		return RS_ROLE_MANAGER;
	if (id == RS_ID_SCRIPT)
		return RS_ROLE_SCRIPT;
	if (s->set.hosted)
		return id < RS_HOSTED_TASKS ? RS_ROLE_WORKER : id < RS_HOSTED_USERS ? RS_ROLE_TASK : RS_ROLE_USER;
	return id < s->set.nworkers ? RS_ROLE_WORKER
	       : id < s->set.nworkers + s->set.ntasks ? RS_ROLE_TASK : RS_ROLE_USER;
}

/* The process of that id sits down; READY only with hire_for(). */
static UNUSED_OK void enter_for(struct server *s, struct actor *a, uint32_t id)
{
	s->h.role_next = role_of(s, id);
	enter(&s->h, a, id, 1);
}

static UNUSED_OK void hire_for(struct server *s, struct actor *a, uint32_t id)
{
	enter_for(s, a, id);
	ready(&s->h, a);
}

static UNUSED_OK int client_of(struct server *s, unsigned port)
{
	s->h.port = s->port[port].port;
	return client(&s->h);
}

/* ---- what a process hears and says -------------------------------------------------------------------------------- */

static UNUSED_OK struct told hear_any(struct actor *a)
{
	struct rs_frame f = hear(a, RS_MSG_EVENT);
	struct told t = { .id = f.id };

	assert_true(f.payload.n >= sizeof t.h);
	memcpy(&t.h, f.payload.p, sizeof t.h);
	t.bytes = rs_slice(f.payload.p + sizeof t.h, f.payload.n - sizeof t.h);
	return t;
}

static UNUSED_OK void begin(struct actor *a, uint64_t seq)
{
	atomic_store(&a->page->begun, seq);
}

static UNUSED_OK void taken(struct actor *a, uint64_t seq)
{
	begin(a, seq);
	say(a, RS_MSG_TAKEN, 0, 0, rs_slice(&seq, sizeof seq), RS_SLICE(""));
}

/* The next event is of that kind; not yet taken. */
static UNUSED_OK struct told hear_event(struct actor *a, enum rs_event_kind kind)
{
	struct told t = hear_any(a);

	if (t.h.kind != (uint32_t)kind)
		fail_msg("event %u instead of %u: %.*s", t.h.kind, kind, (int)t.bytes.n, t.bytes.p);
	return t;
}

/* The same, and its callback returns at once. Bytes are not looked at. */
static UNUSED_OK struct told take_event(struct actor *a, enum rs_event_kind kind)
{
	struct told t = hear_event(a, kind);

	taken(a, t.h.seq);
	return t;
}

static UNUSED_OK void expect_bytes(struct actor *a, enum rs_event_kind kind, uint32_t fd, const char *bytes)
{
	struct told t = hear_event(a, kind);

	assert_int_equal(t.h.fd, fd);
	if (!rs_slice_eq(t.bytes, rs_slice_str(bytes)))
		fail_msg("'%.*s' instead of '%s'", (int)t.bytes.n, t.bytes.p, bytes);
	taken(a, t.h.seq);
}

static UNUSED_OK void send_to(struct actor *a, uint32_t fd, struct rs_slice bytes)
{
	struct rs_wire_send h = { .fd = fd, .kind = RS_SEND_BYTES };

	say(a, RS_MSG_SEND, 0, 0, rs_slice(&h, sizeof h), bytes);
}

static UNUSED_OK void order(struct actor *a, uint32_t fd, enum rs_order what, int64_t arg)
{
	struct rs_wire_order o = { .fd = fd, .what = what, .arg = arg };

	say(a, RS_MSG_ORDER, 0, 0, rs_slice(&o, sizeof o), RS_SLICE(""));
}

/* ---- clients and the board --------------------------------------------------------------------------------------------- */

static UNUSED_OK void expect_text(int fd, const char *text)
{
	char got[4096] = "";
	size_t n = strlen(text);

	assert_true(n < sizeof got);
	assert_true(read_exact(fd, got, n));
	assert_string_equal(got, text);
}

/* Waits until the board shows that state of a connection; RS_SESSION_FREE: that it is gone. */
static UNUSED_OK struct rs_session until_state(struct server *s, uint32_t fd, enum rs_session_state state)
{
	int64_t end = rs_now_ms() + PATIENCE_MS;
	struct rs_session x = { 0 };

	while (rs_now_ms() < end) {
		bool there = rs_board_get(&s->board, fd, &x);
		if ((state == RS_SESSION_FREE && !there) || (there && x.state == state))
			return x;
		pause_ms(1);
	}
	fail_msg("connection %u is in state %u, not %u", fd, x.state, state);
	return x;
}

#endif
