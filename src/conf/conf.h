/*
 * The configuration: one struct made from options.def, with the origin of every value.
 *
 * Precedence: default < config/laravels.php < ini < command line. Pure but for the two functions that
 * read files; no process is named here. Master, reactor and PHP processes each hold their own copy.
 */
#ifndef RS_CONF_H
#define RS_CONF_H

#include "base/rs_base.h"
#include "base/rs_buf.h"

struct rs_strlist {
	char **v;
	size_t n;
};

/* false: no memory, nothing changed. */
bool rs_strlist_add(struct rs_strlist *l, const char *item) RS_MUST_CHECK;
bool rs_strlist_copy(struct rs_strlist *to, const struct rs_strlist *from) RS_MUST_CHECK;
void rs_strlist_clear(struct rs_strlist *l);
bool rs_strlist_eq(const struct rs_strlist *a, const struct rs_strlist *b);

enum rs_opt_type { RS_OPT_BOOL, RS_OPT_INT, RS_OPT_SIZE, RS_OPT_TIME, RS_OPT_STR, RS_OPT_LIST, RS_OPT_ENUM };
enum rs_opt_apply { RS_APPLY_START, RS_APPLY_RELOAD };
enum rs_opt_flag { RS_OPT_ROOT = 1, RS_OPT_INERT = 2 };

/* Where a value came from, weakest first: a weaker origin never overwrites a stronger one. */
enum rs_origin { RS_FROM_DEFAULT, RS_FROM_APP, RS_FROM_INI, RS_FROM_CLI };

enum rs_framework { RS_FRAMEWORK_AUTO, RS_FRAMEWORK_LARAVEL, RS_FRAMEWORK_LUMEN, RS_FRAMEWORK_CALLABLE };
enum rs_boot { RS_BOOT_MANAGER, RS_BOOT_WORKER };
enum rs_isolation { RS_ISOLATION_SNAPSHOT, RS_ISOLATION_SIMPLE, RS_ISOLATION_FORK, RS_ISOLATION_GREEDY };
enum rs_verify_client { RS_VERIFY_CLIENT_OFF, RS_VERIFY_CLIENT_OPTIONAL, RS_VERIFY_CLIENT_ON };
/* Symbolic links below document_root: never followed, to where files may be, anywhere. */
enum rs_symlinks { RS_SYMLINKS_OFF, RS_SYMLINKS_INSIDE, RS_SYMLINKS_ON };
enum rs_engine_kind { RS_ENGINE_PHP, RS_ENGINE_FAKE };

#define RS_CTYPE_BOOL bool
#define RS_CTYPE_INT int64_t
#define RS_CTYPE_SIZE int64_t
#define RS_CTYPE_TIME int64_t
#define RS_CTYPE_STR char *
#define RS_CTYPE_LIST struct rs_strlist
#define RS_CTYPE_ENUM int

enum rs_opt_id {
#define RS_OPT(section, key, field, type, def, min, max, apply, flags, help) RS_OPT_ID_##field,
#include "conf/options.def"
#undef RS_OPT
	RS_OPT_COUNT
};

/* The keyed sections: items.def. */
enum rs_kind_id {
#define RS_KIND(kind, named, name_is, title, example) RS_KIND_##kind,
#define RS_ITEM(kind, key, id, type, def, min, max, example, help)
#include "conf/items.def"
#undef RS_KIND
#undef RS_ITEM
	RS_KIND_COUNT
};

enum rs_item_id {
#define RS_KIND(kind, named, name_is, title, example)
#define RS_ITEM(kind, key, id, type, def, min, max, example, help) RS_ITEM_##id,
#include "conf/items.def"
#undef RS_KIND
#undef RS_ITEM
	RS_ITEM_COUNT
};

struct rs_origin_at {
	enum rs_origin from;
	bool derived; /* filled by rs_conf_complete() from other values; made anew by its next call */
	char *where;  /* "laravels.ini:12", "config/laravels.php", "-c"; NULL for defaults */
};

/*
 * One item of a keyed section: its rows as they were written, checked one by one. An item of a stronger origin replaces
 * a weaker one of the same name as a whole. A KEY item has rows with the key "".
 */
struct rs_conf_row {
	char *key, *value;
};
struct rs_conf_item {
	char *name;
	struct rs_origin_at at; /* where its first row stands */
	struct rs_conf_row *rows;
	size_t n;
};
struct rs_conf_items {
	struct rs_conf_item *v;
	size_t n;
};

struct rs_conf {
#define RS_OPT(section, key, field, type, def, min, max, apply, flags, help) RS_CTYPE_##type field;
#include "conf/options.def"
#undef RS_OPT
	struct rs_strlist php; /* [php]: "name=value", in order */
	struct rs_conf_items items[RS_KIND_COUNT]; /* in the order in which they were named */
	char *ini_file;        /* absolute path of the ini that was read, "" without one */
	struct rs_origin_at origin[RS_OPT_COUNT];
	struct rs_strlist warned; /* sections that were warned about: once is enough */
};

/* One row of options.def, or of items.def, at run time. */
struct rs_option {
	const char *section, *key, *def, *help;
	enum rs_opt_type type;
	int64_t min, max;
	enum rs_opt_apply apply;
	unsigned flags;
	size_t offset;                /* of the field in struct rs_conf; items: unused */
	const char *const *words;     /* ENUM: NULL-terminated, in the order of the C enum; else NULL */
};
extern const struct rs_option rs_options[RS_OPT_COUNT];

/* What was wrong, ready to print: "FILE:LINE: [section] key: WHAT; ALLOWED; did you mean `x`?" */
struct rs_conf_error {
	char text[1024];
};

/* Lines that do not stop anything: unknown keys with a suggestion, LATER and INERT options that were set. */
typedef void (*rs_conf_warn_fn)(void *arg, const char *text);

/* All defaults; never fails but for memory, then it dies. Free with rs_conf_fini. */
void rs_conf_init(struct rs_conf *c);
void rs_conf_fini(struct rs_conf *c);

/*
 * One value. section and key as in the ini ("swoole", "worker_num"; a list key has no "[]").
 * A LIST value appends one item, but the first from a stronger origin replaces the list. [php] takes any key.
 * RS_OK, or RS_ERR with *err filled. An unknown key is no error: it warns.
 */
enum rs_result rs_conf_set(struct rs_conf *c, enum rs_origin from, const char *where, const char *section,
			   const char *key, const char *value, struct rs_conf_error *err, rs_conf_warn_fn warn,
			   void *arg) RS_MUST_CHECK;

/* An ini text (origin INI, where = "NAME:LINE"). Stops at the first error; warnings before it were given. */
enum rs_result rs_conf_parse_ini(struct rs_conf *c, struct rs_slice text, const char *name,
				 struct rs_conf_error *err, rs_conf_warn_fn warn, void *arg) RS_MUST_CHECK;
/* The same from a file of at most 1 MiB; also sets ini_file. */
enum rs_result rs_conf_read_ini(struct rs_conf *c, const char *path, struct rs_conf_error *err,
				rs_conf_warn_fn warn, void *arg) RS_MUST_CHECK;

/*
 * Fills what depends on other values: base path (symlink NOT resolved), absolute paths, worker_num,
 * max_request_grace, document_root, pid_file, sockets, process_prefix, php and engine paths. Then checks rules
 * across options. Call after all sources were read; may be called again after more were. log_file stays "" (the
 * master chooses), entry stays relative to the base path. cwd: absolute.
 */
enum rs_result rs_conf_complete(struct rs_conf *c, const char *cwd, struct rs_conf_error *err) RS_MUST_CHECK;

/*
 * Where files of run time go unless their options say otherwise: APP_STORAGE_PATH of the environment, for projects that
 * cannot be written to, else storage below the base path, else the base path.
 */
void rs_conf_storage(const struct rs_conf *c, char *out, size_t size);

/*
 * Every set or derived value as lines "from\twhere\tsection\tkey\tvalue\n", where and value \-escaped; and back, into
 * a fresh c: the copy is as complete as the original was. Undump believes the text: between our own processes only.
 */
bool rs_conf_dump(const struct rs_conf *c, struct rs_buf *out) RS_MUST_CHECK;
enum rs_result rs_conf_undump(struct rs_conf *c, struct rs_slice text, struct rs_conf_error *err) RS_MUST_CHECK;

/*
 * config/laravels.php as a manager sent it, in the same lines: application code made them, so `from` is ignored (it
 * is APP), and with root = true (the daemon was started as root) what only ini and command line may say is
 * refused: RS_OPT_ROOT options with a warning, a port below 1024 or a Unix socket path with an error.
 * c holds what ini and command line said, and nothing of an earlier take.
 */
enum rs_result rs_conf_take_app(struct rs_conf *c, struct rs_slice text, bool root, struct rs_conf_error *err,
				rs_conf_warn_fn warn, void *arg) RS_MUST_CHECK;

/*
 * reload: old is in force, new was read. Warns once per START option that differs ("needs a restart"), and
 * copies old's value of those into new. Both are complete.
 */
void rs_conf_keep_start_values(struct rs_conf *new_conf, const struct rs_conf *old, rs_conf_warn_fn warn, void *arg);

/* A value as text in its own syntax ("4M" prints as "4M"), appended to out; a LIST is space-separated. */
bool rs_conf_value_text(const struct rs_conf *c, const struct rs_option *o, struct rs_buf *out) RS_MUST_CHECK;

/* ---- items: NULL rows and unset keys are answered with the table's default ---- */
extern const struct rs_option rs_item_keys[RS_ITEM_COUNT];
const struct rs_conf_item *rs_conf_item(const struct rs_conf *c, enum rs_kind_id kind, const char *name);
/* BOOL, INT, TIME (ms), ENUM (index of its word). */
int64_t rs_conf_item_number(const struct rs_conf_item *it, enum rs_item_id id);
const char *rs_conf_item_text(const struct rs_conf_item *it, enum rs_item_id id);
/* The next row of that key behind `after` (NULL: from the first), NULL when there is none. "settings." finds all of them. */
const struct rs_conf_row *rs_conf_item_next(const struct rs_conf_item *it, enum rs_item_id id,
					    const struct rs_conf_row *after);
/* SWOOLE_SOCK_*: 1 TCP, 2 UDP, 3 TCP6, 4 UDP6, 5 Unix stream, 6 Unix datagram. */
int rs_conf_socket_type(const struct rs_conf_item *it);
/* Which isolation mode holds for a request of this path, as it was sent (decoded here): the section with the longest prefix, else the option. */
enum rs_isolation rs_conf_isolation(const struct rs_conf *c, struct rs_slice path);
/* Does any path have this mode? */
bool rs_conf_uses(const struct rs_conf *c, enum rs_isolation mode);
/* sockets: does the port speak TLS (SWOOLE_SSL, or the word ssl behind its type)? */
bool rs_conf_socket_tls(const struct rs_conf_item *it);
/* Does the main port speak TLS? */
bool rs_conf_tls(const struct rs_conf *c);
/* What it speaks it with, as parts (src/tls/tls_parts.h). as_user: files that the application names are not root's to read. false: no memory. */
bool rs_conf_tls_parts(const struct rs_conf *c, bool root, struct rs_buf *out) RS_MUST_CHECK;
/* processes: it has a queue, by `queue` or by one of its details. */
bool rs_conf_process_queue(const struct rs_conf_item *it);

/* A column of a table: type 1 int, 2 float, 3 string; size 0 when none was given. */
struct rs_conf_column {
	char name[64];
	int type;
	int64_t size;
};
bool rs_conf_column(const char *text, struct rs_conf_column *out);

/* Bytes of what follows the time in an item of static_expires. */
#define RS_EXPIRES_MORE_MAX 200

/* An item of static_expires. Its texts point into that. */
struct rs_conf_expires {
	struct rs_slice pattern; /* "/prefix", "*.ext", or empty: everything */
	/* The last two come with seconds: from now on, from the change of the file on. */
	enum { RS_EXPIRES_OFF, RS_EXPIRES_EPOCH, RS_EXPIRES_MAX, RS_EXPIRES_ACCESS, RS_EXPIRES_MODIFIED } when;
	int64_t seconds;
	const char *more;        /* directives of Cache-Control, between blanks; "": none */
};
bool rs_conf_expires(const char *text, struct rs_conf_expires *out);
/* The item that holds for a file, named without leading slash. false: none, or it says off. */
bool rs_conf_expires_of(const struct rs_strlist *list, const char *name, struct rs_conf_expires *out);

/* A row of timer.jobs. */
struct rs_conf_job {
	char class_name[256];
	bool has_interval, immediate;
	int64_t interval_ms;
};
/* "Class", "Class:1000", "Class:1000:true", or JSON ["Class", [1000, true, ...]]. */
bool rs_conf_job(const char *text, struct rs_conf_job *out);

/* `rserverd config`: "section.key = value   ; origin", all options; json: one object. */
bool rs_conf_print(const struct rs_conf *c, bool json, struct rs_buf *out) RS_MUST_CHECK;
/* The documents made from the table. */
bool rs_conf_doc_sample(struct rs_buf *out) RS_MUST_CHECK;   /* conf/laravels.ini */
bool rs_conf_doc_markdown(struct rs_buf *out) RS_MUST_CHECK; /* docs/CONFIG.md */
bool rs_conf_doc_man(struct rs_buf *out) RS_MUST_CHECK;      /* option part of laravels.ini.5 */

/* "100r/s", "30r/m": thousandths of a request in a second, above 0. false: not a rate. */
bool rs_conf_rate(const char *text, int64_t *milli);

/* limit_conn_status, limit_req_status: close, and say nothing. */
#define RS_LIMIT_SILENT 444

/* ---- access_log_format ---- */
enum rs_log_var {
#define RS_LOG_VAR(name, id, number, meaning) RS_LOG_VAR_##id,
#include "conf/log_vars.def"
#undef RS_LOG_VAR
	RS_LOG_VAR_COUNT
};

struct rs_log_var_row {
	const char *name, *meaning;
	bool number;
};
extern const struct rs_log_var_row rs_log_vars[RS_LOG_VAR_COUNT];

struct rs_log_piece {
	enum rs_log_var var;  /* RS_LOG_VAR_COUNT: text as it is */
	struct rs_slice text; /* that; of RS_LOG_VAR_HTTP what stands behind http_ */
};

/* A format cut into pieces. Zeroed: none. */
struct rs_log_format {
	struct rs_log_piece *v;
	size_t n;
	bool json;            /* values are escaped for strings of JSON */
	char *text;           /* what the pieces point into */
};

#define RS_LOG_FORMAT_WHY 160

/* false: *why says what is wrong, and f is empty. */
bool rs_log_format_init(struct rs_log_format *f, const char *format, char *why, size_t size) RS_MUST_CHECK;
void rs_log_format_fini(struct rs_log_format *f);

/* Is addr (text of an IP, or "unix:") in one of the list's CIDR entries? Bad entries never match. */
bool rs_conf_cidr_match(const struct rs_strlist *list, const char *addr);

/* Words behind an address of listen[]. */
#define RS_LISTEN_WORD_SSL 1u
#define RS_LISTEN_WORD_PROXY 2u

/* The address in an item of listen[], without the words behind it. */
struct rs_slice rs_conf_listen_words(const char *text, unsigned *words);

#endif
