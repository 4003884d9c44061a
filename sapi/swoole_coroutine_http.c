/*
 * A connection of Coroutine\Http\Server: its life, its requests made objects, and the end of what handlers left open.
 */
#include "swoole_coroutine_http.h"

#include "swoole_http_response.h"

/* ---- life --------------------------------------------------------------------------------------------------------------- */

struct rs_co_http *rs_co_http_new(zval *socket, struct rs_swoole_port *port, const struct rs_httpd_rules *rules)
{
	struct rs_co_http *c = ecalloc(1, sizeof *c);
	struct rs_co_socket *s = RS_SWOOLE_OBJECT(struct rs_co_socket, Z_OBJ_P(socket));

	c->refs = 1;
	c->rules = *rules;
	c->port = port;
	GC_ADDREF(&port->std);
	ZVAL_COPY(&c->socket, socket);
	c->bell = rs_co_bell_new();
	rs_httpd_init(&c->h, &s->c.sock, &c->rules);
	return c;
}

void rs_co_http_unref(struct rs_co_http *c)
{
	if (--c->refs)
		return;
	rs_httpd_fini(&c->h);
	rs_co_bell_free(c->bell);
	zval_ptr_dtor(&c->socket);
	OBJ_RELEASE(&c->port->std);
	efree(c);
}

/* ---- responses ------------------------------------------------------------------------------------------------------------ */

void rs_co_http_response_gone(struct rs_http_answer *r)
{
	struct rs_co_http *c = r->link;

	r->link = NULL;
	r->answer.httpd = NULL;
	if (c->current == r) {
		c->current = NULL;
		rs_co_bell_ring(c->bell);
	}
	rs_co_http_unref(c);
}

void rs_co_http_response_detached(struct rs_http_answer *r)
{
	struct rs_co_http *c = r->link;
	struct rs_co_socket *s = RS_SWOOLE_OBJECT(struct rs_co_socket, Z_OBJ(c->socket));

	c->detached = true;
	/* What has come already is the first that the script reads. */
	if (!rs_buf_put(&s->c.in, rs_buf_data(&c->h.in), c->h.in.len))
		zend_error_noreturn(E_ERROR, "Out of memory");
	rs_buf_reset(&c->h.in, 0);
	rs_co_bell_ring(c->bell);
}

void rs_co_http_response_ended(struct rs_http_answer *r)
{
	rs_co_bell_ring(r->link->bell);
}

void rs_co_http_cut(struct rs_http_answer *r)
{
	struct rs_co_http *c = r->link;

	c->h.gone = true;
	rs_co_socket_close(RS_SWOOLE_OBJECT(struct rs_co_socket, Z_OBJ(c->socket)));
	rs_co_bell_ring(c->bell);
}

/* ---- objects ---------------------------------------------------------------------------------------------------------------- */

static zend_long fd_of(const struct rs_co_http *c)
{
	return c->h.sock->fd < 0 ? 0 : c->h.sock->fd;
}

static void make_request(struct rs_co_http *c, struct rs_server_request *q, zval *request)
{
	struct rs_http_source from = { .view = rs_server_request_view(q), .body = rs_server_request_body(q), .conf = &c->port->http,
				       .fd = (uint32_t)fd_of(c), .server_port = c->port->p.port };
	struct rs_http_in *r;

	object_init_ex(request, rs_swoole_http_request_ce);
	r = RS_SWOOLE_OBJECT(struct rs_http_in, Z_OBJ_P(request));
	r->q = q;
	rs_http_request_fill(r, &from);
}

static void make_response(struct rs_co_http *c, const struct rs_request_view *v, zval *response)
{
	struct rs_http_answer *r;

	object_init_ex(response, rs_swoole_http_response_ce);
	r = rs_http_response_of(Z_OBJ_P(response));
	ZVAL_LONG(OBJ_PROP_NUM(&r->std, RS_HTTP_RESPONSE_FD), fd_of(c));
	ZVAL_COPY(OBJ_PROP_NUM(&r->std, RS_HTTP_RESPONSE_SOCKET), &c->socket);
	r->answer.way = &rs_httpd_answer_way;
	r->answer.httpd = &c->h;
	r->answer.request = 1;
	r->link = c;
	c->refs++;
	c->current = r;
	r->conf = &c->port->http;
	rs_http_response_asked(r, v);
}

/* ---- a request ---------------------------------------------------------------------------------------------------------------- */

/* Nobody has anything to say to the client any more; or the application wants to say it alone. */
static bool settled(const struct rs_co_http *c)
{
	return c->detached || !c->current || (c->current->ended && !c->h.ws) || c->h.gone;
}

void rs_co_http_handle(struct rs_co_http *c, struct rs_server_request *q, struct rs_php_callback *cb)
{
	zval argv[2];
	bool ok;

	if (!cb) {
		rs_server_request_free(q);
		rs_httpd_answer(&c->h, 404, "");
		return;
	}
	make_response(c, rs_server_request_view(q), &argv[1]);
	make_request(c, q, &argv[0]);
	ok = rs_co_listener_call(cb, 2, argv);
	if (!ok && !EG(exception)) {
		if (c->h.ws)
			(void)rs_httpd_push(&c->h, RS_WS_CLOSE, RS_WS_FIN, RS_SLICE("\x03\xf3")); /* 1011 */
		rs_swoole_http_end(&argv[1], 500);
	}
	zval_ptr_dtor(&argv[0]);
	zval_ptr_dtor(&argv[1]);
	/* Somebody has kept the response: a coroutine, a timer. */
	while (ok && !EG(exception) && !settled(c))
		ok = rs_co_bell_wait(c->bell);
	/* What is kept of it beyond that has nothing to say. */
	if (c->current && !c->h.ws)
		c->current->ended = true;
	if (!EG(exception) && !c->detached)
		rs_httpd_settle(&c->h);
}
