/*
 * The process tree as /proc shows it. Every process is held by a pidfd before anything is killed: a pid that has
 * become another process meanwhile is not hit.
 */
#include "cli/cli_tree.h"

#include "base/rs_fd.h"
#include "base/rs_proc.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>

#define PROCESSES_MAX 65536

struct process {
	pid_t pid, parent;
	int fd;
	bool below;
};

static struct process *list_all(size_t *n)
{
	struct process *v = NULL, *grown;
	DIR *d = opendir("/proc");
	struct dirent *e;
	uint64_t pid;

	*n = 0;
	while (d && (e = readdir(d)) && *n < PROCESSES_MAX) {
		if (!rs_parse_u64(rs_slice_str(e->d_name), INT32_MAX, &pid))
			continue;
		if (*n % 256 == 0) {
			grown = realloc(v, (*n + 256) * sizeof *v);
			if (!grown)
				break;
			v = grown;
		}
		v[(*n)++] = (struct process){ .pid = (pid_t)pid, .parent = rs_proc_parent((pid_t)pid), .fd = -1 };
	}
	if (d)
		closedir(d);
	return v;
}

/* Marks the descendants of root, level by level. */
static void mark(struct process *v, size_t n, pid_t root)
{
	bool more = true;

	for (size_t i = 0; i < n; i++)
		v[i].below = v[i].pid == root;
	while (more) {
		more = false;
		for (size_t i = 0; i < n; i++) {
			for (size_t k = 0; k < n && !v[i].below; k++)
				more |= v[i].below = v[k].below && v[k].pid == v[i].parent;
		}
	}
}

void rs_tree_kill(pid_t pid)
{
	size_t n;
	struct process *v = list_all(&n);

	mark(v, n, pid);
	for (size_t i = 0; i < n; i++) {
		if (!v[i].below)
			continue;
		v[i].fd = pidfd_open(v[i].pid, 0);
		/* Still the one that was looked at? */
		if (v[i].fd >= 0 && rs_proc_parent(v[i].pid) != v[i].parent)
			rs_fd_close(&v[i].fd);
	}
	for (size_t i = 0; i < n; i++)
		if (v[i].pid == pid && v[i].fd >= 0)
			(void)pidfd_send_signal(v[i].fd, SIGKILL, NULL, 0);
	for (size_t i = 0; i < n; i++) {
		if (v[i].fd >= 0)
			(void)pidfd_send_signal(v[i].fd, SIGKILL, NULL, 0);
		rs_fd_close(&v[i].fd);
	}
	free(v);
}
