/*
 * isolation = fork: the memory of the booted application in huge pages, where the kernel has any. A fork copies the table of pages and an
 * end takes it apart, entry by entry; of huge pages there are five hundred times fewer. What a request writes to is still copied in small
 * pages. Done once, in the manager: its children share them.
 */
#include "worker/manager_boot.h"

#include <stdio.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

#define HUGE_PAGE ((uintptr_t)2 << 20)

/* One call for each, for one that cannot be had must not keep the others from being tried. */
static unsigned collapse(uintptr_t from, uintptr_t to)
{
	unsigned n = 0;

	for (from = (from + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1); from + HUGE_PAGE <= to; from += HUGE_PAGE)
		n += madvise((void *)from, HUGE_PAGE, MADV_COLLAPSE) == 0;
	return n;
}

void rs_manager_collapse_memory(struct rs_process *p)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long from, to, inode;
	char mode[5], line[512];
	unsigned n = 0;

	/* "start-end rw-p offset device inode name": private, writable, of no file. */
	while (f && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%lx-%lx %4s %*x %*s %lu", &from, &to, mode, &inode) == 4 && inode == 0 && strcmp(mode, "rw-p") == 0)
			n += collapse(from, to);
	}
	if (f)
		fclose(f);
	rs_debug(p->log, "%u huge pages hold the application for its request processes", n);
}
