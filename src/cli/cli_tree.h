/*
 * A process and everything below it.
 */
#ifndef RS_CLI_TREE_H
#define RS_CLI_TREE_H

#include <sys/types.h>

/* KILL to pid and all its descendants, the topmost first, so that nobody replaces the dead. */
void rs_tree_kill(pid_t pid);

#endif
