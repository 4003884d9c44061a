/*
 * What requests leave behind in PHP's memory, by route: a table of a generation, which all its workers write to and the master shows
 * (`rserverd status`). Plain shared memory, made by the master before it forks the manager, so there is nothing to pass on and nothing
 * that anybody could cut.
 *
 * A row is found by name and never goes away; what finds no place counts as RS_ROUTE_OTHER. Numbers are added atomically, so a
 * worker that is killed in the middle leaves a whole table. Names come from applications: only bytes 0x20 to 0x7e are ever stored,
 * and the reader, who believes nothing of it, looks again.
 */
#ifndef RS_ROUTES_H
#define RS_ROUTES_H

#include "base/rs_base.h"

#include <stdatomic.h>

#define RS_ROUTES_MAX 256
#define RS_ROUTE_NAME 128 /* bytes, the terminator included; longer names are cut */

enum rs_route_row {
	RS_ROUTE_OTHER = RS_ROUTES_MAX, /* routes beyond RS_ROUTES_MAX */
	RS_ROUTE_BETWEEN,               /* no request: timers, and what is collected while idle */
	RS_ROUTES_ROWS
};

/* Signed: a request may free what others have left. */
struct rs_route {
	uint64_t requests, first_requests; /* first: the first of this route in each worker, which loads classes and fills caches */
	int64_t first, grown;              /* bytes that those left behind, and all the others */
	int64_t most;                      /* that one of the others left behind */
	uint64_t peak;                     /* bytes in use at a time, at most */
	char name[RS_ROUTE_NAME];
};

struct rs_routes;

/* NULL: no memory. */
struct rs_routes *rs_routes_new(void);
void rs_routes_free(struct rs_routes *r);

/* The row of this name, which is made of what rs_route_name() returns or of a constant; a new one if need be. */
uint32_t rs_routes_find(struct rs_routes *r, struct rs_slice name);
/* One more request. first: in this process. */
void rs_routes_add(struct rs_routes *r, uint32_t row, int64_t grown, uint64_t peak, bool first);
/* A copy. false: there is no such row, or nobody has used it. */
bool rs_routes_get(const struct rs_routes *r, uint32_t row, struct rs_route *out) RS_MUST_CHECK;

/* What is said once in a generation, by whichever worker comes first. */
enum rs_routes_note { RS_NOTE_TOO_LOW, RS_NOTE_TOO_OFTEN, RS_NOTES };
/* How often this was called for the note before. */
uint32_t rs_routes_note(struct rs_routes *r, enum rs_routes_note note);

/*
 * "GET /users/{id}" into out, returns its length. path: a pattern as the framework has it, with or without its first slash; or,
 * plain, the path of a request: then what looks like a number or a key becomes {n} or {id}, so that there are as many names as routes.
 */
size_t rs_route_name(char out[RS_ROUTE_NAME], struct rs_slice method, struct rs_slice path, bool plain);

#endif
