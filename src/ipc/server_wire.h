/*
 * What the processes of a server (`$server->start()`) say to each other: payloads of the messages EVENT to ASK, PORTS, RENEW.
 * A server has one script process (it called start()), one manager, workers, task workers and user processes; the reactor
 * is between them all. Plain structs, as in ipc/wire.h; receivers copy them out before they look.
 *
 * Numbers: $fd is 1 .. RS_SESSION_MAX, of connections, never used again before all others were. Process ids: workers
 * 0 .. n-1, task workers from n, user processes from n + m; RS_ID_MANAGER, RS_ID_SCRIPT, RS_ID_OUTSIDE.
 *
 * A hosted application has such a server too (rs_wire_server.hosted), with generations: seats are for RS_HOSTED_TASKS workers,
 * RS_HOSTED_USERS - RS_HOSTED_TASKS task workers, RS_HOSTED_END - RS_HOSTED_USERS user processes, so that a reload may change how many
 * there are (SHAPE). Worker i is i, task worker i RS_HOSTED_TASKS + i, user process i RS_HOSTED_USERS + i; what PHP sees (task worker i is
 * worker_num + i) is made of that in src/worker only: rs_server_shown_id().
 */
#ifndef RS_SERVER_WIRE_H
#define RS_SERVER_WIRE_H

#include "base/rs_base.h"
#include "base/rs_ids.h"

#define RS_SEND_MAX ((64u << 20) + 256u)
#define RS_DATAGRAM_MAX ((64u << 10) + 256u)
#define RS_EVENT_MAX (1u << 30) /* senders are bounded by RS_SEND_MAX, packages and requests by package_max_length */

#define RS_HOSTED_TASKS 4000u
#define RS_HOSTED_USERS 5000u
#define RS_HOSTED_END 5256u

/* Parts of files in the send queue of one connection: from there on nobody may send it another one. */
#define RS_SEND_FILES_MAX 256

/* rs_wire_fork.role. OUTSIDE: other PHP processes on this host, by app.sock; they have no seat. */
enum rs_server_role { RS_ROLE_WORKER, RS_ROLE_TASK, RS_ROLE_USER, RS_ROLE_MANAGER, RS_ROLE_SCRIPT, RS_ROLE_OUTSIDE };

/* ---- reactor -> process: EVENT ---------------------------------------------------------------------------------- */

enum rs_event_kind {
	RS_EVENT_CONNECT,      /* a connection */
	RS_EVENT_RECEIVE,      /* bytes: one package as the port frames them, never empty */
	RS_EVENT_CLOSE,        /* it is gone; reactor_id -1: the server closed it. Exactly one for each CONNECT */
	RS_EVENT_PACKET,       /* struct rs_wire_peer, bytes: a datagram. a: index of the port */
	RS_EVENT_REQUEST,      /* as REQUEST (claim and slot mean nothing); answered with RESPONSE and BODY by frame id */
	RS_EVENT_HANDSHAKE,    /* the same for a WebSocket upgrade that the application answers; 101 makes it one */
	RS_EVENT_OPEN,         /* as REQUEST, already answered: a WebSocket connection is established */
	RS_EVENT_MESSAGE,      /* bytes: a WebSocket message. a: opcode, b: RS_WS_* flags; opcode close: b >> 16 is the code */
	RS_EVENT_DISCONNECT,   /* instead of CLOSE: a connection of a WebSocket port that never became one, if the port wants that */
	RS_EVENT_BUFFER_FULL,  /* its send queue has passed the high mark */
	RS_EVENT_BUFFER_EMPTY, /* and fell to the low mark */
	RS_EVENT_PIPE_MESSAGE, /* bytes from MESSAGE. a: id of the sender (script, manager: 0), b: RS_DATA_* */
	RS_EVENT_TASK,         /* bytes from TASK. a: task id, b: RS_DATA_*; fd: id of the sender */
	RS_EVENT_FINISH,       /* bytes from FINISH. a: task id, b: RS_DATA_*; fd: id of the task worker */
	RS_EVENT_KINDS
};

/*
 * seq counts the events of one channel from 1. A process says with TAKEN how far it is, and writes into its claim page
 * (rs_claim_page.begun) the last event of which it and all before it have been begun: what is above when it dies, the
 * reactor gives to its successor.
 */
struct rs_wire_event {
	uint64_t seq;
	int64_t dispatch_us;   /* wall clock, when the reactor had it */
	uint32_t kind;         /* enum rs_event_kind */
	uint32_t fd;           /* $fd; 0: none */
	uint32_t port;         /* index of the port; 0 without one */
	int32_t reactor_id;
	uint32_t a, b;
};

/* Who sent a datagram. */
struct rs_wire_peer {
	char address[110];     /* text, or the path of a Unix socket ("" when it has none; '@' first: abstract); terminated */
	uint16_t port;
};

/* What the bytes of tasks, results and messages are. */
#define RS_DATA_SERIALIZED 1u /* serialize()d; else a string as it is */
#define RS_DATA_WAITED 2u     /* the sender waits for this result: taskwait() and its kin */
#define RS_DATA_ONE_WAY 4u    /* nobody wants a result */
#define RS_DATA_CALLBACK 8u   /* the result is for a callback of that task, not for onFinish */
#define RS_DATA_COMMAND 32u   /* MESSAGE: calls a command by name */
#define RS_DATA_ANSWER 64u    /* MESSAGE: what it answered */
#define RS_DATA_LOST 16u      /* FINISH: there is no result, the task worker died or its callback gave none; no bytes. With WAITED or CALLBACK */

/* TASK events: whose job it is, a number of the reactor's, to be given back in FINISH: two processes of one id may have the same task. */
#define RS_DATA_WHOSE 0xffffff00u
#define RS_DATA_WHOSE_SHIFT 8

/* ---- process -> reactor ------------------------------------------------------------------------------------------- */

enum rs_send_kind { RS_SEND_BYTES, RS_SEND_WEBSOCKET, RS_SEND_FILE };

struct rs_wire_send {
	uint32_t fd;
	uint8_t kind;          /* enum rs_send_kind */
	uint8_t opcode, flags; /* WEBSOCKET: as RS_WS_* */
	uint8_t pad;
	uint64_t offset, length; /* FILE: bytes of the frame's fd, a regular file; length 0: to its end */
};

enum rs_order {
	RS_ORDER_CLOSE,      /* when what is queued has left. arg 1: the application knows, no CLOSE event */
	RS_ORDER_RESET,      /* now; arg as above */
	RS_ORDER_PAUSE, RS_ORDER_RESUME, /* reading */
	RS_ORDER_CONFIRM,    /* enable_delay_receive: begin to read */
	RS_ORDER_PROTECT,    /* arg 1: no heartbeat may close it; 0: again */
	RS_ORDER_BIND,       /* arg: uid */
	RS_ORDER_DISCONNECT, /* WebSocket: close frame with code arg, bytes: reason; then CLOSE */
};

struct rs_wire_order {
	uint32_t fd, what; /* enum rs_order */
	int64_t arg;
};

struct rs_wire_datagram {
	uint32_t port;         /* index of the port whose socket sends; UINT32_MAX: the first that fits the address */
	struct rs_wire_peer to;
};

struct rs_wire_task {
	uint32_t id;           /* of the task; counted by the sender */
	int32_t dst;           /* 0 .. task_worker_num - 1; -1: an idle one, or the next that becomes idle */
	uint32_t flags;        /* RS_DATA_* */
	uint32_t delay_ms;     /* hosted: it waits in the reactor for so long first; it outlives its sender and reloads */
};

/*
 * The sender of a task that is no worker (task worker, user process, outside) has no onFinish: hosted, its result goes to any worker,
 * unless WAITED or CALLBACK say that the sender itself wants it.
 */
struct rs_wire_finish {
	uint32_t id, to;       /* of the task and of its sender, as they came in the event */
	uint32_t flags;        /* RS_DATA_*: WAITED, CALLBACK and WHOSE as they came */
};

struct rs_wire_message {
	uint32_t dst, flags;   /* worker or task worker; RS_DATA_SERIALIZED, COMMAND, ANSWER */
};

enum rs_ask { RS_ASK_RELOAD, RS_ASK_RELOAD_TASKS, RS_ASK_SHUTDOWN, RS_ASK_STOP_WORKER, RS_ASK_REOPEN_LOGS };

struct rs_wire_ask {
	uint32_t what, id;     /* enum rs_ask; STOP_WORKER: which */
};

/* ---- master -> reactor: PORTS ---------------------------------------------------------------------------------------- */

#define RS_PORTS_MAX 64
#define RS_PORTS_BYTES (1u << 20)

/* Settings of the server as a whole, as far as reactor and master need them. */
struct rs_wire_server {
	uint32_t nports, nworkers, ntasks, nusers;
	uint32_t dispatch_mode;       /* 1 .. 10, as the setting */
	bool enable_coroutine;        /* a worker may be given an event while another one of it waits */
	bool discard_timeout_request;
	bool renew_in_turn;           /* not reload_async: RENEW replaces one process after the other */
	bool hosted;                  /* generations; port 0 is the main port, whose requests go through the route */
	uint32_t reactor_num;         /* what $reactorId pretends: fd % reactor_num */
	uint32_t max_conn;
	uint32_t max_wait_ms;
	uint32_t worker_concurrency;  /* worker_max_concurrency; 0: no limit */
	uint32_t concurrency;         /* max_concurrency: HTTP requests that all workers together have; 0: no limit */
	uint32_t first_fd;            /* start_session_id */
	uint64_t max_queued_bytes;    /* per connection, waiting for its worker; 0: the reactor's own bound */
};

/* SHAPE: how many processes of each kind the generation has that the next ROUTE says. At most as many as there are seats. */
struct rs_wire_shape {
	uint32_t generation, nworkers, ntasks, nusers;
};

/* Hosted, SERVER: one title a user process, terminated; the first of all named so is the timer process. */
#define RS_TITLE_MAX 64
#define RS_TITLE_TIMER "timer"

/* WELCOME, to an outside process that has said READY. Its frame has the board as an fd that can be read only. */
struct rs_wire_welcome {
	uint32_t protocol, nworkers, ntasks, nports;
};

/* rs_port.events: which callbacks exist; events nobody wants are not sent. */
#define RS_PORT_EVENT(kind) (1u << (kind))

enum rs_port_protocol { RS_PORT_STREAM, RS_PORT_DATAGRAM, RS_PORT_HTTP, RS_PORT_WEBSOCKET };

enum rs_port_handshake {
	RS_HANDSHAKE_OURS,  /* the reactor answers, then OPEN */
	RS_HANDSHAKE_APP,   /* HANDSHAKE; the application's 101 is the answer; no OPEN */
	RS_HANDSHAKE_ADDED, /* HANDSHAKE; the application answers, then OPEN (onBeforeHandshakeResponse) */
};

/* One listening socket and all that is set for it. Times in milliseconds, 0: off; sizes in bytes. */
struct rs_port {
	uint8_t protocol;             /* enum rs_port_protocol; WEBSOCKET serves plain HTTP as well */
	uint8_t socket_type;          /* SWOOLE_SOCK_*: 1 TCP, 2 UDP, 3 TCP6, 4 UDP6, 5 UNIX_STREAM, 6 UNIX_DGRAM */
	uint16_t port;                /* real one; 0: Unix */
	int32_t listen_fd;            /* in the processes that inherited it (server_fd) */
	uint32_t events;              /* RS_PORT_EVENT() */
	char host[256];               /* address, or path */

	/* framing of STREAM: checked settings, see packet/packet.h; the reactor makes struct rs_packet_conf of them */
	bool open_eof_check, open_eof_split, open_length_check, open_mqtt_protocol;
	uint8_t eof_len;
	char eof[8];
	char length_type;             /* c C s S n v l L N V */
	uint32_t length_offset, body_offset;
	uint64_t package_max_length;  /* also of HTTP bodies and WebSocket messages */

	/* connections */
	uint64_t socket_buffer_size;  /* of the send queue; above it sends are refused by the sender (rs_session.send_queued) */
	uint64_t output_buffer_size;  /* biggest single send */
	uint64_t high_watermark, low_watermark;
	uint32_t heartbeat_idle_ms, heartbeat_check_ms, max_idle_ms;
	uint32_t backlog, rcvbuf, sndbuf; /* rcvbuf, sndbuf 0: the kernel's */
	bool tcp_nodelay, tcp_keepalive, delay_receive;
	uint32_t keepidle_s, keepinterval_s, keepcount, user_timeout_ms;
	uint32_t defer_accept_s;       /* a connection comes when its first byte does, or after so long; 0: at once */
	bool tcp_fastopen;

	/* HTTP */
	bool static_handler;
	bool http2;                    /* HTTP/2 is spoken beside HTTP/1.1: over TLS by ALPN, else by prior knowledge */
	bool autoindex;                /* directories without an index file are listed */
	char document_root[1024];
	char static_locations[1024];   /* names, each terminated, an empty one ends them. Only what begins with one is a file, and nothing else */
	char index_files[512];         /* the same: what stands for a directory */

	/* WebSocket */
	bool ws_ping_frame, ws_pong_frame, ws_close_frame; /* these come as MESSAGE */
	bool ws_mask;                                      /* mask what we send */
	bool ws_compression;           /* permessage-deflate is agreed to when it is offered */
	uint8_t handshake;             /* enum rs_port_handshake */
	char subprotocol[256];

	/* TLS: tls_len bytes of parts (src/tls/tls_parts.h) with the paths of its own certificates; 0: the main port's */
	bool tls;
	uint32_t tls_len;
	char tls_parts[4096];

	/* Hosted: the start does without it when it cannot be bound. */
	bool optional;
};

/* ---- the script process -> the daemon it has become one of: `rserverd serve-script FD` ----------------------------------- */

#define RS_SCRIPT_MAGIC 0x52535352u

/*
 * The sealed memfd: this struct, server.nports x struct rs_port, conf_len bytes of rs_conf_dump(). The fds are numbers in the
 * process that reads it: the listening sockets too (rs_port.listen_fd).
 */
struct rs_wire_script {
	uint32_t magic, protocol;     /* RS_SCRIPT_MAGIC, RS_PROTOCOL */
	int32_t script_fd, manager_fd; /* channels to the script process and to the manager, which runs already */
	int32_t board_fd;
	int32_t log_fd;               /* read end of the pipe in which all PHP processes write their log lines */
	int32_t script_pid, manager_pid;
	uint32_t conf_len;
	uint32_t background;          /* standard output and error are the log file, if there is one */
	struct rs_wire_server server;
};

#endif
