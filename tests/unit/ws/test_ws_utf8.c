/*
 * The UTF-8 checker against every code point there is: the set of all beginnings of characters is built by
 * encoding them, then each beginning is tried with each byte behind it.
 */
#include "ws/ws_utf8.c"

#include "ws/streams.h"

/* A bit for each string of 1, 2, 3 bytes that is a character or the beginning of one. Four bytes: see below.
 */
struct beginnings {
	uint8_t one[256], two[65536], three[1 << 24];
};

static size_t encode(uint32_t c, uint8_t to[4])
{
	if (c < 0x80) {
		to[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (uint8_t)(0xc0 | c >> 6);
		to[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (uint8_t)(0xe0 | c >> 12);
		to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		to[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (uint8_t)(0xf0 | c >> 18);
	to[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	to[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	to[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

enum { WHOLE = 1, BEGINS = 2 };

static struct beginnings *all_beginnings(void)
{
	struct beginnings *b = calloc(1, sizeof *b);

	assert_non_null(b);
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		uint8_t p[4];
		size_t n;

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		n = encode(c, p);
		b->one[p[0]] |= n == 1 ? WHOLE : BEGINS;
		if (n >= 2)
			b->two[p[0] << 8 | p[1]] |= n == 2 ? WHOLE : BEGINS;
		if (n >= 3)
			b->three[p[0] << 16 | p[1] << 8 | p[2]] |= n == 3 ? WHOLE : BEGINS;
	}
	return b;
}

/* The checker that has seen a beginning sees one byte more. */
static void try_byte(struct rs_ws_utf8 before, uint8_t byte, uint8_t expect, struct rs_ws_utf8 *after)
{
	*after = before;
	assert_int_equal(rs_ws_utf8_feed(after, rs_slice(&byte, 1)), expect != 0);
	if (expect)
		assert_int_equal(rs_ws_utf8_whole(after), expect == WHOLE);
}

static void test_all_characters(void **state)
{
	struct beginnings *b = all_beginnings();
	struct rs_ws_utf8 u[5] = { { 0 } };

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		try_byte(u[0], (uint8_t)i, b->one[i], &u[1]);
		for (unsigned j = 0; b->one[i] == BEGINS && j < 256; j++) {
			try_byte(u[1], (uint8_t)j, b->two[i << 8 | j], &u[2]);
			for (unsigned k = 0; b->two[i << 8 | j] == BEGINS && k < 256; k++) {
				uint8_t three = b->three[i << 16 | j << 8 | k];

				try_byte(u[2], (uint8_t)k, three, &u[3]);
				for (unsigned l = 0; three == BEGINS && l < 256; l++)
					try_byte(u[3], (uint8_t)l, l >= 0x80 && l <= 0xbf ? WHOLE : 0, &u[4]);
			}
		}
	}
	free(b);
}

/* Blocks of eight: a wrong byte is seen wherever it stands, and a right one is no reason to stop. */
static void test_blocks(void **state)
{
	char text[40];

	(void)state;
	for (size_t n = 0; n <= sizeof text; n++) {
		memset(text, 'a', sizeof text);
		assert_true(rs_ws_utf8_ok(rs_slice(text, n)));
		for (size_t i = 0; i < n; i++) {
			text[i] = '\x80';
			assert_false(rs_ws_utf8_ok(rs_slice(text, n)));
			text[i] = '\xc3';
			assert_false(rs_ws_utf8_ok(rs_slice(text, n)));
			if (i + 1 < n) {
				text[i + 1] = '\xa4';
				assert_true(rs_ws_utf8_ok(rs_slice(text, n)));
				text[i + 1] = 'a';
			}
			text[i] = 'a';
		}
	}
}

static void test_prefix(void **state)
{
	static const struct {
		const char *text;
		size_t max, n;
	} rows[] = {
		{ "", 5, 0 },
		{ "abc", 5, 3 },
		{ "abc", 2, 2 },
		{ "abc", 0, 0 },
		{ "a\xc3\xa4", 3, 3 },
		{ "a\xc3\xa4", 2, 1 },
		{ "a\xc3", 9, 1 },
		{ "a\xff"
		  "b",
		  9, 1 },
		{ "\xe2\x82\xac\xe2\x82\xac", 5, 3 },
		{ "\xf0\x9f\x98\x80", 3, 0 },
		{ "\x80", 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++)
		assert_int_equal(rs_ws_utf8_prefix(rs_slice_str(rows[i].text), rows[i].max).n, rows[i].n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_characters),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_prefix),
	};

	return cmocka_run_group_tests_name("ws_utf8", tests, NULL, NULL);
}
