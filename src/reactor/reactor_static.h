/*
 * Plain files below document_root, served without PHP.
 */
#ifndef RS_REACTOR_STATIC_H
#define RS_REACTOR_STATIC_H

#include "base/rs_base.h"

struct rs_reactor;
struct rs_req;
struct rs_http_head;

struct rs_static {
	int root_fd;               /* O_PATH on document_root, -1: no static files */
	char root[4096];           /* its real path */
	char storage[4096];        /* <base>/storage/app/public, as configured; "": none */
	bool of_port;              /* of a script's server: parts of files too, types nobody knows are the application's */
};

void rs_static_init(struct rs_static *s);
void rs_static_fini(struct rs_static *s);
/* After CONF and ROUTE: opens the roots anew (a release may be a symlink that moved). */
void rs_static_configure(struct rs_reactor *r);
/* The root of one port of a script's server. s is initialised. */
void rs_static_open_port(struct rs_reactor *r, struct rs_static *s, const char *root);

/*
 * Answers q, a GET or HEAD without body, from a file if its target is one. false: it is not, nothing was done, PHP gets it.
 */
bool rs_static_serve(const struct rs_static *s, struct rs_req *q, const struct rs_http_head *h);

/* The client takes bytes again: the next part of the file. */
void rs_static_continue(struct rs_req *q);

#endif
