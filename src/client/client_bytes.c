/*
 * What goes through one connection of a client: bytes, datagrams, files, whole packages.
 */
#include "client/client.h"

#include <errno.h>

#define READ_PIECE 65536
/* A buffer that held more than this is given back when it is empty. */
#define KEEP_BUFFER 65536

/* A connect that was begun without waiting: waits now for what becomes of it. */
static bool settle(struct rs_client *c, int64_t timeout_ms)
{
	if (!c->connecting)
		return true;
	if (!rs_sock_wait(&c->sock, RS_WATCH_WRITE, timeout_ms))
		return false;
	c->connecting = false;
	return rs_sock_connected(&c->sock);
}

static bool send_all(struct rs_client *c, const struct rs_client_conf *conf, const void *p, size_t n, int flags)
{
	if (rs_client_is_stream(c))
		return settle(c, conf->connect_ms) && rs_sock_send_all(&c->sock, p, n, flags, conf->write_ms) == n;
	if (c->remote.len == 0)
		return rs_sock_fail(&c->sock, EDESTADDRREQ);
	return rs_sock_sendto(&c->sock, p, n, &c->remote, conf->write_ms) == (ssize_t)n;
}

bool rs_client_send(struct rs_client *c, const struct rs_client_conf *conf, const void *p, size_t n, int flags)
{
	bool ok;

	if (!rs_sock_enter(&c->sock, RS_WATCH_WRITE))
		return false;
	ok = send_all(c, conf, p, n, flags);
	rs_client_leave(c, RS_WATCH_WRITE);
	return ok;
}

bool rs_client_sendto(struct rs_client *c, const struct rs_client_conf *conf, struct rs_slice host, int port, const void *p,
		      size_t n)
{
	struct rs_sock_addr to;
	bool ok;

	if (!rs_client_open_datagram(c, conf) || !rs_sock_enter(&c->sock, RS_WATCH_WRITE))
		return false;
	ok = rs_sock_lookup(&c->sock, host, port, conf->connect_ms, &to) &&
	     rs_sock_sendto(&c->sock, p, n, &to, conf->write_ms) == (ssize_t)n;
	rs_client_leave(c, RS_WATCH_WRITE);
	return ok;
}

bool rs_client_sendfile(struct rs_client *c, const struct rs_client_conf *conf, const char *path, uint64_t offset,
			uint64_t length)
{
	bool ok;

	if (!rs_sock_enter(&c->sock, RS_WATCH_WRITE))
		return false;
	ok = settle(c, conf->connect_ms) && rs_sock_sendfile(&c->sock, path, offset, length, conf->write_ms);
	rs_client_leave(c, RS_WATCH_WRITE);
	return ok;
}

static ssize_t receive(struct rs_client *c, const struct rs_client_conf *conf, void *p, size_t n, int flags, int64_t timeout_ms)
{
	size_t have;
	bool failed;

	if (!rs_client_is_stream(c))
		return rs_sock_recvfrom(&c->sock, p, n, flags, timeout_ms, &c->heard);
	if (!settle(c, conf->connect_ms))
		return -1;
	if (!(flags & MSG_WAITALL) || flags & (MSG_PEEK | MSG_DONTWAIT))
		return rs_sock_recv(&c->sock, p, n, flags, timeout_ms);
	have = rs_sock_recv_all(&c->sock, p, n, timeout_ms, &failed);
	return have == 0 && failed ? -1 : (ssize_t)have;
}

ssize_t rs_client_recv(struct rs_client *c, const struct rs_client_conf *conf, void *p, size_t n, int flags, int64_t timeout_ms)
{
	ssize_t got;

	if (!rs_sock_enter(&c->sock, RS_WATCH_READ))
		return -1;
	got = receive(c, conf, p, n, flags, timeout_ms);
	rs_client_leave(c, RS_WATCH_READ);
	return got;
}

/* ---- packages --------------------------------------------------------------------------------------------------- */

static enum rs_result receive_package(struct rs_client *c, const struct rs_client_conf *conf, int64_t timeout_ms,
				      struct rs_slice *out)
{
	if (!settle(c, conf->connect_ms))
		return RS_ERR;
	if (c->in.len == 0)
		rs_buf_reset(&c->in, KEEP_BUFFER);
	for (;;) {
		struct rs_packet_found found;
		enum rs_result rc = rs_packet_next(&conf->packet, &c->packet, rs_buf_slice(&c->in), &found);
		ssize_t got;
		char *to;

		if (rc == RS_OK) {
			*out = rs_slice(rs_buf_data(&c->in), found.n);
			return RS_OK;
		}
		if (rc == RS_ERR) {
			rs_sock_fail_why(&c->sock, (int)found.error, found.why);
			return RS_ERR;
		}
		to = rs_buf_reserve(&c->in, READ_PIECE);
		if (!to) {
			rs_sock_fail(&c->sock, ENOMEM);
			return RS_ERR;
		}
		got = rs_sock_recv(&c->sock, to, READ_PIECE, 0, timeout_ms);
		if (got <= 0)
			return got == 0 ? RS_DONE : RS_ERR;
		rs_buf_commit(&c->in, (size_t)got);
	}
}

enum rs_result rs_client_recv_package(struct rs_client *c, const struct rs_client_conf *conf, int64_t timeout_ms,
				      struct rs_slice *out)
{
	enum rs_result rc;

	if (!rs_sock_enter(&c->sock, RS_WATCH_READ))
		return RS_ERR;
	rc = receive_package(c, conf, timeout_ms, out);
	rs_client_leave(c, RS_WATCH_READ);
	return rc;
}

bool rs_client_has_package(struct rs_client *c, const struct rs_client_conf *conf)
{
	struct rs_packet_found found;
	struct rs_packet state = c->packet;

	if (conf->packet.mode == RS_PACKET_RAW || c->in.len == 0)
		return false;
	/* A broken stream counts: there is something to be told. */
	return rs_packet_next(&conf->packet, &state, rs_buf_slice(&c->in), &found) != RS_AGAIN;
}
