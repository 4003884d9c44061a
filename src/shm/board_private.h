/*
 * How a board lies in memory; for the two files that implement it.
 */
#ifndef RS_BOARD_PRIVATE_H
#define RS_BOARD_PRIVATE_H

#include "shm/board.h"

#define RS_BOARD_MAGIC 0x62726431u
#define RS_SESSION_WORDS ((sizeof(struct rs_session) + 7) / 8)

/*
 * One writer, any readers: seq is odd while words change. fd and tag repeat what a look at all slots needs.
 */
struct rs_board_slot {
	_Atomic uint32_t seq;
	_Atomic uint32_t fd;  /* 0: free, or not published yet */
	_Atomic uint32_t tag; /* port << 8 | state */
	uint32_t pad;
	_Atomic uint64_t word[RS_SESSION_WORDS];
};

/* Sizes of a board for so many; parts begin where a cache line does. */
struct rs_board_sizes {
	uint32_t ncells, nindex, nsessions, ncerts;
	size_t cells, index, slots, certs, bytes; /* offsets; of all */
};

bool rs_board_sizes(struct rs_board_sizes *z, uint32_t nsessions, uint64_t ncells, bool certs);

#endif
