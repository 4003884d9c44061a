/*
 * Listening sockets: bound by the master once, inherited from systemd or over a restart, kept open for its whole life.
 */
#ifndef RS_MASTER_LISTEN_H
#define RS_MASTER_LISTEN_H

#include "base/rs_log.h"
#include "base/rs_proc.h"
#include "conf/conf.h"

#include <sys/socket.h>

#define RS_LISTENERS_MAX 64

/* Where to listen: an IP literal with a port, or a path. */
struct rs_address {
	struct sockaddr_storage sa; /* IP only */
	socklen_t len;
	char path[4096];            /* Unix socket, absolute; "" for IP */
	char name[4200];            /* as people write it: 127.0.0.1:80, [::1]:80, unix:/path */
	unsigned words;             /* RS_LISTEN_WORD_* */
};

struct rs_listener {
	int fd;
	char *name;                 /* address with the port that was really bound; heap */
	char *path;                 /* Unix socket to remove at the end, or NULL; heap */
	unsigned words;             /* RS_LISTEN_WORD_* of the configuration in force */
	bool borrowed;              /* systemd made it: never removed, and used whatever the configuration says */
};

struct rs_listeners {
	struct rs_listener v[RS_LISTENERS_MAX];
	size_t n;
	bool activated;             /* some are borrowed */
};

/* host:port, [ipv6]:port, unix:PATH, or a path (relative ones below base); then words. false: no such address. */
bool rs_address_parse(const char *text, const char *base, struct rs_address *a);

/* RS_LISTEN_WORD_* of the main port, and of sockets that systemd made. */
unsigned rs_address_main_words(const struct rs_conf *c);

/* Fills name from sa. false: neither IP nor a named Unix socket. */
bool rs_address_print(struct rs_address *a);

/* What the configuration asks for, in order, without doubles. 0: why has the reason. */
size_t rs_address_list(const struct rs_conf *c, struct rs_address *out, size_t max, char *why, size_t why_size);

/*
 * Takes the sockets that systemd (LISTEN_FDS) or the master before this exec (RSERVERD_LISTEN_FDS) left, and removes
 * those variables from the environment. Call before any fork.
 */
void rs_listeners_inherit(struct rs_listeners *l, const struct rs_log *log);

/* Binds what is missing; closes what was inherited from before a restart and is asked for no more. false: why. */
bool rs_listeners_open(struct rs_listeners *l, const struct rs_conf *c, const struct rs_identity *owner,
		       const struct rs_log *log, char *why, size_t why_size);

/* Sets RSERVERD_LISTEN_FDS and lets the sockets survive exec(). */
bool rs_listeners_bequeath(const struct rs_listeners *l);

/* Closes all; remove: unlinks Unix sockets. */
void rs_listeners_fini(struct rs_listeners *l, const struct rs_identity *owner, bool remove);

#endif
