/*
 * The server of a hosted application: app('swoole'). Made by the glue while the manager boots (Rserverd\server()), never
 * constructed or started by user code; its sockets and processes are the daemon's. What the reactor sends comes as in scripts, but
 * every callback runs with PHP armed as for a request.
 *
 *   swoole_server_hosted.c        the object, and what it says to the core at serve()
 *   swoole_server_hosted_set.c    settings
 *   swoole_server_hosted_hooks.c  the life of its processes
 *   swoole_server_outside.c       the same object in PHP processes that are none of the server's
 */
#ifndef RS_SWOOLE_SERVER_HOSTED_H
#define RS_SWOOLE_SERVER_HOSTED_H

#include "swoole_server.h"

/* ---- swoole_server_hosted.c ------------------------------------------------------------------------------------------------- */

/* This process's hosted server; NULL: none. */
struct rs_swoole_server *rs_swoole_hosted(void);
/* The manager that this process was forked from; 0: this is no process of a hosted application. */
pid_t rs_swoole_hosted_manager(void);
/* A new one of class ce; settings as in the configuration's [swoole] section. false: thrown. */
bool rs_swoole_hosted_new(zval *out, zend_class_entry *ce, HashTable *settings);
/* Of user process index, for ps. false: thrown. */
bool rs_swoole_hosted_title(zend_long index, zend_string *title);
/* serve(): nothing about it changes any more, and the core is told. Without one, one is made that has nothing. false: thrown. */
bool rs_swoole_hosted_finish(void);

/* ---- swoole_server_hosted_set.c ------------------------------------------------------------------------------------------------ */

/* s NULL: of a port. false: thrown. */
bool rs_swoole_hosted_set(struct rs_swoole_server *s, struct rs_swoole_port *port, HashTable *values);

/* ---- swoole_server_hosted_hooks.c ------------------------------------------------------------------------------------------------ */

extern const struct rs_server_hooks rs_swoole_hosted_hooks;
/* In a fresh child, also when it serves requests only. Once per process, whoever calls. */
void rs_swoole_hosted_forked(void);
/* Runs what a callback of the loop calls, armed. For struct rs_swoole_policy. */
enum rs_call_end rs_swoole_hosted_run(void (*body)(void *arg), void *arg);

/* ---- swoole_server_outside.c ------------------------------------------------------------------------------------------------------ */

/* Connects to the server that listens there; the same object while it lives. false: thrown. */
bool rs_swoole_outside(zval *out, zend_string *path);

#endif
