/*
 * Lists of parts, protocols by their names, host names.
 */
#include "tls/tls_parts.c"
#include "tls/tls_names.c"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void parts_come_back(void **state)
{
	struct rs_buf b = { 0 };
	enum rs_tls_part part = RS_TLS_PARTS;
	struct rs_slice list, value = RS_SLICE("");

	(void)state;
	assert_true(rs_tls_put(&b, RS_TLS_site, RS_SLICE("")));
	assert_true(rs_tls_put(&b, RS_TLS_cert_file, RS_SLICE("/a b\n")));
	list = rs_buf_slice(&b);
	assert_int_equal(rs_tls_next(&list, &part, &value), RS_OK);
	assert_true(part == RS_TLS_site && value.n == 0);
	assert_int_equal(rs_tls_next(&list, &part, &value), RS_OK);
	assert_true(part == RS_TLS_cert_file && rs_slice_eq(value, RS_SLICE("/a b\n")));
	assert_int_equal(rs_tls_next(&list, &part, &value), RS_DONE);
	assert_string_equal(rs_tls_part_name(RS_TLS_cert_file), "cert_file");
	assert_string_equal(rs_tls_part_name(4711), "?");
	rs_buf_free(&b);
}

/* Cut at every byte: an end between two parts, or an error, never a read beyond. */
static void cut_lists(void **state)
{
	struct rs_buf b = { 0 };
	enum rs_tls_part part = RS_TLS_PARTS;
	struct rs_slice value;

	(void)state;
	assert_true(rs_tls_put(&b, RS_TLS_site, RS_SLICE("x")));
	assert_true(rs_tls_put(&b, RS_TLS_content, RS_SLICE("0123456789")));
	for (size_t n = 0; n < b.len; n++) {
		char *copy = malloc(n + 1);
		struct rs_slice list = rs_slice(copy, n);
		enum rs_result rc;

		memcpy(copy, rs_buf_data(&b), n);
		while ((rc = rs_tls_next(&list, &part, &value)) == RS_OK)
			;
		assert_int_equal(rc, n == 0 || n == 9 ? RS_DONE : RS_ERR);
		free(copy);
	}
	b.p[b.off] = 99;
	struct rs_slice list = rs_buf_slice(&b);
	assert_int_equal(rs_tls_next(&list, &part, &value), RS_ERR);
	rs_buf_free(&b);
}

static void protocols(void **state)
{
	static const struct {
		const char *text;
		unsigned bits; /* 0: refused */
	} rows[] = {
		{ "", 96 },	   { "0", 96 },		     { "TLSv1.2", 32 },	      { " tlsv1.3,TLSv1.2\t", 96 },
		{ "TLSv1", 8 },	   { "TLSv1.1 TLSv1.0", 24 }, { "96", 96 },	      { "104", 104 },
		{ "SSLv3", 0 },	   { "TLSv1.2 x", 0 },	     { "1", 0 },	      { "256", 0 },
		{ "TLSv1.4", 0 }, { "-1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_slice bad = { 0 };
		unsigned bits;
		bool ok = rs_tls_protocols(rs_slice_str(rows[i].text), &bits, &bad);

		if (ok != (rows[i].bits != 0) || (ok && bits != rows[i].bits))
			fail_msg("%s: %d %u", rows[i].text, ok, bits);
	}
}

static void host_names(void **state)
{
	static const struct {
		const char *host;
		int64_t site;
	} rows[] = {
		{ "a.test", 0 }, { "A.Test", 0 },      { "a.test.", 0 },     { "b.wild.test", 1 }, { "x.y.wild.test", 1 },
		{ "x.deep.wild.test", 2 }, { "deep.wild.test", 1 }, { "in.wild.test", 3 }, { "wild.test", -1 },	   { ".wild.test", -1 },
		{ "xwild.test", -1 }, { "", -1 },	     { "test", -1 },
	};
	static const char *const wrong[] = { "", "*", "*.", "a b", "a\n", "*.*.x", "a/b", "[::1]" };
	struct rs_tls_names l = { 0 };

	(void)state;
	assert_true(rs_tls_names_add(&l, RS_SLICE("a.test"), 0));
	assert_true(rs_tls_names_add(&l, RS_SLICE("A.TEST"), 3)); /* the first one stays */
	assert_true(rs_tls_names_add(&l, RS_SLICE("*.wild.test"), 1));
	assert_true(rs_tls_names_add(&l, RS_SLICE("*.deep.wild.test"), 2));
	assert_true(rs_tls_names_add(&l, RS_SLICE("in.wild.test"), 3));
	assert_int_equal(l.n, 4);
	for (size_t i = 0; i < RS_COUNTOF(rows); i++)
		if (rs_tls_names_find(&l, rs_slice_str(rows[i].host)) != rows[i].site)
			fail_msg("%s", rows[i].host);
	for (size_t i = 0; i < RS_COUNTOF(wrong); i++)
		if (rs_tls_names_add(&l, rs_slice_str(wrong[i]), 0))
			fail_msg("`%s` is taken", wrong[i]);
	rs_tls_names_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(parts_come_back), cmocka_unit_test(cut_lists), cmocka_unit_test(protocols),
					    cmocka_unit_test(host_names) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
