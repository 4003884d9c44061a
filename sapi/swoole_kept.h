/*
 * Rserverd\kept(): memory of shared objects (tables, numbers, locks) that outlives the generations of a hosted application.
 */
#ifndef RS_SWOOLE_KEPT_H
#define RS_SWOOLE_KEPT_H

#include "swoole.h"

/*
 * Makes the memory of what: inside of kept() attach() gets what an earlier generation has kept for it, and if there is nothing, or
 * that does not fit, create() makes it and its fd is kept; else create() with NULL. false: errno.
 */
bool rs_swoole_kept_make(void *what, bool (*attach)(void *what, int fd), bool (*create)(void *what, int *fd));

#endif
