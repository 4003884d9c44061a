/*
 * Seats: the numbered processes of a server as the reactor knows them. Processes come and go (struct rs_worker), the seat
 * and what waits for it stays.
 */
#ifndef RS_REACTOR_SEAT_H
#define RS_REACTOR_SEAT_H

#include "reactor/reactor_event.h"

struct rs_given;

enum rs_renew {
	RS_RENEW_NO,
	RS_RENEW_GOES,  /* RENEW: its process is to end; told as soon as it is READY */
	RS_RENEW_COMES, /* a successor is on its way, or boots */
	RS_RENEW_WAITS, /* for its turn */
};

struct rs_seat {
	struct rs_reactor *r;
	uint32_t id;                   /* as in server_wire.h */
	enum rs_server_role role;
	struct rs_worker *w;           /* the process; NULL: none, a successor is on its way */
	/*
	 * Of a process that is to be killed and may still begin events: what it had is settled when it is dead for sure.
	 * NULL: there is none.
	 */
	struct rs_claim_page *last_page;
	uint32_t last_generation, last_order; /* of that process */
	uint32_t incarnation;          /* of w, or of the last one */
	bool leaving;                  /* w begins nothing more (LEAVING) */
	bool shrunk;                   /* hosted: the generation that serves has no such process; to be cleared when w is gone */
	uint8_t renew;                 /* enum rs_renew */
	struct rs_letter_list sent;    /* to w, not taken; in order of seq */
	struct rs_letter_list waiting; /* for the window */
	struct rs_letter_list urgent;  /* for a process only */
	uint64_t seq, taken;           /* of w's channel */
	uint64_t seen_begun;           /* rs_claim_page.begun as it was seen last */
	unsigned nsent, nwaiting;      /* letters; nwaiting with urgent ones */
	unsigned window;               /* of those sent: they count against the window */
	size_t window_bytes, waiting_bytes;
	unsigned nurgent;              /* urgent ones, sent or not */
	size_t urgent_bytes;
	struct rs_given *given;        /* task workers: whose jobs it had; see reactor_task.c */
};

/* The process of s takes events. */
bool rs_seat_ready(const struct rs_seat *s);

/* NULL: no such process in this server. */
struct rs_seat *rs_seat_find(struct rs_reactor *r, uint32_t id);

/* Is there a seat of that id for that role? */
bool rs_seat_fits(struct rs_reactor *r, uint32_t id, uint32_t role);
/* The process of that seat's id and that incarnation, also one that has left the seat; NULL: it is gone. */
struct rs_worker *rs_seat_process(struct rs_seat *s, uint32_t incarnation);
/*
 * From reactor_worker.c. attach: a new process, there is a seat for it. lost: w is gone (what it had begun is lost); left_lost: and had
 * no seat any more.
 */
void rs_seat_attach(struct rs_worker *w);
void rs_seat_is_ready(struct rs_seat *s);
void rs_seat_leaving(struct rs_seat *s);
/* LINGERS: its process is not through; it goes on beside the seat, and a successor comes. */
void rs_seat_linger(struct rs_seat *s);
void rs_seat_lost(struct rs_seat *s);
void rs_seat_left_lost(struct rs_worker *w);
/* That process, which was to be killed, if there was one, is dead for sure. */
void rs_seat_dead(struct rs_reactor *r, uint32_t id, uint32_t generation, uint32_t order);
/* w sits down; nobody does now. */
void rs_seat_take(struct rs_seat *s, struct rs_worker *w);
void rs_seat_fini(struct rs_seat *s);

/* RETIRE: its process ends after what it runs, or is killed in the end. Safe twice. */
void rs_seat_retire(struct rs_seat *s);
/* RENEW. */
void rs_seat_renew(struct rs_reactor *r, bool tasks_only);
/* From the sweep: processes that were to end and do not, or not soon. */
void rs_seat_sweep(struct rs_reactor *r, int64_t now_ms);

#endif
