/*
 * Events on their way to processes of a server. A letter waits in the queue of a seat (reactor_seat.h) or in the queue of
 * all processes of a role, is sent when the process has room, and is kept until that says TAKEN: what a dead process has
 * not begun is sent to its successor.
 */
#ifndef RS_REACTOR_EVENT_H
#define RS_REACTOR_EVENT_H

#include "ipc/ipc.h"

#include <sys/queue.h>

struct rs_guest;
struct rs_letter;
struct rs_reactor;
struct rs_req;
struct rs_seat;
struct rs_worker;

/* Bound events that a process may have and not have taken. */
#define RS_WINDOW_EVENTS 256
#define RS_WINDOW_BYTES (4u << 20)
/* Unbound ones (requests, datagrams) a process with coroutines may have and not have answered. */
#define RS_COROUTINE_EVENTS 128

enum rs_letter_end {
	RS_LETTER_TAKEN,   /* its callback has returned */
	RS_LETTER_LOST,    /* its process had begun it and is dead */
	RS_LETTER_DROPPED, /* nobody has begun it and nobody will */
};

TAILQ_HEAD(rs_letter_list, rs_letter);

struct rs_letter {
	TAILQ_ENTRY(rs_letter) link;
	struct rs_reactor *r;
	struct rs_letter_list *list;  /* it is on; NULL: on none */
	struct rs_seat *seat;         /* whose list that is; NULL: the queue of a role, or none */
	struct rs_wire_event h;       /* seq is set when it is sent */
	struct rs_guest *guest;       /* it is about; NULL: none */
	/*
	 * REQUEST, HANDSHAKE, OPEN: what it carries is the request's payload, body_fd and id, which must live as long as the
	 * letter. over() lets go of it.
	 */
	struct rs_req *req;
	/* Called once, before the letter is freed; it is on no list then. May be NULL. */
	void (*over)(struct rs_letter *l, enum rs_letter_end how);
	/* Called each time it is sent, seat is whose process got it. May be NULL. */
	void (*on_send)(struct rs_letter *l);
	uint32_t incarnation;         /* TASK: of the sender's process */
	uint32_t for_incarnation;     /* for this process of its seat only, not for a successor; 0: any */
	bool any;                     /* not bound to its seat: another process of that role will do */
	bool urgent;                  /* knows no window */
	bool sent;
	size_t weight;                /* as bounds count it: set when it is first put on a list */
	size_t n;                     /* bytes in data */
	char data[];
};

/* head and bytes are copied, one behind the other. Counted in g (NULL: none). NULL: no memory. */
struct rs_letter *rs_letter_new(struct rs_reactor *r, enum rs_event_kind kind, struct rs_guest *g, struct rs_slice head,
				struct rs_slice bytes);
/* Wherever it is: over(how), and its memory goes. */
void rs_letter_end(struct rs_letter *l, enum rs_letter_end how);

/* To the process of that seat, behind what waits there. */
void rs_letter_post(struct rs_seat *s, struct rs_letter *l);
/* To a process of that role that is idle (or has the fewest), or behind what waits for one. */
void rs_letter_post_any(struct rs_reactor *r, enum rs_server_role role, struct rs_letter *l);

/* From the seat where it waits to another, or to any process of a role. */
void rs_letter_move(struct rs_letter *l, struct rs_seat *to);
void rs_letter_move_any(struct rs_letter *l, enum rs_server_role role);

/* Now, past all that waits; s has a process. For letters that are urgent. */
void rs_letter_send(struct rs_seat *s, struct rs_letter *l);

/* Sends what waits for s as far as it has room. */
void rs_event_pump(struct rs_seat *s);
/* The same for all of that role: one of them has room, or a letter waits for any. */
void rs_event_pump_role(struct rs_reactor *r, enum rs_server_role role);

/* TAKEN. NULL: fine; else the rule that the process has broken. */
const char *rs_event_taken(struct rs_worker *w, const struct rs_frame *f);
/* The process of s begins nothing more. What it has not begun waits again, in order. */
void rs_event_take_back(struct rs_seat *s, const struct rs_claim_page *page);
/* The process of s has said LEAVING: the results that it got since are its own business. */
void rs_event_settle_results(struct rs_seat *s);
/* The process of s says nothing more. What it has begun is lost; page NULL: whatever it has. */
void rs_event_lose_begun(struct rs_seat *s, const struct rs_claim_page *page);

/* Bytes of a letter as bounds count them. */
size_t rs_letter_weight(const struct rs_letter *l);

#endif
