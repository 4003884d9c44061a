/*
 * Compression of whole response bodies, by zlib.
 */
#include "swoole_http_private.h"

#include <zlib.h>

/* windowBits: gzip's wrapper; deflate is zlib's wrapper (RFC 9110 8.4.1.2). */
#define WINDOW_GZIP (15 + 16)
#define WINDOW_ZLIB 15

bool rs_http_compress(enum rs_http_coding coding, int level, struct rs_slice in, smart_str *out)
{
	z_stream z = { 0 };
	zend_string *s;
	size_t room;
	int rc;

	if (coding == RS_HTTP_IDENTITY || in.n > UINT32_MAX / 2 ||
	    deflateInit2(&z, level, Z_DEFLATED, coding == RS_HTTP_GZIP ? WINDOW_GZIP : WINDOW_ZLIB, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	room = deflateBound(&z, in.n);
	s = zend_string_alloc(room, false);
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	z.next_out = (Bytef *)ZSTR_VAL(s);
	z.avail_out = (uInt)room;
	rc = deflate(&z, Z_FINISH);
	if (rc == Z_STREAM_END)
		smart_str_appendl(out, ZSTR_VAL(s), z.total_out);
	deflateEnd(&z);
	zend_string_efree(s);
	return rc == Z_STREAM_END;
}

/* One element of Accept-Encoding: "gzip;q=0.5". false: it is refused (q=0). */
static bool wanted(struct rs_slice item, struct rs_slice *name)
{
	const char *semicolon = memchr(item.p, ';', item.n), *end = item.p + item.n;
	const char *stop = semicolon ? semicolon : end;

	while (item.p < stop && (*item.p == ' ' || *item.p == '\t'))
		item.p++;
	while (stop > item.p && (stop[-1] == ' ' || stop[-1] == '\t'))
		stop--;
	*name = rs_slice(item.p, (size_t)(stop - item.p));
	if (!semicolon)
		return true;
	for (const char *p = semicolon; p + 2 < end; p++) {
		if ((p[0] | 32) != 'q' || p[1] != '=')
			continue;
		for (p += 2; p < end; p++)
			if (*p >= '1' && *p <= '9')
				return true;
		return false;
	}
	return true;
}

enum rs_http_coding rs_http_coding_of(struct rs_slice accept)
{
	const char *p = accept.p, *end = p + accept.n;
	bool gzip = false, deflates = false;

	while (p < end) {
		const char *comma = memchr(p, ',', (size_t)(end - p)), *stop = comma ? comma : end;
		struct rs_slice name;

		if (wanted(rs_slice(p, (size_t)(stop - p)), &name)) {
			gzip = gzip || rs_slice_eqi(name, RS_SLICE("gzip")) || rs_slice_eqi(name, RS_SLICE("x-gzip")) ||
			       rs_slice_eqi(name, RS_SLICE("*"));
			deflates = deflates || rs_slice_eqi(name, RS_SLICE("deflate"));
		}
		p = stop + 1;
	}
	return gzip ? RS_HTTP_GZIP : deflates ? RS_HTTP_DEFLATE : RS_HTTP_IDENTITY;
}
