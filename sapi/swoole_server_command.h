/*
 * Commands between workers (swoole_server_command.c), for the dispatch of events.
 */
#ifndef RS_SWOOLE_SERVER_COMMAND_H
#define RS_SWOOLE_SERVER_COMMAND_H

#include "swoole_server.h"

/* A message with RS_DATA_COMMAND or RS_DATA_ANSWER. */
void rs_swoole_command_event(struct rs_swoole_server *s, const struct rs_event *ev);

#endif
