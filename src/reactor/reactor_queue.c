/*
 * What a connection of a server has to send: how much of it waits, marks, parts of files. The bytes themselves are in the
 * connection's evbuffer. Runs in the reactor.
 */
#include "reactor/reactor_session.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_wire.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A part of a file in the send queue; end: where it stands, in bytes ever queued. */
struct rs_file_part {
	struct rs_file_part *next;
	uint64_t end, length;
};

/*
 * Senders look at the board before they send; this many bytes beyond socket_buffer_size are those who could not see yet how
 * much waits. More: somebody does not look.
 */
#define BEYOND_MAX (2 * (uint64_t)RS_SEND_MAX)
/* Parts of files, each of which keeps a descriptor open. */
#define FILES_MAX 256

/* Bytes of files that wait; forgets parts that have left. */
static uint64_t file_bytes(struct rs_guest *g, uint64_t left)
{
	struct rs_file_part *p;
	uint64_t sum = 0;

	while ((p = g->files) && p->end <= left) {
		g->files = p->next;
		g->nfiles--;
		free(p);
	}
	for (p = g->files; p; p = p->next) {
		uint64_t start = p->end - p->length;
		sum += p->end - (start > left ? start : left);
	}
	return sum;
}

uint64_t rs_guest_send_queued(struct rs_guest *g)
{
	uint64_t pending = g->conn ? rs_conn_pending(g->conn) : 0;
	uint64_t files = file_bytes(g, g->put_bytes - pending);

	return (pending > files ? pending - files : 0) + (g->conn ? rs_h2conn_queued(g->conn) : 0);
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

void rs_guest_queue_gone(struct rs_guest *g)
{
	struct rs_file_part *p;

	while ((p = g->files)) {
		g->files = p->next;
		free(p);
	}
	g->nfiles = 0;
}

bool rs_guest_overfull(struct rs_guest *g)
{
	uint64_t most = g->gate->set.socket_buffer_size;

	/* Asked first: it forgets the parts that have left. */
	if ((rs_guest_send_queued(g) <= most + BEYOND_MAX || most == 0) && g->nfiles < FILES_MAX)
		return false;
	rs_errorx(g->r->log, "connection %u: its send queue is full and somebody goes on sending", g->pub.fd);
	rs_guest_reset(g);
	return true;
}

void rs_guest_send(struct rs_guest *g, struct rs_slice bytes)
{
	struct iovec iov = { (void *)(uintptr_t)bytes.p, bytes.n };

	if (!g->ending && g->conn && !rs_guest_overfull(g))
		(void)rs_conn_write(g->conn, &iov, 1);
}

static bool queue_file(struct rs_guest *g, int fd, uint64_t offset, uint64_t length)
{
	struct rs_conn *c = g->conn;
	struct rs_file_part **end = &g->files, *part = calloc(1, sizeof *part);

	if (!part || (!c->out && !(c->out = evbuffer_new())) ||
	    (c->wire->moves_files && evbuffer_set_flags(c->out, EVBUFFER_FLAG_DRAINS_TO_FD) < 0)) {
		free(part);
		close(fd);
		return false;
	}
	/* Takes fd, whatever it answers. */
	if (evbuffer_add_file(c->out, fd, (ev_off_t)offset, (ev_off_t)length) < 0) {
		free(part);
		return false;
	}
	g->put_bytes += length;
	*part = (struct rs_file_part){ .end = g->put_bytes, .length = length };
	while (*end)
		end = &(*end)->next;
	*end = part;
	g->nfiles++;
	rs_conn_want_write(c);
	rs_guest_changed(g);
	return true;
}

void rs_guest_send_file(struct rs_guest *g, int fd, uint64_t offset, uint64_t length)
{
	struct stat st;

	if (g->ending || !g->conn || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || offset >= (uint64_t)st.st_size ||
	    rs_guest_overfull(g)) {
		rs_fd_close(&fd);
		return;
	}
	if (length == 0 || length > (uint64_t)st.st_size - offset)
		length = (uint64_t)st.st_size - offset;
	if (!queue_file(g, fd, offset, length))
		rs_guest_reset(g);
}
