/*
 * `info`: what runs here and where its files are; and JSON strings.
 */
#include "master/master_status.h"

#include <stdlib.h>
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

/* ---- tables ------------------------------------------------------------------------------------------ */

#define COLUMNS_MAX 4
#define ROWS_MAX 128
#define CELL_MAX 512

struct table {
	size_t columns, n;
	char cell[ROWS_MAX][COLUMNS_MAX][CELL_MAX];
};

/* columns texts; NULL is an empty cell, what is too long is cut. */
static void row(struct table *t, const char *const texts[COLUMNS_MAX])
{
	if (t->n == ROWS_MAX)
		return;
	for (size_t i = 0; i < t->columns; i++)
		(void)rs_copy(t->cell[t->n][i], CELL_MAX, rs_slice_str(texts[i] ? texts[i] : ""));
	t->n++;
}

static bool rule(const struct table *t, const size_t *width, struct rs_buf *out)
{
	bool ok = true;

	for (size_t i = 0; ok && i < t->columns; i++) {
		ok = rs_buf_put(out, "+", 1);
		for (size_t n = 0; ok && n < width[i] + 2; n++)
			ok = rs_buf_put(out, "-", 1);
	}
	return ok && rs_buf_printf(out, "+\n");
}

/* The first row is the head. */
static bool print_table(const struct table *t, const char *title, struct rs_buf *out)
{
	size_t width[COLUMNS_MAX] = { 0 };
	bool ok = rs_buf_printf(out, "\n%s\n", title);

	for (size_t r = 0; r < t->n; r++)
		for (size_t i = 0; i < t->columns; i++)
			if (strlen(t->cell[r][i]) > width[i])
				width[i] = strlen(t->cell[r][i]);
	ok = ok && rule(t, width, out);
	for (size_t r = 0; ok && r < t->n; r++) {
		for (size_t i = 0; ok && i < t->columns; i++)
			ok = rs_buf_printf(out, "| %-*s ", (int)width[i], t->cell[r][i]);
		ok = ok && rs_buf_printf(out, "|\n") && (r || rule(t, width, out));
	}
	return ok && rule(t, width, out);
}

/* ---- facts ------------------------------------------------------------------------------------------- */

/* Facts that the tables show. */
static const char *const in_tables[] = { "php", "swoole", "laravels", "framework", "framework_version", "environment" };

/* The next "name\tvalue" line of the engine; false: no more. */
static bool next_fact(struct rs_slice *s, struct rs_slice *name, struct rs_slice *value)
{
	while (s->n) {
		const char *nl = memchr(s->p, '\n', s->n);
		size_t n = nl ? (size_t)(nl - s->p) : s->n;
		const char *tab = memchr(s->p, '\t', n);
		size_t key = tab ? (size_t)(tab - s->p) : n;

		*name = rs_slice(s->p, key);
		*value = tab ? rs_slice(tab + 1, n - key - 1) : rs_slice("", 0);
		*s = rs_slice(s->p + n + (nl != NULL), s->n - n - (nl != NULL));
		if (tab)
			return true;
	}
	return false;
}

/* "-" when nobody said it. */
static void fact(const struct rs_master *m, const char *wanted, char *out, size_t size)
{
	struct rs_slice s = m->current ? rs_buf_slice(&m->current->facts) : rs_slice("", 0), name, value;

	(void)rs_copy(out, size, RS_SLICE("-"));
	while (next_fact(&s, &name, &value))
		if (rs_slice_eq(name, rs_slice_str(wanted)))
			(void)rs_copy(out, size, value);
}

static bool shown_already(struct rs_slice name)
{
	for (size_t i = 0; i < RS_COUNTOF(in_tables); i++)
		if (rs_slice_eq(name, rs_slice_str(in_tables[i])))
			return true;
	return false;
}

/* ---- components, protocols --------------------------------------------------------------------------- */

static bool components(const struct rs_master *m, struct table *t, struct rs_buf *out)
{
	char php[64], swoole[64], laravels[64], framework[128], environment[96], version[160], name[256], ours[160];

	fact(m, "php", php, sizeof php);
	fact(m, "swoole", swoole, sizeof swoole);
	fact(m, "laravels", laravels, sizeof laravels);
	fact(m, "framework", framework, sizeof framework);
	fact(m, "environment", environment, sizeof environment);
	fact(m, "framework_version", version, sizeof version);
	rs_fmt(ours, sizeof ours, "%s (swoole_version() %s)", RS_VERSION, swoole);
	rs_fmt(name, sizeof name, "%s%s%s%s", framework, strcmp(environment, "-") ? " [" : "",
	       strcmp(environment, "-") ? environment : "", strcmp(environment, "-") ? "]" : "");
	*t = (struct table){ .columns = 2 };
	row(t, (const char *const[COLUMNS_MAX]){ "Component", "Version" });
	row(t, (const char *const[COLUMNS_MAX]){ "PHP", php });
	row(t, (const char *const[COLUMNS_MAX]){ "rserverd (Swoole)", ours });
	if (strcmp(laravels, "-") != 0)
		row(t, (const char *const[COLUMNS_MAX]){ "LaravelS", laravels });
	row(t, (const char *const[COLUMNS_MAX]){ name, version });
	return print_table(t, "Components", out);
}

/* An extra port: of the configuration, and as the master has it. */
struct extra {
	const struct rs_conf_item *it;
	char name[CELL_MAX];       /* "Port#echo TCP" */
	const char *address;       /* NULL: it could not be had */
};

/* The one behind *i items, which then is behind it; the master's are in the same order, from 1. false: no more. */
static bool next_extra(const struct rs_master *m, const struct rs_conf *c, size_t *i, size_t *at, struct extra *x)
{
	static const char *const types[] = { "TCP", "UDP", "TCP6", "UDP6", "UNIX_STREAM", "UNIX_DGRAM" };
	const struct rs_conf_items *all = &c->items[RS_KIND_sockets];

	while (*i < all->n && !rs_conf_item_number(&all->v[*i], RS_ITEM_sockets_enable))
		++*i;
	if (*i == all->n)
		return false;
	x->it = &all->v[(*i)++];
	++*at;
	x->address = *at < m->ports.n && m->ports.v[*at].fd >= 0 ? m->ports.v[*at].name : NULL;
	rs_fmt(x->name, sizeof x->name, "Port#%s %s%s", x->it->name, types[rs_conf_socket_type(x->it) - 1],
	       rs_conf_socket_tls(x->it) ? " TLS" : "");
	return true;
}

static void extra_ports(const struct rs_master *m, const struct rs_conf *c, struct table *t)
{
	size_t i = 0, at = 0;
	struct extra x;

	while (next_extra(m, c, &i, &at, &x))
		row(t, (const char *const[COLUMNS_MAX]){ x.name, x.address ? "On" : "Off", rs_conf_item_text(x.it, RS_ITEM_sockets_handler),
					      x.address ? x.address : "-" });
}

void rs_status_listening(const struct rs_master *m)
{
	const struct rs_conf *c = rs_master_conf(m);
	size_t i = 0, at = 0;
	struct extra x;

	for (size_t l = 0; l < m->listeners.n; l++)
		rs_notice(m->log, "listening on %s: HTTP%s%s%s%s", m->listeners.v[l].name,
			  m->listeners.v[l].words & RS_LISTEN_WORD_SSL ? "S" : "", c->websocket_enable ? ", WebSocket (" : "",
			  c->websocket_enable ? c->websocket_handler : "", c->websocket_enable ? ")" : "");
	while (next_extra(m, c, &i, &at, &x))
		if (x.address)
			rs_notice(m->log, "listening on %s: %s (%s)", x.address, x.name,
				  rs_conf_item_text(x.it, RS_ITEM_sockets_handler));
}

static void main_port(const struct rs_master *m, struct table *t, const char *name, const char *scheme, const char *handler)
{
	char url[CELL_MAX];

	for (size_t i = 0; i < m->listeners.n; i++) {
		const char *address = m->listeners.v[i].name;
		const char *secure = m->listeners.v[i].words & RS_LISTEN_WORD_SSL ? "s" : "";

		if (strncmp(address, "unix:", 5) == 0)
			rs_fmt(url, sizeof url, "%s%s", address, *secure ? " (TLS)" : "");
		else
			rs_fmt(url, sizeof url, "%s%s://%s", scheme, secure, address);
		row(t, (const char *const[COLUMNS_MAX]){ name, "On", handler, url });
	}
}

static bool protocols(const struct rs_master *m, const struct rs_conf *c, struct table *t, struct rs_buf *out)
{
	char framework[128], handler[160];

	fact(m, "framework", framework, sizeof framework);
	rs_fmt(handler, sizeof handler, c->framework == RS_FRAMEWORK_CALLABLE || c->engine == RS_ENGINE_FAKE ? "%s" : "%s Router",
	       framework);
	*t = (struct table){ .columns = 4 };
	row(t, (const char *const[COLUMNS_MAX]){ "Protocol", "Status", "Handler", "Listen At" });
	main_port(m, t, "Main HTTP", "http", handler);
	if (c->websocket_enable)
		main_port(m, t, "Main WebSocket", "ws", c->websocket_handler);
	extra_ports(m, c, t);
	return print_table(t, "Protocols", out);
}

/* ---- the rest ---------------------------------------------------------------------------------------- */

static bool line(struct rs_buf *out, const char *name, struct rs_slice value)
{
	return rs_buf_printf(out, "  %-18s %.*s\n", name, (int)value.n, value.p);
}

static bool text_line(struct rs_buf *out, const char *name, const char *value)
{
	return line(out, name, rs_slice_str(*value ? value : "-"));
}

static bool number_line(struct rs_buf *out, const char *name, int64_t value)
{
	char text[32];

	rs_fmt(text, sizeof text, "%jd", (intmax_t)value);
	return text_line(out, name, text);
}

static bool other_facts(const struct rs_master *m, struct rs_buf *out)
{
	struct rs_slice s = m->current ? rs_buf_slice(&m->current->facts) : rs_slice("", 0), name, value;
	bool ok = rs_buf_printf(out, "\nApplication\n");

	while (ok && next_fact(&s, &name, &value)) {
		char text[64];

		(void)rs_copy(text, sizeof text, name);
		ok = shown_already(name) || line(out, text, value);
	}
	return ok;
}

static int64_t processes(const struct rs_conf *c)
{
	int64_t n = 0, num;

	for (size_t i = 0; i < c->items[RS_KIND_processes].n; i++) {
		const struct rs_conf_item *it = &c->items[RS_KIND_processes].v[i];

		num = rs_conf_item_number(it, RS_ITEM_processes_num);
		if (rs_conf_item_number(it, RS_ITEM_processes_enable))
			n += num ? num : 1;
	}
	return n;
}

static bool server(const struct rs_master *m, const struct rs_conf *c, struct rs_buf *out)
{
	char pid[64];

	rs_fmt(pid, sizeof pid, "%d (generation %u)", (int)getpid(), m->current ? m->current->number : 0);
	return rs_buf_printf(out, "\nServer\n") && text_line(out, "pid", pid) && number_line(out, "workers", c->worker_num) &&
	       number_line(out, "task workers", c->task_worker_num) &&
	       (!c->timer_enable || number_line(out, "timer jobs", (int64_t)c->timer_jobs.n)) &&
	       (!processes(c) || number_line(out, "custom processes", processes(c))) &&
	       text_line(out, "user", m->user.user) && text_line(out, "base path", c->laravel_base_path) &&
	       text_line(out, "configuration", c->ini_file) && text_line(out, "pid file", c->pid_file) &&
	       text_line(out, "control socket", c->control_socket) && text_line(out, "app socket", c->app_socket) &&
	       text_line(out, "log", m->logs.path[0] ? m->logs.path : "standard error") &&
	       text_line(out, "access log", c->access_log[0] ? c->access_log : "none") && text_line(out, "module", c->engine_module) &&
	       (c->engine == RS_ENGINE_FAKE ||
		(text_line(out, "libphp", c->libphp) && text_line(out, "php.ini", c->php_ini)));
}

bool rs_status_info(const struct rs_master *m, struct rs_buf *out)
{
	const struct rs_conf *c = rs_master_conf(m);
	struct table *t = malloc(sizeof *t);
	bool ok = t && rs_buf_printf(out, "rserverd %s: keeps PHP applications in memory and serves them\n", RS_VERSION) &&
		  components(m, t, out) && protocols(m, c, t, out) && other_facts(m, out) && server(m, c, out);

	free(t);
	return ok;
}
