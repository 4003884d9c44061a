/*
 * OPcache in a resident process: its memory belongs to a generation, so emptying it means a reload.
 */
#include "sapi.h"

static ZEND_FUNCTION(rs_opcache_reset)
{
	ZEND_PARSE_PARAMETERS_NONE();
	rs_host_ask_reload("opcache_reset()");
	RETURN_TRUE;
}

/*
 * OPcache, or its JIT, that a script has turned off comes back with PHP's next request, and ours lasts: every file would be compiled anew until the process
 * ends. So the directive can be set and read, and what it says holds when nobody compiles.
 */
static ZEND_INI_MH(set_enable)
{
	(void)entry, (void)new_value, (void)mh_arg1, (void)mh_arg2, (void)mh_arg3, (void)stage;
	return SUCCESS;
}

static void keep_on(const char *name)
{
	zend_ini_entry *entry = zend_hash_str_find_ptr(EG(ini_directives), name, strlen(name));

	if (entry && entry->value &&
	    (zend_ini_parse_bool(entry->value) || zend_string_equals_literal_ci(entry->value, "tracing") ||
	     zend_string_equals_literal_ci(entry->value, "function")))
		entry->on_modify = set_enable;
}

void rs_php_opcache_guard(void)
{
	zend_function *f = zend_hash_str_find_ptr(CG(function_table), ZEND_STRL("opcache_reset"));

	if (f && f->type == ZEND_INTERNAL_FUNCTION)
		f->internal_function.handler = ZEND_FN(rs_opcache_reset);
	keep_on("opcache.enable");
	keep_on("opcache.jit");
}

static zval *at(zval *array, const char *key)
{
	return array && Z_TYPE_P(array) == IS_ARRAY ? zend_hash_str_find(Z_ARRVAL_P(array), key, strlen(key)) : NULL;
}

static long number(zval *z)
{
	return z ? (long)zval_get_long(z) : 0;
}

bool rs_php_opcache_facts(struct rs_buf *out)
{
	zval name, status, arg, *stats, *jit;
	bool ok;

	ZVAL_STRING(&name, "opcache_get_status");
	ZVAL_FALSE(&arg);
	ZVAL_UNDEF(&status);
	if (call_user_function(NULL, NULL, &name, &status, 1, &arg) == FAILURE || Z_TYPE(status) != IS_ARRAY) {
		zend_clear_exception();
		ok = rs_buf_printf(out, "opcache\toff\n");
	} else {
		stats = at(&status, "opcache_statistics");
		jit = at(&status, "jit");
		ok = rs_buf_printf(out, "opcache\t%s\nopcache_scripts\t%ld\nopcache_hits\t%ld\nopcache_misses\t%ld\n"
				   "opcache_full\t%s\nopcache_restart_pending\t%s\njit\t%s\n",
				   zend_is_true(at(&status, "opcache_enabled")) ? "on" : "off",
				   number(at(stats, "num_cached_scripts")), number(at(stats, "hits")),
				   number(at(stats, "misses")), number(at(&status, "cache_full")) ? "yes" : "no",
				   number(at(&status, "restart_pending")) ? "yes" : "no",
				   number(at(jit, "on")) ? "on" : "off");
	}
	zval_ptr_dtor(&name);
	zval_ptr_dtor(&status);
	return ok;
}
