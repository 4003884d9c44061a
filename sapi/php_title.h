/*
 * What ps shows of this process: functions that PHP's command line has, for where we host PHP under its name.
 */
#ifndef RS_PHP_TITLE_H
#define RS_PHP_TITLE_H

#include "sapi.h"

ZEND_FUNCTION(rs_set_title);
ZEND_FUNCTION(rs_get_title);
/* After a request or an event. */
void rs_php_restore_title(void);

ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_rs_set_title, 0, 1, _IS_BOOL, 0)
	ZEND_ARG_TYPE_INFO(0, title, IS_STRING, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_rs_get_title, 0, 0, IS_STRING, 1)
ZEND_END_ARG_INFO()

#define RS_TITLE_FUNCTIONS                                                                              \
	ZEND_RAW_FENTRY("cli_set_process_title", ZEND_FN(rs_set_title), arginfo_rs_set_title, 0)        \
	ZEND_RAW_FENTRY("cli_get_process_title", ZEND_FN(rs_get_title), arginfo_rs_get_title, 0)

#endif
