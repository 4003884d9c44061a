/*
 * Error and exception handlers: the one in force and those below it, to which restore_error_handler() goes back.
 */
#include "php_snapshot_process.h"

struct stack {
	zval now;         /* counted */
	zval *below;      /* counted; UNDEF: none was set */
	int n;
};

static struct {
	struct stack errors, exceptions;
	int level, *levels; /* of the error handlers: now, and below */
} handlers;

static void remember(struct stack *s, const zval *now, const zend_stack *below)
{
	const zval *v = zend_stack_base(below);

	ZVAL_COPY(&s->now, now);
	s->n = zend_stack_count(below);
	s->below = safe_perealloc(s->below, (size_t)s->n + 1, sizeof *s->below, 0, true);
	for (int i = 0; i < s->n; i++)
		ZVAL_COPY(&s->below[i], &v[i]);
}

void rs_handlers_take(void)
{
	remember(&handlers.errors, &EG(user_error_handler), &EG(user_error_handlers));
	remember(&handlers.exceptions, &EG(user_exception_handler), &EG(user_exception_handlers));
	handlers.level = EG(user_error_handler_error_reporting);
	handlers.levels = safe_perealloc(handlers.levels, (size_t)handlers.errors.n + 1, sizeof *handlers.levels, 0, true);
	for (int i = 0; i < handlers.errors.n; i++)
		handlers.levels[i] = ((const int *)zend_stack_base(&EG(user_error_handlers_error_reporting)))[i];
}

RS_HOT static bool differs(const struct stack *s, const zval *now, const zend_stack *below)
{
	const zval *v = zend_stack_base(below);

	if (!rs_snapshot_same(&s->now, now) || s->n != zend_stack_count(below))
		return true;
	for (int i = 0; i < s->n; i++) {
		if (!rs_snapshot_same(&s->below[i], &v[i]))
			return true;
	}
	return false;
}

static void put_back(const struct stack *s, zval *now, zend_stack *below)
{
	zval old;

	ZVAL_COPY_VALUE(&old, now);
	ZVAL_COPY(now, &s->now);
	rs_snapshot_bury(&old);
	while (!zend_stack_is_empty(below)) {
		ZVAL_COPY_VALUE(&old, (zval *)zend_stack_top(below));
		rs_snapshot_bury(&old);
		zend_stack_del_top(below);
	}
	for (int i = 0; i < s->n; i++) {
		zval copy;
		ZVAL_COPY(&copy, &s->below[i]);
		zend_stack_push(below, &copy);
	}
}

static void put_levels_back(void)
{
	EG(user_error_handler_error_reporting) = handlers.level;
	while (!zend_stack_is_empty(&EG(user_error_handlers_error_reporting)))
		zend_stack_del_top(&EG(user_error_handlers_error_reporting));
	for (int i = 0; i < handlers.errors.n; i++)
		zend_stack_push(&EG(user_error_handlers_error_reporting), &handlers.levels[i]);
}

RS_HOT unsigned rs_handlers_restore(void)
{
	unsigned n = 0;

	if (differs(&handlers.errors, &EG(user_error_handler), &EG(user_error_handlers)) ||
	    handlers.level != EG(user_error_handler_error_reporting)) {
		put_back(&handlers.errors, &EG(user_error_handler), &EG(user_error_handlers));
		put_levels_back();
		n++;
	}
	if (differs(&handlers.exceptions, &EG(user_exception_handler), &EG(user_exception_handlers))) {
		put_back(&handlers.exceptions, &EG(user_exception_handler), &EG(user_exception_handlers));
		n++;
	}
	return n;
}
