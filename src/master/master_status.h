/*
 * What the server says about itself: `status` and `info`.
 */
#ifndef RS_MASTER_STATUS_H
#define RS_MASTER_STATUS_H

#include "master/master_state.h"

/* One moment's numbers: the reactor's answer, or zeros where it gave none. */
struct rs_status {
	const struct rs_master *m;
	bool answered;
	struct rs_wire_status reactor;
	struct rs_slice workers; /* struct rs_wire_worker_status each; unaligned */
};

/* payload: of STATUS without its token; empty when the reactor did not answer. Borrowed. */
void rs_status_init(struct rs_status *s, const struct rs_master *m, struct rs_slice payload);

/* One JSON object and a newline. false: no memory. */
bool rs_status_json(const struct rs_status *s, struct rs_buf *out) RS_MUST_CHECK;
/* The same as a table for people. */
bool rs_status_text(const struct rs_status *s, struct rs_buf *out) RS_MUST_CHECK;

/* master_status_routes.c: what requests of the serving generation left behind, by route; the members of the object, the worst ten. */
bool rs_status_routes_json(const struct rs_master *m, struct rs_buf *out) RS_MUST_CHECK;
bool rs_status_routes_text(const struct rs_master *m, struct rs_buf *out) RS_MUST_CHECK;

/* Components, listeners, files, counts. */
/* A line of the log for every address, with what is served there. */
void rs_status_listening(const struct rs_master *m);
bool rs_status_info(const struct rs_master *m, struct rs_buf *out) RS_MUST_CHECK;

/* "text" as a JSON string. Bytes that are not UTF-8 become U+FFFD. */
bool rs_json_string(struct rs_buf *out, struct rs_slice text) RS_MUST_CHECK;

#endif
