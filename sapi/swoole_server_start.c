/*
 * start(): checks what the script has made, turns it into struct rs_server_setup, and runs the server. Only here do defaults that
 * depend on the machine or on other settings get their values. In the script's process it returns when the server has ended.
 */
#include "swoole_server.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "swoole_coroutine.h"
#include "swoole_invoke.h"
#include "swoole_loop.h"
#include "swoole_process.h"

#define MODE_BASE 1
#define WORKERS_PER_CPU 1000
#define REACTORS_DEFAULT 8
#define CONNECTIONS_DEFAULT 100000
#define CONNECTIONS_LEAST_EXTRA 32
#define OWN_DESCRIPTORS 4096 /* of the daemon, besides connections: what it asks for as well */
#define SERVER_NAME "swoole-http-server"
#define HEAD_MAX "64K"
#define FOR_EVER "86400" /* seconds; the longest that these options may be */

/* ---- numbers -------------------------------------------------------------------------------------------------------------- */

static int64_t cpus(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? n : 1;
}

static int64_t descriptor_limit(void)
{
	struct rlimit limit;

	/* The daemon raises its limit as far as it may. */
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max > CONNECTIONS_DEFAULT + OWN_DESCRIPTORS)
		return CONNECTIONS_DEFAULT + OWN_DESCRIPTORS;
	return (int64_t)limit.rlim_max;
}

static void at_most(int64_t *n, int64_t most, const char *name)
{
	if (*n <= most)
		return;
	rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s == %" PRId64 " is too large, it becomes %" PRId64, name, *n, most);
	*n = most;
}

static int64_t connection_limit(void)
{
	int64_t n = descriptor_limit();

	return n > 4 * OWN_DESCRIPTORS ? n - OWN_DESCRIPTORS : n / 4 * 3;
}

static void finish_connections(struct rs_swoole_server_conf *c)
{
	int64_t most = connection_limit(), least = (c->worker_num + c->task_worker_num) * 2 + CONNECTIONS_LEAST_EXTRA;

	if (c->max_connection == 0)
		c->max_connection = most;
	at_most(&c->max_connection, most, "max_connection");
	if (c->max_connection < least) {
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "max_connection must be greater than %" PRId64 ", the value is reset to %" PRId64,
			      least, most);
		c->max_connection = most;
	}
}

static void finish_numbers(struct rs_swoole_server *s)
{
	struct rs_swoole_server_conf *c = &s->conf;

	if (c->worker_num == 0)
		c->worker_num = s->mode == MODE_BASE ? 1 : cpus();
	at_most(&c->worker_num, cpus() * WORKERS_PER_CPU, "worker_num");
	at_most(&c->task_worker_num, cpus() * WORKERS_PER_CPU, "task_worker_num");
	if (c->reactor_num == 0)
		c->reactor_num = MIN(cpus(), REACTORS_DEFAULT);
	c->reactor_num = MIN(c->reactor_num, MIN(c->worker_num, cpus() * 4));
	/* Callbacks in coroutines end when they end: nobody can be cut off in the middle. */
	if (c->enable_coroutine)
		c->reload_async = true;
	finish_connections(c);
}

/* ---- what must be right ------------------------------------------------------------------------------------------------------ */

/* Else warned. */
static bool may_start(const struct rs_swoole_server *s)
{
	const struct rs_loop *l = rs_loop_peek();

	if (s->started || rs_server_here())
		rs_swoole_warn(0, "server is running, unable to execute %s()", get_active_function_name());
	else if (rs_co_self() || (l && !rs_loop_empty(l)))
		rs_swoole_warn(0, "eventLoop has already been created, unable to start %s", ZSTR_VAL(s->std.ce->name));
	else
		return true;
	return false;
}

static void check_tasks(const struct rs_swoole_server *s)
{
	if (s->conf.task_worker_num && !s->on[RS_ON_TASK].set) {
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "require onTask callback");
		rs_swoole_fatal("failed to start server. Error: require onTask callback");
	}
	if (!s->conf.task_worker_num || s->conf.task_ipc_mode == 1)
		return;
	if (s->conf.task_enable_coroutine)
		rs_swoole_fatal("cannot use msgqueue when task_enable_coroutine is enabled");
	rs_swoole_log(RS_SWOOLE_LOG_NOTICE, 0, "tasks have one transport, task_ipc_mode=%" PRId64 " is taken as 1", s->conf.task_ipc_mode);
}

/* ---- the configuration of master and reactor ----------------------------------------------------------------------------------- */

/* false: what is wrong was said. */
static bool put(struct rs_conf *conf, const char *section, const char *key, const char *value)
{
	struct rs_conf_error err;

	if (rs_conf_set(conf, RS_FROM_CLI, "set()", section, key, value, &err, NULL, NULL) == RS_OK)
		return true;
	rs_swoole_warn(0, "%s", err.text);
	return false;
}

static bool put_number(struct rs_conf *conf, const char *section, const char *key, int64_t value)
{
	char text[24];

	ap_php_snprintf(text, sizeof text, "%" PRId64, value);
	return put(conf, section, key, text);
}

static bool put_string(struct rs_conf *conf, const char *section, const char *key, zend_string *value)
{
	return !value || ZSTR_LEN(value) == 0 || put(conf, section, key, ZSTR_VAL(value));
}

/* The reactor's limit for HTTP bodies is one for all ports; each port has its own besides. */
static int64_t longest_package(const struct rs_swoole_server *s)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < s->nports; i++)
		most = MAX(most, s->ports[i]->p.package_max_length);
	return (int64_t)most;
}

/* A group without a user is the group of whoever starts the server; only root can choose it. */
static bool put_user(const struct rs_swoole_server_conf *c, struct rs_conf *conf)
{
	bool group_alone = c->group && ZSTR_LEN(c->group) && !(c->user && ZSTR_LEN(c->user));

	return (group_alone ? put(conf, "rserverd", "user", "root") : put_string(conf, "rserverd", "user", c->user)) &&
	       put_string(conf, "rserverd", "group", c->group);
}

static bool fill_conf(const struct rs_swoole_server *s, struct rs_conf *conf)
{
	const struct rs_swoole_server_conf *c = &s->conf;
	const struct rs_port *first = &s->ports[0]->p;
	struct rs_conf_error err;
	char cwd[MAXPATHLEN];

	if (!getcwd(cwd, sizeof cwd))
		memcpy(cwd, "/", 2);
	if (!(put(conf, "laravels", "server", SERVER_NAME) && put_number(conf, "swoole", "log_level", c->log_level) &&
	      put_string(conf, "swoole", "log_file", c->log_file) && put_number(conf, "swoole", "worker_num", MIN(c->worker_num, 1000)) &&
	      put_number(conf, "swoole", "max_wait_time", c->max_wait_ms / 1000) &&
	      put_number(conf, "swoole", "package_max_length", longest_package(s)) &&
	      put_string(conf, "swoole", "upload_tmp_dir", s->ports[0]->conf.upload_tmp_dir) &&
	      put_number(conf, "swoole", "max_conn", c->max_connection) && put_user(c, conf) &&
	      put(conf, "rserverd", "header_max_size", HEAD_MAX) &&
	      put(conf, "rserverd", "keepalive_timeout", FOR_EVER) && put(conf, "rserverd", "queue_timeout", FOR_EVER) &&
	      put(conf, "rserverd", "trusted_proxies", "") &&
	      put(conf, "laravels", "handle_static", first->static_handler ? "true" : "false") &&
	      put_string(conf, "swoole", "document_root", s->ports[0]->conf.document_root)))
		return false;
	if (rs_conf_complete(conf, cwd, &err) == RS_OK)
		return true;
	rs_swoole_warn(0, "%s", err.text);
	return false;
}

/* ---- the setup -------------------------------------------------------------------------------------------------------------------- */

static void fill_server(const struct rs_swoole_server *s, struct rs_wire_server *w)
{
	const struct rs_swoole_server_conf *c = &s->conf;

	*w = (struct rs_wire_server){
		.nports = s->nports,
		.nworkers = (uint32_t)c->worker_num,
		.ntasks = (uint32_t)c->task_worker_num,
		.nusers = s->nprocesses,
		.dispatch_mode = (uint32_t)c->dispatch_mode,
		.enable_coroutine = c->enable_coroutine,
		.discard_timeout_request = c->discard_timeout_request,
		.reactor_num = (uint32_t)c->reactor_num,
		.max_conn = (uint32_t)c->max_connection,
		.max_wait_ms = (uint32_t)c->max_wait_ms,
		.concurrency = (uint32_t)c->max_concurrency,
		.worker_concurrency = (uint32_t)c->worker_max_concurrency,
		.first_fd = (uint32_t)c->first_fd,
		.max_queued_bytes = (uint64_t)c->max_queued_bytes,
	};
}

void rs_swoole_setup_fill(const struct rs_swoole_server *s, struct rs_server_setup *setup)
{
	const struct rs_swoole_server_conf *c = &s->conf;

	fill_server(s, &setup->server);
	setup->max_request = (uint64_t)c->max_request;
	setup->max_request_grace = c->max_request_grace;
	setup->task_max_request = (uint64_t)c->task_max_request;
	setup->task_max_request_grace = c->task_max_request_grace;
	setup->reload_async = c->reload_async;
	setup->enable_coroutine = c->enable_coroutine;
	setup->task_enable_coroutine = c->task_enable_coroutine;
	setup->pid_file = c->pid_file ? ZSTR_VAL(c->pid_file) : "";
	setup->log_file = c->log_file ? ZSTR_VAL(c->log_file) : "";
	setup->daemonize = c->daemonize;
}

/* What the setting property tells after start(). */
void rs_swoole_show_settings(struct rs_swoole_server *s)
{
	const struct rs_swoole_port_conf *first = &s->ports[0]->conf;
	zval more;

	array_init(&more);
	add_assoc_long(&more, "worker_num", s->conf.worker_num);
	add_assoc_long(&more, "task_worker_num", s->conf.task_worker_num);
	add_assoc_long(&more, "output_buffer_size", (zend_long)s->ports[0]->p.output_buffer_size);
	add_assoc_long(&more, "max_connection", s->conf.max_connection);
	if (first->open_http)
		add_assoc_bool(&more, "open_http_protocol", true);
	if (first->open_websocket)
		add_assoc_bool(&more, "open_websocket_protocol", true);
	rs_swoole_merge_settings(&s->std, "setting", Z_ARRVAL(more));
	zval_ptr_dtor(&more);
}

void rs_swoole_number_processes(struct rs_swoole_server *s)
{
	for (uint32_t i = 0; i < s->nprocesses; i++)
		rs_swoole_process_set_id(s->processes[i], s->conf.worker_num + s->conf.task_worker_num + i);
}

/* ---- start ---------------------------------------------------------------------------------------------------------------------------- */

static bool run(struct rs_swoole_server *s, struct rs_server_setup *setup)
{
	struct rs_port *ports = safe_emalloc(s->nports, sizeof *ports, 0);
	struct rs_swoole_policy before = *rs_swoole_policy();
	char why[512] = "";
	bool ok;

	for (uint32_t i = 0; i < s->nports; i++)
		ports[i] = s->ports[i]->p;
	setup->ports = ports;
	ok = rs_server_start(setup, &rs_swoole_server_hooks, rs_swoole_server_leave, why, sizeof why) == RS_OK;
	efree(ports);
	for (uint32_t i = 0; i < s->nports; i++)
		rs_server_unlisten(&s->ports[i]->p);
	rs_swoole_set_place(RS_SWOOLE_SCRIPT);
	rs_swoole_set_policy(&before);
	/* A fatal error in onStart: the script ends with it. */
	if (rs_swoole_server_exit_status() != 0) {
		EG(exit_status) = rs_swoole_server_exit_status();
		zend_bailout();
	}
	rs_swoole_loop_left();
	if (!ok)
		rs_swoole_fatal("failed to start server. Error: %s", why);
	return true;
}

bool rs_swoole_server_start(struct rs_swoole_server *s)
{
	struct rs_server_setup setup = { .pid_file = "" };
	const char *missing;
	struct rs_conf conf;
	uint32_t port;
	bool ok;

	if (!may_start(s))
		return false;
	finish_numbers(s);
	for (uint32_t i = 0; i < s->nports; i++)
		rs_swoole_port_finish(s, s->ports[i]);
	missing = rs_swoole_on_finish(s, &port);
	if (missing)
		rs_swoole_fatal("require %s callback", missing);
	check_tasks(s);
	rs_conf_init(&conf);
	if (!fill_conf(s, &conf)) {
		rs_conf_fini(&conf);
		return false;
	}
	rs_swoole_setup_fill(s, &setup);
	setup.conf = &conf;
	s->started = true;
	rs_swoole_show_settings(s);
	rs_swoole_number_processes(s);
	ok = run(s, &setup);
	rs_conf_fini(&conf);
	return ok;
}
