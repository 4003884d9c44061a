/*
 * One object of the snapshot. Shared by those that were there (php_snapshot_objects.c) and those that were adopted (php_snapshot_adopted.c).
 */
#ifndef RS_PHP_SNAPSHOT_KEPT_H
#define RS_PHP_SNAPSHOT_KEPT_H

#include "php_snapshot_places.h"

struct rs_kept {
	zend_object *object;
	HashTable *properties; /* as it was; held when it has dynamic entries only */
	HashTable *dynamic;    /* of a mixed table; NULL: it is none */
	uint32_t first, n;     /* its places */
};

/* An object that is about to end, or exempt. */
bool rs_kept_is_skipped(const zend_object *o);
/* Holds it, adds its places. exempt: told of the properties that may lead to objects to be adopted; may be NULL. */
struct rs_kept rs_kept_take(zend_object *o, struct rs_places *places, void (*exempt)(zval *at));
/* Its dynamic properties; the places are their owner's to restore. 1: something had changed. */
unsigned rs_kept_restore_table(const struct rs_kept *k);
/* Into the grave with what it remembers, and with the object. Its places are their owner's. */
void rs_kept_let_go(const struct rs_kept *k);
/* The property at this place; NULL: a variable of a closure. */
zend_property_info *rs_kept_info(const zend_object *o, const zval *at);
void rs_kept_tell(const struct rs_kept *k, const struct rs_places *places, rs_snapshot_tell tell, void *arg);

/* php_snapshot_adopted.c: objects that came later, behind exempt properties. */
void rs_adopted_begin(uint32_t handles);      /* before anything is taken; about how many there are */
void rs_adopted_know(const zend_object *o);   /* it is the snapshot's own */
void rs_adopted_look_behind(zval *at);        /* after every request */
void rs_adopted_take(zval *value);            /* now: the objects that it leads to */
unsigned rs_adopted_restore(void);
void rs_adopted_tell(rs_snapshot_tell tell, void *arg);
uint32_t rs_adopted_count(void);

#endif
