/*
 * Payloads of REQUEST: what is whole is cut as it was put together, what contradicts itself is refused.
 */
#include "worker/request_view.c"

#include "base/rs_buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

static const char head[] = "GET /a/b?x=1 HTTP/1.1\r\nHost: h\r\nCookie: c=1\r\n\r\n";

struct parts {
	struct rs_wire_request w;
	struct rs_wire_slice pairs[4];
	const char *body;
};

/* "GET /a/b?x=1" with two fields and a body. */
static struct parts usual(void)
{
	return (struct parts){
		.w = { .body_len = 4, .credit = 7, .method = { 0, 3 }, .target = { 4, 8 }, .path_len = 4, .nfields = 2,
		       .head_len = sizeof head - 1, .remote_len = 9, .local_len = 3, .remote_port = 1, .local_port = 2,
		       .http_minor = 1, .received_us = 5, .flags = RS_REQ_TRUSTED },
		.pairs = { { 23, 4 }, { 29, 1 }, { 32, 6 }, { 40, 3 } },
		.body = "body",
	};
}

static struct rs_slice whole(const struct parts *p, struct rs_buf *b)
{
	assert_true(rs_buf_put(b, &p->w, sizeof p->w) && rs_buf_put(b, p->pairs, sizeof p->pairs) &&
		    rs_buf_put(b, head, sizeof head - 1) && rs_buf_put(b, "127.0.0.1::1", 12) &&
		    rs_buf_put(b, p->body, strlen(p->body)));
	return rs_buf_slice(b);
}

/* A copy of its own, so that the sanitizer sees every byte that is read behind it. */
static bool parse(const char *p, size_t n, struct rs_request_parts *out)
{
	char *copy = malloc(n ? n : 1);
	struct rs_field *fields;
	uint32_t count;
	bool ok;

	assert_non_null(copy);
	memcpy(copy, p, n);
	ok = rs_request_count(rs_slice(copy, n), &count);
	fields = calloc(ok && count ? count : 1, sizeof *fields);
	assert_non_null(fields);
	ok = ok && rs_request_parse(rs_slice(copy, n), fields, out);
	free(fields);
	free(copy);
	return ok;
}

static void test_usual(void **state)
{
	struct rs_request_parts got;
	struct rs_field fields[2];
	struct parts p = usual();
	struct rs_buf b = { 0 };
	struct rs_slice s = whole(&p, &b);
	uint32_t n;

	(void)state;
	assert_true(rs_request_count(s, &n));
	assert_int_equal(n, 2);
	assert_true(rs_request_parse(s, fields, &got));
	assert_true(rs_slice_eq(got.view.method, RS_SLICE("GET")));
	assert_true(rs_slice_eq(got.view.target, RS_SLICE("/a/b?x=1")));
	assert_true(rs_slice_eq(got.view.path, RS_SLICE("/a/b")));
	assert_true(rs_slice_eq(got.view.query, RS_SLICE("x=1")));
	assert_true(rs_slice_eq(fields[0].name, RS_SLICE("Host")) && rs_slice_eq(fields[0].value, RS_SLICE("h")));
	assert_true(rs_slice_eq(fields[1].name, RS_SLICE("Cookie")) && rs_slice_eq(fields[1].value, RS_SLICE("c=1")));
	assert_true(rs_slice_eq(got.view.remote_addr, RS_SLICE("127.0.0.1")));
	assert_true(rs_slice_eq(got.view.local_addr, RS_SLICE("::1")));
	assert_true(rs_slice_eq(got.inline_body, RS_SLICE("body")));
	assert_true(got.view.trusted && !got.view.tls && !got.body_in_file && got.credit == 7 && got.view.http_minor == 1);
	rs_buf_free(&b);
}

static void test_no_query(void **state)
{
	struct rs_request_parts got;
	struct parts p = usual();
	struct rs_buf b = { 0 };
	struct rs_slice s;

	(void)state;
	p.w.path_len = p.w.target.len;
	s = whole(&p, &b);
	assert_true(parse(s.p, s.n, &got));
	assert_int_equal(got.view.query.n, 0);
	rs_buf_free(&b);
}

static void test_every_cut_is_refused(void **state)
{
	struct rs_request_parts got;
	struct parts p = usual();
	struct rs_buf b = { 0 };
	struct rs_slice s = whole(&p, &b);

	(void)state;
	for (size_t n = 0; n < s.n; n++)
		assert_false(parse(s.p, n, &got));
	assert_true(parse(s.p, s.n, &got));
	rs_buf_free(&b);
}

static void refused(struct parts p)
{
	struct rs_request_parts got;
	struct rs_buf b = { 0 };
	struct rs_slice s = whole(&p, &b);

	assert_false(parse(s.p, s.n, &got));
	rs_buf_free(&b);
}

static void test_contradictions(void **state)
{
	struct parts p;

	(void)state;
	p = usual(), p.w.nfields = 10001, refused(p);
	p = usual(), p.w.nfields = UINT32_MAX, refused(p);
	p = usual(), p.w.head_len = UINT32_MAX, refused(p);
	p = usual(), p.w.remote_len = UINT16_MAX, refused(p);
	/* SSL_* variables: more than there is; or the last value does not end. */
	p = usual(), p.w.tls_len = 5, refused(p);
	p = usual(), p.w.tls_len = UINT32_MAX, refused(p);
	p = usual(), p.w.tls_len = 4, refused(p);
	p = usual(), p.w.local_len = UINT16_MAX, refused(p);
	p = usual(), p.w.method = (struct rs_wire_slice){ sizeof head, 1 }, refused(p);
	p = usual(), p.w.method = (struct rs_wire_slice){ 1, UINT32_MAX }, refused(p);
	p = usual(), p.w.target = (struct rs_wire_slice){ UINT32_MAX, UINT32_MAX }, refused(p);
	p = usual(), p.w.path_len = 9, refused(p);
	p = usual(), p.pairs[0].off = sizeof head, refused(p);
	p = usual(), p.pairs[3].len = UINT32_MAX, refused(p);
	p = usual(), p.w.body_len = 5, refused(p);
	p = usual(), p.w.body_len = UINT64_MAX, refused(p);
}

static void test_body_in_a_file(void **state)
{
	struct rs_request_parts got;
	struct parts p = usual();
	struct rs_buf b = { 0 };
	struct rs_slice s;

	(void)state;
	p.w.flags |= RS_REQ_BODY_FD;
	p.w.body_len = UINT64_C(1) << 40;
	p.body = "";
	s = whole(&p, &b);
	assert_true(parse(s.p, s.n, &got));
	assert_true(got.body_in_file && got.view.body_len == UINT64_C(1) << 40 && got.inline_body.n == 0);
	rs_buf_free(&b);
}

/* The path alone, for whoever must know it before the request is run. */
static void test_path(void **state)
{
	struct rs_slice path = { NULL, 0 };
	struct parts p = usual();
	struct rs_buf b = { 0 };
	struct rs_slice payload = whole(&p, &b);

	(void)state;
	assert_true(rs_request_path(payload, &path));
	assert_true(rs_slice_eq(path, RS_SLICE("/a/b")));
	/* Cut off anywhere before its end there is none. */
	for (size_t n = 0; n < sizeof p.w + sizeof p.pairs + 12; n++)
		assert_false(rs_request_path(rs_slice(payload.p, n), &path));
	rs_buf_free(&b);
	for (int i = 0; i < 4; i++) {
		p = usual();
		b = (struct rs_buf){ 0 };
		if (i == 0)
			p.w.path_len = 9;
		else if (i == 1)
			p.w.target.off = 0x7fffffff;
		else if (i == 2)
			p.w.nfields = 10001;
		else
			p.w.head_len = 0x7fffffff;
		assert_false(rs_request_path(whole(&p, &b), &path));
		rs_buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_usual),	       cmocka_unit_test(test_no_query),
		cmocka_unit_test(test_every_cut_is_refused), cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_body_in_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
