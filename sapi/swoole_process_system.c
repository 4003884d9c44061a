/*
 * The static methods of Swoole\Process: children, signals, daemon, timers of the kernel, CPUs. Owns the signal callbacks.
 */
#include "swoole_invoke.h"
#include "swoole_loop.h"
#include "swoole_process_private.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "client/client_child.h"

/* Callbacks of Process::signal(), by number. */
static struct {
	struct rs_php_callback cbs[NSIG];
	volatile sig_atomic_t due; /* some have come while PHP code runs that may not turn the loop for long */
	bool interrupting;         /* their callbacks run in the middle of that code */
} signals;

static zend_class_entry *(*autoload)(zend_string *name, zend_string *lc_name); /* the engine's, or whose hook was there before ours */

/* The loop is gone, perhaps because this is a child: nothing of user code runs here. */
static void forget(void)
{
	memset(&signals, 0, sizeof signals);
}

/* User processes of applications are often loops that block; nothing else would stop them in good order. */
static bool interrupts(void)
{
	return rs_php()->hosting && rs_swoole_place() == RS_SWOOLE_USER_PROCESS;
}

bool rs_process_interrupted(void)
{
	return signals.due && !signals.interrupting;
}

ZEND_METHOD(Swoole_Process, wait)
{
	struct rs_child_end end;
	bool blocking = true;
	enum rs_result r;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(blocking)
	ZEND_PARSE_PARAMETERS_END();
	r = rs_child_wait(-1, blocking, interrupts() ? rs_process_interrupted : NULL, &end);
	if (r == RS_ERR) {
		rs_swoole_set_error(errno);
		if (rs_process_interrupted())
			rs_process_run_interruption();
	}
	if (r != RS_OK)
		RETURN_FALSE;
	array_init_size(return_value, 3);
	add_assoc_long(return_value, "pid", end.pid);
	add_assoc_long(return_value, "code", end.code);
	add_assoc_long(return_value, "signal", end.signal);
}

/* ---- signals --------------------------------------------------------------------------------------------------- */

static void signal_cb(int signo, void *arg)
{
	zval number;

	ZVAL_LONG(&number, signo);
	/* As with ext-pcntl: what it throws, and exit, go through the code that was interrupted. */
	if (signals.interrupting)
		(void)rs_php_call_through(arg, 1, &number, NULL);
	else
		rs_swoole_invoke_plain(arg, 1, &number);
}

/* In the signal's handler. */
static void told(void)
{
	signals.due = 1;
	zend_atomic_bool_store_ex(&EG(vm_interrupt), true);
}

static zend_class_entry *autoload_ends(zend_string *name, zend_string *lc_name)
{
	zend_class_entry *ce = autoload(name, lc_name);

	if (signals.due)
		zend_atomic_bool_store_ex(&EG(vm_interrupt), true);
	return ce;
}

void rs_process_run_interruption(void)
{
	rs_swoole_process_interrupt();
	rs_swoole_set_error(EINTR);
}

void rs_swoole_process_interrupt(void)
{
	struct rs_loop *l = rs_loop_peek();

	if (!signals.due || signals.interrupting || !l || EG(exception))
		return;
	/* A class that is being loaded right now does not exist for them, nor can they load it: autoload_ends() comes back. */
	if (EG(in_autoload) && zend_hash_num_elements(EG(in_autoload)))
		return;
	signals.due = 0;
	signals.interrupting = true;
	(void)rs_loop_call_signals(l);
	signals.interrupting = false;
}

/* false: warned. */
static bool signal_is_ours(zend_long signo)
{
	if (signo <= 0 || signo >= NSIG) {
		rs_swoole_warn(EINVAL, "there is no signal " ZEND_LONG_FMT, signo);
		return false;
	}
	if (rs_swoole_policy()->reserved_signals & (1ull << signo)) {
		rs_swoole_warn(EINVAL, "signal " ZEND_LONG_FMT " is the server's in this process", signo);
		return false;
	}
	return true;
}

ZEND_METHOD(Swoole_Process, signal)
{
	zend_fcall_info fci = { 0 };
	zend_fcall_info_cache fcc;
	struct rs_sigwatch *old;
	struct rs_loop *l;
	zend_long signo;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(signo)
		Z_PARAM_OPTIONAL
		Z_PARAM_FUNC_OR_NULL(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	rs_swoole_require_async();
	if (!signal_is_ours(signo))
		RETURN_FALSE;
	l = rs_swoole_loop();
	if (!ZEND_FCI_INITIALIZED(fci)) {
		old = rs_sigwatch_find(l, (int)signo);
		if (!signals.cbs[signo].set || !old) {
			rs_swoole_warn(EINVAL, "signal " ZEND_LONG_FMT " has no callback", signo);
			RETURN_FALSE;
		}
		rs_sigwatch_free(old);
		rs_php_callback_free(&signals.cbs[signo]);
		RETURN_TRUE;
	}
	if (!rs_sigwatch_new(l, (int)signo, signal_cb, &signals.cbs[signo])) {
		rs_swoole_warn(errno, "signal " ZEND_LONG_FMT " cannot have a callback: %s", signo, strerror(errno));
		RETURN_FALSE;
	}
	rs_loop_at_drop(l, forget);
	if (interrupts()) {
		rs_loop_tell_signals(l, told);
		if (!autoload) {
			autoload = zend_autoload;
			zend_autoload = autoload_ends;
		}
	}
	rs_php_callback_copy(&signals.cbs[signo], &fci, &fcc);
	RETURN_TRUE;
}

/* A number that would only fit after cutting means nobody, least of all every process there is. */
static bool send_signal(zend_long pid, zend_long signo)
{
	if (pid == (pid_t)pid && signo == (int)signo)
		return kill((pid_t)pid, (int)signo) == 0;
	errno = pid == (pid_t)pid ? EINVAL : ESRCH;
	return false;
}

ZEND_METHOD(Swoole_Process, kill)
{
	zend_long pid, signo = SIGTERM;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(pid)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(signo)
	ZEND_PARSE_PARAMETERS_END();
	if (send_signal(pid, signo))
		RETURN_TRUE;
	if (signo == 0)
		rs_swoole_set_error(errno);
	else
		rs_swoole_warn(errno, "kill(" ZEND_LONG_FMT ", " ZEND_LONG_FMT "): %s", pid, signo, strerror(errno));
	RETURN_FALSE;
}

/* ---- the process itself ------------------------------------------------------------------------------------------ */

ZEND_METHOD(Swoole_Process, daemon)
{
	bool keep_dir = true, keep_stdio = true;
	HashTable *pipes = NULL;
	int stdio[3] = { -1, -1, -1 };
	zval *pipe;

	ZEND_PARSE_PARAMETERS_START(0, 3)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(keep_dir)
		Z_PARAM_BOOL(keep_stdio)
		Z_PARAM_ARRAY_HT(pipes)
	ZEND_PARSE_PARAMETERS_END();
	for (int i = 0; pipes && i < 3; i++) {
		pipe = zend_hash_index_find(pipes, (zend_ulong)i);
		if (pipe)
			stdio[i] = rs_swoole_fd_of(pipe);
	}
	if (rs_child_daemonize(keep_dir, keep_stdio, stdio))
		RETURN_TRUE;
	rs_swoole_warn(errno, "cannot become a daemon: %s", strerror(errno));
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Process, alarm)
{
	struct rs_loop *l = rs_loop_peek();
	zend_long usec, type = 0;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(usec)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(type)
	ZEND_PARSE_PARAMETERS_END();
	if (l && rs_timer_count(l) > 0) {
		rs_swoole_warn(EBUSY, "alarm and timers cannot be used together");
		RETURN_FALSE;
	}
	if (type < 0 || type > 2 || !rs_child_alarm(usec, (int)type)) {
		rs_swoole_warn(EINVAL, "there is no timer of type " ZEND_LONG_FMT, type);
		RETURN_FALSE;
	}
	RETURN_TRUE;
}

ZEND_METHOD(Swoole_Process, setAffinity)
{
	HashTable *list;
	zval *value;
	size_t n = 0;
	int *cpus;
	bool ok;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(list)
	ZEND_PARSE_PARAMETERS_END();
	if (zend_hash_num_elements(list) == 0)
		RETURN_FALSE;
	cpus = safe_emalloc(zend_hash_num_elements(list), sizeof *cpus, 0);
	ZEND_HASH_FOREACH_VAL(list, value) {
		zend_long cpu = zval_get_long(value);

		cpus[n++] = cpu < 0 || cpu > INT_MAX ? -1 : (int)cpu;
	} ZEND_HASH_FOREACH_END();
	ok = rs_child_set_cpus(cpus, n);
	efree(cpus);
	if (ok)
		RETURN_TRUE;
	rs_swoole_warn(errno, "cannot run on these CPUs: %s", strerror(errno));
	RETURN_FALSE;
}

/* Of whom: as given, else the child of this object, else this process. */
static id_t priority_of(const struct process *p, bool null, zend_long who)
{
	return (id_t)(!null ? who : p->pid);
}

ZEND_METHOD(Swoole_Process, setPriority)
{
	struct process *p = rs_process_of(ZEND_THIS);
	zend_long which, priority, who = 0;
	bool null = true;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_LONG(which)
		Z_PARAM_LONG(priority)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG_OR_NULL(who, null)
	ZEND_PARSE_PARAMETERS_END();
	if (setpriority((__priority_which_t)which, priority_of(p, null, who), (int)priority) == 0)
		RETURN_TRUE;
	rs_swoole_warn(errno, "cannot set the priority: %s", strerror(errno));
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Process, getPriority)
{
	struct process *p = rs_process_of(ZEND_THIS);
	zend_long which, who = 0;
	bool null = true;
	int priority;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(which)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG_OR_NULL(who, null)
	ZEND_PARSE_PARAMETERS_END();
	errno = 0;
	priority = getpriority((__priority_which_t)which, priority_of(p, null, who));
	if (errno == 0)
		RETURN_LONG(priority);
	rs_swoole_warn(errno, "cannot get the priority: %s", strerror(errno));
	RETURN_FALSE;
}

static void rshutdown(void)
{
	for (int signo = 1; signo < NSIG; signo++)
		rs_php_callback_free(&signals.cbs[signo]);
}

void rs_swoole_minit_process_system(void)
{
	rs_swoole_at_rshutdown(rshutdown);
}
