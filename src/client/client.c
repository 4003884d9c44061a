/*
 * One connection of a client: its settings, and what connecting means for each kind of socket. Bytes are client_bytes.c.
 */
#include "client/client.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "base/rs_fd.h"

#define BOTH (RS_WATCH_READ | RS_WATCH_WRITE)

static const struct {
	int family, type;
} kinds[] = {
	[RS_CLIENT_TCP] = { AF_INET, SOCK_STREAM },
	[RS_CLIENT_UDP] = { AF_INET, SOCK_DGRAM },
	[RS_CLIENT_TCP6] = { AF_INET6, SOCK_STREAM },
	[RS_CLIENT_UDP6] = { AF_INET6, SOCK_DGRAM },
	[RS_CLIENT_UNIX_STREAM] = { AF_UNIX, SOCK_STREAM },
	[RS_CLIENT_UNIX_DGRAM] = { AF_UNIX, SOCK_DGRAM },
};

/* ---- settings --------------------------------------------------------------------------------------------------- */

void rs_client_conf_init(struct rs_client_conf *conf)
{
	static const struct rs_packet_settings none;

	*conf = (struct rs_client_conf){ .connect_ms = RS_CLIENT_TIMEOUT_MS, .read_ms = RS_CLIENT_TIMEOUT_MS,
					 .write_ms = RS_CLIENT_TIMEOUT_MS, .tcp_nodelay = true };
	RS_ASSERT(!rs_packet_conf_init(&conf->packet, &none));
}

void rs_client_conf_free(struct rs_client_conf *conf)
{
	char **strings[] = {
		&conf->bind_address, &conf->tls.cert_file, &conf->tls.key_file, &conf->tls.passphrase, &conf->tls.cafile,
		&conf->tls.capath, &conf->tls.ciphers, &conf->tls.host_name, &conf->proxy.host, &conf->proxy.user,
		&conf->proxy.password,
	};

	for (size_t i = 0; i < RS_COUNTOF(strings); i++) {
		free(*strings[i]);
		*strings[i] = NULL;
	}
}

bool rs_client_kind_known(int kind)
{
	return kind > 0 && (size_t)kind < RS_COUNTOF(kinds);
}

bool rs_client_is_stream(const struct rs_client *c)
{
	return kinds[c->kind].type == SOCK_STREAM;
}

bool rs_client_is_tcp(const struct rs_client *c)
{
	return rs_client_is_stream(c) && kinds[c->kind].family != AF_UNIX;
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

void rs_client_init(struct rs_client *c, enum rs_client_kind kind, bool want_tls)
{
	RS_ASSERT(rs_client_kind_known((int)kind));
	*c = (struct rs_client){ .kind = kind, .want_tls = want_tls };
	rs_sock_init(&c->sock);
}

bool rs_client_is_open(const struct rs_client *c)
{
	return c->sock.fd >= 0 && !c->sock.closing;
}

bool rs_client_is_connected(struct rs_client *c)
{
	struct rs_wait_item item = { .fd = c->sock.fd, .want = RS_WATCH_WRITE };

	if (!rs_client_is_open(c) || c->opening)
		return false;
	if (!c->connecting)
		return true;
	if (rs_wait_many(&item, 1, 0) <= 0)
		return false;
	c->connecting = false;
	if (rs_sock_connected(&c->sock))
		return true;
	rs_client_close(c);
	return false;
}

void rs_client_close(struct rs_client *c)
{
	rs_sock_close(&c->sock);
	/* Somebody is in there: when they leave. */
	if (c->sock.fd >= 0)
		return;
	rs_buf_free(&c->in);
	c->packet = (struct rs_packet){ 0 };
	c->remote.len = c->heard.len = 0;
	c->connecting = false;
	c->reused = 0;
}

void rs_client_leave(struct rs_client *c, unsigned directions)
{
	if (directions == BOTH)
		c->opening = false;
	c->sock.busy &= ~directions;
	if (c->sock.closing && !c->sock.busy)
		rs_client_close(c);
}

/* Closed, but the reason of the failure stays. */
static bool give_up(struct rs_client *c)
{
	int error = c->sock.error;
	const char *why = c->sock.why;
	char *owned = c->sock.why_owned;

	c->sock.why_owned = NULL;
	c->opening = false;
	c->sock.busy = 0;
	rs_client_close(c);
	rs_sock_fail_why(&c->sock, error, why);
	c->sock.why_owned = owned;
	return false;
}

/* What can be told to the kernel; a refusal of one of these is no reason not to connect. */
static void set_options(struct rs_client *c, const struct rs_client_conf *conf)
{
	const struct {
		bool on;
		int level, name, value;
	} options[] = {
		{ conf->socket_buffer_size > 0, SOL_SOCKET, SO_SNDBUF, conf->socket_buffer_size },
		{ conf->socket_buffer_size > 0, SOL_SOCKET, SO_RCVBUF, conf->socket_buffer_size },
		{ rs_client_is_tcp(c) && conf->tcp_nodelay, IPPROTO_TCP, TCP_NODELAY, 1 },
		{ rs_client_is_tcp(c) && conf->tcp_keepalive, SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ rs_client_is_tcp(c) && conf->tcp_keepidle > 0, IPPROTO_TCP, TCP_KEEPIDLE, conf->tcp_keepidle },
		{ rs_client_is_tcp(c) && conf->tcp_keepinterval > 0, IPPROTO_TCP, TCP_KEEPINTVL, conf->tcp_keepinterval },
		{ rs_client_is_tcp(c) && conf->tcp_keepcount > 0, IPPROTO_TCP, TCP_KEEPCNT, conf->tcp_keepcount },
	};

	for (size_t i = 0; i < RS_COUNTOF(options); i++)
		if (options[i].on)
			RS_IGNORE(!rs_sock_set_int(&c->sock, options[i].level, options[i].name, options[i].value));
}

/* The address of our end. Without one a Unix datagram socket gets a name from the kernel, or nobody could answer it. */
static bool bind_own(struct rs_client *c, const struct rs_client_conf *conf)
{
	struct rs_sock_addr own;

	if (conf->bind_address || conf->bind_port) {
		if (!rs_sock_addr_set(&own, c->sock.family, rs_slice_str(conf->bind_address ? conf->bind_address : ""),
				      conf->bind_port))
			return rs_sock_fail(&c->sock, errno);
		RS_IGNORE(!rs_sock_set_int(&c->sock, SOL_SOCKET, SO_REUSEADDR, 1));
		return rs_sock_bind(&c->sock, &own);
	}
	if (c->kind != RS_CLIENT_UNIX_DGRAM)
		return true;
	own = (struct rs_sock_addr){ .sa.sa_family = AF_UNIX, .len = sizeof own.sa.sa_family };
	return rs_sock_bind(&c->sock, &own);
}

bool rs_client_open(struct rs_client *c, const struct rs_client_conf *conf)
{
	/* Closed by somebody while another is in there still. */
	if (c->sock.fd >= 0)
		return rs_sock_fail(&c->sock, RS_SOCK_BUSY);
	c->packet = (struct rs_packet){ 0 };
	if (!rs_sock_open(&c->sock, kinds[c->kind].family, kinds[c->kind].type, 0))
		return false;
	set_options(c, conf);
	return bind_own(c, conf);
}

/* Until it is connected it is nobody else's. */
static bool open_socket(struct rs_client *c, const struct rs_client_conf *conf)
{
	bool ok = rs_client_open(c, conf);

	c->opening = true;
	c->sock.busy = BOTH;
	return ok;
}

int rs_client_family(const struct rs_client *c)
{
	return kinds[c->kind].family;
}

void rs_client_tls_conf(const struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host,
			struct rs_tls_conf *out, char name[RS_CLIENT_NAME_MAX])
{
	*out = conf->tls;
	/* An IP that was connected to says nothing about the name of who should be there. */
	if (!out->host_name && c->kind != RS_CLIENT_UNIX_STREAM && !rs_sock_is_ip(host) && rs_copy(name, RS_CLIENT_NAME_MAX, host))
		out->host_name = name;
}

bool rs_client_open_datagram(struct rs_client *c, const struct rs_client_conf *conf)
{
	if (c->sock.fd >= 0)
		return !c->sock.closing || rs_sock_fail(&c->sock, RS_SOCK_CLOSED);
	if (!open_socket(c, conf))
		return give_up(c);
	rs_client_leave(c, BOTH);
	return true;
}

static bool connect_datagram(struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host, int port, bool real)
{
	if (!rs_client_open_datagram(c, conf) || !rs_sock_enter(&c->sock, BOTH) ||
	    !rs_sock_lookup(&c->sock, host, port, conf->connect_ms, &c->remote))
		return false;
	return !real || rs_sock_connect(&c->sock, &c->remote, conf->connect_ms) == RS_OK;
}

static bool start_tls(struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host, int64_t until);

static bool connect_stream(struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host, int port, bool at_once)
{
	int64_t until = rs_deadline(conf->connect_ms);
	bool proxy = conf->proxy.kind != RS_PROXY_NONE && rs_client_is_tcp(c);
	struct rs_slice to = proxy ? rs_slice_str(conf->proxy.host) : host;
	enum rs_result rc;

	if (!open_socket(c, conf))
		return false;
	/* A proxy and TLS are conversations: these wait. */
	at_once = at_once && !proxy && !c->want_tls;
	rc = rs_sock_connect_host(&c->sock, to, proxy ? conf->proxy.port : port, conf->connect_ms, at_once, &c->remote);
	c->connecting = rc == RS_AGAIN;
	if (rc == RS_ERR)
		return false;
	if (proxy && !rs_proxy_ask(&c->sock, &conf->proxy, host, port, rs_deadline_left(until)))
		return false;
	return !c->want_tls || start_tls(c, conf, host, until);
}

bool rs_client_connect(struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host, int port, bool at_once)
{
	bool ok;

	if (c->sock.busy)
		return rs_sock_fail(&c->sock, RS_SOCK_BUSY);
	ok = rs_client_is_stream(c) ? connect_stream(c, conf, host, port, at_once) :
				      connect_datagram(c, conf, host, port, at_once);
	if (!ok)
		return give_up(c);
	rs_client_leave(c, BOTH);
	return true;
}

bool rs_client_start_tls(struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host)
{
	int64_t until = rs_deadline(conf->connect_ms);

	if (!rs_sock_enter(&c->sock, BOTH))
		return false;
	if (!rs_client_settle(c, conf->connect_ms))
		return give_up(c);
	rs_buf_free(&c->in);
	c->packet = (struct rs_packet){ 0 };
	if (!start_tls(c, conf, host, until))
		return give_up(c);
	rs_client_leave(c, BOTH);
	return true;
}

static bool start_tls(struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host, int64_t until)
{
	char name[RS_CLIENT_NAME_MAX];
	struct rs_tls_conf tls;

	rs_client_tls_conf(c, conf, host, &tls, name);
	return rs_sock_start_tls(&c->sock, &tls, rs_deadline_left(until));
}
