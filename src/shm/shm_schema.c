/*
 * The life of a table: columns, layout, creation and attachment. The layout follows from size and columns alone, so a process
 * computes it for itself and takes no offset from the memory it shares.
 */
#include "shm/shm_table_private.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define ROWS_MIN 64
#define STRIPES_MIN 4    /* locks of the smallest table, */
#define STRIPES_MAX 64   /* and of all with 1024 rows or more: eight times the writers one expects */
#define STRING_MAX (UINT64_C(1) << 30)
#define ROW_MAX (UINT64_C(1) << 31) /* bytes of a row and of its undo log: uint32_t counts them */

static uint64_t align(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

static uint32_t power_of_two(uint32_t n)
{
	return n <= 1 ? 1 : 1u << (32 - __builtin_clz(n - 1));
}

struct rs_table *rs_table_new(uint64_t rows, double conflict)
{
	struct rs_table *t;

	if (rows == 0 || rows > RS_TABLE_ROWS_MAX) {
		errno = EINVAL;
		return NULL;
	}
	t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	t->size = power_of_two((uint32_t)rows);
	if (t->size < ROWS_MIN)
		t->size = ROWS_MIN;
	/* Our rows do not need the extra ones, but who asks for them may rely on them. NaN is the least too. */
	conflict = conflict > 1 ? 1 : conflict > 0.2 ? conflict : 0.2;
	t->capacity = t->size + (uint32_t)(t->size * conflict);
	t->nstripes = t->size / 16;
	if (t->nstripes < STRIPES_MIN)
		t->nstripes = STRIPES_MIN;
	if (t->nstripes > STRIPES_MAX)
		t->nstripes = STRIPES_MAX;
	return t;
}

void rs_table_free(struct rs_table *t)
{
	if (!t)
		return;
	rs_table_detach(t);
	for (unsigned i = 0; i < t->ncolumns; i++)
		free(t->columns[i].name);
	free(t->columns);
	free(t);
}

bool rs_table_add_column(struct rs_table *t, struct rs_slice name, enum rs_column_type type, uint64_t size)
{
	struct rs_column *grown;
	char *copy;

	errno = t->head ? EBUSY : rs_table_find_column(t, name) >= 0 ? EEXIST : 0;
	if (type < RS_COLUMN_INT || type > RS_COLUMN_STRING)
		errno = EINVAL;
	else if (type == RS_COLUMN_STRING && (size < 1 || size > STRING_MAX))
		errno = EINVAL;
	if (errno)
		return false;
	grown = reallocarray(t->columns, t->ncolumns + 1, sizeof *grown);
	if (!grown)
		return false;
	t->columns = grown;
	copy = malloc(name.n + 1);
	if (!copy)
		return false;
	if (name.n)
		memcpy(copy, name.p, name.n);
	copy[name.n] = 0;
	t->columns[t->ncolumns++] = (struct rs_column){
		.name = copy,
		.name_len = name.n,
		.type = type,
		.size = type == RS_COLUMN_STRING ? (uint32_t)align(size, 8) : 8,
	};
	return true;
}

int rs_table_find_column(const struct rs_table *t, struct rs_slice name)
{
	for (unsigned i = 0; i < t->ncolumns; i++)
		if (rs_slice_eq(rs_slice(t->columns[i].name, t->columns[i].name_len), name))
			return (int)i;
	return -1;
}

/* ---- layout ------------------------------------------------------------------------------------------------------ */

/* What must be equal for two processes to share it: sizes, then type, size, name of each column. */
struct schema_column {
	uint32_t type, size;
	uint64_t name_len;
};

static size_t schema_size(const struct rs_table *t)
{
	size_t n = 2 * sizeof(uint32_t);

	for (unsigned i = 0; i < t->ncolumns; i++)
		n += sizeof(struct schema_column) + t->columns[i].name_len;
	return n;
}

static char *put(char *out, const void *p, size_t n)
{
	memcpy(out, p, n);
	return out + n;
}

static void schema_write(const struct rs_table *t, char *out)
{
	out = put(out, &t->size, sizeof t->size);
	out = put(out, &t->capacity, sizeof t->capacity);
	for (unsigned i = 0; i < t->ncolumns; i++) {
		const struct rs_column *c = &t->columns[i];
		struct schema_column s = { .type = c->type, .size = c->size, .name_len = c->name_len };

		out = put(out, &s, sizeof s);
		out = put(out, c->name, c->name_len);
	}
}

/* false: too large. Every sum stays below 2^64: 2^31 rows of 2^31 bytes. */
static bool lay_out(const struct rs_table *t, struct table_layout *at)
{
	uint64_t data = 0, log, end;

	for (unsigned i = 0; i < t->ncolumns; i++) {
		struct rs_column *c = &t->columns[i];

		c->offset = (uint32_t)data;
		data += c->type == RS_COLUMN_STRING ? align(sizeof(struct string_cell) + c->size, 8) : 8;
		if (data > ROW_MAX / 2)
			return false;
	}
	log = data + (uint64_t)t->ncolumns * align(sizeof(struct undo) + 8, 8);
	if (log > ROW_MAX)
		return false;
	at->data_size = data;
	at->row_size = offsetof(struct row, data) + data;
	at->log_size = align(log, 64);
	at->schema_len = schema_size(t);
	at->stripes = align(sizeof(struct table_header) + at->schema_len, alignof(struct stripe));
	at->logs = at->stripes + t->nstripes * sizeof(struct stripe);
	at->buckets = at->logs + t->nstripes * at->log_size;
	at->rows = align(at->buckets + (uint64_t)t->size * sizeof(uint32_t), 64);
	end = at->rows + (uint64_t)t->capacity * at->row_size;
	at->total = end;
	return end <= (uint64_t)INT64_MAX;
}

size_t rs_table_memory(const struct rs_table *t)
{
	struct table_layout at;

	if (t->head)
		return t->at.total;
	return lay_out(t, &at) ? at.total : SIZE_MAX;
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* The layout and the process's own piece of it. */
static bool prepare(struct rs_table *t)
{
	if (t->head || t->ncolumns == 0) {
		errno = t->head ? EBUSY : EINVAL;
		return false;
	}
	if (!lay_out(t, &t->at)) {
		errno = ENOMEM;
		return false;
	}
	t->copy = calloc(1, t->at.row_size);
	return t->copy != NULL;
}

static bool fill(struct rs_table *t)
{
	struct table_header *h = (struct table_header *)t->map.base;

	if (getrandom(h->hash_key, sizeof h->hash_key, 0) != sizeof h->hash_key || !rs_stripe_init(&h->pool_lock))
		return false;
	for (uint32_t s = 0; s < t->nstripes; s++)
		if (!rs_stripe_init(&stripe_at(t, s)->lock))
			return false;
	h->total = t->at.total;
	h->schema_len = t->at.schema_len;
	schema_write(t, h->schema);
	h->magic = TABLE_MAGIC;
	t->head = h;
	return true;
}

bool rs_table_create(struct rs_table *t, int *fd)
{
	if (!prepare(t))
		return false;
	if (rs_shm_map_new(&t->map, "rserverd table", t->at.total, fd)) {
		if (fill(t))
			return true;
		if (fd)
			rs_fd_close(fd);
	}
	rs_table_detach(t);
	return false;
}

static bool same_schema(const struct rs_table *t, const struct table_header *h)
{
	char *mine;
	bool same;

	if (h->magic != TABLE_MAGIC || h->total != t->at.total || h->schema_len != t->at.schema_len)
		return false;
	mine = malloc(t->at.schema_len);
	if (!mine)
		return false;
	schema_write(t, mine);
	same = memcmp(mine, h->schema, t->at.schema_len) == 0;
	free(mine);
	return same;
}

bool rs_table_attach(struct rs_table *t, int fd)
{
	if (!prepare(t))
		return false;
	if (rs_shm_map_fd(&t->map, fd, t->at.total)) {
		if (same_schema(t, (const struct table_header *)t->map.base)) {
			t->head = (struct table_header *)t->map.base;
			return true;
		}
		errno = EINVAL;
	}
	rs_table_detach(t);
	return false;
}

void rs_table_detach(struct rs_table *t)
{
	int saved = errno;

	rs_shm_map_free(&t->map);
	t->head = NULL;
	free(t->copy);
	t->copy = NULL;
	errno = saved;
}

bool rs_table_ready(const struct rs_table *t)
{
	return t->head != NULL;
}

uint32_t rs_table_size(const struct rs_table *t)
{
	return t->size;
}

unsigned rs_table_columns(const struct rs_table *t)
{
	return t->ncolumns;
}

const struct rs_column *rs_table_column(const struct rs_table *t, unsigned i)
{
	RS_ASSERT(i < t->ncolumns);
	return &t->columns[i];
}
