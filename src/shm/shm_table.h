/*
 * Shared hash tables: rows of fixed columns under string keys, seen by every process that shares the mapping.
 *
 * A table of n rows takes n rows whatever their keys are. Every operation on a row is atomic: it happens under the lock of the
 * row's stripe, and when a process is killed in the middle of one, the next that comes finishes it or takes it back, so that a
 * row is as before or as after. Calls copy: nothing that they return lies in shared memory.
 *
 * Any PHP process, and the master for tables of a configuration. Not for threads. struct rs_table belongs to one process (a
 * forked child has its own copy); what it maps is shared.
 */
#ifndef RS_SHM_TABLE_H
#define RS_SHM_TABLE_H

#include "base/rs_base.h"

#define RS_TABLE_KEY_MAX 63       /* bytes of a key */
#define RS_TABLE_ROWS_MAX (1u << 30)

enum rs_column_type { RS_COLUMN_INT = 1, RS_COLUMN_FLOAT = 2, RS_COLUMN_STRING = 3 };

struct rs_column {
	char *name;          /* terminated; may hold zero bytes too */
	size_t name_len;
	enum rs_column_type type;
	uint32_t size;       /* most bytes of a string; 8 for numbers */
	uint32_t offset;     /* in the row's data */
};

/* A value for a column, or of one. */
struct rs_cell {
	unsigned column;
	union {
		int64_t i;
		double d;
		struct rs_slice s; /* whose bytes: the caller's going in; the table's copy coming out, until its next call */
	};
};

struct rs_table_stats {
	uint64_t rows, conflicts, conflict_max, inserts, updates, deletes;
	uint64_t extra_free, extra; /* rows beyond the size, for colliding keys in tables that need them */
};

struct rs_table;

/* ---- before it exists ---- */

/*
 * For rows (1 to RS_TABLE_ROWS_MAX; rounded up to a power of two, at least 64) and conflict (0.2 to 1, made to fit) times as
 * many. NULL: errno EINVAL or ENOMEM.
 */
struct rs_table *rs_table_new(uint64_t rows, double conflict);
void rs_table_free(struct rs_table *t);

/* size: bytes of a string, 1 up to 2^30, rounded up to 8; ignored for numbers. false: errno EINVAL, EEXIST (the name), EBUSY (created), ENOMEM. */
bool rs_table_add_column(struct rs_table *t, struct rs_slice name, enum rs_column_type type, uint64_t size);
/* New shared memory. fd as in rs_shm_map_new(). false: errno EINVAL (no column), EBUSY (created), ENOMEM ... */
bool rs_table_create(struct rs_table *t, int *fd);
/* The memory of a table with the same size and columns: else errno EINVAL. The fd stays the caller's. */
bool rs_table_attach(struct rs_table *t, int fd);
/* Not for the others: back to before rs_table_create(), columns stay. */
void rs_table_detach(struct rs_table *t);

bool rs_table_ready(const struct rs_table *t);
uint32_t rs_table_size(const struct rs_table *t);       /* rounded */
size_t rs_table_memory(const struct rs_table *t);       /* bytes that it has or would have */
unsigned rs_table_columns(const struct rs_table *t);
const struct rs_column *rs_table_column(const struct rs_table *t, unsigned i);
int rs_table_find_column(const struct rs_table *t, struct rs_slice name); /* -1: none */

/*
 * ---- rows: only when ready, keys of at most RS_TABLE_KEY_MAX bytes. RS_ERR from any: called from a signal handler that
 * interrupted another call ----
 */

/* Changes n cells; a new row has zeros and empty strings elsewhere. Strings are cut to their column. RS_AGAIN: full. */
enum rs_result rs_table_set(struct rs_table *t, struct rs_slice key, const struct rs_cell *cells, size_t n);
/* Adds cell's number to that column (integers wrap) and puts the sum there. A missing row is made. RS_AGAIN: full. */
enum rs_result rs_table_add(struct rs_table *t, struct rs_slice key, struct rs_cell *cell);
/* Copies a row, or one column of it (-1: all), for rs_table_cell(). RS_DONE: no such row. */
enum rs_result rs_table_get(struct rs_table *t, struct rs_slice key, int column);
/* RS_OK, RS_DONE. */
enum rs_result rs_table_exists(struct rs_table *t, struct rs_slice key);
enum rs_result rs_table_delete(struct rs_table *t, struct rs_slice key);

/*
 * The next row at or behind *cursor (0: from the start), copied; *cursor is then behind it. RS_DONE: none. Sees each row that
 * lives throughout once, whatever else comes and goes.
 */
enum rs_result rs_table_next(struct rs_table *t, uint32_t *cursor);

/* Of the row copied last. */
struct rs_slice rs_table_key(const struct rs_table *t);
void rs_table_cell(const struct rs_table *t, unsigned column, struct rs_cell *out);

uint64_t rs_table_count(struct rs_table *t);
void rs_table_stats(struct rs_table *t, struct rs_table_stats *out);

#endif
