/*
 * Extra ports. Runs in the master only; the reactor gets copies of the fds.
 */
#include "master/master_port.h"

#include "base/rs_fd.h"
#include "master/master_unix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PRIVILEGED_PORT 1024

/* SWOOLE_SOCK_* -> what the kernel calls it. */
static const struct kind {
	int family, type;
} kinds[] = {
	[1] = { AF_INET, SOCK_STREAM }, [2] = { AF_INET, SOCK_DGRAM },	[3] = { AF_INET6, SOCK_STREAM },
	[4] = { AF_INET6, SOCK_DGRAM }, [5] = { AF_UNIX, SOCK_STREAM }, [6] = { AF_UNIX, SOCK_DGRAM },
};

static void drop(struct rs_mport *v, const struct rs_identity *owner, bool remove)
{
	if (remove && v->path)
		rs_unix_unlink(v->path, owner);
	rs_fd_close(&v->fd);
	free(v->name);
	free(v->path);
	free(v->asked);
	*v = (struct rs_mport){ .fd = -1 };
}

static void drop_old(struct rs_mports *p, const struct rs_identity *owner)
{
	while (p->nold)
		drop(&p->old[--p->nold], owner, true);
}

void rs_mports_fini(struct rs_mports *p, const struct rs_identity *owner, bool remove)
{
	while (p->n)
		drop(&p->v[--p->n], owner, remove);
	drop_old(p, owner);
}

/* ---- over a restart --------------------------------------------------------------------------------------------- */

static bool is_socket_of(int fd, uint8_t socket_type)
{
	int type = 0, family = 0, on = 0;
	socklen_t n = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) < 0 || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &n) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) < 0)
		return false;
	return type == kinds[socket_type].type && family == kinds[socket_type].family && (type == SOCK_DGRAM || on);
}

/* "fd=type=address asked for". */
static void adopt(struct rs_mports *p, char *item, const struct rs_log *log)
{
	char *type = strchr(item, '='), *asked = type ? strchr(type + 1, '=') : NULL;
	struct rs_mport *v = &p->old[p->nold];
	uint64_t fd, t;

	if (!asked || p->nold == RS_PORTS_MAX || !rs_parse_u64(rs_slice(item, (size_t)(type - item)), INT32_MAX, &fd) || fd < 3 ||
	    !rs_parse_u64(rs_slice(type + 1, (size_t)(asked - type - 1)), 6, &t) || t == 0)
		return;
	if (!is_socket_of((int)fd, (uint8_t)t) || !rs_fd_cloexec((int)fd, true) || !rs_fd_nonblock((int)fd, true)) {
		rs_warnx(log, "inherited fd %d is not a socket for %s; it is not used", (int)fd, asked + 1);
		return;
	}
	*v = (struct rs_mport){ .fd = (int)fd, .socket_type = (uint8_t)t, .asked = strdup(asked + 1) };
	if (v->asked && kinds[t].family == AF_UNIX)
		v->path = strdup(strchr(v->asked, ':') ? strchr(v->asked, ':') + 1 : v->asked);
	if (v->asked)
		p->nold++;
	else
		drop(v, NULL, false);
}

void rs_mports_inherit(struct rs_mports *p, const struct rs_log *log)
{
	const char *env = getenv("RSERVERD_PORT_FDS");
	char *list = env ? strdup(env) : NULL, *save = NULL;

	for (char *item = list ? strtok_r(list, "\n", &save) : NULL; item; item = strtok_r(NULL, "\n", &save))
		adopt(p, item, log);
	free(list);
	unsetenv("RSERVERD_PORT_FDS");
}

bool rs_mports_bequeath(const struct rs_mports *p)
{
	struct rs_buf env = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < p->n; i++) {
		if (p->v[i].fd >= 0)
			ok = rs_buf_printf(&env, "%d=%u=%s\n", p->v[i].fd, p->v[i].socket_type, p->v[i].asked) &&
			     rs_fd_cloexec(p->v[i].fd, false);
	}
	ok = ok && rs_buf_put(&env, "", 1) && setenv("RSERVERD_PORT_FDS", rs_buf_data(&env), 1) == 0;
	rs_buf_free(&env);
	return ok;
}

/* ---- bound here ---------------------------------------------------------------------------------------------------- */

/* Does the ini file itself name it? */
static bool is_ours(const struct rs_conf *c, const struct rs_port *p)
{
	const struct rs_conf_items *all = &c->items[RS_KIND_sockets];

	for (size_t i = 0; i < all->n; i++) {
		const struct rs_conf_item *it = &all->v[i];
		if (it->at.from != RS_FROM_APP && rs_conf_socket_type(it) == p->socket_type &&
		    strcmp(rs_conf_item_text(it, RS_ITEM_sockets_host), p->host) == 0 &&
		    rs_conf_item_number(it, RS_ITEM_sockets_port) == p->port)
			return true;
	}
	return false;
}

static bool may_bind(const struct rs_port *p, const struct rs_conf *c, bool root, char *why, size_t why_size)
{
	bool special = kinds[p->socket_type].family == AF_UNIX || (p->port && p->port < PRIVILEGED_PORT);

	if (!root || !special || is_ours(c, p))
		return true;
	rs_fmt(why, why_size, "started as root, only the ini file may name a Unix socket or a port below %d", PRIVILEGED_PORT);
	return false;
}

static void set_number(int fd, int level, int name, int value)
{
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

static int bind_ip(struct rs_port *p, const struct kind *k, const struct rs_conf *c)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} sa;
	socklen_t len = k->family == AF_INET ? sizeof sa.v4 : sizeof sa.v6;
	int fd = socket(k->family, k->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memset(&sa, 0, sizeof sa);
	sa.any.sa_family = (sa_family_t)k->family;
	(void)inet_pton(k->family, p->host, k->family == AF_INET ? (void *)&sa.v4.sin_addr : (void *)&sa.v6.sin6_addr);
	*(k->family == AF_INET ? &sa.v4.sin_port : &sa.v6.sin6_port) = htons(p->port);
	if (fd < 0)
		return -1;
	/* For datagrams it would let a second server steal them. */
	if (k->type == SOCK_STREAM)
		set_number(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (k->family == AF_INET6)
		set_number(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (bind(fd, &sa.any, len) < 0 ||
	    (k->type == SOCK_STREAM && listen(fd, p->backlog ? (int)p->backlog : (int)c->backlog) < 0))
		rs_fd_close(&fd);
	return fd;
}

static int bind_unix(const struct rs_port *p, const struct kind *k, const struct rs_conf *c, const struct rs_identity *owner,
		     char *why, size_t why_size)
{
	struct rs_unix_options o = { .path = p->host, .owner = owner, .give = true, .datagrams = k->type == SOCK_DGRAM,
				     .backlog = p->backlog ? (int)p->backlog : (int)c->backlog,
				     .mode = (mode_t)strtoul(c->socket_mode, NULL, 8) & 0777 };

	return rs_unix_listen(&o, why, why_size);
}

/* From before a restart, or bound now. -1: why. */
static int get_socket(struct rs_mports *all, struct rs_port *p, const struct rs_conf *c, const struct rs_identity *owner,
		      const char *asked, char *why, size_t why_size)
{
	const struct kind *k = &kinds[p->socket_type];
	int fd = -1;

	for (size_t i = 0; i < all->nold && fd < 0; i++) {
		if (all->old[i].socket_type != p->socket_type || strcmp(all->old[i].asked, asked) != 0)
			continue;
		fd = all->old[i].fd;
		all->old[i].fd = -1;
		drop(&all->old[i], owner, false);
		all->old[i] = all->old[--all->nold];
		return fd;
	}
	if (k->family == AF_UNIX)
		return bind_unix(p, k, c, owner, why, why_size);
	fd = bind_ip(p, k, c);
	if (fd < 0)
		rs_fmt(why, why_size, "%s", strerror(errno));
	return fd;
}

static bool open_one(struct rs_mports *all, struct rs_port *p, const struct rs_conf *c, bool root, const struct rs_identity *owner,
		     char *why, size_t why_size)
{
	struct rs_mport *v = &all->v[all->n++];
	char name[300], reason[512] = "out of memory";

	*v = (struct rs_mport){ .fd = -1, .socket_type = p->socket_type };
	rs_mserver_port_name(p, name, sizeof name);
	v->asked = strdup(name);
	if (v->asked && may_bind(p, c, root, reason, sizeof reason))
		v->fd = get_socket(all, p, c, owner, name, reason, sizeof reason);
	if (v->fd >= 0) {
		p->port = rs_fd_port(v->fd);
		rs_mserver_port_name(p, name, sizeof name);
		v->name = strdup(name);
		v->path = kinds[p->socket_type].family == AF_UNIX ? strdup(p->host) : NULL;
		return v->name != NULL;
	}
	rs_fmt(why, why_size, "cannot listen on %s (sockets): %s", name, reason);
	return false;
}

bool rs_mports_open(struct rs_mports *p, struct rs_mserver *s, const struct rs_conf *c, bool root,
		    const struct rs_identity *owner, const struct rs_log *log, char *why, size_t why_size)
{
	p->v[0] = (struct rs_mport){ .fd = -1 };
	p->n = 1;
	for (uint32_t i = 1; i < s->w.nports; i++) {
		if (open_one(p, &s->ports[i], c, root, owner, why, why_size))
			continue;
		if (!s->ports[i].optional)
			return false;
		rs_warnx(log, "%s; the server goes without it", why);
	}
	drop_old(p, owner);
	return true;
}
