/*
 * cli_set_process_title(), cli_get_process_title() where we host PHP: they write on the daemon's title area. What a request or an event
 * writes there stays until that has ended.
 */
#include "php_title.h"

static char before[1024]; /* what it was; empty: nobody has changed it */

ZEND_FUNCTION(rs_set_title)
{
	struct rs_title *t = rs_php()->h->title;
	char *title;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STRING(title, n)
	ZEND_PARSE_PARAMETERS_END();
	(void)n;
	if (rs_php()->x && !rs_php()->starting && !*before && t->area)
		rs_copy(before, sizeof before, rs_slice(t->area, strnlen(t->area, t->size)));
	rs_title_put(t, title);
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

void rs_php_restore_title(void)
{
	if (*before)
		rs_title_put(rs_php()->h->title, before);
	*before = '\0';
}
