/*
 * The server of the fake application, when RS_FAKE_SERVER is set: see fake_server.c.
 */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include "worker/engine.h"
#include "worker/heritage.h"

/* While the manager boots. false: why. */
bool fake_server_host(const struct rs_heritage *h, struct rs_buf *why);
/* A command line of a client or of a request /do/WORD/ARG: what it answers. */
void fake_server_command(const char *line, uint32_t fd, struct rs_buf *answer);

#endif
