/*
 * The reactor as a process: stopping, a dead master, no descriptors, numbers, the access log.
 */
#include "reactor/harness.h"

static struct harness h;

static int up(void **state)
{
	(void)state;
	prepare(&h);
	return 0;
}

static void stop_lets_running_requests_finish(void **state)
{
	struct actor w;
	struct got run;
	int idle, busy, queued;

	(void)state;
	h.conf.post_ahead = 1;
	boot(&h);
	hire(&h, &w, 0, 1);
	idle = asking(&h, "/idle");
	serve(&w, "/idle", "i");
	assert_reply(idle, 200, "i");
	busy = asking(&h, "/busy");
	run = take_claimed(&w);
	queued = asking(&h, "/queued");
	until_queued(&h, 1);
	stop(&h, 5000);
	assert_true(ends(idle));
	assert_true(silent(busy, 20));
	answer(&w, &run, "b");
	serve(&w, "/queued", "q");
	struct reply *r = read_reply(busy);
	assert_true(r->status == 200 && has_field(r, "Connection: close"));
	assert_true(ends(busy));
	assert_reply(queued, 200, "q");
	assert_true(ends(queued));
	(void)from_reactor(&h, RS_MSG_DRAINED);
	hear(&w, RS_MSG_RETIRE);
	close(idle);
	close(busy);
	close(queued);
	/* It waits for the master to let go. */
	rs_ipc_fini(&h.master);
	assert_int_equal(wait_exit(&h), 0);
	finish(&h);
	leave(&w);
}

/* A request that was under way when the stop came, in the socket or in the accept queue, is not lost. */
static void stop_serves_what_has_arrived(void **state)
{
	struct actor w;
	int kept, fresh;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	kept = asking(&h, "/1");
	serve(&w, "/1", "x");
	assert_reply(kept, 200, "x");
	kill(h.pid, SIGSTOP);
	get(kept, "/kept");
	fresh = asking(&h, "/fresh");
	stop(&h, 5000);
	kill(h.pid, SIGCONT);
	for (int i = 0; i < 2; i++) {
		struct got g = take_claimed(&w);
		answer(&w, &g, "y");
	}
	assert_reply(kept, 200, "y");
	assert_reply(fresh, 200, "y");
	(void)from_reactor(&h, RS_MSG_DRAINED);
	rs_ipc_fini(&h.master);
	assert_int_equal(wait_exit(&h), 0);
	close(kept);
	close(fresh);
	finish(&h);
	leave(&w);
}

static void stop_has_an_end(void **state)
{
	struct rs_wire_kill k;
	struct rs_frame f;
	struct actor w;
	struct got run;
	int busy, waits, half;

	(void)state;
	h.conf.post_ahead = 1;
	boot(&h);
	hire(&h, &w, 0, 1);
	busy = asking(&h, "/busy");
	run = take_claimed(&w);
	waits = asking(&h, "/waits");
	half = client(&h);
	send_text(half, "GET / HT");
	until_connections(&h, 3);
	stop(&h, 60000);
	stop(&h, 300); /* a second one can only shorten it */
	assert_reply(busy, 503, NULL);
	assert_reply(waits, 503, NULL);
	assert_true(ends(half));
	f = from_reactor(&h, RS_MSG_WORKER_KILL);
	memcpy(&k, f.payload.p, sizeof k);
	assert_int_equal(k.reason, RS_KILL_DRAIN);
	(void)from_reactor(&h, RS_MSG_DRAINED);
	/* A master that does not let go is not waited for. */
	assert_int_equal(wait_exit(&h), 0);
	got_free(&run);
	close(busy);
	close(waits);
	close(half);
	finish(&h);
	leave(&w);
}

static void lost_is_told(uint32_t id, bool finishes)
{
	struct rs_frame f = from_reactor(&h, RS_MSG_WORKER_LOST);
	struct rs_wire_lost lost;

	assert_int_equal(f.payload.n, sizeof lost);
	memcpy(&lost, f.payload.p, sizeof lost);
	assert_int_equal(lost.id, id);
	assert_int_equal(lost.generation, 1);
	assert_int_equal(lost.order, 70 + id);
	assert_int_equal(lost.finishes, finishes);
}

/* One that closes its channel, says that it leaves, or has stopped its ears, keeps its place until it is dead: the master hears of it. */
static void who_leaves_is_told_of(void **state)
{
	struct actor w;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &w, 3, 1);
	leave(&w);
	lost_is_told(3, false);
	enter(&h, &w, 4, 1); /* before it is ready */
	leave(&w);
	lost_is_told(4, false);
	hire(&h, &w, 5, 1);
	say(&w, RS_MSG_LEAVING, 0, 0, RS_SLICE(""), RS_SLICE(""));
	lost_is_told(5, true);
	assert_true(hears_eof(&w));
	leave(&w);
	hire(&h, &w, 6, 1);
	assert_int_equal(shutdown(w.ch.fd, SHUT_RD), 0);
	c = asking(&h, "/x");
	lost_is_told(6, true);
	leave(&w);
	lost_is_told(6, false);
	hire(&h, &w, 7, 1);
	serve(&w, "/x", "moved");
	assert_reply(c, 200, "moved");
	close(c);
	finish(&h);
	leave(&w);
}

static void dead_master_ends_it(void **state)
{
	struct actor w;
	struct got run;
	int busy;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	busy = asking(&h, "/busy");
	run = take_claimed(&w);
	rs_ipc_fini(&h.master);
	assert_true(silent(busy, 100));
	answer(&w, &run, "b");
	assert_reply(busy, 200, "b");
	assert_int_equal(wait_exit(&h), 0);
	hear(&w, RS_MSG_RETIRE);
	assert_true(hears_eof(&w));
	close(busy);
	finish(&h);
	leave(&w);
}

static void dead_master_is_not_survived_for_long(void **state)
{
	struct actor w;
	struct got run;
	int busy;

	(void)state;
	h.conf.max_wait_time = 300;
	boot(&h);
	hire(&h, &w, 0, 1);
	busy = asking(&h, "/busy");
	run = take_claimed(&w);
	rs_ipc_fini(&h.master);
	assert_reply(busy, 503, NULL);
	assert_int_equal(wait_exit(&h), 0);
	got_free(&run);
	close(busy);
	finish(&h);
	leave(&w);
}

static void signals_do_not_stop_it(void **state)
{
	static const int sig[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGPIPE };
	struct actor w;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	for (size_t i = 0; i < RS_COUNTOF(sig); i++)
		kill(h.pid, sig[i]);
	c = asking(&h, "/");
	serve(&w, "/", "x");
	assert_reply(c, 200, "x");
	close(c);
	finish(&h);
	leave(&w);
}

static void running_out_of_descriptors_is_survived(void **state)
{
	enum { MANY = 80 };
	struct actor w;
	int c[MANY], closed = 0, used;

	(void)state;
	h.nofile = 60;
	boot(&h);
	hire(&h, &w, 0, 1);
	for (int i = 0; i < MANY; i++)
		c[i] = client(&h);
	assert_logged(&h, "cannot accept on 127.0.0.1");
	/* Who could not be taken is told so (and not left hanging), at the pace of the pauses. */
	for (int i = 0; i < MANY; i++)
		closed += readable(c[i], i ? 0 : 1000);
	assert_true(closed > 0);
	/* Those that were taken are served. */
	for (used = 0; readable(c[used], 0); used++)
		;
	get(c[used], "/ok");
	serve(&w, "/ok", "x");
	assert_reply(c[used], 200, "x");
	for (int i = 0; i < MANY; i++)
		close(c[i]);
	until_connections(&h, 0);
	pause_ms(800);
	c[0] = asking(&h, "/again");
	serve(&w, "/again", "y");
	assert_reply(c[0], 200, "y");
	close(c[0]);
	finish(&h);
	leave(&w);
}

static void status_counts(void **state)
{
	struct rs_wire_worker_status row;
	struct rs_wire_status s;
	struct actor w[2];
	struct rs_frame f;
	struct got run;
	uint64_t token = 1;
	int c[2];

	(void)state;
	h.conf.post_ahead = 1;
	h.conf.queue_length = 0;
	boot(&h);
	enter(&h, &w[0], 0, 1);
	s = ask_status(&h);
	assert_true(s.nworkers == 1 && s.connections == 0 && s.requests_total == 0);
	ready(&h, &w[0]);
	enter(&h, &w[1], 1, 1);
	c[0] = asking(&h, "/1");
	serve(&w[0], "/1", "x");
	assert_reply(c[0], 200, "x");
	get(c[0], "/2");
	run = take_claimed(&w[0]);
	c[1] = asking(&h, "/3");
	assert_reply(c[1], 503, NULL);
	to_reactor(&h, RS_MSG_STATUS_ASK, &token, sizeof token, NULL, 0);
	f = from_reactor(&h, RS_MSG_STATUS);
	memcpy(&s, f.payload.p + sizeof token, sizeof s);
	assert_true(s.connections == 2 && s.accepted_total == 2 && s.requests_total == 3 &&
		    s.refused_total == 1);
	assert_true(s.queue_length == 0 && s.nworkers == 2);
	memcpy(&row, f.payload.p + sizeof token + sizeof s, sizeof row);
	assert_true(row.id == 0 && row.generation == 1 && row.state == RS_WORKER_BUSY && row.posted == 1 &&
		    row.requests == 1);
	memcpy(&row, f.payload.p + sizeof token + sizeof s + sizeof row, sizeof row);
	assert_true(row.id == 1 && row.state == RS_WORKER_BOOTING && row.posted == 0);
	answer(&w[0], &run, "x");
	assert_reply(c[0], 200, "x");
	close(c[0]);
	close(c[1]);
	finish(&h);
	leave(&w[0]);
	leave(&w[1]);
}

static void new_configuration_takes_effect(void **state)
{
	struct rs_buf text = { 0 };
	struct rs_conf fresh;
	struct rs_conf_error err;
	struct actor w;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	rs_conf_init(&fresh);
	assert_int_equal(
		rs_conf_set(&fresh, RS_FROM_INI, "t", "swoole", "package_max_length", "2K", &err, NULL, NULL),
		RS_OK);
	assert_int_equal(
		rs_conf_set(&fresh, RS_FROM_INI, "t", "laravels", "server", "fresh", &err, NULL, NULL),
		RS_OK);
	assert_true(rs_conf_dump(&fresh, &text));
	c = asking(&h, "/before");
	serve(&w, "/before", "x");
	assert_null(strstr(read_reply(c)->head, "Server:"));
	to_reactor(&h, RS_MSG_CONF, rs_buf_data(&text), text.len, NULL, 0);
	(void)ask_status(&h);
	get(c, "/after");
	serve(&w, "/after", "x");
	assert_true(has_field(read_reply(c), "Server: fresh"));
	send_text(c, "POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 2049\r\n\r\n");
	assert_reply(c, 413, NULL);
	rs_conf_fini(&fresh);
	rs_buf_free(&text);
	close(c);
	finish(&h);
	leave(&w);
}

/* ---- access log --------------------------------------------------------------------------------------- */

static void open_access_log(int fd)
{
	to_reactor(&h, RS_MSG_LOG_FILE, NULL, 0, &fd, 1);
	(void)ask_status(&h);
}

static char *access_lines(int fd)
{
	static char text[65536];
	ssize_t n;

	(void)ask_status(&h); /* lines leave at the end of a turn */
	n = pread(fd, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void one_of_each(struct actor *w)
{
	struct got g;
	int c = client(&h);

	send_text(c, "GET /a?b=\"c\" HTTP/1.1\r\nHost: t\r\nReferer: http://r/\r\nUser-Agent: evil\\\"\xff "
		     "agent\r\n\r\n");
	g = take_claimed(w);
	answer(w, &g, "12345");
	assert_reply(c, 200, "12345");
	send_text(c, "POST / HTTP/9\n\n");
	assert_reply(c, 400, NULL);
	close(c);
	c = asking(&h, "/left");
	g = take_claimed(w);
	close(c);
	hear(w, RS_MSG_CANCEL);
	say(w, RS_MSG_DONE, 0, g.id, RS_SLICE(""), RS_SLICE(""));
	got_free(&g);
	until_connections(&h, 0);
}

static void combined_access_log(void **state)
{
	int file = memfd_create("access", 0), second = memfd_create("access2", 0), c;
	char *text;
	struct actor w;

	(void)state;
	boot(&h);
	hire(&h, &w, 5, 1);
	open_access_log(file);
	one_of_each(&w);
	text = access_lines(file);
	assert_non_null(strstr(text, "127.0.0.1 - - ["));
	assert_non_null(strstr(
		text,
		"] \"GET /a?b=\\x22c\\x22 HTTP/1.1\" 200 5 \"http://r/\" \"evil\\x5c\\x22\\xff agent\"\n"));
	assert_non_null(strstr(text, "] \"POST / HTTP/9\" 400 0 \"-\" \"-\"\n"));
	assert_non_null(strstr(text, "] \"GET /left HTTP/1.1\" 499 0 \"-\" \"-\"\n"));
	/* A new file takes over. */
	open_access_log(second);
	c = asking(&h, "/second");
	serve(&w, "/second", "x");
	assert_reply(c, 200, "x");
	close(c);
	assert_null(strstr(access_lines(file), "/second"));
	assert_non_null(strstr(access_lines(second), "/second"));
	close(file);
	close(second);
	finish(&h);
	leave(&w);
}

static void json_access_log(void **state)
{
	int file = memfd_create("access", 0);
	char *text, *end;
	struct actor w;
	unsigned lines = 0;

	(void)state;
	free(h.conf.access_log_format);
	h.conf.access_log_format = strdup("json");
	boot(&h);
	hire(&h, &w, 5, 1);
	open_access_log(file);
	one_of_each(&w);
	text = access_lines(file);
	assert_non_null(
		strstr(text, "\"request\":\"GET /a?b=\\\"c\\\" HTTP/1.1\",\"status\":200,\"bytes\":5,"));
	assert_non_null(strstr(text, "\"agent\":\"evil\\\\\\\"\\u00ff agent\""));
	assert_non_null(strstr(text, "\"request_time\":0."));
	assert_non_null(strstr(text, "\"worker\":5}\n"));
	assert_non_null(strstr(text, "\"status\":400,\"bytes\":0,\"referer\":\"\",\"agent\":\"\""));
	assert_non_null(strstr(text, "\"worker\":null}\n"));
	for (; (end = strchr(text, '\n')); text = end + 1) {
		assert_true(text[0] == '{' && end[-1] == '}');
		lines++;
	}
	assert_int_equal(lines, 3);
	close(file);
	finish(&h);
	leave(&w);
}

/* A log that nobody reads must not stop anything. */
static void full_access_log_loses_lines_not_time(void **state)
{
	static char ask[3200], target[3000];
	struct actor w;
	int p[2], c;

	(void)state;
	assert_int_equal(pipe(p), 0);
	memset(target, 'x', sizeof target - 1);
	target[0] = '/';
	assert_true(rs_fmt(ask, sizeof ask, "GET %s HTTP/1.1\r\nHost: t\r\n\r\n", target));
	boot(&h);
	hire(&h, &w, 0, 1);
	open_access_log(p[1]);
	close(p[1]);
	c = client(&h);
	for (int i = 0; i < 600; i++) {
		struct got g;
		send_text(c, ask);
		g = take_claimed(&w);
		answer(&w, &g, "x");
		assert_reply(c, 200, "x");
	}
	assert_logged(&h, "the access log takes nothing");
	close(p[0]); /* a broken pipe is not the end either */
	get(c, "/broken");
	serve(&w, "/broken", "x");
	assert_reply(c, 200, "x");
	close(c);
	finish(&h);
	leave(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, up, down)
		T(stop_lets_running_requests_finish),
		T(stop_serves_what_has_arrived),
		T(stop_has_an_end),
		T(who_leaves_is_told_of),
		T(dead_master_ends_it),
		T(dead_master_is_not_survived_for_long),
		T(signals_do_not_stop_it),
		T(running_out_of_descriptors_is_survived),
		T(status_counts),
		T(new_configuration_takes_effect),
		T(combined_access_log),
		T(json_access_log),
		T(full_access_log_loses_lines_not_time),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
