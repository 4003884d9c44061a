/*
 * What proxies say of clients: a PROXY protocol header, X-Forwarded-For, Forwarded, hosts, ids. The first byte of the input says which.
 */
#include "http/http_forwarded.h"
#include "http/http_proxy.h"

#include <arpa/inet.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool within(struct rs_slice part, struct rs_slice all)
{
	return part.n == 0 || (part.p >= all.p && part.p + part.n <= all.p + all.n);
}

/* Nothing, or an address in the form that the system prints. */
static void check_address(const char *text, bool may_be_none)
{
	unsigned char bin[16];
	char again[46];
	const int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	if (!*text) {
		RS_ASSERT(may_be_none);
		return;
	}
	RS_ASSERT(inet_pton(family, text, bin) == 1 && inet_ntop(family, bin, again, sizeof again) && strcmp(text, again) == 0);
}

/* In one piece, byte by byte, and with other bytes behind it: the same verdict. */
static void fuzz_header(struct rs_slice s)
{
	struct rs_proxy_header h, cut;
	const char *why;
	enum rs_result rc = rs_proxy_parse(s.p, s.n, &h, &why), piece = RS_AGAIN;
	size_t n = 0;

	for (; n <= s.n && piece == RS_AGAIN; n++) {
		char *copy = malloc(n ? n : 1);

		RS_ASSERT(copy);
		if (n)
			memcpy(copy, s.p, n);
		piece = rs_proxy_parse(copy, n, &cut, &why);
		free(copy);
	}
	RS_ASSERT(piece == rc && (rc != RS_ERR || *why));
	if (rc != RS_OK)
		return;
	RS_ASSERT(h.length == n - 1 && h.length <= RS_PROXY_HEADER_MAX && memcmp(&h, &cut, sizeof h) == 0);
	check_address(h.source, h.kind != RS_PROXY_CLIENT);
	check_address(h.destination, h.kind != RS_PROXY_CLIENT);
}

static void fuzz_list(struct rs_slice s)
{
	struct rs_slice rest = s, item;
	struct rs_http_node node;
	size_t commas = 0, items = 0;

	for (size_t i = 0; i < s.n; i++)
		commas += s.p[i] == ',';
	while (rs_http_list_last(&rest, &item)) {
		RS_ASSERT(within(item, s) && ++items <= commas + 1);
		check_address(rs_http_node(item, &node) ? node.address : "", true);
	}
	RS_ASSERT(items == commas + 1);
}

static void fuzz_forwarded(struct rs_slice s)
{
	struct rs_http_hop hops[RS_HTTP_HOPS_MAX];
	size_t n = rs_http_forwarded(s, hops);
	struct rs_slice name;
	uint16_t port;

	RS_ASSERT(n <= RS_HTTP_HOPS_MAX && (n > 0) == (s.n > 0));
	for (size_t i = 0; i < n; i++) {
		check_address(hops[i].from.address, true);
		RS_ASSERT(within(hops[i].proto, s) && within(hops[i].host, s));
		RS_ASSERT(hops[i].proto.n == 0 || hops[i].proto.n == 4 || hops[i].proto.n == 5);
		RS_ASSERT(hops[i].host.n == 0 || rs_http_authority(hops[i].host, &name, &port));
	}
}

static void fuzz_small(struct rs_slice s)
{
	struct rs_slice name;
	uint16_t port;

	if (rs_http_authority(s, &name, &port)) {
		RS_ASSERT(within(name, s) && name.n > 0);
		for (size_t i = 0; i < name.n; i++)
			RS_ASSERT((unsigned char)name.p[i] > 0x20 && (unsigned char)name.p[i] < 0x7f && !strchr("\"\\<>'&/", name.p[i]));
	}
	if (rs_http_request_id(s))
		for (size_t i = 0; i < s.n; i++)
			RS_ASSERT((unsigned char)s.p[i] > 0x20 && (unsigned char)s.p[i] < 0x7f && !strchr("\"\\<>'&;,", s.p[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rs_slice s;

	if (n == 0)
		return 0;
	s = rs_slice(data + 1, n - 1);
	switch (data[0] % 4) {
	case 0:
		fuzz_header(s);
		break;
	case 1:
		fuzz_list(s);
		break;
	case 2:
		fuzz_forwarded(s);
		break;
	default:
		fuzz_small(s);
	}
	return 0;
}
