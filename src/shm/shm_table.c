/*
 * Operations on the rows of a table. Each enters one stripe, does its work and leaves; nothing in between calls out, allocates
 * or waits for anything but the pool's lock.
 */
#include "shm/shm_table_private.h"

#include "shm/shm_hash.h"

/* Where a key belongs. */
struct place {
	uint64_t hash;
	uint32_t stripe;
};

static struct place place_of(const struct rs_table *t, struct rs_slice key)
{
	struct place p;

	RS_ASSERT(t->head && key.n <= RS_TABLE_KEY_MAX);
	p.hash = rs_shm_hash(t->head->hash_key, key.p, key.n);
	p.stripe = (uint32_t)p.hash & (t->nstripes - 1);
	return p;
}

/* The link that names the key's row, or the end of its chain. level: rows before it. */
static _Atomic uint32_t *find(const struct rs_table *t, uint64_t hash, struct rs_slice key, uint32_t *level)
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

/* ---- cells ------------------------------------------------------------------------------------------------------- */

static void clear_cells(const struct rs_table *t, struct row *row)
{
	for (unsigned i = 0; i < t->ncolumns; i++)
		memset(row->data + t->columns[i].offset, 0, 8);
}

static void write_cell(const struct rs_table *t, struct row *row, const struct rs_cell *cell)
{
	const struct rs_column *c = &t->columns[cell->column];
	char *to = row->data + c->offset;
	struct string_cell *string = (struct string_cell *)to;

	RS_SHM_POINT();
	if (c->type != RS_COLUMN_STRING) {
		memcpy(to, &cell->i, 8); /* either number */
		return;
	}
	string->len = cell->s.n < c->size ? (uint32_t)cell->s.n : c->size;
	RS_SHM_POINT();
	if (string->len)
		memcpy(string->bytes, cell->s.p, string->len);
}

static uint32_t cell_used(const struct rs_table *t, const struct row *row, unsigned column)
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
			       cell_used(t, row, i));
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

/* ---- making and removing rows ------------------------------------------------------------------------------------ */

/* A row of the stripe, in transit, with the key and empty cells. RS_AGAIN: full. */
static enum rs_result make_row(struct rs_table *t, const struct place *p, struct rs_slice key, uint32_t *name)
{
	struct row *row;

	if (rs_pool_enter(t) != RS_OK)
		return RS_ERR;
	*name = rs_pool_take(t, p->stripe);
	rs_pool_leave(t);
	if (*name == 0)
		return RS_AGAIN;
	row = row_at(t, *name);
	row->hash = p->hash;
	row->key_len = (uint8_t)key.n;
	if (key.n)
		memcpy(row->key, key.p, key.n);
	clear_cells(t, row);
	return RS_OK;
}

/* From here on it exists. */
static void publish_row(struct rs_table *t, const struct place *p, uint32_t name, _Atomic uint32_t *link, uint32_t level)
{
	struct stripe *st = stripe_at(t, p->stripe);
	struct row *row = row_at(t, name);

	step(&row->next, 0);
	step(&row->state, ROW_STATE(ROW_USED, p->stripe));
	step(link, name);
	st->conflicts += level > 0;
	if (level > st->conflict_max)
		st->conflict_max = level;
	st->inserts++;
	step(&st->rows, look(&st->rows) + 1);
	step(&st->transit, 0);
}

static void update_row(struct rs_table *t, uint32_t s, uint32_t name, const struct rs_cell *cells, size_t n)
{
	struct row *row = row_at(t, name);

	for (size_t i = 0; i < n; i++)
		rs_stripe_save(t, s, name, t->columns[cells[i].column].offset, cell_used(t, row, cells[i].column));
	for (size_t i = 0; i < n; i++)
		write_cell(t, row, &cells[i]);
	rs_stripe_commit(t, s);
	stripe_at(t, s)->updates++;
}

enum rs_result rs_table_set(struct rs_table *t, struct rs_slice key, const struct rs_cell *cells, size_t n)
{
	struct place p = place_of(t, key);
	_Atomic uint32_t *link;
	uint32_t name, level;
	enum rs_result r;

	r = rs_stripe_enter(t, p.stripe);
	if (r != RS_OK)
		return r;
	link = find(t, p.hash, key, &level);
	if (look(link)) {
		update_row(t, p.stripe, look(link), cells, n);
	} else if ((r = make_row(t, &p, key, &name)) == RS_OK) {
		for (size_t i = 0; i < n; i++)
			write_cell(t, row_at(t, name), &cells[i]);
		publish_row(t, &p, name, link, level);
	}
	rs_stripe_leave(t, p.stripe);
	return r;
}

/* Replaces the number by the sum: one store of eight bytes, there is nothing to take back. */
static void add_to_cell(const struct rs_table *t, struct row *row, struct rs_cell *cell)
{
	const struct rs_column *c = rs_table_column(t, cell->column);
	_Atomic uint64_t *to = (_Atomic uint64_t *)(row->data + c->offset);
	uint64_t bits = atomic_load_explicit(to, memory_order_relaxed);
	double d;

	RS_ASSERT(c->type != RS_COLUMN_STRING);
	if (c->type == RS_COLUMN_INT) {
		cell->i = (int64_t)(bits + (uint64_t)cell->i);
	} else {
		memcpy(&d, &bits, sizeof d);
		cell->d += d;
	}
	memcpy(&bits, &cell->i, sizeof bits);
	RS_SHM_POINT();
	atomic_store_explicit(to, bits, memory_order_release);
}

enum rs_result rs_table_add(struct rs_table *t, struct rs_slice key, struct rs_cell *cell)
{
	struct place p = place_of(t, key);
	_Atomic uint32_t *link;
	uint32_t name, level;
	enum rs_result r;

	r = rs_stripe_enter(t, p.stripe);
	if (r != RS_OK)
		return r;
	link = find(t, p.hash, key, &level);
	if (look(link)) {
		add_to_cell(t, row_at(t, look(link)), cell);
		stripe_at(t, p.stripe)->updates++;
	} else if ((r = make_row(t, &p, key, &name)) == RS_OK) {
		add_to_cell(t, row_at(t, name), cell);
		publish_row(t, &p, name, link, level);
	}
	rs_stripe_leave(t, p.stripe);
	return r;
}

/* Both locks are held: the row goes from its chain to the pool. */
static void remove_row(struct rs_table *t, const struct place *p, _Atomic uint32_t *link)
{
	struct stripe *st = stripe_at(t, p->stripe);
	uint32_t name = look(link);
	struct row *row = row_at(t, name);

	step(&st->transit, name);
	step(link, look(&row->next));
	step(&row->state, ROW_STATE(ROW_OWNED, p->stripe));
	rs_pool_give(t, name);
	st->conflicts -= look(bucket_at(t, p->hash)) != 0;
	st->deletes++;
	step(&st->rows, look(&st->rows) - 1);
	step(&st->transit, 0);
}

enum rs_result rs_table_delete(struct rs_table *t, struct rs_slice key)
{
	struct place p = place_of(t, key);
	_Atomic uint32_t *link;
	uint32_t level;
	enum rs_result r;

	r = rs_stripe_enter(t, p.stripe);
	if (r != RS_OK)
		return r;
	link = find(t, p.hash, key, &level);
	if (!look(link)) {
		r = RS_DONE;
	} else if ((r = rs_pool_enter(t)) == RS_OK) {
		remove_row(t, &p, link);
		rs_pool_leave(t);
	}
	rs_stripe_leave(t, p.stripe);
	return r;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

enum rs_result rs_table_get(struct rs_table *t, struct rs_slice key, int column)
{
	struct place p = place_of(t, key);
	_Atomic uint32_t *link;
	uint32_t level;
	enum rs_result r;

	r = rs_stripe_enter(t, p.stripe);
	if (r != RS_OK)
		return r;
	link = find(t, p.hash, key, &level);
	if (look(link))
		copy_row(t, row_at(t, look(link)), column);
	else
		r = RS_DONE;
	rs_stripe_leave(t, p.stripe);
	return r;
}

enum rs_result rs_table_exists(struct rs_table *t, struct rs_slice key)
{
	struct place p = place_of(t, key);
	uint32_t level;
	enum rs_result r;

	r = rs_stripe_enter(t, p.stripe);
	if (r != RS_OK)
		return r;
	r = look(find(t, p.hash, key, &level)) ? RS_OK : RS_DONE;
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
