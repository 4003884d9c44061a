/*
 * Which directories are watched and which files count when they change. Pure: paths in, verdict out.
 */
#ifndef RS_WATCH_FILTER_H
#define RS_WATCH_FILTER_H

#include "conf/conf.h"

struct rs_watch_filter {
	char *root;                    /* absolute, no link in it, no slash at its end (but "/" itself) */
	struct rs_strlist excluded;    /* directories, absolute */
	struct rs_strlist types;       /* ends of names, with their dot */
};

/*
 * root: the watched directory, base: the application's, both real paths. excluded: real paths. Directories below base that
 * the application itself writes to, or that nobody edits, are excluded unless root is in one of them.
 * false: no memory; free it all the same.
 */
bool rs_watch_filter_init(struct rs_watch_filter *f, const char *root, const char *base, const struct rs_strlist *excluded,
			  const struct rs_strlist *types) RS_MUST_CHECK;
void rs_watch_filter_fini(struct rs_watch_filter *f);
bool rs_watch_filter_eq(const struct rs_watch_filter *a, const struct rs_watch_filter *b);

/* A directory below the root by its path from there ("app/Http"). */
bool rs_watch_wants_dir(const struct rs_watch_filter *f, const char *path);
/* A file by its name alone. */
bool rs_watch_wants_file(const struct rs_watch_filter *f, const char *name);

#endif
