/*
 * The log files: opened and reopened by the master; what its children print comes through pipes and is written here.
 */
#ifndef RS_MASTER_LOG_H
#define RS_MASTER_LOG_H

#include "base/rs_log.h"
#include "base/rs_proc.h"
#include "conf/conf.h"

struct event_base;
struct rs_log_pipe;

struct rs_mlog {
	struct rs_log *log;              /* the master's own; its fd is the log file, or standard error */
	struct event_base *base;
	const struct rs_identity *owner; /* whose rights make files in the application's directories */
	char path[4096];                 /* log_file; "" = standard error */
	char access_path[4096];          /* access_log; "" = none, "-" = standard output */
	int access_fd;                   /* -1: none */
	bool detached;                   /* standard output and error are the log file */
	struct rs_log_pipe *pipes;
};

void rs_mlog_init(struct rs_mlog *l, struct rs_log *log, struct event_base *base, const struct rs_identity *owner);

/* Drains and closes what is left. */
void rs_mlog_fini(struct rs_mlog *l);

/* Takes level and files of c. log_path: the log file, "" for standard error. false: why; what was open stays. */
bool rs_mlog_open(struct rs_mlog *l, const struct rs_conf *c, const char *log_path, char *why, size_t why_size);

/* Opens the same names again; keeps the old file when that fails. */
void rs_mlog_reopen(struct rs_mlog *l);

/* From now on standard input is /dev/null, standard output and error go to the log file. */
void rs_mlog_detach(struct rs_mlog *l);

/*
 * The write end of a pipe for a child's standard output and error; its lines go to the log. role: "manager", "reactor".
 * never_block: the child rather loses lines than waits. -1: errno.
 */
int rs_mlog_pipe(struct rs_mlog *l, const char *role, unsigned generation, bool never_block);

/* The same for the read end of a pipe that exists already. Takes fd. */
bool rs_mlog_adopt(struct rs_mlog *l, int fd, const char *role, unsigned generation) RS_MUST_CHECK;

/* The last line of level error that processes of this generation have logged; "" when none. */
const char *rs_mlog_last_error(struct rs_mlog *l, unsigned generation);

/* The last lines that they have printed, in one; "" when none. */
const char *rs_mlog_last_words(struct rs_mlog *l, unsigned generation);

#endif
