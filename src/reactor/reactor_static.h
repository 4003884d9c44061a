/*
 * Plain files below document_root, served without PHP.
 */
#ifndef RS_REACTOR_STATIC_H
#define RS_REACTOR_STATIC_H

#include "base/rs_base.h"

#include <inttypes.h>

struct rs_http_head;
struct rs_http_range;
struct rs_port;
struct rs_reactor;
struct rs_req;
struct stat;

struct rs_static {
	int root_fd;               /* O_PATH on document_root, -1: no static files */
	char root[4096];           /* its real path */
	char storage[4096];        /* <base>/storage/app/public, as configured; "": none */
	/*
	 * Of a script's server, else NULL: parts of files and directories too; types nobody knows are the application's. As long as
	 * this lives.
	 */
	const struct rs_port *port;
};

void rs_static_init(struct rs_static *s);
void rs_static_fini(struct rs_static *s);
/* After CONF and ROUTE: opens the roots anew (a release may be a symlink that moved). */
void rs_static_configure(struct rs_reactor *r);
/* The root of one port of a script's server. s is initialised. */
void rs_static_open_port(struct rs_reactor *r, struct rs_static *s, const struct rs_port *port);

/*
 * Answers q, a GET or HEAD without body, from a file if its target is one. false: it is not, nothing was done, PHP gets it.
 */
bool rs_static_serve(const struct rs_static *s, struct rs_req *q, const struct rs_http_head *h);

/* The client takes bytes again: the next part of the file. */
void rs_static_continue(struct rs_req *q);

/* ---- between the files of this ------------------------------------------------------------------------------------------ */

#define RS_STATIC_RANGE "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64

/* The file of that name below the root, or a directory; -1: there is none that may be served. */
int rs_static_open(const struct rs_static *s, const char *name);
/* Answers from the file of that name. false: it is none that may be served, nothing was done. */
bool rs_static_file(const struct rs_static *s, struct rs_req *q, const char *name);
/* Answers with that body. lines: of the head, each ended. false: no memory, nothing was done. */
bool rs_static_answer(struct rs_req *q, unsigned status, const char *lines, struct rs_slice body);
/*
 * For a directory: its index file, a list of what is in it, or (slash false: the target does not end in one) the way there. false: the
 * port wants none of that, or it is no directory; nothing was done.
 */
bool rs_static_directory(const struct rs_static *s, struct rs_req *q, const struct rs_http_head *h, const char *name, bool slash);
/* n parts of a file in one answer. false: they are too much, or cannot be read; nothing was done. */
bool rs_static_parts(struct rs_req *q, int fd, const struct stat *st, const char *type, const struct rs_http_range *part, size_t n);

#endif
