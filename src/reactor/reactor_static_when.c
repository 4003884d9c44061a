/*
 * Whether a client wants a file at all (RFC 9110 13), and which of its bytes (14). Runs in the reactor.
 */
#include "reactor/reactor_req.h"
#include "reactor/reactor_static.h"

#include <stddef.h>

static const struct field {
	struct rs_slice name;
	size_t at; /* in struct rs_static_asked */
	bool list;
} fields[] = {
#define FIELD(text, member, list_) { { text, sizeof(text) - 1 }, offsetof(struct rs_static_asked, member), list_ }
	FIELD("Range", range, false),
	FIELD("If-Match", if_match, true),
	FIELD("If-Range", if_range, false),
	FIELD("If-None-Match", if_none_match, true),
	FIELD("Accept-Encoding", accept, true),
	FIELD("If-Modified-Since", if_modified, false),
	FIELD("If-Unmodified-Since", if_unmodified, false),
#undef FIELD
};

static void take(struct rs_static_asked *a, const struct field *f, struct rs_slice value)
{
	struct rs_slice *to = (struct rs_slice *)(void *)((char *)a + f->at);
	char *p = a->joined + a->used;

	if (!to->p) {
		*to = value;
		return;
	}
	if (!f->list) {
		*to = RS_SLICE("twice");
		return;
	}
	if (value.n == 0 || to->n + value.n + 1 > sizeof a->joined - a->used)
		return;
	memcpy(p, to->p, to->n);
	p[to->n] = ',';
	memcpy(p + to->n + 1, value.p, value.n);
	*to = rs_slice(p, to->n + 1 + value.n);
	a->used += to->n;
}

void rs_static_ask(const struct rs_req *q, struct rs_static_asked *out)
{
	struct rs_slice name, value;

	memset(out, 0, offsetof(struct rs_static_asked, joined));
	out->used = 0;
	for (uint32_t i = 0; rs_req_field_at(q, i, &name, &value); i++)
		for (size_t k = 0; k < RS_COUNTOF(fields); k++)
			if (name.n == fields[k].name.n && rs_slice_eqi(name, fields[k].name))
				take(out, &fields[k], value);
}

/* RFC 9110 13.2.2, in its order. A date that is none counts as absent. */
static unsigned condition(const struct rs_static_asked *a, const struct rs_static_found *f)
{
	const struct rs_slice etag = rs_slice_str(f->etag);
	int64_t t;

	if (a->if_match.p ? !rs_http_etag_listed(a->if_match, etag, false) :
			    a->if_unmodified.p && rs_http_date_parse(a->if_unmodified, &t) && f->st.st_mtime > t)
		return 412;
	if (a->if_none_match.p ? rs_http_etag_listed(a->if_none_match, etag, true) :
				 a->if_modified.p && rs_http_date_parse(a->if_modified, &t) && f->st.st_mtime <= t)
		return 304;
	return 200;
}

/* If-Range: the client has parts of just this file. An entity tag that is weak proves nothing (13.1.5). */
static bool same_file(struct rs_slice validator, const struct rs_static_found *f)
{
	int64_t t;

	if (memchr(validator.p, '"', validator.n))
		return rs_slice_eq(validator, rs_slice_str(f->etag));
	return rs_http_date_parse(validator, &t) && t == f->st.st_mtime;
}

void rs_static_choose(const struct rs_static_asked *a, const struct rs_static_found *f, bool head_method, struct rs_static_wanted *out)
{
	out->status = condition(a, f);
	out->ranges = 0;
	/* 14.2: ranges are for GET alone. Who asks for what follows of an empty file gets it: nothing, and no error. */
	if (out->status != 200 || head_method || f->st.st_size == 0 || !a->range.p || (a->if_range.p && !same_file(a->if_range, f)))
		return;
	switch (rs_http_range(a->range, (uint64_t)f->st.st_size, out->range, &out->ranges)) {
	case RS_HTTP_RANGE_WHOLE:
		break;
	case RS_HTTP_RANGE_PART:
		out->status = 206;
		break;
	case RS_HTTP_RANGE_NEVER:
		out->status = 416;
		break;
	}
}
