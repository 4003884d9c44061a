/*
 * Addresses in the configuration: what may be listened on, which peers are in a CIDR list. Text in, verdict out;
 * nothing is resolved or opened here.
 */
#include "conf/conf_private.h"

#include <arpa/inet.h>

/* An IP as 16 bytes; IPv4 as ::ffff:a.b.c.d, so that a dual-stack listener's peers match IPv4 entries. */
struct ip {
	unsigned char b[16];
};

static bool parse_ip(const char *text, struct ip *ip, bool *v4)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(ip->b, mapped, sizeof mapped);
	*v4 = inet_pton(AF_INET, text, ip->b + 12) == 1;
	return *v4 || inet_pton(AF_INET6, text, ip->b) == 1;
}

struct cidr {
	struct ip net;
	unsigned bits; /* of 128 */
};

static bool parse_cidr(const char *entry, struct cidr *out)
{
	char addr[INET6_ADDRSTRLEN];
	const char *slash = strchr(entry, '/');
	size_t n = slash ? (size_t)(slash - entry) : strlen(entry);
	uint64_t bits;
	bool v4;

	if (!rs_copy(addr, sizeof addr, rs_slice(entry, n)) || !parse_ip(addr, &out->net, &v4))
		return false;
	bits = v4 ? 32 : 128;
	if (slash && !rs_parse_u64(rs_slice_str(slash + 1), bits, &bits))
		return false;
	out->bits = (unsigned)bits + (v4 ? 96 : 0);
	return true;
}

bool rs_conf_cidr_valid(const char *entry)
{
	struct cidr c;

	return strcmp(entry, "unix:") == 0 || parse_cidr(entry, &c);
}

static bool in_net(const struct ip *ip, const struct cidr *c)
{
	unsigned whole = c->bits / 8, rest = c->bits % 8;
	unsigned mask = rest ? 0xffu << (8 - rest) & 0xffu : 0;

	if (memcmp(ip->b, c->net.b, whole) != 0)
		return false;
	return rest == 0 || ((ip->b[whole] ^ c->net.b[whole]) & mask) == 0;
}

bool rs_conf_cidr_match(const struct rs_strlist *list, const char *addr)
{
	bool local = strcmp(addr, "unix:") == 0, v4;
	struct ip ip;
	struct cidr c;

	if (!local && !parse_ip(addr, &ip, &v4))
		return false;
	for (size_t i = 0; i < list->n; i++) {
		if (local ? strcmp(list->v[i], "unix:") == 0 : parse_cidr(list->v[i], &c) && in_net(&ip, &c))
			return true;
	}
	return false;
}

static const struct {
	const char *word;
	unsigned bit;
} listen_words[] = {
	{ " ssl", RS_LISTEN_WORD_SSL },
	{ " proxy_protocol", RS_LISTEN_WORD_PROXY },
};

struct rs_slice rs_conf_listen_words(const char *text, unsigned *words)
{
	struct rs_slice s = rs_slice_str(text);
	size_t i = 0;

	*words = 0;
	while (i < RS_COUNTOF(listen_words)) {
		const struct rs_slice w = rs_slice_str(listen_words[i].word);
		if (s.n <= w.n || memcmp(s.p + s.n - w.n, w.p, w.n) != 0) {
			i++;
			continue;
		}
		*words |= listen_words[i].bit;
		s.n -= w.n;
		while (s.n && s.p[s.n - 1] == ' ')
			s.n--;
		i = 0;
	}
	return s;
}

bool rs_conf_listen_valid(const char *text)
{
	char host[INET6_ADDRSTRLEN], address[4096];
	unsigned words;
	const bool fits = rs_copy(address, sizeof address, rs_conf_listen_words(text, &words));
	const char *colon = strrchr(address, ':');
	struct ip ip;
	struct rs_slice h;
	uint64_t port;
	bool v4, bracketed;

	if (!fits)
		return false;
	text = address;
	if (strchr(text, '/'))
		return text[strlen(text) - 1] != '/';
	if (!colon || !rs_parse_u64(rs_slice_str(colon + 1), 65535, &port))
		return false;
	h = rs_slice(text, (size_t)(colon - text));
	bracketed = h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']';
	if (bracketed)
		h = rs_slice(h.p + 1, h.n - 2);
	return rs_copy(host, sizeof host, h) && parse_ip(host, &ip, &v4) && v4 != bracketed;
}
