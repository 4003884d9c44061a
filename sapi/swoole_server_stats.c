/*
 * The setting stats_file: worker 0 writes stats() there from time to time, as JSON, as a PHP file that returns it, or as lines,
 * by the suffix of the name. Whoever reads it sees a whole file: it is written beside and renamed.
 */
#include "swoole_server.h"

#include <errno.h>
#include <ext/json/php_json.h>
#include <ext/standard/php_var.h>
#include <fcntl.h>
#include <unistd.h>
#include <zend_smart_str.h>

#include "swoole_loop.h"

static bool complained; /* about this file, in this process */

static bool has_suffix(const zend_string *path, const char *suffix)
{
	size_t n = strlen(suffix);

	return ZSTR_LEN(path) > n && strcasecmp(ZSTR_VAL(path) + ZSTR_LEN(path) - n, suffix) == 0;
}

static void put_lines(smart_str *out, HashTable *stats)
{
	zend_string *key;
	zval *value;

	ZEND_HASH_FOREACH_STR_KEY_VAL(stats, key, value) {
		smart_str_append(out, key);
		smart_str_appends(out, ": ");
		smart_str_append_long(out, zval_get_long(value));
		smart_str_appendc(out, '\n');
	} ZEND_HASH_FOREACH_END();
}

static void put_stats(smart_str *out, const zend_string *path)
{
	zval stats;

	rs_swoole_server_stats(&stats);
	if (has_suffix(path, ".json")) {
		(void)php_json_encode(out, &stats, 0);
	} else if (has_suffix(path, ".php")) {
		smart_str_appends(out, "<?php\nreturn ");
		php_var_export_ex(&stats, 1, out);
		smart_str_appends(out, ";\n");
	} else {
		put_lines(out, Z_ARRVAL(stats));
	}
	smart_str_0(out);
	zval_ptr_dtor(&stats);
}

static bool write_file(const char *path, const zend_string *text)
{
	char beside[MAXPATHLEN];
	int fd;
	bool ok;

	if (!rs_fmt(beside, sizeof beside, "%s.%d", path, (int)getpid())) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	ok = write(fd, ZSTR_VAL(text), ZSTR_LEN(text)) == (ssize_t)ZSTR_LEN(text);
	close(fd);
	if (ok && rename(beside, path) == 0)
		return true;
	(void)unlink(beside);
	return false;
}

static void due_cb(struct rs_timer *t, void *arg)
{
	const struct rs_swoole_server *s = arg;
	smart_str text = { 0 };

	(void)t;
	put_stats(&text, s->conf.stats_file);
	if (write_file(ZSTR_VAL(s->conf.stats_file), text.s)) {
		complained = false;
	} else if (!complained) {
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, errno, "cannot write stats_file %s: %s", ZSTR_VAL(s->conf.stats_file), strerror(errno));
		complained = true;
	}
	smart_str_free(&text);
}

void rs_swoole_server_stats_begin(struct rs_swoole_server *s)
{
	if (rs_server_role() != RS_ROLE_WORKER || rs_server_id() != 0 || !s->conf.stats_file || ZSTR_LEN(s->conf.stats_file) == 0)
		return;
	complained = false;
	/* It does not keep a worker that leaves. */
	if (!rs_timer_new(rs_swoole_loop(), s->conf.stats_timer_ms, true, false, due_cb, s))
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, ENOMEM, "no memory for the timer of stats_file");
}
