/*
 * Requests and events of a hosted application, each with PHP armed for it and cleaned after it.
 */
#ifndef RS_PHP_SERVE_H
#define RS_PHP_SERVE_H

#include "php_call.h"

/* One request: reads x, answers through x. */
enum rs_request_end rs_php_request(struct rs_exchange *x);

/*
 * What is no request: run(arg) with PHP armed as for one, by a mute exchange that shows view and body (NULL, empty: of nothing).
 * exit ends run only; what it throws is reported; then come shutdown functions, the ends of output buffers, the glue's clean
 * callback. RS_CALL_FATAL: this process is spoilt, all of that is done; what: for its line in the log.
 */
enum rs_call_end rs_php_event(const char *what, const struct rs_request_view *view, struct rs_slice body, void (*run)(void *arg),
			      void *arg);

/* Nothing to do: the glue's idle callback, garbage. Destructors that this runs are contained, what they change is put back. */
enum rs_request_end rs_php_tidy(void);

/*
 * php_gaps.c: in the process that forks those of requests, once before the first: the same, and its memory is made so that they copy little of
 * it.
 */
enum rs_request_end rs_php_settle(void);

/* What boot has printed is said; from here on the process is armed for each thing it does. */
void rs_php_leave_boot(void);
/* warm_up[] of the configuration, once, after the boot. false: the fatal error of that path was one too many for this process. */
bool rs_php_warm_up(const char **failed);

/* php_one_request.c: in a process that serves one request and then ends. */
void rs_php_one_request(void);
/* Destructors of what the request has made. false: a fatal error. */
bool rs_php_destruct_request(void);
/* Its connections, files and streams, when all else is over. false: a fatal error. */
bool rs_php_release_request(void);

/* A callback of serve(). false: a fatal error was in it. */
bool rs_php_call_glue(struct rs_php_callback *cb);
/* Those of boot (the framework's fatal error page) stay, what came later is dropped afterwards. false: a fatal error. */
bool rs_php_run_shutdown_functions(void);
/* Output buffers, a session that is open. false: a fatal error. */
bool rs_php_end_output(void);

#endif
