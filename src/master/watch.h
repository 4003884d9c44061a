/*
 * Watches a tree of directories and tells which files change: by inotify, and by looking at them in turn where the kernel
 * tells nothing or has no watches left. Runs in the event loop of the process that made it, a bounded piece of work at a
 * time; reads directories and the inodes of files, never what is in them, and follows no link.
 */
#ifndef RS_WATCH_H
#define RS_WATCH_H

#include "base/rs_log.h"
#include "base/rs_proc.h"
#include "master/watch_filter.h"

struct event_base;
struct rs_watch;

/* Something below the root is new, gone or other than before. path: from the root; a directory ends in a slash. */
typedef void (*rs_watch_change_fn)(void *arg, const char *path);
/* The tree has been read for the first time. polled: how many of the directories are looked at in turn. */
typedef void (*rs_watch_ready_fn)(void *arg, size_t ndirs, size_t npolled);

struct rs_watch_config {
	struct rs_watch_filter filter;      /* the watch takes it over */
	int64_t poll_ms;                    /* > 0: looks at everything that often, without inotify */
	const struct rs_identity *user;     /* as root: reads with this user's rights; outlives the watch */
	const struct rs_log *log;
	rs_watch_change_fn changed;
	rs_watch_ready_fn ready;
	void *arg;
};

/* NULL: no memory or no descriptor (errno); the filter is freed then as well. */
struct rs_watch *rs_watch_open(struct event_base *base, const struct rs_watch_config *config);
void rs_watch_close(struct rs_watch *w);
/* Directories wait to be read: more changes may be found. */
bool rs_watch_busy(const struct rs_watch *w);
/* Is it what a new one with this configuration would be? */
bool rs_watch_is(const struct rs_watch *w, const struct rs_watch_config *config);

#endif
