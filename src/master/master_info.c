/*
 * `info`: what runs here and where its files are; and JSON strings.
 */
#include "master/master_status.h"

#include <unistd.h>

/* ---- JSON strings ------------------------------------------------------------------------------------ */

/* Bytes of the UTF-8 character at p, 0 when it is none (overlong, surrogate, cut, beyond U+10FFFF). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	static const struct {
		unsigned char first, mask, lead;
		size_t len;
	} kinds[] = { { 0xc2, 0xe0, 0xc0, 2 }, { 0xe0, 0xf0, 0xe0, 3 }, { 0xf0, 0xf8, 0xf0, 4 } };

	if (p[0] < 0x80)
		return 1;
	for (size_t k = 0; k < RS_COUNTOF(kinds); k++) {
		if ((p[0] & kinds[k].mask) != kinds[k].lead || p[0] < kinds[k].first || kinds[k].len > n)
			continue;
		for (size_t i = 1; i < kinds[k].len; i++)
			if ((p[i] & 0xc0) != 0x80)
				return 0;
		if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
		    p[0] > 0xf4 || (p[0] == 0xf4 && p[1] > 0x8f))
			return 0;
		return kinds[k].len;
	}
	return 0;
}

static bool put_char(struct rs_buf *out, const char *p, size_t n)
{
	if (n == 0)
		return rs_buf_printf(out, "\\ufffd");
	if (*p == '"' || *p == '\\')
		return rs_buf_printf(out, "\\%c", *p);
	if ((unsigned char)*p < 0x20)
		return rs_buf_printf(out, "\\u%04x", (unsigned)*p);
	return rs_buf_put(out, p, n);
}

bool rs_json_string(struct rs_buf *out, struct rs_slice text)
{
	bool ok = rs_buf_put(out, "\"", 1);

	while (ok && text.n) {
		size_t n = utf8_length((const unsigned char *)text.p, text.n), used = n ? n : 1;
		ok = put_char(out, text.p, n);
		text = rs_slice(text.p + used, text.n - used);
	}
	return ok && rs_buf_put(out, "\"", 1);
}

/* ---- info -------------------------------------------------------------------------------------------- */

static bool line(struct rs_buf *out, const char *name, struct rs_slice value)
{
	return rs_buf_printf(out, "  %-18s %.*s\n", name, (int)value.n, value.p);
}

static bool text_line(struct rs_buf *out, const char *name, const char *value)
{
	return line(out, name, rs_slice_str(*value ? value : "-"));
}

/* "name\tvalue" lines of the engine. */
static bool facts(const struct rs_gen *g, struct rs_buf *out)
{
	struct rs_slice s = rs_buf_slice(&g->facts);
	bool ok = true;

	while (ok && s.n) {
		const char *nl = memchr(s.p, '\n', s.n);
		size_t n = nl ? (size_t)(nl - s.p) : s.n;
		const char *tab = memchr(s.p, '\t', n);
		char name[64];
		if (tab) {
			(void)rs_copy(name, sizeof name, rs_slice(s.p, (size_t)(tab - s.p)));
			ok = line(out, name, rs_slice(tab + 1, n - (size_t)(tab - s.p) - 1));
		}
		s = rs_slice(s.p + n + (nl != NULL), s.n - n - (nl != NULL));
	}
	return ok;
}

static bool listeners(const struct rs_master *m, struct rs_buf *out)
{
	bool ok = rs_buf_printf(out, "\nProtocols\n");

	for (size_t i = 0; ok && i < m->listeners.n; i++) {
		const char *name = m->listeners.v[i].name;
		bool ip = strncmp(name, "unix:", 5) != 0;
		char url[4300];
		rs_fmt(url, sizeof url, "On   %s%s", ip ? "http://" : "", name);
		ok = text_line(out, i == 0 ? "Main HTTP" : "HTTP", url);
	}
	return ok;
}

static bool server(const struct rs_master *m, const struct rs_conf *c, struct rs_buf *out)
{
	char pid[64], workers[64];

	rs_fmt(pid, sizeof pid, "%d (generation %u)", (int)getpid(), m->current ? m->current->number : 0);
	rs_fmt(workers, sizeof workers, "%lld", (long long)c->worker_num);
	return rs_buf_printf(out, "\nServer\n") && text_line(out, "pid", pid) && text_line(out, "workers", workers) &&
	       text_line(out, "user", m->user.user) && text_line(out, "base path", c->laravel_base_path) &&
	       text_line(out, "configuration", c->ini_file) && text_line(out, "pid file", c->pid_file) &&
	       text_line(out, "control socket", c->control_socket) &&
	       text_line(out, "log", m->logs.path[0] ? m->logs.path : "standard error") &&
	       text_line(out, "access log", c->access_log[0] ? c->access_log : "none") && text_line(out, "module", c->engine_module) &&
	       (c->engine == RS_ENGINE_FAKE ||
		(text_line(out, "libphp", c->libphp) && text_line(out, "php.ini", c->php_ini)));
}

bool rs_status_info(const struct rs_master *m, struct rs_buf *out)
{
	return rs_buf_printf(out, "rserverd %s\n\nComponents\n", RS_VERSION) && (!m->current || facts(m->current, out)) &&
	       listeners(m, out) && server(m, rs_master_conf(m), out);
}
