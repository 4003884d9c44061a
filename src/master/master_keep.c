/*
 * Kept memory. An entry is a memfd of a process that runs user code: it is held and handed on, never looked into.
 */
#include "master/master_keep.h"

#include "base/rs_fd.h"
#include "worker/heritage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Memory that can be shared, and nothing that could block or grow by being held. */
static bool is_memory(int fd)
{
	static const char prefix[] = "/memfd:";
	char link[64], target[64];
	struct stat st;
	ssize_t n;

	rs_fmt(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, target, sizeof target);
	return n > (ssize_t)sizeof prefix && memcmp(target, prefix, sizeof prefix - 1) == 0 && fstat(fd, &st) == 0 &&
	       S_ISREG(st.st_mode) && fcntl(fd, F_GET_SEALS) >= 0;
}

static bool is_name(struct rs_slice name)
{
	if (name.n == 0 || name.n >= sizeof((struct rs_kept_memory *)0)->name)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < 0x20 || (unsigned char)name.p[i] >= 0x7f)
			return false;
	return true;
}

static struct rs_kept_memory *find(struct rs_kept_memory *v, size_t n, struct rs_slice name)
{
	for (size_t i = 0; i < n; i++)
		if (rs_slice_eq(rs_slice_str(v[i].name), name))
			return &v[i];
	return NULL;
}

/* Room for one more in an array of up to RS_KEPT_MAX. */
static bool room(struct rs_kept_memory **v, size_t n)
{
	struct rs_kept_memory *more;

	if (n == RS_KEPT_MAX)
		return false;
	if (n & (n - 1)) /* it grows when it is a power of two */
		return true;
	more = realloc(*v, (n ? 2 * n : 1) * sizeof *more);
	if (!more)
		return false;
	*v = more;
	return true;
}

static const char *refuse(int *fd, const char *why)
{
	rs_fd_close(fd);
	return why;
}

const char *rs_mkeep_take(struct rs_gen *g, struct rs_slice name, int fd)
{
	struct rs_master *m = g->m;

	if (!is_name(name))
		return refuse(&fd, "kept memory without a proper name");
	if (!is_memory(fd))
		return refuse(&fd, "what is to be kept is no memory");
	if (find(g->kept, g->nkept, name))
		return refuse(&fd, "two kept memories with one name");
	if (!room(&g->kept, g->nkept)) {
		rs_warnx(m->log, "generation %u: %.*s is not kept over reloads: more than %d memories", g->number, (int)name.n, name.p,
			 RS_KEPT_MAX);
		rs_fd_close(&fd);
		return NULL;
	}
	g->kept[g->nkept].fd = fd;
	RS_IGNORE(!rs_copy(g->kept[g->nkept++].name, sizeof g->kept->name, name));
	return NULL;
}

static void drop(struct rs_kept_memory **v, size_t *n)
{
	while (*n)
		rs_fd_close(&(*v)[--*n].fd);
	free(*v);
	*v = NULL;
}

void rs_mkeep_commit(struct rs_gen *g)
{
	struct rs_master *m = g->m;

	drop(&m->kept, &m->nkept);
	m->kept = g->kept;
	m->nkept = g->nkept;
	g->kept = NULL;
	g->nkept = 0;
}

void rs_mkeep_drop(struct rs_gen *g)
{
	drop(&g->kept, &g->nkept);
}

void rs_mkeep_fini(struct rs_master *m)
{
	drop(&m->kept, &m->nkept);
}
