/*
 * When user processes come and how they go.
 */
#include "master/master_user.h"

#include "base/rs_fd.h"
#include "master/master_file.h"
#include "master/master_server.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* Who lived this long owes nothing for his predecessors. */
#define LIVED_WELL_MS 1000
/* Orderly ends that come quicker and cost no waiting. */
#define FREE_ENDS 5

const char *rs_muser_title(const struct rs_gen *g, uint32_t id)
{
	uint32_t i = id - RS_HOSTED_USERS;

	return g->server && i < g->server->w.nusers ? g->server->titles[i] : "?";
}

bool rs_muser_is_timer(const struct rs_gen *g, uint32_t id)
{
	return id == RS_HOSTED_USERS && strcmp(rs_muser_title(g, id), RS_TITLE_TIMER) == 0;
}

/* ---- coming -------------------------------------------------------------------------------------------------- */

/* Of another generation, the same one by number or by name? Both would do the same work. */
static bool is_same(const struct rs_slot *s, const struct rs_wproc *w)
{
	return w->role == RS_ROLE_USER && w->gen != s->gen &&
	       (w->id == s->id || strcmp(rs_muser_title(w->gen, w->id), rs_muser_title(s->gen, s->id)) == 0);
}

bool rs_muser_may_start(const struct rs_slot *s)
{
	const struct rs_gen *g;
	const struct rs_wproc *w;

	if (s->gen != s->gen->m->current || s->gen->phase != RS_GEN_SERVING)
		return false;
	LIST_FOREACH(g, &s->gen->m->gens, link)
		LIST_FOREACH(w, &g->procs, link)
			if (is_same(s, w))
				return false;
	return true;
}

int64_t rs_muser_delay(struct rs_slot *s, bool well, int64_t lived_ms)
{
	if (lived_ms < LIVED_WELL_MS)
		return rs_backoff_next(&s->backoff, well ? FREE_ENDS : 0);
	s->backoff.failures = 0;
	return 0;
}

/* ---- going --------------------------------------------------------------------------------------------------- */

static int64_t wait_ms(const struct rs_wproc *w)
{
	int64_t ms = rs_muser_is_timer(w->gen, w->id) ? w->gen->conf.timer_max_wait_time : 0;

	return ms > 0 ? ms : w->gen->conf.max_wait_time;
}

void rs_muser_reload(struct rs_wproc *w)
{
	/* Told already: nothing more than that. */
	if (!w->told)
		rs_mworker_end(w, SIGUSR1, SIGTERM, wait_ms(w));
}

void rs_muser_stop(struct rs_wproc *w)
{
	rs_mworker_end(w, SIGTERM, SIGKILL, wait_ms(w));
}

int64_t rs_muser_wait_ms(const struct rs_master *m)
{
	const struct rs_gen *g;
	const struct rs_wproc *w;
	int64_t most = 0;

	LIST_FOREACH(g, &m->gens, link)
		LIST_FOREACH(w, &g->procs, link)
			if (w->role == RS_ROLE_USER && wait_ms(w) > most)
				most = wait_ms(w);
	return most;
}

bool rs_muser_any(const struct rs_master *m)
{
	const struct rs_gen *g;
	const struct rs_wproc *w;

	LIST_FOREACH(g, &m->gens, link)
		LIST_FOREACH(w, &g->procs, link)
			if (w->role == RS_ROLE_USER)
				return true;
	return false;
}

/* ---- pid files: for `kill -USR1`, which reloads one process ------------------------------------------------------ */

static const char *const file_names[] = { "laravels-timer-process.pid", "laravels-custom-processes.pid" };

static bool file_path(const struct rs_master *m, bool timer, char *out, size_t size)
{
	const char *path = m->start->conf->pid_file, *slash = strrchr(path, '/');

	return slash && rs_fmt(out, size, "%.*s/%s", (int)(slash - path), path, file_names[!timer]);
}

static bool put_pids(const struct rs_master *m, bool timer, struct rs_buf *out)
{
	const struct rs_gen *g;
	const struct rs_wproc *w;
	bool ok = true;

	LIST_FOREACH(g, &m->gens, link)
		LIST_FOREACH(w, &g->procs, link)
			if (w->role == RS_ROLE_USER && w->pid && rs_muser_is_timer(g, w->id) == timer)
				ok = ok && rs_buf_printf(out, "%d\n", (int)w->pid);
	return ok;
}

static void remove_file(struct rs_master *m, const char *path)
{
	struct rs_file_rights rights = rs_file_rights_take(path, &m->user);

	(void)unlink(path);
	rs_file_rights_drop(&rights);
}

static void write_file(struct rs_master *m, bool timer)
{
	struct rs_buf pids = { 0 };
	char path[4200];
	int fd;

	if (!file_path(m, timer, path, sizeof path) || !put_pids(m, timer, &pids)) {
		rs_buf_free(&pids);
		return;
	}
	if (pids.len) {
		fd = rs_file_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644, &m->user);
		if (fd < 0 || write(fd, rs_buf_data(&pids), pids.len) != (ssize_t)pids.len)
			rs_warn(m->log, "cannot write %s", path);
		rs_fd_close(&fd);
	} else {
		remove_file(m, path);
	}
	rs_buf_free(&pids);
}

void rs_muser_files(struct rs_master *m)
{
	write_file(m, true);
	write_file(m, false);
}

void rs_muser_remove_files(struct rs_master *m)
{
	char path[4200];

	for (int timer = 0; timer < 2; timer++)
		if (file_path(m, timer, path, sizeof path))
			remove_file(m, path);
}
