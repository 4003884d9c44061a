/*
 * How much trouble a client may make. Every frame that costs us something and moves no request on takes from a purse; requests that
 * end well, bytes of bodies and time put back. When it is empty the connection ends with ENHANCE_YOUR_CALM (RFC 9113 10.5).
 */
#ifndef RS_H2_CALM_H
#define RS_H2_CALM_H

#include "base/rs_base.h"

enum rs_h2_trouble {
#define RS_H2_TROUBLE(name, cost) RS_H2_##name,
#include "h2/h2_calm.def"
#undef RS_H2_TROUBLE
	RS_H2_TROUBLES
};

/* Zeroed it is a full purse. */
struct rs_h2_calm {
	uint32_t spent;
	uint32_t bytes;   /* of bodies, not yet put back */
	int64_t at_ms;    /* time up to which was put back */
};

/* Time goes on. */
void rs_h2_calm_time(struct rs_h2_calm *c, int64_t now_ms);
/* false: too much. */
bool rs_h2_calm_spend(struct rs_h2_calm *c, enum rs_h2_trouble what);
/* A request was answered as a whole; n bytes of a body have come or left. */
void rs_h2_calm_served(struct rs_h2_calm *c);
void rs_h2_calm_moved(struct rs_h2_calm *c, size_t n);

#endif
