/*
 * Blocking waits over poll(2).
 */
#include "client/client_wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "base/rs_clock.h"

/* poll() until the deadline, whatever signals come. */
static int poll_until(struct pollfd *p, size_t n, int64_t deadline)
{
	for (;;) {
		int64_t left = rs_deadline_left(deadline);
		int rc = poll(p, n, left > INT_MAX ? INT_MAX : (int)left);

		if (rc > 0 || (rc < 0 && errno != EINTR))
			return rc;
		if (rs_deadline_left(deadline) == 0)
			return 0;
	}
}

static short to_poll(unsigned events)
{
	return (short)((events & RS_WATCH_READ ? POLLIN : 0) | (events & RS_WATCH_WRITE ? POLLOUT : 0));
}

enum rs_wait rs_wait_blocking(void *arg, int fd, unsigned events, int64_t timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = to_poll(events) };
	int rc = poll_until(&p, 1, rs_deadline(timeout_ms));

	(void)arg;
	return rc > 0 ? RS_WAIT_READY : rc == 0 ? RS_WAIT_TIMEOUT : RS_WAIT_FAILED;
}

int rs_wait_many(struct rs_wait_item *items, size_t n, int64_t timeout_ms)
{
	struct pollfd *p = calloc(n ? n : 1, sizeof *p);
	int rc;

	if (!p)
		return -1;
	for (size_t i = 0; i < n; i++)
		p[i] = (struct pollfd){ .fd = items[i].fd, .events = to_poll(items[i].want) };
	rc = poll_until(p, n, rs_deadline(timeout_ms));
	for (size_t i = 0; i < n; i++) {
		bool over = rc > 0 && p[i].revents & (POLLERR | POLLHUP | POLLNVAL);

		items[i].error = rc > 0 && p[i].revents & (POLLERR | POLLNVAL);
		items[i].ready = over ? items[i].want : 0;
		if (rc > 0 && p[i].revents & POLLIN)
			items[i].ready |= RS_WATCH_READ;
		if (rc > 0 && p[i].revents & POLLOUT)
			items[i].ready |= RS_WATCH_WRITE;
	}
	free(p);
	return rc;
}

int64_t rs_deadline(int64_t timeout_ms)
{
	if (timeout_ms < 0 || timeout_ms > INT64_MAX / 2)
		return -1;
	return rs_now_ms() + timeout_ms;
}

int64_t rs_deadline_left(int64_t deadline_ms)
{
	int64_t left;

	if (deadline_ms < 0)
		return -1;
	left = deadline_ms - rs_now_ms();
	return left > 0 ? left : 0;
}
