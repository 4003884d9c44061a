/*
 * Shared by the tests of rs_http_parse(): feeds bytes as reads would, each time from a block of memory
 * that ends where the bytes end and moves, so that a slice kept from before or a byte read behind the end
 * is caught by the sanitizer.
 */
#ifndef RS_TEST_HEADS_H
#define RS_TEST_HEADS_H

#include "http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define WIDE 65536

struct read {
	char *p;
	size_t scanned;
	enum rs_result rc;
	unsigned status;
	const char *why;
	struct rs_http_head h;
};

/* The parser sees the first n bytes; after an earlier RS_AGAIN, it goes on. */
static inline void read_on(struct read *r, const char *bytes, size_t n, size_t head_max)
{
	struct rs_http_limits limits = { .head_max = head_max };
	char *fresh = malloc(n ? n : 1);

	assert_non_null(fresh);
	if (n)
		memcpy(fresh, bytes, n);
	free(r->p);
	r->p = fresh;
	r->rc = rs_http_parse(&r->h, r->p, n, &limits, &r->scanned, &r->status, &r->why);
}

static inline void read_end(struct read *r)
{
	free(r->p);
	memset(r, 0, sizeof *r);
}

/* A failing table test says at the end which row it was; SIZE_MAX: all of them passed. */
static size_t test_row = SIZE_MAX;

static void tell_row(void)
{
	if (test_row != SIZE_MAX)
		fprintf(stderr, "  (a test failed in row %zu of its table)\n", test_row);
}

static inline void at_row(size_t row)
{
	static bool armed;

	if (!armed)
		atexit(tell_row);
	armed = true;
	if (row == 0)
		tell_row();
	test_row = row;
}

#endif
