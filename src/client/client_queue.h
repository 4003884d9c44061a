/*
 * System V message queues, as Process and Process\Pool use them: bytes with a type, at most 64 KiB.
 */
#ifndef RS_CLIENT_QUEUE_H
#define RS_CLIENT_QUEUE_H

#include "base/rs_base.h"

#include <sys/types.h>

#define RS_QUEUE_MESSAGE_MAX 65536

struct rs_queue {
	int id;      /* -1: none */
	int key;
	bool nowait; /* full or empty: EAGAIN instead of waiting */
	bool (*interrupted)(void); /* NULL, or asked when a signal has come: true ends a wait with EINTR */
};

struct rs_queue_stat {
	uint64_t messages, bytes;
};

/* Key of a file that exists (ftok); 0: errno. */
int rs_queue_key_of(const char *path);
/* Opens or makes it, mode 0666. capacity > 0: how many bytes it may hold (only root can raise the system's limit). false: errno. */
bool rs_queue_open(struct rs_queue *q, int key, int64_t capacity);
/* type >= 1. false: errno (EAGAIN: full, EINVAL: larger than the system allows, EINTR: interrupted). */
bool rs_queue_push(const struct rs_queue *q, long type, const void *p, size_t n);
/*
 * The oldest of a type, or of any (0). Returns a malloc()ed message (the caller frees it) and its length. patience_ms < 0: waits
 * until interrupted; else at most so long, or until any signal comes. NULL: errno; EAGAIN: there is none (not yet), EINTR:
 * interrupted, E2BIG: it is longer than max, and stays.
 */
char *rs_queue_pop(const struct rs_queue *q, long type, size_t max, int64_t patience_ms, size_t *n);
bool rs_queue_stat(const struct rs_queue *q, struct rs_queue_stat *out);
/* Removes it from the system: others that wait at it get EIDRM. */
bool rs_queue_remove(struct rs_queue *q);

#endif
