/*
 * What processes of a server send each other: jobs, results, messages, wishes. The first four: NULL: fine; else the rule that the
 * process has broken.
 */
#ifndef RS_REACTOR_TASK_H
#define RS_REACTOR_TASK_H

#include "ipc/ipc.h"

struct rs_letter;
struct rs_reactor;
struct rs_seat;
struct rs_sender;
struct rs_serve;
struct rs_worker;

const char *rs_task_task(struct rs_sender *from, struct rs_frame *f);
const char *rs_task_message(const struct rs_sender *from, struct rs_frame *f);
const char *rs_task_finish(struct rs_worker *w, struct rs_frame *f);
const char *rs_task_ask(struct rs_worker *w, struct rs_frame *f);

/* A job that is due, to a task worker (dst: which, -1: any). */
void rs_task_post(struct rs_letter *l, int32_t dst);
/* A job, or a message to a task worker, and there are no task workers any more: it ends here. */
void rs_task_homeless(struct rs_letter *l);
/* Jobs that task workers have begun, or are about to. */
unsigned rs_task_running(const struct rs_serve *s);
/*
 * A result that its sender alone wants, from a task worker of s, with the flags that it gave back: the process that sent that job.
 * NULL: nobody did, or it is gone.
 */
struct rs_worker *rs_task_answered(struct rs_seat *s, uint32_t id, struct rs_seat *sender, uint32_t flags);
/* So many results wait for that process that more are dropped. */
bool rs_task_results_full(const struct rs_worker *to);
/*
 * A task worker of that seat is dead, its letters are settled: those who wait for what it had begun learn that.
 */
void rs_task_process_lost(struct rs_seat *s, uint32_t incarnation);
/* A result, to that process alone, now; it may be one that ends and still waits. Ends l when that takes nothing any more. */
void rs_task_give(struct rs_worker *to, struct rs_letter *l);
void rs_task_seat_fini(struct rs_seat *s);

#endif
