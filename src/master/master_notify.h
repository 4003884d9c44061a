/*
 * What systemd (Type=notify) is told. Does nothing without NOTIFY_SOCKET.
 */
#ifndef RS_MASTER_NOTIFY_H
#define RS_MASTER_NOTIFY_H

#include "base/rs_log.h"

/* One datagram of VAR=value lines. Failure is logged, never more. */
void rs_notify(const struct rs_log *log, const char *state);

/* This generation serves, with so many workers and task workers. more: what else there is to say, "": nothing. */
void rs_notify_serving(const struct rs_log *log, uint32_t generation, uint32_t workers, const char *more);
/* A reload or a restart has begun; rs_notify_serving() ends it. */
void rs_notify_reloading(const struct rs_log *log, const char *status);
void rs_notify_stopping(const struct rs_log *log);
/* The end may take so long from now on, whatever TimeoutStopSec= of the unit says. */
void rs_notify_patience(const struct rs_log *log, int64_t ms);

#endif
