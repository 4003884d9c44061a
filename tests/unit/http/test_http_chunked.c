/*
 * The chunked coding: what bodies mean, however they are cut; what is refused; the bounds.
 */
#include "http/http_chunked.c"

#include "http/heads.h"

struct body {
	const char *bytes;
	size_t n;
	const char *data;
	size_t tail; /* bytes that belong to the next request */
};

#define B(literal, data, tail) { (literal), sizeof(literal) - 1, (data), (tail) },

static const struct body bodies[] = {
	B("0\r\n\r\n", "", 0)
	B("000\r\n\r\n", "", 0)
	B("000000000000000\r\n\r\n", "", 0)
	B("5\r\nhello\r\n0\r\n\r\n", "hello", 0)
	B("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "hello world", 0)
	B("1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n", "abc", 0)
	B("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n", 0)
	B("7\r\n0\r\n\r\nGE\r\n0\r\n\r\n", "0\r\n\r\nGE", 0)
	B("A\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0)
	B("a\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0)
	B("00000000000001f\r\n0123456789abcdef0123456789abcde\r\n0\r\n\r\n",
	  "0123456789abcdef0123456789abcde", 0)
	B("5;x\r\nhello\r\n0;y=\"z\"; w\r\n\r\n", "hello", 0)
	B("5;\r\nhello\r\n0;;;\t\xff\r\n\r\n", "hello", 0)
	B("0\r\nX: y\r\n\r\n", "", 0)
	B("0\r\nX: y\r\nContent-Length: 5\r\nZ:\r\n\r\n", "", 0)
	B("0\r\n\r\nGET / HTTP/1.1\r\n", "", 16)
	B("2\r\nhi\r\n0\r\nX: y\r\n\r\n0\r\n\r\n", "hi", 5)
};

#undef B
#define B(literal) { (literal), sizeof(literal) - 1 },

static const struct rs_slice broken[] = {
	B("\r\n") B("\n") B("x") B(" 5\r\n") B("\t5\r\n") B(";\r\n") B("-5\r\n") B("+5\r\n") B("g\r\n")
	B("\0") B(",5") B("5 \r\n") B("5\t;x\r\n") B("5\n") B("5\nhello") B("5\r") B("5\rh") B("5\r\r\n")
	B("5\0\r\n") B("5g\r\n") B("0x5\r\n") B("0X5\r\n") B("5,\r\n") B("5.0\r\n") B("5:x\r\n")
	B("5h\r\n") B("\x35\x80") B("1000000000000000\r\n") B("0000000000000005\r\n")
	B("ffffffffffffffff\r\n") B("10000000000000005\r\n") B("5;x\n") B("5;x\nhello\r\n") B("5;\0\r\n")
	B("5;x\x01\r\n") B("5;x\x7f\r\n") B("5;x\rhello") B("5;\r5\r\n") B("5\r\nhello0\r\n")
	B("5\r\nhello\n") B("5\r\nhello\r0") B("5\r\nhello\r\r\n") B("5\r\nhello \r\n")
	B("5\r\nhello\r\n\r\n") B("5\r\nhello\r\n 0\r\n") B("5\r\nhello\r\nx") B("0\r\n\n") B("0\r\n\rx")
	B("0\r\n\r\r\n") B("0\r\n: y\r\n") B("0\r\nX\r\n") B("0\r\nX y: z\r\n") B("0\r\nX : y\r\n")
	B("0\r\n X: y\r\n") B("0\r\n\tX: y\r\n") B("0\r\nX: y\r\n z\r\n") B("0\r\nX: y\n")
	B("0\r\nX: y\rz") B("0\r\nX: \0") B("0\r\nX: y\x7f") B("0\r\nX\0: y") B("0\r\n\0")
	B("0\r\nX: y\r\n\n")
};

/* Until RS_DONE, RS_ERR, or RS_AGAIN on all bytes; *used counts over all calls, data is gathered. */
static enum rs_result feed_all(struct rs_http_chunked *c, const char *bytes, size_t n, size_t step,
			       struct rs_buf *data, size_t *used)
{
	size_t at = 0;

	*used = 0;
	while (at < n) {
		size_t part = step < n - at ? step : n - at, eaten = 0;
		char *copy = malloc(part);
		enum rs_result rc = RS_OK;

		assert_non_null(copy);
		memcpy(copy, bytes + at, part);
		while (rc == RS_OK) {
			struct rs_slice piece;
			size_t now;

			rc = rs_http_chunked_feed(c, copy + eaten, part - eaten, &now, &piece);
			assert_true(now <= part - eaten);
			assert_true(piece.p >= copy + eaten && piece.p + piece.n <= copy + eaten + now);
			assert_true(rc != RS_OK || now > 0);
			assert_true(rs_buf_put(data, piece.p, piece.n));
			eaten += now;
		}
		free(copy);
		*used += eaten;
		if (rc != RS_AGAIN)
			return rc;
		assert_int_equal(eaten, part);
		at += part;
	}
	return RS_AGAIN;
}

static void assert_body(const struct body *b, struct rs_http_chunked *c, enum rs_result rc, size_t used,
			struct rs_buf *data)
{
	struct rs_slice piece;
	size_t more;

	assert_int_equal(rc, RS_DONE);
	assert_int_equal(used, b->n - b->tail);
	assert_int_equal(c->total, strlen(b->data));
	assert_true(rs_slice_eq(rs_buf_slice(data), rs_slice_str(b->data)));
	/* The end stays the end. */
	assert_int_equal(rs_http_chunked_feed(c, "5\r\n", 3, &more, &piece), RS_DONE);
	assert_int_equal(more, 0);
	assert_int_equal(piece.n, 0);
}

static void test_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(bodies); i++) {
		at_row(i);
		for (size_t step = 1; step <= bodies[i].n; step++) {
			struct rs_http_chunked c;
			struct rs_buf data = { 0 };
			enum rs_result rc;
			size_t used;

			rs_http_chunked_init(&c);
			rc = feed_all(&c, bodies[i].bytes, bodies[i].n, step, &data, &used);
			assert_body(&bodies[i], &c, rc, used, &data);
			rs_buf_free(&data);
		}
	}
	at_row(SIZE_MAX);
}

static void test_cut_in_two(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(bodies); i++) {
		at_row(i);
		for (size_t cut = 0; cut < bodies[i].n - bodies[i].tail; cut++) {
			struct rs_http_chunked c;
			struct rs_buf data = { 0 };
			enum rs_result rc;
			size_t first, second;

			rs_http_chunked_init(&c);
			rc = feed_all(&c, bodies[i].bytes, cut, WIDE, &data, &first);
			assert_int_equal(rc, RS_AGAIN);
			assert_int_equal(first, cut);
			rc = feed_all(&c, bodies[i].bytes + cut, bodies[i].n - cut, WIDE, &data, &second);
			assert_body(&bodies[i], &c, rc, first + second, &data);
			rs_buf_free(&data);
		}
	}
	at_row(SIZE_MAX);
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(broken); i++) {
		at_row(i);
		for (size_t step = 1; step <= broken[i].n; step++) {
			struct rs_http_chunked c;
			struct rs_buf data = { 0 };
			struct rs_slice piece;
			size_t used;

			rs_http_chunked_init(&c);
			/* One harmless byte more, so that no row can pass by being incomplete. */
			if (feed_all(&c, broken[i].p, broken[i].n, step, &data, &used) == RS_AGAIN)
				assert_int_equal(rs_http_chunked_feed(&c, "0", 1, &used, &piece), RS_ERR);
			/* Broken stays broken. */
			assert_int_equal(rs_http_chunked_feed(&c, "0\r\n\r\n", 5, &used, &piece), RS_ERR);
			assert_int_equal(used, 0);
			rs_buf_free(&data);
		}
	}
	at_row(SIZE_MAX);
}

/* Data pieces are views of the input, as large as it allows. */
static void test_no_copy(void **state)
{
	static const char bytes[] = "3e8\r\nxxxxxxxxxx";
	struct rs_http_chunked c;
	struct rs_slice piece;
	size_t used;

	(void)state;
	rs_http_chunked_init(&c);
	assert_int_equal(rs_http_chunked_feed(&c, bytes, sizeof bytes - 1, &used, &piece), RS_AGAIN);
	assert_int_equal(used, sizeof bytes - 1);
	assert_ptr_equal(piece.p, bytes + 5);
	assert_int_equal(piece.n, 10);
	assert_int_equal(c.left, 990);
	assert_int_equal(c.total, 10);
	assert_int_equal(rs_http_chunked_feed(&c, NULL, 0, &used, &piece), RS_AGAIN);
	assert_int_equal(used, 0);
}

/* Feeds `text` n times; the result of the last. */
static enum rs_result feed_times(struct rs_http_chunked *c, const char *text, size_t n)
{
	enum rs_result rc = RS_AGAIN;

	while (n-- && rc == RS_AGAIN) {
		struct rs_buf data = { 0 };
		size_t used;

		rc = feed_all(c, text, strlen(text), WIDE, &data, &used);
		rs_buf_free(&data);
	}
	return rc;
}

static void test_extension_bounds(void **state)
{
	struct rs_http_chunked c;

	(void)state;
	rs_http_chunked_init(&c);
	assert_int_equal(feed_times(&c, "1;", 1), RS_AGAIN);
	assert_int_equal(feed_times(&c, "x", 256), RS_AGAIN);
	assert_int_equal(feed_times(&c, "x", 1), RS_ERR);

	/* One byte of data with each extension: more than 8 KiB of them is no honest client. */
	rs_http_chunked_init(&c);
	assert_int_equal(feed_times(&c, "1;23456789abcdefgh\r\nx\r\n", 512), RS_AGAIN);
	assert_int_equal(c.total, 512);
	assert_int_equal(feed_times(&c, "1;2\r\n", 1), RS_ERR);
}

static void test_trailer_bounds(void **state)
{
	struct rs_http_chunked c;

	(void)state;
	rs_http_chunked_init(&c);
	assert_int_equal(feed_times(&c, "0\r\nX:", 1), RS_AGAIN);
	assert_int_equal(feed_times(&c, "y", 8190), RS_AGAIN);
	assert_int_equal(feed_times(&c, "y", 1), RS_ERR);

	rs_http_chunked_init(&c);
	assert_int_equal(feed_times(&c, "0\r\n", 1), RS_AGAIN);
	assert_int_equal(feed_times(&c, "n", 8192), RS_AGAIN);
	assert_int_equal(feed_times(&c, "n", 1), RS_ERR);

	rs_http_chunked_init(&c);
	assert_int_equal(feed_times(&c, "0\r\n", 1), RS_AGAIN);
	assert_int_equal(feed_times(&c, "Ab:12345\r\n", 1024), RS_AGAIN); /* 8 of each count */
	assert_int_equal(feed_times(&c, "A", 1), RS_ERR);
}

/* The sum of all chunks cannot wrap: the largest that fits is taken, the next is not. */
static void test_total_overflow(void **state)
{
	struct rs_http_chunked c;

	(void)state;
	rs_http_chunked_init(&c);
	assert_int_equal(feed_times(&c, "fffffffffffffff\r\n", 1), RS_AGAIN);
	assert_int_equal(c.left, 0xfffffffffffffff);

	rs_http_chunked_init(&c);
	c.total = (uint64_t)INT64_MAX - 5;
	assert_int_equal(feed_times(&c, "5\r\n", 1), RS_AGAIN);

	rs_http_chunked_init(&c);
	c.total = (uint64_t)INT64_MAX - 5;
	assert_int_equal(feed_times(&c, "6\r\n", 1), RS_ERR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_cut_in_two),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_no_copy),
		cmocka_unit_test(test_extension_bounds),
		cmocka_unit_test(test_trailer_bounds),
		cmocka_unit_test(test_total_overflow),
	};

	return cmocka_run_group_tests_name("http_chunked", tests, NULL, NULL);
}
