/*
 * Unix sockets by path: bound under a temporary name with their final rights, then renamed, so that nobody can
 * connect too early and a listening socket is never missing. Paths may be longer than sun_path.
 */
#ifndef RS_MASTER_UNIX_H
#define RS_MASTER_UNIX_H

#include "base/rs_proc.h"

#include <sys/socket.h>

struct rs_unix_options {
	const char *path;               /* absolute */
	mode_t mode;
	const struct rs_identity *owner; /* who makes it where root cannot trust the path */
	bool give;                      /* and who owns it everywhere */
	bool datagrams;                 /* SOCK_DGRAM, only bound */
	int backlog;
};

/*
 * A listening, non-blocking, close-on-exec socket. A socket that is there and answers nobody is replaced when it is
 * ours. -1: why has the reason.
 */
int rs_unix_listen(const struct rs_unix_options *o, char *why, size_t why_size);

/* A connected, close-on-exec, blocking socket. -1: errno. */
int rs_unix_connect(const char *path);

/* Removes path if it is a socket. */
void rs_unix_unlink(const char *path, const struct rs_identity *owner);

/* Who is on the other end. false: errno. */
bool rs_unix_peer(int fd, struct ucred *peer);

#endif
