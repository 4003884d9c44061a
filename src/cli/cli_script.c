/*
 * serve-script FD: the daemon behind a script's server. Not for people: the script process executes it, with a memory file
 * that says what the server is to be (struct rs_wire_script).
 */
#include "cli/cli.h"

#include "ipc/wire.h"
#include "master/master.h"
#include "reactor/reactor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int reactor(struct rs_conf *conf, struct rs_log *log, struct rs_title *title, int control_fd)
{
	const struct rs_reactor_start start = { .conf = conf, .log = log, .title = title, .control_fd = control_fd };

	return rs_reactor_main(&start);
}

/* The whole file; NULL: it is none of ours. */
static char *read_all(int fd, size_t *n)
{
	struct stat st;
	char *p;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(struct rs_wire_script) ||
	    st.st_size > (off_t)(sizeof(struct rs_wire_script) + RS_PORTS_BYTES + RS_CONF_MAX))
		return NULL;
	*n = (size_t)st.st_size;
	p = malloc(*n);
	if (p && pread(fd, p, *n, 0) == (ssize_t)*n)
		return p;
	free(p);
	return NULL;
}

/* What the file says. false: it was not written by the module of this build. */
static bool cut(const char *p, size_t n, struct rs_wire_script *w, const struct rs_port **ports, struct rs_slice *conf)
{
	size_t ports_len;

	memcpy(w, p, sizeof *w);
	if (w->magic != RS_SCRIPT_MAGIC || w->protocol != RS_PROTOCOL || w->server.nports == 0 || w->server.nports > RS_PORTS_MAX)
		return false;
	ports_len = w->server.nports * sizeof **ports;
	if (n != sizeof *w + ports_len + w->conf_len)
		return false;
	*ports = (const struct rs_port *)(const void *)(p + sizeof *w); /* malloc, and sizeof *w is a multiple of 8 */
	*conf = rs_slice(p + sizeof *w + ports_len, w->conf_len);
	return true;
}

static int serve(const struct rs_cli *cli, const struct rs_wire_script *w, const struct rs_port *ports, struct rs_slice text)
{
	struct rs_log log = { .fd = STDERR_FILENO, .level = RS_LOG_INFO, .role = "master", .mark = '#' };
	const struct rs_master_script script = { .wire = w, .ports = ports };
	struct rs_conf_error err;
	struct rs_conf conf;
	const struct rs_master_start start = { .conf = &conf, .reactor = reactor, .log = &log, .title = cli->title, .cwd = cli->cwd,
					       .exe = cli->exe, .environment = "", .x_version = "", .script = &script };
	int status;

	rs_conf_init(&conf);
	if (rs_conf_undump(&conf, text, &err) != RS_OK)
		status = rs_cli_fail("%s", err.text);
	else
		status = rs_master_main(&start);
	rs_conf_fini(&conf);
	return status;
}

int rs_cmd_serve_script(const struct rs_cli *cli)
{
	const struct rs_port *ports;
	struct rs_wire_script w;
	struct rs_slice conf;
	int status;
	uint64_t fd;
	size_t n;
	char *p;

	_Static_assert(sizeof(struct rs_wire_script) % _Alignof(struct rs_port) == 0, "ports lie behind it");
	if (cli->argc != 1 || !rs_parse_u64(rs_slice_str(cli->argv[0]), INT32_MAX, &fd) || !(p = read_all((int)fd, &n)))
		return rs_cli_fail("serve-script is for servers of scripts: rserverd run SCRIPT");
	(void)close((int)fd);
	if (cut(p, n, &w, &ports, &conf))
		status = serve(cli, &w, ports, conf);
	else
		status = rs_cli_fail("the extension was not built together with this rserverd");
	free(p);
	return status;
}
