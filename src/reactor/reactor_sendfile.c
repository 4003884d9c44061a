/*
 * Parts of files in a send queue. Runs in the reactor.
 */
#include "reactor/reactor_sendfile.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_serve.h"
#include "reactor/reactor_wire.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>

struct part {
	struct part *next;
	int fd;
	off_t at;
	uint64_t left;
	struct evbuffer *after; /* queued behind it; NULL: nothing */
};

struct rs_sendfile {
	struct part *first, *last; /* there is always one */
	unsigned n;
	uint64_t bytes;            /* of files */
};

/* So that senders see how many there are. */
static void count(struct rs_conn *c, int n)
{
	struct rs_serve *s = c->r->serve;

	s->files += (uint32_t)n;
	atomic_store_explicit(&s->board.head->files, s->files, memory_order_relaxed);
}

bool rs_sendfile_put(struct rs_conn *c, int fd, uint64_t offset, uint64_t length)
{
	struct part *p = calloc(1, sizeof *p);
	struct rs_sendfile *s = c->sendfile ? c->sendfile : calloc(1, sizeof *s);

	if (!p || !s) {
		free(p);
		if (s != c->sendfile)
			free(s);
		rs_fd_close(&fd);
		return false;
	}
	*p = (struct part){ .fd = fd, .at = (off_t)offset, .left = length };
	if (s->last)
		s->last->next = p;
	else
		s->first = p;
	s->last = p;
	s->n++;
	s->bytes += length;
	c->sendfile = s;
	count(c, 1);
	return true;
}

struct evbuffer **rs_sendfile_tail(struct rs_conn *c)
{
	return c->sendfile ? &c->sendfile->last->after : &c->out;
}

/* The first one has left: what was behind it is next. */
static void drop_first(struct rs_conn *c)
{
	struct rs_sendfile *s = c->sendfile;
	struct part *p = s->first;

	if (c->out)
		evbuffer_free(c->out);
	c->out = p->after;
	s->first = p->next;
	s->n--;
	count(c, -1);
	s->bytes -= p->left;
	rs_fd_close(&p->fd);
	free(p);
	if (s->first)
		return;
	free(s);
	c->sendfile = NULL;
}

ssize_t rs_sendfile_flush(struct rs_conn *c, size_t most)
{
	struct rs_sendfile *s = c->sendfile;
	struct part *p = s->first;
	ssize_t sent;

	errno = 0;
	sent = c->wire->send_file(c, p->fd, &p->at, p->left < most ? (size_t)p->left : most);
	if (sent <= 0)
		return sent;
	p->left -= (uint64_t)sent;
	s->bytes -= (uint64_t)sent;
	if (p->left == 0)
		drop_first(c);
	return sent;
}

void rs_sendfile_free(struct rs_conn *c)
{
	while (c->sendfile)
		drop_first(c);
}

size_t rs_sendfile_pending(const struct rs_conn *c)
{
	size_t all = 0;

	if (!c->sendfile)
		return 0;
	for (const struct part *p = c->sendfile->first; p; p = p->next)
		all += (size_t)p->left + (p->after ? evbuffer_get_length(p->after) : 0);
	return all;
}

uint64_t rs_sendfile_bytes(const struct rs_conn *c)
{
	return c->sendfile ? c->sendfile->bytes : 0;
}

unsigned rs_sendfile_count(const struct rs_conn *c)
{
	return c->sendfile ? c->sendfile->n : 0;
}
