/*
 * Ports of a server: what is made of their settings, their sockets, silent connections. Runs in the reactor.
 */
#include "reactor/reactor_port.h"

#include "base/rs_fd.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_datagram.h"
#include "reactor/reactor_serve.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Silence is looked for so often at least, and not more often than the sweep comes. */
#define CHECK_MS_MAX 1000

static const char *init_framing(struct rs_gate *g)
{
	const struct rs_port *set = &g->set;
	struct rs_packet_settings s = {
		.open_eof_check = set->open_eof_check,
		.open_eof_split = set->open_eof_split,
		.open_length_check = set->open_length_check,
		.open_mqtt_protocol = set->open_mqtt_protocol,
		.package_length_offset = set->length_offset,
		.package_body_offset = set->body_offset,
		.package_max_length = set->package_max_length <= INT32_MAX ? (int64_t)set->package_max_length : INT32_MAX,
	};

	if (set->eof_len > sizeof set->eof)
		return "package_eof is too long";
	if (set->eof_len)
		s.package_eof = rs_slice(set->eof, set->eof_len);
	if (set->length_type)
		s.package_length_type = rs_slice(&set->length_type, 1);
	return rs_packet_conf_init(&g->framing, &s);
}

/* What is looked at so often at least; 0: never. */
static uint32_t check_every(const struct rs_port *set)
{
	uint32_t ms = 0;

	if (set->heartbeat_idle_ms)
		ms = set->heartbeat_check_ms ? set->heartbeat_check_ms : set->heartbeat_idle_ms / 2;
	if (set->max_idle_ms && (ms == 0 || ms > set->max_idle_ms / 2))
		ms = set->max_idle_ms / 2;
	if (set->max_idle_ms && ms > CHECK_MS_MAX)
		ms = CHECK_MS_MAX;
	return (set->heartbeat_idle_ms || set->max_idle_ms) && ms == 0 ? 1 : ms;
}

/* Names, each terminated, an empty one at the end. */
static bool ends_well(const char *list, size_t size)
{
	return list[0] == '\0' || memmem(list, size, "\0", 2) != NULL;
}

const char *rs_gate_init(struct rs_gate *g, struct rs_reactor *r, uint32_t index, const struct rs_port *set)
{
	*g = (struct rs_gate){ .r = r, .index = index, .set = *set };
	rs_static_init(&g->files);
	if (set->protocol > RS_PORT_WEBSOCKET || set->handshake > RS_HANDSHAKE_ADDED)
		return "a port of no known protocol";
	if (!memchr(set->host, '\0', sizeof set->host) || !memchr(set->document_root, '\0', sizeof set->document_root) ||
	    !memchr(set->subprotocol, '\0', sizeof set->subprotocol))
		return "a port with a text without end";
	if (!ends_well(set->static_locations, sizeof set->static_locations) || !ends_well(set->index_files, sizeof set->index_files))
		return "a port with a list without end";
	if (set->static_handler)
		rs_static_open_port(r, &g->files, &g->set);
	if (check_every(set))
		g->check_ms = rs_reactor_ms(r) + check_every(set);
	return set->protocol == RS_PORT_STREAM ? init_framing(g) : NULL;
}

void rs_gate_fini(struct rs_gate *g)
{
	rs_datagram_close(g);
	if (g->r)
		rs_static_fini(&g->files);
}

/* ---- sockets ------------------------------------------------------------------------------------------------------------- */

static void option(int fd, int level, int name, uint32_t value)
{
	int n = value <= INT32_MAX ? (int)value : INT32_MAX;

	/* What a socket does not know it does without. */
	(void)setsockopt(fd, level, name, &n, sizeof n);
}

/* Accepted sockets inherit them: one call here instead of one for every connection. */
static void set_options(const struct rs_port *set, int fd)
{
	if (set->rcvbuf)
		option(fd, SOL_SOCKET, SO_RCVBUF, set->rcvbuf);
	if (set->sndbuf)
		option(fd, SOL_SOCKET, SO_SNDBUF, set->sndbuf);
	if (set->port == 0 || set->protocol == RS_PORT_DATAGRAM)
		return;
	option(fd, IPPROTO_TCP, TCP_NODELAY, set->tcp_nodelay);
	if (set->user_timeout_ms)
		option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, set->user_timeout_ms);
	if (!set->tcp_keepalive)
		return;
	option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	option(fd, IPPROTO_TCP, TCP_KEEPIDLE, set->keepidle_s);
	option(fd, IPPROTO_TCP, TCP_KEEPINTVL, set->keepinterval_s);
	option(fd, IPPROTO_TCP, TCP_KEEPCNT, set->keepcount);
}

void rs_gate_listen(struct rs_gate *g, int fd, struct rs_slice address)
{
	set_options(&g->set, fd);
	if (g->set.protocol != RS_PORT_DATAGRAM)
		g->listening = rs_accept_add(g->r, fd, address, g, g->set.tls ? RS_LISTEN_TLS : 0);
	else if (!(g->listening = rs_datagram_open(g, fd)))
		rs_error(g->r->log, "cannot receive on %.*s", (int)address.n, address.p);
}

/* ---- silence --------------------------------------------------------------------------------------------------------------- */

void rs_gate_sweep(struct rs_gate *g, int64_t now_ms)
{
	const struct rs_port *set = &g->set;
	struct rs_serve *s = g->r->serve;
	struct rs_guest *guest;
	int64_t last;

	if (g->check_ms == 0 || now_ms < g->check_ms)
		return;
	g->check_ms = now_ms + check_every(set);
	for (uint32_t i = 0; i < s->board.used; i++) {
		guest = s->guest[i];
		if (!guest || guest->gate != g || !guest->conn || guest->ending || guest->pub.is_protected)
			continue;
		last = guest->received_ms > guest->sent_ms ? guest->received_ms : guest->sent_ms;
		if (set->heartbeat_idle_ms && now_ms - guest->received_ms > set->heartbeat_idle_ms)
			rs_guest_close(guest, false);
		else if (set->max_idle_ms && now_ms - last > set->max_idle_ms)
			rs_guest_close(guest, true);
	}
}
