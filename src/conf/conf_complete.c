/*
 * What follows from other values: paths made absolute, defaults that depend on the base path or on the machine.
 * Looks at the file system (does a directory exist?), changes nothing in it.
 *
 * A value made here is marked derived, so that a second call makes it anew from whatever was read since.
 */
#include "conf/conf_private.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The Makefile says what PHP this was built for; without it the options have to be set. */
#ifndef RS_LIBPHP
#define RS_LIBPHP ""
#endif
#ifndef RS_PHP_BINARY
#define RS_PHP_BINARY ""
#endif
#ifndef RS_PHP_VERSION
#define RS_PHP_VERSION ""
#endif
#ifndef RS_LIBDIR
#define RS_LIBDIR "/usr/local/lib/rserverd"
#endif

/* body_buffer_size unless package_max_length is below it; options.def says the same. */
#define BODY_BUFFER 65536
/* timer.max_wait_time of 0, as options.def says. */
#define TIMER_WAIT_MS 5000

/* One completion. The first failure is kept; later steps then do nothing. */
struct completion {
	struct rs_conf *c;
	const char *cwd;
	struct rs_conf_error *err;
	enum rs_result result;
};

static const char *text_of(const struct rs_conf *c, enum rs_opt_id id)
{
	return *(char *const *)rs_conf_field_const(c, &rs_options[id]);
}

static void put_text(struct completion *x, enum rs_opt_id id, const char *text)
{
	if (x->result == RS_OK && !rs_str_set(rs_conf_field(x->c, &rs_options[id]), text))
		x->result = rs_conf_no_memory(x->err);
}

/* Nobody has said what this is to be: by silence, by an empty text, or by an earlier completion. */
static bool is_open(const struct rs_conf *c, enum rs_opt_id id)
{
	const struct rs_option *o = &rs_options[id];
	const struct rs_origin_at *at = &c->origin[id];

	return at->from == RS_FROM_DEFAULT || at->derived || (o->type == RS_OPT_STR && *text_of(c, id) == '\0');
}

static void derive_text(struct completion *x, enum rs_opt_id id, const char *text)
{
	put_text(x, id, text);
	x->c->origin[id].derived = true;
}

static void derive_number(struct completion *x, enum rs_opt_id id, int64_t v)
{
	rs_conf_put_number(x->c, &rs_options[id], v);
	x->c->origin[id].derived = true;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* ---- paths -------------------------------------------------------------------------------------------------- */

/* dir/path without trailing slashes, empty and "." components; links and ".." are left alone. false: too long. */
static bool join(char out[PATH_MAX], const char *dir, const char *path)
{
	char joined[2 * PATH_MAX];
	size_t at = 0, n;

	if (!rs_fmt(joined, sizeof joined, "%s/%s", path[0] == '/' ? "" : dir, path))
		return false;
	for (const char *p = joined; *p; p += n) {
		while (*p == '/')
			p++;
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && *p == '.'))
			continue;
		if (at + 1 + n >= PATH_MAX)
			return false;
		out[at++] = '/';
		memcpy(out + at, p, n);
		at += n;
	}
	if (at == 0)
		out[at++] = '/';
	out[at] = '\0';
	return true;
}

/* join() into x's failure when it is too long; "" then. */
static const char *join_or_fail(struct completion *x, enum rs_opt_id id, char out[PATH_MAX], const char *dir,
				const char *path)
{
	static const struct rs_complaint why = { .what = "the path is too long", .allowed = "4095 bytes" };

	if (join(out, dir, path))
		return out;
	if (x->result == RS_OK)
		x->result = rs_conf_fail_option(x->c, id, &why, x->err);
	out[0] = '\0';
	return out;
}

/* The part before the last slash, "/" when that is all there is. */
static void parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash)
		slash[slash == path] = '\0';
}

/* What a relative path of this option is relative to. */
static const char *root_of(const struct completion *x, enum rs_opt_id id)
{
	return x->c->origin[id].from == RS_FROM_CLI ? x->cwd : x->c->laravel_base_path;
}

static void complete_base(struct completion *x)
{
	struct rs_conf *c = x->c;
	enum rs_opt_id id = RS_OPT_ID_laravel_base_path;
	char dir[PATH_MAX], path[PATH_MAX], shown[512];
	struct rs_complaint why = { 0 };

	join_or_fail(x, id, dir, x->cwd, c->ini_file);
	if (*c->ini_file)
		parent(dir);
	if (is_open(c, id))
		derive_text(x, id, dir);
	else
		put_text(x, id, join_or_fail(x, id, path, c->origin[id].from == RS_FROM_INI ? dir : x->cwd,
					     c->laravel_base_path));
	if (x->result != RS_OK || is_directory(c->laravel_base_path))
		return;
	rs_conf_printable(c->laravel_base_path, shown, 160);
	if (access(c->laravel_base_path, F_OK) == 0)
		(void)rs_fmt(why.what, sizeof why.what, "`%s` is not a directory", shown);
	else if (errno == ENOENT)
		(void)rs_fmt(why.what, sizeof why.what, "`%s` does not exist", shown);
	else
		(void)rs_fmt(why.what, sizeof why.what, "`%s` cannot be used: %s", shown, strerror(errno));
	(void)rs_fmt(why.allowed, sizeof why.allowed, "the directory of the application");
	x->result = rs_conf_fail_option(c, id, &why, x->err);
}

/* An option that was set to a relative path. */
static void absolutize(struct completion *x, enum rs_opt_id id)
{
	char path[PATH_MAX];
	const char *text = text_of(x->c, id);

	if (x->result == RS_OK && *text)
		put_text(x, id, join_or_fail(x, id, path, root_of(x, id), text));
}

/* A text that is no option by itself: id is whose it is, root what it is relative to. */
static void absolutize_text(struct completion *x, enum rs_opt_id id, const char *root, char **text)
{
	char path[PATH_MAX];

	join_or_fail(x, id, path, root, *text);
	if (x->result == RS_OK && !rs_str_set(text, path))
		x->result = rs_conf_no_memory(x->err);
}

/* Where an open path option goes. */
static void derive_path(struct completion *x, enum rs_opt_id id, const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (x->result != RS_OK)
		return;
	if (is_open(x->c, id))
		derive_text(x, id, join_or_fail(x, id, path, dir, name));
	else
		absolutize(x, id);
}

static void complete_listen(struct completion *x)
{
	struct rs_conf *c = x->c;

	if (strchr(c->listen_ip, '/'))
		absolutize(x, RS_OPT_ID_listen_ip);
	for (size_t i = 0; x->result == RS_OK && i < c->listen.n; i++) {
		if (strchr(c->listen.v[i], '/') && c->listen.v[i][0] != '[')
			absolutize_text(x, RS_OPT_ID_listen, root_of(x, RS_OPT_ID_listen), &c->listen.v[i]);
	}
}

static void complete_watch(struct completion *x)
{
	const enum rs_opt_id excluded = RS_OPT_ID_inotify_excluded_dirs;
	struct rs_strlist *dirs = &x->c->inotify_excluded_dirs;

	derive_path(x, RS_OPT_ID_inotify_watch_path, x->c->laravel_base_path, "");
	for (size_t i = 0; x->result == RS_OK && i < dirs->n; i++)
		absolutize_text(x, excluded, root_of(x, excluded), &dirs->v[i]);
}

/* Unix sockets of [sockets.NAME]. */
static void complete_sockets(struct completion *x)
{
	struct rs_conf_items *sockets = &x->c->items[RS_KIND_sockets];

	for (size_t i = 0; x->result == RS_OK && i < sockets->n; i++) {
		struct rs_conf_item *it = &sockets->v[i];

		for (size_t j = 0; j < it->n && rs_conf_socket_type(it) >= 5; j++) {
			if (strcmp(it->rows[j].key, "host") == 0)
				absolutize_text(x, RS_OPT_ID_laravel_base_path, x->c->laravel_base_path, &it->rows[j].value);
		}
	}
}

/* Files of certificates, options and items. */
static void complete_tls(struct completion *x)
{
	static const enum rs_opt_id ids[] = { RS_OPT_ID_ssl_cert_file, RS_OPT_ID_ssl_key_file, RS_OPT_ID_ssl_stapling_file,
					      RS_OPT_ID_ssl_client_cert_file };
	const struct rs_conf_items *sites = &x->c->items[RS_KIND_ssl];

	for (size_t i = 0; i < RS_COUNTOF(ids); i++)
		absolutize(x, ids[i]);
	for (size_t i = 0; i < sites->n; i++) {
		for (size_t j = 0; x->result == RS_OK && j < sites->v[i].n; j++) {
			struct rs_conf_row *row = &sites->v[i].rows[j];
			if (strstr(row->key, "_file") && *row->value)
				absolutize_text(x, RS_OPT_ID_laravel_base_path, x->c->laravel_base_path, &row->value);
		}
	}
}

void rs_conf_storage(const struct rs_conf *c, char *out, size_t size)
{
	const char *elsewhere = getenv("APP_STORAGE_PATH");

	if (elsewhere && elsewhere[0] == '/' && is_directory(elsewhere)) {
		(void)rs_copy(out, size, rs_slice_str(elsewhere));
		return;
	}
	if (!rs_fmt(out, size, "%s/storage", c->laravel_base_path) || !is_directory(out))
		(void)rs_copy(out, size, rs_slice_str(c->laravel_base_path));
}

static void complete_run_files(struct completion *x)
{
	struct rs_conf *c = x->c;
	char dir[PATH_MAX];

	if (x->result != RS_OK)
		return;
	rs_conf_storage(c, dir, sizeof dir);
	derive_path(x, RS_OPT_ID_pid_file, dir, "laravels.pid");
	if (x->result != RS_OK)
		return;
	(void)rs_copy(dir, sizeof dir, rs_slice_str(c->pid_file));
	parent(dir);
	derive_path(x, RS_OPT_ID_control_socket, dir, "control.sock");
	derive_path(x, RS_OPT_ID_app_socket, dir, "app.sock");
	absolutize(x, RS_OPT_ID_log_file);
	if (strcmp(c->access_log, "off") == 0)
		put_text(x, RS_OPT_ID_access_log, "");
	else if (strcmp(c->access_log, "-") != 0)
		absolutize(x, RS_OPT_ID_access_log);
}

/* The private instance of the doctor serves requests; what else the server does is not to happen twice. */
static void complete_doctor(struct completion *x)
{
	if (!*x->c->doctor_report)
		return;
	absolutize(x, RS_OPT_ID_doctor_report);
	rs_conf_items_fini(&x->c->items[RS_KIND_sockets]);
	rs_conf_items_fini(&x->c->items[RS_KIND_processes]);
	/* Every request is compared with the same snapshot. */
	rs_conf_items_fini(&x->c->items[RS_KIND_isolation]);
}

/* ---- php and engine ------------------------------------------------------------------------------------------- */

static void complete_php(struct completion *x)
{
	static const char *const inis[] = { "/etc/php/" RS_PHP_VERSION "/fpm/php.ini",
					    "/etc/php/" RS_PHP_VERSION "/cli/php.ini", "" };
	size_t i = 0;

	while (*inis[i] && access(inis[i], F_OK) != 0)
		i++;
	if (is_open(x->c, RS_OPT_ID_php_ini))
		derive_text(x, RS_OPT_ID_php_ini, inis[i]);
	if (is_open(x->c, RS_OPT_ID_libphp))
		derive_text(x, RS_OPT_ID_libphp, RS_LIBPHP);
	if (is_open(x->c, RS_OPT_ID_php_binary))
		derive_text(x, RS_OPT_ID_php_binary, RS_PHP_BINARY);
	absolutize(x, RS_OPT_ID_php_ini);
	absolutize(x, RS_OPT_ID_libphp);
	absolutize(x, RS_OPT_ID_php_binary);
}

/* Beside the daemon (the build tree runs in place), else where it was installed. */
static void complete_engine(struct completion *x)
{
	const char *name = x->c->engine == RS_ENGINE_FAKE ? "rserverd-fake.so" : "rserverd-php.so";
	char dir[PATH_MAX], path[PATH_MAX];
	ssize_t n;

	if (!is_open(x->c, RS_OPT_ID_engine_module)) {
		absolutize(x, RS_OPT_ID_engine_module);
		return;
	}
	n = readlink("/proc/self/exe", dir, sizeof dir - 1);
	dir[n > 0 ? n : 0] = '\0';
	parent(dir);
	if (!join(path, dir, name) || access(path, F_OK) != 0) {
		/* An installed tree may be moved as a whole: sbin/rserverd, lib/rserverd/NAME. */
		parent(dir);
		if (!rs_fmt(path, sizeof path, "%s/lib/rserverd/%s", dir, name) || access(path, F_OK) != 0)
			join_or_fail(x, RS_OPT_ID_engine_module, path, RS_LIBDIR, name);
	}
	derive_text(x, RS_OPT_ID_engine_module, path);
}

/* ---- numbers -------------------------------------------------------------------------------------------------- */

static int64_t cpus(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? n : 1;
}

static void complete_numbers(struct completion *x)
{
	struct rs_conf *c = x->c;
	int64_t most = rs_options[RS_OPT_ID_worker_num].max;

	if (is_open(c, RS_OPT_ID_worker_num) || c->worker_num == 0)
		derive_number(x, RS_OPT_ID_worker_num, 2 * cpus() < most ? 2 * cpus() : most);
	if (is_open(c, RS_OPT_ID_max_request_grace) || c->max_request_grace < 0)
		derive_number(x, RS_OPT_ID_max_request_grace, c->max_request / 2);
	if (is_open(c, RS_OPT_ID_task_max_request_grace) || c->task_max_request_grace < 0)
		derive_number(x, RS_OPT_ID_task_max_request_grace, c->task_max_request / 2);
	if (c->timer_max_wait_time == 0)
		c->timer_max_wait_time = TIMER_WAIT_MS;
	/* Nobody who lowers package_max_length should have to know of this one. */
	if (is_open(c, RS_OPT_ID_body_buffer_size))
		derive_number(x, RS_OPT_ID_body_buffer_size,
			      c->package_max_length < BODY_BUFFER ? c->package_max_length : BODY_BUFFER);
}

/* --------------------------------------------------------------------------------------------------------------- */

enum rs_result rs_conf_complete(struct rs_conf *c, const char *cwd, struct rs_conf_error *err)
{
	struct completion x = { c, cwd, err, RS_OK };
	const char *tmp = getenv("TMPDIR");

	RS_ASSERT(cwd[0] == '/');
	err->text[0] = '\0';
	complete_base(&x);
	if (x.result != RS_OK)
		return x.result;
	if (is_open(c, RS_OPT_ID_process_prefix))
		derive_text(&x, RS_OPT_ID_process_prefix, c->laravel_base_path);
	derive_path(&x, RS_OPT_ID_document_root, c->laravel_base_path, "public");
	derive_path(&x, RS_OPT_ID_upload_tmp_dir, "/", tmp && tmp[0] == '/' ? tmp : "/tmp");
	complete_listen(&x);
	complete_doctor(&x);
	complete_sockets(&x);
	complete_tls(&x);
	complete_watch(&x);
	complete_run_files(&x);
	complete_php(&x);
	complete_engine(&x);
	if (x.result != RS_OK)
		return x.result;
	complete_numbers(&x);
	return rs_conf_check(c, err);
}
