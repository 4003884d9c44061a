/*
 * Status: one list of processes, made from the master's table and the reactor's answer, shown as JSON and as text.
 */
#include "master/master_status.h"

#include "base/rs_clock.h"
#include "master/master_hosted.h"
#include "master/master_user.h"

#include <unistd.h>

void rs_status_init(struct rs_status *s, const struct rs_master *m, struct rs_slice payload)
{
	*s = (struct rs_status){ .m = m };
	if (payload.n < sizeof s->reactor)
		return;
	memcpy(&s->reactor, payload.p, sizeof s->reactor);
	s->workers = rs_slice(payload.p + sizeof s->reactor, payload.n - sizeof s->reactor);
	s->answered = s->workers.n / sizeof(struct rs_wire_worker_status) >= s->reactor.nworkers;
}

/* ---- processes --------------------------------------------------------------------------------------- */

struct row {
	const char *role;
	const char *name;       /* of a user process; NULL: it has none */
	uint32_t id, generation;
	pid_t pid;
	const char *state;
	uint64_t requests;
};

typedef bool (*row_fn)(void *arg, const struct row *row);

static bool find_worker(const struct rs_status *s, const struct rs_wproc *w, struct rs_wire_worker_status *out)
{
	for (uint32_t i = 0; s->answered && i < s->reactor.nworkers; i++) {
		memcpy(out, s->workers.p + i * sizeof *out, sizeof *out);
		if (out->id == w->id && out->generation == w->gen->number)
			return true;
	}
	return false;
}

static struct row worker_row(const struct rs_status *s, const struct rs_wproc *w, bool counts)
{
	static const char *const names[] = { [RS_WORKER_BOOTING] = "booting", [RS_WORKER_IDLE] = "idle",
					     [RS_WORKER_BUSY] = "busy", [RS_WORKER_DRAINING] = "draining" };
	static const char *const roles[] = { [RS_ROLE_WORKER] = "worker", [RS_ROLE_TASK] = "task worker", [RS_ROLE_USER] = "process" };
	struct row row = { .role = roles[w->role], .id = rs_mworker_shown_id(w->gen, w->id), .generation = w->gen->number,
			   .pid = w->pid };
	struct rs_wire_worker_status seen;
	bool known = counts && w->reactor == s->m->reactor.epoch && find_worker(s, w, &seen);

	if (known)
		row.requests = seen.requests;
	if (w->role == RS_ROLE_USER)
		row.name = rs_muser_title(w->gen, w->id);
	if (w->told || !counts || w->gen->phase == RS_GEN_DRAINING || w->gen->phase == RS_GEN_ENDING)
		row.state = "draining";
	else if (!w->ready)
		row.state = "booting";
	else
		row.state = known && seen.state < RS_COUNTOF(names) ? names[seen.state] : "idle";
	return row;
}

static const char *manager_state(const struct rs_gen *g)
{
	static const char *const names[] = { [RS_GEN_BOOTING] = "booting", [RS_GEN_FILLING] = "idle",
					     [RS_GEN_SERVING] = "idle", [RS_GEN_DRAINING] = "draining",
					     [RS_GEN_ENDING] = "draining" };

	return names[g->phase];
}

static const char *master_state(const struct rs_master *m)
{
	static const char *const names[RS_FSM_STATES] = { "booting", "idle", "idle", "draining", "draining" };

	return names[m->state];
}

static bool each_worker(const struct rs_status *s, const struct rs_gen *g, row_fn fn, void *arg)
{
	const struct rs_wproc *w;
	bool ok = true;

	for (uint32_t i = 0; ok && i < g->nslots; i++) {
		struct row row;
		if (!g->slots[i].proc || !g->slots[i].proc->pid)
			continue;
		row = worker_row(s, g->slots[i].proc, true);
		ok = fn(arg, &row);
	}
	/* Those that only finish what they run. */
	LIST_FOREACH(w, &g->procs, link) {
		struct row row;
		if (!ok || !w->pid || rs_mworker_by_id(g->m, g->number, w->id) == w)
			continue;
		row = worker_row(s, w, false);
		ok = fn(arg, &row);
	}
	return ok;
}

static bool each_process(const struct rs_status *s, row_fn fn, void *arg)
{
	const struct rs_master *m = s->m;
	uint32_t number = m->current ? m->current->number : 0;
	const struct rs_gen *g;
	bool ok = fn(arg, &(struct row){ "master", NULL, 0, number, getpid(), master_state(m), 0 });

	if (ok && m->reactor.pid)
		ok = fn(arg, &(struct row){ "reactor", NULL, 0, number, m->reactor.pid, m->reactor.drained ? "draining" : "idle",
					    s->reactor.requests_total });
	LIST_FOREACH(g, &m->gens, link) {
		if (ok && g->pid)
			ok = fn(arg, &(struct row){ "manager", NULL, 0, g->number, g->pid, manager_state(g), 0 });
		ok = ok && each_worker(s, g, fn, arg);
	}
	return ok;
}

/* ---- JSON -------------------------------------------------------------------------------------------- */

struct json_rows {
	struct rs_buf *out;
	bool any;
};

static bool json_row(void *arg, const struct row *r)
{
	struct json_rows *j = arg;
	bool ok = rs_buf_printf(j->out,
				"%s{\"role\":\"%s\",\"id\":%u,\"pid\":%d,\"generation\":%u,\"state\":\"%s\","
				"\"requests\":%llu",
				j->any ? "," : "", r->role, r->id, (int)r->pid, r->generation, r->state,
				(unsigned long long)r->requests);

	j->any = true;
	if (ok && r->name)
		ok = rs_buf_printf(j->out, ",\"name\":") && rs_json_string(j->out, rs_slice_str(r->name));
	return ok && rs_buf_printf(j->out, "}");
}

static bool json_listeners(const struct rs_master *m, struct rs_buf *out)
{
	bool ok = rs_buf_printf(out, "\"listeners\":[");

	for (size_t i = 0; ok && i < m->listeners.n; i++)
		ok = (i == 0 || rs_buf_put(out, ",", 1)) && rs_json_string(out, rs_slice_str(m->listeners.v[i].name));
	for (size_t i = 0; ok && i < m->ports.n; i++)
		if (m->ports.v[i].fd >= 0)
			ok = rs_buf_put(out, ",", 1) && rs_json_string(out, rs_slice_str(m->ports.v[i].name));
	return ok && rs_buf_printf(out, "],");
}

static bool json_last_reload(const struct rs_master *m, struct rs_buf *out)
{
	const struct rs_last_reload *l = &m->last_reload;

	if (!l->any)
		return rs_buf_printf(out, "\"last_reload\":null,");
	return rs_buf_printf(out, "\"last_reload\":{\"ok\":%s,\"generation\":%u,\"error\":", l->ok ? "true" : "false",
			     l->generation) &&
	       (*l->error ? rs_json_string(out, rs_slice_str(l->error)) : rs_buf_printf(out, "null")) &&
	       rs_buf_printf(out, "},");
}

bool rs_status_json(const struct rs_status *s, struct rs_buf *out)
{
	const struct rs_master *m = s->m;
	const struct rs_wire_status *r = &s->reactor;
	struct json_rows rows = { .out = out };

	return rs_buf_printf(out, "{\"pid\":%d,\"version\":\"%s\",\"state\":\"%s\",\"generation\":%u,\"uptime_s\":%lld,"
			     "\"started_us\":%lld,\"reactor_answers\":%s,",
			     (int)getpid(), RS_VERSION, rs_fsm_state_name(m->state), m->current ? m->current->number : 0,
			     (long long)((rs_now_ms() - m->started_ms) / 1000), (long long)m->started_us,
			     s->answered ? "true" : "false") &&
	       rs_buf_printf(out, "\"connections\":%llu,\"accepted_total\":%llu,\"requests_total\":%llu,"
			     "\"queue_length\":%llu,\"refused_total\":%llu,\"moved_total\":%llu,\"stale_frames\":%llu,",
			     (unsigned long long)r->connections, (unsigned long long)r->accepted_total,
			     (unsigned long long)r->requests_total, (unsigned long long)r->queue_length,
			     (unsigned long long)r->refused_total, (unsigned long long)r->moved_total,
			     (unsigned long long)r->stale_frames) &&
	       rs_buf_printf(out, "\"limited_connections_total\":%llu,\"limited_requests_total\":%llu,\"idle_closed_total\":%llu,",
			     (unsigned long long)r->limited_connections_total, (unsigned long long)r->limited_requests_total,
			     (unsigned long long)r->idle_closed_total) &&
	       rs_buf_printf(out, "\"sessions\":%u,\"tasks_queued\":%u,\"tasks_running\":%u,\"tasks_delayed\":%u,", r->sessions,
			     r->tasks_queued, r->tasks_running, r->tasks_delayed) &&
	       rs_buf_printf(out, "\"streams\":%u,\"streams_most\":%u,\"streams_refused\":%llu,", r->streams, r->streams_most,
			     (unsigned long long)r->streams_refused) &&
	       json_listeners(m, out) && json_last_reload(m, out) && rs_buf_printf(out, "\"processes\":[") &&
	       each_process(s, json_row, &rows) && rs_buf_printf(out, "],") && rs_status_routes_json(m, out) &&
	       rs_buf_printf(out, "}\n");
}

/* ---- text -------------------------------------------------------------------------------------------- */

static bool text_row(void *arg, const struct row *r)
{
	struct rs_buf *out = arg;
	char id[16] = "";

	if (strcmp(r->role, "worker") == 0 || strcmp(r->role, "task worker") == 0)
		rs_fmt(id, sizeof id, "%u", r->id);
	return rs_buf_printf(out, "%-11s  %4s  %8d  %10u  %-9s  %10llu%s%s\n", r->role, id, (int)r->pid, r->generation,
			     r->state, (unsigned long long)r->requests, r->name ? "  " : "", r->name ? r->name : "");
}

static bool text_uptime(int64_t s, struct rs_buf *out)
{
	if (s >= 86400)
		return rs_buf_printf(out, "%lldd %02lld:%02lld:%02lld", (long long)(s / 86400),
				     (long long)(s / 3600 % 24), (long long)(s / 60 % 60), (long long)(s % 60));
	return rs_buf_printf(out, "%02lld:%02lld:%02lld", (long long)(s / 3600), (long long)(s / 60 % 60),
			     (long long)(s % 60));
}

static bool text_last_reload(const struct rs_master *m, struct rs_buf *out)
{
	const struct rs_last_reload *l = &m->last_reload;

	if (!l->any)
		return true;
	if (l->ok)
		return rs_buf_printf(out, "last reload   generation %u serves\n", l->generation);
	return rs_buf_printf(out, "last reload   FAILED: %s\n", l->error);
}

/* What there is of it, if there is anything but plain HTTP. */
static bool text_server(const struct rs_status *s, struct rs_buf *out)
{
	const struct rs_wire_status *r = &s->reactor;

	if (!s->m->hosted)
		return true;
	return rs_buf_printf(out, "sessions      %u\ntasks         %u running, %u queued, %u delayed\n", r->sessions, r->tasks_running,
			     r->tasks_queued, r->tasks_delayed);
}

/* Only when something was refused. */
static bool text_limits(const struct rs_wire_status *r, struct rs_buf *out)
{
	if (!r->limited_connections_total && !r->limited_requests_total && !r->idle_closed_total)
		return true;
	return rs_buf_printf(out, "limits        %llu connections and %llu requests refused, %llu idle closed\n",
			     (unsigned long long)r->limited_connections_total, (unsigned long long)r->limited_requests_total,
			     (unsigned long long)r->idle_closed_total);
}

bool rs_status_text(const struct rs_status *s, struct rs_buf *out)
{
	const struct rs_master *m = s->m;
	const struct rs_wire_status *r = &s->reactor;
	bool ok = rs_buf_printf(out, "rserverd %s   pid %d   state %s   generation %u   up ", RS_VERSION, (int)getpid(),
				rs_fsm_state_name(m->state), m->current ? m->current->number : 0) &&
		  text_uptime((rs_now_ms() - m->started_ms) / 1000, out) && rs_buf_printf(out, "\n");

	for (size_t i = 0; ok && i < m->listeners.n; i++)
		ok = rs_buf_printf(out, "%s%s\n", i ? "              " : "listening on  ", m->listeners.v[i].name);
	for (size_t i = 0; ok && i < m->ports.n; i++)
		if (m->ports.v[i].fd >= 0)
			ok = rs_buf_printf(out, "              %s\n", m->ports.v[i].name);
	if (!s->answered)
		ok = ok && rs_buf_printf(out, "the reactor does not answer\n");
	return ok && text_last_reload(m, out) &&
	       rs_buf_printf(out, "connections   %llu now, %llu accepted\nrequests      %llu, %llu queued, %llu refused, "
			     "%llu moved\n",
			     (unsigned long long)r->connections, (unsigned long long)r->accepted_total,
			     (unsigned long long)r->requests_total, (unsigned long long)r->queue_length,
			     (unsigned long long)r->refused_total, (unsigned long long)r->moved_total) &&
	       rs_buf_printf(out, "streams       %u now, %u at most, %llu refused\n", r->streams, r->streams_most,
			     (unsigned long long)r->streams_refused) &&
	       text_limits(r, out) && text_server(s, out) &&
	       rs_buf_printf(out, "\n%-11s  %4s  %8s  %10s  %-9s  %10s\n", "role", "id", "pid", "generation", "state",
			     "requests") &&
	       each_process(s, text_row, out) && rs_status_routes_text(m, out);
}
