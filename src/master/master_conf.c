/*
 * The configuration of a generation: ini and command line, then what the application says, checked as a stranger's.
 */
#include "master/master_state.h"

#include <stdlib.h>

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

/* Value and origin of a STR option. */
static bool copy_option(struct rs_conf *to, struct rs_conf *from, enum rs_opt_id id)
{
	const struct rs_origin_at *at = &from->origin[id];
	char *value = strdup(*text_field(from, id)), *where = at->where ? strdup(at->where) : NULL;

	if (!value || (at->where && !where)) {
		free(value);
		free(where);
		return false;
	}
	free(*text_field(to, id));
	*text_field(to, id) = value;
	free(to->origin[id].where);
	to->origin[id] = (struct rs_origin_at){ .from = at->from, .derived = at->derived, .where = where };
	return true;
}

enum rs_result rs_master_take_app(struct rs_conf *c, struct rs_slice text, bool root, struct rs_conf *ours,
				  const char *cwd, struct rs_conf_error *err, rs_conf_warn_fn warn_fn, void *arg)
{
	static const enum rs_opt_id ids[] = { RS_OPT_ID_pid_file, RS_OPT_ID_control_socket, RS_OPT_ID_app_socket };
	char said[4200];

	if (rs_conf_take_app(c, text, root, err, warn_fn, arg) != RS_OK)
		return RS_ERR;
	for (size_t i = 0; i < RS_COUNTOF(ids); i++) {
		const char *own = *text_field(ours, ids[i]);
		if (c->origin[ids[i]].from != RS_FROM_APP)
			continue;
		rs_fmt(said, sizeof said, "config/laravels.php: %s is not used, rserverd could not find the server by it; it is "
		       "%s, unless the ini file says otherwise", rs_options[ids[i]].key, own);
		if (warn_fn && strcmp(*text_field(c, ids[i]), own) != 0)
			warn_fn(arg, said);
		if (!copy_option(c, ours, ids[i])) {
			rs_fmt(err->text, sizeof err->text, "out of memory");
			return RS_ERR;
		}
	}
	return rs_conf_complete(c, cwd, err);
}

enum rs_result rs_master_conf_app(struct rs_gen *g, struct rs_slice text, struct rs_conf_error *err)
{
	struct rs_master *m = g->m;

	rs_buf_reset(&g->app_conf, 0);
	if (!rs_buf_put(&g->app_conf, text.p, text.n)) {
		rs_fmt(err->text, sizeof err->text, "out of memory");
		return RS_ERR;
	}
	return rs_master_take_app(&g->conf, text, m->root, m->start->conf, m->start->cwd, err, warn, m);
}

void rs_master_conf_settle(struct rs_gen *g)
{
	struct rs_master *m = g->m;

	if (m->current)
		rs_conf_keep_start_values(&g->conf, &m->current->conf, warn, m);
}

void rs_master_log_path(const struct rs_conf *c, char *out, size_t size)
{
	char dir[4096];

	out[0] = '\0';
	if (c->log_file[0]) {
		(void)rs_copy(out, size, rs_slice_str(c->log_file));
	} else if (c->daemonize) {
		rs_conf_storage(c, dir, sizeof dir);
		rs_fmt(out, size, "%s/%slaravels.log", dir, strcmp(dir, c->laravel_base_path) == 0 ? "" : "logs/");
	}
}
