/*
 * One coroutine that waits, and whoever has something for it: ringing never switches, so it may happen anywhere (destructors, other
 * coroutines, callbacks of the loop), and both ends may go in any order.
 */
#ifndef RS_SWOOLE_COROUTINE_BELL_H
#define RS_SWOOLE_COROUTINE_BELL_H

#include "swoole_coroutine.h"

struct rs_co_bell;

struct rs_co_bell *rs_co_bell_new(void);
void rs_co_bell_free(struct rs_co_bell *b);
/* The running coroutine is the one to be woken, until rs_co_bell_done(): for those that wait for something else besides. */
void rs_co_bell_mine(struct rs_co_bell *b);
void rs_co_bell_done(struct rs_co_bell *b);
/* Waits for it to ring; perhaps it was for something before. false: cancelled, or the process ends. */
bool rs_co_bell_wait(struct rs_co_bell *b);
void rs_co_bell_ring(struct rs_co_bell *b);

#endif
