/*
 * Extra ports of a hosted application: bound once by the master, at the first start; inherited over a restart.
 */
#ifndef RS_MASTER_PORT_H
#define RS_MASTER_PORT_H

#include "base/rs_log.h"
#include "base/rs_proc.h"
#include "conf/conf.h"
#include "master/master_server.h"

struct rs_mport {
	int fd;                 /* -1: the main port, or an optional one that could not be had */
	uint8_t socket_type;
	char *name;             /* heap; with the port that was really bound */
	char *path;             /* Unix socket to remove at the end, or NULL; heap */
	char *asked;            /* its address as it was asked for: a restart finds it by that; heap */
};

struct rs_mports {
	struct rs_mport v[RS_PORTS_MAX];
	size_t n;
	struct rs_mport old[RS_PORTS_MAX]; /* of the master before a restart, until they are asked for */
	size_t nold;
};

/* Takes what the master before this exec left (RSERVERD_PORT_FDS). Call before any fork. */
void rs_mports_inherit(struct rs_mports *p, const struct rs_log *log);
/*
 * Binds all but the first, and writes the real ports into s->ports. root: ports below 1024 and Unix sockets must be the ini
 * file's. false: why.
 */
bool rs_mports_open(struct rs_mports *p, struct rs_mserver *s, const struct rs_conf *c, bool root,
		    const struct rs_identity *owner, const struct rs_log *log, char *why, size_t why_size);
/* Sets RSERVERD_PORT_FDS and lets the sockets survive exec(). */
bool rs_mports_bequeath(const struct rs_mports *p);
void rs_mports_fini(struct rs_mports *p, const struct rs_identity *owner, bool remove);

#endif
