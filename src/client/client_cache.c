/*
 * Connections that are kept (SWOOLE_KEEP). The cache outlives the objects that fill it; it belongs to a process, and a child
 * closes what it has of its parent's without a word to the peers, for whom they are the parent's.
 */
#include "client/client.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/rs_fd.h"

struct rs_client_kept {
	TAILQ_ENTRY(rs_client_kept) entry;
	struct rs_client client;
	char key[];
};

/* Frees the entry, not the connection. */
static void drop(struct rs_client_cache *all, struct rs_client_kept *k)
{
	TAILQ_REMOVE(&all->list, k, entry);
	all->n--;
	free(k);
}

/* In a child: the fds are closed, nothing is sent. */
static void forget(struct rs_client_cache *all)
{
	struct rs_client_kept *k;

	while ((k = TAILQ_FIRST(&all->list)) != NULL) {
		rs_tls_free(k->client.sock.tls);
		k->client.sock.tls = NULL;
		rs_client_close(&k->client);
		drop(all, k);
	}
}

static void enter(struct rs_client_cache *all)
{
	if (all->owner == getpid())
		return;
	if (all->owner)
		forget(all);
	else
		TAILQ_INIT(&all->list);
	all->owner = getpid();
}

void rs_client_cache_put(struct rs_client_cache *all, const char *key, struct rs_client *c)
{
	size_t n = strlen(key) + 1;
	struct rs_client_kept *k = malloc(sizeof *k + n);

	enter(all);
	if (!k) {
		rs_client_close(c);
		return;
	}
	if (all->n == RS_CLIENT_KEPT_MAX) {
		rs_client_close(&TAILQ_FIRST(&all->list)->client);
		drop(all, TAILQ_FIRST(&all->list));
	}
	memcpy(k->key, key, n);
	k->client = *c;
	k->client.sock.wait = rs_wait_blocking;
	k->client.sock.wait_arg = NULL;
	k->client.packet = (struct rs_packet){ 0 };
	TAILQ_INSERT_TAIL(&all->list, k, entry);
	all->n++;
	rs_client_init(c, c->kind, c->want_tls);
}

bool rs_client_cache_take(struct rs_client_cache *all, const char *key, struct rs_client *out)
{
	struct rs_client_kept *k, *before;

	enter(all);
	/* The one used last is the likeliest to live. */
	for (k = TAILQ_LAST(&all->list, rs_client_kept_list); k; k = before) {
		bool mine = strcmp(k->key, key) == 0, lives = mine && rs_sock_alive(&k->client.sock);

		before = TAILQ_PREV(k, rs_client_kept_list, entry);
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

void rs_client_cache_free(struct rs_client_cache *all)
{
	enter(all);
	while (!TAILQ_EMPTY(&all->list)) {
		rs_client_close(&TAILQ_FIRST(&all->list)->client);
		drop(all, TAILQ_FIRST(&all->list));
	}
}
