/*
 * Messages of any length over a datagram socket that several processes write to: cut into pieces that fit a datagram, put together
 * again by sender. A datagram that is no piece is a message of its own. Pure: no descriptor, no clock.
 */
#ifndef RS_CLIENT_PIECES_H
#define RS_CLIENT_PIECES_H

#include "base/rs_buf.h"

#include <sys/types.h>

#define RS_PIECE_BYTES (56u << 10)                    /* of a message, in one datagram */
#define RS_PIECE_MAX (RS_PIECE_BYTES + 32u)           /* with its head: what a receiver must be able to read */

/*
 * Writes the piece of msg that starts at *at into out (RS_PIECE_MAX bytes) and moves *at behind it. number: counts the
 * sender's messages. Returns the datagram's length.
 */
size_t rs_piece_cut(struct rs_slice msg, size_t *at, pid_t sender, uint32_t number, char *out);

/* Half-received messages, at most RS_PIECE_SENDERS; a newer one drops the oldest. A zeroed struct is valid. */
#define RS_PIECE_SENDERS 16
struct rs_pieces {
	struct rs_piece_slot {
		pid_t sender;
		uint32_t number;
		uint64_t used; /* when it got its newest piece, in datagrams */
		struct rs_buf got;
	} slots[RS_PIECE_SENDERS];
	uint64_t datagrams;
	struct rs_buf whole; /* behind *msg */
};

/*
 * Takes a datagram. RS_OK: *msg is a whole message, valid until the next call. RS_AGAIN: more is to come. RS_ERR: the piece does
 * not follow what is there, or the message would be longer than max, or no memory; it is dropped.
 */
enum rs_result rs_piece_take(struct rs_pieces *p, struct rs_slice datagram, size_t max, struct rs_slice *msg);
void rs_pieces_free(struct rs_pieces *p);

#endif
