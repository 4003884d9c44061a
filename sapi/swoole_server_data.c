/*
 * What processes of a server give each other as PHP values: strings travel as they are, anything else is serialized. And the
 * form of a task outside of the server (Task::pack()): a head, then the data, or the name of a file that has it.
 */
#include "swoole_server.h"

#include <ext/standard/php_var.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "swoole_server_task.h"

#define FILE_STEM "/swoole.task."
#define FILE_RANDOM "XXXXXX"
#define INLINE_MAX 8180 /* of data; above it a file has it */
#define UNPACK_MAX (256u << 20)

struct packed_head {
	char magic[8];
	uint32_t flags; /* enum rs_task_flag */
	uint32_t n;     /* bytes that follow */
};

static const char magic[8] = { 'r', 's', 't', 'a', 's', 'k', '1', 0 };

/* ---- values --------------------------------------------------------------------------------------------------------------- */

bool rs_swoole_data_pack(zval *data, smart_str *buffer, struct rs_slice *bytes, uint32_t *flags)
{
	php_serialize_data_t seen;

	ZVAL_DEREF(data);
	if (Z_TYPE_P(data) == IS_STRING) {
		*bytes = rs_slice(Z_STRVAL_P(data), Z_STRLEN_P(data));
		return true;
	}
	PHP_VAR_SERIALIZE_INIT(seen);
	php_var_serialize(buffer, data, &seen);
	PHP_VAR_SERIALIZE_DESTROY(seen);
	if (EG(exception))
		return false;
	smart_str_0(buffer);
	*bytes = buffer->s ? rs_slice(ZSTR_VAL(buffer->s), ZSTR_LEN(buffer->s)) : RS_SLICE("");
	*flags |= RS_DATA_SERIALIZED;
	return true;
}

void rs_swoole_data_unpack(zval *out, struct rs_slice bytes, uint32_t flags)
{
	const unsigned char *at = (const unsigned char *)bytes.p;
	php_unserialize_data_t seen;
	zval value;

	if (!(flags & RS_DATA_SERIALIZED)) {
		ZVAL_STRINGL(out, bytes.n ? bytes.p : "", bytes.n);
		return;
	}
	ZVAL_UNDEF(&value);
	PHP_VAR_UNSERIALIZE_INIT(seen);
	if (php_var_unserialize(&value, &at, at + bytes.n, &seen))
		ZVAL_COPY_DEREF(out, &value);
	else
		ZVAL_FALSE(out);
	PHP_VAR_UNSERIALIZE_DESTROY(seen);
	zval_ptr_dtor(&value);
}

/* ---- tasks outside ---------------------------------------------------------------------------------------------------------- */

static const char *directory(void)
{
	const struct rs_swoole_server *s = rs_swoole_the_server();

	return s && s->conf.task_tmpdir ? ZSTR_VAL(s->conf.task_tmpdir) : "/tmp";
}

/* NULL: warned. */
static zend_string *write_file(struct rs_slice bytes)
{
	zend_string *path = zend_strpprintf(0, "%s" FILE_STEM FILE_RANDOM, directory());
	int fd = mkostemp(ZSTR_VAL(path), O_CLOEXEC);

	if (fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n) {
		close(fd);
		return path;
	}
	rs_swoole_warn(RS_SWOOLE_ERROR_SYSTEM_CALL_FAIL, "cannot write %s", ZSTR_VAL(path));
	if (fd >= 0) {
		close(fd);
		unlink(ZSTR_VAL(path));
	}
	zend_string_release(path);
	return NULL;
}

/* The head may come from anywhere: only a file of our own making is opened, and removed. */
static bool is_our_file(struct rs_slice path)
{
	size_t n = strlen(directory()), stem = strlen(FILE_STEM), random = strlen(FILE_RANDOM);

	if (path.n != n + stem + random || memcmp(path.p, directory(), n) != 0 || memcmp(path.p + n, FILE_STEM, stem) != 0)
		return false;
	for (size_t i = n + stem; i < path.n; i++)
		if (!isalnum((unsigned char)path.p[i]))
			return false;
	return true;
}

/* NULL: not one of ours, or it cannot be read. */
static zend_string *read_file(struct rs_slice name)
{
	zend_string *path = zend_string_init(name.p, name.n, false), *data = NULL;
	int fd = is_our_file(name) ? open(ZSTR_VAL(path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && (uint64_t)st.st_size <= UNPACK_MAX) {
		data = zend_string_alloc((size_t)st.st_size, false);
		ZSTR_VAL(data)[ZSTR_LEN(data)] = 0;
		if (read(fd, ZSTR_VAL(data), ZSTR_LEN(data)) != (ssize_t)ZSTR_LEN(data)) {
			zend_string_efree(data);
			data = NULL;
		}
		unlink(ZSTR_VAL(path));
	}
	if (fd >= 0)
		close(fd);
	zend_string_release(path);
	return data;
}

zend_string *rs_swoole_task_pack(zval *data)
{
	struct packed_head head = { .flags = 0 };
	zend_string *path = NULL, *out = NULL;
	smart_str buffer = { 0 };
	struct rs_slice bytes;
	uint32_t flags = 0;

	if (!rs_swoole_data_pack(data, &buffer, &bytes, &flags))
		goto end;
	if (flags & RS_DATA_SERIALIZED)
		head.flags |= RS_TASK_SERIALIZE;
	if (bytes.n > INLINE_MAX) {
		path = write_file(bytes);
		if (!path)
			goto end;
		head.flags |= RS_TASK_TMPFILE;
		bytes = rs_slice(ZSTR_VAL(path), ZSTR_LEN(path));
	}
	memcpy(head.magic, magic, sizeof magic);
	head.n = (uint32_t)bytes.n;
	out = zend_string_alloc(sizeof head + bytes.n, false);
	memcpy(ZSTR_VAL(out), &head, sizeof head);
	memcpy(ZSTR_VAL(out) + sizeof head, bytes.p, bytes.n);
	ZSTR_VAL(out)[ZSTR_LEN(out)] = 0;
end:
	if (path)
		zend_string_release(path);
	smart_str_free(&buffer);
	return out;
}

bool rs_swoole_task_unpack(zval *out, struct rs_slice packed)
{
	zend_string *file = NULL;
	struct packed_head head;
	struct rs_slice bytes;

	if (packed.n < sizeof head)
		return false;
	memcpy(&head, packed.p, sizeof head);
	if (memcmp(head.magic, magic, sizeof magic) != 0 || head.n != packed.n - sizeof head)
		return false;
	bytes = rs_slice(packed.p + sizeof head, head.n);
	if (head.flags & RS_TASK_TMPFILE) {
		file = read_file(bytes);
		if (!file)
			return false;
		bytes = rs_slice(ZSTR_VAL(file), ZSTR_LEN(file));
	}
	rs_swoole_data_unpack(out, bytes, head.flags & RS_TASK_SERIALIZE ? RS_DATA_SERIALIZED : 0);
	if (file)
		zend_string_release(file);
	return true;
}
