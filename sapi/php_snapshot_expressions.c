/*
 * Constant expressions of classes: const TABLE = TENANT . '_users', and defaults of properties. PHP evaluates them when the class is first
 * used, and the class keeps what came out. When the constant goes with the request that has defined it, so must that; a class cannot be made
 * anew, so its process serves nobody else. Found are classes that OPcache has, which keeps the expressions: of others PHP does not.
 */
#include "php_snapshot_symbols.h"

#include <zend_ast.h>

/* Written without a namespace in a file that has one, it is that namespace's or, if there is none, the global one. */
static bool is_this(zend_ast *ast, const zend_string *constant)
{
	zend_string *name = zend_ast_get_constant_name(ast);
	const char *slash = strrchr(ZSTR_VAL(name), '\\');

	if (!slash)
		return zend_string_equals(name, constant);
	if (zend_string_equals_ci(name, constant))
		return true;
	return (ast->attr & IS_CONSTANT_UNQUALIFIED_IN_NAMESPACE) && strcmp(slash + 1, ZSTR_VAL(constant)) == 0 &&
	       !zend_get_constant_ex(name, NULL, ZEND_FETCH_CLASS_SILENT);
}

static bool ast_names(zend_ast *ast, const zend_string *constant)
{
	uint32_t n;

	if (!ast || ast->kind == ZEND_AST_ZVAL)
		return false;
	if (ast->kind == ZEND_AST_CONSTANT)
		return is_this(ast, constant);
	if (zend_ast_is_list(ast)) {
		zend_ast_list *list = zend_ast_get_list(ast);

		for (uint32_t i = 0; i < list->children; i++) {
			if (ast_names(list->child[i], constant))
				return true;
		}
		return false;
	}
	n = zend_ast_is_special(ast) ? 0 : zend_ast_get_num_children(ast);
	for (uint32_t i = 0; i < n; i++) {
		if (ast_names(ast->child[i], constant))
			return true;
	}
	return false;
}

/* Is this such an expression, and has its place in this process a value by now? */
static bool used(const zval *expression, const zval *now, const zend_string *constant)
{
	return Z_TYPE_P(expression) == IS_CONSTANT_AST && now && Z_TYPE_P(now) != IS_CONSTANT_AST &&
	       ast_names(Z_ASTVAL_P(expression), constant);
}

static bool constants_use(zend_class_entry *ce, const zend_class_mutable_data *own, const zend_string *constant)
{
	const zend_class_constant *c, *now;
	zend_string *name;

	if (!own || !own->constants_table)
		return false;
	ZEND_HASH_FOREACH_STR_KEY_PTR(&ce->constants_table, name, c) {
		now = zend_hash_find_ptr(own->constants_table, name);
		if (used(&c->value, now ? &now->value : NULL, constant))
			return true;
	} ZEND_HASH_FOREACH_END();
	return false;
}

static bool class_uses(zend_class_entry *ce, const zend_string *constant)
{
	const zend_class_mutable_data *own = ZEND_MAP_PTR(ce->mutable_data) ? ZEND_MAP_PTR_GET_IMM(ce->mutable_data) : NULL;
	const zval *statics = ce->default_static_members_count ? CE_STATIC_MEMBERS(ce) : NULL;

	if (constants_use(ce, own, constant))
		return true;
	for (int i = 0; own && own->default_properties_table && i < ce->default_properties_count; i++) {
		if (used(&ce->default_properties_table[i], &own->default_properties_table[i], constant))
			return true;
	}
	for (int i = 0; statics && i < ce->default_static_members_count; i++) {
		if (used(&ce->default_static_members_table[i], &statics[i], constant))
			return true;
	}
	return false;
}

void rs_snapshot_look_for_uses(const zend_string *constant)
{
	const uint32_t any = ZEND_ACC_HAS_AST_CONSTANTS | ZEND_ACC_HAS_AST_PROPERTIES | ZEND_ACC_HAS_AST_STATICS;
	zend_class_entry *ce;

	ZEND_HASH_FOREACH_PTR(EG(class_table), ce) {
		if (EXPECTED(!(ce->ce_flags & any)) || ce->type != ZEND_USER_CLASS || !(ce->ce_flags & ZEND_ACC_LINKED))
			continue;
		if (class_uses(ce, constant)) {
			rs_snapshot_lasts("defined %s, and class %s is made of it", ZSTR_VAL(constant), ZSTR_VAL(ce->name));
			return;
		}
	} ZEND_HASH_FOREACH_END();
}
