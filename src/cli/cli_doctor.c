/*
 * rserverd doctor [PATH ...]: the order of things. Exit status 0: no findings, 1: some, 2: it could not be looked.
 */
#include "cli/cli_doctor.h"

#include "base/rs_clock.h"

#include <stdio.h>
#include <stdlib.h>

#define EXIT_NONE 0
#define EXIT_FOUND 1
#define EXIT_FAILED 2

/* To boot; to write a report when the answer has come. */
#define BOOT_MS 300000
#define REPORT_MS 10000
#define POLL_MS 5
#define GATEWAY_TIMEOUT 504

struct looking {
	struct rs_doctor d;
	struct rs_doctor_instance instance;
	struct rs_doctor_reader reader;
};

/* ---- what is asked for ------------------------------------------------------------------------------------------------- */

/* As it goes into a request line. */
static bool is_path(const char *path)
{
	size_t n = strlen(path);

	if (path[0] != '/' || n > RS_DOCTOR_PATH_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)path[i] <= ' ' || (unsigned char)path[i] >= 0x7f || path[i] == '#')
			return false;
	return true;
}

static bool add_route(struct rs_doctor *d, const char *path)
{
	struct rs_doctor_route *grown = realloc(d->routes, (d->nroutes + 1) * sizeof *grown);

	if (!grown)
		return false;
	d->routes = grown;
	return rs_doctor_route_init(&d->routes[d->nroutes++], path, d->requests);
}

/* Those of the command line, else the application's, else the root. */
static bool choose_routes(struct looking *l)
{
	const struct rs_cli *cli = l->d.cli;
	bool ok = true;

	for (int i = 0; ok && i < cli->argc; i++)
		ok = add_route(&l->d, cli->argv[i]);
	if (cli->argc)
		return ok;
	for (size_t i = 0; ok && i < l->reader.found.n; i++) {
		if (is_path(l->reader.found.v[i]))
			ok = add_route(&l->d, l->reader.found.v[i]);
		else
			fprintf(stderr, "rserverd: a route is left out, for its path cannot be requested as it is\n");
	}
	return ok && (l->d.nroutes || add_route(&l->d, "/"));
}

/* ---- looking -------------------------------------------------------------------------------------------------------------- */

static bool interrupted(void)
{
	return !rs_cli_fail("interrupted");
}

static bool ended(struct looking *l)
{
	fputs("rserverd: the application does not run; the last lines of its log:\n", stderr);
	rs_doctor_instance_say_log(&l->instance);
	return false;
}

/* Until the worker says that it is there. */
static bool wait_ready(struct looking *l)
{
	int64_t deadline = rs_now_ms() + BOOT_MS;

	for (;;) {
		if (!rs_doctor_read(&l->reader, NULL, 0))
			return rs_cli_fail("out of memory") == 0;
		if (l->reader.readies)
			return true;
		if (rs_doctor_instance_ended(&l->instance))
			return ended(l);
		if (rs_now_ms() > deadline)
			return ended(l);
		if (!rs_doctor_instance_wait(&l->instance, POLL_MS))
			return interrupted();
	}
}

/* The worker is there before the reactor sends it anything. */
static bool ask(struct looking *l, const char *path, bool keep, unsigned *status)
{
	int64_t deadline = rs_now_ms() + BOOT_MS;
	enum rs_result r;

	while ((r = rs_doctor_ask(&l->instance, path, keep, status)) == RS_ERR && rs_now_ms() < deadline) {
		if (rs_doctor_instance_ended(&l->instance))
			return ended(l);
		if (!rs_doctor_instance_wait(&l->instance, POLL_MS))
			return interrupted();
	}
	return r == RS_DONE ? interrupted() : r == RS_OK || ended(l);
}

/* The report, or a new worker, or neither in time: then the request has no report. route NULL: it does not count. */
static bool wait_report(struct looking *l, struct rs_doctor_route *route, size_t request)
{
	int64_t deadline = rs_now_ms() + REPORT_MS;
	unsigned readies = l->reader.readies, ends = l->reader.ends;

	for (;;) {
		if (!rs_doctor_read(&l->reader, route, request))
			return rs_cli_fail("out of memory") == 0;
		if (l->reader.ends != ends || l->reader.readies != readies || rs_now_ms() > deadline)
			return true;
		if (rs_doctor_instance_ended(&l->instance))
			return ended(l);
		if (!rs_doctor_instance_wait(&l->instance, POLL_MS))
			return interrupted();
	}
}

/*
 * First one that does not count, after which all is put back: the classes that it has loaded are part of what the others are
 * compared with.
 */
static bool look_at(struct looking *l, struct rs_doctor_route *route)
{
	unsigned status;

	if (!ask(l, route->path, false, &status) || !wait_report(l, NULL, 0))
		return false;
	if (status == 0 || status == GATEWAY_TIMEOUT) {
		/* The others would take as long. */
		route->requests[0].status = status;
		rs_doctor_judge(route);
		l->d.findings += route->findings;
		return true;
	}
	for (size_t i = 0; i < route->nrequests; i++)
		if (!ask(l, route->path, i + 1 < route->nrequests, &route->requests[i].status) || !wait_report(l, route, i))
			return false;
	rs_doctor_judge(route);
	l->d.findings += route->findings;
	return true;
}

static bool look(struct looking *l)
{
	if (!rs_doctor_instance_start(&l->instance, l->d.cli, &l->d.conf))
		return false;
	l->reader.fd = l->instance.report_fd;
	if (!wait_ready(l))
		return false;
	if (!choose_routes(l))
		return rs_cli_fail("out of memory") == 0;
	for (size_t i = 0; i < l->d.nroutes; i++)
		if (!look_at(l, &l->d.routes[i]))
			return false;
	return true;
}

/* ---- the command ------------------------------------------------------------------------------------------------------------ */

static int tell(const struct rs_doctor *d)
{
	struct rs_buf out = { 0 };
	bool ok = true;

	if (d->cli->json)
		ok = rs_doctor_json(d, &out) && fwrite(rs_buf_data(&out), 1, out.len, stdout) == out.len;
	else
		rs_doctor_print(d);
	rs_buf_free(&out);
	if (!ok || fflush(stdout) != 0) {
		(void)rs_cli_fail("cannot write the report");
		return EXIT_FAILED;
	}
	return d->findings ? EXIT_FOUND : EXIT_NONE;
}

static bool any_ended(const struct rs_doctor *d)
{
	for (size_t i = 0; i < d->nroutes; i++)
		if (d->routes[i].worker_ended)
			return true;
	return false;
}

int rs_cmd_doctor(const struct rs_cli *cli)
{
	struct looking l = { .d = { .cli = cli, .requests = cli->requests ? cli->requests : RS_DOCTOR_REQUESTS },
			     .instance = { .signal_fd = -1, .report_fd = -1, .log_fd = -1 }, .reader = { .fd = -1 } };
	int status = EXIT_FAILED;
	bool made, looked;

	for (int i = 0; i < cli->argc; i++)
		if (!is_path(cli->argv[i])) {
			(void)rs_cli_fail("doctor: a path begins with / and is written as in a URL: %s", cli->argv[i]);
			return EXIT_FAILED;
		}
	made = rs_doctor_instance_make(&l.instance, cli, &l.d.conf);
	looked = made && look(&l);
	if (looked && any_ended(&l.d)) {
		fputs("rserverd: a request has ended its process; the last lines of the log:\n", stderr);
		rs_doctor_instance_say_log(&l.instance);
	}
	rs_doctor_instance_end(&l.instance);
	if (looked)
		status = tell(&l.d);
	rs_doctor_reader_free(&l.reader);
	for (size_t i = 0; i < l.d.nroutes; i++)
		rs_doctor_route_free(&l.d.routes[i]);
	free(l.d.routes);
	if (made)
		rs_conf_fini(&l.d.conf);
	return status;
}
