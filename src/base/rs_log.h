/*
 * The error log. One line per call, written with one write(2) to the context's fd:
 *
 *   2026-11-21 09:30:00.123 [warn] reactor 4711 g2: message: No such file or directory
 *
 * In a process that works on a request its id stands in front of the message, as `request ID: `. Or, where the log belongs to a script's server, as the server API has it (two tabs, then the text):
 *
 *   [2026-11-21 09:30:00 *4711.0]	WARNING	message: No such file or directory
 *
 * The fd is a terminal or file (foreground), systemd's journal (each line behind its priority, as sd-daemon(3) has it: <4>), or a
 * pipe that the master drains into log_file.
 * errno survives every call. Control bytes in the message are written as \xNN, so that no
 * client can forge a line.
 */
#ifndef RS_LOG_H
#define RS_LOG_H

#include "base/rs_base.h"

/* Longest id of a request that is shown. */
#define RS_LOG_REQUEST_MAX 64

enum rs_log_level { RS_LOG_DEBUG, RS_LOG_INFO, RS_LOG_NOTICE, RS_LOG_WARN, RS_LOG_ERROR, RS_LOG_ALERT };

/*
 * Who speaks. One per process, made by main, part of the heritage of every fork.
 * The module gets a pointer to the daemon's, so both copies of this code share it.
 */
struct rs_log {
	int fd;
	bool journal;              /* fd is the journal */
	enum rs_log_level level;   /* lines below are dropped */
	char role[32];             /* "master", "reactor", "manager", "worker 3" */
	unsigned generation;       /* 0: the process belongs to none */
	char request[RS_LOG_REQUEST_MAX + 1]; /* id of the one in work, "": none */
	char mark;                 /* of the second form: @ before start, # master, $ manager, * worker, ^ task worker; '\0': the first form */
};

/* The level behind log_level: 0 debug, 1 trace, 2 info, 3 notice, 4 warning, 5 error, 6 none. */
enum rs_log_level rs_log_level_of(int64_t n);

/* Is this descriptor systemd's journal, as JOURNAL_STREAM says? */
bool rs_log_is_journal(int fd);
/* The priority of a line that another process has written so, as the journal reads it: "<4>". */
const char *rs_log_priority(struct rs_slice line);

/* Printf-style; `_errno` variants append strerror(errno). */
void rs_log_at(const struct rs_log *log, enum rs_log_level level, const char *fmt, ...) RS_PRINTF(3, 4);
void rs_log_errno(const struct rs_log *log, enum rs_log_level level, const char *fmt, ...) RS_PRINTF(3, 4);

/* From now on lines are about this request; an empty id: about none. */
void rs_log_request(struct rs_log *log, struct rs_slice id);

/* Bytes from elsewhere (PHP's error log), split into lines, each escaped. */
void rs_log_text(const struct rs_log *log, enum rs_log_level level, const char *tag, struct rs_slice text);

#define rs_debug(log, ...) rs_log_at((log), RS_LOG_DEBUG, __VA_ARGS__)
#define rs_info(log, ...) rs_log_at((log), RS_LOG_INFO, __VA_ARGS__)
#define rs_notice(log, ...) rs_log_at((log), RS_LOG_NOTICE, __VA_ARGS__)
#define rs_warn(log, ...) rs_log_errno((log), RS_LOG_WARN, __VA_ARGS__)
#define rs_warnx(log, ...) rs_log_at((log), RS_LOG_WARN, __VA_ARGS__)
#define rs_error(log, ...) rs_log_errno((log), RS_LOG_ERROR, __VA_ARGS__)
#define rs_errorx(log, ...) rs_log_at((log), RS_LOG_ERROR, __VA_ARGS__)
/* Something that must never happen in a healthy server: every test fails on one. */
#define rs_alert(log, ...) rs_log_errno((log), RS_LOG_ALERT, __VA_ARGS__)
#define rs_alertx(log, ...) rs_log_at((log), RS_LOG_ALERT, __VA_ARGS__)

#endif
