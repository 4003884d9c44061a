/*
 * Locks and shared numbers between processes: who gets them, who is refused how, what a killed holder, waiter or reader leaves.
 */
#include "shm/shm_atomic.c"
#include "shm/shm_lock.c"
#include "shm/shm_lock_file.c"
#include "shm/shm_lock_rw.c"
#include "shm/shm_lock_word.c"
#include "shm/shm_map.c"
#include "shm/shm_owner.c"
#include "shm/shm_wait.c"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/rs_proc.h"

#define FOR_EVER (-1)
#define TRY 0
#define WRITERS 4

static const enum rs_lock_type all[] = { RS_LOCK_MUTEX, RS_LOCK_RW, RS_LOCK_FILE, RS_LOCK_SEM, RS_LOCK_SPIN };

/* What the processes of a test tell one another. */
struct board {
	_Atomic uint32_t steps, go;
	volatile uint64_t a, b; /* for the holder only */
	_Atomic uint64_t turns;
};

static struct board *board;
static char path[64];

static int setup(void **state)
{
	(void)state;
	board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(board != MAP_FAILED);
	snprintf(path, sizeof path, "/tmp/rserverd-lock-%d", (int)getpid());
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	munmap(board, sizeof *board);
	unlink(path);
	return 0;
}

static struct rs_lock *lock_of(enum rs_lock_type type)
{
	struct rs_lock *l = rs_lock_new(type, path);

	assert_non_null(l);
	return l;
}

static void until_step(uint32_t n)
{
	while (atomic_load(&board->steps) < n)
		usleep(500);
}

static void end(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void join(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* A child that holds it, until killed. Returns when it does. */
static pid_t holder(struct rs_lock *l, enum rs_lock_how how)
{
	uint32_t before = atomic_load(&board->steps);
	pid_t pid = fork();

	if (pid == 0) {
		if (rs_lock_take(l, how, FOR_EVER, NULL) != 0)
			_exit(1);
		atomic_fetch_add(&board->steps, 1);
		for (;;)
			pause();
	}
	until_step(before + 1);
	return pid;
}

/* Sleeping on a futex, or in fcntl: what the kernel says about it. */
static void until_asleep(pid_t pid)
{
	char name[32], s = 0;
	uint32_t start;

	snprintf(name, sizeof name, "%d", (int)pid);
	while (!read_stat(pid, &s, &start) || s != 'S')
		usleep(500);
}

static void test_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(all); i++) {
		struct rs_lock *l = lock_of(all[i]);

		assert_int_equal(rs_lock_release(l), EPERM);
		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), 0);
		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), EBUSY);
		assert_int_equal(rs_lock_take(l, RS_LOCK_READ, TRY, NULL), EBUSY);
		if (all[i] != RS_LOCK_SEM) {
			assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, NULL), EDEADLK);
			assert_int_equal(rs_lock_take(l, RS_LOCK_READ, FOR_EVER, NULL), EDEADLK);
		}
		assert_int_equal(rs_lock_release(l), 0);
		assert_int_equal(rs_lock_release(l), EPERM);
		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, NULL), 0);
		rs_lock_free(l); /* with the lock */
	}
	assert_null(rs_lock_new(RS_LOCK_FILE, "/nowhere/at/all"));
	assert_int_equal(errno, ENOENT);
	rs_lock_free(NULL);
}

static void test_time_limit(void **state)
{
	struct rs_lock *l = lock_of(RS_LOCK_MUTEX);
	int64_t before = rs_now_us(), took;

	(void)state;
	assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, 30000, NULL), 0);
	assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, 30000, NULL), ETIMEDOUT);
	took = rs_now_us() - before;
	assert_true(took >= 30000 && took < 20000000);
	assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, 1, NULL), ETIMEDOUT);
	rs_lock_free(l);
}

static void test_other_process(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(all); i++) {
		struct rs_lock *l = lock_of(all[i]);
		pid_t pid = holder(l, RS_LOCK_WRITE), waiter;
		int status;

		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), EBUSY);
		assert_int_equal(rs_lock_take(l, RS_LOCK_READ, TRY, NULL), EBUSY);
		if (all[i] != RS_LOCK_FILE)
			assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, 2000, NULL), ETIMEDOUT);
		assert_int_equal(rs_lock_release(l), all[i] == RS_LOCK_SEM ? 0 : EPERM);
		if (all[i] == RS_LOCK_SEM)
			assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), 0);

		/* somebody sleeps while the holder is killed */
		waiter = fork();
		if (waiter == 0)
			_exit(rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, NULL));
		until_asleep(waiter);
		if (all[i] == RS_LOCK_SEM)
			assert_int_equal(rs_lock_release(l), 0);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(waiter, &status, 0), waiter); /* before anybody has buried the holder */
		assert_int_equal(status, 0);
		end(pid);

		/* and the waiter died with it as well */
		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), 0);
		assert_int_equal(rs_lock_release(l), 0);
		rs_lock_free(l);
	}
}

/* A zombie is dead, and so is the process that had this number before. */
static void test_dead_owners(void **state)
{
	static const int64_t waits[] = { TRY, 1, FOR_EVER };
	struct rs_lock *l = lock_of(RS_LOCK_MUTEX);

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(waits); i++) {
		pid_t pid = holder(l, RS_LOCK_WRITE);
		siginfo_t info;

		kill(pid, SIGKILL);
		assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, waits[i], NULL), 0);
		assert_int_equal(rs_lock_release(l), 0);
		end(pid);
		assert_false(rs_owner_alive((uint32_t)pid));
	}
	uint64_t parent = rs_owner_of(getppid());
	assert_true(rs_owner_alive(parent));
	assert_false(rs_owner_alive(parent + (UINT64_C(1) << 32)));
	assert_true(rs_owner_alive(rs_owner_of(1)));
	atomic_store(&l->words->owner, parent);
	assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), EBUSY);
	atomic_store(&l->words->owner, parent + (UINT64_C(1) << 32));
	assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), 0);
	rs_lock_free(l);
}

/* The one who forked keeps it; the child has to wait like any other. */
static void test_fork(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(all); i++) {
		struct rs_lock *l = lock_of(all[i]);
		pid_t pid;

		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), 0);
		pid = fork();
		if (pid == 0) {
			bool ok = rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL) == EBUSY;

			ok &= all[i] == RS_LOCK_SEM || rs_lock_release(l) == EPERM;
			rs_lock_free(l);
			_exit(!ok);
		}
		join(pid);
		/* freed there, still ours here */
		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), EBUSY);
		pid = fork();
		if (pid == 0)
			_exit(rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, NULL));
		rs_lock_free(l); /* lets it go */
		join(pid);
	}
}

static void count_under(struct rs_lock *l, int turns)
{
	for (int n = 0; n < turns; n++) {
		if (rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, NULL) != 0)
			_exit(1);
		board->a++;
		board->b++;
		if (rs_lock_release(l) != 0)
			_exit(2);
		if (rs_lock_take(l, RS_LOCK_READ, FOR_EVER, NULL) != 0)
			_exit(3);
		if (board->a != board->b)
			_exit(4);
		if (rs_lock_release(l) != 0)
			_exit(5);
	}
}

static void test_exclusion(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(all); i++) {
		struct rs_lock *l = lock_of(all[i]);
		int turns = all[i] == RS_LOCK_FILE ? 300 : 2000;
		pid_t pids[WRITERS];

		board->a = board->b = 0;
		for (int p = 0; p < WRITERS; p++) {
			pids[p] = fork();
			if (pids[p] == 0) {
				count_under(l, turns);
				_exit(0);
			}
		}
		for (int p = 0; p < WRITERS; p++)
			join(pids[p]);
		assert_int_equal(board->a, WRITERS * turns);
		rs_lock_free(l);
	}
}

/* One after the other is killed wherever it is; the others go on all the same. */
static void test_kills_under_load(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(all); i++) {
		struct rs_lock *l = lock_of(all[i]);
		pid_t pids[WRITERS];

		for (int p = 0; p < WRITERS; p++)
			pids[p] = -1;
		for (int k = 0; k < 24; k++) {
			uint64_t turns = atomic_load(&board->turns);
			int p = k % WRITERS;

			if (pids[p] > 0)
				end(pids[p]);
			pids[p] = fork();
			while (pids[p] == 0) {
				if (rs_lock_take(l, k & 1 ? RS_LOCK_READ : RS_LOCK_WRITE, FOR_EVER, NULL) != 0)
					_exit(1);
				atomic_fetch_add(&board->turns, 1);
				if (rs_lock_release(l) != 0)
					_exit(2);
			}
			while (atomic_load(&board->turns) < turns + 5)
				usleep(100);
		}
		for (int p = 0; p < WRITERS; p++)
			end(pids[p]);
		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), 0);
		assert_int_equal(rs_lock_release(l), 0);
		rs_lock_free(l);
	}
}

/* ---- readers and writers ----------------------------------------------------------------------------------------- */

static void test_readers(void **state)
{
	static const enum rs_lock_type shared[] = { RS_LOCK_RW, RS_LOCK_FILE };

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(shared); i++) {
		struct rs_lock *l = lock_of(shared[i]);
		pid_t first = holder(l, RS_LOCK_READ), second = holder(l, RS_LOCK_READ);

		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), EBUSY);
		assert_int_equal(rs_lock_take(l, RS_LOCK_READ, TRY, NULL), 0);
		assert_int_equal(rs_lock_release(l), 0);
		assert_int_equal(rs_lock_release(l), EPERM);
		end(first);
		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), EBUSY);
		kill(second, SIGKILL);
		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, NULL), 0);
		end(second);
		rs_lock_free(l);
	}
}

static void test_writer_comes_first(void **state)
{
	struct rs_lock *l = lock_of(RS_LOCK_RW);
	pid_t reader = holder(l, RS_LOCK_READ), writer, next;

	(void)state;
	assert_int_equal(rs_lock_take(l, RS_LOCK_READ, TRY, NULL), 0);
	writer = fork();
	if (writer == 0) {
		if (rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, NULL) != 0)
			_exit(1);
		board->a = 77;
		_exit(rs_lock_release(l));
	}
	until_asleep(writer);
	/* another reader waits for the writer; we, who read already, come in again */
	next = fork();
	if (next == 0)
		_exit(rs_lock_take(l, RS_LOCK_READ, TRY, NULL) == EBUSY ? 0 : 1);
	join(next);
	next = fork();
	if (next == 0) {
		if (rs_lock_take(l, RS_LOCK_READ, FOR_EVER, NULL) != 0)
			_exit(1);
		_exit(board->a == 77 ? 0 : 2);
	}
	assert_int_equal(rs_lock_take(l, RS_LOCK_READ, FOR_EVER, NULL), 0);
	assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, NULL), EDEADLK);
	end(reader);
	assert_int_equal(rs_lock_release(l), 0);
	until_asleep(writer); /* we read still */
	assert_int_not_equal(board->a, 77);
	assert_int_equal(rs_lock_release(l), 0);
	join(writer);
	join(next);
	rs_lock_free(l);
}

static void test_waiting_writer_dies(void **state)
{
	struct rs_lock *l = lock_of(RS_LOCK_RW);
	pid_t reader = holder(l, RS_LOCK_READ), writer = fork();

	(void)state;
	if (writer == 0)
		_exit(rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, NULL));
	until_asleep(writer);
	end(writer);
	assert_int_equal(rs_lock_take(l, RS_LOCK_READ, TRY, NULL), 0);
	assert_int_equal(rs_lock_release(l), 0);
	/* one whose time is up lets the readers in again */
	assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, 20000, NULL), ETIMEDOUT);
	assert_int_equal(rs_lock_take(l, RS_LOCK_READ, TRY, NULL), 0);
	assert_int_equal(rs_lock_release(l), 0);
	end(reader);
	rs_lock_free(l);
}

static void test_reader_limit(void **state)
{
	struct rs_lock *l = lock_of(RS_LOCK_RW);
	pid_t pid;

	(void)state;
	for (int i = 0; i < READERS; i++)
		assert_int_equal(rs_lock_take(l, RS_LOCK_READ, TRY, NULL), 0);
	assert_int_equal(rs_lock_take(l, RS_LOCK_READ, TRY, NULL), EBUSY);
	pid = fork();
	if (pid == 0)
		_exit(rs_lock_take(l, RS_LOCK_READ, FOR_EVER, NULL));
	until_asleep(pid);
	assert_int_equal(rs_lock_release(l), 0);
	join(pid);
	/* the child died with it: its place is given to the next one */
	assert_int_equal(rs_lock_take(l, RS_LOCK_READ, FOR_EVER, NULL), 0);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(rs_lock_release(l), 0);
	assert_int_equal(rs_lock_release(l), EPERM);
	assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), 0);
	rs_lock_free(l);
}

/* ---- signals ----------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t came;
static int heard;

/* Goes on at the first signal, stops at the second. */
static bool twice(void *arg)
{
	(void)arg;
	if (!came)
		return true;
	came = 0;
	return ++heard < 2;
}

static void note(int sig)
{
	(void)sig;
	came = 1;
}

/* ---- by descriptor ------------------------------------------------------------------------------------------------ */

static void test_attached_locks_are_the_same(void **state)
{
	static const enum rs_lock_type types[] = { RS_LOCK_RW, RS_LOCK_MUTEX, RS_LOCK_SEM, RS_LOCK_SPIN };

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		int fd = -1;
		struct rs_lock *a = rs_lock_create(types[i], &fd), *b = rs_lock_attach(types[i], fd);

		assert_non_null(a);
		assert_non_null(b);
		errno = 0;
		assert_null(rs_lock_attach(types[(i + 1) % (sizeof types / sizeof *types)], fd));
		assert_int_equal(errno, EINVAL);
		close(fd);
		assert_int_equal(rs_lock_take(a, RS_LOCK_WRITE, 0, NULL), 0);
		assert_int_equal(rs_lock_take(b, RS_LOCK_WRITE, 0, NULL), EBUSY);
		assert_int_equal(rs_lock_release(a), 0);
		assert_int_equal(rs_lock_take(b, RS_LOCK_WRITE, 0, NULL), 0);
		rs_lock_free(b);
		rs_lock_free(a);
	}
}

static void test_attached_numbers_are_the_same(void **state)
{
	struct rs_atomic a = { .cell = NULL }, b = { .cell = NULL };
	int fd = -1, other = -1;

	(void)state;
	assert_true(rs_atomic_init(&a, 32, &fd));
	atomic_store(&a.cell->value, 7);
	assert_true(rs_atomic_attach(&b, 32, fd));
	assert_int_equal(atomic_load(&b.cell->value), 7);
	atomic_store(&b.cell->value, 8);
	assert_int_equal(atomic_load(&a.cell->value), 8);
	rs_atomic_fini(&b);
	errno = 0;
	assert_false(rs_atomic_attach(&b, 64, fd));
	assert_int_equal(errno, EINVAL);
	assert_null(b.cell);
	/* What is no number's memory. */
	rs_lock_free(rs_lock_create(RS_LOCK_MUTEX, &other));
	assert_false(rs_atomic_attach(&b, 32, other));
	assert_null(rs_lock_attach(RS_LOCK_MUTEX, fd));
	close(other);
	close(fd);
	rs_atomic_fini(&a);
}

static void test_signals(void **state)
{
	struct rs_shm_ear ear = { .go_on = twice };

	(void)state;
	for (int what = 0; what < 3; what++) {
		struct rs_lock *l = lock_of(RS_LOCK_SEM);
		struct rs_atomic a = { 0 };
		pid_t pid;

		assert_true(rs_atomic_init(&a, 0, NULL));
		assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, TRY, NULL), 0);
		pid = fork();
		if (pid == 0) {
			rs_signal(SIGUSR1, note, true); /* as pcntl_signal does it */
			if (what == 0)
				_exit(rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, &ear) == EINTR && heard == 2 ? 0 : 1);
			if (what == 1)
				_exit(rs_atomic_wait(&a, FOR_EVER, &ear) == RS_ERR && heard == 2 ? 0 : 1);
			_exit(rs_atomic_wait(&a, 60000000, &ear) == RS_ERR && heard == 2 ? 0 : 1);
		}
		for (;;) {
			int status;
			pid_t got;

			kill(pid, SIGUSR1);
			got = waitpid(pid, &status, WNOHANG);
			if (got == 0) {
				usleep(2000);
				continue;
			}
			/* one that came before the handler was there is not what we test */
			assert_int_equal(got, pid);
			if (WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1) {
				what--;
				break;
			}
			assert_int_equal(status, 0);
			break;
		}
		rs_lock_free(l);
		rs_atomic_fini(&a);
	}
}

/* A signal that came just before the sleep ends it as well, only later. */
static void test_signal_before_the_sleep(void **state)
{
	struct rs_shm_ear ear = { .go_on = twice };
	struct rs_lock *l = lock_of(RS_LOCK_MUTEX);
	struct rs_atomic a = { 0 };
	pid_t pid = holder(l, RS_LOCK_WRITE);

	(void)state;
	assert_true(rs_atomic_init(&a, 0, NULL));
	for (int what = 0; what < 3; what++) {
		came = heard = 1; /* the next one is the second */
		if (what == 0)
			assert_int_equal(rs_lock_take(l, RS_LOCK_WRITE, FOR_EVER, &ear), EINTR);
		else
			assert_int_equal(rs_atomic_wait(&a, what == 1 ? FOR_EVER : 60000000, &ear), RS_ERR);
		assert_int_equal(heard, 2);
	}
	end(pid);
	rs_lock_free(l);
	rs_atomic_fini(&a);
}

/* ---- shared numbers ---------------------------------------------------------------------------------------------- */

static pid_t sleeper(struct rs_atomic *a, int64_t wait_us)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit((int)rs_atomic_wait(a, wait_us, NULL));
	until_asleep(pid);
	return pid;
}

static void test_wait_and_wake(void **state)
{
	struct rs_atomic a = { 0 };
	pid_t pids[3];
	int woken = 0;

	(void)state;
	assert_true(rs_atomic_init(&a, 0, NULL));
	assert_int_equal(rs_atomic_wait(&a, 0, NULL), RS_AGAIN);
	assert_int_equal(rs_atomic_wait(&a, 3000, NULL), RS_AGAIN);
	atomic_store(&a.cell->value, 5);
	assert_int_equal(rs_atomic_wait(&a, FOR_EVER, NULL), RS_DONE);
	assert_int_equal(atomic_load(&a.cell->value), 5);
	atomic_store(&a.cell->value, 0);

	/* without a sleeper it is kept, once */
	rs_atomic_wake(&a, 1);
	rs_atomic_wake(&a, 3);
	assert_int_equal(atomic_load(&a.cell->value), 1);
	assert_int_equal(rs_atomic_wait(&a, FOR_EVER, NULL), RS_OK);
	assert_int_equal(rs_atomic_wait(&a, 0, NULL), RS_AGAIN);

	/* two of three */
	for (int i = 0; i < 3; i++)
		pids[i] = sleeper(&a, FOR_EVER);
	rs_atomic_wake(&a, 2);
	for (int i = 0; i < 2; i++) {
		int status;
		pid_t pid = wait(&status);

		assert_int_equal(status, 0);
		for (int p = 0; p < 3; p++)
			if (pids[p] == pid)
				pids[p] = 0, woken++;
	}
	assert_int_equal(woken, 2);
	assert_int_equal(atomic_load(&a.cell->value), 0);
	for (int p = 0; p < 3; p++) {
		if (!pids[p])
			continue;
		until_asleep(pids[p]);
		end(pids[p]); /* a dead sleeper is none */
	}
	rs_atomic_wake(&a, 1);
	assert_int_equal(atomic_load(&a.cell->value), 1);
	assert_int_equal(rs_atomic_wait(&a, 0, NULL), RS_OK);
	assert_int_equal(rs_atomic_wait(&a, 0, NULL), RS_AGAIN);

	/* all of them, and nothing is left over */
	for (int i = 0; i < 3; i++)
		pids[i] = sleeper(&a, 60000000);
	rs_atomic_wake(&a, 10);
	for (int i = 0; i < 3; i++)
		join(pids[i]);
	assert_int_equal(rs_atomic_wait(&a, 0, NULL), RS_AGAIN);
	rs_atomic_fini(&a);
	rs_atomic_fini(&a);
}

/* Used as a lock: 1 is free. */
static void test_wait_excludes(void **state)
{
	struct rs_atomic a = { 0 };
	pid_t pids[WRITERS];

	(void)state;
	assert_true(rs_atomic_init(&a, 0, NULL));
	board->a = 0;
	for (int p = 0; p < WRITERS; p++) {
		pids[p] = fork();
		if (pids[p])
			continue;
		for (int n = 0; n < 3000; n++) {
			if (rs_atomic_wait(&a, FOR_EVER, NULL) != RS_OK)
				_exit(1);
			board->a++;
			rs_atomic_wake(&a, 1);
		}
		_exit(0);
	}
	rs_atomic_wake(&a, 1);
	for (int p = 0; p < WRITERS; p++)
		join(pids[p]);
	assert_int_equal(board->a, WRITERS * 3000);
	assert_int_equal(atomic_load(&a.cell->value), 1);
	assert_int_equal(atomic_load(&a.cell->passes), 0);
	rs_atomic_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_process, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dead_owners, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fork, setup, teardown),
		cmocka_unit_test_setup_teardown(test_exclusion, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kills_under_load, setup, teardown),
		cmocka_unit_test_setup_teardown(test_readers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_writer_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waiting_writer_dies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reader_limit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attached_locks_are_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(test_attached_numbers_are_the_same, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signals, setup, teardown),
		cmocka_unit_test_setup_teardown(test_signal_before_the_sleep, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wait_and_wake, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wait_excludes, setup, teardown),
	};

	alarm(240); /* a lock that nobody gets is a failure, not a wait */
	return cmocka_run_group_tests_name("shm locks", tests, NULL, NULL);
}
