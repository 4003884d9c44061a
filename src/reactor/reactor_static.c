/*
 * Plain files below document_root. Runs in the reactor. Decides whether a target is a file that may be served
 * (everything else is PHP's), and moves it to the client with sendfile.
 *
 * The kernel resolves the path below the root's descriptor and refuses symlinks. A path with one is resolved
 * freely, and then served only if the file that was really opened lies below the root, or, for /storage/...,
 * below <base>/storage/app/public, where `artisan storage:link` points.
 */
#include "reactor/reactor_static.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Files up to this are read and leave with their head in one piece. */
#define SMALL_FILE (16u << 10)
/* What one turn sends to one client. */
#define SEND_TURN (1u << 20)
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

void rs_static_init(struct rs_static *s)
{
	s->root_fd = -1;
	s->root[0] = s->storage[0] = '\0';
	s->of_port = false;
}

void rs_static_fini(struct rs_static *s)
{
	rs_fd_close(&s->root_fd);
}

/* Where a descriptor's file really is. false: unknown. */
static bool real_path(int fd, char out[4096])
{
	char link[32];
	ssize_t n;

	if (!rs_fmt(link, sizeof link, "/proc/self/fd/%d", fd))
		return false;
	n = readlink(link, out, 4095);
	out[n > 0 ? n : 0] = '\0';
	return n > 0 && n < 4095 && out[0] == '/';
}

static int open_root(const char *path, char real[4096])
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && !real_path(fd, real))
		rs_fd_close(&fd);
	return fd;
}

void rs_static_configure(struct rs_reactor *r)
{
	struct rs_static *s = &r->files;

	rs_static_fini(s);
	if (!r->conf->handle_static)
		return;
	s->root_fd = open_root(r->conf->document_root, s->root);
	if (s->root_fd < 0)
		rs_warn(r->log, "handle_static: cannot open %s", r->conf->document_root);
	if (!rs_fmt(s->storage, sizeof s->storage, "%s/storage/app/public", r->conf->laravel_base_path))
		s->storage[0] = '\0';
}

void rs_static_open_port(struct rs_reactor *r, struct rs_static *s, const char *root)
{
	s->of_port = true;
	s->root_fd = open_root(root, s->root);
	if (s->root_fd < 0)
		rs_warn(r->log, "enable_static_handler: cannot open %s", root);
}

/* ---- which file --------------------------------------------------------------------------------------- */

/* The part of path below dir, NULL: it is not there. */
static const char *below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && path[n] == '/' ? path + n + 1 : NULL;
}

/*
 * The part of path below <base>/storage/app/public. That may be made, or moved, at any time: looked up each
 * time.
 */
static const char *below_storage(const struct rs_static *s, const char *path)
{
	char dir[4096];
	int fd = open_root(s->storage, dir);
	const char *rest = fd >= 0 ? below(path, dir) : NULL;

	rs_fd_close(&fd);
	return rest;
}

/*
 * May a file that a symlink led to be served? Its real name has to pass what names in targets have to pass.
 */
static bool target_ok(const struct rs_static *s, const char *name, const char *real)
{
	const char *rest = below(real, s->root);
	bool source;

	if (!rest && s->storage[0] && below(name, "storage"))
		rest = below_storage(s, real);
	if (!rest)
		return false;
	for (const char *p = rest; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (*p == '.' && !(p == rest && strncmp(p, ".well-known/", 12) == 0))
			return false;
	}
	(void)rs_http_mime(rest, &source);
	return !source;
}

static int open_through_links(const struct rs_static *s, const char *name)
{
	char real[4096], again[32];
	struct stat st;
	int fd = -1, path_fd = openat(s->root_fd, name, O_PATH | O_CLOEXEC);

	/* Looked at through the descriptor, so what is judged is what is opened. */
	if (path_fd >= 0 && fstat(path_fd, &st) == 0 && S_ISREG(st.st_mode) && real_path(path_fd, real) &&
	    target_ok(s, name, real) && rs_fmt(again, sizeof again, "/proc/self/fd/%d", path_fd))
		fd = open(again, OPEN_FLAGS);
	rs_fd_close(&path_fd);
	return fd;
}

static int open_file(const struct rs_static *s, const char *name)
{
	struct open_how how = {
		.flags = OPEN_FLAGS,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, s->root_fd, name, &how, sizeof how);

	/* A symlink on the way, or a kernel or sandbox without openat2. */
	if (fd < 0 && (errno == ELOOP || errno == EXDEV || errno == ENOSYS || errno == EPERM))
		return open_through_links(s, name);
	return (int)fd;
}

/* ---- the answer --------------------------------------------------------------------------------------- */

static bool not_modified(const struct rs_req *q, int64_t mtime)
{
	struct rs_slice since = rs_req_field(q, RS_SLICE("If-Modified-Since"));
	int64_t t;

	/* RFC 9110 13.1.3: with If-None-Match it does not count. We have no entity tags, so none matches. */
	if (rs_req_field(q, RS_SLICE("If-None-Match")).n)
		return false;
	return since.n && rs_http_date_parse(since, &t) && mtime <= t;
}

/* Which bytes of the file are asked for, and the status that goes with them. */
struct part {
	uint64_t at, n, size;
	unsigned status; /* 200, 206, 304, 416 */
};

/* The whole file, unless the client has it or wants a part of it (RFC 9110 13, 14). */
static struct part choose_part(const struct rs_static *s, const struct rs_req *q, const struct stat *st)
{
	struct part part = { .n = (uint64_t)st->st_size, .size = (uint64_t)st->st_size, .status = 200 };
	struct rs_slice only_if = rs_req_field(q, RS_SLICE("If-Range"));
	int64_t t;

	if (not_modified(q, st->st_mtime)) {
		part.status = 304;
		part.n = 0;
		return part;
	}
	if (!s->of_port || (only_if.n && !(rs_http_date_parse(only_if, &t) && t == st->st_mtime)))
		return part;
	switch (rs_http_range(rs_req_field(q, RS_SLICE("Range")), part.size, &part.at, &part.n)) {
	case RS_HTTP_RANGE_WHOLE:
		break;
	case RS_HTTP_RANGE_PART:
		part.status = 206;
		break;
	case RS_HTTP_RANGE_NEVER:
		part.status = 416;
		part.n = 0;
		break;
	}
	return part;
}

static bool put_head(struct rs_req *q, const struct part *part, const struct stat *st, const char *type)
{
	struct rs_reactor *r = q->r;
	char headers[384], modified[32], range[96] = "";
	enum rs_http_framing framing;

	rs_http_date(st->st_mtime, modified);
	if (part->status == 206)
		(void)rs_fmt(range, sizeof range, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", part->at,
			     part->at + part->n - 1, part->size);
	else if (part->status == 416)
		(void)rs_fmt(range, sizeof range, "Content-Range: bytes */%" PRIu64 "\r\n", part->size);
	if (!rs_fmt(headers, sizeof headers, "Content-Type: %s\r\nLast-Modified: %s\r\n%s",
		    type ? type : "application/octet-stream", modified, range))
		return false;
	struct rs_http_response head = {
		.status = part->status,
		.headers = rs_slice_str(part->status == 304 ? strchr(headers, '\n') + 1 : headers),
		.content_length = part->status == 304 ? -1 : (int64_t)part->n,
		.date = rs_reactor_date(r),
		.server = r->conf->server,
		.minor = q->minor,
		.head_method = q->head_method,
		.keepalive = q->conn->keepalive,
	};
	if (!rs_http_write_head(&r->out, &head, &framing, &q->conn->keepalive))
		return false;
	q->framing = (uint8_t)framing;
	return true;
}

/* The file's bytes behind the head. false: they cannot be read, or are fewer than it said. */
static bool put_small(struct rs_buf *out, int fd, const struct part *part)
{
	char *to = rs_buf_reserve(out, (size_t)part->n);

	if (!to || pread(fd, to, (size_t)part->n, (off_t)part->at) != (ssize_t)part->n)
		return false;
	rs_buf_commit(out, (size_t)part->n);
	return true;
}

static void send_answer(struct rs_req *q)
{
	struct rs_buf *out = &q->r->out;
	struct iovec iov = { out->p + out->off, out->len };
	struct rs_conn *c = q->conn;

	q->head_sent = q->ended = true;
	q->state = RS_REQ_LOCAL;
	c->state = RS_CONN_SEND;
	rs_conn_deadline(c, 0);
	if (!rs_conn_write(c, &iov, 1))
		return;
	if (q->file_left && !rs_conn_pending(c))
		rs_static_continue(q);
	else
		rs_conn_answer_ends(c);
}

bool rs_static_serve(const struct rs_static *s, struct rs_req *q, const struct rs_http_head *h)
{
	struct rs_reactor *r = q->r;
	struct part part;
	const char *type;
	char name[4096];
	struct stat st;
	bool source, has_body;
	int fd;

	if (s->root_fd < 0 || !rs_http_file_path(rs_slice(h->target.p, h->path_len), name, sizeof name) || !*name)
		return false;
	type = rs_http_mime(name, &source);
	if (source || (!type && s->of_port))
		return false;
	fd = open_file(s, name);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		goto not_static;
	part = choose_part(s, q, &st);
	has_body = !q->head_method && part.n > 0;
	RS_ASSERT(r->out.len == 0);
	if (!put_head(q, &part, &st, type))
		goto not_static;
	if (has_body && part.n <= SMALL_FILE) {
		if (!put_small(&r->out, fd, &part))
			goto not_static;
		q->sent = part.n;
		has_body = false;
	}
	q->status = (uint16_t)part.status;
	if (has_body) {
		q->file_fd = fd;
		q->file_at = (off_t)part.at;
		q->file_left = part.n;
	} else {
		rs_fd_close(&fd);
	}
	send_answer(q);
	rs_buf_reset(&r->out, RS_OUT_KEEP);
	return true;
not_static:
	rs_fd_close(&fd);
	rs_buf_reset(&r->out, RS_OUT_KEEP);
	return false;
}

void rs_static_continue(struct rs_req *q)
{
	struct rs_conn *c = q->conn;
	size_t turn = 0;

	while (q->file_left && turn < SEND_TURN) {
		size_t n = q->file_left < SEND_TURN ? (size_t)q->file_left : SEND_TURN;
		ssize_t sent = sendfile(c->fd, q->file_fd, &q->file_at, n);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent <= 0) {
			/*
			 * The client has left, or the file became shorter: there is no honest way to go on.
			 */
			q->file_left = 0;
			rs_conn_close(c);
			return;
		}
		q->sent += (uint64_t)sent;
		q->file_left -= (uint64_t)sent;
		turn += (size_t)sent;
	}
	if (!q->file_left) {
		rs_conn_answer_ends(c);
		return;
	}
	rs_conn_want_write(c);
	if (turn)
		rs_conn_deadline(c, c->r->conf->write_timeout);
}
