/*
 * Messages between the workers of a Process\Pool: datagrams over the pipes of their processes, long ones in pieces. Runs in workers,
 * and in the manager, which only sends.
 */
#include "swoole_loop.h"
#include "swoole_pool_private.h"

#include <errno.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/rs_clock.h"
#include "client/client_pieces.h"

/* How long a sender that does not run the loop waits for one that does not read. */
#define SEND_TIMEOUT_MS 5000
/* Of a datagram from anybody, also one that wrote to the pipe itself. */
#define DATAGRAM_MAX (256u << 10)
/* Messages read while we could not call for them; beyond that their senders wait. */
#define WAITING_MAX (64u << 20)

struct waiting {
	STAILQ_ENTRY(waiting) next;
	size_t n;
	char bytes[];
};

struct pool_inbox {
	struct rs_pieces pieces;
	STAILQ_HEAD(, waiting) waiting;
	size_t waiting_bytes;
	char datagram[DATAGRAM_MAX];
};

static struct pool_inbox *inbox_of(struct pool *p)
{
	if (!p->inbox) {
		p->inbox = ecalloc(1, sizeof *p->inbox);
		STAILQ_INIT(&p->inbox->waiting);
	}
	return p->inbox;
}

static zend_object *own_process(const struct pool *p)
{
	return Z_OBJ(p->slots[p->worker_id].process);
}

/* One datagram. RS_OK: *msg is a whole message, until the next call. RS_AGAIN: not yet. */
static enum rs_result receive(struct pool *p, struct rs_slice *msg)
{
	struct pool_inbox *inbox = inbox_of(p);
	ssize_t n = rs_swoole_process_receive(own_process(p), inbox->datagram, sizeof inbox->datagram);
	enum rs_result r;

	if (n <= 0)
		return RS_AGAIN;
	r = rs_piece_take(&inbox->pieces, rs_slice(inbox->datagram, (size_t)n), (size_t)p->max_package, msg);
	if (r == RS_ERR)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, EPROTO, "a message was dropped: too long, or its sender was killed");
	return r == RS_OK ? RS_OK : RS_AGAIN;
}

/* ---- sending ------------------------------------------------------------------------------------------------------- */

/* Reads on while we wait, or two that send to one another would wait for ever. */
static void keep_for_later(struct pool *p)
{
	struct pool_inbox *inbox = inbox_of(p);
	struct rs_slice msg;
	struct waiting *w;

	if (receive(p, &msg) != RS_OK)
		return;
	w = emalloc(sizeof *w + msg.n);
	w->n = msg.n;
	memcpy(w->bytes, msg.p, msg.n);
	STAILQ_INSERT_TAIL(&inbox->waiting, w, next);
	inbox->waiting_bytes += msg.n;
}

static bool may_read(struct pool *p)
{
	return p->role == POOL_WORKER && p->on[POOL_MESSAGE].set && inbox_of(p)->waiting_bytes < WAITING_MAX;
}

/* The loop does not run: nobody sends for us later. false: errno. */
static bool send_now(struct pool *p, zend_object *to, struct rs_slice datagram)
{
	int64_t deadline = rs_now_ms() + SEND_TIMEOUT_MS, left;

	while (!rs_swoole_process_send(to, datagram, false)) {
		if (errno != EAGAIN)
			return false;
		left = deadline - rs_now_ms();
		switch (rs_swoole_process_wait(to, may_read(p) ? own_process(p) : NULL, left > 0 ? left : 0)) {
		case RS_AGAIN:
			keep_for_later(p);
			break;
		case RS_ERR:
			return false;
		default:
			break;
		}
	}
	return true;
}

bool rs_pool_send(struct pool *p, zend_long to, struct rs_slice msg)
{
	zend_object *process = Z_OBJ(p->slots[to].process);
	struct rs_loop *l = rs_loop_peek();
	bool later = (l && rs_loop_running(l)) || to == p->worker_id;
	char *datagram = emalloc(RS_PIECE_MAX);
	bool ok = true;
	int saved;

	p->nsent++;
	for (size_t at = 0; ok && at < msg.n;) {
		size_t n = rs_piece_cut(msg, &at, getpid(), p->nsent, datagram);

		ok = later ? rs_swoole_process_send(process, rs_slice(datagram, n), true)
			   : send_now(p, process, rs_slice(datagram, n));
	}
	saved = errno;
	efree(datagram);
	errno = saved;
	return ok;
}

/* ---- receiving ----------------------------------------------------------------------------------------------------- */

static void readable_cb(struct rs_watch *watch, unsigned events, void *arg)
{
	struct pool *p = arg;
	struct rs_slice msg;

	(void)watch;
	(void)events;
	if (receive(p, &msg) == RS_OK)
		rs_pool_call_message(p, msg);
}

static void deliver_waiting(struct pool *p)
{
	struct pool_inbox *inbox = inbox_of(p);
	struct waiting *w;

	while (!p->stopping && !EG(exception) && (w = STAILQ_FIRST(&inbox->waiting))) {
		STAILQ_REMOVE_HEAD(&inbox->waiting, next);
		inbox->waiting_bytes -= w->n;
		rs_pool_call_message(p, rs_slice(w->bytes, w->n));
		efree(w);
	}
}

void rs_pool_read_pipe(struct pool *p)
{
	struct rs_watch *watch;

	deliver_waiting(p);
	watch = rs_watch_new(rs_swoole_loop(), rs_swoole_process_child_fd(own_process(p)), RS_WATCH_READ, true, readable_cb, p);
	if (!watch)
		rs_swoole_fatal("cannot watch the pipe: %s", strerror(errno));
	rs_pool_run_loop(p);
	rs_watch_free(watch);
}
