/*
 * The small readers of single header fields: Cookie, Range, Sec-WebSocket-Extensions. The first byte of the input says which.
 */
#include "http/http.h"
#include "ws/ws_handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool within(struct rs_slice part, struct rs_slice all)
{
	return part.p >= all.p && part.p + part.n <= all.p + all.n;
}

static bool has(struct rs_slice s, char c)
{
	return s.n && memchr(s.p, c, s.n);
}

static bool is_trimmed(struct rs_slice s)
{
	return s.n == 0 || (s.p[0] != ' ' && s.p[0] != '\t' && s.p[s.n - 1] != ' ' && s.p[s.n - 1] != '\t');
}

/* Each pair lies behind the one before it, and is what stands there. */
static void fuzz_cookie(struct rs_slice field)
{
	struct rs_slice rest = field, name, value;
	const char *at = field.p;
	size_t pairs = 0, semicolons = 1;

	for (size_t i = 0; i < field.n; i++)
		semicolons += field.p[i] == ';';
	while (rs_http_cookie_next(&rest, &name, &value)) {
		RS_ASSERT(within(name, field) && within(value, field) && within(rest, field));
		RS_ASSERT(name.p >= at && value.p > name.p + name.n - (name.n ? 1 : 0) && rest.p >= value.p + value.n);
		RS_ASSERT(!has(name, ';') && !has(value, ';') && !has(name, '='));
		RS_ASSERT(is_trimmed(name) && is_trimmed(value));
		at = rest.p;
		pairs++;
	}
	RS_ASSERT(rest.n == 0 && pairs <= semicolons);
}

/* Parts exist, are not empty, and no byte is in two of them. */
static void fuzz_range(struct rs_slice field, uint64_t size)
{
	struct rs_http_range r[RS_HTTP_RANGES_MAX];
	size_t n = 77;
	enum rs_http_range_kind kind = rs_http_range(field, size, r, &n);

	RS_ASSERT(n <= RS_HTTP_RANGES_MAX && (kind == RS_HTTP_RANGE_PART) == (n > 0));
	for (size_t i = 0; i < n; i++) {
		RS_ASSERT(r[i].n > 0 && r[i].at < size && r[i].n <= size - r[i].at);
		for (size_t j = 0; j < i; j++)
			RS_ASSERT(r[i].at + r[i].n <= r[j].at || r[j].at + r[j].n <= r[i].at);
	}
}

static void fuzz_extensions(struct rs_slice field)
{
	struct rs_ws_offer o = { .protocols = RS_SLICE("") };
	struct rs_ws_upgrade u = { .key = RS_SLICE("dGhlIHNhbXBsZSBub25jZQ==") };
	struct rs_buf out = { 0 };
	struct rs_slice s;

	rs_ws_offer_field(&o, RS_SLICE("Sec-WebSocket-Extensions"), field);
	RS_ASSERT(o.deflate == 0 || (o.deflate >= 9 && o.deflate <= 15));
	RS_ASSERT(o.deflate == 0 || o.deflate == 15 || o.deflate_bits_said);
	u.deflate = o.deflate;
	u.deflate_bits_said = o.deflate_bits_said;
	RS_ASSERT(rs_ws_write_upgrade(&out, &u));
	s = rs_buf_slice(&out);
	RS_ASSERT((memmem(s.p, s.n, "permessage-deflate", 18) != NULL) == (o.deflate != 0));
	rs_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rs_slice field;

	if (n == 0)
		return 0;
	field = rs_slice(data + 1, n - 1);
	switch (data[0] % 3) {
	case 0:
		fuzz_cookie(field);
		break;
	case 1:
		fuzz_range(field, (uint64_t)(data[0] / 3) * 7);
		break;
	default:
		fuzz_extensions(field);
	}
	return 0;
}
