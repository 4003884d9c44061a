/*
 * Shared by the tests of src/ws: a connection whose events and answers become one line of text, in their
 * order: "text(hello) <pong(x) close(1000 bye) <close(1000) done". '<' is what we wrote. Bytes are fed each
 * time from a block of memory that ends where they end, so that the sanitizer sees a read beyond it.
 */
#ifndef RS_TEST_STREAMS_H
#define RS_TEST_STREAMS_H

#include "ws/ws_stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t test_key[4] = { 0x37, 0xfa, 0x21, 0x3d };

struct stream {
	struct rs_ws_conn conn;
	struct rs_ws_options options;
	struct rs_ws_sink sink;
	struct rs_buf out;  /* what the connection writes */
	struct rs_buf line; /* what happened */
	unsigned stop_at;   /* the event, from 1, that is answered false; 0: none */
	unsigned close_at;  /* the event during which we close with 1001; 0: none */
	unsigned events;
};

static inline void put_data(struct rs_buf *to, struct rs_slice data)
{
	if (data.n > 300)
		assert_true(rs_buf_printf(to, "%zu bytes", data.n));
	else
		assert_true(rs_buf_put(to, data.p, data.n));
}

static inline void put_frame(struct rs_buf *to, unsigned opcode, unsigned code, struct rs_slice data)
{
	static const char *const names[] = {
		[RS_WS_CONTINUATION] = "more", [RS_WS_TEXT] = "text", [RS_WS_BINARY] = "binary",
		[RS_WS_CLOSE] = "close",       [RS_WS_PING] = "ping", [RS_WS_PONG] = "pong",
	};

	assert_true(opcode < RS_COUNTOF(names) && names[opcode]);
	assert_true(rs_buf_printf(to, "%s(", names[opcode]));
	if (opcode == RS_WS_CLOSE)
		assert_true(rs_buf_printf(to, data.n ? "%u " : "%u", code));
	put_data(to, data);
	assert_true(rs_buf_printf(to, ") "));
}

/* Puts what was written since the last time on the line. */
static inline void see_out(struct stream *s)
{
	while (s->out.len) {
		struct rs_ws_unframed f;

		assert_int_equal(rs_ws_unframe(rs_buf_slice(&s->out), &f), RS_OK);
		assert_int_equal(f.flags & ~RS_WS_MASK, RS_WS_FIN);
		assert_int_equal(f.flags & RS_WS_MASK ? 1 : 0, s->sink.mask ? 1 : 0);
		assert_true(rs_buf_printf(&s->line, "<"));
		if (f.opcode == RS_WS_CLOSE) {
			struct rs_slice reason;
			unsigned code;

			assert_int_equal(rs_ws_close_payload(rs_buf_slice(&f.payload), &code, &reason), 0);
			put_frame(&s->line, f.opcode, code, reason);
		} else {
			put_frame(&s->line, f.opcode, 0, rs_buf_slice(&f.payload));
		}
		rs_buf_free(&f.payload);
		rs_buf_consume(&s->out, f.used);
	}
}

static inline bool see_event(void *arg, const struct rs_ws_event *e)
{
	struct stream *s = arg;

	see_out(s);
	assert_true(e->flags & RS_WS_FIN);
	assert_int_equal(e->flags & RS_WS_MASK ? 0 : 1, s->options.client ? 1 : 0);
	if (e->flags & RS_WS_RSV1)
		assert_true(rs_buf_printf(&s->line, "rsv1:"));
	put_frame(&s->line, e->opcode, e->code, e->data);
	s->events++;
	if (s->events == s->close_at)
		assert_true(rs_ws_close(&s->conn, &s->sink, RS_WS_GOING_AWAY, RS_SLICE("away")));
	return s->events != s->stop_at;
}

static inline void give_key(void *arg, uint8_t key[4])
{
	(void)arg;
	memcpy(key, test_key, 4);
}

static inline void stream_init(struct stream *s, struct rs_ws_options options)
{
	*s = (struct stream){ .options = options };
	s->sink = (struct rs_ws_sink){ see_event, options.client ? give_key : NULL, s, &s->out };
	if (options.message_max == 0)
		s->options.message_max = 1000;
}

static inline void stream_end(struct stream *s)
{
	rs_ws_conn_fini(&s->conn);
	rs_buf_free(&s->out);
	rs_buf_free(&s->line);
}

/* The line so far, as a C string. */
static inline const char *stream_line(struct stream *s)
{
	see_out(s);
	assert_true(rs_buf_put(&s->line, "", 1));
	s->line.len--;
	return rs_buf_data(&s->line);
}

static inline enum rs_result stream_feed(struct stream *s, const char *bytes, size_t n)
{
	char *fresh = malloc(n ? n : 1);
	enum rs_result rc;

	assert_non_null(fresh);
	if (n)
		memcpy(fresh, bytes, n);
	rc = rs_ws_input(&s->conn, &s->options, &s->sink, rs_slice(fresh, n));
	free(fresh);
	see_out(s);
	assert_true(rc == RS_OK || (s->conn.over && !s->conn.parser));
	return rc;
}

/* All bytes, first those before cut, then step at a time; ends the line with how it ended. */
static inline enum rs_result stream_feed_cut(struct stream *s, struct rs_slice bytes, size_t cut, size_t step)
{
	enum rs_result rc = cut ? stream_feed(s, bytes.p, cut) : RS_OK;

	for (size_t at = cut; at < bytes.n && rc == RS_OK; at += step)
		rc = stream_feed(s, bytes.p + at, step < bytes.n - at ? step : bytes.n - at);
	assert_true(rs_buf_printf(&s->line,
				  rc == RS_OK     ? s->conn.parser ? "open" : "idle"
				  : rc == RS_DONE ? "done %u"
						  : "error %u",
				  s->conn.code));
	return rc;
}

/* A failing table test says at the end which row it was. */
static const char *test_row;

static void tell_row(void)
{
	if (test_row)
		fprintf(stderr, "  (a test failed in row \"%s\" of its table)\n", test_row);
}

static inline void at_row(const char *row)
{
	static bool armed;

	if (!armed)
		atexit(tell_row);
	armed = true;
	test_row = row;
}

#endif
