/*
 * Request heads. The first byte of the input says where the rest is cut and how small the limits are.
 *
 * Invariants: no verdict before its time; the same verdict and the same head however the bytes arrive;
 * every slice inside the head; no byte in a name, value or target that could split a line; never two
 * framings of one body.
 */
#include "http/http.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define HEAD_MAX 4096

static struct rs_http_head whole, split;

static void check_slice(struct rs_slice s, const char *p, size_t head_len)
{
	RS_ASSERT(s.p >= p && s.p + s.n <= p + head_len);
	for (size_t i = 0; i < s.n; i++)
		RS_ASSERT(s.p[i] != '\r' && s.p[i] != '\n' && s.p[i] != '\0');
}

static void check_head(const struct rs_http_head *h, const char *p, size_t n, size_t max)
{
	size_t hosts = 0, lengths = 0, codings = 0;

	RS_ASSERT(h->head_len >= 16 && h->head_len <= n && h->head_len <= max);
	RS_ASSERT(memcmp(p + h->head_len - 4, "\r\n\r\n", 4) == 0);
	check_slice(h->method, p, h->head_len);
	check_slice(h->target, p, h->head_len);
	RS_ASSERT(h->method.n > 0 && h->target.n > 0 && h->path_len > 0 && h->path_len <= h->target.n);
	RS_ASSERT(h->target.p[0] == '/' || (h->target.p[0] == '*' && h->target.n == 1));
	RS_ASSERT(!memchr(h->target.p, '?', h->path_len));
	RS_ASSERT(h->path_len == h->target.n || h->target.p[h->path_len] == '?');
	RS_ASSERT(!memchr(h->target.p, ' ', h->target.n) && !memchr(h->target.p, '#', h->target.n));
	RS_ASSERT(h->minor <= 1 && h->nfields <= RS_HTTP_FIELDS_MAX && (max % 3 || h->nfields <= 1 + max % 7));
	if (h->host.p)
		check_slice(h->host, p, h->head_len);
	for (size_t i = 0; i < h->nfields; i++) {
		const struct rs_http_field *f = &h->fields[i];

		check_slice(f->name, p, h->head_len);
		check_slice(f->value, p, h->head_len);
		RS_ASSERT(f->name.n > 0);
		RS_ASSERT(!memchr(f->name.p, '_', f->name.n) && !memchr(f->name.p, ' ', f->name.n));
		RS_ASSERT(!rs_slice_eqi(f->name, RS_SLICE("proxy")));
		if (rs_slice_eqi(f->name, RS_SLICE("host"))) {
			RS_ASSERT(rs_slice_eq(f->value, h->host));
			hosts++;
		}
		lengths += rs_slice_eqi(f->name, RS_SLICE("content-length"));
		codings += rs_slice_eqi(f->name, RS_SLICE("transfer-encoding"));
		if (f->value.n) {
			char first = f->value.p[0], last = f->value.p[f->value.n - 1];

			RS_ASSERT(first != ' ' && first != '\t' && last != ' ' && last != '\t');
		}
	}
	RS_ASSERT(hosts <= 1 && (h->minor == 0 || hosts == 1));
	RS_ASSERT(lengths == h->has_length && codings == h->chunked && !(h->has_length && h->chunked));
	RS_ASSERT(h->content_length <= INT64_MAX && (h->has_length || h->content_length == 0));
	RS_ASSERT(!h->expect_continue || h->chunked || h->content_length);
	RS_ASSERT(!h->upgrade || h->minor == 1);
}

static bool same(struct rs_slice a, const char *ap, struct rs_slice b, const char *bp)
{
	return rs_slice_eq(a, b) && (!a.p || a.p - ap == b.p - bp);
}

static void check_same(const struct rs_http_head *a, const char *ap, const struct rs_http_head *b,
		       const char *bp)
{
	RS_ASSERT(same(a->method, ap, b->method, bp) && same(a->target, ap, b->target, bp));
	RS_ASSERT(same(a->host, ap, b->host, bp) && a->path_len == b->path_len && a->nfields == b->nfields);
	for (size_t i = 0; i < a->nfields; i++) {
		RS_ASSERT(same(a->fields[i].name, ap, b->fields[i].name, bp));
		RS_ASSERT(same(a->fields[i].value, ap, b->fields[i].value, bp));
	}
	RS_ASSERT(a->head_len == b->head_len && a->content_length == b->content_length &&
		  a->minor == b->minor);
	RS_ASSERT(a->has_length == b->has_length && a->chunked == b->chunked && a->keepalive == b->keepalive);
	RS_ASSERT(a->expect_continue == b->expect_continue && a->upgrade == b->upgrade);
	RS_ASSERT(a->head_method == b->head_method && a->get_method == b->get_method);
}

/*
 * As a connection would read: step bytes at a time, each time to another place, and always up to the end of
 * the block, so that the sanitizer sees a read beyond. *p is where the last one was.
 */
static enum rs_result feed(struct rs_http_head *h, const uint8_t *data, char *block, size_t n, size_t step,
			   size_t max, char **p, unsigned *status)
{
	struct rs_http_limits limits = { .head_max = max, .fields_max = max % 3 ? 0 : 1 + max % 7 };
	enum rs_result rc = RS_AGAIN;
	size_t have = 0, scanned = 0;
	const char *why = NULL;

	*p = NULL;
	*status = 0;
	while (rc == RS_AGAIN && have < n) {
		have = n - have < step ? n : have + step;
		memcpy(block + n - have, data, have);
		*p = block + n - have;
		rc = rs_http_parse(h, *p, have, &limits, &scanned, status, &why);
		RS_ASSERT(rc == RS_OK || rc == RS_AGAIN || rc == RS_ERR);
		RS_ASSERT((rc == RS_ERR) == (*status != 0) && (rc == RS_ERR) == (why != NULL));
		RS_ASSERT(rc != RS_AGAIN || (scanned == have && have < max));
	}
	if (rc == RS_OK) {
		RS_ASSERT(scanned == 0);
		check_head(h, *p, have, max);
	}
	if (rc == RS_ERR)
		RS_ASSERT(*status == 400 || *status == 414 || *status == 417 || *status == 431 ||
			  *status == 501 || *status == 505);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t steps[] = { 1, 1 }, max;
	char *blocks[2];
	enum rs_result one;
	unsigned status;
	char *p;

	if (n < 2)
		return 0;
	steps[1] = 1 + data[0] % 64u;
	max = data[0] & 0x80 ? HEAD_MAX : 32 + 4 * (size_t)(data[0] & 0x7f);
	data++;
	n--;
	blocks[0] = malloc(n);
	blocks[1] = malloc(n);
	RS_ASSERT(blocks[0] && blocks[1]);
	one = feed(&whole, data, blocks[0], n, n, max, &p, &status);
	for (size_t i = 0; i < RS_COUNTOF(steps); i++) {
		unsigned other_status;
		char *other;
		enum rs_result two = feed(&split, data, blocks[1], n, steps[i], max, &other, &other_status);

		/* In pieces, an error in a line that has no end yet is not told yet. */
		RS_ASSERT(two == one || (two == RS_AGAIN && one == RS_ERR && data[n - 1] != '\n'));
		RS_ASSERT(two != RS_ERR || status == other_status);
		if (two == RS_OK)
			check_same(&whole, p, &split, other);
	}
	free(blocks[0]);
	free(blocks[1]);
	return 0;
}
