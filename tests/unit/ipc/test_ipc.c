/*
 * The channel: frames survive every cut, fds arrive with their frame, and a liar is found out.
 */
#include "ipc/ipc.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <cmocka.h>

struct pair {
	struct rs_ipc a, b; /* a: reactor, b: worker */
};

static void open_pair(struct pair *p)
{
	int fds[2];

	assert_true(rs_fd_pair(fds));
	assert_true(rs_fd_nonblock(fds[0], true));
	assert_true(rs_fd_nonblock(fds[1], true));
	rs_ipc_init(&p->a, fds[0], RS_IPC_REACTOR, RS_IPC_WORKER);
	rs_ipc_init(&p->b, fds[1], RS_IPC_WORKER, RS_IPC_REACTOR);
}

static void close_pair(struct pair *p)
{
	rs_ipc_fini(&p->a);
	rs_ipc_fini(&p->b);
}

static unsigned open_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_round_trip(void **state)
{
	struct rs_frame f;
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_int_equal(rs_ipc_put(&p.a, RS_MSG_REQUEST, 0, 7, RS_SLICE("head"), RS_SLICE("body"), NULL, 0), RS_OK);
	assert_int_equal(rs_ipc_put(&p.a, RS_MSG_CANCEL, 0, 8, RS_SLICE(""), RS_SLICE(""), NULL, 0), RS_OK);
	assert_int_equal(rs_ipc_flush(&p.a), RS_OK);
	assert_int_equal(rs_ipc_fill(&p.b), RS_OK);
	assert_int_equal(rs_ipc_next(&p.b, &f), RS_OK);
	assert_int_equal(f.msg, RS_MSG_REQUEST);
	assert_int_equal(f.id, 7);
	assert_true(rs_slice_eq(f.payload, RS_SLICE("headbody")));
	assert_int_equal(rs_ipc_next(&p.b, &f), RS_OK);
	assert_int_equal(f.msg, RS_MSG_CANCEL);
	assert_int_equal(f.id, 8);
	assert_int_equal(rs_ipc_next(&p.b, &f), RS_AGAIN);
	assert_int_equal(rs_ipc_fill(&p.b), RS_AGAIN);
	close_pair(&p);
}

/* Two frames written byte by byte, read after every byte. */
static void test_cut_at_every_byte(void **state)
{
	struct rs_frame f;
	unsigned seen = 0;
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_int_equal(rs_ipc_put(&p.a, RS_MSG_REQUEST, 0, 1, RS_SLICE("0123456789"), RS_SLICE(""), NULL, 0), RS_OK);
	assert_int_equal(rs_ipc_put(&p.a, RS_MSG_CREDIT, 0, 2, RS_SLICE("12345678"), RS_SLICE(""), NULL, 0), RS_OK);
	while (p.a.out.len) {
		assert_int_equal(write(p.a.fd, rs_buf_data(&p.a.out), 1), 1);
		rs_buf_consume(&p.a.out, 1);
		assert_int_equal(rs_ipc_fill(&p.b), RS_OK);
		while (rs_ipc_next(&p.b, &f) == RS_OK) {
			seen++;
			assert_int_equal(f.id, seen);
			assert_int_equal(f.payload.n, seen == 1 ? 10 : 8);
		}
	}
	assert_int_equal(seen, 2);
	close_pair(&p);
}

/* Fds stay with their frame although plain frames stand before, between and behind. */
static void test_fds_in_order(void **state)
{
	unsigned before = open_fds();
	struct rs_frame f;
	struct pair p;
	int got = 0;

	(void)state;
	open_pair(&p);
	for (int i = 0; i < 6; i++) {
		int fd = rs_fd_memory("t", 16), n = i % 2;
		char mark = (char)('0' + i);
		assert_int_equal(pwrite(fd, &mark, 1, 0), 1);
		assert_int_equal(rs_ipc_put(&p.a, RS_MSG_REQUEST, 0, (uint64_t)i, RS_SLICE("x"), RS_SLICE(""), &fd,
					    (unsigned)n), RS_OK);
		rs_fd_close(&fd);
	}
	assert_int_equal(rs_ipc_flush(&p.a), RS_OK);
	while (got < 6) {
		assert_int_equal(rs_ipc_fill(&p.b), RS_OK);
		while (rs_ipc_next(&p.b, &f) == RS_OK) {
			assert_int_equal(f.id, got);
			assert_int_equal(f.nfds, got % 2);
			if (f.nfds) {
				char mark;
				int fd = got == 3 ? rs_ipc_take_fd(&p.b, &f, 0) : f.fd[0];
				assert_int_equal(pread(fd, &mark, 1, 0), 1);
				assert_int_equal(mark, '0' + got);
				if (got == 3)
					rs_fd_close(&fd);
			}
			got++;
		}
	}
	close_pair(&p);
	assert_int_equal(open_fds(), before);
}

/* Fds of frames nobody read are closed with the channel, on both ends. */
static void test_no_fd_leak(void **state)
{
	unsigned before = open_fds();
	struct pair p;
	int fd;

	(void)state;
	open_pair(&p);
	fd = rs_fd_memory("t", 16);
	for (int i = 0; i < 3; i++)
		assert_int_equal(rs_ipc_put(&p.a, RS_MSG_REQUEST, 0, 1, RS_SLICE("x"), RS_SLICE(""), &fd, 1), RS_OK);
	assert_int_equal(rs_ipc_flush(&p.a), RS_OK);
	assert_int_equal(rs_ipc_put(&p.a, RS_MSG_REQUEST, 0, 1, RS_SLICE("x"), RS_SLICE(""), &fd, 1), RS_OK);
	assert_int_equal(rs_ipc_fill(&p.b), RS_OK);
	rs_fd_close(&fd);
	close_pair(&p);
	assert_int_equal(open_fds(), before);
}

/* A full socket: RS_AGAIN, nothing lost, nothing doubled. */
static void test_backlog(void **state)
{
	static char block[60000];
	uint64_t sent = 0, got = 0;
	struct rs_frame f;
	struct pair p;

	(void)state;
	open_pair(&p);
	memset(block, 'b', sizeof block);
	for (int i = 0; i < 200; i++)
		assert_int_equal(rs_ipc_put(&p.b, RS_MSG_BODY, 0, sent++, rs_slice(block, sizeof block), RS_SLICE(""),
					    NULL, 0), RS_OK);
	assert_int_equal(rs_ipc_flush(&p.b), RS_AGAIN);
	while (got < sent) {
		(void)!rs_ipc_flush(&p.b);
		if (rs_ipc_fill(&p.a) != RS_OK)
			continue;
		while (rs_ipc_next(&p.a, &f) == RS_OK) {
			assert_int_equal(f.id, got++);
			assert_int_equal(f.payload.n, sizeof block);
		}
	}
	assert_int_equal(rs_ipc_queued(&p.b), 0);
	close_pair(&p);
}

static void test_refuses(void **state)
{
	static const struct {
		struct header h;
		const char *why;
	} rows[] = {
		{ { 0, RS_MSG_COUNT, 0, 0, 0 }, "unknown message" },
		{ { 0, UINT16_MAX, 0, 0, 0 }, "unknown message" },
		{ { 0, RS_MSG_CANCEL, 0, 0, 0 }, "not for this channel" }, /* a worker does not cancel */
		{ { 0, RS_MSG_QUIT, 0, 0, 0 }, "not for this channel" },
		{ { RS_BODY_MAX + 1, RS_MSG_BODY, 0, 0, 0 }, "too long" },
		{ { UINT32_MAX, RS_MSG_RESPONSE, 0, 0, 0 }, "too long" },
		{ { 0, RS_MSG_DONE, 0, 1, 0 }, "too many descriptors" },
		{ { 0, RS_MSG_READY, 0, 255, 0 }, "too many descriptors" },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		struct rs_frame f;
		struct pair p;
		open_pair(&p);
		assert_int_equal(write(p.b.fd, &rows[i].h, sizeof rows[i].h), sizeof rows[i].h);
		assert_int_equal(rs_ipc_fill(&p.a), RS_OK);
		assert_int_equal(rs_ipc_next(&p.a, &f), RS_ERR);
		assert_non_null(strstr(p.a.error, rows[i].why));
		close_pair(&p);
	}
}

/* A file of one byte. */
static int file_with(char c)
{
	int fd = memfd_create("one", MFD_CLOEXEC);

	assert_true(fd >= 0 && write(fd, &c, 1) == 1);
	return fd;
}

static void put_file(struct rs_ipc *c, char name, size_t n)
{
	static char bytes[RS_RESPONSE_MAX];
	int fd = file_with(name);

	assert_int_equal(rs_ipc_put(c, RS_MSG_ANSWER_FILE, 0, (uint64_t)name, rs_slice(bytes, n), RS_SLICE(""), &fd, 1), RS_OK);
	close(fd);
}

/* No descriptor can be opened until the limit is what it was. */
static struct rlimit no_descriptors(void)
{
	struct rlimit was, none;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	return was;
}

/* An fd that came when there was no room for it: its frame is not taken for one that lies, and the next one's fd not for its. */
static void test_no_room_for_fds(void **state)
{
	const size_t sizes[] = { 10, 600u << 10 }; /* one that comes in one read, one that takes many */
	struct rlimit was;
	struct rs_frame f;
	enum rs_result r;
	struct pair p;
	char c;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(sizes); i++) {
		open_pair(&p);
		p.a.fds_may_miss = true;
		put_file(&p.b, 'x', sizes[i]);
		put_file(&p.b, 'y', 10);
		RS_IGNORE(rs_ipc_flush(&p.b) == RS_ERR);
		was = no_descriptors();
		r = rs_ipc_fill(&p.a);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
		assert_int_equal(r, RS_OK);
		while ((r = rs_ipc_next(&p.a, &f)) == RS_AGAIN) {
			RS_IGNORE(rs_ipc_flush(&p.b) == RS_ERR);
			assert_int_equal(rs_ipc_fill(&p.a), RS_OK);
		}
		assert_int_equal(r, RS_OK);
		assert_true(f.id == 'x' && f.fds_lost && f.nfds == 0 && f.fd[0] == -1 && f.payload.n == sizes[i]);
		while ((r = rs_ipc_next(&p.a, &f)) == RS_AGAIN) {
			RS_IGNORE(rs_ipc_flush(&p.b) == RS_ERR);
			assert_int_equal(rs_ipc_fill(&p.a), RS_OK);
		}
		assert_int_equal(r, RS_OK);
		assert_true(f.id == 'y' && !f.fds_lost && f.nfds == 1);
		assert_true(pread(f.fd[0], &c, 1, 0) == 1 && c == 'y');
		close_pair(&p);
	}
	/* Who cannot do without says so. */
	open_pair(&p);
	put_file(&p.b, 'x', 10);
	assert_int_equal(rs_ipc_flush(&p.b), RS_OK);
	was = no_descriptors();
	r = rs_ipc_fill(&p.a);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(r, RS_OK);
	assert_int_equal(rs_ipc_next(&p.a, &f), RS_ERR);
	assert_non_null(strstr(p.a.error, "too many are open"));
	close_pair(&p);
}

/* A frame that promises fds it did not bring. */
static void test_missing_fds(void **state)
{
	struct header h = { .msg = RS_MSG_REQUEST, .nfds = 1 };
	struct rs_frame f;
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_int_equal(write(p.a.fd, &h, sizeof h), sizeof h);
	assert_int_equal(rs_ipc_fill(&p.b), RS_OK);
	assert_int_equal(rs_ipc_next(&p.b, &f), RS_ERR);
	assert_non_null(strstr(p.b.error, "descriptors missing"));
	close_pair(&p);
}

static void send_with(int to, const void *bytes, size_t n, int fd, unsigned nfds)
{
	union {
		char buf[CMSG_SPACE(sizeof(int) * 8)];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t)bytes, n };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.buf, .msg_controllen = CMSG_SPACE(sizeof fd * nfds) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&m);

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof fd * nfds);
	for (unsigned i = 0; i < nfds; i++)
		memcpy(CMSG_DATA(cm) + i * sizeof fd, &fd, sizeof fd);
	assert_int_equal(sendmsg(to, &m, 0), (ssize_t)n);
}

/* Fds that no frame speaks of: nobody holds them for the one who sends them. n bytes of a frame that says nfds come with them. */
static void strays(unsigned nfds, size_t n, unsigned sent, bool wrong)
{
	unsigned before = open_fds();
	struct {
		struct header h;
		char body[8];
	} frame = { .h = { .len = 8, .msg = RS_MSG_REQUEST, .nfds = (uint8_t)nfds } };
	enum rs_result r;
	struct rs_frame f;
	struct pair p;
	int fd;

	open_pair(&p);
	fd = rs_fd_memory("t", 16);
	send_with(p.a.fd, &frame, n, fd, sent);
	rs_fd_close(&fd);
	assert_int_equal(rs_ipc_fill(&p.b), RS_OK);
	while ((r = rs_ipc_next(&p.b, &f)) == RS_OK)
		;
	assert_int_equal(r, wrong ? RS_ERR : RS_AGAIN);
	if (wrong)
		assert_non_null(strstr(p.b.error, "descriptors of no frame"));
	close_pair(&p);
	assert_int_equal(open_fds(), before);
}

static void test_stray_fds(void **state)
{
	const size_t head = sizeof(struct header);

	(void)state;
	strays(0, head + 8, 1, true);
	strays(1, head + 8, 1, false);
	strays(1, head + 8, 2, true);
	/* Before its end, and before its head is whole. */
	strays(0, head + 7, 1, true);
	strays(1, head, 1, false);
	strays(1, head + 7, 2, true);
	strays(1, 1, RS_FRAME_FDS, false);
	strays(1, head - 1, RS_FRAME_FDS + 1, true);
}

/* Who has sent much once and is silent does not hold the memory for it. */
static void test_a_large_frame_leaves_nothing(void **state)
{
	enum { LARGE = 4 << 20 };
	char *block = calloc(1, LARGE);
	struct rs_frame f = { 0 };
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_int_equal(rs_ipc_put(&p.b, RS_MSG_TASK, 0, 1, rs_slice(block, LARGE), RS_SLICE(""), NULL, 0), RS_OK);
	while (rs_ipc_next(&p.a, &f) != RS_OK) {
		RS_IGNORE(rs_ipc_flush(&p.b) == RS_ERR);
		RS_IGNORE(rs_ipc_fill(&p.a) == RS_ERR);
	}
	assert_int_equal(f.payload.n, LARGE);
	assert_int_equal(rs_ipc_next(&p.a, &f), RS_AGAIN);
	assert_true(p.a.in.cap <= KEEP_BUFFER);
	close_pair(&p);
	free(block);
}

/* Nothing over the table's limits leaves. */
static void test_put_limits(void **state)
{
	static char block[RS_BODY_MAX + 1];
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_int_equal(rs_ipc_put(&p.b, RS_MSG_BODY, 0, 1, rs_slice(block, sizeof block), RS_SLICE(""), NULL, 0),
			 RS_ERR);
	assert_int_equal(rs_ipc_put(&p.b, RS_MSG_BODY, 0, 1, RS_SLICE(""), RS_SLICE(""), &p.b.fd, 1), RS_ERR);
	assert_int_equal(rs_ipc_queued(&p.b), 0);
	close_pair(&p);
}

static void test_end_of_file(void **state)
{
	struct rs_frame f;
	struct pair p;

	(void)state;
	open_pair(&p);
	rs_ipc_fini(&p.a);
	assert_int_equal(rs_ipc_fill(&p.b), RS_DONE);
	assert_true(p.b.eof);
	assert_int_equal(rs_ipc_next(&p.b, &f), RS_AGAIN);
	assert_int_equal(rs_ipc_put(&p.b, RS_MSG_DONE, 0, 1, RS_SLICE(""), RS_SLICE(""), NULL, 0), RS_OK);
	assert_int_equal(rs_ipc_flush(&p.b), RS_ERR);
	close_pair(&p);
}

/* What the stack held before: descriptors, as the kernel would hand them over, wherever the buffer may begin. */
static void __attribute__((noinline)) leave_descriptors(size_t shift, int fd)
{
	struct {
		struct cmsghdr h;
		int fd, none;
	} lie = { { .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS }, fd, 0 };
	volatile char stack[4096];

	for (size_t i = 0; i < sizeof stack; i++)
		stack[i] = ((const char *)&lie)[(i + shift) % sizeof lie];
}

/* A peer that dies with something unread: nothing is received, so no descriptors either. */
static void test_reset(void **state)
{
	struct pair p;

	(void)state;
	for (size_t shift = 0; shift < 24; shift += 8) {
		open_pair(&p);
		assert_int_equal(rs_ipc_put(&p.a, RS_MSG_CANCEL, 0, 8, RS_SLICE(""), RS_SLICE(""), NULL, 0), RS_OK);
		assert_int_equal(rs_ipc_flush(&p.a), RS_OK);
		rs_fd_close(&p.b.fd);
		leave_descriptors(shift, p.a.fd);
		assert_int_equal(rs_ipc_fill(&p.a), RS_DONE);
		assert_int_equal(p.a.in_nfds, 0);
		close_pair(&p);
	}
}

static void test_every_message_is_named(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RS_MSG_COUNT; i++) {
		assert_true(strlen(rs_msg_name(i)) > 2);
		assert_true(rules[i].from != rules[i].to);
		assert_true(rules[i].fds <= RS_FRAME_FDS);
	}
	assert_string_equal(rs_msg_name(RS_MSG_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cut_at_every_byte),
		cmocka_unit_test(test_fds_in_order),
		cmocka_unit_test(test_no_fd_leak),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_missing_fds),
		cmocka_unit_test(test_no_room_for_fds),
		cmocka_unit_test(test_stray_fds),
		cmocka_unit_test(test_a_large_frame_leaves_nothing),
		cmocka_unit_test(test_put_limits),
		cmocka_unit_test(test_end_of_file),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_every_message_is_named),
	};

	return cmocka_run_group_tests_name("ipc", tests, NULL, NULL);
}
