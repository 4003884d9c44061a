/*
 * The access log's file. Runs in the reactor: lines (reactor_access_line.c) are gathered and written once per loop turn. A log that
 * takes nothing (a full pipe) loses lines, never time.
 */
#include "reactor/reactor_access.h"

#include "base/rs_fd.h"
#include "reactor/reactor_core.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_KEEP (64u << 10)
/* A log that cannot be written is complained about only so often. */
#define COMPLAIN_MS 10000

void rs_access_init(struct rs_access *a)
{
	*a = (struct rs_access){ .fd = -1 };
}

void rs_access_fini(struct rs_access *a)
{
	rs_log_format_fini(&a->format);
	rs_buf_free(&a->buf);
	rs_fd_close(&a->fd);
}

void rs_access_configure(struct rs_reactor *r)
{
	struct rs_access *a = &r->access;
	struct rs_log_format fresh;
	char why[RS_LOG_FORMAT_WHY];

	/* It was checked when it was read. */
	if (!rs_log_format_init(&fresh, r->conf->access_log_format, why, sizeof why)) {
		rs_errorx(r->log, "access_log_format: %s", why);
		return;
	}
	rs_log_format_fini(&a->format);
	a->format = fresh;
}

void rs_access_open(struct rs_reactor *r, int fd)
{
	struct rs_access *a = &r->access;
	struct stat st;

	rs_access_flush(r);
	rs_fd_close(&a->fd);
	a->fd = fd;
	a->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* What was dropped is told when there is something to tell and the last time was long enough ago. */
static void complain(struct rs_reactor *r)
{
	struct rs_access *a = &r->access;

	if (!a->dropped || (a->complained_ms && rs_reactor_ms(r) - a->complained_ms < COMPLAIN_MS))
		return;
	rs_warnx(r->log, "the access log takes nothing: %lu times something was lost",
		 (unsigned long)a->dropped);
	a->dropped = 0;
	a->complained_ms = rs_reactor_ms(r);
}

void rs_access_lost(struct rs_reactor *r)
{
	r->access.dropped++;
	complain(r);
}

void rs_access_flush(struct rs_reactor *r)
{
	struct rs_access *a = &r->access;

	while (a->buf.len) {
		struct pollfd p = { .fd = a->fd, .events = POLLOUT };
		size_t n = a->buf.len;
		ssize_t put;
		/* Shared with others, so it cannot be made non-blocking: ask first, in small pieces. */
		if (!a->regular && n > PIPE_BUF)
			n = PIPE_BUF;
		if (!a->regular && poll(&p, 1, 0) <= 0)
			return;
		put = write(a->fd, rs_buf_data(&a->buf), n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			a->dropped++;
			break;
		}
		rs_buf_consume(&a->buf, (size_t)put);
	}
	rs_buf_reset(&a->buf, BUFFER_KEEP);
	complain(r);
}
