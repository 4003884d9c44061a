/*
 * Connections as the processes of a server know them: by $fd. A guest is made when a connection is accepted on a port and
 * outlives it until everything that was to be told about it has been told; then its place on the board is free again.
 */
#ifndef RS_REACTOR_SESSION_H
#define RS_REACTOR_SESSION_H

#include "packet/packet.h"
#include "reactor/reactor_port.h"
#include "shm/board.h"

#include <sys/queue.h>

#define RS_GUEST_MAGIC 0x47756573u

struct rs_conn;
struct rs_reactor;
struct rs_seat;
struct rs_ws_link;

/* About 400 bytes; one for each connection of a server, none for plain HTTP of a hosted application. */
struct rs_guest {
	uint32_t magic;
	uint32_t slot;             /* on the board, and in serve->guest */
	struct rs_reactor *r;
	struct rs_gate *gate;
	struct rs_conn *conn;      /* NULL: gone */
	struct rs_seat *seat;      /* the worker that hears of it; never NULL */
	struct rs_session pub;     /* as the board shows it: change, then rs_guest_changed() */
	bool dirty;                /* to be shown at the end of the turn */
	bool ending;               /* no more sends; CLOSE is or was due */
	bool eof;                  /* the client has ended; CLOSE is due when all before it has been taken */
	bool by_server;            /* CLOSE says reactor id -1 */
	bool told;                 /* no CLOSE event: it was posted, or the application knows */
	bool full;                 /* above the high mark */
	bool upgraded;             /* a WebSocket connection: was, if it is gone */
	unsigned letters;          /* events about it that nobody has taken yet */
	size_t queued;             /* bytes of them */
	struct rs_packet framing;  /* STREAM: between two reads */
	int64_t received_ms, sent_ms; /* monotonic; heartbeat, max_idle_time */
	uint64_t put_bytes, left_bytes; /* ever queued for the client; of them the kernel has taken */
	struct rs_ws_link *ws;     /* WEBSOCKET ports: reactor_ws.c's; freed by its closed() */
	TAILQ_ENTRY(rs_guest) dirty_link;
};

TAILQ_HEAD(rs_guest_list, rs_guest);

/*
 * For a connection just accepted on g, or one of the main port that is to be a WebSocket: gives it a $fd and a worker, tells CONNECT,
 * sets the protocol's table. false: no place or no memory; c is closed.
 */
bool rs_guest_new(struct rs_conn *c, struct rs_gate *g, int listen_fd);

/* g's connection is c, and not only a stream of it. g may be NULL. */
static inline bool rs_guest_has(const struct rs_guest *g, const struct rs_conn *c)
{
	return g && g->conn == c;
}

/* NULL: no such $fd lives. Its connection may be gone. */
struct rs_guest *rs_guest_find(struct rs_reactor *r, uint32_t fd);

/* pub was changed. */
void rs_guest_changed(struct rs_guest *g);
/* End of a loop turn, before frames leave: the board shows what is. */
void rs_guest_publish(struct rs_reactor *r);

/* An event about it to its worker, if the port wants that kind. false: no memory. */
bool rs_guest_tell(struct rs_guest *g, enum rs_event_kind kind, uint32_t a, uint32_t b, struct rs_slice bytes);

/* From the connection: bytes came; it is closed now (err: errno, 0: none). */
void rs_guest_received(struct rs_guest *g, size_t n);
void rs_guest_gone(struct rs_guest *g, int err);

/*
 * The end, from our side: no more sends and no more reading; CLOSE is told; the connection closes when its queue has left.
 * What was received and not yet sent to its worker is not told any more. Safe twice.
 */
void rs_guest_close(struct rs_guest *g, bool by_server);
/* The same for processes only: the connection stays for what its protocol has still to say, then rs_conn_end(). */
void rs_guest_leave(struct rs_guest *g, bool by_server);
/* The same now: its queue is thrown away, the client sees a reset. */
void rs_guest_reset(struct rs_guest *g);
/* The client has ended its side: what is queued for its worker may still be answered, then CLOSE. */
void rs_guest_eof(struct rs_guest *g);

void rs_guest_pause(struct rs_guest *g, bool paused);
void rs_guest_protect(struct rs_guest *g, bool on);
/* Once; in dispatch mode 5 its next events go to the worker of that uid. */
void rs_guest_bind(struct rs_guest *g, uint32_t uid);
/* Its worker's seat is no more: another one. */
void rs_guest_reseat(struct rs_guest *g);

/* An event about it of so many bytes was posted (+1) or is over (-1). May free it. */
void rs_guest_letter(struct rs_guest *g, int n, size_t bytes);

/* ---- its send queue: reactor_queue.c ---- */

/* From the connection: bytes were queued or left. Never closes it. */
void rs_guest_written(struct rs_guest *g);
/* Bytes of it, without parts of files. */
uint64_t rs_guest_send_queued(struct rs_guest *g);
/* So much waits for a client that takes nothing that somebody does not look before sending: it is reset. g may be freed. */
bool rs_guest_overfull(struct rs_guest *g);
/* SEND of bytes, of a part of a file (takes fd; length 0: to its end). A client that takes nothing is reset in the end. */
void rs_guest_send(struct rs_guest *g, struct rs_slice bytes);
void rs_guest_send_file(struct rs_guest *g, int fd, uint64_t offset, uint64_t length);

#endif
