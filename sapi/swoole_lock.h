/*
 * What Swoole\Lock and Swoole\Atomic share: waiting as a PHP process.
 */
#ifndef RS_SWOOLE_LOCK_H
#define RS_SWOOLE_LOCK_H

#include "swoole.h"

#include "shm/shm_wait.h"

/* Runs PHP's signal handlers when one came; stops the wait when they threw. */
extern const struct rs_shm_ear rs_swoole_ear;

/* Seconds as PHP gives them to microseconds as the core takes them; negative: -1, NaN: 0. */
int64_t rs_swoole_wait_us(double seconds);

#endif
