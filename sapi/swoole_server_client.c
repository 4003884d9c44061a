/*
 * What Swoole\Server knows about connections: the board, which the reactor writes, and what this process has just done to them
 * and the board does not show yet.
 */
#include "swoole_server.h"

#include "base/rs_clock.h"

#include "swoole_server_methods.h"

#define LIST_MAX 100      /* getClientList() */
#define CLOSING_MANY 1024 /* of those that we remember: look which are over */

struct binding {
	int64_t connect_us;
	uint32_t uid;
};

static struct {
	HashTable closing;  /* fd -> connect_us, of those that this process closes while the board may still show them open */
	HashTable bound;    /* fd -> struct binding, of those that this process has bound while the board may not show it */
	HashTable in_close; /* fd -> struct rs_session, while onClose of it runs: the board may have forgotten it */
	bool ready;
} sessions;

static void free_told(zval *one)
{
	pefree(Z_PTR_P(one), true);
}

static void prepare(void)
{
	zend_hash_init(&sessions.closing, 8, NULL, NULL, true);
	zend_hash_init(&sessions.in_close, 8, NULL, free_told, true);
	zend_hash_init(&sessions.bound, 8, NULL, free_told, true);
	sessions.ready = true;
}

/* ---- what is open ----------------------------------------------------------------------------------------------------- */

static void forget_closed(void)
{
	struct rs_session session;
	zend_ulong fd;
	zval *one;

	ZEND_HASH_FOREACH_NUM_KEY_VAL(&sessions.closing, fd, one) {
		(void)one;
		if (!rs_board_get(rs_server_board(), (uint32_t)fd, &session) || session.state != RS_SESSION_OPEN)
			zend_hash_index_del(&sessions.closing, fd);
	} ZEND_HASH_FOREACH_END();
}

void rs_swoole_session_closing(const struct rs_session *session)
{
	zval since;

	if (!sessions.ready)
		prepare();
	if (zend_hash_num_elements(&sessions.closing) >= CLOSING_MANY)
		forget_closed();
	ZVAL_LONG(&since, session->connect_us);
	zend_hash_index_update(&sessions.closing, session->fd, &since);
}

void rs_swoole_close_begins(const struct rs_session *session)
{
	if (!sessions.ready)
		prepare();
	zend_hash_index_update_mem(&sessions.in_close, session->fd, (void *)(uintptr_t)session, sizeof *session);
}

void rs_swoole_close_ends(uint32_t fd)
{
	if (sessions.ready)
		zend_hash_index_del(&sessions.in_close, fd);
}

/* The same of those whose binding the board shows. */
static void forget_bound(void)
{
	struct rs_session session;
	zend_ulong fd;
	void *one;

	ZEND_HASH_FOREACH_NUM_KEY_PTR(&sessions.bound, fd, one) {
		(void)one;
		if (!rs_board_get(rs_server_board(), (uint32_t)fd, &session) || session.has_uid)
			zend_hash_index_del(&sessions.bound, fd);
	} ZEND_HASH_FOREACH_END();
}

void rs_swoole_session_bound(const struct rs_session *session, uint32_t uid)
{
	struct binding b = { .connect_us = session->connect_us, .uid = uid };

	if (!sessions.ready)
		prepare();
	if (zend_hash_num_elements(&sessions.bound) >= CLOSING_MANY)
		forget_bound();
	zend_hash_index_update_mem(&sessions.bound, session->fd, &b, sizeof b);
}

static void show_binding(struct rs_session *session)
{
	const struct binding *b = zend_hash_index_find_ptr(&sessions.bound, session->fd);

	if (!b || session->has_uid || b->connect_us != session->connect_us)
		return;
	session->has_uid = true;
	session->uid = b->uid;
}

/* Numbers come again: it may be another connection by now. */
static bool is_closed_here(const struct rs_session *session)
{
	const zval *since = sessions.ready ? zend_hash_index_find(&sessions.closing, session->fd) : NULL;

	return since && Z_LVAL_P(since) == session->connect_us;
}

bool rs_swoole_session_closed_here(uint32_t fd)
{
	struct rs_session session;

	return sessions.ready && zend_hash_index_exists(&sessions.closing, fd) &&
	       (!rs_board_get(rs_server_board(), fd, &session) || is_closed_here(&session));
}

bool rs_swoole_session(zend_long fd, struct rs_session *out, bool *open)
{
	*open = false;
	if (fd <= 0 || fd > RS_SESSION_MAX || !rs_board_get(rs_server_board(), (uint32_t)fd, out))
		return false;
	if (sessions.ready)
		show_binding(out);
	*open = out->state == RS_SESSION_OPEN && !is_closed_here(out);
	return true;
}

/* ---- asking ------------------------------------------------------------------------------------------------------------ */

ZEND_METHOD(Swoole_Server, exists)
{
	struct rs_session session;
	zend_long fd;
	bool open;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(fd)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	(void)rs_swoole_session(fd, &session, &open);
	RETURN_BOOL(open);
}

/* Room for those that come while we look; whoever is above it is left out, as if it had come later. */
#define LIST_SLACK 64

uint32_t *rs_swoole_session_list(int port, size_t *n)
{
	const struct rs_board *b = rs_server_here() ? rs_server_board() : NULL;
	size_t room = b ? (size_t)atomic_load_explicit(&b->head->connections, memory_order_relaxed) + LIST_SLACK : 1;
	uint32_t *fds = safe_emalloc(room, sizeof *fds, 0);
	struct rs_session session;
	size_t found = b ? rs_board_list(b, 0, port, fds, room) : 0;
	bool open;

	*n = 0;
	for (size_t i = 0; i < found; i++) {
		(void)rs_swoole_session(fds[i], &session, &open);
		if (open)
			fds[(*n)++] = fds[i];
	}
	return fds;
}

static void add_seconds(zval *array, const char *name, int64_t us)
{
	add_assoc_double(array, name, (double)us / 1e6);
}

/* Modes in which a connection has a worker of its own as far as the API says. */
static bool worker_is_told(void)
{
	int64_t mode = rs_swoole_the_server()->conf.dispatch_mode;

	return mode == 2 || mode == 4 || mode == 5 || mode == 8;
}

static void add_certificate(zval *array, const struct rs_session *of)
{
	char pem[RS_BOARD_CERT_MAX];
	size_t n = of->cert_len ? rs_board_cert(rs_server_board(), of, pem) : 0;

	if (n)
		add_assoc_stringl(array, "ssl_client_cert", pem, n);
}

void rs_swoole_session_array(const struct rs_session *n, zval *out)
{
	array_init_size(out, 20);
	add_assoc_long(out, "server_fd", n->server_fd);
	add_assoc_long(out, "socket_fd", n->socket_fd);
	add_assoc_long(out, "socket_type", n->socket_type);
	add_assoc_long(out, "remote_port", n->remote_port);
	add_assoc_string(out, "remote_ip", n->remote_ip);
	add_assoc_long(out, "reactor_id", n->reactor_id);
	add_assoc_long(out, "connect_time", n->connect_us / 1000000);
	add_assoc_long(out, "last_time", n->receive_us / 1000000);
	add_seconds(out, "last_recv_time", n->receive_us);
	add_seconds(out, "last_send_time", n->send_us);
	add_seconds(out, "last_dispatch_time", n->dispatch_us);
	add_assoc_long(out, "close_errno", n->close_errno);
	add_assoc_long(out, "recv_queued_bytes", (zend_long)n->receive_queued);
	add_assoc_long(out, "send_queued_bytes", (zend_long)n->send_queued);
	add_assoc_long(out, "server_port", n->server_port);
	if (n->worker != UINT32_MAX && worker_is_told())
		add_assoc_long(out, "worker_id", n->worker);
	if (n->has_uid)
		add_assoc_long(out, "uid", n->uid);
	if (n->websocket)
		add_assoc_long(out, "websocket_status", n->websocket);
	add_certificate(out, n);
}

ZEND_METHOD(Swoole_Server, getClientInfo)
{
	const struct rs_session *told;
	struct rs_session session;
	zend_long fd, reactor = -1;
	bool ignore = false, open;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_LONG(fd)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(reactor)
		Z_PARAM_BOOL(ignore)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	told = fd > 0 && sessions.ready ? zend_hash_index_find_ptr(&sessions.in_close, (zend_ulong)fd) : NULL;
	if (told) {
		rs_swoole_session_array(told, return_value);
		return;
	}
	if (!rs_swoole_session(fd, &session, &open)) {
		rs_swoole_set_error(RS_SERVER_NOT_EXIST);
		RETURN_FALSE;
	}
	if (!open && !ignore) {
		rs_swoole_set_error(RS_SERVER_CLOSED);
		RETURN_FALSE;
	}
	rs_swoole_session_array(&session, return_value);
}

ZEND_METHOD(Swoole_Server, getClientList)
{
	zend_long start = 0, count = 10;
	struct rs_session session;
	uint32_t fds[LIST_MAX];
	size_t n;
	bool open;

	ZEND_PARSE_PARAMETERS_START(0, 2)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(start)
		Z_PARAM_LONG(count)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (count > LIST_MAX) {
		rs_swoole_warn(0, "swoole connection list max count=%d", LIST_MAX);
		RETURN_FALSE;
	}
	if (start != 0 && !rs_swoole_session(start, &session, &open)) {
		rs_swoole_set_error(RS_SERVER_NOT_EXIST);
		RETURN_FALSE;
	}
	n = count > 0 ? rs_board_list(rs_server_board(), (uint32_t)start, -1, fds, (size_t)count) : 0;
	if (n == 0)
		RETURN_FALSE;
	array_init_size(return_value, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		add_next_index_long(return_value, fds[i]);
}

static bool idle_too_long(const struct rs_swoole_server *s, uint32_t fd, int64_t now_us)
{
	struct rs_session session;
	bool open;
	int64_t idle_ms;

	if (!rs_swoole_session(fd, &session, &open) || !open || session.is_protected || session.port >= s->nports)
		return false;
	idle_ms = s->ports[session.port]->p.heartbeat_idle_ms;
	return idle_ms && now_us - session.receive_us > idle_ms * 1000;
}

ZEND_METHOD(Swoole_Server, heartbeat)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	bool close_them = false, any = false;
	int64_t now_us = rs_wall_us();
	uint32_t *fds;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(close_them)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	for (uint32_t i = 0; i < s->nports; i++)
		any |= s->ports[i]->p.heartbeat_idle_ms != 0;
	if (!any)
		RETURN_FALSE;
	array_init(return_value);
	fds = rs_swoole_session_list(-1, &n);
	for (size_t i = 0; i < n; i++)
		if (idle_too_long(s, fds[i], now_us))
			add_next_index_long(return_value, fds[i]);
	efree(fds);
	if (close_them) {
		zval *fd;

		ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(return_value), fd) {
			(void)rs_server_order((uint32_t)Z_LVAL_P(fd), RS_ORDER_CLOSE, 0, RS_SLICE(""));
		} ZEND_HASH_FOREACH_END();
	}
}
