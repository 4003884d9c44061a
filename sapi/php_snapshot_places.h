/*
 * Places: addresses of values with what they held. What objects, statics and globals of the snapshot are made of.
 */
#ifndef RS_PHP_SNAPSHOT_PLACES_H
#define RS_PHP_SNAPSHOT_PLACES_H

#include "php_snapshot.h"

struct rs_places {
	zval **at;    /* by number */
	zval *values; /* what they held: references of ours; with the flag of a property that was never initialised */
	uint32_t n, at_cap, values_cap;
};

/* Remembers what is at the place now. info: of a typed property, else NULL. */
void rs_places_add(struct rs_places *p, zval *at, zend_property_info *info);
/* Remembers this value for it instead; takes it over. */
void rs_places_add_value(struct rs_places *p, zval *at, zval *value);
/* Forgets them all. */
void rs_places_free(struct rs_places *p);

/* Whose place it is, for properties with a type that are bound to a reference; NULL: it has no type. Called for few places. */
typedef zend_property_info *(*rs_place_info)(const zval *at, uint32_t i);
unsigned rs_places_restore(struct rs_places *p, rs_place_info info);

/* Anything of this value that a reference in it could change without a write to a place: to be remembered as well. */
void rs_references_look(zval *value);

/* For people: how much there is. */
uint32_t rs_snapshot_count_objects(void), rs_snapshot_count_places(void), rs_snapshot_count_statics(void);

#endif
