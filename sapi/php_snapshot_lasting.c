/*
 * What a request can do to the process that cannot be taken back: its rank, its rights, its limits; what Phar has put in the place of PHP's file
 * functions; what other parts of the snapshot say. A process that has done so serves nobody else: it is replaced, and the log says why.
 */
#include "php_snapshot_process.h"

static struct lasting {
	const char *class_name, *name; /* no class: a function */
	const zend_function *function;
	zif_handler original;
} lasting[] = {
#define F(name) { NULL, name, NULL, NULL }
#define M(class_name, name) { class_name, name, NULL, NULL }
	F("proc_nice"), F("pcntl_setpriority"), F("pcntl_unshare"), F("pcntl_rfork"), F("chroot"), F("dl"), F("posix_setuid"),
	F("posix_seteuid"), F("posix_setgid"), F("posix_setegid"), F("posix_initgroups"), F("posix_setsid"), F("posix_setpgid"),
	F("posix_setrlimit"), M("phar", "interceptfilefuncs"), M("phar", "mount"), M("phar", "mungserver"),
#undef F
#undef M
};

static char done[256]; /* the first one, what it did; empty: none */
static bool told;

void rs_snapshot_lasts(const char *format, ...)
{
	va_list args;

	if (*done)
		return;
	va_start(args, format);
	(void)ap_php_vsnprintf(done, sizeof done, format, args);
	va_end(args);
}

static ZEND_FUNCTION(rs_lasting_touch)
{
	const zend_function *function = EX(func);

	for (size_t i = 0; i < RS_COUNTOF(lasting); i++) {
		if (lasting[i].function != function)
			continue;
		lasting[i].original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
		if (!EG(exception) && Z_TYPE_P(return_value) != IS_FALSE && rs_php_snapshot_taken())
			rs_snapshot_lasts("called %s()", ZSTR_VAL(function->common.function_name));
		return;
	}
}

void rs_lasting_guard(void)
{
	for (size_t i = 0; i < RS_COUNTOF(lasting); i++) {
		struct lasting *l = &lasting[i];
		const zend_class_entry *ce = l->class_name ? zend_hash_str_find_ptr(CG(class_table), l->class_name, strlen(l->class_name)) : NULL;
		HashTable *table = (HashTable *)(uintptr_t)(ce ? &ce->function_table : CG(function_table));
		zend_function *f = l->class_name && !ce ? NULL : zend_hash_str_find_ptr(table, l->name, strlen(l->name));

		if (!f || f->type != ZEND_INTERNAL_FUNCTION)
			continue;
		l->function = f;
		l->original = f->internal_function.handler;
		f->internal_function.handler = ZEND_FN(rs_lasting_touch);
	}
}

bool rs_snapshot_tell_lasting(void)
{
	const struct rs_request_view *v = rs_php()->x ? rs_exchange_request(rs_php()->x) : NULL;

	if (!*done || told)
		return *done;
	told = true;
	rs_warnx(rs_host_log(), "%.*s %.*s %s, which nobody can take back: this process serves no other request and is replaced",
		 v ? (int)v->method.n : 0, v ? v->method.p : "", v ? (int)v->target.n : 0, v ? v->target.p : "",
		 done);
	return true;
}
