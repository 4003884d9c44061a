/*
 * Processes by /proc/PID/stat.
 */
#include "shm/shm_owner.h"

#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Field 3, and field 22 in clock ticks. false: there is no such process, or we may not see it. */
static bool read_stat(pid_t pid, char *process_state, uint32_t *start)
{
	char path[32], text[512], *at;
	ssize_t n;
	int fd;

	if (!rs_fmt(path, sizeof path, "/proc/%d/stat", (int)pid))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, text, sizeof text - 1);
	rs_fd_close(&fd);
	if (n <= 0)
		return false;
	text[n] = 0;
	at = strrchr(text, ')'); /* the name before it may hold anything */
	if (!at || at[1] != ' ' || !at[2])
		return false;
	*process_state = at[2];
	at += 2;
	for (int field = 3; field < 22 && at; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return false;
	*start = (uint32_t)strtoull(at + 1, NULL, 10);
	return true;
}

uint64_t rs_owner_of(pid_t pid)
{
	uint32_t start = 0; /* 0: not known */
	char process_state;

	(void)read_stat(pid, &process_state, &start);
	return (uint64_t)start << 32 | (uint32_t)pid;
}

bool rs_owner_alive(uint64_t owner)
{
	pid_t pid = (pid_t)(owner & 0x7fffffff);
	uint32_t start;
	char process_state;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return false;
	if (!read_stat(pid, &process_state, &start))
		return kill(pid, 0) == 0 || errno == EPERM; /* it may have gone between the two looks */
	return process_state != 'Z' && process_state != 'X' && (owner >> 32 == 0 || owner >> 32 == start);
}
