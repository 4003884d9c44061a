/*
 * Responses: a server says whatever it likes. The same verdict and the same body, whether the bytes come at once, one by one, or
 * cut as the first byte of the input says; nothing is read beyond what is there.
 */
#include "http/http_answer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct outcome {
	enum rs_result head, body;
	unsigned status;
	size_t head_len, used, fields;
	struct rs_buf data;
};

static size_t count_fields(const struct rs_http_answer *a, const char *p, size_t n)
{
	struct rs_slice rest = a->lines;
	struct rs_http_field f;
	size_t fields = 0;

	while (rs_http_answer_field(&rest, &f)) {
		RS_ASSERT(f.name.p >= p && f.name.n && f.value.p + f.value.n <= p + n);
		fields++;
	}
	RS_ASSERT(rest.n == 0);
	return fields;
}

static void read_body(struct outcome *o, struct rs_http_body *b, const char *p, size_t n)
{
	struct rs_slice piece;
	size_t used;

	o->body = RS_OK;
	while (o->body == RS_OK) {
		o->body = rs_http_body_feed(b, p, n, &used, &piece);
		RS_ASSERT(used <= n && piece.p >= p && piece.p + piece.n <= p + used);
		RS_ASSERT(rs_buf_put(&o->data, piece.p, piece.n));
		p += used;
		n -= used;
		o->used += used;
	}
}

/* step bytes more each time; each time in a block of its own, so that the sanitizer sees a read beyond. */
static struct outcome feed(const uint8_t *data, size_t size, size_t step, bool head_method)
{
	struct outcome o = { .head = RS_AGAIN, .body = RS_AGAIN };
	struct rs_http_answer a;
	struct rs_http_body body;
	size_t scanned = 0, n = 0;
	const char *why;

	while (n < size && o.head == RS_AGAIN) {
		char *block;

		n = size - n < step ? size : n + step;
		block = malloc(n);
		RS_ASSERT(block);
		memcpy(block, data, n);
		o.head = rs_http_answer_parse(&a, block, n, &scanned, &why);
		if (o.head == RS_OK) {
			o.status = a.status;
			o.head_len = a.head_len;
			o.fields = count_fields(&a, block, n);
			RS_ASSERT(a.head_len <= n && a.head_len <= RS_HTTP_ANSWER_HEAD_MAX && !(a.has_length && a.chunked));
			rs_http_body_begin(&body, &a, head_method);
			read_body(&o, &body, block + a.head_len, n - a.head_len);
		}
		free(block);
	}
	while (o.head == RS_OK && o.body == RS_AGAIN && n < size) {
		size_t more = size - n < step ? size - n : step;
		char *block = malloc(more);

		RS_ASSERT(block);
		memcpy(block, data + n, more);
		read_body(&o, &body, block, more);
		n += more;
		free(block);
	}
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct outcome want;

	if (n < 2)
		return 0;
	want = feed(data + 1, n - 1, n, data[0] & 1);
	for (unsigned i = 0; i < 2; i++) {
		struct outcome got = feed(data + 1, n - 1, i ? 1u + data[0] : 1, data[0] & 1);

		RS_ASSERT(got.head == want.head && got.body == want.body);
		RS_ASSERT(got.status == want.status && got.head_len == want.head_len && got.fields == want.fields);
		RS_ASSERT(got.body == RS_ERR || (got.used == want.used && rs_slice_eq(rs_buf_slice(&got.data), rs_buf_slice(&want.data))));
		rs_buf_free(&got.data);
	}
	rs_buf_free(&want.data);
	return 0;
}
