/*
 * What comes of the callbacks of a server (contract E.8). Without coroutines a process survives what its callbacks throw; with
 * them, and after a fatal error, it ends with 255 and its successor goes on. Whoever waits for an answer gets one: 500 in
 * HTTP, the end of the connection elsewhere. Runs in every process of a server.
 */
#include "swoole_server_hosted.h"

#include "swoole_coroutine.h"
#include "swoole_invoke.h"

#include <signal.h>
#include <unistd.h>

#define SPOILT_STATUS 255

static struct {
	bool spoilt;     /* this process must end */
	bool coroutines; /* callbacks have them */
} here;

/* ---- ends ------------------------------------------------------------------------------------------------------------- */

/* Master and manager are too dear: they go on whatever a callback threw. */
static bool survives(enum rs_call_end end)
{
	switch (rs_swoole_place()) {
	case RS_SWOOLE_MASTER:
	case RS_SWOOLE_MANAGER:
	case RS_SWOOLE_SCRIPT:
	case RS_SWOOLE_TASK_WORKER:
		return end != RS_CALL_FATAL;
	case RS_SWOOLE_WORKER:
	case RS_SWOOLE_TASK_WORKER_ASYNC:
		return end != RS_CALL_FATAL && !here.coroutines;
	case RS_SWOOLE_USER_PROCESS:
		break;
	}
	return false;
}

/* true: this process goes on. */
bool rs_swoole_server_judge(enum rs_call_end end)
{
	if (end == RS_CALL_OK)
		return !here.spoilt;
	if (survives(end)) {
		EG(exit_status) = 0; /* the report has set it */
		return !here.spoilt;
	}
	here.spoilt = true;
	/* exit() of a hosted application's user process is its own choice. */
	if (end != RS_CALL_EXIT || !rs_php()->hosting)
		EG(exit_status) = SPOILT_STATUS;
	return false;
}

static void settle(enum rs_call_end end)
{
	struct rs_loop *l = rs_loop_peek();

	if (rs_swoole_server_judge(end))
		return;
	/* From inside the loop, or from inside a coroutine: it is unwound, the loop broken off. */
	if (rs_co_self() || (l && rs_loop_running(l)))
		rs_co_end_process();
}

void rs_swoole_server_policy(bool coroutines)
{
	struct rs_swoole_policy policy = { .coroutine = coroutines, .settle = settle };
	enum rs_swoole_place place = rs_swoole_place();
	bool worker = place == RS_SWOOLE_WORKER || place == RS_SWOOLE_TASK_WORKER;

	here.spoilt = false;
	here.coroutines = coroutines;
	if (rs_php()->hosting && worker)
		policy.run = rs_swoole_hosted_run;
	if (place == RS_SWOOLE_MASTER || place == RS_SWOOLE_MANAGER)
		policy.reserved_signals = UINT64_C(1) << SIGTERM | UINT64_C(1) << SIGUSR1 | UINT64_C(1) << SIGUSR2 | UINT64_C(1) << SIGALRM |
					  UINT64_C(1) << SIGVTALRM | UINT64_C(1) << SIGCHLD | UINT64_C(1) << SIGINT;
	rs_swoole_set_policy(&policy);
}

int rs_swoole_server_exit_status(void)
{
	return here.spoilt ? SPOILT_STATUS : 0;
}

/* ---- debts ------------------------------------------------------------------------------------------------------------- */

/* After the callback: results of tasks; what it left open when it failed. */
static void pay(struct rs_swoole_owed *owed, enum rs_call_end end, zval *ret)
{
	if (owed->closes)
		rs_swoole_close_ends(owed->closes);
	if (owed->is_task && end == RS_CALL_OK && Z_TYPE_P(ret) != IS_NULL && Z_TYPE_P(ret) != IS_UNDEF &&
	    !(owed->task_flags & RS_DATA_ONE_WAY))
		(void)rs_swoole_task_finish(owed, ret);
	if (end == RS_CALL_OK)
		return;
	if (Z_TYPE(owed->response) != IS_UNDEF && !rs_swoole_http_ended(&owed->response))
		rs_swoole_http_end(&owed->response, 500);
	else if (owed->fd && !survives(end) && !rs_php()->hosting) /* there, connections survive whoever serves them */
		(void)rs_server_order(owed->fd, RS_ORDER_CLOSE, 0, RS_SLICE(""));
}

/* The response goes last: when nobody else holds it, it ends itself (H7). */
static void owed_free(struct rs_swoole_owed *owed)
{
	zval_ptr_dtor(&owed->response);
	ZVAL_UNDEF(&owed->response);
}

/* ---- calls ------------------------------------------------------------------------------------------------------------- */

static void coroutine_ended(void *arg, enum rs_call_end end, zval *ret)
{
	struct rs_swoole_owed *owed = arg;

	pay(owed, end, ret);
	owed_free(owed);
	efree(owed);
	settle(end);
}

static void call_in_coroutine(struct rs_php_callback *cb, uint32_t argc, zval *argv, const struct rs_swoole_owed *given)
{
	struct rs_swoole_owed *owed = emalloc(sizeof *owed);

	*owed = *given;
	if (rs_co_create(cb, argc, argv, true, coroutine_ended, owed) >= 0)
		return;
	/* There are too many of them already; that was said. */
	if (Z_TYPE(owed->response) != IS_UNDEF)
		rs_swoole_http_end(&owed->response, 503);
	owed_free(owed);
	efree(owed);
}

static enum rs_call_end call_plain(struct rs_php_callback *cb, uint32_t argc, zval *argv, struct rs_swoole_owed *owed)
{
	enum rs_call_end end;
	zval ret;

	end = rs_php_call(cb, argc, argv, &ret);
	pay(owed, end, &ret);
	zval_ptr_dtor(&ret);
	owed_free(owed);
	return end;
}

static enum rs_call_end call(struct rs_php_callback *cb, bool plain, uint32_t argc, zval *argv, struct rs_swoole_owed *owed)
{
	struct rs_swoole_owed nothing = { .fd = 0 };
	enum rs_call_end end = RS_CALL_OK;

	ZVAL_UNDEF(&nothing.response);
	if (!owed)
		owed = &nothing;
	if (!plain && here.coroutines)
		call_in_coroutine(cb, argc, argv, owed);
	else
		end = call_plain(cb, argc, argv, owed);
	for (uint32_t i = 0; i < argc; i++)
		zval_ptr_dtor(&argv[i]);
	return end;
}

bool rs_swoole_server_call(struct rs_php_callback *cb, bool plain, uint32_t argc, zval *argv, struct rs_swoole_owed *owed)
{
	return rs_swoole_server_judge(call(cb, plain, argc, argv, owed));
}

void rs_swoole_server_call_nested(struct rs_php_callback *cb, uint32_t argc, zval *argv, struct rs_swoole_owed *owed)
{
	/* What called us must not go on in a process that has had a fatal error. */
	if (!rs_swoole_server_judge(call(cb, false, argc, argv, owed)))
		zend_bailout();
}

bool rs_swoole_server_guarded(void (*body)(void *arg), void *arg)
{
	return rs_swoole_server_judge(rs_php_guarded(body, arg));
}

/* ---- the end of a process -------------------------------------------------------------------------------------------------- */

static void shutdown_body(void *arg)
{
	(void)arg;
	php_call_shutdown_functions();
}

static void flush_body(void *arg)
{
	(void)arg;
	php_output_end_all();
}

void rs_swoole_server_leave(int status)
{
	/* What the script has registered is the script's. */
	if (rs_swoole_place() == RS_SWOOLE_SCRIPT)
		_exit(status);
	if (CG(unclean_shutdown))
		rs_php_after_fatal();
	EG(exit_status) = status;
	(void)rs_php_guarded(shutdown_body, NULL);
	(void)rs_php_guarded(flush_body, NULL);
	/* exit() in a shutdown function does not hide what happened. */
	_exit(status ? status : EG(exit_status) & 0xff);
}
