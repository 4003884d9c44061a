/*
 * What is under a connection: how its bytes reach the client. One table for each kind; c->wire says which it is. Everything that
 * concerns c->fd is here and in the constructor.
 */
#ifndef RS_REACTOR_WIRE_H
#define RS_REACTOR_WIRE_H

#include "base/rs_base.h"

#include <sys/types.h>
#include <sys/uio.h>

struct rs_conn;

/*
 * Calls are non-blocking and answer as the system calls they stand for: bytes, or -1 and errno; EAGAIN: an event will come. The wire
 * never closes c itself.
 */
struct rs_wire {
	/* As recv(). 0: end of file. */
	ssize_t (*read)(struct rs_conn *c, void *to, size_t n);
	/* As writev(). Only while nothing waits in c->out. */
	ssize_t (*write)(struct rs_conn *c, struct iovec *iov, int n);
	/* From c->out, which is not empty, at most so many bytes; they are gone from it. */
	ssize_t (*flush)(struct rs_conn *c, size_t most);
	/* As sendfile(): 0: the file is shorter than it was. Only while nothing waits in c->out. */
	ssize_t (*send_file)(struct rs_conn *c, int fd, off_t *at, size_t n);
	/* No more will be written; the client may still send. false: c is to be closed. */
	bool (*shut)(struct rs_conn *c);
	/* The end; reset: it must not look like a proper one. Everything of the wire is freed. Once. */
	void (*close)(struct rs_conn *c, bool reset);
	/* Events: the calls of c->wire are to be tried again when the client sends, when it takes. false: no memory. */
	bool (*want_read)(struct rs_conn *c, bool on);
	bool (*want_write)(struct rs_conn *c, bool on);
	/* Bytes are there that no event will speak of. */
	bool (*has_more)(const struct rs_conn *c);
	/* The connection that carries c, a stream of it. NULL: there is none below. */
	struct rs_conn *(*under)(const struct rs_conn *c);
	/* So many bytes more wait in c->out. NULL: nobody counts them. */
	void (*kept)(struct rs_conn *c, size_t n);
};

/* A socket as it is. */
extern const struct rs_wire rs_wire_plain;

/* Shared by wires that have a socket: c->ev_read, c->ev_write. */
bool rs_wire_socket_want_read(struct rs_conn *c, bool on);
bool rs_wire_socket_want_write(struct rs_conn *c, bool on);
/* reset: SO_LINGER 0. */
void rs_wire_socket_close(struct rs_conn *c, bool reset);

#endif
