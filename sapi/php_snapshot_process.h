/*
 * What lives in C and php-fpm would put back at a request's end, by subject. Functions that change such a thing are seen called
 * (php_snapshot_process.c has the table), and only then is its subject put back; what has no such function is compared.
 *
 *   php_snapshot_process.c        the table; random state, signals, ticks, and other short ones
 *   php_snapshot_asked.c          what PHP's own functions tell and set: mbstring, autoloaders ...
 *   php_snapshot_streams.c        stream wrappers and filters
 *   php_snapshot_handlers.c       error and exception handlers, with those below them
 *   php_snapshot_transactions.c   transactions of PDO connections
 *   php_snapshot_pdo.c            attributes of PDO connections
 */
#ifndef RS_PHP_SNAPSHOT_PROCESS_H
#define RS_PHP_SNAPSHOT_PROCESS_H

#include "php_snapshot.h"

/* Calls a function of PHP's by its name. false: there is none, or it threw; ret is UNDEF then. */
bool rs_ask(const char *function, uint32_t argc, zval *argv, zval *ret);

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

/* php_snapshot_handlers.c */
void rs_handlers_take(void);
unsigned rs_handlers_restore(void); /* compares first: for every request */

/* php_snapshot_transactions.c */
void rs_transactions_guard(void);
unsigned rs_transactions_restore(void);

/* php_snapshot_pdo.c */
void rs_pdo_guard(void);
unsigned rs_pdo_restore(void);

#endif
