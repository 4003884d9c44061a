/*
 * config/laravels.php, as lines that application code made: what of it counts. Pure.
 */
#include "conf/conf_private.h"

struct taking {
	bool root;
	rs_conf_warn_fn warn;
	void *arg;
};

/* SWOOLE_SOCK_* */
enum { SOCK_UNIX_STREAM = 5 };

static const char app_file[] = "config/laravels.php";

/* What a server started as root does not let the application decide. RS_DONE: leave this value out. */
static enum rs_result check_root(const struct rs_conf *c, const struct rs_option *o, const char *value,
				 const struct taking *t, struct rs_conf_error *err)
{
	struct rs_complaint why = { .allowed = "the ini file or the command line" };
	enum rs_opt_id id = rs_conf_id(o);
	int64_t port;

	if (c->origin[id].from > RS_FROM_APP)
		return RS_OK;
	if (o->flags & RS_OPT_ROOT) {
		(void)rs_fmt(why.what, sizeof why.what, "ignored, the server was started as root");
		(void)rs_conf_fail(err, app_file, o->section, o->key, &why);
		if (t->warn)
			t->warn(t->arg, err->text);
		return RS_DONE;
	}
	if (id == RS_OPT_ID_listen_ip && strchr(value, '/'))
		(void)rs_fmt(why.what, sizeof why.what, "a Unix socket that root makes cannot be set here");
	else if (id == RS_OPT_ID_listen_port && rs_conf_parse_number(o, value, &port, &why) && port < 1024)
		why = (struct rs_complaint){ .what = "a port below 1024 cannot be set here",
					     .allowed = "the ini file or the command line" };
	else
		return RS_OK;
	return rs_conf_fail(err, app_file, o->section, o->key, &why);
}

/* The same for the extra ports that the application asks for. */
static enum rs_result check_root_sockets(const struct rs_conf *c, struct rs_conf_error *err)
{
	struct rs_complaint why = { .allowed = "the ini file" };
	const struct rs_conf_items *sockets = &c->items[RS_KIND_sockets];
	char section[RS_SECTION_BYTES];

	for (size_t i = 0; i < sockets->n; i++) {
		const struct rs_conf_item *it = &sockets->v[i];
		bool path = rs_conf_socket_type(it) >= SOCK_UNIX_STREAM;
		int64_t port = rs_conf_item_number(it, RS_ITEM_sockets_port);

		if (it->at.from != RS_FROM_APP || !rs_conf_item_number(it, RS_ITEM_sockets_enable) || (!path && (port == 0 || port >= 1024)))
			continue; /* one without a number is refused by that reason */
		(void)rs_fmt(why.what, sizeof why.what, "%s", path ? "a Unix socket that root makes cannot be set here" :
								     "a port below 1024 cannot be set here");
		rs_conf_item_section(RS_KIND_sockets, it, section, sizeof section);
		return rs_conf_fail(err, app_file, section, path ? "host" : "port", &why);
	}
	return RS_OK;
}

/* Does the application only repeat what is in force anyway? Then there is nothing to say about it. */
static bool repeats(const struct rs_conf *c, const struct rs_option *o, const char *value)
{
	struct rs_buf b = { 0 };
	bool same = rs_conf_value_text(c, o, &b) && rs_slice_eq(rs_buf_slice(&b), rs_slice_str(value));

	rs_buf_free(&b);
	return same;
}

/*
 * "key[]", an item of a list: without the mark, if the setting is one. One that wants a single value would be given the last item, and
 * nobody would know of the others.
 */
static enum rs_result check_item(char *field[RS_LINE_FIELDS], struct rs_conf_error *err)
{
	static const struct rs_complaint several = { .what = "is a list", .allowed = "one value" };
	char *mark = strstr(field[RS_LINE_KEY], "[]");
	const struct rs_option *o;
	enum rs_kind_id kind;
	enum rs_item_id id;
	bool list = true;

	if (!mark || mark[2])
		return RS_OK;
	*mark = '\0';
	o = rs_conf_find(field[RS_LINE_SECTION], field[RS_LINE_KEY]);
	if (o)
		list = o->type == RS_OPT_LIST;
	else if (rs_conf_kind(field[RS_LINE_SECTION], &kind) &&
		 rs_conf_item_key(kind, rs_kinds[kind].by_key ? "" : field[RS_LINE_KEY], &id))
		list = rs_item_keys[id].type == RS_OPT_LIST;
	return list ? RS_OK : rs_conf_fail(err, app_file, field[RS_LINE_SECTION], field[RS_LINE_KEY], &several);
}

static enum rs_result take_line(struct rs_conf *c, char *field[RS_LINE_FIELDS], void *arg, struct rs_conf_error *err)
{
	const struct taking *t = arg;
	enum rs_result r = check_item(field, err);
	const struct rs_option *o;

	if (r != RS_OK)
		return r;
	o = rs_conf_find(field[RS_LINE_SECTION], field[RS_LINE_KEY]);
	if (t->root && o && o->type != RS_OPT_LIST && repeats(c, o, field[RS_LINE_VALUE]))
		return RS_OK;
	if (t->root && o)
		r = check_root(c, o, field[RS_LINE_VALUE], t, err);
	if (r != RS_OK)
		return r == RS_DONE ? RS_OK : r;
	return rs_conf_set(c, RS_FROM_APP, app_file, field[RS_LINE_SECTION], field[RS_LINE_KEY], field[RS_LINE_VALUE], err, t->warn, t->arg);
}

enum rs_result rs_conf_take_app(struct rs_conf *c, struct rs_slice text, bool root, struct rs_conf_error *err,
				rs_conf_warn_fn warn, void *arg)
{
	struct taking t = { root, warn, arg };
	enum rs_result r = rs_conf_each_line(c, text, take_line, &t, err);

	return r == RS_OK && root ? check_root_sockets(c, err) : r;
}
