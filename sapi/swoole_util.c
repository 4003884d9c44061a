/*
 * What all class files use: warnings, logs, errors, objects and aliases, and where in a server this process stands.
 */
#include "swoole.h"

#include "base/rs_clock.h"

#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>
#include <zend_attributes.h>

static struct {
	int error;                    /* swoole_last_error() */
	enum rs_swoole_place place;
	zend_long log_level;
	char log_file[PATH_MAX];      /* empty: standard output */
	HashTable ignored;            /* engine error numbers that are not logged */
	bool ignoring;
} process = { .log_level = RS_SWOOLE_LOG_INFO };

/* ---- where we are ------------------------------------------------------------------------------------------ */

void rs_swoole_set_place(enum rs_swoole_place place)
{
	process.place = place;
	if (place == RS_SWOOLE_SCRIPT)
		rs_php_leave_server();
}

enum rs_swoole_place rs_swoole_place(void)
{
	return process.place;
}

bool rs_swoole_in_server(void)
{
	return process.place != RS_SWOOLE_SCRIPT;
}

bool rs_swoole_async_allowed(void)
{
	return process.place != RS_SWOOLE_TASK_WORKER && process.place != RS_SWOOLE_MANAGER;
}

/* ---- error numbers ----------------------------------------------------------------------------------------- */

void rs_swoole_set_error(int code)
{
	process.error = code;
}

int rs_swoole_last_error(void)
{
	return process.error;
}

const char *rs_swoole_strerror(int code)
{
	static const struct {
		int code;
		const char *text;
	} errors[] = {
#define RS_SWOOLE_ERROR(number, name, words) { number, words },
#include "swoole_errors.def"
#undef RS_SWOOLE_ERROR
	};

	for (size_t i = 0; i < RS_COUNTOF(errors); i++)
		if (errors[i].code == code)
			return errors[i].text;
	return strerror(code);
}

/* ---- how things fail ---------------------------------------------------------------------------------------- */

static ZEND_COLD void report(int level, const char *fmt, va_list ap)
{
	zend_string *text = zend_vstrpprintf(0, fmt, ap);

	php_error_docref(NULL, level, "%s", ZSTR_VAL(text));
	zend_string_release(text);
}

ZEND_COLD void rs_swoole_warn(int code, const char *fmt, ...)
{
	va_list ap;

	if (code)
		process.error = code;
	if (!INI_BOOL("swoole.display_errors"))
		return;
	va_start(ap, fmt);
	report(E_WARNING, fmt, ap);
	va_end(ap);
}

ZEND_COLD void rs_swoole_fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	report(E_ERROR, fmt, ap);
	va_end(ap);
	/* Somebody has replaced PHP's error callback by one that comes back. */
	EG(exit_status) = 255;
	zend_bailout();
	abort();
}

/* ---- the log ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *name;
	enum rs_log_level ours;
} levels[] = {
	[RS_SWOOLE_LOG_DEBUG] = { "DEBUG", RS_LOG_DEBUG },    [RS_SWOOLE_LOG_TRACE] = { "TRACE", RS_LOG_DEBUG },
	[RS_SWOOLE_LOG_INFO] = { "INFO", RS_LOG_INFO },	      [RS_SWOOLE_LOG_NOTICE] = { "NOTICE", RS_LOG_NOTICE },
	[RS_SWOOLE_LOG_WARNING] = { "WARNING", RS_LOG_WARN }, [RS_SWOOLE_LOG_ERROR] = { "ERROR", RS_LOG_ERROR },
};

static char place_mark(void)
{
	switch (process.place) {
	case RS_SWOOLE_SCRIPT:
		return '@';
	case RS_SWOOLE_MASTER:
		return '#';
	case RS_SWOOLE_MANAGER:
		return '$';
	case RS_SWOOLE_TASK_WORKER:
	case RS_SWOOLE_TASK_WORKER_ASYNC:
		return '^';
	case RS_SWOOLE_WORKER:
	case RS_SWOOLE_USER_PROCESS:
		break;
	}
	return '*';
}

/* Without a server: [2026-11-21 09:30:00 @4711.0]<TAB>WARNING<TAB>message. One write, so lines stay whole. */
static void log_alone(int level, zend_string *text)
{
	int fd = process.log_file[0] ? open(process.log_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640) : -1;
	time_t now = time(NULL);
	struct tm tm;
	char stamp[40] = "";
	zend_string *line;

	localtime_r(&now, &tm);
	RS_IGNORE(strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm) == 0);
	line = zend_strpprintf(0, "[%s %c%d.0]\t%s\t%s\n", stamp, place_mark(), (int)getpid(), levels[level].name, ZSTR_VAL(text));
	RS_IGNORE(write(fd >= 0 ? fd : STDOUT_FILENO, ZSTR_VAL(line), ZSTR_LEN(line)) < 0);
	zend_string_release(line);
	if (fd >= 0)
		close(fd);
}

void rs_swoole_log_text(int level, zend_string *text)
{
	struct rs_log *log = rs_host_log();

	if (level < RS_SWOOLE_LOG_DEBUG || level > RS_SWOOLE_LOG_ERROR || level < process.log_level)
		return;
	if (log)
		rs_log_text(log, levels[level].ours, "", rs_slice(ZSTR_VAL(text), ZSTR_LEN(text)));
	else if (!process.log_file[0] && strcmp(sapi_module.name, "cli") != 0)
		php_log_err(ZSTR_VAL(text)); /* what php-fpm has as standard output is nobody's */
	else
		log_alone(level, text);
}

/* "Swoole\Server::send()", or "" outside of any function. */
static zend_string *active_function(void)
{
	const char *space, *class, *function = get_active_function_name();

	if (!function)
		return ZSTR_EMPTY_ALLOC();
	class = get_active_class_name(&space);
	return zend_strpprintf(0, "%s%s%s()", class, space, function);
}

ZEND_COLD void rs_swoole_log(int level, int code, const char *fmt, ...)
{
	zend_string *where, *text, *line;
	va_list ap;

	if (code)
		process.error = code;
	if (rs_swoole_error_ignored(code))
		return;
	va_start(ap, fmt);
	text = zend_vstrpprintf(0, fmt, ap);
	va_end(ap);
	where = active_function();
	line = code ? zend_strpprintf(0, "%s (ERRNO %d): %s", ZSTR_VAL(where), code, ZSTR_VAL(text))
		    : zend_strpprintf(0, "%s: %s", ZSTR_VAL(where), ZSTR_VAL(text));
	rs_swoole_log_text(level, line);
	zend_string_release(line);
	zend_string_release(where);
	zend_string_release(text);
}

void rs_swoole_set_log_level(zend_long level)
{
	process.log_level = level;
}

zend_long rs_swoole_log_level(void)
{
	return process.log_level;
}

void rs_swoole_set_log_file(const char *path)
{
	if (!rs_copy(process.log_file, sizeof process.log_file, rs_slice_str(path)))
		process.log_file[0] = '\0';
}

void rs_swoole_ignore_error(int code)
{
	if (!process.ignoring) {
		zend_hash_init(&process.ignored, 8, NULL, NULL, true);
		process.ignoring = true;
	}
	zend_hash_index_add_empty_element(&process.ignored, (zend_ulong)code);
}

bool rs_swoole_error_ignored(int code)
{
	return process.ignoring && zend_hash_index_exists(&process.ignored, (zend_ulong)code);
}

void rs_swoole_util_rinit(void)
{
	process.error = 0;
	process.log_level = RS_SWOOLE_LOG_INFO;
	process.log_file[0] = '\0';
	if (process.ignoring)
		zend_hash_destroy(&process.ignored);
	process.ignoring = false;
}

/* ---- classes ------------------------------------------------------------------------------------------------- */

/* A declared property of ours stays: C code writes to it. Those of a subclass are its own. */
static void unset_property(zend_object *object, zend_string *name, void **cache_slot)
{
	const zend_property_info *info = zend_hash_find_ptr(&object->ce->properties_info, name);

	if (info && info->ce->type == ZEND_INTERNAL_CLASS)
		zend_throw_error(NULL, "Property %s of class %s cannot be unset", ZSTR_VAL(name), ZSTR_VAL(object->ce->name));
	else
		zend_std_unset_property(object, name, cache_slot);
}

void rs_swoole_handlers(zend_object_handlers *h, size_t offset, zend_object_free_obj_t free_obj)
{
	memcpy(h, &std_object_handlers, sizeof *h);
	h->offset = (int)offset;
	h->free_obj = free_obj ? free_obj : zend_object_std_dtor;
	h->clone_obj = NULL;
}

void rs_swoole_keep_properties(zend_class_entry *ce, zend_object_handlers *h)
{
	(void)ce;
	h->unset_property = unset_property;
}

void rs_swoole_alias(zend_class_entry *ce, const char *alias)
{
	zend_register_class_alias_ex(alias, strlen(alias), ce, true);
}

void rs_swoole_allow_dynamic(zend_class_entry *ce)
{
	zend_string *name = zend_string_init_interned(ZEND_STRL("AllowDynamicProperties"), true);

	ce->ce_flags |= ZEND_ACC_ALLOW_DYNAMIC_PROPERTIES;
	zend_add_class_attribute(ce, name, 0);
}
