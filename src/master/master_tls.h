/*
 * Certificates in the master: it alone may read them. Runs in the master.
 */
#ifndef RS_MASTER_TLS_H
#define RS_MASTER_TLS_H

#include "base/rs_base.h"
#include "ipc/server_wire.h"

struct rs_gen;
struct rs_master;

/* Of a generation: what its ports serve with, read once, by index. Owner: the generation. */
struct rs_mtls {
	int fd[RS_PORTS_MAX];  /* sealed memory files; -1: no TLS */
};

void rs_mtls_init(struct rs_mtls *t);
void rs_mtls_fini(struct rs_mtls *t);

/*
 * Reads and checks the certificates of all ports of g's server and configuration. false: why, and g has none. One that only replaces
 * a dead manager goes on with those in force.
 */
bool rs_mtls_read(struct rs_gen *g, char *why, size_t why_size);
/* Again, for a server of a script that reloads: the old ones stay when there is something wrong, which is logged. */
void rs_mtls_reread(struct rs_gen *g);
/* To the reactor. */
void rs_mtls_tell(struct rs_master *m, const struct rs_gen *g);

#endif
