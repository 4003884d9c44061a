/* Messages in pieces: cut, mixed, lost, forged. */
#include "client/client_pieces.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX (1u << 20)

static char datagram[RS_PIECE_MAX], other[RS_PIECE_MAX];

static char *pattern(size_t n, unsigned seed)
{
	char *p = malloc(n ? n : 1);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(i * 31 + seed);
	return p;
}

/* Every length around the borders of a piece comes out as it went in. */
static void whole_messages(void **state)
{
	static const size_t lengths[] = { 0, 1, 100, RS_PIECE_BYTES - 1, RS_PIECE_BYTES, RS_PIECE_BYTES + 1, 2 * RS_PIECE_BYTES,
					  2 * RS_PIECE_BYTES + 1, MAX };
	struct rs_pieces pieces = { 0 };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(lengths); i++) {
		char *text = pattern(lengths[i], (unsigned)i);
		struct rs_slice msg = rs_slice(text, lengths[i]), got = { 0 };
		enum rs_result r = RS_AGAIN;
		size_t at = 0;

		do {
			size_t n = rs_piece_cut(msg, &at, 7, (uint32_t)i, datagram);

			assert_int_equal(r, RS_AGAIN);
			assert_true(n <= RS_PIECE_MAX);
			r = rs_piece_take(&pieces, rs_slice(datagram, n), MAX, &got);
		} while (at < msg.n);
		assert_int_equal(r, RS_OK);
		assert_true(rs_slice_eq(got, msg));
		free(text);
	}
	rs_pieces_free(&pieces);
}

static void anything_else_is_a_message_of_its_own(void **state)
{
	struct rs_pieces pieces = { 0 };
	struct rs_slice got;

	(void)state;
	assert_int_equal(rs_piece_take(&pieces, RS_SLICE("hello"), 5, &got), RS_OK);
	assert_true(rs_slice_eq(got, RS_SLICE("hello")));
	assert_int_equal(rs_piece_take(&pieces, RS_SLICE("hello!"), 5, &got), RS_ERR);
	assert_int_equal(rs_piece_take(&pieces, rs_slice(NULL, 0), 5, &got), RS_OK);
	rs_pieces_free(&pieces);
}

/* As many senders as there is room for, their pieces in turn; one more drops the oldest. */
static void mixed_senders(void **state)
{
	char *text = pattern(2 * RS_PIECE_BYTES, 3);
	struct rs_slice msg = rs_slice(text, 2 * RS_PIECE_BYTES), got;
	struct rs_pieces pieces = { 0 };
	size_t at, n;

	(void)state;
	for (int sender = 0; sender <= RS_PIECE_SENDERS; sender++) {
		at = 0;
		n = rs_piece_cut(msg, &at, sender, 1, datagram);
		assert_int_equal(rs_piece_take(&pieces, rs_slice(datagram, n), MAX, &got), RS_AGAIN);
	}
	for (int sender = 0; sender <= RS_PIECE_SENDERS; sender++) {
		at = RS_PIECE_BYTES;
		n = rs_piece_cut(msg, &at, sender, 1, datagram);
		assert_int_equal(rs_piece_take(&pieces, rs_slice(datagram, n), MAX, &got), sender ? RS_OK : RS_ERR);
		assert_true(!sender || rs_slice_eq(got, msg));
	}
	rs_pieces_free(&pieces);
	free(text);
}

/* A piece that comes twice, too early, or with a length that another one had not. */
static void what_does_not_follow_is_dropped(void **state)
{
	char *text = pattern(3 * RS_PIECE_BYTES, 9);
	struct rs_slice msg = rs_slice(text, 3 * RS_PIECE_BYTES), got;
	struct rs_pieces pieces = { 0 };
	size_t at = 0, n, m;

	(void)state;
	n = rs_piece_cut(msg, &at, 1, 1, datagram);
	assert_int_equal(rs_piece_take(&pieces, rs_slice(datagram, n), MAX, &got), RS_AGAIN);
	at = 2 * RS_PIECE_BYTES;
	m = rs_piece_cut(msg, &at, 1, 1, other);
	assert_int_equal(rs_piece_take(&pieces, rs_slice(other, m), MAX, &got), RS_ERR);
	assert_int_equal(rs_piece_take(&pieces, rs_slice(other, m), MAX, &got), RS_ERR);
	at = RS_PIECE_BYTES;
	m = rs_piece_cut(msg, &at, 1, 1, other);
	assert_int_equal(rs_piece_take(&pieces, rs_slice(other, m), MAX, &got), RS_ERR);
	rs_pieces_free(&pieces);
	free(text);
}

/* Heads that lie about lengths and places: never more than max is kept, nothing is read beyond the datagram. */
static void forged_heads(void **state)
{
	static const struct {
		uint64_t total, at;
		size_t data;
	} cases[] = {
		{ UINT64_MAX, 0, 10 }, { MAX + 1, 0, 10 }, { 10, 11, 1 }, { 10, 5, 6 }, { 10, UINT64_MAX, 1 }, { 10, 0, 0 }, { 5, 0, 6 },
	};
	struct rs_pieces pieces = { 0 };
	struct rs_slice got;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++) {
		struct head h = { .magic = PIECE_MAGIC, .sender = 1, .number = 1, .total = cases[i].total, .at = cases[i].at };
		char *exact = malloc(sizeof h + cases[i].data);

		assert_non_null(exact);
		memcpy(exact, &h, sizeof h);
		memset(exact + sizeof h, 'x', cases[i].data);
		assert_int_equal(rs_piece_take(&pieces, rs_slice(exact, sizeof h + cases[i].data), MAX, &got), RS_ERR);
		free(exact);
	}
	rs_pieces_free(&pieces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_messages),
		cmocka_unit_test(anything_else_is_a_message_of_its_own),
		cmocka_unit_test(mixed_senders),
		cmocka_unit_test(what_does_not_follow_is_dropped),
		cmocka_unit_test(forged_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
