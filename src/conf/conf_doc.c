/*
 * Documents made from the option table: the sample ini, docs/CONFIG.md, the option part of laravels.ini(5).
 * `make docs` writes them, `make lint` says when they are stale. Pure.
 */
#include "conf/conf_private.h"

#include <stdio.h>

/* Sections in the order of the documents; a title for people. */
static const struct {
	const char *name, *title;
} sections[] = {
	{ "laravels", "The top level of config/laravels.php." },
	{ "destroy_controllers", "Controller objects between requests." },
	{ "inotify_reload", "Reload when a source file changes, for development." },
	{ "websocket", "WebSocket on the main port." },
	{ "timer", "The timer process and its cron jobs." },
	{ "swoole", "The server: what config/laravels.php has below swoole." },
	{ "rserverd", "Ours: no counterpart in config/laravels.php." },
};

static bool in_section(const struct rs_option *o, size_t section)
{
	return strcmp(o->section, sections[section].name) == 0;
}

/* Options that do something in this version. */
static bool is_live(const struct rs_option *o)
{
	return !(o->flags & RS_OPT_INERT);
}

static bool has_live(size_t section)
{
	for (size_t i = 0; i < RS_OPT_COUNT; i++)
		if (in_section(&rs_options[i], section) && is_live(&rs_options[i]))
			return true;
	return false;
}

/* What may stand behind the '='. */
static void type_text(const struct rs_option *o, char *out, size_t size)
{
	struct rs_complaint why;
	int64_t v;

	switch (o->type) {
	case RS_OPT_STR:
		(void)rs_fmt(out, size, "text");
		return;
	case RS_OPT_LIST:
		(void)rs_fmt(out, size, "list");
		return;
	case RS_OPT_BOOL:
		(void)rs_fmt(out, size, "true or false");
		return;
	default:
		/* The parser's own words for what it accepts. */
		(void)rs_conf_parse_number(o, "?", &v, &why);
		out[0] = '\0';
		(void)rs_copy(out, size, rs_slice(why.allowed, strcspn(why.allowed, "(")));
		if (out[0] && out[strlen(out) - 1] == ' ')
			out[strlen(out) - 1] = '\0';
	}
}

/* Words wrapped at 100 columns, each line behind prefix. */
static bool put_wrapped(struct rs_buf *out, const char *prefix, const char *text)
{
	while (*text) {
		size_t n = strlen(text), fit = n;

		if (n > 96) {
			for (fit = 96; fit > 0 && text[fit] != ' '; fit--)
				;
			if (fit == 0)
				fit = strcspn(text, " ");
		}
		if (!rs_buf_printf(out, "%s%.*s\n", prefix, (int)fit, text))
			return false;
		text += fit;
		text += *text == ' ';
	}
	return true;
}

/* How an item's key is written: `class`, `column[]`, and for what is a key itself its example. */
static void item_key(enum rs_item_id id, const struct rs_kind *k, char *out, size_t size)
{
	const struct rs_option *o = &rs_item_keys[id];
	bool settings = id == RS_ITEM_sockets_settings;

	(void)rs_fmt(out, size, "%s%s", k->by_key ? k->example : o->key, settings ? "KEY" : o->type == RS_OPT_LIST ? "[]" : "");
}

/* Those of one kind, in order: i from 0 while true. */
static bool next_of_kind(const struct rs_kind *k, size_t *i)
{
	while (*i < RS_ITEM_COUNT && strcmp(rs_item_keys[*i].section, k->name) != 0)
		++*i;
	return *i < RS_ITEM_COUNT;
}

/* ---- conf/laravels.ini ------------------------------------------------------------------------------------------ */

static const char sample_head[] =
	"; rserverd: every option with its default. Made by `make docs` from src/conf/options.def.\n"
	";\n"
	"; An empty file in the application's directory is enough. Precedence: default < config/laravels.php < this\n"
	"; file < command line. `rserverd config` prints what is in force and where it comes from.\n"
	"; Sizes take K, M, G; times are seconds or carry a unit (500ms, 30s, 5m, 1h). \"Quotes\" understand \\n, \\t,\n"
	"; \\x41; a `;` behind a blank starts a comment. (restart): `rserverd reload` does not take it over.\n";

static bool sample_option(struct rs_buf *out, const struct rs_option *o)
{
	char sentence[512], type[160];

	type_text(o, type, sizeof type);
	(void)rs_fmt(sentence, sizeof sentence, "%s%s", o->help, o->apply == RS_APPLY_START ? " (restart)" : "");
	if (!rs_buf_put(out, "\n", 1) || !put_wrapped(out, "; ", sentence))
		return false;
	if (o->type != RS_OPT_STR && o->type != RS_OPT_BOOL && o->type != RS_OPT_LIST &&
	    !rs_buf_printf(out, "; %s\n", type))
		return false;
	if (o->type != RS_OPT_LIST)
		return rs_buf_printf(out, ";%s =%s%s\n", o->key, *o->def ? " " : "", o->def);
	for (const char *item = o->def; *item; item += strcspn(item, " "), item += *item == ' ')
		if (!rs_buf_printf(out, ";%s[] = %.*s\n", o->key, (int)strcspn(item, " "), item))
			return false;
	return *o->def || rs_buf_printf(out, ";%s[] =\n", o->key);
}

static bool sample_key(struct rs_buf *out, const struct rs_kind *k, enum rs_item_id id)
{
	const struct rs_option *o = &rs_item_keys[id];
	const char *example = rs_item_examples[id];
	char key[160];

	item_key(id, k, key, sizeof key);
	if (!put_wrapped(out, "; ", o->help))
		return false;
	if (id == RS_ITEM_sockets_settings)
		return rs_buf_printf(out, ";%s\n", example);
	return rs_buf_printf(out, ";%s = %s\n", key, *example ? example : o->def);
}

static bool sample_kind(struct rs_buf *out, const struct rs_kind *k)
{
	if (!rs_buf_printf(out, "\n; %s\n;[%s%s%s]\n", k->title, k->name, k->by_key ? "" : ".", k->by_key ? "" : k->example))
		return false;
	for (size_t i = 0; next_of_kind(k, &i); i++)
		if (!sample_key(out, k, (enum rs_item_id)i))
			return false;
	return true;
}

bool rs_conf_doc_sample(struct rs_buf *out)
{
	if (!rs_buf_printf(out, "%s", sample_head))
		return false;
	for (size_t s = 0; s < RS_COUNTOF(sections); s++) {
		if (!has_live(s))
			continue;
		if (!rs_buf_printf(out, "\n; %s\n[%s]\n", sections[s].title, sections[s].name))
			return false;
		for (size_t i = 0; i < RS_OPT_COUNT; i++)
			if (in_section(&rs_options[i], s) && is_live(&rs_options[i]) && !sample_option(out, &rs_options[i]))
				return false;
	}
	for (size_t kind = 0; kind < RS_KIND_COUNT; kind++)
		if (!sample_kind(out, &rs_kinds[kind]))
			return false;
	return rs_buf_printf(out, "\n; php.ini directives for all PHP processes.\n[php]\n"
				  ";memory_limit = 256M\n;opcache.jit = tracing\n;opcache.jit_buffer_size = 64M\n");
}

/* ---- docs/CONFIG.md ----------------------------------------------------------------------------------------------- */

static const char markdown_head[] =
	"# Configuration\n\n"
	"<!-- Made by `make docs` from src/conf/options.def. Change it there. -->\n\n"
	"`laravels.ini` has the keys of `config/laravels.php`: top-level keys in `[laravels]`, arrays as sections of their\n"
	"name, lists as repeated `key[] = value`, arrays of named arrays as `[section.NAME]`. Every option has a default; an empty file in the application's directory is\n"
	"enough. Precedence: built-in default < the application's `config/laravels.php` < ini < command line.\n"
	"`rserverd config` prints every value in force with its origin, `rserverd start -t` only checks.\n\n"
	"* A value may stand in `\"...\"` with `\\n \\r \\t \\\\ \\\" \\xNN`, or in `'...'` as it is. A backslash before another letter is\n"
	"  itself, so class names need no quotes. A `;` at the start of a line or behind a blank starts a comment.\n"
	"* Sizes are bytes, or take `K`, `M`, `G`. Times are seconds, fractions allowed, or carry a unit: `500ms`, `30s`, `5m`,\n"
	"  `1h`. Truth values are `true`/`false`, `on`/`off`, `yes`/`no`, `1`/`0`.\n"
	"* `key[] =` without a value empties a list. A list in the ini replaces the one of `config/laravels.php`.\n"
	"* Relative paths are relative to `laravel_base_path`, and that one to the directory of the ini file.\n"
	"* `[php]` takes any php.ini directive, for all PHP processes: `opcache.jit = tracing`.\n"
	"* A wrong value is an error that names file, line, rule and a likely spelling: the server does not start, or keeps\n"
	"  the configuration it has when it reloads. Unknown keys and sections are warned about and ignored.\n"
	"* Of `processes`, `sockets`, `swoole_tables`, `events` and `event_handlers`, an item in the ini replaces the one of the\n"
	"  same name in `config/laravels.php` as a whole; the others stay. Items of plain lists there have the names `0`, `1`, ...\n"
	"* **Applies**: *reload* options are taken over by `rserverd reload`; *restart* options need `rserverd restart`, and a\n"
	"  reload says so when they differ.\n"
	"* **(ini)**: when the server was started as root, only ini and command line may set it, never `config/laravels.php`.\n"
	"  The same holds for ports below 1024 and for Unix socket paths, of extra ports too. `pid_file`, `control_socket` and `app_socket` never come\n"
	"  from there: the command line has to find the server without running PHP.\n";

static bool markdown_row(struct rs_buf *out, const struct rs_option *o)
{
	char type[160];

	type_text(o, type, sizeof type);
	return rs_buf_printf(out, "| `%s%s`%s | %s | %s%s%s | %s | %s |\n", o->key, o->type == RS_OPT_LIST ? "[]" : "",
			     o->flags & RS_OPT_ROOT ? " (ini)" : "", type, *o->def ? "`" : "", o->def,
			     *o->def ? "`" : "", o->apply == RS_APPLY_START ? "restart" : "reload", o->help);
}

static bool markdown_section(struct rs_buf *out, size_t s)
{
	if (!rs_buf_printf(out, "\n## [%s]\n\n%s\n\n| option | value | default | applies | meaning |\n|---|---|---|---|---|\n",
			   sections[s].name, sections[s].title))
		return false;
	for (size_t i = 0; i < RS_OPT_COUNT; i++)
		if (in_section(&rs_options[i], s) && is_live(&rs_options[i]) && !markdown_row(out, &rs_options[i]))
			return false;
	return true;
}

static bool markdown_key(struct rs_buf *out, const struct rs_kind *k, enum rs_item_id id)
{
	const struct rs_option *o = &rs_item_keys[id];
	char key[160], type[160];

	item_key(id, k, key, sizeof key);
	type_text(o, type, sizeof type);
	return rs_buf_printf(out, "| `%s` | %s | %s%s%s | %s |\n", key, type, *o->def ? "`" : "", o->def, *o->def ? "`" : "",
			     o->help);
}

static bool markdown_kind(struct rs_buf *out, const struct rs_kind *k)
{
	if (!rs_buf_printf(out, "\n## [%s%s]\n\n%s %s: %s. A change needs a restart.\n\n"
				"| key | value | default | meaning |\n|---|---|---|---|\n",
			   k->name, k->by_key ? "" : ".NAME", k->title, k->by_key ? "Keys" : "NAME", k->name_is))
		return false;
	for (size_t i = 0; next_of_kind(k, &i); i++)
		if (!markdown_key(out, k, (enum rs_item_id)i))
			return false;
	return true;
}

static bool markdown_log_vars(struct rs_buf *out)
{
	if (!rs_buf_printf(out, "\n## Variables of access_log_format\n\n"
				"`$name` or `${name}`. In values `\"`, `\\` and everything but printable ASCII is written as `\\xNN`, with `escape=json`\n"
				"as JSON does: nothing that a client sends ends a field or a line. What there is not is `-`; in JSON an empty text, or `null`\n"
				"where a number stands. Each text is cut after 4096 bytes. `common`, `combined` and `json` are formats of these.\n\n"
				"| variable | meaning |\n|---|---|\n"))
		return false;
	for (size_t i = 0; i < RS_LOG_VAR_COUNT; i++)
		if (!rs_buf_printf(out, "| `$%s` | %s |\n", rs_log_vars[i].name, rs_log_vars[i].meaning))
			return false;
	return true;
}

/* The options that do nothing, one table for each reason. */
static bool markdown_idle(struct rs_buf *out)
{
	if (!rs_buf_printf(out, "\n## Accepted without effect\n\n| option | meaning |\n|---|---|\n"))
		return false;
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];

		if (!is_live(o) && !rs_buf_printf(out, "| `[%s] %s` | %s |\n", o->section, o->key, o->help))
			return false;
	}
	return true;
}

bool rs_conf_doc_markdown(struct rs_buf *out)
{
	if (!rs_buf_printf(out, "%s", markdown_head))
		return false;
	for (size_t s = 0; s < RS_COUNTOF(sections); s++)
		if (has_live(s) && !markdown_section(out, s))
			return false;
	for (size_t kind = 0; kind < RS_KIND_COUNT; kind++)
		if (!markdown_kind(out, &rs_kinds[kind]))
			return false;
	return markdown_log_vars(out) && markdown_idle(out);
}

/* ---- laravels.ini(5) ------------------------------------------------------------------------------------------------ */

/* Text for roff: no line starts with a control character, backslashes and hyphens are themselves. */
static bool put_roff(struct rs_buf *out, const char *text)
{
	bool ok = *text != '.' && *text != '\'' ? true : rs_buf_printf(out, "\\&");

	for (; ok && *text; text++) {
		if (*text == '\\')
			ok = rs_buf_printf(out, "\\e");
		else if (*text == '-')
			ok = rs_buf_printf(out, "\\-");
		else if (*text != '`')
			ok = rs_buf_put(out, text, 1);
	}
	return ok;
}

static bool man_option(struct rs_buf *out, const struct rs_option *o)
{
	char facts[320], type[160];

	type_text(o, type, sizeof type);
	(void)rs_fmt(facts, sizeof facts, "%s; default %s; %s%s.", type, *o->def ? o->def : "empty",
		     o->apply == RS_APPLY_START ? "restart" : "reload",
		     o->flags & RS_OPT_ROOT ? "; not from config/laravels.php when started as root" : "");
	return rs_buf_printf(out, ".TP\n.B %s%s\n", o->key, o->type == RS_OPT_LIST ? "[]" : "") &&
	       put_roff(out, o->help) && rs_buf_printf(out, "\n.br\n") && put_roff(out, facts) &&
	       rs_buf_put(out, "\n", 1);
}

static bool man_idle(struct rs_buf *out)
{
	if (!rs_buf_printf(out, ".SS Accepted without effect\n"))
		return false;
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		const struct rs_option *o = &rs_options[i];

		if (!is_live(o) && (!rs_buf_printf(out, ".TP\n.B [%s] %s\n", o->section, o->key) || !put_roff(out, o->help) ||
				    !rs_buf_put(out, "\n", 1)))
			return false;
	}
	return true;
}

static bool man_key(struct rs_buf *out, const struct rs_kind *k, enum rs_item_id id)
{
	const struct rs_option *o = &rs_item_keys[id];
	char facts[320], type[160], key[160];

	item_key(id, k, key, sizeof key);
	type_text(o, type, sizeof type);
	(void)rs_fmt(facts, sizeof facts, "%s; default %s.", type, *o->def ? o->def : "empty");
	return rs_buf_printf(out, ".TP\n.B ") && put_roff(out, key) && rs_buf_put(out, "\n", 1) && put_roff(out, o->help) &&
	       rs_buf_printf(out, "\n.br\n") && put_roff(out, facts) && rs_buf_put(out, "\n", 1);
}

static bool man_kind(struct rs_buf *out, const struct rs_kind *k)
{
	if (!rs_buf_printf(out, ".SS [%s%s]\n%s\n%s: ", k->name, k->by_key ? "" : ".NAME", k->title, k->by_key ? "Keys" : "NAME") ||
	    !put_roff(out, k->name_is) || !rs_buf_printf(out, ". A change needs a restart.\n"))
		return false;
	for (size_t i = 0; next_of_kind(k, &i); i++)
		if (!man_key(out, k, (enum rs_item_id)i))
			return false;
	return true;
}

static bool man_log_vars(struct rs_buf *out)
{
	if (!rs_buf_printf(out, ".SS Variables of access_log_format\n"))
		return false;
	for (size_t i = 0; i < RS_LOG_VAR_COUNT; i++)
		if (!rs_buf_printf(out, ".TP\n.B $%s\n", rs_log_vars[i].name) || !put_roff(out, rs_log_vars[i].meaning) ||
		    !rs_buf_put(out, "\n", 1))
			return false;
	return true;
}

bool rs_conf_doc_man(struct rs_buf *out)
{
	for (size_t s = 0; s < RS_COUNTOF(sections); s++) {
		if (!has_live(s))
			continue;
		if (!rs_buf_printf(out, ".SS [%s]\n%s\n", sections[s].name, sections[s].title))
			return false;
		for (size_t i = 0; i < RS_OPT_COUNT; i++)
			if (in_section(&rs_options[i], s) && is_live(&rs_options[i]) && !man_option(out, &rs_options[i]))
				return false;
	}
	for (size_t kind = 0; kind < RS_KIND_COUNT; kind++)
		if (!man_kind(out, &rs_kinds[kind]))
			return false;
	return man_log_vars(out) && man_idle(out);
}
