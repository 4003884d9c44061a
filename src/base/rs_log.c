/*
 * The error log: formats one line, escapes it, writes it once.
 */
#include "base/rs_log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A line above this is cut; below PIPE_BUF, so that lines of several processes never mix. */
#define LINE_MAX_BYTES 4000

static const char *const level_name[] = { "debug", "info", "notice", "warn", "error", "alert" };
static const char *const level_name_marked[] = { "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "ALERT" };
/* of syslog(3) */
static const char *const priority[] = { "<7>", "<6>", "<5>", "<4>", "<3>", "<1>" };

enum rs_log_level rs_log_level_of(int64_t n)
{
	static const enum rs_log_level levels[] = { RS_LOG_DEBUG, RS_LOG_DEBUG, RS_LOG_INFO,  RS_LOG_NOTICE,
						    RS_LOG_WARN,  RS_LOG_ERROR, RS_LOG_ALERT };

	return n >= 0 && n < (int64_t)RS_COUNTOF(levels) ? levels[n] : RS_LOG_INFO;
}

bool rs_log_is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (!stream || fstat(fd, &st) < 0)
		return false;
	rs_fmt(own, sizeof own, "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return strcmp(stream, own) == 0;
}

const char *rs_log_priority(struct rs_slice line)
{
	const char *open = memchr(line.p, '[', line.n);
	const size_t left = open ? (size_t)(line.p + line.n - open - 1) : 0;

	for (size_t i = 0; i < RS_COUNTOF(level_name); i++) {
		const size_t n = strlen(level_name[i]);
		if (left > n && memcmp(open + 1, level_name[i], n) == 0 && open[1 + n] == ']')
			return priority[i];
	}
	return priority[RS_LOG_NOTICE];
}

/*
 * Bytes of the character at p that may stand in a log as they are; 0: none. Not UTF-8, control characters (a terminal obeys those above
 * 0x7f as well), line separators and those that turn the direction of text around are escaped.
 */
static size_t plain(const unsigned char *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf8 ? 4 : 0;
	uint32_t c = len > 1 ? p[0] & (0x7fu >> len) : p[0];

	if (len == 0 || len > n)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ? 0 : len;
}

/* Appends text, with what is not plain escaped; returns the new end. */
static size_t put_escaped(char *line, size_t at, const char *text, size_t n)
{
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < n && at < LINE_MAX_BYTES - 8; i++) {
		unsigned char c = (unsigned char)text[i];
		size_t len = plain((const unsigned char *)text + i, n - i);
		if (len) {
			memcpy(line + at, text + i, len);
			at += len;
			i += len - 1;
			continue;
		}
		line[at++] = '\\';
		line[at++] = 'x';
		line[at++] = hex[c >> 4];
		line[at++] = hex[c & 15];
	}
	return at;
}

static size_t put_prefix(const struct rs_log *log, enum rs_log_level level, char *line)
{
	const char *const journal = log->journal ? priority[level] : "";
	struct timespec now;
	struct tm tm;
	char stamp[40], gen[16] = "";
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	if (strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		stamp[0] = '\0';
	if (log->generation)
		snprintf(gen, sizeof gen, " g%u", log->generation);
	if (log->mark)
		n = snprintf(line, 160, "%s[%s %c%d.0]\t%s\t", journal, stamp, log->mark, (int)getpid(), level_name_marked[level]);
	else
		n = snprintf(line, 160, "%s%s.%03ld [%s] %s %d%s: ", journal, stamp, now.tv_nsec / 1000000, level_name[level], log->role,
			     (int)getpid(), gen);
	return n < 0 ? 0 : (size_t)n < 160 ? (size_t)n : 159;
}

static size_t put_request(const struct rs_log *log, char *line, size_t at)
{
	if (!log->request[0])
		return at;
	at = put_escaped(line, at, "request ", 8);
	at = put_escaped(line, at, log->request, strlen(log->request));
	return put_escaped(line, at, ": ", 2);
}

static void write_line(const struct rs_log *log, char *line, size_t n)
{
	line[n++] = '\n';
	/* A full pipe or disk loses the line: logging must never stop a server. */
	if (write(log->fd, line, n) < 0)
		return;
}

static void emit(const struct rs_log *log, enum rs_log_level level, int err, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES + 8], text[LINE_MAX_BYTES];
	int saved = errno, n;
	size_t at;

	if (level < log->level)
		return;
	n = vsnprintf(text, sizeof text, fmt, ap);
	if (n < 0)
		n = 0;
	at = put_request(log, line, put_prefix(log, level, line));
	at = put_escaped(line, at, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
	if (err) {
		char why[128];
		const char *s = strerror_r(err, why, sizeof why);
		at = put_escaped(line, at, ": ", 2);
		at = put_escaped(line, at, s, strlen(s));
	}
	write_line(log, line, at);
	errno = saved;
}

void rs_log_at(const struct rs_log *log, enum rs_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(log, level, 0, fmt, ap);
	va_end(ap);
}

void rs_log_errno(const struct rs_log *log, enum rs_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(log, level, errno, fmt, ap);
	va_end(ap);
}

void rs_log_request(struct rs_log *log, struct rs_slice id)
{
	if (!rs_copy(log->request, sizeof log->request, id))
		log->request[0] = '\0';
}

void rs_log_text(const struct rs_log *log, enum rs_log_level level, const char *tag, struct rs_slice text)
{
	while (text.n) {
		const char *nl = memchr(text.p, '\n', text.n);
		size_t n = nl ? (size_t)(nl - text.p) : text.n;
		if (n)
			rs_log_at(log, level, "%s%.*s", tag, (int)(n > LINE_MAX_BYTES ? LINE_MAX_BYTES : n),
				  text.p);
		text.p += n + (nl != NULL);
		text.n -= n + (nl != NULL);
	}
}
