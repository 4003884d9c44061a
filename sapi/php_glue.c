/*
 * Functions of the PHP glue (sapi/php), in the namespace Rserverd, and the ones that php-fpm has and the cli name hides.
 * Most are registered only when this module hosts PHP; those that other PHP processes need as well (Artisan, FPM), always.
 */
#include "php_glue.h"
#include "php_connections.h"
#include "php_doctor.h"
#include "php_memory.h"
#include "php_snapshot.h"
#include "php_state.h"
#include "php_title.h"

#include <ext/standard/head.h>

ZEND_BEGIN_ARG_INFO_EX(arginfo_none, 0, 0, 0) ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_serve, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, handle, IS_CALLABLE, 0)
	ZEND_ARG_TYPE_INFO(0, clean, IS_CALLABLE, 1)
	ZEND_ARG_TYPE_INFO(0, workerStart, IS_CALLABLE, 1)
	ZEND_ARG_TYPE_INFO(0, idle, IS_CALLABLE, 1)
	ZEND_ARG_TYPE_INFO(0, warm, IS_CALLABLE, 1)
	ZEND_ARG_TYPE_INFO(0, settle, IS_CALLABLE, 1)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_array, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, values, IS_ARRAY, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_text, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, text, IS_STRING, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_log, 0, 0, 2)
	ZEND_ARG_TYPE_INFO(0, level, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, text, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_INFO_EX(arginfo_server, 0, 0, 2)
	ZEND_ARG_TYPE_INFO(0, class, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, settings, IS_ARRAY, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_title, 0, 0, 2)
	ZEND_ARG_TYPE_INFO(0, index, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, title, IS_STRING, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_kept, 0, 0, 2)
	ZEND_ARG_TYPE_INFO(0, name, IS_STRING, 0)
	ZEND_ARG_TYPE_INFO(0, make, IS_CALLABLE, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_deliver, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, data, IS_MIXED, 0)
	ZEND_ARG_TYPE_INFO(0, delay, IS_DOUBLE, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_route, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, uri, IS_STRING, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_connection, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, connection, IS_OBJECT, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_INFO_EX(arginfo_path, 0, 0, 1)
	ZEND_ARG_TYPE_INFO(0, path, IS_STRING, 0)
ZEND_END_ARG_INFO()

ZEND_BEGIN_ARG_INFO_EX(arginfo_send_file, 0, 0, 3)
	ZEND_ARG_INFO(0, stream)
	ZEND_ARG_TYPE_INFO(0, offset, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO(0, length, IS_LONG, 0)
ZEND_END_ARG_INFO()
ZEND_BEGIN_ARG_WITH_RETURN_TYPE_INFO_EX(arginfo_headers_send, 0, 0, IS_LONG, 0)
	ZEND_ARG_TYPE_INFO_WITH_DEFAULT_VALUE(0, status, IS_LONG, 0, "200")
ZEND_END_ARG_INFO()

#define NS "Rserverd\\"
const zend_function_entry rs_php_glue_functions[] = {
	ZEND_RAW_FENTRY(NS "settings", ZEND_FN(rs_settings), arginfo_none, 0)
	ZEND_RAW_FENTRY(NS "serve", ZEND_FN(rs_serve), arginfo_serve, 0)
	ZEND_RAW_FENTRY(NS "app_conf", ZEND_FN(rs_app_conf), arginfo_array, 0)
	ZEND_RAW_FENTRY(NS "server", ZEND_FN(rs_server_object), arginfo_server, 0)
	ZEND_RAW_FENTRY(NS "title_user_process", ZEND_FN(rs_title_user_process), arginfo_title, 0)
	ZEND_RAW_FENTRY(NS "kept", ZEND_FN(rs_kept), arginfo_kept, 0)
	ZEND_RAW_FENTRY(NS "facts", ZEND_FN(rs_facts), arginfo_array, 0)
	ZEND_RAW_FENTRY(NS "boot_failed", ZEND_FN(rs_boot_failed), arginfo_text, 0)
	ZEND_RAW_FENTRY(NS "route", ZEND_FN(rs_route), arginfo_route, 0)
	ZEND_RAW_FENTRY(NS "touched", ZEND_FN(rs_touched), arginfo_none, 0)
	ZEND_RAW_FENTRY(NS "spoilt", ZEND_FN(rs_spoilt), arginfo_connection, 0)
	ZEND_RAW_FENTRY(NS "doctor_on", ZEND_FN(rs_doctor_on), arginfo_none, 0)
	ZEND_RAW_FENTRY(NS "doctor_routes", ZEND_FN(rs_doctor_routes), arginfo_array, 0)
	ZEND_RAW_FENTRY(NS "finish_request", ZEND_FN(rs_finish_request), arginfo_none, 0)
	ZEND_RAW_FENTRY(NS "send_file", ZEND_FN(rs_send_file), arginfo_send_file, 0)
	ZEND_RAW_FENTRY(NS "one_request", ZEND_FN(rs_one_request), arginfo_none, 0)
	ZEND_RAW_FENTRY(NS "header_variables", ZEND_FN(rs_header_variables), arginfo_array, 0)
	ZEND_RAW_FENTRY(NS "log", ZEND_FN(rs_log_line), arginfo_log, 0)
	ZEND_RAW_FENTRY(NS "ask_reload", ZEND_FN(rs_ask_reload), arginfo_text, 0)
	ZEND_RAW_FENTRY(NS "snapshot_facts", ZEND_FN(rs_snapshot_facts), arginfo_none, 0)
	RS_STATE_FUNCTIONS(NS)
	ZEND_RAW_FENTRY("fastcgi_finish_request", ZEND_FN(rs_finish_request), arginfo_none, 0)
	ZEND_RAW_FENTRY("headers_send", ZEND_FN(rs_headers_send), arginfo_headers_send, 0)
	ZEND_RAW_FENTRY("getallheaders", ZEND_FN(rs_getallheaders), arginfo_none, 0)
	ZEND_RAW_FENTRY("apache_request_headers", ZEND_FN(rs_getallheaders), arginfo_none, 0)
	RS_TITLE_FUNCTIONS
	ZEND_FE_END
};

/* In every PHP process that has this module. */
const zend_function_entry rs_php_everywhere_functions[] = {
	ZEND_RAW_FENTRY(NS "deliver", ZEND_FN(rs_deliver), arginfo_deliver, 0)
	ZEND_RAW_FENTRY(NS "outside", ZEND_FN(rs_outside), arginfo_path, 0)
	ZEND_RAW_FENTRY(NS "where", ZEND_FN(rs_where), arginfo_none, 0)
	ZEND_FE_END
};
