/*
 * What systemd (Type=notify) is told. Does nothing without NOTIFY_SOCKET.
 */
#ifndef RS_MASTER_NOTIFY_H
#define RS_MASTER_NOTIFY_H

#include "base/rs_log.h"

/* One datagram of VAR=value lines. Failure is logged, never more. */
void rs_notify(const struct rs_log *log, const char *state);

void rs_notify_ready(const struct rs_log *log, const char *status);
/* A reload has begun; rs_notify_ready() ends it. */
void rs_notify_reloading(const struct rs_log *log);

#endif
