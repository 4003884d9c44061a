/*
 * What reads the rows of a table: under the lock of a stripe a row is copied to the heap, and looked at there.
 */
#include "shm/shm_table_private.h"

#include "shm/shm_hash.h"

struct table_place rs_table_place(const struct rs_table *t, struct rs_slice key)
{
	struct table_place p;

	RS_ASSERT(t->head && key.n <= RS_TABLE_KEY_MAX);
	p.hash = rs_shm_hash(t->head->hash_key, key.p, key.n);
	p.stripe = (uint32_t)p.hash & (t->nstripes - 1);
	return p;
}

_Atomic uint32_t *rs_table_find(const struct rs_table *t, uint64_t hash, struct rs_slice key, uint32_t *level)
{
	_Atomic uint32_t *link = bucket_at(t, hash);

	for (*level = 0; look(link); ++*level) {
		struct row *row = row_at(t, look(link));

		if (row->hash == hash && rs_slice_eq(rs_slice(row->key, row->key_len), key))
			break;
		link = &row->next;
	}
	return link;
}

uint32_t rs_cell_used(const struct rs_table *t, const struct row *row, unsigned column)
{
	const struct rs_column *c = &t->columns[column];
	const struct string_cell *string = (const struct string_cell *)(row->data + c->offset);

	if (c->type != RS_COLUMN_STRING)
		return 8;
	RS_ASSERT(string->len <= c->size);
	return (uint32_t)sizeof *string + string->len;
}

/* Only what is used of each: a row may have room for much more. */
static void copy_row(struct rs_table *t, const struct row *row, int column)
{
	t->copy->key_len = row->key_len;
	memcpy(t->copy->key, row->key, row->key_len);
	for (unsigned i = 0; i < t->ncolumns; i++)
		if (column < 0 || i == (unsigned)column)
			memcpy(t->copy->data + t->columns[i].offset, row->data + t->columns[i].offset,
			       rs_cell_used(t, row, i));
}

struct rs_slice rs_table_key(const struct rs_table *t)
{
	return rs_slice(t->copy->key, t->copy->key_len);
}

void rs_table_cell(const struct rs_table *t, unsigned column, struct rs_cell *out)
{
	const struct rs_column *c = rs_table_column(t, column);
	const struct string_cell *string = (const struct string_cell *)(t->copy->data + c->offset);

	out->column = column;
	if (c->type == RS_COLUMN_STRING)
		out->s = rs_slice(string->bytes, string->len);
	else
		memcpy(&out->i, string, 8);
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

enum rs_result rs_table_get(struct rs_table *t, struct rs_slice key, int column)
{
	struct table_place p = rs_table_place(t, key);
	_Atomic uint32_t *link;
	uint32_t level;
	enum rs_result r;

	r = rs_stripe_enter(t, p.stripe);
	if (r != RS_OK)
		return r;
	link = rs_table_find(t, p.hash, key, &level);
	if (look(link))
		copy_row(t, row_at(t, look(link)), column);
	else
		r = RS_DONE;
	rs_stripe_leave(t, p.stripe);
	return r;
}

enum rs_result rs_table_exists(struct rs_table *t, struct rs_slice key)
{
	struct table_place p = rs_table_place(t, key);
	uint32_t level;
	enum rs_result r;

	r = rs_stripe_enter(t, p.stripe);
	if (r != RS_OK)
		return r;
	r = look(rs_table_find(t, p.hash, key, &level)) ? RS_OK : RS_DONE;
	rs_stripe_leave(t, p.stripe);
	return r;
}

/*
 * By number of the row, not by chain: where a row lies does not depend on the others, so none is skipped or seen twice. The
 * state says which lock to take, and must still say so under it.
 */
enum rs_result rs_table_next(struct rs_table *t, uint32_t *cursor)
{
	while (*cursor < look(&t->head->high)) {
		struct row *row = row_at(t, ++*cursor);
		uint32_t state = look(&row->state), s = state >> 2;
		bool used;

		if ((state & ROW_KIND) != ROW_USED || s >= t->nstripes)
			continue;
		if (rs_stripe_enter(t, s) != RS_OK)
			return RS_ERR;
		used = look(&row->state) == state;
		if (used)
			copy_row(t, row, -1);
		rs_stripe_leave(t, s);
		if (used)
			return RS_OK;
	}
	return RS_DONE;
}

/* Locks only where a row comes or goes just now: one that never arrives is the heir's to settle. */
uint64_t rs_table_count(struct rs_table *t)
{
	uint64_t n = 0;

	for (uint32_t s = 0; s < t->nstripes; s++) {
		if (look(&stripe_at(t, s)->transit) && rs_stripe_enter(t, s) == RS_OK)
			rs_stripe_leave(t, s);
		n += look(&stripe_at(t, s)->rows);
	}
	return n;
}

/* Each number is right for a moment, not all for the same one. */
void rs_table_stats(struct rs_table *t, struct rs_table_stats *out)
{
	uint64_t unused;

	*out = (struct rs_table_stats){ .rows = rs_table_count(t), .extra = t->capacity - t->size };
	for (uint32_t s = 0; s < t->nstripes; s++) {
		const struct stripe *st = stripe_at(t, s);

		out->conflicts += st->conflicts;
		out->inserts += st->inserts;
		out->updates += st->updates;
		out->deletes += st->deletes;
		if (st->conflict_max > out->conflict_max)
			out->conflict_max = st->conflict_max;
	}
	unused = t->capacity - out->rows;
	out->extra_free = unused < out->extra ? unused : out->extra;
}
