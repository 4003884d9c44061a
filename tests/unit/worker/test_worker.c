/*
 * A worker with the fake engine in a child process; the test plays the reactor: claims, credit, cancel, recycling. All of it also with a
 * process for each request (isolation = fork), of which the reactor must not see anything.
 */
#include "worker/manager.c"
#include "worker/worker.c"
#include "worker/worker_receive.c"
#include "worker/worker_exchange.c"
#include "worker/worker_exchange_answer.c"

#include "fake/fake_engine.c"
#include "fake/fake_server.c"

#include <zlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

struct rig {
	pid_t pid;
	struct rs_ipc c;
	struct rs_claim_page *page;
	uint64_t seq;
	struct rs_conf conf;
};

static struct rs_log quiet = { .fd = 2, .level = RS_LOG_ALERT, .role = "test" };

static void expect(struct rig *r, enum rs_msg msg, struct rs_frame *f)
{
	enum rs_result got;

	while ((got = rs_ipc_next(&r->c, f)) == RS_AGAIN)
		assert_int_equal(rs_ipc_fill(&r->c), RS_OK);
	assert_int_equal(got, RS_OK);
	assert_string_equal(rs_msg_name(f->msg), rs_msg_name(msg));
}

static int setup_with_compression(struct rig *r, int64_t max_request, enum rs_isolation mode, bool compression)
{
	struct rs_wire_fork order = { .id = 3, .generation = 1 };
	struct rs_frame f;
	int fds[2], mem;

	rs_conf_init(&r->conf);
	r->conf.max_request = max_request;
	r->conf.max_request_grace = 0;
	r->conf.isolation = mode;
	r->conf.http_compression = compression;
	assert_true(rs_fd_pair(fds));
	mem = rs_fd_memory("claims", RS_CLAIM_PAGE);
	r->page = mmap(NULL, RS_CLAIM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, mem, 0);
	r->seq = 0;
	r->pid = rs_fork();
	if (r->pid == 0) {
		static struct rs_title title;
		static struct rs_heritage h;
		h = (struct rs_heritage){ .conf = &r->conf, .log = &quiet, .title = &title, .master_pid = getppid() };
		process = (struct rs_process){ .h = &h, .engine = &rs_the_engine, .log = &quiet };
		close(fds[0]);
		_exit(rs_worker_main(&process, &order, fds[1], mem));
	}
	close(fds[1]);
	close(mem);
	rs_ipc_init(&r->c, fds[0], RS_IPC_REACTOR, RS_IPC_WORKER);
	expect(r, RS_MSG_READY, &f);
	assert_int_equal(f.payload.n, sizeof(struct rs_wire_ready));
	return 0;
}

static int setup_with(struct rig *r, int64_t max_request, enum rs_isolation mode)
{
	return setup_with_compression(r, max_request, mode, false);
}

static int setup(void **state)
{
	static struct rig rig;

	*state = &rig;
	return setup_with(&rig, 0, RS_ISOLATION_GREEDY);
}

static int setup_fork(void **state)
{
	static struct rig rig;

	*state = &rig;
	return setup_with(&rig, 0, RS_ISOLATION_FORK);
}

static int status_of(struct rig *r)
{
	int status;

	rs_ipc_fini(&r->c);
	assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
	munmap(r->page, RS_CLAIM_PAGE);
	rs_conf_fini(&r->conf);
	return status;
}

static int teardown(void **state)
{
	assert_int_equal(status_of(*state), 0);
	return 0;
}

/* With a field; an empty one is left out. */
static void post_field(struct rig *r, uint64_t id, uint32_t slot, const char *target, struct rs_slice body, uint64_t credit,
		       const char *name, const char *value)
{
	struct rs_wire_request w = { .slot = slot, .credit = credit, .body_len = body.n, .http_minor = 1, .nfields = *name != 0 };
	struct rs_wire_slice field[2];
	struct rs_buf b = { 0 };
	const char *q = strchr(target, '?');

	w.claim = rs_claim_word(++r->seq, RS_CLAIM_POSTED);
	w.method = (struct rs_wire_slice){ 0, 4 };
	w.target = (struct rs_wire_slice){ 4, (uint32_t)strlen(target) };
	w.path_len = q ? (uint32_t)(q - target) : w.target.len;
	field[0] = (struct rs_wire_slice){ 4 + w.target.len, (uint32_t)strlen(name) };
	field[1] = (struct rs_wire_slice){ field[0].off + field[0].len, (uint32_t)strlen(value) };
	w.head_len = field[1].off + field[1].len;
	atomic_store(&r->page->word[slot], w.claim);
	assert_true(rs_buf_put(&b, &w, sizeof w) && rs_buf_put(&b, field, w.nfields * sizeof field) && rs_buf_put(&b, "POST", 4) &&
		    rs_buf_put(&b, target, strlen(target)) && rs_buf_put(&b, name, strlen(name)) &&
		    rs_buf_put(&b, value, strlen(value)) && rs_buf_put(&b, body.p, body.n));
	assert_int_equal(rs_ipc_put(&r->c, RS_MSG_REQUEST, 0, id, rs_buf_slice(&b), RS_SLICE(""), NULL, 0), RS_OK);
	rs_buf_free(&b);
}

static void post(struct rig *r, uint64_t id, uint32_t slot, const char *target, struct rs_slice body, uint64_t credit)
{
	post_field(r, id, slot, target, body, credit, "", "");
}

static void tell(struct rig *r, enum rs_msg msg, uint64_t id, struct rs_slice payload)
{
	assert_int_equal(rs_ipc_put(&r->c, msg, 0, id, payload, RS_SLICE(""), NULL, 0), RS_OK);
}

static void flush(struct rig *r)
{
	assert_int_equal(rs_ipc_flush(&r->c), RS_OK);
}

static struct rs_slice response_body(const struct rs_frame *f, struct rs_wire_response *w)
{
	memcpy(w, f->payload.p, sizeof *w);
	assert_int_equal(f->payload.n, sizeof *w + w->reason_len + w->headers_len + w->body_len);
	return rs_slice(f->payload.p + f->payload.n - w->body_len, w->body_len);
}

static void test_answers_in_one_frame(void **state)
{
	struct rig *r = *state;
	struct rs_wire_response w;
	struct rs_frame f;

	post(r, 11, 0, "/echo", RS_SLICE("ping"), 1000);
	flush(r);
	expect(r, RS_MSG_RESPONSE, &f);
	assert_int_equal(f.id, 11);
	assert_int_equal(f.flags, RS_FRAME_END);
	assert_true(rs_slice_eq(response_body(&f, &w), RS_SLICE("ping")));
	assert_int_equal(w.status, 200);
	assert_int_equal(w.content_length, 4);
	expect(r, RS_MSG_DONE, &f);
	assert_int_equal(f.id, 11);
	assert_true(r->page->word[0] == rs_claim_word(r->seq, RS_CLAIM_TAKEN));
}

/* What the reactor took back is never run, and what stands behind it is. */
static void test_revoked_is_not_run(void **state)
{
	struct rig *r = *state;
	struct rs_frame f;
	uint64_t posted;

	post(r, 1, 0, "/sleep?ms=150", RS_SLICE(""), 1000);
	post(r, 2, 1, "/", RS_SLICE(""), 1000);
	posted = atomic_load(&r->page->word[1]);
	post(r, 3, 2, "/", RS_SLICE(""), 1000);
	flush(r);
	assert_true(rs_claim_move(r->page, 1, posted, RS_CLAIM_REVOKED));
	expect(r, RS_MSG_RESPONSE, &f);
	assert_int_equal(f.id, 1);
	expect(r, RS_MSG_DONE, &f);
	expect(r, RS_MSG_RESPONSE, &f);
	assert_int_equal(f.id, 3);
	expect(r, RS_MSG_DONE, &f);
	assert_int_equal(f.id, 3);
}

/* Never more body bytes than credit; the rest follows when it is granted. */
static void test_credit(void **state)
{
	struct rig *r = *state;
	const uint64_t total = 300000, first = 100000;
	uint64_t got = 0, more = total - first;
	struct rs_wire_response w;
	struct rs_frame f;

	post(r, 5, 0, "/big?n=300000", RS_SLICE(""), first);
	post(r, 6, 1, "/", RS_SLICE(""), 1000); /* stands in the channel before the credit */
	flush(r);
	expect(r, RS_MSG_RESPONSE, &f);
	got += response_body(&f, &w).n;
	assert_int_equal(w.content_length, -1);
	while (got < first) {
		expect(r, RS_MSG_BODY, &f);
		got += f.payload.n;
	}
	assert_true(got == first);
	tell(r, RS_MSG_CREDIT, 999, rs_slice(&more, sizeof more)); /* somebody else's */
	tell(r, RS_MSG_CREDIT, 5, rs_slice(&more, sizeof more));
	flush(r);
	while (!(f.flags & RS_FRAME_END)) {
		expect(r, RS_MSG_BODY, &f);
		assert_int_equal(f.id, 5);
		got += f.payload.n;
	}
	assert_true(got == total);
	expect(r, RS_MSG_DONE, &f);
	expect(r, RS_MSG_RESPONSE, &f);
	assert_int_equal(f.id, 6);
	expect(r, RS_MSG_DONE, &f);
}

/* ---- compression ---------------------------------------------------------------------------------------------- */

static int setup_packing(void **state)
{
	static struct rig rig;

	*state = &rig;
	return setup_with_compression(&rig, 0, RS_ISOLATION_GREEDY, true);
}

static int setup_packing_fork(void **state)
{
	static struct rig rig;

	*state = &rig;
	return setup_with_compression(&rig, 0, RS_ISOLATION_FORK, true);
}

static void assert_inflates(struct rs_slice in, struct rs_slice expected)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n };
	char *out = malloc(expected.n + 1);

	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)expected.n + 1;
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	assert_int_equal(z.total_out, expected.n);
	assert_memory_equal(out, expected.p, expected.n);
	inflateEnd(&z);
	free(out);
}

/* One frame with the length of what it has; the next one begins anew. */
static void test_packed_in_one_frame(void **state)
{
	static char text[20000];
	struct rig *r = *state;
	struct rs_wire_response w;
	struct rs_slice body;
	struct rs_frame f;

	memset(text, 't', sizeof text);
	for (uint64_t id = 1; id < 4; id++) {
		post_field(r, id, 0, "/echo", rs_slice(text, sizeof text), 100000, "accept-encoding", id == 2 ? "" : "gzip");
		flush(r);
		expect(r, RS_MSG_RESPONSE, &f);
		assert_int_equal(f.flags, RS_FRAME_END);
		body = response_body(&f, &w);
		assert_int_equal(w.content_length, body.n);
		assert_non_null(memmem(f.payload.p, f.payload.n, "Vary: Accept-Encoding\r\n", 23));
		if (id == 2)
			assert_true(rs_slice_eq(body, rs_slice(text, sizeof text)));
		else
			assert_inflates(body, rs_slice(text, sizeof text));
		expect(r, RS_MSG_DONE, &f);
	}
}

/* Compressed bytes spend the credit, also where there are more of them than before. */
static void test_packed_credit(void **state)
{
	static char text[60000];
	const uint64_t first = 1000, more = 1000000;
	struct rig *r = *state;
	struct rs_wire_response w;
	struct rs_buf all = { 0 };
	struct rs_slice body;
	struct rs_frame f;
	uint64_t x = 1;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)((x = x * 6364136223846793005u + 1442695040888963407u) >> 33);
	post_field(r, 5, 0, "/echo", rs_slice(text, sizeof text), first, "accept-encoding", "gzip");
	flush(r);
	expect(r, RS_MSG_RESPONSE, &f);
	body = response_body(&f, &w);
	assert_int_equal(w.content_length, -1);
	assert_int_equal(body.n, first);
	assert_true(rs_buf_put(&all, body.p, body.n));
	tell(r, RS_MSG_CREDIT, 5, rs_slice(&more, sizeof more));
	flush(r);
	while (!(f.flags & RS_FRAME_END)) {
		expect(r, RS_MSG_BODY, &f);
		assert_true(rs_buf_put(&all, f.payload.p, f.payload.n));
	}
	assert_true(all.len > sizeof text);
	assert_inflates(rs_buf_slice(&all), rs_slice(text, sizeof text));
	rs_buf_free(&all);
	expect(r, RS_MSG_DONE, &f);
}

/* A response that is left in the middle leaves nothing to the next one. */
static void test_packed_cancel(void **state)
{
	struct rig *r = *state;
	struct rs_wire_response w;
	struct rs_frame f;

	post_field(r, 5, 0, "/big?n=100000000", RS_SLICE(""), 1000, "accept-encoding", "gzip");
	flush(r);
	expect(r, RS_MSG_RESPONSE, &f);
	tell(r, RS_MSG_CANCEL, 5, RS_SLICE(""));
	post_field(r, 6, 1, "/echo", RS_SLICE("a body that is long enough"), 1000, "accept-encoding", "gzip");
	flush(r);
	do {
		enum rs_result got;
		while ((got = rs_ipc_next(&r->c, &f)) == RS_AGAIN)
			assert_int_equal(rs_ipc_fill(&r->c), RS_OK);
		assert_int_equal(got, RS_OK);
	} while (f.msg == RS_MSG_BODY);
	assert_int_equal(f.msg, RS_MSG_DONE);
	expect(r, RS_MSG_RESPONSE, &f);
	assert_inflates(response_body(&f, &w), RS_SLICE("a body that is long enough"));
	expect(r, RS_MSG_DONE, &f);
}

/* Each flush gives what there is. */
static void test_packed_flush(void **state)
{
	struct rig *r = *state;
	struct rs_wire_response w;
	struct rs_slice body;
	z_stream z = { 0 };
	struct rs_frame f;
	char out[64];

	post_field(r, 5, 0, "/chunks?n=3&ms=1", RS_SLICE(""), 1000, "accept-encoding", "gzip");
	flush(r);
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	for (int i = 0; i < 3; i++) {
		expect(r, i ? RS_MSG_BODY : RS_MSG_RESPONSE, &f);
		body = i ? f.payload : response_body(&f, &w);
		z.next_in = (Bytef *)(uintptr_t)body.p;
		z.avail_in = (uInt)body.n;
		z.next_out = (Bytef *)out;
		z.avail_out = sizeof out;
		assert_int_equal(inflate(&z, Z_SYNC_FLUSH), Z_OK);
		assert_int_equal(sizeof out - z.avail_out, strlen("chunk 0\n"));
		assert_memory_equal(out, "chunk ", 6);
		assert_int_equal(out[6], '0' + i);
	}
	inflateEnd(&z);
	expect(r, RS_MSG_BODY, &f);
	assert_int_equal(f.flags, RS_FRAME_END);
	expect(r, RS_MSG_DONE, &f);
}

/* ---- ends -------------------------------------------------------------------------------------------------------- */

/* A client that leaves frees the worker from waiting for its credit. */
static void test_cancel(void **state)
{
	struct rig *r = *state;
	struct rs_frame f;

	post(r, 5, 0, "/big?n=100000000", RS_SLICE(""), 70000);
	flush(r);
	expect(r, RS_MSG_RESPONSE, &f);
	tell(r, RS_MSG_CANCEL, 5, RS_SLICE(""));
	flush(r);
	do {
		enum rs_result got;
		while ((got = rs_ipc_next(&r->c, &f)) == RS_AGAIN)
			assert_int_equal(rs_ipc_fill(&r->c), RS_OK);
		assert_int_equal(got, RS_OK);
	} while (f.msg == RS_MSG_BODY);
	assert_int_equal(f.msg, RS_MSG_DONE);
}

static void test_retire(void **state)
{
	struct rig *r = *state;
	struct rs_frame f;

	post(r, 1, 0, "/", RS_SLICE(""), 1000);
	flush(r);
	expect(r, RS_MSG_RESPONSE, &f);
	expect(r, RS_MSG_DONE, &f);
	tell(r, RS_MSG_RETIRE, 0, RS_SLICE(""));
	flush(r);
	assert_int_equal(rs_ipc_fill(&r->c), RS_DONE);
}

/* The engine's word that the process is spoilt: the answer arrives, then the process ends with 255. */
static void test_recycle(void **state)
{
	struct rig r;
	struct rs_frame f;

	(void)state;
	setup_with(&r, 0, RS_ISOLATION_GREEDY);
	post(&r, 1, 0, "/recycle", RS_SLICE(""), 1000);
	flush(&r);
	expect(&r, RS_MSG_RESPONSE, &f);
	assert_int_equal(rs_ipc_fill(&r.c), RS_DONE);
	assert_int_equal(WEXITSTATUS(status_of(&r)), 255);
}

/* ---- with a process for each request ------------------------------------------------------------------------------- */

static pid_t pid_of_answer(struct rig *r, uint64_t id, uint32_t slot)
{
	struct rs_wire_response w;
	struct rs_frame f;
	char text[16];
	pid_t pid;

	post(r, id, slot, "/pid", RS_SLICE(""), 1000);
	flush(r);
	expect(r, RS_MSG_RESPONSE, &f);
	assert_true(f.id == id && rs_copy(text, sizeof text, response_body(&f, &w)));
	pid = (pid_t)atoi(text);
	expect(r, RS_MSG_DONE, &f);
	return pid;
}

static void test_a_process_each(void **state)
{
	struct rig *r = *state;
	pid_t first = pid_of_answer(r, 1, 0), second = pid_of_answer(r, 2, 1);

	assert_true(first != second && first != r->pid && second != r->pid);
}

/* However a request ends, its response ends honestly, the worker is free, and what stands behind it runs. */
static void test_death_harms_nobody(void **state)
{
	static const char *const ends[] = { "/crash", "/exit?code=0", "/exit?code=3", "/recycle" };
	struct rig *r = *state;
	struct rs_wire_response w;
	struct rs_frame f;

	for (uint32_t i = 0; i < RS_COUNTOF(ends); i++) {
		bool answers = strcmp(ends[i], "/recycle") == 0;
		post(r, 100 + i, 0, ends[i], RS_SLICE(""), 1000);
		post(r, 200 + i, 1, "/", RS_SLICE(""), 1000);
		flush(r);
		expect(r, RS_MSG_RESPONSE, &f);
		response_body(&f, &w);
		assert_int_equal(f.id, 100 + i);
		assert_int_equal(f.flags, answers ? RS_FRAME_END : RS_FRAME_ABORT);
		assert_int_equal(w.status, answers ? 200 : 500);
		expect(r, RS_MSG_DONE, &f);
		assert_int_equal(f.id, 100 + i);
		expect(r, RS_MSG_RESPONSE, &f);
		assert_int_equal(f.id, 200 + i);
		expect(r, RS_MSG_DONE, &f);
	}
}

/* In the middle of a body: whole frames have come, and then its end. */
static void test_death_in_a_body(void **state)
{
	struct rig *r = *state;
	struct rs_wire_response w;
	struct rs_frame f;
	pid_t pid;
	int n = 0;

	pid = pid_of_answer(r, 1, 0);
	post(r, 2, 0, "/chunks?n=1000&ms=1", RS_SLICE(""), 1000000);
	flush(r);
	expect(r, RS_MSG_RESPONSE, &f);
	response_body(&f, &w);
	/* The next one that the nursery has forked; nothing else is forked meanwhile, so it is found by trying. */
	do {
		expect(r, RS_MSG_BODY, &f);
		if (++n == 3) {
			char path[64];
			FILE *p;
			int runner = 0;
			rs_fmt(path, sizeof path, "pgrep -P $(pgrep -P %d) | head -1", (int)r->pid);
			p = popen(path, "r");
			assert_int_equal(fscanf(p, "%d", &runner), 1);
			pclose(p);
			assert_true(runner > 0 && runner != pid);
			kill(runner, SIGKILL);
		}
	} while (!(f.flags & (RS_FRAME_ABORT | RS_FRAME_END)));
	assert_int_equal(f.flags, RS_FRAME_ABORT);
	expect(r, RS_MSG_DONE, &f);
	(void)pid_of_answer(r, 3, 1);
}

/* After max_request it announces that it leaves, claims nothing more, and ends in good order. */
static void test_leaves_after_max_request(void **state)
{
	struct rig r;
	struct rs_frame f;

	setup_with(&r, 2, *state ? RS_ISOLATION_FORK : RS_ISOLATION_GREEDY);
	for (uint32_t i = 0; i < 4; i++)
		post(&r, i + 1, i, "/", RS_SLICE(""), 1000);
	flush(&r);
	for (int i = 0; i < 2; i++) {
		expect(&r, RS_MSG_RESPONSE, &f);
		expect(&r, RS_MSG_DONE, &f);
	}
	expect(&r, RS_MSG_LEAVING, &f);
	assert_true(rs_claim_move(r.page, 2, rs_claim_word(3, RS_CLAIM_POSTED), RS_CLAIM_REVOKED));
	assert_true(rs_claim_move(r.page, 3, rs_claim_word(4, RS_CLAIM_POSTED), RS_CLAIM_REVOKED));
	tell(&r, RS_MSG_RETIRE, 0, RS_SLICE(""));
	flush(&r);
	assert_int_equal(rs_ipc_fill(&r.c), RS_DONE);
	assert_int_equal(status_of(&r), 0);
}

/* Lengths that contradict each other: no read outside the frame, an honest failure, the process is replaced. */
static void test_hostile_lengths(void **state)
{
	static const size_t at[] = { offsetof(struct rs_wire_request, head_len), offsetof(struct rs_wire_request, nfields),
				     offsetof(struct rs_wire_request, path_len), offsetof(struct rs_wire_request, target),
				     offsetof(struct rs_wire_request, body_len) };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(at); i++) {
		struct rs_buf b = { 0 };
		struct rs_process p = { .log = &quiet };
		struct rs_post one = { .body_fd = -1 };
		struct rs_wire_request w = { .http_minor = 1 };
		uint32_t huge = 0x7fffffff;
		w.method.len = w.head_len = 4;
		assert_true(rs_buf_put(&one.payload, &w, sizeof w) && rs_buf_put(&one.payload, "POST", 4));
		assert_true(rs_exchange_begin(&p, &one));
		memcpy(one.payload.p + at[i], &huge, sizeof huge);
		assert_false(rs_exchange_begin(&p, &one));
		rs_buf_free(&one.payload);
		rs_buf_free(&b);
		free(p.x.fields);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answers_in_one_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(test_revoked_is_not_run, setup, teardown),
		cmocka_unit_test_setup_teardown(test_credit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_retire, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers_in_one_frame, setup_fork, teardown),
		cmocka_unit_test_setup_teardown(test_revoked_is_not_run, setup_fork, teardown),
		cmocka_unit_test_setup_teardown(test_credit, setup_fork, teardown),
		cmocka_unit_test_setup_teardown(test_cancel, setup_fork, teardown),
		cmocka_unit_test_setup_teardown(test_retire, setup_fork, teardown),
		cmocka_unit_test_setup_teardown(test_a_process_each, setup_fork, teardown),
		cmocka_unit_test_setup_teardown(test_death_harms_nobody, setup_fork, teardown),
		cmocka_unit_test_setup_teardown(test_death_in_a_body, setup_fork, teardown),
		cmocka_unit_test_setup_teardown(test_packed_in_one_frame, setup_packing, teardown),
		cmocka_unit_test_setup_teardown(test_packed_credit, setup_packing, teardown),
		cmocka_unit_test_setup_teardown(test_packed_cancel, setup_packing, teardown),
		cmocka_unit_test_setup_teardown(test_packed_flush, setup_packing, teardown),
		cmocka_unit_test_setup_teardown(test_packed_in_one_frame, setup_packing_fork, teardown),
		cmocka_unit_test_setup_teardown(test_packed_credit, setup_packing_fork, teardown),
		cmocka_unit_test(test_recycle),
		cmocka_unit_test(test_leaves_after_max_request),
		cmocka_unit_test_prestate(test_leaves_after_max_request, &quiet),
		cmocka_unit_test(test_hostile_lengths),
	};

	return cmocka_run_group_tests_name("worker", tests, NULL, NULL);
}
