/*
 * Connecting a hooked socket stream: the name is looked up on a thread, each of its addresses tried in turn, a TLS handshake
 * follows; the coroutine waits for all of them within one time limit.
 */
#include "swoole_runtime_stream.h"

#include <errno.h>
#include <netdb.h>

#include "base/rs_fd.h"
#include "client/client_lookup.h"
#include "client/client_stream.h"
#include "client/client_wait.h"

void rs_hook_forget_error(php_stream_xport_param *p)
{
	if (p->outputs.error_text)
		zend_string_release(p->outputs.error_text);
	p->outputs.error_text = NULL;
	p->outputs.error_code = 0;
}

static void connect_failed(php_stream_xport_param *p, int error)
{
	rs_hook_forget_error(p);
	p->outputs.returncode = -1;
	p->outputs.error_code = error;
	p->outputs.error_text = p->want_errortext ? php_socket_error_str(error) : NULL;
}

/* To one address. true: connected. */
static bool connect_one(php_stream *stream, php_stream_xport_param *p, int64_t deadline)
{
	php_netstream_data_t *sock = stream->abstract;
	enum rs_co_wait end;
	int error;

	p->op = STREAM_XPORT_OP_CONNECT_ASYNC;
	/* Of TLS streams only the connection: the handshake is ours. */
	if (rs_hook_transport(stream)->tls)
		php_stream_socket_ops.set_option(stream, PHP_STREAM_OPTION_XPORT_API, 0, p);
	else
		rs_hook_base_option(stream, PHP_STREAM_OPTION_XPORT_API, 0, p);
	p->op = STREAM_XPORT_OP_CONNECT;
	if (p->outputs.returncode == 0 && sock->socket >= 0)
		rs_hook_block(sock);
	if (p->outputs.returncode != 1)
		return p->outputs.returncode == 0;
	end = rs_hook_wait(stream, RS_WATCH_WRITE, deadline);
	error = end == RS_CO_READY     ? rs_stream_error(sock->socket)
		: end == RS_CO_TIMEOUT ? ETIMEDOUT
				       : ECANCELED;
	if (error) {
		connect_failed(p, error);
		rs_fd_close(&sock->socket);
		return false;
	}
	rs_hook_block(sock);
	p->outputs.returncode = 0;
	p->outputs.error_code = 0;
	return true;
}

/* NULL: reported. */
static struct rs_lookup_job *look_up(const char *host, php_stream_xport_param *p, int64_t deadline)
{
	struct rs_lookup_job *j = rs_lookup_job_new(host, NULL);
	enum rs_co_wait end;
	zend_string *text;

	if (!j) {
		connect_failed(p, ENOMEM);
		return NULL;
	}
	j->family = AF_UNSPEC;
	j->socktype = SOCK_STREAM;
	end = rs_co_thread(rs_lookup, rs_lookup_job_free, j, rs_deadline_left(deadline));
	if (end != RS_CO_READY) {
		connect_failed(p, end == RS_CO_TIMEOUT ? ETIMEDOUT : ECANCELED);
		return NULL;
	}
	if (j->error == 0)
		return j;
	text = strpprintf(0, "php_network_getaddresses: getaddrinfo for %s failed: %s", host, gai_strerror(j->error));
	rs_lookup_job_free(j);
	rs_hook_forget_error(p);
	p->outputs.returncode = -1;
	p->outputs.error_text = p->want_errortext ? zend_string_copy(text) : NULL;
	php_error_docref(NULL, E_WARNING, "%s", ZSTR_VAL(text));
	zend_string_release(text);
	return NULL;
}

/* "host:port" into host (terminated, without brackets) and ":port". false: PHP's own shall complain, or it is an IP. */
static bool split_name(const php_stream_xport_param *p, char *host, size_t size, struct rs_slice *port)
{
	const char *name = p->inputs.name, *colon = memrchr(name, ':', p->inputs.namelen);
	struct rs_slice h;

	if (!colon || name[0] == '[')
		return false;
	h = rs_slice(name, (size_t)(colon - name));
	*port = rs_slice(colon, p->inputs.namelen - h.n);
	return h.n > 0 && !memchr(h.p, 0, h.n) && !memchr(h.p, ':', h.n) && rs_copy(host, size, h);
}

static bool connect_any(php_stream *stream, php_stream_xport_param *p, int64_t deadline)
{
	char host[256], name[INET6_ADDRSTRLEN + 16];
	char *given = p->inputs.name;
	size_t given_n = p->inputs.namelen;
	struct rs_lookup_job *j;
	struct rs_slice port;
	bool ok = false;

	if (!rs_hook_transport(stream)->names || !split_name(p, host, sizeof host, &port))
		return connect_one(stream, p, deadline);
	j = look_up(host, p, deadline);
	for (size_t i = 0; j && i < j->n && !ok; i++) {
		bool v6 = strchr(j->list[i], ':');

		snprintf(name, sizeof name, "%s%s%s%.*s", v6 ? "[" : "", j->list[i], v6 ? "]" : "", (int)port.n, port.p);
		p->inputs.name = name;
		p->inputs.namelen = strlen(name);
		rs_hook_forget_error(p);
		ok = connect_one(stream, p, deadline);
		if (rs_deadline_left(deadline) == 0 || EG(exception))
			break;
	}
	rs_lookup_job_free(j);
	p->inputs.name = given;
	p->inputs.namelen = given_n;
	return ok;
}

/* What is left of the time to connect is the handshake's. */
static bool begin_tls(php_stream *stream, int64_t deadline)
{
	php_netstream_data_t *sock = stream->abstract;
	int64_t left = rs_deadline_left(deadline);
	struct timeval given = sock->timeout;
	php_stream_context *context = PHP_STREAM_CONTEXT(stream);
	zend_long method = rs_hook_transport(stream)->tls;
	zval *chosen = context ? php_stream_context_get_option(context, "ssl", "crypto_method") : NULL;
	bool ok;

	if (chosen && Z_TYPE_P(chosen) == IS_LONG)
		method = Z_LVAL_P(chosen) | 1 /* the bit of clients */;
	if (left >= 0)
		sock->timeout = (struct timeval){ left / 1000, left % 1000 * 1000 };
	ok = php_stream_xport_crypto_setup(stream, (php_stream_xport_crypt_method_t)method, NULL) >= 0 &&
	     php_stream_xport_crypto_enable(stream, 1) >= 0;
	sock->timeout = given;
	return ok;
}

int rs_hook_connect(php_stream *stream, php_stream_xport_param *p)
{
	int64_t deadline = rs_deadline(rs_hook_ms(p->inputs.timeout));

	if (!connect_any(stream, p, deadline))
		return PHP_STREAM_OPTION_RETURN_OK;
	if (rs_hook_transport(stream)->tls && !begin_tls(stream, deadline)) {
		if (!EG(exception))
			php_error_docref(NULL, E_WARNING, "Failed to enable crypto");
		p->outputs.returncode = -1;
	}
	return PHP_STREAM_OPTION_RETURN_OK;
}
