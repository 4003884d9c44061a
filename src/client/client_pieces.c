/*
 * Cutting and joining messages. The head of a piece names sender, message, total length and place, so that pieces of several
 * senders may come mixed, and what a killed sender left half-done is found out and dropped.
 */
#include "client/client_pieces.h"

#define PIECE_MAGIC 0x5253504745434531ull /* no text begins with these bytes */

struct head {
	uint64_t magic;
	int32_t sender;
	uint32_t number;
	uint64_t total, at;
};
_Static_assert(sizeof(struct head) <= RS_PIECE_MAX - RS_PIECE_BYTES, "the head has room in a datagram");

size_t rs_piece_cut(struct rs_slice msg, size_t *at, pid_t sender, uint32_t number, char *out)
{
	struct head h = { .magic = PIECE_MAGIC, .sender = sender, .number = number, .total = msg.n, .at = *at };
	size_t n = msg.n - *at < RS_PIECE_BYTES ? msg.n - *at : RS_PIECE_BYTES;

	memcpy(out, &h, sizeof h);
	memcpy(out + sizeof h, msg.p + *at, n);
	*at += n;
	return sizeof h + n;
}

static struct rs_piece_slot *slot_find(struct rs_pieces *p, const struct head *h)
{
	for (size_t i = 0; i < RS_PIECE_SENDERS; i++) {
		struct rs_piece_slot *s = &p->slots[i];

		if (s->got.len && s->sender == h->sender && s->number == h->number)
			return s;
	}
	return NULL;
}

static struct rs_piece_slot *slot_oldest(struct rs_pieces *p)
{
	struct rs_piece_slot *oldest = &p->slots[0];

	for (size_t i = 1; i < RS_PIECE_SENDERS; i++) {
		if (p->slots[i].used < oldest->used)
			oldest = &p->slots[i];
	}
	return oldest;
}

static enum rs_result join(struct rs_pieces *p, const struct head *h, struct rs_slice data, struct rs_slice *msg)
{
	struct rs_piece_slot *s = h->at ? slot_find(p, h) : slot_oldest(p);

	if (!s)
		return RS_ERR;
	if (h->at == 0) {
		rs_buf_reset(&s->got, 0);
		s->sender = h->sender;
		s->number = h->number;
	}
	if (s->got.len != h->at || !rs_buf_put(&s->got, data.p, data.n)) {
		rs_buf_reset(&s->got, 0);
		return RS_ERR;
	}
	s->used = ++p->datagrams;
	if (s->got.len < h->total)
		return RS_AGAIN;
	rs_buf_free(&p->whole);
	p->whole = s->got;
	s->got = (struct rs_buf){ 0 };
	s->used = 0;
	*msg = rs_buf_slice(&p->whole);
	return RS_OK;
}

enum rs_result rs_piece_take(struct rs_pieces *p, struct rs_slice datagram, size_t max, struct rs_slice *msg)
{
	struct rs_slice data;
	struct head h;

	if (datagram.n < sizeof h || (memcpy(&h, datagram.p, sizeof h), h.magic != PIECE_MAGIC)) {
		*msg = datagram;
		return datagram.n <= max ? RS_OK : RS_ERR;
	}
	data = rs_slice(datagram.p + sizeof h, datagram.n - sizeof h);
	if (h.total > max || h.at > h.total || data.n > h.total - h.at || (data.n == 0 && h.total))
		return RS_ERR;
	if (h.at == 0 && data.n == h.total) {
		*msg = data;
		return RS_OK;
	}
	return join(p, &h, data, msg);
}

void rs_pieces_free(struct rs_pieces *p)
{
	for (size_t i = 0; i < RS_PIECE_SENDERS; i++)
		rs_buf_free(&p->slots[i].got);
	rs_buf_free(&p->whole);
}
