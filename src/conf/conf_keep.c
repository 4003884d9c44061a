/*
 * A reload: what of the new configuration needs a restart, and stays as it was. Pure.
 */
#include "conf/conf_private.h"

#include <stdlib.h>

bool rs_conf_same_value(const struct rs_conf *a, const struct rs_conf *b, const struct rs_option *o)
{
	if (o->type == RS_OPT_LIST)
		return rs_strlist_eq(rs_conf_field_const(a, o), rs_conf_field_const(b, o));
	if (o->type == RS_OPT_STR)
		return strcmp(*(char *const *)rs_conf_field_const(a, o), *(char *const *)rs_conf_field_const(b, o)) == 0;
	return rs_conf_get_number(a, o) == rs_conf_get_number(b, o);
}

static bool copy_value(struct rs_conf *to, const struct rs_conf *from, const struct rs_option *o)
{
	struct rs_origin_at *at = &to->origin[rs_conf_id(o)];
	const struct rs_origin_at *source = &from->origin[rs_conf_id(o)];
	char *where = source->where ? strdup(source->where) : NULL;
	bool ok = where || !source->where;

	if (ok && o->type == RS_OPT_LIST)
		ok = rs_strlist_copy(rs_conf_field(to, o), rs_conf_field_const(from, o));
	else if (ok && o->type == RS_OPT_STR)
		ok = rs_str_set(rs_conf_field(to, o), *(char *const *)rs_conf_field_const(from, o));
	else if (ok)
		rs_conf_put_number(to, o, rs_conf_get_number(from, o));
	if (!ok) {
		free(where);
		return false;
	}
	free(at->where);
	*at = (struct rs_origin_at){ source->from, source->derived, where };
	return true;
}

static void warn_restart(const struct rs_conf *new_conf, const struct rs_conf *old, const struct rs_option *o,
			 rs_conf_warn_fn warn, void *arg)
{
	struct rs_complaint why = { 0 };
	struct rs_conf_error text;
	struct rs_buf was = { 0 }, is = { 0 };
	char shown_was[128], shown_is[128];

	/* What changes nothing needs no restart either. */
	if (!warn || (o->flags & RS_OPT_INERT))
		return;
	if (rs_conf_value_text(old, o, &was) && rs_buf_put(&was, "", 1) && rs_conf_value_text(new_conf, o, &is) &&
	    rs_buf_put(&is, "", 1)) {
		(void)rs_fmt(why.what, sizeof why.what, "`%s` needs a restart, `%s` stays in force",
			     rs_conf_printable(rs_buf_data(&is), shown_is, sizeof shown_is),
			     rs_conf_printable(rs_buf_data(&was), shown_was, sizeof shown_was));
		(void)rs_conf_fail_option(new_conf, rs_conf_id(o), &why, &text);
		warn(arg, text.text);
	}
	rs_buf_free(&was);
	rs_buf_free(&is);
}

static void warn_restart_items(const struct rs_conf *new_conf, const struct rs_conf *old, enum rs_kind_id kind,
			       rs_conf_warn_fn warn, void *arg)
{
	static const struct rs_complaint why = { .what = "the change needs a restart, what was there stays in force" };
	const struct rs_conf_items *is = &new_conf->items[kind], *was = &old->items[kind];
	const struct rs_conf_items *any = is->n ? is : was;
	struct rs_conf_error text;

	if (!warn)
		return;
	(void)rs_conf_fail(&text, any->n ? any->v[0].at.where : NULL, rs_kinds[kind].name, NULL, &why);
	warn(arg, text.text);
}

/* Other certificates are taken over; whether there is TLS at all is not: clients know the port as one or the other. */
static void keep_tls(struct rs_conf *new_conf, const struct rs_conf *old, rs_conf_warn_fn warn, void *arg)
{
	static const enum rs_opt_id ids[] = { RS_OPT_ID_ssl_cert_file, RS_OPT_ID_ssl_key_file };

	for (size_t i = 0; i < RS_COUNTOF(ids); i++) {
		warn_restart(new_conf, old, &rs_options[ids[i]], warn, arg);
		RS_ASSERT(copy_value(new_conf, old, &rs_options[ids[i]]));
	}
}

void rs_conf_keep_start_values(struct rs_conf *new_conf, const struct rs_conf *old, rs_conf_warn_fn warn, void *arg)
{
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];

		if (o->apply != RS_APPLY_START || rs_conf_same_value(new_conf, old, o))
			continue;
		warn_restart(new_conf, old, o, warn, arg);
		/* A server that goes on half with new addresses is worse than one that ends: memory is all that can fail. */
		RS_ASSERT(copy_value(new_conf, old, o));
	}
	if (rs_conf_tls(new_conf) != rs_conf_tls(old))
		keep_tls(new_conf, old, warn, arg);
	for (size_t kind = 0; kind < RS_KIND_COUNT; kind++) {
		if (kind == RS_KIND_ssl || rs_conf_items_eq(&new_conf->items[kind], &old->items[kind]))
			continue;
		warn_restart_items(new_conf, old, (enum rs_kind_id)kind, warn, arg);
		RS_ASSERT(rs_conf_items_copy(&new_conf->items[kind], &old->items[kind]));
	}
}
