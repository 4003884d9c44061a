/*
 * Functions of the PHP glue (sapi/php), in the namespace Rserverd: their implementations. php_glue.c registers them.
 */
#ifndef RS_PHP_GLUE_H
#define RS_PHP_GLUE_H

#include "sapi.h"

/* php_glue_boot.c: while the application boots */
ZEND_FUNCTION(rs_serve);
ZEND_FUNCTION(rs_app_conf);
ZEND_FUNCTION(rs_facts);
ZEND_FUNCTION(rs_boot_failed);

/* php_glue_settings.c */
ZEND_FUNCTION(rs_settings);
/* All options of a section by their keys: bool, int, float (seconds), string, list of strings. */
void rs_php_conf_section(const char *section, zval *out);

/* php_glue_server.c: the application's server */
ZEND_FUNCTION(rs_server_object);
ZEND_FUNCTION(rs_title_user_process);
ZEND_FUNCTION(rs_deliver);
ZEND_FUNCTION(rs_outside);
ZEND_FUNCTION(rs_where);

/* php_glue_kept.c */
ZEND_FUNCTION(rs_kept);

/* php_glue_request.c: while something runs */
ZEND_FUNCTION(rs_finish_request);
ZEND_FUNCTION(rs_send_file);
ZEND_FUNCTION(rs_headers_send);
ZEND_FUNCTION(rs_one_request);
ZEND_FUNCTION(rs_log_line);
ZEND_FUNCTION(rs_ask_reload);
ZEND_FUNCTION(rs_header_variables);
ZEND_FUNCTION(rs_getallheaders);

#endif
