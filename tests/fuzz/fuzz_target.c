/*
 * The small readers of strangers' text: paths as file names, content types, dates, and a worker's header
 * block with the head made from it. The first byte of the input says which, and carries switches.
 */
#include "http/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int hex(char c)
{
	const char *digits = "0123456789abcdef",
		   *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static void fuzz_path(struct rs_slice path, size_t size)
{
	char *out = malloc(size ? size : 1);
	bool source, first = true;
	size_t i = 1;

	RS_ASSERT(out);
	if (!rs_http_file_path(path, out, size)) {
		free(out);
		return;
	}
	RS_ASSERT(strlen(out) < size);

	/* Decoded exactly once: each byte of out is the next byte, or the next escape, of the path. */
	RS_ASSERT(path.n && path.p[0] == '/');
	for (const char *p = out; *p; p++) {
		RS_ASSERT(i < path.n);
		if (path.p[i] == '%') {
			RS_ASSERT(i + 2 < path.n && hex(path.p[i + 1]) >= 0 && hex(path.p[i + 2]) >= 0);
			RS_ASSERT((unsigned char)*p ==
				  (unsigned)(hex(path.p[i + 1]) << 4 | hex(path.p[i + 2])));
			RS_ASSERT(*p != '/');
			i += 3;
		} else {
			RS_ASSERT(*p == path.p[i]);
			i++;
		}
		RS_ASSERT((unsigned char)*p >= 0x20 && *p != 0x7f && *p != '\\');
	}
	RS_ASSERT(i == path.n);

	/* No segment is empty or hidden; so none is ".." either. */
	for (char *p = out; p && *out; first = false) {
		char *slash = strchr(p, '/');
		size_t n = slash ? (size_t)(slash - p) : strlen(p);

		RS_ASSERT(n > 0);
		RS_ASSERT(p[0] != '.' || (first && n == 11 && memcmp(p, ".well-known", 11) == 0));
		p = slash ? slash + 1 : NULL;
	}
	RS_ASSERT(!rs_http_mime(out, &source) || !source);
	free(out);
}

static void fuzz_mime(struct rs_slice s)
{
	char *file = malloc(s.n + 1);
	bool source;
	const char *type;

	RS_ASSERT(file && (rs_copy(file, s.n + 1, s) || true));
	type = rs_http_mime(file, &source);
	RS_ASSERT(!type || (!source && strchr(type, '/')));
	if (strlen(file) >= 4 && strcmp(file + strlen(file) - 4, ".php") == 0)
		RS_ASSERT(source);
	free(file);
}

/* What is read is written in one form, and that is read as the same. */
static void fuzz_date(struct rs_slice s)
{
	int64_t at = 0, back = 0;
	char out[32];

	if (s.n == 8) {
		memcpy(&at, s.p, 8);
		rs_http_date(at, out);
		RS_ASSERT(strlen(out) == 29 && rs_http_date_parse(rs_slice_str(out), &back));
		RS_ASSERT(back == at || at < 0 || at > 253402300799);
		return;
	}
	if (!rs_http_date_parse(s, &at))
		return;
	RS_ASSERT(at >= -62167219200 && at <= 253402300800);
	if (at < 0 || at > 253402300799)
		return;
	rs_http_date(at, out);
	RS_ASSERT(rs_http_date_parse(rs_slice_str(out), &back) && back == at);
}

/* A block that passes, as the fields of a request: the head made from it has one end, and it is at its end.
 */
static void fuzz_block(struct rs_slice block, unsigned switches)
{
	static const unsigned statuses[] = { 100, 200, 204, 205, 304, 404, 500, 999 };
	struct rs_http_response r = { .status = statuses[switches & 7], .headers = block,
				      .content_length = switches & 8 ? 1234 : -1, .date = "d", .server = "s",
				      .minor = switches >> 4 & 1, .head_method = switches & 32,
				      .keepalive = switches & 64 };
	struct rs_http_block b;
	struct rs_buf out = { 0 };
	enum rs_http_framing framing;
	bool keepalive;
	size_t end;

	if (!rs_http_block_check(block, &b))
		return;
	r.connection_close = b.has_connection_close;
	r.reason = rs_slice(block.p, block.n < 16 ? block.n : 16);
	RS_ASSERT(rs_http_write_head(&out, &r, &framing, &keepalive));
	for (end = 0; memcmp(rs_buf_data(&out) + end, "\r\n\r\n", 4) != 0; end++)
		RS_ASSERT(end + 4 < out.len);
	RS_ASSERT(end + 4 == out.len);
	for (size_t i = 0; i < out.len; i++) {
		char c = rs_buf_data(&out)[i];

		RS_ASSERT(c != '\0' && (c != '\n' || rs_buf_data(&out)[i - 1] == '\r'));
		RS_ASSERT(c != '\r' || rs_buf_data(&out)[i + 1] == '\n');
	}
	RS_ASSERT(!keepalive || (r.keepalive && !b.has_connection_close && framing != RS_HTTP_UNTIL_CLOSE));
	RS_ASSERT(framing != RS_HTTP_CHUNKED || r.minor == 1);
	RS_ASSERT(framing != RS_HTTP_LENGTH || r.content_length >= 0);
	rs_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rs_slice rest;
	char *copy;

	if (n < 2)
		return 0;
	copy = malloc(n - 1);
	RS_ASSERT(copy);
	memcpy(copy, data + 1, n - 1);
	rest = rs_slice(copy, n - 1);
	/* Printable kinds, so that a corpus can be written by hand. */
	switch (data[0]) {
	case 'p':
		fuzz_path(rest, 4096);
		break;
	case 'q':
		fuzz_path(rest, 16);
		break;
	case 'm':
		fuzz_mime(rest);
		break;
	case 'd':
		fuzz_date(rest);
		break;
	default:
		fuzz_block(rest, data[0]);
		break;
	}
	free(copy);
	return 0;
}
