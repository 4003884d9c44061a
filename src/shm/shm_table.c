/*
 * What changes the rows of a table. Each operation enters one stripe, does its work and leaves; nothing in between calls out,
 * allocates or waits for anything but the pool's lock.
 */
#include "shm/shm_table_private.h"

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

/* ---- making and removing rows ------------------------------------------------------------------------------------ */

/* A row of the stripe, in transit, with the key and empty cells. RS_AGAIN: full. */
static enum rs_result make_row(struct rs_table *t, const struct table_place *p, struct rs_slice key, uint32_t *name)
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
static void publish_row(struct rs_table *t, const struct table_place *p, uint32_t name, _Atomic uint32_t *link, uint32_t level)
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
		rs_stripe_save(t, s, name, t->columns[cells[i].column].offset, rs_cell_used(t, row, cells[i].column));
	for (size_t i = 0; i < n; i++)
		write_cell(t, row, &cells[i]);
	rs_stripe_commit(t, s);
	stripe_at(t, s)->updates++;
}

enum rs_result rs_table_set(struct rs_table *t, struct rs_slice key, const struct rs_cell *cells, size_t n)
{
	struct table_place p = rs_table_place(t, key);
	_Atomic uint32_t *link;
	uint32_t name, level;
	enum rs_result r;

	r = rs_stripe_enter(t, p.stripe);
	if (r != RS_OK)
		return r;
	link = rs_table_find(t, p.hash, key, &level);
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
	struct table_place p = rs_table_place(t, key);
	_Atomic uint32_t *link;
	uint32_t name, level;
	enum rs_result r;

	r = rs_stripe_enter(t, p.stripe);
	if (r != RS_OK)
		return r;
	link = rs_table_find(t, p.hash, key, &level);
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
static void remove_row(struct rs_table *t, const struct table_place *p, _Atomic uint32_t *link)
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
	struct table_place p = rs_table_place(t, key);
	_Atomic uint32_t *link;
	uint32_t level;
	enum rs_result r;

	r = rs_stripe_enter(t, p.stripe);
	if (r != RS_OK)
		return r;
	link = rs_table_find(t, p.hash, key, &level);
	if (!look(link)) {
		r = RS_DONE;
	} else if ((r = rs_pool_enter(t)) == RS_OK) {
		remove_row(t, &p, link);
		rs_pool_leave(t);
	}
	rs_stripe_leave(t, p.stripe);
	return r;
}
