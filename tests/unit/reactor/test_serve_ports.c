/*
 * Ports of a server: several at once, datagrams, dispatch modes, what may be set and ordered for a connection, numbers.
 */
#include "reactor/serving.h"

static struct server s;
static struct actor w, w2, w3;

static int up(void **state)
{
	(void)state;
	prepare_server(&s);
	return 0;
}

static void start(void)
{
	open_doors(&s);
	hire_for(&s, &w, 0);
	if (s.set.nworkers > 1)
		hire_for(&s, &w2, 1);
	if (s.set.nworkers > 2)
		hire_for(&s, &w3, 2);
}

static void end(void)
{
	leave(&w);
	if (s.set.nworkers > 1)
		leave(&w2);
	if (s.set.nworkers > 2)
		leave(&w3);
	close_doors(&s);
}

static int connected(uint32_t *fd)
{
	int c = client_of(&s, 0);

	*fd = take_event(&w, RS_EVENT_CONNECT).h.fd;
	return c;
}

static struct sockaddr_un unix_address(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	assert_true(rs_fmt(a.sun_path, sizeof a.sun_path, "%s/%s", s.h.dir, name));
	return a;
}

static int unix_socket(int type, const char *name)
{
	struct sockaddr_un a = unix_address(name);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static int udp_socket(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static void until_number(const char *what, _Atomic uint64_t *n, uint64_t want)
{
	int64_t end_ms = rs_now_ms() + PATIENCE_MS;

	while (atomic_load(n) != want) {
		if (rs_now_ms() > end_ms)
			fail_msg("%s: %lu, not %lu", what, (unsigned long)atomic_load(n), (unsigned long)want);
		pause_ms(1);
	}
}

/* The condition is looked at until it holds. */
#define until(condition)                                                                                     \
	do {                                                                                                 \
		int64_t end_ms_ = rs_now_ms() + PATIENCE_MS;                                                 \
		while (!(condition)) {                                                                       \
			if (rs_now_ms() > end_ms_)                                                           \
				fail_msg("never: %s", #condition);                                           \
			pause_ms(1);                                                                         \
		}                                                                                            \
	} while (0)

static void until_idle(uint32_t n)
{
	until(atomic_load(&s.board.head->idle_workers) == n);
}

/* ---- several ports ----------------------------------------------------------------------------------------------------- */

static void several(void **state)
{
	struct sockaddr_un a;
	struct rs_session x;
	struct told t;
	int tcp, un;

	(void)state;
	s.set.nports = 2;
	s.listener[1] = unix_socket(SOCK_STREAM, "sock");
	s.port[1].socket_type = 5;
	s.port[1].open_eof_split = true;
	start();
	tcp = client_of(&s, 0);
	assert_int_equal(take_event(&w, RS_EVENT_CONNECT).h.port, 0);
	un = socket(AF_UNIX, SOCK_STREAM, 0);
	a = unix_address("sock");
	assert_int_equal(connect(un, (struct sockaddr *)&a, sizeof a), 0);
	t = take_event(&w, RS_EVENT_CONNECT);
	assert_int_equal(t.h.port, 1);
	assert_int_equal(t.h.fd, 2); /* one row of numbers for all ports */
	x = until_state(&s, 2, RS_SESSION_OPEN);
	assert_string_equal(x.remote_ip, "");
	assert_int_equal(x.server_port, 0);
	assert_int_equal(x.socket_type, 5);
	assert_int_equal(x.server_fd, 71);
	/* Each frames in its own way. */
	send_text(un, "half");
	send_text(tcp, "raw");
	expect_bytes(&w, RS_EVENT_RECEIVE, 1, "raw");
	send_text(un, " whole\r\n\r\n");
	expect_bytes(&w, RS_EVENT_RECEIVE, 2, "half whole\r\n\r\n");
	send_to(&w, 2, RS_SLICE("hi"));
	expect_text(un, "hi");
	close(un);
	close(tcp);
	end();
}

/* ---- datagrams ----------------------------------------------------------------------------------------------------------- */

static struct rs_wire_peer peer_of(struct told *t)
{
	struct rs_wire_peer p;

	assert_true(t->bytes.n >= sizeof p);
	memcpy(&p, t->bytes.p, sizeof p);
	t->bytes = rs_slice(t->bytes.p + sizeof p, t->bytes.n - sizeof p);
	return p;
}

static void datagram(struct actor *a, uint32_t port, const struct rs_wire_peer *to, const char *bytes)
{
	struct rs_wire_datagram h = { .port = port, .to = *to };

	say(a, RS_MSG_DATAGRAM, 0, 0, rs_slice(&h, sizeof h), rs_slice_str(bytes));
}

static void udp(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct rs_wire_peer peer;
	static char big[65507];
	struct told t;
	uint16_t mine;
	int c = udp_socket(&mine);
	char got[64];

	(void)state;
	s.set.nports = 2;
	s.port[1].protocol = RS_PORT_DATAGRAM;
	s.port[1].socket_type = 2;
	s.listener[1] = udp_socket(&s.port[1].port);
	to.sin_port = htons(s.port[1].port);
	start();
	assert_int_equal(sendto(c, "ping", 4, 0, (struct sockaddr *)&to, sizeof to), 4);
	t = hear_event(&w, RS_EVENT_PACKET);
	assert_int_equal(t.h.port, 1);
	assert_int_equal(t.h.a, 1);
	assert_int_equal(t.h.fd, 0);
	assert_true(t.h.dispatch_us > 0);
	peer = peer_of(&t);
	assert_string_equal(peer.address, "127.0.0.1");
	assert_int_equal(peer.port, mine);
	assert_true(rs_slice_eq(t.bytes, RS_SLICE("ping")));
	taken(&w, t.h.seq);
	datagram(&w, 1, &peer, "pong");
	assert_true(readable(c, PATIENCE_MS));
	assert_int_equal(recv(c, got, sizeof got, 0), 4);
	assert_memory_equal(got, "pong", 4);
	datagram(&w, UINT32_MAX, &peer, "again");
	assert_true(readable(c, PATIENCE_MS));
	assert_int_equal(recv(c, got, sizeof got, 0), 5);
	/* No such address, and a port that has no datagrams: nothing but a word in the log. */
	strcpy(peer.address, "nowhere");
	datagram(&w, UINT32_MAX, &peer, "x");
	assert_logged(&s.h, "no port can send");
	strcpy(peer.address, "127.0.0.1");
	datagram(&w, 0, &peer, "x");
	/* The biggest there is. */
	assert_int_equal(sendto(c, big, sizeof big, 0, (struct sockaddr *)&to, sizeof to), sizeof big);
	t = hear_event(&w, RS_EVENT_PACKET);
	assert_int_equal(t.bytes.n, sizeof peer + sizeof big);
	close(c);
	end();
}

static void unix_datagrams(void **state)
{
	struct sockaddr_un to;
	struct rs_wire_peer peer;
	struct told t;
	char got[64];
	int c, nameless = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)state;
	s.port[0].protocol = RS_PORT_DATAGRAM;
	s.port[0].socket_type = 6;
	s.listener[0] = unix_socket(SOCK_DGRAM, "server");
	c = unix_socket(SOCK_DGRAM, "client");
	to = unix_address("server");
	start();
	assert_int_equal(sendto(c, "ping", 4, 0, (struct sockaddr *)&to, sizeof to), 4);
	t = hear_event(&w, RS_EVENT_PACKET);
	peer = peer_of(&t);
	assert_string_equal(peer.address, unix_address("client").sun_path);
	taken(&w, t.h.seq);
	datagram(&w, 0, &peer, "pong");
	assert_true(readable(c, PATIENCE_MS));
	assert_int_equal(recv(c, got, sizeof got, 0), 4);
	assert_int_equal(sendto(nameless, "anon", 4, 0, (struct sockaddr *)&to, sizeof to), 4);
	t = hear_event(&w, RS_EVENT_PACKET);
	assert_string_equal(peer_of(&t).address, "");
	/* Nobody there: dropped. */
	strcpy(peer.address, "/nonexistent");
	datagram(&w, 0, &peer, "x");
	assert_logged(&s.h, "cannot send a datagram");
	close(c);
	close(nameless);
	end();
}

/* ---- dispatch modes -------------------------------------------------------------------------------------------------------- */

static void mode_fd(void **state)
{
	int c[4];

	(void)state;
	s.set.nworkers = 3;
	start();
	for (int i = 0; i < 4; i++)
		c[i] = client_of(&s, 0);
	assert_int_equal(take_event(&w2, RS_EVENT_CONNECT).h.fd, 1);
	assert_int_equal(take_event(&w3, RS_EVENT_CONNECT).h.fd, 2);
	assert_int_equal(take_event(&w, RS_EVENT_CONNECT).h.fd, 3);
	assert_int_equal(take_event(&w2, RS_EVENT_CONNECT).h.fd, 4);
	assert_int_equal(until_state(&s, 2, RS_SESSION_OPEN).worker, 2);
	for (int i = 0; i < 4; i++)
		close(c[i]);
	end();
}

/* 127.0.0.1 is 2130706433: % 3 is 2. */
static void mode_ip(void **state)
{
	int a, b;

	(void)state;
	s.set.nworkers = 3;
	s.set.dispatch_mode = 4;
	start();
	a = client_of(&s, 0);
	b = client_of(&s, 0);
	(void)take_event(&w3, RS_EVENT_CONNECT);
	(void)take_event(&w3, RS_EVENT_CONNECT);
	assert_true(hears_nothing(&w, 20));
	close(a);
	close(b);
	end();
}

/* By $fd until it has a uid, then by that. */
static void mode_uid(void **state)
{
	int c;

	(void)state;
	s.set.nworkers = 2;
	s.set.dispatch_mode = 5;
	start();
	c = client_of(&s, 0);
	(void)take_event(&w2, RS_EVENT_CONNECT);
	order(&w2, 1, RS_ORDER_BIND, 42);
	until(until_state(&s, 1, RS_SESSION_OPEN).has_uid);
	assert_int_equal(until_state(&s, 1, RS_SESSION_OPEN).uid, 42);
	order(&w2, 1, RS_ORDER_BIND, 43); /* once */
	send_text(c, "x");
	expect_bytes(&w, RS_EVENT_RECEIVE, 1, "x");
	assert_int_equal(until_state(&s, 1, RS_SESSION_OPEN).uid, 42);
	close(c);
	(void)take_event(&w, RS_EVENT_CLOSE);
	end();
}

/* In turn; a connection stays with its worker, so its order holds. */
static void mode_round(void **state)
{
	int a, b;

	(void)state;
	s.set.nworkers = 2;
	s.set.dispatch_mode = 1;
	start();
	a = client_of(&s, 0);
	(void)take_event(&w, RS_EVENT_CONNECT);
	b = client_of(&s, 0);
	(void)take_event(&w2, RS_EVENT_CONNECT);
	for (int i = 0; i < 3; i++) {
		send_text(a, "a");
		expect_bytes(&w, RS_EVENT_RECEIVE, 1, "a");
		send_text(b, "b");
		expect_bytes(&w2, RS_EVENT_RECEIVE, 2, "b");
	}
	close(a);
	(void)take_event(&w, RS_EVENT_CLOSE);
	close(b);
	end();
}

/* The one with the fewest. */
static void mode_least(void **state)
{
	int c[4];

	(void)state;
	s.set.nworkers = 2;
	s.set.dispatch_mode = 3;
	start();
	c[0] = client_of(&s, 0);
	c[1] = client_of(&s, 0);
	(void)hear_event(&w, RS_EVENT_CONNECT);
	(void)take_event(&w2, RS_EVENT_CONNECT);
	for (int i = 2; i < 4; i++) {
		until_idle(1);
		c[i] = client_of(&s, 0);
		(void)take_event(&w2, RS_EVENT_CONNECT);
	}
	for (int i = 0; i < 4; i++)
		close(c[i]);
	end();
}

/* Datagrams in such modes go to an idle one, and wait while there is none. */
static void datagrams_for_any(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct told t;
	uint16_t mine;
	int c = udp_socket(&mine);

	(void)state;
	s.set.dispatch_mode = 3;
	s.port[0].protocol = RS_PORT_DATAGRAM;
	s.listener[0] = udp_socket(&s.port[0].port);
	to.sin_port = htons(s.port[0].port);
	start();
	for (int i = 0; i < 3; i++)
		assert_int_equal(sendto(c, "x", 1, 0, (struct sockaddr *)&to, sizeof to), 1);
	for (int i = 0; i < 3; i++) {
		t = hear_event(&w, RS_EVENT_PACKET);
		assert_true(hears_nothing(&w, 20));
		taken(&w, t.h.seq);
	}
	close(c);
	end();
}

/* ---- orders ------------------------------------------------------------------------------------------------------------------ */

static void pause_and_resume(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&fd);
	order(&w, fd, RS_ORDER_PAUSE, 0);
	until(until_state(&s, fd, RS_SESSION_OPEN).paused);
	send_text(c, "waits");
	assert_true(hears_nothing(&w, 50));
	send_to(&w, fd, RS_SLICE("still talks"));
	expect_text(c, "still talks");
	order(&w, fd, RS_ORDER_RESUME, 0);
	expect_bytes(&w, RS_EVENT_RECEIVE, fd, "waits");
	assert_false(until_state(&s, fd, RS_SESSION_OPEN).paused);
	close(c);
	end();
}

static void delayed(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	s.port[0].delay_receive = true;
	start();
	c = client_of(&s, 0);
	send_text(c, "early");
	fd = take_event(&w, RS_EVENT_CONNECT).h.fd;
	assert_true(hears_nothing(&w, 50));
	order(&w, fd, RS_ORDER_CONFIRM, 0);
	expect_bytes(&w, RS_EVENT_RECEIVE, fd, "early");
	close(c);
	(void)take_event(&w, RS_EVENT_CLOSE);
	end();
}

/* Orders for those who are gone, or never were, change nothing. */
static void orders_to_nobody(void **state)
{
	(void)state;
	start();
	for (int what = RS_ORDER_CLOSE; what <= RS_ORDER_DISCONNECT; what++)
		order(&w, 12345, (enum rs_order)what, 1);
	order(&w, 0, RS_ORDER_CLOSE, 0);
	order(&w, UINT32_MAX, RS_ORDER_CLOSE, 0);
	send_to(&w, 12345, RS_SLICE("x"));
	assert_true(hears_nothing(&w, 30));
	assert_int_equal(ask_status(&s.h).stale_frames, RS_ORDER_DISCONNECT + 1 + 2 + 1);
	end();
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

static void send_part(struct actor *a, uint32_t fd, int file, uint64_t offset, uint64_t length)
{
	struct rs_wire_send h = { .fd = fd, .kind = RS_SEND_FILE, .offset = offset, .length = length };

	assert_int_equal(rs_ipc_put(&a->ch, RS_MSG_SEND, 0, 0, rs_slice(&h, sizeof h), RS_SLICE(""), &file, 1), RS_OK);
	assert_int_equal(rs_ipc_flush(&a->ch), RS_OK);
}

/* In order with what is sent before and behind; a large one does not count as queued bytes. */
static void files(void **state)
{
	enum { BIG = 8u << 20 };
	char *got = malloc(BIG);
	uint32_t fd;
	int c, file = memfd_create("file", 0);

	(void)state;
	for (unsigned i = 0; i < BIG / 4; i++)
		memcpy(got + i * 4, &i, 4);
	assert_int_equal(write(file, got, BIG), BIG);
	start();
	c = connected(&fd);
	send_to(&w, fd, RS_SLICE("<"));
	send_part(&w, fd, file, 0, 0);
	send_to(&w, fd, RS_SLICE("|"));
	send_part(&w, fd, file, 8, 4);
	send_to(&w, fd, RS_SLICE(">"));
	/* Beyond its end there is nothing. */
	send_part(&w, fd, file, BIG, 0);
	send_part(&w, fd, file, UINT64_MAX, UINT64_MAX);
	/* It is on its way when something of it is here. */
	assert_true(readable(c, PATIENCE_MS));
	pause_ms(20);
	assert_true(until_state(&s, fd, RS_SESSION_OPEN).send_queued <= 3);
	expect_text(c, "<");
	assert_true(read_exact(c, got, BIG));
	for (unsigned i = 0; i < BIG / 4; i++)
		assert_memory_equal(got + i * 4, &i, 4);
	expect_text(c, "|");
	assert_true(read_exact(c, got, 4));
	assert_int_equal(*(uint32_t *)(void *)got, 2);
	expect_text(c, ">");
	order(&w, fd, RS_ORDER_CLOSE, 0);
	(void)take_event(&w, RS_EVENT_CLOSE);
	assert_true(ends(c));
	close(c);
	/* No file at all: a socket. */
	c = connected(&fd);
	send_part(&w, fd, s.board_fd, 0, 1);
	send_part(&w, fd, c, 0, 1);
	expect_text(c, "1"); /* first byte of the board's magic, which is a file like others */
	close(c);
	close(file);
	free(got);
	end();
}

/* A file that shrinks while it is sent: the client sees that something is missing. */
static void shrinking_file(void **state)
{
	enum { BIG = 32u << 20 };
	char *got = malloc(BIG);
	uint32_t fd;
	int c, file = memfd_create("file", 0);

	(void)state;
	assert_int_equal(ftruncate(file, BIG), 0);
	start();
	c = connected(&fd);
	send_part(&w, fd, file, 0, 0);
	assert_true(readable(c, PATIENCE_MS));
	assert_int_equal(ftruncate(file, 4096), 0);
	assert_false(read_exact(c, got, BIG));
	(void)take_event(&w, RS_EVENT_CLOSE);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	close(c);
	close(file);
	free(got);
	end();
}

/* ---- silence ---------------------------------------------------------------------------------------------------------------------- */

static void heartbeat(void **state)
{
	uint32_t quiet, guarded, lively, ids[3];
	int a, b, c;
	struct told t;

	(void)state;
	s.port[0].heartbeat_idle_ms = 700;
	s.port[0].heartbeat_check_ms = 250;
	start();
	a = connected(&quiet);
	b = connected(&guarded);
	c = connected(&lively);
	order(&w, guarded, RS_ORDER_PROTECT, 1);
	ids[0] = quiet;
	/* Sending to it is no sign of its life. */
	for (int i = 0; i < 100 && !readable(w.ch.fd, 0); i++) {
		send_to(&w, quiet, RS_SLICE("."));
		pause_ms(5);
		if (i % 20 == 0) {
			send_text(c, "x");
			expect_bytes(&w, RS_EVENT_RECEIVE, lively, "x");
		}
	}
	for (;;) {
		t = hear_any(&w);
		taken(&w, t.h.seq);
		if (t.h.kind == RS_EVENT_CLOSE)
			break;
	}
	assert_int_equal(t.h.fd, ids[0]);
	assert_int_equal(t.h.reactor_id, (int32_t)(quiet % 2)); /* as if the client had gone */
	/* Not guarded any more. */
	order(&w, guarded, RS_ORDER_PROTECT, 0);
	for (int seen = 0; seen < 2; seen++)
		(void)take_event(&w, RS_EVENT_CLOSE);
	assert_true(ends(b));
	close(a);
	close(b);
	close(c);
	end();
}

static void max_idle(void **state)
{
	uint32_t fd;
	int64_t began;
	int c;

	(void)state;
	s.port[0].max_idle_ms = 600;
	start();
	c = connected(&fd);
	began = rs_now_ms();
	/* Here what is sent counts as well. */
	while (rs_now_ms() - began < 1000) {
		send_to(&w, fd, RS_SLICE("."));
		expect_text(c, ".");
		pause_ms(50);
	}
	assert_true(hears_nothing(&w, 1));
	assert_int_equal(take_event(&w, RS_EVENT_CLOSE).h.reactor_id, -1);
	assert_true(ends(c));
	close(c);
	end();
}

/* ---- the send queue ----------------------------------------------------------------------------------------------------------------- */

static void watermarks(void **state)
{
	enum { BIG = 16u << 20 };
	char *big = calloc(1, BIG);
	uint32_t fd;
	int c;

	(void)state;
	s.port[0].high_watermark = 1u << 20;
	s.port[0].low_watermark = 1000;
	s.port[0].socket_buffer_size = 64u << 20;
	start();
	c = connected(&fd);
	send_to(&w, fd, RS_SLICE("small"));
	expect_text(c, "small");
	assert_true(hears_nothing(&w, 20));
	send_to(&w, fd, rs_slice(big, BIG));
	assert_int_equal(take_event(&w, RS_EVENT_BUFFER_FULL).h.fd, fd);
	assert_true(until_state(&s, fd, RS_SESSION_OPEN).send_queued > 1u << 20);
	send_to(&w, fd, RS_SLICE("more"));
	assert_true(hears_nothing(&w, 20));
	assert_true(read_exact(c, big, BIG));
	assert_int_equal(take_event(&w, RS_EVENT_BUFFER_EMPTY).h.fd, fd);
	expect_text(c, "more");
	close(c);
	free(big);
	end();
}

/* Somebody sends and sends and does not look at the board: the connection ends, not the server. */
static void drowned(void **state)
{
	char *big = calloc(1, 60u << 20);
	uint32_t fd;
	int c;

	(void)state;
	s.port[0].socket_buffer_size = 1u << 20;
	start();
	c = connected(&fd);
	for (int i = 0; i < 4; i++)
		send_to(&w, fd, rs_slice(big, 60u << 20));
	assert_int_equal(take_event(&w, RS_EVENT_CLOSE).h.reactor_id, -1);
	assert_logged(&s.h, "goes on sending");
	close(c);
	free(big);
	end();
}

/* ---- numbers ---------------------------------------------------------------------------------------------------------------------------- */

static void too_many_connections(void **state)
{
	uint32_t fd;
	int a, b, c;

	(void)state;
	s.set.max_conn = 2;
	start();
	a = connected(&fd);
	b = connected(&fd);
	c = client_of(&s, 0);
	assert_true(ends(c));
	assert_logged(&s.h, "9002");
	close(c);
	close(a);
	(void)take_event(&w, RS_EVENT_CLOSE);
	c = connected(&fd);
	send_text(c, "x");
	expect_bytes(&w, RS_EVENT_RECEIVE, fd, "x");
	until_number("aborted", &s.board.head->aborted, 1);
	close(c);
	close(b);
	end();
}

/* The board has places for fewer than may come. */
static void board_full(void **state)
{
	uint32_t fd;
	int a, b;

	(void)state;
	s.sessions = 1;
	start();
	a = connected(&fd);
	b = client_of(&s, 0);
	assert_true(ends(b));
	close(b);
	close(a);
	(void)take_event(&w, RS_EVENT_CLOSE);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	b = connected(&fd);
	close(b);
	end();
}

static void counters(void **state)
{
	struct rs_board_head *h;
	uint32_t fd;
	struct told t;
	int c;

	(void)state;
	s.set.nworkers = 2;
	start();
	h = s.board.head;
	c = client_of(&s, 0);
	t = hear_event(&w2, RS_EVENT_CONNECT);
	fd = t.h.fd;
	until_idle(1);
	assert_int_equal(atomic_load(&h->connections), 1);
	taken(&w2, t.h.seq);
	until_idle(2);
	send_text(c, "12345");
	expect_bytes(&w2, RS_EVENT_RECEIVE, fd, "12345");
	send_to(&w2, fd, RS_SLICE("123"));
	expect_text(c, "123");
	until_number("received", &h->received_bytes, 5);
	until_number("sent", &h->sent_bytes, 3);
	close(c);
	(void)take_event(&w2, RS_EVENT_CLOSE);
	until_number("closed", &h->closed, 1);
	until_number("dispatched", &h->dispatched, 3);
	assert_int_equal(atomic_load(&h->accepted), 1);
	assert_int_equal(atomic_load(&h->connections), 0);
	assert_int_equal(atomic_load(&h->high_water), fd);
	end();
}

/* The next reactor: the board goes on, numbers are not given twice. */
static void next_reactor(void **state)
{
	uint32_t fd;
	int c;

	(void)state;
	start();
	c = connected(&fd);
	kill(s.h.pid, SIGKILL);
	(void)waitpid(s.h.pid, NULL, 0);
	rs_ipc_fini(&s.h.master);
	leave(&w);
	close(c);
	assert_int_equal(until_state(&s, fd, RS_SESSION_OPEN).fd, fd); /* nobody has told the board yet */
	spawn(&s.h);
	announce(&s);
	hire_for(&s, &w, 0);
	(void)until_state(&s, fd, RS_SESSION_FREE);
	c = connected(&fd);
	assert_int_equal(fd, 2);
	close(c);
	end();
}

/* PORTS that make no sense end nothing; the master hears of it in the log (its own mistake). */
static void bad_ports(void **state)
{
	struct {
		struct rs_wire_server set;
		struct rs_port port;
	} m = { .set = { .nports = 2, .nworkers = 1 } };
	struct rs_buf text;

	(void)state;
	s.board_fd = rs_board_create(8, 1, 0, 0, false);
	spawn(&s.h);
	to_reactor(&s.h, RS_MSG_PORTS, &m, sizeof m, &s.board_fd, 1);
	m.set.nports = 1;
	m.set.nworkers = 0;
	to_reactor(&s.h, RS_MSG_PORTS, &m, sizeof m, &s.board_fd, 1);
	m.set.nworkers = 1;
	m.port.protocol = 77;
	to_reactor(&s.h, RS_MSG_PORTS, &m, sizeof m, &s.board_fd, 1);
	m.port.protocol = RS_PORT_STREAM;
	m.port.open_length_check = true;
	m.port.length_type = '?';
	to_reactor(&s.h, RS_MSG_PORTS, &m, sizeof m, &s.board_fd, 1);
	m.port.open_length_check = false;
	to_reactor(&s.h, RS_MSG_PORTS, &m, sizeof m, &s.h.log_file, 1);
	(void)ask_status(&s.h);
	text = log_text(&s.h);
	for (const char *p = rs_buf_data(&text), *end = NULL; (p = strstr(p, "[alert]")); p = end) {
		end = p + 7;
		assert_non_null(strstr(p, "PORTS from the master"));
	}
	rs_buf_free(&text);
	/* And then a good one. */
	to_reactor(&s.h, RS_MSG_PORTS, &m, sizeof m, &s.board_fd, 1);
	stop(&s.h, 0);
	(void)from_reactor(&s.h, RS_MSG_DRAINED);
	rs_ipc_fini(&s.h.master);
	assert_int_equal(wait_exit(&s.h), 0);
	clean(&s.h);
	close(s.board_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(several, up, down),
		cmocka_unit_test_setup_teardown(udp, up, down),
		cmocka_unit_test_setup_teardown(unix_datagrams, up, down),
		cmocka_unit_test_setup_teardown(mode_fd, up, down),
		cmocka_unit_test_setup_teardown(mode_ip, up, down),
		cmocka_unit_test_setup_teardown(mode_uid, up, down),
		cmocka_unit_test_setup_teardown(mode_round, up, down),
		cmocka_unit_test_setup_teardown(mode_least, up, down),
		cmocka_unit_test_setup_teardown(datagrams_for_any, up, down),
		cmocka_unit_test_setup_teardown(pause_and_resume, up, down),
		cmocka_unit_test_setup_teardown(delayed, up, down),
		cmocka_unit_test_setup_teardown(orders_to_nobody, up, down),
		cmocka_unit_test_setup_teardown(files, up, down),
		cmocka_unit_test_setup_teardown(shrinking_file, up, down),
		cmocka_unit_test_setup_teardown(heartbeat, up, down),
		cmocka_unit_test_setup_teardown(max_idle, up, down),
		cmocka_unit_test_setup_teardown(watermarks, up, down),
		cmocka_unit_test_setup_teardown(drowned, up, down),
		cmocka_unit_test_setup_teardown(too_many_connections, up, down),
		cmocka_unit_test_setup_teardown(board_full, up, down),
		cmocka_unit_test_setup_teardown(counters, up, down),
		cmocka_unit_test_setup_teardown(next_reactor, up, down),
		cmocka_unit_test_setup_teardown(bad_ports, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
