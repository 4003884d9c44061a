/*
 * The worker's report, line by line (ipc/doctor.def). It comes from a process that runs other people's code: what is no line of
 * ours is passed over.
 */
#include "cli/cli_doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FIELDS_MAX 14
/* Of one path; a report has less of them. */
#define PLACES_MAX 2000
#define LINE_MAX_BYTES 65536
/* Of one look at the file: who writes without end is not followed without end. */
#define READ_MAX (4u << 20)
#define ROUTES_MAX 2000

enum line {
#define RS_DOCTOR_LINE(name, word, fields) LINE_##name,
#include "ipc/doctor.def"
#undef RS_DOCTOR_LINE
	LINES
};

static const struct {
	const char *word;
	size_t fields;
} lines[LINES] = {
#define RS_DOCTOR_LINE(name, word, fields) { word, fields },
#include "ipc/doctor.def"
#undef RS_DOCTOR_LINE
};

/* ---- the model ------------------------------------------------------------------------------------------------------ */

bool rs_doctor_route_init(struct rs_doctor_route *route, const char *path, unsigned requests)
{
	*route = (struct rs_doctor_route){ .path = strdup(path), .requests = calloc(requests, sizeof *route->requests),
					   .nrequests = requests };
	return route->path && route->requests;
}

static void place_free(struct rs_doctor_place *p)
{
	free(p->kind);
	free(p->owner);
	free(p->name);
	free(p->where);
	free(p->file);
	free(p->author_file);
	free(p->type[0]);
	free(p->type[1]);
	free(p->sights);
}

void rs_doctor_route_free(struct rs_doctor_route *route)
{
	for (size_t i = 0; i < route->nplaces; i++)
		place_free(&route->places[i]);
	for (size_t i = 0; i < route->nclasses; i++) {
		free(route->classes[i].name);
		free(route->classes[i].file);
		free(route->classes[i].more);
	}
	free(route->places);
	free(route->classes);
	free(route->requests);
	free(route->path);
	*route = (struct rs_doctor_route){ 0 };
}

/* One more, zeroed, at the end of a list that grows at powers of two. */
static void *one_more(void **list, size_t n, size_t size)
{
	void *grown = (n & (n - 1)) == 0 ? realloc(*list, (n ? 2 * n : 1) * size) : *list;

	if (!grown)
		return NULL;
	*list = grown;
	return memset((char *)grown + n * size, 0, size);
}

static bool copy(char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
	return *to != NULL;
}

/* ---- fields --------------------------------------------------------------------------------------------------------- */

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* In place. Zero bytes stay escaped: texts are terminated here. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		int high = text[0] == '\\' && text[1] == 'x' ? hex(text[2]) : -1, low = high >= 0 ? hex(text[3]) : -1;
		if (low >= 0 && (high || low)) {
			*to++ = (char)(high * 16 + low);
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

static uint64_t number(const char *text)
{
	uint64_t n;

	return rs_parse_u64(rs_slice_str(text), UINT64_MAX, &n) ? n : 0;
}

/* ---- lines ----------------------------------------------------------------------------------------------------------- */

enum { KIND, OWNER, NAME, WHERE, HOW, TYPE_BEFORE, SIZE_BEFORE, TYPE_AFTER, SIZE_AFTER, MARK, FILE_OF, AUTHOR, AUTHOR_LINE };

/* where is no part of it: another key of the same array may be the first that is different. */
static struct rs_doctor_place *find_place(struct rs_doctor_route *route, char **f)
{
	struct rs_doctor_place *p;

	for (size_t i = 0; i < route->nplaces; i++) {
		p = &route->places[i];
		if (strcmp(p->kind, f[KIND]) == 0 && strcmp(p->owner, f[OWNER]) == 0 && strcmp(p->name, f[NAME]) == 0 &&
		    strcmp(p->file, f[FILE_OF]) == 0)
			return p;
	}
	return NULL;
}

static struct rs_doctor_place *add_place(struct rs_doctor_route *route, char **f)
{
	struct rs_doctor_place *p = one_more((void **)&route->places, route->nplaces, sizeof *p);

	if (!p)
		return NULL;
	route->nplaces++;
	p->sights = calloc(route->nrequests, sizeof *p->sights);
	p->size[0] = number(f[SIZE_BEFORE]);
	return p->sights && copy(&p->kind, f[KIND]) && copy(&p->owner, f[OWNER]) && copy(&p->name, f[NAME]) &&
	       copy(&p->file, f[FILE_OF]) && copy(&p->type[0], f[TYPE_BEFORE]) ? p : NULL;
}

static bool take_change(struct rs_doctor_route *route, size_t request, char **f)
{
	struct rs_doctor_place *p = find_place(route, f);

	if (!p && route->nplaces >= PLACES_MAX) {
		route->requests[request].left_out++;
		return true;
	}
	if (!p && !(p = add_place(route, f)))
		return false;
	p->changed = p->changed || strcmp(f[HOW], "changed") == 0;
	p->size[1] = number(f[SIZE_AFTER]);
	p->author_line = number(f[AUTHOR_LINE]);
	/* Objects of one class are one place to us: they differ when any of them does, and grow as all of them. */
	p->sights[request].mark = p->sights[request].mark * 31 + number(f[MARK]);
	p->sights[request].size += p->size[1];
	p->sights[request].there = true;
	return copy(&p->type[1], f[TYPE_AFTER]) && copy(&p->where, f[WHERE]) && copy(&p->author_file, f[AUTHOR]);
}

static bool take_objects(struct rs_doctor_route *route, size_t request, char **f)
{
	struct rs_doctor_class *c = NULL;

	for (size_t i = 0; i < route->nclasses && !c; i++)
		if (strcmp(route->classes[i].name, f[0]) == 0 && strcmp(route->classes[i].file, f[2]) == 0)
			c = &route->classes[i];
	if (!c) {
		if (route->nclasses >= PLACES_MAX)
			return true;
		c = one_more((void **)&route->classes, route->nclasses, sizeof *c);
		if (!c)
			return false;
		route->nclasses++;
		c->more = calloc(route->nrequests, sizeof *c->more);
		if (!c->more || !copy(&c->name, f[0]) || !copy(&c->file, f[2]))
			return false;
	}
	c->more[request] += number(f[1]);
	return true;
}

static void take_end(struct rs_doctor_request *q, char **f)
{
	q->reported = true;
	q->begin = number(f[0]);
	q->used = number(f[1]);
	q->transactions = number(f[2]);
}

static bool take(struct rs_doctor_reader *r, enum line line, char **f, struct rs_doctor_route *route, size_t request)
{
	struct rs_doctor_request *q = route ? &route->requests[request] : NULL;

	switch (line) {
	case LINE_ROUTE:
		return r->readies > 0 || r->found.n >= ROUTES_MAX || rs_strlist_add(&r->found, f[0]);
	case LINE_READY:
		r->readies++;
		return true;
	case LINE_CHANGE:
		return !q || take_change(route, request, f);
	case LINE_OBJECTS:
		return !q || take_objects(route, request, f);
	case LINE_MORE:
		if (q)
			q->left_out += number(f[0]);
		return true;
	case LINE_END:
		r->ends++;
		if (q)
			take_end(q, f);
		return true;
	default:
		return true;
	}
}

static bool take_line(struct rs_doctor_reader *r, char *text, struct rs_doctor_route *route, size_t request)
{
	char none[] = "", *f[FIELDS_MAX], *rest = text, *word = strsep(&rest, "\t");
	size_t n = 0;

	for (size_t i = 0; i < FIELDS_MAX; i++)
		f[i] = none;
	while (rest && n < FIELDS_MAX)
		f[n++] = strsep(&rest, "\t");
	for (size_t i = 0; i < n; i++)
		unescape(f[i]);
	for (int line = 0; line < LINES; line++)
		if (strcmp(word, lines[line].word) == 0 && lines[line].fields == n && !rest)
			return take(r, (enum line)line, f, route, request);
	return true;
}

/* ---- the file ---------------------------------------------------------------------------------------------------------- */

static bool read_more(struct rs_doctor_reader *r)
{
	size_t all = 0;
	ssize_t n;
	char *to;

	do {
		to = rs_buf_reserve(&r->text, 65536);
		n = to ? read(r->fd, to, 65536) : -1;
		if (n > 0) {
			rs_buf_commit(&r->text, (size_t)n);
			all += (size_t)n;
		}
	} while (n > 0 && all < READ_MAX);
	return to != NULL;
}

bool rs_doctor_read(struct rs_doctor_reader *r, struct rs_doctor_route *route, size_t request)
{
	bool ok = read_more(r);

	while (ok && r->text.len) {
		char *start = r->text.p + r->text.off, *nl = memchr(start, '\n', r->text.len);
		size_t n;

		if (!nl)
			return r->text.len <= LINE_MAX_BYTES;
		n = (size_t)(nl - start);
		*nl = '\0';
		if (!memchr(start, '\0', n))
			ok = take_line(r, start, route, request);
		rs_buf_consume(&r->text, n + 1);
	}
	return ok;
}

void rs_doctor_reader_free(struct rs_doctor_reader *r)
{
	rs_buf_free(&r->text);
	rs_strlist_clear(&r->found);
}
