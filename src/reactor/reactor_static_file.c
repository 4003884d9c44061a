/*
 * Which file below document_root a name means. Runs in the reactor.
 *
 * The kernel resolves the path below the root's descriptor and refuses symlinks. A path with one is resolved
 * freely, and then served only if the file that was really opened lies below the root, or, for /storage/...,
 * below <base>/storage/app/public, where `artisan storage:link` points.
 */
#include "reactor/reactor_static.h"

#include "base/rs_fd.h"
#include "http/http.h"
#include "ipc/server_wire.h"
#include "reactor/reactor_core.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void rs_static_init(struct rs_static *s)
{
	s->root_fd = -1;
	s->root[0] = s->storage[0] = s->index[0] = '\0';
	s->symlinks = RS_SYMLINKS_INSIDE;
	s->autoindex = false;
	s->port = NULL;
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

/* Names that do not fit any more are left out. */
static void set_index(struct rs_static *s, const struct rs_strlist *names)
{
	size_t n = 0, size;

	for (size_t i = 0; i < names->n; i++) {
		size = strlen(names->v[i]) + 1;
		if (size > sizeof s->index - 1 - n)
			break;
		memcpy(s->index + n, names->v[i], size);
		n += size;
	}
	s->index[n] = '\0';
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
	s->symlinks = (enum rs_symlinks)r->conf->static_symlinks;
	set_index(s, &r->conf->static_index);
}

void rs_static_open_port(struct rs_reactor *r, struct rs_static *s, const struct rs_port *port)
{
	s->port = port;
	s->autoindex = port->autoindex;
	memcpy(s->index, port->index_files, sizeof port->index_files);
	s->root_fd = open_root(port->document_root, s->root);
	if (s->root_fd < 0)
		rs_warn(r->log, "enable_static_handler: cannot open %s", port->document_root);
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

/* Is every part of the name one that a target may have? The first may be ".well-known". */
static bool shown(const char *name)
{
	bool source;

	for (const char *p = name; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (*p == '.' && !(p == name && strncmp(p, ".well-known/", 12) == 0))
			return false;
	}
	(void)rs_http_mime(name, &source);
	return !source;
}

/*
 * May a file that a symlink led to be served? Its real name has to pass what names in targets have to pass.
 */
static bool target_ok(const struct rs_static *s, const char *name, const char *real)
{
	const char *rest = below(real, s->root);

	if (s->symlinks == RS_SYMLINKS_OFF)
		return rest && strcmp(rest, name) == 0;
	if (!rest && s->storage[0] && below(name, "storage"))
		rest = below_storage(s, real);
	/* Elsewhere the directories above are nobody's business. */
	if (!rest && s->symlinks == RS_SYMLINKS_ON)
		rest = strrchr(real, '/') + 1;
	return rest && shown(rest);
}

static int open_through_links(const struct rs_static *s, const char *name, int flags)
{
	char real[4096], again[32];
	struct stat st;
	int fd = -1, path_fd = openat(s->root_fd, name, O_PATH | O_CLOEXEC);

	/* Looked at through the descriptor, so what is judged is what is opened. */
	if (path_fd >= 0 && fstat(path_fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) && real_path(path_fd, real) &&
	    target_ok(s, name, real) && rs_fmt(again, sizeof again, "/proc/self/fd/%d", path_fd))
		fd = open(again, flags);
	rs_fd_close(&path_fd);
	return fd;
}

/* O_NONBLOCK: a FIFO has nobody at its other end, a file may have a lease on it. */
static int open_name(const struct rs_static *s, const char *name, int more)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (unsigned)more,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, s->root_fd, name, &how, sizeof how);

	if (fd < 0 && s->symlinks == RS_SYMLINKS_OFF && errno == ELOOP)
		return -1;
	/* A symlink on the way, or a kernel or sandbox without openat2. */
	if (fd < 0 && (errno == ELOOP || errno == EXDEV || errno == ENOSYS || errno == EPERM))
		return open_through_links(s, name, (int)how.flags);
	return (int)fd;
}

int rs_static_open(const struct rs_static *s, const char *name, struct stat *st)
{
	int fd = open_name(s, name, 0), error = 0;

	if (fd < 0)
		return -1;
	if (fstat(fd, st) < 0)
		error = errno;
	else if (!S_ISREG(st->st_mode))
		error = S_ISDIR(st->st_mode) ? EISDIR : EPERM;
	if (error)
		rs_fd_close(&fd);
	errno = error;
	return fd;
}

int rs_static_open_directory(const struct rs_static *s, const char *name)
{
	return open_name(s, *name ? name : ".", O_DIRECTORY);
}
