/*
 * How the clients of PHP wait: inside a coroutine only that is suspended, elsewhere the process blocks.
 */
#include "swoole_client.h"
#include "swoole_coroutine.h"

enum rs_wait rs_client_wait(void *arg, int fd, unsigned events, int64_t timeout_ms)
{
	enum rs_co_wait end;

	if (!rs_co_self())
		return rs_wait_blocking(arg, fd, events, timeout_ms);
	if (fd < 0) {
		end = rs_co_sleep(timeout_ms);
		return end == RS_CO_READY ? RS_WAIT_TIMEOUT : end == RS_CO_CANCELLED ? RS_WAIT_CANCELLED : RS_WAIT_FAILED;
	}
	switch (rs_co_wait_fd(fd, events, timeout_ms)) {
	case RS_CO_READY:
		return RS_WAIT_READY;
	case RS_CO_TIMEOUT:
		return RS_WAIT_TIMEOUT;
	case RS_CO_CANCELLED:
		return RS_WAIT_CANCELLED;
	case RS_CO_FAILED:
		break;
	}
	return RS_WAIT_FAILED;
}

int64_t rs_client_ms(double seconds)
{
	if (!(seconds > 0))
		return -1;
	if (seconds > 1e12)
		return -1;
	return seconds < 0.001 ? 1 : (int64_t)(seconds * 1000 + 0.5);
}
