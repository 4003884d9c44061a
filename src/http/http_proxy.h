/*
 * The header of the PROXY protocol, versions 1 (text) and 2 (binary): what a load balancer says in front of the bytes of a
 * connection. Pure.
 */
#ifndef RS_HTTP_PROXY_H
#define RS_HTTP_PROXY_H

#include "base/rs_base.h"

/* Bytes of a whole header, TLVs included: what sends more is not a load balancer. */
#define RS_PROXY_HEADER_MAX 4096

enum rs_proxy_kind {
	RS_PROXY_LOCAL,     /* the proxy itself (health checks): the addresses of the connection hold */
	RS_PROXY_UNKNOWN,   /* a client whose address it cannot tell */
	RS_PROXY_CLIENT,    /* source and destination are set */
};

struct rs_proxy_header {
	enum rs_proxy_kind kind;
	char source[46], destination[46];
	uint16_t source_port, destination_port;
	bool tls;           /* the client speaks TLS with the proxy (PP2_TYPE_SSL) */
	size_t length;      /* bytes of the header */
};

/*
 * RS_OK: *h is filled. RS_AGAIN: all n bytes belong to the header, and more do. RS_ERR: not a header; *why says what is wrong. The verdict
 * depends on the bytes alone, not on how they were cut. TLVs but for that one are passed over; one that does not fit ends them.
 */
enum rs_result rs_proxy_parse(const char *p, size_t n, struct rs_proxy_header *h, const char **why) RS_MUST_CHECK;

#endif
