/*
 * Rserverd\kept(string $name, callable $make): mixed. Shared objects that $make creates are, one by one, those that an earlier
 * generation created under that name, if they are alike; so they survive reloads. The master keeps the memory by "$name.0",
 * "$name.1" ... Runs in the manager while it boots; elsewhere $make is only called.
 */
#include "php_glue.h"
#include "swoole_kept.h"

#include "php_call.h"
#include "worker/server.h"

#include <unistd.h>

#define NAME_MAX_BYTES 100 /* of 127, which the number needs too */

static struct {
	const char *name; /* NULL: we are in no kept() */
	unsigned next;
} kept;

bool rs_swoole_kept_make(void *what, bool (*attach)(void *what, int fd), bool (*create)(void *what, int *fd))
{
	char name[NAME_MAX_BYTES + 16];
	bool fits;
	int fd;

	if (!kept.name)
		return create(what, NULL);
	rs_fmt(name, sizeof name, "%s.%u", kept.name, kept.next++);
	fd = rs_host_kept(name);
	fits = fd >= 0 && attach(what, fd);
	if (!fits) {
		if (fd >= 0)
			close(fd);
		if (!create(what, &fd))
			return false;
	}
	/* What is not named again is dropped. If the master cannot keep it, it is there for this generation. */
	(void)rs_host_keep(name, fd);
	close(fd);
	return true;
}

static bool is_name(const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	return n > 0 && n <= NAME_MAX_BYTES;
}

ZEND_FUNCTION(rs_kept)
{
	const char *outer_name = kept.name;
	unsigned outer_next = kept.next;
	zend_fcall_info fci;
	zend_fcall_info_cache fcc;
	char *name;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_STRING(name, n)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	if (!is_name(name, n)) {
		zend_argument_value_error(1, "must be 1 to %d printable ASCII characters", NAME_MAX_BYTES);
		RETURN_THROWS();
	}
	fci.retval = return_value;
	kept.name = rs_php()->serving ? NULL : name;
	kept.next = 0;
	(void)zend_call_function(&fci, &fcc);
	kept.name = outer_name;
	kept.next = outer_next;
}
