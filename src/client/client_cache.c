/*
 * The cache of kept connections (SWOOLE_KEEP): one per process, since it outlives the objects that fill it. A child forgets
 * its parent's without a word to the peers, for whom they are the parent's.
 */
#include "client/client.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/rs_fd.h"

#define KEPT_MAX 256

struct kept {
	TAILQ_ENTRY(kept) entry;
	struct rs_client client;
	char key[];
};

TAILQ_HEAD(kept_list, kept);

struct cache {
	struct kept_list list; /* oldest first */
	unsigned n;
	pid_t owner;             /* 0: not used yet */
};

/* Frees the entry, not the connection. */
static void drop(struct cache *all, struct kept *k)
{
	TAILQ_REMOVE(&all->list, k, entry);
	all->n--;
	free(k);
}

/* In a child: the fds are closed, nothing is sent. */
static void forget(struct cache *all)
{
	struct kept *k;

	while ((k = TAILQ_FIRST(&all->list)) != NULL) {
		rs_fd_close(&k->client.sock.fd);
		rs_tls_free(k->client.sock.tls);
		rs_buf_free(&k->client.in);
		drop(all, k);
	}
}

static struct cache *cache(void)
{
	static struct cache process;

	if (process.owner == getpid())
		return &process;
	if (process.owner)
		forget(&process);
	TAILQ_INIT(&process.list);
	process.n = 0;
	process.owner = getpid();
	return &process;
}

void rs_client_cache_put(const char *key, struct rs_client *c)
{
	struct cache *all = cache();
	size_t n = strlen(key) + 1;
	struct kept *k = malloc(sizeof *k + n);

	if (!k) {
		rs_client_close(c);
		return;
	}
	if (all->n == KEPT_MAX) {
		rs_client_close(&TAILQ_FIRST(&all->list)->client);
		drop(all, TAILQ_FIRST(&all->list));
	}
	memcpy(k->key, key, n);
	k->client = *c;
	k->client.sock.wait = rs_wait_blocking;
	k->client.sock.wait_arg = NULL;
	TAILQ_INSERT_TAIL(&all->list, k, entry);
	all->n++;
	rs_client_init(c, c->kind, c->want_tls);
}

bool rs_client_cache_take(const char *key, struct rs_client *out)
{
	struct cache *all = cache();
	struct kept *k, *before;

	/* The one used last is the likeliest to live. */
	for (k = TAILQ_LAST(&all->list, kept_list); k; k = before) {
		bool mine = strcmp(k->key, key) == 0, lives = mine && rs_sock_alive(&k->client.sock);

		before = TAILQ_PREV(k, kept_list, entry);
		if (!mine)
			continue;
		if (lives)
			*out = k->client;
		else
			rs_client_close(&k->client);
		drop(all, k);
		if (lives) {
			out->reused++;
			return true;
		}
	}
	return false;
}
