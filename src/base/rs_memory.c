/*
 * Memory of a process, as /proc tells it.
 */
#include "base/rs_memory.h"

#include "base/rs_fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- lines ---------------------------------------------------------------------------------------- */

/* "Private_Dirty:       68 kB" */
static bool value_of(const char *line, const char *name, uint64_t *kb)
{
	size_t n = strlen(name);

	if (strncmp(line, name, n) != 0)
		return false;
	*kb = strtoull(line + n, NULL, 10);
	return true;
}

/* "7f1c00000000-7f1c04000000 rw-s 00000000 00:01 4 /memfd:..." Fields have capitals and a colon where this has a minus. */
static bool is_mapping(const char *line, bool *shared)
{
	size_t digits = strspn(line, "0123456789abcdef");
	const char *rights = strchr(line, ' ');

	if (digits == 0 || line[digits] != '-' || !rights || strlen(rights) < 5)
		return false;
	*shared = rights[4] == 's';
	return true;
}

static void take_line(struct rs_memory_sum *s)
{
	uint64_t kb;

	s->line[s->n] = '\0';
	if (is_mapping(s->line, &s->shared))
		return;
	if (!s->shared && (value_of(s->line, "Private_Dirty:", &kb) || value_of(s->line, "SwapPss:", &kb)))
		s->kb += kb;
}

void rs_memory_feed(struct rs_memory_sum *s, struct rs_slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\n') {
			take_line(s);
			s->n = 0;
		} else if (s->n < sizeof s->line - 1) {
			s->line[s->n++] = text.p[i];
		}
	}
}

/* ---- files ---------------------------------------------------------------------------------------- */

static int open_of(pid_t pid, const char *name)
{
	char path[64];

	if (pid == 0)
		rs_fmt(path, sizeof path, "/proc/self/%s", name);
	else
		rs_fmt(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

bool rs_memory_bound(pid_t pid, uint64_t *bytes)
{
	int fd = open_of(pid, "status");
	uint64_t kb, sum = 0;
	bool known = false;
	char text[4096];
	ssize_t n;

	n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
	rs_fd_close(&fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (value_of(line, "RssAnon:", &kb)) {
			known = true;
			sum += kb;
		} else if (value_of(line, "VmSwap:", &kb)) {
			sum += kb;
		}
	}
	*bytes = sum * 1024;
	return known;
}

bool rs_memory_own(pid_t pid, uint64_t *bytes)
{
	struct rs_memory_sum sum = { 0 };
	int fd = open_of(pid, "smaps");
	bool any = false;
	char text[4096]; /* the kernel gives at most a page at a time */
	ssize_t n;

	while (fd >= 0 && (n = read(fd, text, sizeof text)) > 0) {
		any = true;
		rs_memory_feed(&sum, rs_slice(text, (size_t)n));
	}
	rs_fd_close(&fd);
	*bytes = sum.kb * 1024;
	return any;
}

bool rs_memory_above(pid_t pid, uint64_t limit, uint64_t *own)
{
	uint64_t bound;

	/* The kernel gathers its counters per processor: they may be behind by some. */
	if (!rs_memory_bound(pid, &bound) || bound < limit - limit / 8)
		return false;
	return rs_memory_own(pid, own) && *own > limit;
}

const char *rs_memory_text(uint64_t bytes, char out[RS_MEMORY_TEXT])
{
	if (bytes < UINT64_C(1) << 20)
		rs_fmt(out, RS_MEMORY_TEXT, "%.1f kB", (double)bytes / 1024);
	else if (bytes < UINT64_C(10) << 30)
		rs_fmt(out, RS_MEMORY_TEXT, "%.1f MB", (double)bytes / (1 << 20));
	else
		rs_fmt(out, RS_MEMORY_TEXT, "%.1f GB", (double)bytes / (1 << 30));
	return out;
}
