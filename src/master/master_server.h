/*
 * What a manager says of its application's server (SERVER), checked as a stranger's. Pure but for memory.
 */
#ifndef RS_MASTER_SERVER_H
#define RS_MASTER_SERVER_H

#include "base/rs_base.h"
#include "ipc/wire.h"

struct rs_mserver {
	struct rs_wire_server w;
	struct rs_port *ports;          /* w.nports; the first is the main port */
	char (*titles)[RS_TITLE_MAX];   /* w.nusers */
};

/* NULL: *out is filled, free it with rs_mserver_free(). Else a constant text, what is wrong. */
const char *rs_mserver_parse(struct rs_slice payload, struct rs_mserver *out) RS_MUST_CHECK;
/* NULL is none. */
void rs_mserver_free(struct rs_mserver *s);

/* false: no memory. */
bool rs_mserver_copy(struct rs_mserver *to, const struct rs_mserver *from) RS_MUST_CHECK;

/* Do both have the same ports, by address and in order? */
bool rs_mserver_same_ports(const struct rs_mserver *a, const struct rs_mserver *b);
/* Do such ports do the same? Names what differs first, NULL: nothing; *port: where. */
const char *rs_mserver_other_setting(const struct rs_mserver *a, const struct rs_mserver *b, uint32_t *port);

/* "127.0.0.1:5291", "udp:[::1]:53", "unix:/path", "unixgram:/path". */
void rs_mserver_port_name(const struct rs_port *p, char *out, size_t size);

#endif
