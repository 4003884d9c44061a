/*
 * Jobs for task workers: given, waited for, answered.
 */
#include "worker/server_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <stdlib.h>

int64_t rs_server_task(int32_t dst, uint32_t flags, uint32_t delay_ms, struct rs_slice bytes)
{
	struct rs_server *s = rs_server_self();
	struct rs_wire_task h = { .dst = dst, .flags = flags, .delay_ms = delay_ms };

	if (!s || bytes.n > RS_SEND_MAX - sizeof h || dst >= (int64_t)s->setup.server.ntasks || s->setup.server.ntasks == 0)
		return -1;
	/* Results come to workers; outside there is nobody who could wait for one. */
	if (s->role == RS_ROLE_OUTSIDE && (flags & (RS_DATA_WAITED | RS_DATA_CALLBACK)))
		return -1;
	h.id = s->next_task;
	if (rs_server_put(s, RS_MSG_TASK, 0, 0, rs_slice(&h, sizeof h), bytes, -1) != RS_SERVER_OK)
		return -1;
	s->next_task = (s->next_task + 1) & INT32_MAX;
	return h.id;
}

enum rs_server_result rs_server_finish(uint32_t task, uint32_t to, uint32_t flags, struct rs_slice bytes)
{
	const struct rs_wire_finish h = { .id = task, .to = to, .flags = flags };
	struct rs_server *s = rs_server_self();

	if (!s)
		return RS_SERVER_LOST;
	if (bytes.n > RS_SEND_MAX - sizeof h)
		return RS_SERVER_TOO_LARGE;
	return rs_server_put(s, RS_MSG_FINISH, 0, 0, rs_slice(&h, sizeof h), bytes, -1);
}

/* ---- waiting for results ------------------------------------------------------------------------------------------ */

static bool is_one_of(const uint32_t *tasks, size_t n, uint32_t id, size_t *which)
{
	for (size_t i = 0; i < n; i++) {
		if (tasks[i] != id)
			continue;
		*which = i;
		return true;
	}
	return false;
}

/* A result among the events that are kept. It is taken out of its turn; its place stays, for its number. */
static struct rs_kept *find_result(struct rs_server *s, const uint32_t *tasks, size_t n, size_t *which)
{
	struct rs_kept *k;

	STAILQ_FOREACH(k, &s->kept, link) {
		if (!k->spent && k->ev.h.kind == RS_EVENT_FINISH && (k->ev.h.b & RS_DATA_WAITED) &&
		    is_one_of(tasks, n, k->ev.h.a, which))
			return k;
	}
	return NULL;
}

/* Gives it out. Who serves events comes across its empty place later; others have none to serve. */
static enum rs_result take_result(struct rs_server *s, struct rs_kept *k, uint32_t *flags, struct rs_buf *out)
{
	bool ok = rs_buf_put(out, k->bytes, k->n);

	*flags = k->ev.h.b;
	k->spent = true;
	if (s->role != RS_ROLE_WORKER && s->role != RS_ROLE_TASK) {
		STAILQ_REMOVE(&s->kept, k, rs_kept, link);
		free(k);
	}
	return ok ? RS_OK : RS_ERR;
}

static enum rs_result wait_finish(struct rs_server *s, const uint32_t *tasks, size_t n, int64_t deadline_us, size_t *which,
				  uint32_t *flags, struct rs_buf *out)
{
	struct rs_kept *k;
	int64_t left_us;

	for (;;) {
		k = find_result(s, tasks, n, which);
		if (k)
			return take_result(s, k, flags, out);
		if (s->lost || s->p->data.fd < 0 || s->p->data.eof || s->p->forked_away)
			return RS_ERR;
		left_us = deadline_us - rs_now_us();
		if (left_us <= 0)
			return RS_AGAIN;
		(void)rs_server_wait(s, left_us > 60000000 ? 60000 : (int)((left_us + 999) / 1000));
	}
}

enum rs_result rs_server_wait_finish(const uint32_t *tasks, size_t n, int64_t deadline_us, size_t *which, uint32_t *flags,
				     struct rs_buf *out)
{
	struct rs_server *s = rs_server_self();
	enum rs_result r;

	if (!s)
		return RS_ERR;
	s->nwaiting++;
	r = wait_finish(s, tasks, n, deadline_us, which, flags, out);
	s->nwaiting--;
	/* Nobody will ask for what comes too late. */
	if (r != RS_OK && s->role != RS_ROLE_WORKER && s->role != RS_ROLE_TASK)
		rs_server_drop_kept(s);
	return r;
}
