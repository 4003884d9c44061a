/*
 * The fields that decide how a request is framed and routed. Private to src/http: http_parse.c finds the
 * fields, http_fields.c knows what they mean.
 */
#ifndef RS_HTTP_FIELDS_H
#define RS_HTTP_FIELDS_H

#include "http/http.h"

/* Why a request is refused: the status of the answer and a constant text for the log. */
struct rs_http_refusal {
	unsigned status;
	const char *why;
};

/* What the fields seen so far have said, beside what stands in struct rs_http_head. */
struct rs_http_meaning {
	size_t host_at;          /* 1 + index of Host in head->fields, 0: none yet */
	bool absolute;           /* head->host is the target's authority already */
	bool close, keep_alive, upgrade_named; /* members of Connection */
	bool upgrade_field, expect;
};

/* Takes one field into h->fields (there must be room) and h. false: refused, *no says why. */
bool rs_http_field_take(struct rs_http_head *h, struct rs_http_meaning *m, struct rs_http_field f,
			struct rs_http_refusal *no);

/* After the last field: what only the whole head can tell. false: refused, *no says why. */
bool rs_http_fields_end(struct rs_http_head *h, const struct rs_http_meaning *m, struct rs_http_refusal *no);

/* host [":" port]: letters, digits, '-', '_' and single dots, or an IP literal; port 0..65535 in digits. */
bool rs_http_authority_ok(struct rs_slice s);

#endif
