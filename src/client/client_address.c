/*
 * Addresses of sockets, from text and to text.
 */
#include "client/client_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>

static bool set_ip(struct rs_sock_addr *a, int family, struct rs_slice host, int port);
static bool set_path(struct rs_sock_addr *a, struct rs_slice path);

bool rs_sock_addr_set(struct rs_sock_addr *a, int family, struct rs_slice host, int port)
{
	*a = (struct rs_sock_addr){ 0 };
	switch (family) {
	case AF_INET:
	case AF_INET6:
		return set_ip(a, family, host, port);
	case AF_UNIX:
		return set_path(a, host);
	default:
		errno = EAFNOSUPPORT;
		return false;
	}
}

static bool set_ip(struct rs_sock_addr *a, int family, struct rs_slice host, int port)
{
	/* AI_NUMERICHOST also knows scopes ("fe80::1%eth0"), and asks nobody. */
	const struct addrinfo hints = { .ai_family = family, .ai_flags = AI_NUMERICHOST | AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char text[INET6_ADDRSTRLEN + 32];

	errno = EINVAL;
	if (port < 0 || port > 65535 || memchr(host.p, 0, host.n) || !rs_copy(text, sizeof text, host))
		return false;
	if (getaddrinfo(text[0] ? text : NULL, text[0] ? NULL : "0", &hints, &found) != 0) {
		errno = EINVAL;
		return false;
	}
	RS_ASSERT(found->ai_addrlen <= sizeof a->storage);
	memcpy(&a->storage, found->ai_addr, found->ai_addrlen);
	a->len = found->ai_addrlen;
	freeaddrinfo(found);
	rs_sock_addr_port(a, port);
	return true;
}

static bool set_path(struct rs_sock_addr *a, struct rs_slice path)
{
	bool abstract = path.n && path.p[0] == 0;

	errno = path.n == 0 ? EINVAL : ENAMETOOLONG;
	if (path.n == 0 || path.n > sizeof a->un.sun_path - !abstract)
		return false;
	errno = EINVAL;
	if (!abstract && memchr(path.p, 0, path.n))
		return false;
	a->un.sun_family = AF_UNIX;
	memcpy(a->un.sun_path, path.p, path.n);
	a->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + !abstract);
	return true;
}

void rs_sock_addr_port(struct rs_sock_addr *a, int port)
{
	if (a->sa.sa_family == AF_INET)
		a->in.sin_port = htons((uint16_t)port);
	else if (a->sa.sa_family == AF_INET6)
		a->in6.sin6_port = htons((uint16_t)port);
}

static void name_path(const struct rs_sock_addr *a, struct rs_sock_name *out)
{
	size_t n = a->len > offsetof(struct sockaddr_un, sun_path) ? a->len - offsetof(struct sockaddr_un, sun_path) : 0;

	if (n > sizeof a->un.sun_path)
		n = sizeof a->un.sun_path;
	/* The kernel counts the NUL of a path, but not always. */
	if (n && a->un.sun_path[0])
		n = strnlen(a->un.sun_path, n);
	memcpy(out->host, a->un.sun_path, n);
	out->host_n = n;
}

void rs_sock_addr_name(const struct rs_sock_addr *a, struct rs_sock_name *out)
{
	*out = (struct rs_sock_name){ 0 };
	if (a->len == 0)
		return;
	if (a->sa.sa_family == AF_UNIX) {
		name_path(a, out);
		return;
	}
	if (getnameinfo(&a->sa, a->len, out->host, sizeof out->host, NULL, 0, NI_NUMERICHOST) != 0)
		out->host[0] = 0;
	out->host_n = strlen(out->host);
	out->port = a->sa.sa_family == AF_INET ? ntohs(a->in.sin_port) :
		    a->sa.sa_family == AF_INET6 ? ntohs(a->in6.sin6_port) : 0;
}

bool rs_sock_is_ip(struct rs_slice host)
{
	struct rs_sock_addr a;

	return host.n && (rs_sock_addr_set(&a, AF_INET, host, 0) || rs_sock_addr_set(&a, AF_INET6, host, 0));
}
