/*
 * Listening sockets. Runs in the master only; the reactor gets copies of the fds. Never SO_REUSEPORT: a port that
 * another server holds is refused.
 */
#include "master/master_listen.h"

#include "base/rs_fd.h"
#include "master/master_unix.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SYSTEMD_FIRST_FD 3

static bool add(struct rs_listeners *l, int fd, const char *name, const char *path)
{
	struct rs_listener *to = &l->v[l->n];

	if (l->n == RS_LISTENERS_MAX)
		return false;
	*to = (struct rs_listener){ .fd = fd, .name = strdup(name), .path = path && *path ? strdup(path) : NULL };
	if (!to->name || (path && *path && !to->path)) {
		free(to->name);
		free(to->path);
		return false;
	}
	l->n++;
	return true;
}

static void drop(struct rs_listeners *l, size_t i, const struct rs_identity *owner, bool remove)
{
	struct rs_listener *v = &l->v[i];

	if (remove && v->path)
		rs_unix_unlink(v->path, owner);
	rs_fd_close(&v->fd);
	free(v->name);
	free(v->path);
	*v = l->v[--l->n];
}

void rs_listeners_fini(struct rs_listeners *l, const struct rs_identity *owner, bool remove)
{
	while (l->n)
		drop(l, l->n - 1, owner, remove);
}

/* ---- inherited ------------------------------------------------------------------------------- */

static bool is_listening(int fd)
{
	int on = 0;
	socklen_t n = sizeof on;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &n) == 0 && on;
}

/* Takes fd under the name it had, or, when name is NULL, under the address it is bound to. */
static void adopt(struct rs_listeners *l, int fd, const char *name, bool borrowed, const struct rs_log *log)
{
	struct rs_address a = { .len = sizeof a.sa };
	bool known = name && rs_address_parse(name, "/", &a);

	if (!is_listening(fd)) {
		rs_warnx(log, "inherited fd %d is not a listening socket; it is not used", fd);
		return;
	}
	if (!known && (getsockname(fd, (struct sockaddr *)&a.sa, &a.len) < 0 || !rs_address_print(&a))) {
		rs_warnx(log, "inherited fd %d has an address of another kind; it is not used", fd);
		return;
	}
	if (!rs_fd_nonblock(fd, true) || !rs_fd_cloexec(fd, true) || !add(l, fd, a.name, borrowed ? NULL : a.path)) {
		rs_warn(log, "inherited fd %d cannot be used", fd);
		return;
	}
	l->v[l->n - 1].borrowed = borrowed;
	l->activated = l->activated || borrowed;
}

static void inherit_systemd(struct rs_listeners *l, const struct rs_log *log)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t n;

	if (!pid || !fds || !rs_parse_u64(rs_slice_str(pid), INT32_MAX, &n) || (pid_t)n != getpid() ||
	    !rs_parse_u64(rs_slice_str(fds), RS_LISTENERS_MAX, &n))
		return;
	for (int fd = SYSTEMD_FIRST_FD; fd < SYSTEMD_FIRST_FD + (int)n; fd++)
		adopt(l, fd, NULL, true, log);
}

/* "fd=name;fd=name"; ~ instead of = for a borrowed one. */
static void inherit_restart(struct rs_listeners *l, const struct rs_log *log)
{
	const char *env = getenv("RSERVERD_LISTEN_FDS");
	char *list = env ? strdup(env) : NULL, *save = NULL;

	for (char *item = list ? strtok_r(list, ";", &save) : NULL; item; item = strtok_r(NULL, ";", &save)) {
		char *eq = strpbrk(item, "=~");
		uint64_t fd;
		if (!eq || !rs_parse_u64(rs_slice(item, (size_t)(eq - item)), INT32_MAX, &fd) || fd < 3)
			continue;
		adopt(l, (int)fd, eq + 1, *eq == '~', log);
	}
	free(list);
}

void rs_listeners_inherit(struct rs_listeners *l, const struct rs_log *log)
{
	*l = (struct rs_listeners){ 0 };
	inherit_systemd(l, log);
	inherit_restart(l, log);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	unsetenv("RSERVERD_LISTEN_FDS");
}

bool rs_listeners_bequeath(const struct rs_listeners *l)
{
	struct rs_buf env = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < l->n; i++)
		ok = rs_buf_printf(&env, "%s%d%c%s", i ? ";" : "", l->v[i].fd, l->v[i].borrowed ? '~' : '=', l->v[i].name) &&
		     rs_fd_cloexec(l->v[i].fd, false);
	ok = ok && rs_buf_put(&env, "", 1) && setenv("RSERVERD_LISTEN_FDS", rs_buf_data(&env), 1) == 0;
	rs_buf_free(&env);
	return ok;
}

/* ---- bound here -------------------------------------------------------------------------------- */

static int bind_ip(struct rs_address *a, int backlog, char *why, size_t why_size)
{
	int on = 1, fd = socket(a->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
	    (a->sa.ss_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
	    bind(fd, (const struct sockaddr *)&a->sa, a->len) == 0 && listen(fd, backlog) == 0)
		return fd;
	rs_fmt(why, why_size, "cannot listen on %s: %s", a->name, strerror(errno));
	rs_fd_close(&fd);
	return -1;
}

static int bind_unix(const struct rs_address *a, const struct rs_conf *c, const struct rs_identity *owner, char *why,
		     size_t why_size)
{
	struct rs_unix_options o = { .path = a->path, .owner = owner, .give = true, .backlog = (int)c->backlog,
				     .mode = (mode_t)strtoul(c->socket_mode, NULL, 8) & 0777 };
	char reason[512];
	int fd = rs_unix_listen(&o, reason, sizeof reason);

	if (fd < 0)
		rs_fmt(why, why_size, "cannot listen on %s", reason);
	return fd;
}

static bool open_one(struct rs_listeners *l, struct rs_address *a, const struct rs_conf *c,
		     const struct rs_identity *owner, char *why, size_t why_size)
{
	int fd = a->path[0] ? bind_unix(a, c, owner, why, why_size) : bind_ip(a, (int)c->backlog, why, why_size);

	if (fd < 0)
		return false;
	/* Port 0: say which one it became. */
	a->len = sizeof a->sa;
	if (!a->path[0] && getsockname(fd, (struct sockaddr *)&a->sa, &a->len) == 0)
		(void)rs_address_print(a);
	if (add(l, fd, a->name, a->path)) {
		l->v[l->n - 1].words = a->words;
		return true;
	}
	rs_fd_close(&fd);
	rs_fmt(why, why_size, "cannot listen on %s: too many listeners", a->name);
	return false;
}

/* Is it open already? Then it is what the configuration says of it now. */
static bool keep(struct rs_listeners *l, const struct rs_address *a)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->v[i].name, a->name) != 0)
			continue;
		l->v[i].words = a->words;
		return true;
	}
	return false;
}

static bool wanted(const struct rs_address *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return true;
	return false;
}

/* With sockets from systemd, the default address is not meant. */
static bool only_default(const struct rs_conf *c)
{
	return c->origin[RS_OPT_ID_listen_ip].from == RS_FROM_DEFAULT &&
	       c->origin[RS_OPT_ID_listen_port].from == RS_FROM_DEFAULT && c->listen.n == 0;
}

bool rs_listeners_open(struct rs_listeners *l, const struct rs_conf *c, const struct rs_identity *owner,
		       const struct rs_log *log, char *why, size_t why_size)
{
	struct rs_address *list;
	bool ok = true;
	size_t n;

	for (size_t i = 0; i < l->n; i++)
		l->v[i].words = rs_address_main_words(c);
	if (l->activated && only_default(c))
		return true;
	list = calloc(RS_LISTENERS_MAX, sizeof *list);
	n = list ? rs_address_list(c, list, RS_LISTENERS_MAX, why, why_size) : 0;
	for (size_t i = l->n; n && i-- > 0;) {
		if (l->v[i].borrowed || wanted(list, n, l->v[i].name))
			continue;
		rs_notice(log, "no longer listening on %s", l->v[i].name);
		drop(l, i, owner, true);
	}
	for (size_t i = 0; ok && i < n; i++)
		ok = keep(l, &list[i]) || open_one(l, &list[i], c, owner, why, why_size);
	free(list);
	return ok && n;
}
