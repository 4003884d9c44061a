/*
 * Questions to sockets that are PHP's.
 */
#include "client/client_stream.h"

#include <errno.h>
#include <sys/socket.h>

int rs_stream_error(int fd)
{
	int error = 0;
	socklen_t n = sizeof error;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 ? error : errno;
}
