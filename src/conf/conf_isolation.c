/*
 * Which isolation mode holds for a path. Pure.
 *
 * What counts is what the application will see: percent escapes are decoded once, several slashes are one, and a front controller in
 * the path is none of it. Otherwise a client could choose the mode by the way it writes a path.
 */
#include "conf/conf.h"

/* Longer prefixes than this hold for nothing. */
#define PATH_LOOKED_AT 4096

static const char front_controller[] = "/index.php";

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte at p[*i], decoded if it is an escape; *i goes to its last character. An escape that is none stands for itself. */
static char decoded(struct rs_slice path, size_t *i)
{
	int high, low;

	if (path.p[*i] != '%' || path.n - *i < 3)
		return path.p[*i];
	high = hex(path.p[*i + 1]);
	low = hex(path.p[*i + 2]);
	if (high < 0 || low < 0)
		return '%';
	*i += 2;
	return (char)(high << 4 | low);
}

/* The path as applications see it, or its beginning. */
static struct rs_slice plain(struct rs_slice path, char *out, size_t size)
{
	size_t n = 0, script = sizeof front_controller - 1;

	for (size_t i = 0; i < path.n && n < size; i++) {
		char c = decoded(path, &i);
		if (c != '/' || n == 0 || out[n - 1] != '/')
			out[n++] = c;
	}
	if (n < script || memcmp(out, front_controller, script) != 0 || (n > script && out[script] != '/'))
		return rs_slice(out, n);
	return n == script ? RS_SLICE("/") : rs_slice(out + script, n - script);
}

/* Is prefix the path, or a directory above it? "/" is above everything; "/api/" means what "/api" means. */
static bool is_above(struct rs_slice prefix, struct rs_slice path)
{
	if (prefix.n && prefix.p[prefix.n - 1] == '/')
		prefix.n--;
	return path.n >= prefix.n && memcmp(path.p, prefix.p, prefix.n) == 0 && (path.n == prefix.n || path.p[prefix.n] == '/');
}

enum rs_isolation rs_conf_isolation(const struct rs_conf *c, struct rs_slice path)
{
	const struct rs_conf_items *all = &c->items[RS_KIND_isolation];
	enum rs_isolation mode = (enum rs_isolation)c->isolation;
	char text[PATH_LOOKED_AT];
	size_t best = 0;

	if (!all->n)
		return mode;
	path = plain(path, text, sizeof text);
	for (size_t i = 0; i < all->n; i++) {
		struct rs_slice prefix = rs_slice_str(rs_conf_item_text(&all->v[i], RS_ITEM_isolation_prefix));

		if (prefix.n >= best && is_above(prefix, path)) {
			best = prefix.n;
			mode = (enum rs_isolation)rs_conf_item_number(&all->v[i], RS_ITEM_isolation_mode);
		}
	}
	return mode;
}

bool rs_conf_uses(const struct rs_conf *c, enum rs_isolation mode)
{
	const struct rs_conf_items *all = &c->items[RS_KIND_isolation];

	for (size_t i = 0; i < all->n; i++)
		if ((enum rs_isolation)rs_conf_item_number(&all->v[i], RS_ITEM_isolation_mode) == mode)
			return true;
	return (enum rs_isolation)c->isolation == mode;
}
