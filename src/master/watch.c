/*
 * The tree of watched directories and what inotify says of them.
 *
 * Every directory is watched first and read then, so that nothing between the two is missed. What the kernel cannot tell
 * (file systems whose other side changes files, no watches left) is polled: queued to be read again, round after round.
 */
#include "master/watch_private.h"

#include "base/rs_fd.h"
#include "master/master_file.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define EVENTS (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF |  \
		IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK)

/* ---- the tree ------------------------------------------------------------------------------------------------- */

static size_t path_bucket(const char *path)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * UINT64_C(1099511628211);
	return (h ^ h >> 32) % RS_WATCH_BUCKETS;
}

struct rs_watch_dir *rs_watch_find(struct rs_watch *w, const char *path)
{
	struct rs_watch_dir *d;

	LIST_FOREACH(d, &w->by_path[path_bucket(path)], by_path)
		if (strcmp(d->path, path) == 0)
			return d;
	return NULL;
}

static struct rs_watch_dir *find_wd(struct rs_watch *w, int wd)
{
	struct rs_watch_dir *d;

	LIST_FOREACH(d, &w->by_wd[(unsigned)wd % RS_WATCH_BUCKETS], by_wd)
		if (d->wd == wd)
			return d;
	return NULL;
}

bool rs_watch_whole(const struct rs_watch *w, const char *path, char *out, size_t size)
{
	const char *root = w->c.filter.root;

	return rs_fmt(out, size, "%s%s%s", strcmp(root, "/") == 0 && *path ? "" : root, *path ? "/" : "", path);
}

void rs_watch_enqueue(struct rs_watch *w, struct rs_watch_dir *d)
{
	static const struct timeval now = { 0, 0 };

	if (!d->queued) {
		d->queued = true;
		TAILQ_INSERT_TAIL(&w->todo, d, todo);
	}
	if (!event_pending(w->slice, EV_TIMEOUT, NULL))
		event_add(w->slice, &now);
}

void rs_watch_add(struct rs_watch *w, const struct rs_watch_dir *parent, const char *path, bool news)
{
	size_t n = strlen(path);
	struct rs_watch_dir *d;

	if (w->ndirs >= RS_WATCH_DIRS_MAX) {
		if (!w->said_many)
			rs_warnx(w->c.log, "more than %d directories are below %s: changes in the others are not seen; leave some "
				 "out (inotify_reload.excluded_dirs)", RS_WATCH_DIRS_MAX, w->c.filter.root);
		w->said_many = true;
		return;
	}
	d = calloc(1, sizeof *d + n + 1);
	if (!d)
		return;
	memcpy(d->path, path, n + 1);
	d->wd = -1;
	d->news = news;
	d->poll_below = parent ? parent->poll_below : w->fd < 0;
	d->polled = d->poll_below;
	d->dev = parent ? parent->dev : 0;
	w->npolled += d->polled;
	w->ndirs++;
	LIST_INSERT_HEAD(&w->by_path[path_bucket(path)], d, by_path);
	TAILQ_INSERT_TAIL(&w->all, d, link);
	rs_watch_enqueue(w, d);
}

static void unwatch(struct rs_watch *w, struct rs_watch_dir *d, bool remove)
{
	if (d->wd < 0)
		return;
	if (remove)
		(void)inotify_rm_watch(w->fd, d->wd);
	LIST_REMOVE(d, by_wd);
	d->wd = -1;
}

static void forget_one(struct rs_watch *w, struct rs_watch_dir *d)
{
	if (w->at == d)
		rs_watch_read_stop(w);
	unwatch(w, d, true);
	if (d->queued)
		TAILQ_REMOVE(&w->todo, d, todo);
	LIST_REMOVE(d, by_path);
	TAILQ_REMOVE(&w->all, d, link);
	w->ndirs--;
	w->npolled -= d->polled;
	free(d->seen.v);
	free(d);
}

void rs_watch_forget(struct rs_watch *w, struct rs_watch_dir *d)
{
	size_t n = strlen(d->path);
	struct rs_watch_dir *other = TAILQ_FIRST(&w->all), *next;

	for (; other; other = next) {
		next = TAILQ_NEXT(other, link);
		if (other != d && (n == 0 || (strncmp(other->path, d->path, n) == 0 && other->path[n] == '/')))
			forget_one(w, other);
	}
	forget_one(w, d);
}

static void poll_it(struct rs_watch *w, struct rs_watch_dir *d)
{
	if (!d->polled)
		w->npolled++;
	d->polled = true;
}

bool rs_watch_tell(struct rs_watch *w, struct rs_watch_dir *d, const char *whole)
{
	struct rs_watch_dir *old;
	int wd;

	if (d->polled || d->wd >= 0)
		return true;
	wd = inotify_add_watch(w->fd, whole, EVENTS);
	if (wd < 0) {
		if (errno != ENOSPC && errno != ENOMEM)
			return false;
		if (!w->said_full)
			rs_warn(w->c.log, "inotify: %zu directories are watched, the others are looked at in turn (sysctl "
				"fs.inotify.max_user_watches)", w->ndirs - w->npolled);
		w->said_full = true;
		poll_it(w, d);
		return true;
	}
	/* The same directory under its old name: it was moved. */
	old = find_wd(w, wd);
	if (old)
		unwatch(w, old, false);
	d->wd = wd;
	LIST_INSERT_HEAD(&w->by_wd[(unsigned)wd % RS_WATCH_BUCKETS], d, by_wd);
	return true;
}

/* ---- events --------------------------------------------------------------------------------------------------- */

static void changed(struct rs_watch *w, const char *path)
{
	w->c.changed(w->c.arg, path);
}

/* Everything may have changed: read it all, what is new counts. */
static void start_over(struct rs_watch *w)
{
	struct rs_watch_dir *d;

	TAILQ_FOREACH(d, &w->all, link)
		rs_watch_enqueue(w, d);
	changed(w, "");
}

static void dir_event(struct rs_watch *w, struct rs_watch_dir *parent, const char *path, uint32_t mask)
{
	struct rs_watch_dir *d = rs_watch_find(w, path);
	char shown[PATH_MAX + 2];

	/* Found already, when its parent was read. */
	if (d && (mask & IN_CREATE)) {
		rs_watch_enqueue(w, d);
		return;
	}
	if (d) {
		rs_watch_forget(w, d);
		/* A deleted one was empty; a moved one takes its files along. */
		if (!(mask & IN_DELETE) && rs_fmt(shown, sizeof shown, "%s/", path))
			changed(w, shown);
	}
	if ((mask & (IN_CREATE | IN_MOVED_TO)) && rs_watch_wants_dir(&w->c.filter, path))
		rs_watch_add(w, parent, path, true);
}

/* The root itself is gone, or somewhere else; another one may be in its place. */
static void root_event(struct rs_watch *w, struct rs_watch_dir *root)
{
	rs_watch_forget(w, root);
	changed(w, "");
	rs_watch_add(w, NULL, "", true);
}

/* A file that was created is empty until it is closed; a link is complete at once. */
static bool file_counts(const struct rs_watch *w, const char *path, uint32_t mask)
{
	char whole[2 * PATH_MAX];
	struct stat st;

	if (!(mask & IN_CREATE))
		return true;
	return rs_watch_whole(w, path, whole, sizeof whole) && lstat(whole, &st) == 0 &&
	       (S_ISLNK(st.st_mode) || st.st_nlink > 1);
}

static void on_event(struct rs_watch *w, const struct inotify_event *ev)
{
	struct rs_watch_dir *d = find_wd(w, ev->wd);
	char path[PATH_MAX];

	if (ev->mask & IN_Q_OVERFLOW) {
		start_over(w);
		return;
	}
	if (!d)
		return;
	if (ev->mask & IN_IGNORED) {
		unwatch(w, d, false);
		/* Its file system may be gone: what is there now? */
		rs_watch_enqueue(w, d);
		return;
	}
	if (ev->mask & (IN_DELETE_SELF | IN_MOVE_SELF)) {
		if (d->path[0] == '\0')
			root_event(w, d);
		return;
	}
	if (!ev->len || !rs_fmt(path, sizeof path, "%s%s%s", d->path, d->path[0] ? "/" : "", ev->name))
		return;
	if (ev->mask & IN_ISDIR)
		dir_event(w, d, path, ev->mask);
	else if (rs_watch_wants_file(&w->c.filter, ev->name) && file_counts(w, path, ev->mask))
		changed(w, path);
}

/* One read a turn: the rest of the loop has its turn between two of them. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct rs_watch *w = arg;
	char buf[65536] __attribute__((aligned(__alignof__(struct inotify_event))));
	struct rs_file_rights rights;
	ssize_t n;

	(void)what;
	RS_CHECK(w, RS_WATCH_MAGIC);
	n = read(fd, buf, sizeof buf);
	rights = rs_file_rights_take(w->c.filter.root, w->c.user);
	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *ev = (const struct inotify_event *)(const void *)(buf + at);

		on_event(w, ev);
		at += (ssize_t)(sizeof *ev + ev->len);
	}
	rs_file_rights_drop(&rights);
}

/* ---- rounds --------------------------------------------------------------------------------------------------- */

static void next_round(struct rs_watch *w)
{
	int64_t ms = w->c.poll_ms ? w->c.poll_ms : RS_WATCH_POLL_MS;
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	/* Also to look for a root that is gone. */
	if (w->npolled || w->ndirs == 0)
		event_add(w->poll, &t);
}

static void on_slice(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval soon = { 0, 1000 };
	struct rs_watch *w = arg;
	struct rs_file_rights rights;
	bool over;

	(void)fd, (void)what;
	RS_CHECK(w, RS_WATCH_MAGIC);
	rights = rs_file_rights_take(w->c.filter.root, w->c.user);
	over = rs_watch_read(w);
	rs_file_rights_drop(&rights);
	if (!over) {
		event_add(w->slice, &soon);
		return;
	}
	if (!w->ready && w->ndirs) {
		w->ready = true;
		w->c.ready(w->c.arg, w->ndirs, w->npolled);
	}
	if (!event_pending(w->poll, EV_TIMEOUT, NULL))
		next_round(w);
}

static void on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct rs_watch *w = arg;
	struct rs_watch_dir *d;

	(void)fd, (void)what;
	RS_CHECK(w, RS_WATCH_MAGIC);
	if (w->ndirs == 0)
		rs_watch_add(w, NULL, "", true);
	TAILQ_FOREACH(d, &w->all, link)
		if (d->polled)
			rs_watch_enqueue(w, d);
}

/* ---- life ----------------------------------------------------------------------------------------------------- */

struct rs_watch *rs_watch_open(struct event_base *base, const struct rs_watch_config *config)
{
	struct rs_watch *w = calloc(1, sizeof *w);
	struct rs_watch_filter filter = config->filter;

	if (!w) {
		rs_watch_filter_fini(&filter);
		return NULL;
	}
	w->magic = RS_WATCH_MAGIC;
	w->base = base;
	w->c = *config;
	TAILQ_INIT(&w->all);
	TAILQ_INIT(&w->todo);
	w->fd = config->poll_ms ? -1 : inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0 && !config->poll_ms)
		rs_warn(config->log, "inotify: everything is looked at in turn (sysctl fs.inotify.max_user_instances)");
	w->slice = event_new(base, -1, 0, on_slice, w);
	w->poll = event_new(base, -1, 0, on_poll, w);
	w->readable = w->fd < 0 ? NULL : event_new(base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
	if (!w->slice || !w->poll || (w->fd >= 0 && (!w->readable || event_add(w->readable, NULL) < 0))) {
		rs_watch_close(w);
		return NULL;
	}
	rs_watch_add(w, NULL, "", false);
	return w;
}

void rs_watch_close(struct rs_watch *w)
{
	if (!w)
		return;
	rs_watch_read_stop(w);
	if (w->readable)
		event_free(w->readable);
	/* All watches end with the descriptor. */
	rs_fd_close(&w->fd);
	for (struct rs_watch_dir *d; (d = TAILQ_FIRST(&w->all)) != NULL;) {
		unwatch(w, d, false);
		forget_one(w, d);
	}
	if (w->slice)
		event_free(w->slice);
	if (w->poll)
		event_free(w->poll);
	free(w->fresh.v);
	rs_watch_filter_fini(&w->c.filter);
	w->magic = 0;
	free(w);
}

bool rs_watch_busy(const struct rs_watch *w)
{
	return w->at || !TAILQ_EMPTY(&w->todo);
}

bool rs_watch_is(const struct rs_watch *w, const struct rs_watch_config *config)
{
	return w->c.poll_ms == config->poll_ms && rs_watch_filter_eq(&w->c.filter, &config->filter);
}
