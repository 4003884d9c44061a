/*
 * Processes: titles, signals around fork, privileges, randomness.
 */
#ifndef RS_PROC_H
#define RS_PROC_H

#include "base/rs_base.h"

#include <signal.h>
#include <sys/types.h>

/* The argv area that ps shows. Made once by main() before anything else looks at argv or environ. */
struct rs_title {
	char *area;
	size_t size;
	char prefix[256]; /* "<P> laravels: " is made from it; may be empty */
};

/* Moves argv strings and environ to the heap, so that their area can be overwritten. false: no memory. */
bool rs_title_init(struct rs_title *t, int argc, char **argv);
/* ps then shows "<prefix> laravels: <role>", or "laravels: <role>" without a prefix. */
void rs_title_set(struct rs_title *t, const char *role);
/* ps then shows this text, cut to the area's size. */
void rs_title_put(struct rs_title *t, const char *text);

/* fork() with all signals blocked; in the child every handler is back to default, and the mask empty. */
pid_t rs_fork(void);
/* The same, but the child's mask is full: it unblocks what it wants when its handlers are set. */
pid_t rs_fork_blocked(void);
/* The same, but the child has its parent's handlers: for one that is forked often, by a process whose handlers are all its own. */
pid_t rs_fork_as_is(void);

/* Sets or ignores; SA_RESTART only if asked. handler SIG_IGN and SIG_DFL work too. */
void rs_signal(int sig, void (*handler)(int), bool restart);

/* The parent of any process, by /proc. 0: there is no such process. */
pid_t rs_proc_parent(pid_t pid);

struct rs_identity {
	uid_t uid;
	gid_t gid;
	char user[64];
	char home[4096];
};

/* Looks a user (name or number) and an optional group up. false: *unknown says which one is not known. */
bool rs_identity_find(const char *user, const char *group, struct rs_identity *id, const char **unknown);
/* The owner of a path, with the owner's own group: the path's may be root's. false: errno. */
bool rs_identity_of_path(const char *path, struct rs_identity *id);
/* For good: groups, gid, uid; verified. false: errno says why, and the process must not go on. */
bool rs_identity_become(const struct rs_identity *id);

#endif
