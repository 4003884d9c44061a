/*
 * Parts with contents in a memory file: sealed, so that what was checked is what is served, by whichever process.
 */
#include "tls/tls_context.h"

#include "base/rs_fd.h"
#include "tls/tls_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

int rs_tls_memory(void)
{
	return memfd_create("rserverd-tls", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

struct rs_tlsctx *rs_tlsctx_open(int fd, char *why, size_t why_size)
{
	struct rs_tlsctx *t = NULL;
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0 || st.st_size <= 0) {
		rs_fmt(why, why_size, "no certificate");
		return NULL;
	}
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED) {
		rs_fmt(why, why_size, "%s", strerror(errno));
		return NULL;
	}
	t = rs_tlsctx_new(rs_slice(p, (size_t)st.st_size), why, why_size);
	(void)munmap(p, (size_t)st.st_size);
	return t;
}

bool rs_tls_fill(int fd, struct rs_slice list, struct rs_buf *described, char *why, size_t why_size)
{
	struct rs_tlsctx *t;
	bool ok;

	if (!rs_tls_load(list, fd, why, why_size))
		return false;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) {
		rs_fmt(why, why_size, "cannot seal memory: %s", strerror(errno));
		return false;
	}
	t = rs_tlsctx_open(fd, why, why_size);
	ok = t && rs_tlsctx_describe(t, described);
	rs_tlsctx_unref(t);
	return ok;
}
