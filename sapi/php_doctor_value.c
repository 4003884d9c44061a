/*
 * What can be said of a value without telling it: type, size, whether it is the same as another, and who may have put it
 * there. Bounded in depth and number, for arrays may contain themselves.
 */
#include "php_doctor.h"

#include <zend_closures.h>

#define DEPTH_MAX 16
/* Elements that are looked at in one value. */
#define VISITS_MAX 200000
/* A path of keys, and a key in it. */
#define WHERE_MAX 160
#define KEY_MAX 64

/* What is meant, behind references and slots of symbol tables; NULL: nothing. */
static const zval *plain(const zval *zv)
{
	if (zv && Z_TYPE_P(zv) == IS_INDIRECT)
		zv = Z_INDIRECT_P(zv);
	if (zv && Z_TYPE_P(zv) == IS_REFERENCE)
		zv = Z_REFVAL_P(zv);
	return zv && Z_TYPE_P(zv) != IS_UNDEF ? zv : NULL;
}

static bool is_nothing(const zval *zv)
{
	return !zv || Z_TYPE_P(zv) == IS_NULL || (Z_TYPE_P(zv) == IS_ARRAY && zend_hash_num_elements(Z_ARRVAL_P(zv)) == 0);
}

const char *rs_doctor_type(const zval *zv, size_t *n)
{
	const char *name;

	zv = plain(zv);
	if (zv && Z_TYPE_P(zv) == IS_OBJECT) {
		*n = ZSTR_LEN(Z_OBJCE_P(zv)->name);
		return ZSTR_VAL(Z_OBJCE_P(zv)->name);
	}
	if (!zv)
		name = "nothing";
	else if (Z_TYPE_P(zv) == IS_RESOURCE)
		name = "resource";
	else
		name = Z_TYPE_P(zv) == IS_FALSE || Z_TYPE_P(zv) == IS_TRUE ? "bool" : zend_get_type_by_const(Z_TYPE_P(zv));
	*n = strlen(name);
	return name;
}

/* ---- sizes ------------------------------------------------------------------------------------------------------- */

static uint64_t elements(const zval *zv, unsigned depth, uint32_t *visits)
{
	uint64_t n = 0;
	zval *el;

	zv = plain(zv);
	if (!zv || Z_TYPE_P(zv) != IS_ARRAY || depth > DEPTH_MAX)
		return 0;
	n = zend_hash_num_elements(Z_ARRVAL_P(zv));
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(zv), el) {
		if (++*visits > VISITS_MAX)
			break;
		n += elements(el, depth + 1, visits);
	} ZEND_HASH_FOREACH_END();
	return n;
}

uint64_t rs_doctor_size(const zval *zv)
{
	uint32_t visits = 0;

	zv = plain(zv);
	if (zv && Z_TYPE_P(zv) == IS_STRING)
		return Z_STRLEN_P(zv);
	return elements(zv, 0, &visits);
}

/* ---- marks -------------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
	h *= 0xff51afd7ed558ccdu;
	return h ^ (h >> 33);
}

static uint64_t mark(const zval *zv, unsigned depth, uint32_t *visits)
{
	uint64_t h = 1;
	zend_string *key;
	zend_ulong i;
	zval *el;

	zv = plain(zv);
	if (!zv)
		return 0;
	h = mix(h, Z_TYPE_P(zv));
	switch (Z_TYPE_P(zv)) {
	case IS_LONG:
	case IS_DOUBLE:
		return mix(h, (uint64_t)Z_LVAL_P(zv));
	case IS_STRING:
		return mix(h, zend_hash_func(Z_STRVAL_P(zv), Z_STRLEN_P(zv)));
	case IS_OBJECT:
		return mix(mix(h, Z_OBJ_HANDLE_P(zv)), (uint64_t)(uintptr_t)Z_OBJ_P(zv));
	case IS_RESOURCE:
		return mix(h, (uint64_t)Z_RES_HANDLE_P(zv));
	case IS_ARRAY:
		if (depth > DEPTH_MAX)
			return h;
		ZEND_HASH_FOREACH_KEY_VAL(Z_ARRVAL_P(zv), i, key, el) {
			if (++*visits > VISITS_MAX)
				break;
			h = mix(mix(h, key ? zend_string_hash_val(key) : i), mark(el, depth + 1, visits));
		} ZEND_HASH_FOREACH_END();
		return h;
	default:
		return h;
	}
}

uint64_t rs_doctor_mark(const zval *zv)
{
	uint32_t visits = 0;

	return mark(zv, 0, &visits);
}

/* ---- comparing ----------------------------------------------------------------------------------------------------- */

struct comparison {
	struct rs_buf *where;
	uint32_t visits;
};

static void add_key(struct rs_buf *where, const zend_string *key, zend_ulong i)
{
	if (where->len >= WHERE_MAX)
		return;
	if (where->len)
		RS_IGNORE(rs_buf_put(where, ".", 1));
	if (key)
		RS_IGNORE(rs_buf_put(where, ZSTR_VAL(key), ZSTR_LEN(key) < KEY_MAX ? ZSTR_LEN(key) : KEY_MAX));
	else
		RS_IGNORE(rs_buf_printf(where, "%lld", (long long)i));
}

static enum rs_doctor_how compare(struct comparison *c, const zval *a, const zval *b, unsigned depth);

static enum rs_doctor_how compare_arrays(struct comparison *c, HashTable *a, HashTable *b, unsigned depth)
{
	enum rs_doctor_how worst = zend_hash_num_elements(b) > zend_hash_num_elements(a) ? RS_DOCTOR_MADE : RS_DOCTOR_SAME, how;
	size_t at = c->where->len;
	zend_string *key;
	zend_ulong i;
	zval *el;

	if (a == b || depth > DEPTH_MAX)
		return RS_DOCTOR_SAME;
	ZEND_HASH_FOREACH_KEY_VAL(a, i, key, el) {
		if (++c->visits > VISITS_MAX)
			break;
		add_key(c->where, key, i);
		how = compare(c, el, key ? zend_hash_find(b, key) : zend_hash_index_find(b, i), depth + 1);
		if (how == RS_DOCTOR_CHANGED)
			return how;
		c->where->len = at;
		if (how > worst)
			worst = how;
	} ZEND_HASH_FOREACH_END();
	return worst;
}

static enum rs_doctor_how compare(struct comparison *c, const zval *a, const zval *b, unsigned depth)
{
	bool same;

	a = plain(a);
	b = plain(b);
	if (is_nothing(a))
		return is_nothing(b) ? RS_DOCTOR_SAME : RS_DOCTOR_MADE;
	if (!b || Z_TYPE_P(a) != Z_TYPE_P(b))
		return RS_DOCTOR_CHANGED;
	switch (Z_TYPE_P(a)) {
	case IS_ARRAY:
		return compare_arrays(c, Z_ARRVAL_P(a), Z_ARRVAL_P(b), depth);
	case IS_STRING:
		same = zend_string_equals(Z_STR_P(a), Z_STR_P(b));
		break;
	case IS_OBJECT:
	case IS_RESOURCE:
		same = Z_COUNTED_P(a) == Z_COUNTED_P(b);
		break;
	case IS_LONG:
	case IS_DOUBLE:
		same = Z_LVAL_P(a) == Z_LVAL_P(b);
		break;
	default:
		same = true;
	}
	return same ? RS_DOCTOR_SAME : RS_DOCTOR_CHANGED;
}

enum rs_doctor_how rs_doctor_compare(const zval *before, const zval *after, struct rs_buf *where)
{
	struct comparison c = { .where = where };
	enum rs_doctor_how how;

	where->len = 0;
	how = compare(&c, before, after, 0);
	if (how != RS_DOCTOR_CHANGED)
		where->len = 0;
	return how;
}

/* ---- who -------------------------------------------------------------------------------------------------------------- */

static zend_string *declared_in(zend_object *object, uint32_t *line)
{
	const zend_function *f = object->ce == zend_ce_closure ? zend_get_closure_method_def(object) : NULL;

	if (f && f->type == ZEND_USER_FUNCTION) {
		*line = f->op_array.line_start;
		return f->op_array.filename;
	}
	*line = 0;
	return !f && object->ce->type == ZEND_USER_CLASS ? object->ce->info.user.filename : NULL;
}

static zend_string *author(const zval *a, const zval *b, unsigned depth, uint32_t *visits, uint32_t *line)
{
	zend_string *key, *file = NULL;
	HashTable *old;
	zend_ulong i;
	zval *el;

	a = plain(a);
	b = plain(b);
	if (!b || depth > DEPTH_MAX)
		return NULL;
	if (Z_TYPE_P(b) == IS_OBJECT)
		return a && Z_TYPE_P(a) == IS_OBJECT && Z_OBJ_P(a) == Z_OBJ_P(b) ? NULL : declared_in(Z_OBJ_P(b), line);
	old = a && Z_TYPE_P(a) == IS_ARRAY ? Z_ARRVAL_P(a) : NULL;
	if (Z_TYPE_P(b) != IS_ARRAY || Z_ARRVAL_P(b) == old)
		return NULL;
	ZEND_HASH_FOREACH_KEY_VAL(Z_ARRVAL_P(b), i, key, el) {
		const zval *was = !old ? NULL : key ? zend_hash_find(old, key) : zend_hash_index_find(old, i);
		if (++*visits > VISITS_MAX || (file = author(was, el, depth + 1, visits, line)))
			break;
	} ZEND_HASH_FOREACH_END();
	return file;
}

zend_string *rs_doctor_author(const zval *before, const zval *after, uint32_t *line)
{
	uint32_t visits = 0;

	*line = 0;
	return author(before, after, 0, &visits, line);
}
