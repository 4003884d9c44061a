/*
 * The doctor: what a request has changed and left behind, said in the log and in a header of the response (doctor = true), or
 * as lines in a file for `rserverd doctor` (doctor_report). Values are never told: types, sizes and names are.
 *
 *   php_doctor.c         when: the moments of a request, memory, objects, open transactions
 *   php_doctor_report.c  the report as text: lines of ipc/doctor.def, and of the log
 *   php_doctor_value.c   what can be said of a value without telling it
 */
#ifndef RS_PHP_DOCTOR_H
#define RS_PHP_DOCTOR_H

#include "php_snapshot.h"

/* ---- php_doctor.c: the moments; all but the first two do nothing unless doctor = true ----------------------------- */

bool rs_php_doctor_on(void);
/* This instance is `rserverd doctor`'s own. */
bool rs_php_doctor_private(void);
/* In the manager, when it has booted: says that this costs time. */
void rs_php_doctor_booted(void);
/* A worker begins. */
void rs_php_doctor_start(void);
/* Before a request is armed; the snapshot is taken. false: a fatal error. */
bool rs_php_doctor_begin(void);
/* The head of its response is about to go: our header, appended to the block. */
bool rs_php_doctor_header(struct rs_buf *block) RS_MUST_CHECK;
/* The request has ended, nothing is cleaned yet. */
void rs_php_doctor_ended(void);
/* All is cleaned, nothing is put back yet. */
void rs_php_doctor_cleaned(const struct rs_request_view *request);
/* The next request is to find what this one has left: nothing is put back now. */
bool rs_php_doctor_keeps(void);

ZEND_FUNCTION(rs_doctor_on);
ZEND_FUNCTION(rs_doctor_routes);

/* php_settings.c: ini directives, and the environment, that are not as boot left them; both are always put back. */
void rs_php_settings_differences(rs_snapshot_tell tell, void *arg);
/* All of them: these, and the snapshot's when it is taken. */
void rs_doctor_differences(rs_snapshot_tell tell, void *arg);

/* ---- php_doctor_report.c -------------------------------------------------------------------------------------------- */

/* What was seen around a request. */
struct rs_doctor_seen {
	size_t begin, used;     /* bytes of PHP's memory before it, and after it was cleaned away */
	size_t before;          /* and after the request before it; 0: there was none */
	unsigned transactions;  /* open when it had ended */
};

/* An entry for every class of which there are more objects than before: class, how many, file or NULL. */
typedef void (*rs_doctor_class_fn)(void *arg, const zend_class_entry *ce, long more);

/* Lines for the program, appended to out. Bounded. false: no memory. */
bool rs_doctor_lines(const struct rs_request_view *request, const struct rs_doctor_seen *seen, struct rs_buf *out) RS_MUST_CHECK;
/* The same for people, into the log. */
void rs_doctor_log(const struct rs_request_view *request, const struct rs_doctor_seen *seen);
/* "text\t" with what would break a line escaped; at most max bytes of it. */
bool rs_doctor_put(struct rs_buf *out, const char *p, size_t n, size_t max) RS_MUST_CHECK;

/* php_doctor_objects.c: classes that have more objects than when rs_doctor_count_objects() was called last. */
void rs_doctor_count_objects(void);
void rs_doctor_new_objects(rs_doctor_class_fn fn, void *arg);

/* ---- php_doctor_value.c ----------------------------------------------------------------------------------------------- */

/* "null", "bool", "int", "float", "string", "array", "resource", "nothing", or the class of an object. */
const char *rs_doctor_type(const zval *zv, size_t *n);
/* Elements of an array, those of arrays in it counted too; bytes of a string; else 0. */
uint64_t rs_doctor_size(const zval *zv);
/* Two values with different numbers are different ones. Not to be told: a guess could be checked against it. */
uint64_t rs_doctor_mark(const zval *zv);

enum rs_doctor_how {
	RS_DOCTOR_SAME,
	RS_DOCTOR_MADE,    /* nothing was there, or nothing that is now different: it only became more */
	RS_DOCTOR_CHANGED, /* what was there before is different, or gone */
};
/* where: keys of arrays that lead to what has changed, "app.name"; they were there before the request. */
enum rs_doctor_how rs_doctor_compare(const zval *before, const zval *after, struct rs_buf *where);
/* Where the first closure, or the class of the first object, was declared that is new in after: its file; NULL: there is none. */
zend_string *rs_doctor_author(const zval *before, const zval *after, uint32_t *line);

#endif
