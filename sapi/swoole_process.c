/*
 * Swoole\Process: the object and its child. Pipe, queue and static methods are in files of their own. The child ends in
 * swoole_child.c.
 */
#include "swoole_process_private.h"

#include <errno.h>
#include <unistd.h>

#include "base/rs_proc.h"
#include "client/client_child.h"
#include "swoole_coroutine.h"
#include "swoole_invoke.h"
#include "swoole_loop.h"

#include "stubs/process_arginfo.h"

zend_class_entry *rs_swoole_process_ce;

static struct {
	zend_object_handlers handlers;
	zend_long next_id;
} processes;

/* ---- objects ------------------------------------------------------------------------------------------------------- */

static zend_object *process_new(zend_class_entry *ce)
{
	struct process *p = zend_object_alloc(sizeof *p, ce);

	p->queue.id = p->pipe.fds[0] = p->pipe.fds[1] = -1;
	zend_object_std_init(&p->std, ce);
	object_properties_init(&p->std, ce);
	p->std.handlers = &processes.handlers;
	return &p->std;
}

static void process_free(zend_object *object)
{
	struct process *p = RS_SWOOLE_OBJECT(struct process, object);

	if (p->has_pipe)
		rs_process_close_pipe(p);
	rs_php_callback_free(&p->cb);
	zval_ptr_dtor(&p->socket);
	zend_object_std_dtor(object);
}

/* The callback is often a closure that holds the object. */
static HashTable *process_gc(zend_object *object, zval **table, int *n)
{
	struct process *p = RS_SWOOLE_OBJECT(struct process, object);
	zend_get_gc_buffer *buffer = zend_get_gc_buffer_create();

	if (p->cb.set)
		zend_get_gc_buffer_add_zval(buffer, rs_php_callback_zval(&p->cb));
	zend_get_gc_buffer_add_zval(buffer, &p->socket);
	zend_get_gc_buffer_use(buffer, table, n);
	return zend_std_get_properties(object);
}

struct process *rs_process_of_object(zend_object *object)
{
	return RS_SWOOLE_OBJECT(struct process, object);
}

struct process *rs_process_of(zval *object)
{
	struct process *p = rs_process_of_object(Z_OBJ_P(object));

	if (!p->made)
		rs_swoole_fatal("must call constructor first");
	return p;
}

static void show_long(struct process *p, const char *name, zend_long value)
{
	zend_update_property_long(rs_swoole_process_ce, &p->std, name, strlen(name), value);
}

/* 0 none, 1 stream, 2 datagram; false: errno. */
static bool make_pipe(struct process *p, int type)
{
	if (type == 0)
		return true;
	if (!rs_pipe_open(&p->pipe, type != 1))
		return false;
	p->pipe.interrupted = rs_process_interrupted;
	p->has_pipe = true;
	show_long(p, "pipe", p->pipe.fds[RS_PIPE_MASTER]);
	return true;
}

static void set_id(struct process *p, zend_long id)
{
	p->id = id;
	show_long(p, "id", id);
}

/* The third argument was a bool once, true for a stream. false: TypeError. */
static bool pipe_type(zval *value, int *type)
{
	zend_long n;

	if (Z_TYPE_P(value) == IS_TRUE || Z_TYPE_P(value) == IS_FALSE) {
		*type = Z_TYPE_P(value) == IS_TRUE;
		return true;
	}
	if (!zend_parse_arg_long(value, &n, NULL, false, 3)) {
		zend_argument_type_error(3, "must be of type int|bool, %s given", zend_zval_type_name(value));
		return false;
	}
	*type = n == 0 ? 0 : n == 1 ? 1 : 2;
	return true;
}

ZEND_METHOD(Swoole_Process, __construct)
{
	struct process *p = rs_process_of_object(Z_OBJ_P(ZEND_THIS));
	bool redirect = false, coroutine = false;
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;
	zval *type_value = NULL;
	int type = 2;

	ZEND_PARSE_PARAMETERS_START(1, 4)
		Z_PARAM_FUNC(fci, fcc)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(redirect)
		Z_PARAM_ZVAL(type_value)
		Z_PARAM_BOOL(coroutine)
	ZEND_PARSE_PARAMETERS_END();
	if (type_value && !pipe_type(type_value, &type))
		RETURN_THROWS();
	if (strcmp(sapi_module.name, "cli") != 0)
		rs_swoole_fatal("can only be used in PHP CLI mode");
	if (p->made) {
		zend_throw_error(NULL, "Constructor of %s can only be called once", ZSTR_VAL(p->std.ce->name));
		RETURN_THROWS();
	}
	if (!make_pipe(p, redirect ? 1 : type)) {
		rs_swoole_throw(errno, "cannot make a pipe: %s", strerror(errno));
		RETURN_THROWS();
	}
	p->made = true;
	p->redirect = redirect;
	p->coroutine = coroutine;
	rs_php_callback_copy(&p->cb, &fci, &fcc);
	set_id(p, processes.next_id++);
}

/* ---- children ------------------------------------------------------------------------------------------------------ */

void rs_swoole_process_use(zend_object *object, bool own)
{
	struct process *p = rs_process_of_object(object);

	p->side = own ? RS_PIPE_CHILD : RS_PIPE_MASTER;
	if (p->has_pipe)
		show_long(p, "pipe", p->pipe.fds[p->side]);
}

int rs_swoole_process_run(zend_object *object)
{
	struct process *p = rs_process_of_object(object);
	zval self;

	rs_swoole_process_use(object, true);
	rs_swoole_process_set_pid(object, getpid());
	if (p->redirect && !rs_child_redirect(p->pipe.fds[RS_PIPE_CHILD])) {
		rs_swoole_warn(errno, "cannot redirect: %s", strerror(errno));
		return 255;
	}
	ZVAL_OBJ(&self, object);
	return rs_swoole_child_run(&p->cb, 1, &self, p->coroutine);
}

/* Does the child that was started last still run (or wait to be reaped)? */
static bool child_lives(const struct process *p)
{
	return p->pid > 0 && rs_proc_parent(p->pid) == getpid();
}

ZEND_METHOD(Swoole_Process, start)
{
	struct process *p = rs_process_of(ZEND_THIS);
	pid_t pid, parent = getpid();

	ZEND_PARSE_PARAMETERS_NONE();
	if (p->taken)
		RETURN_FALSE;
	if (rs_swoole_in_own_coroutine())
		rs_swoole_fatal("must be forked outside the coroutine");
	if (child_lives(p) || p->pid == parent) {
		rs_swoole_warn(EALREADY, "process has already been started");
		RETURN_FALSE;
	}
	pid = rs_child_fork(rs_swoole_in_server());
	if (pid < 0) {
		rs_swoole_warn(errno, "cannot fork: %s", strerror(errno));
		RETURN_FALSE;
	}
	if (pid == 0) {
		rs_swoole_child_begin();
		p->parent = parent;
		/* The parent's end: the kernel tells us of its death then, where it can. */
		rs_pipe_close(&p->pipe, RS_PIPE_MASTER);
		rs_swoole_child_end(rs_swoole_process_run(&p->std));
	}
	rs_swoole_process_set_pid(&p->std, pid);
	RETURN_LONG(pid);
}

ZEND_METHOD(Swoole_Process, exit)
{
	struct process *p = rs_process_of(ZEND_THIS);
	zend_long status = 0;

	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(status)
	ZEND_PARSE_PARAMETERS_END();
	if (p->pid != getpid())
		return;
	if (status < 0 || status > 255) {
		rs_swoole_warn(EINVAL, "the exit code must be 0 to 255, not " ZEND_LONG_FMT, status);
		status = 1;
	}
	rs_swoole_child_end((int)status);
}

/* argv of a program; every string is the caller's until efree(). */
static char **argv_of(zend_string *file, HashTable *args, zend_string **strings)
{
	char **argv = safe_emalloc(zend_hash_num_elements(args) + 2, sizeof *argv, 0);
	size_t n = 0;
	zval *arg;

	argv[n++] = ZSTR_VAL(file);
	ZEND_HASH_FOREACH_VAL(args, arg) {
		strings[n - 1] = zval_get_string(arg);
		argv[n] = ZSTR_VAL(strings[n - 1]);
		n++;
	} ZEND_HASH_FOREACH_END();
	argv[n] = NULL;
	return argv;
}

ZEND_METHOD(Swoole_Process, exec)
{
	struct process *p = rs_process_of(ZEND_THIS);
	zend_string *file, **strings;
	HashTable *args;
	char **argv;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_PATH_STR(file)
		Z_PARAM_ARRAY_HT(args)
	ZEND_PARSE_PARAMETERS_END();
	if (ZSTR_LEN(file) == 0) {
		rs_swoole_warn(EINVAL, "the file name is empty");
		RETURN_FALSE;
	}
	strings = safe_emalloc(zend_hash_num_elements(args) + 1, sizeof(zend_string *), 0);
	argv = argv_of(file, args, strings);
	if (!EG(exception)) {
		int saved;

		php_output_flush_all();
		rs_child_exec(ZSTR_VAL(file), argv, &p->pipe.fds[p->side], p->has_pipe);
		saved = errno;
		rs_swoole_warn(saved, "cannot execute %s: %s", ZSTR_VAL(file), strerror(saved));
	}
	for (uint32_t i = 0; i < zend_hash_num_elements(args); i++)
		zend_string_release(strings[i]);
	efree(strings);
	efree(argv);
	RETURN_FALSE;
}

ZEND_METHOD(Swoole_Process, name)
{
	zend_string *name;
	zval function, title;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(name)
	ZEND_PARSE_PARAMETERS_END();
	(void)rs_process_of(ZEND_THIS);
	if (ZSTR_LEN(name) == 0)
		RETURN_FALSE;
	ZVAL_STRING(&function, "cli_set_process_title");
	ZVAL_STR(&title, name);
	RETVAL_FALSE;
	call_user_function(NULL, NULL, &function, return_value, 1, &title);
	zval_ptr_dtor(&function);
}

/* ---- settings ------------------------------------------------------------------------------------------------------- */

ZEND_METHOD(Swoole_Process, set)
{
	struct process *p = rs_process_of(ZEND_THIS);
	HashTable *settings;
	zval *on;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	on = zend_hash_str_find(settings, ZEND_STRL("enable_coroutine"));
	if (on)
		p->coroutine = zend_is_true(on);
}

/* ---- for servers and pools ------------------------------------------------------------------------------------------- */

bool rs_swoole_process_take(zend_object *object, zend_long id)
{
	struct process *p = rs_process_of_object(object);

	if (!p->made || p->taken || p->pid)
		return false;
	p->taken = true;
	set_id(p, id);
	return true;
}

void rs_swoole_process_set_id(zend_object *object, zend_long id)
{
	set_id(rs_process_of_object(object), id);
}

void rs_swoole_process_set_pid(zend_object *object, pid_t pid)
{
	struct process *p = rs_process_of_object(object);

	p->pid = pid;
	show_long(p, "pid", pid);
}

void rs_swoole_process_of_pool(zval *object, zend_long id, int type, const struct rs_queue *queue)
{
	struct process *p;

	object_init_ex(object, rs_swoole_process_ce);
	p = rs_process_of_object(Z_OBJ_P(object));
	p->made = p->taken = true;
	set_id(p, id);
	if (queue && queue->id >= 0) {
		p->queue = *queue;
		rs_process_show_queue(p);
	}
	if (!make_pipe(p, type))
		rs_swoole_fatal("cannot make a pipe: %s", strerror(errno));
}

static void rinit(void)
{
	processes.next_id = 0;
}

void rs_swoole_minit_process(void)
{
	zend_class_entry *ce = register_class_Swoole_Process();

	rs_swoole_process_ce = ce;
	ce->create_object = process_new;
	rs_swoole_handlers(&processes.handlers, offsetof(struct process, std), process_free);
	processes.handlers.get_gc = process_gc;
	rs_swoole_keep_properties(ce, &processes.handlers);
	rs_swoole_alias(ce, "swoole_process");
	rs_swoole_fd_class(ce, rs_swoole_process_fd);
	rs_swoole_at_rinit(rinit);
}
