/*
 * The one context of a PHP process, manager or worker. Made in manager_main(), copied by fork.
 */
#ifndef RS_PROCESS_H
#define RS_PROCESS_H

#include "ipc/ipc.h"
#include "worker/children.h"
#include "worker/engine.h"
#include "worker/failures.h"
#include "worker/heritage.h"
#include "worker/memory.h"
#include "worker/nursery.h"
#include "worker/slowlog.h"
#include "worker/worker_uploads.h"

#include <sys/types.h>

struct rs_encoder;
struct rs_loop;
struct rs_server;

/* A request that the reactor posted here and that has not run yet. */
struct rs_post {
	uint64_t id;
	struct rs_buf payload; /* struct rs_wire_request and what follows; kept allocated between uses */
	int body_fd;           /* -1: the body is in the payload */
};

#define RS_POST_RING (RS_CLAIM_SLOTS + 1)

/* One request while it runs, and its half-made response. Reused for every request of the process. */
struct rs_exchange {
	uint64_t id;
	struct rs_request_view view;
	struct rs_field *fields;   /* view.fields; grows, kept */
	size_t fields_cap;
	struct rs_slice inline_body;
	int body_fd;
	uint64_t body_at;          /* read position */
	uint64_t body_freed;       /* bytes before that are off the disk */

	struct rs_buf head;        /* reason, then header block, until they are sent */
	struct rs_buf trailers;    /* lines that follow the body, worker_trailers.c; empty: none */
	struct rs_buf gather;      /* body bytes not yet sent */
	int64_t content_length;    /* as the engine said, or -1 */
	uint64_t credit;           /* body bytes that may be sent now */
	uint16_t status, reason_len;
	bool head_given, head_sent, finished, client_gone, no_body;

	/* compression: worker_compress.h */
	uint64_t written;          /* body bytes that the engine gave */
	int64_t promised;          /* packing: its content_length, or -1 */
	bool judged, packing;      /* it is decided; the body goes through the encoder */
	struct rs_encoder *encoder; /* kept for the next response; NULL: none was needed yet */
	struct rs_buf packed;      /* its output that is not sent yet */
	bool mute;                 /* rs_exchange_mute(): nobody waits for a response */
};

struct rs_process {
	struct rs_heritage *h;
	const struct rs_engine *engine;
	struct rs_log *log;

	/* manager */
	struct rs_ipc control;
	bool booted, conf_taken;
	struct rs_children children;
	struct rs_failures failures;

	/* worker */
	bool is_worker;   /* or any other child of the manager: never the manager again */
	uint32_t worker_id;
	struct rs_ipc data;
	struct rs_claim_page *claims;
	struct rs_post posts[RS_POST_RING]; /* FIFO ring; one more than can wait: the running one's bytes stay */
	unsigned post_first, npost;
	struct rs_exchange x;
	struct rs_exchange mute;
	struct rs_encoder *encoder; /* of whole responses that have no exchange; NULL: none was needed yet */
	uint64_t served, serve_max; /* serve_max 0: no limit */
	struct rs_memory_watch memory;
	bool retired, leaving;
	bool termed;      /* we do not read the channel any more, but may still say something */
	struct rs_uploads uploads; /* files of the requests it serves */
	struct rs_slowlog slowlog;
	struct rs_nursery nursery; /* isolation = fork; of a process that has none: zero */
	bool forked_away; /* a child of this worker that user code made: the channel is not its own */
	int exit_status;

	/* any PHP process, also one without a server: worker/loop.h */
	struct rs_loop *loop;
	bool loop_fork_hook; /* rs_loop_forked() runs in every child from now on */
	bool outside_hook;   /* and what server_outside.c does there */

	/* a process of a server, of a script's or a hosted one: worker/server_private.h. Uses control, children, data and claims of the above */
	struct rs_server *server;
};

/* What the module is made for: defined by sapi/ or by the fake engine. */
extern const struct rs_engine rs_the_engine;

/* The process's context; never NULL once manager_main() runs. */
struct rs_process *rs_process(void);

int rs_manager_main(struct rs_heritage *h);

/* A fresh child's life: returns its exit status. Takes both fds. */
int rs_worker_main(struct rs_process *p, const struct rs_wire_fork *order, int data_fd, int claim_fd);

/*
 * Reads the data channel: REQUESTs go to p->posts, CREDIT and CANCEL to the running exchange, RETIRE is noted. Blocks
 * for one read when wait is set, but not for ever: RS_AGAIN after a quiet moment. RS_DONE: the reactor is gone. RS_ERR: it broke the protocol (logged).
 */
enum rs_result rs_worker_receive(struct rs_process *p, bool wait) RS_MUST_CHECK;

/*
 * One frame of the data channel, as rs_worker_receive() takes it. NULL, or what is wrong with it. For whoever else reads the channel
 * (server_channel.c).
 */
const char *rs_worker_take_frame(struct rs_process *p, struct rs_frame *f);

/* Prepares p->x for a claimed post. false: the payload contradicts itself. Takes the post's body fd. */
bool rs_exchange_begin(struct rs_process *p, struct rs_post *post);
/* Ends it whatever its state; an unfinished response is cut. */
void rs_exchange_end(struct rs_process *p);

#endif
