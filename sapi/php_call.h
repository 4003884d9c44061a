/*
 * Calls from C into PHP, and what came of them. A longjmp of PHP lands in php_call.c and nowhere else.
 */
#ifndef RS_PHP_CALL_H
#define RS_PHP_CALL_H

#include "sapi.h"

/* How a call of user code ended. */
enum rs_call_end {
	RS_CALL_OK,
	RS_CALL_THROWN, /* an exception left it; reported as an uncaught one ("PHP Fatal error:  Uncaught ..."), then forgotten */
	RS_CALL_EXIT,   /* exit or die; EG(exit_status) is set */
	RS_CALL_FATAL,  /* a fatal error: this process must answer what it owes, run shutdown functions, and end with 255 */
};

/* A callable that is kept. Owner: who set it. Zeroed is a valid one that is not set. */
bool rs_php_callback_set(struct rs_php_callback *cb, zval *callable);   /* false: not callable; cb is as before */
void rs_php_callback_copy(struct rs_php_callback *cb, const zend_fcall_info *fci, const zend_fcall_info_cache *fcc);
void rs_php_callback_free(struct rs_php_callback *cb);
/* The callable as PHP gave it: IS_UNDEF when not set. Not owned by the caller. */
zval *rs_php_callback_zval(struct rs_php_callback *cb);

/*
 * For servers: calls, and settles whatever happens. ret may be NULL; else it is UNDEF or a value the caller frees.
 * argv stays the caller's. cb may be changed or freed by what it calls. Inside, exit throws Swoole\ExitException.
 */
enum rs_call_end rs_php_call(struct rs_php_callback *cb, uint32_t argc, zval *argv, zval *ret);
/* For scripts: calls and lets exceptions (and exits, and fatal errors) go their way. false: EG(exception) is set. */
bool rs_php_call_through(struct rs_php_callback *cb, uint32_t argc, zval *argv, zval *ret);
/* Runs body guarded like rs_php_call(), but exit is a plain exit. */
enum rs_call_end rs_php_guarded(void (*body)(void *arg), void *arg);
/*
 * The same for what handles a request of a hosted application: as under php-fpm, the handler of set_exception_handler()
 * gets the exception first. It gets none of shutdown functions, output callbacks and destructors at the end.
 */
enum rs_call_end rs_php_guarded_app(void (*body)(void *arg), void *arg);
/* Within a guarded body: settles what a call threw, before the body goes on. */
void rs_php_settle_exception(void);

/*
 * Calls a function of PHP's own, object NULL or the one it is a method of; nobody hears of its warnings. false: it failed, and ret is UNDEF.
 */
bool rs_php_call_quietly(zend_function *f, zend_object *object, zval *ret, uint32_t argc, zval *argv);

/* After a fatal error, in a process that will end: its last user code (shutdown functions) can run, with memory of its own. */
void rs_php_after_fatal(void);

/* Are we inside rs_php_call()? Not in a child that has left the server: rs_php_leave_server(). */
bool rs_php_in_server_call(void);
void rs_php_leave_server(void);

#endif
