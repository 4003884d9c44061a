/*
 * What the files of Swoole\Coroutine\System share.
 */
#ifndef RS_SWOOLE_SYSTEM_H
#define RS_SWOOLE_SYSTEM_H

#include "client/client_file.h"
#include "swoole_coroutine.h"

/* Does a job on a thread while the coroutine waits. false: the error number is set (of a path, logged too), j is gone. */
bool rs_system_file(struct rs_file_job *j, void (*work)(void *arg));

/*
 * Runs a command of the shell while the coroutine waits. output: what it has printed, terminated, the caller's to free; *status as of
 * waitpid(). false: warned, or cancelled, and the error number is set; output is empty.
 */
bool rs_system_exec(const char *text, bool with_stderr, smart_str *output, int *status);

#endif
