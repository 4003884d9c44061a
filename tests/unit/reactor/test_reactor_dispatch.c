/*
 * Which worker gets which request: the queue, posting ahead and taking back, death, departure, generations.
 */
#include "reactor/harness.h"

static struct harness h;

static int up(void **state)
{
	(void)state;
	prepare(&h);
	return 0;
}

static void kill_is_told(uint32_t id, enum rs_kill_reason reason)
{
	struct rs_frame f = from_reactor(&h, RS_MSG_WORKER_KILL);
	struct rs_wire_kill k;

	assert_true(f.payload.n > sizeof k); /* and it says why */
	memcpy(&k, f.payload.p, sizeof k);
	assert_int_equal(k.id, id);
	assert_int_equal(k.reason, reason);
}

static void requests_wait_for_the_first_worker(void **state)
{
	struct actor w;
	int c;

	(void)state;
	boot(&h);
	c = asking(&h, "/early");
	until_queued(&h, 1);
	enter(&h, &w, 0, 1);
	assert_true(hears_nothing(&w, 30)); /* it has not said READY */
	ready(&h, &w);
	serve(&w, "/early", "x");
	assert_reply(c, 200, "x");
	close(c);
	finish(&h);
	leave(&w);
}

static void full_queue_is_503(void **state)
{
	struct reply *r;
	int c[2];

	(void)state;
	h.conf.queue_length = 1;
	boot(&h);
	c[0] = asking(&h, "/1");
	until_queued(&h, 1);
	c[1] = asking(&h, "/2");
	r = read_reply(c[1]);
	assert_int_equal(r->status, 503);
	assert_true(has_field(r, "Retry-After: 1"));
	assert_false(has_field(r, "Connection: close"));
	get(c[1], "/3"); /* that connection may try again */
	assert_reply(c[1], 503, NULL);
	assert_int_equal(ask_status(&h).refused_total, 2);
	close(c[0]);
	close(c[1]);
	finish(&h);
}

static void waiting_has_an_end(void **state)
{
	struct actor w;
	struct got g;
	int c[2];

	(void)state;
	h.conf.queue_timeout = 300;
	boot(&h);
	c[0] = asking(&h, "/queued");
	assert_reply(c[0], 503, NULL);
	/* Posted is still waiting, as long as nobody claims it. */
	hire(&h, &w, 0, 1);
	get(c[0], "/runs");
	g = take_claimed(&w);
	c[1] = asking(&h, "/posted");
	struct got late = take(&w);
	assert_reply(c[1], 503, NULL);
	assert_false(claim(&w, &late));
	got_free(&late);
	/* What runs is not waiting. */
	answer(&w, &g, "done");
	assert_reply(c[0], 200, "done");
	close(c[0]);
	close(c[1]);
	finish(&h);
	leave(&w);
}

static void idle_worker_comes_first(void **state)
{
	struct actor w[2];
	struct got g[2];
	int c[2];

	(void)state;
	boot(&h);
	hire(&h, &w[0], 0, 1);
	hire(&h, &w[1], 1, 1);
	c[0] = asking(&h, "/1");
	c[1] = asking(&h, "/2");
	for (int i = 0; i < 2; i++)
		g[i] = take_claimed(&w[i]);
	assert_true(hears_nothing(&w[0], 10) && hears_nothing(&w[1], 10));
	for (int i = 0; i < 2; i++)
		answer(&w[i], &g[i], "x");
	for (int i = 0; i < 2; i++) {
		assert_reply(c[i], 200, "x");
		close(c[i]);
	}
	finish(&h);
	leave(&w[0]);
	leave(&w[1]);
}

/* Posted to workers or waiting for one. */
static void until_arrived(uint64_t n)
{
	int64_t end = rs_now_ms() + PATIENCE_MS;
	struct rs_wire_worker_status of;
	uint64_t there;

	do {
		struct rs_wire_status all = ask_status_of(&h, &of, 1);
		there = all.queue_length + (all.nworkers ? of.posted : 0);
		if (there == n)
			return;
		pause_ms(2);
	} while (rs_now_ms() < end);
	fail_msg("%lu requests have arrived, not %lu", (unsigned long)there, (unsigned long)n);
}

static void at_most_post_ahead_are_posted(void **state)
{
	static const char *const target[] = { "/0", "/1", "/2", "/3" };
	struct actor w;
	int c[4];

	(void)state;
	h.conf.post_ahead = 3;
	boot(&h);
	hire(&h, &w, 0, 1);
	for (unsigned i = 0; i < 4; i++) {
		c[i] = asking(&h, target[i]);
		until_arrived(i + 1);
	}
	until_queued(&h, 1); /* none is claimed: all of them may have been taken back for a while */
	/* In the order in which they came, whatever was taken back meanwhile. */
	for (int i = 0; i < 4; i++) {
		serve(&w, target[i], target[i]);
		assert_reply(c[i], 200, target[i]);
		close(c[i]);
	}
	finish(&h);
	leave(&w);
}

/* Two requests on one worker, the other one becomes free: the unclaimed one moves there. */
static void unclaimed_request_moves_to_a_free_worker(void **state)
{
	struct actor w[2];
	struct got slow, stuck, moved;
	int64_t t;
	int c[2];

	(void)state;
	boot(&h);
	hire(&h, &w[0], 0, 1);
	c[0] = asking(&h, "/slow");
	slow = take_claimed(&w[0]);
	c[1] = asking(&h, "/stuck");
	stuck = take(&w[0]);
	t = rs_now_us();
	hire(&h, &w[1], 1, 1);
	moved = take_claimed(&w[1]);
	assert_true(rs_now_us() - t < 200000);
	assert_true(target_is(&moved, "/stuck"));
	assert_false(claim(&w[0], &stuck));
	assert_int_equal(moved.id, stuck.id);
	answer(&w[1], &moved, "2");
	assert_reply(c[1], 200, "2");
	answer(&w[0], &slow, "1");
	assert_reply(c[0], 200, "1");
	assert_int_equal(ask_status(&h).moved_total, 1);
	got_free(&stuck);
	close(c[0]);
	close(c[1]);
	finish(&h);
	leave(&w[0]);
	leave(&w[1]);
}

/*
 * One worker is busy for long, the other one is never idle but quick: what waits behind the slow request must
 * not wait for it.
 */
static void requests_leave_a_stalled_worker(void **state)
{
	struct actor w[2];
	struct got slow;
	int c[3], answered[2] = { 0 };

	(void)state;
	boot(&h);
	hire(&h, &w[0], 0, 1);
	hire(&h, &w[1], 1, 1);
	c[0] = asking(&h, "/slow");
	struct pollfd p[2] = { { .fd = w[0].ch.fd, .events = POLLIN },
			       { .fd = w[1].ch.fd, .events = POLLIN } };
	assert_int_equal(poll(p, 2, PATIENCE_MS), 1);
	struct actor *busy = p[0].revents ? &w[0] : &w[1], *quick = p[0].revents ? &w[1] : &w[0];
	slow = take_claimed(busy);
	c[1] = asking(&h, "/q");
	c[2] = asking(&h, "/q");
	/*
	 * The quick one always has one in hand, so it is never free: still both clients are served
	 * throughout.
	 */
	for (int64_t end = rs_now_ms() + 500; rs_now_ms() < end;) {
		struct pollfd any[3] = { { .fd = quick->ch.fd, .events = POLLIN },
					 { .fd = c[1], .events = POLLIN },
					 { .fd = c[2], .events = POLLIN } };
		struct rs_frame f;
		poll(any, 3, 100);
		while (next_frame(&quick->ch, &f, 0, NULL)) {
			struct got offer = { .id = f.id, .fd = -1 };
			assert_int_equal(f.msg, RS_MSG_REQUEST);
			memcpy(&offer.w, f.payload.p, sizeof offer.w);
			if (claim(quick, &offer))
				answer(quick, &offer, "q");
		}
		for (int i = 1; i < 3; i++) {
			if (!any[i].revents)
				continue;
			assert_reply(c[i], 200, "q");
			get(c[i], "/q");
			answered[i - 1]++;
		}
	}
	assert_true(answered[0] > 20 && answered[1] > 20);
	answer(busy, &slow, "slow");
	assert_reply(c[0], 200, "slow");
	for (int i = 0; i < 3; i++)
		close(c[i]);
	finish(&h);
	leave(&w[0]);
	leave(&w[1]);
}

static void sleeping_worker_is_passed_over(void **state)
{
	struct actor w[2];
	struct got late;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &w[0], 0, 1);
	c = asking(&h, "/x"); /* posted to w[0], which does not look */
	late = take(&w[0]);
	hire(&h, &w[1], 1, 1);
	serve(&w[1], "/x", "moved");
	assert_reply(c, 200, "moved");
	assert_false(claim(&w[0], &late));
	got_free(&late);
	/* After a rest it is tried again: two requests at a time, one for each. */
	pause_ms(1600);
	get(c, "/two");
	int d = asking(&h, "/two");
	serve(&w[0], "/two", "2");
	serve(&w[1], "/two", "2");
	assert_reply(c, 200, "2");
	assert_reply(d, 200, "2");
	close(d);
	close(c);
	finish(&h);
	leave(&w[0]);
	leave(&w[1]);
}

static void dead_worker_costs_only_what_it_had_claimed(void **state)
{
	struct actor w[2];
	struct got g;
	int c[3];

	(void)state;
	boot(&h);
	hire(&h, &w[0], 0, 1);
	c[0] = asking(&h, "/claimed");
	g = take_claimed(&w[0]);
	for (unsigned i = 1; i < 3; i++) {
		c[i] = asking(&h, i == 1 ? "/1" : "/2");
		until_arrived(i + 1); /* posted, or taken back already */
	}
	got_free(&g);
	leave(&w[0]);
	assert_reply(c[0], 502, NULL);
	get(c[0], "/lives");
	until_queued(&h, 3);
	hire(&h, &w[1], 0, 1); /* the successor has the same id */
	serve(&w[1], "/1", "1");
	serve(&w[1], "/2", "2");
	serve(&w[1], "/lives", "3");
	assert_reply(c[1], 200, "1");
	assert_reply(c[2], 200, "2");
	assert_reply(c[0], 200, "3");
	for (int i = 0; i < 3; i++)
		close(c[i]);
	finish(&h);
	leave(&w[1]);
}

static void body_file_moves_with_its_request(void **state)
{
	static char body[100000];
	struct actor w[2];
	struct got g;
	int c;

	(void)state;
	memset(body, 'z', sizeof body);
	boot(&h);
	hire(&h, &w[0], 0, 1);
	c = client(&h);
	send_text(c, "PUT /f HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n");
	send_bytes(c, body, sizeof body);
	g = take(&w[0]);
	got_free(&g);
	leave(&w[0]);
	hire(&h, &w[1], 1, 1);
	g = take_claimed(&w[1]);
	assert_int_equal(lseek(g.fd, 0, SEEK_CUR), 0);
	assert_int_equal(lseek(g.fd, 0, SEEK_END), sizeof body);
	answer(&w[1], &g, "ok");
	assert_reply(c, 200, "ok");
	close(c);
	finish(&h);
	leave(&w[1]);
}

static void dead_worker_cuts_what_it_had_begun(void **state)
{
	struct actor w;
	static struct reply r;
	struct got g;
	size_t n;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	c = asking(&h, "/chunks");
	g = take_claimed(&w);
	respond(&w, g.id, 0, 200, "", -1, RS_SLICE("part"));
	memset(&r, 0, sizeof r);
	assert_true(read_head(c, &r) && read_chunk(c, &r, &n) && n == 4);
	got_free(&g);
	leave(&w);
	assert_true(ends(c)); /* without the last chunk */
	close(c);
	finish(&h);
}

static void last_words_of_a_worker_count(void **state)
{
	struct actor w;
	struct got g;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	c = asking(&h, "/fatal");
	g = take_claimed(&w);
	respond(&w, g.id, RS_FRAME_END, 500, "", -1, RS_SLICE("fatal"));
	got_free(&g);
	leave(&w); /* ended without DONE: recycled */
	assert_reply(c, 500, "fatal");
	close(c);
	finish(&h);
}

static void gone_worker_is_let_go_although_its_channel_is_open(void **state)
{
	struct rs_wire_gone x = { .id = 3, .generation = 1, .order = 4242 };
	struct actor w;
	struct got g;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &w, 3, 1);
	c = asking(&h, "/held");
	g = take_claimed(&w);
	got_free(&g);
	to_reactor(&h, RS_MSG_WORKER_GONE, &x, sizeof x, NULL, 0); /* another process of that id */
	assert_true(silent(c, 50));
	x.order = 73;
	to_reactor(&h, RS_MSG_WORKER_GONE, &x, sizeof x, NULL, 0);
	assert_reply(c, 502, NULL);
	assert_true(hears_eof(&w));
	close(c);
	finish(&h);
	leave(&w);
}

static void client_that_leaves_is_cancelled(void **state)
{
	struct actor w;
	struct got run, posted;
	int c[3];

	(void)state;
	h.conf.post_ahead = 2;
	boot(&h);
	hire(&h, &w, 0, 1);
	c[0] = asking(&h, "/runs");
	run = take_claimed(&w);
	c[1] = asking(&h, "/posted");
	posted = take(&w);
	c[2] = asking(&h, "/queued");
	until_connections(&h, 3);
	/* Before its turn: nobody hears of it. */
	close(c[2]);
	until_connections(&h, 2);
	close(c[1]);
	until_connections(&h, 1);
	assert_int_equal(ask_status(&h).queue_length, 0);
	assert_false(claim(&w, &posted));
	assert_true(hears_nothing(&w, 20));
	/* While it runs: the worker is told, and what it still says goes nowhere. */
	close(c[0]);
	assert_int_equal(hear(&w, RS_MSG_CANCEL).id, run.id);
	uint64_t stale = ask_status(&h).stale_frames;
	respond(&w, run.id, 0, 200, "", -1, RS_SLICE("too late"));
	say(&w, RS_MSG_DONE, 0, run.id, RS_SLICE(""), RS_SLICE(""));
	say(&w, RS_MSG_DONE, 0, run.id, RS_SLICE(""), RS_SLICE("")); /* an id that is dead by now */
	c[0] = asking(&h, "/next");
	serve(&w, "/next", "n");
	assert_reply(c[0], 200, "n");
	assert_int_equal(ask_status(&h).stale_frames, stale + 2);
	close(c[0]);
	got_free(&run);
	got_free(&posted);
	finish(&h);
	leave(&w);
}

/*
 * A worker reads ahead into a ring of RS_CLAIM_SLOTS: never are there more frames that it has not come
 * across.
 */
static void revoked_requests_do_not_pile_up(void **state)
{
	struct actor w;
	struct got g, all[RS_CLAIM_SLOTS + 1];
	unsigned n = 0;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	for (int i = 0; i < 40; i++) {
		c = asking(&h, "/leaves");
		until_connections(&h, 1);
		close(c);
		until_connections(&h, 0);
	}
	/* Now it wakes up and reads everything at once. */
	struct rs_frame f;
	while (next_frame(&w.ch, &f, 50, NULL)) {
		if (f.msg != RS_MSG_REQUEST)
			continue;
		assert_true(n < RS_CLAIM_SLOTS);
		all[n].id = f.id;
		memcpy(&all[n++].w, f.payload.p, sizeof all->w);
	}
	assert_true(n > 1);
	for (unsigned i = 0; i < n; i++) {
		if (claim(&w, &all[i])) /* one may have been left to it as a sign of life */
			say(&w, RS_MSG_DONE, 0, all[i].id, RS_SLICE(""), RS_SLICE(""));
	}
	/* And it is as useful as before. */
	for (int i = 0; i < 20; i++) {
		c = asking(&h, "/stays");
		g = take_claimed(&w);
		answer(&w, &g, "s");
		assert_reply(c, 200, "s");
		close(c);
	}
	finish(&h);
	leave(&w);
}

static void stuck_request_is_504(void **state)
{
	struct actor w[2];
	struct got g;
	int c[2];

	(void)state;
	h.conf.request_timeout = 400;
	boot(&h);
	hire(&h, &w[0], 0, 1);
	c[0] = asking(&h, "/stuck");
	g = take_claimed(&w[0]);
	got_free(&g);
	c[1] = asking(&h, "/behind");
	assert_true(silent(c[0], 200));
	assert_reply(c[0], 504, NULL);
	kill_is_told(0, RS_KILL_TIMEOUT);
	hire(&h, &w[1], 1, 1);
	serve(&w[1], "/behind", "b");
	assert_reply(c[1], 200, "b");
	/* Progress counts: a slow stream is not stuck. */
	get(c[0], "/stream");
	g = take_claimed(&w[1]);
	respond(&w[1], g.id, 0, 200, "", 5, RS_SLICE("a"));
	for (int i = 0; i < 4; i++) {
		pause_ms(250);
		say(&w[1], RS_MSG_BODY, i == 3 ? RS_FRAME_END | RS_FRAME_DONE : 0, g.id, RS_SLICE("b"),
		    RS_SLICE(""));
	}
	got_free(&g);
	assert_reply(c[0], 200, "abbbb");
	close(c[0]);
	close(c[1]);
	finish(&h);
	leave(&w[0]);
	leave(&w[1]);
}

/* ---- workers that break the rules --------------------------------------------------------------------- */

/*
 * Does something wrong with a claimed request; the client gets 502, the master is told, the next worker
 * serves.
 */
static void punished(void (*wrong)(struct actor *, struct got *), bool claimed)
{
	struct actor w, next;
	struct got g;
	int c;

	prepare(&h);
	boot(&h);
	hire(&h, &w, 7, 1);
	c = asking(&h, "/x");
	g = claimed ? take_claimed(&w) : take(&w);
	wrong(&w, &g);
	got_free(&g);
	kill_is_told(7, RS_KILL_PROTOCOL);
	assert_true(hears_eof(&w));
	if (claimed) {
		assert_reply(c, 502, NULL);
		get(c, "/x");
	}
	hire(&h, &next, 8, 1);
	serve(&next, "/x", "x");
	assert_reply(c, 200, "x");
	close(c);
	finish(&h);
	leave(&w);
	leave(&next);
}

static void ready_again(struct actor *a, struct got *g)
{
	struct rs_wire_ready r = { RS_PROTOCOL, 1 };

	(void)g;
	say(a, RS_MSG_READY, 0, 0, rs_slice(&r, sizeof r), RS_SLICE(""));
}

static void body_without_head(struct actor *a, struct got *g)
{
	say(a, RS_MSG_BODY, 0, g->id, RS_SLICE("x"), RS_SLICE(""));
}

static void done_without_end(struct actor *a, struct got *g)
{
	say(a, RS_MSG_DONE, 0, g->id, RS_SLICE(""), RS_SLICE(""));
}

static void wrong_lengths(struct actor *a, struct got *g)
{
	struct rs_wire_response w = {
		.status = 200, .content_length = -1, .headers_len = 5, .body_len = 0xfffffff0u
	};

	say(a, RS_MSG_RESPONSE, RS_FRAME_END, g->id, rs_slice(&w, sizeof w), RS_SLICE("abc"));
}

static void short_head(struct actor *a, struct got *g)
{
	say(a, RS_MSG_RESPONSE, RS_FRAME_END, g->id, RS_SLICE("abc"), RS_SLICE(""));
}

static void interim_status(struct actor *a, struct got *g)
{
	respond(a, g->id, 0, 103, "", -1, RS_SLICE(""));
}

static void forbidden_header(struct actor *a, struct got *g)
{
	respond(a, g->id, RS_FRAME_END, 200, "Transfer-Encoding: chunked\r\n", -1, RS_SLICE(""));
}

static void malformed_header(struct actor *a, struct got *g)
{
	respond(a, g->id, RS_FRAME_END, 200, "No colon\r\n", -1, RS_SLICE(""));
}

static void split_header(struct actor *a, struct got *g)
{
	respond(a, g->id, RS_FRAME_END, 200, "A: b\r\n\r\nHTTP/1.1 200 OK\r\n", -1, RS_SLICE(""));
}

static void answer_to_unclaimed(struct actor *a, struct got *g)
{
	respond(a, g->id, RS_FRAME_END | RS_FRAME_DONE, 200, "", -1, RS_SLICE("x"));
}

static void garbage(struct actor *a, struct got *g)
{
	(void)g;
	if (send(a->ch.fd, "this is not a frame at all, is it?", 34, MSG_NOSIGNAL) != 34)
		fail();
}

static void rule_breakers_are_killed(void **state)
{
	static void (*const wrong[])(struct actor *, struct got *) = {
		ready_again,   body_without_head, done_without_end, wrong_lengths, short_head,
		interim_status, forbidden_header,  malformed_header, split_header,  garbage,
	};

	(void)state;
	clean(&h);
	for (size_t i = 0; i < RS_COUNTOF(wrong); i++)
		punished(wrong[i], true);
	punished(answer_to_unclaimed, false);
}

static void other_protocol_is_refused(void **state)
{
	struct rs_wire_ready r = { RS_PROTOCOL + 1, 1 };
	struct actor w;

	(void)state;
	boot(&h);
	enter(&h, &w, 2, 1);
	say(&w, RS_MSG_READY, 0, 0, rs_slice(&r, sizeof r), RS_SLICE(""));
	kill_is_told(2, RS_KILL_PROTOCOL);
	assert_true(hears_eof(&w));
	finish(&h);
	leave(&w);
}

static void answer_for_another_workers_request(void **state)
{
	struct actor w[2];
	struct got g;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &w[0], 0, 1);
	c = asking(&h, "/mine");
	g = take_claimed(&w[0]);
	hire(&h, &w[1], 1, 1);
	respond(&w[1], g.id, RS_FRAME_END | RS_FRAME_DONE, 200, "", -1, RS_SLICE("forged"));
	kill_is_told(1, RS_KILL_PROTOCOL);
	answer(&w[0], &g, "true");
	assert_reply(c, 200, "true");
	close(c);
	finish(&h);
	leave(&w[0]);
	leave(&w[1]);
}

/* ---- departure and generations ------------------------------------------------------------------------ */

static void leaving_worker_gives_back(void **state)
{
	struct actor w[2];
	struct got g, held;
	int c[2];

	(void)state;
	boot(&h);
	hire(&h, &w[0], 0, 1);
	c[0] = asking(&h, "/last");
	g = take_claimed(&w[0]);
	c[1] = asking(&h, "/too-many");
	held = take(&w[0]);
	answer(&w[0], &g, "last");
	say(&w[0], RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""));
	assert_true(hears_eof(&w[0]));
	assert_false(claim(&w[0], &held));
	got_free(&held);
	hire(&h, &w[1], 0, 1);
	serve(&w[1], "/too-many", "moved");
	assert_reply(c[0], 200, "last");
	assert_reply(c[1], 200, "moved");
	assert_true(nothing_from_reactor(&h, RS_MSG_WORKER_KILL, 20));
	close(c[0]);
	close(c[1]);
	finish(&h);
	leave(&w[0]);
	leave(&w[1]);
}

static void new_generation_takes_over(void **state)
{
	struct actor old[2], fresh, late;
	struct got run, held, g;
	int c[3];

	(void)state;
	boot(&h);
	hire(&h, &old[0], 0, 1);
	c[0] = asking(&h, "/runs");
	run = take_claimed(&old[0]);
	c[1] = asking(&h, "/held");
	held = take(&old[0]);
	hire(&h, &fresh, 0, 2);
	/* Ready is not routed: nothing moves there, not even when it is free. */
	assert_true(hears_nothing(&fresh, 50));
	hire(&h, &old[1], 1, 1);
	g = take(&old[1]);
	assert_true(target_is(&g, "/held"));
	assert_false(claim(&old[0], &held));
	route(&h, 2);
	/* The free one retires at once, its unclaimed request moves on. */
	serve(&fresh, "/held", "by g2");
	assert_reply(c[1], 200, "by g2");
	assert_false(claim(&old[1], &g));
	hear(&old[1], RS_MSG_RETIRE);
	leave(&old[1]);
	/* The busy one when it is free, and not before. */
	assert_true(hears_nothing(&old[0], 20));
	c[2] = asking(&h, "/new");
	serve(&fresh, "/new", "n");
	assert_reply(c[2], 200, "n");
	answer(&old[0], &run, "by g1");
	assert_reply(c[0], 200, "by g1");
	hear(&old[0], RS_MSG_RETIRE);
	leave(&old[0]);
	/* One that comes too late is sent home. */
	hire(&h, &late, 1, 1);
	hear(&late, RS_MSG_RETIRE);
	leave(&late);
	got_free(&held);
	got_free(&g);
	for (int i = 0; i < 3; i++)
		close(c[i]);
	assert_true(nothing_from_reactor(&h, RS_MSG_WORKER_KILL, 20));
	finish(&h);
	leave(&fresh);
}

static void routed_generation_without_workers_waits(void **state)
{
	struct actor old, fresh;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &old, 0, 1);
	route(&h, 2);
	hear(&old, RS_MSG_RETIRE);
	c = asking(&h, "/waits");
	until_queued(&h, 1);
	assert_true(hears_nothing(&old, 10));
	hire(&h, &fresh, 0, 2);
	serve(&fresh, "/waits", "w");
	assert_reply(c, 200, "w");
	close(c);
	finish(&h);
	leave(&old);
	leave(&fresh);
}

static void wish_of_a_worker_reaches_the_master(void **state)
{
	struct actor w;
	struct rs_frame f;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	say(&w, RS_MSG_WORKER_ASKS, 0, 0, RS_SLICE("opcache_reset()"), RS_SLICE(""));
	f = from_reactor(&h, RS_MSG_REACTOR_ASKS);
	assert_true(rs_slice_eq(f.payload, RS_SLICE("opcache_reset()")));
	finish(&h);
	leave(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
		T(requests_wait_for_the_first_worker),
		T(full_queue_is_503),
		T(waiting_has_an_end),
		T(idle_worker_comes_first),
		T(at_most_post_ahead_are_posted),
		T(unclaimed_request_moves_to_a_free_worker),
		T(requests_leave_a_stalled_worker),
		T(sleeping_worker_is_passed_over),
		T(dead_worker_costs_only_what_it_had_claimed),
		T(body_file_moves_with_its_request),
		T(dead_worker_cuts_what_it_had_begun),
		T(last_words_of_a_worker_count),
		T(gone_worker_is_let_go_although_its_channel_is_open),
		T(client_that_leaves_is_cancelled),
		T(revoked_requests_do_not_pile_up),
		T(stuck_request_is_504),
		T(rule_breakers_are_killed),
		T(other_protocol_is_refused),
		T(answer_for_another_workers_request),
		T(leaving_worker_gives_back),
		T(new_generation_takes_over),
		T(routed_generation_without_workers_waits),
		T(wish_of_a_worker_reaches_the_master),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
