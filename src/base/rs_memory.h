/*
 * The memory of its own that a process has: what would be free again if it ended. What it has from the process that forked it, and
 * neither of them has written to since, is not its own; nor is what it shares by intent (OPcache, tables, files).
 *
 * The kernel counts the former with every process that has it (RssAnon, resident - shared in statm): a fresh worker looks as big
 * as the manager. Only smaps tells pages that nobody else has, at the price of a walk through all pages (9 us per MB, measured).
 * So there are two measures: one that is cheap and never too small, and one that is exact.
 */
#ifndef RS_MEMORY_H
#define RS_MEMORY_H

#include "base/rs_base.h"

#include <sys/types.h>

#define RS_MEMORY_TEXT 24

/* The sum over lines of /proc/PID/smaps, fed in pieces of any size. Zeroed is ready. */
struct rs_memory_sum {
	uint64_t kb;
	bool shared;       /* the mapping whose lines these are is for several processes by intent */
	size_t n;          /* of line */
	char line[128];    /* what of the current line is known; the rest of a longer one is of no interest */
};

void rs_memory_feed(struct rs_memory_sum *s, struct rs_slice text);

/* Anonymous memory, what it shares with others included. pid 0: this process. false: it cannot be told. 10 us. */
bool rs_memory_bound(pid_t pid, uint64_t *bytes) RS_MUST_CHECK;
/* Memory of its own, what is swapped out included. false: it cannot be told. */
bool rs_memory_own(pid_t pid, uint64_t *bytes) RS_MUST_CHECK;
/* Has it more than limit? *own is set when it has. Looks exactly only when the cheap measure leaves a doubt. */
bool rs_memory_above(pid_t pid, uint64_t limit, uint64_t *own) RS_MUST_CHECK;

/* "812 kB", "70.2 MB". Returns out. */
const char *rs_memory_text(uint64_t bytes, char out[RS_MEMORY_TEXT]);

#endif
