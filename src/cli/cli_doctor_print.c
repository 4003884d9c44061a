/*
 * The doctor's report for people.
 */
#include "cli/cli_doctor.h"

#include <stdio.h>

/* Bytes of a text that comes from the application. */
#define TEXT_MAX 400

/* How many of the continuing bytes of a UTF-8 character come first in p; -1: it is none that may be shown. */
static int utf8_rest(const unsigned char *p)
{
	uint32_t c;
	int n = p[0] >= 0xf0 && p[0] < 0xf5 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc2 ? 1 : -1;

	if (n < 0 || p[0] >= 0xf5)
		return -1;
	c = p[0] & (0x3fu >> n);
	for (int i = 1; i <= n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return -1;
		c = c << 6 | (p[i] & 0x3fu);
	}
	/* Controls of terminals, and what turns the direction of writing. */
	if (c < 0xa0 || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff ||
	    (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return -1;
	return n;
}

/* So that no byte of it can drive a terminal or break the line. */
static void put_text(const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t shown = 0;

	for (; *p && shown < TEXT_MAX; p++, shown++) {
		int rest = *p < 0x80 ? 0 : utf8_rest(p);
		if (*p < 0x20 || *p == 0x7f || rest < 0) {
			printf("\\x%02x", *p);
			continue;
		}
		fwrite(p, 1, (size_t)rest + 1, stdout);
		p += rest;
	}
	if (*p)
		fputs("...", stdout);
}

/* "array of 3", "string of 12 bytes", "int" */
static void put_value(const char *type, uint64_t size)
{
	put_text(type);
	if (strcmp(type, "array") == 0 || strcmp(type, "contents") == 0)
		printf(" of %llu", (unsigned long long)size);
	else if (strcmp(type, "string") == 0)
		printf(" of %llu bytes", (unsigned long long)size);
}

static void put_file(const struct rs_doctor *d, const char *file)
{
	size_t n = strlen(d->conf.laravel_base_path);

	put_text(strncmp(file, d->conf.laravel_base_path, n) == 0 && file[n] == '/' ? file + n + 1 : file);
}

static const char *meaning(enum rs_verdict v)
{
	static const char *const texts[] = { "made once", "touched", "changed", "another after each request", "grows with every request", "left behind" };

	return texts[v];
}

static void print_place(const struct rs_doctor *d, const struct rs_doctor_place *p)
{
	char package[256];

	printf("  %s: ", meaning(p->verdict));
	put_text(p->kind);
	fputc(' ', stdout);
	put_text(p->owner);
	fputs(*p->owner && *p->name ? "::" : "", stdout);
	if (*p->name && (strcmp(p->kind, "property") == 0 || strstr(p->kind, "static") || strcmp(p->kind, "global") == 0))
		fputc('$', stdout);
	put_text(p->name);
	if (*p->where) {
		fputs(" at ", stdout);
		put_text(p->where);
	}
	fputs("\n      ", stdout);
	put_value(p->type[0], p->size[0]);
	fputs(" -> ", stdout);
	put_value(p->type[1], p->size[1]);
	rs_doctor_blame(p, d->conf.laravel_base_path, package, sizeof package);
	fputs("; package: ", stdout);
	put_text(package);
	if (*p->file) {
		fputs("; in ", stdout);
		put_file(d, p->file);
	}
	if (*p->author_file) {
		fputs(p->author_line ? "; put there by " : "; an object of ", stdout);
		put_file(d, p->author_file);
		if (p->author_line)
			printf(":%llu", (unsigned long long)p->author_line);
	}
	fputc('\n', stdout);
}

static void print_class(const struct rs_doctor *d, const struct rs_doctor_class *c, size_t requests)
{
	char package[256];

	rs_doctor_package(c->file, d->conf.laravel_base_path, package, sizeof package);
	printf("  %llu more objects of ", (unsigned long long)c->more[requests - 1]);
	put_text(c->name);
	fputs(" with every request\n      package: ", stdout);
	put_text(package);
	fputc('\n', stdout);
}

static void print_statuses(const struct rs_doctor_route *r)
{
	for (size_t i = 0; i < r->nrequests; i++) {
		if (r->requests[i].status)
			printf(" %u", r->requests[i].status);
		else
			fputs(" no answer", stdout);
	}
}

/* One line for all. */
static void print_touched(const struct rs_doctor_route *r)
{
	bool any = false;

	for (size_t i = 0; i < r->nplaces; i++) {
		if (r->places[i].verdict != RS_VERDICT_TOUCHED)
			continue;
		fputs(any ? ", " : "  state of the process that may have been changed, and is put back: ", stdout);
		put_text(r->places[i].name);
		any = true;
	}
	if (any)
		fputc('\n', stdout);
}

static void print_route(const struct rs_doctor *d, const struct rs_doctor_route *r)
{
	size_t once = 0;

	fputs("GET ", stdout);
	put_text(r->path);
	fputs(":", stdout);
	print_statuses(r);
	printf("; %zu finding%s\n", r->findings, r->findings == 1 ? "" : "s");
	if (r->worker_ended)
		puts("  the process that served it has ended: a fatal error, or it took too long");
	if (r->transactions)
		printf("  %llu open transaction%s at its end\n", (unsigned long long)r->transactions, r->transactions == 1 ? "" : "s");
	if (r->memory)
		printf("  memory grows by %lld bytes with every request\n", (long long)r->memory);
	for (size_t i = 0; i < r->nclasses; i++)
		if (r->classes[i].grows)
			print_class(d, &r->classes[i], r->nrequests);
	for (size_t i = 0; i < r->nplaces; i++) {
		once += r->places[i].verdict == RS_VERDICT_ONCE;
		if (rs_doctor_is_finding(r->places[i].verdict))
			print_place(d, &r->places[i]);
	}
	print_touched(r);
	if (once)
		printf("  made by the first request and kept, no leak: %zu place%s (--json lists them)\n", once, once == 1 ? "" : "s");
	if (r->left_out)
		printf("  and %llu more that are not listed\n", (unsigned long long)r->left_out);
}

void rs_doctor_print(const struct rs_doctor *d)
{
	fputs("rserverd doctor: ", stdout);
	put_text(d->conf.laravel_base_path);
	printf("\n%zu path%s, each requested %u time%s with nothing put back in between\n\n", d->nroutes, d->nroutes == 1 ? "" : "s",
	       d->requests, d->requests == 1 ? "" : "s");
	for (size_t i = 0; i < d->nroutes; i++)
		print_route(d, &d->routes[i]);
	printf("\n%zu finding%s\n", d->findings, d->findings == 1 ? "" : "s");
}
