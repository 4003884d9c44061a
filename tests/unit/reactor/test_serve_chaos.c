/*
 * Processes and clients of a server that do anything, in any order: the reactor must survive (with sanitizers), go on
 * serving, tell of each connection once that it came and once that it went, and hold nothing back at the end. The
 * sequences are random but the same in every run.
 */
#include "reactor/serving.h"

enum { WORKERS = 3, TASKS = 2, CLIENTS = 16, ROUNDS = 1500, PROCESSES = WORKERS + TASKS };

static struct server s;
static uint64_t seed;
static struct actor process[PROCESSES];
static uint64_t last_seq[PROCESSES];
static bool leaving[PROCESSES];
static struct actor lingerer[PROCESSES]; /* beside the one that has the seat; page NULL: none */
static bool lying; /* processes write anything into memory that they share with the reactor */
static char came[1 << 16], went[1 << 16]; /* by $fd: how often somebody began to hear of it */

static int up(void **state)
{
	(void)state;
	prepare_server(&s);
	s.h.log.level = RS_LOG_ALERT;
	s.set.nworkers = WORKERS;
	s.set.ntasks = TASKS;
	s.set.max_queued_bytes = 8192;
	s.port[0].open_eof_split = true;
	memcpy(s.port[0].eof, "\n", s.port[0].eof_len = 1);
	s.port[0].high_watermark = 4096;
	s.port[0].package_max_length = 65536;
	s.set.nports = 2;
	s.sessions = 256;
	seed = 4242;
	return 0;
}

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* Without a look at what the master hears: it has heard a lot. */
static void employ(uint32_t id)
{
	struct rs_wire_ready r = { RS_PROTOCOL, 1000 + id };

	enter_for(&s, &process[id], id);
	say(&process[id], RS_MSG_READY, 0, 0, rs_slice(&r, sizeof r), RS_SLICE(""));
	last_seq[id] = 0;
	leaving[id] = false;
}

/* false: the channel is closed. */
static bool put(struct actor *a, enum rs_msg msg, const void *p, size_t n)
{
	if (rs_ipc_put(&a->ch, msg, 0, 0, rs_slice(p, n), RS_SLICE(""), NULL, 0) != RS_OK ||
	    rs_ipc_flush(&a->ch) != RS_OK)
		a->eof = true;
	return !a->eof;
}

static void note(const struct rs_wire_event *e)
{
	assert_true(e->fd < sizeof came);
	if (e->kind == RS_EVENT_CONNECT && ++came[e->fd] > 1)
		fail_msg("connection %u came twice", e->fd);
	if (e->kind == RS_EVENT_CLOSE && ++went[e->fd] > 1)
		fail_msg("connection %u went twice", e->fd);
	if (e->kind == RS_EVENT_RECEIVE && went[e->fd])
		fail_msg("connection %u has sent after it went", e->fd);
}

static void listen_to(uint32_t id, int ms)
{
	struct actor *a = &process[id];
	struct rs_wire_event e;
	struct rs_frame f;

	while (next_frame(&a->ch, &f, ms, &a->eof)) {
		if (f.msg != RS_MSG_EVENT)
			continue;
		assert_true(f.payload.n >= sizeof e);
		memcpy(&e, f.payload.p, sizeof e);
		/* It begins nothing more, and results of its own have no number when it has no seat. */
		if (leaving[id] && e.seq == 0 && e.kind == RS_EVENT_FINISH)
			continue;
		assert_int_equal(e.seq, ++last_seq[id]);
		if (leaving[id])
			continue;
		begin(a, e.seq);
		if (!lying)
			note(&e);
	}
}

static uint32_t some_fd(void)
{
	return pick(8) ? atomic_load(&s.board.head->max_fd) - pick(20) : pick(UINT32_MAX);
}

/* A frame that makes sense, mostly. */
static void random_frame(uint32_t id)
{
	struct actor *a = &process[id];
	struct {
		union {
			struct rs_wire_send send;
			struct rs_wire_order order;
			struct rs_wire_task task;
			struct rs_wire_finish finish;
			struct rs_wire_message message;
			uint64_t n;
		} u;
		char bytes[3000];
	} m;
	unsigned n = pick(4) ? pick(100) : pick(3000);

	memset(&m, 'z', sizeof m);
	switch (pick(9)) {
	case 0:
	case 1:
		m.u.n = last_seq[id] + (pick(300) ? 0 : 1);
		put(a, RS_MSG_TAKEN, &m, 8);
		break;
	case 2:
		m.u.send = (struct rs_wire_send){ .fd = some_fd(), .kind = pick(200) ? RS_SEND_BYTES : (uint8_t)pick(256) };
		put(a, RS_MSG_SEND, &m, sizeof m.u.send + n);
		break;
	case 3:
		m.u.order = (struct rs_wire_order){ .fd = some_fd(), .what = pick(200) ? pick(RS_ORDER_DISCONNECT) : pick(99),
						    .arg = 0 };
		put(a, RS_MSG_ORDER, &m, sizeof m.u.order);
		break;
	case 4:
		m.u.task = (struct rs_wire_task){ .id = pick(50), .dst = (int32_t)pick(TASKS + 1) - 1, .flags = pick(16) };
		if (id < WORKERS || pick(100) == 0)
			put(a, RS_MSG_TASK, &m, sizeof m.u.task + n);
		break;
	case 5:
		m.u.finish = (struct rs_wire_finish){ .id = pick(50), .to = pick(200) ? pick(WORKERS) : pick(99), .flags = pick(16) };
		if (id >= WORKERS || pick(100) == 0)
			put(a, RS_MSG_FINISH, &m, sizeof m.u.finish + n);
		break;
	case 6:
		m.u.message = (struct rs_wire_message){ .dst = pick(200) ? pick(PROCESSES) : pick(99), .flags = pick(2) };
		put(a, RS_MSG_MESSAGE, &m, sizeof m.u.message + n);
		break;
	case 7:
		if (pick(40) == 0) {
			put(a, RS_MSG_LEAVING, "", 0);
			leaving[id] = true;
		}
		break;
	case 8:
		if (pick(200) == 0)
			put(a, (enum rs_msg[]){ RS_MSG_SEND, RS_MSG_ORDER, RS_MSG_DONE, RS_MSG_READY }[pick(4)], &m, pick(9));
		break;
	}
}

/* One turn of a process's life; it may be its last. */
static void random_process(uint32_t id)
{
	struct actor *a = &process[id];

	for (unsigned steps = 1 + pick(6); steps && !a->eof; steps--) {
		if (pick(4))
			listen_to(id, 0);
		random_frame(id);
	}
	if (lingerer[id].page && (lingerer[id].eof || pick(20) == 0))
		leave(&lingerer[id]);
	if (leaving[id] && !lingerer[id].page && !a->eof && pick(4) == 0 && put(a, RS_MSG_LINGERS, "", 0)) {
		/* The reactor may hear of the successor first: then it is gone. */
		if (pick(4))
			(void)ask_status(&s.h);
		lingerer[id] = *a;
		employ(id);
	} else if (a->eof || pick(60) == 0) {
		leave(a);
		employ(id);
	}
	/* What it was told is not looked at. */
	if (lingerer[id].page && pick(2)) {
		struct actor mine = process[id];
		process[id] = lingerer[id];
		random_frame(id);
		lingerer[id] = process[id];
		process[id] = mine;
	}
}

static void leave_all(void)
{
	for (uint32_t id = 0; id < PROCESSES; id++) {
		leave(&process[id]);
		if (lingerer[id].page)
			leave(&lingerer[id]);
	}
}

/* false: closed. */
static bool random_client(int c)
{
	char drop[8192], line[200];

	for (unsigned i = pick(8); i; i--) {
		size_t n = 1 + pick(sizeof line);
		memset(line, 'l', sizeof line);
		if (pick(3))
			line[n - 1] = '\n';
		(void)!send(c, line, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	if (pick(30) == 0)
		shutdown(c, SHUT_WR);
	return pick(3) == 0 || recv(c, drop, sizeof drop, MSG_DONTWAIT) != 0;
}

static void anything_goes(void **state)
{
	int c[CLIENTS];
	uint32_t fd;

	(void)state;
	open_doors(&s);
	for (uint32_t id = 0; id < PROCESSES; id++)
		employ(id);
	for (int i = 0; i < CLIENTS; i++)
		c[i] = client_of(&s, pick(2));
	for (int round = 0; round < ROUNDS; round++) {
		int i = (int)pick(CLIENTS);
		if (!random_client(c[i]) || pick(12) == 0) {
			struct linger now = { pick(2) == 0, 0 };
			setsockopt(c[i], SOL_SOCKET, SO_LINGER, &now, sizeof now);
			close(c[i]);
			c[i] = client_of(&s, pick(2));
		}
		random_process(pick(PROCESSES));
		if (pick(100) == 0) {
			uint32_t what = pick(2);
			to_reactor(&s.h, RS_MSG_RENEW, &what, sizeof what, NULL, 0);
		}
		if (round % 50 == 0)
			(void)ask_status(&s.h);
	}
	for (int i = 0; i < CLIENTS; i++)
		close(c[i]);
	leave_all();
	for (uint32_t id = 0; id < PROCESSES; id++)
		employ(id);
	/* Who does as he should hears all that is left, until nobody is there. */
	int64_t end_ms = rs_now_ms() + PATIENCE_MS;
	while (rs_board_list(&s.board, 0, -1, &fd, 1) || atomic_load(&s.board.head->tasking) ||
	       atomic_load(&s.board.head->idle_workers) != WORKERS) {
		for (uint32_t id = 0; id < PROCESSES; id++) {
			uint64_t before = last_seq[id];
			listen_to(id, 2);
			if (last_seq[id] != before)
				taken(&process[id], last_seq[id]);
			if (process[id].eof) {
				leave(&process[id]);
				employ(id);
			}
		}
		if (rs_now_ms() > end_ms)
			fail_msg("connection %u, %u tasks, %u idle", fd, atomic_load(&s.board.head->tasking),
				 atomic_load(&s.board.head->idle_workers));
	}
	until_connections(&s.h, 0);
	assert_int_equal(atomic_load(&s.board.head->connections), 0);
	assert_int_equal(atomic_load(&s.board.head->accepted), atomic_load(&s.board.head->closed));
	for (uint32_t id = 0; id < PROCESSES; id++)
		leave(&process[id]);
	close_doors(&s);
}

/* Anything into the board and into claim pages. */
static void scribble(void)
{
	char *board = (char *)s.board.head;

	for (unsigned i = pick(200); i; i--) {
		uint64_t word = pick(3) ? pick(300) : pick(2) ? UINT64_MAX : (uint64_t)pick(UINT32_MAX) << 32 | pick(UINT32_MAX);
		size_t n = 1u << pick(4);
		memcpy(board + pick((unsigned)(s.board.bytes / n)) * n, &word, n);
	}
	atomic_store(&process[pick(PROCESSES)].page->begun, pick(2) ? pick(500) : UINT64_MAX);
}

/* Somebody hears of this line. */
static bool heard_by_anybody(const char *line)
{
	struct rs_wire_event e;
	bool found = false;
	struct rs_frame f;

	for (uint32_t id = 0; id < PROCESSES; id++) {
		while (next_frame(&process[id].ch, &f, 2, &process[id].eof)) {
			if (f.msg != RS_MSG_EVENT)
				continue;
			assert_true(f.payload.n >= sizeof e);
			memcpy(&e, f.payload.p, sizeof e);
			found = found || (e.kind == RS_EVENT_RECEIVE &&
					  rs_slice_eq(rs_slice(f.payload.p + sizeof e, f.payload.n - sizeof e), rs_slice_str(line)));
			taken(&process[id], e.seq);
		}
	}
	return found;
}

/* The reactor believes nothing that others can write: it goes on serving, whatever stands on the board. */
static void a_board_that_lies(void **state)
{
	int64_t end_ms = rs_now_ms() + PATIENCE_MS;
	int c[CLIENTS];

	(void)state;
	lying = true;
	open_doors(&s);
	for (uint32_t id = 0; id < PROCESSES; id++)
		employ(id);
	for (int i = 0; i < CLIENTS; i++)
		c[i] = client_of(&s, pick(2));
	for (int round = 0; round < ROUNDS; round++) {
		int i = (int)pick(CLIENTS);
		if (!random_client(c[i]) || pick(12) == 0) {
			close(c[i]);
			c[i] = client_of(&s, pick(2));
		}
		random_process(pick(PROCESSES));
		scribble();
		if (round % 50 == 0)
			(void)ask_status(&s.h);
	}
	for (int i = 0; i < CLIENTS; i++)
		close(c[i]);
	leave_all();
	for (uint32_t id = 0; id < PROCESSES; id++)
		employ(id);
	c[0] = client_of(&s, 0);
	send_text(c[0], "is anybody there\n");
	while (!heard_by_anybody("is anybody there\n")) {
		if (rs_now_ms() > end_ms)
			fail_msg("nobody heard");
	}
	close(c[0]);
	for (uint32_t id = 0; id < PROCESSES; id++)
		leave(&process[id]);
	close_doors(&s);
	lying = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(anything_goes, up, down),
		cmocka_unit_test_setup_teardown(a_board_that_lies, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
