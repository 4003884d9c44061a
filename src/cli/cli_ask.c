/*
 * The client of the control socket, and the small commands that only ask: status, reload.
 */
#include "cli/cli.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "master/master_unix.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_MAX (8u << 20)
#define ANSWER_MS 10000

/* Much of it are the application's words, and often it is root's terminal: nothing in them may drive that. */
static void put_plain(FILE *to, struct rs_slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i], next = i + 1 < text.n ? (unsigned char)text.p[i + 1] : 0;
		/* U+0080 to U+009F are control characters as well. */
		bool two = c == 0xc2 && next >= 0x80 && next < 0xa0;
		fputc(two || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f ? '?' : c, to);
		i += two;
	}
}

int rs_cli_fail(const char *fmt, ...)
{
	char text[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	fputs("rserverd: ", stderr);
	put_plain(stderr, rs_slice_str(text));
	fputc('\n', stderr);
	return 1;
}

void rs_cli_print(struct rs_slice text)
{
	put_plain(stdout, text);
}

/* Is the other end a server that we may believe: root's, or our own? */
static bool trusted(int fd)
{
	struct ucred peer;

	return rs_unix_peer(fd, &peer) && (peer.uid == 0 || peer.uid == geteuid());
}

static enum rs_result receive(int fd, int timeout_ms, struct rs_buf *out, char *why, size_t why_size)
{
	int64_t deadline = rs_now_ms() + timeout_ms;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (;;) {
		int64_t left = timeout_ms < 0 ? -1 : deadline - rs_now_ms();
		char *to;
		ssize_t n;
		int ready = left < 0 && timeout_ms >= 0 ? 0 : poll(&p, 1, (int)left);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0) {
			rs_fmt(why, why_size, "the server does not answer");
			return RS_ERR;
		}
		to = out->len < ANSWER_MAX ? rs_buf_reserve(out, 4096) : NULL;
		n = to ? read(fd, to, 4096) : -1;
		if (n == 0)
			return RS_OK;
		if (n < 0) {
			rs_fmt(why, why_size, "the server's answer broke off");
			return RS_ERR;
		}
		rs_buf_commit(out, (size_t)n);
	}
}

/* Takes the first line off. */
static enum rs_result judge(struct rs_buf *b, char *why, size_t why_size)
{
	struct rs_slice s = rs_buf_slice(b);
	const char *nl = memchr(s.p, '\n', s.n);

	if (nl && rs_slice_eq(rs_slice(s.p, (size_t)(nl - s.p)), RS_SLICE("ok"))) {
		rs_buf_consume(b, (size_t)(nl - s.p) + 1);
		return RS_OK;
	}
	if (nl && s.n > 6 && memcmp(s.p, "error ", 6) == 0)
		/* The text may have lines of its own. */
		(void)rs_copy(why, why_size, rs_slice(s.p + 6, s.n - 6 - (s.p[s.n - 1] == '\n')));
	else
		rs_fmt(why, why_size, "the server ended before it had answered");
	return RS_ERR;
}

enum rs_result rs_cli_ask(const struct rs_conf *c, const char *request, int timeout_ms, struct rs_buf *answer, char *why,
			  size_t why_size)
{
	enum rs_result r = RS_ERR;
	int fd = rs_unix_connect(c->control_socket);
	char line[1024];

	if (fd < 0) {
		rs_fmt(why, why_size, "%s: %s", c->control_socket, strerror(errno));
		return errno == ENOENT || errno == ECONNREFUSED || errno == ENOTDIR ? RS_DONE : RS_ERR;
	}
	if (!trusted(fd)) {
		rs_fmt(why, why_size, "%s: another user's process answers there", c->control_socket);
	} else if (!rs_fmt(line, sizeof line, "%s\n", request) ||
		   send(fd, line, strlen(line), MSG_NOSIGNAL) != (ssize_t)strlen(line)) {
		rs_fmt(why, why_size, "%s: %s", c->control_socket, strerror(errno));
	} else {
		r = receive(fd, timeout_ms, answer, why, why_size);
		if (r == RS_OK)
			r = judge(answer, why, why_size);
	}
	rs_fd_close(&fd);
	return r;
}

int64_t rs_cli_answer_number(const struct rs_buf *answer, const char *name, int64_t fallback)
{
	struct rs_slice s = rs_buf_slice(answer);
	size_t n = strlen(name);
	uint64_t v;

	while (s.n) {
		const char *nl = memchr(s.p, '\n', s.n);
		size_t len = nl ? (size_t)(nl - s.p) : s.n;
		if (len > n + 1 && memcmp(s.p, name, n) == 0 && s.p[n] == ' ' &&
		    rs_parse_u64(rs_slice(s.p + n + 1, len - n - 1), INT64_MAX, &v))
			return (int64_t)v;
		s = rs_slice(s.p + len + (nl != NULL), s.n - len - (nl != NULL));
	}
	return fallback;
}

int rs_cli_ask_and_print(const struct rs_cli *cli, const char *request, int timeout_ms, void (*unanswered)(const struct rs_conf *c))
{
	struct rs_buf answer = { 0 };
	struct rs_conf c;
	char why[4096];
	int status = 0;

	if (!rs_cli_find(cli, &c))
		return 1;
	switch (rs_cli_ask(&c, request, timeout_ms, &answer, why, sizeof why)) {
	case RS_OK:
		rs_cli_print(rs_buf_slice(&answer));
		break;
	case RS_DONE:
		if (unanswered)
			unanswered(&c);
		else
			status = rs_cli_fail("not running (%s)", why);
		break;
	default:
		status = rs_cli_fail("%s", why);
	}
	rs_buf_free(&answer);
	rs_conf_fini(&c);
	return status;
}

/* ---- commands ---------------------------------------------------------------------------------------- */

int rs_cmd_status(const struct rs_cli *cli)
{
	return rs_cli_ask_and_print(cli, cli->json ? "status --json" : "status", ANSWER_MS, NULL);
}

int rs_cmd_reload(const struct rs_cli *cli)
{
	return rs_cli_ask_and_print(cli, cli->wait ? "reload --wait" : "reload", cli->wait ? -1 : ANSWER_MS, NULL);
}
