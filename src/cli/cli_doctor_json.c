/*
 * The doctor's report for programs. Its shape is documented in rserverd(8).
 */
#include "cli/cli_doctor.h"

#include "master/master_status.h"

static bool text(struct rs_buf *out, const char *before, const char *value)
{
	return rs_buf_printf(out, "%s", before) && rs_json_string(out, rs_slice_str(value));
}

static bool value(struct rs_buf *out, const char *before, const char *type, uint64_t size)
{
	return rs_buf_printf(out, "%s", before) && text(out, "{\"type\":", type) &&
	       rs_buf_printf(out, ",\"size\":%llu}", (unsigned long long)size);
}

static bool author(struct rs_buf *out, const struct rs_doctor_place *p)
{
	if (!*p->author_file)
		return rs_buf_printf(out, ",\"author\":null");
	return text(out, ",\"author\":{\"file\":", p->author_file) &&
	       (p->author_line ? rs_buf_printf(out, ",\"line\":%llu}", (unsigned long long)p->author_line)
			       : rs_buf_printf(out, ",\"line\":null}"));
}

static bool sizes(struct rs_buf *out, const struct rs_doctor_place *p, size_t n)
{
	bool ok = rs_buf_printf(out, ",\"sizes\":[");

	for (size_t i = 0; ok && i < n; i++)
		ok = p->sights[i].there ? rs_buf_printf(out, "%s%llu", i ? "," : "", (unsigned long long)p->sights[i].size)
					: rs_buf_printf(out, "%snull", i ? "," : "");
	return ok && rs_buf_put(out, "]", 1);
}

static bool place(struct rs_buf *out, const struct rs_doctor *d, const struct rs_doctor_place *p, size_t n)
{
	char package[256];

	rs_doctor_blame(p, d->conf.laravel_base_path, package, sizeof package);
	return text(out, "{\"kind\":", p->kind) && text(out, ",\"class\":", p->owner) && text(out, ",\"name\":", p->name) &&
	       text(out, ",\"where\":", p->where) && text(out, ",\"verdict\":", rs_doctor_verdict_name(p->verdict)) &&
	       rs_buf_printf(out, ",\"finding\":%s", rs_doctor_is_finding(p->verdict) ? "true" : "false") &&
	       value(out, ",\"before\":", p->type[0], p->size[0]) && value(out, ",\"after\":", p->type[1], p->size[1]) &&
	       sizes(out, p, n) && text(out, ",\"file\":", p->file) && text(out, ",\"package\":", package) && author(out, p) &&
	       rs_buf_put(out, "}", 1);
}

static bool object_class(struct rs_buf *out, const struct rs_doctor *d, const struct rs_doctor_class *c, size_t n)
{
	char package[256];
	bool ok;

	rs_doctor_package(c->file, d->conf.laravel_base_path, package, sizeof package);
	ok = text(out, "{\"class\":", c->name) && text(out, ",\"file\":", c->file) && text(out, ",\"package\":", package) &&
	     rs_buf_printf(out, ",\"finding\":%s,\"more\":[", c->grows ? "true" : "false");
	for (size_t i = 0; ok && i < n; i++)
		ok = rs_buf_printf(out, "%s%llu", i ? "," : "", (unsigned long long)c->more[i]);
	return ok && rs_buf_printf(out, "]}");
}

static bool requests(struct rs_buf *out, const struct rs_doctor_route *r)
{
	bool ok = rs_buf_printf(out, ",\"statuses\":[");

	for (size_t i = 0; ok && i < r->nrequests; i++)
		ok = rs_buf_printf(out, "%s%u", i ? "," : "", r->requests[i].status);
	ok = ok && rs_buf_printf(out, "],\"memory\":{\"growth\":%lld,\"bytes\":[", (long long)r->memory);
	for (size_t i = 0; ok && i < r->nrequests; i++)
		ok = rs_buf_printf(out, "%s%llu", i ? "," : "", (unsigned long long)r->requests[i].used);
	return ok && rs_buf_printf(out, "]},\"transactions\":%llu,\"worker_ended\":%s,\"left_out\":%llu", (unsigned long long)r->transactions,
				   r->worker_ended ? "true" : "false", (unsigned long long)r->left_out);
}

static bool route(struct rs_buf *out, const struct rs_doctor *d, const struct rs_doctor_route *r)
{
	bool ok = text(out, "{\"path\":", r->path) && rs_buf_printf(out, ",\"findings\":%zu", r->findings) && requests(out, r) &&
		  rs_buf_printf(out, ",\"changes\":[");

	for (size_t i = 0; ok && i < r->nplaces; i++)
		ok = (i == 0 || rs_buf_put(out, ",\n", 2)) && place(out, d, &r->places[i], r->nrequests);
	ok = ok && rs_buf_printf(out, "],\"objects\":[");
	for (size_t i = 0; ok && i < r->nclasses; i++)
		ok = (i == 0 || rs_buf_put(out, ",\n", 2)) && object_class(out, d, &r->classes[i], r->nrequests);
	return ok && rs_buf_printf(out, "]}");
}

bool rs_doctor_json(const struct rs_doctor *d, struct rs_buf *out)
{
	bool ok = rs_buf_printf(out, "{\"version\":\"%s\"", RS_VERSION) && text(out, ",\"base_path\":", d->conf.laravel_base_path) &&
		  rs_buf_printf(out, ",\"requests\":%u,\"findings\":%zu,\"routes\":[", d->requests, d->findings);

	for (size_t i = 0; ok && i < d->nroutes; i++)
		ok = (i == 0 || rs_buf_put(out, ",\n", 2)) && route(out, d, &d->routes[i]);
	return ok && rs_buf_printf(out, "]}\n");
}
