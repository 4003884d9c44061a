/*
 * swoole_async_read(), _readfile(), _write(), _writefile(): files on threads (client/client_file.h), callbacks from the loop. A
 * file is opened at once, so that the call itself says when that fails. What is written to one name goes in the order of the
 * calls; a file stays open for as long as something waits to be written to it.
 */
#include "swoole_invoke.h"
#include "swoole_loop.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/queue.h>

#include <ext/standard/file.h>

#include "client/client_file.h"
#include "swoole_coroutine.h"

#define WHOLE_MAX (4 << 20)
#define CHUNK_MAX (1 << 20)

/* Declared by the table in swoole_async.c. */
ZEND_FUNCTION(swoole_async_readfile);
ZEND_FUNCTION(swoole_async_writefile);
ZEND_FUNCTION(swoole_async_read);
ZEND_FUNCTION(swoole_async_write);

/* One call. Owner: the job on the thread, then the loop's callback. */
struct task {
	struct rs_php_callback cb;
	struct rs_file_job *job;
	zend_string *name;
	zend_string *whole;      /* readfile: what it will be, allocated where PHP may refuse it; NULL */
	bool chunks;             /* read: callback after callback, until it says false or the file ends */
	STAILQ_ENTRY(task) next; /* written: behind its elder */
};

/* What waits to be written to one name; the first one is on a thread. */
struct writer {
	zend_string *name;
	struct rs_file_job *job; /* of the first one */
	STAILQ_HEAD(, task) tasks;
};

static struct {
	HashTable writers; /* name -> struct writer * */
	bool ready;
} files;

static void task_free(struct task *t)
{
	rs_php_callback_free(&t->cb);
	rs_file_job_free(t->job);
	if (t->whole)
		zend_string_release(t->whole);
	zend_string_release(t->name);
	efree(t);
}

/* NULL: warned. */
static struct task *task_new(zend_string *name, int flags, off_t *size, zend_fcall_info *fci, zend_fcall_info_cache *fcc)
{
	struct rs_file_job *job;
	struct task *t;

	rs_swoole_require_async();
	if (php_check_open_basedir(ZSTR_VAL(name)))
		return NULL;
	job = rs_file_job_open(ZSTR_VAL(name), flags, size);
	if (!job) {
		rs_swoole_warn(errno, "open(%s) failed: %s", ZSTR_VAL(name), errno == EINVAL ? "not a regular file" : strerror(errno));
		return NULL;
	}
	t = ecalloc(1, sizeof *t);
	t->job = job;
	t->name = zend_string_copy(name);
	if (fci && ZEND_FCI_INITIALIZED(*fci))
		rs_php_callback_copy(&t->cb, fci, fcc);
	return t;
}

static bool no_thread(const struct task *t)
{
	rs_swoole_warn(errno, "no thread for %s: %s", ZSTR_VAL(t->name), strerror(errno));
	return false;
}

static void tell_error(const struct task *t)
{
	if (t->job->error)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, t->job->error, "%s: %s", ZSTR_VAL(t->name), strerror(t->job->error));
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static void was_read(void *arg);

static void read_work(void *arg)
{
	struct task *t = arg;

	rs_file_pread_all(t->job);
}

static bool read_next(struct task *t)
{
	rs_buf_free(&t->job->data);
	return rs_co_job(read_work, was_read, t);
}

/* The answer to a piece. The last one was empty. */
static void answered(void *arg, zval *ret)
{
	struct task *t = arg;
	bool more = t->chunks && t->job->data.len > 0 && ret && Z_TYPE_P(ret) != IS_FALSE;

	t->job->offset += (off_t)t->job->data.len;
	if (!more || !read_next(t))
		task_free(t);
}

/* What was read, as PHP's. false: the process ends. */
static bool take_text(struct task *t, zval *to)
{
	struct rs_slice bytes = rs_buf_slice(&t->job->data);

	if (!t->whole)
		return rs_swoole_invoke_text(to, bytes);
	memcpy(ZSTR_VAL(t->whole), bytes.p, bytes.n);
	ZSTR_LEN(t->whole) = bytes.n;
	ZSTR_VAL(t->whole)[bytes.n] = 0;
	ZVAL_STR(to, t->whole);
	t->whole = NULL;
	return true;
}

static void was_read(void *arg)
{
	struct task *t = arg;
	zval argv[2];

	tell_error(t);
	if (!take_text(t, &argv[1]))
		return;
	ZVAL_STR_COPY(&argv[0], t->name);
	rs_swoole_invoke_answer(&t->cb, 2, argv, answered, t);
	zval_ptr_dtor(&argv[0]);
	zval_ptr_dtor(&argv[1]);
}

/* Begins, or frees t and says why not. */
static bool begin_reading(struct task *t)
{
	if (read_next(t))
		return true;
	no_thread(t);
	task_free(t);
	return false;
}

ZEND_FUNCTION(swoole_async_readfile)
{
	zend_fcall_info_cache fcc;
	zend_fcall_info fci;
	zend_string *name;
	struct task *t;
	off_t size;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_PATH_STR(name)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	t = task_new(name, O_RDONLY, &size, &fci, &fcc);
	if (!t)
		RETURN_FALSE;
	if (size == 0 || size > WHOLE_MAX) {
		rs_swoole_warn(size ? RS_SWOOLE_ERROR_FILE_TOO_LARGE : RS_SWOOLE_ERROR_FILE_EMPTY, "%s: %s", ZSTR_VAL(name),
			       size ? "the file is larger than 4 MiB, use swoole_async_read()" : "the file is empty");
		task_free(t);
		RETURN_FALSE;
	}
	t->whole = zend_string_alloc((size_t)size, false);
	t->job->max = (size_t)size;
	RETURN_BOOL(begin_reading(t));
}

ZEND_FUNCTION(swoole_async_read)
{
	zend_long chunk = 65536, offset = 0;
	zend_fcall_info_cache fcc;
	zend_fcall_info fci;
	zend_string *name;
	struct task *t;
	off_t size;

	ZEND_PARSE_PARAMETERS_START(2, 4)
		Z_PARAM_PATH_STR(name)
		Z_PARAM_FUNC(fci, fcc)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(chunk)
		Z_PARAM_LONG(offset)
	ZEND_PARSE_PARAMETERS_END();
	t = task_new(name, O_RDONLY, &size, &fci, &fcc);
	if (!t)
		RETURN_FALSE;
	if (offset < 0 || offset >= size) {
		rs_swoole_warn(RS_SWOOLE_ERROR_INVALID_PARAMS, "offset must be less than the size of the file, " ZEND_LONG_FMT,
			       (zend_long)size);
		task_free(t);
		RETURN_FALSE;
	}
	t->chunks = true;
	t->job->offset = offset;
	t->job->max = (size_t)(chunk < 1 ? 65536 : MIN(chunk, CHUNK_MAX));
	RETURN_BOOL(begin_reading(t));
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static void was_written(void *arg);

/* The loop has gone: what waited is lost with it, or is the parent's. */
static void forget(void)
{
	files.ready = false;
}

static void no_answer(void *arg, zval *ret)
{
	(void)ret;
	task_free(arg);
}

static void tell_written(struct task *t)
{
	zval argv[2];

	tell_error(t);
	if (!t->cb.set) {
		task_free(t);
		return;
	}
	ZVAL_STR_COPY(&argv[0], t->name);
	ZVAL_LONG(&argv[1], t->job->error ? -1 : (zend_long)t->job->data.len);
	rs_swoole_invoke_answer(&t->cb, 2, argv, no_answer, t);
	zval_ptr_dtor(&argv[0]);
}

static void write_work(void *arg)
{
	struct writer *w = arg;

	rs_file_pwrite(w->job);
}

/* The next of a name; those that no thread can be had for fail. true: one is on its way. */
static bool write_next(struct writer *w)
{
	struct task *t = STAILQ_FIRST(&w->tasks);

	if (!t)
		return false;
	w->job = t->job;
	return rs_co_job(write_work, was_written, w);
}

static void was_written(void *arg)
{
	struct writer *w = arg;
	struct task *t = STAILQ_FIRST(&w->tasks), *lost;
	bool more;

	STAILQ_REMOVE_HEAD(&w->tasks, next);
	more = write_next(w);
	while (!more && (lost = STAILQ_FIRST(&w->tasks))) {
		STAILQ_REMOVE_HEAD(&w->tasks, next);
		no_thread(lost);
		task_free(lost);
	}
	if (!more) {
		zend_hash_del(&files.writers, w->name);
		zend_string_release(w->name);
		efree(w);
	}
	tell_written(t);
}

static struct writer *writer_of(zend_string *name)
{
	struct writer *w;

	if (!files.ready) {
		zend_hash_init(&files.writers, 8, NULL, NULL, false);
		files.ready = true;
		rs_loop_at_drop(rs_swoole_loop(), forget);
	}
	w = zend_hash_find_ptr(&files.writers, name);
	if (w)
		return w;
	w = ecalloc(1, sizeof *w);
	w->name = zend_string_copy(name);
	STAILQ_INIT(&w->tasks);
	zend_hash_add_new_ptr(&files.writers, name, w);
	return w;
}

/* Behind what waits already. false: warned, t is gone. */
static bool write_later(struct task *t, zend_string *content)
{
	struct writer *w;
	bool first;

	if (!rs_buf_put(&t->job->data, ZSTR_VAL(content), ZSTR_LEN(content))) {
		task_free(t);
		rs_swoole_warn(ENOMEM, "no memory");
		return false;
	}
	w = writer_of(t->name);
	first = STAILQ_EMPTY(&w->tasks);
	STAILQ_INSERT_TAIL(&w->tasks, t, next);
	if (!first || write_next(w))
		return true;
	no_thread(t);
	zend_hash_del(&files.writers, w->name);
	zend_string_release(w->name);
	efree(w);
	task_free(t);
	return false;
}

static bool content_fits(zend_string *content)
{
	if (ZSTR_LEN(content) > WHOLE_MAX)
		rs_swoole_warn(RS_SWOOLE_ERROR_DATA_LENGTH_TOO_LARGE, "the content is larger than 4 MiB");
	return ZSTR_LEN(content) > 0 && ZSTR_LEN(content) <= WHOLE_MAX;
}

ZEND_FUNCTION(swoole_async_writefile)
{
	zend_fcall_info_cache fcc = empty_fcall_info_cache;
	zend_fcall_info fci = empty_fcall_info;
	zend_string *name, *content;
	zend_long flags = 0;
	struct task *t;
	off_t size;

	ZEND_PARSE_PARAMETERS_START(2, 4)
		Z_PARAM_PATH_STR(name)
		Z_PARAM_STR(content)
		Z_PARAM_OPTIONAL
		Z_PARAM_FUNC_OR_NULL(fci, fcc)
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	if (!content_fits(content))
		RETURN_FALSE;
	t = task_new(name, O_WRONLY | O_CREAT | (flags & PHP_FILE_APPEND ? O_APPEND : 0), &size, &fci, &fcc);
	if (!t)
		RETURN_FALSE;
	t->job->truncate = !(flags & PHP_FILE_APPEND);
	RETURN_BOOL(write_later(t, content));
}

ZEND_FUNCTION(swoole_async_write)
{
	zend_fcall_info_cache fcc = empty_fcall_info_cache;
	zend_fcall_info fci = empty_fcall_info;
	zend_string *name, *content;
	zend_long offset = -1;
	struct task *t;
	off_t size;

	ZEND_PARSE_PARAMETERS_START(2, 4)
		Z_PARAM_PATH_STR(name)
		Z_PARAM_STR(content)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(offset)
		Z_PARAM_FUNC_OR_NULL(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	if (!content_fits(content))
		RETURN_FALSE;
	t = task_new(name, O_WRONLY | O_CREAT | (offset < 0 ? O_APPEND : 0), &size, &fci, &fcc);
	if (!t)
		RETURN_FALSE;
	t->job->offset = offset < 0 ? 0 : offset;
	RETURN_BOOL(write_later(t, content));
}

/* What is left is the request's memory; threads that still write have what they need of their own. */
static void rshutdown(void)
{
	if (files.ready)
		zend_hash_destroy(&files.writers);
	forget();
}

void rs_swoole_minit_async_file(void)
{
	rs_swoole_at_rshutdown(rshutdown);
}
