/*
 * Rules across options of a completed configuration. Each is a function that complains or is silent; they run in the
 * order of the table below. Looks at the file system only to say early what would fail later.
 */
#include "conf/conf_private.h"

#include "base/rs_proc.h"
#include "tls/tls_parts.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* SWOOLE_SOCK_* */
enum { SOCK_TCP = 1, SOCK_TCP6 = 3, SOCK_UNIX = 5, SOCK_SSL = 512 };

struct rule_result {
	enum rs_opt_id id; /* whose value is to blame */
	struct rs_complaint why;
};

static bool blame(struct rule_result *r, enum rs_opt_id id, const char *allowed, const char *fmt, ...)
	RS_PRINTF(4, 5);

/* Always false: "the rule is broken". */
static bool blame(struct rule_result *r, enum rs_opt_id id, const char *allowed, const char *fmt, ...)
{
	char text[2 * PATH_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	rs_conf_printable(text, r->why.what, sizeof r->why.what);
	(void)rs_fmt(r->why.allowed, sizeof r->why.allowed, "%s", allowed);
	r->id = id;
	return false;
}

static bool is_kind(const char *path, mode_t kind)
{
	struct stat st;

	return stat(path, &st) == 0 && (st.st_mode & S_IFMT) == kind;
}

static bool fits_sockaddr(const char *path)
{
	return strlen(path) < sizeof ((struct sockaddr_un *)NULL)->sun_path;
}

static bool is_ip(const char *text)
{
	unsigned char addr[16];

	return inet_pton(AF_INET, text, addr) == 1 || inet_pton(AF_INET6, text, addr) == 1;
}

static bool rule_socket_type(const struct rs_conf *c, struct rule_result *r)
{
	int64_t kind = c->socket_type & ~(int64_t)SOCK_SSL;
	bool path = strchr(c->listen_ip, '/') != NULL;

	if ((c->socket_type & SOCK_SSL) && !rs_conf_tls(c))
		return blame(r, RS_OPT_ID_socket_type, "ssl_cert_file and ssl_key_file, or 1, 3 or 5",
			     "SWOOLE_SSL asks for TLS, and there is no certificate");
	if (kind != SOCK_TCP && kind != SOCK_TCP6 && kind != SOCK_UNIX)
		return blame(r, RS_OPT_ID_socket_type, "1 (TCP), 3 (TCP6) or 5 (Unix stream)",
			     "`%jd` is no type of the main port", (intmax_t)kind);
	if (kind == SOCK_UNIX && !path)
		return blame(r, RS_OPT_ID_listen_ip, "a path with a slash in it",
			     "socket_type 5 is a Unix socket, and `%s` is no path", c->listen_ip);
	return true;
}

static bool rule_listen_ip(const struct rs_conf *c, struct rule_result *r)
{
	if (strchr(c->listen_ip, '/') || is_ip(c->listen_ip))
		return true;
	if (strcmp(c->listen_ip, "localhost") == 0)
		(void)rs_fmt(r->why.hint, sizeof r->why.hint, "`127.0.0.1`");
	return blame(r, RS_OPT_ID_listen_ip, "an IPv4 or IPv6 address, or the path of a Unix socket",
		     "`%s` is not an address", c->listen_ip);
}

/* The main port as [rserverd] listen[] would write it. */
static bool main_address(const struct rs_conf *c, char *out, size_t size)
{
	if (strchr(c->listen_ip, '/'))
		return rs_fmt(out, size, "%s", c->listen_ip);
	return rs_fmt(out, size, strchr(c->listen_ip, ':') ? "[%s]:%jd" : "%s:%jd", c->listen_ip,
		      (intmax_t)c->listen_port);
}

static bool rule_listen_once(const struct rs_conf *c, struct rule_result *r)
{
	char first[PATH_MAX + 64];

	if (!main_address(c, first, sizeof first))
		return true;
	for (size_t i = 0; i < c->listen.n; i++) {
		bool again = strcmp(c->listen.v[i], first) == 0;

		for (size_t j = 0; j < i; j++)
			again = again || strcmp(c->listen.v[i], c->listen.v[j]) == 0;
		if (again)
			return blame(r, RS_OPT_ID_listen, "every address once", "`%s` is there twice", c->listen.v[i]);
	}
	return true;
}

static bool rule_socket_paths(const struct rs_conf *c, struct rule_result *r)
{
	static const char allowed[] = "107 bytes; a shorter path can be set here";

	if (!fits_sockaddr(c->control_socket))
		return blame(r, RS_OPT_ID_control_socket, allowed, "`%s` is too long for a Unix socket",
			     c->control_socket);
	if (!fits_sockaddr(c->app_socket))
		return blame(r, RS_OPT_ID_app_socket, allowed, "`%s` is too long for a Unix socket", c->app_socket);
	if (strchr(c->listen_ip, '/') && !fits_sockaddr(c->listen_ip))
		return blame(r, RS_OPT_ID_listen_ip, allowed, "`%s` is too long for a Unix socket", c->listen_ip);
	for (size_t i = 0; i < c->listen.n; i++)
		if (c->listen.v[i][0] == '/' && !fits_sockaddr(c->listen.v[i]))
			return blame(r, RS_OPT_ID_listen, allowed, "`%s` is too long for a Unix socket",
				     c->listen.v[i]);
	return true;
}

/* Two uses of one file would destroy each other. */
static bool rule_distinct_files(const struct rs_conf *c, struct rule_result *r)
{
	const struct {
		enum rs_opt_id id;
		const char *path;
	} files[] = {
		{ RS_OPT_ID_listen_ip, c->listen_ip[0] == '/' ? c->listen_ip : "" },
		{ RS_OPT_ID_pid_file, c->pid_file },
		{ RS_OPT_ID_log_file, c->log_file },
		{ RS_OPT_ID_access_log, c->access_log },
		{ RS_OPT_ID_control_socket, c->control_socket },
		{ RS_OPT_ID_app_socket, c->app_socket },
	};

	for (size_t i = 0; i < RS_COUNTOF(files); i++)
		for (size_t j = 0; j < i; j++)
			if (*files[i].path && strcmp(files[i].path, files[j].path) == 0)
				return blame(r, files[i].id, "a file of its own", "`%s` is %s as well", files[i].path,
					     rs_options[files[j].id].key);
	for (size_t i = 0; i < c->listen.n; i++) {
		unsigned words;
		const struct rs_slice address = rs_conf_listen_words(c->listen.v[i], &words);

		for (size_t j = 0; j < RS_COUNTOF(files); j++)
			if (*files[j].path && rs_slice_eq(address, rs_slice_str(files[j].path)))
				return blame(r, RS_OPT_ID_listen, "a file of its own, and every address once", "`%s` is %s as well",
					     files[j].path, rs_options[files[j].id].key);
	}
	return true;
}

static bool rule_bodies(const struct rs_conf *c, struct rule_result *r)
{
	if (c->body_buffer_size <= c->package_max_length)
		return true;
	return blame(r, RS_OPT_ID_body_buffer_size, "at most package_max_length",
		     "is above package_max_length (%jd bytes): no request is that large",
		     (intmax_t)c->package_max_length);
}

static bool rule_directories(const struct rs_conf *c, struct rule_result *r)
{
	if (!is_kind(c->upload_tmp_dir, S_IFDIR))
		return blame(r, RS_OPT_ID_upload_tmp_dir, "a directory", "`%s` is not a directory", c->upload_tmp_dir);
	if (c->handle_static && !is_kind(c->document_root, S_IFDIR))
		return blame(r, RS_OPT_ID_document_root, "a directory, or handle_static = false",
			     "`%s` is not a directory, and handle_static wants one", c->document_root);
	return true;
}

/* A directory, or /PREFIX/=DIRECTORY. */
static bool rule_x_sendfile(const struct rs_conf *c, struct rule_result *r)
{
	for (size_t i = 0; i < c->x_sendfile.n; i++) {
		const char *item = c->x_sendfile.v[i], *map = strstr(item, "/="), *dir = map ? map + 2 : item;

		if (item[0] == '/' && dir[0] == '/' && is_kind(dir, S_IFDIR))
			continue;
		return blame(r, RS_OPT_ID_x_sendfile, "an absolute directory, or /PREFIX/=/DIRECTORY; nothing = off",
			     "`%s`: `%s` is not an absolute directory", item, dir);
	}
	return true;
}

static bool rule_entry(const struct rs_conf *c, struct rule_result *r)
{
	char path[2 * PATH_MAX];
	bool callable = c->framework == RS_FRAMEWORK_CALLABLE;

	if (!callable && *c->entry)
		return blame(r, RS_OPT_ID_entry, "framework = callable, or no entry",
			     "is used with framework = callable only");
	if (!callable)
		return true;
	if (!*c->entry)
		return blame(r, RS_OPT_ID_entry, "a PHP file that returns a callable",
			     "framework = callable needs an entry");
	if (!rs_fmt(path, sizeof path, "%s%s%s", c->entry[0] == '/' ? "" : c->laravel_base_path,
		    c->entry[0] == '/' ? "" : "/", c->entry) ||
	    !is_kind(path, S_IFREG))
		return blame(r, RS_OPT_ID_entry, "a PHP file that returns a callable", "`%s` is not a file", path);
	return true;
}

/* Explicit paths only: a missing default is reported by whoever needs it. */
static bool rule_php_files(const struct rs_conf *c, struct rule_result *r)
{
	const struct {
		enum rs_opt_id id;
		const char *path;
	} files[] = { { RS_OPT_ID_php_ini, c->php_ini },
		      { RS_OPT_ID_libphp, c->libphp },
		      { RS_OPT_ID_php_binary, c->php_binary },
		      { RS_OPT_ID_engine_module, c->engine_module } };

	for (size_t i = 0; i < RS_COUNTOF(files); i++)
		if (!c->origin[files[i].id].derived && !is_kind(files[i].path, S_IFREG))
			return blame(r, files[i].id, "an existing file", "`%s` is not a file", files[i].path);
	return true;
}

static bool rule_group(const struct rs_conf *c, struct rule_result *r)
{
	if (*c->group && !*c->user)
		return blame(r, RS_OPT_ID_group, "user and group, or user alone", "a group needs a user");
	return true;
}

/* Root alone can become somebody; started by others the option is passed over. What a script has set() is its own to warn of. */
static bool rule_user(const struct rs_conf *c, struct rule_result *r)
{
	struct rs_identity id;
	const char *unknown;
	bool of_group;

	if (geteuid() != 0 || !*c->user || c->origin[RS_OPT_ID_user].from == RS_FROM_CLI || rs_identity_find(c->user, c->group, &id, &unknown))
		return true;
	of_group = unknown == c->group;
	return blame(r, of_group ? RS_OPT_ID_group : RS_OPT_ID_user, of_group ? "a group of this system" : "a user of this system",
		     "`%s` is not known here", unknown);
}

static bool rule_gzip(const struct rs_conf *c, struct rule_result *r)
{
	if (!c->enable_gzip)
		return true;
	return blame(r, RS_OPT_ID_enable_gzip, "false; swoole.http_compression takes its place",
		     "forced compression is gone");
}

/* "text/html", "text/" and a star, a star. */
static bool is_type(const char *s)
{
	const char *slash = strchr(s, '/');

	if (strcmp(s, "*") == 0)
		return true;
	return slash && slash > s && slash[1] && strcspn(s, " \t,;\"*") >= (size_t)(slash + 1 - s) && !strchr(slash + 1, '/') &&
	       (strcmp(slash, "/*") == 0 || strcspn(s, " \t,;\"*") == strlen(s));
}

static bool rule_compression(const struct rs_conf *c, struct rule_result *r)
{
	for (size_t i = 0; i < c->http_compression_types.n; i++)
		if (!is_type(c->http_compression_types.v[i]))
			return blame(r, RS_OPT_ID_http_compression_types, "type/subtype, type/*, or *; one an item",
				     "`%s` is no content type", c->http_compression_types.v[i]);
	return true;
}

static bool rule_websocket(const struct rs_conf *c, struct rule_result *r)
{
	if (!c->websocket_enable || *c->websocket_handler)
		return true;
	return blame(r, RS_OPT_ID_websocket_handler, "a class that implements WebSocketHandlerInterface",
		     "websocket.enable needs a handler");
}

static bool rule_memory(const struct rs_conf *c, struct rule_result *r)
{
	if (!c->memory_hard_limit || !c->memory_soft_limit || c->memory_hard_limit > c->memory_soft_limit)
		return true;
	return blame(r, RS_OPT_ID_memory_hard_limit, "above memory_soft_limit, or 0",
		     "is not above memory_soft_limit (%jd bytes): no worker could be replaced before it is killed",
		     (intmax_t)c->memory_soft_limit);
}

static bool rule_tls(const struct rs_conf *c, struct rule_result *r)
{
	const char *cert = c->ssl_cert_file, *key = c->ssl_key_file;
	struct rs_slice bad = { 0 };
	unsigned bits;

	if (!*cert != !*key)
		return blame(r, *cert ? RS_OPT_ID_ssl_key_file : RS_OPT_ID_ssl_cert_file, "both, or none",
			     "a certificate needs its key, and a key its certificate");
	if (!rs_tls_protocols(rs_slice_str(c->ssl_protocols), &bits, &bad))
		return blame(r, RS_OPT_ID_ssl_protocols, "words of TLSv1, TLSv1.1, TLSv1.2, TLSv1.3", "`%.*s` is no protocol",
			     (int)bad.n, bad.p);
	if ((c->ssl_verify_client == RS_VERIFY_CLIENT_OFF && !c->ssl_verify_peer) || *c->ssl_client_cert_file ||
	    c->ssl_allow_self_signed)
		return true;
	return blame(r, RS_OPT_ID_ssl_client_cert_file, "a file with the authorities' certificates",
		     "certificates of clients cannot be checked without it");
}

enum rs_result rs_conf_check(const struct rs_conf *c, struct rs_conf_error *err)
{
	static bool (*const rules[])(const struct rs_conf *, struct rule_result *) = {
		rule_socket_type,    rule_listen_ip, rule_listen_once, rule_socket_paths,
		rule_distinct_files, rule_bodies,    rule_directories, rule_entry,
		rule_php_files,      rule_group,     rule_user,        rule_gzip,
		rule_websocket,      rule_memory,    rule_x_sendfile,  rule_compression,
		rule_tls,
	};
	struct rule_result r = { 0 };

	for (size_t i = 0; i < RS_COUNTOF(rules); i++)
		if (!rules[i](c, &r))
			return rs_conf_fail_option(c, r.id, &r.why, err);
	return rs_conf_check_items(c, err);
}
