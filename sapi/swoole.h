/*
 * What the files of the classes (swoole_*.c) share: registration, objects, how things fail. Contract: the server API, sections
 * A, B, K. One class, one file; arginfo comes from stubs/NAME.stub.php by bin/stubs.
 */
#ifndef RS_SWOOLE_H
#define RS_SWOOLE_H

#include "php_call.h"

#define RS_SWOOLE_VERSION "5.1.8"
#define RS_SWOOLE_VERSION_ID 50108

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

/* ExitException::getFlags() */
#define RS_SWOOLE_EXIT_IN_COROUTINE 2
#define RS_SWOOLE_EXIT_IN_SERVER 4

/* Engine error numbers: RS_SWOOLE_ERROR_SESSION_NOT_EXIST and so on, SWOOLE_ERROR_* in PHP. */
enum rs_swoole_error {
#define RS_SWOOLE_ERROR(number, name, text) RS_SWOOLE_ERROR_##name = number,
#include "swoole_errors.def"
#undef RS_SWOOLE_ERROR
};

/* Engine error number of this process: swoole_last_error(), Server->getLastError(). */
void rs_swoole_set_error(int code);
int rs_swoole_last_error(void);
/* Text of an engine error number (K) or errno; never NULL. */
const char *rs_swoole_strerror(int code);

/* warn+false of the contract: E_WARNING "Class::method(): text" and sets the error number when code != 0. */
ZEND_COLD void rs_swoole_warn(int code, const char *fmt, ...) RS_PRINTF(2, 3);
/* fatal of the contract: E_ERROR, the process ends with 255. Does not return (bails out). */
ZEND_COLD ZEND_NORETURN void rs_swoole_fatal(const char *fmt, ...) RS_PRINTF(1, 2);
/* SWOOLE_LOG_* */
enum rs_swoole_log_level {
	RS_SWOOLE_LOG_DEBUG, RS_SWOOLE_LOG_TRACE, RS_SWOOLE_LOG_INFO, RS_SWOOLE_LOG_NOTICE, RS_SWOOLE_LOG_WARNING,
	RS_SWOOLE_LOG_ERROR, RS_SWOOLE_LOG_NONE,
};
/*
 * log+false of the contract: "Class::method() (ERRNO code): text" as a line in the server log, in its format; where there
 * is no server, in the contract's format, in the file of rs_swoole_set_log_file() or on standard output. Subject to the level; not for a code that
 * swoole_ignore_error() named. Sets the error number when code != 0.
 */
ZEND_COLD void rs_swoole_log(int level, int code, const char *fmt, ...) RS_PRINTF(3, 4);
void rs_swoole_log_text(int level, zend_string *text); /* the text as it is */
/* The setting log_level: lines below are dropped. INFO at first. */
void rs_swoole_set_log_level(zend_long level);
zend_long rs_swoole_log_level(void);
/* The option enable_reuse_port of swoole_async_set(): what servers begin with. */
bool rs_swoole_reuse_port(void);
/* The setting log_file, for the time without a server. Empty: standard output. */
void rs_swoole_set_log_file(const char *path);
void rs_swoole_ignore_error(int code);
bool rs_swoole_error_ignored(int code);

/*
 * Objects with a C struct: `struct x { ...; zend_object std; }`, std last. Not cloneable; not serializable with
 * @not-serializable in the stub (children inherit it). rs_swoole_handlers() prepares a copy of the standard handlers for
 * such a class; free_obj NULL: zend_object_std_dtor().
 */
void rs_swoole_handlers(zend_object_handlers *h, size_t offset, zend_object_free_obj_t free_obj);
#define RS_SWOOLE_OBJECT(type, zobj) ((type *)((char *)(zobj) - offsetof(type, std)))

/* The old name of a class: class_alias. Called in MINIT right after registration. */
void rs_swoole_alias(zend_class_entry *ce, const char *alias);
/* Allows dynamic properties on it and its children. */
void rs_swoole_allow_dynamic(zend_class_entry *ce);
/* unset() of the properties that our classes declare throws Error. */
void rs_swoole_keep_properties(zend_class_entry *ce, zend_object_handlers *h);

/* What this process is to a server. Whoever makes a process of it says so first thing; a plain script, a plain child: SCRIPT. */
enum rs_swoole_place {
	RS_SWOOLE_SCRIPT, RS_SWOOLE_MASTER, RS_SWOOLE_MANAGER, RS_SWOOLE_WORKER,
	RS_SWOOLE_TASK_WORKER,       /* blocking */
	RS_SWOOLE_TASK_WORKER_ASYNC, /* task_enable_coroutine */
	RS_SWOOLE_USER_PROCESS,
};
void rs_swoole_set_place(enum rs_swoole_place place);
enum rs_swoole_place rs_swoole_place(void);
/* true when user code may run asynchronous things here: not in a blocking task worker, not in the manager. */
bool rs_swoole_async_allowed(void);
/* Is a server of this process tree running (we are in one of its processes)? */
bool rs_swoole_in_server(void);

/* Content type by the last suffix of a file's name, as swoole_mime_type_get(); valid until the table changes. */
const char *rs_swoole_mime_type(const char *file, size_t n);

/* For MINIT of a class file: called at the start of the PHP request, and at its end, last registered first. */
void rs_swoole_at_rinit(void (*fn)(void));
void rs_swoole_at_rshutdown(void (*fn)(void));

/* swoole_util.c, for swoole.c */
void rs_swoole_util_rinit(void);

#endif
