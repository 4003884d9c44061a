/*
 * A server of a script without a script: hooks in C instead of PHP callbacks, for tests of the processes. What happens is
 * written to standard output, one line each: "MICROSECONDS NAME PID ..."; clients send lines that say what the worker is to do.
 *
 *   script-server [KEY=VALUE...]   workers tasks users port wait_ms max_request coroutine reload_async daemonize pid_file
 *                                  log_file dispatch user fail
 *   script-server outside=PATH     no server, but a process outside of one, whose app.sock that is; takes lines from standard input
 */
#include "worker/loop.h"
#include "worker/process.h"
#include "worker/server.h"

#include "base/rs_clock.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The core asks for an engine; a server of a script has none. */
const struct rs_engine rs_the_engine;

static struct app {
	char fail[32];        /* where to fail: worker_started, user */
	uint64_t user_ms;     /* life of a user process; 0: for ever */
	int exit_status;
	uint64_t stop_ms;     /* how long worker_stopped takes */
	struct rs_timer *pending;
} app;

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	size_t n;

	rs_fmt(line, sizeof line, "%lld ", (long long)rs_now_us());
	n = strlen(line);
	va_start(ap, fmt);
	(void)vsnprintf(line + n, sizeof line - n - 1, fmt, ap);
	va_end(ap);
	n = strlen(line);
	line[n] = '\n';
	RS_IGNORE(write(STDOUT_FILENO, line, n + 1) < 0);
}

static void pause_ms(uint64_t ms)
{
	int64_t until = rs_now_ms() + (int64_t)ms;

	while (rs_now_ms() < until)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* ---- hooks of C and G ----------------------------------------------------------------------------------------- */

static bool started(void)
{
	say("started %d", (int)getpid());
	return true;
}

static bool before_shutdown(void)
{
	say("before_shutdown %d", (int)getpid());
	return true;
}

static bool ended(void)
{
	say("ended %d", (int)getpid());
	return true;
}

static bool manager_started(void)
{
	say("manager_started %d", (int)getpid());
	return true;
}

static bool manager_stopped(void)
{
	say("manager_stopped %d", (int)getpid());
	return true;
}

static bool worker_failed(uint32_t id, pid_t pid, int code, int sig)
{
	say("worker_failed %d id=%u pid=%d code=%d signal=%d", (int)getpid(), id, (int)pid, code, sig);
	return true;
}

static bool reloading(bool before)
{
	say("%s %d", before ? "before_reload" : "after_reload", (int)getpid());
	return true;
}

/* ---- hooks of W, K, U -------------------------------------------------------------------------------------------- */

static void forked(void)
{
}

static bool worker_started(void)
{
	say("worker_started %d id=%u role=%d", (int)getpid(), rs_server_id(), (int)rs_server_role());
	if (strcmp(app.fail, "hang") == 0)
		pause_ms(60000);
	app.exit_status = strcmp(app.fail, "worker_started") == 0 ? 255 : 0;
	return app.exit_status == 0;
}

static bool worker_exits(void)
{
	say("worker_exits %d id=%u", (int)getpid(), rs_server_id());
	return true;
}

static void worker_stopped(void)
{
	say("worker_stopped %d id=%u", (int)getpid(), rs_server_id());
	pause_ms(app.stop_ms);
}

static int user_process(uint32_t index)
{
	say("user_process %d id=%u index=%u", (int)getpid(), rs_server_id(), index);
	if (strcmp(app.fail, "user") == 0)
		return 3;
	if (strcmp(app.fail, "user_term") == 0)
		(void)signal(SIGTERM, SIG_IGN);
	for (;;)
		pause_ms(1000);
}

static int exit_status(void)
{
	return app.exit_status;
}

/* ---- commands ------------------------------------------------------------------------------------------------------- */

static void reply(const struct rs_event *ev, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void reply(const struct rs_event *ev, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line - 1, fmt, ap);
	va_end(ap);
	strcat(line, "\n");
	(void)rs_server_send(ev->h.fd, rs_slice_str(line));
}

static void on_timer(struct rs_timer *t, void *arg)
{
	(void)t, (void)arg;
	app.pending = NULL;
	say("timer %d id=%u", (int)getpid(), rs_server_id());
}

/* taskwait: "taskwait MS TEXT" */
static void task_wait(const struct rs_event *ev, const char *text, uint64_t ms)
{
	int64_t id = rs_server_task(-1, RS_DATA_WAITED, 0, rs_slice_str(text));
	uint32_t task = (uint32_t)id, flags;
	struct rs_buf out = { 0 };
	size_t which;
	enum rs_result r;

	r = id < 0 ? RS_ERR : rs_server_wait_finish(&task, 1, rs_now_us() + (int64_t)ms * 1000, &which, &flags, &out);
	if (r == RS_OK && (flags & RS_DATA_LOST))
		r = RS_ERR;
	reply(ev, r == RS_OK ? "result %.*s" : r == RS_AGAIN ? "timeout" : "lost", (int)out.len, rs_buf_data(&out));
	rs_buf_free(&out);
}

static bool command(const struct rs_event *ev, char *word, char *rest)
{
	uint64_t n = 0;
	char *end = rest;

	n = strtoull(rest, &end, 10);
	if (*end == ' ')
		end++;
	if (strcmp(word, "pid") == 0) {
		reply(ev, "pid %d id=%u fd=%u", (int)getpid(), rs_server_id(), ev->h.fd);
	} else if (strcmp(word, "echo") == 0) {
		reply(ev, "%s", rest);
	} else if (strcmp(word, "sleep") == 0) {
		say("sleeping %d id=%u", (int)getpid(), rs_server_id());
		pause_ms(n);
		reply(ev, "slept %d", (int)getpid());
	} else if (strcmp(word, "kill") == 0) {
		(void)kill(getpid(), (int)n);
		reply(ev, "killed");
	} else if (strcmp(word, "spoil") == 0) {
		app.exit_status = (int)n;
		return false;
	} else if (strcmp(word, "close") == 0) {
		(void)rs_server_order(ev->h.fd, RS_ORDER_CLOSE, 0, RS_SLICE(""));
	} else if (strcmp(word, "task") == 0) {
		reply(ev, "task %lld", (long long)rs_server_task((int32_t)(rest[0] == '-' ? -1 : (int)n), 0, 0, rs_slice_str(end)));
	} else if (strcmp(word, "taskwait") == 0) {
		task_wait(ev, end, n);
	} else if (strcmp(word, "message") == 0) {
		reply(ev, "message %d", (int)rs_server_message((uint32_t)n, 0, rs_slice_str(end)));
	} else if (strcmp(word, "ask") == 0) {
		reply(ev, "ask %d", (int)rs_server_ask((enum rs_ask)n, (uint32_t)strtoul(end, NULL, 10)));
	} else if (strcmp(word, "leave") == 0) {
		rs_server_leave(n != 0);
		reply(ev, "leaving");
	} else if (strcmp(word, "timer") == 0) {
		app.pending = rs_timer_new(rs_loop_get(), (int64_t)n, false, true, on_timer, NULL);
		reply(ev, "timer");
	} else if (strcmp(word, "callback") == 0) {
		reply(ev, "callback %lld", (long long)rs_server_task(-1, RS_DATA_CALLBACK, 0, rs_slice_str(rest)));
	} else if (strcmp(word, "slowstop") == 0) {
		app.stop_ms = n;
		reply(ev, "slowstop");
	} else if (strcmp(word, "fork") == 0) {
		pid_t pid = fork();
		if (pid == 0)
			return true; /* back into the worker's life, where it has nothing to do */
		(void)waitpid(pid, NULL, 0);
		reply(ev, "forked");
	} else if (strcmp(word, "stats") == 0) {
		const struct rs_board_head *h = rs_server_board()->head;
		reply(ev, "stats manager=%u master=%u reloading=%u running=%u", h->manager_pid, h->master_pid, h->reloading, h->running);
	} else {
		reply(ev, "unknown %s", word);
	}
	return true;
}

/* A package may be several lines. */
static bool received(struct rs_event *ev)
{
	char text[4096], *save = NULL, *line, *rest;
	size_t n = ev->data.n < sizeof text - 1 ? ev->data.n : sizeof text - 1;
	bool ok = true;

	memcpy(text, ev->data.p, n);
	text[n] = '\0';
	for (line = strtok_r(text, "\r\n", &save); line && ok; line = strtok_r(NULL, "\r\n", &save)) {
		rest = strchr(line, ' ');
		if (rest)
			*rest++ = '\0';
		ok = command(ev, line, rest ? rest : line + strlen(line));
	}
	return ok;
}

/* Task workers: "sleep MS", or anything: the answer is the text in capitals. */
static bool task(const struct rs_event *ev)
{
	char text[256];
	size_t n = ev->data.n < sizeof text - 1 ? ev->data.n : sizeof text - 1;

	memcpy(text, ev->data.p, n);
	text[n] = '\0';
	say("task %d id=%u task=%u from=%u data=%s", (int)getpid(), rs_server_id(), ev->h.a, ev->h.fd, text);
	if (strncmp(text, "sleep ", 6) == 0)
		pause_ms(strtoull(text + 6, NULL, 10));
	if (strcmp(text, "crash") == 0)
		(void)kill(getpid(), SIGKILL);
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
	(void)rs_server_finish(ev->h.a, ev->h.fd, ev->h.b, rs_slice(text, n));
	return true;
}

static bool event(struct rs_event *ev)
{
	switch (ev->h.kind) {
	case RS_EVENT_CONNECT:
		say("connect %d id=%u fd=%u", (int)getpid(), rs_server_id(), ev->h.fd);
		return true;
	case RS_EVENT_CLOSE:
		say("close %d id=%u fd=%u reactor=%d", (int)getpid(), rs_server_id(), ev->h.fd, ev->h.reactor_id);
		return true;
	case RS_EVENT_RECEIVE:
		return received(ev);
	case RS_EVENT_TASK:
		return task(ev);
	case RS_EVENT_FINISH:
		say("finish %d id=%u task=%u data=%.*s", (int)getpid(), rs_server_id(), ev->h.a, (int)ev->data.n, ev->data.p);
		return true;
	case RS_EVENT_PIPE_MESSAGE:
		say("message %d id=%u from=%u data=%.*s", (int)getpid(), rs_server_id(), ev->h.a, (int)ev->data.n, ev->data.p);
		return true;
	default:
		return true;
	}
}

static const struct rs_server_hooks hooks = {
	.started = started, .before_shutdown = before_shutdown, .ended = ended, .manager_started = manager_started,
	.manager_stopped = manager_stopped, .worker_failed = worker_failed, .reloading = reloading, .forked = forked,
	.worker_started = worker_started, .worker_exits = worker_exits, .worker_stopped = worker_stopped,
	.user_process = user_process, .event = event, .exit_status = exit_status,
};

/* ---- outside -------------------------------------------------------------------------------------------------------- */

/* Of a fork: its own connection, or none. */
static void outside_fork(const char *text)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		printf("child alive=%d\n", rs_server_outside_alive());
		printf("child task %lld\n", (long long)rs_server_task(-1, 0, 0, rs_slice_str(text)));
		fflush(stdout);
		_exit(0);
	}
	(void)waitpid(pid, NULL, 0);
	printf("parent alive=%d\n", rs_server_outside_alive());
}

static void outside_wait(const char *text)
{
	int64_t id = rs_server_task(-1, RS_DATA_WAITED, 0, rs_slice_str(text));
	uint32_t task = (uint32_t)id, flags = 0;
	struct rs_buf out = { 0 };
	size_t which;
	enum rs_result r = id < 0 ? RS_ERR : rs_server_wait_finish(&task, 1, rs_now_us() + 5000000, &which, &flags, &out);

	printf("wait %d flags=%u %.*s\n", (int)r, flags, (int)out.len, rs_buf_data(&out));
	rs_buf_free(&out);
}

/* WORD [NUMBER] [TEXT] */
static void outside_command(const char *path, char *line)
{
	char *rest = strchr(line, ' '), why[1024] = "", *end;
	uint64_t n;

	if (rest)
		*rest++ = '\0';
	else
		rest = line + strlen(line);
	n = strtoull(rest, &end, 10);
	if (*end == ' ')
		end++;
	if (strcmp(line, "connect") == 0) {
		printf(rs_server_outside(path, why, sizeof why) ? "connected\n" : "no: %s\n", why);
	} else if (strcmp(line, "alive") == 0) {
		printf("alive %d\n", rs_server_outside_alive());
	} else if (strcmp(line, "here") == 0) {
		printf("here %d role %d\n", rs_server_here(), rs_server_here() ? (int)rs_server_role() : -1);
	} else if (strcmp(line, "close") == 0) {
		rs_server_outside_close();
		printf("closed\n");
	} else if (strcmp(line, "task") == 0) {
		printf("task %lld\n", (long long)rs_server_task(-1, 0, (uint32_t)n, rs_slice_str(end)));
	} else if (strcmp(line, "wait") == 0) {
		outside_wait(rest);
	} else if (strcmp(line, "message") == 0) {
		printf("message %d\n", (int)rs_server_message(rs_server_internal_id((uint32_t)n), 0, rs_slice_str(end)));
	} else if (strcmp(line, "push") == 0) {
		printf("push %d\n", (int)rs_server_send((uint32_t)n, rs_slice_str(end)));
	} else if (strcmp(line, "connections") == 0) {
		printf("connections %u\n", rs_server_here() ? atomic_load(&rs_server_board()->head->connections) : 0);
	} else if (strcmp(line, "fork") == 0) {
		outside_fork(rest);
	} else if (strcmp(line, "become") == 0) {
		printf("become %d\n", setgroups(0, NULL) == 0 && setgid((gid_t)n) == 0 && setuid((uid_t)n) == 0);
	}
	fflush(stdout);
}

static int outside(const char *path)
{
	char line[1024];

	while (fgets(line, sizeof line, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		outside_command(path, line);
	}
	rs_server_outside_close();
	return 0;
}

/* ---- start ---------------------------------------------------------------------------------------------------------- */

static void leave(int status)
{
	_exit(status);
}

static const char *get(int argc, char **argv, const char *key, const char *fallback)
{
	size_t n = strlen(key);

	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], key, n) == 0 && argv[i][n] == '=')
			return argv[i] + n + 1;
	return fallback;
}

static uint32_t number(int argc, char **argv, const char *key, const char *fallback)
{
	return (uint32_t)strtoul(get(argc, argv, key, fallback), NULL, 10);
}

static bool configure(struct rs_conf *c, int argc, char **argv)
{
	static const char *const keys[][3] = { { "log_file", "swoole", "log_file" }, { "user", "rserverd", "user" },
					       { "log_level", "swoole", "log_level" } };
	struct rs_conf_error err;
	const char *value;
	char cwd[4096];

	rs_conf_init(c);
	for (size_t i = 0; i < RS_COUNTOF(keys); i++) {
		value = get(argc, argv, keys[i][0], "");
		if (*value && rs_conf_set(c, RS_FROM_CLI, "argv", keys[i][1], keys[i][2], value, &err, NULL, NULL) != RS_OK)
			return false;
	}
	return getcwd(cwd, sizeof cwd) && rs_conf_complete(c, cwd, &err) == RS_OK;
}

int main(int argc, char **argv)
{
	struct rs_port port = { .protocol = RS_PORT_STREAM, .socket_type = 1, .host = "127.0.0.1", .backlog = 128,
				.package_max_length = 2u << 20, .socket_buffer_size = 8u << 20, .output_buffer_size = 2u << 20,
				.high_watermark = 7u << 20, .low_watermark = 1u << 20,
				.events = RS_PORT_EVENT(RS_EVENT_CONNECT) | RS_PORT_EVENT(RS_EVENT_RECEIVE) | RS_PORT_EVENT(RS_EVENT_CLOSE) };
	struct rs_server_setup s = { .ports = &port };
	struct rs_conf conf;
	char why[512];
	enum rs_result r;

	if (*get(argc, argv, "outside", ""))
		return outside(get(argc, argv, "outside", ""));
	if (!configure(&conf, argc, argv))
		return 2;
	port.port = (uint16_t)number(argc, argv, "port", "0");
	rs_fmt(app.fail, sizeof app.fail, "%s", get(argc, argv, "fail", ""));
	s.conf = &conf;
	s.server = (struct rs_wire_server){ .nports = 1, .nworkers = number(argc, argv, "workers", "2"),
					    .ntasks = number(argc, argv, "tasks", "0"), .nusers = number(argc, argv, "users", "0"),
					    .dispatch_mode = number(argc, argv, "dispatch", "2"), .reactor_num = 1, .max_conn = 1000,
					    .max_wait_ms = number(argc, argv, "wait_ms", "3000"), .first_fd = 1 };
	s.enable_coroutine = s.server.enable_coroutine = number(argc, argv, "coroutine", "0") != 0;
	s.reload_async = number(argc, argv, "reload_async", "1") != 0;
	s.max_request = number(argc, argv, "max_request", "0");
	s.max_request_grace = 0;
	s.pid_file = get(argc, argv, "pid_file", "");
	s.log_file = get(argc, argv, "log_file", "");
	s.daemonize = number(argc, argv, "daemonize", "0") != 0;
	if (!rs_server_listen(&port, false, why, sizeof why)) {
		say("listen_failed %d %s", (int)getpid(), why);
		rs_conf_fini(&conf);
		return 1;
	}
	say("port %d %u", (int)getpid(), port.port);
	r = rs_server_start(&s, &hooks, leave, why, sizeof why);
	rs_server_unlisten(&port);
	say(r == RS_OK ? "returned %d" : "failed %d %s", (int)getpid(), why);
	rs_conf_fini(&conf);
	return r == RS_OK ? 0 : 1;
}
