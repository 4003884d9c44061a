/*
 * Cuts the payload of REQUEST. Pure.
 */
#include "worker/request_view.h"

#define FIELDS_MAX 10000

static bool slice_in(const struct rs_wire_slice *w, struct rs_slice head, struct rs_slice *out)
{
	if (w->off > head.n || w->len > head.n - w->off)
		return false;
	*out = rs_slice(head.p + w->off, w->len);
	return true;
}

bool rs_request_count(struct rs_slice payload, uint32_t *nfields)
{
	struct rs_wire_request w;

	if (payload.n < sizeof w)
		return false;
	memcpy(&w, payload.p, sizeof w);
	*nfields = w.nfields;
	return w.nfields <= FIELDS_MAX;
}

bool rs_request_path(struct rs_slice payload, struct rs_slice *path)
{
	struct rs_wire_request w;
	size_t before;

	if (payload.n < sizeof w)
		return false;
	memcpy(&w, payload.p, sizeof w);
	before = sizeof w + (size_t)w.nfields * sizeof(struct rs_wire_slice[2]);
	if (w.nfields > FIELDS_MAX || payload.n < before || payload.n - before < w.head_len || w.path_len > w.target.len ||
	    !slice_in(&w.target, rs_slice(payload.p + before, w.head_len), path))
		return false;
	path->n = w.path_len;
	return true;
}

bool rs_request_parse(struct rs_slice payload, struct rs_field *fields, struct rs_request_parts *out)
{
	struct rs_wire_request w;
	struct rs_request_view *v = &out->view;
	struct rs_wire_slice pair[2];
	struct rs_slice head;
	const char *table;
	uint32_t n;
	size_t need;

	if (!rs_request_count(payload, &n))
		return false;
	memcpy(&w, payload.p, sizeof w);
	need = sizeof w + (size_t)w.nfields * sizeof pair;
	if (payload.n < need || payload.n - need < w.head_len)
		return false;
	table = payload.p + sizeof w;
	head = rs_slice(payload.p + need, w.head_len);
	need += w.head_len;
	if (payload.n - need < (size_t)w.remote_len + w.local_len + w.name_len + w.id_len ||
	    payload.n - need - w.remote_len - w.local_len - w.name_len - w.id_len < w.tls_len)
		return false;
	*v = (struct rs_request_view){ .nfields = w.nfields, .fields = fields, .http_minor = w.http_minor,
				       .http_major = w.http_major, .stream = w.stream,
				       .remote_port = w.remote_port, .local_port = w.local_port,
				       .tls = w.flags & RS_REQ_TLS, .trusted = w.flags & RS_REQ_TRUSTED,
				       .received_us = w.received_us, .body_len = w.body_len };
	v->remote_addr = rs_slice(payload.p + need, w.remote_len);
	v->local_addr = rs_slice(payload.p + need + w.remote_len, w.local_len);
	need += (size_t)w.remote_len + w.local_len;
	v->name = rs_slice(payload.p + need, w.name_len);
	v->id = rs_slice(payload.p + need + w.name_len, w.id_len);
	need += (size_t)w.name_len + w.id_len;
	v->tls_variables = rs_slice(payload.p + need, w.tls_len);
	need += w.tls_len;
	if (v->tls_variables.n && v->tls_variables.p[v->tls_variables.n - 1] != '\0')
		return false;
	out->inline_body = rs_slice(payload.p + need, payload.n - need);
	out->credit = w.credit;
	out->body_in_file = w.flags & RS_REQ_BODY_FD;
	if (!slice_in(&w.method, head, &v->method) || !slice_in(&w.target, head, &v->target) || w.path_len > v->target.n)
		return false;
	v->path = rs_slice(v->target.p, w.path_len);
	if (w.path_len < v->target.n)
		v->query = rs_slice(v->target.p + w.path_len + 1, v->target.n - w.path_len - 1);
	for (uint32_t i = 0; i < w.nfields; i++) {
		memcpy(pair, table + i * sizeof pair, sizeof pair);
		if (!slice_in(&pair[0], head, &fields[i].name) || !slice_in(&pair[1], head, &fields[i].value))
			return false;
	}
	return out->body_in_file || out->inline_body.n == w.body_len;
}
