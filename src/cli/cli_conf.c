/*
 * Which ini file, and what the command line adds to it.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#define DEFAULT_INI "laravels.ini"

/* Absolute, links not resolved: the file's directory may be the base path, and that may be a link on purpose. */
static bool ini_path(const struct rs_cli *cli, char *out, size_t size)
{
	const char *name = cli->ini ? cli->ini : DEFAULT_INI;

	while (name[0] == '.' && name[1] == '/')
		name += 2;
	return rs_fmt(out, size, "%s%s%s", name[0] == '/' ? "" : cli->cwd, name[0] == '/' ? "" : "/", name);
}

enum rs_result rs_cli_read_conf(const void *arg, struct rs_conf *c, struct rs_conf_error *err, rs_conf_warn_fn warn,
				void *warn_arg)
{
	const struct rs_cli *cli = arg;
	enum rs_result r = RS_OK;
	char path[4096];

	rs_conf_init(c);
	if (!ini_path(cli, path, sizeof path)) {
		rs_fmt(err->text, sizeof err->text, "the path of the ini file is too long");
		r = RS_ERR;
	} else if (cli->ini || access(path, F_OK) == 0) {
		r = rs_conf_read_ini(c, path, err, warn, warn_arg);
	}
	if (r == RS_OK && cli->daemonize)
		r = rs_conf_set(c, RS_FROM_CLI, "-d", "swoole", "daemonize", "true", err, warn, warn_arg);
	if (r == RS_OK)
		r = rs_conf_complete(c, cli->cwd, err);
	if (r != RS_OK)
		rs_conf_fini(c);
	return r;
}

static void print_warning(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "rserverd: warning: %s\n", text);
}

bool rs_cli_load(const struct rs_cli *cli, struct rs_conf *c, bool loud)
{
	struct rs_conf_error err;

	if (rs_cli_read_conf(cli, c, &err, loud ? print_warning : NULL, NULL) == RS_OK)
		return true;
	(void)rs_cli_fail("%s", err.text);
	return false;
}
