/*
 * Vocabulary of the whole core: results, checks, slices. No state, no I/O.
 */
#ifndef RS_BASE_H
#define RS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What a function can answer. Each has one meaning everywhere. */
enum rs_result {
	RS_OK = 0,      /* done */
	RS_AGAIN = 1,   /* not now: more input, or room, is needed */
	RS_DONE = 2,    /* the source has ended in good order */
	RS_ERR = -1,    /* failed; the cause was logged, or stands in the error object */
};

#define RS_PUBLIC __attribute__((visibility("default")))
#define RS_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define RS_MUST_CHECK __attribute__((warn_unused_result))
/* For a result that must be checked, where nothing can be done about it. */
#define RS_IGNORE(call)                                                                    \
	do {                                                                               \
		if (call) {                                                                \
		}                                                                          \
	} while (0)
#define RS_COUNTOF(a) (sizeof(a) / sizeof((a)[0]))

/* Bytes that somebody else owns; not terminated. */
struct rs_slice {
	const char *p;
	size_t n;
};

#define RS_SLICE(literal) ((struct rs_slice){ (literal), sizeof(literal) - 1 })

static inline struct rs_slice rs_slice(const void *p, size_t n)
{
	return (struct rs_slice){ (const char *)p, n };
}

static inline struct rs_slice rs_slice_str(const char *s)
{
	return (struct rs_slice){ s, s ? strlen(s) : 0 };
}

/* Same bytes? */
static inline bool rs_slice_eq(struct rs_slice a, struct rs_slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Without the blanks and tabs around it. */
static inline struct rs_slice rs_slice_trim(struct rs_slice s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = rs_slice(s.p + 1, s.n - 1);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* What stands in front of the first separator, or all of it; *rest is what stands behind that. */
static inline struct rs_slice rs_slice_cut(struct rs_slice *rest, char separator)
{
	const char *at = rest->n ? (const char *)memchr(rest->p, separator, rest->n) : NULL;
	const struct rs_slice part = rs_slice(rest->p, at ? (size_t)(at - rest->p) : rest->n);
	const size_t gone = part.n + (at != NULL);

	*rest = rs_slice(rest->p + gone, rest->n - gone);
	return part;
}

/* Same bytes but for ASCII case? */
bool rs_slice_eqi(struct rs_slice a, struct rs_slice b);

/* Decimal digits only, no sign, no space. false: not a number, or above max. */
bool rs_parse_u64(struct rs_slice s, uint64_t max, uint64_t *out);

/* Copies at most size - 1 bytes and terminates. false: it was cut. */
bool rs_copy(char *dst, size_t size, struct rs_slice src);

/* snprintf that says whether all of it fitted. */
bool rs_fmt(char *dst, size_t size, const char *fmt, ...) RS_PRINTF(3, 4);

/* A belief about our own code; stays on in production. Dies with file and line. */
#define RS_ASSERT(cond)                                                                    \
	do {                                                                               \
		if (__builtin_expect(!(cond), 0))                                          \
			rs_assert_failed(#cond, __FILE__, __LINE__);                       \
	} while (0)

/* Every long-lived struct starts with `uint32_t magic`; callbacks check it on entry. */
#define RS_CHECK(obj, MAGIC) RS_ASSERT((obj) != NULL && (obj)->magic == (MAGIC))

void rs_assert_failed(const char *what, const char *file, int line) __attribute__((noreturn, cold));

#endif
