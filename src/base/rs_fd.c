/*
 * File descriptors.
 */
#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void rs_fd_close(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static bool set_flag(int fd, int get, int set, int flag, bool on)
{
	int now = fcntl(fd, get);

	if (now < 0)
		return false;
	return fcntl(fd, set, on ? now | flag : now & ~flag) == 0;
}

bool rs_fd_nonblock(int fd, bool on)
{
	return set_flag(fd, F_GETFL, F_SETFL, O_NONBLOCK, on);
}

bool rs_fd_cloexec(int fd, bool on)
{
	return set_flag(fd, F_GETFD, F_SETFD, FD_CLOEXEC, on);
}

bool rs_fd_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0;
}

int rs_fd_memory(const char *name, size_t size)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	/* Who has mapped it must not get a SIGBUS because somebody else cuts it. */
	if (fd >= 0 && (ftruncate(fd, (off_t)size) < 0 || (size && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)))
		rs_fd_close(&fd);
	return fd;
}

uint16_t rs_fd_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} sa;
	socklen_t len = sizeof sa;

	memset(&sa, 0, sizeof sa);
	if (getsockname(fd, &sa.any, &len) < 0)
		return 0;
	return sa.any.sa_family == AF_INET ? ntohs(sa.v4.sin_port) : sa.any.sa_family == AF_INET6 ? ntohs(sa.v6.sin6_port) : 0;
}

bool rs_fd_standard(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		if (open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) != fd)
			return false;
	}
	return true;
}

static int compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

void rs_fd_close_others(const int *keep, size_t n)
{
	int sorted[64];
	unsigned from = 3;

	RS_ASSERT(n <= RS_COUNTOF(sorted));
	if (n)
		memcpy(sorted, keep, n * sizeof *keep);
	qsort(sorted, n, sizeof *sorted, compare);
	for (size_t i = 0; i < n; i++) {
		if (sorted[i] < (int)from)
			continue;
		if (sorted[i] > (int)from)
			close_range(from, (unsigned)sorted[i] - 1, 0);
		from = (unsigned)sorted[i] + 1;
	}
	close_range(from, ~0U, 0);
}
