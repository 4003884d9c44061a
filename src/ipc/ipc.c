/*
 * Framed messages over a stream socket: queue, write, read, check.
 *
 * A frame is a fixed header and a payload. Its fds travel with its first byte (SCM_RIGHTS), so they arrive no later
 * than the header does; the receiver keeps them in order and each frame takes as many as its header says.
 */
#include "ipc/ipc.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILL_BYTES (256u << 10)
#define FDS_IN_FLIGHT_MAX 64
#define KEEP_BUFFER (512u << 10)

struct header {
	uint32_t len; /* of the payload */
	uint16_t msg;
	uint8_t flags;
	uint8_t nfds;
	uint64_t id;
};

struct rs_ipc_out_fds {
	uint64_t at; /* stream position (see rs_ipc.sent) of the frame's first byte */
	int fd[RS_FRAME_FDS];
	unsigned n;
};

struct rule {
	const char *name;
	enum rs_ipc_role from, to;
	uint32_t max;
	unsigned fds;
};

static const struct rule rules[RS_MSG_COUNT] = {
#define RS_MSG(name, from, to, max, fds, prose) { #name, RS_IPC_##from, RS_IPC_##to, max, fds },
#include "ipc/msgs.def"
#undef RS_MSG
};

const char *rs_msg_name(unsigned msg)
{
	return msg < RS_MSG_COUNT ? rules[msg].name : "?";
}

const char *rs_ipc_role_name(enum rs_ipc_role role)
{
	static const char *const names[] = { "master", "reactor", "manager", "worker", "script", "nursery" };

	return role < RS_COUNTOF(names) ? names[role] : "?";
}

void rs_ipc_init(struct rs_ipc *c, int fd, enum rs_ipc_role self, enum rs_ipc_role peer)
{
	*c = (struct rs_ipc){ .fd = fd, .self = self, .peer = peer };
}

static void close_pending(struct rs_ipc *c)
{
	for (unsigned i = 0; i < c->npending; i++)
		rs_fd_close(&c->pending_fd[i]);
	c->npending = 0;
}

void rs_ipc_fini(struct rs_ipc *c)
{
	close_pending(c);
	for (size_t i = 0; i < c->in_nfds; i++)
		rs_fd_close(&c->in_fds[i]);
	for (size_t i = 0; i < c->out_nfds; i++)
		for (unsigned k = 0; k < c->out_fds[i].n; k++)
			rs_fd_close(&c->out_fds[i].fd[k]);
	free(c->in_fds);
	free(c->out_fds);
	c->in_fds = NULL;
	c->out_fds = NULL;
	c->in_nfds = c->out_nfds = c->in_fds_cap = c->out_fds_cap = 0;
	rs_buf_free(&c->in);
	rs_buf_free(&c->out);
	rs_fd_close(&c->fd);
}

/* ---- sending --------------------------------------------------------------------------------- */

static bool queue_fds(struct rs_ipc *c, const int *fds, unsigned n)
{
	struct rs_ipc_out_fds *o;

	if (c->out_nfds == c->out_fds_cap) {
		size_t cap = c->out_fds_cap ? c->out_fds_cap * 2 : 4;
		o = realloc(c->out_fds, cap * sizeof *o);
		if (!o)
			return false;
		c->out_fds = o;
		c->out_fds_cap = cap;
	}
	o = &c->out_fds[c->out_nfds];
	*o = (struct rs_ipc_out_fds){ .at = c->sent + c->out.len };
	for (unsigned i = 0; i < n; i++) {
		o->fd[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (o->fd[i] < 0) {
			while (i--)
				rs_fd_close(&o->fd[i]);
			return false;
		}
		o->n = i + 1;
	}
	c->out_nfds++;
	return true;
}

enum rs_result rs_ipc_put(struct rs_ipc *c, enum rs_msg msg, uint16_t flags, uint64_t id, struct rs_slice head,
			  struct rs_slice body, const int *fds, unsigned nfds)
{
	const struct rule *r = &rules[msg];
	struct header h = { .msg = (uint16_t)msg, .flags = (uint8_t)flags, .nfds = (uint8_t)nfds, .id = id };
	size_t len = head.n + body.n;
	char *to;

	RS_ASSERT(r->from == c->self && r->to == c->peer && flags <= UINT8_MAX);
	if (len < head.n || len > r->max || nfds > r->fds) {
		rs_fmt(c->error, sizeof c->error, "%s frame too large: %zu bytes, %u fds", r->name, len, nfds);
		return RS_ERR;
	}
	h.len = (uint32_t)len;
	to = rs_buf_reserve(&c->out, sizeof h + len);
	if (!to || (nfds && !queue_fds(c, fds, nfds))) {
		rs_copy(c->error, sizeof c->error, RS_SLICE("out of memory or descriptors"));
		return RS_ERR;
	}
	memcpy(to, &h, sizeof h);
	if (head.n)
		memcpy(to + sizeof h, head.p, head.n);
	if (body.n)
		memcpy(to + sizeof h + head.n, body.p, body.n);
	rs_buf_commit(&c->out, sizeof h + len);
	return RS_OK;
}

/* One write: plain bytes up to the next frame with fds, or from such a frame on with its fds. */
static ssize_t send_some(struct rs_ipc *c)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * RS_FRAME_FDS)];
		struct cmsghdr align;
	} control;
	struct iovec iov = { c->out.p + c->out.off, c->out.len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct rs_ipc_out_fds *o = c->out_nfds ? &c->out_fds[0] : NULL;
	struct cmsghdr *cm;

	if (o && o->at > c->sent) {
		if (iov.iov_len > o->at - c->sent)
			iov.iov_len = o->at - c->sent;
	} else if (o) {
		if (c->out_nfds > 1 && iov.iov_len > c->out_fds[1].at - c->sent)
			iov.iov_len = c->out_fds[1].at - c->sent;
		memset(&control, 0, sizeof control);
		m.msg_control = control.buf;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * o->n);
		cm = CMSG_FIRSTHDR(&m);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * o->n);
		memcpy(CMSG_DATA(cm), o->fd, sizeof(int) * o->n);
	}
	return sendmsg(c->fd, &m, MSG_NOSIGNAL);
}

enum rs_result rs_ipc_flush(struct rs_ipc *c)
{
	while (c->out.len) {
		ssize_t n = send_some(c);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return RS_AGAIN;
		if (n < 0) {
			rs_fmt(c->error, sizeof c->error, "write: %s", strerror(errno));
			return RS_ERR;
		}
		if (n > 0 && c->out_nfds && c->out_fds[0].at == c->sent) {
			for (unsigned k = 0; k < c->out_fds[0].n; k++)
				rs_fd_close(&c->out_fds[0].fd[k]);
			c->out_nfds--;
			memmove(c->out_fds, c->out_fds + 1, c->out_nfds * sizeof *c->out_fds);
		}
		c->sent += (uint64_t)n;
		rs_buf_consume(&c->out, (size_t)n);
	}
	if (c->out.cap > KEEP_BUFFER)
		rs_buf_free(&c->out);
	return RS_OK;
}

/* ---- receiving ------------------------------------------------------------------------------- */

/* Keeps received fds in order; above the bound they are closed and the frame that misses them is an error. */
static void keep_fds(struct rs_ipc *c, const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int fd = fds[i];
		if (c->in_nfds == c->in_fds_cap && c->in_fds_cap < FDS_IN_FLIGHT_MAX) {
			size_t cap = c->in_fds_cap ? c->in_fds_cap * 2 : 8;
			int *p = realloc(c->in_fds, cap * sizeof *p);
			if (p) {
				c->in_fds = p;
				c->in_fds_cap = cap;
			}
		}
		if (c->in_nfds < c->in_fds_cap)
			c->in_fds[c->in_nfds++] = fd;
		else
			rs_fd_close(&fd);
	}
}

static void take_control(struct rs_ipc *c, struct msghdr *m)
{
	for (struct cmsghdr *cm = CMSG_FIRSTHDR(m); cm; cm = CMSG_NXTHDR(m, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		int fds[32];
		size_t n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > RS_COUNTOF(fds))
			n = RS_COUNTOF(fds);
		memcpy(fds, CMSG_DATA(cm), n * sizeof(int));
		keep_fds(c, fds, n);
	}
}

/* The kernel has dropped some of what came: this process has no descriptor left. The place of one is kept, so that the next are not taken for it. */
static void keep_loss(struct rs_ipc *c)
{
	static const int none = -1;

	keep_fds(c, &none, 1);
}

/* The frame handed out last is over: its bytes and the fds nobody took go. A peer may be silent for ever after a large one. */
static void release_frame(struct rs_ipc *c)
{
	close_pending(c);
	if (c->consume) {
		rs_buf_consume(&c->in, c->consume);
		c->consume = 0;
	}
	if (c->in.len == 0 && c->in.cap > KEEP_BUFFER)
		rs_buf_free(&c->in);
}

enum rs_result rs_ipc_fill(struct rs_ipc *c)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * 32)];
		struct cmsghdr align;
	} control;
	struct iovec iov;
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf,
			    .msg_controllen = sizeof control.buf };
	ssize_t n;

	release_frame(c);
	iov.iov_base = rs_buf_reserve(&c->in, FILL_BYTES / 4);
	if (!iov.iov_base) {
		rs_copy(c->error, sizeof c->error, RS_SLICE("out of memory"));
		return RS_ERR;
	}
	iov.iov_len = c->in.cap - c->in.off - c->in.len;
	if (iov.iov_len > FILL_BYTES)
		iov.iov_len = FILL_BYTES;
	do {
		n = recvmsg(c->fd, &m, MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return RS_AGAIN;
	if (n < 0 && errno == ECONNRESET) {
		n = 0;
		m.msg_controllen = 0; /* the kernel has written nothing */
		m.msg_flags = 0;
	}
	if (n < 0) {
		rs_fmt(c->error, sizeof c->error, "read: %s", strerror(errno));
		return RS_ERR;
	}
	if (m.msg_controllen)
		take_control(c, &m);
	if (m.msg_flags & MSG_CTRUNC)
		keep_loss(c);
	if (n == 0) {
		c->eof = true;
		return RS_DONE;
	}
	c->received += (uint64_t)n;
	rs_buf_commit(&c->in, (size_t)n);
	return RS_OK;
}

static enum rs_result broken(struct rs_ipc *c, const struct header *h, const char *what)
{
	rs_fmt(c->error, sizeof c->error, "bad frame from %s: %s (message %u %s, %u bytes, %u fds)",
	       rs_ipc_role_name(c->peer), what, h->msg, rs_msg_name(h->msg), h->len, h->nfds);
	return RS_ERR;
}

/*
 * No whole frame is left. Fds come with the first byte of theirs, so more than the one that has begun may have are of none: whoever
 * sends such wants us to hold them.
 */
static enum rs_result more_to_come(struct rs_ipc *c, unsigned nfds)
{
	if (c->in_nfds <= nfds)
		return RS_AGAIN;
	rs_fmt(c->error, sizeof c->error, "descriptors of no frame from %s: %zu", rs_ipc_role_name(c->peer), c->in_nfds - nfds);
	return RS_ERR;
}

/*
 * Did this frame's fds not all find room? Those of one frame come with one read, in which nothing is behind them: they are the first, and
 * where fewer than it needs are there, they are all there is.
 */
static bool has_lost(const struct rs_ipc *c, const struct header *h)
{
	for (size_t i = 0; i < h->nfds && i < c->in_nfds; i++)
		if (c->in_fds[i] < 0)
			return true;
	return false;
}

/* Moves its fds from those that have come. */
static void take_fds(struct rs_ipc *c, struct rs_frame *f, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		f->fd[i] = c->pending_fd[i] = c->in_fds[i];
	c->npending = n;
	c->in_nfds -= n;
	if (n)
		memmove(c->in_fds, c->in_fds + n, c->in_nfds * sizeof *c->in_fds);
	f->nfds = f->fds_lost ? 0 : n;
}

enum rs_result rs_ipc_next(struct rs_ipc *c, struct rs_frame *f)
{
	const struct rule *r;
	struct header h;
	bool lost;

	release_frame(c);
	if (c->in.len < sizeof h)
		return more_to_come(c, c->in.len ? RS_FRAME_FDS : 0);
	memcpy(&h, rs_buf_data(&c->in), sizeof h);
	if (h.msg >= RS_MSG_COUNT)
		return broken(c, &h, "unknown message");
	r = &rules[h.msg];
	if (r->from != c->peer || r->to != c->self)
		return broken(c, &h, "not for this channel");
	if (h.len > r->max)
		return broken(c, &h, "too long");
	if (h.nfds > r->fds || h.nfds > RS_FRAME_FDS)
		return broken(c, &h, "too many descriptors");
	if (c->in.len - sizeof h < h.len) {
		/* Room for all of a large frame at once, not doubling by doubling. */
		if (h.len > FILL_BYTES && !rs_buf_reserve(&c->in, sizeof h + h.len - c->in.len))
			return broken(c, &h, "out of memory");
		return more_to_come(c, h.nfds);
	}
	lost = has_lost(c, &h);
	if (lost && !c->fds_may_miss)
		return broken(c, &h, "no room for its descriptors, too many are open here");
	if (!lost && h.nfds > c->in_nfds)
		return broken(c, &h, "descriptors missing");

	*f = (struct rs_frame){ .msg = (enum rs_msg)h.msg, .flags = h.flags, .id = h.id, .fds_lost = lost,
				.payload = rs_slice(rs_buf_data(&c->in) + sizeof h, h.len), .fd = { -1, -1 } };
	take_fds(c, f, h.nfds < c->in_nfds ? h.nfds : (unsigned)c->in_nfds);
	c->consume = sizeof h + h.len;
	return RS_OK;
}

int rs_ipc_take_fd(struct rs_ipc *c, struct rs_frame *f, unsigned i)
{
	int fd;

	RS_ASSERT(i < c->npending && i < f->nfds);
	fd = c->pending_fd[i];
	c->pending_fd[i] = -1;
	f->fd[i] = -1;
	return fd;
}
