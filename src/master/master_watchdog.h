/*
 * Signs of life for systemd (WatchdogSec= of the unit): that the master turns, and that the reactor answers it. A PHP process that is
 * stuck is request_timeout's business.
 */
#ifndef RS_MASTER_WATCHDOG_H
#define RS_MASTER_WATCHDOG_H

#include "master/master_state.h"

/* Begins, if systemd waits for signs of this process (WATCHDOG_USEC, WATCHDOG_PID). false: no memory. */
bool rs_mwatchdog_open(struct rs_master *m);
void rs_mwatchdog_close(struct rs_master *m);
/* STATUS came from the reactor: is it what we have asked for? */
void rs_mwatchdog_answered(struct rs_master *m, struct rs_slice payload);

#endif
