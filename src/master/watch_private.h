/*
 * A watch's memory: what watch.c (inotify, the tree of directories) and watch_scan.c (reading directories) share.
 */
#ifndef RS_WATCH_PRIVATE_H
#define RS_WATCH_PRIVATE_H

#include "master/watch.h"

#include <dirent.h>
#include <sys/queue.h>
#include <sys/types.h>

#define RS_WATCH_MAGIC 0x57415443u

/* Directories in one watch; what is beyond is not seen. */
#define RS_WATCH_DIRS_MAX 65536
#define RS_WATCH_BUCKETS 4096
/* Entries read before others in the loop have their turn. */
#define RS_WATCH_SLICE 512
/* How often directories are looked at that the kernel tells nothing about. */
#define RS_WATCH_POLL_MS 2000

/* A file as it was last seen. */
struct rs_watch_seen {
	uint64_t name, state; /* hashes */
};

struct rs_watch_list {
	struct rs_watch_seen *v;
	size_t n, cap;
};

struct rs_watch_dir {
	LIST_ENTRY(rs_watch_dir) by_path, by_wd;
	TAILQ_ENTRY(rs_watch_dir) link;  /* of all */
	TAILQ_ENTRY(rs_watch_dir) todo;  /* waits to be read */
	bool queued, read;               /* read: once at least */
	bool news;                       /* came after the first reading: its files are news */
	bool polled, poll_below;         /* looked at in turn; and so is what lies below it */
	int wd;                          /* -1: none */
	dev_t dev;
	struct rs_watch_list seen;       /* polled: its files, by name */
	char path[];                     /* from the root, "" for itself */
};

TAILQ_HEAD(rs_watch_dirs, rs_watch_dir);

struct rs_watch {
	uint32_t magic;
	struct event_base *base;
	struct rs_watch_config c;
	int fd;                          /* of inotify; -1: everything is polled */
	struct event *readable, *slice, *poll;
	struct rs_watch_dirs all, todo;
	LIST_HEAD(, rs_watch_dir) by_path[RS_WATCH_BUCKETS], by_wd[RS_WATCH_BUCKETS];
	size_t ndirs, npolled;
	/* The directory that is being read. */
	struct rs_watch_dir *at;
	DIR *open;
	struct rs_watch_list fresh;
	bool ready;                      /* everything was read once */
	bool said_full, said_many;
};

/* ---- watch.c ---- */
/* NULL: not known. */
struct rs_watch_dir *rs_watch_find(struct rs_watch *w, const char *path);
/* A directory that nobody knew, to be read. parent NULL: the root. */
void rs_watch_add(struct rs_watch *w, const struct rs_watch_dir *parent, const char *path, bool news);
void rs_watch_enqueue(struct rs_watch *w, struct rs_watch_dir *d);
/* It and all below it are gone, or watched no more. */
void rs_watch_forget(struct rs_watch *w, struct rs_watch_dir *d);
/* Has inotify tell of it, or has it polled. false: it is gone. */
bool rs_watch_tell(struct rs_watch *w, struct rs_watch_dir *d, const char *whole);
/* root/path. false: too long. */
bool rs_watch_whole(const struct rs_watch *w, const char *path, char *out, size_t size);

/* ---- watch_scan.c ---- */
/* Reads what waits to be read, RS_WATCH_SLICE entries of it. true: nothing is left. */
bool rs_watch_read(struct rs_watch *w);
/* Gives up the directory that is being read. */
void rs_watch_read_stop(struct rs_watch *w);

#endif
