/*
 * Contents of HashContext: PHP declares its struct; what points out of it has the size that its algorithm says.
 */
#include "php_snapshot_inner.h"

#include <ext/hash/php_hash.h>

bool rs_inner_hash_expected(void)
{
	return true;
}

static const php_hashcontext_object *context_of(const zend_object *object)
{
	return rs_inner_base(object);
}

/* One that boot has finished stays so, and cannot be cloned. */
void rs_inner_hash_keep(struct rs_inner *inner)
{
	if (context_of(inner->object)->context)
		rs_inner_clone_keep(inner);
}

bool rs_inner_hash_changed(const struct rs_inner *inner)
{
	const php_hashcontext_object *a, *b;

	if (!inner->clone)
		return false;
	a = context_of(inner->object);
	b = context_of(inner->clone);
	return !a->context || a->ops != b->ops || memcmp(a->context, b->context, (size_t)a->ops->context_size) != 0;
}

zend_long rs_inner_hash_size(const struct rs_inner *inner, bool now)
{
	const php_hashcontext_object *c = context_of(now || !inner->clone ? inner->object : inner->clone);

	return c->context ? (zend_long)(zend_inline_hash_func(c->context, (size_t)c->ops->context_size) >> 1) : 0;
}
