/*
 * What a connection of a server has to send: how much of it waits, marks. The bytes themselves are the connection's. Runs in the
 * reactor.
 */
#include "reactor/reactor_session.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_sendfile.h"
#include "reactor/reactor_serve.h"

#include <sys/stat.h>

/*
 * Senders look at the board before they send; this many bytes beyond socket_buffer_size are those who could not see yet how
 * much waits. More: somebody does not look.
 */
#define BEYOND_MAX (2 * (uint64_t)RS_SEND_MAX)
/*
 * Parts of files each keep a descriptor open. The same for them: senders stop at RS_SEND_FILES_MAX for a connection, and at files_max for
 * all of them together. So many times as much is more than what can be on its way to us.
 */
#define FILES_BEYOND 3
#define ALL_FILES_BEYOND 4

uint64_t rs_guest_send_queued(struct rs_guest *g)
{
	return g->conn ? rs_conn_pending(g->conn) - rs_sendfile_bytes(g->conn) + rs_h2conn_queued(g->conn) : 0;
}

static void count_left(struct rs_guest *g)
{
	uint64_t left = g->put_bytes - rs_conn_pending(g->conn);

	if (left <= g->left_bytes)
		return;
	g->r->serve->sent += left - g->left_bytes;
	g->r->serve->stats_dirty = true;
	g->left_bytes = left;
	g->sent_ms = rs_reactor_ms(g->r);
}

void rs_guest_written(struct rs_guest *g)
{
	const struct rs_port *set = &g->gate->set;
	uint64_t queued;

	count_left(g);
	g->pub.send_us = rs_reactor_wall_us(g->r);
	rs_guest_changed(g);
	if (g->ending)
		return;
	queued = rs_guest_send_queued(g);
	if (!g->full && set->high_watermark && queued >= set->high_watermark) {
		g->full = true;
		(void)rs_guest_tell(g, RS_EVENT_BUFFER_FULL, 0, 0, RS_SLICE(""));
	} else if (g->full && queued <= set->low_watermark) {
		g->full = false;
		(void)rs_guest_tell(g, RS_EVENT_BUFFER_EMPTY, 0, 0, RS_SLICE(""));
	}
}

bool rs_guest_overfull(struct rs_guest *g)
{
	uint64_t most = g->gate->set.socket_buffer_size;

	if ((rs_guest_send_queued(g) <= most + BEYOND_MAX || most == 0) &&
	    rs_sendfile_count(g->conn) < FILES_BEYOND * RS_SEND_FILES_MAX)
		return false;
	rs_errorx(g->r->log, "connection %u: its send queue is full and somebody goes on sending", g->pub.fd);
	rs_guest_reset(g);
	return true;
}

/* Can a file be opened for it, beside those that wait for all clients? Bytes must not be missing from what it gets: else it is reset. */
static bool has_room_for_file(struct rs_guest *g, int fd)
{
	const struct rs_serve *s = g->r->serve;

	if (fd >= 0 && s->files < ALL_FILES_BEYOND * s->files_max)
		return true;
	if (rs_serve_complain(g->r))
		rs_errorx(g->r->log, fd < 0 ? "connection %u: no descriptor is left for a file to send, it is cut off (%u files wait for clients)"
					    : "connection %u: cut off, %u files wait for clients and somebody goes on sending", g->pub.fd, s->files);
	rs_guest_reset(g);
	return false;
}

void rs_guest_send(struct rs_guest *g, struct rs_slice bytes)
{
	struct iovec iov = { (void *)(uintptr_t)bytes.p, bytes.n };

	if (!g->ending && g->conn && !rs_guest_overfull(g))
		(void)rs_conn_write(g->conn, &iov, 1);
}

void rs_guest_send_file(struct rs_guest *g, int fd, uint64_t offset, uint64_t length)
{
	struct stat st;

	if (g->ending || !g->conn || !has_room_for_file(g, fd) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    offset >= (uint64_t)st.st_size || rs_guest_overfull(g)) {
		rs_fd_close(&fd);
		return;
	}
	if (length == 0 || length > (uint64_t)st.st_size - offset)
		length = (uint64_t)st.st_size - offset;
	if (!rs_sendfile_put(g->conn, fd, offset, length)) {
		rs_guest_reset(g);
		return;
	}
	g->put_bytes += length;
	rs_conn_want_write(g->conn);
	rs_guest_changed(g);
}
