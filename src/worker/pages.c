/*
 * isolation = fork: the memory of the booted application in huge pages, where the kernel has any. A fork copies the table of pages and an
 * end takes it apart, entry by entry; of huge pages there are five hundred times fewer. What a request writes to is still copied in small
 * pages. And a request process finds shared memory mapped by none of its pages, so each that it looks at costs it a fault: of huge ones
 * there are two or three.
 */
#include "worker/pages.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

#define HUGE_PAGE ((uintptr_t)2 << 20)

/* ---- what is mapped -------------------------------------------------------------------------------------------------- */

struct mapping {
	uintptr_t from, to;
	bool is_private; /* writable, of no file */
	bool is_shared;  /* the same, by children too */
};

/* "start-end rw-p offset device inode name"; shared memory without a name has the one of /dev/zero. */
static bool parse(const char *line, struct mapping *m)
{
	unsigned long from, to, inode;
	char mode[5], name[16] = "";

	if (sscanf(line, "%lx-%lx %4s %*x %*s %lu %15s", &from, &to, mode, &inode, name) < 4)
		return false;
	*m = (struct mapping){ .from = from, .to = to };
	m->is_private = inode == 0 && strcmp(mode, "rw-p") == 0;
	m->is_shared = strcmp(name, "/dev/zero") == 0 && strcmp(mode, "rw-s") == 0;
	return true;
}

/* Has any of its pages been swapped out? Also when that cannot be told. */
static bool is_swapped(const struct mapping *m)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	struct mapping now = { 0 };
	unsigned long kb, swapped = 1;
	char line[512];

	while (f && fgets(line, sizeof line, f)) {
		if (!parse(line, &now) && now.from == m->from && sscanf(line, "Swap: %lu kB", &kb) == 1)
			swapped = kb;
	}
	if (f)
		fclose(f);
	return swapped > 0;
}

static uintptr_t huge_up(uintptr_t at)
{
	return (at + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
}

static unsigned collapse_one(uintptr_t at)
{
	return madvise((void *)at, HUGE_PAGE, MADV_COLLAPSE) == 0;
}

/* ---- private ----------------------------------------------------------------------------------------------------------- */

unsigned rs_pages_collapse_private(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	struct mapping m;
	char line[512];
	unsigned n = 0;

	while (f && fgets(line, sizeof line, f)) {
		if (!parse(line, &m) || !m.is_private)
			continue;
		/* One call for each, for one that cannot be had must not keep the others from being tried. */
		for (uintptr_t at = huge_up(m.from); at + HUGE_PAGE <= m.to; at += HUGE_PAGE)
			n += collapse_one(at);
	}
	if (f)
		fclose(f);
	return n;
}

/* ---- shared ------------------------------------------------------------------------------------------------------------ */

/* Pages that are there, as mincore() tells them. */
static bool any(const unsigned char *there, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (there[i] & 1)
			return true;
	return false;
}

static bool copy(char *to, const struct mapping *m, unsigned char *there, size_t page)
{
	if (mincore((void *)m->from, m->to - m->from, there) < 0)
		return false;
	for (size_t i = 0; i < (m->to - m->from) / page; i++)
		if (there[i] & 1)
			memcpy(to + i * page, (const char *)m->from + i * page, page);
	/* A page that is swapped out is not there, and not empty. */
	return !is_swapped(m);
}

/*
 * A huge page of a file must lie in memory as it lies in the file, and where shared memory lies is chance. So the same contents are put
 * at the same addresses from a file that begins as much later as it needs to.
 */
static bool move(const struct mapping *m, unsigned char *there, size_t page)
{
	size_t offset = m->from % HUGE_PAGE, size = m->to - m->from;
	int fd = memfd_create("rserverd-shared", MFD_CLOEXEC);
	char *to = MAP_FAILED;
	bool ok = false;

	if (fd >= 0 && ftruncate(fd, (off_t)(offset + size)) == 0)
		to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);
	if (to != MAP_FAILED) {
		ok = copy(to, m, there, page) &&
		     mmap((void *)m->from, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)offset) != MAP_FAILED;
		munmap(to, size);
	}
	rs_fd_close(&fd);
	return ok;
}

static unsigned collapse_shared(const struct mapping *m)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *there = malloc((m->to - m->from) / page);
	unsigned n = 0;

	if (there && move(m, there, page)) {
		for (uintptr_t at = huge_up(m->from); at + HUGE_PAGE <= m->to; at += HUGE_PAGE)
			if (any(there + (at - m->from) / page, HUGE_PAGE / page))
				n += collapse_one(at);
	}
	free(there);
	return n;
}

/* A child of the application's would be left with the old one. */
static bool has_children(void)
{
	siginfo_t info;

	return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/* Ours, which the master has as well, are smaller, and so is whatever is not worth it. */
#define SHARED_MIN (2 * HUGE_PAGE)
#define SHARED_MAX 4 /* mappings */

unsigned rs_pages_collapse_shared(void)
{
	FILE *f = has_children() ? NULL : fopen("/proc/self/maps", "re");
	struct mapping found[SHARED_MAX], m;
	unsigned n = 0, nfound = 0;
	char line[512];

	while (f && nfound < SHARED_MAX && fgets(line, sizeof line, f)) {
		if (parse(line, &m) && m.is_shared && m.to - m.from >= SHARED_MIN)
			found[nfound++] = m;
	}
	if (f)
		fclose(f);
	for (unsigned i = 0; i < nfound; i++)
		n += collapse_shared(&found[i]);
	return n;
}
