/*
 * start: the configuration, then the master in this process. The one place where master and reactor meet.
 */
#include "cli/cli.h"

#include "base/rs_fd.h"
#include "master/master.h"
#include "reactor/reactor.h"
#include "tls/tls_context.h"

#include <stdio.h>
#include <unistd.h>

static int reactor(struct rs_conf *conf, struct rs_log *log, struct rs_title *title, int control_fd)
{
	const struct rs_reactor_start start = { .conf = conf, .log = log, .title = title, .control_fd = control_fd };

	return rs_reactor_main(&start);
}

static void warn(void *arg, const char *text)
{
	const struct rs_log *log = arg;

	rs_warnx(log, "%s", text);
}

/* The certificates as the master would read them. */
static bool test_tls(const struct rs_conf *c)
{
	struct rs_buf list = { 0 }, found = { 0 };
	char why[2048] = "out of memory";
	int fd = rs_tls_memory();
	bool ok = fd >= 0 && rs_conf_tls_parts(c, false, &list) && rs_tls_fill(fd, rs_buf_slice(&list), &found, why, sizeof why);

	if (ok)
		printf("%.*s", (int)found.len, rs_buf_data(&found));
	else
		rs_cli_fail("TLS: %s", why);
	rs_fd_close(&fd);
	rs_buf_free(&list);
	rs_buf_free(&found);
	return ok;
}

static int test(const struct rs_cli *cli)
{
	struct rs_conf c;
	bool ok;

	if (!rs_cli_load(cli, &c, true))
		return 1;
	ok = !rs_conf_tls(&c) || test_tls(&c);
	rs_conf_fini(&c);
	if (!ok)
		return 1;
	puts("configuration is valid");
	return fflush(stdout) == 0 ? 0 : 1;
}

int rs_cmd_start(const struct rs_cli *cli)
{
	struct rs_log log = { .fd = STDERR_FILENO, .journal = rs_log_is_journal(STDERR_FILENO), .level = RS_LOG_INFO, .role = "master" };
	struct rs_conf_error err;
	struct rs_conf conf;
	const struct rs_master_start start = { .conf = &conf, .read_conf = rs_cli_read_conf, .read_arg = cli,
					       .reactor = reactor, .log = &log, .title = cli->title, .cwd = cli->cwd,
					       .exe = cli->exe, .environment = cli->environment,
					       .x_version = cli->x_version };
	int status;

	if (cli->test)
		return test(cli);
	if (rs_cli_read_conf(cli, &conf, &err, warn, &log) != RS_OK)
		return rs_cli_fail("%s", err.text);
	status = rs_master_main(&start);
	rs_conf_fini(&conf);
	return status;
}
