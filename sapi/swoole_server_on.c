/*
 * on(): which callbacks a server and its ports have. Events are the rows of swoole_server_events.def; names do not mind case. A
 * port's event that is registered at the server is the first port's, and that of the others which have none of their own.
 */
#include "swoole_server.h"

#define NONE (-1)
#define RS_EVENT_NONE NONE
const struct rs_on_row rs_on_rows[RS_ON_COUNT] = {
#define RS_ON(id, name, kind) [RS_ON_##id] = { name, RS_EVENT_##kind },
#include "swoole_server_events.def"
#undef RS_ON
};

/* Of 1.x; nothing ever fires it. */
#define EVENT_OF_OLD "timer"

/* RS_ON_COUNT: there is no such event. */
static enum rs_on find(zend_string *name)
{
	unsigned on;

	for (on = 0; on < RS_ON_COUNT; on++)
		if (zend_binary_strcasecmp(ZSTR_VAL(name), ZSTR_LEN(name), rs_on_rows[on].name, strlen(rs_on_rows[on].name)) == 0)
			break;
	return (enum rs_on)on;
}

/* Where the callback of this event is kept; NULL: a port has no such event. */
static struct rs_php_callback *slot(struct rs_swoole_server *s, struct rs_swoole_port *port, enum rs_on on)
{
	if (on >= RS_ON_COUNT)
		return NULL;
	if (on >= RS_ON_PORT)
		return &(port ? port : s->ports[0])->on[on - RS_ON_PORT];
	return port ? NULL : &s->on[on];
}

static ZEND_COLD void not_callable(zval *callback)
{
	zend_string *name = zend_get_callable_name(callback);
	/* Freed with the request: the fatal error does not return. */

	rs_swoole_fatal("function '%s' is not callable", ZSTR_VAL(name));
}

bool rs_swoole_on(struct rs_swoole_server *s, struct rs_swoole_port *port, zend_string *name, zval *callback)
{
	struct rs_php_callback *cb;

	if (!rs_swoole_server_not_running(s))
		return false;
	cb = slot(s, port, find(name));
	if (!cb && !zend_string_equals_literal_ci(name, EVENT_OF_OLD)) {
		rs_swoole_warn(0, "unknown event types[%s]", ZSTR_VAL(name));
		return false;
	}
	if (!zend_is_callable(callback, 0, NULL))
		not_callable(callback);
	return !cb || rs_php_callback_set(cb, callback);
}

struct rs_php_callback *rs_swoole_on_find(struct rs_swoole_server *s, struct rs_swoole_port *port, zend_string *name)
{
	struct rs_php_callback *cb = slot(s, port, find(name));

	return cb && cb->set ? cb : NULL;
}

struct rs_php_callback *rs_swoole_callback(struct rs_swoole_server *s, enum rs_on on, uint32_t port)
{
	struct rs_php_callback *cb;

	if (on < RS_ON_PORT)
		return s->on[on].set ? &s->on[on] : NULL;
	cb = &s->ports[port < s->nports ? port : 0]->on[on - RS_ON_PORT];
	if (!cb->set)
		cb = &s->ports[0]->on[on - RS_ON_PORT];
	return cb->set ? cb : NULL;
}

/* ---- at start() ------------------------------------------------------------------------------------------------------- */

/* The callback that a port needs and does not have; NULL: none. */
static const char *missing(struct rs_swoole_server *s, const struct rs_swoole_port *port)
{
	static const struct {
		enum rs_on on;
		const char *name;
	} needs[] = {
		[RS_PORT_STREAM] = { RS_ON_RECEIVE, "onReceive" },
		[RS_PORT_DATAGRAM] = { RS_ON_PACKET, "onPacket" },
		[RS_PORT_HTTP] = { RS_ON_REQUEST, "onRequest" },
		[RS_PORT_WEBSOCKET] = { RS_ON_MESSAGE, "onMessage" },
	};

	/* Requests of a hosted application's main port have their own way. */
	if ((s->hosted && port->index == 0) || rs_swoole_callback(s, needs[port->p.protocol].on, port->index))
		return NULL;
	return needs[port->p.protocol].name;
}

/* Which events a protocol has at all: RS_PORT_EVENT() of them. */
static uint32_t events_of(uint8_t protocol)
{
	static const uint32_t connection = RS_PORT_EVENT(RS_EVENT_CONNECT) | RS_PORT_EVENT(RS_EVENT_CLOSE) |
					   RS_PORT_EVENT(RS_EVENT_BUFFER_FULL) | RS_PORT_EVENT(RS_EVENT_BUFFER_EMPTY);

	switch ((enum rs_port_protocol)protocol) {
	case RS_PORT_STREAM:
		return connection | RS_PORT_EVENT(RS_EVENT_RECEIVE);
	case RS_PORT_DATAGRAM:
		return RS_PORT_EVENT(RS_EVENT_PACKET);
	case RS_PORT_HTTP:
		return connection | RS_PORT_EVENT(RS_EVENT_REQUEST);
	case RS_PORT_WEBSOCKET:
		return connection | RS_PORT_EVENT(RS_EVENT_REQUEST) | RS_PORT_EVENT(RS_EVENT_HANDSHAKE) | RS_PORT_EVENT(RS_EVENT_OPEN) |
		       RS_PORT_EVENT(RS_EVENT_MESSAGE) | RS_PORT_EVENT(RS_EVENT_DISCONNECT);
	}
	return 0;
}

static void finish_port(struct rs_swoole_server *s, struct rs_swoole_port *port)
{
	uint32_t events = 0;

	for (unsigned on = RS_ON_PORT; on < RS_ON_COUNT; on++)
		if (rs_on_rows[on].kind >= 0 && rs_swoole_callback(s, (enum rs_on)on, port->index))
			events |= RS_PORT_EVENT(rs_on_rows[on].kind);
	port->p.handshake = RS_HANDSHAKE_OURS;
	if (rs_swoole_callback(s, RS_ON_HANDSHAKE, port->index)) {
		port->p.handshake = RS_HANDSHAKE_APP;
	} else if (rs_swoole_callback(s, RS_ON_BEFORE_HANDSHAKE, port->index)) {
		port->p.handshake = RS_HANDSHAKE_ADDED;
		events |= RS_PORT_EVENT(RS_EVENT_HANDSHAKE);
	}
	port->p.events = events & events_of(port->p.protocol);
	if (!s->hosted || port->index > 0)
		return;
	/* Whatever becomes of an upgrade is said in the one event HANDSHAKE. */
	port->p.handshake = RS_HANDSHAKE_APP;
	port->p.events &= ~(RS_PORT_EVENT(RS_EVENT_REQUEST) | RS_PORT_EVENT(RS_EVENT_OPEN));
	if (port->p.protocol == RS_PORT_WEBSOCKET)
		port->p.events |= RS_PORT_EVENT(RS_EVENT_HANDSHAKE);
}

const char *rs_swoole_on_finish(struct rs_swoole_server *s, uint32_t *port)
{
	for (uint32_t i = 0; i < s->nports; i++) {
		const char *name = missing(s, s->ports[i]);

		*port = i;
		if (name)
			return name;
		finish_port(s, s->ports[i]);
	}
	return NULL;
}
