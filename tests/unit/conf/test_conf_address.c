/*
 * Networks and listen addresses.
 */
#include "conf/conf_address.c"

#include "conf_fixture.h"

static const struct {
	const char *net, *addr;
	bool in;
} matches[] = {
	{ "127.0.0.0/8", "127.0.0.1", true },
	{ "127.0.0.0/8", "127.255.255.255", true },
	{ "127.0.0.0/8", "128.0.0.0", false },
	{ "127.0.0.0/8", "126.255.255.255", false },
	{ "10.1.2.3", "10.1.2.3", true },
	{ "10.1.2.3", "10.1.2.4", false },
	{ "10.1.2.3/32", "10.1.2.3", true },
	{ "10.1.2.0/23", "10.1.3.255", true },
	{ "10.1.2.0/23", "10.1.4.0", false },
	{ "10.1.2.128/25", "10.1.2.127", false },
	{ "10.1.2.128/25", "10.1.2.128", true },
	{ "10.1.2.7/29", "10.1.2.0", true }, /* host bits are no matter */
	{ "0.0.0.0/0", "255.255.255.255", true },
	{ "0.0.0.0/0", "::1", false },
	{ "0.0.0.0/0", "::ffff:1.2.3.4", true },
	{ "1.2.3.0/24", "::ffff:1.2.3.4", true },
	{ "::ffff:1.2.3.4", "1.2.3.4", true },
	{ "::/0", "fe80::1", true },
	{ "::/0", "1.2.3.4", true },
	{ "::1/128", "::1", true },
	{ "::1", "::2", false },
	{ "fd00::/8", "fd12:3456::1", true },
	{ "fd00::/8", "fe00::", false },
	{ "2001:db8::/33", "2001:db8:7fff::", true },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "unix:", "unix:", true },
	{ "unix:", "127.0.0.1", false },
	{ "0.0.0.0/0", "unix:", false },
	{ "127.0.0.0/8", "localhost", false },
	{ "127.0.0.0/8", "", false },
	{ "127.0.0.0/8", "127.1", false },
	{ "nonsense", "127.0.0.1", false },
	{ "127.0.0.0/33", "127.0.0.1", false },
};

static void networks_hold_what_they_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(matches); i++) {
		char net[64];
		char *v[] = { net };
		const struct rs_strlist l = { v, 1 };

		assert_true(rs_fmt(net, sizeof net, "%s", matches[i].net));
		if (rs_conf_cidr_match(&l, matches[i].addr) != matches[i].in)
			fail_msg("%s in %s", matches[i].addr, net);
	}
}

static void any_entry_of_a_list_will_do(void **state)
{
	struct fixture *f = *state;
	const struct rs_strlist none = { 0 };

	assert_true(rs_conf_cidr_match(&f->c.trusted_proxies, "127.0.0.1"));
	assert_true(rs_conf_cidr_match(&f->c.trusted_proxies, "::1"));
	assert_true(rs_conf_cidr_match(&f->c.trusted_proxies, "unix:"));
	assert_false(rs_conf_cidr_match(&f->c.trusted_proxies, "192.168.0.1"));
	assert_false(rs_conf_cidr_match(&none, "127.0.0.1"));
	assert_false(rs_conf_cidr_match(&none, "unix:"));
}

static void words_behind_an_address(void **state)
{
	static const struct {
		const char *text, *address;
		unsigned words;
	} rows[] = {
		{ "1.2.3.4:80", "1.2.3.4:80", 0 },
		{ "1.2.3.4:80 ssl", "1.2.3.4:80", RS_LISTEN_WORD_SSL },
		{ "1.2.3.4:80 proxy_protocol  ssl", "1.2.3.4:80", RS_LISTEN_WORD_SSL | RS_LISTEN_WORD_PROXY },
		{ "/a ssl/x proxy_protocol", "/a ssl/x", RS_LISTEN_WORD_PROXY },
		{ "ssl", "ssl", 0 },
		{ "1.2.3.4:80 xssl", "1.2.3.4:80 xssl", 0 },
		{ "", "", 0 },
	};
	unsigned words;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		const struct rs_slice a = rs_conf_listen_words(rows[i].text, &words);
		assert_true(rs_slice_eq(a, rs_slice_str(rows[i].address)));
		assert_int_equal(words, rows[i].words);
	}
}

static void listen_addresses(void **state)
{
	static const char *const good[] = { "127.0.0.1:80", "0.0.0.0:0", "[::]:65535", "[::1]:80", "/run/x.sock", "./x",
					    "run/x.sock", "1.2.3.4:443 ssl", "[::]:443 ssl proxy_protocol", "/a b/x.sock  proxy_protocol  ssl" };
	static const char *const bad[] = { "",	       ":80",	     "80",	 "1.2.3:80",  "[::1:80",   "::1]:80",
					   "[]:80",    "1.2.3.4",    "1.2.3.4:", "1.2.3.4:a", "1.2.3.4:-1", "[::1]",
					   "[1.2.3.4]:1", "::1:80", "host:80",	"/",	      "/run/",	   "1.2.3.4: 80",
					   "1.2.3.4:443 tls", "1.2.3.4:443ssl", "ssl", " ssl" };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(good); i++)
		if (!rs_conf_listen_valid(good[i]))
			fail_msg("%s was refused", good[i]);
	for (size_t i = 0; i < RS_COUNTOF(bad); i++)
		if (rs_conf_listen_valid(bad[i]))
			fail_msg("%s was accepted", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(networks_hold_what_they_hold),
		TEST(any_entry_of_a_list_will_do),
		TEST(words_behind_an_address),
		TEST(listen_addresses),
	};

	return cmocka_run_group_tests_name("conf_address", tests, NULL, NULL);
}
