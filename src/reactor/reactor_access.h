/*
 * The access log: one line per answered request, gathered and written at the end of a loop turn.
 */
#ifndef RS_REACTOR_ACCESS_H
#define RS_REACTOR_ACCESS_H

#include "base/rs_buf.h"
#include "conf/conf.h"

struct rs_reactor;
struct rs_conn;
struct rs_req;

struct rs_access {
	int fd;                /* -1: no access log */
	bool regular;          /* a file; else a pipe or terminal, which may be full */
	struct rs_buf buf;     /* bounded; what does not fit is dropped and counted */
	uint64_t dropped;
	int64_t complained_ms; /* when dropped was last reported */
	struct rs_log_format format; /* access_log_format */
	int64_t stamp_s;       /* second that stamp[] are the texts of */
	char stamp[2][48];     /* "21/Nov/2026:09:30:00 +0000"; ISO 8601 */
};

void rs_access_init(struct rs_access *a);
void rs_access_fini(struct rs_access *a);
/* After CONF: the format. */
void rs_access_configure(struct rs_reactor *r);
/* Takes fd: the log from now on. */
void rs_access_open(struct rs_reactor *r, int fd);
/* End of a loop turn. */
void rs_access_flush(struct rs_reactor *r);

/* A line was dropped: counted, and told from time to time. */
void rs_access_lost(struct rs_reactor *r);

static inline bool rs_access_on(const struct rs_access *a)
{
	return a->fd >= 0;
}

/* A request and its answer: the end of it, or 499 when the client left before there was a head. */
void rs_access_request(struct rs_reactor *r, const struct rs_conn *c, const struct rs_req *q,
		       unsigned status);
/* Bytes that were no request; raw is cut at the end of the first line. */
void rs_access_refused(struct rs_reactor *r, const struct rs_conn *c, struct rs_slice raw, unsigned status);

#endif
