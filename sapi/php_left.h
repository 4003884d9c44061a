/*
 * What requests leave behind in circles: whether there is more of it than before that means something outside of PHP's memory.
 */
#ifndef RS_PHP_LEFT_H
#define RS_PHP_LEFT_H

#include <stdbool.h>

/* Before the first request of this process; later calls do nothing. */
void rs_php_left_begin(void);

/* When a request has ended and all is put back. */
bool rs_php_left_more(void);

/* Garbage has been collected: what is left now has somebody who holds it. */
void rs_php_left_settle(void);

#endif
