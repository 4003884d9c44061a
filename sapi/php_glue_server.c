/*
 * Functions of the glue about the application's server. deliver(), outside() and where() are there in every PHP process.
 */
#include "php_glue.h"

#include "swoole_server_hosted.h"
#include "swoole_server_task.h"

#include <syslog.h>

/*
 * Rserverd\server(string $class, array $settings): Swoole\Server; while the application boots, once. Afterwards, in all processes of the
 * server: that object.
 */
ZEND_FUNCTION(rs_server_object)
{
	struct rs_swoole_server *s = rs_swoole_hosted();
	zend_class_entry *ce;
	zend_string *name;
	HashTable *settings;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STR(name)
		Z_PARAM_ARRAY_HT(settings)
	ZEND_PARSE_PARAMETERS_END();
	if (s && rs_php()->serving)
		RETURN_OBJ_COPY(&s->std);
	ce = zend_lookup_class(name);
	if (!ce || (ce != rs_swoole_http_server_ce && ce != rs_swoole_websocket_server_ce)) {
		if (!EG(exception))
			zend_argument_value_error(1, "must be Swoole\\Http\\Server or Swoole\\WebSocket\\Server");
		RETURN_THROWS();
	}
	if (!rs_swoole_hosted_new(return_value, ce, settings))
		RETURN_THROWS();
}

/* Rserverd\title_user_process(int $index, string $title): void; index: in the order of addProcess(). */
ZEND_FUNCTION(rs_title_user_process)
{
	zend_string *title;
	zend_long index;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_LONG(index)
		Z_PARAM_STR(title)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_hosted_title(index, title))
		RETURN_THROWS();
}

/* ---- tasks from anywhere ------------------------------------------------------------------------------------------------------- */

ZEND_COLD static void not_delivered(const char *why)
{
	char text[256];

	ap_php_snprintf(text, sizeof text, "a task is not delivered: %s", why);
	if (rs_php()->hosting)
		rs_warnx(rs_host_log(), "%s", text);
	else
		php_log_err_with_severity(text, LOG_WARNING);
}

/* Rserverd\deliver(mixed $data, float $delay = 0.0): bool; to any task worker, after so many seconds. */
ZEND_FUNCTION(rs_deliver)
{
	struct rs_swoole_server *s = rs_swoole_the_server();
	double delay = 0;
	zval *data;

	ZEND_PARSE_PARAMETERS_START(1, 2)
		Z_PARAM_ZVAL(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE(delay)
	ZEND_PARSE_PARAMETERS_END();
	if (!(delay >= 0 && delay * 1000 <= UINT32_MAX)) {
		zend_argument_value_error(2, "must be 0 to %u seconds", UINT32_MAX / 1000);
		RETURN_THROWS();
	}
	RETVAL_FALSE;
	if (!s || !rs_server_here())
		not_delivered("this process belongs to no server");
	else if (rs_swoole_server_tasks() == 0)
		not_delivered("there is no task worker (task_worker_num is 0)");
	else if (rs_swoole_task_send(s, data, -1, 0, (uint32_t)(delay * 1000 + 0.5)) >= 0)
		RETVAL_TRUE;
	else if (!EG(exception))
		not_delivered("the connection to the server is lost, or the task is too large");
}

/* ---- processes ------------------------------------------------------------------------------------------------------------------- */

/* Rserverd\outside(string $path): Swoole\WebSocket\Server; the application's server, from a process that is none of its. */
ZEND_FUNCTION(rs_outside)
{
	zend_string *path;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_PATH_STR(path)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_outside(return_value, path))
		RETURN_THROWS();
}

static const char *where(void)
{
	if (rs_host_forked_away())
		return "none";
	if (!rs_server_here())
		return rs_php()->hosting ? "manager" : "none";
	switch (rs_server_role()) {
	case RS_ROLE_WORKER:
		return "worker";
	case RS_ROLE_TASK:
		return "task";
	case RS_ROLE_USER:
		return "process";
	case RS_ROLE_MANAGER:
	case RS_ROLE_SCRIPT:
		return "manager";
	case RS_ROLE_OUTSIDE:
		return rs_server_outside_alive() ? "outside" : "none";
	}
	return "none";
}

/* Rserverd\where(): string */
ZEND_FUNCTION(rs_where)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_STRING(where());
}
