/*
 * The doctor's moments: what is measured around a request, and what is done with it. php_serve.c calls them; each does nothing
 * unless doctor = true.
 */
#include "php_doctor.h"

#include "php_call.h"
#include "swoole.h"

#include <fcntl.h>
#include <unistd.h>

/* A request that says so leaves what it did to the next one; heard by the private instance only. */
#define KEEP_FIELD RS_SLICE("x-rserverd-doctor")
/* Routes that are told. */
#define ROUTES_MAX 2000
#define ROUTE_BYTES 1024

static struct {
	int fd;               /* of doctor_report; opened by the worker, -1: not */
	struct rs_buf routes; /* their lines, made while booting */
	struct rs_doctor_seen seen;
	unsigned open_before; /* transactions, before a request that found everything put back */
	bool keeps;
} doctor = { .fd = -1 };

bool rs_php_doctor_on(void)
{
	return rs_php()->conf->doctor;
}

bool rs_php_doctor_private(void)
{
	return rs_php_doctor_on() && *rs_php()->conf->doctor_report;
}

void rs_php_doctor_booted(void)
{
	if (rs_php_doctor_on() && !rs_php_doctor_private())
		rs_warnx(rs_host_log(), "doctor = true: every request is compared with the snapshot, which costs time; not for production");
}

/* ---- the file ---------------------------------------------------------------------------------------------------------- */

/* Whole, or as much of it as the disk takes: the reader looks for the end. */
static void append(const struct rs_buf *text)
{
	if (doctor.fd >= 0 && text->len && write(doctor.fd, rs_buf_data(text), text->len) != (ssize_t)text->len)
		rs_warn(rs_host_log(), "cannot write %s", rs_php()->conf->doctor_report);
}

void rs_php_doctor_start(void)
{
	struct rs_buf text = { 0 };

	if (!rs_php_doctor_private() || rs_swoole_place() != RS_SWOOLE_WORKER)
		return;
	doctor.fd = open(rs_php()->conf->doctor_report, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (doctor.fd < 0)
		rs_warn(rs_host_log(), "cannot open %s", rs_php()->conf->doctor_report);
	if (rs_buf_put(&text, rs_buf_data(&doctor.routes), doctor.routes.len) && rs_buf_put(&text, "ready\n", 6))
		append(&text);
	rs_buf_free(&text);
	rs_buf_free(&doctor.routes);
}

/* ---- open transactions --------------------------------------------------------------------------------------------------- */

/* Its answer to a method without parameters; whatever it throws (one that was never constructed does) is no. */
static bool ask_pdo(zend_object *pdo, const char *method)
{
	zval answer;
	bool yes;

	ZVAL_UNDEF(&answer);
	zend_call_method(pdo, pdo->ce, NULL, method, strlen(method), &answer, 0, NULL, NULL);
	yes = Z_TYPE(answer) == IS_TRUE;
	zval_ptr_dtor(&answer);
	if (EG(exception))
		zend_clear_exception();
	return yes;
}

/* How many are open. end: they are rolled back, so that the next path finds none. */
static unsigned count_transactions(bool end)
{
	zend_class_entry *pdo = zend_hash_str_find_ptr(CG(class_table), ZEND_STRL("pdo"));
	unsigned n = 0;

	for (uint32_t i = 1; pdo && i < EG(objects_store).top; i++) {
		zend_object *o = EG(objects_store).object_buckets[i];
		if (!IS_OBJ_VALID(o) || (OBJ_FLAGS(o) & IS_OBJ_FREE_CALLED) || !instanceof_function(o->ce, pdo) || !ask_pdo(o, "intransaction"))
			continue;
		n++;
		if (end)
			(void)ask_pdo(o, "rollback");
	}
	return n;
}

static void transactions_body(void *arg)
{
	*(unsigned *)arg = count_transactions(false);
}

/* ---- a request ------------------------------------------------------------------------------------------------------------- */

static void begin_body(void *arg)
{
	(void)arg;
	gc_collect_cycles();
	if (doctor.keeps)
		return; /* counted when the one before ended */
	rs_doctor_count_objects();
	doctor.open_before = count_transactions(false);
}

bool rs_php_doctor_begin(void)
{
	if (!rs_php_doctor_on())
		return true;
	if (rs_php_guarded(begin_body, NULL) == RS_CALL_FATAL)
		return false;
	doctor.seen.begin = zend_memory_usage(false);
	doctor.seen.transactions = 0;
	return true;
}

/* Asks by a header field, as `rserverd doctor` does. */
static bool asks_to_keep(const struct rs_request_view *request)
{
	for (uint32_t i = 0; i < request->nfields; i++) {
		if (rs_slice_eqi(request->fields[i].name, KEEP_FIELD))
			return rs_slice_eq(request->fields[i].value, RS_SLICE("keep"));
	}
	return false;
}

struct counting {
	unsigned all, statics;
};

static void count(const struct rs_snapshot_change *c, void *arg)
{
	struct counting *n = arg;

	n->all++;
	n->statics += strcmp(c->kind, "static") == 0 || strcmp(c->kind, "function static") == 0;
}

bool rs_php_doctor_header(struct rs_buf *block)
{
	struct counting n = { 0 };

	if (!rs_php_doctor_on())
		return true;
	rs_doctor_differences(count, &n);
	return rs_buf_printf(block, "X-Rserverd-Doctor: changed=%u; statics=%u; memory=%+lld\r\n", n.all, n.statics,
			     (long long)zend_memory_usage(false) - (long long)doctor.seen.begin);
}

void rs_php_doctor_ended(void)
{
	unsigned open = 0;

	if (!rs_php_doctor_on())
		return;
	(void)rs_php_guarded(transactions_body, &open);
	doctor.seen.transactions = open > doctor.open_before ? open - doctor.open_before : 0;
}

static void report(void *arg)
{
	const struct rs_request_view *request = arg;
	struct rs_buf text = { 0 };

	gc_collect_cycles();
	doctor.seen.used = zend_memory_usage(false);
	if (!rs_php_doctor_private())
		rs_doctor_log(request, &doctor.seen);
	else if (rs_doctor_lines(request, &doctor.seen, &text))
		append(&text);
	rs_buf_free(&text);
	doctor.seen.before = doctor.seen.used;
	rs_doctor_count_objects();
	if (rs_php_doctor_private() && !doctor.keeps)
		(void)count_transactions(true);
}

void rs_php_doctor_cleaned(const struct rs_request_view *request)
{
	if (!rs_php_doctor_on())
		return;
	doctor.keeps = rs_php_doctor_private() && asks_to_keep(request);
	(void)rs_php_guarded(report, (void *)(uintptr_t)request);
}

bool rs_php_doctor_keeps(void)
{
	return doctor.keeps;
}

/* ---- for the glue ------------------------------------------------------------------------------------------------------------ */

/* Rserverd\doctor_on(): bool; is this `rserverd doctor`'s own instance? */
ZEND_FUNCTION(rs_doctor_on)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(rs_php_doctor_private());
}

/* Rserverd\doctor_routes(list<string>): paths that can be requested with GET as they are. */
ZEND_FUNCTION(rs_doctor_routes)
{
	unsigned n = 0;
	zval *paths, *path;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY(paths)
	ZEND_PARSE_PARAMETERS_END();
	rs_buf_reset(&doctor.routes, 0);
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(paths), path) {
		if (Z_TYPE_P(path) != IS_STRING || ++n > ROUTES_MAX)
			continue;
		if (!rs_buf_put(&doctor.routes, "route\t", 6) ||
		    !rs_doctor_put(&doctor.routes, Z_STRVAL_P(path), Z_STRLEN_P(path), ROUTE_BYTES) || !rs_buf_put(&doctor.routes, "\n", 1)) {
			zend_throw_error(NULL, "out of memory");
			RETURN_THROWS();
		}
	} ZEND_HASH_FOREACH_END();
}
