/*
 * What lives in C and php-fpm would put back at a request's end, by subject. Functions that change such a thing are seen called
 * (php_snapshot_process.c has the table), and only then is its subject put back; what has no such function is compared.
 *
 *   php_snapshot_process.c        the table; random state, signals, ticks
 *   php_snapshot_libraries.c      libxml, OpenSSL, mb_ereg, syslog, readline
 *   php_snapshot_asked.c          what PHP's own functions tell and set: mbstring, autoloaders ...
 *   php_snapshot_streams.c        stream wrappers and filters
 *   php_snapshot_handlers.c       error and exception handlers, with those below them
 *   php_snapshot_pdo.c            attributes of PDO connections
 *   php_snapshot_gettext.c        the domain of translations, and where each one's files are
 *   php_snapshot_lasting.c        what cannot be put back: the process is replaced
 */
#ifndef RS_PHP_SNAPSHOT_PROCESS_H
#define RS_PHP_SNAPSHOT_PROCESS_H

#include "php_snapshot.h"

/* Calls a function of PHP's by its name. false: there is none, or it threw; ret is UNDEF then. */
bool rs_ask(const char *function, uint32_t argc, zval *argv, zval *ret);
/* Calls what needs no argument, for its effect: 1; 0: it failed. */
unsigned rs_call(const char *function);

/* take() remembers, restore() puts back and says how much that was. Values that go are buried. */
struct rs_subject {
	const char *name;                         /* for the doctor */
	const char *const *functions;             /* that change it; NULL-terminated */
	void (*take)(void);                       /* or NULL */
	unsigned (*restore)(void);
	bool tell;                                /* without arguments these functions only tell; the cleaners ask some of them */
};

/* php_snapshot_asked.c */
void rs_asked_take(void);
unsigned rs_asked_restore(void);
extern const char *const rs_asked_functions[];
void rs_autoload_take(void);
unsigned rs_autoload_restore(void);

/* php_snapshot_streams.c */
void rs_wrappers_take(void);
unsigned rs_wrappers_restore(void);
void rs_filters_take(void);
unsigned rs_filters_restore(void);
void rs_streams_take(void); /* contexts, and the standard streams */
unsigned rs_streams_restore(void);

/* php_snapshot_handlers.c */
void rs_handlers_take(void);
unsigned rs_handlers_restore(void); /* compares first: for every request */

/* php_snapshot_libraries.c */
extern const char *const rs_libxml_functions[], *const rs_openssl_functions[], *const rs_rewrite_functions[], *const rs_regex_functions[],
	*const rs_syslog_functions[], *const rs_readline_functions[], *const rs_entities_functions[];
void rs_libxml_take(void);
void rs_libxml_forget_errors(void);
unsigned rs_libxml_restore(void);
void rs_entities_take(void);
unsigned rs_entities_restore(void);
void rs_openssl_take(void);
unsigned rs_openssl_restore(void);
unsigned rs_rewrite_restore(void);
unsigned rs_regex_restore(void);
unsigned rs_syslog_restore(void);
unsigned rs_readline_restore(void);

/* php_snapshot_gettext.c */
extern const char *const rs_gettext_functions[];
void rs_gettext_guard(void);
unsigned rs_gettext_restore(void);

/* php_snapshot_lasting.c */
void rs_lasting_guard(void);

/* php_snapshot_pdo.c */
void rs_pdo_guard(void);
void rs_pdo_forget(const zend_object *object); /* another connection is at its address */
unsigned rs_pdo_restore(void);

#endif
