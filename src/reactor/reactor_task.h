/*
 * What processes of a server send each other: jobs, results, messages, wishes. Each: NULL: fine; else the rule that the
 * process has broken.
 */
#ifndef RS_REACTOR_TASK_H
#define RS_REACTOR_TASK_H

#include "ipc/ipc.h"

struct rs_reactor;
struct rs_seat;
struct rs_worker;

const char *rs_task_task(struct rs_worker *w, struct rs_frame *f);
const char *rs_task_finish(struct rs_worker *w, struct rs_frame *f);
const char *rs_task_message(struct rs_worker *w, struct rs_frame *f);
const char *rs_task_ask(struct rs_worker *w, struct rs_frame *f);

/* Jobs have become fewer: those who were not read because of too many are read again. */
void rs_task_resume(struct rs_reactor *r);
void rs_task_seat_fini(struct rs_seat *s);

#endif
