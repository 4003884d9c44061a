/*
 * Swoole\Process: its pipe, for user code and for the servers and pools that own such objects.
 */
#include "swoole_process_private.h"

#include <errno.h>

#include "swoole_coroutine_socket.h"
#include "swoole_loop.h"

#define READ_DEFAULT 8192
#define READ_MAX 65536

/* close(): which */
enum { CLOSE_ALL, CLOSE_WRITING, CLOSE_READING };

void rs_process_close_pipe(struct process *p)
{
	for (int side = 0; side < 2; side++) {
		rs_swoole_fd_closing(p->pipe.fds[side]);
		rs_pipe_close(&p->pipe, (enum rs_pipe_side)side);
	}
	p->has_pipe = false;
}

/* true: it has a pipe; else warned. */
static bool has_pipe(const struct process *p)
{
	if (p->has_pipe)
		return true;
	rs_swoole_warn(EBADF, "there is no pipe");
	return false;
}

static void pipe_failed(int err)
{
	rs_swoole_set_error(err);
	if (err == EINTR)
		rs_process_run_interruption();
}

/* Who is at the other end, as far as this process knows. */
static pid_t peer(const struct process *p)
{
	if (p->taken)
		return 0;
	return p->side == RS_PIPE_CHILD ? p->parent : p->pid;
}

ZEND_METHOD(Swoole_Process, write)
{
	struct process *p = rs_process_of(ZEND_THIS);
	zend_string *data;
	ssize_t sent;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(data)
	ZEND_PARSE_PARAMETERS_END();
	if (ZSTR_LEN(data) == 0) {
		rs_swoole_warn(EINVAL, "the data is empty");
		RETURN_FALSE;
	}
	if (!has_pipe(p))
		RETURN_FALSE;
	/* Event-driven: what does not fit now goes out later. */
	if (rs_loop_peek() && !rs_pipe_is_blocking(&p->pipe, p->side))
		sent = rs_swoole_write_later(p->pipe.fds[p->side], ZSTR_VAL(data), ZSTR_LEN(data)) ? (ssize_t)ZSTR_LEN(data) : -1;
	else
		sent = rs_pipe_write(&p->pipe, p->side, ZSTR_VAL(data), ZSTR_LEN(data), peer(p));
	if (sent < 0) {
		pipe_failed(errno);
		RETURN_FALSE;
	}
	RETURN_LONG(sent);
}

ZEND_METHOD(Swoole_Process, read)
{
	struct process *p = rs_process_of(ZEND_THIS);
	zend_long size = READ_DEFAULT;
	zend_string *data;
	ssize_t got;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(size)
	ZEND_PARSE_PARAMETERS_END();
	if (!has_pipe(p))
		RETURN_FALSE;
	if (size <= 0)
		size = READ_DEFAULT;
	data = zend_string_alloc((size_t)MIN(size, READ_MAX), false);
	got = rs_pipe_read(&p->pipe, p->side, ZSTR_VAL(data), ZSTR_LEN(data), peer(p));
	if (got < 0) {
		int err = errno;

		zend_string_efree(data);
		pipe_failed(err);
		RETURN_FALSE;
	}
	data = zend_string_truncate(data, (size_t)got, false);
	ZSTR_VAL(data)[got] = 0;
	RETURN_STR(data);
}

ZEND_METHOD(Swoole_Process, close)
{
	struct process *p = rs_process_of(ZEND_THIS);
	zend_long which = CLOSE_ALL;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(which)
	ZEND_PARSE_PARAMETERS_END();
	if (!has_pipe(p))
		RETURN_FALSE;
	if (which == CLOSE_WRITING || which == CLOSE_READING)
		RETURN_BOOL(rs_pipe_shutdown(&p->pipe, p->side, which == CLOSE_WRITING));
	rs_process_close_pipe(p);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Process, setTimeout)
{
	struct process *p = rs_process_of(ZEND_THIS);
	double seconds;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_DOUBLE(seconds)
	ZEND_PARSE_PARAMETERS_END();
	if (!has_pipe(p))
		RETURN_FALSE;
	p->pipe.timeout_ms = rs_co_ms(seconds);
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Process, setBlocking)
{
	struct process *p = rs_process_of(ZEND_THIS);
	bool on;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_BOOL(on)
	ZEND_PARSE_PARAMETERS_END();
	if (has_pipe(p))
		rs_pipe_set_blocking(&p->pipe, p->side, on);
}

/* A child's copy of its parent's object gets the other end. */
ZEND_METHOD(Swoole_Process, exportSocket)
{
	struct process *p = rs_process_of(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (!p->has_pipe)
		RETURN_FALSE;
	if (!Z_ISUNDEF(p->socket) && p->exported != p->side) {
		zval_ptr_dtor(&p->socket);
		ZVAL_UNDEF(&p->socket);
	}
	if (Z_ISUNDEF(p->socket) && !rs_co_socket_of_fd(&p->socket, p->pipe.fds[p->side])) {
		ZVAL_UNDEF(&p->socket);
		rs_swoole_set_error(errno);
		RETURN_FALSE;
	}
	p->exported = p->side;
	RETURN_COPY(&p->socket);
}

/* ---- for servers and pools ------------------------------------------------------------------------------------------- */

int rs_swoole_process_fd(zend_object *object)
{
	const struct process *p = rs_process_of_object(object);

	return p->has_pipe ? p->pipe.fds[p->side] : -1;
}

void rs_swoole_process_fds(zend_object *object, int fds[2])
{
	const struct process *p = rs_process_of_object(object);

	for (int i = 0; i < 2; i++)
		fds[i] = p->has_pipe ? p->pipe.fds[i] : -1;
}

int rs_swoole_process_child_fd(zend_object *object)
{
	const struct process *p = rs_process_of_object(object);

	return p->has_pipe ? p->pipe.fds[RS_PIPE_CHILD] : -1;
}

bool rs_swoole_process_send(zend_object *object, struct rs_slice datagram, bool later)
{
	struct rs_pipe pipe = rs_process_of_object(object)->pipe;

	if (later)
		return rs_swoole_write_later(pipe.fds[RS_PIPE_MASTER], datagram.p, datagram.n);
	pipe.timeout_ms = 0;
	if (rs_pipe_write(&pipe, RS_PIPE_MASTER, datagram.p, datagram.n, 0) == (ssize_t)datagram.n)
		return true;
	if (errno == ETIMEDOUT)
		errno = EAGAIN;
	return false;
}

enum rs_result rs_swoole_process_wait(zend_object *to, zend_object *own, int64_t timeout_ms)
{
	return rs_pipe_wait_either(&rs_process_of_object(to)->pipe, own ? &rs_process_of_object(own)->pipe : NULL, timeout_ms);
}

ssize_t rs_swoole_process_receive(zend_object *object, void *buf, size_t n)
{
	struct rs_pipe pipe = rs_process_of_object(object)->pipe;

	pipe.timeout_ms = 0;
	return rs_pipe_read(&pipe, RS_PIPE_CHILD, buf, n, 0);
}
