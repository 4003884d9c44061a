/*
 * From an event of the reactor to the two objects a callback gets, and the server's own answers.
 */
#include "swoole_http_response.h"

#include "ws/ws_handshake.h"

/* So many connections can have been upgraded here without the board showing it yet. */
#define UPGRADED_MAX 256

/* The last connections whose 101 this process has sent. */
static struct {
	uint32_t fd[UPGRADED_MAX];
	unsigned next;
} upgraded;

void rs_http_note_upgrade(uint32_t fd)
{
	upgraded.fd[upgraded.next++ % UPGRADED_MAX] = fd;
}

bool rs_swoole_http_upgraded_here(uint32_t fd)
{
	for (unsigned i = 0; i < UPGRADED_MAX; i++)
		if (upgraded.fd[i] == fd)
			return fd != 0;
	return false;
}

/* Nobody else will answer. */
static void refuse(const struct rs_event *ev, unsigned status)
{
	struct rs_answer a = { .request = ev->request, .fd = ev->h.fd, .status = status, .reason = RS_SLICE(""),
			       .content_length = 0 };
	smart_str lines = { 0 };

	if (ev->h.kind == RS_EVENT_OPEN)
		return;
	rs_http_server_line(&lines);
	smart_str_0(&lines);
	a.headers = lines.s ? rs_slice(ZSTR_VAL(lines.s), ZSTR_LEN(lines.s)) : RS_SLICE("");
	(void)rs_server_answer_head(&a, RS_SLICE(""), true);
	smart_str_free(&lines);
}

static void make_response(const struct rs_event *ev, const struct rs_request_view *v, const struct rs_swoole_http_conf *conf,
			  zval *response)
{
	struct rs_http_answer *r;

	object_init_ex(response, rs_swoole_http_response_ce);
	r = rs_http_response_of(Z_OBJ_P(response));
	ZVAL_LONG(OBJ_PROP_NUM(&r->std, RS_HTTP_RESPONSE_FD), ev->h.fd);
	r->answer.request = ev->request;
	r->answer.fd = ev->h.fd;
	r->conf = conf;
	r->upgrade = ev->h.kind == RS_EVENT_HANDSHAKE;
	rs_http_response_asked(r, v);
}

bool rs_swoole_http_objects(struct rs_event *ev, zval *request, zval *response)
{
	struct rs_http_source from = { .conf = rs_swoole_http_conf(ev->h.port), .fd = ev->h.fd, .dispatch_us = ev->h.dispatch_us };
	const struct rs_server_setup *setup = rs_server_setup();
	struct rs_http_in *r;
	struct rs_server_request *q = rs_server_request_new(ev);

	if (!q) {
		refuse(ev, 500);
		return false;
	}
	object_init_ex(request, rs_swoole_http_request_ce);
	r = RS_SWOOLE_OBJECT(struct rs_http_in, Z_OBJ_P(request));
	r->q = q;
	from.view = rs_server_request_view(q);
	from.body = rs_server_request_body(q);
	if (ev->h.port < setup->server.nports)
		from.server_port = setup->ports[ev->h.port].port;
	rs_http_request_fill(r, &from);
	if (response)
		make_response(ev, from.view, from.conf, response);
	return true;
}

bool rs_swoole_http_ended(const zval *response)
{
	const struct rs_http_answer *r = rs_http_response_of(Z_OBJ_P(response));

	return !rs_http_response_open(r);
}

void rs_swoole_http_end(zval *response, unsigned status)
{
	rs_http_response_status_only(rs_http_response_of(Z_OBJ_P(response)), status);
}

void rs_swoole_http_finish(zval *response)
{
	struct rs_http_answer *r = rs_http_response_of(Z_OBJ_P(response));

	if (rs_http_response_open(r))
		(void)rs_http_response_whole(r, RS_SLICE(""));
}

bool rs_swoole_http_default_handshake(zval *request, zval *response, const char *subprotocol)
{
	struct rs_http_in *q = RS_SWOOLE_OBJECT(struct rs_http_in, Z_OBJ_P(request));
	struct rs_http_answer *r = rs_http_response_of(Z_OBJ_P(response));
	struct rs_ws_offer offer = { .protocols = rs_slice_str(subprotocol) };
	const struct rs_request_view *v;
	struct rs_ws_refusal no;
	struct rs_slice body;
	char accept[RS_WS_ACCEPT_LEN + 1];
	struct rs_ws_request line = { 0 };

	if (!rs_http_request_parts(q, &v, &body))
		return false;
	for (uint32_t i = 0; i < v->nfields; i++)
		rs_ws_offer_field(&offer, v->fields[i].name, v->fields[i].value);
	line = (struct rs_ws_request){ rs_slice_eq(v->method, RS_SLICE("GET")), v->http_minor, body.n > 0 };
	if (rs_ws_judge(&offer, line, &no) != RS_WS_UPGRADE || !rs_ws_accept(offer.key, accept)) {
		rs_http_response_status_only(r, 400);
		return false;
	}
	r->answer.status = 101;
	rs_http_set_header(r, "Upgrade", "websocket", strlen("websocket"));
	rs_http_set_header(r, "Connection", "Upgrade", strlen("Upgrade"));
	rs_http_set_header(r, "Sec-Websocket-Accept", accept, strlen(accept));
	rs_http_set_header(r, "Sec-Websocket-Version", "13", 2);
	if (offer.protocol.n)
		rs_http_set_header(r, "Sec-Websocket-Protocol", offer.protocol.p, offer.protocol.n);
	return true;
}
