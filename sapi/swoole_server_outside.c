/*
 * The server of an application as other PHP processes have it (Artisan, FPM, queue workers): an object that was never constructed, whose
 * methods send through app.sock and read the board. Its ports have numbers, but no addresses.
 */
#include "swoole_server_hosted.h"

#include <ext/spl/spl_exceptions.h>
#include <unistd.h>

#define MODE_PROCESS 2
#define SOCK_TCP 1

static struct {
	char *path;  /* what is connected; NULL: nothing */
	pid_t pid;
} outside;

/* Ports as far as methods look at them. */
static bool make(struct rs_swoole_server *s)
{
	const struct rs_wire_server *w = &rs_server_setup()->server;
	uint32_t n = w->nports ? w->nports : 1;
	char why[256] = "";
	bool ok = true;

	s->hosted = true;
	s->mode = MODE_PROCESS;
	s->conf.enable_coroutine = false;
	ok = rs_swoole_server_make(s, ZSTR_CHAR('-'), 0, SOCK_TCP, why, sizeof why);
	for (uint32_t i = 1; ok && i < n && i < RS_PORTS_MAX; i++)
		ok = rs_swoole_port_open(s, ZSTR_CHAR('-'), 0, SOCK_TCP, why, sizeof why);
	if (ok)
		rs_swoole_server_show_ports(s);
	s->started = true;
	return ok;
}

static void forget(void)
{
	free(outside.path);
	outside.path = NULL;
}

/* false: thrown. */
static bool connected(zend_string *path)
{
	char why[512] = "";

	if (rs_php()->hosting || (rs_server_here() && rs_server_role() != RS_ROLE_OUTSIDE)) {
		zend_throw_exception(spl_ce_RuntimeException, "this process is one of a server's itself", 0);
		return false;
	}
	if (outside.path && outside.pid == getpid() && rs_server_outside_alive()) {
		if (strcmp(outside.path, ZSTR_VAL(path)) == 0)
			return true;
		rs_server_outside_close();
	}
	forget();
	if (!rs_server_outside(ZSTR_VAL(path), why, sizeof why)) {
		zend_throw_exception_ex(spl_ce_RuntimeException, 0, "%s", why);
		return false;
	}
	outside.path = strdup(ZSTR_VAL(path));
	outside.pid = getpid();
	return true;
}

bool rs_swoole_outside(zval *out, zend_string *path)
{
	struct rs_swoole_server *s = rs_swoole_the_server();

	if (s && !s->hosted) {
		zend_throw_exception(spl_ce_RuntimeException, "this process has a server of its own", 0);
		return false;
	}
	if (!connected(path))
		return false;
	if (s) {
		ZVAL_OBJ_COPY(out, &s->std);
		rs_swoole_server_show_process(s);
		return true;
	}
	object_init_ex(out, rs_swoole_websocket_server_ce);
	s = RS_SWOOLE_OBJECT(struct rs_swoole_server, Z_OBJ_P(out));
	if (!make(s)) {
		zval_ptr_dtor(out);
		zend_throw_exception(spl_ce_RuntimeException, "the object of the server cannot be made", 0);
		return false;
	}
	rs_swoole_server_show_process(s);
	return true;
}
