/*
 * Answers that are more than a head and bytes: files, informational responses, streams and their limit; and workers that get them
 * wrong.
 */
#include "reactor/harness.h"

#include <fcntl.h>

static struct harness h;

static int up(void **state)
{
	(void)state;
	prepare(&h);
	return 0;
}

/* ---- what a worker may say ---------------------------------------------------------------------------------- */

struct head {
	uint64_t offset;
	struct rs_wire_response w;
	char text[256];
};

static struct head made(unsigned status, const char *headers, int64_t length, uint64_t offset)
{
	struct head m = { .offset = offset, .w = { .status = (uint16_t)status, .headers_len = (uint32_t)strlen(headers),
						  .content_length = length } };

	memcpy(m.text, headers, strlen(headers));
	return m;
}

/* fd -1: none goes with it. */
static void say_file(struct actor *a, uint64_t id, const struct head *m, int fd)
{
	struct rs_slice bytes = rs_slice(m, sizeof m->offset + sizeof m->w + m->w.headers_len);

	assert_int_equal(rs_ipc_put(&a->ch, RS_MSG_ANSWER_FILE, RS_FRAME_END, id, bytes, RS_SLICE(""), &fd, fd >= 0), RS_OK);
	assert_int_equal(rs_ipc_flush(&a->ch), RS_OK);
}

static void say_interim(struct actor *a, uint64_t id, unsigned status, const char *headers)
{
	struct head m = made(status, headers, -1, 0);

	say(a, RS_MSG_INTERIM, 0, id, rs_slice(&m.w, sizeof m.w + m.w.headers_len), RS_SLICE(""));
}

static void done(struct actor *a, struct got *g)
{
	say(a, RS_MSG_DONE, 0, g->id, RS_SLICE(""), RS_SLICE(""));
	got_free(g);
}

/* An unlinked file of n digits. */
static int file_of(size_t n)
{
	char name[] = "/tmp/rs-unit-XXXXXX";
	int fd = mkstemp(name);

	assert_true(fd >= 0);
	unlink(name);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(write(fd, &"0123456789"[i % 10], 1), 1);
	return fd;
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

static void a_part_of_a_file(void **state)
{
	struct actor w;
	struct reply *r;
	struct head m;
	struct got g;
	int c, fd = file_of(100);

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	c = asking(&h, "/file");
	g = take_claimed(&w);
	m = made(206, "Content-Type: a/b\r\n", 7, 12);
	say_file(&w, g.id, &m, fd);
	done(&w, &g);
	r = read_reply(c);
	assert_int_equal(r->status, 206);
	assert_true(has_field(r, "Content-Type: a/b"));
	assert_int_equal(length_of(r), 7);
	assert_string_equal(r->body, "2345678");
	get(c, "/next");
	serve(&w, "/next", "x");
	assert_reply(c, 200, "x");
	/* None of it. */
	get(c, "/none");
	g = take_claimed(&w);
	m = made(200, "", 0, 100);
	say_file(&w, g.id, &m, fd);
	done(&w, &g);
	assert_reply(c, 200, "");
	close(c);
	close(fd);
	finish(&h);
	leave(&w);
}

/* The reactor's fault, not the worker's: it lives on, and so does the connection. */
static void a_file_that_finds_no_room_is_503(void **state)
{
	int c, fd = file_of(100);
	struct actor w;
	struct head m;
	struct got g;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	c = asking(&h, "/file");
	g = take_claimed(&w);
	leave_descriptors(&h, false);
	m = made(200, "", 100, 0);
	say_file(&w, g.id, &m, fd);
	done(&w, &g);
	assert_true(has_field(read_reply(c), "Retry-After: 1"));
	assert_logged(&h, "no descriptor is left to take it with, answered 503");
	leave_descriptors(&h, true);
	get(c, "/file");
	g = take_claimed(&w);
	say_file(&w, g.id, &m, fd);
	done(&w, &g);
	assert_int_equal(read_reply(c)->status, 200);
	close(c);
	close(fd);
	finish(&h);
	leave(&w);
}

static void bytes_that_a_file_has_not_are_500(void **state)
{
	const struct head bad[] = { made(200, "", 101, 0), made(200, "", 1, 100), made(200, "", 1, UINT64_MAX),
				    made(200, "", INT64_MAX, 2) };
	int c, fd = file_of(100), dir = open("/", O_RDONLY | O_DIRECTORY);
	struct actor w;
	struct head m;
	struct got g;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	c = asking(&h, "/0");
	for (size_t i = 0; i <= RS_COUNTOF(bad); i++) {
		m = i < RS_COUNTOF(bad) ? bad[i] : made(200, "", 0, 0);
		g = take_claimed(&w);
		say_file(&w, g.id, &m, i < RS_COUNTOF(bad) ? fd : dir);
		done(&w, &g);
		assert_reply(c, 500, NULL);
		get(c, "/next");
	}
	serve(&w, "/next", "x");
	assert_reply(c, 200, "x");
	close(c);
	close(fd);
	close(dir);
	finish(&h);
	leave(&w);
}

/* ---- informational responses ------------------------------------------------------------------------------------ */

static void interim_before_the_head(void **state)
{
	struct reply r;
	struct actor w;
	struct got g;
	int c;

	(void)state;
	boot(&h);
	hire(&h, &w, 0, 1);
	c = asking(&h, "/");
	g = take_claimed(&w);
	say_interim(&w, g.id, 103, "Link: </a>\r\n");
	assert_true(read_head(c, &r));
	assert_int_equal(r.status, 103);
	assert_true(has_field(&r, "Link: </a>"));
	assert_false(has_field(&r, "Date:"));
	answer(&w, &g, "x");
	assert_reply(c, 200, "x");
	close(c);
	/* An old client knows none. */
	c = client(&h);
	send_text(c, "GET / HTTP/1.0\r\n\r\n");
	g = take_claimed(&w);
	say_interim(&w, g.id, 103, "Link: </a>\r\n");
	answer(&w, &g, "x");
	assert_reply(c, 200, NULL);
	close(c);
	finish(&h);
	leave(&w);
}

/* ---- streams ------------------------------------------------------------------------------------------------------ */

#define EVENTS "Content-Type: text/event-stream\r\n"

static void one_stream_too_many(void **state)
{
	struct rs_wire_status s;
	struct actor w[2];
	struct got g[2];
	struct reply r;
	int c[2];

	(void)state;
	h.conf.stream_workers_max = 1;
	boot(&h);
	for (int i = 0; i < 2; i++)
		hire(&h, &w[i], (uint32_t)i, 1);
	c[0] = asking(&h, "/a");
	c[1] = -1;
	/* Whichever gets it. */
	int first = readable(w[0].ch.fd, 500) ? 0 : 1, second = 1 - first;
	g[0] = take_claimed(&w[first]);
	respond(&w[first], g[0].id, 0, 200, EVENTS, -1, RS_SLICE("data: 1\n\n"));
	assert_true(read_head(c[0], &r));
	assert_int_equal(r.status, 200);
	c[1] = asking(&h, "/b");
	g[1] = take_claimed(&w[second]);
	respond(&w[second], g[1].id, 0, 200, EVENTS, -1, RS_SLICE("data: 1\n\n"));
	assert_reply(c[1], 503, NULL);
	assert_int_equal(hear(&w[second], RS_MSG_CANCEL).id, g[1].id);
	/* It goes on for a while, and is not to be blamed. */
	for (int i = 0; i < 3; i++)
		say(&w[second], RS_MSG_BODY, 0, g[1].id, RS_SLICE("data: 2\n\n"), RS_SLICE(""));
	say(&w[second], RS_MSG_BODY, RS_FRAME_END, g[1].id, RS_SLICE(""), RS_SLICE(""));
	done(&w[second], &g[1]);
	get(c[1], "/c");
	serve(&w[second], "/c", "x");
	assert_reply(c[1], 200, "x");
	s = ask_status(&h);
	assert_int_equal(s.streams, 1);
	assert_int_equal(s.streams_most, 1);
	assert_int_equal(s.streams_refused, 1);
	say(&w[first], RS_MSG_BODY, RS_FRAME_END, g[0].id, RS_SLICE(""), RS_SLICE(""));
	done(&w[first], &g[0]);
	until_streams(&h, 0);
	for (int i = 0; i < 2; i++)
		close(c[i]);
	finish(&h);
	for (int i = 0; i < 2; i++)
		leave(&w[i]);
}

/* ---- workers that break the rules --------------------------------------------------------------------------------- */

static void file_without_a_file(struct actor *a, struct got *g)
{
	struct head m = made(200, "", 1, 0);

	say_file(a, g->id, &m, -1);
}

static void file_with_wrong_lengths(struct actor *a, struct got *g)
{
	struct head m = made(200, "", -1, 0);
	int fd = file_of(1);

	say_file(a, g->id, &m, fd);
	close(fd);
}

static void file_with_a_forbidden_header(struct actor *a, struct got *g)
{
	struct head m = made(200, "Content-Length: 5\r\n", 1, 0);
	int fd = file_of(1);

	say_file(a, g->id, &m, fd);
	close(fd);
}

static void interim_of_100(struct actor *a, struct got *g)
{
	say_interim(a, g->id, 100, "");
}

static void interim_of_101(struct actor *a, struct got *g)
{
	say_interim(a, g->id, 101, "");
}

static void interim_of_200(struct actor *a, struct got *g)
{
	say_interim(a, g->id, 200, "");
}

static void interim_that_splits(struct actor *a, struct got *g)
{
	say_interim(a, g->id, 103, "A: b\r\n\r\nHTTP/1.1 200 OK\r\n");
}

/* It would leave a client without an answer, and without a worker that owes it one. */
static void interim_that_ends(struct actor *a, struct got *g)
{
	struct head m = made(103, "", -1, 0);

	say(a, RS_MSG_INTERIM, RS_FRAME_END | RS_FRAME_DONE, g->id, rs_slice(&m.w, sizeof m.w), RS_SLICE(""));
}

static void interim_too_short(struct actor *a, struct got *g)
{
	say(a, RS_MSG_INTERIM, 0, g->id, RS_SLICE("abc"), RS_SLICE(""));
}

static void rule_breakers_are_killed(void **state)
{
	static void (*const wrong[])(struct actor *, struct got *) = {
		file_without_a_file, file_with_wrong_lengths, file_with_a_forbidden_header, interim_of_100, interim_of_101,
		interim_of_200,      interim_that_splits,     interim_too_short,	    interim_that_ends,
	};

	(void)state;
	clean(&h);
	for (size_t i = 0; i < RS_COUNTOF(wrong); i++) {
		struct actor w;
		struct got g;
		int c;

		prepare(&h);
		boot(&h);
		hire(&h, &w, 7, 1);
		c = asking(&h, "/x");
		g = take_claimed(&w);
		wrong[i](&w, &g);
		got_free(&g);
		(void)from_reactor(&h, RS_MSG_WORKER_KILL);
		assert_true(hears_eof(&w));
		assert_reply(c, 502, NULL);
		close(c);
		finish(&h);
		leave(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_part_of_a_file, up, down),
		cmocka_unit_test_setup_teardown(a_file_that_finds_no_room_is_503, up, down),
		cmocka_unit_test_setup_teardown(bytes_that_a_file_has_not_are_500, up, down),
		cmocka_unit_test_setup_teardown(interim_before_the_head, up, down),
		cmocka_unit_test_setup_teardown(one_stream_too_many, up, down),
		cmocka_unit_test_setup_teardown(rule_breakers_are_killed, up, down),
	};

	return cmocka_run_group_tests_name("reactor answers", tests, NULL, NULL);
}
