/*
 * Who asks. What a request says of that counts only from a peer in trusted_proxies, and only in the one field that real_ip_header
 * names, with those that belong to it:
 *
 *   X-Real-IP         X-Real-Port, Scheme; and, read by the engine, Scheme and Server-*: LaravelS' nginx configuration
 *   Forwarded         its for, proto and host (RFC 7239)
 *   X-Forwarded-For,  X-Forwarded-Proto, -Host, -Port
 *   or any other
 *   off               nothing
 *
 * Lists are read from their end, where our own proxy writes. What is not an address there (unknown, _hidden, rubbish) ends the
 * reading: nobody could say whether what stands before it is true.
 */
#include "reactor/reactor_client.h"

#include "http/http_forwarded.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"

/* A walk over the hops of a request, from the nearest on. */
struct walk {
	struct rs_conn *c;
	const struct rs_http_head *h;
	struct rs_client *out;
	size_t hop;               /* number of the one that was believed last, from the end; 1: the nearest */
};

/* The next hop said this. true: it is one of ours, too, and may have said the truth of the one before it. */
static bool believe(struct walk *w, const struct rs_http_node *from)
{
	const struct rs_conf *conf = w->c->r->conf;

	if (!*from->address)
		return false;
	w->hop++;
	w->out->proxied = true;
	memcpy(w->out->remote, from->address, sizeof w->out->remote);
	w->out->remote_port = from->port;
	return conf->real_ip_recursive && rs_conf_cidr_match(&conf->trusted_proxies, from->address);
}

static bool named(const struct rs_http_field *f, struct rs_slice name)
{
	return f->name.n == name.n && rs_slice_eqi(f->name, name);
}

/* A field that is said once; the last one when it is said more often. */
static bool find(const struct rs_http_head *h, struct rs_slice name, struct rs_slice *value)
{
	for (size_t i = h->nfields; i-- > 0;) {
		if (!named(&h->fields[i], name))
			continue;
		*value = h->fields[i].value;
		return true;
	}
	return false;
}

/* ---- scheme, host and port -------------------------------------------------------------------------------- */

static void take_scheme(struct rs_client *out, struct rs_slice proto)
{
	if (rs_slice_eqi(proto, RS_SLICE("https")))
		out->tls = true;
	else if (rs_slice_eqi(proto, RS_SLICE("http")))
		out->tls = false;
	else
		return;
	out->local_port = out->tls ? 443 : 80;
}

/* The port that stands in it is the one that the client asked. */
static bool take_host(struct rs_client *out, struct rs_slice host)
{
	struct rs_slice name;
	uint16_t port;

	if (!rs_http_authority(host, &name, &port))
		return false;
	out->name = name;
	if (port)
		out->local_port = port;
	return true;
}

/* A proxy that says http or https without saying a port leaves it to the Host field. */
static void take_own_host(struct walk *w)
{
	struct rs_slice name;
	uint16_t port;

	if (rs_http_authority(w->h->host, &name, &port) && port)
		w->out->local_port = port;
}

/* ---- X-Forwarded-For and others ------------------------------------------------------------------------------ */

static void walk_list(struct walk *w, struct rs_slice field)
{
	struct rs_http_node from;
	struct rs_slice rest, item;
	size_t seen = 0;

	for (size_t i = w->h->nfields; i-- > 0;) {
		if (!named(&w->h->fields[i], field))
			continue;
		rest = w->h->fields[i].value;
		while (rs_http_list_last(&rest, &item)) {
			if (seen++ == RS_HTTP_HOPS_MAX || !rs_http_node(item, &from) || !believe(w, &from))
				return;
		}
	}
}

/* What the proxy said that spoke of the client: as far from the end of its list as that was, or as far as the list goes. */
static bool find_said(const struct walk *w, struct rs_slice field, struct rs_slice *value)
{
	struct rs_slice rest, item;
	size_t n = 0;

	for (size_t i = w->h->nfields; i-- > 0;) {
		if (!named(&w->h->fields[i], field))
			continue;
		rest = w->h->fields[i].value;
		while (n < (w->hop ? w->hop : 1) && rs_http_list_last(&rest, &item)) {
			*value = item;
			n++;
		}
	}
	return n > 0;
}

static void from_list(struct walk *w, struct rs_slice field)
{
	struct rs_slice said;
	uint64_t port;

	walk_list(w, field);
	if (find_said(w, RS_SLICE("X-Forwarded-Proto"), &said)) {
		take_scheme(w->out, said);
		take_own_host(w);
	}
	if (find_said(w, RS_SLICE("X-Forwarded-Host"), &said))
		(void)take_host(w->out, said);
	if (find_said(w, RS_SLICE("X-Forwarded-Port"), &said) && rs_parse_u64(said, UINT16_MAX, &port) && port)
		w->out->local_port = (uint16_t)port;
}

/* ---- Forwarded ------------------------------------------------------------------------------------------------- */

/* One element. true: go on to the one before it. */
static bool take_hop(struct walk *w, const struct rs_http_hop *hop)
{
	bool more = believe(w, &hop->from);

	if (hop->proto.n) {
		take_scheme(w->out, hop->proto);
		take_own_host(w);
	}
	if (hop->host.n)
		(void)take_host(w->out, hop->host);
	return more;
}

static void from_forwarded(struct walk *w)
{
	struct rs_http_hop hops[RS_HTTP_HOPS_MAX];

	for (size_t i = w->h->nfields; i-- > 0;) {
		if (!named(&w->h->fields[i], RS_SLICE("Forwarded")))
			continue;
		for (size_t n = rs_http_forwarded(w->h->fields[i].value, hops); n-- > 0;)
			if (!take_hop(w, &hops[n]))
				return;
	}
}

/* ---- X-Real-IP --------------------------------------------------------------------------------------------------- */

static void from_real_ip(struct walk *w)
{
	struct rs_http_node from;
	struct rs_slice value;
	uint64_t port;

	w->out->headers = true;
	if (find(w->h, RS_SLICE("Scheme"), &value) && rs_slice_eqi(value, RS_SLICE("https")))
		w->out->tls = true;
	if (!find(w->h, RS_SLICE("X-Real-IP"), &value) || !rs_http_node(value, &from))
		return;
	(void)believe(w, &from);
	if (find(w->h, RS_SLICE("X-Real-Port"), &value) && rs_parse_u64(value, UINT16_MAX, &port))
		w->out->remote_port = (uint16_t)port;
}

/* -------------------------------------------------------------------------------------------------------------------- */

static void ask_proxy(struct walk *w)
{
	const struct rs_slice field = rs_slice_str(w->c->r->conf->real_ip_header);

	if (rs_slice_eqi(field, RS_SLICE("off")))
		return;
	if (rs_slice_eqi(field, RS_SLICE("X-Real-IP")))
		from_real_ip(w);
	else if (rs_slice_eqi(field, RS_SLICE("Forwarded")))
		from_forwarded(w);
	else
		from_list(w, field);
}

void rs_client_find(struct rs_conn *c, const struct rs_http_head *h, struct rs_client *out)
{
	struct walk w = { .c = c, .h = h, .out = out };

	*out = (struct rs_client){ .remote_port = c->remote_port, .local_port = c->local_port,
				    .tls = c->secure || c->tls_ended };
	memcpy(out->remote, c->remote, sizeof out->remote);
	if (rs_conn_trusted(c))
		ask_proxy(&w);
	/* A Unix socket has no port. */
	if (!out->local_port) {
		out->local_port = out->tls ? 443 : 80;
		take_own_host(&w);
	}
}
