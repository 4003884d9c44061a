/*
 * A request as it comes from the reactor, cut into the view that engines and classes read. Owns nothing.
 */
#ifndef RS_REQUEST_VIEW_H
#define RS_REQUEST_VIEW_H

#include "ipc/wire.h"
#include "worker/engine.h"

/* What a payload of REQUEST says; every slice points into it. */
struct rs_request_parts {
	struct rs_request_view view;  /* fields: what the caller gave */
	struct rs_slice inline_body;
	uint64_t credit;
	bool body_in_file;
};

/* Fields that a payload has; for the caller to make room. false: it contradicts itself. */
bool rs_request_count(struct rs_slice payload, uint32_t *nfields);
/* Every length is checked although the sender is ours. fields: room for as many as rs_request_count() said. */
bool rs_request_parse(struct rs_slice payload, struct rs_field *fields, struct rs_request_parts *out);

/* The path of its target, as sent, and nothing else. false: it contradicts itself. */
bool rs_request_path(struct rs_slice payload, struct rs_slice *path);

#endif
