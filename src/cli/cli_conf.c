/*
 * Which ini file, and what the command line adds to it.
 */
#include "cli/cli.h"

#include "base/rs_fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_INI "laravels.ini"
#define INI_MAX (1u << 20)
/* Broken lines that are passed over to find a server. */
#define BROKEN_LINES_MAX 64

/* Absolute, links not resolved: the file's directory may be the base path, and that may be a link on purpose. */
static bool ini_path(const struct rs_cli *cli, char *out, size_t size)
{
	const char *name = cli->ini ? cli->ini : DEFAULT_INI;

	while (name[0] == '.' && name[1] == '/')
		name += 2;
	return rs_fmt(out, size, "%s%s%s", name[0] == '/' ? "" : cli->cwd, name[0] == '/' ? "" : "/", name);
}

/* Has systemd started this very process, and waits for its word (Type=notify)? Then it is the server, and stays. */
static bool is_watched(void)
{
	const char *pid = getenv("SYSTEMD_EXEC_PID");
	uint64_t n;

	return getenv("NOTIFY_SOCKET") && pid && rs_parse_u64(rs_slice_str(pid), INT32_MAX, &n) && (pid_t)n == getpid();
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
	else if (r == RS_OK && is_watched())
		r = rs_conf_set(c, RS_FROM_CLI, "systemd", "swoole", "daemonize", "false", err, warn, warn_arg);
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

/* ---- an ini file with mistakes ------------------------------------------------------------------------ */

static bool read_file(const char *path, struct rs_buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;
	char *to;

	while (fd >= 0 && out->len < INI_MAX && (to = rs_buf_reserve(out, 65536)) && (n = read(fd, to, 65536)) > 0)
		rs_buf_commit(out, (size_t)n);
	rs_fd_close(&fd);
	return n == 0;
}

/* Turns line number `line` (from 1) into a comment. false: there is none. */
static bool blank_line(struct rs_buf *text, uint64_t line)
{
	char *p = text->p + text->off, *end = p + text->len;

	while (p < end && --line) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			return false;
		p++;
	}
	if (p >= end || *p == '\n' || *p == ';')
		return false;
	*p = ';';
	return true;
}

/* "ini:12: ..." */
static bool failed_line(const struct rs_conf_error *err, uint64_t *line)
{
	const char *colon = strncmp(err->text, "ini:", 4) == 0 ? strchr(err->text + 4, ':') : NULL;

	return colon && rs_parse_u64(rs_slice(err->text + 4, (size_t)(colon - err->text) - 4), UINT32_MAX, line) && *line;
}

/* rs_conf_parse_ini() does not know of a file. */
static bool set_ini_file(struct rs_conf *c, const char *path)
{
	char *copy = strdup(path);

	if (!copy)
		return false;
	free(c->ini_file);
	c->ini_file = copy;
	return true;
}

/* All that the parser accepts when the lines it complains about are left out. */
static bool read_passing_over(struct rs_conf *c, const char *path)
{
	struct rs_conf_error err;
	struct rs_buf text = { 0 };
	uint64_t line;
	bool ok = read_file(path, &text);

	for (int i = 0; ok && i < BROKEN_LINES_MAX; i++) {
		rs_conf_fini(c);
		rs_conf_init(c);
		if (rs_conf_parse_ini(c, rs_buf_slice(&text), "ini", &err, NULL, NULL) == RS_OK)
			break;
		ok = failed_line(&err, &line) && blank_line(&text, line);
	}
	rs_buf_free(&text);
	return ok && set_ini_file(c, path);
}

/* Does what was read name the files of a server, although it could not be completed: without its project, say? */
static bool names_files(struct rs_conf *c)
{
	struct rs_conf_error ignored;
	char path[4096];
	const char *slash;

	if (c->pid_file[0] != '/')
		return false;
	if (c->control_socket[0])
		return c->control_socket[0] == '/';
	slash = strrchr(c->pid_file, '/');
	return rs_fmt(path, sizeof path, "%.*s/control.sock", (int)(slash - c->pid_file), c->pid_file) &&
	       rs_conf_set(c, RS_FROM_CLI, "pid_file", "rserverd", "control_socket", path, &ignored, NULL, NULL) == RS_OK;
}

bool rs_cli_find(const struct rs_cli *cli, struct rs_conf *c)
{
	struct rs_conf_error err, ignored;
	char path[4096];

	if (rs_cli_read_conf(cli, c, &err, NULL, NULL) == RS_OK)
		return true;
	rs_conf_init(c);
	if (ini_path(cli, path, sizeof path) && read_passing_over(c, path) &&
	    (rs_conf_complete(c, cli->cwd, &ignored) == RS_OK || names_files(c))) {
		print_warning(NULL, err.text);
		return true;
	}
	rs_conf_fini(c);
	(void)rs_cli_fail("%s", err.text);
	return false;
}
