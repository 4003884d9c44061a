/*
 * Bodies of forms: url-encoded pairs and multipart uploads, both read by PHP's own code. That code reads from the SAPI and
 * writes into globals; both are lent to it for the length of a call.
 */
#include "swoole_http_private.h"

#include <ext/standard/php_var.h>
#include <fcntl.h>
#include <php_variables.h>
#include <rfc1867.h>
#include <stdio.h>
#include <unistd.h>

#define FORM_TYPE "application/x-www-form-urlencoded"
#define MULTIPART_TYPE "multipart/form-data"

/* ---- quiet ----------------------------------------------------------------------------------------------------------------- */

/* PHP warns about bad forms; a bad client is not a warning of the application. What it says goes to the server's log. */
struct quiet {
	zval handler;
	int reporting;
};

static void be_quiet(struct quiet *q)
{
	ZVAL_COPY_VALUE(&q->handler, &EG(user_error_handler));
	ZVAL_UNDEF(&EG(user_error_handler));
	q->reporting = EG(error_reporting);
	EG(error_reporting) = 0;
	if (PG(last_error_message)) {
		zend_string_release(PG(last_error_message));
		PG(last_error_message) = NULL;
	}
}

static void speak_again(struct quiet *q)
{
	EG(error_reporting) = q->reporting;
	ZVAL_COPY_VALUE(&EG(user_error_handler), &q->handler);
	if (PG(last_error_message))
		rs_swoole_log(RS_SWOOLE_LOG_WARNING, 0, "%s", ZSTR_VAL(PG(last_error_message)));
}

/* ---- pairs ------------------------------------------------------------------------------------------------------------------ */

void rs_http_pairs(struct rs_slice text, zval *out)
{
	struct quiet q;

	array_init(out);
	be_quiet(&q);
	/* Frees its copy. Bounded by max_input_vars. */
	sapi_module.treat_data(PARSE_STRING, estrndup(text.p, text.n), out);
	speak_again(&q);
	if (zend_hash_num_elements(Z_ARRVAL_P(out)) == 0) {
		zval_ptr_dtor(out);
		ZVAL_NULL(out);
	}
}

/* ---- multipart ---------------------------------------------------------------------------------------------------------------- */

/* What PHP's reader of multipart bodies reads now; set for the length of one call. */
static struct rs_slice source;

static size_t read_source(char *buf, size_t n)
{
	if (n > source.n)
		n = source.n;
	if (n)
		memcpy(buf, source.p, n);
	source.p += n;
	source.n -= n;
	return n;
}

/* All that the reader touches, put back afterwards. */
struct lent {
	sapi_request_info info;
	zend_long read_bytes, max_size;
	bool post_read;
	size_t (*read_post)(char *buf, size_t n);
	char *tmp_dir;
	zend_long max_filesize;
	zval post, files;
	HashTable *uploaded;
};

static void lend(struct lent *l, const struct rs_http_source *from, char *type)
{
	const struct rs_swoole_http_conf *conf = from->conf;

	*l = (struct lent){ .info = SG(request_info), .read_bytes = SG(read_post_bytes), .max_size = SG(post_max_size),
			    .post_read = SG(post_read), .read_post = sapi_module.read_post, .tmp_dir = PG(upload_tmp_dir),
			    .max_filesize = PG(upload_max_filesize), .uploaded = SG(rfc1867_uploaded_files) };
	ZVAL_COPY_VALUE(&l->files, &PG(http_globals)[TRACK_VARS_FILES]);
	ZVAL_UNDEF(&PG(http_globals)[TRACK_VARS_FILES]);
	ZVAL_COPY_VALUE(&l->post, &PG(http_globals)[TRACK_VARS_POST]);
	array_init(&PG(http_globals)[TRACK_VARS_POST]);
	source = from->body;
	SG(request_info).content_type = type;
	SG(request_info).content_length = (zend_long)from->body.n;
	SG(read_post_bytes) = 0;
	SG(post_read) = 0;
	SG(post_max_size) = 0; /* package_max_length was checked long ago */
	SG(rfc1867_uploaded_files) = NULL;
	sapi_module.read_post = read_source;
	if (conf->upload_tmp_dir && *conf->upload_tmp_dir)
		PG(upload_tmp_dir) = (char *)(uintptr_t)conf->upload_tmp_dir;
	if (conf->upload_max_filesize)
		PG(upload_max_filesize) = (zend_long)conf->upload_max_filesize;
}

/* Other requests of this process may have uploads of their own: PHP knows one table, so they share it. */
static void merge_uploaded(HashTable *before)
{
	HashTable *mine = SG(rfc1867_uploaded_files);
	zend_string *path;

	if (!before || !mine) {
		SG(rfc1867_uploaded_files) = before ? before : mine;
		return;
	}
	ZEND_HASH_FOREACH_STR_KEY(mine, path) {
		zend_string *copy = zend_string_copy(path);
		if (!zend_hash_add_ptr(before, path, copy))
			zend_string_release(copy);
	} ZEND_HASH_FOREACH_END();
	zend_hash_destroy(mine);
	FREE_HASHTABLE(mine);
	SG(rfc1867_uploaded_files) = before;
}

static void take_back(struct lent *l, zval *post, zval *files)
{
	/* Fields go to the global array: with ext/filter whatever array the reader was given, without it only if that is it. */
	ZVAL_COPY_VALUE(post, &PG(http_globals)[TRACK_VARS_POST]);
	ZVAL_COPY_VALUE(&PG(http_globals)[TRACK_VARS_POST], &l->post);
	rs_php_filter_reset();
	ZVAL_COPY_VALUE(files, &PG(http_globals)[TRACK_VARS_FILES]);
	ZVAL_COPY_VALUE(&PG(http_globals)[TRACK_VARS_FILES], &l->files);
	SG(request_info) = l->info;
	SG(read_post_bytes) = l->read_bytes;
	SG(post_read) = l->post_read;
	SG(post_max_size) = l->max_size;
	sapi_module.read_post = l->read_post;
	PG(upload_tmp_dir) = l->tmp_dir;
	PG(upload_max_filesize) = l->max_filesize;
}

/* ---- files -------------------------------------------------------------------------------------------------------------------- */

static const char *const file_keys[] = { "name", "type", "tmp_name", "error", "size" };

/* ".../phpAbCdEf" gets the name that programs of this API know. Returns the path that counts. */
static zend_string *rename_upload(zend_string *path)
{
	const char *base = strrchr(ZSTR_VAL(path), '/');
	zend_string *to;

	if (!base || strncmp(base, "/php", 4) != 0)
		return zend_string_copy(path);
	to = strpprintf(0, "%.*s/swoole.upfile.%s", (int)(base - ZSTR_VAL(path)), ZSTR_VAL(path), base + 4);
	if (renameat2(AT_FDCWD, ZSTR_VAL(path), AT_FDCWD, ZSTR_VAL(to), RENAME_NOREPLACE) != 0) {
		zend_string_release(to);
		return zend_string_copy(path);
	}
	zend_hash_del(SG(rfc1867_uploaded_files), path);
	zend_hash_add_ptr(SG(rfc1867_uploaded_files), to, zend_string_copy(to));
	return to;
}

/* One file's tmp_name: renamed, listed. */
static void adopt(zval *tmp_name, zval *tmpfiles)
{
	zend_string *path;

	if (Z_TYPE_P(tmp_name) != IS_STRING || Z_STRLEN_P(tmp_name) == 0)
		return;
	path = rename_upload(Z_STR_P(tmp_name));
	zval_ptr_dtor(tmp_name);
	ZVAL_STR(tmp_name, path);
	if (Z_TYPE_P(tmpfiles) != IS_ARRAY)
		array_init(tmpfiles);
	add_next_index_str(tmpfiles, zend_string_copy(path));
}

static void adopt_all(zval *tmp_name, zval *tmpfiles)
{
	zval *each;

	if (Z_TYPE_P(tmp_name) != IS_ARRAY) {
		adopt(tmp_name, tmpfiles);
		return;
	}
	SEPARATE_ARRAY(tmp_name);
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(tmp_name), each) {
		adopt_all(each, tmpfiles);
	} ZEND_HASH_FOREACH_END();
}

/*
 * PHP's layout, five arrays of one shape, into one array of that shape with five values in each place. parts: the five at
 * this depth.
 */
static void transpose(zval *parts[RS_COUNTOF(file_keys)], zval *out)
{
	zend_string *key;
	zend_ulong index;
	zval *name;

	array_init(out);
	if (Z_TYPE_P(parts[0]) != IS_ARRAY) {
		for (size_t i = 0; i < RS_COUNTOF(file_keys); i++) {
			Z_TRY_ADDREF_P(parts[i]);
			add_assoc_zval(out, file_keys[i], parts[i]);
		}
		return;
	}
	ZEND_HASH_FOREACH_KEY_VAL(Z_ARRVAL_P(parts[0]), index, key, name) {
		zval *below[RS_COUNTOF(file_keys)], one;
		bool whole = true;

		(void)name;
		for (size_t i = 0; i < RS_COUNTOF(file_keys); i++) {
			HashTable *ht = Z_TYPE_P(parts[i]) == IS_ARRAY ? Z_ARRVAL_P(parts[i]) : NULL;
			below[i] = !ht ? NULL : key ? zend_hash_find(ht, key) : zend_hash_index_find(ht, index);
			whole = whole && below[i];
		}
		if (!whole)
			continue;
		transpose(below, &one);
		if (key)
			zend_hash_update(Z_ARRVAL_P(out), key, &one);
		else
			zend_hash_index_update(Z_ARRVAL_P(out), index, &one);
	} ZEND_HASH_FOREACH_END();
}

static void per_file(zval *files)
{
	zval *entry;

	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(files), entry) {
		zval *parts[RS_COUNTOF(file_keys)], one;
		bool whole = Z_TYPE_P(entry) == IS_ARRAY;

		for (size_t i = 0; whole && i < RS_COUNTOF(file_keys); i++) {
			parts[i] = zend_hash_str_find(Z_ARRVAL_P(entry), file_keys[i], strlen(file_keys[i]));
			whole = parts[i];
		}
		if (!whole)
			continue;
		transpose(parts, &one);
		zval_ptr_dtor(entry);
		ZVAL_COPY_VALUE(entry, &one);
	} ZEND_HASH_FOREACH_END();
}

static void take_files(zval *found, bool as_php, zval *files, zval *tmpfiles)
{
	zval *entry, *tmp_name;

	if (Z_TYPE_P(found) != IS_ARRAY || zend_hash_num_elements(Z_ARRVAL_P(found)) == 0) {
		zval_ptr_dtor(found);
		return;
	}
	SEPARATE_ARRAY(found);
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(found), entry) {
		if (Z_TYPE_P(entry) != IS_ARRAY)
			continue;
		SEPARATE_ARRAY(entry);
		zend_hash_str_del(Z_ARRVAL_P(entry), ZEND_STRL("full_path"));
		tmp_name = zend_hash_str_find(Z_ARRVAL_P(entry), ZEND_STRL("tmp_name"));
		if (tmp_name)
			adopt_all(tmp_name, tmpfiles);
	} ZEND_HASH_FOREACH_END();
	if (!as_php)
		per_file(found);
	ZVAL_COPY_VALUE(files, found);
}

static bool is_listed(zval *tmpfiles, const zend_string *path)
{
	zval *one;

	if (Z_TYPE_P(tmpfiles) != IS_ARRAY)
		return false;
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(tmpfiles), one) {
		if (zend_string_equals(Z_STR_P(one), path))
			return true;
	} ZEND_HASH_FOREACH_END();
	return false;
}

/* Two files of one name: the first is nobody's, and would stay as long as the process does. */
static void drop_unlisted(zval *tmpfiles)
{
	HashTable *mine = SG(rfc1867_uploaded_files);
	zend_string *path;

	if (!mine)
		return;
	ZEND_HASH_FOREACH_STR_KEY(mine, path) {
		if (!path || is_listed(tmpfiles, path))
			continue;
		VCWD_UNLINK(ZSTR_VAL(path));
		zend_hash_del(mine, path);
	} ZEND_HASH_FOREACH_END();
}

static void multipart(const struct rs_http_source *from, struct rs_slice type, zval *post, zval *files, zval *tmpfiles)
{
	char *copy = estrndup(type.p, type.n);
	struct lent l;
	struct quiet q;
	zval found;

	be_quiet(&q);
	lend(&l, from, copy);
	rfc1867_post_handler(copy, &PG(http_globals)[TRACK_VARS_POST]);
	take_back(&l, post, &found);
	speak_again(&q);
	efree(copy);
	take_files(&found, from->conf->parse_files, files, tmpfiles);
	drop_unlisted(tmpfiles);
	merge_uploaded(l.uploaded);
	if (zend_hash_num_elements(Z_ARRVAL_P(post)) == 0) {
		zval_ptr_dtor(post);
		ZVAL_NULL(post);
	}
}

/* ---- both ------------------------------------------------------------------------------------------------------------------------ */

static bool type_is(struct rs_slice type, struct rs_slice wanted)
{
	struct rs_slice front = { type.p, wanted.n };

	return type.n >= wanted.n && rs_slice_eqi(front, wanted) &&
	       (type.n == wanted.n || type.p[wanted.n] == ';' || type.p[wanted.n] == ' ' || type.p[wanted.n] == ',');
}

void rs_http_form(const struct rs_http_source *from, struct rs_slice type, zval *post, zval *files, zval *tmpfiles)
{
	if (type_is(type, RS_SLICE(FORM_TYPE)))
		rs_http_pairs(from->body, post);
	else if (type_is(type, RS_SLICE(MULTIPART_TYPE)))
		multipart(from, type, post, files, tmpfiles);
}

void rs_http_tmpfiles_delete(zval *tmpfiles)
{
	HashTable *known = SG(rfc1867_uploaded_files);
	zval *path;

	ZVAL_DEREF(tmpfiles);
	if (Z_TYPE_P(tmpfiles) != IS_ARRAY || !known)
		return;
	/* Only what is still known as uploaded: the property is anybody's to write to. */
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(tmpfiles), path) {
		if (Z_TYPE_P(path) != IS_STRING || !zend_hash_exists(known, Z_STR_P(path)))
			continue;
		VCWD_UNLINK(Z_STRVAL_P(path));
		zend_hash_del(known, Z_STR_P(path));
	} ZEND_HASH_FOREACH_END();
}
