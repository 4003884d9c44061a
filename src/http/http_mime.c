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

/* Extensions behind which the one that counts stands: of a dump that was compressed. */
static const char *const packed[] = { "7z", "br", "bz2", "gz", "xz", "zip", "zst" };

/* NULL: an extension that nobody knows. */
static const struct row *find(const char *ext, size_t n)
{
	size_t low = 0, high = RS_COUNTOF(rows);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strncasecmp(ext, rows[middle].ext, n);

		if (order == 0 && rows[middle].ext[n] != '\0')
			order = -1;
		if (order == 0)
			return &rows[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static bool is_packed(const char *ext)
{
	for (size_t i = 0; i < RS_COUNTOF(packed); i++)
		if (strcmp(ext, packed[i]) == 0)
			return true;
	return false;
}

/* Letters and digits: "php" of "php_old", "php-2024", "php#". */
static size_t word(const char *p, const char *end)
{
	const char *start = p;

	while (p < end && ((*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')))
		p++;
	return (size_t)(p - start);
}

/*
 * Is what lies in front of end a source that got another name? Extensions from the last to the first, as far as they tell
 * nothing of what is in the file.
 */
static bool is_copy(const char *base, const char *end)
{
	for (const char *dot = end; dot > base;) {
		const struct row *r;
		size_t n;

		while (dot > base && dot[-1] != '.')
			dot--;
		if (dot == base)
			return false;
		n = word(dot, end);
		r = n < EXTENSION_MAX ? find(dot, n) : NULL;
		if (r && !r->type)
			return true;
		if (r && dot + n == end && !is_packed(r->ext))
			return false;
		end = --dot;
	}
	return false;
}

const char *rs_http_mime(const char *file, bool *source)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *dot = strrchr(base, '.');
	size_t n = strlen(base);
	const struct row *r = NULL;

	/* What editors leave beside index.php is index.php. */
	*source = n && base[n - 1] == '~';
	if (*source || !dot)
		return NULL;
	n = strlen(dot + 1);
	r = n < EXTENSION_MAX ? find(dot + 1, n) : NULL;
	if (r && r->type && !is_packed(r->ext))
		return r->type;
	*source = is_copy(base, dot + 1 + n);
	return r && !*source ? r->type : NULL;
}
