/*
 * Prototypes of the methods of Swoole\Server that do not stand in swoole_server.c, whose table of methods names them.
 */
#ifndef RS_SWOOLE_SERVER_METHODS_H
#define RS_SWOOLE_SERVER_METHODS_H

#include "swoole.h"

/* swoole_server_connection.c */
ZEND_METHOD(Swoole_Server, send);
ZEND_METHOD(Swoole_Server, sendto);
ZEND_METHOD(Swoole_Server, sendwait);
ZEND_METHOD(Swoole_Server, sendfile);
ZEND_METHOD(Swoole_Server, close);
ZEND_METHOD(Swoole_Server, pause);
ZEND_METHOD(Swoole_Server, resume);
ZEND_METHOD(Swoole_Server, confirm);
ZEND_METHOD(Swoole_Server, protect);
ZEND_METHOD(Swoole_Server, bind);
/* swoole_server_client.c */
ZEND_METHOD(Swoole_Server, exists);
ZEND_METHOD(Swoole_Server, getClientInfo);
ZEND_METHOD(Swoole_Server, getClientList);
ZEND_METHOD(Swoole_Server, heartbeat);
/* swoole_server_task.c */
ZEND_METHOD(Swoole_Server, task);
ZEND_METHOD(Swoole_Server, finish);
ZEND_METHOD(Swoole_Server, sendMessage);
/* swoole_server_command.c */
ZEND_METHOD(Swoole_Server, addCommand);
ZEND_METHOD(Swoole_Server, command);
/* swoole_server_taskwait.c */
ZEND_METHOD(Swoole_Server, taskwait);
ZEND_METHOD(Swoole_Server, taskWaitMulti);
ZEND_METHOD(Swoole_Server, taskCo);
/* swoole_server_info.c */
ZEND_METHOD(Swoole_Server, reload);
ZEND_METHOD(Swoole_Server, shutdown);
ZEND_METHOD(Swoole_Server, stop);
ZEND_METHOD(Swoole_Server, stats);
ZEND_METHOD(Swoole_Server, getWorkerId);
ZEND_METHOD(Swoole_Server, getWorkerPid);
ZEND_METHOD(Swoole_Server, getWorkerStatus);
ZEND_METHOD(Swoole_Server, getMasterPid);
ZEND_METHOD(Swoole_Server, getManagerPid);

#endif
