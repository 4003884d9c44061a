/*
 * The file that a name means, or a neighbour of it that was compressed beforehand (app.css.br beside app.css), and the entity tag of
 * what was chosen. Runs in the reactor.
 */
#include "base/rs_fd.h"
#include "reactor/reactor_static.h"

#include <errno.h>

static const struct coding {
	const char *name, *suffix;
} codings[] = {
	{ "br", ".br" },
	{ "zstd", ".zst" },
	{ "gzip", ".gz" },
};

/* NULL: not a coding, which the configuration has made sure of. */
static const struct coding *coding_of(const char *name)
{
	for (size_t i = 0; i < RS_COUNTOF(codings); i++)
		if (strcmp(codings[i].name, name) == 0)
			return &codings[i];
	return NULL;
}

static bool is_neighbour(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < RS_COUNTOF(codings); i++) {
		size_t k = strlen(codings[i].suffix);

		if (n > k && strcmp(name + n - k, codings[i].suffix) == 0)
			return true;
	}
	return false;
}

/* ---- entity tags ------------------------------------------------------------------------------------------------------- */

static char *put_hex(char *to, uint64_t v)
{
	char digits[16];
	size_t n = sizeof digits;

	do
		digits[--n] = "0123456789abcdef"[v & 15];
	while (v >>= 4);
	memcpy(to, digits + n, sizeof digits - n);
	return to + (sizeof digits - n);
}

/*
 * Time of change and size, as nginx has it; with nanoseconds where the file system has them, so that two versions of one second differ;
 * with the coding, so that two neighbours of one size do.
 */
static void put_etag(struct rs_static_found *f)
{
	char *to = f->etag;

	*to++ = '"';
	to = put_hex(to, (uint64_t)f->st.st_mtim.tv_sec);
	if (f->st.st_mtim.tv_nsec) {
		*to++ = '.';
		to = put_hex(to, (uint64_t)f->st.st_mtim.tv_nsec);
	}
	*to++ = '-';
	to = put_hex(to, (uint64_t)f->st.st_size);
	if (f->coding) {
		*to++ = '-';
		memcpy(to, f->coding, strlen(f->coding));
		to += strlen(f->coding);
	}
	*to++ = '"';
	*to = '\0';
}

/* ---- neighbours ---------------------------------------------------------------------------------------------------------- */

/* Not one that is older, in seconds: archives and gzip keep no more of the time. */
static int open_neighbour(const struct rs_static *s, const struct rs_static_found *f, const struct coding *c, struct stat *st)
{
	char name[4096];
	int fd = rs_fmt(name, sizeof name, "%s%s", f->name, c->suffix) ? rs_static_open(s, name, st) : -1;

	if (fd >= 0 && st->st_mtime < f->st.st_mtime)
		rs_fd_close(&fd);
	return fd;
}

/* How much the client wants the file as it is, if it says more of that than "*"; else anything that it names is better. */
static int identity_weight(struct rs_slice accept)
{
	int weight = rs_http_accept_coding(accept, RS_SLICE("identity"));

	return weight > 0 && weight != rs_http_accept_coding(accept, RS_SLICE("*")) ? weight : 0;
}

static void prefer_neighbour(const struct rs_static *s, const struct rs_strlist *list, struct rs_slice accept, struct rs_static_found *f)
{
	struct rs_static_found plain = *f;
	int best = identity_weight(accept);

	for (size_t i = 0; i < list->n; i++) {
		const struct coding *c = coding_of(list->v[i]);
		int weight = c ? rs_http_accept_coding(accept, rs_slice_str(c->name)) : 0, fd;
		struct stat st;

		/* That there is one is to be said to those, too, who do not get it: caches keep what they see (Vary). */
		if (!c || (weight <= best && f->varies) || (fd = open_neighbour(s, &plain, c, &st)) < 0)
			continue;
		f->varies = true;
		if (weight > best) {
			rs_fd_close(&f->fd);
			f->fd = fd;
			f->st = st;
			f->coding = c->name;
			best = weight;
		} else {
			rs_fd_close(&fd);
		}
	}
}

bool rs_static_find(const struct rs_static *s, const struct rs_conf *conf, const char *name, const char *type,
		    const struct rs_static_asked *a, struct rs_static_found *out)
{
	out->fd = rs_static_open(s, name, &out->st);
	if (out->fd < 0)
		return false;
	out->name = name;
	out->type = type;
	out->coding = NULL;
	out->varies = false;
	if (conf->static_precompressed.n && !is_neighbour(name))
		prefer_neighbour(s, &conf->static_precompressed, a->accept, out);
	put_etag(out);
	return true;
}
