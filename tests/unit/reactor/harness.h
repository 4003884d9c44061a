/*
 * A real reactor in a child process; the test plays the master, the workers and the clients. Everything here
 * is loopback and blocking with a bound: a test that waits for something that does not come fails, it never
 * hangs.
 */
#ifndef RS_REACTOR_HARNESS_H
#define RS_REACTOR_HARNESS_H

#include "base/rs_buf.h"
#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "base/rs_log.h"
#include "base/rs_proc.h"
#include "conf/conf.h"
#include "ipc/ipc.h"
#include "reactor/reactor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
void __lsan_do_leak_check(void);
#endif

#define PATIENCE_MS 20000 /* only what fails waits for so long */
#define UNUSED_OK __attribute__((unused))

struct harness {
	pid_t pid;
	struct rs_conf conf;
	struct rs_log log;
	int log_file;
	struct rs_ipc master;
	int listener, access_pipe;
	uint16_t port;
	char dir[64];
	unsigned nofile;        /* RLIMIT_NOFILE of the reactor; 0: as it is */
	uint32_t role_next;     /* of the next worker that enters: servers only */
	uint32_t order_more;    /* added to the order of the next worker that enters */
	struct rs_buf kept;     /* frames for the master that a wait for another one skipped: names */
};

/* A worker played by the test. */
struct actor {
	struct rs_ipc ch;
	struct rs_claim_page *page;
	int page_fd;
	uint32_t id, generation;
	bool eof;
};

/* A REQUEST as an actor got it. */
struct got {
	uint64_t id;
	struct rs_wire_request w;
	char *bytes;            /* payload */
	size_t n;
	int fd;
};

/* What stands while a test runs: for down(), should the test fail in the middle. */
static struct {
	pid_t pid;
	char dir[64];
	int first_fd; /* all that are open from here on are the test's */
	bool failed;
} standing;

#ifdef __SANITIZE_ADDRESS__
/* What a test that failed did not free is no leak of the next one's reactor, which is a child of this process. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return standing.failed;
}
#endif

/* ---- waiting ------------------------------------------------------------------------------------------ */

static UNUSED_OK bool readable(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) > 0;
}

static UNUSED_OK void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

/* The next frame. false: none within ms, or end of file (then *eof). */
static UNUSED_OK bool next_frame(struct rs_ipc *c, struct rs_frame *f, int ms, bool *eof)
{
	int64_t end = rs_now_ms() + ms;

	for (;;) {
		enum rs_result rc = rs_ipc_next(c, f);
		int64_t left = end - rs_now_ms();
		if (rc == RS_OK)
			return true;
		if (rc == RS_ERR)
			fail_msg("channel: %s", c->error);
		if (!readable(c->fd, left > 0 ? (int)left : 0))
			return false;
		rc = rs_ipc_fill(c);
		if (rc == RS_DONE || rc == RS_ERR) {
			if (eof)
				*eof = true;
			return false;
		}
	}
}

/* The next frame for the master of that kind; others are skipped. */
static UNUSED_OK struct rs_frame from_reactor(struct harness *h, enum rs_msg msg)
{
	struct rs_frame f;

	while (next_frame(&h->master, &f, PATIENCE_MS, NULL)) {
		if (f.msg == msg)
			return f;
	}
	fail_msg("no %s from the reactor", rs_msg_name(msg));
	return f;
}

static UNUSED_OK bool nothing_from_reactor(struct harness *h, enum rs_msg msg, int ms)
{
	struct rs_frame f;

	while (next_frame(&h->master, &f, ms, NULL)) {
		if (f.msg == msg)
			return false;
	}
	return true;
}

static UNUSED_OK void to_reactor(struct harness *h, enum rs_msg msg, const void *p, size_t n, const int *fds,
				 unsigned nfds)
{
	assert_int_equal(rs_ipc_put(&h->master, msg, 0, 0, rs_slice(p, n), RS_SLICE(""), fds, nfds), RS_OK);
	assert_int_equal(rs_ipc_flush(&h->master), RS_OK);
}

static UNUSED_OK void route(struct harness *h, uint32_t generation)
{
	to_reactor(h, RS_MSG_ROUTE, &generation, sizeof generation, NULL, 0);
}

static UNUSED_OK void stop(struct harness *h, uint32_t ms)
{
	to_reactor(h, RS_MSG_STOP, &ms, sizeof ms, NULL, 0);
}

/* ---- life --------------------------------------------------------------------------------------------- */

/* Defaults that fit tests; change h->conf before boot(). */
static UNUSED_OK void prepare(struct harness *h)
{
	*h = (struct harness){ .listener = -1, .access_pipe = -1 };
	rs_copy(h->dir, sizeof h->dir, RS_SLICE("/tmp/rs-reactor-XXXXXX"));
	assert_non_null(mkdtemp(h->dir));
	memcpy(standing.dir, h->dir, sizeof standing.dir);
	standing.first_fd = dup(STDIN_FILENO);
	close(standing.first_fd);
	rs_conf_init(&h->conf);
	free(h->conf.upload_tmp_dir);
	h->conf.upload_tmp_dir = strdup(h->dir);
	free(h->conf.laravel_base_path);
	h->conf.laravel_base_path = strdup(h->dir);
	h->log_file = memfd_create("log", 0);
	h->log = (struct rs_log){ .fd = h->log_file, .level = RS_LOG_DEBUG };
}

static UNUSED_OK int tcp_listener(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 256), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* The process, and a channel to it; nothing to listen on yet. */
static UNUSED_OK void spawn(struct harness *h)
{
	struct rs_title title = { 0 };
	int pair[2];

	assert_true(rs_fd_pair(pair));
	h->pid = fork();
	assert_true(h->pid >= 0);
	standing.pid = h->pid;
	if (h->pid == 0) {
		struct rs_reactor_start s = { &h->conf, &h->log, &title, pair[1] };
		int status;
		close(pair[0]);
		if (h->nofile) {
			struct rlimit l = { h->nofile, h->nofile };
			setrlimit(RLIMIT_NOFILE, &l);
		}
		status = rs_reactor_main(&s);
#ifdef __SANITIZE_ADDRESS__
		__lsan_do_leak_check();
#endif
		_exit(status);
	}
	close(pair[1]);
	rs_ipc_init(&h->master, pair[0], RS_IPC_MASTER, RS_IPC_REACTOR);
}

static UNUSED_OK void boot(struct harness *h)
{
	spawn(h);
	h->listener = tcp_listener(&h->port);
	to_reactor(h, RS_MSG_LISTEN, "127.0.0.1", 9, &h->listener, 1);
	route(h, 1);
}

static UNUSED_OK struct rs_buf log_text(struct harness *h)
{
	struct rs_buf b = { 0 };
	off_t n = lseek(h->log_file, 0, SEEK_END);
	char *to = rs_buf_reserve(&b, (size_t)n + 1);

	if (pread(h->log_file, to, (size_t)n, 0) != n)
		fail();
	to[n] = '\0';
	rs_buf_commit(&b, (size_t)n);
	return b;
}

static UNUSED_OK void assert_logged(struct harness *h, const char *text)
{
	int64_t end = rs_now_ms() + PATIENCE_MS;
	struct rs_buf b = { 0 };

	do {
		rs_buf_free(&b);
		b = log_text(h);
		if (strstr(rs_buf_data(&b), text)) {
			rs_buf_free(&b);
			return;
		}
		pause_ms(10);
	} while (rs_now_ms() < end);
	fail_msg("not in the log: %s\n%s", text, rs_buf_data(&b));
}

/* The reactor's exit status, -1 for a signal. */
static UNUSED_OK int wait_exit(struct harness *h)
{
	int64_t end = rs_now_ms() + 2 * PATIENCE_MS;
	int status = 0;
	pid_t got;

	while ((got = waitpid(h->pid, &status, WNOHANG)) == 0 && rs_now_ms() < end)
		pause_ms(5);
	if (got == 0)
		fail_msg("the reactor does not end");
	h->pid = standing.pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static UNUSED_OK void remove_folder(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", standing.dir, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
	standing.dir[0] = '\0';
}

static UNUSED_OK void clean(struct harness *h)
{
	rs_ipc_fini(&h->master);
	rs_fd_close(&h->listener);
	rs_fd_close(&h->access_pipe);
	rs_conf_fini(&h->conf);
	close(h->log_file);
	remove_folder();
}

/* After each test. One that failed has left its reactor, what it has open, and its folder: the next one begins without them. */
static UNUSED_OK int down(void **state)
{
	(void)state;
	if (standing.pid) {
		kill(standing.pid, SIGKILL);
		waitpid(standing.pid, NULL, 0);
		standing.pid = 0;
	}
	if (standing.dir[0]) {
		standing.failed = true;
		close_range((unsigned)standing.first_fd, ~0u, 0);
		remove_folder();
	}
	return 0;
}

/* Ends as the master would; no alert may stand in the log, and no leak or error may have been found. */
static UNUSED_OK void finish(struct harness *h)
{
	struct rs_buf text;

	if (h->pid) {
		stop(h, 0);
		(void)from_reactor(h, RS_MSG_DRAINED);
		rs_ipc_fini(&h->master);
		assert_int_equal(wait_exit(h), 0);
	}
	text = log_text(h);
	if (strstr(rs_buf_data(&text), "[alert]"))
		fail_msg("alert:\n%s", rs_buf_data(&text));
	rs_buf_free(&text);
	clean(h);
}

/* ---- workers ------------------------------------------------------------------------------------------ */

/* Made known to the reactor; READY only with ready(). */
static UNUSED_OK void enter(struct harness *h, struct actor *a, uint32_t id, uint32_t generation)
{
	struct rs_wire_fork order = { .id = id, .generation = generation, .role = h->role_next, .order = 70 + id + h->order_more };
	int pair[2], fds[2];

	*a = (struct actor){ .id = id, .generation = generation };
	a->page_fd = rs_fd_memory("claims", RS_CLAIM_PAGE);
	a->page = mmap(NULL, RS_CLAIM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, a->page_fd, 0);
	assert_true(a->page != MAP_FAILED && rs_fd_pair(pair));
	fds[0] = pair[1];
	fds[1] = a->page_fd;
	to_reactor(h, RS_MSG_WORKER_NEW, &order, sizeof order, fds, 2);
	close(pair[1]);
	rs_ipc_init(&a->ch, pair[0], RS_IPC_WORKER, RS_IPC_REACTOR);
}

static UNUSED_OK void say(struct actor *a, enum rs_msg msg, uint16_t flags, uint64_t id, struct rs_slice head,
			  struct rs_slice body)
{
	assert_int_equal(rs_ipc_put(&a->ch, msg, flags, id, head, body, NULL, 0), RS_OK);
	assert_int_equal(rs_ipc_flush(&a->ch), RS_OK);
}

static UNUSED_OK void ready(struct harness *h, struct actor *a)
{
	struct rs_wire_ready r = { RS_PROTOCOL, 1000 + a->id };
	struct rs_wire_fork who;
	struct rs_frame f;

	say(a, RS_MSG_READY, 0, 0, rs_slice(&r, sizeof r), RS_SLICE(""));
	f = from_reactor(h, RS_MSG_WORKER_READY);
	memcpy(&who, f.payload.p, sizeof who);
	assert_int_equal(who.id, a->id);
	assert_int_equal(who.generation, a->generation);
	assert_int_equal(who.pid, 1000 + a->id);
}

static UNUSED_OK void hire(struct harness *h, struct actor *a, uint32_t id, uint32_t generation)
{
	enter(h, a, id, generation);
	ready(h, a);
}

/* The reactor may open descriptors, or no more of them. */
static UNUSED_OK void leave_descriptors(struct harness *h, bool any)
{
	struct rlimit l;

	assert_int_equal(prlimit(h->pid, RLIMIT_NOFILE, NULL, &l), 0);
	l.rlim_cur = any ? l.rlim_max : 0;
	assert_int_equal(prlimit(h->pid, RLIMIT_NOFILE, &l, NULL), 0);
}

/* The process is gone. */
static UNUSED_OK void leave(struct actor *a)
{
	rs_ipc_fini(&a->ch);
	if (a->page)
		munmap(a->page, RS_CLAIM_PAGE);
	a->page = NULL;
	rs_fd_close(&a->page_fd);
}

/* The next frame, of that kind; CREDIT nobody waits for is skipped. */
static UNUSED_OK struct rs_frame hear(struct actor *a, enum rs_msg msg)
{
	struct rs_frame f;
	bool got;

	do {
		got = next_frame(&a->ch, &f, PATIENCE_MS, &a->eof);
	} while (got && f.msg == RS_MSG_CREDIT && msg != RS_MSG_CREDIT);
	if (!got)
		fail_msg("no %s for worker %u", rs_msg_name(msg), a->id);
	if (f.msg != msg)
		fail_msg("%s instead of %s", rs_msg_name(f.msg), rs_msg_name(msg));
	return f;
}

static UNUSED_OK bool hears_nothing(struct actor *a, int ms)
{
	struct rs_frame f;

	return !next_frame(&a->ch, &f, ms, &a->eof);
}

static UNUSED_OK bool hears_eof(struct actor *a)
{
	struct rs_frame f;

	while (!a->eof && next_frame(&a->ch, &f, PATIENCE_MS, &a->eof))
		;
	return a->eof;
}

static UNUSED_OK void got_free(struct got *g)
{
	free(g->bytes);
	g->bytes = NULL;
	rs_fd_close(&g->fd);
}

/* The next REQUEST, not yet claimed. */
static UNUSED_OK struct got take(struct actor *a)
{
	struct rs_frame f = hear(a, RS_MSG_REQUEST);
	struct got g = { .id = f.id, .n = f.payload.n, .fd = -1 };

	assert_true(g.n >= sizeof g.w);
	g.bytes = malloc(g.n);
	memcpy(g.bytes, f.payload.p, g.n);
	memcpy(&g.w, g.bytes, sizeof g.w);
	if (f.nfds)
		g.fd = rs_ipc_take_fd(&a->ch, &f, 0);
	return g;
}

static UNUSED_OK bool claim(struct actor *a, const struct got *g)
{
	return rs_claim_move(a->page, g->w.slot, g->w.claim, RS_CLAIM_TAKEN);
}

/* The next one that is not taken back meanwhile, claimed: as a worker does, for the test may have been slow. */
static UNUSED_OK struct got take_claimed(struct actor *a)
{
	struct got g = take(a);

	while (!claim(a, &g)) {
		got_free(&g);
		g = take(a);
	}
	return g;
}

static UNUSED_OK struct rs_slice head_bytes(const struct got *g)
{
	return rs_slice(g->bytes + sizeof g->w + g->w.nfields * 2 * sizeof(struct rs_wire_slice),
			g->w.head_len);
}

static UNUSED_OK bool slice_is(const struct got *g, struct rs_wire_slice s, const char *text)
{
	return rs_slice_eq(rs_slice(head_bytes(g).p + s.off, s.len), rs_slice_str(text));
}

static UNUSED_OK bool target_is(const struct got *g, const char *text)
{
	return slice_is(g, g->w.target, text);
}

static UNUSED_OK bool field_is(const struct got *g, const char *name, const char *value)
{
	struct rs_wire_slice pair[2];

	for (uint32_t i = 0; i < g->w.nfields; i++) {
		memcpy(pair, g->bytes + sizeof g->w + i * sizeof pair, sizeof pair);
		if (slice_is(g, pair[0], name))
			return slice_is(g, pair[1], value);
	}
	return false;
}

static UNUSED_OK struct rs_slice inline_body(const struct got *g)
{
	struct rs_slice head = head_bytes(g);
	const char *p = head.p + head.n + g->w.remote_len + g->w.local_len + g->w.name_len + g->w.id_len;

	return rs_slice(p, (size_t)(g->bytes + g->n - p));
}

static UNUSED_OK void respond(struct actor *a, uint64_t id, uint16_t flags, unsigned status,
			      const char *headers, int64_t length, struct rs_slice body)
{
	struct {
		struct rs_wire_response w;
		char text[1024];
	} m = { .w = { .content_length = length, .headers_len = (uint32_t)strlen(headers),
		       .body_len = (uint32_t)body.n, .status = (uint16_t)status } };

	memcpy(m.text, headers, strlen(headers));
	say(a, RS_MSG_RESPONSE, flags, id, rs_slice(&m, sizeof m.w + strlen(headers)), body);
}

/* A whole small answer, and done. */
static UNUSED_OK void answer(struct actor *a, struct got *g, const char *body)
{
	respond(a, g->id, RS_FRAME_END | RS_FRAME_DONE, 200, "X-Test: 1\r\n", -1, rs_slice_str(body));
	got_free(g);
}

/* Takes one request for that target, claims and answers it. */
static UNUSED_OK void serve(struct actor *a, const char *target, const char *body)
{
	struct got g = take_claimed(a);

	if (!target_is(&g, target))
		fail_msg("not %s but %.*s", target, (int)g.w.target.len, head_bytes(&g).p + g.w.target.off);
	answer(a, &g, body);
}

/* ---- clients ------------------------------------------------------------------------------------------ */

static UNUSED_OK int client(struct harness *h)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(h->port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static UNUSED_OK void send_bytes(int fd, const void *p, size_t n)
{
	while (n) {
		ssize_t put = send(fd, p, n, MSG_NOSIGNAL);
		if (put <= 0)
			fail_msg("send: %s", strerror(errno));
		p = (const char *)p + put;
		n -= (size_t)put;
	}
}

static UNUSED_OK void send_text(int fd, const char *text)
{
	send_bytes(fd, text, strlen(text));
}

static UNUSED_OK void get(int fd, const char *target)
{
	char text[512];

	assert_true(rs_fmt(text, sizeof text, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", target));
	send_text(fd, text);
}

/* A connection with one GET sent on it. */
static UNUSED_OK int asking(struct harness *h, const char *target)
{
	int fd = client(h);

	get(fd, target);
	return fd;
}

struct reply {
	int status;
	char head[8192];
	char body[65536];
	size_t n;
};

/* Reads exactly up to where a response head ends. false: end of file or reset before. */
static UNUSED_OK bool read_head(int fd, struct reply *r)
{
	size_t n = 0;

	while (n < sizeof r->head - 1) {
		if (!readable(fd, PATIENCE_MS))
			fail_msg("no answer; so far: %.*s", (int)n, r->head);
		if (recv(fd, r->head + n, 1, 0) != 1)
			return false;
		r->head[++n] = '\0';
		if (n >= 4 && memcmp(r->head + n - 4, "\r\n\r\n", 4) == 0) {
			r->status = atoi(r->head + 9);
			return true;
		}
	}
	fail_msg("endless head");
	return false;
}

static UNUSED_OK bool read_exact(int fd, char *to, size_t n)
{
	while (n) {
		ssize_t got;
		if (!readable(fd, PATIENCE_MS))
			fail_msg("body stalls with %zu bytes to come", n);
		got = recv(fd, to, n, 0);
		if (got <= 0)
			return false;
		to += got;
		n -= (size_t)got;
	}
	return true;
}

static UNUSED_OK bool has_field(const struct reply *r, const char *line)
{
	char with_ends[512];

	assert_true(rs_fmt(with_ends, sizeof with_ends, "\r\n%s\r\n", line));
	return strstr(r->head, with_ends) != NULL;
}

static UNUSED_OK long length_of(const struct reply *r)
{
	const char *p = strstr(r->head, "\r\nContent-Length: ");

	return p ? atol(p + 18) : -1;
}

static UNUSED_OK bool read_chunk(int fd, struct reply *r, size_t *n)
{
	char line[32] = "", end[2];
	size_t at = 0;

	while (!strstr(line, "\r\n")) {
		assert_true(at < sizeof line - 1);
		if (!read_exact(fd, line + at++, 1))
			return false;
	}
	*n = strtoul(line, NULL, 16);
	assert_true(r->n + *n < sizeof r->body);
	if (!read_exact(fd, r->body + r->n, *n) || !read_exact(fd, end, 2))
		return false;
	r->n += *n;
	return memcmp(end, "\r\n", 2) == 0;
}

/* A whole response that has a body by its framing. */
static UNUSED_OK struct reply *read_reply(int fd)
{
	static struct reply r;
	size_t n;

	memset(&r, 0, sizeof r);
	if (!read_head(fd, &r))
		fail_msg("connection ended instead of an answer: %s", r.head);
	if (length_of(&r) >= 0) {
		r.n = (size_t)length_of(&r);
		assert_true(r.n < sizeof r.body);
		assert_true(read_exact(fd, r.body, r.n));
	} else if (has_field(&r, "Transfer-Encoding: chunked")) {
		do {
			assert_true(read_chunk(fd, &r, &n));
		} while (n);
	}
	return &r;
}

static UNUSED_OK void assert_reply(int fd, int status, const char *body)
{
	struct reply *r = read_reply(fd);

	if (r->status != status)
		fail_msg("%d instead of %d:\n%s%s", r->status, status, r->head, r->body);
	if (body)
		assert_string_equal(r->body, body);
}

/* End of file follows (a reset does not count). */
static UNUSED_OK bool ends(int fd)
{
	char c;

	if (!readable(fd, PATIENCE_MS))
		return false;
	return recv(fd, &c, 1, 0) == 0;
}

static UNUSED_OK bool is_reset(int fd)
{
	char c;

	if (!readable(fd, PATIENCE_MS))
		return false;
	return recv(fd, &c, 1, 0) < 0 && errno == ECONNRESET;
}

static UNUSED_OK bool silent(int fd, int ms)
{
	return !readable(fd, ms);
}

/* What the reactor says of itself, and of the first n workers. */
static UNUSED_OK struct rs_wire_status ask_status_of(struct harness *h, struct rs_wire_worker_status *of, unsigned n)
{
	uint64_t token = 4711, echo;
	struct rs_wire_status s;
	struct rs_frame f;

	to_reactor(h, RS_MSG_STATUS_ASK, &token, sizeof token, NULL, 0);
	f = from_reactor(h, RS_MSG_STATUS);
	assert_true(f.payload.n >= sizeof echo + sizeof s);
	memcpy(&echo, f.payload.p, sizeof echo);
	memcpy(&s, f.payload.p + sizeof echo, sizeof s);
	assert_int_equal(echo, token);
	assert_int_equal(f.payload.n, sizeof echo + sizeof s + s.nworkers * sizeof *of);
	if (n > s.nworkers)
		n = s.nworkers;
	if (n)
		memcpy(of, f.payload.p + sizeof echo + sizeof s, n * sizeof *of);
	return s;
}

static UNUSED_OK struct rs_wire_status ask_status(struct harness *h)
{
	return ask_status_of(h, NULL, 0);
}

/* Waits until that many connections are open / requests queued / streams run. */
static UNUSED_OK void until_connections(struct harness *h, uint64_t n)
{
	int64_t end = rs_now_ms() + PATIENCE_MS;

	while (ask_status(h).connections != n) {
		if (rs_now_ms() > end)
			fail_msg("%lu connections, not %lu", (unsigned long)ask_status(h).connections,
				 (unsigned long)n);
		pause_ms(2);
	}
}

static UNUSED_OK void until_queued(struct harness *h, uint64_t n)
{
	int64_t end = rs_now_ms() + PATIENCE_MS;

	while (ask_status(h).queue_length != n) {
		if (rs_now_ms() > end)
			fail_msg("%lu queued, not %lu", (unsigned long)ask_status(h).queue_length,
				 (unsigned long)n);
		pause_ms(2);
	}
}

static UNUSED_OK void until_streams(struct harness *h, uint64_t n)
{
	int64_t end = rs_now_ms() + PATIENCE_MS;

	while (ask_status(h).streams != n) {
		if (rs_now_ms() > end)
			fail_msg("%lu streams, not %lu", (unsigned long)ask_status(h).streams, (unsigned long)n);
		pause_ms(2);
	}
}

#endif
