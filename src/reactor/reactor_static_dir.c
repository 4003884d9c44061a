/*
 * Directories below document_root: static_index; http_index_files and http_autoindex of a script's port. Runs in the reactor.
 */
#include "base/rs_fd.h"
#include "http/http.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_static.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A longer list is cut: somebody waits for it, and everybody else for us. */
#define ENTRIES_MAX 2000

/* ---- text ----------------------------------------------------------------------------------------------------------- */

static bool put_text(struct rs_buf *out, const char *s)
{
	bool ok = true;

	for (; ok && *s; s++) {
		switch (*s) {
		case '&':
			ok = rs_buf_put(out, "&amp;", 5);
			break;
		case '<':
			ok = rs_buf_put(out, "&lt;", 4);
			break;
		case '>':
			ok = rs_buf_put(out, "&gt;", 4);
			break;
		case '"':
			ok = rs_buf_put(out, "&quot;", 6);
			break;
		default:
			ok = rs_buf_put(out, s, 1);
		}
	}
	return ok;
}

/* Percent escapes for all but unreserved bytes (RFC 3986 2.3): neither a scheme nor a query nor the end of the attribute. */
static bool put_link(struct rs_buf *out, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	bool ok = true;

	for (; ok && *s; s++)
		ok = memchr(plain, *s, sizeof plain - 1) ? rs_buf_put(out, s, 1) : rs_buf_printf(out, "%%%02X", (unsigned char)*s);
	return ok;
}

/* ---- the list --------------------------------------------------------------------------------------------------------- */

struct list {
	char *name[ENTRIES_MAX]; /* of a directory: with a slash at its end */
	size_t n;
	bool cut;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Only what a target can mean: see rs_http_file_path(), rs_http_mime(). */
static bool is_shown(const struct dirent *e, int fd, bool *directory)
{
	struct stat st;
	bool source;

	if (e->d_name[0] == '.' || fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	*directory = S_ISDIR(st.st_mode);
	(void)rs_http_mime(e->d_name, &source);
	return *directory || (S_ISREG(st.st_mode) && !source);
}

static void read_list(struct list *l, DIR *dir)
{
	const struct dirent *e;
	size_t size;
	bool directory;

	while ((e = readdir(dir))) {
		if (!is_shown(e, dirfd(dir), &directory))
			continue;
		l->cut = l->n == ENTRIES_MAX;
		size = strlen(e->d_name) + 2;
		if (l->cut || !(l->name[l->n] = malloc(size)))
			return;
		rs_fmt(l->name[l->n++], size, "%s%s", e->d_name, directory ? "/" : "");
	}
}

static bool put_entry(struct rs_buf *out, char *name)
{
	size_t n = strlen(name);
	bool directory = name[n - 1] == '/', ok;

	name[n - (directory ? 1 : 0)] = '\0';
	ok = rs_buf_printf(out, "<li><a href=\"") && put_link(out, name) && rs_buf_printf(out, directory ? "/\">" : "\">") &&
	     put_text(out, name) && rs_buf_printf(out, "%s</a></li>\n", directory ? "/" : "");
	return ok;
}

static bool put_list(struct rs_buf *out, struct list *l, const char *name)
{
	bool ok = rs_buf_printf(out, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Index of /") && put_text(out, name) &&
		  rs_buf_printf(out, "</title></head>\n<body><h1>Index of /") && put_text(out, name) && rs_buf_printf(out, "</h1>\n<ul>\n") &&
		  (!*name || rs_buf_printf(out, "<li><a href=\"../\">../</a></li>\n"));

	qsort(l->name, l->n, sizeof l->name[0], by_name);
	for (size_t i = 0; ok && i < l->n; i++)
		ok = put_entry(out, l->name[i]);
	return ok && rs_buf_printf(out, "</ul>%s</body></html>\n", l->cut ? "\n<p>and more</p>" : "");
}

/* Takes fd. */
static bool answer_list(struct rs_req *q, const char *name, int fd)
{
	struct list *l = calloc(1, sizeof *l);
	DIR *dir = l ? fdopendir(fd) : NULL;
	struct rs_buf body = { 0 };
	bool ok = dir != NULL;

	if (ok)
		read_list(l, dir);
	else
		rs_fd_close(&fd);
	ok = ok && put_list(&body, l, name) &&
	     rs_static_answer(q, 200, "Content-Type: text/html; charset=utf-8\r\n", rs_buf_slice(&body));
	for (size_t i = 0; l && i < l->n; i++)
		free(l->name[i]);
	free(l);
	if (dir)
		(void)closedir(dir);
	rs_buf_free(&body);
	return ok;
}

/* ---- directories ---------------------------------------------------------------------------------------------------------- */

/* To the same with a slash: links in what stands there are relative to it. */
static bool answer_way(struct rs_req *q)
{
	struct rs_slice path = rs_req_path(q), query = rs_req_query(q);
	struct rs_buf lines = { 0 };
	bool ok;

	ok = rs_buf_printf(&lines, "Location: ") && rs_buf_put(&lines, path.p, path.n) && rs_buf_put(&lines, "/", 1) &&
	     rs_buf_put(&lines, query.p, query.n) && rs_buf_put(&lines, "\r\n", 3 /* its end, too */) &&
	     rs_static_answer(q, 301, rs_buf_data(&lines), RS_SLICE(""));
	rs_buf_free(&lines);
	return ok;
}

static bool index_of(char *out, size_t size, const char *name, const char *index)
{
	return rs_fmt(out, size, "%s%s%s", name, *name ? "/" : "", index);
}

static bool has_index(const struct rs_static *s, const char *name)
{
	char file[4096];
	struct stat st;
	bool source;
	int fd = -1;

	for (const char *at = s->index; *at && fd < 0; at += strlen(at) + 1) {
		(void)rs_http_mime(at, &source);
		fd = !source && index_of(file, sizeof file, name, at) ? rs_static_open(s, file, &st) : -1;
	}
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static bool answer_index(const struct rs_static *s, struct rs_req *q, const char *name)
{
	char file[4096];

	for (const char *at = s->index; *at; at += strlen(at) + 1)
		if (index_of(file, sizeof file, name, at) && rs_static_file(s, q, file) == RS_STATIC_ANSWERED)
			return true;
	return false;
}

bool rs_static_directory(const struct rs_static *s, struct rs_req *q, const char *name, bool slash)
{
	int fd;
	bool ok;

	if (slash ? answer_index(s, q, name) : has_index(s, name))
		return slash || answer_way(q);
	if (!s->autoindex)
		return false;
	fd = rs_static_open_directory(s, name);
	if (fd >= 0 && slash)
		return answer_list(q, name, fd);
	ok = fd >= 0;
	rs_fd_close(&fd);
	return ok && answer_way(q);
}
