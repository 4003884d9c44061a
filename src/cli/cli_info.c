/*
 * Commands that tell: info, config, docs, version, help.
 */
#include "cli/cli.h"

#include "master/master.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ANSWER_MS 5000

static int put(const struct rs_buf *b)
{
	return fwrite(rs_buf_data(b), 1, b->len, stdout) == b->len && fflush(stdout) == 0 ? 0 : 1;
}

/* ---- info, config ------------------------------------------------------------------------------------ */

static void static_line(const char *name, const char *value)
{
	printf("  %-18s %s\n", name, *value ? value : "-");
}

/* config/laravels.php is code: without a server nobody knows what it says. */
static void say_unread(const struct rs_conf *c)
{
	char file[4200];

	rs_fmt(file, sizeof file, "%s/config/laravels.php", c->laravel_base_path);
	if (access(file, F_OK) == 0)
		fprintf(stderr, "rserverd: %s is read when the server starts; its values are not shown\n", file);
}

/* What can be told without a server. */
static void static_info(const struct rs_conf *c)
{
	char port[32];

	say_unread(c);
	rs_fmt(port, sizeof port, ":%lld", (long long)c->listen_port);
	printf("rserverd %s\n\nnot running\n\nServer\n", RS_VERSION);
	printf("  %-18s %s%s\n", "listen", c->listen_ip, strchr(c->listen_ip, '/') ? "" : port);
	for (size_t i = 0; i < c->listen.n; i++)
		static_line("", c->listen.v[i]);
	printf("  %-18s %lld\n", "workers", (long long)c->worker_num);
	static_line("base path", c->laravel_base_path);
	static_line("configuration", c->ini_file);
	static_line("pid file", c->pid_file);
	static_line("control socket", c->control_socket);
	static_line("log", c->log_file);
	static_line("module", c->engine_module);
	static_line("libphp", c->libphp);
	static_line("php", c->php_binary);
	static_line("php.ini", c->php_ini);
}

int rs_cmd_info(const struct rs_cli *cli)
{
	return rs_cli_ask_and_print(cli, "info", ANSWER_MS, static_info);
}

/* Only a server that runs can say what config/laravels.php said. */
static void add_app_conf(const struct rs_cli *cli, struct rs_conf *c)
{
	struct rs_buf app = { 0 };
	struct rs_conf_error err;
	struct rs_conf ours;
	char why[4096];

	if (rs_cli_ask(c, "app-conf", ANSWER_MS, &app, why, sizeof why) == RS_OK) {
		if (!rs_cli_load(cli, &ours, false))
			goto out;
		if (rs_master_take_app(c, rs_buf_slice(&app), geteuid() == 0, &ours, cli->cwd, &err, NULL, NULL) != RS_OK)
			(void)rs_cli_fail("%s", err.text);
		rs_conf_fini(&ours);
	} else {
		say_unread(c);
	}
out:
	rs_buf_free(&app);
}

int rs_cmd_config(const struct rs_cli *cli)
{
	struct rs_buf b = { 0 };
	struct rs_conf c;
	int status;

	if (!rs_cli_load(cli, &c, true))
		return 1;
	add_app_conf(cli, &c);
	status = rs_conf_print(&c, cli->json, &b) ? put(&b) : rs_cli_fail("out of memory");
	rs_buf_free(&b);
	rs_conf_fini(&c);
	return status;
}

/* ---- docs -------------------------------------------------------------------------------------------- */

int rs_cmd_docs(const struct rs_cli *cli)
{
	static const struct {
		const char *name;
		bool (*make)(struct rs_buf *out);
	} docs[] = { { "sample", rs_conf_doc_sample }, { "markdown", rs_conf_doc_markdown }, { "man", rs_conf_doc_man } };
	struct rs_buf b = { 0 };
	int status = -1;

	for (size_t i = 0; cli->argc == 1 && i < RS_COUNTOF(docs); i++)
		if (strcmp(docs[i].name, cli->argv[0]) == 0)
			status = docs[i].make(&b) ? put(&b) : rs_cli_fail("out of memory");
	rs_buf_free(&b);
	if (status >= 0)
		return status;
	(void)rs_cli_fail("docs: sample, markdown or man");
	return 2;
}

/* ---- version, help ----------------------------------------------------------------------------------- */

int rs_cmd_version(const struct rs_cli *cli)
{
	(void)cli;
	puts("rserverd " RS_VERSION);
	return fflush(stdout) == 0 ? 0 : 1;
}

int rs_cmd_help(const struct rs_cli *cli)
{
	(void)cli;
	puts("rserverd " RS_VERSION ": keeps PHP applications in memory and serves them\n\n"
	     "Usage: rserverd [options] COMMAND\n\n"
	     "Commands");
	for (const struct rs_command *c = rs_commands; c->name; c++)
		if (c->help)
			printf("  %-10s %s\n", c->name, c->help);
	puts("\nOptions\n"
	     "  -c FILE    configuration; default ./laravels.ini when it is there\n"
	     "  -d         start, restart: in the background\n"
	     "  -e NAME    start, restart: APP_ENV, that is the file .env.NAME\n"
	     "  -i         accepted as in LaravelS; a stale pid file never stops a start\n"
	     "  -x V       start, restart: X_VERSION for the application\n"
	     "  -t         start: check the configuration and do nothing else\n"
	     "  --wait     reload: until the new generation serves, or has failed\n"
	     "  --json     status, config, doctor: as JSON\n"
	     "  --requests N  doctor: how often each path is requested; default 3\n"
	     "  -h, -V     this text; the version\n\n"
	     "Exit status: 0 done, 1 failed, 2 wrong usage. Manual: rserverd(8), laravels.ini(5)");
	return fflush(stdout) == 0 ? 0 : 1;
}
