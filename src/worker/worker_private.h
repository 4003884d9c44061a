/*
 * What the files of a worker share.
 */
#ifndef RS_WORKER_PRIVATE_H
#define RS_WORKER_PRIVATE_H

#include "worker/process.h"
#include "worker/worker_encoder.h"

/* Sent by the master when a request has run too long. */
#define RS_SIG_OVERDUE (SIGRTMIN + 2)
/* A process that has had nothing to do for this long collects its garbage. */
#define RS_IDLE_AFTER_MS 200
/* A response up to this leaves as one frame with Content-Length. */
#define RS_GATHER_MAX (32u << 10)

/* What a worker does with signals, from now on. parent: who made it. false: that one has died meanwhile. */
bool rs_worker_signals(const struct rs_process *p, pid_t parent) RS_MUST_CHECK;

/* Timers and descriptors of the application, if it has any: their turn comes between requests. NULL: it has none. */
struct rs_loop *rs_worker_loop(void);
/* Until frames have come, and takes them. RS_AGAIN: none yet, and it is time to tidy up. Else: the end. */
enum rs_result rs_worker_wait(struct rs_process *p, bool tidy) RS_MUST_CHECK;

/* Whose exchange this is; not of a mute one. */
static inline struct rs_process *rs_exchange_owner(struct rs_exchange *x)
{
	return (struct rs_process *)((char *)x - offsetof(struct rs_process, x));
}

/* worker_exchange_answer.c: rs_exchange_head() without a look at what the head says. */
void rs_exchange_hold(struct rs_exchange *x, unsigned status, struct rs_slice reason, struct rs_slice headers,
		      int64_t content_length);
/*
 * worker_trailers.c: the header lines to x->head, but for those to x->trailers that are to follow the body. x->status is set. false: no
 * memory.
 */
bool rs_exchange_put_fields(struct rs_exchange *x, struct rs_slice headers) RS_MUST_CHECK;
/* Do fields follow the body that is sent? */
static inline bool rs_exchange_has_trailers(const struct rs_exchange *x)
{
	return x->trailers.len && !x->no_body;
}
/* worker_xsendfile.c: the head names a file that is the response, which has been given. false: it does not. */
bool rs_xsendfile_answer(struct rs_exchange *x, unsigned status, struct rs_slice headers);

/* worker_exchange_answer.c: p[0..n) to the client, in pieces as credit allows; flags go with the last one. */
enum rs_result rs_exchange_send(struct rs_exchange *x, const char *p, size_t n, uint16_t flags);

/* ---- worker_exchange_pack.c ------------------------------------------------------------------ */

/*
 * Compressed or not: once, before the head leaves, as late as possible, since a body that is there has a size. size -1: not known.
 */
void rs_exchange_judge(struct rs_exchange *x, int64_t size);
/* p[0..n) on its way to the client, compressed if it was judged so; as rs_exchange_send(). */
enum rs_result rs_exchange_deliver(struct rs_exchange *x, const char *p, size_t n, enum rs_encoder_step step);
/* Are there bytes that the encoder has taken and not given? */
bool rs_exchange_holds(const struct rs_exchange *x);
/*
 * The engine promised more bytes than it gave: the response must not look whole, as one that is not compressed does not (the reactor
 * sees that one). Logged.
 */
bool rs_exchange_is_short(struct rs_exchange *x);

#endif
