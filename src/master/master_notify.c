/*
 * sd_notify(3) without libsystemd: a datagram to the socket that NOTIFY_SOCKET names.
 */
#include "master/master_notify.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void rs_notify(const struct rs_log *log, const char *state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n == 0)
		return;
	if ((path[0] != '/' && path[0] != '@') || n >= sizeof un.sun_path) {
		rs_warnx(log, "NOTIFY_SOCKET is not usable: %s", path);
		return;
	}
	memcpy(un.sun_path, path, n);
	if (un.sun_path[0] == '@')
		un.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&un,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		rs_warn(log, "cannot notify %s", path);
	rs_fd_close(&fd);
}

void rs_notify_serving(const struct rs_log *log, uint32_t generation, uint32_t workers, const char *more)
{
	char text[512];

	rs_fmt(text, sizeof text, "READY=1\nMAINPID=%d\nSTATUS=generation %u serves, %u workers%s", (int)getpid(), generation, workers,
	       more);
	rs_notify(log, text);
}

void rs_notify_reloading(const struct rs_log *log, const char *status)
{
	char text[128];

	rs_fmt(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=%s", (long long)rs_now_us(), status);
	rs_notify(log, text);
}

void rs_notify_stopping(const struct rs_log *log)
{
	rs_notify(log, "STOPPING=1\nSTATUS=stopping");
}

void rs_notify_patience(const struct rs_log *log, int64_t ms)
{
	char text[64];

	rs_fmt(text, sizeof text, "EXTEND_TIMEOUT_USEC=%lld", (long long)ms * 1000);
	rs_notify(log, text);
}
