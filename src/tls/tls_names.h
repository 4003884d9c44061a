/*
 * Host names and which certificate each gets. Pure.
 */
#ifndef RS_TLS_NAMES_H
#define RS_TLS_NAMES_H

#include "base/rs_base.h"

struct rs_tls_name {
	char *text;      /* lower case, without a leading "*" when it is a wildcard: ".example.com" */
	bool wildcard;
	uint32_t site;
};

struct rs_tls_names {
	struct rs_tls_name *v;
	size_t n;
};

/* Where name stands already, the first one stays. false: no memory, or no name (*.x, a.b, no IP address, no blank). */
bool rs_tls_names_add(struct rs_tls_names *l, struct rs_slice name, uint32_t site) RS_MUST_CHECK;
/* The site of a host name as a client says it: exact, else the longest wildcard. -1: none. */
int64_t rs_tls_names_find(const struct rs_tls_names *l, struct rs_slice host);
void rs_tls_names_free(struct rs_tls_names *l);

#endif
