/*
 * What proxies say of a client, row by row.
 */
#include "http/http_forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void nodes(void **state)
{
	static const struct {
		const char *text, *address; /* NULL: refused */
		unsigned port;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.1", 0 },	{ " 192.0.2.1\t", "192.0.2.1", 0 },
		{ "192.0.2.1:8080", "192.0.2.1", 8080 },{ "192.0.2.1:0", "192.0.2.1", 0 },
		{ "2001:db8::1", "2001:db8::1", 0 },	{ "[2001:db8::1]", "2001:db8::1", 0 },
		{ "[2001:DB8:0::1]:443", "2001:db8::1", 443 }, { "::ffff:192.0.2.1", "192.0.2.1", 0 },
		{ "[::ffff:192.0.2.1]:1", "192.0.2.1", 1 },
		{ "", NULL, 0 }, { "unknown", NULL, 0 }, { "_hidden", NULL, 0 }, { "unix:", NULL, 0 }, { "192.0.2.1:", NULL, 0 },
		{ "192.0.2.1:65536", NULL, 0 }, { "192.0.2.1:_obf", NULL, 0 }, { "192.0.2", NULL, 0 }, { "192.0.2.1.5", NULL, 0 },
		{ "192.0.2.256", NULL, 0 }, { "0x7f.1", NULL, 0 }, { "[::1", NULL, 0 }, { "[::1]x", NULL, 0 }, { "[192.0.2.1]", NULL, 0 },
		{ "fe80::1%eth0", NULL, 0 }, { "192.0.2.1, 192.0.2.2", NULL, 0 }, { "\"192.0.2.1\"", NULL, 0 },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd", NULL, 0 }, { "[]", NULL, 0 }, { ":", NULL, 0 },
	};
	struct rs_http_node n;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		bool ok = rs_http_node(rs_slice_str(rows[i].text), &n);
		if (ok != (rows[i].address != NULL))
			fail_msg("%s", rows[i].text);
		assert_string_equal(n.address, ok ? rows[i].address : "");
		assert_int_equal(n.port, rows[i].port);
	}
}

static void lists_from_their_end(void **state)
{
	struct rs_slice rest = RS_SLICE(" a,b , ,\tc"), item;
	static const char *const want[] = { "c", "", "b", "a" };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(want); i++) {
		assert_true(rs_http_list_last(&rest, &item));
		assert_true(rs_slice_eq(item, rs_slice_str(want[i])));
	}
	assert_false(rs_http_list_last(&rest, &item));
}

/* Elements as "address:port/proto/host", with - for what is not said. */
static void show(struct rs_slice value, char *out, size_t size)
{
	struct rs_http_hop hops[RS_HTTP_HOPS_MAX];
	size_t n = rs_http_forwarded(value, hops), at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%s:%u/%.*s/%.*s", i ? " " : "",
				       *hops[i].from.address ? hops[i].from.address : "-", hops[i].from.port,
				       (int)(hops[i].proto.n ? hops[i].proto.n : 1), hops[i].proto.n ? hops[i].proto.p : "-",
				       (int)(hops[i].host.n ? hops[i].host.n : 1), hops[i].host.n ? hops[i].host.p : "-");
}

static void forwarded(void **state)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
		{ "", "" },
		{ "for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60:0/http/-" },
		{ "For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17:4711/-/-" },
		{ "for=192.0.2.43, for=198.51.100.17", "192.0.2.43:0/-/- 198.51.100.17:0/-/-" },
		{ "for=192.0.2.43,for=\"[2001:db8::17]\";PROTO=HTTPS;host=\"shop.test:8443\"", "192.0.2.43:0/-/- 2001:db8::17:0/HTTPS/shop.test:8443" },
		{ "for=192.0.2.43:47011;host=shop.test", "192.0.2.43:47011/-/shop.test" },
		{ "for=unknown;proto=https", "-:0/https/-" },
		{ "for=_hidden, for=_SEVKISEK", "-:0/-/- -:0/-/-" },
		{ "for=\"unix:/x,y\";proto=http", "-:0/http/-" },
		{ "secret=x;for=1.2.3.4", "1.2.3.4:0/-/-" },
		{ "for=1.2.3.4 ; proto=http", "1.2.3.4:0/http/-" },
		/* Malformed elements are there, and empty. */
		{ "for=1.2.3.4;for=5.6.7.8", "-:0/-/-" },
		{ "for = 1.2.3.4", "-:0/-/-" },
		{ "for=1.2.3.4;", "-:0/-/-" },
		{ "1.2.3.4", "-:0/-/-" },
		{ "for=", "-:0/-/-" },
		{ ",", "-:0/-/- -:0/-/-" },
		{ "for=1.2.3.4, ,for=2.3.4.5", "1.2.3.4:0/-/- -:0/-/- 2.3.4.5:0/-/-" },
		{ "for=\"1.2.3.4", "-:0/-/-" },
		{ "for=\"1.2.3.4, for=9.9.9.9", "-:0/-/-" },
		{ "for=\"1.2\\.3.4\",for=9.9.9.9", "-:0/-/- 9.9.9.9:0/-/-" },
		{ "for=1.2.3.4;proto=gopher;host=\"a b\"", "1.2.3.4:0/-/-" },
		{ "for=1.2.3.4;host=x:99999", "1.2.3.4:0/-/-" },
	};
	char out[512];

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		show(rs_slice_str(rows[i].value), out, sizeof out);
		if (strcmp(out, rows[i].want) != 0)
			fail_msg("%s: %s, not %s", rows[i].value, out, rows[i].want);
	}
}

static void of_many_hops_the_last_count(void **state)
{
	char value[4096] = "";
	struct rs_http_hop hops[RS_HTTP_HOPS_MAX];
	size_t at = 0;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		at += (size_t)snprintf(value + at, sizeof value - at, "%sfor=10.0.0.%u", i ? "," : "", i);
	assert_int_equal(rs_http_forwarded(rs_slice_str(value), hops), RS_HTTP_HOPS_MAX);
	assert_string_equal(hops[0].from.address, "10.0.0.68");
	assert_string_equal(hops[RS_HTTP_HOPS_MAX - 1].from.address, "10.0.0.99");
}

static void authorities(void **state)
{
	static const struct {
		const char *text, *name;
		unsigned port;
	} rows[] = {
		{ "shop.test", "shop.test", 0 }, { " shop.test:8443 ", "shop.test", 8443 }, { "[::1]:80", "[::1]", 80 }, { "[::1]", "[::1]", 0 },
		{ "", NULL, 0 }, { ":80", NULL, 0 }, { "a b", NULL, 0 }, { "a/b", NULL, 0 }, { "a:b", NULL, 0 }, { "a:1:2", NULL, 0 },
		{ "a\"b", NULL, 0 }, { "[1.2.3.4]", NULL, 0 }, { "a,b", NULL, 0 }, { "a:65536", NULL, 0 },
	};
	struct rs_slice name;
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		bool ok = rs_http_authority(rs_slice_str(rows[i].text), &name, &port);
		if (ok != (rows[i].name != NULL))
			fail_msg("%s", rows[i].text);
		if (ok && (port != rows[i].port || !rs_slice_eq(name, rs_slice_str(rows[i].name))))
			fail_msg("%s", rows[i].text);
	}
}

static void request_ids(void **state)
{
	static const char *const good[] = { "a", "7b44b9b2d1a44f3f8d0a1c2e3f405162", "Root=1-67891233-abcdef012345678912345678", "a.b:c/d+e~f@g_h-i",
					    "0123456789012345678901234567890123456789012345678901234567890123" };
	static const char *const bad[] = { "", "a b", "a\"b", "a;b", "a\tb", "a,b", "<a>", "a%0d",
					   "01234567890123456789012345678901234567890123456789012345678901234" };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(good); i++)
		assert_true(rs_http_request_id(rs_slice_str(good[i])));
	for (size_t i = 0; i < RS_COUNTOF(bad); i++)
		assert_false(rs_http_request_id(rs_slice_str(bad[i])));
	assert_false(rs_http_request_id(RS_SLICE("a\0b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes),       cmocka_unit_test(lists_from_their_end),	   cmocka_unit_test(forwarded),
		cmocka_unit_test(authorities), cmocka_unit_test(of_many_hops_the_last_count), cmocka_unit_test(request_ids),
	};

	return cmocka_run_group_tests_name("http_forwarded", tests, NULL, NULL);
}
