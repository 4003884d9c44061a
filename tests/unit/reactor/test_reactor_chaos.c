/*
 * Workers and clients that do anything, in any order: the reactor must survive (with sanitizers), go on
 * serving, and hold nothing back at the end. The sequences are random but the same in every run.
 */
#include "reactor/harness.h"

static struct harness h;
static uint64_t seed;

static int up(void **state)
{
	(void)state;
	prepare(&h);
	h.log.level = RS_LOG_ALERT;
	h.conf.buffer_output_size = 65536;
	seed = 42;
	return 0;
}

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* A frame that the transport lets through, with a payload of mostly sense. */
static void random_frame(struct actor *a, uint64_t id)
{
	static const enum rs_msg msg[] = { RS_MSG_RESPONSE, RS_MSG_BODY,    RS_MSG_DONE,
					   RS_MSG_READY,    RS_MSG_LEAVING, RS_MSG_WORKER_ASKS };
	static const char *const headers[] = {
		"", "A: b\r\n", "Connection: close\r\n", "Content-Length: 3\r\n", "x", "\r\n"
	};
	struct {
		struct rs_wire_response w;
		char text[2048];
	} m = { .w = { .status = (uint16_t)(pick(4) ? 200 : pick(700)),
		       .content_length = pick(2) ? -1 : (int64_t)pick(40) } };
	const char *block = headers[pick(4) ? pick(3) : pick(6)];
	unsigned body = pick(30) ? pick(60) : pick(1000);
	enum rs_msg which = msg[pick(8) ? pick(3) : pick(6)];
	size_t n;

	m.w.headers_len = (uint32_t)strlen(block);
	m.w.body_len = pick(20) ? body : pick(UINT32_MAX);
	memcpy(m.text, block, strlen(block));
	n = sizeof m.w + strlen(block) + body;
	if (which == RS_MSG_DONE || which == RS_MSG_LEAVING)
		n = 0;
	if (which == RS_MSG_READY)
		n = pick(17);
	if (pick(10) == 0)
		id = pick(2) ? pick(1000) : (uint64_t)pick(1000) << 32 | pick(4);
	if (rs_ipc_put(&a->ch, which, (uint16_t)pick(8), id, rs_slice(&m, n), RS_SLICE(""), NULL, 0) !=
		    RS_OK ||
	    rs_ipc_flush(&a->ch) != RS_OK)
		a->eof = true; /* too large, or it was thrown out */
}

/* One worker's life of nonsense: claims or does not, answers or does not, dies or is killed. */
static void random_worker(struct actor *a)
{
	uint64_t id[RS_CLAIM_SLOTS] = { 0 };
	struct rs_frame f;

	for (unsigned steps = 1 + pick(12); steps && !a->eof; steps--) {
		struct rs_wire_request w;
		while (next_frame(&a->ch, &f, pick(3) ? 0 : 2, &a->eof)) {
			if (f.msg != RS_MSG_REQUEST)
				continue;
			memcpy(&w, f.payload.p, sizeof w);
			id[w.slot] = f.id;
			if (pick(5))
				(void)rs_claim_move(a->page, w.slot, w.claim, RS_CLAIM_TAKEN);
			else if (pick(10) == 0)
				a->page->word[w.slot] = pick(1000);
		}
		random_frame(a, id[pick(pick(3) ? 1 : RS_CLAIM_SLOTS)]);
	}
}

/* false: it was closed. */
static bool random_client(int fd)
{
	static const char *const piece[] = {
		"GET / HTTP/1.1\r\nHost: t\r\n\r\n",
		"HEAD / HTTP/1.1\r\nHost: t\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n0123456789",
		"POST / HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n",
		"GET / HT",
		"abc",
		"\r\n",
		"3\r\nabc\r\n",
		"PUT / HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999\r\n\r\n",
	};
	char drop[4096];

	for (unsigned i = pick(5); i; i--) {
		const char *p = piece[pick(2) ? pick(5) : pick(RS_COUNTOF(piece))];
		size_t n = strlen(p);
		(void)!send(fd, p, pick(10) ? n : 1 + pick((unsigned)n), MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	if (pick(10) == 0)
		shutdown(fd, SHUT_WR);
	return recv(fd, drop, sizeof drop, MSG_DONTWAIT) != 0;
}

/* Without a look at what the master hears: it has heard a lot. */
static void employ(struct actor *a, uint32_t id)
{
	struct rs_wire_ready r = { RS_PROTOCOL, 1 };

	enter(&h, a, id, 1);
	say(a, RS_MSG_READY, 0, 0, rs_slice(&r, sizeof r), RS_SLICE(""));
}

static void anything_goes(void **state)
{
	enum { WORKERS = 4, CLIENTS = 24, ROUNDS = 1500 };
	struct actor w[WORKERS], good;
	uint32_t next = 100;
	int c[CLIENTS];

	(void)state;
	boot(&h);
	for (int i = 0; i < WORKERS; i++)
		hire(&h, &w[i], next++, 1);
	for (int i = 0; i < CLIENTS; i++)
		c[i] = client(&h);
	for (int round = 0; round < ROUNDS; round++) {
		int i = (int)pick(CLIENTS), k = (int)pick(WORKERS);
		if (!random_client(c[i]) || pick(8) == 0) {
			close(c[i]);
			c[i] = client(&h);
		}
		random_worker(&w[k]);
		if (w[k].eof || pick(20) == 0) {
			leave(&w[k]);
			employ(&w[k], next++);
		}
		if (round % 16 == 0)
			(void)ask_status(&h); /* it is alive, and its frames are read */
	}
	for (int i = 0; i < WORKERS; i++)
		leave(&w[i]);
	for (int i = 0; i < CLIENTS; i++)
		close(c[i]);
	/* Nothing is left of all that but what was counted. */
	until_connections(&h, 0);
	employ(&good, 1);
	c[0] = asking(&h, "/still-there");
	serve(&good, "/still-there", "yes");
	assert_reply(c[0], 200, "yes");
	close(c[0]);
	until_connections(&h, 0);
	struct rs_wire_status s = ask_status(&h);
	assert_int_equal(s.queue_length, 0);
	assert_true(s.requests_total > 300);
	finish(&h);
	leave(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(anything_goes, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
