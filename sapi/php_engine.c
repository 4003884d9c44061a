/*
 * The PHP engine: starts PHP, boots the application through the glue, and is what the core calls (struct rs_engine). Requests and
 * events are in php_serve.c.
 */
#include "php_connections.h"
#include "php_doctor.h"
#include "php_left.h"
#include "php_serve.h"
#include "php_snapshot.h"
#include "swoole_server_hosted.h"

#include <unistd.h>

/* No header of PHP declares it. */
extern PHPAPI char *php_ini_opened_path;

static struct rs_php state;

struct rs_php *rs_php(void)
{
	return &state;
}

/* ---- start and boot ------------------------------------------------------------------------------------------ */

static bool start_php(const struct rs_heritage *h, struct rs_buf *why)
{
	state.hosting = true;
	rs_swoole_set_place(RS_SWOOLE_MANAGER);
	state.h = h;
	state.conf = h->conf;
	ZVAL_UNDEF(&state.base_server);
	ZVAL_UNDEF(&state.base_env);
	ZVAL_UNDEF(&state.server_template);
	if ((*h->environment && setenv("APP_ENV", h->environment, 1) < 0) ||
	    (*h->x_version && setenv("X_VERSION", h->x_version, 1) < 0) ||
	    /* src/cli/cli_php.c: PHP_BINARY reads no ini file */
	    (strcmp(h->conf->php_binary, RS_PHP_BINARY) != 0 && setenv("RSERVERD_PHP_BINARY", h->conf->php_binary, 1) < 0)) {
		RS_IGNORE(!rs_buf_printf(why, "out of memory"));
		return false;
	}
	/* php-fpm runs a script in its own directory; without a public folder the base path stays. */
	RS_IGNORE(chdir(h->conf->document_root) < 0);
	zend_signal_startup();
	sapi_startup(&rs_php_sapi);
	if (!rs_php_ini_prepare(h->conf) || rs_php_sapi.startup(&rs_php_sapi) == FAILURE) {
		(void)rs_buf_printf(why, "PHP did not start; its configuration is %s",
				    *h->conf->php_ini ? h->conf->php_ini : "built in");
		return false;
	}
	/* It was for this start: what the application runs as children reads its own configuration. */
	unsetenv("PHP_INI_SCAN_DIR");
	/* Signals are the core's; PHP must not take them back at every request. */
	zend_signal_globals.reset = 0;
	rs_php_overdue_install();
	SG(request_info).no_headers = true;
	if (php_request_startup() == FAILURE) {
		(void)rs_buf_printf(why, "PHP did not start its request");
		return false;
	}
	SG(headers_sent) = 1;
	state.time_limit = INI_INT("max_execution_time"); /* EG(timeout_seconds) is max_input_time's here */
	zend_unset_timeout();
	rs_php_standard_streams();
	rs_php_opcache_guard();
	rs_php_filter_guard();
	rs_php_outermost_guard();
	rs_php_uniqid_guard();
	rs_php_putenv_guard();
	rs_php_touch_guard();
	rs_php_transactions_guard();
	rs_php_locks_guard();
	rs_php_connections_guard();
	rs_snapshot_symbols_guard();
	rs_snapshot_process_guard();
	return true;
}

static void main_body(void *arg)
{
	const struct rs_heritage *h = arg;
	zend_file_handle file;
	char path[4200];

	rs_fmt(path, sizeof path, "%s/main.php", h->glue_dir);
	zend_stream_init_filename(&file, path);
	file.primary_script = 1;
	php_execute_script(&file);
	zend_destroy_file_handle(&file);
}

/* Runs sapi/php/main.php, which boots the application and calls serve(). */
static void run_main(const struct rs_heritage *h)
{
	(void)rs_php_guarded(main_body, (void *)(uintptr_t)h);
}

static void end_php(void)
{
	/* The response of the last request is out; what boot registered has run with every request. */
	php_free_shutdown_functions();
	php_request_shutdown(NULL);
}

static enum rs_result php_run(const struct rs_heritage *h, enum rs_result (*booted)(void *), void *arg,
			      struct rs_buf *why)
{
	state.booted = booted;
	state.booted_arg = arg;
	if (!start_php(h, why))
		return RS_ERR;
	run_main(h);
	if (!state.serving) {
		if (state.boot_error.len)
			RS_IGNORE(rs_buf_put(why, rs_buf_data(&state.boot_error), state.boot_error.len));
		else if (PG(last_error_message))
			(void)rs_buf_printf(why, "%s in %s:%d", ZSTR_VAL(PG(last_error_message)),
					    PG(last_error_file) ? ZSTR_VAL(PG(last_error_file)) : "?",
					    PG(last_error_lineno));
		return RS_ERR;
	}
	if (state.result == RS_DONE && !CG(unclean_shutdown))
		end_php();
	return state.result;
}

static bool php_app_conf(struct rs_buf *out)
{
	return rs_buf_put(out, rs_buf_data(&state.app_conf), state.app_conf.len);
}

struct facts {
	struct rs_buf *out;
	bool ok;
};

static void facts_body(void *arg)
{
	struct facts *f = arg;

	f->ok = rs_php_opcache_facts(f->out);
}

static bool php_facts(struct rs_buf *out)
{
	struct facts f = { .out = out };

	return rs_php_guarded(facts_body, &f) == RS_CALL_OK && f.ok &&
	       rs_buf_printf(out, "php\t%s\nswoole\t%s\nsapi\t%s\nphp_ini\t%s\n", PHP_VERSION, RS_SWOOLE_VERSION, sapi_module.name,
			     php_ini_opened_path ? php_ini_opened_path : "none") &&
	       rs_buf_put(out, rs_buf_data(&state.facts), state.facts.len);
}

/* ---- the worker's hooks ------------------------------------------------------------------------------------------ */

static void php_forked(const struct rs_conf *conf, uint32_t id, uint32_t generation)
{
	(void)id, (void)generation;
	state.conf = conf;
	rs_swoole_hosted_forked();
}

/* User processes print what they like; the others are armed for each thing they do. */
static void leave_boot(void)
{
	if (rs_swoole_place() != RS_SWOOLE_USER_PROCESS) {
		rs_php_leave_boot();
		return;
	}
	php_output_end_all();
	php_output_deactivate();
	php_output_activate();
	php_output_set_implicit_flush(1);
}

static enum rs_result php_worker_start(struct rs_buf *why)
{
	bool ok = rs_php_call_glue(&state.worker_start);
	const char *failed = NULL;

	if (state.conf->boot == RS_BOOT_WORKER)
		rs_php_remember_boot();
	leave_boot();
	if (ok && state.conf->boot == RS_BOOT_WORKER && !rs_php_warm_up(&failed)) {
		ok = false;
		RS_IGNORE(!rs_buf_printf(&state.boot_error, "warm_up: a fatal error in %s", failed));
	}
	if (ok && !state.boot_error.len) {
		rs_php_doctor_start();
		return RS_OK;
	}
	RS_IGNORE(rs_buf_put(why, rs_buf_data(&state.boot_error), state.boot_error.len));
	return RS_ERR;
}

static void php_worker_stop(void)
{
}

const struct rs_engine rs_the_engine = {
	.name = "php",
	.run = php_run,
	.app_conf = php_app_conf,
	.facts = php_facts,
	.forked = php_forked,
	.worker_start = php_worker_start,
	.one_request = rs_php_one_request,
	.settle = rs_php_settle,
	.request = rs_php_request,
	.idle = rs_php_tidy,
	.worker_stop = php_worker_stop,
	.overdue = rs_php_overdue,
	.trace = rs_php_trace,
};
