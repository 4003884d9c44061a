/*
 * inotify_reload: a reload when a source file changes.
 */
#ifndef RS_MASTER_WATCH_H
#define RS_MASTER_WATCH_H

struct rs_conf;
struct rs_master;

/* What c says holds from now on; a watch that is the same goes on. */
void rs_master_watch(struct rs_master *m, const struct rs_conf *c);
void rs_master_watch_end(struct rs_master *m);

#endif
