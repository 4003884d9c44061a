/*
 * Pipes between a process and its child. See the header for who keeps which end.
 */
#include "client/client_pipe.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

bool rs_pipe_open(struct rs_pipe *p, bool datagram)
{
	*p = (struct rs_pipe){ .fds = { -1, -1 }, .datagram = datagram, .timeout_ms = -1 };
	return socketpair(AF_UNIX, (datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0, p->fds) == 0;
}

void rs_pipe_close(struct rs_pipe *p, enum rs_pipe_side side)
{
	rs_fd_close(&p->fds[side]);
}

bool rs_pipe_shutdown(struct rs_pipe *p, enum rs_pipe_side side, bool sending)
{
	return shutdown(p->fds[side], sending ? SHUT_WR : SHUT_RD) == 0;
}

static bool is_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && !(flags & O_NONBLOCK);
}

bool rs_pipe_set_blocking(struct rs_pipe *p, enum rs_pipe_side side, bool on)
{
	return rs_fd_nonblock(p->fds[side], !on);
}

bool rs_pipe_is_blocking(const struct rs_pipe *p, enum rs_pipe_side side)
{
	return is_blocking(p->fds[side]);
}

/* A descriptor that is readable once the process is dead; -1: it is already gone (ESRCH), or the kernel has no such thing. */
static int watch_process(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* poll(), but no signal is missed that comes between the question whether one has come and the wait. */
static int poll_unless(struct pollfd *fds, nfds_t n, int ms, bool (*interrupted)(void))
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	sigset_t all, old;
	int r = -1;

	if (!interrupted)
		return poll(fds, n, ms);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	errno = EINTR;
	if (!interrupted())
		r = ppoll(fds, n, ms < 0 ? NULL : &t, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return r;
}

/* Until events, the peer's death (then errno EPIPE), the deadline, or an interruption (EINTR). false: errno. */
static bool wait_for(const struct rs_pipe *p, int fd, short events, pid_t peer, int64_t deadline_ms)
{
	struct pollfd pfd[2] = { { .fd = fd, .events = events }, { .fd = -1, .events = POLLIN } };
	bool dead = false;
	int n, saved;

	if (peer > 0) {
		pfd[1].fd = watch_process(peer);
		dead = pfd[1].fd < 0 && errno == ESRCH;
	}
	do {
		int64_t left = deadline_ms < 0 ? -1 : deadline_ms - rs_now_ms();

		if (deadline_ms >= 0 && left < 0)
			left = 0;
		n = poll_unless(pfd, 2, dead ? 0 : (int)(left > INT32_MAX ? INT32_MAX : left), p->interrupted);
	} while (n < 0 && errno == EINTR && !(p->interrupted && p->interrupted()));
	saved = errno;
	rs_fd_close(&pfd[1].fd);
	if (n > 0 && pfd[0].revents)
		return true;
	if (n >= 0)
		saved = dead || pfd[1].revents ? EPIPE : ETIMEDOUT;
	errno = saved;
	return false;
}

static int64_t deadline_of(const struct rs_pipe *p)
{
	return p->timeout_ms < 0 ? -1 : rs_now_ms() + p->timeout_ms;
}

static bool would_block(int err)
{
	return err == EAGAIN || err == EWOULDBLOCK || err == ENOBUFS;
}

ssize_t rs_pipe_read(struct rs_pipe *p, enum rs_pipe_side side, void *buf, size_t n, pid_t peer)
{
	int64_t deadline = deadline_of(p);
	int fd = p->fds[side];
	ssize_t got;

	for (;;) {
		got = recv(fd, buf, n, MSG_DONTWAIT);
		if (got >= 0)
			return got;
		if (errno == EINTR)
			continue;
		if (!would_block(errno) || !is_blocking(fd) || !wait_for(p, fd, POLLIN, peer, deadline))
			return -1;
	}
}

ssize_t rs_pipe_write(struct rs_pipe *p, enum rs_pipe_side side, const void *buf, size_t n, pid_t peer)
{
	int64_t deadline = deadline_of(p);
	int fd = p->fds[side];
	size_t done = 0;

	for (;;) {
		ssize_t sent = send(fd, (const char *)buf + done, n - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (sent >= 0) {
			done += (size_t)sent;
			if (done == n || !is_blocking(fd))
				return (ssize_t)done;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (!would_block(errno) || !is_blocking(fd) || !wait_for(p, fd, POLLOUT, peer, deadline))
			return done ? (ssize_t)done : -1;
	}
}

enum rs_result rs_pipe_wait_either(const struct rs_pipe *out, const struct rs_pipe *in, int64_t timeout_ms)
{
	struct pollfd pfd[2] = { { .fd = out->fds[RS_PIPE_MASTER], .events = POLLOUT },
				 { .fd = in ? in->fds[RS_PIPE_CHILD] : -1, .events = POLLIN } };
	int64_t deadline = rs_now_ms() + timeout_ms, left;
	int n;

	do {
		left = deadline - rs_now_ms();
		n = poll(pfd, 2, left > 0 ? (int)left : 0);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	if (n <= 0)
		return RS_ERR;
	return pfd[0].revents ? RS_OK : RS_AGAIN;
}
