/*
 * Addresses of sockets as PHP gives and gets them: a host (IP, or a path) and a port. No name is looked up here.
 */
#ifndef RS_CLIENT_ADDRESS_H
#define RS_CLIENT_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/rs_base.h"

struct rs_sock_addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
		struct sockaddr_storage storage;
	};
	socklen_t len; /* 0: no address */
};

/* Text of one: the longest is a path; abstract ones begin with NUL, so it has a length. */
struct rs_sock_name {
	char host[sizeof((struct sockaddr_un){ 0 }.sun_path) + 1]; /* terminated */
	size_t host_n;
	int port;                                                  /* 0 for paths */
};

/*
 * AF_INET, AF_INET6: an IP in text (with scope for IPv6), or "" for any; AF_UNIX: a path, port is not looked at. false:
 * errno is EINVAL (not such an address: perhaps a name), EAFNOSUPPORT or ENAMETOOLONG.
 */
bool rs_sock_addr_set(struct rs_sock_addr *a, int family, struct rs_slice host, int port) RS_MUST_CHECK;
void rs_sock_addr_port(struct rs_sock_addr *a, int port);
void rs_sock_addr_name(const struct rs_sock_addr *a, struct rs_sock_name *out);
/* Is it an IP, of either family? */
bool rs_sock_is_ip(struct rs_slice host);

#endif
