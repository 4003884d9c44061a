/*
 * What a manager does between the boot of its application and the first fork.
 */
#ifndef RS_MANAGER_BOOT_H
#define RS_MANAGER_BOOT_H

#include "worker/process.h"

bool rs_manager_tell_master(struct rs_process *p, enum rs_msg msg, struct rs_slice payload);
/* BOOTED or FACTS. */
bool rs_manager_tell_facts(struct rs_process *p, enum rs_msg msg);
/* APP_CONF, SERVER, BOOTED. false: the master is gone. */
bool rs_manager_tell_boot(struct rs_process *p);
/* Logs what must not cross fork(). */
void rs_manager_warn_unforkable(struct rs_process *p);

#endif
