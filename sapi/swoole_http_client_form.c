/*
 * The body of a request: text as it is, an array as a form, and with addFile() or addData() a multipart one, whose files are
 * read while they are sent.
 */
#include "swoole_http_client.h"

#include <errno.h>
#include <ext/random/php_random.h>
#include <ext/standard/php_http.h>
#include <ext/standard/url.h>
#include <sys/stat.h>

#include "http/http_ask.h"

#define FORM_TYPE "application/x-www-form-urlencoded"
#define UPLOADS_MAX 10000
/* Of a field's name: what is deeper is not sent, as PHP would not read it. */
#define DEPTH_MAX 64

ZEND_METHOD(Swoole_Coroutine_Http_Client, addFile);
ZEND_METHOD(Swoole_Coroutine_Http_Client, addData);

/* ---- parts of what is sent ------------------------------------------------------------------------------------------ */

static struct rs_fetch_part *new_part(struct rs_http_ask *ask)
{
	ask->parts = safe_erealloc(ask->parts, ask->nparts + 1, sizeof *ask->parts, 0);
	ask->parts[ask->nparts] = (struct rs_fetch_part){ .bytes = { "", 0 } };
	return &ask->parts[ask->nparts++];
}

static void hold(struct rs_http_ask *ask, zend_string *s)
{
	zval v;

	ZVAL_STR_COPY(&v, s);
	zend_hash_next_index_insert(ask->held, &v);
}

void rs_http_ask_text(struct rs_http_ask *ask, zend_string *text)
{
	hold(ask, text);
	new_part(ask)->bytes = rs_slice(ZSTR_VAL(text), ZSTR_LEN(text));
}

static void put_file(struct rs_http_ask *ask, const struct rs_http_upload *u)
{
	struct rs_fetch_part *part = new_part(ask);

	hold(ask, u->file);
	part->file = ZSTR_VAL(u->file);
	part->offset = u->offset;
	part->length = u->length;
}

/* ---- multipart ------------------------------------------------------------------------------------------------------ */

struct multipart {
	struct rs_http_ask *ask;
	smart_str text;          /* not yet a part */
	char boundary[40];
	uint64_t length;
};

static void flush(struct multipart *m)
{
	zend_string *text;

	if (smart_str_get_len(&m->text) == 0)
		return;
	m->length += smart_str_get_len(&m->text);
	text = smart_str_extract(&m->text);
	rs_http_ask_text(m->ask, text);
	zend_string_release(text);
}

/* As browsers do (HTML, "multipart/form-data encoding algorithm"): a name cannot end its quotes or its line. */
static void put_quoted(smart_str *to, zend_string *s)
{
	smart_str_appendc(to, '"');
	for (size_t i = 0; i < ZSTR_LEN(s); i++) {
		char c = ZSTR_VAL(s)[i];

		if (c == '"')
			smart_str_appends(to, "%22");
		else if (c == '\r')
			smart_str_appends(to, "%0D");
		else if (c == '\n')
			smart_str_appends(to, "%0A");
		else
			smart_str_appendc(to, c);
	}
	smart_str_appendc(to, '"');
}

static void begin_part(struct multipart *m, zend_string *name, zend_string *filename, zend_string *type)
{
	smart_str_append_printf(&m->text, "--%s\r\nContent-Disposition: form-data; name=", m->boundary);
	put_quoted(&m->text, name);
	if (filename) {
		smart_str_appends(&m->text, "; filename=");
		put_quoted(&m->text, filename);
	}
	smart_str_appends(&m->text, "\r\n");
	if (type)
		smart_str_append_printf(&m->text, "Content-Type: %s\r\n", ZSTR_VAL(type));
	smart_str_appends(&m->text, "\r\n");
}

static bool put_field(struct multipart *m, zend_string *name, zval *value, unsigned depth);

/* a[b][c] */
static bool put_fields(struct multipart *m, zend_string *prefix, HashTable *values, unsigned depth)
{
	zend_string *key, *name;
	zend_ulong index;
	bool ok = true;
	zval *value;

	ZEND_HASH_FOREACH_KEY_VAL(values, index, key, value) {
		zend_string *own = key ? zend_string_copy(key) : zend_long_to_str((zend_long)index);

		name = prefix ? strpprintf(0, "%s[%s]", ZSTR_VAL(prefix), ZSTR_VAL(own)) : zend_string_copy(own);
		ok = ok && put_field(m, name, value, depth);
		zend_string_release(name);
		zend_string_release(own);
	} ZEND_HASH_FOREACH_END();
	return ok;
}

static bool put_field(struct multipart *m, zend_string *name, zval *value, unsigned depth)
{
	zend_string *text;

	ZVAL_DEREF(value);
	if (Z_TYPE_P(value) == IS_NULL || depth > DEPTH_MAX)
		return true;
	if (Z_TYPE_P(value) == IS_ARRAY)
		return put_fields(m, name, Z_ARRVAL_P(value), depth + 1);
	if (!(text = zval_try_get_string(value)))
		return false;
	begin_part(m, name, NULL, NULL);
	smart_str_append(&m->text, text);
	smart_str_appends(&m->text, "\r\n");
	zend_string_release(text);
	return true;
}

static void put_upload(struct multipart *m, const struct rs_http_upload *u)
{
	begin_part(m, u->name, u->filename, u->type);
	if (u->content) {
		smart_str_append(&m->text, u->content);
	} else {
		flush(m);
		put_file(m->ask, u);
		m->length += u->length;
	}
	smart_str_appends(&m->text, "\r\n");
}

static bool multipart(struct rs_http_client *o, zval *data, zend_string **type, uint64_t *length)
{
	struct multipart m = { .ask = &o->ask };
	uint64_t random[2];

	if (data && Z_TYPE_P(data) != IS_ARRAY) {
		rs_swoole_warn(EINVAL, "with addFile() and addData() the data must be an array");
		return false;
	}
	if (php_random_bytes_throw(random, sizeof random) == FAILURE)
		return false;
	snprintf(m.boundary, sizeof m.boundary, "----%016" PRIx64 "%016" PRIx64, random[0], random[1]);
	if (data && !put_fields(&m, NULL, Z_ARRVAL_P(data), 0)) {
		smart_str_free(&m.text);
		return false;
	}
	for (size_t i = 0; i < o->nuploads; i++)
		put_upload(&m, &o->uploads[i]);
	smart_str_append_printf(&m.text, "--%s--\r\n", m.boundary);
	flush(&m);
	*type = strpprintf(0, "multipart/form-data; boundary=%s", m.boundary);
	*length = m.length;
	return true;
}

/* ---- bodies --------------------------------------------------------------------------------------------------------- */

static zend_string *form(HashTable *data)
{
	smart_str text = { 0 };

	php_url_encode_hash_ex(data, &text, NULL, 0, NULL, 0, NULL, 0, NULL, "&", PHP_QUERY_RFC1738);
	return smart_str_extract(&text);
}

bool rs_http_client_body(struct rs_http_client *o, zval *data, zend_string **type, uint64_t *length)
{
	zend_string *text;

	if (o->nuploads && !o->ask.upgrade)
		return multipart(o, data, type, length);
	if (!data)
		return true;
	if (Z_TYPE_P(data) == IS_ARRAY) {
		text = form(Z_ARRVAL_P(data));
		*type = zend_string_init(ZEND_STRL(FORM_TYPE), false);
	} else if (!(text = zval_try_get_string(data))) {
		return false;
	}
	*length = ZSTR_LEN(text);
	if (*length)
		rs_http_ask_text(&o->ask, text);
	zend_string_release(text);
	return !EG(exception);
}

/* ---- addFile(), addData() --------------------------------------------------------------------------------------------- */

static void release(zend_string *s)
{
	if (s)
		zend_string_release(s);
}

void rs_http_client_uploads_free(struct rs_http_client *o)
{
	for (size_t i = 0; i < o->nuploads; i++) {
		struct rs_http_upload *u = &o->uploads[i];

		release(u->name);
		release(u->type);
		release(u->filename);
		release(u->content);
		release(u->file);
	}
	if (o->uploads)
		efree(o->uploads);
	o->uploads = NULL;
	o->nuploads = 0;
}

/* u's strings are the caller's, and copied. type may be NULL: by file, or of no kind. false: warned. */
static bool add(struct rs_http_client *o, struct rs_http_upload u, zend_string *type)
{
	const char *guess = "application/octet-stream";

	if (ZSTR_LEN(u.name) == 0 || (type && !rs_http_ask_value_ok(rs_slice(ZSTR_VAL(type), ZSTR_LEN(type))))) {
		rs_swoole_warn(EINVAL, ZSTR_LEN(u.name) ? "a content type has no control bytes" : "the name is empty");
		return false;
	}
	if (o->nuploads == UPLOADS_MAX) {
		rs_swoole_warn(EINVAL, "at most %d files and pieces of data", UPLOADS_MAX);
		return false;
	}
	if (!type && u.filename)
		guess = rs_swoole_mime_type(ZSTR_VAL(u.filename), ZSTR_LEN(u.filename));
	u.type = type ? zend_string_copy(type) : zend_string_init(guess, strlen(guess), false);
	zend_string_addref(u.name);
	if (u.filename)
		zend_string_addref(u.filename);
	if (u.content)
		zend_string_addref(u.content);
	if (u.file)
		zend_string_addref(u.file);
	o->uploads = safe_erealloc(o->uploads, o->nuploads + 1, sizeof u, 0);
	o->uploads[o->nuploads++] = u;
	return true;
}

/* Its length, 0 becoming the rest. false: warned. */
static bool measure(zend_string *file, zend_long offset, zend_long *length)
{
	struct stat st;

	if (!file || php_check_open_basedir(ZSTR_VAL(file)))
		return false;
	if (stat(ZSTR_VAL(file), &st) < 0) {
		rs_swoole_warn(errno, "stat(%s) failed: %s", ZSTR_VAL(file), strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode) || st.st_size == 0) {
		rs_swoole_warn(EINVAL, "cannot send %s: %s", ZSTR_VAL(file), S_ISREG(st.st_mode) ? "the file is empty" : "not a regular file");
		return false;
	}
	if (offset < 0 || *length < 0 || offset >= st.st_size || *length > st.st_size - offset) {
		rs_swoole_warn(EINVAL, "offset and length are beyond the end of %s", ZSTR_VAL(file));
		return false;
	}
	*length = *length ? *length : st.st_size - offset;
	return true;
}

/* The last part of a path. */
static zend_string *base_name(zend_string *file)
{
	const char *slash = zend_memrchr(ZSTR_VAL(file), '/', ZSTR_LEN(file));

	return slash ? zend_string_init(slash + 1, strlen(slash + 1), false) : zend_string_copy(file);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, addFile)
{
	zend_string *file, *name, *type = NULL, *filename = NULL;
	zend_long offset = 0, length = 0;
	struct rs_http_upload u;

	ZEND_PARSE_PARAMETERS_START(2, 6)
		Z_PARAM_PATH_STR(file)
		Z_PARAM_STR(name)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR_OR_NULL(type)
		Z_PARAM_STR_OR_NULL(filename)
		Z_PARAM_LONG(offset)
		Z_PARAM_LONG(length)
	ZEND_PARSE_PARAMETERS_END();
	if (!measure(file, offset, &length))
		RETURN_FALSE;
	filename = filename && ZSTR_LEN(filename) ? zend_string_copy(filename) : base_name(file);
	u = (struct rs_http_upload){ .name = name, .filename = filename, .file = file, .offset = (uint64_t)offset, .length = (uint64_t)length };
	RETVAL_BOOL(add(RS_HTTP_CLIENT_THIS(), u, type && ZSTR_LEN(type) ? type : NULL));
	zend_string_release(filename);
}

ZEND_METHOD(Swoole_Coroutine_Http_Client, addData)
{
	zend_string *data, *name, *type = NULL, *filename = NULL;
	struct rs_http_upload u;

	ZEND_PARSE_PARAMETERS_START(2, 4)
		Z_PARAM_STR(data)
		Z_PARAM_STR(name)
		Z_PARAM_OPTIONAL
		Z_PARAM_STR_OR_NULL(type)
		Z_PARAM_STR_OR_NULL(filename)
	ZEND_PARSE_PARAMETERS_END();
	u = (struct rs_http_upload){ .name = name, .filename = filename && ZSTR_LEN(filename) ? filename : NULL, .content = data };
	RETURN_BOOL(add(RS_HTTP_CLIENT_THIS(), u, type && ZSTR_LEN(type) ? type : NULL));
}
