/*
 * SERVER, taken apart. The bytes come from a process that runs user code: nothing in them is looked at as a struct before its
 * length is known, its texts end, and its truth values are some.
 */
#include "master/master_server.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/un.h>

/* ---- bytes that must be 0 or 1 -------------------------------------------------------------------------------- */

#define OF_SERVER(field) offsetof(struct rs_wire_server, field)
#define OF_PORT(field) offsetof(struct rs_port, field)

static const size_t server_bools[] = { OF_SERVER(enable_coroutine), OF_SERVER(discard_timeout_request),
				       OF_SERVER(renew_in_turn), OF_SERVER(hosted) };

static const size_t port_bools[] = {
	OF_PORT(open_eof_check), OF_PORT(open_eof_split), OF_PORT(open_length_check), OF_PORT(open_mqtt_protocol),
	OF_PORT(tcp_nodelay),	 OF_PORT(tcp_keepalive),  OF_PORT(delay_receive),     OF_PORT(static_handler),
	OF_PORT(ws_ping_frame),	 OF_PORT(ws_pong_frame),  OF_PORT(ws_close_frame),    OF_PORT(ws_mask),
	OF_PORT(ws_compression), OF_PORT(optional),	      OF_PORT(tls),		   OF_PORT(tcp_fastopen),
	OF_PORT(http2),		 OF_PORT(autoindex),
};

static bool are_bools(const char *p, const size_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)p[at[i]] > 1)
			return false;
	return true;
}

/* ---- ports -------------------------------------------------------------------------------------------------------- */

static bool ends(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* Names, each terminated, an empty one at the end. */
static bool list_ends(const char *list, size_t size)
{
	return list[0] == '\0' || memmem(list, size, "\0", 2) != NULL;
}

/* A literal of its family, or an absolute path. */
static bool is_address(const struct rs_port *p)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	switch (p->socket_type) {
	case 1:
	case 2:
		return inet_pton(AF_INET, p->host, bytes) == 1;
	case 3:
	case 4:
		return inet_pton(AF_INET6, p->host, bytes) == 1;
	default:
		return p->host[0] == '/' && strlen(p->host) < sizeof(((struct sockaddr_un *)0)->sun_path);
	}
}

static bool is_datagram(const struct rs_port *p)
{
	return p->socket_type == 2 || p->socket_type == 4 || p->socket_type == 6;
}

static const char *check_port(const struct rs_port *p, bool main_port)
{
	if (!ends(p->host, sizeof p->host) || !ends(p->document_root, sizeof p->document_root) ||
	    !ends(p->subprotocol, sizeof p->subprotocol) || !list_ends(p->static_locations, sizeof p->static_locations) ||
	    !list_ends(p->index_files, sizeof p->index_files))
		return "a port with a text without end";
	if (p->protocol > RS_PORT_WEBSOCKET || p->handshake > RS_HANDSHAKE_ADDED || p->socket_type < 1 || p->socket_type > 6)
		return "a port of no known kind";
	if (p->tls_len > sizeof p->tls_parts || (p->tls && is_datagram(p)))
		return "a port whose TLS makes no sense";
	if ((p->protocol == RS_PORT_DATAGRAM) != is_datagram(p))
		return "a port whose protocol does not fit its socket";
	if (p->events >= RS_PORT_EVENT(RS_EVENT_KINDS) || p->eof_len > sizeof p->eof ||
	    (p->length_type && !strchr("cCsSnvlLNV", p->length_type)))
		return "a port with settings that do not exist";
	if (main_port)
		return p->protocol == RS_PORT_HTTP || p->protocol == RS_PORT_WEBSOCKET ? NULL : "a main port that is not HTTP";
	if (p->static_handler && p->document_root[0] != '/')
		return "a port whose document_root is not absolute";
	return is_address(p) ? NULL : "a port whose host is neither an IP literal of its type nor an absolute path";
}

static bool is_title(const char *t)
{
	size_t n = strnlen(t, RS_TITLE_MAX);

	if (n == 0 || n == RS_TITLE_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)t[i] < 0x20 || (unsigned char)t[i] == 0x7f)
			return false;
	return true;
}

/* ---- all of it ------------------------------------------------------------------------------------------------------ */

static const char *check_counts(const struct rs_wire_server *w, size_t rest)
{
	if (!w->hosted || w->nports == 0 || w->nports > RS_PORTS_MAX || w->nusers > RS_HOSTED_END - RS_HOSTED_USERS ||
	    w->dispatch_mode < 1 || w->dispatch_mode > 10)
		return "numbers without sense";
	return rest == w->nports * sizeof(struct rs_port) + w->nusers * (size_t)RS_TITLE_MAX ? NULL : "wrong length";
}

static const char *copy_parts(const char *at, struct rs_mserver *out)
{
	const char *why = NULL;

	for (uint32_t i = 0; i < out->w.nports; i++)
		if (!are_bools(at + i * sizeof *out->ports, port_bools, RS_COUNTOF(port_bools)))
			return "a port without sense";
	out->ports = calloc(out->w.nports, sizeof *out->ports);
	out->titles = calloc(out->w.nusers + 1, sizeof *out->titles);
	if (!out->ports || !out->titles)
		return "no memory";
	memcpy(out->ports, at, out->w.nports * sizeof *out->ports);
	if (out->w.nusers)
		memcpy(out->titles, at + out->w.nports * sizeof *out->ports, out->w.nusers * sizeof *out->titles);
	for (uint32_t i = 0; i < out->w.nports && !why; i++) {
		out->ports[i].listen_fd = -1;
		why = check_port(&out->ports[i], i == 0);
	}
	for (uint32_t i = 0; i < out->w.nusers && !why; i++)
		why = is_title(out->titles[i]) ? NULL : "a process without a title";
	return why;
}

const char *rs_mserver_parse(struct rs_slice payload, struct rs_mserver *out)
{
	const char *why = "wrong length";

	*out = (struct rs_mserver){ 0 };
	if (payload.n < sizeof out->w)
		return why;
	if (!are_bools(payload.p, server_bools, RS_COUNTOF(server_bools)))
		return "numbers without sense";
	memcpy(&out->w, payload.p, sizeof out->w);
	why = check_counts(&out->w, payload.n - sizeof out->w);
	if (!why)
		why = copy_parts(payload.p + sizeof out->w, out);
	if (why)
		rs_mserver_free(out);
	else if (out->w.first_fd == 0 || out->w.first_fd > RS_SESSION_MAX)
		out->w.first_fd = 1;
	return why;
}

void rs_mserver_free(struct rs_mserver *s)
{
	if (!s)
		return;
	free(s->ports);
	free(s->titles);
	*s = (struct rs_mserver){ 0 };
}

bool rs_mserver_copy(struct rs_mserver *to, const struct rs_mserver *from)
{
	size_t ports = from->w.nports * sizeof *from->ports, titles = from->w.nusers * sizeof *from->titles;

	*to = (struct rs_mserver){ .w = from->w, .ports = malloc(ports), .titles = malloc(titles + 1) };
	if (!to->ports || !to->titles) {
		rs_mserver_free(to);
		return false;
	}
	memcpy(to->ports, from->ports, ports);
	memcpy(to->titles, from->titles, titles);
	return true;
}

bool rs_mserver_same_ports(const struct rs_mserver *a, const struct rs_mserver *b)
{
	if (a->w.nports != b->w.nports)
		return false;
	/* The main one is the configuration's business. */
	for (uint32_t i = 1; i < a->w.nports; i++) {
		const struct rs_port *p = &a->ports[i], *q = &b->ports[i];
		if (p->socket_type != q->socket_type || p->port != q->port || p->protocol != q->protocol || strcmp(p->host, q->host) != 0)
			return false;
	}
	return true;
}

/* ---- what the reactor does with a port, by the name under which it is set ----------------------------------------- */

#define SETTING(field, name) { name, OF_PORT(field), sizeof((struct rs_port *)0)->field }

static const struct {
	const char *name;
	size_t at, n;
} settings[] = {
	SETTING(protocol, "the protocol"),
	SETTING(events, "what its handler hears"),
	SETTING(handshake, "the handshake"),
	SETTING(open_eof_check, "open_eof_check"),
	SETTING(open_eof_split, "open_eof_split"),
	SETTING(eof_len, "package_eof"),
	SETTING(eof, "package_eof"),
	SETTING(open_length_check, "open_length_check"),
	SETTING(length_type, "package_length_type"),
	SETTING(length_offset, "package_length_offset"),
	SETTING(body_offset, "package_body_offset"),
	SETTING(open_mqtt_protocol, "open_mqtt_protocol"),
	SETTING(package_max_length, "package_max_length"),
	SETTING(socket_buffer_size, "socket_buffer_size"),
	SETTING(output_buffer_size, "output_buffer_size"),
	SETTING(high_watermark, "buffer_high_watermark"),
	SETTING(low_watermark, "buffer_low_watermark"),
	SETTING(heartbeat_idle_ms, "heartbeat_idle_time"),
	SETTING(heartbeat_check_ms, "heartbeat_check_interval"),
	SETTING(max_idle_ms, "max_idle_time"),
	SETTING(tcp_nodelay, "open_tcp_nodelay"),
	SETTING(tcp_keepalive, "open_tcp_keepalive"),
	SETTING(keepidle_s, "tcp_keepidle"),
	SETTING(keepinterval_s, "tcp_keepinterval"),
	SETTING(keepcount, "tcp_keepcount"),
	SETTING(user_timeout_ms, "tcp_user_timeout"),
	SETTING(rcvbuf, "kernel_socket_recv_buffer_size"),
	SETTING(sndbuf, "kernel_socket_send_buffer_size"),
	SETTING(delay_receive, "enable_delay_receive"),
	SETTING(static_handler, "enable_static_handler"),
	SETTING(autoindex, "http_autoindex"),
	SETTING(document_root, "document_root"),
	SETTING(static_locations, "static_handler_locations"),
	SETTING(index_files, "http_index_files"),
	SETTING(ws_ping_frame, "open_websocket_ping_frame"),
	SETTING(ws_pong_frame, "open_websocket_pong_frame"),
	SETTING(ws_close_frame, "open_websocket_close_frame"),
	SETTING(ws_mask, "websocket_mask"),
	SETTING(ws_compression, "websocket_compression"),
	SETTING(subprotocol, "websocket_subprotocol"),
};

/* Texts come out of zeroed memory, so that what follows them is equal as well. */
const char *rs_mserver_other_setting(const struct rs_mserver *a, const struct rs_mserver *b, uint32_t *port)
{
	for (uint32_t i = 0; i < a->w.nports && i < b->w.nports; i++) {
		const char *p = (const char *)&a->ports[i], *q = (const char *)&b->ports[i];

		*port = i;
		for (size_t k = 0; k < RS_COUNTOF(settings); k++)
			if (memcmp(p + settings[k].at, q + settings[k].at, settings[k].n) != 0)
				return settings[k].name;
	}
	return NULL;
}

void rs_mserver_port_name(const struct rs_port *p, char *out, size_t size)
{
	if (p->socket_type >= 5)
		rs_fmt(out, size, "%s%s", p->socket_type == 5 ? "unix:" : "unixgram:", p->host);
	else if (p->socket_type >= 3)
		rs_fmt(out, size, "%s[%s]:%u", p->socket_type == 4 ? "udp:" : "", p->host, p->port);
	else
		rs_fmt(out, size, "%s%s:%u", p->socket_type == 2 ? "udp:" : "", p->host, p->port);
}
