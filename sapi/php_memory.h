/*
 * What a request or an event leaves behind in PHP's memory, told to the core by route.
 *
 *   Rserverd\route(string $uri): void    the pattern of the route that the running request has matched ("users/{id}")
 */
#ifndef RS_PHP_MEMORY_H
#define RS_PHP_MEMORY_H

#include "sapi.h"

ZEND_FUNCTION(rs_route);

/* Before it is armed. */
void rs_php_memory_begin(void);
/* When all is cleaned up after it. x: the request, with its answer; NULL: it was none, and what says what it was. */
void rs_php_memory_end(const struct rs_exchange *x, const char *what);

#endif
