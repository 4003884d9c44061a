/*
 * warm_up[]: each path is requested once when the application has booted, before anything is forked, so that what such a request loads
 * is there for all: classes, compiled code, reflection. Nobody reads the answers; what the requests leave is cleaned as always.
 */
#include "php_serve.h"

#include "php_call.h"

#include "base/rs_clock.h"

static void warm_body(void *arg)
{
	(void)rs_php_call_through(arg, 0, NULL, NULL);
}

/* What a client on this machine would send. */
static bool warm(const char *target)
{
	static const struct rs_field fields[] = {
		{ { "Host", 4 }, { "localhost", 9 } },
		{ { "User-Agent", 10 }, { "rserverd warm-up", 16 } },
		{ { "Accept", 6 }, { "*/*", 3 } },
	};
	struct rs_slice all = rs_slice_str(target);
	const char *mark = strchr(target, '?');
	struct rs_request_view view = {
		.method = RS_SLICE("GET"), .target = all, .path = rs_slice(target, mark ? (size_t)(mark - target) : all.n),
		.query = mark ? rs_slice_str(mark + 1) : RS_SLICE(""), .fields = fields, .nfields = RS_COUNTOF(fields),
		.remote_addr = RS_SLICE("127.0.0.1"), .local_addr = RS_SLICE("127.0.0.1"), .http_minor = 1,
		.local_port = (uint16_t)rs_php()->conf->listen_port, .received_us = (uint64_t)rs_wall_us(),
	};
	enum rs_call_end end;

	if (*target != '/') {
		rs_warnx(rs_host_log(), "warm_up: %s is no path: it must begin with a slash", target);
		return true;
	}
	end = rs_php_event("a warm-up request", &view, RS_SLICE(""), warm_body, &rs_php()->warm);
	if (end == RS_CALL_THROWN)
		rs_warnx(rs_host_log(), "warm_up: %s has failed", target);
	return end != RS_CALL_FATAL;
}

bool rs_php_warm_up(const char **failed)
{
	struct rs_php *php = rs_php();
	bool ok = true;

	if (!php->warm.set || !php->conf->warm_up.n)
		return true;
	rs_php_leave_boot();
	php->starting = true;
	for (size_t i = 0; ok && i < php->conf->warm_up.n; i++) {
		*failed = php->conf->warm_up.v[i];
		ok = warm(*failed);
	}
	php->starting = false;
	return ok;
}
