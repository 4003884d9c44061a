/*
 * The rules of compression, and heads rewritten by them.
 */
#include "worker/worker_compress.h"

#include "worker/worker_encoder.h"

/* What a head says that counts here. */
struct facts {
	struct rs_slice type, etag;
	bool fixed;  /* its bytes must stay what they are */
	bool varies; /* it says so already */
};

enum meaning { OTHER, TYPE, ETAG, FIXED, CONTROL, VARY, RANGES };

static const struct {
	const char *name;
	enum meaning meaning;
} fields[] = {
	{ "content-type", TYPE },      { "etag", ETAG },        { "content-encoding", FIXED }, { "content-range", FIXED },
	{ "content-digest", FIXED },   { "digest", FIXED },     { "content-md5", FIXED },      { "repr-digest", FIXED },
	{ "cache-control", CONTROL },  { "vary", VARY },        { "accept-ranges", RANGES },
};

/* Is name a member of a list of tokens? */
static bool lists(struct rs_slice list, struct rs_slice name)
{
	while (list.n)
		if (rs_slice_eqi(rs_slice_trim(rs_slice_cut(&list, ',')), name))
			return true;
	return false;
}

/* ---- the head ------------------------------------------------------------------------------------------ */

/* The next line, whole, and cut. false: there is none. */
static bool next_line(struct rs_slice *rest, struct rs_slice *line, enum meaning *m, struct rs_slice *value)
{
	struct rs_slice name;

	if (rest->n == 0)
		return false;
	*line = *value = rs_slice_cut(rest, '\n');
	line->n = (size_t)(rest->p - line->p);
	if (value->n && value->p[value->n - 1] == '\r')
		value->n--;
	name = rs_slice_cut(value, ':');
	*value = rs_slice_trim(*value);
	*m = OTHER;
	for (size_t i = 0; i < RS_COUNTOF(fields); i++)
		if (rs_slice_eqi(name, rs_slice_str(fields[i].name)))
			*m = fields[i].meaning;
	return true;
}

static struct facts look(struct rs_slice headers)
{
	struct facts f = { .type = RS_SLICE(""), .etag = RS_SLICE("") };
	struct rs_slice line, value;
	enum meaning m;

	while (next_line(&headers, &line, &m, &value)) {
		if (m == TYPE)
			f.type = rs_slice_trim(rs_slice_cut(&value, ';'));
		else if (m == ETAG)
			f.etag = value;
		else if (m == FIXED)
			f.fixed = true;
		else if (m == CONTROL)
			f.fixed = f.fixed || lists(value, RS_SLICE("no-transform"));
		else if (m == VARY)
			f.varies = f.varies || lists(value, RS_SLICE("accept-encoding")) || lists(value, RS_SLICE("*"));
	}
	return f;
}

bool rs_compress_forbidden(struct rs_slice lines)
{
	return look(lines).fixed;
}

static bool is_strong(struct rs_slice etag)
{
	return etag.n >= 2 && etag.p[0] == '"' && etag.p[etag.n - 1] == '"';
}

/* All lines; those of a compressed response changed. coding IDENTITY, weak: of an answer that only has its ETag changed. */
static bool rewrite(const struct rs_compress_case *c, const struct facts *f, enum rs_http_coding coding, bool weak, struct rs_buf *out)
{
	struct rs_slice rest = c->headers, line, value;
	enum meaning m;
	bool ok = true;

	while (ok && next_line(&rest, &line, &m, &value)) {
		if (m == RANGES && coding != RS_HTTP_IDENTITY)
			continue;
		if (m == ETAG && weak && is_strong(value))
			ok = rs_buf_printf(out, "ETag: W/%.*s\r\n", (int)value.n, value.p);
		else
			ok = rs_buf_put(out, line.p, line.n);
	}
	if (ok && coding != RS_HTTP_IDENTITY)
		ok = rs_buf_printf(out, "Content-Encoding: %s\r\n", rs_http_coding_name(coding));
	if (ok && !f->varies)
		ok = rs_buf_printf(out, "Vary: Accept-Encoding\r\n");
	return ok;
}

/* ---- the rules ------------------------------------------------------------------------------------------- */

static bool fits(struct rs_slice type, struct rs_slice pattern)
{
	static const struct rs_slice any = RS_SLICE("*");

	if (rs_slice_eq(pattern, any))
		return true;
	if (pattern.n < 2 || pattern.p[pattern.n - 1] != '*')
		return rs_slice_eqi(type, pattern);
	pattern.n--;
	return type.n > pattern.n && rs_slice_eqi(rs_slice(type.p, pattern.n), pattern);
}

static bool has_type(const struct rs_strlist *types, struct rs_slice type)
{
	if (!types)
		return true;
	for (size_t i = 0; i < types->n; i++)
		if (fits(type, rs_slice_str(types->v[i])))
			return true;
	return false;
}

/* Would a client that likes compressed bytes have got some? */
static bool may_vary(const struct rs_compress_case *c, const struct facts *f)
{
	if (c->status < 200 || c->status == 204 || c->status == 205 || c->status == 206 || c->status == 304 || f->fixed)
		return false;
	if (c->size == 0 || (c->size > 0 && (uint64_t)c->size < c->rules->min_length))
		return false;
	return has_type(c->rules->types, f->type);
}

/*
 * A 304 whose tag the client knows only as a weak one: that of compressed bytes. With the strong one it would name bytes that the
 * client does not have (RFC 9111 4.3.4).
 */
static bool confirms_weak(const struct rs_compress_case *c, const struct facts *f)
{
	const struct rs_slice list = c->wish.if_none_match;

	return c->status == 304 && is_strong(f->etag) && rs_http_etag_listed(list, f->etag, true) &&
	       !rs_http_etag_listed(list, f->etag, false);
}

bool rs_compress_head(const struct rs_compress_case *c, struct rs_buf *out, enum rs_http_coding *coding)
{
	struct facts f;
	bool weak;

	*coding = RS_HTTP_IDENTITY;
	if (!c->rules->on)
		return false;
	f = look(c->headers);
	weak = confirms_weak(c, &f);
	if (!weak && !may_vary(c, &f))
		return false;
	if (!weak)
		*coding = c->wish.coding;
	if (*coding == RS_HTTP_IDENTITY && !weak && f.varies)
		return false;
	if (rewrite(c, &f, *coding, weak || *coding != RS_HTTP_IDENTITY, out))
		return true;
	rs_buf_free(out);
	*coding = RS_HTTP_IDENTITY;
	return false;
}

/* ---- what is asked ----------------------------------------------------------------------------------------- */

struct rs_compress_rules rs_compress_rules_of(const struct rs_conf *conf)
{
	return (struct rs_compress_rules){ .on = conf->http_compression, .level = (int)conf->http_compression_level,
					   .min_length = (uint64_t)conf->http_compression_min_length,
					   .types = &conf->http_compression_types };
}

struct rs_compress_wish rs_compress_wish_of(const struct rs_request_view *request)
{
	struct rs_compress_wish w = { .if_none_match = RS_SLICE("") };
	struct rs_http_accept accept;

	rs_http_accept_init(&accept);
	for (uint32_t i = 0; i < request->nfields; i++) {
		const struct rs_field *f = &request->fields[i];

		if (rs_slice_eqi(f->name, RS_SLICE("accept-encoding")))
			rs_http_accept_take(&accept, f->value);
		else if (rs_slice_eqi(f->name, RS_SLICE("if-none-match")))
			w.if_none_match = f->value;
	}
	w.coding = rs_http_accept_best(&accept, RS_ENCODER_CAN);
	return w;
}

/* ---- whole bodies -------------------------------------------------------------------------------------------- */

void rs_compress_whole(const struct rs_compress_case *c, struct rs_slice body, struct rs_encoder **e, struct rs_compressed *out)
{
	struct rs_compress_case whole = *c;
	enum rs_http_coding coding;

	*out = (struct rs_compressed){ .headers = c->headers, .body = body };
	if (whole.size < 0)
		whole.size = (int64_t)body.n;
	if (!rs_compress_head(&whole, &out->head_bytes, &coding))
		return;
	out->coded = coding != RS_HTTP_IDENTITY;
	if (out->coded && body.n) {
		struct rs_slice in = body;

		/* It is not there, or there is no memory: then as it is. */
		if (!rs_encoder_begin(e, coding, c->rules->level) ||
		    rs_encoder_run(*e, &in, RS_ENCODER_END, &out->body_bytes, SIZE_MAX) != RS_OK) {
			rs_compressed_free(out);
			*out = (struct rs_compressed){ .headers = c->headers, .body = body };
			return;
		}
		out->body = rs_buf_slice(&out->body_bytes);
	}
	out->headers = rs_buf_slice(&out->head_bytes);
}

void rs_compressed_free(struct rs_compressed *out)
{
	rs_buf_free(&out->head_bytes);
	rs_buf_free(&out->body_bytes);
}
