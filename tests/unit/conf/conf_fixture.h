/*
 * What the tests of src/conf share: a configuration, its error, the warnings it gave, a directory to live in.
 */
#ifndef CONF_FIXTURE_H
#define CONF_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	struct rs_conf c;
	struct rs_conf_error err;
	char warnings[8192]; /* one a line */
	unsigned nwarnings;
	char dir[64];        /* empty directory */
};

static inline void on_warning(void *arg, const char *text)
{
	struct fixture *f = arg;
	size_t n = strlen(f->warnings);

	f->nwarnings++;
	(void)rs_fmt(f->warnings + n, sizeof f->warnings - n, "%s\n", text);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	strcpy(f->dir, "/tmp/rs-conf-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	rs_conf_init(&f->c);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	char command[96];

	rs_conf_fini(&f->c);
	assert_true(rs_fmt(command, sizeof command, "rm -rf '%s'", f->dir));
	assert_int_equal(system(command), 0);
	free(f);
	return 0;
}

/* Starts over with the defaults. */
static inline void again(struct fixture *f)
{
	rs_conf_fini(&f->c);
	rs_conf_init(&f->c);
	f->warnings[0] = '\0';
	f->nwarnings = 0;
	f->err.text[0] = '\0';
}

static inline enum rs_result parse(struct fixture *f, const char *ini)
{
	return rs_conf_parse_ini(&f->c, rs_slice_str(ini), "x.ini", &f->err, on_warning, f);
}

static inline enum rs_result set(struct fixture *f, enum rs_origin from, const char *section, const char *key,
				 const char *value)
{
	return rs_conf_set(&f->c, from, "here", section, key, value, &f->err, on_warning, f);
}

static inline enum rs_result complete(struct fixture *f)
{
	return rs_conf_complete(&f->c, f->dir, &f->err);
}

/* A path below the fixture's directory; four at a time. */
static inline const char *below(const struct fixture *f, const char *name)
{
	static char path[4][160];
	static unsigned next;
	char *p = path[next++ % 4];

	assert_true(rs_fmt(p, sizeof path[0], "%s/%s", f->dir, name));
	return p;
}

static inline void make_dir(const struct fixture *f, const char *name)
{
	assert_int_equal(mkdir(below(f, name), 0755), 0);
}

static inline void make_file(const struct fixture *f, const char *name, const char *text)
{
	FILE *file = fopen(below(f, name), "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static inline void assert_contains(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
