/*
 * Slots: the processes that a generation is to have, by kind and number, and how people know them.
 */
#include "master/master_script.h"
#include "master/master_server.h"
#include "master/master_user.h"

#include <event2/event.h>
#include <stdlib.h>

static void count_slots(struct rs_gen *g)
{
	const struct rs_wire_server *w = g->m->script ? &g->m->script->wire->server : NULL;

	g->nworkers = w ? w->nworkers : (uint32_t)g->conf.worker_num;
	g->ntasks = w ? w->ntasks : g->server ? (uint32_t)g->conf.task_worker_num : 0;
	g->nusers = w ? w->nusers : g->server ? g->server->w.nusers : 0;
}

/* What slot number i is for. Hosted: ids leave room for more of each kind. */
static struct rs_slot slot_of(struct rs_gen *g, uint32_t i)
{
	struct rs_slot s = { .gen = g, .id = i, .role = RS_ROLE_WORKER };

	if (i >= g->nworkers + g->ntasks) {
		s.role = RS_ROLE_USER;
		s.id = g->server ? RS_HOSTED_USERS + i - g->nworkers - g->ntasks : i;
	} else if (i >= g->nworkers) {
		s.role = RS_ROLE_TASK;
		s.id = g->server ? RS_HOSTED_TASKS + i - g->nworkers : i;
	}
	return s;
}

struct rs_slot *rs_mworker_slot(const struct rs_gen *g, uint32_t id)
{
	uint32_t i = id;

	if (g->server && id >= RS_HOSTED_USERS)
		i = id - RS_HOSTED_USERS < g->nusers ? g->nworkers + g->ntasks + id - RS_HOSTED_USERS : g->nslots;
	else if (g->server && id >= RS_HOSTED_TASKS)
		i = id - RS_HOSTED_TASKS < g->ntasks ? g->nworkers + id - RS_HOSTED_TASKS : g->nslots;
	else if (g->server && id >= g->nworkers)
		i = g->nslots;
	return i < g->nslots ? &g->slots[i] : NULL;
}

uint32_t rs_mworker_shown_id(const struct rs_gen *g, uint32_t id)
{
	const struct rs_slot *s = rs_mworker_slot(g, id);

	return s ? (uint32_t)(s - g->slots) : id;
}

const char *rs_mworker_name(const struct rs_wproc *w, char *out, size_t size)
{
	if (w->role == RS_ROLE_USER && w->gen->server)
		rs_fmt(out, size, "process %s", rs_muser_title(w->gen, w->id));
	else
		rs_fmt(out, size, "%s %u", w->role == RS_ROLE_TASK && w->gen->server ? "task worker" : "worker",
		       rs_mworker_shown_id(w->gen, w->id));
	return out;
}

bool rs_mworker_slots(struct rs_gen *g)
{
	uint32_t n;

	count_slots(g);
	n = g->nworkers + g->ntasks + g->nusers;
	g->slots = calloc(n, sizeof *g->slots);
	if (!g->slots)
		return false;
	for (; g->nslots < n; g->nslots++) {
		struct rs_slot *s = &g->slots[g->nslots];
		*s = slot_of(g, g->nslots);
		s->respawn = event_new(g->m->base, -1, 0, rs_mworker_respawn_cb, s);
		if (!s->respawn)
			return false;
	}
	return true;
}
