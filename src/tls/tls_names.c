/*
 * Host names, exact ones and wildcards, to certificates.
 */
#include "tls/tls_names.h"

#include <ctype.h>
#include <stdlib.h>

static bool is_name(struct rs_slice s)
{
	if (s.n == 0 || s.n > 253)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (!isalnum(c) && c != '-' && c != '.' && c != '_')
			return false;
	}
	return true;
}

bool rs_tls_names_add(struct rs_tls_names *l, struct rs_slice name, uint32_t site)
{
	bool wildcard = name.n > 2 && name.p[0] == '*' && name.p[1] == '.';
	struct rs_tls_name *v;
	char *text;

	if (wildcard)
		name = rs_slice(name.p + 1, name.n - 1);
	if (!is_name(name))
		return false;
	text = strndup(name.p, name.n);
	v = text ? realloc(l->v, (l->n + 1) * sizeof *v) : NULL;
	if (!v) {
		free(text);
		return false;
	}
	l->v = v;
	for (size_t i = 0; i < name.n; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
	for (size_t i = 0; i < l->n; i++) {
		if (v[i].wildcard == wildcard && strcmp(v[i].text, text) == 0) {
			free(text);
			return true;
		}
	}
	v[l->n++] = (struct rs_tls_name){ text, wildcard, site };
	return true;
}

static bool fits(const struct rs_tls_name *v, struct rs_slice host)
{
	size_t n = strlen(v->text);

	if (!v->wildcard)
		return rs_slice_eqi(host, rs_slice(v->text, n));
	return host.n > n && rs_slice_eqi(rs_slice(host.p + host.n - n, n), rs_slice(v->text, n));
}

int64_t rs_tls_names_find(const struct rs_tls_names *l, struct rs_slice host)
{
	int64_t found = -1;
	size_t best = 0;

	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	for (size_t i = 0; i < l->n; i++) {
		size_t n = strlen(l->v[i].text);

		if (!fits(&l->v[i], host))
			continue;
		if (!l->v[i].wildcard)
			return l->v[i].site;
		if (n > best) {
			best = n;
			found = l->v[i].site;
		}
	}
	return found;
}

void rs_tls_names_free(struct rs_tls_names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].text);
	free(l->v);
	*l = (struct rs_tls_names){ 0 };
}
