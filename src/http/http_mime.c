/*
 * Content types by file name, and which files are never content. Runs in the reactor.
 */
#include "http/http.h"

#include <strings.h>

#define EXTENSION_MAX 16

struct row {
	char ext[EXTENSION_MAX];
	const char *type; /* NULL: a source or a secret */
};

/* Sorted by extension. */
static const struct row rows[] = {
#define RS_MIME(ext, type) { ext, type },
#define RS_MIME_SOURCE(ext) { ext, NULL },
#include "http/http_mime.def"
#undef RS_MIME
#undef RS_MIME_SOURCE
};

const char *rs_http_mime(const char *file, bool *source)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *dot = strrchr(base, '.');
	size_t low = 0, high = RS_COUNTOF(rows), n = strlen(base);

	/* What editors leave beside index.php is index.php. */
	*source = n && base[n - 1] == '~';
	if (*source || !dot)
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcasecmp(dot + 1, rows[middle].ext);

		if (order == 0) {
			*source = rows[middle].type == NULL;
			return rows[middle].type;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
