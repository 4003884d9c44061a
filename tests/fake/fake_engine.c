/*
 * An engine without a language: answers by path, for the core's own tests and benchmarks.
 */
#include "fake/fake_server.h"

#include "base/rs_clock.h"
#include "worker/heritage.h"
#include "worker/process.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t arg(const struct rs_request_view *v, const char *name, uint64_t fallback)
{
	struct rs_slice q = v->query;
	size_t n = strlen(name);
	uint64_t value;

	while (q.n) {
		const char *amp = memchr(q.p, '&', q.n);
		size_t len = amp ? (size_t)(amp - q.p) : q.n;
		if (len > n && memcmp(q.p, name, n) == 0 && q.p[n] == '=' &&
		    rs_parse_u64(rs_slice(q.p + n + 1, len - n - 1), UINT64_MAX, &value))
			return value;
		q.p += len + (amp != NULL);
		q.n -= len + (amp != NULL);
	}
	return fallback;
}

static void pause_ms(uint64_t ms)
{
	struct timespec t = { (time_t)(ms / 1000), (long)(ms % 1000 * 1000000) };

	while (nanosleep(&t, &t) < 0)
		;
}

static void head(struct rs_exchange *x, unsigned status, int64_t length)
{
	rs_exchange_head(x, status, RS_SLICE(""), RS_SLICE("Content-Type: text/plain\r\n"), length);
}

static void answer(struct rs_exchange *x, unsigned status, const char *text)
{
	head(x, status, (int64_t)strlen(text));
	(void)rs_exchange_write(x, text, strlen(text));
}

static void echo_body(struct rs_exchange *x)
{
	char buf[65536];
	size_t n;

	head(x, 200, (int64_t)rs_exchange_request(x)->body_len);
	while ((n = rs_exchange_read_body(x, buf, sizeof buf)))
		if (rs_exchange_write(x, buf, n) != RS_OK)
			return;
}

static void big(struct rs_exchange *x, uint64_t n)
{
	char buf[65536];

	memset(buf, 'x', sizeof buf);
	head(x, 200, -1);
	while (n) {
		size_t piece = n < sizeof buf ? (size_t)n : sizeof buf;
		if (rs_exchange_write(x, buf, piece) != RS_OK)
			return;
		n -= piece;
	}
}

static void chunks(struct rs_exchange *x, uint64_t n, uint64_t ms)
{
	char line[64];

	head(x, 200, -1);
	for (uint64_t i = 0; i < n; i++) {
		rs_fmt(line, sizeof line, "chunk %lu\n", (unsigned long)i);
		if (rs_exchange_write(x, line, strlen(line)) != RS_OK || rs_exchange_flush(x) != RS_OK)
			return;
		pause_ms(ms);
	}
}

static void dump_head(struct rs_exchange *x)
{
	const struct rs_request_view *v = rs_exchange_request(x);
	struct rs_buf b = { 0 };
	bool ok = rs_buf_printf(&b, "%.*s %.*s %s\n", (int)v->method.n, v->method.p, (int)v->target.n,
				v->target.p, rs_request_protocol(v));

	for (uint32_t i = 0; ok && i < v->nfields; i++)
		ok = rs_buf_printf(&b, "%.*s: %.*s\n", (int)v->fields[i].name.n, v->fields[i].name.p,
				   (int)v->fields[i].value.n, v->fields[i].value.p);
	head(x, 200, (int64_t)b.len);
	(void)rs_exchange_write(x, rs_buf_data(&b), b.len);
	rs_buf_free(&b);
}

/* Code of the application that has been taken over, or thinks that it is a daemon: closes all it has, and lives on. deaf: TERM, too, is nothing to it. */
static void live_on(bool deaf)
{
	sigset_t term;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	if (deaf)
		sigprocmask(SIG_BLOCK, &term, NULL);
	else
		signal(SIGTERM, SIG_DFL);
	close_range(3, ~0u, 0);
	for (;;)
		pause();
}

/* /do/WORD/ARG/ARG: a command of fake_server.c */
static void command(struct rs_exchange *x, struct rs_slice path)
{
	struct rs_buf text = { 0 };
	char line[512];

	RS_IGNORE(!rs_copy(line, sizeof line, rs_slice(path.p + 4, path.n - 4)));
	for (char *p = line; *p; p++)
		*p = *p == '/' ? ' ' : *p;
	fake_server_command(line, 0, &text);
	head(x, 200, (int64_t)text.len);
	(void)rs_exchange_write(x, rs_buf_data(&text), text.len);
	rs_buf_free(&text);
}

static enum rs_request_end fake_request(struct rs_exchange *x)
{
	const struct rs_request_view *v = rs_exchange_request(x);
	enum rs_request_end end = RS_REQUEST_OK;
	char text[64];

	if (rs_slice_eq(v->path, RS_SLICE("/echo"))) {
		echo_body(x);
	} else if (rs_slice_eq(v->path, RS_SLICE("/sleep"))) {
		pause_ms(arg(v, "ms", 100));
		answer(x, 200, "slept");
	} else if (rs_slice_eq(v->path, RS_SLICE("/big"))) {
		big(x, arg(v, "n", 1000000));
	} else if (rs_slice_eq(v->path, RS_SLICE("/chunks"))) {
		chunks(x, arg(v, "n", 3), arg(v, "ms", 100));
	} else if (rs_slice_eq(v->path, RS_SLICE("/pid"))) {
		rs_fmt(text, sizeof text, "%d", (int)getpid());
		answer(x, 200, text);
	} else if (rs_slice_eq(v->path, RS_SLICE("/head"))) {
		dump_head(x);
	} else if (rs_slice_eq(v->path, RS_SLICE("/crash"))) {
		kill(getpid(), SIGKILL);
	} else if (rs_slice_eq(v->path, RS_SLICE("/live-on"))) {
		live_on(arg(v, "deaf", 0));
	} else if (rs_slice_eq(v->path, RS_SLICE("/exit"))) {
		_exit((int)arg(v, "code", 1));
	} else if (rs_slice_eq(v->path, RS_SLICE("/recycle"))) {
		answer(x, 200, "recycled");
		end = RS_REQUEST_RECYCLE;
	} else if (rs_slice_eq(v->path, RS_SLICE("/status"))) {
		answer(x, (unsigned)arg(v, "code", 200), "status");
	} else if (v->path.n > 4 && memcmp(v->path.p, "/do/", 4) == 0) {
		command(x, v->path);
	} else {
		answer(x, 200, "hello");
	}
	rs_exchange_finish(x);
	return end;
}

/* RS_FAKE_BOOT=fail: does not boot; die: boots, but no worker lives; live-on: none speaks. For tests of the process machinery. */
static bool wanted(const char *how)
{
	const char *v = getenv("RS_FAKE_BOOT");

	return v && strcmp(v, how) == 0;
}

static enum rs_result fake_run(const struct rs_heritage *h, enum rs_result (*then)(void *), void *a,
			       struct rs_buf *why)
{
	if (getenv("RS_FAKE_SERVER") && !fake_server_host(h, why))
		return RS_ERR;
	if (!wanted("fail"))
		return then(a);
	(void)rs_buf_printf(why, "the fake application was told not to boot");
	return RS_ERR;
}

static bool fake_facts(struct rs_buf *out)
{
	return rs_buf_printf(out, "engine\tfake\n");
}

static void fake_forked(const struct rs_conf *conf, uint32_t id, uint32_t generation)
{
	(void)conf, (void)id, (void)generation;
}

static enum rs_result fake_worker_start(struct rs_buf *why)
{
	if (wanted("live-on"))
		live_on(false);
	if (!wanted("die"))
		return RS_OK;
	(void)rs_buf_printf(why, "the fake worker was told to die");
	return RS_ERR;
}

static void fake_nothing(void)
{
}

static enum rs_request_end fake_idle(void)
{
	return RS_REQUEST_OK;
}

const struct rs_engine rs_the_engine = {
	.name = "fake",
	.run = fake_run,
	.facts = fake_facts,
	.forked = fake_forked,
	.worker_start = fake_worker_start,
	.one_request = fake_nothing,
	.request = fake_request,
	.settle = fake_idle,
	.idle = fake_idle,
	.worker_stop = fake_nothing,
	.overdue = fake_nothing,
};
