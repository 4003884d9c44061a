/*
 * gettext: its state is the C library's, for the process. Under php-fpm, too, so that there it is the next visitor's; here it goes back.
 * What a domain was like is written down before a request first changes it.
 */
#include "php_snapshot_process.h"

#include <langinfo.h>
#include <libintl.h>

const char *const rs_gettext_functions[] = { "textdomain", "bindtextdomain", "bind_textdomain_codeset", NULL };

#define FUNCTIONS 3

static struct {
	const zend_function *function;
	zif_handler original;
} seen[FUNCTIONS];

static char *current; /* the domain; NULL: nobody has changed it */
static struct domain {
	char *name, *directory;
	char *codeset;       /* NULL: that of the locale */
} *domains;
static uint32_t ndomains, cap;

static char *copy(const char *text)
{
	return text ? pestrdup(text, true) : NULL;
}

static void note_domain(const char *name)
{
	for (uint32_t i = 0; i < ndomains; i++) {
		if (strcmp(domains[i].name, name) == 0)
			return;
	}
	domains = rs_snapshot_room(domains, ndomains, &cap, sizeof *domains);
	domains[ndomains++] = (struct domain){ copy(name), copy(bindtextdomain(name, NULL)), copy(bind_textdomain_codeset(name, NULL)) };
}

static void note(size_t function, const zval *name)
{
	if (!rs_php_snapshot_taken())
		return;
	if (function == 0 && !current)
		current = copy(textdomain(NULL));
	else if (function > 0 && name && Z_TYPE_P(name) == IS_STRING && Z_STRLEN_P(name) && strlen(Z_STRVAL_P(name)) == Z_STRLEN_P(name))
		note_domain(Z_STRVAL_P(name));
}

static ZEND_FUNCTION(rs_gettext_touch)
{
	for (size_t i = 0; i < FUNCTIONS; i++) {
		if (seen[i].function == EX(func)) {
			note(i, ZEND_NUM_ARGS() > 0 ? ZEND_CALL_ARG(execute_data, 1) : NULL);
			seen[i].original(INTERNAL_FUNCTION_PARAM_PASSTHRU);
			return;
		}
	}
}

void rs_gettext_guard(void)
{
	for (size_t i = 0; i < FUNCTIONS; i++) {
		zend_function *f = zend_hash_str_find_ptr(CG(function_table), rs_gettext_functions[i], strlen(rs_gettext_functions[i]));

		if (!f || f->type != ZEND_INTERNAL_FUNCTION)
			continue;
		seen[i].function = f;
		seen[i].original = f->internal_function.handler;
		f->internal_function.handler = ZEND_FN(rs_gettext_touch);
	}
}

static unsigned restore_domain(struct domain *d)
{
	const char *directory = bindtextdomain(d->name, NULL), *codeset = bind_textdomain_codeset(d->name, NULL);
	unsigned n = 0;

	if (d->directory && (!directory || strcmp(directory, d->directory) != 0)) {
		(void)bindtextdomain(d->name, d->directory);
		n++;
	}
	/* Once named, a codeset cannot be unnamed. */
	if (codeset && (!d->codeset || strcmp(codeset, d->codeset) != 0)) {
		(void)bind_textdomain_codeset(d->name, d->codeset ? d->codeset : nl_langinfo(CODESET));
		n++;
	}
	pefree(d->name, true);
	if (d->directory)
		pefree(d->directory, true);
	if (d->codeset)
		pefree(d->codeset, true);
	return n;
}

unsigned rs_gettext_restore(void)
{
	unsigned n = 0;

	if (current) {
		(void)textdomain(current);
		pefree(current, true);
		current = NULL;
		n++;
	}
	while (ndomains > 0)
		n += restore_domain(&domains[--ndomains]);
	return n;
}
