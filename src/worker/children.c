/*
 * The table of a manager's children.
 */
#include "worker/children.h"

#include <signal.h>
#include <stdlib.h>

bool rs_children_room(struct rs_children *c)
{
	size_t cap = c->cap ? c->cap * 2 : 16;
	struct rs_child *v;

	if (c->n < c->cap)
		return true;
	v = realloc(c->v, cap * sizeof *v);
	if (!v)
		return false;
	c->v = v;
	c->cap = cap;
	return true;
}

void rs_children_add(struct rs_children *c, struct rs_child child)
{
	RS_ASSERT(c->n < c->cap);
	c->v[c->n++] = child;
}

bool rs_children_take(struct rs_children *c, pid_t pid, struct rs_child *out)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->v[i].pid != pid)
			continue;
		*out = c->v[i];
		c->v[i] = c->v[--c->n];
		return true;
	}
	return false;
}

void rs_children_signal(const struct rs_children *c, int sig)
{
	for (size_t i = 0; i < c->n; i++)
		kill(c->v[i].pid, sig);
}

void rs_children_free(struct rs_children *c)
{
	free(c->v);
	*c = (struct rs_children){ 0 };
}
