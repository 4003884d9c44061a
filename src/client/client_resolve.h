/*
 * Name resolution that can be waited for: the C library's resolver in a thread of its own, an fd that becomes readable when
 * it has ended. Who stops waiting frees it; the thread ends when the resolver does.
 */
#ifndef RS_CLIENT_RESOLVE_H
#define RS_CLIENT_RESOLVE_H

#include "client/client_address.h"

#define RS_RESOLVE_MAX 16
/* Number of the server API for a name that has no address. */
#define RS_RESOLVE_FAILED 711

struct rs_resolve;

/* family: AF_INET, AF_INET6 or AF_UNSPEC. NULL: errno says why. */
struct rs_resolve *rs_resolve_start(struct rs_slice host, int family);
/* Readable when the answer is there. */
int rs_resolve_fd(const struct rs_resolve *r);
/* Is the answer there? Never waits. */
bool rs_resolve_done(const struct rs_resolve *r);
/* The addresses, best first, without port; 0: the name has none. Only when done. Owner of *list: r. */
size_t rs_resolve_list(const struct rs_resolve *r, const struct rs_sock_addr **list);
/* Also while it is still going on. NULL is fine. */
void rs_resolve_free(struct rs_resolve *r);

#endif
