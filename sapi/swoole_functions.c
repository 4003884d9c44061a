/*
 * Functions of no class: versions, error numbers, the log, the machine and this process. Pieces of strings are
 * in swoole_functions_data.c.
 */
#include "swoole.h"

#include "client/client_interfaces.h"
#include "stubs/functions_arginfo.h"

#include <errno.h>
#include <netdb.h>
#include <sys/stat.h>

/* Kinds of numbers that swoole_strerror() knows: SWOOLE_STRERROR_* */
enum { STRERROR_SYSTEM = 0, STRERROR_GAI = 1, STRERROR_DNS = 2, STRERROR_SWOOLE = 9 };

/* Engine numbers lie above every errno. */
#define ENGINE_ERRORS 500

/* ---- versions, error numbers ------------------------------------------------------------------------------- */

ZEND_FUNCTION(swoole_version)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_STRING(RS_SWOOLE_VERSION);
}

ZEND_FUNCTION(swoole_strerror)
{
	zend_long code, type = STRERROR_SYSTEM;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_LONG(code)
		Z_PARAM_OPTIONAL
		Z_PARAM_LONG(type)
	ZEND_PARSE_PARAMETERS_END();
	if (code < INT_MIN || code > INT_MAX)
		code = INT_MAX; /* unknown in every table */
	if (type == STRERROR_GAI)
		RETURN_STRING(gai_strerror((int)code));
	if (type == STRERROR_DNS)
		RETURN_STRING(hstrerror((int)code));
	if (type == STRERROR_SWOOLE || code > ENGINE_ERRORS)
		RETURN_STRING(rs_swoole_strerror((int)code));
	RETURN_STRING(strerror((int)code));
}

ZEND_FUNCTION(swoole_errno)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(errno);
}

ZEND_FUNCTION(swoole_last_error)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(rs_swoole_last_error());
}

ZEND_FUNCTION(swoole_clear_error)
{
	ZEND_PARSE_PARAMETERS_NONE();
	rs_swoole_set_error(0);
	errno = 0;
}

/* ---- the log ------------------------------------------------------------------------------------------------- */

ZEND_FUNCTION(swoole_error_log)
{
	zend_string *text;
	zend_long level;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(level)
		Z_PARAM_STR(text)
	ZEND_PARSE_PARAMETERS_END();
	rs_swoole_log_text(level, text);
}

ZEND_FUNCTION(swoole_error_log_ex)
{
	zend_string *text, *line;
	zend_long level, code;

	ZEND_PARSE_PARAMETERS_START(3, 3)
		Z_PARAM_LONG(level)
		Z_PARAM_LONG(code)
		Z_PARAM_STR(text)
	ZEND_PARSE_PARAMETERS_END();
	if (rs_swoole_error_ignored(code))
		return;
	line = zend_strpprintf(0, "%s (ERRNO " ZEND_LONG_FMT ")", ZSTR_VAL(text), code);
	rs_swoole_log_text(level, line);
	zend_string_release(line);
}

ZEND_FUNCTION(swoole_ignore_error)
{
	zend_long code;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(code)
	ZEND_PARSE_PARAMETERS_END();
	rs_swoole_ignore_error(code);
}

/* ---- the machine --------------------------------------------------------------------------------------------- */

static zend_long cpu_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? n : 1;
}

ZEND_FUNCTION(swoole_cpu_num)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(cpu_count());
}

/* Processors that a control group's quota amounts to, rounded up; 0: no quota. */
static zend_long cpu_quota(void)
{
	long long quota = 0, period = 0;
	FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
	bool known = f && fscanf(f, "%lld %lld", &quota, &period) == 2 && quota > 0 && period > 0;

	if (f)
		fclose(f);
	return known ? (zend_long)((quota + period - 1) / period) : 0;
}

ZEND_FUNCTION(swoole_container_cpu_num)
{
	zend_long quota = cpu_quota(), n = cpu_count();

	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(quota && quota < n ? quota : n);
}

ZEND_FUNCTION(swoole_is_in_container)
{
	struct stat st;

	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(stat("/.dockerenv", &st) == 0 || stat("/run/.containerenv", &st) == 0);
}

/* The first address of an interface counts. */
static void add_interface(void *arg, const char *name, const char *address)
{
	zval text;

	ZVAL_STRING(&text, address);
	if (!zend_hash_str_add(Z_ARRVAL_P((zval *)arg), name, strlen(name), &text))
		zval_ptr_dtor(&text);
}

static void return_interfaces(zval *return_value, enum rs_interface_what what)
{
	array_init(return_value);
	if (!rs_interfaces(what, add_interface, return_value))
		rs_swoole_warn(errno, "cannot list the network interfaces: %s", strerror(errno));
}

ZEND_FUNCTION(swoole_get_local_ip)
{
	ZEND_PARSE_PARAMETERS_NONE();
	return_interfaces(return_value, RS_INTERFACE_IPV4);
}

ZEND_FUNCTION(swoole_get_local_mac)
{
	ZEND_PARSE_PARAMETERS_NONE();
	return_interfaces(return_value, RS_INTERFACE_MAC);
}

/* ---- this process -------------------------------------------------------------------------------------------- */

/* The command line of PHP has a function for it; where we host PHP it is ours (php_title.c). */
ZEND_FUNCTION(swoole_set_process_name)
{
	zend_function *set = zend_hash_str_find_ptr(EG(function_table), ZEND_STRL("cli_set_process_title"));
	zend_string *title;
	zval arg, ret;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_STR(title)
	ZEND_PARSE_PARAMETERS_END();
	if (ZSTR_LEN(title) == 0) {
		zend_argument_value_error(1, "cannot be empty");
		RETURN_THROWS();
	}
	if (!set) {
		rs_swoole_warn(0, "not supported by this PHP");
		return;
	}
	ZVAL_STR(&arg, title);
	ZVAL_UNDEF(&ret);
	zend_call_known_function(set, NULL, NULL, &ret, 1, &arg, NULL);
	zval_ptr_dtor(&ret);
}

/* ---- what PHP holds ------------------------------------------------------------------------------------------ */

ZEND_FUNCTION(swoole_get_objects)
{
	zend_objects_store *store = &EG(objects_store);
	uint32_t top = store->top;

	ZEND_PARSE_PARAMETERS_NONE();
	array_init(return_value);
	for (uint32_t i = 1; i < top; i++) {
		zend_object *object = store->object_buckets[i];
		zval z;

		if (!IS_OBJ_VALID(object) || (OBJ_FLAGS(object) & IS_OBJ_DESTRUCTOR_CALLED))
			continue;
		ZVAL_OBJ_COPY(&z, object);
		add_next_index_zval(return_value, &z);
	}
}

ZEND_FUNCTION(swoole_get_vm_status)
{
	zend_objects_store *store = &EG(objects_store);
	zend_long objects = 0;

	ZEND_PARSE_PARAMETERS_NONE();
	for (uint32_t i = 1; i < store->top; i++)
		objects += IS_OBJ_VALID(store->object_buckets[i]);
	array_init(return_value);
	add_assoc_long(return_value, "object_num", objects);
	add_assoc_long(return_value, "resource_num", (zend_long)zend_hash_num_elements(&EG(regular_list)));
}

/* ---- start --------------------------------------------------------------------------------------------------- */

void rs_swoole_minit_functions(void)
{
	zend_register_functions(NULL, functions_functions, NULL, MODULE_PERSISTENT);
}
