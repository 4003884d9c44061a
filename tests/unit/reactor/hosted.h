/*
 * A hosted application's server in a real reactor (serving.h): port 0 is the main one, port 1 a stream of lines, port 2 HTTP. The test
 * plays the master, the processes of all generations, and the clients.
 */
#ifndef RS_REACTOR_HOSTED_H
#define RS_REACTOR_HOSTED_H

#include "reactor/serving.h"

#define MAIN_PORT 0
#define LINES_PORT 1
#define HTTP_PORT 2
#define TASK_WORKER(i) (RS_HOSTED_TASKS + (i))
#define USER_PROCESS(i) (RS_HOSTED_USERS + (i))

/* Two workers, two task workers, a user process; change it before open_doors(). */
static UNUSED_OK void prepare_hosted(struct server *s)
{
	prepare_server(s);
	s->set.hosted = true;
	s->set.nports = 3;
	s->set.nworkers = 2;
	s->set.ntasks = 2;
	s->set.nusers = 1;
	s->port[MAIN_PORT].protocol = RS_PORT_WEBSOCKET;
	s->port[MAIN_PORT].handshake = RS_HANDSHAKE_APP;
	s->port[MAIN_PORT].events &= ~(RS_PORT_EVENT(RS_EVENT_CONNECT) | RS_PORT_EVENT(RS_EVENT_DISCONNECT));
	s->port[LINES_PORT].open_eof_split = true;
	memcpy(s->port[LINES_PORT].eof, "\n", s->port[LINES_PORT].eof_len = 1);
	s->port[LINES_PORT].events &= ~RS_PORT_EVENT(RS_EVENT_CONNECT);
	s->port[HTTP_PORT].protocol = RS_PORT_HTTP;
	s->port[HTTP_PORT].events &= ~RS_PORT_EVENT(RS_EVENT_CONNECT);
}

/* A process of that generation sits down, or waits; READY only with hire_of(). */
static UNUSED_OK void enter_of(struct server *s, struct actor *a, uint32_t id, uint32_t generation)
{
	s->h.role_next = role_of(s, id);
	enter(&s->h, a, id, generation);
}

static UNUSED_OK void hire_of(struct server *s, struct actor *a, uint32_t id, uint32_t generation)
{
	enter_of(s, a, id, generation);
	ready(&s->h, a);
}

static UNUSED_OK void shape(struct server *s, uint32_t generation, uint32_t nworkers, uint32_t ntasks)
{
	struct rs_wire_shape m = { generation, nworkers, ntasks, s->set.nusers };

	to_reactor(&s->h, RS_MSG_SHAPE, &m, sizeof m, NULL, 0);
}

static UNUSED_OK void route_to(struct server *s, uint32_t generation)
{
	shape(s, generation, s->set.nworkers, s->set.ntasks);
	route(&s->h, generation);
}

static UNUSED_OK void gone(struct server *s, const struct actor *a)
{
	struct rs_wire_gone x = { .id = a->id, .generation = a->generation, .order = 70 + a->id };

	to_reactor(&s->h, RS_MSG_WORKER_GONE, &x, sizeof x, NULL, 0);
}

/* All that was said to the reactor before is done. */
static UNUSED_OK void settle(struct server *s)
{
	(void)ask_status(&s->h);
}

static UNUSED_OK void leaving(struct actor *a)
{
	say(a, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""));
}

/* Which of the two hears something first. */
static UNUSED_OK struct actor *who(struct actor *a, struct actor *b)
{
	struct pollfd p[2] = { { .fd = a->ch.fd, .events = POLLIN }, { .fd = b->ch.fd, .events = POLLIN } };

	assert_true(poll(p, 2, PATIENCE_MS) > 0);
	return p[0].revents ? a : b;
}

/* The next line, not taken. */
static UNUSED_OK struct told hear_line(struct actor *a, const char *line)
{
	struct told t = hear_event(a, RS_EVENT_RECEIVE);

	if (t.bytes.n != strlen(line) + 1 || memcmp(t.bytes.p, line, strlen(line)) != 0)
		fail_msg("line '%.*s' instead of '%s'", (int)t.bytes.n, t.bytes.p, line);
	return t;
}

static UNUSED_OK uint32_t take_line(struct actor *a, const char *line)
{
	struct told t = hear_line(a, line);

	taken(a, t.h.seq);
	return t.h.fd;
}

static UNUSED_OK void task(struct actor *a, uint32_t id, int32_t dst, uint32_t flags, uint32_t delay_ms, const char *bytes)
{
	struct rs_wire_task h = { .id = id, .dst = dst, .flags = flags, .delay_ms = delay_ms };

	say(a, RS_MSG_TASK, 0, 0, rs_slice(&h, sizeof h), rs_slice_str(bytes));
}

static UNUSED_OK void finish_task(struct actor *a, const struct told *job, uint32_t flags, const char *bytes)
{
	struct rs_wire_finish h = { .id = job->h.a, .to = job->h.fd, .flags = flags };

	say(a, RS_MSG_FINISH, 0, 0, rs_slice(&h, sizeof h), rs_slice_str(bytes));
}

#endif
