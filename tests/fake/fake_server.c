/*
 * A hosted server without a language, for tests of the processes. Ports, user processes and numbers are the configuration's, as for a real
 * application. What happens is said on standard output, that is in the log: "fake NAME PID key=value ...". Clients of TCP ports
 * send lines that say what the worker is to do; requests for /do/WORD/ARG do the same.
 *
 * RS_FAKE_SERVER  1: there is one
 * RS_FAKE_USER    what user processes do: "" wait, "slow MS" take that long to end, "deaf" ignore USR1 and TERM, "short" end at once,
 *                 "fail" exit 3 at once
 * RS_FAKE_HANG    a hook in which to wait for ever: worker_failed, ended
 */
#include "fake/fake_server.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"
#include "worker/loop.h"
#include "worker/process.h"
#include "worker/server.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define KEPT_BYTES 4096

static struct app {
	uint32_t *kept;       /* outlives reloads */
	char titles[16][RS_TITLE_MAX];
	uint32_t ntitles;
	int exit_status;
	volatile sig_atomic_t reload, stop;
} app;

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	char line[512] = "fake ";
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	(void)vsnprintf(line + 5, sizeof line - 6, fmt, ap);
	va_end(ap);
	n = strlen(line);
	line[n] = '\n';
	RS_IGNORE(write(STDOUT_FILENO, line, n + 1) < 0);
}

static void wait_ms(uint64_t ms)
{
	int64_t until = rs_now_ms() + (int64_t)ms;

	while (rs_now_ms() < until)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

static const char *option(const char *name)
{
	const char *v = getenv(name);

	return v ? v : "";
}

static void hang(const char *where)
{
	if (strcmp(option("RS_FAKE_HANG"), where) == 0)
		wait_ms(600000);
}

/* ---- hooks ------------------------------------------------------------------------------------------------------ */

static bool ended(void)
{
	say("ended %d", (int)getpid());
	hang("ended");
	return true;
}

static bool worker_failed(uint32_t id, pid_t pid, int code, int sig)
{
	say("worker_failed %d id=%u pid=%d code=%d signal=%d", (int)getpid(), rs_server_shown_id(id), (int)pid, code, sig);
	hang("worker_failed");
	return true;
}

static void forked(void)
{
}

static bool worker_started(void)
{
	say("worker_started %d id=%u role=%d", (int)getpid(), rs_server_shown_id(rs_server_id()), (int)rs_server_role());
	return true;
}

static bool worker_exits(void)
{
	return true;
}

static void worker_stopped(void)
{
	say("worker_stopped %d id=%u", (int)getpid(), rs_server_shown_id(rs_server_id()));
}

static int exit_status(void)
{
	return app.exit_status;
}

static void on_reload(int sig)
{
	(void)sig;
	app.reload = 1;
}

static void on_stop(int sig)
{
	(void)sig;
	app.stop = 1;
}

static int user_process(uint32_t index)
{
	const char *how = option("RS_FAKE_USER"), *name = app.titles[index];
	bool deaf = strcmp(how, "deaf") == 0;

	rs_signal(SIGUSR1, deaf ? SIG_IGN : on_reload, false);
	rs_signal(SIGTERM, deaf ? SIG_IGN : on_stop, false);
	say("user %d name=%s index=%u", (int)getpid(), name, index);
	(void)rs_server_message(0, 0, rs_slice_str(name));
	if (strcmp(how, "fail") == 0)
		return 3;
	while (!app.reload && !app.stop && strcmp(how, "short") != 0)
		wait_ms(20);
	if (strncmp(how, "slow ", 5) == 0)
		wait_ms(strtoull(how + 5, NULL, 10));
	say("user_%s %d name=%s", app.reload ? "reload" : app.stop ? "stop" : "end", (int)getpid(), name);
	return 0;
}

/* ---- commands ------------------------------------------------------------------------------------------------------ */

/* "taskwait MS TEXT" */
static void task_wait(const char *text, uint64_t ms, struct rs_buf *answer)
{
	int64_t id = rs_server_task(-1, RS_DATA_WAITED, 0, rs_slice_str(text));
	uint32_t task = (uint32_t)id, flags = 0;
	struct rs_buf out = { 0 };
	size_t which;
	enum rs_result r;

	r = id < 0 ? RS_ERR : rs_server_wait_finish(&task, 1, rs_now_us() + (int64_t)ms * 1000, &which, &flags, &out);
	if (r == RS_OK && (flags & RS_DATA_LOST))
		r = RS_ERR;
	RS_IGNORE(!rs_buf_printf(answer, r == RS_OK ? "result %.*s" : r == RS_AGAIN ? "timeout" : "lost", (int)out.len, rs_buf_data(&out)));
	rs_buf_free(&out);
}

void fake_server_command(const char *line, uint32_t fd, struct rs_buf *answer)
{
	const char *rest = strchr(line, ' ');
	size_t len = rest ? (size_t)(rest - line) : strlen(line);
	struct rs_slice word = rs_slice(line, len);
	char *end;
	uint64_t n;
	bool ok = true;

	rest = rest ? rest + 1 : line + len;
	n = strtoull(rest, &end, 10);
	if (*end == ' ')
		end++;
	if (rs_slice_eq(word, RS_SLICE("pid"))) {
		ok = rs_buf_printf(answer, "pid %d id=%u", (int)getpid(), rs_server_shown_id(rs_server_id()));
	} else if (rs_slice_eq(word, RS_SLICE("echo"))) {
		ok = rs_buf_printf(answer, "%s", rest);
	} else if (rs_slice_eq(word, RS_SLICE("sleep"))) {
		say("sleeping %d id=%u", (int)getpid(), rs_server_shown_id(rs_server_id()));
		wait_ms(n);
		ok = rs_buf_printf(answer, "slept %d", (int)getpid());
	} else if (rs_slice_eq(word, RS_SLICE("spoil"))) {
		app.exit_status = (int)n;
	} else if (rs_slice_eq(word, RS_SLICE("exit"))) {
		_exit((int)n);
	} else if (rs_slice_eq(word, RS_SLICE("kill"))) {
		(void)kill(getpid(), (int)n);
	} else if (rs_slice_eq(word, RS_SLICE("leave"))) {
		rs_server_leave(false);
		ok = rs_buf_printf(answer, "leaving");
	} else if (rs_slice_eq(word, RS_SLICE("task"))) { /* task DELAY_MS TEXT */
		ok = rs_buf_printf(answer, "task %lld", (long long)rs_server_task(-1, 0, (uint32_t)n, rs_slice_str(end)));
	} else if (rs_slice_eq(word, RS_SLICE("taskwait"))) {
		task_wait(end, n, answer);
	} else if (rs_slice_eq(word, RS_SLICE("message"))) { /* message SHOWN_ID TEXT */
		ok = rs_buf_printf(answer, "message %d", (int)rs_server_message(rs_server_internal_id((uint32_t)n), 0, rs_slice_str(end)));
	} else if (rs_slice_eq(word, RS_SLICE("push"))) { /* push FD TEXT */
		ok = rs_buf_printf(answer, "push %d", (int)rs_server_send((uint32_t)n, rs_slice_str(end)));
	} else if (rs_slice_eq(word, RS_SLICE("fd"))) {
		ok = rs_buf_printf(answer, "fd %u", fd);
	} else if (rs_slice_eq(word, RS_SLICE("count"))) {
		ok = rs_buf_printf(answer, "count %u", app.kept ? ++*app.kept : 0);
	} else if (rs_slice_eq(word, RS_SLICE("ask"))) {
		ok = rs_buf_printf(answer, "ask %d", (int)rs_server_ask((enum rs_ask)n, (uint32_t)strtoul(end, NULL, 10)));
	} else {
		ok = rs_buf_printf(answer, "unknown");
	}
	RS_IGNORE(!ok);
}

/* ---- events -------------------------------------------------------------------------------------------------------- */

/* A package may be several lines. */
static bool received(const struct rs_event *ev)
{
	char text[4096], *save = NULL;
	size_t n = ev->data.n < sizeof text - 1 ? ev->data.n : sizeof text - 1;

	memcpy(text, ev->data.p, n);
	text[n] = '\0';
	for (char *line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
		struct rs_buf answer = { 0 };
		fake_server_command(line, ev->h.fd, &answer);
		RS_IGNORE(!rs_buf_put(&answer, "\n", 1));
		(void)rs_server_send(ev->h.fd, rs_buf_slice(&answer));
		rs_buf_free(&answer);
	}
	return app.exit_status == 0;
}

/* "sleep MS", "crash", or anything: the result is the text in capitals. */
static void task(const struct rs_event *ev)
{
	char text[256];
	size_t n = ev->data.n < sizeof text - 1 ? ev->data.n : sizeof text - 1;

	memcpy(text, ev->data.p, n);
	text[n] = '\0';
	say("task %d id=%u from=%u data=%s", (int)getpid(), rs_server_shown_id(rs_server_id()), rs_server_shown_id(ev->h.fd), text);
	if (strncmp(text, "sleep ", 6) == 0)
		wait_ms(strtoull(text + 6, NULL, 10));
	if (strcmp(text, "crash") == 0)
		(void)kill(getpid(), SIGKILL);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
	(void)rs_server_finish(ev->h.a, ev->h.fd, ev->h.b, rs_slice(text, n));
}

static bool event(struct rs_event *ev)
{
	uint32_t id = rs_server_shown_id(rs_server_id());

	switch (ev->h.kind) {
	case RS_EVENT_RECEIVE:
		return received(ev);
	case RS_EVENT_PACKET:
		(void)rs_server_datagram(ev->h.port, &ev->peer, ev->data);
		break;
	case RS_EVENT_CONNECT:
	case RS_EVENT_CLOSE:
		say("%s %d id=%u fd=%u", ev->h.kind == RS_EVENT_CONNECT ? "connect" : "close", (int)getpid(), id, ev->h.fd);
		break;
	case RS_EVENT_TASK:
		task(ev);
		break;
	case RS_EVENT_FINISH:
		say("finish %d id=%u data=%.*s", (int)getpid(), id, (int)ev->data.n, ev->data.p);
		break;
	case RS_EVENT_PIPE_MESSAGE:
		say("message %d id=%u data=%.*s", (int)getpid(), id, (int)ev->data.n, ev->data.p);
		break;
	default:
		break;
	}
	return app.exit_status == 0;
}

static const struct rs_server_hooks hooks = {
	.ended = ended, .worker_failed = worker_failed, .forked = forked, .worker_started = worker_started, .worker_exits = worker_exits,
	.worker_stopped = worker_stopped, .user_process = user_process, .event = event, .exit_status = exit_status,
};

/* ---- what the server is --------------------------------------------------------------------------------------------- */

static void make_port(struct rs_port *p, const struct rs_conf_item *it)
{
	*p = (struct rs_port){ .protocol = RS_PORT_STREAM, .socket_type = 1, .package_max_length = 2u << 20,
			       .socket_buffer_size = 8u << 20, .output_buffer_size = 2u << 20, .high_watermark = 7u << 20,
			       .low_watermark = 1u << 20, .backlog = 128,
			       .events = RS_PORT_EVENT(RS_EVENT_CONNECT) | RS_PORT_EVENT(RS_EVENT_RECEIVE) |
					 RS_PORT_EVENT(RS_EVENT_CLOSE) | RS_PORT_EVENT(RS_EVENT_PACKET) };
	if (!it) {
		p->protocol = RS_PORT_HTTP;
		return;
	}
	p->socket_type = (uint8_t)rs_conf_socket_type(it);
	if (p->socket_type % 2 == 0)
		p->protocol = RS_PORT_DATAGRAM;
	p->port = (uint16_t)rs_conf_item_number(it, RS_ITEM_sockets_port);
	p->optional = rs_conf_item_number(it, RS_ITEM_sockets_optional) != 0;
	RS_IGNORE(!rs_copy(p->host, sizeof p->host, rs_slice_str(rs_conf_item_text(it, RS_ITEM_sockets_host))));
}

static void add_title(const char *name)
{
	if (app.ntitles < RS_COUNTOF(app.titles))
		RS_IGNORE(!rs_copy(app.titles[app.ntitles++], RS_TITLE_MAX, rs_slice_str(name)));
}

static void add_titles(const struct rs_conf *c)
{
	const struct rs_conf_items *all = &c->items[RS_KIND_processes];

	app.ntitles = 0;
	if (c->timer_enable)
		add_title(RS_TITLE_TIMER);
	for (size_t i = 0; i < all->n; i++)
		for (int64_t n = rs_conf_item_number(&all->v[i], RS_ITEM_processes_num); n > 0; n--)
			add_title(all->v[i].name);
}

/* A number that outlives reloads. */
static bool keep_number(void)
{
	int fd = rs_host_kept("fake.number");
	bool old = fd >= 0;

	if (!old)
		fd = rs_fd_memory("fake", KEPT_BYTES);
	app.kept = fd >= 0 ? mmap(NULL, KEPT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
	if (app.kept == MAP_FAILED || !rs_host_keep("fake.number", fd))
		app.kept = NULL;
	rs_fd_close(&fd);
	return app.kept != NULL;
}

bool fake_server_host(const struct rs_heritage *h, struct rs_buf *why)
{
	const struct rs_conf_items *sockets = &h->conf->items[RS_KIND_sockets];
	const char *titles[RS_COUNTOF(app.titles)];
	struct rs_port ports[8];
	struct rs_server_setup s = { .ports = ports };
	char text[256];

	s.server = (struct rs_wire_server){ .nports = 1, .dispatch_mode = 2, .reactor_num = 1, .first_fd = 1 };
	make_port(&ports[0], NULL);
	for (size_t i = 0; i < sockets->n && s.server.nports < RS_COUNTOF(ports); i++)
		make_port(&ports[s.server.nports++], &sockets->v[i]);
	add_titles(h->conf);
	for (uint32_t i = 0; i < app.ntitles; i++)
		titles[i] = app.titles[i];
	s.server.nusers = app.ntitles;
	s.task_max_request_grace = 0;
	if (keep_number() && rs_server_host(&s, &hooks, titles, text, sizeof text))
		return true;
	RS_IGNORE(!rs_buf_printf(why, "%s", app.kept ? text : "no memory"));
	return false;
}
