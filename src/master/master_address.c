/*
 * Addresses as text and as the kernel wants them. Pure.
 */
#include "master/master_listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#define SOCKET_TYPE_UNIX 5 /* SWOOLE_SOCK_UNIX_STREAM */

bool rs_address_print(struct rs_address *a)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&a->sa;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&a->sa;
	const struct sockaddr_un *un = (const struct sockaddr_un *)&a->sa;
	char ip[INET6_ADDRSTRLEN];

	switch (a->sa.ss_family) {
	case AF_INET:
		return inet_ntop(AF_INET, &v4->sin_addr, ip, sizeof ip) &&
		       rs_fmt(a->name, sizeof a->name, "%s:%u", ip, ntohs(v4->sin_port));
	case AF_INET6:
		return inet_ntop(AF_INET6, &v6->sin6_addr, ip, sizeof ip) &&
		       rs_fmt(a->name, sizeof a->name, "[%s]:%u", ip, ntohs(v6->sin6_port));
	case AF_UNIX:
		return un->sun_path[0] && rs_fmt(a->name, sizeof a->name, "unix:%.*s", (int)sizeof un->sun_path, un->sun_path);
	default:
		return false;
	}
}

static bool parse_ip(const char *host, uint16_t port, struct rs_address *a)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };

	memset(&a->sa, 0, sizeof a->sa);
	a->path[0] = '\0';
	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		memcpy(&a->sa, &v4, sizeof v4);
		a->len = sizeof v4;
	} else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
		memcpy(&a->sa, &v6, sizeof v6);
		a->len = sizeof v6;
	} else {
		return false;
	}
	return rs_address_print(a);
}

/* ';' separates addresses in RSERVERD_LISTEN_FDS. */
static bool parse_path(const char *path, const char *base, struct rs_address *a)
{
	*a = (struct rs_address){ .len = 0 };
	if (!*path || strchr(path, ';'))
		return false;
	return rs_fmt(a->path, sizeof a->path, "%s%s%s", path[0] == '/' ? "" : base, path[0] == '/' ? "" : "/", path) &&
	       rs_fmt(a->name, sizeof a->name, "unix:%s", a->path);
}

static bool parse(const char *text, const char *base, struct rs_address *a)
{
	const char *colon = strrchr(text, ':');
	struct rs_slice h;
	char host[INET6_ADDRSTRLEN];
	uint64_t port;

	if (strncmp(text, "unix:", 5) == 0)
		return parse_path(text + 5, base, a);
	if (strchr(text, '/'))
		return parse_path(text, base, a);
	if (!colon || !rs_parse_u64(rs_slice_str(colon + 1), 65535, &port))
		return false;
	h = rs_slice(text, (size_t)(colon - text));
	if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
		h = rs_slice(h.p + 1, h.n - 2);
	return rs_copy(host, sizeof host, h) && parse_ip(host, (uint16_t)port, a);
}

bool rs_address_parse(const char *text, const char *base, struct rs_address *a)
{
	char address[sizeof a->path];
	unsigned words;

	if (!rs_copy(address, sizeof address, rs_conf_listen_words(text, &words)) || !parse(address, base, a))
		return false;
	a->words = words;
	return true;
}

static bool parse_main(const struct rs_conf *c, struct rs_address *a)
{
	const char *ip = c->listen_ip;

	if (c->socket_type == SOCKET_TYPE_UNIX || strchr(ip, '/') || strncmp(ip, "unix:", 5) == 0)
		return parse_path(strncmp(ip, "unix:", 5) == 0 ? ip + 5 : ip, c->laravel_base_path, a);
	return parse_ip(ip, (uint16_t)c->listen_port, a);
}

unsigned rs_address_main_words(const struct rs_conf *c)
{
	return (*c->ssl_cert_file && *c->ssl_key_file ? RS_LISTEN_WORD_SSL : 0) | (c->proxy_protocol ? RS_LISTEN_WORD_PROXY : 0);
}

static bool main_address(const struct rs_conf *c, struct rs_address *a)
{
	if (!parse_main(c, a))
		return false;
	a->words = rs_address_main_words(c);
	return true;
}

size_t rs_address_list(const struct rs_conf *c, struct rs_address *out, size_t max, char *why, size_t why_size)
{
	size_t n = 1;

	if (!main_address(c, &out[0])) {
		rs_fmt(why, why_size, "listen_ip \"%s\" is no address to listen on", c->listen_ip);
		return 0;
	}
	for (size_t i = 0; i < c->listen.n; i++) {
		bool known = false;
		if (n == max) {
			rs_fmt(why, why_size, "more than %zu addresses to listen on", max);
			return 0;
		}
		if (!rs_address_parse(c->listen.v[i], c->laravel_base_path, &out[n])) {
			rs_fmt(why, why_size, "listen \"%s\" is no address to listen on", c->listen.v[i]);
			return 0;
		}
		for (size_t k = 0; k < n; k++)
			known = known || strcmp(out[k].name, out[n].name) == 0;
		n += !known;
	}
	return n;
}
