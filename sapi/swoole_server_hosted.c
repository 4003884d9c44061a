/*
 * The server object of a hosted application, from Rserverd\server() to serve(). What the configuration says is in force: its
 * address, its numbers, its [swoole] section. Runs in the manager while it boots.
 */
#include "swoole_server_hosted.h"

#include "php_glue.h"
#include "swoole_process.h"

#include <ext/spl/spl_exceptions.h>
#include <unistd.h>

#define MODE_PROCESS 2
#define SOCKET_TYPES 511 /* without the flag for TLS, which the daemon decides on */
#define USER_TITLE "user"

static struct {
	zval server;              /* keeps it for the life of the process */
	zend_string **titles;
	uint32_t ntitles;
	pid_t manager;            /* of this generation: the board has the one that serves */
} hosted;

struct rs_swoole_server *rs_swoole_hosted(void)
{
	struct rs_swoole_server *s = rs_swoole_the_server();

	return s && s->hosted ? s : NULL;
}

pid_t rs_swoole_hosted_manager(void)
{
	return hosted.manager;
}

ZEND_COLD static bool fail(const char *what)
{
	if (!EG(exception))
		zend_throw_exception(spl_ce_RuntimeException, what, 0);
	return false;
}

/* ---- making ----------------------------------------------------------------------------------------------------------------- */

/* What runs in coroutines, or gets objects, would not be what the glue's callbacks expect. */
static void fix(struct rs_swoole_server *s)
{
	s->conf.enable_coroutine = s->conf.task_enable_coroutine = false;
	s->conf.task_use_object = s->conf.event_object = false;
	s->conf.worker_max_concurrency = 0;
}

/* The configuration's section, checked there, over what else was given. */
static bool set(struct rs_swoole_server *s, HashTable *given)
{
	zval all, section;
	bool ok;

	rs_php_conf_section("swoole", &section);
	ZVAL_ARR(&all, zend_array_dup(given));
	zend_hash_merge(Z_ARRVAL(all), Z_ARRVAL(section), zval_add_ref, true);
	ok = rs_swoole_hosted_set(s, s->ports[0], Z_ARRVAL(all));
	if (ok) {
		rs_swoole_merge_settings(&s->std, "setting", Z_ARRVAL(all));
		rs_swoole_merge_settings(&s->ports[0]->std, "setting", Z_ARRVAL(all));
	}
	zval_ptr_dtor(&all);
	zval_ptr_dtor(&section);
	return ok;
}

static bool make(struct rs_swoole_server *s)
{
	const struct rs_conf *c = rs_php()->conf;
	zend_string *host = zend_string_init(c->listen_ip, strlen(c->listen_ip), false);
	char why[256] = "";
	bool ok;

	s->hosted = true;
	s->mode = MODE_PROCESS;
	ok = rs_swoole_server_make(s, host, c->listen_port, c->socket_type & SOCKET_TYPES, why, sizeof why);
	zend_string_release(host);
	return ok || fail(why);
}

bool rs_swoole_hosted_new(zval *out, zend_class_entry *ce, HashTable *settings)
{
	struct rs_swoole_server *s;

	if (rs_swoole_hosted())
		return fail("Rserverd\\server() has been called already");
	if (rs_swoole_the_server())
		return fail("the application has made a Swoole server of its own while it booted");
	object_init_ex(&hosted.server, ce);
	s = RS_SWOOLE_OBJECT(struct rs_swoole_server, Z_OBJ(hosted.server));
	if (!make(s) || !set(s, settings)) {
		zval_ptr_dtor(&hosted.server);
		ZVAL_UNDEF(&hosted.server);
		return false;
	}
	fix(s);
	ZVAL_COPY(out, &hosted.server);
	return true;
}

bool rs_swoole_hosted_title(zend_long index, zend_string *title)
{
	if (index < 0 || index >= RS_HOSTED_END - RS_HOSTED_USERS) {
		zend_throw_exception(spl_ce_OutOfRangeException, "there is no such user process", 0);
		return false;
	}
	if (index >= hosted.ntitles) {
		hosted.titles = perealloc(hosted.titles, ((size_t)index + 1) * sizeof *hosted.titles, true);
		while (hosted.ntitles <= index)
			hosted.titles[hosted.ntitles++] = NULL;
	}
	if (hosted.titles[index])
		zend_string_release(hosted.titles[index]);
	hosted.titles[index] = zend_string_copy(title);
	return true;
}

/* ---- serve() ------------------------------------------------------------------------------------------------------------------ */

static void finish_numbers(struct rs_swoole_server_conf *n, const struct rs_conf *c)
{
	n->worker_num = c->worker_num;
	n->task_worker_num = c->task_worker_num;
	n->max_request = c->max_request;
	n->max_request_grace = c->max_request_grace;
	n->task_max_request = c->task_max_request;
	n->max_wait_ms = c->max_wait_time;
	n->max_connection = c->max_conn;
	n->reactor_num = 1;
	n->log_level = c->log_level;
}

/* May the server do without this port? Its item of the configuration says so. */
static bool is_optional(const struct rs_port *p)
{
	const struct rs_conf_items *all = &rs_php()->conf->items[RS_KIND_sockets];

	for (size_t i = 0; i < all->n; i++) {
		const struct rs_conf_item *it = &all->v[i];

		if (rs_conf_socket_type(it) == p->socket_type && rs_conf_item_number(it, RS_ITEM_sockets_port) == p->port &&
		    strcmp(rs_conf_item_text(it, RS_ITEM_sockets_host), p->host) == 0)
			return rs_conf_item_number(it, RS_ITEM_sockets_optional) != 0;
	}
	return false;
}

/* false: thrown. */
static bool finish_ports(struct rs_swoole_server *s)
{
	const char *missing;
	uint32_t port = 0;

	for (uint32_t i = 0; i < s->nports; i++) {
		rs_swoole_port_finish(s, s->ports[i]);
		s->ports[i]->p.optional = i > 0 && is_optional(&s->ports[i]->p);
	}
	missing = rs_swoole_on_finish(s, &port);
	if (missing)
		zend_throw_exception_ex(spl_ce_RuntimeException, 0, "the port %s:%u has no %s callback", s->ports[port]->p.host,
					s->ports[port]->p.port, missing);
	return !missing;
}

static bool check_processes(const struct rs_swoole_server *s)
{
	if (s->nprocesses > RS_HOSTED_END - RS_HOSTED_USERS)
		return fail("there are too many processes beside the workers");
	if (s->conf.task_worker_num && !s->on[RS_ON_TASK].set)
		rs_warnx(rs_host_log(), "task_worker_num is %" PRId64 ", but nothing does tasks here", s->conf.task_worker_num);
	return true;
}

/* An application that does not listen to failures needs no child that hears of them, and boots in it, each time a worker dies. */
static const struct rs_server_hooks *hooks_for(struct rs_swoole_server *s)
{
	static struct rs_server_hooks deaf;

	if (rs_swoole_callback(s, RS_ON_WORKER_ERROR, 0))
		return &rs_swoole_hosted_hooks;
	deaf = rs_swoole_hosted_hooks;
	deaf.worker_failed = NULL;
	return &deaf;
}

/* false: thrown. */
static bool tell_core(struct rs_swoole_server *s)
{
	const char **titles = safe_emalloc(s->nprocesses + 1, sizeof *titles, 0);
	struct rs_port *ports = safe_emalloc(s->nports, sizeof *ports, 0);
	struct rs_server_setup setup = { .ports = ports };
	int *pipes = safe_pemalloc(s->nprocesses + 1, 2 * sizeof *pipes, 0, true);
	char why[512] = "";
	bool ok;

	for (uint32_t i = 0; i < s->nports; i++)
		ports[i] = s->ports[i]->p;
	for (uint32_t i = 0; i < s->nprocesses; i++)
		rs_swoole_process_fds(s->processes[i], pipes + 2 * i);
	for (uint32_t i = 0; i < s->nprocesses; i++)
		titles[i] = i < hosted.ntitles && hosted.titles[i] ? ZSTR_VAL(hosted.titles[i]) : USER_TITLE;
	rs_swoole_setup_fill(s, &setup);
	setup.server.hosted = true;
	setup.pid_file = setup.log_file = "";
	setup.daemonize = false;
	setup.shared = pipes; /* for the life of the process, as the objects */
	setup.nshared = 2 * (size_t)s->nprocesses;
	ok = rs_server_host(&setup, hooks_for(s), titles, why, sizeof why);
	efree(titles);
	efree(ports);
	return ok || fail(why);
}

bool rs_swoole_hosted_finish(void)
{
	struct rs_swoole_server *s = rs_swoole_hosted();
	zval made;

	if (!s) {
		if (!rs_swoole_hosted_new(&made, rs_swoole_http_server_ce, (HashTable *)(uintptr_t)&zend_empty_array))
			return false;
		zval_ptr_dtor(&made);
		s = rs_swoole_hosted();
	}
	finish_numbers(&s->conf, rs_php()->conf);
	if (!finish_ports(s) || !check_processes(s))
		return false;
	s->started = true;
	hosted.manager = getpid();
	rs_swoole_show_settings(s);
	rs_swoole_number_processes(s);
	return tell_core(s);
}
