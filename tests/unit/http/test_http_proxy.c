/*
 * PROXY protocol headers, row by row and cut at every byte.
 */
#include "http/http_proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

struct row {
	struct rs_slice bytes;
	enum rs_result result;
	enum rs_proxy_kind kind;
	const char *source, *destination;
	unsigned source_port, destination_port;
	size_t length; /* 0: all of it */
};

#define BYTES(s) { s, sizeof s - 1 }

static const struct row rows[] = {
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n"), RS_OK, RS_PROXY_CLIENT, "192.0.2.1", "192.0.2.2", 5000, 80, 0 },
	{ BYTES("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), RS_OK, RS_PROXY_CLIENT, "255.255.255.255", "255.255.255.255", 65535, 65535, 0 },
	{ BYTES("PROXY TCP6 2001:db8::1 ::1 5000 443\r\nGET / "), RS_OK, RS_PROXY_CLIENT, "2001:db8::1", "::1", 5000, 443, 37 },
	{ BYTES("PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 0 1\r\n"), RS_OK, RS_PROXY_CLIENT, "192.0.2.1", "192.0.2.2", 0, 1, 0 },
	{ BYTES("PROXY UNKNOWN\r\n"), RS_OK, RS_PROXY_UNKNOWN, "", "", 0, 0, 0 },
	{ BYTES("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"), RS_OK, RS_PROXY_UNKNOWN, "", "", 0, 0, 0 },
	{ BYTES(SIGNATURE "\x20\x00\x00\x00"), RS_OK, RS_PROXY_LOCAL, "", "", 0, 0, 0 },
	{ BYTES(SIGNATURE "\x20\x11\x00\x03xyz"), RS_OK, RS_PROXY_LOCAL, "", "", 0, 0, 0 },
	{ BYTES(SIGNATURE "\x21\x00\x00\x00"), RS_OK, RS_PROXY_UNKNOWN, "", "", 0, 0, 0 },
	{ BYTES(SIGNATURE "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\x13\x88\x00\x50"), RS_OK, RS_PROXY_CLIENT, "192.0.2.1", "192.0.2.2", 5000, 80, 0 },
	{ BYTES(SIGNATURE "\x21\x11\x00\x12\xc0\x00\x02\x01\xc0\x00\x02\x02\x13\x88\x00\x50\x01\x00\x03h2!GET"), RS_OK, RS_PROXY_CLIENT, "192.0.2.1", "192.0.2.2", 5000, 80, 34 },
	{ BYTES(SIGNATURE "\x21\x21\x00\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\x01\x00\x01\x01\xbb"), RS_OK, RS_PROXY_CLIENT, "2001:db8::1", "10.0.0.1", 1, 443, 0 },
	{ BYTES("GET / HTTP/1.1\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY \r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 5000\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80 \r\n"), RS_OK, RS_PROXY_CLIENT, "192.0.2.1", "192.0.2.2", 5000, 80, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 5000 80 x\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1  192.0.2.2 5000 80\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 05000 80\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1 192.0.2.2 65536 80\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY TCP4 ::1 ::1 1 1\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY TCP6 192.0.2.1 192.0.2.2 1 1\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY TCP4 192.0.2.1\0x 192.0.2.2 1 1\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY UDP4 192.0.2.1 192.0.2.2 1 1\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("PROXY unknown\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES("proxy UNKNOWN\r\n"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES(SIGNATURE "\x11\x11\x00\x00"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES(SIGNATURE "\x22\x11\x00\x00"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES(SIGNATURE "\x21\x11\x00\x0b"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES(SIGNATURE "\x21\x21\x00\x23"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES(SIGNATURE "\x21\x12\x00\x0c"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES(SIGNATURE "\x21\x31\x00\xd7"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES(SIGNATURE "\x21\x41\x00\x00"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES(SIGNATURE "\x21\x11\x0f\xf1"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
	{ BYTES(SIGNATURE "\x20\x11\xff\xff"), RS_ERR, 0, NULL, NULL, 0, 0, 0 },
};

static void check(const struct row *r, const struct rs_proxy_header *h, size_t i)
{
	if (h->kind != r->kind || strcmp(h->source, r->source) != 0 || strcmp(h->destination, r->destination) != 0 ||
	    h->source_port != r->source_port || h->destination_port != r->destination_port ||
	    h->length != (r->length ? r->length : r->bytes.n))
		fail_msg("row %zu: %d %s %s %u %u %zu", i, h->kind, h->source, h->destination, h->source_port, h->destination_port,
			 h->length);
}

static void headers(void **state)
{
	struct rs_proxy_header h;
	const char *why;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		const struct row *r = &rows[i];
		enum rs_result rc = RS_AGAIN;
		size_t n = 0;

		/* As it comes in single bytes: a header is complete with its last one, and rubbish is rubbish at the latest at its end. */
		for (; rc == RS_AGAIN && n <= r->bytes.n; n++)
			rc = rs_proxy_parse(r->bytes.p, n, &h, &why);
		if (rc != r->result || (rc == RS_ERR && !*why))
			fail_msg("row %zu: %d: %s", i, rc, why);
		if (rc != RS_OK)
			continue;
		assert_int_equal(n - 1, h.length);
		check(r, &h, i);
		assert_int_equal(rs_proxy_parse(r->bytes.p, r->bytes.n, &h, &why), RS_OK);
		check(r, &h, i);
	}
}

/* PP2_TYPE_SSL, among others, cut off, in a header of the proxy's own. */
static void tls_of_the_client(void **state)
{
#define CLIENT(rest, tlvs) BYTES(SIGNATURE "\x21\x11\x00" rest "\xc0\x00\x02\x01\xc0\x00\x02\x02\x13\x88\x01\xbb" tlvs)
	static const struct {
		struct rs_slice bytes;
		bool tls;
	} cases[] = {
		{ CLIENT("\x14", "\x20\x00\x05\x01\0\0\0\0"), true },
		{ CLIENT("\x14", "\x20\x00\x05\x07\0\0\0\1"), true },
		{ CLIENT("\x14", "\x20\x00\x05\x00\0\0\0\0"), false },
		{ CLIENT("\x19", "\x01\x00\x02h2\x20\x00\x05\x01\0\0\0\0"), true },
		{ CLIENT("\x11", "\x01\x00\x02\x20\x01"), false },
		{ CLIENT("\x10", "\x20\x00\x01\x01"), true },
		{ CLIENT("\x0f", "\x20\x00\x00"), false },
		{ CLIENT("\x10", "\x20\x00\x02\x01"), false },
		{ CLIENT("\x0e", "\x20\x00"), false },
		{ CLIENT("\x14", "\x20\xff\xff\x01\0\0\0\0"), false },
		{ BYTES(SIGNATURE "\x21\x00\x00\x04\x20\x00\x01\x01"), true },
		{ BYTES(SIGNATURE "\x20\x00\x00\x04\x20\x00\x01\x01"), false },
	};
	struct rs_proxy_header h;
	const char *why;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(cases); i++)
		if (rs_proxy_parse(cases[i].bytes.p, cases[i].bytes.n, &h, &why) != RS_OK || h.tls != cases[i].tls ||
		    h.length != cases[i].bytes.n)
			fail_msg("case %zu: %s", i, h.tls ? "TLS" : "none");
}

static void sizes_are_bounded(void **state)
{
	char *p = malloc(RS_PROXY_HEADER_MAX + 1);
	struct rs_proxy_header h;
	const char *why;

	(void)state;
	assert_non_null(p);
	memset(p, 'x', RS_PROXY_HEADER_MAX);
	memcpy(p, "PROXY UNKNOWN ", 14);
	assert_int_equal(rs_proxy_parse(p, 106, &h, &why), RS_AGAIN);
	assert_int_equal(rs_proxy_parse(p, 107, &h, &why), RS_ERR);
	memcpy(p + 105, "\r\n", 2);
	assert_int_equal(rs_proxy_parse(p, 200, &h, &why), RS_OK);
	assert_int_equal(h.length, 107);
	memcpy(p, SIGNATURE "\x20\x00\x0f\xf0", 16);
	assert_int_equal(rs_proxy_parse(p, RS_PROXY_HEADER_MAX - 1, &h, &why), RS_AGAIN);
	assert_int_equal(rs_proxy_parse(p, RS_PROXY_HEADER_MAX, &h, &why), RS_OK);
	assert_int_equal(h.length, RS_PROXY_HEADER_MAX);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(headers), cmocka_unit_test(tls_of_the_client),
					    cmocka_unit_test(sizes_are_bounded) };

	return cmocka_run_group_tests_name("http_proxy", tests, NULL, NULL);
}
