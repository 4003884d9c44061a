/*
 * What requests leave behind that means something outside of PHP's memory: in circles (php_left.c), whether there is more of it than before;
 * transactions (php_transactions.c) and locks (php_locks.c).
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

/* When PHP has started, before any code of the user's is compiled. */
void rs_php_transactions_guard(void);
/* Before a request: what was begun earlier is not its own. */
void rs_php_transactions_begin(void);
/* After it: rolls back what it has left open, says so in the log. May be called again. How many. */
unsigned rs_php_transactions_end(void);

void rs_php_locks_guard(void);
/* After it: lets go what it has locked. How many. */
unsigned rs_php_locks_end(void);
/* The same in a mode in which they stay. */
void rs_php_locks_forget(void);

#endif
