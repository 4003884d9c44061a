/*
 * Parts as bytes: { u32 part, u32 length, bytes }, one behind the other. Between processes of one machine.
 */
#include "tls/tls_parts.h"

static const char *const names[] = {
#define RS_TLS_PART(name, is, prose) #name,
#include "tls/tls_parts.def"
#undef RS_TLS_PART
};

struct head {
	uint32_t part, n;
};

const char *rs_tls_part_name(unsigned part)
{
	return part < RS_COUNTOF(names) ? names[part] : "?";
}

bool rs_tls_put(struct rs_buf *b, enum rs_tls_part part, struct rs_slice value)
{
	struct head h = { part, (uint32_t)value.n };

	return value.n <= RS_TLS_FILE_MAX && rs_buf_put(b, &h, sizeof h) && rs_buf_put(b, value.p, value.n);
}

enum rs_result rs_tls_next(struct rs_slice *list, enum rs_tls_part *part, struct rs_slice *value)
{
	struct head h;

	if (list->n == 0)
		return RS_DONE;
	if (list->n < sizeof h)
		return RS_ERR;
	memcpy(&h, list->p, sizeof h);
	if (h.part >= RS_TLS_PARTS || h.n > list->n - sizeof h)
		return RS_ERR;
	*part = (enum rs_tls_part)h.part;
	*value = rs_slice(list->p + sizeof h, h.n);
	*list = rs_slice(value->p + h.n, list->n - sizeof h - h.n);
	return RS_OK;
}

bool rs_tls_protocols(struct rs_slice text, unsigned *bits, struct rs_slice *bad)
{
	static const struct {
		const char *word;
		unsigned bit;
	} known[] = { { "TLSv1", RS_TLS_1_0 }, { "TLSv1.0", RS_TLS_1_0 }, { "TLSv1.1", RS_TLS_1_1 }, { "TLSv1.2", RS_TLS_1_2 },
		      { "TLSv1.3", RS_TLS_1_3 } };
	const unsigned all = RS_TLS_1_0 | RS_TLS_1_1 | RS_TLS_1_2 | RS_TLS_1_3;
	size_t at = 0, end;
	uint64_t number;

	*bits = 0;
	while (at < text.n) {
		if (strchr(" ,\t", text.p[at])) {
			at++;
			continue;
		}
		for (end = at; end < text.n && !strchr(" ,\t", text.p[end]); end++)
			;
		*bad = rs_slice(text.p + at, end - at);
		unsigned bit = 0;
		for (size_t i = 0; i < RS_COUNTOF(known); i++)
			if (rs_slice_eqi(*bad, rs_slice_str(known[i].word)))
				bit = known[i].bit;
		/* Old protocols that nobody has any more are asked for as well: they are not there. */
		if (!bit && rs_parse_u64(*bad, 255, &number) && (number == 0 || (number & all)))
			bit = (unsigned)number & all;
		else if (!bit)
			return false;
		*bits |= bit;
		at = end;
	}
	if (*bits == 0)
		*bits = RS_TLS_1_2 | RS_TLS_1_3;
	return true;
}
