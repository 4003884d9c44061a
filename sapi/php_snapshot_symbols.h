/*
 * Between php_snapshot_symbols.c, which takes constants out, and php_snapshot_caches.c, which has opcodes forget them.
 */
#ifndef RS_PHP_SNAPSHOT_SYMBOLS_H
#define RS_PHP_SNAPSHOT_SYMBOLS_H

#include "php_snapshot.h"

/* A file is about to run: its closures may be known again when it runs another time. */
void rs_snapshot_file_code(zend_op_array *code);
/* No opcode remembers any constant of the user's, or that there is none, when this returns. */
void rs_snapshot_forget_constants(void);

/* php_snapshot_expressions.c: this constant goes; a class that was made of it lasts. */
void rs_snapshot_look_for_uses(const zend_string *constant);

#endif
