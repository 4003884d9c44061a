/*
 * Swoole\Coroutine\System: signals and descriptors: waitSignal(), waitEvent().
 */
#include "swoole_coroutine_private.h"

#include <errno.h>
#include <signal.h>

#include "client/client_wait.h"
#include "swoole_loop.h"
#include "worker/loop.h"

/* SWOOLE_EVENT_* */
#define EVENT_READ 512
#define EVENT_WRITE 1024

struct signal_wait {
	struct rs_co *co;
	bool came;
};

static void signal_cb(int signo, void *arg)
{
	struct signal_wait *w = arg;

	(void)signo;
	w->came = true;
	rs_co_wake(w->co);
}

ZEND_METHOD(Swoole_Coroutine_System, waitSignal)
{
	struct signal_wait w = { 0 };
	struct rs_sigwatch *there;
	enum rs_co_wait end;
	double timeout = -1;
	zend_long signo;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(signo)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	w.co = rs_co_self();
	if (signo < 1 || signo >= NSIG || rs_sigwatch_find(rs_loop_get(), (int)signo) ||
	    !rs_sigwatch_new(rs_loop_get(), (int)signo, signal_cb, &w)) {
		rs_swoole_warn(EBUSY, "signal " ZEND_LONG_FMT " cannot be waited for", signo);
		RETURN_FALSE;
	}
	/* A signal alone does not keep the loop alive; who waits for one wants that. */
	rs_loop_hold(rs_loop_get());
	end = rs_co_suspend_for(rs_co_ms(timeout));
	rs_loop_release(rs_loop_get());
	there = rs_sigwatch_find(rs_loop_get(), (int)signo);
	if (there && rs_sigwatch_arg(there) == &w)
		rs_sigwatch_free(there);
	if (!w.came)
		rs_swoole_set_error(end == RS_CO_TIMEOUT ? RS_CO_E_TIMEDOUT : RS_CO_E_CANCELED);
	RETURN_BOOL(w.came);
}

static bool ready_now(int fd, unsigned events)
{
	return rs_wait_blocking(NULL, fd, events, 0) == RS_WAIT_READY;
}

ZEND_METHOD(Swoole_Coroutine_System, waitEvent)
{
	zend_long events = EVENT_READ, ready = 0;
	unsigned want = 0;
	double timeout = -1;
	enum rs_co_wait end;
	zval *socket;
	int fd;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_ZVAL(socket)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(events)
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	fd = rs_swoole_fd_of(socket);
	want |= events & EVENT_READ ? RS_WATCH_READ : 0;
	want |= events & EVENT_WRITE ? RS_WATCH_WRITE : 0;
	if (fd < 0 || !want) {
		rs_swoole_warn(505, fd < 0 ? "unknown fd type" : "no event to wait for");
		RETURN_FALSE;
	}
	end = rs_co_wait_fd(fd, want, rs_co_ms(timeout));
	if (end != RS_CO_READY) {
		rs_swoole_set_error(end == RS_CO_TIMEOUT     ? RS_CO_E_TIMEDOUT
				    : end == RS_CO_CANCELLED ? RS_CO_E_CANCELED
							     : errno);
		RETURN_FALSE;
	}
	ready |= want & RS_WATCH_READ && ready_now(fd, RS_WATCH_READ) ? EVENT_READ : 0;
	ready |= want & RS_WATCH_WRITE && ready_now(fd, RS_WATCH_WRITE) ? EVENT_WRITE : 0;
	RETURN_LONG(ready);
}
