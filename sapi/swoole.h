/*
 * What the files of the classes (swoole_*.c) share: registration, objects, how things fail. Contract: the server API, sections
 * A, B, K. One class, one file; arginfo comes from stubs/NAME.stub.php by bin/stubs.
 */
#ifndef RS_SWOOLE_H
#define RS_SWOOLE_H

#include "php_call.h"

#define RS_SWOOLE_VERSION "5.1.8"
#define RS_SWOOLE_VERSION_ID 50108

/* Module entry; get_module() and the hosting SAPI register it. */
extern zend_module_entry rs_swoole_module_entry;

/*
 * One row a file of classes, parents first: swoole_files.def, RS_SWOOLE_FILE(name) expands to
 *   void rs_swoole_minit_name(void);    registers classes, constants of the class
 */
#define RS_SWOOLE_FILE(name) void rs_swoole_minit_##name(void);
#include "swoole_files.def"
#undef RS_SWOOLE_FILE

/* swoole_exception.c */
extern zend_class_entry *rs_swoole_exception_ce, *rs_swoole_error_ce, *rs_swoole_exit_exception_ce;
/* throw Swoole\Exception(message, code) */
ZEND_COLD void rs_swoole_throw(zend_long code, const char *fmt, ...) RS_PRINTF(2, 3);
/* throw Swoole\Error(message, code) */
ZEND_COLD void rs_swoole_throw_error(zend_long code, const char *fmt, ...) RS_PRINTF(2, 3);

/* Engine error number of this process: swoole_last_error(), Server->getLastError(). */
void rs_swoole_set_error(int code);
int rs_swoole_last_error(void);
/* Text of an engine error number (K) or errno; never NULL. */
const char *rs_swoole_strerror(int code);

/* warn+false of the contract: E_WARNING "Class::method(): text" and sets the error number when code != 0. */
ZEND_COLD void rs_swoole_warn(int code, const char *fmt, ...) RS_PRINTF(2, 3);
/* fatal of the contract: E_ERROR, the process ends with 255. Does not return (bails out). */
ZEND_COLD ZEND_NORETURN void rs_swoole_fatal(const char *fmt, ...) RS_PRINTF(1, 2);
/* log+false of the contract: a line in the server log, in its format, subject to log_level. level: SWOOLE_LOG_*. */
ZEND_COLD void rs_swoole_log(int level, int code, const char *fmt, ...) RS_PRINTF(3, 4);

/*
 * Objects with a C struct: `struct x { ...; zend_object std; }`, std last. Not cloneable, not serializable.
 * rs_swoole_handlers() prepares a copy of the standard handlers for such a class.
 */
void rs_swoole_handlers(zend_object_handlers *h, size_t offset, zend_object_free_obj_t free_obj);
#define RS_SWOOLE_OBJECT(type, zobj) ((type *)((char *)(zobj) - offsetof(type, std)))

/* The old name of a class: class_alias. Called in MINIT right after registration. */
void rs_swoole_alias(zend_class_entry *ce, const char *alias);
/* Allows dynamic properties on it and its children. */
void rs_swoole_allow_dynamic(zend_class_entry *ce);
/* unset() of these declared properties throws Error. */
void rs_swoole_keep_properties(zend_class_entry *ce, zend_object_handlers *h);

/* true when user code may run asynchronous things here: not in a blocking task worker, not in the manager. */
bool rs_swoole_async_allowed(void);
/* Is a server of this process tree running (we are in one of its processes)? */
bool rs_swoole_in_server(void);

#endif
