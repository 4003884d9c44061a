/*
 * Listening sockets of a script's server: made by the process that calls start(), before it does; every other process
 * inherits them, the reactor alone accepts.
 */
#include "worker/server.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* SWOOLE_SOCK_* -> what the kernel calls it. */
static const struct kind {
	int family, type;
} kinds[] = {
	[1] = { AF_INET, SOCK_STREAM }, [2] = { AF_INET, SOCK_DGRAM },	[3] = { AF_INET6, SOCK_STREAM },
	[4] = { AF_INET6, SOCK_DGRAM }, [5] = { AF_UNIX, SOCK_STREAM }, [6] = { AF_UNIX, SOCK_DGRAM },
};

static const struct kind *kind_of(const struct rs_port *p)
{
	return p->socket_type && p->socket_type < RS_COUNTOF(kinds) ? &kinds[p->socket_type] : NULL;
}

static bool fail(int *fd, int error, const char *what, char *why, size_t why_size)
{
	rs_fd_close(fd);
	rs_fmt(why, why_size, "%s: %s", what, strerror(error));
	errno = error;
	return false;
}

/* ---- addresses -------------------------------------------------------------------------------------------- */

/* A literal, or a name that this machine knows. */
static bool ip_address(const struct rs_port *p, const struct kind *k, struct sockaddr_storage *sa, socklen_t *len)
{
	struct addrinfo hints = { .ai_family = k->family, .ai_socktype = k->type, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	char service[8];

	rs_fmt(service, sizeof service, "%u", p->port);
	if (getaddrinfo(p->host[0] ? p->host : NULL, service, &hints, &list) != 0 || !list || list->ai_addrlen > sizeof *sa) {
		if (list)
			freeaddrinfo(list);
		errno = EADDRNOTAVAIL;
		return false;
	}
	memcpy(sa, list->ai_addr, list->ai_addrlen);
	*len = list->ai_addrlen;
	freeaddrinfo(list);
	return true;
}

static bool unix_address(const struct rs_port *p, struct sockaddr_storage *sa, socklen_t *len)
{
	struct sockaddr_un *un = (struct sockaddr_un *)sa;
	size_t n = strlen(p->host);

	if (n == 0 || n >= sizeof un->sun_path) {
		errno = n ? ENAMETOOLONG : EINVAL;
		return false;
	}
	*un = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(un->sun_path, p->host, n + 1);
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + 1);
	return true;
}

/* Removes a socket nobody listens on any more. What is no socket, or is in use, stays: bind() will say so. */
static void remove_stale(const char *path, int type, const struct sockaddr_storage *sa, socklen_t len)
{
	struct stat st;
	int probe;

	if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return;
	probe = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe >= 0 && connect(probe, (const struct sockaddr *)sa, len) < 0 && errno == ECONNREFUSED)
		(void)unlink(path);
	rs_fd_close(&probe);
}

/* ---- sockets ------------------------------------------------------------------------------------------------ */

static void set_number(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

bool rs_server_listen(struct rs_port *p, bool reuse_port, char *why, size_t why_size)
{
	const struct kind *k = kind_of(p);
	struct sockaddr_storage sa = { 0 };
	socklen_t len;
	int fd = -1;

	p->listen_fd = -1;
	if (!k)
		return fail(&fd, EINVAL, "socket type", why, why_size);
	if (!(k->family == AF_UNIX ? unix_address(p, &sa, &len) : ip_address(p, k, &sa, &len)))
		return fail(&fd, errno, p->host, why, why_size);
	fd = socket(k->family, k->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(&fd, errno, "socket", why, why_size);
	if (k->family == AF_UNIX) {
		remove_stale(p->host, k->type, &sa, len);
		p->port = 0;
	} else {
		/* For datagrams it would let a second server steal them. */
		if (k->type == SOCK_STREAM)
			set_number(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		if (reuse_port)
			set_number(fd, SOL_SOCKET, SO_REUSEPORT, 1);
		if (k->family == AF_INET6)
			set_number(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	}
	if (bind(fd, (struct sockaddr *)&sa, len) < 0)
		return fail(&fd, errno, "bind", why, why_size);
	if (k->type == SOCK_STREAM && listen(fd, p->backlog ? (int)p->backlog : SOMAXCONN) < 0)
		return fail(&fd, errno, "listen", why, why_size);
	p->listen_fd = fd;
	p->port = rs_fd_port(p->listen_fd);
	return true;
}

void rs_server_unlisten(struct rs_port *p)
{
	const struct kind *k = kind_of(p);
	struct stat st;

	rs_fd_close(&p->listen_fd);
	if (k && k->family == AF_UNIX && lstat(p->host, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(p->host);
}

void rs_server_relisten(struct rs_port *p)
{
	const struct kind *k = kind_of(p);

	if (!k || p->listen_fd < 0)
		return;
	/* Connections inherit the sizes of the socket that accepts them. */
	if (p->rcvbuf)
		set_number(p->listen_fd, SOL_SOCKET, SO_RCVBUF, (int)p->rcvbuf);
	if (p->sndbuf)
		set_number(p->listen_fd, SOL_SOCKET, SO_SNDBUF, (int)p->sndbuf);
	if (k->type != SOCK_STREAM)
		return;
	if (k->family != AF_UNIX && p->defer_accept_s)
		set_number(p->listen_fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, (int)p->defer_accept_s);
	if (k->family != AF_UNIX && p->tcp_fastopen)
		set_number(p->listen_fd, IPPROTO_TCP, TCP_FASTOPEN, p->backlog ? (int)p->backlog : SOMAXCONN);
	if (p->backlog)
		(void)listen(p->listen_fd, (int)p->backlog);
}
