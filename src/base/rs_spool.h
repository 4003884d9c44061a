/*
 * Bytes that are too many for memory: an unlinked file that only descriptors can reach.
 */
#ifndef RS_SPOOL_H
#define RS_SPOOL_H

#include "base/rs_base.h"

/* Empty, readable and writable, close-on-exec. -1: errno. */
int rs_spool_open(const char *dir);
/* All of it. false: errno. */
bool rs_spool_write(int fd, const char *p, size_t n) RS_MUST_CHECK;

#endif
