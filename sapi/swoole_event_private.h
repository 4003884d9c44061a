/*
 * What the files of Swoole\Event share: the class, and the methods that live beside swoole_event.c.
 */
#ifndef RS_SWOOLE_EVENT_PRIVATE_H
#define RS_SWOOLE_EVENT_PRIVATE_H

#include "swoole_loop.h"

extern zend_class_entry *rs_swoole_event_ce;

/* swoole_event_turn.c */
ZEND_METHOD(Swoole_Event, defer);
ZEND_METHOD(Swoole_Event, cycle);
ZEND_METHOD(Swoole_Event, dispatch);
ZEND_METHOD(Swoole_Event, wait);
ZEND_METHOD(Swoole_Event, exit);
ZEND_METHOD(Swoole_Event, rshutdown);

#endif
