/*
 * Rules of whole items, and across them, of a completed configuration. Pure.
 */
#include "conf/conf_private.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/un.h>

/* The server has that many places for processes of its own, one of them for the timer. */
#define PROCESSES_MAX 255
/* The reactor's gates. */
#define PORTS_MAX 63

/* SWOOLE_SOCK_* */
enum { SOCK_TCP = 1, SOCK_UDP, SOCK_TCP6, SOCK_UDP6, SOCK_UNIX_STREAM, SOCK_UNIX_DGRAM };

struct check {
	const struct rs_conf *c;
	enum rs_kind_id kind;
	const struct rs_conf_item *it;
	struct rs_conf_error *err;
};

static enum rs_result blame(const struct check *x, const char *key, const char *allowed, const char *fmt, ...)
	RS_PRINTF(4, 5);

static enum rs_result blame(const struct check *x, const char *key, const char *allowed, const char *fmt, ...)
{
	struct rs_complaint why = { 0 };
	char text[512], section[RS_SECTION_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	rs_conf_printable(text, why.what, sizeof why.what);
	(void)rs_fmt(why.allowed, sizeof why.allowed, "%s", allowed);
	rs_conf_item_section(x->kind, x->it, section, sizeof section);
	return rs_conf_fail(x->err, x->it->at.where, section, key, &why);
}

static bool is_ip(const char *text, int family)
{
	unsigned char addr[16];

	return inet_pton(family, text, addr) == 1;
}

/* ---- processes ------------------------------------------------------------------------------------------------ */

static enum rs_result check_process(const struct check *x)
{
	int64_t total = 0;
	const struct rs_conf_items *all = &x->c->items[RS_KIND_processes];

	if (!rs_conf_item_number(x->it, RS_ITEM_processes_enable))
		return RS_OK;
	if (!*rs_conf_item_text(x->it, RS_ITEM_processes_class))
		return blame(x, "class", "a class that implements CustomProcessInterface, or enable = false",
			     "the process has no class");
	for (const struct rs_conf_item *it = all->v; it <= x->it; it++) {
		int64_t num = rs_conf_item_number(it, RS_ITEM_processes_num);

		if (rs_conf_item_number(it, RS_ITEM_processes_enable))
			total += num ? num : 1;
	}
	if (total > PROCESSES_MAX)
		return blame(x, "num", "255 in all", "these are too many processes");
	return RS_OK;
}

/* ---- sockets -------------------------------------------------------------------------------------------------- */

/* What the kernel would hold for one and the same: kind of transport, address. */
static bool socket_address(const struct rs_conf_item *it, char *out, size_t size)
{
	static const char *const transports[] = { "", "tcp", "udp", "tcp", "udp", "unix", "unix" };
	int type = rs_conf_socket_type(it);
	const char *host = rs_conf_item_text(it, RS_ITEM_sockets_host);

	if (type >= SOCK_UNIX_STREAM)
		return rs_fmt(out, size, "%s", host);
	return rs_fmt(out, size, strchr(host, ':') ? "%s [%s]:%jd" : "%s %s:%jd", transports[type], host,
		      (intmax_t)rs_conf_item_number(it, RS_ITEM_sockets_port));
}

static bool main_address(const struct rs_conf *c, char *out, size_t size)
{
	if (strchr(c->listen_ip, '/'))
		return rs_fmt(out, size, "%s", c->listen_ip);
	return rs_fmt(out, size, strchr(c->listen_ip, ':') ? "tcp [%s]:%jd" : "tcp %s:%jd", c->listen_ip,
		      (intmax_t)c->listen_port);
}

/* Nobody else has its address. */
static enum rs_result check_address(const struct check *x)
{
	const struct rs_conf_items *all = &x->c->items[RS_KIND_sockets];
	char mine[4200], other[4200];

	if (!socket_address(x->it, mine, sizeof mine))
		return RS_OK;
	if (main_address(x->c, other, sizeof other) && strcmp(mine, other) == 0)
		return blame(x, "port", "an address of its own", "%s is the main port's", mine);
	for (const struct rs_conf_item *it = all->v; it < x->it; it++)
		if (rs_conf_item_number(it, RS_ITEM_sockets_enable) && socket_address(it, other, sizeof other) &&
		    strcmp(mine, other) == 0)
			return blame(x, "port", "an address of its own", "%s is the one of [sockets.%s] as well", mine,
				     it->name);
	return RS_OK;
}

static enum rs_result check_socket(const struct check *x)
{
	int type = rs_conf_socket_type(x->it);
	bool six = type == SOCK_TCP6 || type == SOCK_UDP6;
	const char *host = rs_conf_item_text(x->it, RS_ITEM_sockets_host);

	if (!rs_conf_item_number(x->it, RS_ITEM_sockets_enable))
		return RS_OK;
	if (x->it - x->c->items[RS_KIND_sockets].v >= PORTS_MAX)
		return blame(x, NULL, "63", "these are too many ports");
	if (!*rs_conf_item_text(x->it, RS_ITEM_sockets_handler))
		return blame(x, "handler", "a class that extends TcpSocket, UdpSocket, Http or WebSocket, or enable = false",
			     "the port has no handler");
	if (!*host)
		return blame(x, "host", type >= SOCK_UNIX_STREAM ? "a path" : "an IPv4 or IPv6 address",
			     "the port has no address");
	if (type >= SOCK_UNIX_STREAM && strlen(host) >= sizeof ((struct sockaddr_un *)NULL)->sun_path)
		return blame(x, "host", "107 bytes", "`%s` is too long for a Unix socket", host);
	if (type < SOCK_UNIX_STREAM && !is_ip(host, six ? AF_INET6 : AF_INET) && (six || !is_ip(host, AF_INET6)))
		return blame(x, "host", six ? "an IPv6 address" : "an IPv4 or IPv6 address", "`%s` is not an address", host);
	if (type < SOCK_UNIX_STREAM && rs_conf_item_number(x->it, RS_ITEM_sockets_port) == 0)
		return blame(x, "port", "1 to 65535", "the port has no number");
	return check_address(x);
}

/* ---- tables, events ------------------------------------------------------------------------------------------- */

static enum rs_result check_table(const struct check *x)
{
	const struct rs_conf_row *row = NULL, *other;
	struct rs_conf_column column, before;

	if (rs_conf_item_number(x->it, RS_ITEM_swoole_tables_size) == 0)
		return blame(x, "size", "1 or more", "the table has no size");
	if (!rs_conf_item_next(x->it, RS_ITEM_swoole_tables_column, NULL))
		return blame(x, "column", "name:type:size", "the table has no columns");
	while ((row = rs_conf_item_next(x->it, RS_ITEM_swoole_tables_column, row)) != NULL) {
		RS_ASSERT(rs_conf_column(row->value, &column));
		for (other = NULL; (other = rs_conf_item_next(x->it, RS_ITEM_swoole_tables_column, other)) != row;) {
			RS_ASSERT(rs_conf_column(other->value, &before));
			if (strcmp(column.name, before.name) == 0)
				return blame(x, "column", "every column once", "`%s` is there twice", column.name);
		}
	}
	return RS_OK;
}

static enum rs_result check_event(const struct check *x)
{
	if (x->it->n == 0 || x->c->task_worker_num > 0)
		return RS_OK;
	return blame(x, x->it->name, "swoole.task_worker_num = 1 or more, or no listeners",
		     "listeners run in task workers, and there are none");
}

/* ---- isolation ------------------------------------------------------------------------------------------------ */

static enum rs_result check_isolation(const struct check *x)
{
	const struct rs_conf_items *all = &x->c->items[RS_KIND_isolation];
	const char *prefix = rs_conf_item_text(x->it, RS_ITEM_isolation_prefix);
	int64_t mode = rs_conf_item_number(x->it, RS_ITEM_isolation_mode);

	if (*prefix != '/')
		return blame(x, "prefix", "a path that begins with a slash", "`%s` is no path", prefix);
	if (mode == RS_ISOLATION_SIMPLE)
		return blame(x, "mode", "snapshot, fork, greedy",
			     "`simple` is how the application boots: it is for all paths, [rserverd] isolation, or for none");
	if (mode == RS_ISOLATION_SNAPSHOT && x->c->isolation == RS_ISOLATION_SIMPLE)
		return blame(x, "mode", "fork, greedy", "`snapshot` does not go with [rserverd] isolation = simple");
	for (const struct rs_conf_item *it = all->v; it < x->it; it++)
		if (strcmp(rs_conf_item_text(it, RS_ITEM_isolation_prefix), prefix) == 0)
			return blame(x, "prefix", "a prefix of its own", "%s is the one of [isolation.%s] as well", prefix, it->name);
	return RS_OK;
}

/* ---- certificates --------------------------------------------------------------------------------------------- */

static enum rs_result check_ssl(const struct check *x)
{
	if (!*rs_conf_item_text(x->it, RS_ITEM_ssl_item_cert_file))
		return blame(x, "cert_file", "a file in PEM form", "there is no certificate");
	if (!*rs_conf_item_text(x->it, RS_ITEM_ssl_item_key_file))
		return blame(x, "key_file", "a file in PEM form", "the certificate has no key");
	return RS_OK;
}

enum rs_result rs_conf_check_items(const struct rs_conf *c, struct rs_conf_error *err)
{
	static enum rs_result (*const rules[RS_KIND_COUNT])(const struct check *) = {
		[RS_KIND_processes] = check_process,
		[RS_KIND_sockets] = check_socket,
		[RS_KIND_swoole_tables] = check_table,
		[RS_KIND_isolation] = check_isolation,
		[RS_KIND_ssl] = check_ssl,
		[RS_KIND_events] = check_event,
	};
	enum rs_result r = RS_OK;

	for (size_t kind = 0; kind < RS_KIND_COUNT; kind++) {
		for (size_t i = 0; r == RS_OK && rules[kind] && i < c->items[kind].n; i++) {
			const struct check x = { c, (enum rs_kind_id)kind, &c->items[kind].v[i], err };

			r = rules[kind](&x);
		}
	}
	return r;
}
