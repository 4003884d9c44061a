/*
 * What goes through one connection of a client: bytes, datagrams, files, whole packages.
 */
#include "client/client.h"

#include <errno.h>

#define READ_PIECE 65536
#define RECV_FLAGS (MSG_OOB | MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL)
#define SEND_FLAGS (MSG_OOB | MSG_DONTWAIT | MSG_MORE | MSG_DONTROUTE)
/* A buffer that held more than this is given back when it is empty. */
#define KEEP_BUFFER 65536

bool rs_client_settle(struct rs_client *c, int64_t timeout_ms)
{
	if (!c->connecting)
		return true;
	if (!rs_sock_wait(&c->sock, RS_WATCH_WRITE, timeout_ms))
		return false;
	c->connecting = false;
	return rs_sock_connected(&c->sock);
}

static ssize_t send_some(struct rs_client *c, const struct rs_client_conf *conf, const void *p, size_t n, int flags)
{
	size_t gone;

	if (!rs_client_is_stream(c)) {
		if (c->remote.len)
			return rs_sock_sendto(&c->sock, p, n, &c->remote, conf->write_ms);
		rs_sock_fail(&c->sock, EDESTADDRREQ);
		return -1;
	}
	if (!rs_client_settle(c, conf->connect_ms))
		return -1;
	gone = rs_sock_send_all(&c->sock, p, n, flags, conf->write_ms);
	return gone == n || (gone && flags & MSG_DONTWAIT) ? (ssize_t)gone : -1;
}

ssize_t rs_client_send(struct rs_client *c, const struct rs_client_conf *conf, const void *p, size_t n, int flags)
{
	ssize_t gone;

	if (!rs_sock_enter(&c->sock, RS_WATCH_WRITE))
		return -1;
	gone = send_some(c, conf, p, n, flags & SEND_FLAGS);
	rs_client_leave(c, RS_WATCH_WRITE);
	return gone;
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
	ok = rs_client_settle(c, conf->connect_ms) && rs_sock_sendfile(&c->sock, path, offset, length, conf->write_ms);
	rs_client_leave(c, RS_WATCH_WRITE);
	return ok;
}

/* What framing has read and not handed on, before it was switched off. */
static size_t take_buffered(struct rs_client *c, void *p, size_t n, bool peek)
{
	size_t have = c->in.len < n ? c->in.len : n;

	memcpy(p, rs_buf_data(&c->in), have);
	if (!peek)
		rs_buf_consume(&c->in, have);
	return have;
}

static ssize_t receive(struct rs_client *c, const struct rs_client_conf *conf, void *p, size_t n, int flags, int64_t timeout_ms)
{
	size_t have = 0;
	bool failed;

	if (!rs_client_is_stream(c))
		return rs_sock_recvfrom(&c->sock, p, n, flags, timeout_ms, &c->heard);
	if (!rs_client_settle(c, conf->connect_ms))
		return -1;
	if (!(flags & MSG_OOB))
		have = take_buffered(c, p, n, flags & MSG_PEEK);
	if (!(flags & MSG_WAITALL) || flags & (MSG_PEEK | MSG_DONTWAIT))
		return have ? (ssize_t)have : rs_sock_recv(&c->sock, p, n, flags, timeout_ms);
	have += rs_sock_recv_all(&c->sock, (char *)p + have, n - have, timeout_ms, &failed);
	return have == 0 && failed ? -1 : (ssize_t)have;
}

ssize_t rs_client_recv(struct rs_client *c, const struct rs_client_conf *conf, void *p, size_t n, int flags, int64_t timeout_ms)
{
	ssize_t got;

	if (!rs_sock_enter(&c->sock, RS_WATCH_READ))
		return -1;
	got = receive(c, conf, p, n, flags & RECV_FLAGS, timeout_ms);
	rs_client_leave(c, RS_WATCH_READ);
	return got;
}

/* ---- packages --------------------------------------------------------------------------------------------------- */

static enum rs_result receive_package(struct rs_client *c, const struct rs_client_conf *conf, int64_t timeout_ms,
				      struct rs_slice *out)
{
	if (!rs_client_settle(c, conf->connect_ms))
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

enum rs_result rs_client_next_package(struct rs_client *c, const struct rs_client_conf *conf, int64_t timeout_ms,
				      struct rs_slice *out)
{
	enum rs_result rc = receive_package(c, conf, timeout_ms, out);

	/* By the user's package_length_func, or while it waited: the bytes go with it. */
	if (c->sock.closing) {
		rs_sock_fail(&c->sock, RS_SOCK_CLOSED);
		rc = RS_ERR;
	}
	return rc;
}

enum rs_result rs_client_recv_package(struct rs_client *c, const struct rs_client_conf *conf, int64_t timeout_ms,
				      struct rs_slice *out)
{
	enum rs_result rc;

	if (!rs_sock_enter(&c->sock, RS_WATCH_READ))
		return RS_ERR;
	rc = rs_client_next_package(c, conf, timeout_ms, out);
	rs_client_leave(c, RS_WATCH_READ);
	return rc;
}

bool rs_client_has_package(struct rs_client *c, const struct rs_client_conf *conf)
{
	struct rs_packet_found found;
	struct rs_packet state = c->packet;

	if (conf->packet.mode == RS_PACKET_RAW || c->in.len == 0)
		return c->in.len > 0;
	/* A broken stream counts: there is something to be told. */
	return rs_packet_next(&conf->packet, &state, rs_buf_slice(&c->in), &found) != RS_AGAIN;
}
