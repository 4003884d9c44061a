/*
 * Reloads, other numbers of processes, deaths and failed generations, in any order and at any moment, while clients send: each line of
 * each client is begun exactly once, in order, and each plain request gets an answer. The sequences are random but the same in every
 * run.
 */
#include "reactor/hosted.h"

enum { WORKERS = 4, CLIENTS = 12, ROUNDS = 6000, QUEUE = 512, ASKED = 400 };

/* A worker played by the test. */
struct process {
	struct actor a;
	bool there, ready, retired, left, dying; /* dying: in the middle of a request */
	uint64_t heard, taken;    /* event numbers: begun is in the page */
	struct line {
		uint32_t client, n;
	} queue[QUEUE];           /* of events heard and not begun, from number begun + 1 */
	struct rs_wire_request post[RS_CLAIM_SLOTS];
	uint64_t post_id[RS_CLAIM_SLOTS];
	unsigned nposts;
};

static struct server s;
static uint64_t seed;
static struct process old[WORKERS], now[WORKERS]; /* of the generation before, and the one that serves */
static uint32_t generation, serving, nworkers; /* the last that was tried; the one of ROUTE */
static int client_fd[CLIENTS], asked[ASKED];
static uint32_t sent[CLIENTS], begun[CLIENTS];
static unsigned nasked;
static bool calm; /* nobody dies any more */

static int up(void **state)
{
	(void)state;
	prepare_hosted(&s);
	s.h.log.level = RS_LOG_ALERT;
	s.set.ntasks = s.set.nusers = 0;
	s.port[LINES_PORT].events = RS_PORT_EVENT(RS_EVENT_RECEIVE);
	s.set.dispatch_mode = 2;
	return 0;
}

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* ---- processes ------------------------------------------------------------------------------------------------------------ */

static void employ(struct process *p, uint32_t id, uint32_t gen)
{
	*p = (struct process){ .there = true };
	enter_of(&s, &p->a, id, gen);
}

static void get_ready(struct process *p)
{
	struct rs_wire_ready r = { RS_PROTOCOL, 1000 + p->a.id };

	if (!p->ready)
		say(&p->a, RS_MSG_READY, 0, 0, rs_slice(&r, sizeof r), RS_SLICE(""));
	p->ready = true;
}

/* Dead for sure. */
static void bury(struct process *p)
{
	struct actor a = p->a;

	if (!p->there)
		return;
	leave(&p->a);
	gone(&s, &a);
	*p = (struct process){ 0 };
}

static void keep_event(struct process *p, const struct rs_frame *f)
{
	struct rs_wire_event e;
	struct line *l;
	unsigned c, n;

	memcpy(&e, f->payload.p, sizeof e);
	assert_int_equal(e.seq, ++p->heard);
	assert_int_equal(e.kind, RS_EVENT_RECEIVE);
	assert_int_equal(sscanf(f->payload.p + sizeof e, "%u %u\n", &c, &n), 2);
	assert_true(p->heard - atomic_load(&p->a.page->begun) <= QUEUE);
	l = &p->queue[p->heard % QUEUE];
	*l = (struct line){ c, n };
}

static void listen_to(struct process *p)
{
	struct rs_frame f;

	while (p->there && !p->a.eof && next_frame(&p->a.ch, &f, 0, &p->a.eof)) {
		switch (f.msg) {
		case RS_MSG_EVENT:
			keep_event(p, &f);
			break;
		case RS_MSG_REQUEST:
			assert_true(p->nposts < RS_CLAIM_SLOTS);
			memcpy(&p->post[p->nposts], f.payload.p, sizeof p->post[0]);
			p->post_id[p->nposts++] = f.id;
			break;
		case RS_MSG_RETIRE:
			p->retired = true;
			break;
		default:
			break;
		}
	}
}

static bool may_say(struct process *p)
{
	return p->there && !p->a.eof;
}

static void put(struct process *p, enum rs_msg msg, uint64_t id, const void *bytes, size_t n, uint16_t flags)
{
	if (rs_ipc_put(&p->a.ch, msg, flags, id, rs_slice(bytes, n), RS_SLICE(""), NULL, 0) != RS_OK ||
	    rs_ipc_flush(&p->a.ch) != RS_OK)
		p->a.eof = true;
}

/* The callback of the next event is called. */
static void begin_next(struct process *p)
{
	uint64_t at = atomic_load(&p->a.page->begun);
	struct line *l;

	if (at == p->heard)
		return;
	atomic_store(&p->a.page->begun, ++at);
	l = &p->queue[at % QUEUE];
	if (l->n != begun[l->client] + 1)
		fail_msg("line %u of client %u after line %u: worker %u of generation %u", l->n, l->client, begun[l->client], p->a.id,
			 p->a.generation);
	begun[l->client] = l->n;
}

static void serve_next(struct process *p)
{
	const struct rs_wire_response head = { .status = 200, .content_length = -1, .body_len = 0 };

	if (!p->nposts)
		return;
	p->nposts--;
	if (!rs_claim_move(p->a.page, p->post[0].slot, p->post[0].claim, RS_CLAIM_TAKEN))
		; /* taken back */
	else if (!calm && !pick(12))
		p->dying = true;
	else
		put(p, RS_MSG_RESPONSE, p->post_id[0], &head, sizeof head, RS_FRAME_END | RS_FRAME_DONE);
	memmove(p->post, p->post + 1, p->nposts * sizeof p->post[0]);
	memmove(p->post_id, p->post_id + 1, p->nposts * sizeof p->post_id[0]);
}

static void say_taken(struct process *p)
{
	uint64_t upto = atomic_load(&p->a.page->begun);

	if (upto == p->taken)
		return;
	p->taken = upto;
	put(p, RS_MSG_TAKEN, 0, &upto, sizeof upto, 0);
}

/* It begins nothing more. */
static void say_leaving(struct process *p)
{
	if (p->left || !p->ready)
		return;
	p->left = true;
	if (pick(4))
		say_taken(p);
	put(p, RS_MSG_LEAVING, 0, "", 0, 0);
}

/* A turn of its life. false: it is over. */
static bool live(struct process *p)
{
	listen_to(p);
	if (!p->ready || p->left)
		return p->there && (p->ready ? pick(4) : true);
	for (unsigned steps = pick(4); steps && may_say(p) && !p->retired && !p->dying; steps--) {
		if (pick(3))
			begin_next(p);
		if (pick(3))
			serve_next(p);
		if (pick(2))
			say_taken(p);
	}
	if (p->dying)
		return false;
	if (may_say(p) && (p->retired ? pick(2) : !calm && !pick(80))) {
		say_leaving(p);
		return true;
	}
	if (calm)
		return !p->a.eof;
	if (may_say(p) && !pick(150))
		put(p, RS_MSG_TASK, 0, "bad", 3, 0); /* to be killed; it goes on until it is */
	return !p->a.eof && pick(p->retired ? 6 : 100);
}

/* ---- the master ------------------------------------------------------------------------------------------------------------- */

static void reload(void)
{
	uint32_t want = 1 + pick(WORKERS);
	bool fails = !pick(4);

	for (uint32_t i = 0; i < WORKERS; i++) {
		bury(&old[i]);
		old[i] = now[i];
		now[i] = (struct process){ 0 };
		/* The struct has moved: nothing points into it. */
	}
	generation++;
	for (uint32_t i = 0; i < want; i++) {
		employ(&now[i], i, generation);
		if (!fails || pick(2))
			get_ready(&now[i]);
	}
	for (unsigned i = pick(20); i; i--)
		(void)live(&old[pick(WORKERS)]);
	if (fails) {
		for (uint32_t i = 0; i < WORKERS; i++) {
			bury(&now[i]);
			now[i] = old[i];
			old[i] = (struct process){ 0 };
		}
		return;
	}
	nworkers = want;
	serving = generation;
	shape(&s, generation, nworkers, 0);
	route(&s.h, generation);
}

static void replace_the_dead(void)
{
	for (uint32_t i = 0; i < nworkers; i++) {
		if (!now[i].there)
			employ(&now[i], i, serving);
		if (!pick(3))
			get_ready(&now[i]);
	}
}

static void turn(struct process *p)
{
	if (p->there && !live(p))
		bury(p);
}

/* ---- clients ------------------------------------------------------------------------------------------------------------------ */

static void send_line(unsigned c)
{
	char text[64];

	rs_fmt(text, sizeof text, "%u %u\n", c, ++sent[c]);
	send_text(client_fd[c], text);
}

static void print_where(void)
{
	for (unsigned c = 0; c < CLIENTS; c++) {
		struct rs_session x = { 0 };
		if (begun[c] != sent[c] && rs_board_get(&s.board, c + 1, &x))
			print_error("client %u: %u of %u, worker %u\n", c, begun[c], sent[c], x.worker);
	}
	for (uint32_t i = 0; i < WORKERS; i++) {
		const struct process *p[] = { &old[i], &now[i] };
		for (int k = 0; k < 2; k++) {
			if (p[k]->there)
				print_error("worker %u of %u: ready %d retired %d left %d, heard %lu begun %lu taken %lu\n", i,
					    p[k]->a.generation, p[k]->ready, p[k]->retired, p[k]->left, (unsigned long)p[k]->heard,
					    (unsigned long)atomic_load(&p[k]->a.page->begun), (unsigned long)p[k]->taken);
		}
	}
	print_error("generation %u serves\n", serving);
}

/* A turn of everybody in the calm. */
static void calm_turn(int64_t end_ms, const char *why)
{
	for (uint32_t i = 0; i < WORKERS; i++) {
		turn(&now[i]);
		turn(&old[i]);
	}
	replace_the_dead();
	settle(&s);
	if (rs_now_ms() > end_ms) {
		print_where();
		fail_msg("%s", why);
	}
}

static bool all_begun(void)
{
	for (unsigned c = 0; c < CLIENTS; c++) {
		if (begun[c] != sent[c])
			return false;
	}
	return true;
}

static void anything_goes(void **state)
{
	int64_t end_ms;

	(void)state;
	open_doors(&s);
	generation = serving = nworkers = 1;
	employ(&now[0], 0, 1);
	get_ready(&now[0]);
	shape(&s, 1, 1, 0);
	route(&s.h, 1);
	for (unsigned c = 0; c < CLIENTS; c++)
		client_fd[c] = client_of(&s, LINES_PORT);
	s.h.port = s.port[MAIN_PORT].port;
	for (unsigned round = 0; round < ROUNDS; round++) {
		send_line(pick(CLIENTS));
		turn(&now[pick(WORKERS)]);
		turn(&old[pick(WORKERS)]);
		if (!pick(20) && nasked < ASKED)
			asked[nasked++] = asking(&s.h, "/");
		if (!pick(10))
			replace_the_dead();
		if (!pick(60))
			reload();
		/* Everybody has had his turn, the reactor too. */
		settle(&s);
	}
	calm = true;
	end_ms = rs_now_ms() + 4 * PATIENCE_MS;
	while (!all_begun())
		calm_turn(end_ms, "not all lines were begun");
	for (unsigned i = 0; i < nasked; i++) {
		while (!readable(asked[i], 0))
			calm_turn(end_ms, "a request has no answer");
		struct reply *r = read_reply(asked[i]);
		assert_true(r->status == 200 || r->status == 502);
		close(asked[i]);
	}
	for (unsigned c = 0; c < CLIENTS; c++)
		close(client_fd[c]);
	while (ask_status(&s.h).connections)
		calm_turn(end_ms, "a connection does not end");
	for (uint32_t i = 0; i < WORKERS; i++) {
		bury(&now[i]);
		bury(&old[i]);
	}
	close_doors(&s);
}

static int again(void **state)
{
	memset(sent, 0, sizeof sent);
	memset(begun, 0, sizeof begun);
	memset(old, 0, sizeof old);
	memset(now, 0, sizeof now);
	nasked = 0;
	calm = false;
	seed++;
	return up(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		{ "first", anything_goes, again, down, NULL },
		{ "second", anything_goes, again, down, NULL },
		{ "third", anything_goes, again, down, NULL },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
