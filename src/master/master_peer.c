/*
 * Control channels of the master. Reads at most a few frames a turn, so that no child can keep the master busy; queues
 * a bounded number of bytes for one that does not read.
 */
#include "master/master_peer.h"

#include "base/rs_fd.h"

#include <event2/event.h>

#define FRAMES_PER_TURN 64
#define QUEUE_MAX_BYTES (16u << 20)
/* Reads of what is left of one that has died. A child of its, which has the channel too, may write without end. */
#define LAST_READS 64

static void lose(struct rs_peer *p, const char *why)
{
	void (*lost)(struct rs_peer *, const char *) = p->lost;

	p->lost = NULL;
	/* A closed channel is readable for ever. */
	if (p->readable)
		event_del(p->readable);
	if (p->writable)
		event_del(p->writable);
	if (lost)
		lost(p, why);
}

bool rs_peer_struct(const struct rs_frame *f, void *out, size_t n)
{
	if (f->payload.n != n)
		return false;
	memcpy(out, f->payload.p, n);
	return true;
}

/* Up to max frames of what is buffered. RS_AGAIN: none is left; RS_OK: there may be more; RS_ERR: lost. */
static enum rs_result take_frames(struct rs_peer *p, unsigned max)
{
	struct rs_frame f;
	enum rs_result r = RS_OK;
	char why[200];

	while (max-- && p->readable && p->lost && (r = rs_ipc_next(&p->ipc, &f)) == RS_OK) {
		if (p->table[f.msg] && p->table[f.msg](p, &f) == RS_OK)
			continue;
		rs_fmt(why, sizeof why, "unusable %s frame", rs_msg_name(f.msg));
		lose(p, why);
		return RS_ERR;
	}
	if (r == RS_ERR)
		lose(p, p->ipc.error);
	return r;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct rs_peer *p = arg;
	enum rs_result r;

	(void)fd, (void)what;
	r = take_frames(p, FRAMES_PER_TURN);
	if (r == RS_AGAIN) {
		enum rs_result filled = rs_ipc_fill(&p->ipc);
		if (filled == RS_DONE)
			lose(p, NULL);
		else if (filled == RS_ERR)
			lose(p, p->ipc.error);
		else if (filled == RS_OK)
			r = take_frames(p, FRAMES_PER_TURN);
	}
	/* Frames left in the buffer do not make the socket readable. */
	if (r == RS_OK && p->readable && p->lost)
		event_active(p->readable, EV_READ, 0);
}

static void flush(struct rs_peer *p)
{
	enum rs_result r = rs_ipc_flush(&p->ipc);

	if (r == RS_AGAIN && rs_ipc_queued(&p->ipc) > QUEUE_MAX_BYTES)
		lose(p, "does not read its control channel");
	else if (r == RS_AGAIN)
		event_add(p->writable, NULL);
	/* RS_ERR: the peer is gone; what it said last is still to be read. */
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	flush(arg);
}

bool rs_peer_open(struct rs_peer *p, struct event_base *base, int fd, enum rs_ipc_role role)
{
	rs_ipc_init(&p->ipc, fd, RS_IPC_MASTER, role);
	if (!rs_fd_nonblock(fd, true))
		goto fail;
	p->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, p);
	p->writable = event_new(base, fd, EV_WRITE, on_writable, p);
	if (p->readable && p->writable && event_add(p->readable, NULL) == 0)
		return true;
fail:
	rs_peer_close(p);
	return false;
}

void rs_peer_close(struct rs_peer *p)
{
	if (p->readable)
		event_free(p->readable);
	if (p->writable)
		event_free(p->writable);
	p->readable = p->writable = NULL;
	rs_ipc_fini(&p->ipc);
}

void rs_peer_send(struct rs_peer *p, enum rs_msg msg, struct rs_slice payload, const int *fds, unsigned nfds)
{
	rs_peer_send_id(p, msg, 0, payload, fds, nfds);
}

void rs_peer_send_id(struct rs_peer *p, enum rs_msg msg, uint64_t id, struct rs_slice payload, const int *fds, unsigned nfds)
{
	if (!p->readable || !p->lost)
		return;
	if (rs_ipc_put(&p->ipc, msg, 0, id, payload, RS_SLICE(""), fds, nfds) != RS_OK)
		lose(p, p->ipc.error);
	else
		flush(p);
}

void rs_peer_drain(struct rs_peer *p)
{
	for (unsigned reads = 0; reads < LAST_READS && p->readable && p->lost;) {
		enum rs_result r = take_frames(p, FRAMES_PER_TURN);
		if (r == RS_ERR)
			return;
		if (r == RS_OK)
			continue;
		if (rs_ipc_fill(&p->ipc) != RS_OK)
			return;
		reads++;
	}
}
