/*
 * Managers: the child's first steps up to the engine, and in the master what a manager says.
 */
#include "master/master_manager.h"

#include "master/master_ctl.h"
#include "master/master_engine.h"
#include "master/master_keep.h"
#include "master/master_script.h"
#include "master/master_server.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

/* ---- in the child ------------------------------------------------------------------------------ */

static bool resolve_paths(struct rs_heritage *h, const struct rs_conf *c, char *why, size_t why_size)
{
	char real[PATH_MAX];

	/* Now, and not at the start of the server: a release may be a new directory behind an old link. */
	if (!realpath(c->laravel_base_path, real) || chdir(real) < 0) {
		rs_fmt(why, why_size, "laravel_base_path %s: %s", c->laravel_base_path, strerror(errno));
		return false;
	}
	(void)rs_copy(h->base_path, sizeof h->base_path, rs_slice_str(real));
	if (c->framework != RS_FRAMEWORK_CALLABLE)
		return true;
	if (rs_fmt(h->entry_path, sizeof h->entry_path, "%s%s%s", c->entry[0] == '/' ? "" : real,
		   c->entry[0] == '/' ? "" : "/", c->entry))
		return true;
	rs_fmt(why, why_size, "entry: the path is too long");
	return false;
}

static void report_failure(const struct rs_heritage *h, const char *why)
{
	struct rs_ipc c;

	rs_errorx(h->log, "%s", why);
	rs_ipc_init(&c, h->control_fd, RS_IPC_MANAGER, RS_IPC_MASTER);
	if (rs_ipc_put(&c, RS_MSG_BOOT_FAILED, 0, 0, rs_slice_str(why), RS_SLICE(""), NULL, 0) != RS_OK ||
	    rs_ipc_flush(&c) != RS_OK)
		rs_errorx(h->log, "cannot tell the master: %s", c.error);
}

int rs_manager_life(struct rs_gen *g, int control_fd)
{
	const struct rs_master_start *start = g->m->start;
	struct rs_heritage h = { .conf = &g->conf, .log = g->m->log, .title = start->title, .control_fd = control_fd,
				 .master_pid = getppid(), .generation = g->number, .root = g->m->root,
				 .in_force = g->m->current ? &g->m->current->conf : NULL, .kept = g->m->kept,
				 .nkept = g->m->nkept, .routes = g->routes };
	char why[PATH_MAX + 512];
	int status = -1;

	(void)rs_copy(h.environment, sizeof h.environment, rs_slice_str(start->environment));
	(void)rs_copy(h.x_version, sizeof h.x_version, rs_slice_str(start->x_version));
	if (rs_master_become_user(g->m, why, sizeof why)) {
		/* The master's secrecy is not meant for PHP: its crashes may be looked into. */
		(void)prctl(PR_SET_DUMPABLE, 1);
		if (resolve_paths(&h, &g->conf, why, sizeof why))
			status = rs_engine_enter(&h, why, sizeof why);
	}
	if (status >= 0)
		return status;
	report_failure(&h, why);
	return 1;
}

/* ---- in the master ----------------------------------------------------------------------------- */

static struct rs_gen *gen_of(struct rs_peer *p)
{
	struct rs_gen *g = p->owner;

	RS_CHECK(g, RS_GEN_MAGIC);
	return g;
}

static enum rs_result on_app_conf(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_gen *g = gen_of(p);
	struct rs_conf_error err;

	if (g->phase != RS_GEN_BOOTING || g->app_conf.len)
		return g->failed ? RS_OK : RS_ERR;
	if (rs_master_conf_app(g, f->payload, &err) != RS_OK)
		rs_mgen_fail(g, err.text);
	return RS_OK;
}

static enum rs_result on_server(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_gen *g = gen_of(p);
	const char *wrong;
	char why[256];

	if (g->phase != RS_GEN_BOOTING || g->server || g->m->script)
		return g->failed ? RS_OK : RS_ERR;
	g->server = calloc(1, sizeof *g->server);
	wrong = g->server ? rs_mserver_parse(f->payload, g->server) : "no memory";
	if (wrong) {
		free(g->server);
		g->server = NULL;
		rs_fmt(why, sizeof why, "the application's server: %s", wrong);
		rs_mgen_fail(g, why);
	}
	return RS_OK;
}

static enum rs_result on_keep(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_gen *g = gen_of(p);
	const char *why;

	if (g->failed || g->phase == RS_GEN_ENDING)
		return RS_OK;
	if (g->phase != RS_GEN_BOOTING || f->nfds != 1)
		return RS_ERR;
	why = rs_mkeep_take(g, f->payload, rs_ipc_take_fd(&p->ipc, f, 0));
	if (why)
		rs_mgen_fail(g, why);
	return RS_OK;
}

static enum rs_result on_booted(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_gen *g = gen_of(p);

	if (g->failed || g->phase == RS_GEN_ENDING)
		return RS_OK;
	if (g->phase != RS_GEN_BOOTING)
		return RS_ERR;
	if (!rs_buf_put(&g->facts, f->payload.p, f->payload.n))
		rs_mgen_fail(g, "out of memory");
	else
		rs_mgen_booted(g);
	return RS_OK;
}

static enum rs_result on_facts(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_gen *g = gen_of(p);

	rs_buf_reset(&g->facts, 64u << 10);
	if (rs_buf_put(&g->facts, f->payload.p, f->payload.n))
		rs_ctl_facts_came(g->m);
	return RS_OK;
}

static enum rs_result on_boot_failed(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_gen *g = gen_of(p);
	const char *words;
	char why[2048];

	if (g->phase != RS_GEN_BOOTING)
		return g->phase == RS_GEN_ENDING ? RS_OK : RS_ERR;
	(void)rs_copy(why, sizeof why, f->payload);
	if (!f->payload.n) {
		/* It has called exit(). Laravel does so when .env is broken, and prints what is wrong with it. */
		words = rs_mlog_last_words(&g->m->logs, g->number);
		rs_fmt(why, sizeof why, "the application ended while it booted%s%s", *words ? "; it said: " : "", words);
	}
	rs_mgen_fail(g, why);
	return RS_OK;
}

static enum rs_result on_forked(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_wire_forked forked;

	if (!rs_peer_struct(f, &forked, sizeof forked))
		return RS_ERR;
	return rs_mworker_forked(gen_of(p), &forked);
}

static enum rs_result on_exited(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_gen *g = gen_of(p);
	struct rs_master *m = g->m;
	struct rs_wire_exited gone;
	struct rs_wproc *w;

	if (!rs_peer_struct(f, &gone, sizeof gone))
		return RS_ERR;
	LIST_FOREACH(w, &g->procs, link) {
		if (!w->pid || w->pid != (pid_t)gone.pid)
			continue;
		rs_mworker_gone(w, gone.status);
		rs_mgen_check(g);
		rs_master_check_gone(m);
		break;
	}
	return RS_OK;
}

static enum rs_result on_reload_asked(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_gen *g = gen_of(p);

	/* While it boots it would ask again and again; when it is leaving it has got what it wants. */
	if (g != g->m->current)
		return RS_OK;
	rs_notice(g->m->log, "the application asks for a reload: %.*s", (int)f->payload.n, f->payload.p);
	if (g->m->script)
		rs_script_wish(g->m, &(struct rs_wire_ask){ .what = RS_ASK_RELOAD });
	else
		rs_master_event(g->m, RS_EV_RELOAD);
	return RS_OK;
}

static enum rs_result on_reload_may(struct rs_peer *p, struct rs_frame *f)
{
	struct rs_master *m = gen_of(p)->m;

	(void)f;
	if (!m->script)
		return RS_ERR;
	rs_script_reload_may(m);
	return RS_OK;
}

const rs_peer_fn rs_manager_table[RS_MSG_COUNT] = {
	[RS_MSG_APP_CONF] = on_app_conf,   [RS_MSG_BOOTED] = on_booted, [RS_MSG_BOOT_FAILED] = on_boot_failed,
	[RS_MSG_FORKED] = on_forked,       [RS_MSG_EXITED] = on_exited, [RS_MSG_RELOAD_ASKED] = on_reload_asked,
	[RS_MSG_FACTS] = on_facts,         [RS_MSG_SERVER] = on_server, [RS_MSG_KEEP] = on_keep,
	[RS_MSG_RELOAD_MAY] = on_reload_may,
};

void rs_manager_lost(struct rs_peer *p, const char *why)
{
	struct rs_gen *g = gen_of(p);

	if (why) {
		rs_errorx(g->m->log, "manager %d (generation %u) is ended: %s", (int)g->pid, g->number, why);
		if (g->pid)
			kill(g->pid, SIGKILL);
	}
	/* Without a word, it is ending; SIGCHLD tells when it has. */
}
