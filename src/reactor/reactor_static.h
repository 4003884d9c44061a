/*
 * Plain files below document_root, served without PHP. The path of a request: rs_static_serve() in reactor_static.c; which file a
 * name means, reactor_static_file.c; the file or a ready-made neighbour of it, reactor_static_find.c; whether and which of its bytes
 * are wanted, reactor_static_when.c; the lines of the head, reactor_static_head.c; several parts, reactor_static_parts.c.
 */
#ifndef RS_REACTOR_STATIC_H
#define RS_REACTOR_STATIC_H

#include "base/rs_base.h"
#include "conf/conf.h"
#include "http/http.h"

#include <sys/stat.h>

struct rs_port;
struct rs_reactor;
struct rs_req;

struct rs_static {
	int root_fd;               /* O_PATH on document_root, -1: no static files */
	char root[4096];           /* its real path */
	char storage[4096];        /* <base>/storage/app/public, as configured; "": none */
	enum rs_symlinks symlinks;
	bool autoindex;            /* directories without an index file are listed */
	char index[1024];          /* index files: names, each terminated, an empty one ends them */
	/* Of a script's server, else NULL: types nobody knows are the application's. As long as this lives. */
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
bool rs_static_serve(const struct rs_static *s, struct rs_req *q);

/* The client takes bytes again: the next part of the file. */
void rs_static_continue(struct rs_req *q);

/* ---- between the files of this ------------------------------------------------------------------------------------------ */

/*
 * What the head asks of a file. p is NULL for what is not there. Lists on several lines are one; what may be there once and is there
 * twice means nothing.
 */
struct rs_static_asked {
	struct rs_slice if_match, if_none_match, if_modified, if_unmodified, if_range, range, accept;
	char joined[2048];
	size_t used;
};

#define RS_STATIC_ETAG_MAX 80

/* What is sent: a file, or a neighbour of it in a coding. Whoever has it owns fd. */
struct rs_static_found {
	int fd;
	struct stat st;
	const char *name;          /* of the file that was asked for */
	const char *type;
	const char *coding;        /* NULL: as it is */
	bool varies;               /* another client may get another coding */
	char etag[RS_STATIC_ETAG_MAX]; /* strong, with its quotes */
};

/* Which bytes of it, and the status that goes with them. */
struct rs_static_wanted {
	unsigned status;           /* 200, 206, 304, 412, 416 */
	size_t ranges;             /* 206: 1 or more */
	struct rs_http_range range[RS_HTTP_RANGES_MAX];
};

enum rs_static_result {
	RS_STATIC_NONE,            /* nothing was done */
	RS_STATIC_DIRECTORY,       /* the same, but it could be a directory */
	RS_STATIC_ANSWERED,
};

/* The regular file of that name below the root; -1 and errno: none that may be served, EISDIR: a directory. */
int rs_static_open(const struct rs_static *s, const char *name, struct stat *st);
/* The directory of that name; -1: none. */
int rs_static_open_directory(const struct rs_static *s, const char *name);
/* The file of that name, or a neighbour that the client prefers. type: of the name. false: errno as above. */
bool rs_static_find(const struct rs_static *s, const struct rs_conf *conf, const char *name, const char *type,
		    const struct rs_static_asked *a, struct rs_static_found *out);

void rs_static_ask(const struct rs_req *q, struct rs_static_asked *out);
void rs_static_choose(const struct rs_static_asked *a, const struct rs_static_found *f, bool head_method, struct rs_static_wanted *out);

#define RS_STATIC_LINES_MAX 1024
/*
 * Header lines of an answer. part: of a 206 with one; type: Content-Type, NULL: none. false: they are too long.
 */
bool rs_static_lines(const struct rs_req *q, const struct rs_static_found *f, unsigned status, const struct rs_http_range *part,
		     const char *type, char out[RS_STATIC_LINES_MAX]);

/* The head of an answer into r->out. n: bytes of the body, -1: it says nothing about one. false: no memory. */
bool rs_static_put_head(struct rs_req *q, unsigned status, const char *lines, int64_t n);
/* What stands in r->out, then what is set of the file. */
void rs_static_send(struct rs_req *q);
/* Answers from the file of that name. */
enum rs_static_result rs_static_file(const struct rs_static *s, struct rs_req *q, const char *name);
/* Answers with that body. lines: of the head, each ended. false: no memory, nothing was done. */
bool rs_static_answer(struct rs_req *q, unsigned status, const char *lines, struct rs_slice body);
/*
 * For a directory: its index file, a list of what is in it, or (slash false: the target does not end in one) the way there. false:
 * none of that is wanted, or it is no directory; nothing was done.
 */
bool rs_static_directory(const struct rs_static *s, struct rs_req *q, const char *name, bool slash);

/* Answers with several parts, takes f->fd. false: no memory, nothing was done. */
bool rs_static_parts(struct rs_req *q, const struct rs_static_found *f, const struct rs_static_wanted *w);
/* q->file_left of a part has been sent: the head of the next one, or what ends the last. false: the client is gone. */
bool rs_static_next_part(struct rs_req *q);

#endif
