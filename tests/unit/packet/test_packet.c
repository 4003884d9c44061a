/*
 * Packages and where they end: every example in every cut, what is refused, and that small pieces cost no more.
 */
#include "packet/packet.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define S(literal) { (literal), sizeof(literal) - 1 }

struct example {
	const char *name;
	struct rs_packet_settings set;
	struct rs_slice bytes;
	struct rs_slice packages[5];  /* until the first empty one */
	enum rs_result end;           /* after them */
	enum rs_packet_error error;
};

static int64_t first_byte(void *arg, struct rs_slice data)
{
	(void)arg;
	if (data.p[0] == '?')
		return data.n < 3 ? 0 : data.p[2] - '0';
	return data.p[0] == '!' ? -1 : data.p[0] - '0';
}

/* Of these the packages do not depend on the cuts. */
static const struct example examples[] = {
	{ "split", { .open_eof_split = true }, S("a\r\n\r\n\r\n\r\nbc\r\n\r\nd"),
	  { S("a\r\n\r\n"), S("\r\n\r\n"), S("bc\r\n\r\n") }, RS_AGAIN, 0 },
	{ "split and check", { .open_eof_split = true, .open_eof_check = true, .package_eof = S("#") }, S("a#b#c"),
	  { S("a#"), S("b#") }, RS_AGAIN, 0 },
	{ "split, the eof repeats itself", { .open_eof_split = true, .package_eof = S("aab") }, S("aaabaaaabb"),
	  { S("aaab"), S("aaaab") }, RS_AGAIN, 0 },
	{ "split, eight bytes with NUL", { .open_eof_split = true, .package_eof = S("\0\0\0\0\0\0\0\1") },
	  S("x\0\0\0\0\0\0\0\0\0\1y"), { S("x\0\0\0\0\0\0\0\0\0\1") }, RS_AGAIN, 0 },
	{ "split, just as long as allowed", { .open_eof_split = true, .package_eof = S("##"), .package_max_length = 6 },
	  S("abcd##abcd##"), { S("abcd##"), S("abcd##") }, RS_AGAIN, 0 },
	{ "split, one too long", { .open_eof_split = true, .package_eof = S("##"), .package_max_length = 6 },
	  S("abcd##abcde##"), { S("abcd##") }, RS_ERR, RS_PACKET_TOO_LARGE },
	{ "split, never", { .open_eof_split = true, .package_max_length = 6 }, S("abcdef"), { { 0 } }, RS_ERR,
	  RS_PACKET_TOO_LARGE },
	{ "N", { .open_length_check = true, .package_body_offset = 4 }, S("\0\0\0\2ab\0\0\0\0\0\0\0\3cde\0\0\0"),
	  { S("\0\0\0\2ab"), S("\0\0\0\0"), S("\0\0\0\3cde") }, RS_AGAIN, 0 },
	{ "N counts itself", { .open_length_check = true }, S("\0\0\0\6ab\0\0\0\4"), { S("\0\0\0\6ab"), S("\0\0\0\4") },
	  RS_AGAIN, 0 },
	{ "N less than itself", { .open_length_check = true }, S("\0\0\0\4\0\0\0\3"), { S("\0\0\0\4") }, RS_ERR,
	  RS_PACKET_MALFORMED },
	{ "N zero", { .open_length_check = true }, S("\0\0\0\0"), { { 0 } }, RS_ERR, RS_PACKET_MALFORMED },
	{ "N is not negative, but large", { .open_length_check = true, .package_body_offset = 4 }, S("\xff\xff\xff\xff"),
	  { { 0 } }, RS_ERR, RS_PACKET_TOO_LARGE },
	{ "n", { .open_length_check = true, .package_length_type = S("n"), .package_body_offset = 2 }, S("\0\1a\0\2bc"),
	  { S("\0\1a"), S("\0\2bc") }, RS_AGAIN, 0 },
	{ "v", { .open_length_check = true, .package_length_type = S("v"), .package_body_offset = 2 }, S("\1\0a\2\0bc"),
	  { S("\1\0a"), S("\2\0bc") }, RS_AGAIN, 0 },
	{ "V", { .open_length_check = true, .package_length_type = S("V"), .package_body_offset = 4 },
	  S("\1\0\0\0a\0\1\0\0"), { S("\1\0\0\0a") }, RS_AGAIN, 0 },
	{ "C", { .open_length_check = true, .package_length_type = S("C"), .package_body_offset = 1 }, S("\1a\2bc\xff"),
	  { S("\1a"), S("\2bc") }, RS_AGAIN, 0 },
	{ "c", { .open_length_check = true, .package_length_type = S("c"), .package_body_offset = 1 }, S("\1a\xff"),
	  { S("\1a") }, RS_ERR, RS_PACKET_MALFORMED },
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	{ "s", { .open_length_check = true, .package_length_type = S("s"), .package_body_offset = 2 }, S("\1\0a\xfe\xff"),
	  { S("\1\0a") }, RS_ERR, RS_PACKET_MALFORMED },
	{ "S", { .open_length_check = true, .package_length_type = S("S"), .package_body_offset = 2 }, S("\1\0a\xfe\xff"),
	  { S("\1\0a") }, RS_AGAIN, 0 },
	{ "l", { .open_length_check = true, .package_length_type = S("l"), .package_body_offset = 4 },
	  S("\1\0\0\0a\0\0\0\x80"), { S("\1\0\0\0a") }, RS_ERR, RS_PACKET_MALFORMED },
	{ "L", { .open_length_check = true, .package_length_type = S("L"), .package_body_offset = 4 },
	  S("\1\0\0\0a\0\0\0\x80"), { S("\1\0\0\0a") }, RS_ERR, RS_PACKET_TOO_LARGE },
#endif
	{ "length inside", { .open_length_check = true, .package_length_type = S("n"), .package_length_offset = 3,
	  .package_body_offset = 6 }, S("xxx\0\2yABxxx\0\0y"), { S("xxx\0\2yAB"), S("xxx\0\0y") }, RS_AGAIN, 0 },
	{ "body begins before the length", { .open_length_check = true, .package_length_type = S("C"),
	  .package_length_offset = 2, .package_body_offset = 1 }, S("xx\2xx\1"), { S("xx\2") }, RS_ERR,
	  RS_PACKET_MALFORMED },
	{ "just as long as allowed", { .open_length_check = true, .package_max_length = 6 }, S("\0\0\0\6ab\0\0\0\6cd"),
	  { S("\0\0\0\6ab"), S("\0\0\0\6cd") }, RS_AGAIN, 0 },
	{ "one too long", { .open_length_check = true, .package_max_length = 6 }, S("\0\0\0\7"), { { 0 } }, RS_ERR,
	  RS_PACKET_TOO_LARGE },
	{ "function", { .open_length_check = true, .package_length_func = first_byte }, S("2a?x4b!"),
	  { S("2a"), S("?x4b") }, RS_ERR, RS_PACKET_MALFORMED },
	{ "function, too large", { .open_length_check = true, .package_length_func = first_byte,
	  .package_max_length = 3 }, S("4"), { { 0 } }, RS_ERR, RS_PACKET_TOO_LARGE },
	{ "function, never knows", { .open_length_check = true, .package_length_func = first_byte,
	  .package_max_length = 2 }, S("?x"), { { 0 } }, RS_ERR, RS_PACKET_TOO_LARGE },
	{ "MQTT", { .open_mqtt_protocol = true }, S("\x10\3abc\xc0\0\x30\x82\0xy\x30"),
	  { S("\x10\3abc"), S("\xc0\0"), S("\x30\x82\0xy") }, RS_AGAIN, 0 },
	{ "MQTT, four bytes of length", { .open_mqtt_protocol = true }, S("\x30\x81\x80\x80\0a"),
	  { S("\x30\x81\x80\x80\0a") }, RS_AGAIN, 0 },
	{ "MQTT, five bytes of length", { .open_mqtt_protocol = true }, S("\x30\x81\x80\x80\x80"), { { 0 } }, RS_ERR,
	  RS_PACKET_MALFORMED },
	{ "MQTT, too large", { .open_mqtt_protocol = true, .package_max_length = 130 }, S("\x30\x80\1"), { { 0 } },
	  RS_ERR, RS_PACKET_TOO_LARGE },
	{ "EOF wins over length, length over MQTT", { .open_eof_split = true, .open_length_check = true,
	  .open_mqtt_protocol = true, .package_eof = S("\n") }, S("ab\n"), { S("ab\n") }, RS_AGAIN, 0 },
	{ "length wins over MQTT", { .open_length_check = true, .open_mqtt_protocol = true, .package_length_type = S("C") },
	  S("\1"), { S("\1") }, RS_AGAIN, 0 },
};

struct stream {
	const struct example *e;
	struct rs_packet_conf conf;
	struct rs_packet state;
	struct rs_buf buf;
	size_t count;
	enum rs_result rc;
	struct rs_packet_found found;
};

static void stream_init(struct stream *s, const struct example *e)
{
	*s = (struct stream){ .e = e, .rc = RS_AGAIN };
	assert_null(rs_packet_conf_init(&s->conf, &e->set));
}

/* Adds a piece and takes what is complete. The parser sees a block that ends where the bytes end. */
static void stream_add(struct stream *s, const char *p, size_t n)
{
	assert_true(rs_buf_put(&s->buf, p, n));
	while (s->rc != RS_ERR) {
		struct rs_slice want, now = rs_buf_slice(&s->buf);
		char *copy = malloc(now.n + 1);

		assert_non_null(copy);
		memcpy(copy, now.p, now.n);
		s->rc = rs_packet_next(&s->conf, &s->state, rs_slice(copy, now.n), &s->found);
		free(copy);
		if (s->rc != RS_OK)
			break;
		assert_true(s->count < RS_COUNTOF(s->e->packages));
		want = s->e->packages[s->count++];
		if (!rs_slice_eq(rs_slice(now.p, s->found.n), want))
			fail_msg("%s: package %zu has %zu bytes", s->e->name, s->count, s->found.n);
		rs_buf_consume(&s->buf, s->found.n);
	}
}

static void stream_end(struct stream *s)
{
	size_t want = 0;

	while (want < RS_COUNTOF(s->e->packages) && s->e->packages[want].n)
		want++;
	if (s->count != want || s->rc != s->e->end || (s->rc == RS_ERR && s->found.error != s->e->error))
		fail_msg("%s: %zu packages, then %d, error %d", s->e->name, s->count, s->rc, s->found.error);
	assert_int_equal(s->rc == RS_ERR, s->found.why != NULL);
	rs_buf_free(&s->buf);
}

static void test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(examples); i++) {
		struct stream s;

		stream_init(&s, &examples[i]);
		stream_add(&s, examples[i].bytes.p, examples[i].bytes.n);
		stream_end(&s);
	}
}

static void test_steps(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(examples); i++) {
		struct rs_slice bytes = examples[i].bytes;

		for (size_t step = 1; step <= bytes.n; step++) {
			struct stream s;

			stream_init(&s, &examples[i]);
			for (size_t at = 0; at < bytes.n; at += step)
				stream_add(&s, bytes.p + at, step < bytes.n - at ? step : bytes.n - at);
			stream_end(&s);
		}
	}
}

/* Every way to cut the bytes in three. */
static void test_cuts(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(examples); i++) {
		struct rs_slice bytes = examples[i].bytes;

		for (size_t one = 0; one <= bytes.n; one++)
			for (size_t two = one; two <= bytes.n; two++) {
				struct stream s;

				stream_init(&s, &examples[i]);
				stream_add(&s, bytes.p, one);
				stream_add(&s, bytes.p + one, two - one);
				stream_add(&s, bytes.p + two, bytes.n - two);
				stream_end(&s);
			}
	}
}

static struct rs_packet_conf conf_of(struct rs_packet_settings set)
{
	struct rs_packet_conf conf;

	assert_null(rs_packet_conf_init(&conf, &set));
	return conf;
}

/* Only what ends with eof is delivered, all of it at once: here the cuts do matter. */
static void test_eof_check(void **state)
{
	struct rs_packet_conf conf = conf_of((struct rs_packet_settings){ .open_eof_check = true, .package_max_length = 12 });
	static const struct {
		struct rs_slice bytes;
		enum rs_result rc;
	} rows[] = {
		{ S("a"), RS_AGAIN }, { S("\r\n\r"), RS_AGAIN }, { S("\r\n\r\n"), RS_OK }, { S("a\r\n\r\nb"), RS_AGAIN },
		{ S("a\r\n\r\nb\r\n\r\n"), RS_OK }, { S("abcdefgh\r\n\r\n"), RS_OK }, { S("abcdefghi\r\n\r"), RS_ERR },
		{ S("abcdefghi\r\n\r\n"), RS_ERR }, { S("a\r\n\r\nabc\r\n\r\nb"), RS_ERR },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_packet s = { 0 };
		struct rs_packet_found found;

		assert_int_equal(rs_packet_next(&conf, &s, rows[i].bytes, &found), rows[i].rc);
		assert_int_equal(found.n, rows[i].rc == RS_OK ? rows[i].bytes.n : 0);
		assert_int_equal(found.error, rows[i].rc == RS_ERR ? RS_PACKET_TOO_LARGE : 0);
	}
}

static void test_raw(void **state)
{
	struct rs_packet_conf conf = { 0 };
	struct rs_packet s = { 0 };
	struct rs_packet_found found;
	static char bytes[RS_PACKET_RAW_MAX + 1];

	(void)state;
	assert_int_equal(rs_packet_next(&conf, &s, rs_slice(bytes, 0), &found), RS_AGAIN);
	assert_int_equal(rs_packet_next(&conf, &s, rs_slice(bytes, 1), &found), RS_OK);
	assert_int_equal(found.n, 1);
	assert_int_equal(rs_packet_next(&conf, &s, rs_slice(bytes, sizeof bytes), &found), RS_OK);
	assert_int_equal(found.n, RS_PACKET_RAW_MAX);
}

/* While it waits it says how long the package will be, and is not told the length twice. */
static void test_total_is_known(void **state)
{
	struct rs_packet_conf conf = conf_of((struct rs_packet_settings){ .open_length_check = true });
	struct rs_packet s = { 0 };
	struct rs_packet_found found;

	(void)state;
	assert_int_equal(rs_packet_next(&conf, &s, RS_SLICE("\0\0\0"), &found), RS_AGAIN);
	assert_int_equal(found.n, 0);
	assert_int_equal(rs_packet_next(&conf, &s, RS_SLICE("\0\0\0\x09"), &found), RS_AGAIN);
	assert_int_equal(found.n, 9);
	assert_int_equal(rs_packet_next(&conf, &s, RS_SLICE("\0\0\0\x09" "1234"), &found), RS_AGAIN);
	assert_int_equal(found.n, 9);
	assert_int_equal(rs_packet_next(&conf, &s, RS_SLICE("\0\0\0\x09" "12345"), &found), RS_OK);
	assert_int_equal(s.total, 0);
}

/* Two megabytes, byte by byte: would take hours if each one were to cost what lies in front of it. */
static void test_linear(void **state)
{
	struct rs_packet_conf conf = conf_of((struct rs_packet_settings){ .open_eof_split = true });
	size_t n = RS_PACKET_MAX_LENGTH;
	char *bytes = malloc(n);
	struct rs_packet s = { 0 };
	struct rs_packet_found found;

	(void)state;
	assert_non_null(bytes);
	memset(bytes, '\r', n);
	for (size_t i = 1; i < n; i++) {
		assert_int_equal(rs_packet_next(&conf, &s, rs_slice(bytes, i), &found), RS_AGAIN);
		assert_int_equal(s.seen, i);
		/* It goes on where it was: an eof that appears in front would be found only by looking twice. */
		if (i == 16)
			memcpy(bytes, "\r\n\r\n", 4);
	}
	assert_int_equal(rs_packet_next(&conf, &s, rs_slice(bytes, n), &found), RS_ERR);
	free(bytes);
}

static void test_settings(void **state)
{
	static const struct {
		struct rs_packet_settings set;
		const char *names; /* what the text must name */
	} rows[] = {
		{ { .open_eof_check = true, .package_eof = S("") }, "package_eof" },
		{ { .open_eof_split = true, .package_eof = S("123456789") }, "package_eof" },
		{ { .open_eof_check = true, .package_max_length = 3 }, "package_max_length" },
		{ { .open_length_check = true, .package_length_type = S("") }, "package_length_type" },
		{ { .open_length_check = true, .package_length_type = S("x") }, "package_length_type" },
		{ { .open_length_check = true, .package_length_type = S("NN") }, "package_length_type" },
		{ { .open_length_check = true, .package_length_type = S("\0") }, "package_length_type" },
		{ { .open_length_check = true, .package_length_offset = -1 }, "package_length_offset" },
		{ { .open_length_check = true, .package_length_offset = 65536 }, "package_length_offset" },
		{ { .open_length_check = true, .package_body_offset = -1 }, "package_body_offset" },
		{ { .open_length_check = true, .package_body_offset = INT64_MAX }, "package_body_offset" },
		{ { .open_length_check = true, .package_length_offset = 10, .package_max_length = 13 }, "package_max_length" },
		{ { .package_max_length = -1 }, "package_max_length" },
		{ { .package_max_length = (int64_t)INT32_MAX + 1 }, "package_max_length" },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_packet_conf conf = { .max_length = 77 };
		const char *wrong = rs_packet_conf_init(&conf, &rows[i].set);

		assert_non_null(wrong);
		assert_non_null(strstr(wrong, rows[i].names));
		assert_int_equal(conf.max_length, 77);
	}
}

/* What is not switched on is not checked. */
static void test_settings_unused(void **state)
{
	struct rs_packet_conf conf = conf_of((struct rs_packet_settings){ .package_eof = S(""), .package_length_type = S("x"),
									  .package_length_offset = -1 });

	(void)state;
	assert_int_equal(conf.mode, RS_PACKET_RAW);
	assert_int_equal(conf.max_length, RS_PACKET_MAX_LENGTH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_eof_check),
		cmocka_unit_test(test_raw),
		cmocka_unit_test(test_total_is_known),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_settings_unused),
	};

	return cmocka_run_group_tests_name("packet", tests, NULL, NULL);
}
