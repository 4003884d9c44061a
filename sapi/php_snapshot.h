/*
 * The snapshot: what this process's PHP looked like before its first request, and the way back to it after each one
 * (isolation = snapshot, spec/modes.md section 7.1).
 *
 * Taken once in every worker, after the fork and after everything that runs once in a worker. A snapshot holds references:
 * arrays are copy-on-write, so what a request changes is a new array in an old place, and restoring compares two words for
 * every place. It is made of parts, each with one subject and a file of its own; php_snapshot.c has the table and goes through
 * it in order:
 *
 *   part         file                      what
 *   objects      php_snapshot_objects.c    all objects that are there; php_snapshot_kept.c: properties of one, static variables of a closure;
 *                php_snapshot_adopted.c    connections and such that come later
 *   statics      php_snapshot_statics.c    static properties of classes, static variables of functions
 *   globals      php_snapshot_globals.c    EG(symbol_table) without the superglobals
 *   references   php_snapshot_places.c     what is behind the references in all of these, arrays included
 *   inner        php_snapshot_inner.c      objects that keep their contents in C: SPL storages, WeakMap, DateTime, HashContext; _tables.c, _dates.c, _hashes.c
 *   symbols      php_snapshot_symbols.c    constants, classes and functions declared since; files included since; _expressions.c: classes made of such
 *   process      php_snapshot_process.c    what lives in C: random state, handlers, autoloaders, ticks, wrappers ...
 *
 * Nothing is destroyed while places are put back: old values go to the grave (rs_snapshot_bury()), and destructors run when all
 * is as it was. What they change is put back again.
 */
#ifndef RS_PHP_SNAPSHOT_H
#define RS_PHP_SNAPSHOT_H

#include "sapi.h"

/* ---- the whole ------------------------------------------------------------------------------------------------ */

/* Remembers. Once, in a worker; may run user code (constant expressions of classes). */
void rs_php_snapshot_take(void);
bool rs_php_snapshot_taken(void);
/* Whether something was done since that no process can take back; the log says what. This one must not serve another request then. */
bool rs_snapshot_tell_lasting(void);
/* For the parts: something such, as a verb and what it was done to. */
void rs_snapshot_lasts(const char *format, ...) __attribute__((format(printf, 1, 2)));
/*
 * Puts everything back, runs the destructors of what is dropped: from inside of a guarded call, for they are user code. How many
 * places had changed.
 */
unsigned rs_php_snapshot_restore(void);
/* Rserverd\snapshot_facts(): array{taken: bool, take_us: int, objects: int, places: int, restores: int, changed: int,
 * restore_ns: int, destroy_ns: int}: how much there is; how often and how long in all; without and with what dies of it */
ZEND_FUNCTION(rs_snapshot_facts);

/* When PHP has started, before any code of the user's is compiled: functions that parts must see called. */
void rs_snapshot_symbols_guard(void);
void rs_snapshot_process_guard(void);

/* ---- for the doctor: what differs ------------------------------------------------------------------------------ */

/* One difference; every text lives until the call returns. */
struct rs_snapshot_change {
	const char *kind;        /* "property", "static", "function static", "global", "ini", "constant", "inner", "process" */
	zend_string *owner;      /* class or function; NULL: none */
	zend_string *name;       /* property, variable, directive */
	const zval *before, *after; /* NULL: it was not there, it is not there any more */
	zend_string *file;       /* where owner is declared; NULL: in PHP itself */
};
typedef void (*rs_snapshot_tell)(const struct rs_snapshot_change *change, void *arg);
/* Tells every difference between now and the snapshot; changes nothing. */
void rs_php_snapshot_differences(rs_snapshot_tell tell, void *arg);

/* ---- for the parts ---------------------------------------------------------------------------------------------- */

/* What every restore runs lies together: after a request hardly any of it is in the processor's caches. */
#define RS_HOT __attribute__((hot))

struct rs_snapshot_part {
	const char *name;
	void (*take)(void);
	unsigned (*restore)(void);                                /* how many places had changed */
	void (*differences)(rs_snapshot_tell tell, void *arg);
};
extern const struct rs_snapshot_part rs_snapshot_objects, rs_snapshot_statics, rs_snapshot_globals, rs_snapshot_references,
	rs_snapshot_inner, rs_snapshot_symbols, rs_snapshot_process;

/*
 * An array that grows, in memory that outlives requests: v, moved if need be, with room for element i. *cap is how many fit; v may be
 * NULL when that is 0. Ends the process when there is no memory.
 */
void *rs_snapshot_room(void *v, uint32_t i, uint32_t *cap, size_t size) __attribute__((warn_unused_result));

/* Takes a value over, to be destroyed when everything is back. */
void rs_snapshot_bury(zval *value);
/* The same value, as far as a place can tell: a copy-on-write array that was written to is another one. */
static inline bool rs_snapshot_same(const zval *a, const zval *b)
{
	return Z_TYPE_INFO_P(a) == Z_TYPE_INFO_P(b) && (Z_TYPE_P(a) <= IS_TRUE || Z_LVAL_P(a) == Z_LVAL_P(b));
}

/* php_snapshot_exempt.c: objects and properties that keep what requests put there. */
void rs_snapshot_exempt_begin(void); /* before anything is asked: reads the configuration */
bool rs_snapshot_object_is_exempt(const zend_object *object);
bool rs_snapshot_class_is_exempt(const zend_class_entry *ce); /* its statics, and those of its methods */
bool rs_snapshot_property_is_exempt(const zend_class_entry *ce, const zend_property_info *info);
/* Of an exempt one: objects that it leads to are put back to what they are when the request has ended that made them. */
bool rs_snapshot_property_is_adopted(const zend_property_info *info);

#endif
