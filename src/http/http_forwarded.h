/*
 * What proxies say of the client in header fields: X-Forwarded-For and its kin, Forwarded (RFC 7239). Pure. Who is believed is the
 * caller's business; here is only what was said.
 */
#ifndef RS_HTTP_FORWARDED_H
#define RS_HTTP_FORWARDED_H

#include "base/rs_base.h"

/* Hops that are looked at, the last ones: nobody has so many proxies of his own. */
#define RS_HTTP_HOPS_MAX 32

/* A client or proxy, as a field names it. */
struct rs_http_node {
	char address[46];            /* text of an IP in its usual form; "": it has none (unknown, _hidden, unix:, rubbish) */
	uint16_t port;               /* 0: not said */
};

/* One element of Forwarded. */
struct rs_http_hop {
	struct rs_http_node from;    /* for= */
	struct rs_slice proto, host; /* points into the field, without quotes; n 0: not said, or not in its form */
};

/*
 * 1.2.3.4, 1.2.3.4:80, ::1, [::1], [::1]:80, blanks around. false, and out is empty: anything else. An IPv4 address in IPv6 clothes
 * is told as IPv4, zones are refused.
 */
bool rs_http_node(struct rs_slice text, struct rs_http_node *out);

/*
 * Takes the last item off a comma-separated list, without blanks around it; *rest is what stands before. Empty items are items. false: the
 * list is used up.
 */
bool rs_http_list_last(struct rs_slice *rest, struct rs_slice *item);

/*
 * The elements of a Forwarded field, in order, the last RS_HTTP_HOPS_MAX of them; how many. An element that is not well-formed is
 * there without a value: it ends the belief in what stands before it.
 */
size_t rs_http_forwarded(struct rs_slice value, struct rs_http_hop out[RS_HTTP_HOPS_MAX]);

/* host or host:port as in a Host field: what may become SERVER_NAME. *port 0: none is said. false: not one. */
bool rs_http_authority(struct rs_slice text, struct rs_slice *name, uint16_t *port);

/* May this be a request's id: 1 to RS_REQUEST_ID_MAX of letters, digits and -._~+/=:@ ? */
#define RS_REQUEST_ID_MAX 64
bool rs_http_request_id(struct rs_slice text);

#endif
