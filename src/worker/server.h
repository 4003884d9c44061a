/*
 * A server inside PHP processes: what stands behind `$server->start()` and its methods, without PHP. sapi/swoole_server*.c
 * implements struct rs_server_hooks and calls the functions; src/worker/server*.c does sockets, processes, channels.
 *
 *   C  the script: rs_server_start() forks A and G, waits, runs onStart ... onShutdown; is the master that PHP sees
 *   A  execs `rserverd serve-script`: the real master; child subreaper; forks the reactor. Child of C.
 *   G  the manager: a fork of C with all of its PHP state; forks workers on A's word, runs managerStart ... Child of A.
 *   W, K, U  forks of G: workers, task workers, user processes
 *
 * All functions: from the one thread of the process. Results that are about a connection: enum rs_server_result.
 */
#ifndef RS_SERVER_H
#define RS_SERVER_H

#include "base/rs_buf.h"
#include "conf/conf.h"
#include "http/http.h"
#include "ipc/ipc.h"
#include "shm/board.h"
#include "worker/engine.h"
#include "worker/worker_compress.h"

#include <sys/types.h>

/* ---- before start() ------------------------------------------------------------------------------------------------ */

/*
 * Binds and listens; p->host, p->port (0: the kernel chooses, then it is filled in), p->socket_type, p->backlog are given. A Unix
 * socket's stale file is removed. fd (close-on-exec, not blocking) into p->listen_fd. Datagram sockets are only bound.
 * false: errno, and why for people.
 */
bool rs_server_listen(struct rs_port *p, bool reuse_port, char *why, size_t why_size);
void rs_server_unlisten(struct rs_port *p); /* closes; removes a Unix socket's file */
/* After set(): backlog and socket options of a listening socket. */
void rs_server_relisten(struct rs_port *p);

/* ---- start() --------------------------------------------------------------------------------------------------------- */

/* An event of the reactor for this process; slices live until the hook returns. */
struct rs_event {
	struct rs_wire_event h;
	uint64_t request;          /* REQUEST, HANDSHAKE, OPEN: its frame id */
	struct rs_slice data;      /* what follows struct rs_wire_event (PACKET: and struct rs_wire_peer) */
	struct rs_wire_peer peer;  /* PACKET */
	int body_fd;               /* REQUEST: body, or -1. The hook may take it (set -1). */
};

/*
 * What PHP does. Hosted: forked, worker_started, worker_exits, worker_stopped, user_process, event, exit_status as in scripts, after
 * the engine's own forked() and worker_start(); worker_failed in a short-lived child of the manager, ended in the manager when all of its
 * processes have gone and the server ends; the others never. Hooks settle what PHP throws themselves; true: all well, false: this process must end (its exit status is set). */
struct rs_server_hooks {
	/* C */
	bool (*started)(void);          /* onStart */
	bool (*before_shutdown)(void);
	bool (*ended)(void);            /* onShutdown */
	/* G */
	bool (*manager_started)(void);
	bool (*manager_stopped)(void);
	bool (*worker_failed)(uint32_t id, pid_t pid, int code, int signal); /* onWorkerError; also user processes. Hosted: NULL when nobody listens */
	bool (*reloading)(bool before); /* beforeReload, afterReload */
	/* W, K, U: id, role are known by then (rs_server_id(), rs_server_role()) */
	void (*forked)(void);           /* first thing in a fresh child: randomness, pids, place */
	bool (*worker_started)(void);   /* onWorkerStart */
	bool (*worker_exits)(void);     /* onWorkerExit: each turn while something is still pending */
	void (*worker_stopped)(void);   /* onWorkerStop, then shutdown functions */
	int (*user_process)(uint32_t index); /* U: its whole life; exit status */
	/* W, K, and whoever else gets events (C, G: PIPE_MESSAGE never; FINISH never) */
	bool (*event)(struct rs_event *ev);
	/*
	 * Not 0: the process is spoilt (fatal error, uncaught exception in coroutine mode) and ends with that; what it owes is
	 * answered by the reactor. Asked between events.
	 */
	int (*exit_status)(void);
};

struct rs_server_setup {
	struct rs_wire_server server;
	const struct rs_port *ports;    /* server.nports */
	struct rs_conf *conf;           /* for master and reactor: worker_num, max_wait_time, log, user, group, static files ... */
	uint64_t max_request, task_max_request; /* 0: never */
	int64_t max_request_grace, task_max_request_grace; /* -1: half */
	bool reload_async, enable_coroutine, task_enable_coroutine;
	const char *pid_file;           /* "" : none */
	const char *log_file;
	bool daemonize;
	const int *shared;              /* hosted: sockets that all processes are meant to have (pipes of user processes); the caller's */
	size_t nshared;
};

/*
 * The whole life of the server as seen by the process that calls start(). In C it returns when the server has ended (RS_OK), or
 * could not start (RS_ERR, why). In G and its children it never returns to the caller: they end inside, by leave(status), which must not return.
 */
enum rs_result rs_server_start(const struct rs_server_setup *s, const struct rs_server_hooks *hooks, void (*leave)(int status),
			       char *why, size_t why_size);

/* ---- hosted applications ------------------------------------------------------------------------------------------------ */

/*
 * In the manager, once, while it boots: what its server is. s and its ports are copied; s->conf is not used. ports[0] is the main port
 * (its address is the configuration's). titles: s->server.nusers names for process titles ("timer", the custom process's name); copied.
 * The master is told when the boot is over. s->server.nworkers, ntasks, max_wait_ms, task_max_request and its grace are the configuration's. false: why.
 */
bool rs_server_host(const struct rs_server_setup *s, const struct rs_server_hooks *hooks, const char *const *titles, char *why,
		    size_t why_size);
bool rs_server_hosted(void);            /* is this a process of a hosted application's server? */
/*
 * Process ids as PHP sees them, and back; the same number in scripts. Ids that are none come back as they are. Everything else here
 * speaks of internal ids: rs_server_id(), events, rs_server_message(), rs_board_cell(), hooks.
 */
uint32_t rs_server_shown_id(uint32_t id);
uint32_t rs_server_internal_id(uint32_t shown);
/*
 * This process has just answered a handshake of fd with 101: sends to it are allowed before the board says so, until the running event
 * is over.
 */
void rs_server_established(uint32_t fd);

/*
 * Memory that outlives reloads: what an earlier generation gave under that name (a new descriptor, the caller's), -1: nothing. keep: to the
 * master; fd stays the caller's. Only while a manager boots. name: at most 127 bytes, printable.
 */
int rs_host_kept(const char *name);
bool rs_host_keep(const char *name, int fd);

/*
 * In a PHP process that is none of the server's: connects to app.sock (again, when the connection was lost). Then rs_server_here() is true,
 * the role is OUTSIDE, and everything that sends works as in a user process. false: why, for people: no server runs there, no
 * permission (and who has it), another version.
 */
bool rs_server_outside(const char *path, char *why, size_t why_size);
/* Of the process that this is now; false after its fork, too. */
bool rs_server_outside_alive(void);
void rs_server_outside_close(void);

/* ---- in any process of a running server ------------------------------------------------------------------------------ */

bool rs_server_here(void);              /* is this a process of a running server? */
enum rs_server_role rs_server_role(void);
uint32_t rs_server_id(void);            /* process id in the server: worker id ...; RS_ID_* */
const struct rs_board *rs_server_board(void);
const struct rs_server_setup *rs_server_setup(void);

/* Numbers are those of the server API. */
enum rs_server_result {
	RS_SERVER_OK = 0,
	RS_SERVER_CLOSED = 1004,
	RS_SERVER_CLOSING = 1003,
	RS_SERVER_NOT_EXIST = 1005,
	RS_SERVER_FULL = 1009,         /* its send queue */
	RS_SERVER_FILES = 506,         /* too many files wait for clients, those of all connections */
	RS_SERVER_TOO_LARGE = 1203,
	RS_SERVER_NOT_WEBSOCKET = 8503,
	RS_SERVER_LOST = 32,           /* EPIPE: the reactor is gone, or this process has no channel */
};

/* Queue for a connection; leaves this process before the function returns. */
enum rs_server_result rs_server_send(uint32_t fd, struct rs_slice bytes);
enum rs_server_result rs_server_push(uint32_t fd, unsigned opcode, unsigned flags, struct rs_slice payload);
/* file_fd stays the caller's. */
enum rs_server_result rs_server_sendfile(uint32_t fd, int file_fd, uint64_t offset, uint64_t length);
/* bytes: reason of DISCONNECT. CLOSE of an own connection: the hook's caller has called onClose; its CLOSE event is swallowed. */
enum rs_server_result rs_server_order(uint32_t fd, enum rs_order what, int64_t arg, struct rs_slice bytes);
/* The application has been told of the end of this connection: its CLOSE event will not be delivered. */
void rs_server_swallow_close(uint32_t fd);
enum rs_server_result rs_server_datagram(uint32_t port, const struct rs_wire_peer *to, struct rs_slice bytes);
enum rs_server_result rs_server_message(uint32_t dst, uint32_t flags, struct rs_slice bytes);
enum rs_server_result rs_server_ask(enum rs_ask what, uint32_t id);

/*
 * Returns the task's id, counted per process from 0; -1: lost, or there are no task workers, or outside and it is to be waited for.
 * delay_ms: hosted only; the reactor keeps it for so long.
 */
int64_t rs_server_task(int32_t dst, uint32_t flags, uint32_t delay_ms, struct rs_slice bytes);
/* Of the event that is running, or was (ev->h copied by the caller). */
enum rs_server_result rs_server_finish(uint32_t task, uint32_t to, uint32_t flags, struct rs_slice bytes);
/*
 * Reads the channel until one of the tasks has its result (RS_DATA_WAITED) or until deadline_us; other events are kept, in order.
 * RS_OK: *which and *out (flags, bytes; the caller frees out). RS_AGAIN: time is over; forgets the tasks. RS_ERR: lost.
 * For a caller that blocks; in a coroutine the result comes as an event of kind FINISH with RS_DATA_WAITED instead.
 */
enum rs_result rs_server_wait_finish(const uint32_t *tasks, size_t n, int64_t deadline_us, size_t *which, uint32_t *flags,
				     struct rs_buf *out) RS_MUST_CHECK;

/* The worker ends after what it is doing now; with pending: when nothing is pending any more. */
void rs_server_leave(bool pending);

/* ---- HTTP ---------------------------------------------------------------------------------------------------------------- */

/* A request that outlives its event: view and body, until freed. */
struct rs_server_request;
struct rs_server_request *rs_server_request_new(struct rs_event *ev); /* NULL: no memory, or it contradicts itself */
/* The ends of the connection that a request came by; empty texts for a Unix socket. */
struct rs_request_ends {
	struct rs_slice remote, local;
	uint16_t remote_port, local_port;
	bool tls;
};
/* One that this process has read itself: the head that was parsed from text. NULL: no memory. */
struct rs_server_request *rs_server_request_made(const struct rs_http_head *h, const char *text, const struct rs_request_ends *ends);
/* Its body, n bytes: in *body, or in a file. Both are taken. */
void rs_server_request_give(struct rs_server_request *q, struct rs_buf *body, int *body_fd, uint64_t n);
void rs_server_request_free(struct rs_server_request *q);
const struct rs_request_view *rs_server_request_view(const struct rs_server_request *q);
/* What an answer to it names: rs_answer.request. */
uint64_t rs_server_request_id(const struct rs_server_request *q);
/* The body, in memory; large ones are mapped. Valid until freed. */
struct rs_slice rs_server_request_body(struct rs_server_request *q);

/*
 * Answers, by the frame id of a request, from any process (another one's: rs_session.request). Head once; headers as in
 * rs_exchange_head(). end: nothing follows. RS_SERVER_CLOSED, NOT_EXIST: nobody waits for it any more (as far as the board tells).
 */
struct rs_httpd;
struct rs_answer_way;
struct rs_answer {
	const struct rs_answer_way *way;
	struct rs_httpd *httpd;   /* the connection, when this process has it; else NULL */
	uint64_t request;
	uint32_t fd;
	unsigned status;
	struct rs_slice reason, headers;
	int64_t content_length; /* -1: not known: chunked */
	struct rs_slice trailers; /* HTTP/2: header lines behind a body whose end is given with the head */
};
/* What an answer with this body will be: rs_compress_whole(). */
void rs_server_compress(const struct rs_compress_case *c, struct rs_slice body, struct rs_compressed *out);
enum rs_server_result rs_server_answer_head(const struct rs_answer *a, struct rs_slice body, bool end);
enum rs_server_result rs_server_answer_body(const struct rs_answer *a, struct rs_slice bytes, bool end);
/* The end after pieces, with trailer fields (as headers) that the client sees if the body was sent in chunks. */
enum rs_server_result rs_server_answer_trailers(const struct rs_answer *a, struct rs_slice lines);
/* Head, then a part of a file. file_fd stays the caller's. */
enum rs_server_result rs_server_answer_file(const struct rs_answer *a, int file_fd, uint64_t offset, uint64_t length);
/* It cannot be completed: the client sees an error. */
void rs_server_answer_abort(const struct rs_answer *a);

/* How an answer gets to its client: by the reactor, or (rs_httpd_answer_way of httpd/httpd.h) from this process. */
struct rs_answer_way {
	enum rs_server_result (*head)(const struct rs_answer *a, struct rs_slice body, bool end);
	enum rs_server_result (*body)(const struct rs_answer *a, struct rs_slice bytes, bool end);
	enum rs_server_result (*trailers)(const struct rs_answer *a, struct rs_slice lines);
	enum rs_server_result (*file)(const struct rs_answer *a, int file_fd, uint64_t offset, uint64_t length);
	void (*abort)(const struct rs_answer *a);
};
extern const struct rs_answer_way rs_server_answer_way;

#endif
