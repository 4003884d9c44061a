/*
 * The children that a manager has forked and not reaped. Owner: struct rs_process.
 */
#ifndef RS_CHILDREN_H
#define RS_CHILDREN_H

#include "base/rs_base.h"

#include <sys/types.h>

struct rs_child {
	pid_t pid;
	uint32_t id, generation;
};

struct rs_children {
	struct rs_child *v;
	size_t n, cap;
};

/* Room for one more; before the fork, for afterwards it must not fail. false: no memory. */
bool rs_children_room(struct rs_children *c) RS_MUST_CHECK;
void rs_children_add(struct rs_children *c, struct rs_child child);
/* Takes the row of a reaped process out. false: it is none of them. */
bool rs_children_take(struct rs_children *c, pid_t pid, struct rs_child *out);
void rs_children_signal(const struct rs_children *c, int sig);
/* Forgets them: in a child, where they are brothers. */
void rs_children_free(struct rs_children *c);

#endif
