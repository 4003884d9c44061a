/*
 * Reload on change (inotify_reload): what the watch tells becomes one reload for a burst of changes.
 *
 * Changes that come while a reload runs make one more after it: the state machine remembers. An application that writes
 * a watched file whenever it boots would reload for ever; after some rounds it has to wait.
 */
#include "master/master_watch.h"

#include "base/rs_clock.h"
#include "master/master_file.h"
#include "master/master_state.h"
#include "master/watch.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Quiet for so long: the burst is over. */
#define QUIET_MS 100
/* A burst that does not end is reloaded for after this. */
#define BURST_MAX_MS 2000
/* Reloads in a row whose first change came while the one before was running. */
#define ROUNDS_MAX 5
#define ROUND_WAIT_MS 30000

struct rs_master_watch {
	struct rs_master *m;
	struct rs_watch *watch;      /* NULL: not watching */
	struct event *timer;         /* the burst is over */
	bool log;
	unsigned changes;            /* of this burst */
	bool rolling;                /* its first came while a reload was running */
	unsigned rounds;
	int64_t first_ms;
	char first[256];             /* path of its first */
};

/* ---- bursts --------------------------------------------------------------------------------------------------- */

static void on_change(void *arg, const char *path)
{
	struct rs_master_watch *w = arg;
	int64_t now = rs_now_ms(), left, wait;

	if (w->changes++ == 0) {
		w->first_ms = now;
		w->rolling = w->m->state == RS_FSM_ROLL;
		(void)rs_copy(w->first, sizeof w->first, rs_slice_str(*path ? path : "the watched directory"));
	}
	left = w->first_ms + BURST_MAX_MS - now;
	wait = left < QUIET_MS ? left > 0 ? left : 0 : QUIET_MS;
	if (w->rolling && w->rounds >= ROUNDS_MAX)
		wait = w->first_ms + ROUND_WAIT_MS - now;
	rs_master_after_ms(w->timer, wait > 0 ? wait : 0);
}

static void on_quiet(evutil_socket_t fd, short what, void *arg)
{
	struct rs_master_watch *w = arg;
	enum rs_log_level level = w->log ? RS_LOG_NOTICE : RS_LOG_DEBUG;
	char others[64] = "";

	(void)fd, (void)what;
	if (w->watch && rs_watch_busy(w->watch) && rs_now_ms() - w->first_ms < BURST_MAX_MS) {
		rs_master_after_ms(w->timer, QUIET_MS);
		return;
	}
	if (w->changes > 1)
		rs_fmt(others, sizeof others, " (and %u more)", w->changes - 1);
	rs_log_at(w->m->log, level, "reload: %s has changed%s", w->first, others);
	w->rounds = w->rolling ? w->rounds + 1 : 0;
	if (w->rounds == ROUNDS_MAX)
		rs_warnx(w->m->log, "%s changes whenever the application boots; the next reload for it waits %d s (leave it out: "
			 "inotify_reload.excluded_dirs)", w->first, ROUND_WAIT_MS / 1000);
	w->changes = 0;
	rs_master_event(w->m, RS_EV_RELOAD);
}

static void on_ready(void *arg, size_t ndirs, size_t npolled)
{
	const struct rs_master_watch *w = arg;
	enum rs_log_level level = w->log ? RS_LOG_NOTICE : RS_LOG_DEBUG;
	const struct rs_conf *c = rs_master_conf(w->m);
	char polled[96] = "";

	if (npolled)
		rs_fmt(polled, sizeof polled, ", %zu of them looked at every %.9g s", npolled,
		       c->inotify_poll ? (double)c->inotify_poll / 1000 : 2.0);
	rs_log_at(w->m->log, level, "watching %zu directories below %s%s", ndirs, c->inotify_watch_path, polled);
}

/* ---- configuration -------------------------------------------------------------------------------------------- */

/* As the user who runs PHP sees it; as it is written when it is not there, or not yet. */
static void real_path(const struct rs_master *m, const char *path, char out[PATH_MAX])
{
	struct rs_file_rights rights = rs_file_rights_take(path, &m->user);

	if (!realpath(path, out))
		(void)rs_copy(out, PATH_MAX, rs_slice_str(path));
	rs_file_rights_drop(&rights);
}

/* It may come yet; until then nobody should wait for a reload in vain. */
static void look_for(const struct rs_master *m, const char *path)
{
	struct rs_file_rights rights = rs_file_rights_take(path, &m->user);
	struct stat st;
	bool there = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	rs_file_rights_drop(&rights);
	if (!there)
		rs_warnx(m->log, "inotify_reload.watch_path: %s is no directory that can be read: nothing is watched; allowed: a directory", path);
}

/* false: logged. */
static bool make_filter(const struct rs_master *m, const struct rs_conf *c, struct rs_watch_filter *f)
{
	char root[PATH_MAX], base[PATH_MAX], dir[PATH_MAX];
	struct rs_strlist excluded = { 0 };
	bool ok = true;

	*f = (struct rs_watch_filter){ 0 };
	look_for(m, c->inotify_watch_path);
	real_path(m, c->inotify_watch_path, root);
	real_path(m, c->laravel_base_path, base);
	for (size_t i = 0; ok && i < c->inotify_excluded_dirs.n; i++) {
		real_path(m, c->inotify_excluded_dirs.v[i], dir);
		ok = rs_strlist_add(&excluded, dir);
	}
	ok = ok && rs_watch_filter_init(f, root, base, &excluded, &c->inotify_file_types);
	rs_strlist_clear(&excluded);
	if (ok)
		return true;
	rs_watch_filter_fini(f);
	rs_errorx(m->log, "inotify_reload: out of memory");
	return false;
}

static bool wanted(const struct rs_master *m, const struct rs_conf *c)
{
	if (!c->inotify_reload)
		return false;
	if (c->inotify_file_types.n)
		return true;
	rs_warnx(m->log, "inotify_reload.file_types is empty: nothing is watched");
	return false;
}

static struct rs_master_watch *make(struct rs_master *m)
{
	struct rs_master_watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->m = m;
	w->timer = event_new(m->base, -1, 0, on_quiet, w);
	if (w->timer)
		return w;
	free(w);
	return NULL;
}

void rs_master_watch(struct rs_master *m, const struct rs_conf *c)
{
	struct rs_watch_config config = { .poll_ms = c->inotify_poll, .user = &m->user, .log = m->log,
					  .changed = on_change, .ready = on_ready };

	if (!wanted(m, c) || !make_filter(m, c, &config.filter)) {
		rs_master_watch_end(m);
		return;
	}
	if (!m->watch && !(m->watch = make(m))) {
		rs_watch_filter_fini(&config.filter);
		return;
	}
	config.arg = m->watch;
	m->watch->log = c->inotify_log;
	if (m->watch->watch && rs_watch_is(m->watch->watch, &config)) {
		rs_watch_filter_fini(&config.filter);
		return;
	}
	rs_watch_close(m->watch->watch);
	m->watch->watch = rs_watch_open(m->base, &config);
	if (!m->watch->watch)
		rs_error(m->log, "inotify_reload: cannot watch %s", c->inotify_watch_path);
}

void rs_master_watch_end(struct rs_master *m)
{
	struct rs_master_watch *w = m->watch;

	m->watch = NULL;
	if (!w)
		return;
	rs_watch_close(w->watch);
	event_free(w->timer);
	free(w);
}
