/*
 * What the files of the PHP engine share. The only header of the tree that includes Zend.
 *
 * Path of one request: php_engine.c (rs_php_request) -> php_request.c (arm: superglobals) -> the glue's handler ->
 * php_sapi.c (ub_write, send_headers) -> worker/engine.h exchange -> php_request.c (disarm).
 */
#ifndef RS_SAPI_H
#define RS_SAPI_H

#include <php.h>
#include <SAPI.h>
#include <php_ini.h>
#include <php_main.h>
#include <php_output.h>
#include <php_variables.h>
#include <zend_exceptions.h>
#include <zend_interfaces.h>
#include <zend_smart_str.h>
#include <ext/standard/basic_functions.h>

/* PHP's headers define a few names that the core uses as well. */
#undef RS_OK

#include "base/rs_log.h"
#include "conf/conf.h"
#include "worker/engine.h"
#include "worker/heritage.h"

struct rs_php_callback {
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;
	bool set;
};

/* The engine's state: one per process, copied by fork. */
struct rs_php {
	const struct rs_heritage *h;
	const struct rs_conf *conf;
	enum rs_result (*booted)(void *arg);
	void *booted_arg;
	enum rs_result result;      /* of booted() */
	bool hosting;               /* we run this PHP; false when loaded with -d extension= */
	bool serving;               /* serve() has been called */
	bool app_conf_taken;        /* the configuration has what the application said */
	struct rs_php_callback handle, clean, worker_start, idle, warm, settle;
	struct rs_buf app_conf, facts, boot_error;

	/* what boot left behind and every request starts from */
	zval base_server;           /* $_SERVER entries that boot added: dotenv and such; UNDEF until known */
	zval base_env;              /* $_ENV likewise, all of it */
	zval server_template;       /* base_server and what every request's $_SERVER has in common */
	zend_string **server_keys;  /* names of the others, by enum server_key; permanent */
	HashTable field_names;      /* header field name as sent -> "HTTP_..." key; bounded, permanent */
	uint32_t shutdown_functions; /* registered while booting */
	struct rs_php_directive *directives; /* php_settings.c */
	uint32_t ndirectives;
	struct rs_php_variable *variables;
	uint32_t nvariables;
	php_stream_context *stream_context; /* the default one; NULL: there was none */
	zval stream_options;                /* of it; an array that is shared with it until somebody writes */
	char script[4200];          /* SCRIPT_FILENAME */
	zend_long time_limit;       /* max_execution_time of the configuration, seconds */

	bool left_boot;             /* rs_php_leave_boot() */
	bool one_request;           /* isolation = fork: this process ends after the request */

	/* the request that runs */
	struct rs_exchange *x;      /* NULL between requests */
	bool starting;              /* what runs is the start of this process: what it leaves stays */
	bool stale;                 /* something ran since the snapshot was restored last */
	struct rs_buf scratch;      /* terminated copies of its strings; kept allocated */
	bool ending_output;         /* its buffers are being ended */
	bool touched;               /* a function of php_touch.c was called */
	bool environment_changed;   /* putenv() was called */
	bool filter_fed;            /* filter_input(INPUT_SERVER) has been asked in this request */
	int64_t timer_armed_us;     /* when the execution timer was armed last; 0: not armed */
	volatile sig_atomic_t overdue;

	unsigned server_calls;      /* php_call.c: calls of server callbacks that are running, nested ones counted */
};

struct rs_php *rs_php(void);

/* swoole.c: what this file is to PHP. */
extern zend_module_entry rs_swoole_module_entry;
/* php_glue.c: functions of the glue; registered only when hosting. And those of every process that has the module. */
extern const zend_function_entry rs_php_glue_functions[], rs_php_everywhere_functions[];
/* php_sapi.c: our server API, named cli. */
extern sapi_module_struct rs_php_sapi;

/* php_ini.c: ini entries and files. Owner: rs_php_sapi. false: no memory. */
bool rs_php_ini_prepare(const struct rs_conf *conf);

/* php_binary.c: in MINIT */
void rs_php_binary_minit(void);

/* php_autoload.c: in MINIT */
void rs_php_autoload_minit(void);

/* php_request.c */
void rs_php_arm(struct rs_exchange *x);   /* the SAPI and the superglobals show this request */
void rs_php_disarm(void);                 /* and forget it again; the output layer is down after this */
void rs_php_end_sapi(void);               /* sapi_deactivate(), which may be called again */
void rs_php_remember_boot(void);          /* what boot left in $_SERVER and $_ENV, shutdown functions, time limit */

/* php_settings.c: ini directives, environment, stream context: as boot left them. */
void rs_php_putenv_guard(void);
void rs_php_remember_settings(void);
void rs_php_restore_settings(void);

/* php_server_vars.c: sapi_module.register_server_variables, and getenv() of the same names. */
void rs_php_server_template(void);        /* after base_server is known */
void rs_php_server_variables(zval *track_vars_array);
/* php_sapi.c: the headers set so far leave as an informational response. false: too late, or nobody waits. */
bool rs_php_send_interim(unsigned status);
char *rs_php_getenv(const char *name, size_t n);

/* php_after_fork.c */
void rs_php_after_fork(void);
void rs_php_standard_streams(void);

/* php_overdue.c: a request has run too long. */
void rs_php_overdue_install(void);
void rs_php_overdue(void); /* async-signal-safe */

/* php_trace.c: where a request is, as another thread sees it. */
size_t rs_php_trace(char *out, size_t size);
void rs_php_trace_here(void);             /* from the VM's interrupt: it may have been asked for */

/* php_filter.c: filter_input(INPUT_SERVER) sees $_SERVER, which is filled without the input filter. */
void rs_php_filter_guard(void);
void rs_php_filter_reset(void);           /* with every request */

/* php_outermost.c */
void rs_php_outermost_guard(void);

/* php_uniqid.c */
void rs_php_uniqid_guard(void);

/* php_touch.c: was anything called that changes the process for later requests? */
void rs_php_touch_guard(void);
ZEND_FUNCTION(rs_touched);

/* php_opcache.c */
void rs_php_opcache_guard(void);          /* opcache_reset() asks for a reload instead */
bool rs_php_opcache_facts(struct rs_buf *out);

#endif
