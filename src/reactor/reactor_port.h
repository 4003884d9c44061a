/*
 * A port of a server as the reactor serves it: its settings, and what is made of them once.
 */
#ifndef RS_REACTOR_PORT_H
#define RS_REACTOR_PORT_H

#include "ipc/server_wire.h"
#include "packet/packet.h"
#include "reactor/reactor_static.h"

struct rs_listener;
struct rs_reactor;
struct rs_datagram;

/* Owned by struct rs_serve; lives as long as the reactor. */
struct rs_gate {
	struct rs_reactor *r;
	uint32_t index;              /* as $server->ports */
	struct rs_port set;          /* checked; read only */
	struct rs_packet_conf framing; /* STREAM */
	struct rs_static files;        /* HTTP, WEBSOCKET: its document root */
	struct rs_datagram *datagram;  /* DATAGRAM: its socket, NULL until LISTEN */
	bool listening;              /* its LISTEN has come */
	int64_t check_ms;            /* heartbeat, max_idle_time: looked at again then; 0: never */
};

/* From what PORTS brought. NULL: fine, else the rule that it breaks. */
const char *rs_gate_init(struct rs_gate *g, struct rs_reactor *r, uint32_t index, const struct rs_port *set);
void rs_gate_fini(struct rs_gate *g);

static inline bool rs_gate_wants(const struct rs_gate *g, enum rs_event_kind kind)
{
	return g->set.events & RS_PORT_EVENT(kind);
}

/* Its socket: options that accepted ones inherit, then accepting; or receiving. Takes fd. */
void rs_gate_listen(struct rs_gate *g, int fd, struct rs_slice address);

/* From the sweep: closes connections that were silent for too long. */
void rs_gate_sweep(struct rs_gate *g, int64_t now_ms);

#endif
