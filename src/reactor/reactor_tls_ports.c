/*
 * The certificates of each port, as the master gives them. Runs in the reactor.
 */
#include "reactor/reactor_tls.h"

#include "reactor/reactor_core.h"

#include <sys/random.h>

/* So long a session can be resumed at most, and so long the keys of its ticket can be stolen. */
#define KEYS_MS (24 * 3600 * 1000)

/* false: without keys of ours OpenSSL makes some, for each context others. */
static bool make_keys(struct rs_reactor *r)
{
	if (r->tls.keys_ms && rs_reactor_ms(r) - r->tls.keys_ms < KEYS_MS)
		return true;
	if (getrandom(r->tls.ticket_keys, sizeof r->tls.ticket_keys, 0) != (ssize_t)sizeof r->tls.ticket_keys)
		return false;
	r->tls.keys_ms = rs_reactor_ms(r);
	return true;
}

/* New keys are every port's. */
static void use_keys(struct rs_reactor *r)
{
	if (!make_keys(r))
		return;
	for (size_t i = 0; i < RS_COUNTOF(r->tls.port); i++)
		if (r->tls.port[i])
			rs_tlsctx_ticket_keys(r->tls.port[i], r->tls.ticket_keys);
}

struct rs_tlsctx *rs_tls_of_port(struct rs_reactor *r, uint32_t port)
{
	RS_ASSERT(port < RS_COUNTOF(r->tls.port));
	if (r->tls.port[port] && rs_reactor_ms(r) - r->tls.keys_ms >= KEYS_MS)
		use_keys(r);
	return r->tls.port[port];
}

const char *rs_tls_take(struct rs_reactor *r, struct rs_frame *f)
{
	struct rs_tlsctx *t;
	char why[512];

	if (f->nfds != 1 || f->id >= RS_COUNTOF(r->tls.port))
		return "no file in it, or no port";
	t = rs_tlsctx_open(f->fd[0], why, sizeof why);
	if (!t) {
		rs_errorx(r->log, "TLS of port %u: %s", (unsigned)f->id, why);
		return "no certificates";
	}
	rs_tlsctx_unref(r->tls.port[f->id]);
	r->tls.port[f->id] = t;
	use_keys(r);
	return NULL;
}

void rs_tls_fini(struct rs_reactor *r)
{
	for (size_t i = 0; i < RS_COUNTOF(r->tls.port); i++) {
		rs_tlsctx_unref(r->tls.port[i]);
		r->tls.port[i] = NULL;
	}
	explicit_bzero(r->tls.ticket_keys, sizeof r->tls.ticket_keys);
}
