/*
 * Memory by route. Measured with PHP's own counters, so it costs little enough for every request; garbage in cycles counts until it is
 * collected, then as freed by what ran at the time.
 */
#include "php_memory.h"

#include "shm/routes.h"

/* Rows of routes by pattern and method, found without making their names; any place may be taken by another. */
#define CACHED 256

/* At a time one request runs; what runs inside of it is part of it. */
static struct {
	size_t before, after;        /* bytes in use; after: of the one before, 0: there was none */
	bool told;                   /* the application has said what follows */
	char pattern[RS_ROUTE_NAME];
	size_t len;
	uint64_t hash;               /* of the whole pattern */
	struct {
		uint64_t key;        /* 0: none */
		uint32_t row;
	} cache[CACHED];
} now;

ZEND_FUNCTION(rs_route)
{
	zend_string *uri;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(uri)
	ZEND_PARSE_PARAMETERS_END();
	/* Copied: kept, it would keep alive what the request has made, and count as its growth. */
	now.len = MIN(ZSTR_LEN(uri), sizeof now.pattern);
	memcpy(now.pattern, ZSTR_VAL(uri), now.len);
	now.hash = ZSTR_HASH(uri);
	now.told = true;
}

void rs_php_memory_begin(void)
{
	now.before = zend_memory_usage(false);
	/* As under php-fpm: memory_get_peak_usage() is the request's. */
	zend_memory_reset_peak_usage();
}

static uint32_t row_of_pattern(struct rs_slice method)
{
	char name[RS_ROUTE_NAME];
	uint64_t key = 0;
	size_t at, n;

	memcpy(&key, method.p, MIN(method.n, sizeof key));
	key = (key + method.n) * UINT64_C(0x9e3779b97f4a7c15) ^ now.hash;
	at = (key ^ key >> 32) % CACHED;
	if (key && now.cache[at].key == key)
		return now.cache[at].row;
	n = rs_route_name(name, method, rs_slice(now.pattern, now.len), false);
	now.cache[at].key = key;
	now.cache[at].row = rs_host_route(rs_slice(name, n));
	return now.cache[at].row;
}

/* What is not found is no route: anybody may ask for anything. */
static uint32_t row_of_request(const struct rs_exchange *x)
{
	const struct rs_request_view *v = rs_exchange_request(x);
	bool callable = rs_php()->conf->framework == RS_FRAMEWORK_CALLABLE;
	char name[RS_ROUTE_NAME];
	size_t n;

	if (now.told)
		return row_of_pattern(v->method);
	if (callable && rs_exchange_status(x) != 404)
		n = rs_route_name(name, v->method, v->path, true);
	else
		n = rs_route_name(name, v->method, callable ? RS_SLICE("(404)") : RS_SLICE("(none)"), false);
	return rs_host_route(rs_slice(name, n));
}

/* "(message)" */
static uint32_t row_of_event(const char *what)
{
	char name[RS_ROUTE_NAME];

	rs_fmt(name, sizeof name, "(%s)", what);
	return rs_host_route(rs_slice_str(name));
}

void rs_php_memory_end(const struct rs_exchange *x, const char *what)
{
	uint32_t row = x ? row_of_request(x) : row_of_event(what);
	struct rs_growth g = { .peak = zend_memory_peak_usage(false), .used = zend_memory_usage(false) };

	g.grown = (int64_t)g.used - (int64_t)now.before;
	g.between = now.after ? (int64_t)now.before - (int64_t)now.after : 0;
	now.after = g.used;
	now.told = false;
	rs_host_growth(row, &g);
}
