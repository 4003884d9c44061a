/*
 * What the files of a script's server share: the context of one of its processes. Made by rs_server_start(), copied by fork,
 * owned by struct rs_process.
 *
 *   server_start.c    C until A and G are there      server_channel.c  the data channel: frames, kept events
 *   server_script.c   C's wait                       server_worker.c, server_signal.c   W, K, U
 *   server_manager.c  G                              server_send.c, server_task.c, server_http.c: what methods call
 *   server_hosted.c   hosted applications            server_outside.c  PHP processes that are none of a server's
 */
#ifndef RS_SERVER_PRIVATE_H
#define RS_SERVER_PRIVATE_H

#include "base/rs_log.h"
#include "base/rs_proc.h"
#include "worker/process.h"
#include "worker/server.h"

#include <signal.h>
#include <sys/queue.h>
#include <time.h>

struct rs_watch;

#define RS_SERVER_MAGIC 0x53525652u
/* Sent by the kernel when the parent dies; the same number in every process of ours. */
#define RS_SIG_PARENT_DIED (SIGRTMIN + 1)
/* How long a process of a server may live on without those who would end it. */
#define RS_SERVER_ORPHAN_MS 1000

/* An event that has come and is not begun, or was taken out of its turn (spent). */
struct rs_kept {
	STAILQ_ENTRY(rs_kept) link;
	struct rs_event ev;
	bool spent;
	size_t n;
	char bytes[];
};

STAILQ_HEAD(rs_kept_list, rs_kept);

struct rs_server {
	uint32_t magic;
	struct rs_process *p;
	struct rs_server_setup setup;
	const struct rs_server_hooks *hooks;
	void (*leave)(int status);
	struct rs_board board;
	int board_fd;
	struct rs_log log;            /* into the pipe that the master reads */
	struct rs_identity user;      /* who workers become */
	bool become_user;

	enum rs_server_role role;
	uint32_t id;
	struct rs_cell *cell;         /* this process's */
	pid_t daemon_pid, script_pid, manager_pid;

	/* the data channel: p->data, p->claims */
	struct rs_kept_list kept;
	uint64_t begun, taken, told_taken; /* event numbers */
	bool lost;                    /* it is broken; C and G get another one */
	struct rs_watch *data_watch, *wake_watch;
	uint32_t *swallow;            /* $fds whose CLOSE the application knows already */
	size_t nswallow, swallow_cap;
	uint32_t next_task;
	uint32_t established;         /* $fd that the running event has answered with 101; 0: none */
	unsigned nwaiting;            /* rs_server_wait_finish() runs */
	int64_t polled_us;            /* the application's loop was looked at last */

	/* W, K, U */
	int wake_fd;                  /* eventfd: a signal has come */
	timer_t killer;               /* SIGKILL to ourselves; armed when the end must come */
	bool has_killer;
	bool leaving;                 /* LEAVING is said */
	bool lingers;                 /* LINGERS, too */
	bool leave_asked, leave_pending; /* rs_server_leave() */
	bool untidy;                  /* hosted: it has run something since the engine was idle last */
	int64_t leave_until_ms;

	/* hosted */
	char (*titles)[RS_TITLE_MAX]; /* setup.server.nusers */
	pid_t pid;                    /* of this process */

	/* a process outside of the server: server_outside.c */
	char *path;                   /* of app.sock */
	struct rs_cell own_cell;      /* the board can only be read */
};

static inline struct rs_server *rs_server_self(void)
{
	return rs_process()->server;
}

/* ---- server_channel.c ------------------------------------------------------------------------------------------- */

/* Takes both fds: the data channel and the claim page; an older one is closed. Says READY. false: logged. */
bool rs_server_attach(struct rs_server *s, int data_fd, int claim_fd);
void rs_server_detach(struct rs_server *s);
/* Reads once what is there; events are kept, RETIRE is noted. Does not wait. */
void rs_server_receive(struct rs_server *s);
/* Waits for frames, or at most ms (-1: for ever); s->wake_fd ends it too. false: nothing came. */
bool rs_server_wait(struct rs_server *s, int ms);
/* Sends a frame now. RS_SERVER_LOST: there is no channel. */
enum rs_server_result rs_server_put(struct rs_server *s, enum rs_msg msg, uint16_t flags, uint64_t id, struct rs_slice head,
				    struct rs_slice body, int fd);
/* Runs the oldest kept event through the hook. RS_AGAIN: there is none. RS_ERR: this process must end. */
enum rs_result rs_server_run_event(struct rs_server *s);
/* Says TAKEN if there is something to say. */
void rs_server_tell_taken(struct rs_server *s);
/* Frees what is kept: its reactor will give it to somebody else. */
void rs_server_drop_kept(struct rs_server *s);
/* The same after LEAVING: results that this process waits for stay, and are run by rs_server_run_event(). */
void rs_server_drop_taken_back(struct rs_server *s);
/* Its watches in the loop, made when they are not there. false: no memory. */
bool rs_server_watch(struct rs_server *s);
void rs_server_unwatch(struct rs_server *s);

/* ---- server_start.c, server_script.c, server_manager.c, server_worker.c --------------------------------------------- */

/* After each fork: who we are now. */
void rs_server_become(struct rs_server *s, enum rs_server_role role, uint32_t id);
/* In the background: standard output and error are the file that has the log file's name now. A handler may call it. */
void rs_server_reopen_output(const struct rs_server *s);
/* C, from here to the end of the server. */
enum rs_result rs_server_script_life(struct rs_server *s, int control_fd, char *why, size_t why_size);
/* G. Never returns. */
void rs_server_manager_life(struct rs_server *s, int control_fd) __attribute__((noreturn));
/* ---- server_hosted.c ----------------------------------------------------------------------------------------------------- */

/* Payload of SERVER; takes the numbers of processes from the configuration. */
bool rs_server_describe(struct rs_server *s, struct rs_buf *out);
/* BOARD. false: logged. */
bool rs_server_take_board(struct rs_process *p, struct rs_frame *f);
/* The boot is over: what it has not taken of rs_heritage.kept is closed. */
void rs_host_forget_kept(struct rs_process *p);
/* In a fresh child: role, id, names. */
void rs_server_hosted_become(struct rs_server *s, const struct rs_wire_fork *order);
/* Then: the engine and the hooks hear of it. false: logged. */
bool rs_server_hosted_start(struct rs_server *s, uint32_t generation);
/* In the manager: a child of it has been reaped. */
void rs_server_child_gone(const struct rs_child *child);
/* In the manager, when the server has ended: the hook ended(); it is killed in there if that takes longer. */
void rs_server_hosted_end(struct rs_process *p, uint32_t limit_ms);

/* ---- server_worker.c ------------------------------------------------------------------------------------------------------ */

/* Task workers and user processes of a hosted application. Takes the fds; returns the exit status. */
int rs_server_hosted_life(struct rs_server *s, const struct rs_wire_fork *order, int data_fd, int claim_fd);
/* May this event count against max_request? */
bool rs_server_counts(enum rs_event_kind kind);
void rs_server_set_status(struct rs_server *s, enum rs_cell_status status);
/* Takes an EVENT frame in. NULL, or what is wrong. */
const char *rs_server_keep_event(struct rs_server *s, struct rs_frame *f);
/* The same of one that has been dealt with: what counts is its number. */
const char *rs_server_keep_number(struct rs_server *s, struct rs_frame *f);

/* ---- server_signal.c ------------------------------------------------------------------------------------------------------ */

/* What the handlers need: the timer that kills, what ends a wait. */
bool rs_server_make_killer(struct rs_server *s);
void rs_server_set_signals(const struct rs_server *s);
/* The end of this process must come within max_wait_time; a handler may call it. */
void rs_server_end_in_time(struct rs_server *s);
/* From now on the parent's end is a signal. false: it is gone already. */
bool rs_server_bind_to_parent(const struct rs_server *s);
/* pthread_atfork(): in every child. The channel and the handlers stay the parent's. */
void rs_server_forked_away(void);

/* ---- server_outside.c ------------------------------------------------------------------------------------------------------ */

/* Is there a connection, or again one? Called before something is sent. */
bool rs_outside_ready(struct rs_server *s);

/* W, K, U. Takes the fds. Never returns. */
void rs_server_worker_life(struct rs_server *s, const struct rs_wire_fork *order, int data_fd, int claim_fd)
	__attribute__((noreturn));

#endif
