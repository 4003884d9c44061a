/*
 * The PROXY protocol: "PROXY TCP4 192.0.2.1 192.0.2.2 5000 80\r\n", or twelve bytes of signature, four of lengths and kinds, then
 * addresses. Pure.
 */
#include "http/http_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* ---- version 1 ------------------------------------------------------------------------------------------- */

/* With its CRLF, of the protocol's own reckoning. */
#define V1_MAX 107

static const char v1_start[] = "PROXY ";

static bool next_word(struct rs_slice *rest, struct rs_slice *word)
{
	const char *space = rest->n ? memchr(rest->p, ' ', rest->n) : NULL;

	*word = rs_slice(rest->p, space ? (size_t)(space - rest->p) : rest->n);
	*rest = space ? rs_slice(space + 1, rest->n - word->n - 1) : rs_slice("", 0);
	return word->n > 0;
}

/* The usual form of an address; a dual-stack proxy's IPv4 in IPv6 clothes becomes IPv4. */
static bool print_v6(const struct in6_addr *a, char out[46])
{
	return IN6_IS_ADDR_V4MAPPED(a) ? inet_ntop(AF_INET, a->s6_addr + 12, out, 46) != NULL
				       : inet_ntop(AF_INET6, a, out, 46) != NULL;
}

static bool take_address(struct rs_slice word, int family, char out[46])
{
	struct in6_addr bin;
	char text[INET6_ADDRSTRLEN];

	/* A NUL would hide what stands behind it. */
	if (!rs_copy(text, sizeof text, word) || strlen(text) != word.n || inet_pton(family, text, &bin) != 1)
		return false;
	return family == AF_INET ? inet_ntop(AF_INET, &bin, out, 46) != NULL : print_v6(&bin, out);
}

static bool take_port(struct rs_slice word, uint16_t *out)
{
	uint64_t n;

	if (word.n > 5 || (word.n > 1 && *word.p == '0') || !rs_parse_u64(word, UINT16_MAX, &n))
		return false;
	*out = (uint16_t)n;
	return true;
}

static bool take_addresses(struct rs_slice rest, int family, struct rs_proxy_header *h)
{
	struct rs_slice word;

	return next_word(&rest, &word) && take_address(word, family, h->source) && next_word(&rest, &word) &&
	       take_address(word, family, h->destination) && next_word(&rest, &word) && take_port(word, &h->source_port) &&
	       next_word(&rest, &word) && take_port(word, &h->destination_port) && rest.n == 0;
}

static enum rs_result parse_v1(const char *p, size_t n, struct rs_proxy_header *h, const char **why)
{
	const size_t seen = n < V1_MAX ? n : V1_MAX;
	const char *end = memchr(p, '\n', seen);
	struct rs_slice rest, word;
	int family;

	*why = "a line longer than 107 bytes";
	if (!end)
		return n < V1_MAX ? RS_AGAIN : RS_ERR;
	h->length = (size_t)(end - p) + 1;
	*why = "a line that does not end with CR LF";
	if (h->length < sizeof v1_start || end[-1] != '\r')
		return RS_ERR;
	rest = rs_slice(p + sizeof v1_start - 1, h->length - 2 - (sizeof v1_start - 1));
	*why = "not TCP4, TCP6 or UNKNOWN";
	if (!next_word(&rest, &word))
		return RS_ERR;
	if (rs_slice_eq(word, RS_SLICE("UNKNOWN"))) {
		h->kind = RS_PROXY_UNKNOWN; /* what follows is to be passed over */
		return RS_OK;
	}
	family = rs_slice_eq(word, RS_SLICE("TCP4")) ? AF_INET : rs_slice_eq(word, RS_SLICE("TCP6")) ? AF_INET6 : -1;
	if (family < 0)
		return RS_ERR;
	h->kind = RS_PROXY_CLIENT;
	*why = "not two addresses and two ports";
	return take_addresses(rest, family, h) ? RS_OK : RS_ERR;
}

/* ---- version 2 ------------------------------------------------------------------------------------------- */

#define V2_HEAD 16

static const char v2_start[12] = { '\r', '\n', '\r', '\n', '\0', '\r', '\n', 'Q', 'U', 'I', 'T', '\n' };

static uint16_t get16(const char *p)
{
	return (uint16_t)((unsigned char)p[0] << 8 | (unsigned char)p[1]);
}

/* size: of one address. */
static void take_binary(const char *p, int family, size_t size, struct rs_proxy_header *h)
{
	struct in6_addr a;
	char *out[] = { h->source, h->destination };

	for (size_t i = 0; i < 2; i++, p += size) {
		memcpy(&a, p, size);
		if (family == AF_INET)
			(void)inet_ntop(AF_INET, &a, out[i], 46);
		else
			(void)print_v6(&a, out[i]);
	}
	h->source_port = get16(p);
	h->destination_port = get16(p + 2);
	h->kind = RS_PROXY_CLIENT;
}

/* What stands behind the addresses: a byte of type, two of length, a value. Of TLS the value's first byte says which it has. */
#define TLV_HEAD 3
#define TLV_TLS 0x20
#define TLS_OF_CLIENT 0x01

static void take_tlvs(const char *p, size_t n, struct rs_proxy_header *h)
{
	while (n >= TLV_HEAD && get16(p + 1) <= n - TLV_HEAD) {
		const size_t value = get16(p + 1);
		if (p[0] == TLV_TLS && value && (p[TLV_HEAD] & TLS_OF_CLIENT))
			h->tls = true;
		p += TLV_HEAD + value;
		n -= TLV_HEAD + value;
	}
}

/* Families and transports of the fourteenth byte. Datagrams do not come by a stream. */
enum { UNSPEC = 0x00, TCP4 = 0x11, TCP6 = 0x21, UNIX_STREAM = 0x31 };

static enum rs_result parse_v2(const char *p, size_t n, struct rs_proxy_header *h, const char **why)
{
	size_t rest, addresses;
	unsigned family;

	if (n < V2_HEAD)
		return RS_AGAIN;
	*why = "a version or command that is not known";
	if ((p[12] & 0xf0) != 0x20 || (p[12] & 0x0f) > 1)
		return RS_ERR;
	rest = get16(p + 14);
	h->length = V2_HEAD + rest;
	*why = "a header longer than 4096 bytes";
	if (h->length > RS_PROXY_HEADER_MAX)
		return RS_ERR;
	family = (unsigned char)p[13];
	h->kind = (p[12] & 0x0f) == 0 ? RS_PROXY_LOCAL : RS_PROXY_UNKNOWN;
	*why = "a family or transport that is not known";
	/* With LOCAL the rest is to be passed over, whatever it says. */
	if (h->kind == RS_PROXY_UNKNOWN && family != UNSPEC && family != TCP4 && family != TCP6 && family != UNIX_STREAM)
		return RS_ERR;
	addresses = family == TCP4 ? 12 : family == TCP6 ? 36 : family == UNIX_STREAM ? 216 : 0;
	*why = "shorter than its addresses";
	if (h->kind == RS_PROXY_UNKNOWN && rest < addresses)
		return RS_ERR;
	if (n < h->length)
		return RS_AGAIN;
	if (h->kind == RS_PROXY_LOCAL)
		return RS_OK;
	take_tlvs(p + V2_HEAD + addresses, rest - addresses, h);
	if (family == TCP4 || family == TCP6)
		take_binary(p + V2_HEAD, family == TCP4 ? AF_INET : AF_INET6, family == TCP4 ? 4 : 16, h);
	return RS_OK;
}

/* ------------------------------------------------------------------------------------------------------------ */

static bool begins(const char *p, size_t n, const char *with, size_t size)
{
	return memcmp(p, with, n < size ? n : size) == 0;
}

enum rs_result rs_proxy_parse(const char *p, size_t n, struct rs_proxy_header *h, const char **why)
{
	memset(h, 0, sizeof *h);
	*why = "";
	if (n == 0)
		return RS_AGAIN;
	if (begins(p, n, v1_start, sizeof v1_start - 1))
		return parse_v1(p, n, h, why);
	if (begins(p, n, v2_start, sizeof v2_start))
		return parse_v2(p, n, h, why);
	*why = "not a PROXY protocol header";
	return RS_ERR;
}
