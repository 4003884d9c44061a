/*
 * The meaning of Host, Connection, Content-Length, Transfer-Encoding, Expect and Upgrade (RFC 9112 3.2,
 * 6, 9; RFC 9110 7.2, 10.1.1). Everything that two servers in a row could read in two ways is refused
 * here. Runs in the reactor; allocates nothing.
 */
#include "http/http_fields.h"

#include "http/http_chars.h"

#include <arpa/inet.h>

static bool take_host(struct rs_http_head *h, struct rs_http_meaning *m, struct rs_slice v,
		      struct rs_http_refusal *no);
static void take_connection(struct rs_http_meaning *m, struct rs_slice v);
static bool take_content_length(struct rs_http_head *h, struct rs_slice v, struct rs_http_refusal *no);
static bool take_transfer_encoding(struct rs_http_head *h, struct rs_slice v, struct rs_http_refusal *no);
static bool take_expect(const struct rs_http_head *h, struct rs_http_meaning *m, struct rs_slice v,
			struct rs_http_refusal *no);
static bool next_member(struct rs_slice *list, struct rs_slice *member);
static bool is_coding(struct rs_slice s);

static bool refuse(struct rs_http_refusal *no, unsigned status, const char *why)
{
	*no = (struct rs_http_refusal){ status, why };
	return false;
}

bool rs_http_field_take(struct rs_http_head *h, struct rs_http_meaning *m, struct rs_http_field f,
			struct rs_http_refusal *no)
{
	bool ok = true;

	switch (f.name.n) {
	case 4:
		if (rs_slice_eqi(f.name, RS_SLICE("host")))
			ok = take_host(h, m, f.value, no);
		break;
	case 5:
		/* It would become HTTP_PROXY, which HTTP clients inside PHP believe ("httpoxy"). */
		if (rs_slice_eqi(f.name, RS_SLICE("proxy")))
			return true;
		break;
	case 6:
		if (rs_slice_eqi(f.name, RS_SLICE("expect")))
			ok = take_expect(h, m, f.value, no);
		break;
	case 7:
		if (rs_slice_eqi(f.name, RS_SLICE("upgrade")))
			m->upgrade_field = true;
		break;
	case 10:
		if (rs_slice_eqi(f.name, RS_SLICE("connection")))
			take_connection(m, f.value);
		break;
	case 14:
		if (rs_slice_eqi(f.name, RS_SLICE("content-length")))
			ok = take_content_length(h, f.value, no);
		break;
	case 17:
		if (rs_slice_eqi(f.name, RS_SLICE("transfer-encoding")))
			ok = take_transfer_encoding(h, f.value, no);
		break;
	}
	h->fields[h->nfields++] = f;
	return ok;
}

bool rs_http_fields_end(struct rs_http_head *h, const struct rs_http_meaning *m, struct rs_http_refusal *no)
{
	if (h->minor >= 1 && m->host_at == 0)
		return refuse(no, 400, "no Host");
	if (h->has_length && h->chunked)
		return refuse(no, 400, "Content-Length with Transfer-Encoding");
	/* RFC 9112 3.2.2: the authority of an absolute target wins, for the application too. */
	if (m->absolute && m->host_at)
		h->fields[m->host_at - 1].value = h->host;
	h->keepalive = !m->close && (h->minor >= 1 || m->keep_alive);
	h->upgrade = h->minor >= 1 && m->upgrade_field && m->upgrade_named;
	h->open = h->open && !h->has_length;
	h->expect_continue = m->expect && (h->chunked || h->open || h->content_length > 0);
	return true;
}

bool rs_http_authority_ok(struct rs_slice s)
{
	const char *p = s.p, *end = s.p + s.n;
	char address[INET6_ADDRSTRLEN];
	struct in6_addr in6;
	uint64_t port;

	if (s.n == 0)
		return false;
	if (*p == '[') {
		const char *close = memchr(p, ']', s.n);

		if (!close || !rs_copy(address, sizeof address, rs_slice(p + 1, (size_t)(close - p - 1))) ||
		    strlen(address) != (size_t)(close - p - 1) || inet_pton(AF_INET6, address, &in6) != 1)
			return false;
		p = close + 1;
	} else {
		/* Names go into logs and file names of applications: no empty label, so no "..". */
		for (char before = '.'; p < end && rs_http_class(*p) & RS_CH_HOST; before = *p++)
			if (*p == '.' && before == '.')
				return false;
		if (p == s.p)
			return false;
	}
	if (p == end)
		return true;
	return *p == ':' && rs_parse_u64(rs_slice(p + 1, (size_t)(end - p - 1)), 65535, &port);
}

static bool take_host(struct rs_http_head *h, struct rs_http_meaning *m, struct rs_slice v,
		      struct rs_http_refusal *no)
{
	if (m->host_at)
		return refuse(no, 400, "two Host fields");
	if (!rs_http_authority_ok(v))
		return refuse(no, 400, "bad Host");
	m->host_at = h->nfields + 1;
	if (!m->absolute)
		h->host = v;
	return true;
}

static void take_connection(struct rs_http_meaning *m, struct rs_slice v)
{
	struct rs_slice member;

	while (next_member(&v, &member)) {
		if (rs_slice_eqi(member, RS_SLICE("close")))
			m->close = true;
		else if (rs_slice_eqi(member, RS_SLICE("keep-alive")))
			m->keep_alive = true;
		else if (rs_slice_eqi(member, RS_SLICE("upgrade")))
			m->upgrade_named = true;
	}
}

static bool take_content_length(struct rs_http_head *h, struct rs_slice v, struct rs_http_refusal *no)
{
	if (h->has_length)
		return refuse(no, 400, "two Content-Length fields");
	if (!rs_parse_u64(v, INT64_MAX, &h->content_length))
		return refuse(no, 400, "bad Content-Length");
	h->has_length = true;
	return true;
}

/*
 * Only "chunked" is spoken, and said once. The rest is about how to refuse: 501 for a coding that is not
 * known, 400 for what leaves the end of the body in doubt or is no list of codings.
 */
static bool take_transfer_encoding(struct rs_http_head *h, struct rs_slice v, struct rs_http_refusal *no)
{
	struct rs_slice coding;
	bool chunked = false;
	size_t members = 0;

	if (h->minor < 1)
		return refuse(no, 400, "Transfer-Encoding in HTTP/1.0");
	if (h->chunked)
		return refuse(no, 400, "two Transfer-Encoding fields");
	if (rs_slice_eqi(v, RS_SLICE("chunked"))) {
		h->chunked = true;
		return true;
	}
	while (next_member(&v, &coding)) {
		if (chunked || !is_coding(coding))
			return refuse(no, 400, "bad Transfer-Encoding");
		chunked = rs_slice_eqi(coding, RS_SLICE("chunked"));
		members++;
	}
	if (members < 1 + (size_t)chunked)
		return refuse(no, 400, "bad Transfer-Encoding");
	return refuse(no, 501, "transfer coding not known");
}

/* RFC 9110 10.1.1: a 1.0 client cannot expect anything. */
static bool take_expect(const struct rs_http_head *h, struct rs_http_meaning *m, struct rs_slice v,
			struct rs_http_refusal *no)
{
	if (h->minor < 1)
		return true;
	if (!rs_slice_eqi(v, RS_SLICE("100-continue")))
		return refuse(no, 417, "expectation not known");
	m->expect = true;
	return true;
}

/* Cuts the first member, without blanks, from a comma-separated list. false: the list is used up. */
static bool next_member(struct rs_slice *list, struct rs_slice *member)
{
	const char *comma = list->n ? memchr(list->p, ',', list->n) : NULL;
	size_t n = comma ? (size_t)(comma - list->p) : list->n;
	const char *p = list->p, *end;

	if (list->n == 0)
		return false;
	end = p + n;
	n += comma != NULL;
	*list = rs_slice(list->p + n, list->n - n);
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (p < end && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*member = rs_slice(p, (size_t)(end - p));
	return true;
}

/* A token, perhaps with ";parameters", which are not looked into; "chunked" has none. */
static bool is_coding(struct rs_slice s)
{
	const char *end = s.p + s.n, *p = rs_http_span(s.p, end, RS_CH_TOKEN);

	if (p == s.p)
		return false;
	if (p == end)
		return true;
	return *p == ';' && !rs_slice_eqi(rs_slice(s.p, (size_t)(p - s.p)), RS_SLICE("chunked"));
}
