/*
 * What a request can change in PHP's settings, put back after it: ini directives, putenv(), the default stream context, the process's title.
 * Runs in workers. What boot had set stays set: it is compared with a copy made when boot was over.
 */
#include "php_doctor.h"
#include "php_title.h"

#include <ext/standard/file.h>

/* A directive that boot has changed, and to what. */
struct rs_php_directive {
	zend_ini_entry *entry;
	zend_string *value; /* a reference of ours, or NULL */
};

/* A variable that boot has put into the environment with putenv(). */
struct rs_php_variable {
	zend_string *name; /* permanent */
	char *text;        /* "NAME=value", or "NAME" when boot took it out; ours */
};

/* ---- ini ------------------------------------------------------------------------------------------------------- */

static void remember_directives(struct rs_php *php)
{
	zend_ini_entry *e;

	php->ndirectives = 0;
	if (!EG(modified_ini_directives))
		return;
	php->directives = safe_perealloc(php->directives, zend_hash_num_elements(EG(modified_ini_directives)),
					 sizeof *php->directives, 0, true);
	ZEND_HASH_FOREACH_PTR(EG(modified_ini_directives), e) {
		php->directives[php->ndirectives++] =
			(struct rs_php_directive){ e, e->value ? zend_string_copy(e->value) : NULL };
	} ZEND_HASH_FOREACH_END();
}

static struct rs_php_directive *directive_of(struct rs_php *php, const zend_ini_entry *e)
{
	for (uint32_t i = 0; i < php->ndirectives; i++) {
		if (php->directives[i].entry == e)
			return &php->directives[i];
	}
	return NULL;
}

static bool restore_directive(struct rs_php *php, zend_ini_entry *e)
{
	struct rs_php_directive *d = directive_of(php, e);

	if (!d)
		return zend_restore_ini_entry(e->name, ZEND_INI_STAGE_DEACTIVATE) == SUCCESS;
	if (d->value == e->value || !d->value)
		return false;
	zend_alter_ini_entry_ex(e->name, d->value, e->modifiable, ZEND_INI_STAGE_DEACTIVATE, true);
	zend_string_release(d->value);
	d->value = zend_string_copy(e->value);
	return true;
}

static void restore_directives(struct rs_php *php)
{
	zend_ini_entry *changed[64], *e;
	size_t n;
	bool any = false;

	/* Restoring takes an entry out of the table, so the changed ones are collected first, some at a time. */
	do {
		n = 0;
		if (!EG(modified_ini_directives))
			break;
		ZEND_HASH_FOREACH_PTR(EG(modified_ini_directives), e) {
			struct rs_php_directive *d = directive_of(php, e);
			if (n < RS_COUNTOF(changed) && (!d || (d->value && d->value != e->value)))
				changed[n++] = e;
		} ZEND_HASH_FOREACH_END();
		for (size_t i = 0; i < n; i++)
			any = restore_directive(php, changed[i]) || any;
	} while (n == RS_COUNTOF(changed));
	/* ini_restore() takes out what boot has put in. */
	for (uint32_t i = 0; i < php->ndirectives; i++) {
		const struct rs_php_directive *d = &php->directives[i];
		if (!d->entry->modified && d->value && d->value != d->entry->value)
			any = restore_directive(php, d->entry) || any;
	}
	/* One of them may have been the time limit: the timer is set anew with the next request. */
	if (any)
		php->timer_armed_us = 0;
}

/* ---- environment ------------------------------------------------------------------------------------------------- */

static zif_handler php_putenv;

static ZEND_FUNCTION(rs_putenv)
{
	rs_php()->environment_changed = true;
	php_putenv(INTERNAL_FUNCTION_PARAM_PASSTHRU);
}

void rs_php_putenv_guard(void)
{
	zend_function *f = zend_hash_str_find_ptr(CG(function_table), ZEND_STRL("putenv"));

	if (!f || f->type != ZEND_INTERNAL_FUNCTION)
		return;
	php_putenv = f->internal_function.handler;
	f->internal_function.handler = ZEND_FN(rs_putenv);
}

static void remember_environment(struct rs_php *php)
{
	zend_string *name;

	php->variables = safe_perealloc(php->variables, zend_hash_num_elements(&BG(putenv_ht)) + 1,
					sizeof *php->variables, 0, true);
	php->nvariables = 0;
	ZEND_HASH_FOREACH_STR_KEY(&BG(putenv_ht), name) {
		const char *value = getenv(ZSTR_VAL(name));
		struct rs_php_variable *v = &php->variables[php->nvariables++];
		v->name = zend_string_dup(name, true);
		v->text = NULL;
		if (asprintf(&v->text, value ? "%s=%s" : "%s", ZSTR_VAL(name), value) < 0)
			zend_error_noreturn(E_ERROR, "Out of memory");
	} ZEND_HASH_FOREACH_END();
	php->environment_changed = false;
}

static struct rs_php_variable *variable_of(struct rs_php *php, zend_string *name)
{
	for (uint32_t i = 0; i < php->nvariables; i++) {
		if (zend_string_equals(php->variables[i].name, name))
			return &php->variables[i];
	}
	return NULL;
}

static void put_again(const struct rs_php_variable *v)
{
	zval name, arg, ret;

	ZVAL_STRING(&name, "putenv");
	ZVAL_STRING(&arg, v->text);
	ZVAL_UNDEF(&ret);
	(void)call_user_function(NULL, NULL, &name, &ret, 1, &arg);
	zval_ptr_dtor(&name);
	zval_ptr_dtor(&arg);
	zval_ptr_dtor(&ret);
}

static void restore_environment(struct rs_php *php)
{
	zend_string *name;

	if (!php->environment_changed)
		return;
	ZEND_HASH_FOREACH_STR_KEY(&BG(putenv_ht), name) {
		/* The entry's destructor puts back what the variable was before. */
		if (!variable_of(php, name))
			zend_hash_del(&BG(putenv_ht), name);
	} ZEND_HASH_FOREACH_END();
	for (uint32_t i = 0; i < php->nvariables; i++)
		put_again(&php->variables[i]);
	php->environment_changed = false;
}

/* ---- the default stream context ------------------------------------------------------------------------------------ */

static void remember_context(struct rs_php *php)
{
	php->stream_context = FG(default_context);
	zval_ptr_dtor(&php->stream_options);
	ZVAL_UNDEF(&php->stream_options);
	if (php->stream_context)
		ZVAL_COPY(&php->stream_options, &php->stream_context->options);
}

static void restore_context(struct rs_php *php)
{
	php_stream_context *now = FG(default_context), *was = php->stream_context;

	if (now != was) {
		if (now)
			zend_list_delete(now->res);
		FG(default_context) = was;
	}
	/* Any fopen() while booting makes one, and then requests change what is in it. */
	if (was && Z_ARRVAL(was->options) != Z_ARRVAL(php->stream_options)) {
		zval old;

		ZVAL_COPY_VALUE(&old, &was->options);
		ZVAL_COPY(&was->options, &php->stream_options);
		zval_ptr_dtor(&old);
	}
}

/* ---- all ---------------------------------------------------------------------------------------------------------- */

void rs_php_remember_settings(void)
{
	struct rs_php *php = rs_php();

	remember_directives(php);
	remember_environment(php);
	remember_context(php);
}

void rs_php_restore_settings(void)
{
	struct rs_php *php = rs_php();

	restore_directives(php);
	restore_environment(php);
	restore_context(php);
	rs_php_restore_title();
}

/* ---- for the doctor ------------------------------------------------------------------------------------------------ */

static void tell_text(rs_snapshot_tell tell, void *arg, const char *kind, zend_string *name, zend_string *before, zend_string *after)
{
	zval was, is;

	if (before)
		ZVAL_STR(&was, before);
	if (after)
		ZVAL_STR(&is, after);
	tell(&(struct rs_snapshot_change){ .kind = kind, .name = name, .before = before ? &was : NULL, .after = after ? &is : NULL }, arg);
}

/* Off, in one of the ways to write it. */
static bool is_off(const zend_string *s)
{
	return !s || ZSTR_LEN(s) == 0 || zend_string_equals_literal(s, "0") || zend_string_equals_literal_ci(s, "off");
}

static bool is_same_setting(const zend_string *a, const zend_string *b)
{
	return a == b || (is_off(a) && is_off(b)) || (a && b && zend_string_equals(a, b));
}

static void tell_directives(struct rs_php *php, rs_snapshot_tell tell, void *arg)
{
	zend_ini_entry *e;

	if (!EG(modified_ini_directives))
		return;
	ZEND_HASH_FOREACH_PTR(EG(modified_ini_directives), e) {
		struct rs_php_directive *d = directive_of(php, e);
		zend_string *before = d ? d->value : e->orig_value;
		if (!is_same_setting(before, e->value))
			tell_text(tell, arg, "ini", e->name, before, e->value);
	} ZEND_HASH_FOREACH_END();
}

static void tell_environment(struct rs_php *php, rs_snapshot_tell tell, void *arg)
{
	zend_string *name;

	if (!php->environment_changed)
		return;
	ZEND_HASH_FOREACH_STR_KEY(&BG(putenv_ht), name) {
		struct rs_php_variable *v = variable_of(php, name);
		const char *value = getenv(ZSTR_VAL(name)), *was = v ? strchr(v->text, '=') : NULL;
		zend_string *before, *after;
		if (v && (was ? value && strcmp(was + 1, value) == 0 : !value))
			continue;
		before = was ? zend_string_init(was + 1, strlen(was + 1), false) : NULL;
		after = value ? zend_string_init(value, strlen(value), false) : NULL;
		tell_text(tell, arg, "environment", name, before, after);
		if (before)
			zend_string_release(before);
		if (after)
			zend_string_release(after);
	} ZEND_HASH_FOREACH_END();
}

void rs_php_settings_differences(rs_snapshot_tell tell, void *arg)
{
	tell_directives(rs_php(), tell, arg);
	tell_environment(rs_php(), tell, arg);
}
