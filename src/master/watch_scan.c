/*
 * Reading directories for a watch: a piece at a time, one directory after the other. Finds directories that are new and,
 * where the kernel does not tell, files that are other than they were.
 */
#include "master/watch_private.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* Files of one directory whose changes are seen by polling. */
#define FILES_MAX 65536

/* ---- hashes --------------------------------------------------------------------------------------------------- */

static uint64_t hash(const void *p, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (const unsigned char *b = p; n > 0; b++, n--)
		h = (h ^ *b) * UINT64_C(1099511628211);
	return h;
}

static uint64_t state_of(const struct stat *st)
{
	const int64_t facts[] = { st->st_mtim.tv_sec, st->st_mtim.tv_nsec, st->st_ctim.tv_sec, st->st_ctim.tv_nsec,
				  st->st_size, st->st_mode };
	uint64_t h = 0;

	for (size_t i = 0; i < RS_COUNTOF(facts); i++)
		h = (h ^ (uint64_t)facts[i]) * UINT64_C(1099511628211);
	return h;
}

static int by_name(const void *a, const void *b)
{
	uint64_t x = ((const struct rs_watch_seen *)a)->name, y = ((const struct rs_watch_seen *)b)->name;

	return x < y ? -1 : x > y;
}

static const struct rs_watch_seen *find_seen(const struct rs_watch_list *l, uint64_t name)
{
	const struct rs_watch_seen key = { .name = name };

	return l->n ? bsearch(&key, l->v, l->n, sizeof key, by_name) : NULL;
}

static void list_add(struct rs_watch_list *l, uint64_t name, uint64_t state)
{
	size_t cap = l->cap ? l->cap * 2 : 64;
	struct rs_watch_seen *v;

	if (l->n == l->cap) {
		v = cap <= FILES_MAX ? realloc(l->v, cap * sizeof *v) : NULL;
		if (!v)
			return;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = (struct rs_watch_seen){ name, state };
}

/* ---- one directory -------------------------------------------------------------------------------------------- */

/* Does somebody else change files there without our kernel knowing? */
static bool told_nothing(int fd)
{
	/* 9p, AFS, Ceph, CIFS, CODA, FUSE (and virtiofs), NFS, SMB, SMB2, VirtualBox, Parallels */
	static const uint32_t types[] = { 0x01021997, 0x5346414f, 0x00c36400, 0xff534d42, 0x73757245, 0x65735546,
					  0x00006969, 0x0000517b, 0xfe534d42, 0x786f4256, 0x7c7c6673 };
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < RS_COUNTOF(types); i++)
		if ((uint32_t)fs.f_type == types[i])
			return true;
	return false;
}

static void report(struct rs_watch *w, const struct rs_watch_dir *d, const char *name)
{
	char path[PATH_MAX];

	if (rs_fmt(path, sizeof path, "%s%s%s", d->path, d->path[0] ? "/" : "", name))
		w->c.changed(w->c.arg, path);
}

void rs_watch_read_stop(struct rs_watch *w)
{
	if (w->open)
		closedir(w->open);
	w->open = NULL;
	w->at = NULL;
	w->fresh.n = 0;
}

/* Polled from now on, with what is below it, when it is the first of its file system. */
static void look_at_device(struct rs_watch *w, struct rs_watch_dir *d, int fd)
{
	struct stat st;

	if (w->fd < 0 || fstat(fd, &st) < 0 || st.st_dev == d->dev)
		return;
	d->dev = st.st_dev;
	d->poll_below = told_nothing(fd);
	if (d->poll_below == d->polled)
		return;
	d->polled = d->poll_below;
	w->npolled += d->polled ? 1 : (size_t)-1;
}

/* Opens the next directory. false: it is none any more, and forgotten. */
static bool begin(struct rs_watch *w, struct rs_watch_dir *d)
{
	char whole[2 * PATH_MAX];
	bool known = d->read;
	int fd = -1;

	if (rs_watch_whole(w, d->path, whole, sizeof whole))
		fd = open(whole, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && !d->read)
		look_at_device(w, d, fd);
	if (fd >= 0 && rs_watch_tell(w, d, whole) && (w->open = fdopendir(fd)) != NULL) {
		w->at = d;
		return true;
	}
	rs_fd_close(&fd);
	if (known)
		report(w, d, "");
	rs_watch_forget(w, d);
	return false;
}

static void finish(struct rs_watch *w)
{
	struct rs_watch_dir *d = w->at;
	struct rs_watch_list old = d->seen;
	bool lost = false;

	if (d->polled) {
		if (w->fresh.n)
			qsort(w->fresh.v, w->fresh.n, sizeof *w->fresh.v, by_name);
		for (size_t i = 0; i < old.n; i++)
			lost = lost || !find_seen(&w->fresh, old.v[i].name);
		if (lost)
			report(w, d, "");
		d->seen = w->fresh;
		w->fresh = old;
	}
	d->read = true;
	d->news = false;
	rs_watch_read_stop(w);
}

/* ---- entries -------------------------------------------------------------------------------------------------- */

static bool is_dir(const struct rs_watch *w, const struct dirent *e)
{
	struct stat st;

	if (e->d_type != DT_UNKNOWN)
		return e->d_type == DT_DIR;
	return fstatat(dirfd(w->open), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static void on_dir(struct rs_watch *w, const char *name)
{
	struct rs_watch_dir *d = w->at;
	char path[PATH_MAX];

	if (!rs_fmt(path, sizeof path, "%s%s%s", d->path, d->path[0] ? "/" : "", name) ||
	    !rs_watch_wants_dir(&w->c.filter, path) || rs_watch_find(w, path))
		return;
	/* One that was not there when this one was read before. */
	rs_watch_add(w, d, path, d->news || d->read);
}

static void on_file(struct rs_watch *w, const char *name)
{
	struct rs_watch_dir *d = w->at;
	const struct rs_watch_seen *before;
	uint64_t h = hash(name, strlen(name)), state;
	struct stat st;

	if (!d->polled) {
		if (d->news)
			report(w, d, name);
		return;
	}
	if (fstatat(dirfd(w->open), name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	state = state_of(&st);
	list_add(&w->fresh, h, state);
	before = find_seen(&d->seen, h);
	if (d->news || (d->read && (!before || before->state != state)))
		report(w, d, name);
}

bool rs_watch_read(struct rs_watch *w)
{
	struct rs_watch_dir *d;
	struct dirent *e;

	for (int left = RS_WATCH_SLICE; left > 0; left--) {
		if (!w->at) {
			d = TAILQ_FIRST(&w->todo);
			if (!d)
				return true;
			TAILQ_REMOVE(&w->todo, d, todo);
			d->queued = false;
			/* Opening costs more than an entry. */
			left -= 8;
			if (!begin(w, d))
				continue;
		}
		e = readdir(w->open);
		if (!e)
			finish(w);
		else if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
			if (is_dir(w, e))
				on_dir(w, e->d_name);
			else if (rs_watch_wants_file(&w->c.filter, e->d_name))
				on_file(w, e->d_name);
		}
	}
	return false;
}
