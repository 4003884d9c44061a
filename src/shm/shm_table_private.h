/*
 * What a table looks like in shared memory, for shm_schema.c (making it), shm_stripe.c (locks, free rows, repair),
 * shm_table.c (changing rows) and shm_table_read.c (finding and reading them).
 *
 *   header, schema | stripes | undo logs | buckets | rows
 *
 * A key's hash chooses a bucket; the bucket's low bits choose the stripe whose lock covers the whole chain and all its rows.
 * Free rows are one list for all stripes, the pool, under a lock of its own that is taken inside a stripe's.
 *
 * A process can be killed between any two stores. Therefore: what must be seen in order is stored by step(); whole chains
 * change by one store; a row on its way between pool and chain is named in its stripe; cells are saved before they are
 * overwritten. The kernel hands the dead one's robust lock to the next, who repairs (shm_stripe.c).
 */
#ifndef RS_SHM_TABLE_PRIVATE_H
#define RS_SHM_TABLE_PRIVATE_H

#include "shm/shm_map.h"
#include "shm/shm_table.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

/* Where a test may kill. */
#ifndef RS_SHM_POINT
#define RS_SHM_POINT() ((void)0)
#endif

#define TABLE_MAGIC UINT64_C(0x31656c6261547372) /* "rsTable1": changes with the layout */

/* Low bits of a row's state; above them the stripe. A zeroed row is free. */
#define ROW_FREE 0u
#define ROW_OWNED 1u /* out of the pool, in no chain */
#define ROW_USED 2u
#define ROW_KIND 3u
#define ROW_STATE(kind, stripe) ((stripe) << 2 | (kind))

/* Rows are named by number + 1; 0 is none. */
struct row {
	_Atomic uint32_t state;
	_Atomic uint32_t next;      /* in its chain, or in the pool */
	uint64_t hash;
	uint8_t key_len;
	char key[RS_TABLE_KEY_MAX];
	char data[];                /* columns, each at a multiple of 8 */
};

struct stripe {
	alignas(128) pthread_mutex_t lock;
	_Atomic uint32_t transit;   /* the row on its way in or out */
	_Atomic uint32_t log_len;   /* bytes of its undo log that count */
	_Atomic uint32_t rows;
	uint32_t conflicts;         /* rows that are not the first of their chain */
	uint32_t conflict_max;
	uint64_t inserts, updates, deletes;
};

struct table_header {
	uint64_t magic;             /* written last */
	uint64_t total;             /* bytes */
	uint64_t hash_key[2];
	uint64_t schema_len;
	alignas(128) pthread_mutex_t pool_lock;
	_Atomic uint32_t free_head; /* the pool: a list of given back rows, ... */
	_Atomic uint32_t high;      /* ... and all from this number on, never used yet */
	alignas(128) char schema[];
};

/* A string column's cell. A number's is the eight bytes themselves. */
struct string_cell {
	uint32_t len;
	char bytes[];
};

/* An entry of the undo log, padded to 8. */
struct undo {
	uint32_t row;               /* number + 1 */
	uint32_t offset, len;       /* in its data */
	char bytes[];
};

struct table_layout {
	size_t schema_len, stripes, logs, log_size, buckets, rows, row_size, data_size, total;
};

struct rs_table {
	uint32_t size, capacity, nstripes; /* size and nstripes are powers of two */
	struct rs_column *columns;
	unsigned ncolumns;
	struct table_layout at;
	struct rs_shm_map map;
	struct table_header *head;  /* NULL: not ready */
	struct row *copy;           /* on the heap: what was copied out last */
};

/* One store of a change that can be cut short: all before it is done before, all after it after. */
static inline void step(_Atomic uint32_t *word, uint32_t value)
{
	RS_SHM_POINT();
	atomic_store_explicit(word, value, memory_order_release);
	atomic_signal_fence(memory_order_seq_cst);
}

static inline uint32_t look(const _Atomic uint32_t *word)
{
	return atomic_load_explicit(word, memory_order_acquire);
}

static inline struct stripe *stripe_at(const struct rs_table *t, uint32_t s)
{
	return (struct stripe *)(t->map.base + t->at.stripes) + s;
}

static inline _Atomic uint32_t *bucket_at(const struct rs_table *t, uint64_t hash)
{
	return (_Atomic uint32_t *)(t->map.base + t->at.buckets) + (hash & (t->size - 1));
}

static inline struct row *row_at(const struct rs_table *t, uint32_t name)
{
	RS_ASSERT(name != 0 && name <= t->capacity);
	return (struct row *)(t->map.base + t->at.rows + (size_t)(name - 1) * t->at.row_size);
}

/* ---- shm_stripe.c ---- */

bool rs_stripe_init(pthread_mutex_t *lock);
/* RS_ERR: this process holds it already. Repairs what a dead holder left. */
enum rs_result rs_stripe_enter(struct rs_table *t, uint32_t s) RS_MUST_CHECK;
void rs_stripe_leave(struct rs_table *t, uint32_t s);

/* Inside a stripe: saves a piece of a row's data, to be put back if this process dies before rs_stripe_commit(). */
void rs_stripe_save(struct rs_table *t, uint32_t s, uint32_t row, uint32_t offset, uint32_t len);
void rs_stripe_commit(struct rs_table *t, uint32_t s);

/* Inside a stripe. RS_ERR as above. */
enum rs_result rs_pool_enter(struct rs_table *t) RS_MUST_CHECK;
void rs_pool_leave(struct rs_table *t);
/* A free row becomes the stripe's, in transit. 0: full. */
uint32_t rs_pool_take(struct rs_table *t, uint32_t s);
/* An owned row in transit goes back. */
void rs_pool_give(struct rs_table *t, uint32_t row);

/* ---- shm_table_read.c ---- */

/* Where a key belongs. */
struct table_place {
	uint64_t hash;
	uint32_t stripe;
};
struct table_place rs_table_place(const struct rs_table *t, struct rs_slice key);
/* Inside its stripe: the link that names the key's row, or the end of its chain. level: rows before it. */
_Atomic uint32_t *rs_table_find(const struct rs_table *t, uint64_t hash, struct rs_slice key, uint32_t *level);
/* Bytes of a column's cell that mean something. */
uint32_t rs_cell_used(const struct rs_table *t, const struct row *row, unsigned column);

#endif
