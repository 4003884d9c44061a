/*
 * Jobs of the processes of a server. Runs in the reactor.
 *
 * Jobs wait here: for a task worker that is idle, or for the one that was named; hosted, also for their time (reactor_delay.c).
 * When too many wait, those who send them are not read until there are fewer; task workers of scripts always are, so results get
 * through and the jobs become fewer. In hosted applications task workers may send jobs, too: one that has sent too many is read
 * again when there are fewer, and others are there to make them so.
 *
 * Ids of jobs begin at 0 in each process. A result that somebody waits for is for the very process that sent the job, not
 * for its successor, which has a job of the same id, perhaps at the same time (RS_DATA_WHOSE): each task worker's seat remembers
 * whose jobs it was given last, and tells them (RS_DATA_LOST) when the task worker dies before it has answered.
 */
#include "reactor/reactor_task.h"

#include "reactor/reactor_core.h"
#include "reactor/reactor_serve.h"

#include <stdlib.h>

/* More jobs, or bytes of them, than this: senders are held, until half of it is left. */
#define TASKS_MAX 16384
#define TASKS_BYTES_MAX (64u << 20)
/* Bytes of a class name in the log, and where in a job it must stand. */
#define CLASS_MAX 200
#define CLASS_WITHIN 4096
/* Jobs that a task worker's seat remembers; only with coroutines more than one runs at a time. */
#define GIVEN_MAX 1024

struct rs_given {
	unsigned next; /* of the ring */
	struct rs_given_job {
		uint32_t id, sender, incarnation; /* incarnation 0: nothing */
		uint32_t by;                      /* incarnation of the task worker */
		uint32_t flags;                   /* RS_DATA_* */
		bool begun;                       /* its callback was called, and may have been suspended */
		bool answered;
	} job[GIVEN_MAX];
};

/*
 * The class of a serialize()d object, or of the first one in a serialize()d array: `O:n:"..."`, for the log. Whatever is not
 * printable ends it.
 */
static void class_of(struct rs_slice bytes, char name[CLASS_MAX + 1])
{
	const char *end = bytes.p + (bytes.n < CLASS_WITHIN ? bytes.n : CLASS_WITHIN);
	size_t n = 0;

	for (const char *p = bytes.p; p + 4 < end; p++) {
		const char *q = p + 2;
		if (p[0] != 'O' || p[1] != ':')
			continue;
		while (q < end && *q >= '0' && *q <= '9')
			q++;
		if (q == p + 2 || q + 2 >= end || q[0] != ':' || q[1] != '"')
			continue;
		for (q += 2; q < end && *q > ' ' && *q < 127 && *q != '"' && n < CLASS_MAX; q++)
			name[n++] = *q;
		break;
	}
	name[n] = '\0';
}

/* ---- jobs ----------------------------------------------------------------------------------------------------------------- */

static bool is_private(uint32_t flags)
{
	return flags & (RS_DATA_WAITED | RS_DATA_CALLBACK);
}

/* Jobs whose result is for their very sender. */
static void remember(struct rs_seat *s, const struct rs_letter *l)
{
	struct rs_given *g = s->given;

	if (!is_private(l->h.b) || (!g && !(g = s->given = calloc(1, sizeof *g))))
		return;
	g->job[g->next] = (struct rs_given_job){
		.id = l->h.a, .sender = l->h.fd, .incarnation = l->incarnation, .by = s->incarnation, .flags = l->h.b
	};
	g->next = (g->next + 1) % GIVEN_MAX;
}

/* In the flags of a job, and of its result. */
static uint32_t whose(uint32_t incarnation)
{
	return incarnation << RS_DATA_WHOSE_SHIFT;
}

/* The last one of that id, of that process if the flags say of which; NULL: not known any more. */
static struct rs_given_job *recall(const struct rs_seat *s, uint32_t id, uint32_t sender, uint32_t flags)
{
	const uint32_t tag = flags & RS_DATA_WHOSE;

	struct rs_given *g = s->given;

	for (unsigned i = 1; g && i <= GIVEN_MAX; i++) {
		struct rs_given_job *j = &g->job[(g->next + GIVEN_MAX - i) % GIVEN_MAX];
		if (j->incarnation && j->id == id && j->sender == sender && (!tag || tag == whose(j->incarnation)))
			return j;
	}
	return NULL;
}

struct rs_worker *rs_task_answered(struct rs_seat *s, uint32_t id, struct rs_seat *sender, uint32_t flags)
{
	struct rs_given_job *j = recall(s, id, sender->id, flags);
	struct rs_worker *w = j ? rs_seat_process(sender, j->incarnation) : NULL;

	if (w)
		j->answered = true;
	return w;
}

void rs_task_seat_fini(struct rs_seat *s)
{
	free(s->given);
	s->given = NULL;
}

static void task_sent(struct rs_letter *l)
{
	remember(l->seat, l);
}

static void tell_lost(struct rs_reactor *r, uint32_t from, const struct rs_given_job *j)
{
	struct rs_seat *sender = rs_seat_find(r, j->sender);
	struct rs_worker *to = sender ? rs_seat_process(sender, j->incarnation) : NULL;
	struct rs_letter *l;

	if (!is_private(j->flags) || !to || rs_task_results_full(to) ||
	    !(l = rs_letter_new(r, RS_EVENT_FINISH, NULL, RS_SLICE(""), RS_SLICE(""))))
		return;
	l->h.a = j->id;
	l->h.b = (j->flags & (RS_DATA_WAITED | RS_DATA_CALLBACK)) | RS_DATA_LOST;
	l->h.fd = from;
	rs_task_give(to, l);
}

/* Nobody will ever run it. */
static void tell_refused(const struct rs_letter *l)
{
	const struct rs_given_job j = { .id = l->h.a, .sender = l->h.fd, .incarnation = l->incarnation, .flags = l->h.b };

	tell_lost(l->r, l->r->serve->first_task, &j);
}

void rs_task_process_lost(struct rs_seat *s, uint32_t incarnation)
{
	for (unsigned i = 0; s->given && i < GIVEN_MAX; i++) {
		struct rs_given_job *j = &s->given->job[i];
		if (j->incarnation == 0 || j->by != incarnation)
			continue;
		if (j->begun && !j->answered)
			tell_lost(s->r, s->id, j);
		*j = (struct rs_given_job){ 0 };
	}
}

static void log_lost(const struct rs_letter *l)
{
	char name[CLASS_MAX + 1] = "";

	class_of(rs_slice(l->data, l->n), name);
	rs_errorx(l->r->log, "task worker %u died with task %u of process %u%s%s: the task is lost", l->seat ? l->seat->id : 0,
		  l->h.a, l->h.fd, *name ? ", " : "", name);
}

static void task_over(struct rs_letter *l, enum rs_letter_end how)
{
	struct rs_serve *s = l->r->serve;
	struct rs_given_job *j = is_private(l->h.b) && l->seat ? recall(l->seat, l->h.a, l->h.fd, l->h.b) : NULL;

	if (j && how != RS_LETTER_DROPPED)
		j->begun = true;
	s->tasks--;
	s->tasks_bytes -= rs_letter_weight(l);
	s->stats_dirty = true;
	if (how == RS_LETTER_LOST)
		log_lost(l);
	if (!TAILQ_EMPTY(&s->held) && s->tasks <= TASKS_MAX / 2 && s->tasks_bytes <= TASKS_BYTES_MAX / 2)
		rs_sender_resume_all(l->r);
}

unsigned rs_task_running(const struct rs_serve *s)
{
	const struct rs_letter *l;
	unsigned n = 0;

	for (uint32_t i = s->first_task; i < s->first_user; i++) {
		TAILQ_FOREACH(l, &s->seat[i].sent, link)
			n += l->h.kind == RS_EVENT_TASK;
	}
	return n;
}

void rs_task_homeless(struct rs_letter *l)
{
	if (rs_serve_complain(l->r))
		rs_errorx(l->r->log, "there are no task workers any more: what is for them is lost");
	if (l->h.kind == RS_EVENT_TASK)
		tell_refused(l);
	rs_letter_end(l, RS_LETTER_DROPPED);
}

/* Where: dst as it came. Hosted, a reload may have changed how many there are. */
void rs_task_post(struct rs_letter *l, int32_t dst)
{
	struct rs_reactor *r = l->r;
	struct rs_serve *s = r->serve;

	l->on_send = task_sent;
	l->over = task_over;
	s->tasks++;
	s->task_total++;
	s->tasks_bytes += rs_letter_weight(l);
	s->stats_dirty = true;
	if (s->ntasks == 0)
		rs_task_homeless(l);
	else if (dst < 0)
		rs_letter_post_any(r, RS_ROLE_TASK, l);
	else
		rs_letter_post(&s->seat[s->first_task + (uint32_t)dst % s->ntasks], l);
}

/* Is that a task that may be? NULL: yes. */
static const char *check_task(const struct rs_sender *from, const struct rs_wire_task *h)
{
	const struct rs_serve *s = from->r->serve;
	const int64_t most = s->set.hosted ? RS_HOSTED_USERS - RS_HOSTED_TASKS : s->ntasks;

	if (h->dst < -1 || h->dst >= most || most == 0)
		return "TASK for a task worker that is not there";
	if (!s->set.hosted && from->role == RS_ROLE_TASK)
		return "message out of place";
	return !s->set.hosted && h->delay_ms ? "TASK that is to wait, in a server of a script" : NULL;
}

static struct rs_letter *letter_of(const struct rs_sender *from, const struct rs_wire_task *h, struct rs_slice bytes)
{
	struct rs_letter *l = rs_letter_new(from->r, RS_EVENT_TASK, NULL, RS_SLICE(""), bytes);
	const bool hosted = from->r->serve->set.hosted;

	if (!l)
		return NULL;
	l->h.a = h->id;
	l->h.b = (h->flags & ~(RS_DATA_LOST | RS_DATA_WHOSE)) | (is_private(h->flags) ? whose(from->incarnation) : 0);
	/* In scripts results go to workers only. */
	if (!hosted && from->role != RS_ROLE_WORKER)
		l->h.b |= RS_DATA_ONE_WAY;
	l->h.fd = !hosted && from->id >= RS_ID_SCRIPT ? 0 : from->id;
	l->incarnation = from->incarnation;
	return l;
}

const char *rs_task_task(struct rs_sender *from, struct rs_frame *f)
{
	struct rs_serve *s = from->r->serve;
	struct rs_wire_task h;
	struct rs_letter *l;
	const char *why;

	if (f->payload.n < sizeof h)
		return "TASK with a wrong length";
	memcpy(&h, f->payload.p, sizeof h);
	why = check_task(from, &h);
	if (why)
		return why;
	l = letter_of(from, &h, rs_slice(f->payload.p + sizeof h, f->payload.n - sizeof h));
	if (!l) {
		rs_errorx(from->r->log, "no memory for a task of process %u: it is lost", from->id);
		return NULL;
	}
	if (h.delay_ms && !s->stopping && rs_delay_put(from->r, l, h.dst, h.delay_ms))
		return NULL;
	if (h.delay_ms) {
		if (rs_serve_complain(from->r))
			rs_errorx(from->r->log, "%s: a task of process %u that was to wait is dropped",
				  s->stopping ? "the server ends" : "too many tasks wait for their time", from->id);
		tell_refused(l);
		rs_letter_end(l, RS_LETTER_DROPPED);
		return NULL;
	}
	rs_task_post(l, h.dst);
	if (s->tasks > TASKS_MAX || s->tasks_bytes > TASKS_BYTES_MAX)
		rs_sender_hold(from);
	return NULL;
}
