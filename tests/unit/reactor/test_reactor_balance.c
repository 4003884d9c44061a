/*
 * Slots, dispatch, credit and deadlines in one process with a clock that the test turns: what happens at
 * exactly which moment, and who wins which race. Claim pages are real memory.
 */
#include "reactor/reactor_balance.c"
#include "reactor/reactor_slot.c"

#include "reactor/reactor_send.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>

#define MAX_CLIENTS 64
#define T0 1000000000

static struct {
	struct rs_reactor *r;
	struct rs_conf conf;
	struct rs_log log;
	struct rs_ipc master;
	int log_file;
	struct rs_worker *w[4];
	struct rs_ipc peer[4];       /* the workers' ends */
	int client[MAX_CLIENTS];     /* the clients' ends */
	struct rs_conn *c[MAX_CLIENTS];
	unsigned nclients, nworkers;
} t;

static int up(void **state)
{
	int pair[2];

	(void)state;
	memset(&t, 0, sizeof t);
	rs_conf_init(&t.conf);
	t.log_file = memfd_create("log", 0);
	t.log = (struct rs_log){ .fd = t.log_file };
	t.r = calloc(1, sizeof *t.r);
	t.r->magic = RS_REACTOR_MAGIC;
	t.r->base = event_base_new();
	t.r->log = &t.log;
	t.r->conf = &t.conf;
	t.r->conns.size = sizeof(struct rs_conn);
	t.r->reqs.size = sizeof(struct rs_req);
	t.r->access.fd = -1;
	t.r->files.root_fd = -1;
	TAILQ_INIT(&t.r->ready);
	TAILQ_INIT(&t.r->idle);
	TAILQ_INIT(&t.r->dead);
	rs_route_init(t.r);
	t.r->now_us = T0;
	t.r->sweeping = true; /* by hand */
	t.r->route.generation = 1;
	assert_true(rs_balance_init(t.r) && rs_fd_pair(pair) && rs_control_init(t.r, pair[0]));
	rs_ipc_init(&t.master, pair[1], RS_IPC_MASTER, RS_IPC_REACTOR);
	return 0;
}

static int down(void **state)
{
	(void)state;
	rs_conn_close_all(t.r);
	for (unsigned i = 0; i < t.nworkers; i++) {
		if (t.w[i])
			rs_worker_lost(t.w[i], 502);
		rs_ipc_fini(&t.peer[i]);
	}
	rs_conn_reap(t.r);
	rs_worker_reap(t.r);
	assert_int_equal(t.r->reqs.used, 0);
	assert_int_equal(t.r->route.queued, 0);
	assert_int_equal(t.r->route.backlogged, 0);
	for (unsigned i = 0; i < t.nclients; i++)
		close(t.client[i]);
	rs_balance_fini(t.r);
	rs_control_fini(t.r);
	rs_ipc_fini(&t.master);
	event_base_free(t.r->base);
	for (uint32_t i = 0; i < rs_slab_capacity(&t.r->reqs); i++)
		rs_buf_free(&((struct rs_req *)rs_slab_at(&t.r->reqs, i))->payload);
	rs_slab_fini(&t.r->reqs);
	rs_slab_fini(&t.r->conns);
	rs_buf_free(&t.r->out);
	free(t.r->deadline_ms);
	free(t.r);
	rs_conf_fini(&t.conf);
	close(t.log_file);
	return 0;
}

static struct rs_worker *worker(void)
{
	struct rs_wire_fork id = { .id = t.nworkers, .generation = 1 };
	int pair[2];
	struct rs_worker *w;

	assert_true(rs_fd_pair(pair));
	w = rs_worker_new(t.r, &id, pair[0], rs_fd_memory("page", RS_CLAIM_PAGE));
	assert_non_null(w);
	rs_ipc_init(&t.peer[t.nworkers], pair[1], RS_IPC_WORKER, RS_IPC_REACTOR);
	rs_fd_nonblock(pair[1], true);
	t.w[t.nworkers++] = w;
	w->phase = RS_WORKER_PHASE_READY;
	w->since_us = t.r->now_us;
	rs_slot_place(w);
	return w;
}

/* A client that has asked; its request, which may be queued, posted or answered already. */
static struct rs_req *ask(void)
{
	static const char text[] = "GET /x HTTP/1.1\r\nHost: t\r\n\r\n";
	struct sockaddr_storage none = { 0 };
	int pair[2];
	struct rs_conn *c;

	assert_true(t.nclients < MAX_CLIENTS && rs_fd_pair(pair) && rs_fd_nonblock(pair[0], true) &&
		    rs_fd_nonblock(pair[1], true));
	c = rs_conn_new(t.r, pair[0], &none, false);
	assert_int_equal(send(pair[1], text, sizeof text - 1, 0), sizeof text - 1);
	t.c[t.nclients] = c;
	t.client[t.nclients++] = pair[1];
	event_active(&c->ev_read, EV_READ, 1);
	event_base_loop(t.r->base, EVLOOP_NONBLOCK);
	return c->req;
}

static int status_of(unsigned client)
{
	char text[64] = "";
	ssize_t n = recv(t.client[client], text, sizeof text - 1, 0);

	return n > 12 ? atoi(text + 9) : 0;
}

static bool claim(struct rs_req *q)
{
	return rs_claim_move(q->worker->page, q->slot, q->claim, RS_CLAIM_TAKEN);
}

static void at_us(int64_t us)
{
	t.r->now_us = T0 + us;
}

static void turn(void)
{
	rs_balance_check(t.r);
	rs_worker_flush_all(t.r);
}

static unsigned frames(unsigned i, enum rs_msg msg)
{
	struct rs_frame f;
	unsigned n = 0;

	rs_worker_flush_all(t.r);
	while (rs_ipc_fill(&t.peer[i]) == RS_OK)
		;
	while (rs_ipc_next(&t.peer[i], &f) == RS_OK)
		n += f.msg == msg;
	return n;
}

/* ---- who wins ----------------------------------------------------------------------------------------- */

enum before { POSTED, TAKEN, GARBAGE };

static void set_word(struct rs_req *q, enum before b)
{
	if (b == TAKEN)
		assert_true(claim(q));
	if (b == GARBAGE)
		q->worker->page->word[q->slot] = 0xdeadbeef;
}

static void client_leaves(void **state)
{
	static const bool cancelled[] = { [POSTED] = false, [TAKEN] = true, [GARBAGE] = true };

	(void)state;
	struct rs_worker *w = worker();
	for (int b = POSTED; b <= GARBAGE; b++) {
		struct rs_req *q = ask();
		uint64_t id = q->node.id;
		assert_int_equal(frames(0, RS_MSG_REQUEST), 1);
		set_word(q, (enum before)b);
		rs_conn_close(t.c[t.nclients - 1]);
		assert_int_equal(frames(0, RS_MSG_CANCEL), cancelled[b]);
		/* Cancelled, it is still the worker's until DONE; taken back, it is gone. */
		assert_true((rs_slab_find(&t.r->reqs, id) != NULL) == cancelled[b]);
		if (b == POSTED) /* and the worker cannot claim it any more */
			assert_int_equal(w->page->word[0] & 3, RS_CLAIM_REVOKED);
		if (cancelled[b])
			rs_route_done(w, q);
		assert_int_equal(w->posted, 0);
	}
}

static void deadline_passes(void **state)
{
	(void)state;
	t.conf.queue_timeout = 5000;
	worker();
	struct rs_req *q[3] = { ask(), ask(), ask() };
	set_word(q[1], TAKEN);
	at_us(4999999);
	rs_conn_sweep(t.r);
	assert_int_equal(t.w[0]->posted, 3);
	at_us(5000000);
	rs_conn_sweep(t.r);
	assert_int_equal(status_of(0), 503);
	assert_int_equal(status_of(1), 0);
	assert_int_equal(status_of(2), 503);
	assert_int_equal(t.w[0]->posted, 1);
	assert_int_equal(t.r->n.refused, 2);
	/* The claimed one has no such deadline any more. */
	at_us(3600000000);
	rs_conn_sweep(t.r);
	assert_int_equal(status_of(1), 0);
}

static void worker_dies(void **state)
{
	(void)state;
	worker();
	struct rs_req *q[4] = { ask(), ask(), ask(), ask() };
	set_word(q[0], TAKEN);
	set_word(q[2], GARBAGE); /* if in doubt it may have run */
	rs_worker_lost(t.w[0], 502);
	t.w[0] = NULL;
	assert_int_equal(status_of(0), 502);
	assert_int_equal(status_of(2), 502);
	assert_int_equal(t.r->route.queued, 2);
	assert_ptr_equal(TAILQ_FIRST(&t.r->route.queue), q[1]);
	worker();
	rs_route_pump(t.r);
	assert_ptr_equal(q[1]->worker, t.w[1]);
	assert_ptr_equal(q[3]->worker, t.w[1]);
	assert_true(q[1]->claim < q[3]->claim);
	assert_int_equal(t.r->n.moved, 2);
}

/* ---- the ring ----------------------------------------------------------------------------------------- */

static void revoked_requests_count_until_they_are_read(void **state)
{
	(void)state;
	struct rs_worker *w = worker();
	for (unsigned i = 0; i < RS_CLAIM_SLOTS - 1; i++) {
		ask();
		rs_conn_close(t.c[t.nclients - 1]);
		assert_int_equal(w->ndead, i + 1);
		assert_int_equal(w->bucket, 0);
	}
	/* One place is left, and that request is not taken back: it is to show how far the worker reads. */
	struct rs_req *sign = ask();
	assert_int_equal(w->bucket, -1);
	rs_conn_close(t.c[t.nclients - 1]);
	assert_ptr_equal(sign->worker, w);
	assert_null(sign->conn);
	assert_int_equal(frames(0, RS_MSG_REQUEST), RS_CLAIM_SLOTS);
	ask();
	assert_int_equal(t.r->route.queued, 1);
	/* Claimed: everything in front of it was read. */
	assert_true(claim(sign) && rs_slot_claimed(sign));
	assert_int_equal(w->ndead, 0);
	assert_int_equal(w->bucket, 1);
	turn();
	assert_int_equal(t.r->route.queued, 0);
	rs_route_done(w, sign);
}

static void overdue_is_stronger_than_the_ring(void **state)
{
	(void)state;
	t.conf.queue_timeout = 100;
	struct rs_worker *w = worker();
	for (unsigned i = 0; i < RS_CLAIM_SLOTS; i++)
		ask();
	at_us(100000);
	rs_conn_sweep(t.r);
	for (unsigned i = 0; i < RS_CLAIM_SLOTS; i++)
		assert_int_equal(status_of(i), 503);
	assert_int_equal(w->posted, 0);
	assert_int_equal(w->ndead, RS_CLAIM_SLOTS);
	assert_int_equal(w->bucket, -1);
	/* Nothing can be posted to it any more: it is sent home, for a new one to come. */
	at_us(100000 + ASLEEP_REST_US);
	rs_balance_sweep(t.r);
	assert_int_equal(frames(0, RS_MSG_RETIRE), 1);
	assert_int_equal(w->phase, RS_WORKER_PHASE_RETIRED);
}

/* ---- waiting behind others ---------------------------------------------------------------------------- */

static void fewest_posted_first(void **state)
{
	struct rs_req *q;
	int seen[2] = { 0 };

	(void)state;
	t.conf.post_ahead = 3;
	worker();
	worker();
	for (int i = 0; i < 6; i++) {
		q = ask();
		seen[q->worker == t.w[1]]++;
		assert_true(abs(seen[0] - seen[1]) <= 1);
	}
	ask();
	assert_int_equal(t.r->route.queued, 1);
}

static void moves_after_a_millisecond(void **state)
{
	(void)state;
	worker();
	struct rs_req *run = ask(), *wait = ask();
	assert_true(claim(run));
	worker();
	at_us(MOVE_AFTER_US - 1);
	turn();
	assert_ptr_equal(wait->worker, t.w[0]);
	assert_true(t.r->balance.armed); /* so that somebody looks again */
	at_us(2 * MOVE_AFTER_US - 2); /* at most once in a millisecond */
	turn();
	assert_ptr_equal(wait->worker, t.w[0]);
	at_us(2 * MOVE_AFTER_US - 1);
	turn();
	assert_ptr_equal(wait->worker, t.w[1]);
	assert_int_equal(t.r->n.moved, 1);
	rs_route_done(t.w[0], run);
}

static void moving_loses_against_a_claim(void **state)
{
	(void)state;
	worker();
	struct rs_req *run = ask(), *wait = ask();
	assert_true(claim(run));
	worker();
	at_us(MOVE_AFTER_US);
	rs_route_done(t.w[0], run);
	assert_true(claim(wait));
	turn();
	assert_ptr_equal(wait->worker, t.w[0]);
	assert_int_equal(frames(1, RS_MSG_REQUEST), 0);
}

static void stalled_by_the_clock(void **state)
{
	(void)state;
	worker();
	struct rs_req *run = ask();
	assert_true(claim(run));
	struct rs_req *wait = ask();
	at_us(STALLED_US - 1);
	turn();
	assert_false(t.w[0]->stalled);
	at_us(STALLED_US - 1 + MOVE_AFTER_US);
	turn();
	assert_true(t.w[0]->stalled);
	assert_int_equal(wait->state, RS_REQ_QUEUED);
	/* It gets nothing until it is done. */
	ask();
	assert_int_equal(t.r->route.queued, 2);
	rs_route_done(t.w[0], run);
	assert_int_equal(t.r->route.queued, 0);
	assert_ptr_equal(wait->worker, t.w[0]);
}

static void stalled_by_what_is_usual(void **state)
{
	(void)state;
	worker();
	t.r->balance.service_us = 10000;
	struct rs_req *run = ask();
	assert_true(claim(run));
	ask();
	at_us(STALLED_TIMES * 10000 - 1);
	turn();
	assert_false(t.w[0]->stalled);
	at_us(STALLED_TIMES * 10000 + MOVE_AFTER_US);
	turn();
	assert_true(t.w[0]->stalled);
}

static void nothing_claimed_is_not_stalled(void **state)
{
	(void)state;
	worker();
	ask();
	ask();
	at_us(100 * STALLED_US);
	turn();
	assert_false(t.w[0]->stalled);
	assert_int_equal(t.w[0]->posted, 2);
}

static void one_slow_request_does_not_change_what_is_usual(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		rs_balance_took(t.r, 800);
	assert_in_range(t.r->balance.service_us, 700, 800);
	rs_balance_took(t.r, 60000000);
	assert_in_range(t.r->balance.service_us, 700, 1500);
	for (int i = 0; i < 100; i++)
		rs_balance_took(t.r, 50000);
	assert_in_range(t.r->balance.service_us, 45000, 50000);
}

static void sleeping_worker_gives_back_and_rests(void **state)
{
	(void)state;
	struct rs_worker *w = worker();
	struct rs_req *q = ask();
	at_us(ASLEEP_US - 1);
	rs_balance_sweep(t.r);
	assert_ptr_equal(q->worker, w);
	at_us(ASLEEP_US);
	rs_balance_sweep(t.r);
	assert_int_equal(q->state, RS_REQ_QUEUED);
	at_us(ASLEEP_US + ASLEEP_REST_US - 1);
	rs_balance_sweep(t.r);
	assert_int_equal(q->state, RS_REQ_QUEUED);
	at_us(ASLEEP_US + ASLEEP_REST_US);
	rs_balance_sweep(t.r);
	assert_ptr_equal(q->worker, w);
}

static void worker_that_never_wakes_is_replaced(void **state)
{
	(void)state;
	t.conf.request_timeout = 1000;
	worker();
	struct rs_req *q = ask();
	at_us(ASLEEP_US);
	rs_balance_sweep(t.r);
	assert_int_equal(q->state, RS_REQ_QUEUED);
	at_us(ASLEEP_US + ASLEEP_REST_US);
	rs_balance_sweep(t.r);
	assert_ptr_equal(q->worker, t.w[0]);
	at_us(2 * ASLEEP_US + ASLEEP_REST_US);
	rs_balance_sweep(t.r);
	assert_int_equal(t.w[0]->phase, RS_WORKER_PHASE_DEAD);
	t.w[0] = NULL;
	/* Nobody had begun it: the successor will. */
	worker();
	turn();
	assert_ptr_equal(q->worker, t.w[1]);
	assert_int_equal(status_of(0), 0);
}

static void worker_that_woke_up_is_forgiven(void **state)
{
	(void)state;
	t.conf.request_timeout = 1000;
	struct rs_worker *w = worker();
	struct rs_req *q = ask();
	at_us(ASLEEP_US);
	rs_balance_sweep(t.r);
	at_us(ASLEEP_US + ASLEEP_REST_US);
	rs_balance_sweep(t.r);
	assert_true(claim(q) && rs_slot_claimed(q));
	assert_int_equal(w->asleep_us, 0);
	rs_route_done(w, q);
}

/* ---- time --------------------------------------------------------------------------------------------- */

static void request_timeout_counts_from_the_claim(void **state)
{
	(void)state;
	t.conf.request_timeout = 1000;
	worker();
	struct rs_req *q = ask();
	at_us(900000);
	assert_true(claim(q));
	rs_balance_sweep(t.r); /* sees it */
	at_us(1899999);
	rs_balance_sweep(t.r);
	assert_int_equal(t.w[0]->posted, 1);
	q->progress_us = t.r->now_us; /* a frame */
	at_us(2899998);
	rs_balance_sweep(t.r);
	assert_int_equal(t.w[0]->posted, 1);
	at_us(2899999);
	rs_balance_sweep(t.r);
	assert_int_equal(status_of(0), 504);
	assert_int_equal(t.w[0]->phase, RS_WORKER_PHASE_DEAD);
	t.w[0] = NULL;
}

static void slow_client_is_not_the_workers_fault(void **state)
{
	(void)state;
	t.conf.request_timeout = 1000;
	worker();
	struct rs_req *q = ask();
	assert_true(claim(q));
	rs_balance_sweep(t.r);
	q->conn->out = evbuffer_new();
	evbuffer_add(q->conn->out, "x", 1);
	at_us(5000000);
	rs_balance_sweep(t.r);
	assert_int_equal(t.w[0]->posted, 1);
	evbuffer_drain(q->conn->out, 1);
	at_us(5999999);
	rs_balance_sweep(t.r);
	assert_int_equal(t.w[0]->posted, 1);
	at_us(6000000);
	rs_balance_sweep(t.r);
	t.w[0] = NULL;
	assert_true(TAILQ_EMPTY(&t.r->route.all));
}

static void deadlines_of_connections(void **state)
{
	struct sockaddr_storage none = { 0 };
	int pair[2];
	struct rs_conn *c;

	(void)state;
	t.conf.header_timeout = 700;
	assert_true(rs_fd_pair(pair));
	c = rs_conn_new(t.r, pair[0], &none, false);
	at_us(699999);
	rs_conn_sweep(t.r);
	assert_int_equal(c->state, RS_CONN_IDLE);
	rs_conn_deadline(c, 0);
	at_us(10000000);
	rs_conn_sweep(t.r);
	assert_int_equal(c->state, RS_CONN_IDLE);
	rs_conn_deadline(c, 5);
	at_us(10005000);
	rs_conn_sweep(t.r);
	assert_int_equal(c->state, RS_CONN_CLOSED);
	close(pair[1]);
}

/* ---- credit ------------------------------------------------------------------------------------------- */

static uint64_t credit_sent(unsigned i)
{
	struct rs_frame f;
	uint64_t all = 0, n;

	rs_worker_flush_all(t.r);
	while (rs_ipc_fill(&t.peer[i]) == RS_OK)
		;
	while (rs_ipc_next(&t.peer[i], &f) == RS_OK) {
		if (f.msg == RS_MSG_CREDIT) {
			memcpy(&n, f.payload.p, sizeof n);
			all += n;
		}
	}
	return all;
}

static void credit_follows_what_the_client_takes(void **state)
{
	(void)state;
	t.conf.buffer_output_size = 1000;
	worker();
	struct rs_req *q = ask();
	struct rs_conn *c = q->conn;
	assert_true(claim(q) && rs_slot_claimed(q));
	c->out = evbuffer_new();
	assert_int_equal(q->granted, 1000);
	static const struct {
		unsigned spent, pending, credit;
	} step[] = {
		{ 1000, 1000, 0 },    /* all of it waits */
		{ 1000, 501, 0 },     /* less than half a window: not worth a message */
		{ 1000, 500, 500 },   /* half */
		{ 1000, 0, 500 },     /* all taken: the window is whole again */
		{ 1000, 0, 0 },
		{ 1499, 0, 0 },       /* small pieces that leave at once */
		{ 1500, 0, 500 },
		{ 1600, 1700, 0 },    /* framing waits too: never below zero */
		{ 2500, 0, 1000 },
	};
	for (size_t i = 0; i < RS_COUNTOF(step); i++) {
		static const char zero[2048];
		uint64_t granted = q->granted;
		q->spent = step[i].spent;
		assert_true(q->spent <= q->granted);
		evbuffer_drain(c->out, 4096);
		evbuffer_add(c->out, zero, step[i].pending);
		rs_send_credit(q);
		assert_int_equal(credit_sent(0), step[i].credit);
		assert_int_equal(q->granted - granted, step[i].credit);
		/* Never more than a window on its way or waiting. */
		assert_true(q->granted - q->spent +
					    (step[i].pending < q->spent ? step[i].pending : q->spent) <=
				    1000 ||
			    step[i].credit == 0);
	}
	q->ended = true;
	q->spent = q->granted;
	evbuffer_drain(c->out, 4096);
	rs_send_credit(q);
	assert_int_equal(credit_sent(0), 0); /* nothing more will come */
	rs_route_done(t.w[0], q);
}

/* ---- ids ---------------------------------------------------------------------------------------------- */

static void late_ids_are_not_found(void **state)
{
	struct thing {
		struct rs_slab_node node;
		int n;
	};
	struct rs_slab s = { .size = sizeof(struct thing) };
	uint64_t id[1000];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 1000; i++) {
			struct thing *x = rs_slab_take(&s);
			x->n = i;
			id[i] = x->node.id;
		}
		for (int i = 0; i < 1000; i++) {
			struct thing *x = rs_slab_find(&s, id[i]);
			assert_true(x && x->n == i);
			rs_slab_give(&s, x);
			assert_null(rs_slab_find(&s, id[i]));
		}
		assert_int_equal(s.used, 0);
		assert_true(rs_slab_capacity(&s) < 1100);
		for (int i = 0; i < 1000; i++)
			assert_null(rs_slab_find(&s, id[i]));
	}
	assert_null(rs_slab_find(&s, 0));
	assert_null(rs_slab_find(&s, UINT64_MAX));
	assert_null(rs_slab_find(&s, 5)); /* generation 0 */
	rs_slab_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
		T(client_leaves),
		T(deadline_passes),
		T(worker_dies),
		T(revoked_requests_count_until_they_are_read),
		T(overdue_is_stronger_than_the_ring),
		T(fewest_posted_first),
		T(moves_after_a_millisecond),
		T(moving_loses_against_a_claim),
		T(stalled_by_the_clock),
		T(stalled_by_what_is_usual),
		T(nothing_claimed_is_not_stalled),
		T(one_slow_request_does_not_change_what_is_usual),
		T(sleeping_worker_gives_back_and_rests),
		T(worker_that_never_wakes_is_replaced),
		T(worker_that_woke_up_is_forgiven),
		T(request_timeout_counts_from_the_claim),
		T(slow_client_is_not_the_workers_fault),
		T(deadlines_of_connections),
		T(credit_follows_what_the_client_takes),
		T(late_ids_are_not_found),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
