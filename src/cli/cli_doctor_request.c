/*
 * One request to the private instance, by its Unix socket. Of the answer only the status counts.
 */
#include "cli/cli_doctor.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "master/master_unix.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* For the whole answer; one that goes on and on is left. */
#define ANSWER_MS 60000

/* "HTTP/1.1 200 ..." */
static unsigned status_of(const char *head, size_t n)
{
	uint64_t status;

	return n >= 12 && memcmp(head, "HTTP/1.", 7) == 0 && rs_parse_u64(rs_slice(head + 9, 3), 999, &status) ? (unsigned)status : 0;
}

/* To the end. head: the first bytes are kept. */
static enum rs_result receive(const struct rs_doctor_instance *i, int fd, char *head, size_t size, size_t *n)
{
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .fd = i->signal_fd, .events = POLLIN } };
	int64_t deadline = rs_now_ms() + ANSWER_MS, left;
	char rest[16384];
	ssize_t got;

	while ((left = deadline - rs_now_ms()) > 0) {
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			return RS_ERR;
		if (p[1].revents)
			return RS_DONE;
		if (!p[0].revents)
			continue;
		got = *n < size ? read(fd, head + *n, size - *n) : read(fd, rest, sizeof rest);
		if (got <= 0)
			return RS_OK;
		*n += *n < size ? (size_t)got : 0;
	}
	return RS_OK;
}

enum rs_result rs_doctor_ask(const struct rs_doctor_instance *i, const char *path, bool keep, unsigned *status)
{
	char request[RS_DOCTOR_PATH_MAX + 256], sock[512], head[64];
	enum rs_result r = RS_ERR;
	size_t n = 0;
	int fd = rs_doctor_instance_path(i, "http.sock", sock, sizeof sock) ? rs_unix_connect(sock) : -1;

	*status = 0;
	if (fd < 0)
		return RS_ERR;
	if (rs_fmt(request, sizeof request,
		   "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: rserverd-doctor\r\nAccept: */*\r\nX-Rserverd-Doctor: %s\r\n"
		   "Connection: close\r\n\r\n", path, keep ? "keep" : "last") &&
	    send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request))
		r = receive(i, fd, head, sizeof head, &n);
	*status = status_of(head, n);
	rs_fd_close(&fd);
	return r;
}
