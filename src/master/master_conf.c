/*
 * The configuration of a generation: ini and command line, then what the application says, checked as a stranger's.
 */
#include "master/master_state.h"

#include <stdlib.h>
#include <sys/stat.h>

static void warn(void *arg, const char *text)
{
	const struct rs_master *m = arg;

	rs_warnx(m->log, "%s", text);
}

enum rs_result rs_master_conf_again(struct rs_master *m, struct rs_conf *c, struct rs_conf_error *err)
{
	rs_conf_init(c);
	if (rs_conf_undump(c, rs_buf_slice(&m->base_conf), err) == RS_OK &&
	    rs_conf_complete(c, m->start->cwd, err) == RS_OK)
		return RS_OK;
	rs_conf_fini(c);
	return RS_ERR;
}

enum rs_result rs_master_conf_read(struct rs_master *m, struct rs_conf *c, struct rs_conf_error *err)
{
	struct rs_conf old;

	if (m->start->read_conf(m->start->read_arg, c, err, warn, m) != RS_OK)
		return RS_ERR;
	if (!m->current)
		return RS_OK;
	/* Like with like: what the ini said at the start, before the application was asked. */
	if (rs_master_conf_again(m, &old, err) != RS_OK) {
		rs_conf_fini(c);
		return RS_ERR;
	}
	rs_conf_keep_start_values(c, &old, warn, m);
	rs_conf_fini(&old);
	return RS_OK;
}

static char **text_field(struct rs_conf *c, enum rs_opt_id id)
{
	return (char **)((char *)c + rs_options[id].offset);
}

/*
 * By these files the command line finds the server, and it cannot evaluate config/laravels.php: what that says about
 * them is not used, whoever runs the server.
 */
static bool keep_found_files(struct rs_master *m, struct rs_conf *c, struct rs_conf_error *err)
{
	static const enum rs_opt_id ids[] = { RS_OPT_ID_pid_file, RS_OPT_ID_control_socket, RS_OPT_ID_app_socket };

	for (size_t i = 0; i < RS_COUNTOF(ids); i++) {
		char **field = text_field(c, ids[i]);
		const char *ours = *text_field(m->start->conf, ids[i]);
		char *copy;
		if (strcmp(*field, ours) == 0)
			continue;
		if (c->origin[ids[i]].from == RS_FROM_APP)
			rs_warnx(m->log, "config/laravels.php: %s is not used, rserverd could not find the server; it is %s. "
				 "Set it in the ini file", rs_options[ids[i]].key, ours);
		copy = strdup(ours);
		if (!copy) {
			rs_fmt(err->text, sizeof err->text, "out of memory");
			return false;
		}
		free(*field);
		*field = copy;
	}
	return true;
}

enum rs_result rs_master_conf_app(struct rs_gen *g, struct rs_slice text, struct rs_conf_error *err)
{
	struct rs_master *m = g->m;

	rs_buf_reset(&g->app_conf, 0);
	if (!rs_buf_put(&g->app_conf, text.p, text.n)) {
		rs_fmt(err->text, sizeof err->text, "out of memory");
		return RS_ERR;
	}
	if (rs_conf_take_app(&g->conf, text, m->root, err, warn, m) != RS_OK)
		return RS_ERR;
	return rs_conf_complete(&g->conf, m->start->cwd, err);
}

enum rs_result rs_master_conf_settle(struct rs_gen *g, struct rs_conf_error *err)
{
	struct rs_master *m = g->m;

	if (m->current)
		rs_conf_keep_start_values(&g->conf, &m->current->conf, warn, m);
	return keep_found_files(m, &g->conf, err) ? RS_OK : RS_ERR;
}

void rs_master_log_path(const struct rs_conf *c, char *out, size_t size)
{
	struct stat st;

	out[0] = '\0';
	if (c->log_file[0]) {
		(void)rs_copy(out, size, rs_slice_str(c->log_file));
	} else if (c->daemonize) {
		rs_fmt(out, size, "%s/storage", c->laravel_base_path);
		rs_fmt(out, size, "%s/%slaravels.log", c->laravel_base_path,
		       stat(out, &st) == 0 && S_ISDIR(st.st_mode) ? "storage/logs/" : "");
	}
}
