/*
 * Calls from the loop into user code. Nothing of PHP may longjmp across the loop: a fatal error or an uncaught exception is caught
 * here (php_call.c), the loop is broken off, and rs_swoole_run_loop() ends the process when no frame of the loop is left.
 */
#include "swoole_invoke.h"

#include "swoole_coroutine.h"

static struct rs_swoole_policy policy = { .coroutine = true };

void rs_swoole_set_policy(const struct rs_swoole_policy *p)
{
	policy = *p;
}

const struct rs_swoole_policy *rs_swoole_policy(void)
{
	return &policy;
}

void rs_swoole_script_policy(void)
{
	policy = (struct rs_swoole_policy){ .coroutine = INI_BOOL("swoole.enable_coroutine") };
}

static void settle(enum rs_call_end end)
{
	if (policy.settle)
		policy.settle(end);
	else if (end != RS_CALL_OK)
		rs_co_end_process();
}

static void coroutine_ended(void *arg, enum rs_call_end end, zval *ret)
{
	(void)arg;
	(void)ret;
	settle(end);
}

/* Who is told what a callback returned. */
struct answer {
	void (*fn)(void *arg, zval *ret);
	void *arg;
};

static void answer_ended(void *arg, enum rs_call_end end, zval *ret)
{
	struct answer *a = arg;

	a->fn(a->arg, end == RS_CALL_OK ? ret : NULL);
	efree(a);
	settle(end);
}

bool rs_swoole_in_own_coroutine(void)
{
	rs_co_done_fn *done = rs_co_done(rs_co_self());

	return rs_co_self() && done != coroutine_ended && done != answer_ended;
}

struct plain {
	struct rs_php_callback *cb;
	uint32_t argc;
	zval *argv, *ret; /* ret may be NULL */
};

static void plain_body(void *arg)
{
	struct plain *p = arg;

	rs_php_call_through(p->cb, p->argc, p->argv, p->ret);
}

static enum rs_call_end call_plain(struct plain *p)
{
	if (policy.run)
		return policy.run(plain_body, p);
	/* In a server exit throws; in a script it is an exit. */
	return policy.settle ? rs_php_call(p->cb, p->argc, p->argv, p->ret) : rs_php_guarded(plain_body, p);
}

void rs_swoole_invoke_plain(struct rs_php_callback *cb, uint32_t argc, zval *argv)
{
	struct plain p = { .cb = cb, .argc = argc, .argv = argv };

	settle(call_plain(&p));
}

void rs_swoole_invoke(struct rs_php_callback *cb, uint32_t argc, zval *argv)
{
	if (!policy.coroutine || rs_co_self()) {
		rs_swoole_invoke_plain(cb, argc, argv);
		return;
	}
	/* in_server here means: tell us how it ended, whatever that was. */
	(void)rs_co_create(cb, argc, argv, true, coroutine_ended, &policy);
}

void rs_swoole_invoke_answer(struct rs_php_callback *cb, uint32_t argc, zval *argv, void (*fn)(void *arg, zval *ret), void *arg)
{
	struct plain p = { .cb = cb, .argc = argc, .argv = argv };
	struct answer *a;
	enum rs_call_end end;
	zval ret;

	if (policy.coroutine && !rs_co_self()) {
		a = emalloc(sizeof *a);
		*a = (struct answer){ .fn = fn, .arg = arg };
		if (rs_co_create(cb, argc, argv, true, answer_ended, a) >= 0)
			return;
		efree(a);
		fn(arg, NULL);
		return;
	}
	ZVAL_UNDEF(&ret);
	p.ret = &ret;
	end = call_plain(&p);
	fn(arg, end == RS_CALL_OK ? &ret : NULL);
	if (end != RS_CALL_FATAL)
		zval_ptr_dtor(&ret);
	settle(end);
}

struct text {
	zval *to;
	struct rs_slice bytes;
};

static void text_body(void *arg)
{
	struct text *t = arg;

	ZVAL_STRINGL(t->to, t->bytes.p, t->bytes.n);
}

bool rs_swoole_invoke_text(zval *to, struct rs_slice bytes)
{
	struct text t = { .to = to, .bytes = bytes };
	enum rs_call_end end = rs_php_guarded(text_body, &t);

	if (end != RS_CALL_OK)
		settle(end);
	return end == RS_CALL_OK;
}

enum rs_result rs_swoole_run_loop(enum rs_loop_mode mode)
{
	struct rs_loop *l;
	enum rs_result r;

	/* A fork in a callback: in the child the parent's loop lets go, and there may be one of its own to go on with. */
	do {
		l = rs_loop_get();
		if (!l)
			rs_swoole_fatal("no memory for an event loop");
		r = rs_loop_run(l, mode);
	} while (mode == RS_LOOP_UNTIL_EMPTY && rs_loop_peek() && rs_loop_peek() != l && !rs_co_must_end());
	rs_co_after_loop(r == RS_OK && mode == RS_LOOP_UNTIL_EMPTY);
	return r;
}
