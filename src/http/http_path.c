/*
 * From the path of a target to a relative file name. The only place that decodes percent escapes for the
 * file system, and it does so once. Runs in the reactor; opens nothing: the caller opens the result below
 * the document root.
 *
 * There is no normalisation: a path that would need it ("..", "//", a hidden file) is not a file, so that
 * nothing which this code and the kernel could see differently ever gets there. Such a path goes to the
 * application.
 */
#include "http/http.h"

#include "http/http_chars.h"

static bool decode(struct rs_slice s, char *out, size_t size, size_t *len);
static bool segment_ok(struct rs_slice segment, bool first);

bool rs_http_file_path(struct rs_slice path, char *out, size_t size)
{
	size_t len, start = 0;

	if (path.n == 0 || path.p[0] != '/')
		return false;
	if (!decode(rs_slice(path.p + 1, path.n - 1), out, size, &len))
		return false;
	if (len == 0)
		return true;
	for (size_t i = 0; i <= len; i++) {
		if (i < len && out[i] != '/')
			continue;
		if (!segment_ok(rs_slice(out + start, i - start), start == 0))
			return false;
		start = i + 1;
	}
	return true;
}

/* Percent escapes, once. Refuses bytes that no honest file name has, and a slash hidden in an escape. */
static bool decode(struct rs_slice s, char *out, size_t size, size_t *len)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char byte = s.p[i];

		if (byte == '%') {
			int high = i + 1 < s.n ? rs_http_hex(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? rs_http_hex(s.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			byte = (char)(high << 4 | low);
			if (byte == '/')
				return false;
			i += 2;
		}
		if ((unsigned char)byte < 0x20 || byte == 0x7f || byte == '\\')
			return false;
		if (n + 1 >= size)
			return false;
		out[n++] = byte;
	}
	if (size == 0)
		return false;
	out[n] = '\0';
	*len = n;
	return true;
}

/* Not empty, not hidden ("." and ".." begin with a dot too). RFC 8615 wants /.well-known/ served. */
static bool segment_ok(struct rs_slice segment, bool first)
{
	if (segment.n == 0)
		return false;
	return segment.p[0] != '.' || (first && rs_slice_eq(segment, RS_SLICE(".well-known")));
}
