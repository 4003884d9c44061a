/*
 * Swoole\Coroutine\System: fread(), fgets(), fwrite() on PHP's streams. A regular file is read and written on a thread at the
 * stream's position, which is moved along; everything else is waited for, then PHP's own stream does it.
 */
#include "swoole_system.h"

#include <errno.h>
#include <sys/stat.h>

#include "swoole_loop.h"
#include "swoole_runtime.h"
#include "worker/loop.h"

#define READ_DEFAULT 8192
#define LINE_CHUNK 8192

struct target {
	php_stream *stream;
	int fd;
	bool regular;
};

/* false: it has thrown, or warned. Until target_fini() nobody can close the stream. */
static bool target_init(struct target *t, zval *handle)
{
	struct stat st;

	if (!rs_co_require())
		return false;
	t->stream = zend_fetch_resource2_ex(handle, "stream", php_file_le_stream(), php_file_le_pstream());
	if (!t->stream)
		return false;
	t->fd = rs_swoole_fd_of(handle);
	if (t->fd < 0 || fstat(t->fd, &st) != 0) {
		rs_swoole_warn(EBADF, "the stream has no descriptor to wait for");
		return false;
	}
	t->regular = S_ISREG(st.st_mode);
	rs_hook_keep_open(t->stream);
	return true;
}

static void target_fini(struct target *t)
{
	rs_hook_let_close(t->stream);
}

static struct rs_file_job *job_of(const struct target *t)
{
	struct rs_file_job *j = rs_file_job_fd(t->fd, (off_t)php_stream_tell(t->stream));

	if (!j)
		rs_swoole_warn(errno, "%s", strerror(errno));
	return j;
}

static bool wait_for(const struct target *t, unsigned events)
{
	return rs_co_wait_fd(t->fd, events, -1) == RS_CO_READY;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

static size_t buffered(const php_stream *stream)
{
	return (size_t)(stream->writepos - stream->readpos);
}

/* More bytes in the stream's buffer, from one read. false: the end, an error, or cancelled. */
static bool fill(const struct target *t)
{
	size_t before = buffered(t->stream);

	return !t->stream->eof && wait_for(t, RS_WATCH_READ) &&
	       php_stream_fill_read_buffer(t->stream, before + 1) == SUCCESS && buffered(t->stream) > before;
}

/* Of a regular file: up to n bytes at the stream's position, which it moves behind them. NULL: told. */
static zend_string *read_file(const struct target *t, size_t n)
{
	struct rs_file_job *j = job_of(t);
	zend_string *s;

	if (!j)
		return NULL;
	j->max = n;
	if (!rs_system_file(j, rs_file_pread))
		return NULL;
	s = zend_string_init(rs_buf_data(&j->data), j->data.len, 0);
	php_stream_seek(t->stream, (zend_off_t)(j->offset + (off_t)j->data.len), SEEK_SET);
	/* As PHP's own read would note it. */
	if (ZSTR_LEN(s) == 0)
		t->stream->eof = 1;
	rs_file_job_free(j);
	return s;
}

static zend_string *read_stream(const struct target *t, size_t n)
{
	if (buffered(t->stream) == 0 && !fill(t) && !t->stream->eof)
		return NULL;
	return php_stream_read_to_str(t->stream, MIN(n, buffered(t->stream)));
}

ZEND_METHOD(Swoole_Coroutine_System, fread)
{
	zend_long length = 0;
	struct target t;
	zend_string *s;
	zval *handle;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_RESOURCE(handle)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(length)
	ZEND_PARSE_PARAMETERS_END();
	if (!target_init(&t, handle))
		RETURN_FALSE;
	length = length > 0 ? length : READ_DEFAULT;
	s = t.regular ? read_file(&t, (size_t)length) : read_stream(&t, (size_t)length);
	target_fini(&t);
	if (!s)
		RETURN_FALSE;
	RETURN_STR(s);
}

/* A line with its end, or what is left. */
static zend_string *file_line(const struct target *t)
{
	zend_off_t start = php_stream_tell(t->stream);
	smart_str line = { 0 };
	zend_string *s;

	while ((s = read_file(t, LINE_CHUNK)) && ZSTR_LEN(s) > 0) {
		const char *end = memchr(ZSTR_VAL(s), '\n', ZSTR_LEN(s));
		size_t n = end ? (size_t)(end + 1 - ZSTR_VAL(s)) : ZSTR_LEN(s);

		smart_str_appendl(&line, ZSTR_VAL(s), n);
		zend_string_release(s);
		if (!end)
			continue;
		s = NULL;
		php_stream_seek(t->stream, start + (zend_off_t)ZSTR_LEN(line.s), SEEK_SET);
		break;
	}
	if (s)
		zend_string_release(s);
	return line.s ? smart_str_extract(&line) : NULL;
}

static zend_string *stream_line(const struct target *t)
{
	size_t n;
	char *line;
	zend_string *s;

	while ((buffered(t->stream) == 0 || !memchr(t->stream->readbuf + t->stream->readpos, '\n', buffered(t->stream))) && fill(t))
		;
	if (buffered(t->stream) == 0)
		return NULL;
	line = php_stream_get_line(t->stream, NULL, 0, &n);
	if (!line)
		return NULL;
	s = zend_string_init(line, n, 0);
	efree(line);
	return s;
}

ZEND_METHOD(Swoole_Coroutine_System, fgets)
{
	struct target t;
	zend_string *s;
	zval *handle;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_RESOURCE(handle)
	ZEND_PARSE_PARAMETERS_END();
	if (!target_init(&t, handle))
		RETURN_FALSE;
	s = t.regular ? file_line(&t) : stream_line(&t);
	target_fini(&t);
	if (!s)
		RETURN_FALSE;
	RETURN_STR(s);
}

/* ---- writing --------------------------------------------------------------------------------------------------------- */

static bool write_file(const struct target *t, const char *p, size_t n)
{
	struct rs_file_job *j;

	php_stream_flush(t->stream);
	j = job_of(t);
	if (!j)
		return false;
	if (!rs_buf_put(&j->data, p, n)) {
		rs_file_job_free(j);
		return false;
	}
	if (!rs_system_file(j, rs_file_pwrite))
		return false;
	php_stream_seek(t->stream, (zend_off_t)(j->offset + (off_t)n), SEEK_SET);
	rs_file_job_free(j);
	return true;
}

/* What fits at a time: the stream does not block meanwhile. Bytes written, -1 for none. */
static zend_long write_stream(const struct target *t, const char *p, size_t n)
{
	size_t done = 0;

	while (done < n) {
		int before = php_stream_set_option(t->stream, PHP_STREAM_OPTION_BLOCKING, 0, NULL);
		ssize_t got = php_stream_write(t->stream, p + done, n - done);
		int error = errno;

		if (before == 1)
			php_stream_set_option(t->stream, PHP_STREAM_OPTION_BLOCKING, 1, NULL);
		if (got > 0)
			done += (size_t)got;
		else if ((got < 0 && error != EAGAIN) || !wait_for(t, RS_WATCH_WRITE))
			break;
	}
	return done > 0 ? (zend_long)done : -1;
}

ZEND_METHOD(Swoole_Coroutine_System, fwrite)
{
	zend_long length = 0, done;
	struct target t;
	zend_string *s;
	zval *handle;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_RESOURCE(handle)
		Z_PARAM_STR(s)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(length)
	ZEND_PARSE_PARAMETERS_END();
	if (!target_init(&t, handle))
		RETURN_FALSE;
	n = length > 0 && (size_t)length < ZSTR_LEN(s) ? (size_t)length : ZSTR_LEN(s);
	if (n == 0)
		done = 0;
	else if (t.regular)
		done = write_file(&t, ZSTR_VAL(s), n) ? (zend_long)n : -1;
	else
		done = write_stream(&t, ZSTR_VAL(s), n);
	target_fini(&t);
	if (done < 0)
		RETURN_FALSE;
	RETURN_LONG(done);
}
