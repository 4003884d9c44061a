/*
 * The table of routes. Runs in workers (writing) and in the master (reading); takes no lock.
 */
#include "shm/routes.h"

#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>

/* How often a process gives way to one that is just writing a name. */
#define PATIENCE 200
/* A part of a path with a digit in it and so many characters of keys is one. */
#define KEY_MIN 16

/* Keys: the hash of the name, or one of these. */
enum { FREE, BEING_NAMED, HASHES };

struct row {
	_Atomic uint64_t requests, first_requests;
	_Atomic int64_t first, grown, most;
	_Atomic uint64_t peak;
	char name[RS_ROUTE_NAME]; /* written once, before its key */
};

struct rs_routes {
	_Atomic uint64_t key[RS_ROUTES_MAX];
	struct row row[RS_ROUTES_ROWS];
	_Atomic uint32_t note[RS_NOTES];
};

struct rs_routes *rs_routes_new(void)
{
	void *p = mmap(NULL, sizeof(struct rs_routes), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

void rs_routes_free(struct rs_routes *r)
{
	if (r)
		munmap(r, sizeof *r);
}

uint32_t rs_routes_note(struct rs_routes *r, enum rs_routes_note note)
{
	return atomic_fetch_add(&r->note[note], 1);
}

/* ---- writing --------------------------------------------------------------------------------------------- */

static uint64_t hash_of(struct rs_slice name)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (unsigned char)name.p[i]) * UINT64_C(0x100000001b3);
	return h < HASHES ? HASHES : h;
}

static bool is_named(const struct row *row, struct rs_slice name)
{
	return strncmp(row->name, name.p, name.n) == 0 && row->name[name.n] == '\0';
}

/* Its key, once it has a name. One that has died meanwhile leaves its row unusable. */
static uint64_t key_of(struct rs_routes *r, uint32_t i)
{
	uint64_t key = atomic_load_explicit(&r->key[i], memory_order_acquire);

	for (int n = 0; key == BEING_NAMED && n < PATIENCE; n++) {
		sched_yield();
		key = atomic_load_explicit(&r->key[i], memory_order_acquire);
	}
	return key;
}

uint32_t rs_routes_find(struct rs_routes *r, struct rs_slice name)
{
	uint64_t hash;

	if (name.n >= RS_ROUTE_NAME)
		name.n = RS_ROUTE_NAME - 1;
	hash = hash_of(name);
	for (uint32_t n = 0; n < RS_ROUTES_MAX; n++) {
		uint32_t i = (uint32_t)((hash + n) % RS_ROUTES_MAX);
		uint64_t key = key_of(r, i);
		if (key == FREE && atomic_compare_exchange_strong(&r->key[i], &key, BEING_NAMED)) {
			RS_IGNORE(!rs_copy(r->row[i].name, sizeof r->row[i].name, name));
			atomic_store_explicit(&r->key[i], hash, memory_order_release);
			return i;
		}
		/* Somebody else was faster, perhaps with the same name. */
		if (key == BEING_NAMED)
			key = key_of(r, i);
		if (key == hash && is_named(&r->row[i], name))
			return i;
	}
	return RS_ROUTE_OTHER;
}

void rs_routes_add(struct rs_routes *r, uint32_t i, int64_t grown, uint64_t peak, bool first)
{
	struct row *row = &r->row[i < RS_ROUTES_ROWS ? i : RS_ROUTE_OTHER];
	int64_t most = atomic_load_explicit(&row->most, memory_order_relaxed);
	uint64_t old = atomic_load_explicit(&row->peak, memory_order_relaxed);

	atomic_fetch_add_explicit(&row->requests, 1, memory_order_relaxed);
	while (peak > old && !atomic_compare_exchange_weak(&row->peak, &old, peak))
		;
	if (first) {
		atomic_fetch_add_explicit(&row->first_requests, 1, memory_order_relaxed);
		atomic_fetch_add_explicit(&row->first, grown, memory_order_relaxed);
		return;
	}
	if (grown)
		atomic_fetch_add_explicit(&row->grown, grown, memory_order_relaxed);
	while (grown > most && !atomic_compare_exchange_weak(&row->most, &most, grown))
		;
}

/* ---- reading --------------------------------------------------------------------------------------------- */

static void copy_name(char to[RS_ROUTE_NAME], const char *from)
{
	size_t n = 0;
	char c;

	/* Each byte is read once: what was looked at is what is taken. */
	for (; n < RS_ROUTE_NAME - 1 && (c = *(const volatile char *)&from[n]); n++)
		to[n] = c >= ' ' && c <= '~' ? c : '?';
	to[n] = '\0';
}

bool rs_routes_get(const struct rs_routes *r, uint32_t i, struct rs_route *out)
{
	static const char *const names[] = { "(other routes)", "(between requests)" };
	const struct row *row = &r->row[i];

	if (i >= RS_ROUTES_ROWS || (i < RS_ROUTES_MAX && atomic_load_explicit(&r->key[i], memory_order_acquire) < HASHES))
		return false;
	*out = (struct rs_route){ .requests = atomic_load(&row->requests), .first_requests = atomic_load(&row->first_requests),
				  .first = atomic_load(&row->first), .grown = atomic_load(&row->grown),
				  .most = atomic_load(&row->most), .peak = atomic_load(&row->peak) };
	copy_name(out->name, i < RS_ROUTES_MAX ? row->name : names[i - RS_ROUTES_MAX]);
	return out->requests > 0;
}

/* ---- names ------------------------------------------------------------------------------------------------ */

struct out {
	char *p;
	size_t n;
};

static void put(struct out *o, const char *p, size_t n)
{
	if (n > RS_ROUTE_NAME - 1 - o->n)
		n = RS_ROUTE_NAME - 1 - o->n;
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

/* What is not to be printed as it is, is written as in a URL. */
static void put_safe(struct out *o, struct rs_slice s)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t from = 0;

	for (size_t i = 0; i < s.n && o->n < RS_ROUTE_NAME - 1; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c > ' ' && c < 0x7f)
			continue;
		put(o, s.p + from, i - from);
		put(o, (char[]){ '%', hex[c >> 4], hex[c & 15] }, 3);
		from = i + 1;
	}
	put(o, s.p + from, s.n - from);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Of a key: hexadecimal digits, and what stands between them. */
static bool is_of_key(char c)
{
	char low = (char)(c | 0x20);

	return is_digit(c) || (low >= 'a' && low <= 'f') || c == '-';
}

/* "{n}", "{id}", or "": it stays. */
static struct rs_slice what_for(struct rs_slice part)
{
	size_t digits = 0, i = 0;

	for (; i < part.n && is_of_key(part.p[i]); i++)
		digits += is_digit(part.p[i]);
	if (i < part.n || digits == 0)
		return RS_SLICE("");
	if (digits == part.n)
		return RS_SLICE("{n}");
	return part.n >= KEY_MIN ? RS_SLICE("{id}") : RS_SLICE("");
}

static void put_plain(struct out *o, struct rs_slice path)
{
	while (path.n && o->n < RS_ROUTE_NAME - 1) {
		const char *slash = memchr(path.p, '/', path.n);
		struct rs_slice part = { path.p, slash ? (size_t)(slash - path.p) : path.n }, other = what_for(part);
		put_safe(o, other.n ? other : part);
		if (slash)
			put(o, "/", 1);
		path = rs_slice(path.p + part.n + (slash != NULL), path.n - part.n - (slash != NULL));
	}
}

size_t rs_route_name(char out[RS_ROUTE_NAME], struct rs_slice method, struct rs_slice path, bool plain)
{
	struct out o = { out, 0 };

	/* Anybody may invent methods: a long one is none that a route has. */
	put_safe(&o, method.n <= 16 ? method : RS_SLICE("?"));
	put(&o, " ", 1);
	if (path.n == 0 || (path.p[0] != '/' && path.p[0] != '('))
		put(&o, "/", 1);
	if (plain)
		put_plain(&o, path);
	else
		put_safe(&o, path);
	out[o.n] = '\0';
	return o.n;
}
