/*
 * The board of a server: what one writer shows, readers see whole or not at all, whatever happens meanwhile.
 */
#include "shm/board.c"
#include "shm/board_write.c"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/wait.h>
#include <cmocka.h>

static struct rs_board writer, reader;
static int fd;

static void make(uint32_t nsessions, uint32_t first)
{
	fd = rs_board_create(nsessions, 2, 1, 1, false);
	assert_true(fd >= 0);
	assert_true(rs_board_map(&writer, fd));
	assert_true(rs_board_map(&reader, fd));
	assert_true(rs_board_own(&writer, first));
}

static int down(void **state)
{
	(void)state;
	rs_board_unmap(&writer);
	rs_board_unmap(&reader);
	if (fd > 0)
		close(fd);
	fd = -1;
	return 0;
}

/* A session all of whose fields tell the same number. */
static struct rs_session shown(uint32_t n, uint64_t k)
{
	return (struct rs_session){
		.fd = n, .state = RS_SESSION_OPEN, .port = (uint16_t)(n % 3), .request = k,
		.connect_us = (int64_t)k, .receive_us = (int64_t)k, .send_us = (int64_t)k, .receive_queued = k, .send_queued = k,
	};
}

static bool whole(const struct rs_session *s)
{
	return s->connect_us == s->receive_us && s->receive_us == s->send_us && s->receive_queued == s->send_queued &&
	       s->request == s->send_queued && s->request == (uint64_t)s->connect_us && s->port == s->fd % 3;
}

/* A new one, shown at once. */
static uint32_t come(uint32_t *slot)
{
	uint32_t n;
	struct rs_session s;

	assert_true(rs_board_take(&writer, slot, &n));
	s = shown(n, n);
	rs_board_put(&writer, *slot, &s);
	return n;
}

static void shows_what_was_put(void **state)
{
	struct rs_session s, got;
	uint32_t slot, n;

	(void)state;
	make(8, 1);
	assert_true(rs_board_take(&writer, &slot, &n));
	assert_int_equal(n, 1);
	assert_false(rs_board_get(&reader, 1, &got)); /* not before it is put */
	s = shown(1, 77);
	strcpy(s.remote_ip, "10.1.2.3");
	rs_board_put(&writer, slot, &s);
	assert_true(rs_board_get(&reader, 1, &got));
	assert_memory_equal(&got, &s, sizeof s);
	s.state = RS_SESSION_CLOSING;
	rs_board_put(&writer, slot, &s);
	assert_true(rs_board_get(&reader, 1, &got));
	assert_int_equal(got.state, RS_SESSION_CLOSING);
	rs_board_give(&writer, slot);
	assert_false(rs_board_get(&reader, 1, &got));
	assert_false(rs_board_get(&reader, 0, &got));
	assert_false(rs_board_get(&reader, UINT32_MAX, &got));
	assert_false(rs_board_find(&writer, 1, &slot));
}

static void full(void **state)
{
	uint32_t slot[4], again, n;

	(void)state;
	make(4, 1);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(come(&slot[i]), i + 1);
	assert_false(rs_board_take(&writer, &again, &n));
	rs_board_give(&writer, slot[2]);
	/* The place is used again, the number is not. */
	assert_int_equal(come(&again), 5);
	assert_int_equal(again, slot[2]);
	assert_false(rs_board_take(&writer, &again, &n));
}

/* After the last number comes 1, and who still has a number keeps it. */
static void wraps(void **state)
{
	uint32_t slot, last, one, n;

	(void)state;
	make(8, RS_SESSION_MAX - 1);
	assert_int_equal(come(&slot), RS_SESSION_MAX - 1);
	assert_int_equal(come(&last), RS_SESSION_MAX);
	assert_int_equal(come(&one), 1);
	writer.next_fd = RS_SESSION_MAX - 1;
	assert_int_equal(come(&slot), 2);
	rs_board_give(&writer, last);
	writer.next_fd = RS_SESSION_MAX - 1;
	assert_int_equal(come(&slot), RS_SESSION_MAX);
	assert_true(rs_board_find(&writer, 1, &n));
	assert_int_equal(n, one);
}

/* Any order of coming and going leaves an index in which everybody is found. */
static void index_stays_sound(void **state)
{
	enum { N = 64 };
	uint32_t slot[N], number[N] = { 0 }, found;
	struct rs_session got;
	unsigned seed = 7;

	(void)state;
	make(N, 1);
	for (int step = 0; step < 20000; step++) {
		unsigned i = (seed = seed * 1103515245u + 12345u) >> 16;
		i %= N;
		if (number[i]) {
			rs_board_give(&writer, slot[i]);
			assert_false(rs_board_get(&reader, number[i], &got));
			number[i] = 0;
		} else {
			/* Numbers that meet in the index. */
			if (seed & 1)
				writer.next_fd = (writer.next_fd & ~(writer.nindex - 1)) + writer.nindex + (seed >> 8) % 4;
			number[i] = come(&slot[i]);
		}
		for (unsigned k = 0; k < N && step % 50 == 0; k++) {
			if (!number[k])
				continue;
			assert_true(rs_board_find(&writer, number[k], &found));
			assert_int_equal(found, slot[k]);
			assert_true(rs_board_get(&reader, number[k], &got));
			assert_int_equal(got.fd, number[k]);
		}
	}
}

static void lists(void **state)
{
	uint32_t slot[30], out[100], first;
	struct rs_session s;

	(void)state;
	make(64, 100);
	assert_int_equal(rs_board_list(&reader, 0, -1, out, 100), 0);
	for (int i = 0; i < 30; i++)
		(void)come(&slot[i]);
	for (int i = 0; i < 30; i += 2)
		rs_board_give(&writer, slot[i]);
	/* 101, 103 ... 129, in new places: still in order. */
	assert_int_equal(rs_board_list(&reader, 0, -1, out, 100), 15);
	for (unsigned i = 0; i < 15; i++)
		assert_int_equal(out[i], 101 + 2 * i);
	assert_int_equal(come(&first), 130);
	assert_int_equal(rs_board_list(&reader, 0, -1, out, 4), 4);
	assert_int_equal(out[0], 101);
	assert_int_equal(out[3], 107);
	assert_int_equal(rs_board_list(&reader, 107, -1, out, 4), 4);
	assert_int_equal(out[0], 109);
	assert_int_equal(rs_board_list(&reader, 129, -1, out, 4), 1);
	assert_int_equal(rs_board_list(&reader, 130, -1, out, 4), 0);
	assert_int_equal(rs_board_list(&reader, 0, -1, out, 0), 0);
	/* Of one port: fd % 3. */
	assert_int_equal(rs_board_list(&reader, 0, 0, out, 100), 5);
	assert_int_equal(out[0], 105);
	assert_int_equal(out[4], 129);
	/* Those that are closing are not listed. */
	s = shown(130, 1);
	s.state = RS_SESSION_CLOSING;
	rs_board_put(&writer, first, &s);
	assert_int_equal(rs_board_list(&reader, 129, -1, out, 4), 0);
	rs_board_range(&writer);
	assert_int_equal(atomic_load(&reader.head->min_fd), 101);
	assert_int_equal(atomic_load(&reader.head->max_fd), 130);
}

static void certificates(void **state)
{
	char got[RS_BOARD_CERT_MAX], long_one[RS_BOARD_CERT_MAX + 1] = { 0 };
	struct rs_session s;
	uint32_t slot, number;

	(void)state;
	fd = rs_board_create(4, 2, 1, 1, true);
	assert_true(fd >= 0 && rs_board_map(&writer, fd) && rs_board_map(&reader, fd) && rs_board_own(&writer, 1));
	assert_true(rs_board_take(&writer, &slot, &number));
	s = shown(number, 0);
	assert_int_equal(rs_board_put_cert(&writer, slot, rs_slice(long_one, sizeof long_one)), 0);
	assert_int_equal(rs_board_put_cert(&writer, slot, RS_SLICE("")), 0);
	s.cert_len = rs_board_put_cert(&writer, slot, RS_SLICE("PEM"));
	assert_int_equal(s.cert_len, 3);
	rs_board_put(&writer, slot, &s);
	assert_true(rs_board_get(&reader, number, &s));
	assert_int_equal(rs_board_cert(&reader, &s, got), 3);
	assert_memory_equal(got, "PEM", 3);
	/* Another one under its number, and nobody. */
	s.connect_us++;
	assert_int_equal(rs_board_cert(&reader, &s, got), 0);
	s.connect_us--;
	rs_board_give(&writer, slot);
	assert_int_equal(rs_board_cert(&reader, &s, got), 0);
}

static void no_place_for_certificates(void **state)
{
	uint32_t slot, number;

	(void)state;
	make(4, 1);
	assert_true(rs_board_take(&writer, &slot, &number));
	assert_int_equal(rs_board_put_cert(&writer, slot, RS_SLICE("PEM")), 0);
}

static void cells(void **state)
{
	(void)state;
	make(4, 1);
	assert_ptr_equal(rs_board_cell(&reader, 0), reader.cells);
	assert_ptr_equal(rs_board_cell(&reader, 3), reader.cells + 3);
	assert_null(rs_board_cell(&reader, 4));
	assert_ptr_equal(rs_board_cell(&reader, RS_ID_MANAGER), reader.cells + 4);
	assert_ptr_equal(rs_board_cell(&reader, RS_ID_SCRIPT), reader.cells + 5);
}

static void not_a_board(void **state)
{
	struct rs_board b;
	struct rs_board_head head;
	int other = memfd_create("other", MFD_ALLOW_SEALING);

	(void)state;
	assert_int_equal(rs_board_create(0, 1, 0, 0, false), -1);
	assert_int_equal(rs_board_create(UINT32_MAX, 1, 0, 0, false), -1);
	assert_int_equal(rs_board_create(16, UINT32_MAX, UINT32_MAX, 0, false), -1);
	assert_false(rs_board_map(&b, other));
	assert_int_equal(ftruncate(other, 1 << 20), 0);
	assert_int_equal(fcntl(other, F_ADD_SEALS, SEALS), 0);
	assert_false(rs_board_map(&b, other));
	/* One whose head says more than there is. */
	make(16, 1);
	memcpy(&head, reader.head, sizeof head);
	head.nsessions = 1 << 20;
	assert_int_equal(pwrite(fd, &head, sizeof head, 0), sizeof head);
	assert_false(rs_board_map(&b, fd));
	/* It cannot be cut under those who look at it. */
	assert_int_equal(ftruncate(fd, 0), -1);
	close(other);
}

/* A new reactor: nobody lives, numbers go on, places are free again. */
static void taken_over(void **state)
{
	struct rs_board next;
	struct rs_session got;
	uint32_t slot, n, out[8];

	(void)state;
	make(4, 1);
	for (int i = 0; i < 4; i++)
		(void)come(&slot);
	atomic_store(&writer.head->connections, 4);
	atomic_store(&writer.head->accepted, 4);
	/* The old one died in the middle of two changes. */
	atomic_fetch_add(&writer.slots[2].seq, 1);
	atomic_fetch_add(&writer.head->index_seq, 1);
	assert_true(rs_board_map(&next, fd));
	assert_true(rs_board_own(&next, 1));
	for (uint32_t i = 1; i <= 4; i++)
		assert_false(rs_board_get(&reader, i, &got));
	assert_int_equal(rs_board_list(&reader, 0, -1, out, 8), 0);
	assert_int_equal(atomic_load(&reader.head->connections), 0);
	assert_int_equal(atomic_load(&reader.head->closed), 4);
	for (uint32_t i = 5; i <= 8; i++) {
		struct rs_session s = shown(i, i);
		assert_true(rs_board_take(&next, &slot, &n));
		assert_int_equal(n, i);
		rs_board_put(&next, slot, &s);
		assert_true(rs_board_get(&reader, i, &got));
		assert_true(whole(&got));
	}
	assert_false(rs_board_take(&next, &slot, &n));
	rs_board_unmap(&next);
}

/* A writer that died in the middle costs a reader some time, not its life. */
static void stuck_writer(void **state)
{
	struct rs_session got;
	uint32_t slot, out[4], n = 0;
	int64_t began = rs_now_us();

	(void)state;
	make(4, 1);
	n = come(&slot);
	atomic_fetch_add(&writer.slots[slot].seq, 1);
	assert_false(rs_board_get(&reader, n, &got));
	assert_int_equal(rs_board_list(&reader, 0, -1, out, 4), 0);
	assert_true(rs_now_us() - began >= PATIENCE_US);
}

/* Whatever a reader's process writes there, the writer goes on with what it knows. */
static void hostile_reader(void **state)
{
	uint32_t slot[4], found;

	(void)state;
	make(4, 1);
	for (int i = 0; i < 4; i++)
		(void)come(&slot[i]);
	memset((char *)reader.head, 0xff, reader.bytes);
	for (uint32_t i = 0; i < 4; i++) {
		assert_true(rs_board_find(&writer, i + 1, &found));
		assert_int_equal(found, slot[i]);
		rs_board_give(&writer, slot[i]);
	}
	for (uint32_t i = 5; i < 9; i++)
		assert_int_equal(come(&slot[0]), i);
}

/* ---- at the same time --------------------------------------------------------------------------------------------------- */

enum { LIVING = 48, CHANGES = 150000 };

/* Comings, goings and changes, always whole. The one with number 1 stays. */
static void write_wildly(void)
{
	uint32_t slot[LIVING], number[LIVING] = { 0 };
	unsigned seed = 99;

	for (uint64_t k = 1; k <= CHANGES; k++) {
		unsigned i = (seed = seed * 1103515245u + 12345u) >> 16;
		struct rs_session s;
		i %= LIVING;
		if (!number[i] && !rs_board_take(&writer, &slot[i], &number[i]))
			abort();
		s = shown(number[i], k);
		rs_board_put(&writer, slot[i], &s);
		if (i && seed % 3 == 0) {
			rs_board_give(&writer, slot[i]);
			number[i] = 0;
		}
	}
}

static int read_wildly(const struct rs_board *b, _Atomic uint32_t *stop)
{
	uint32_t out[16];
	struct rs_session got;

	while (!atomic_load(stop)) {
		size_t n = rs_board_list(b, 0, -1, out, 16);
		for (size_t i = 0; i < n; i++) {
			if (i && out[i] <= out[i - 1])
				return 2;
			if (rs_board_get(b, out[i], &got) && (got.fd != out[i] || !whole(&got)))
				return 3;
		}
		/* This one never goes: it is found at every moment, however the index moves. */
		if (!rs_board_get(b, 1, &got) || !whole(&got))
			return 4;
	}
	return 0;
}

static void readers_see_whole_sessions(void **state)
{
	pid_t child[2];
	uint32_t slot;
	_Atomic uint32_t *stop;
	int status;

	(void)state;
	make(LIVING + 1, 1);
	assert_int_equal(come(&slot), 1);
	stop = &writer.head->running; /* nobody else uses it here */
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		assert_true(child[i] >= 0);
		if (child[i] == 0)
			_exit(read_wildly(&reader, stop));
	}
	write_wildly();
	atomic_store(stop, 1);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(waitpid(child[i], &status, 0), child[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

/* As outside processes have it. */
static void who_may_only_read_reads(void **state)
{
	int whole = rs_board_create(8, 2, 1, 0, false), read_only;
	struct rs_board w, r;
	struct rs_session out, in = { .state = RS_SESSION_OPEN, .port = 3 };
	char path[64];
	uint32_t slot;

	(void)state;
	assert_true(whole >= 0 && rs_board_map(&w, whole) && rs_board_own(&w, 1));
	rs_fmt(path, sizeof path, "/proc/self/fd/%d", whole);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(read_only >= 0);
	assert_false(rs_board_map(&r, read_only));
	assert_true(rs_board_map_reader(&r, read_only));
	assert_true(rs_board_take(&w, &slot, &in.fd));
	rs_board_put(&w, slot, &in);
	assert_true(rs_board_get(&r, in.fd, &out));
	assert_int_equal(out.port, 3);
	rs_board_unmap(&r);
	rs_board_unmap(&w);
	close(read_only);
	close(whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(shows_what_was_put, down),
		cmocka_unit_test_teardown(full, down),
		cmocka_unit_test_teardown(wraps, down),
		cmocka_unit_test_teardown(index_stays_sound, down),
		cmocka_unit_test_teardown(lists, down),
		cmocka_unit_test_teardown(certificates, down),
		cmocka_unit_test_teardown(no_place_for_certificates, down),
		cmocka_unit_test_teardown(cells, down),
		cmocka_unit_test_teardown(not_a_board, down),
		cmocka_unit_test_teardown(taken_over, down),
		cmocka_unit_test_teardown(stuck_writer, down),
		cmocka_unit_test_teardown(hostile_reader, down),
		cmocka_unit_test_teardown(readers_see_whole_sessions, down),
		cmocka_unit_test(who_may_only_read_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
