/*
 * Requests and events: what PHP runs between two moments in which the process is as good as new.
 *
 * Every call into PHP below is made from inside rs_serve(), an internal function that the glue called, by way of
 * php_call.c: so exit, die and dd() come back here and the process goes on. After a fatal error a request is answered,
 * the shutdown functions run, and the process is replaced.
 */
#include "php_serve.h"

#include "php_call.h"
#include "php_doctor.h"
#include "php_left.h"
#include "php_memory.h"
#include "php_snapshot.h"
#include "swoole_server.h"

#include <ext/session/php_session.h>
#include <ext/standard/head.h>
#include <unistd.h>

/* ---- calls into PHP ------------------------------------------------------------------------------------- */

/* false: a fatal error. */
static bool guarded(void (*body)(void *), void *arg)
{
	return rs_php_guarded(body, arg) != RS_CALL_FATAL;
}

static void call_body(void *arg)
{
	(void)rs_php_call_through(arg, 0, NULL, NULL);
}

bool rs_php_call_glue(struct rs_php_callback *cb)
{
	return !cb->set || rs_php_guarded_app(call_body, cb) != RS_CALL_FATAL;
}

static void shutdown_functions_body(void *arg)
{
	(void)arg;
	php_call_shutdown_functions();
}

/* The request's; boot's stay. */
static void drop_shutdown_functions(void)
{
	HashTable *list = BG(user_shutdown_function_names); /* may have been made by the request */

	while (list && zend_hash_num_elements(list) > rs_php()->shutdown_functions) {
		zend_ulong last = (zend_ulong)list->nNextFreeElement - 1;
		if (zend_hash_index_del(list, last) == FAILURE)
			break;
		list->nNextFreeElement = (zend_long)last;
	}
}

bool rs_php_run_shutdown_functions(void)
{
	HashTable *list = BG(user_shutdown_function_names);
	bool ok = !list || !zend_hash_num_elements(list) || guarded(shutdown_functions_body, NULL);

	drop_shutdown_functions();
	return ok;
}

/* Output buffers to the client, headers if nothing was printed; the session is saved before the client goes on. */
static void end_output_body(void *arg)
{
	(void)arg;
	rs_php()->ending_output = true;
	php_output_end_all();
	rs_php()->ending_output = false;
	rs_php_settle_exception();
	php_header();
	if (PS(session_status) == php_session_active)
		php_session_flush(1);
}

static void header_body(void *arg)
{
	(void)arg;
	rs_php()->ending_output = false;
	php_header();
}

bool rs_php_end_output(void)
{
	if (guarded(end_output_body, NULL))
		return true;
	/* A fatal error in a callback: its text is lost, the answer is not. */
	(void)guarded(header_body, NULL);
	return false;
}

static void arm_body(void *x)
{
	rs_php_arm(x);
}

static void disarm_body(void *arg)
{
	(void)arg;
	rs_php_disarm();
}

/* User code has forked and its child has come to its end: it is not the worker, and answers nobody. */
static void end_foreign_child(void)
{
	(void)rs_php_run_shutdown_functions();
	_exit(EG(exit_status));
}

/* ---- isolation -------------------------------------------------------------------------------------------- */

static enum rs_isolation mode_of(const struct rs_request_view *view)
{
	return rs_conf_isolation(rs_php()->conf, view ? view->path : RS_SLICE(""));
}

static void take_body(void *arg)
{
	(void)arg;
	rs_php_snapshot_take();
}

static void restore_body(void *arg)
{
	(void)arg;
	(void)rs_php_snapshot_restore();
	rs_php()->stale = false;
}

/*
 * Before the first thing that this process does, the snapshot is taken; later, what was not put back after a thing in another mode
 * is put back before the next one in this mode. false: a fatal error.
 */
static bool isolate(enum rs_isolation mode)
{
	struct rs_php *php = rs_php();

	if (php->starting || php->one_request || !(rs_conf_uses(php->conf, RS_ISOLATION_SNAPSHOT) || rs_php_doctor_on()))
		return true;
	if (!rs_php_snapshot_taken())
		return guarded(take_body, NULL);
	return mode != RS_ISOLATION_SNAPSHOT || !php->stale || rs_php_doctor_keeps() || guarded(restore_body, NULL);
}

static void roll_back_body(void *arg)
{
	(void)arg;
	(void)rs_php_transactions_end();
}

/* Is there a snapshot, and is everything put back as it says? */
static bool puts_back(enum rs_isolation mode)
{
	return mode == RS_ISOLATION_SNAPSHOT && !rs_php()->starting && rs_php_snapshot_taken() && !rs_php_doctor_keeps();
}

/* Has it done what nobody can put back? That is told, and this process serves nobody else. */
static bool lasts(enum rs_isolation mode)
{
	return puts_back(mode) && rs_snapshot_tell_lasting();
}

/* After it. */
static bool isolated(enum rs_isolation mode)
{
	bool ok = rs_php()->starting || guarded(roll_back_body, NULL);

	rs_php()->stale = !rs_php()->starting && rs_php_snapshot_taken();
	if (mode != RS_ISOLATION_SNAPSHOT)
		rs_php_locks_forget(); /* they stay, whoever is served next */
	if (!puts_back(mode))
		return ok;
	ok = guarded(restore_body, NULL) && ok;
	(void)lasts(mode);
	return ok;
}

static void collect_body(void *collected)
{
	*(bool *)collected = gc_collect_cycles() > 0;
	rs_php_settle_exception();
}

/*
 * After destructors that ran when all was clean: what they have changed in PHP itself is changed back, and what they have registered for the
 * end of their request will not run at the end of the next one.
 */
static bool settled(void)
{
	drop_shutdown_functions();
	return !rs_php()->touched || rs_php_call_glue(&rs_php()->settle);
}

/* Garbage that holds a lock, a connection, or has a destructor goes with its request. */
static bool collected(enum rs_isolation mode)
{
	bool any = false, ok;

	if (rs_php()->starting || rs_php_doctor_keeps() || !rs_php_left_more())
		return true;
	ok = guarded(collect_body, &any) && (!any || isolated(mode));
	rs_php_left_settle();
	return ok;
}

static void let_go_body(void *arg)
{
	(void)arg;
	(void)rs_php_locks_end();
}

/* ---- the end of what was called ---------------------------------------------------------------------------- */

/* The first fatal error is the one to tell of: after it all that is guarded says that there was one. */
static void blame(const char **fatal, bool ok, const char *where)
{
	if (!ok && !*fatal)
		*fatal = where;
}

/* In a process that ends with it, in the order of a script's end. */
static const char *end_for_good(struct rs_exchange *x)
{
	const char *fatal = NULL;

	blame(&fatal, rs_php_run_shutdown_functions(), "in a shutdown function");
	blame(&fatal, rs_php_destruct_request(), "in a destructor");
	blame(&fatal, rs_php_end_output(), "while its output was ended");
	rs_exchange_finish(x);
	blame(&fatal, rs_php_call_glue(&rs_php()->clean), "in a cleaner");
	blame(&fatal, guarded(let_go_body, NULL), "while locks were let go"); /* files that boot has opened are the manager's too */
	blame(&fatal, rs_php_release_request(), "while its connections were closed");
	return fatal;
}

/* The end of it, and of what it has left behind. NULL, or where there was a fatal error: this process is spoilt. */
static const char *end_and_clean(struct rs_exchange *x, enum rs_isolation mode)
{
	const char *fatal = NULL;

	if (rs_host_forked_away())
		end_foreign_child();
	if (rs_php()->one_request && !rs_exchange_is_mute(x))
		return end_for_good(x);
	blame(&fatal, rs_php_run_shutdown_functions(), "in a shutdown function");
	blame(&fatal, rs_php_end_output(), "while its output was ended");
	if (!rs_exchange_is_mute(x))
		rs_php_doctor_ended();
	rs_exchange_finish(x);
	blame(&fatal, rs_php_call_glue(&rs_php()->clean), "in a cleaner");
	if (!rs_exchange_is_mute(x))
		rs_php_doctor_cleaned(rs_exchange_request(x));
	blame(&fatal, isolated(mode), "while state was put back");
	blame(&fatal, rs_exchange_is_mute(x) || collected(mode), "in a destructor of garbage");
	blame(&fatal, settled(), "while PHP's settings were put back");
	blame(&fatal, guarded(disarm_body, NULL), "in a destructor");
	return fatal;
}

/* A fatal error inside PHP: the framework's shutdown function gets its chance to render the error page, then it is over. */
static void end_fatal(struct rs_exchange *x)
{
	rs_php_after_fatal();
	(void)rs_php_run_shutdown_functions();
	(void)rs_php_end_output();
	rs_exchange_finish(x);
	if (rs_php()->one_request)
		(void)rs_php_release_request();
}

void rs_php_leave_boot(void)
{
	if (rs_php()->left_boot)
		return;
	rs_php()->left_boot = true;
	php_output_end_all();
	php_output_deactivate();
	rs_php_end_sapi();
}

/* What a request declares stays, and an application that includes it in every request meets what the first one has declared. */
static const char *advice(enum rs_isolation mode)
{
	static const char *const signs[] = { "(previously declared in ", "because the name is already in use" };
	const zend_string *said = PG(last_error_message);

	for (size_t i = 0; mode != RS_ISOLATION_FORK && said && i < RS_COUNTOF(signs); i++) {
		if (strstr(ZSTR_VAL(said), signs[i]))
			return "; functions and classes of earlier requests stay declared here: include their files with "
			       "include_once or while booting, or use isolation = fork";
	}
	return "";
}

/* ---- one request ------------------------------------------------------------------------------------------ */

enum rs_request_end rs_php_request(struct rs_exchange *x)
{
	const struct rs_request_view *view = rs_exchange_request(x);
	enum rs_isolation mode = mode_of(view);
	const char *fatal = "";
	bool ok = isolate(mode);

	rs_php_left_begin();
	rs_php_transactions_begin();
	rs_php_memory_begin();
	if (ok && rs_php_doctor_begin() && guarded(arm_body, x) && rs_php_call_glue(&rs_php()->handle)) {
		fatal = end_and_clean(x, mode);
		rs_php_memory_end(x, NULL);
	} else {
		end_fatal(x);
	}
	if (!fatal)
		return lasts(mode) ? RS_REQUEST_RECYCLE : RS_REQUEST_OK;
	rs_warnx(rs_host_log(), "fatal error%s%s, %s: %.*s %.*s%s", *fatal ? " " : "", fatal,
		 rs_php()->one_request ? "its process ends" : "worker is replaced", (int)view->method.n, view->method.p,
		 (int)view->target.n, view->target.p, advice(mode));
	return RS_REQUEST_RECYCLE;
}

/* ---- one event -------------------------------------------------------------------------------------------- */

enum rs_call_end rs_php_event(const char *what, const struct rs_request_view *view, struct rs_slice body, void (*run)(void *arg),
			      void *arg)
{
	enum rs_isolation mode = mode_of(view);
	enum rs_call_end end = RS_CALL_FATAL;
	const char *fatal = "";
	struct rs_exchange *x;
	bool ok;

	/* Inside of a request or of another event, which waits in the loop: it is part of that. */
	if (rs_php()->x)
		return rs_php_guarded(run, arg);
	x = rs_exchange_mute(view, body);
	ok = isolate(mode);
	rs_php_transactions_begin();
	rs_php_memory_begin();
	if (ok && guarded(arm_body, x))
		end = rs_php_guarded(run, arg);
	if (end != RS_CALL_FATAL) {
		fatal = end_and_clean(x, mode);
		rs_php_memory_end(NULL, what);
	} else {
		end_fatal(x);
	}
	if (!fatal)
		return lasts(mode) ? RS_CALL_FATAL : end;
	rs_warnx(rs_host_log(), "fatal error %s%s%s, the process is replaced", *fatal ? fatal : "in", *fatal ? " after " : " ", what);
	return RS_CALL_FATAL;
}

/* ---- nothing -------------------------------------------------------------------------------------------------- */

enum rs_request_end rs_php_tidy(void)
{
	bool any = false, clean = !rs_php()->stale;
	bool ok = rs_php_call_glue(&rs_php()->idle) && guarded(collect_body, &any);

	/* Now, while nobody waits; what a request in another mode has left is left until the next one needs it away. */
	if (ok && any && clean && rs_php_snapshot_taken())
		ok = guarded(restore_body, NULL);
	ok = ok && (rs_php()->starting || settled());
	if (!ok) {
		rs_warnx(rs_host_log(), "fatal error in a destructor of garbage, the process is replaced");
		(void)rs_swoole_server_judge(RS_CALL_FATAL); /* a hosted server's process has its exit status by that */
		return RS_REQUEST_RECYCLE;
	}
	zend_mm_gc(zend_mm_get_heap());
	return RS_REQUEST_OK;
}
