/*
 * Files named by a list of parts, read once. Their bytes go from file to file in the kernel: a key is never in the memory
 * of who calls this, nor of what it forks later.
 */
#include "tls/tls_parts.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static const bool is_file[] = {
#define FILE true
#define TEXT false
#define RS_TLS_PART(name, is, prose) is,
#include "tls/tls_parts.def"
#undef RS_TLS_PART
#undef FILE
#undef TEXT
};

static bool write_all(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n) {
		ssize_t put = write(fd, at, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		at += put;
		n -= (size_t)put;
	}
	return true;
}

static bool write_part(int out, enum rs_tls_part part, struct rs_slice value)
{
	uint32_t head[2] = { part, (uint32_t)value.n };

	return write_all(out, head, sizeof head) && write_all(out, value.p, value.n);
}

/* n bytes of in. What is missing at its end makes the list unreadable, and says so. */
static bool copy(int in, int out, size_t n)
{
	while (n) {
		ssize_t got = sendfile(out, in, NULL, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = ESTALE; /* it is being written right now */
		if (got <= 0)
			return false;
		n -= (size_t)got;
	}
	return true;
}

static bool load_file(enum rs_tls_part part, struct rs_slice value, int out, char *why, size_t why_size)
{
	char path[PATH_MAX];
	struct stat st = { 0 };
	uint32_t head[2] = { RS_TLS_content, 0 };
	const char *error = NULL;
	int fd;

	if (!rs_copy(path, sizeof path, value) || !*path) {
		rs_fmt(why, why_size, "%s: the path is empty or too long", rs_tls_part_name(part));
		return false;
	}
	/* Not to wait for the writer of a pipe. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0)
		error = strerror(errno);
	else if (!S_ISREG(st.st_mode))
		error = "not a file";
	else if (st.st_size == 0)
		error = "the file is empty";
	else if (st.st_size > (off_t)RS_TLS_FILE_MAX)
		error = "far too large";
	if (!error) {
		head[1] = (uint32_t)st.st_size;
		if (!write_all(out, head, sizeof head) || !copy(fd, out, head[1]))
			error = strerror(errno);
	}
	rs_fd_close(&fd);
	if (error)
		rs_fmt(why, why_size, "%s %s: %s", rs_tls_part_name(part), path, error);
	return !error;
}

bool rs_tls_load(struct rs_slice list, int out, char *why, size_t why_size)
{
	enum rs_tls_part part;
	struct rs_slice value;
	enum rs_result rc;

	while ((rc = rs_tls_next(&list, &part, &value)) == RS_OK) {
		if (!write_part(out, part, value)) {
			rs_fmt(why, why_size, "cannot write to memory: %s", strerror(errno));
			return false;
		}
		if (is_file[part] && !load_file(part, value, out, why, why_size))
			return false;
	}
	if (rc == RS_ERR)
		rs_fmt(why, why_size, "the settings of TLS are broken");
	return rc == RS_DONE;
}
