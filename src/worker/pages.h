/*
 * Memory that is to be forked often. What cannot be had stays as it is.
 */
#ifndef RS_PAGES_H
#define RS_PAGES_H

#include "base/rs_base.h"

/* This process's own memory in huge pages, for it and for the children that it forks from now on. How many. */
unsigned rs_pages_collapse_private(void);
/* Shared memory of the language (OPcache's), while no child of this process has it. How many. */
unsigned rs_pages_collapse_shared(void);

/*
 * The data of program and libraries as this process's own, at the same addresses, so that forks of it cost less. How many pieces. Only while
 * this process has one thread and its signals are blocked.
 */
unsigned rs_pages_own_data(void);

#endif
