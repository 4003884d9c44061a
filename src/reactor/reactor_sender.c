/*
 * Senders that are not read for a while because too many jobs wait. Runs in the reactor.
 */
#include "reactor/reactor_sender.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_serve.h"

#include <event2/event.h>

void rs_sender_hold(struct rs_sender *from)
{
	if (from->held)
		return;
	event_del(from->ev_read);
	from->held = true;
	TAILQ_INSERT_TAIL(&from->r->serve->held, from, held_link);
}

void rs_sender_gone(struct rs_sender *from)
{
	if (from->held)
		TAILQ_REMOVE(&from->r->serve->held, from, held_link);
	from->held = false;
}

void rs_sender_resume_all(struct rs_reactor *r)
{
	struct rs_sender *from, *next;

	for (from = TAILQ_FIRST(&r->serve->held); from; from = next) {
		next = TAILQ_NEXT(from, held_link);
		if (event_add(from->ev_read, NULL) == 0)
			rs_sender_gone(from);
	}
}
