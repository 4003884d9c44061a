/*
 * What the sights of a place mean, and whose doing it is. Pure.
 *
 * The requests for one path follow one another with nothing put back between them. What is made by the first and then stays
 * (a resolved singleton, a cache that is filled) is no leak; what grows with each, what is another one after each, and what
 * has taken the place of something that boot had left is one. Places where nothing is made lazily are findings anyway.
 */
#include "cli/cli_doctor.h"

/* Less than this with each request may be a list that doubles. */
#define MEMORY_STEP 1024

static const char *const verdicts[] = { "once", "touched", "changed", "each", "grows", "left" };

const char *rs_doctor_verdict_name(enum rs_verdict v)
{
	return verdicts[v];
}

/* Of these kinds nothing may be left. */
static bool is_lasting(const char *kind)
{
	static const char *const kinds[] = { "global", "ini", "constant", "environment" };

	for (size_t i = 0; i < RS_COUNTOF(kinds); i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

static bool always(const struct rs_doctor_place *p, size_t n, bool (*differs)(const struct rs_doctor_sight *a, const struct rs_doctor_sight *b))
{
	if (n < 2 || !p->sights[0].there)
		return false;
	for (size_t i = 1; i < n; i++)
		if (!p->sights[i].there || !differs(&p->sights[i - 1], &p->sights[i]))
			return false;
	return true;
}

static bool larger(const struct rs_doctor_sight *a, const struct rs_doctor_sight *b)
{
	return b->size > a->size;
}

static bool other(const struct rs_doctor_sight *a, const struct rs_doctor_sight *b)
{
	return b->mark != a->mark;
}

static enum rs_verdict judge_place(const struct rs_doctor_place *p, size_t n)
{
	/* That a function was called which can change it is all that is known. */
	if (strcmp(p->kind, "process") == 0)
		return RS_VERDICT_TOUCHED;
	if (always(p, n, larger))
		return RS_VERDICT_GROWS;
	if (p->changed)
		return RS_VERDICT_CHANGED;
	if (is_lasting(p->kind))
		return RS_VERDICT_LEFT;
	return always(p, n, other) ? RS_VERDICT_EACH : RS_VERDICT_ONCE;
}

static int64_t memory_step(const struct rs_doctor_route *r)
{
	int64_t sum = 0, step;

	for (size_t i = 1; i < r->nrequests; i++) {
		step = (int64_t)(r->requests[i].used - r->requests[i - 1].used);
		if (!r->requests[i].reported || !r->requests[i - 1].reported || step < MEMORY_STEP)
			return 0;
		sum += step;
	}
	return r->nrequests > 1 ? sum / (int64_t)(r->nrequests - 1) : 0;
}

static bool class_grows(const struct rs_doctor_class *c, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (!c->more[i])
			return false;
	return n > 1;
}

void rs_doctor_judge(struct rs_doctor_route *r)
{
	r->findings = 0;
	for (size_t i = 0; i < r->nrequests; i++) {
		const struct rs_doctor_request *q = &r->requests[i];
		r->transactions = q->transactions > r->transactions ? q->transactions : r->transactions;
		r->left_out = q->left_out > r->left_out ? q->left_out : r->left_out;
		r->worker_ended = r->worker_ended || !q->reported;
	}
	for (size_t i = 0; i < r->nplaces; i++) {
		r->places[i].verdict = judge_place(&r->places[i], r->nrequests);
		r->findings += rs_doctor_is_finding(r->places[i].verdict);
	}
	for (size_t i = 0; i < r->nclasses; i++) {
		r->classes[i].grows = class_grows(&r->classes[i], r->nrequests);
		r->findings += r->classes[i].grows;
	}
	r->memory = memory_step(r);
	r->findings += (r->memory > 0) + (r->transactions > 0) + r->worker_ended;
}

/* ---- whose ------------------------------------------------------------------------------------------------------------- */

/* The last "/vendor/NAME/PACKAGE/" of a path. */
static const char *in_vendor(const char *file, size_t *n)
{
	const char *found = NULL, *name;
	size_t vendor, package;

	for (const char *at = strstr(file, "/vendor/"); at; at = strstr(at + 1, "/vendor/")) {
		name = at + strlen("/vendor/");
		vendor = strcspn(name, "/");
		package = name[vendor] == '/' ? strcspn(name + vendor + 1, "/") : 0;
		if (!vendor || !package || name[vendor + 1 + package] != '/')
			continue;
		found = name;
		*n = vendor + 1 + package;
	}
	return found;
}

void rs_doctor_package(const char *file, const char *base, char *out, size_t size)
{
	size_t n = strlen(base);
	const char *vendor = in_vendor(file, &n), *slash;

	if (!*file) {
		(void)rs_copy(out, size, RS_SLICE("PHP"));
	} else if (vendor) {
		(void)rs_copy(out, size, rs_slice(vendor, n));
	} else if (strncmp(file, base, strlen(base)) == 0 && file[strlen(base)] == '/') {
		(void)rs_copy(out, size, RS_SLICE("application"));
	} else {
		slash = strrchr(file, '/');
		(void)rs_copy(out, size, rs_slice(file, slash && slash > file ? (size_t)(slash - file) : strlen(file)));
	}
}

void rs_doctor_blame(const struct rs_doctor_place *p, const char *base, char *out, size_t size)
{
	char author[256];

	if (!*p->author_file && !*p->owner) {
		(void)rs_copy(out, size, RS_SLICE("unknown"));
		return;
	}
	rs_doctor_package(*p->author_file ? p->author_file : "", base, author, sizeof author);
	/* A closure is who wrote it; objects of a library may have been made by anybody. */
	if (*p->author_file && (p->author_line || strcmp(author, "application") == 0))
		(void)rs_copy(out, size, rs_slice_str(author));
	else
		rs_doctor_package(p->file, base, out, size);
}
