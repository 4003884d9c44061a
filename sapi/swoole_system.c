/*
 * Swoole\Coroutine\System: files, names and time. Files and the resolver are asked on threads (client/client_threads.h); the
 * methods only carry values there and back.
 */
#include "swoole_system.h"

#include <errno.h>
#include <ext/standard/file.h>
#include <ext/standard/flock_compat.h>
#include <netdb.h>

#include "swoole_coroutine_private.h"
#include "client/client_lookup.h"
#include "worker/server.h"
#include "stubs/system_arginfo.h"

#define NAME_MAX_BYTES 255

/*
 * Requests, tasks and messages of a hosted application run in no coroutine, and one at a time: there is nobody to go on meanwhile. Ends
 * early for whoever wants the VM's attention.
 */
static void sleep_alone(double seconds)
{
	struct timespec left = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };

	while (nanosleep(&left, &left) < 0 && errno == EINTR && !zend_atomic_bool_load(&EG(vm_interrupt)))
		;
}

ZEND_METHOD(Swoole_Coroutine_System, sleep)
{
	double seconds;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_DOUBLE(seconds)
	ZEND_PARSE_PARAMETERS_END();
	if (!(seconds >= 0.001)) {
		rs_swoole_warn(505, "Timer must be greater than or equal to 0.001");
		RETURN_FALSE;
	}
	if (rs_server_hosted() && !rs_co_self()) {
		sleep_alone(seconds < 86400 * 365.0 ? seconds : 86400 * 365.0);
		RETURN_TRUE;
	}
	if (!rs_co_require())
		RETURN_THROWS();
	if (rs_co_sleep(rs_co_ms(seconds)) == RS_CO_READY)
		RETURN_TRUE;
	rs_swoole_set_error(RS_CO_E_CANCELED);
	RETURN_FALSE;
}

/* ---- files ---------------------------------------------------------------------------------------------------------- */

/* NULL: told. */
static struct rs_file_job *path_job(const char *path)
{
	struct rs_file_job *j;

	if (!rs_co_require() || php_check_open_basedir(path))
		return NULL;
	j = rs_file_job_path(path);
	if (!j)
		rs_swoole_warn(ENOMEM, "no memory");
	return j;
}

bool rs_system_file(struct rs_file_job *j, void (*work)(void *arg))
{
	enum rs_co_wait end = rs_co_thread(work, rs_file_job_free, j, -1);

	if (end != RS_CO_READY) {
		rs_swoole_set_error(end == RS_CO_FAILED ? errno : RS_CO_E_CANCELED);
		return false;
	}
	if (j->error == 0)
		return true;
	if (j->path)
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, j->error, "%s: %s", j->path, strerror(j->error));
	rs_swoole_set_error(j->error);
	rs_file_job_free(j);
	return false;
}

/* What the memory limit leaves: a file that is larger must not be read first. */
static size_t memory_left(void)
{
	size_t used = zend_memory_usage(false);

	if (PG(memory_limit) <= 0)
		return SIZE_MAX;
	return (size_t)PG(memory_limit) > used ? (size_t)PG(memory_limit) - used : 0;
}

ZEND_METHOD(Swoole_Coroutine_System, readFile)
{
	struct rs_file_job *j;
	zend_long flags = 0;
	char *path;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_PATH(path, n)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	j = path_job(path);
	if (!j)
		RETURN_FALSE;
	j->lock = flags & PHP_LOCK_EX;
	j->max = memory_left();
	if (!rs_system_file(j, rs_file_read))
		RETURN_FALSE;
	RETVAL_STRINGL(rs_buf_data(&j->data), j->data.len);
	rs_file_job_free(j);
}

ZEND_METHOD(Swoole_Coroutine_System, writeFile)
{
	struct rs_file_job *j;
	zend_string *content;
	zend_long flags = 0;
	char *path;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(2, 3)
		Z_PARAM_PATH(path, n)
		Z_PARAM_STR(content)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(flags)
	ZEND_PARSE_PARAMETERS_END();
	j = path_job(path);
	if (!j)
		RETURN_FALSE;
	j->append = flags & PHP_FILE_APPEND;
	j->lock = flags & PHP_LOCK_EX;
	if (!rs_buf_put(&j->data, ZSTR_VAL(content), ZSTR_LEN(content))) {
		rs_file_job_free(j);
		rs_swoole_warn(ENOMEM, "no memory");
		RETURN_FALSE;
	}
	if (!rs_system_file(j, rs_file_write))
		RETURN_FALSE;
	rs_file_job_free(j);
	RETURN_LONG((zend_long)ZSTR_LEN(content));
}

ZEND_METHOD(Swoole_Coroutine_System, statvfs)
{
	struct rs_file_job *j;
	char *path;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_PATH(path, n)
	ZEND_PARSE_PARAMETERS_END();
	j = path_job(path);
	if (!j || !rs_system_file(j, rs_file_statvfs))
		RETURN_FALSE;
	array_init(return_value);
	add_assoc_long(return_value, "bsize", (zend_long)j->vfs.f_bsize);
	add_assoc_long(return_value, "frsize", (zend_long)j->vfs.f_frsize);
	add_assoc_long(return_value, "blocks", (zend_long)j->vfs.f_blocks);
	add_assoc_long(return_value, "bfree", (zend_long)j->vfs.f_bfree);
	add_assoc_long(return_value, "bavail", (zend_long)j->vfs.f_bavail);
	add_assoc_long(return_value, "files", (zend_long)j->vfs.f_files);
	add_assoc_long(return_value, "ffree", (zend_long)j->vfs.f_ffree);
	add_assoc_long(return_value, "favail", (zend_long)j->vfs.f_favail);
	add_assoc_long(return_value, "fsid", (zend_long)j->vfs.f_fsid);
	add_assoc_long(return_value, "flag", (zend_long)j->vfs.f_flag);
	add_assoc_long(return_value, "namemax", (zend_long)j->vfs.f_namemax);
	rs_file_job_free(j);
}

/* ---- names ---------------------------------------------------------------------------------------------------------- */

/* NULL: told. */
static struct rs_lookup_job *look_up(const char *name, const char *service, int family, int socktype, int protocol,
				     double timeout)
{
	struct rs_lookup_job *j;
	enum rs_co_wait end;

	if (!rs_co_require())
		return NULL;
	if (family != AF_INET && family != AF_INET6 && family != AF_UNSPEC) {
		zend_argument_value_error(2, "must be AF_INET or AF_INET6");
		return NULL;
	}
	j = strlen(name) > NAME_MAX_BYTES || name[0] == 0 ? NULL : rs_lookup_job_new(name, service);
	if (!j) {
		rs_swoole_warn(505, "the domain name is empty or too long");
		return NULL;
	}
	j->family = family;
	j->socktype = socktype;
	j->protocol = protocol;
	end = rs_co_thread(rs_lookup, rs_lookup_job_free, j, rs_co_ms(timeout));
	if (end != RS_CO_READY) {
		rs_swoole_set_error(end == RS_CO_TIMEOUT ? 712 : end == RS_CO_CANCELLED ? RS_CO_E_CANCELED : errno);
		return NULL;
	}
	if (j->error) {
		rs_swoole_set_error(711);
		rs_lookup_job_free(j);
		return NULL;
	}
	return j;
}

static void first_address(zval *return_value, struct rs_lookup_job *j)
{
	if (!j)
		RETURN_FALSE;
	RETVAL_STRING(j->list[0]);
	rs_lookup_job_free(j);
}

ZEND_METHOD(Swoole_Coroutine_System, gethostbyname)
{
	zend_long family = AF_INET;
	double timeout = -1;
	char *name;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_PATH(name, n)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(family)
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	first_address(return_value, look_up(name, NULL, (int)family, SOCK_STREAM, 0, timeout));
}

ZEND_METHOD(Swoole_Coroutine_System, dnsLookup)
{
	zend_long family = AF_INET;
	double timeout = 60;
	char *name;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_PATH(name, n)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(timeout)
		Z_PARAM_LONG(family)
	ZEND_PARSE_PARAMETERS_END();
	first_address(return_value, look_up(name, NULL, (int)family, SOCK_STREAM, 0, timeout));
}

ZEND_METHOD(Swoole_Coroutine_System, getaddrinfo)
{
	zend_long family = AF_INET, socktype = SOCK_STREAM, protocol = IPPROTO_TCP;
	char *name, *service = NULL;
	size_t n, service_n = 0;
	struct rs_lookup_job *j;
	double timeout = -1;

	ZEND_PARSE_PARAMETERS_START(1, 6)
		Z_PARAM_PATH(name, n)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(family)
		Z_PARAM_LONG(socktype)
		Z_PARAM_LONG(protocol)
		Z_PARAM_PATH_OR_NULL(service, service_n)
		Z_PARAM_DOUBLE(timeout)
	ZEND_PARSE_PARAMETERS_END();
	j = look_up(name, service_n ? service : NULL, (int)family, (int)socktype, (int)protocol, timeout);
	if (!j)
		RETURN_FALSE;
	array_init(return_value);
	for (size_t i = 0; i < j->n; i++)
		add_next_index_string(return_value, j->list[i]);
	rs_lookup_job_free(j);
}

void rs_swoole_minit_system(void)
{
	(void)register_class_Swoole_Coroutine_System();
}
