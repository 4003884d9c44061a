/*
 * Swoole\Async, and names and commands with callbacks. Its files are swoole_async_file.c, options swoole_async_set.c.
 */
#include "swoole_invoke.h"
#include "swoole_loop.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rs_fd.h"
#include "client/client_child.h"
#include "client/client_lookup.h"
#include "swoole_coroutine.h"
#include "stubs/async_arginfo.h"

#define NAME_MAX_BYTES 255
#define OUTPUT_CHUNK 8192
#define OUTPUT_MAX (64u << 20)
#define LOOK_MS 10 /* at a child, where the kernel has no descriptor for it */

/* ---- names -------------------------------------------------------------------------------------------------------- */

struct lookup {
	struct rs_php_callback cb;
	struct rs_lookup_job *job;
};

static void lookup_answered(void *arg, zval *ret)
{
	struct lookup *l = arg;

	(void)ret;
	rs_php_callback_free(&l->cb);
	rs_lookup_job_free(l->job);
	efree(l);
}

static void lookup_work(void *arg)
{
	struct lookup *l = arg;

	rs_lookup(l->job);
}

static void looked_up(void *arg)
{
	struct lookup *l = arg;
	zval argv[2];

	ZVAL_STRING(&argv[0], l->job->name);
	ZVAL_STRING(&argv[1], l->job->error ? "" : l->job->list[0]);
	if (l->job->error)
		rs_swoole_set_error(RS_SWOOLE_ERROR_DNSLOOKUP_RESOLVE_FAILED);
	rs_swoole_invoke_answer(&l->cb, 2, argv, lookup_answered, l);
	zval_ptr_dtor(&argv[0]);
	zval_ptr_dtor(&argv[1]);
}

ZEND_FUNCTION(swoole_async_dns_lookup)
{
	zend_fcall_info_cache fcc;
	zend_fcall_info fci;
	struct lookup *l;
	char *name;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_PATH(name, n)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	rs_swoole_require_async();
	if (n == 0 || n > NAME_MAX_BYTES) {
		rs_swoole_warn(RS_SWOOLE_ERROR_INVALID_PARAMS, "the domain name is empty or too long");
		RETURN_FALSE;
	}
	l = ecalloc(1, sizeof *l);
	l->job = rs_lookup_job_new(name, NULL);
	if (!l->job)
		rs_swoole_fatal("no memory for a lookup");
	l->job->family = AF_INET;
	l->job->socktype = SOCK_STREAM;
	rs_php_callback_copy(&l->cb, &fci, &fcc);
	if (rs_co_job(lookup_work, looked_up, l))
		RETURN_TRUE;
	rs_swoole_warn(errno, "no thread for %s: %s", name, strerror(errno));
	lookup_answered(l, NULL);
	RETURN_FALSE;
}

/* The resolver of the system is asked each time: there is nothing to empty. */
ZEND_FUNCTION(swoole_clear_dns_cache)
{
	ZEND_PARSE_PARAMETERS_NONE();
}

/* ---- commands ----------------------------------------------------------------------------------------------------- */

/* Runs. Its output comes first, then it ends. Owner: the loop, by its watch or timer. */
struct command {
	struct rs_php_callback cb;
	pid_t pid;
	int fd;                 /* of its output, then its pidfd */
	struct rs_watch *watch;
	struct rs_buf output;
};

static void command_answered(void *arg, zval *ret)
{
	struct command *c = arg;

	(void)ret;
	rs_php_callback_free(&c->cb);
	rs_buf_free(&c->output);
	efree(c);
}

/* As PHP's child functions tell it; who has reaped it knows, if that was not us. */
static void add_status(zval *to, pid_t reaped, int status)
{
	array_init_size(to, 2);
	add_assoc_long(to, "code", reaped <= 0 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 0);
	add_assoc_long(to, "signal", reaped > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

/* true: it has ended, and its callback was called. */
static bool try_reap(struct command *c)
{
	int status = 0;
	pid_t got = rs_child_reap(c->pid, &status);
	zval argv[2];

	if (got == 0)
		return false;
	if (!rs_swoole_invoke_text(&argv[0], rs_buf_slice(&c->output)))
		return true;
	add_status(&argv[1], got, status);
	rs_swoole_invoke_answer(&c->cb, 2, argv, command_answered, c);
	zval_ptr_dtor(&argv[0]);
	zval_ptr_dtor(&argv[1]);
	return true;
}

static void look_cb(struct rs_timer *t, void *arg)
{
	(void)t;
	if (!try_reap(arg) && !rs_timer_new(rs_loop_get(), LOOK_MS, false, true, look_cb, arg))
		command_answered(arg, NULL);
}

static void ended_cb(struct rs_watch *w, unsigned events, void *arg)
{
	struct command *c = arg;

	(void)events;
	rs_watch_free(w);
	rs_fd_close(&c->fd);
	look_cb(NULL, c);
}

/* No more output: its end. */
static void await_end(struct command *c)
{
	rs_watch_free(c->watch);
	rs_fd_close(&c->fd);
	c->fd = rs_child_fd(c->pid);
	c->watch = c->fd < 0 ? NULL : rs_watch_new(rs_loop_get(), c->fd, RS_WATCH_READ, true, ended_cb, c);
	if (c->watch)
		return;
	rs_fd_close(&c->fd);
	look_cb(NULL, c);
}

static void output_cb(struct rs_watch *w, unsigned events, void *arg)
{
	struct command *c = arg;
	char *to = c->output.len < OUTPUT_MAX ? rs_buf_reserve(&c->output, OUTPUT_CHUNK) : NULL;
	ssize_t n = to ? read(c->fd, to, OUTPUT_CHUNK) : 0;

	(void)w;
	(void)events;
	if (n > 0)
		rs_buf_commit(&c->output, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		await_end(c);
}

ZEND_METHOD(Swoole_Async, exec)
{
	zend_fcall_info_cache fcc;
	zend_fcall_info fci;
	struct command *c;
	char *text;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_PATH(text, n)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	rs_swoole_require_async();
	c = ecalloc(1, sizeof *c);
	if (!rs_child_shell(text, false, &c->pid, &c->fd)) {
		rs_swoole_warn(errno, "unable to execute '%s': %s", text, strerror(errno));
		efree(c);
		RETURN_FALSE;
	}
	c->watch = rs_watch_new(rs_swoole_loop(), c->fd, RS_WATCH_READ, true, output_cb, c);
	if (!c->watch)
		rs_swoole_fatal("no memory to watch a command");
	rs_php_callback_copy(&c->cb, &fci, &fcc);
	RETURN_LONG(c->pid);
}

void rs_swoole_minit_async(void)
{
	rs_swoole_alias(register_class_Swoole_Async(), "swoole_async");
	zend_register_functions(NULL, async_functions, NULL, MODULE_PERSISTENT);
}
