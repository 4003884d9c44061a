/*
 * The manager between boot and first fork: what it tells the master, what it warns of.
 */
#include "worker/manager_boot.h"

#include "worker/server_private.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool rs_manager_tell_master(struct rs_process *p, enum rs_msg msg, struct rs_slice payload)
{
	if (rs_ipc_put(&p->control, msg, 0, 0, payload, RS_SLICE(""), NULL, 0) == RS_OK &&
	    rs_ipc_flush(&p->control) == RS_OK)
		return true;
	rs_errorx(p->log, "cannot tell the master %s: %s", rs_msg_name(msg), p->control.error);
	return false;
}

/* ---- configuration ----------------------------------------------------------------------------------------- */

/* The master says these warnings; saying them twice helps nobody. */
static void stay_silent(void *arg, const char *text)
{
	(void)arg, (void)text;
}

/* Paths by which others find the server: the application does not move them, whatever it says (master_conf.c). */
static const enum rs_opt_id found_by[] = { RS_OPT_ID_pid_file, RS_OPT_ID_control_socket, RS_OPT_ID_app_socket };

struct found {
	char *value[RS_COUNTOF(found_by)];
	struct rs_origin_at at[RS_COUNTOF(found_by)];
};

static char **text_of(struct rs_conf *c, enum rs_opt_id id)
{
	return (char **)((char *)c + rs_options[id].offset);
}

static bool remember(struct rs_conf *c, struct found *f)
{
	bool ok = true;

	for (size_t i = 0; i < RS_COUNTOF(found_by); i++) {
		f->value[i] = strdup(*text_of(c, found_by[i]));
		f->at[i] = (struct rs_origin_at){ .from = c->origin[found_by[i]].from, .derived = c->origin[found_by[i]].derived };
		ok = ok && f->value[i];
	}
	return ok;
}

static void restore(struct rs_conf *c, struct found *f)
{
	for (size_t i = 0; i < RS_COUNTOF(found_by); i++) {
		char **at = text_of(c, found_by[i]);
		if (c->origin[found_by[i]].from == RS_FROM_APP && f->value[i]) {
			free(*at);
			*at = f->value[i];
			f->value[i] = NULL;
			free(c->origin[found_by[i]].where);
			c->origin[found_by[i]] = f->at[i];
		}
		free(f->value[i]);
	}
}

enum rs_result rs_host_take_conf(struct rs_slice lines, struct rs_conf_error *err)
{
	struct rs_process *p = rs_process();
	struct rs_conf *conf = p->h->conf;
	struct found found = { 0 };
	enum rs_result r = RS_ERR;

	RS_ASSERT(!p->booted && !p->conf_taken);
	p->conf_taken = true;
	rs_fmt(err->text, sizeof err->text, "out of memory");
	if (remember(conf, &found))
		r = rs_conf_take_app(conf, lines, p->h->root, err, stay_silent, NULL);
	restore(conf, &found);
	if (r == RS_OK)
		r = rs_conf_complete(conf, p->h->base_path, err);
	if (r == RS_OK && p->h->in_force)
		rs_conf_keep_start_values(conf, p->h->in_force, stay_silent, NULL);
	/* The prefix of the titles may have come with it. */
	RS_IGNORE(!rs_copy(p->h->title->prefix, sizeof p->h->title->prefix, rs_slice_str(conf->process_prefix)));
	rs_title_set(p->h->title, "manager process");
	return r;
}

/* The same lines, the same code: the workers see what the master will see, or the master says why not. */
static bool tell_conf(struct rs_process *p)
{
	struct rs_conf_error err;
	struct rs_buf b = { 0 };
	bool ok = true;

	if (p->engine->app_conf && p->engine->app_conf(&b) && b.len) {
		ok = rs_manager_tell_master(p, RS_MSG_APP_CONF, rs_buf_slice(&b));
		if (ok && !p->conf_taken && rs_host_take_conf(rs_buf_slice(&b), &err) != RS_OK)
			rs_warnx(p->log, "config/laravels.php: %s", err.text);
	}
	rs_buf_free(&b);
	return ok;
}

/* ---- what it tells ------------------------------------------------------------------------------------------ */

bool rs_manager_tell_facts(struct rs_process *p, enum rs_msg msg)
{
	struct rs_buf b = { 0 };
	bool ok;

	ok = p->engine->facts && p->engine->facts(&b) && rs_manager_tell_master(p, msg, rs_buf_slice(&b));
	rs_buf_free(&b);
	return ok;
}

bool rs_manager_tell_boot(struct rs_process *p)
{
	struct rs_buf b = { 0 };
	bool ok = tell_conf(p);

	if (ok && rs_server_hosted())
		ok = rs_server_describe(p->server, &b) && rs_manager_tell_master(p, RS_MSG_SERVER, rs_buf_slice(&b));
	rs_buf_free(&b);
	rs_host_forget_kept(p);
	return ok && rs_manager_tell_facts(p, RS_MSG_BOOTED);
}

/* ---- what must not cross fork() ------------------------------------------------------------------------------- */

/* One that the application's server has said to be for everybody. */
static bool is_meant(const struct rs_process *p, int fd)
{
	const struct rs_server_setup *setup = p->server ? &p->server->setup : NULL;

	for (size_t i = 0; setup && i < setup->nshared; i++)
		if (setup->shared[i] == fd)
			return true;
	return false;
}

/* What must not cross fork(): more than one thread, or a socket that every worker would share. */
void rs_manager_warn_unforkable(struct rs_process *p)
{
	DIR *d = opendir("/proc/self/task");
	unsigned threads = 0;
	struct dirent *e;

	while (d && (e = readdir(d)))
		threads += e->d_name[0] != '.';
	if (d)
		closedir(d);
	if (threads > 1)
		rs_warnx(p->log, "%u threads run after boot: a library started them; forked workers will not have them", threads);
	d = opendir("/proc/self/fd");
	while (d && (e = readdir(d))) {
		uint64_t fd;
		struct stat st;
		char link[300], target[256];
		ssize_t n;
		if (!rs_parse_u64(rs_slice_str(e->d_name), INT32_MAX, &fd) || fd <= 2 || (int)fd == p->control.fd ||
		    (int)fd == p->log->fd || is_meant(p, (int)fd) || fstat((int)fd, &st) < 0 || !S_ISSOCK(st.st_mode))
			continue;
		rs_fmt(link, sizeof link, "/proc/self/fd/%s", e->d_name);
		n = readlink(link, target, sizeof target - 1);
		target[n > 0 ? n : 0] = '\0';
		rs_warnx(p->log, "fd %lu (%s) is a socket opened while booting: all workers would share it; close it before the boot ends",
			 (unsigned long)fd, target);
	}
	if (d)
		closedir(d);
}
