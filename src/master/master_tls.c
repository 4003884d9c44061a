/*
 * Certificates and keys: read by root, used by the reactor, seen by nobody else.
 *
 * A child does the reading and the checking and ends: it is the only process beside the reactor that has a key in its memory. What
 * the master has, and hands on, is a file descriptor; PHP processes, which are forked from the master, do not inherit it.
 */
#include "master/master_tls.h"

#include "base/rs_fd.h"
#include "base/rs_proc.h"
#include "master/master_script.h"
#include "master/master_server.h"
#include "master/master_state.h"
#include "tls/tls_context.h"
#include "tls/tls_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWER_MAX 16384

void rs_mtls_init(struct rs_mtls *t)
{
	for (size_t i = 0; i < RS_COUNTOF(t->fd); i++)
		t->fd[i] = -1;
}

void rs_mtls_fini(struct rs_mtls *t)
{
	for (size_t i = 0; i < RS_COUNTOF(t->fd); i++)
		rs_fd_close(&t->fd[i]);
}

/* ---- one list of parts, in a child ------------------------------------------------------------------------------------- */

static bool wants_user(struct rs_slice list)
{
	enum rs_tls_part part;
	struct rs_slice value;

	while (rs_tls_next(&list, &part, &value) == RS_OK)
		if (part == RS_TLS_as_user)
			return true;
	return false;
}

/* The child: '+' and what it has found, or '-' and why not. */
static void __attribute__((noreturn)) read_files(const struct rs_master *m, int memory, struct rs_slice list, int answer)
{
	const bool as_user = m->root && wants_user(list);
	struct rs_buf found = { 0 };
	char why[2048] = "";
	bool ok;

	ok = (!as_user || rs_master_become_user(m, why, sizeof why)) && rs_tls_fill(memory, list, &found, why, sizeof why);
	if (!ok) {
		rs_buf_reset(&found, 0);
		(void)rs_buf_printf(&found, "%s%s%s%s", why, as_user ? " (read as user " : "", as_user ? m->user.user : "",
				    as_user ? ", for the application names it; name it in laravels.ini to have it read by root)" : "");
	}
	RS_IGNORE(write(answer, ok ? "+" : "-", 1) != 1);
	RS_IGNORE(write(answer, rs_buf_data(&found), found.len < ANSWER_MAX ? found.len : ANSWER_MAX) < 0);
	_exit(!ok);
}

static size_t read_answer(int fd, char *text, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size - 1 && ((got = read(fd, text + n, size - 1 - n)) > 0 || (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	text[n] = '\0';
	return n;
}

static void log_found(const struct rs_master *m, char *text)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strstr(line, " until "))
			rs_info(m->log, "TLS certificate %s", line);
		else
			rs_warnx(m->log, "TLS certificate %s", line);
	}
}

/* The memory file; -1: why. */
static int read_parts(const struct rs_master *m, struct rs_slice list, char *why, size_t why_size)
{
	int memory = rs_tls_memory(), answer[2] = { -1, -1 }, status;
	char text[ANSWER_MAX] = "";
	pid_t pid = -1;

	if (memory >= 0 && pipe2(answer, O_CLOEXEC) == 0)
		pid = rs_fork();
	if (pid == 0) {
		rs_fd_close(&answer[0]);
		read_files(m, memory, list, answer[1]);
	}
	rs_fd_close(&answer[1]);
	if (pid > 0) {
		(void)read_answer(answer[0], text, sizeof text);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	rs_fd_close(&answer[0]);
	if (text[0] == '+') {
		log_found(m, text + 1);
		return memory;
	}
	rs_fmt(why, why_size, "TLS: %s", text[0] == '-' ? text + 1 : pid < 0 ? strerror(errno) : "the files could not be read");
	rs_fd_close(&memory);
	return -1;
}

/* ---- all ports ------------------------------------------------------------------------------------------------------------ */

static const struct rs_port *ports_of(const struct rs_gen *g, uint32_t *n)
{
	const struct rs_master *m = g->m;

	if (m->script) {
		*n = m->script->wire->server.nports;
		return m->script->ports;
	}
	*n = g->server ? g->server->w.nports : 0;
	return g->server ? g->server->ports : NULL;
}

/* Does any address want the main certificate? */
static bool main_wanted(const struct rs_gen *g, const struct rs_port *ports, uint32_t n)
{
	bool wanted = rs_conf_tls(&g->conf);

	for (size_t i = 0; i < g->conf.listen.n; i++) {
		unsigned words;
		(void)rs_conf_listen_words(g->conf.listen.v[i], &words);
		wanted = wanted || (words & RS_LISTEN_WORD_SSL);
	}
	for (uint32_t i = 0; i < n; i++)
		wanted = wanted || (ports[i].tls && ports[i].tls_len == 0);
	return wanted;
}

static bool read_main(const struct rs_gen *g, struct rs_mtls *t, char *why, size_t why_size)
{
	struct rs_buf list = { 0 };

	if (!rs_conf_tls(&g->conf)) {
		rs_fmt(why, why_size, "TLS is wanted, but swoole.ssl_cert_file and ssl_key_file are not set");
		return false;
	}
	rs_fmt(why, why_size, "out of memory");
	if (rs_conf_tls_parts(&g->conf, g->m->root, &list))
		t->fd[0] = read_parts(g->m, rs_buf_slice(&list), why, why_size);
	rs_buf_free(&list);
	return t->fd[0] >= 0;
}

/* A port's own certificates, which a program has named. */
static bool read_own(const struct rs_gen *g, const struct rs_port *p, int *fd, char *why, size_t why_size)
{
	struct rs_buf list = { 0 };
	bool ok = p->tls_len <= sizeof p->tls_parts && rs_buf_put(&list, p->tls_parts, p->tls_len) &&
		  (g->m->script || rs_tls_put(&list, RS_TLS_as_user, RS_SLICE("1")));

	rs_fmt(why, why_size, "out of memory");
	if (ok)
		*fd = read_parts(g->m, rs_buf_slice(&list), why, why_size);
	rs_buf_free(&list);
	return *fd >= 0;
}

static bool read_all(const struct rs_gen *g, struct rs_mtls *t, char *why, size_t why_size)
{
	uint32_t n;
	const struct rs_port *ports = ports_of(g, &n);

	rs_mtls_init(t);
	if (!g->m->script && main_wanted(g, ports, n) && !read_main(g, t, why, why_size))
		goto fail;
	for (uint32_t i = g->m->script ? 0 : 1; i < n; i++) {
		if (!ports[i].tls)
			continue;
		if (ports[i].tls_len ? !read_own(g, &ports[i], &t->fd[i], why, why_size) : (t->fd[i] = dup(t->fd[0])) < 0)
			goto fail;
		if (!rs_fd_cloexec(t->fd[i], true))
			goto fail;
	}
	return true;
fail:
	rs_mtls_fini(t);
	return false;
}

static void copy(struct rs_mtls *to, const struct rs_mtls *from)
{
	for (size_t i = 0; i < RS_COUNTOF(to->fd); i++)
		to->fd[i] = from->fd[i] < 0 ? -1 : fcntl(from->fd[i], F_DUPFD_CLOEXEC, 0);
}

bool rs_mtls_read(struct rs_gen *g, char *why, size_t why_size)
{
	if (read_all(g, &g->tls, why, why_size))
		return true;
	if (!g->recovery || !g->m->current)
		return false;
	rs_errorx(g->m->log, "%s; the certificates in use stay", why);
	copy(&g->tls, &g->m->current->tls);
	return true;
}

void rs_mtls_reread(struct rs_gen *g)
{
	struct rs_mtls fresh;
	char why[2200];

	if (!read_all(g, &fresh, why, sizeof why)) {
		rs_errorx(g->m->log, "%s; the certificates in use stay", why);
		return;
	}
	rs_mtls_fini(&g->tls);
	g->tls = fresh;
	rs_mtls_tell(g->m, g);
}

void rs_mtls_tell(struct rs_master *m, const struct rs_gen *g)
{
	for (size_t i = 0; g && i < RS_COUNTOF(g->tls.fd); i++)
		if (g->tls.fd[i] >= 0)
			rs_peer_send_id(&m->reactor.peer, RS_MSG_TLS, i, RS_SLICE(""), &g->tls.fd[i], 1);
}
