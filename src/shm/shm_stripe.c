/*
 * The locks of a table, its free rows, and the repair of what a killed process left. Knows rows and chains, not what is in them.
 *
 * Locks are robust mutexes of the kernel's kind: the word holds the owner's thread id, the kernel marks it when that thread
 * ends in whatever way, wakes a waiter, and pthread says EOWNERDEAD to the next one, the heir. They also check errors, so that
 * a call from a signal handler that interrupted one is refused, not stuck.
 */
#include "shm/shm_table_private.h"

#include <errno.h>

bool rs_stripe_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;
	int e;

	if (pthread_mutexattr_init(&attr) != 0)
		return false;
	e = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (e == 0)
		e = pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	if (e == 0)
		e = pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	if (e == 0)
		e = pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
	errno = e;
	return e == 0;
}

/* ---- the pool ---------------------------------------------------------------------------------------------------- */

/*
 * A dead holder was between two stores. A row that is still in the pool but marked as somebody's is on its way out (or was put
 * back in front but not yet marked free, which is the same seen from behind): it is out. Its stripe has it in transit.
 */
static void finish_pool(struct rs_table *t)
{
	uint32_t name = look(&t->head->free_head);

	if (name && look(&row_at(t, name)->state) != ROW_FREE)
		step(&t->head->free_head, look(&row_at(t, name)->next));
	name = look(&t->head->high) + 1;
	if (name <= t->capacity && look(&row_at(t, name)->state) != ROW_FREE)
		step(&t->head->high, name);
}

enum rs_result rs_pool_enter(struct rs_table *t)
{
	int e = pthread_mutex_lock(&t->head->pool_lock);

	if (e == EOWNERDEAD) {
		finish_pool(t);
		e = pthread_mutex_consistent(&t->head->pool_lock);
	}
	return e == 0 ? RS_OK : RS_ERR;
}

void rs_pool_leave(struct rs_table *t)
{
	RS_SHM_POINT();
	pthread_mutex_unlock(&t->head->pool_lock);
}

uint32_t rs_pool_take(struct rs_table *t, uint32_t s)
{
	struct table_header *h = t->head;
	uint32_t listed = look(&h->free_head), name = listed ? listed : look(&h->high) + 1;

	if (name > t->capacity)
		return 0;
	step(&stripe_at(t, s)->transit, name);
	step(&row_at(t, name)->state, ROW_STATE(ROW_OWNED, s));
	if (listed)
		step(&h->free_head, look(&row_at(t, name)->next));
	else
		step(&h->high, name);
	return name;
}

void rs_pool_give(struct rs_table *t, uint32_t name)
{
	struct row *row = row_at(t, name);

	step(&row->next, look(&t->head->free_head));
	step(&t->head->free_head, name);
	step(&row->state, ROW_FREE);
}

/* ---- the heir ---------------------------------------------------------------------------------------------------- */

static char *log_of(const struct rs_table *t, uint32_t s)
{
	return t->map.base + t->at.logs + (size_t)s * t->at.log_size;
}

static size_t undo_size(uint32_t len)
{
	return (sizeof(struct undo) + len + 7) & ~(size_t)7;
}

/* Each cell is in the log at most once, so the order does not matter, nor does doing it twice. */
static void put_back_cells(struct rs_table *t, uint32_t s)
{
	uint32_t len = look(&stripe_at(t, s)->log_len);
	const struct undo *u;

	for (size_t at = 0; at < len; at += undo_size(u->len)) {
		u = (const struct undo *)(log_of(t, s) + at);
		RS_ASSERT((size_t)u->offset + u->len <= t->at.data_size);
		memcpy(row_at(t, u->row)->data + u->offset, u->bytes, u->len);
	}
	rs_stripe_commit(t, s);
}

static bool in_its_chain(const struct rs_table *t, uint32_t name)
{
	uint32_t at = look(bucket_at(t, row_at(t, name)->hash));

	while (at && at != name)
		at = look(&row_at(t, at)->next);
	return at == name;
}

/* A row that was on its way in is out again unless it had arrived; one on its way out gets there. */
static void settle_transit(struct rs_table *t, uint32_t s)
{
	uint32_t name = look(&stripe_at(t, s)->transit), state;
	enum rs_result entered;

	if (name == 0)
		return;
	entered = rs_pool_enter(t);
	RS_ASSERT(entered == RS_OK); /* an heir has just come in: it holds nothing but this stripe */
	state = look(&row_at(t, name)->state);
	/* Any other state: it had not left the pool, or was back there, and may be another's by now. */
	if (state == ROW_STATE(ROW_OWNED, s) || (state == ROW_STATE(ROW_USED, s) && !in_its_chain(t, name))) {
		step(&row_at(t, name)->state, ROW_STATE(ROW_OWNED, s));
		rs_pool_give(t, name);
	}
	rs_pool_leave(t);
}

static void count_again(struct rs_table *t, uint32_t s)
{
	struct stripe *st = stripe_at(t, s);
	uint32_t rows = 0, conflicts = 0;

	for (uint32_t b = s; b < t->size; b += t->nstripes) {
		uint32_t level = 0;

		for (uint32_t at = look(bucket_at(t, b)); at; at = look(&row_at(t, at)->next))
			level++;
		rows += level;
		conflicts += level ? level - 1 : 0;
	}
	st->conflicts = conflicts;
	step(&st->rows, rows);
}

/* May be cut short as well; the next heir begins again. Only then is the row no longer in transit. */
static void repair(struct rs_table *t, uint32_t s)
{
	put_back_cells(t, s);
	settle_transit(t, s);
	count_again(t, s);
	step(&stripe_at(t, s)->transit, 0);
}

/* ---- stripes ----------------------------------------------------------------------------------------------------- */

enum rs_result rs_stripe_enter(struct rs_table *t, uint32_t s)
{
	struct stripe *st = stripe_at(t, s);
	int e = pthread_mutex_lock(&st->lock);

	if (e == EOWNERDEAD) {
		repair(t, s);
		e = pthread_mutex_consistent(&st->lock);
	}
	return e == 0 ? RS_OK : RS_ERR;
}

void rs_stripe_leave(struct rs_table *t, uint32_t s)
{
	RS_SHM_POINT();
	pthread_mutex_unlock(&stripe_at(t, s)->lock);
}

void rs_stripe_save(struct rs_table *t, uint32_t s, uint32_t row, uint32_t offset, uint32_t len)
{
	struct stripe *st = stripe_at(t, s);
	uint32_t at = look(&st->log_len);
	struct undo *u = (struct undo *)(log_of(t, s) + at);

	RS_ASSERT(at + undo_size(len) <= t->at.log_size);
	u->row = row;
	u->offset = offset;
	u->len = len;
	memcpy(u->bytes, row_at(t, row)->data + offset, len);
	step(&st->log_len, at + (uint32_t)undo_size(len));
}

void rs_stripe_commit(struct rs_table *t, uint32_t s)
{
	step(&stripe_at(t, s)->log_len, 0);
}
