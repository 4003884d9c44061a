/*
 * cli_set_process_title(), cli_get_process_title() where we host PHP: they write on the daemon's title area.
 */
#include "php_title.h"

ZEND_FUNCTION(rs_set_title)
{
	char *title;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STRING(title, n)
	ZEND_PARSE_PARAMETERS_END();
	(void)n;
	rs_title_put(rs_php()->h->title, title);
	RETURN_TRUE;
}

ZEND_FUNCTION(rs_get_title)
{
	const struct rs_title *t = rs_php()->h->title;

	ZEND_PARSE_PARAMETERS_NONE();
	if (!t->area)
		RETURN_NULL();
	RETURN_STRINGL(t->area, strnlen(t->area, t->size));
}
