/*
 * One lookup, one detached thread. Two owners, the caller and the thread, so whoever lets go last frees. The thread blocks
 * all signals: handlers of this process expect its only other thread.
 */
#include "client/client_resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/rs_fd.h"

#define HOST_MAX 255

struct rs_resolve {
	atomic_int owners;
	atomic_bool done; /* set by the thread when the rest is written */
	int fd;
	int family;
	size_t n;
	struct rs_sock_addr list[RS_RESOLVE_MAX];
	char host[HOST_MAX + 1];
};

static void *resolve(void *arg);

struct rs_resolve *rs_resolve_start(struct rs_slice host, int family)
{
	struct rs_resolve *r = calloc(1, sizeof *r);
	sigset_t all, before;
	pthread_t thread;
	int rc;

	if (!r)
		return NULL;
	atomic_init(&r->owners, 2);
	atomic_init(&r->done, false);
	r->family = family;
	r->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->fd < 0) {
		free(r);
		return NULL;
	}
	/* Longer than a name can be, or with a NUL: nothing to ask. */
	if (host.n == 0 || memchr(host.p, 0, host.n) || !rs_copy(r->host, sizeof r->host, host)) {
		atomic_store(&r->owners, 1);
		atomic_store(&r->done, true);
		RS_IGNORE(eventfd_write(r->fd, 1));
		return r;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, NULL, resolve, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc) {
		atomic_store(&r->owners, 1);
		rs_resolve_free(r);
		errno = rc;
		return NULL;
	}
	pthread_detach(thread);
	return r;
}

static void *resolve(void *arg)
{
	struct rs_resolve *r = arg;
	const struct addrinfo hints = { .ai_family = r->family, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;

	if (getaddrinfo(r->host, NULL, &hints, &found) != 0)
		found = NULL;
	for (const struct addrinfo *a = found; a && r->n < RS_RESOLVE_MAX; a = a->ai_next) {
		struct rs_sock_addr *to = &r->list[r->n];

		if (a->ai_addrlen > sizeof to->storage)
			continue;
		memcpy(&to->storage, a->ai_addr, a->ai_addrlen);
		to->len = a->ai_addrlen;
		r->n++;
	}
	if (found)
		freeaddrinfo(found);
	atomic_store(&r->done, true);
	RS_IGNORE(eventfd_write(r->fd, 1));
	rs_resolve_free(r);
	return NULL;
}

int rs_resolve_fd(const struct rs_resolve *r)
{
	return r->fd;
}

bool rs_resolve_done(const struct rs_resolve *r)
{
	return atomic_load(&r->done);
}

size_t rs_resolve_list(const struct rs_resolve *r, const struct rs_sock_addr **list)
{
	RS_ASSERT(atomic_load(&r->done));
	*list = r->list;
	return r->n;
}

void rs_resolve_free(struct rs_resolve *r)
{
	if (!r || atomic_fetch_sub(&r->owners, 1) > 1)
		return;
	rs_fd_close(&r->fd);
	free(r);
}
