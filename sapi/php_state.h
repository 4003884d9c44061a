/*
 * Properties that go back to what they were: the mechanism under the cleaners of the glue (sapi/php/Laravel/States.php).
 *
 *   Rserverd\state_new(): int                    a new, empty set; lives as long as the process
 *   Rserverd\state_keep(int $set, object|string $target, array $except = [], array $with = []): void
 *       remembers the properties of an object, or the static ones that a class declares; $except: names left out;
 *       $with: name => value to go back to instead of the present one
 *   Rserverd\state_restore(int ...$sets): bool   puts them all back, set by set; true: something had changed
 *   Rserverd\state_constant(string $name, mixed $value): void
 *       defines a constant of the user's, or gives it another value: LARAVEL_START is the start of each request
 */
#ifndef RS_PHP_STATE_H
#define RS_PHP_STATE_H

#include "sapi.h"

ZEND_FUNCTION(rs_state_new);
ZEND_FUNCTION(rs_state_keep);
ZEND_FUNCTION(rs_state_restore);
ZEND_FUNCTION(rs_state_constant);

extern const zend_internal_arg_info rs_state_arginfo_new[1], rs_state_arginfo_keep[5], rs_state_arginfo_restore[2],
	rs_state_arginfo_constant[3];

#define RS_STATE_FUNCTIONS(ns) \
	ZEND_RAW_FENTRY(ns "state_new", ZEND_FN(rs_state_new), rs_state_arginfo_new, 0) \
	ZEND_RAW_FENTRY(ns "state_keep", ZEND_FN(rs_state_keep), rs_state_arginfo_keep, 0) \
	ZEND_RAW_FENTRY(ns "state_restore", ZEND_FN(rs_state_restore), rs_state_arginfo_restore, 0) \
	ZEND_RAW_FENTRY(ns "state_constant", ZEND_FN(rs_state_constant), rs_state_arginfo_constant, 0)

#endif
