/*
 * The board of a server: shared memory in which all its processes see, without asking, which connections live and how the
 * server does. The reactor writes connections and counters, each PHP process its own cell; everybody reads. The reactor
 * believes nothing of it: what it must know it keeps for itself.
 *
 * One memfd, made by the process that calls start() before it forks, so it outlives reactors, and with it the high-water mark of $fd:
 *   struct rs_board_head | cells[ncells] | index[nindex] (slot + 1 by fd & (nindex - 1), chained by probing) | sessions[nsessions]
 *   | certs[nsessions][RS_BOARD_CERT_MAX], if there is TLS; only those that were ever used cost memory
 * Slots are used again last in, first out: memory is bounded by the connections that live, not by those that ever lived.
 */
#ifndef RS_BOARD_H
#define RS_BOARD_H

#include "base/rs_base.h"
#include "base/rs_ids.h"

#include <stdatomic.h>

/* Bytes of a client's certificate as text; a longer one is not shown. */
#define RS_BOARD_CERT_MAX 8192u

enum rs_session_state {
	RS_SESSION_FREE,
	RS_SESSION_OPEN,
	RS_SESSION_CLOSING, /* the server closes it, or the client has: no more sends; its CLOSE event is on the way */
};

/* A connection as PHP may see it: getClientInfo(). Copied out whole by rs_board_get(). */
struct rs_session {
	uint32_t fd;              /* 1 .. RS_SESSION_MAX; 0: free */
	uint8_t state;            /* enum rs_session_state */
	uint8_t websocket;        /* WEBSOCKET_STATUS_*: 1 connection, 2 handshake, 3 active, 4 closing; 0: not a WebSocket port */
	uint8_t deflate;          /* permessage-deflate was agreed on: window bits of what the server compresses; 0: no */
	uint8_t socket_type;      /* SWOOLE_SOCK_* */
	bool is_protected, paused, has_uid;
	uint16_t port;            /* index of the port */
	uint16_t server_port, remote_port;
	uint16_t cert_len;        /* of its certificate: rs_board_cert(); 0: none */
	int32_t socket_fd, server_fd, close_errno;
	uint32_t reactor_id;
	uint32_t worker;          /* that serves it; UINT32_MAX: nobody in particular */
	uint32_t uid;
	uint64_t request;         /* frame id of the HTTP request that waits for its answer; 0: none */
	int64_t connect_us, receive_us, send_us, dispatch_us; /* wall clock */
	uint64_t receive_queued, send_queued; /* bytes that wait for a worker, for the client */
	uint16_t send_files;      /* parts of files that wait for the client; their bytes are not in send_queued */
	char remote_ip[46];
};

enum rs_cell_status { RS_CELL_NONE, RS_CELL_BUSY, RS_CELL_IDLE, RS_CELL_EXIT }; /* getWorkerStatus() */

/* One process: workers, task workers, user processes by id, then manager, then script. Written by the process itself. */
struct rs_cell {
	_Atomic uint32_t pid;     /* 0: none now */
	_Atomic uint32_t status;  /* enum rs_cell_status */
	_Atomic uint64_t dispatched, requests, responses; /* worker_dispatch_count ... */
	_Atomic uint32_t coroutines, coroutines_peak, concurrency;
};

/* Server-wide, for stats(). Written by the reactor unless said otherwise. */
struct rs_board_head {
	uint32_t magic, ncells, nindex, nsessions, ncerts; /* ncerts: nsessions or 0 */
	_Atomic uint32_t nworkers, ntasks, nusers; /* that serve; hosted: a reload may change them, up to the cells there are */
	_Atomic uint32_t master_pid, manager_pid;  /* script process, manager: by whoever starts them */
	_Atomic uint32_t index_seq;                /* odd: an entry of the index is being taken out */
	_Atomic uint32_t slots_used;               /* no slot from here on was ever in use */
	_Atomic uint32_t running;                  /* 1 from SERVING to STOPPING: by the script process */
	_Atomic uint32_t reloading;
	_Atomic int64_t start_us;                  /* wall clock: by the script process */
	_Atomic uint32_t high_water;               /* the last $fd given */
	_Atomic uint32_t min_fd, max_fd;           /* of those that live */
	_Atomic uint32_t connections, tasking, idle_workers, idle_tasks;
	_Atomic uint32_t files, files_max;         /* that wait for clients: now, and from where on no more may be sent */
	_Atomic uint64_t accepted, closed, aborted, requests, responses, dispatched, received_bytes, sent_bytes, tasks;
	_Atomic uint32_t task_rr;                  /* senders: next task worker */
	_Atomic uint64_t pipe_packets;
};

struct rs_board {
	struct rs_board_head *head;
	struct rs_cell *cells;
	/* private to board.c; sizes as they were when it was mapped, whatever the memory says since */
	_Atomic uint32_t *index;
	struct rs_board_slot *slots;
	char *certs;
	size_t bytes;
	uint32_t ncells, nindex, nsessions, ncerts;
	/* the writer's, not shared: NULL in readers */
	uint32_t *free_slots, *own_index;
	uint32_t *own_fd;     /* by slot; 0: free */
	uint32_t nfree, used; /* slots: free ones that were in use before, used at least once */
	uint32_t next_fd;     /* to be given next, if it is free */
	bool range_stale;
};

/* ---- everybody ---------------------------------------------------------------------------------------------------- */

/* A new memfd (close-on-exec), not mapped yet. -1: errno. nsessions: connections at a time, at most; certs: they may have some. */
int rs_board_create(uint32_t nsessions, uint32_t nworkers, uint32_t ntasks, uint32_t nusers, bool certs);
/* Maps it, checks sizes. The fd stays the caller's. false: not a board, no memory. */
bool rs_board_map(struct rs_board *b, int fd) RS_MUST_CHECK;
/* The same with an fd that can only be read: nothing of it may be written, cells neither. */
bool rs_board_map_reader(struct rs_board *b, int fd) RS_MUST_CHECK;
void rs_board_unmap(struct rs_board *b);

/* false: no such connection. *out is a consistent copy. */
bool rs_board_get(const struct rs_board *b, uint32_t fd, struct rs_session *out);
/* The certificate of that connection, PEM. Bytes; 0: it has none, or lives no more. */
size_t rs_board_cert(const struct rs_board *b, const struct rs_session *of, char out[RS_BOARD_CERT_MAX]);
/*
 * Up to max $fds above `after`, ascending; port: index of the port, -1: all. Returns how many. Costs one look at the living ones.
 */
size_t rs_board_list(const struct rs_board *b, uint32_t after, int port, uint32_t *out, size_t max);
/* Cell of a process id (RS_ID_MANAGER, RS_ID_SCRIPT included); NULL: no such id. */
struct rs_cell *rs_board_cell(const struct rs_board *b, uint32_t id);

/* ---- the writer: the reactor ---------------------------------------------------------------------------------------- */

/*
 * In a new reactor: what lived is gone (its $fds are not given again), counters of living things are 0. first_fd: of a new
 * board. false: no memory.
 */
bool rs_board_own(struct rs_board *b, uint32_t first_fd) RS_MUST_CHECK;
/* A slot for a new connection; *fd is its number (wraps after RS_SESSION_MAX, living ones are skipped). false: full. */
bool rs_board_take(struct rs_board *b, uint32_t *slot, uint32_t *fd) RS_MUST_CHECK;
/* Publishes; s->fd is the one that was given with slot. */
void rs_board_put(struct rs_board *b, uint32_t slot, const struct rs_session *s);
void rs_board_give(struct rs_board *b, uint32_t slot);
/* Of a connection whose slot is not published yet: what its cert_len is to be. 0: there is no place for it. */
uint16_t rs_board_put_cert(struct rs_board *b, uint32_t slot, struct rs_slice pem);
/* The slot of a number that lives, by what the writer itself knows. false: it does not live. */
bool rs_board_find(const struct rs_board *b, uint32_t fd, uint32_t *slot);
/* min_fd, max_fd are as they should be; costs a look at the living ones, if any came or went. */
void rs_board_range(struct rs_board *b);

#endif
