/*
 * Bytes through a client socket. Each function tries first and waits only when the kernel says so. A peer that is gone is an
 * error here, never a signal: MSG_NOSIGNAL, and where a call has no flags SIGPIPE is ignored by every PHP process. Others who
 * share the socket (Client::getSocket()) may have made it block: MSG_DONTWAIT, whatever its flags are.
 */
#include "client/client_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rs_fd.h"

#define PIECE 65536
/* So much may be received without others having had their turn. */
#define AT_ONCE_MAX (1u << 20)

/* ---- in --------------------------------------------------------------------------------------------------------- */

/* One try: RS_OK with *got (0: the end), RS_AGAIN with *events, RS_ERR. */
static enum rs_result try_recv(struct rs_sock *s, void *p, size_t n, int flags, size_t *got, unsigned *events)
{
	enum rs_result rc;
	ssize_t rn;
	int error;

	*got = 0;
	*events = RS_WATCH_READ;
	if (s->tls) {
		rc = rs_tls_read(s->tls, p, n, flags & MSG_PEEK, got, events, &error);
		if (rc == RS_ERR)
			rs_sock_fail(s, error);
		return rc == RS_DONE ? RS_OK : rc;
	}
	do
		rn = recv(s->fd, p, n, (flags & ~MSG_WAITALL) | MSG_DONTWAIT);
	while (rn < 0 && errno == EINTR);
	if (rn < 0 && errno == EAGAIN)
		return RS_AGAIN;
	if (rn < 0) {
		rs_sock_fail(s, errno);
		return RS_ERR;
	}
	*got = (size_t)rn;
	return RS_OK;
}

/* A peer that never stops sending must not keep other coroutines from theirs. What TLS has inside already is taken first. */
static bool give_way(struct rs_sock *s, int64_t timeout_ms)
{
	if (s->at_once < AT_ONCE_MAX || timeout_ms == 0 || (s->tls && rs_tls_pending(s->tls)))
		return true;
	s->at_once = 0;
	return rs_sock_wait(s, RS_WATCH_READ, timeout_ms);
}

ssize_t rs_sock_recv(struct rs_sock *s, void *p, size_t n, int flags, int64_t timeout_ms)
{
	int64_t until = rs_deadline(timeout_ms);
	bool again = false;
	enum rs_result rc;
	unsigned events;
	size_t got;

	if (!(flags & MSG_DONTWAIT) && !give_way(s, timeout_ms))
		return -1;
	for (; (rc = try_recv(s, p, n, flags, &got, &events)) == RS_AGAIN; again = true) {
		if (flags & MSG_DONTWAIT) {
			rs_sock_fail(s, EAGAIN);
			return -1;
		}
		/* Records of TLS that carry nothing do not make time stand still. */
		if (again && rs_deadline_left(until) == 0) {
			rs_sock_fail(s, ETIMEDOUT);
			return -1;
		}
		s->at_once = 0;
		if (!rs_sock_wait(s, events, rs_deadline_left(until)))
			return -1;
	}
	s->at_once += got;
	return rc == RS_OK ? (ssize_t)got : -1;
}

size_t rs_sock_recv_all(struct rs_sock *s, void *p, size_t n, int64_t timeout_ms, bool *failed)
{
	size_t have = 0;
	ssize_t got = 1;

	while (have < n && (got = rs_sock_recv(s, (char *)p + have, n - have, 0, timeout_ms)) > 0)
		have += (size_t)got;
	*failed = got < 0;
	return have;
}

ssize_t rs_sock_recvfrom(struct rs_sock *s, void *p, size_t n, int flags, int64_t timeout_ms, struct rs_sock_addr *from)
{
	int64_t until = rs_deadline(timeout_ms);

	for (;;) {
		ssize_t got;

		*from = (struct rs_sock_addr){ .len = sizeof from->storage };
		got = recvfrom(s->fd, p, n, flags | MSG_DONTWAIT, &from->sa, &from->len);
		if (got >= 0)
			return got;
		if (errno == EINTR)
			continue;
		from->len = 0;
		if (errno != EAGAIN || flags & MSG_DONTWAIT) {
			rs_sock_fail(s, errno);
			return -1;
		}
		if (!rs_sock_wait(s, RS_WATCH_READ, rs_deadline_left(until)))
			return -1;
	}
}

/* ---- out -------------------------------------------------------------------------------------------------------- */

static enum rs_result try_send(struct rs_sock *s, const void *p, size_t n, int flags, size_t *put, unsigned *events)
{
	enum rs_result rc;
	ssize_t rn;
	int error;

	*put = 0;
	*events = RS_WATCH_WRITE;
	if (s->tls && n == 0)
		return RS_OK;
	if (s->tls) {
		rc = rs_tls_write(s->tls, p, n, put, events, &error);
		if (rc == RS_ERR || rc == RS_DONE)
			rs_sock_fail(s, rc == RS_ERR ? error : EPIPE);
		return rc == RS_DONE ? RS_ERR : rc;
	}
	do
		rn = send(s->fd, p, n, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
	while (rn < 0 && errno == EINTR);
	if (rn < 0 && errno == EAGAIN)
		return RS_AGAIN;
	if (rn < 0) {
		rs_sock_fail(s, errno);
		return RS_ERR;
	}
	*put = (size_t)rn;
	return RS_OK;
}

ssize_t rs_sock_send(struct rs_sock *s, const void *p, size_t n, int flags, int64_t timeout_ms)
{
	int64_t until = rs_deadline(timeout_ms);
	enum rs_result rc;
	unsigned events;
	size_t put;

	while ((rc = try_send(s, p, n, flags, &put, &events)) == RS_AGAIN) {
		if (flags & MSG_DONTWAIT) {
			rs_sock_fail(s, EAGAIN);
			return -1;
		}
		if (!rs_sock_wait(s, events, rs_deadline_left(until)))
			return -1;
	}
	return rc == RS_OK ? (ssize_t)put : -1;
}

size_t rs_sock_send_all(struct rs_sock *s, const void *p, size_t n, int flags, int64_t timeout_ms)
{
	size_t gone = 0;

	while (gone < n) {
		ssize_t put = rs_sock_send(s, (const char *)p + gone, n - gone, flags, timeout_ms);

		if (put < 0)
			break;
		gone += (size_t)put;
	}
	return gone;
}

ssize_t rs_sock_sendto(struct rs_sock *s, const void *p, size_t n, const struct rs_sock_addr *to, int64_t timeout_ms)
{
	int64_t until = rs_deadline(timeout_ms);

	for (;;) {
		ssize_t put = sendto(s->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT, &to->sa, to->len);

		if (put >= 0)
			return put;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN) {
			rs_sock_fail(s, errno);
			return -1;
		}
		if (!rs_sock_wait(s, RS_WATCH_WRITE, rs_deadline_left(until)))
			return -1;
	}
}

/* ---- files ------------------------------------------------------------------------------------------------------ */

/* By way of memory: TLS, and files that the kernel cannot send. */
static bool copy_file(struct rs_sock *s, int file, off_t at, uint64_t length, int64_t timeout_ms)
{
	char *piece = malloc(PIECE);
	bool ok = piece || rs_sock_fail(s, ENOMEM);

	while (ok && length) {
		ssize_t n = pread(file, piece, length < PIECE ? (size_t)length : PIECE, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			/* 0: it has become shorter. */
			ok = rs_sock_fail(s, n < 0 ? errno : EIO);
			break;
		}
		ok = rs_sock_send_all(s, piece, (size_t)n, 0, timeout_ms) == (size_t)n;
		at += n;
		length -= (uint64_t)n;
	}
	free(piece);
	return ok;
}

static bool send_file(struct rs_sock *s, int file, off_t at, uint64_t length, int64_t timeout_ms)
{
	while (length) {
		ssize_t n = sendfile(s->fd, file, &at, length < 1 << 30 ? (size_t)length : 1 << 30);

		if (n > 0) {
			length -= (uint64_t)n;
			continue;
		}
		if (n == 0)
			return rs_sock_fail(s, EIO);
		if (errno == EINVAL || errno == ENOSYS)
			return copy_file(s, file, at, length, timeout_ms);
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return rs_sock_fail(s, errno);
		if (!rs_sock_wait(s, RS_WATCH_WRITE, timeout_ms))
			return false;
	}
	return true;
}

int rs_sock_open_file(struct rs_sock *s, const char *path, uint64_t offset, uint64_t *length)
{
	/* Not to hang on a FIFO that somebody has put there. */
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (file < 0) {
		rs_sock_fail(s, errno);
		return -1;
	}
	if (fstat(file, &st) < 0)
		rs_sock_fail(s, errno);
	else if (!S_ISREG(st.st_mode))
		rs_sock_fail_why(s, EINVAL, "not a regular file");
	else if (st.st_size == 0)
		rs_sock_fail_why(s, EINVAL, "the file is empty");
	else if (offset >= (uint64_t)st.st_size || *length > (uint64_t)st.st_size - offset)
		rs_sock_fail_why(s, EINVAL, "beyond the end of the file");
	else {
		*length = *length ? *length : (uint64_t)st.st_size - offset;
		return file;
	}
	rs_fd_close(&file);
	return -1;
}

bool rs_sock_sendfd(struct rs_sock *s, int file, uint64_t offset, uint64_t length, int64_t timeout_ms)
{
	return s->tls ? copy_file(s, file, (off_t)offset, length, timeout_ms) : send_file(s, file, (off_t)offset, length, timeout_ms);
}

bool rs_sock_sendfile(struct rs_sock *s, const char *path, uint64_t offset, uint64_t length, int64_t timeout_ms)
{
	int file = rs_sock_open_file(s, path, offset, &length);
	bool ok;

	if (file < 0)
		return false;
	ok = rs_sock_sendfd(s, file, offset, length, timeout_ms);
	rs_fd_close(&file);
	return ok;
}
