/*
 * Request heads that must be refused, and with which status: malformed ones, and everything that a proxy
 * in front could read in another way than we do (request smuggling). Each row is fed whole, cut in two
 * everywhere, and byte by byte.
 */
#include "http/heads.h"

struct row {
	const char *bytes;
	size_t n;
	unsigned status;
};

#define R(literal, status) { (literal), sizeof(literal) - 1, (status) },
#define FIRST "GET / HTTP/1.1\r\n"
#define HOST FIRST "Host: a\r\n"
#define POST "POST / HTTP/1.1\r\nHost: a\r\n"
#define REST " HTTP/1.1\r\nHost: a\r\n\r\n"
#define CL "Content-Length"
#define TE "Transfer-Encoding"

static const struct row rows[] = {
	/* lines: bare LF, bare CR, NUL */
	R("GET / HTTP/1.1\nHost: a\n\n", 400)
	R("GET / HTTP/1.1\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/1.1\r\nHost: a\n\r\n", 400)
	R("GET / HTTP/1.1\r\nHost: a\r\n\n", 400)
	R(HOST "X: y\n\r\n", 400)
	R(HOST "X: y\nZ: 1\r\n\r\n", 400)
	R(HOST "X: y\n\nGET /smuggled" REST, 400)
	R("GET / HTTP/1.1\rHost: a\r\n\r\n", 400)
	R("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400)
	R(HOST "X: y\rZ: 1\r\n\r\n", 400)
	R(HOST "X: y\r\r\n\r\n", 400)
	R(HOST "\rX: y\r\n\r\n", 400)
	R(HOST "\r\rX: y\r\n\r\n", 400)
	R(HOST "X\r: y\r\n\r\n", 400)
	R("\0GET /" REST, 400)
	R("GE\0T /" REST, 400)
	R("GET /\0x" REST, 400)
	R("GET / HTTP/1.1\0\r\nHost: a\r\n\r\n", 400)
	R(FIRST "Host: a\0b\r\n\r\n", 400)
	R(HOST "X\0: y\r\n\r\n", 400)
	R(HOST "X: \0\r\n\r\n", 400)
	R(HOST "X: y\0\r\n\r\n", 400)
	R(HOST "\0: y\r\n\r\n", 400)
	R("\nGET /" REST, 400)
	R("\n\nGET /" REST, 400)
	R("\r\rGET /" REST, 400)
	R("\r\n\r\n\r\nGET /" REST, 400)
	R(" \r\nGET /" REST, 400)

	/* request line */
	R("\r\n \r\n\r\n", 400)
	R(" GET /" REST, 400)
	R("\tGET /" REST, 400)
	R("GET  /" REST, 400)
	R("GET\t/" REST, 400)
	R("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400)
	R("GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/1.1\t\r\nHost: a\r\n\r\n", 400)
	R("GET / x HTTP/1.1\r\nHost: a\r\n\r\n", 400)
	R("GET\r\nHost: a\r\n\r\n", 400)
	R("GET \r\nHost: a\r\n\r\n", 400)
	R("GET  HTTP/1.1\r\nHost: a\r\n\r\n", 400)
	R("/" REST, 400)
	R("G(T /" REST, 400)
	R("G\xc3\x84T /" REST, 400)
	R("GET: /" REST, 400)
	R("\"GET\" /" REST, 400)
	R("G\x7fT /" REST, 400)
	R("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG /" REST, 501)
	R("CONNECT a:443" REST, 501)
	R("CONNECT /" REST, 501)
	R("CONNECT http://a/" REST, 501)

	/* versions */
	R("GET /\r\n\r\n", 400)
	R("GET /\r\nHost: a\r\n\r\n", 400)
	R("GET / \r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/1\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/1.\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/1.x\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/11.1\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/01.1\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/+1.1\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/1.1.1\r\nHost: a\r\n\r\n", 400)
	R("GET / http/1.1\r\nHost: a\r\n\r\n", 400)
	R("GET / Http/1.1\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTPS/1.1\r\nHost: a\r\n\r\n", 400)
	R("GET / ICY/1.1\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505)
	R("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505)
	R("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505)
	R("GET / HTTP/9.9\r\n\r\n", 505)
	R("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505)

	/* targets */
	R("GET x" REST, 400)
	R("GET ?x" REST, 400)
	R("GET /x#y" REST, 400)
	R("GET #" REST, 400)
	R("GET /x\x01y" REST, 400)
	R("GET /x\x7f" REST, 400)
	R("GET /x y" REST, 400)
	R("GET *" REST, 400)
	R("OPTIONS **" REST, 400)
	R("OPTIONS *?x" REST, 400)
	R("options *" REST, 400)
	R("GET a:80" REST, 400)
	R("GET http:" REST, 400)
	R("GET http:/" REST, 400)
	R("GET http://" REST, 400)
	R("GET http:///x" REST, 400)
	R("GET http://?x" REST, 400)
	R("GET http://u@b?x" REST, 400)
	R("GET http://b:?x" REST, 400)
	R("GET http://b?x" "#" REST, 400)
	R("GET http://:80/x" REST, 400)
	R("GET http://b:/x" REST, 400)
	R("GET http://b:65536/x" REST, 400)
	R("GET http://u@b/x" REST, 400)
	R("GET http://u:p@b/x" REST, 400)
	R("GET http://b\\c/x" REST, 400)
	R("GET http://b%2fc/x" REST, 400)
	R("GET ftp://b/x" REST, 400)
	R("GET file:///etc/passwd" REST, 400)
	R("GET httpx://b/x" REST, 400)
	R("GET http//b/x" REST, 400)
	R("GET http://b/x HTTP/1.1\r\n\r\n", 400)
	R("GET http://b/x HTTP/1.1\r\nHost: a b\r\n\r\n", 400)
	R("GET http://b/x HTTP/1.1\r\nHost: b\r\nHost: b\r\n\r\n", 400)

	/* Host */
	R(FIRST "\r\n", 400)
	R(FIRST "X: y\r\n\r\n", 400)
	R(FIRST "H_ost: a\r\n\r\n", 400)
	R(HOST "Host: a\r\n\r\n", 400)
	R(HOST "Host: b\r\n\r\n", 400)
	R(HOST "X: y\r\nhost: a\r\n\r\n", 400)
	R("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400)
	R("GET / HTTP/1.0\r\nHost:\r\n\r\n", 400)
	R(FIRST "Host:\r\n\r\n", 400)
	R(FIRST "Host: \t \r\n\r\n", 400)
	R(FIRST "Host: a b\r\n\r\n", 400)
	R(FIRST "Host: a, b\r\n\r\n", 400)
	R(FIRST "Host: a,b\r\n\r\n", 400)
	R(FIRST "Host: u@a\r\n\r\n", 400)
	R(FIRST "Host: u:p@a\r\n\r\n", 400)
	R(FIRST "Host: a/b\r\n\r\n", 400)
	R(FIRST "Host: a?b\r\n\r\n", 400)
	R(FIRST "Host: a#b\r\n\r\n", 400)
	R(FIRST "Host: a\\b\r\n\r\n", 400)
	R(FIRST "Host: http://a\r\n\r\n", 400)
	R(FIRST "Host: \"a\"\r\n\r\n", 400)
	R(FIRST "Host: a'b\r\n\r\n", 400)
	R(FIRST "Host: <a>\r\n\r\n", 400)
	R(FIRST "Host: a%00\r\n\r\n", 400)
	R(FIRST "Host: \xc3\xa4\r\n\r\n", 400)
	R(FIRST "Host: ..\r\n\r\n", 400)
	R(FIRST "Host: .\r\n\r\n", 400)
	R(FIRST "Host: .a\r\n\r\n", 400)
	R(FIRST "Host: a..b\r\n\r\n", 400)
	R(FIRST "Host: :80\r\n\r\n", 400)
	R(FIRST "Host: a:\r\n\r\n", 400)
	R(FIRST "Host: a:x\r\n\r\n", 400)
	R(FIRST "Host: a:-1\r\n\r\n", 400)
	R(FIRST "Host: a:+80\r\n\r\n", 400)
	R(FIRST "Host: a:80:80\r\n\r\n", 400)
	R(FIRST "Host: a:65536\r\n\r\n", 400)
	R(FIRST "Host: a:99999999999999999999\r\n\r\n", 400)
	R(FIRST "Host: a :80\r\n\r\n", 400)
	R(FIRST "Host: a: 80\r\n\r\n", 400)
	R(FIRST "Host: []\r\n\r\n", 400)
	R(FIRST "Host: [::1\r\n\r\n", 400)
	R(FIRST "Host: ::1\r\n\r\n", 400)
	R(FIRST "Host: [::1]x\r\n\r\n", 400)
	R(FIRST "Host: [::1]:\r\n\r\n", 400)
	R(FIRST "Host: [::1]]:80\r\n\r\n", 400)
	R(FIRST "Host: [::1%25eth0]\r\n\r\n", 400)
	R(FIRST "Host: [1:2:3:4:5:6:7:8:9]\r\n\r\n", 400)
	R(FIRST "Host: [1::2::3]\r\n\r\n", 400)
	R(FIRST "Host: [127.0.0.1]\r\n\r\n", 400)
	R(FIRST "Host: [v1.x]\r\n\r\n", 400)
	R(FIRST "Host: [0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]\r\n\r\n", 400)

	/* field lines: blanks and folding, names, values */
	R(HOST "X : y\r\n\r\n", 400)
	R(HOST "X\t: y\r\n\r\n", 400)
	R(FIRST "Host : a\r\n\r\n", 400)
	R(HOST "X: y\r\n z\r\n\r\n", 400)
	R(HOST "X: y\r\n\tz\r\n\r\n", 400)
	R(HOST "X: y\r\n \r\n\r\n", 400)
	R(HOST "X:\r\n y\r\n\r\n", 400)
	R(FIRST " Host: a\r\n\r\n", 400)
	R(FIRST "\tHost: a\r\n\r\n", 400)
	R(FIRST " X: y\r\nHost: a\r\n\r\n", 400)
	R(HOST ": y\r\n\r\n", 400)
	R(HOST "X\r\n\r\n", 400)
	R(HOST "X y\r\n\r\n", 400)
	R(HOST "X(: y\r\n\r\n", 400)
	R(HOST "X\"Y: y\r\n\r\n", 400)
	R(HOST "X/Y: y\r\n\r\n", 400)
	R(HOST "X@Y: y\r\n\r\n", 400)
	R(HOST "{X}: y\r\n\r\n", 400)
	R(HOST "\xc3\xa4: y\r\n\r\n", 400)
	R(HOST "X\x7f: y\r\n\r\n", 400)
	R(HOST "X\x0b: y\r\n\r\n", 400)
	R(HOST "X: a\x01z\r\n\r\n", 400)
	R(HOST "X: a\x08z\r\n\r\n", 400)
	R(HOST "X: \x0b\r\n\r\n", 400)
	R(HOST "X: a\x0cz\r\n\r\n", 400)
	R(HOST "X: a\x1fz\r\n\r\n", 400)
	R(HOST "X: 0123456789\x7f\r\n\r\n", 400)
	R(HOST "X: \x1b[31mred\r\n\r\n", 400)
	R(HOST "X_Y: a\x01\r\n\r\n", 400)
	R(HOST "X_Y : a\r\n\r\n", 400)
	R(HOST "Proxy : a\r\n\r\n", 400)

	/* Content-Length */
	R(POST CL ":\r\n\r\n", 400)
	R(POST CL ": x\r\n\r\n", 400)
	R(POST CL ": +5\r\n\r\nhello", 400)
	R(POST CL ": -5\r\n\r\n", 400)
	R(POST CL ": -0\r\n\r\n", 400)
	R(POST CL ": 5 \x0b\r\n\r\n", 400)
	R(POST CL ": 5 5\r\n\r\n", 400)
	R(POST CL ": 5,5\r\n\r\nhello", 400)
	R(POST CL ": 5, 5\r\n\r\nhello", 400)
	R(POST CL ": 5,\r\n\r\nhello", 400)
	R(POST CL ": ,5\r\n\r\nhello", 400)
	R(POST CL ": 5, 6\r\n\r\nhello", 400)
	R(POST CL ": 5;x\r\n\r\nhello", 400)
	R(POST CL ": 0x5\r\n\r\nhello", 400)
	R(POST CL ": 5.0\r\n\r\nhello", 400)
	R(POST CL ": 5e0\r\n\r\nhello", 400)
	R(POST CL ": \"5\"\r\n\r\nhello", 400)
	R(POST CL ": 5_0\r\n\r\n", 400)
	R(POST CL ": \xd9\xa5\r\n\r\n", 400)
	R(POST CL ": 9223372036854775808\r\n\r\n", 400)
	R(POST CL ": 18446744073709551615\r\n\r\n", 400)
	R(POST CL ": 18446744073709551616\r\n\r\n", 400)
	R(POST CL ": 18446744073709551621\r\n\r\nhello", 400)
	R(POST CL ": 99999999999999999999999999\r\n\r\n", 400)
	R(POST CL ": 5\r\n" CL ": 5\r\n\r\nhello", 400)
	R(POST CL ": 5\r\n" CL ": 6\r\n\r\nhello", 400)
	R(POST CL ": 0\r\ncontent-length: 5\r\n\r\nhello", 400)
	R(POST CL ": 5\r\n" CL ":\r\n\r\nhello", 400)
	R(POST CL " : 5\r\n\r\nhello", 400)
	R(POST CL "\t: 5\r\n\r\nhello", 400)
	R(POST " " CL ": 5\r\n\r\nhello", 400)
	R(POST CL "\0: 5\r\n\r\nhello", 400)
	R(POST CL "\r\n : 5\r\n\r\nhello", 400)
	R(POST CL ": \r\n 5\r\n\r\nhello", 400)
	R(POST "X: y\r" CL ": 5\r\n\r\nhello", 400)
	R(POST "X: y\n" CL ": 5\r\n\r\nhello", 400)
	R("POST / HTTP/1.0\r\n" CL ": 1\r\n" CL ": 1\r\n\r\nx", 400)

	/* both: CL.TE and TE.CL, in any order and dress */
	R(POST CL ": 6\r\n" TE ": chunked\r\n\r\n0\r\n\r\nG", 400)
	R(POST TE ": chunked\r\n" CL ": 4\r\n\r\n5c\r\n", 400)
	R(POST CL ": 0\r\n" TE ": chunked\r\n\r\n0\r\n\r\n", 400)
	R(POST "content-length: 3\r\nX: y\r\nTRANSFER-ENCODING: CHUNKED\r\n\r\n", 400)
	R(POST CL ": 6\r\n" TE ": xchunked\r\n\r\n", 501)
	R(POST CL ": 6\r\n" TE ": identity\r\n\r\n", 501)

	/* TE.TE: one chunked that only one of two servers sees */
	R(POST TE ": xchunked\r\n\r\n", 501)
	R(POST TE ": chunkedx\r\n\r\n", 501)
	R(POST TE ": chunke\r\n\r\n", 501)
	R(POST TE ": identity\r\n\r\n", 501)
	R(POST TE ": gzip\r\n\r\n", 501)
	R(POST TE ": gzip;q=1\r\n\r\n", 501)
	R(POST TE ": gzip, chunked\r\n\r\n", 501)
	R(POST TE ": identity, chunked\r\n\r\n", 501)
	R(POST TE ": gzip\r\n" TE ": chunked\r\n\r\n", 501)
	R(POST TE ": chunked, gzip\r\n\r\n", 400)
	R(POST TE ": chunked, identity\r\n\r\n", 400)
	R(POST TE ": chunked, chunked\r\n\r\n", 400)
	R(POST TE ": chunked,chunked\r\n\r\n", 400)
	R(POST TE ": chunked,\r\n\r\n", 400)
	R(POST TE ": ,chunked\r\n\r\n", 400)
	R(POST TE ": , chunked\r\n\r\n", 400)
	R(POST TE ": chunked ,\r\n\r\n", 400)
	R(POST TE ": gzip,,chunked\r\n\r\n", 400)
	R(POST TE ":\r\n\r\n", 400)
	R(POST TE ": ,\r\n\r\n", 400)
	R(POST TE ": chunked;\r\n\r\n", 400)
	R(POST TE ": chunked;q=1\r\n\r\n", 400)
	R(POST TE ": chunked; a=b\r\n\r\n", 400)
	R(POST TE ": chunked chunked\r\n\r\n", 400)
	R(POST TE ": chu nked\r\n\r\n", 400)
	R(POST TE ": \"chunked\"\r\n\r\n", 400)
	R(POST TE ": 'chunked'\r\n\r\n", 501)
	R(POST TE ": [chunked]\r\n\r\n", 400)
	R(POST TE ": \x0b" "chunked\r\n\r\n", 400)
	R(POST TE ": chunked\x0b\r\n\r\n", 400)
	R(POST TE ": chunked\x0c\r\n\r\n", 400)
	R(POST TE ": chunked\0\r\n\r\n", 400)
	R(POST TE ": chunked\x85\r\n\r\n", 400)
	R(POST TE ": \xc2\xa0" "chunked\r\n\r\n", 400)
	R(POST TE ": chun\xc5\xb0ked\r\n\r\n", 400)
	R(POST TE ":\x0b" "chunked\r\n\r\n", 400)
	R(POST TE " : chunked\r\n\r\n", 400)
	R(POST TE "\t: chunked\r\n\r\n", 400)
	R(POST TE "\0: chunked\r\n\r\n", 400)
	R(POST " " TE ": chunked\r\n\r\n", 400)
	R(POST "X: y\r\n " TE ": chunked\r\n\r\n", 400)
	R(POST "X: y\n" TE ": chunked\r\n\r\n", 400)
	R(POST "X: y\r" TE ": chunked\r\n\r\n", 400)
	R(POST TE "\r\n: chunked\r\n\r\n", 400)
	R(POST TE ":\r\n chunked\r\n\r\n", 400)
	R(POST TE ":\n chunked\r\n\r\n", 400)
	R(POST TE ": chunked\r\n" TE ": chunked\r\n\r\n", 400)
	R(POST TE ": chunked\r\n" TE ": identity\r\n\r\n", 400)
	R(POST TE ": chunked\r\n" TE ": x\r\n\r\n", 400)
	R(POST TE ": chunked\r\n" TE ":\r\n\r\n", 400)
	R(POST TE ": x\r\n" TE ": chunked\r\n\r\n", 501)
	R("POST / HTTP/1.0\r\n" TE ": chunked\r\n\r\n", 400)
	R("POST / HTTP/1.0\r\n" TE ": identity\r\n\r\n", 400)
	R("POST / HTTP/1.0\r\n" CL ": 3\r\n" TE ": chunked\r\n\r\n", 400)

	/* Expect */
	R(POST "Expect: 200-ok\r\n\r\n", 417)
	R(POST "Expect:\r\n\r\n", 417)
	R(POST "Expect: 100-continue, x\r\n\r\n", 417)
	R(POST "Expect: 100-continued\r\n\r\n", 417)
	R(POST "Expect: 100 continue\r\n\r\n", 417)
};

static void assert_refused(const struct row *row, const struct read *r)
{
	assert_int_equal(r->rc, RS_ERR);
	assert_int_equal(r->status, row->status);
	assert_non_null(r->why);
	assert_true(r->why[0] != '\0');
}

static void test_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct read r = { 0 };

		at_row(i);
		read_on(&r, rows[i].bytes, rows[i].n, WIDE);
		assert_refused(&rows[i], &r);
		read_end(&r);
	}
	at_row(SIZE_MAX);
}

/* A first part may be refused for what is in it; never with another status, and never accepted. */
static void test_cut_in_two(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		at_row(i);
		for (size_t cut = 0; cut <= rows[i].n; cut++) {
			struct read r = { 0 };

			read_on(&r, rows[i].bytes, cut, WIDE);
			if (r.rc == RS_AGAIN && cut < rows[i].n)
				read_on(&r, rows[i].bytes, rows[i].n, WIDE);
			assert_refused(&rows[i], &r);
			read_end(&r);
		}
	}
	at_row(SIZE_MAX);
}

static void test_byte_by_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct read r = { .rc = RS_AGAIN };

		at_row(i);
		for (size_t n = 0; n <= rows[i].n && r.rc == RS_AGAIN; n++)
			read_on(&r, rows[i].bytes, n, WIDE);
		assert_refused(&rows[i], &r);
		read_end(&r);
	}
	at_row(SIZE_MAX);
}

/* Each control byte in each kind of place, one at a time. */
static void test_control_bytes(void **state)
{
	static const char head[] = "POST /path HTTP/1.1\r\nHost: name\r\nField: value\r\n\r\n";

	(void)state;
	for (unsigned byte = 0; byte < 0x80; byte++) {
		if ((byte >= 0x20 && byte != 0x7f) || byte == '\t')
			continue;
		for (size_t at = 0; at < sizeof head - 1; at++) {
			char bytes[sizeof head];
			struct read r = { 0 };

			memcpy(bytes, head, sizeof head);
			if ((unsigned char)bytes[at] == byte)
				continue;
			bytes[at] = (char)byte;
			read_on(&r, bytes, sizeof head - 1, WIDE);
			assert_int_equal(r.rc, RS_ERR);
			assert_int_equal(r.status, 400);
			read_end(&r);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_cut_in_two),
		cmocka_unit_test(test_byte_by_byte),
		cmocka_unit_test(test_control_bytes),
	};

	return cmocka_run_group_tests_name("http_refuse", tests, NULL, NULL);
}
