/*
 * ws_load PORT echo CLIENTS BYTES MS         each client sends a text, waits for a text, sends the next, for so long
 * ws_load PORT hold CLIENTS                  each client sends a text, gets one, and says nothing any more
 * ws_load PORT broadcast CLIENTS SILENT      how long until a push has reached all who read
 *
 * WebSocket clients on loopback, in one thread. When all are connected it prints "ready" and waits for a line; then it works,
 * prints one line of JSON, and holds the connections until its standard input ends. It ends by itself after LIFE_S.
 *
 * broadcast: the first SILENT clients say "fill" and never read again; "filled" answers (binary) when bytes wait for all of
 * them in the server. Then one more client says "broadcast"; every client, and that one, is to get a text, and that one a
 * binary message at the end, which is printed as "server". At last the silent ones read: their text was behind the filling.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CLIENTS_MAX 20000
#define BYTES_MAX 65536u
#define LIFE_S 120
/* Connections being made at a time: below any backlog. */
#define CONNECTING_MAX 100
/* An address has 28,000 ports, and some of them may rest. */
#define CLIENTS_PER_ADDRESS 5000
#define OWN_FDS 32
#define HEAD_MAX 10
#define NOTE_MAX 512
#define TEXT 1
#define BINARY 2

enum state { CONNECTING, UPGRADING, OPEN };

struct client {
	int fd;
	uint8_t state;
	uint8_t nhead;         /* bytes of the frame's head, or matched of the end of the 101 */
	bool silent;
	uint8_t head[HEAD_MAX];
	uint64_t left;         /* of the payload */
	uint32_t texts;
};

struct load {
	int epoll;
	uint16_t port;
	struct client *client;
	unsigned n, nsilent, begun, open;
	bool echoing;
	const char *message;   /* frame that echo sends */
	size_t message_len;
	uint64_t texts, binaries;
	char note[NOTE_MAX + 1]; /* the last binary message */
	size_t nnote;
	double first_s, last_s; /* texts of those who read */
	char *bytes;           /* every read goes here */
};

static void die(const char *what)
{
	fprintf(stderr, "ws_load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void fail(const char *what)
{
	fprintf(stderr, "ws_load: %s\n", what);
	exit(1);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- sending: small things into an empty socket, so whole or not at all ------------------------------------------ */

static void put(struct client *c, const char *p, size_t n)
{
	if (send(c->fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
		die("send");
}

/* A masked text frame, with a key of zeros. The bytes of it. */
static size_t frame(char *to, const char *text, size_t n)
{
	size_t head = n < 126 ? 2 : 4;

	to[0] = (char)(0x80 | TEXT);
	to[1] = (char)(0x80 | (n < 126 ? n : 126));
	if (n >= 126) {
		to[2] = (char)(n >> 8);
		to[3] = (char)n;
	}
	memset(to + head, 0, 4);
	memcpy(to + head + 4, text, n);
	return head + 4 + n;
}

static void say(struct client *c, const char *text)
{
	char bytes[64];

	put(c, bytes, frame(bytes, text, strlen(text)));
}

/* ---- connecting ------------------------------------------------------------------------------------------------------ */

static void watch(struct load *l, struct client *c, int op, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.ptr = c };

	if (epoll_ctl(l->epoll, op, c->fd, &e) < 0)
		die("epoll_ctl");
}

/* Each so many clients have an address of their own: 127.0.0.2, 127.0.0.3 ... */
static void begin(struct load *l)
{
	unsigned i = l->begun++;
	struct client *c = &l->client[i];
	struct sockaddr_in from = { .sin_family = AF_INET }, to = { .sin_family = AF_INET, .sin_port = htons(l->port) };
	const struct linger now = { .l_onoff = 1 };
	const int yes = 1, little = 4096;

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + i / CLIENTS_PER_ADDRESS);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->silent = i < l->nsilent;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		die("socket");
	/* No port rests when we are gone. */
	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	if (c->silent)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
	if (bind(c->fd, (struct sockaddr *)&from, sizeof from) < 0)
		die("bind");
	if (connect(c->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
		die("connect");
	watch(l, c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void upgrade(struct load *l, struct client *c)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
				      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

	c->state = UPGRADING;
	put(c, request, sizeof request - 1);
	watch(l, c, EPOLL_CTL_MOD, EPOLLIN);
}

/* Takes the head of the 101; the bytes used. */
static size_t take_answer(struct load *l, struct client *c, const char *p, size_t n)
{
	static const char end[] = "\r\n\r\n";
	size_t i;

	if (c->nhead == 0 && n >= 12 && strncmp(p, "HTTP/1.1 101", 12) != 0)
		fail("the server does not upgrade");
	for (i = 0; i < n && c->nhead < 4; i++)
		c->nhead = p[i] == end[c->nhead] ? c->nhead + 1 : p[i] == '\r';
	if (c->nhead == 4) {
		c->nhead = 0;
		c->state = OPEN;
		l->open++;
	}
	return i;
}

/* ---- frames in: heads may be cut anywhere ------------------------------------------------------------------------------ */

static void whole(struct load *l, struct client *c)
{
	bool text = (c->head[0] & 15) == TEXT;

	c->nhead = 0;
	if (!text) {
		l->binaries++;
		return;
	}
	c->texts++;
	l->texts++;
	if (l->echoing) {
		put(c, l->message, l->message_len);
		return;
	}
	l->last_s = now_s();
	if (l->first_s == 0)
		l->first_s = l->last_s;
}

/* The next byte of a head; true: it is complete. */
static bool take_head(struct load *l, struct client *c, uint8_t byte)
{
	unsigned want;

	c->head[c->nhead++] = byte;
	if (c->nhead < 2)
		return false;
	want = c->head[1] == 127 ? 10 : c->head[1] == 126 ? 4 : 2;
	if (c->nhead < want)
		return false;
	if ((c->head[0] != (0x80 | TEXT) && c->head[0] != (0x80 | BINARY)) || (c->head[1] & 0x80))
		fail("a frame that is neither text nor binary");
	c->left = want == 2 ? c->head[1] : 0;
	for (unsigned i = 2; i < want; i++)
		c->left = c->left << 8 | c->head[i];
	if (c->head[0] == (0x80 | BINARY))
		l->nnote = 0;
	return true;
}

static void take_frames(struct load *l, struct client *c, const char *p, size_t n)
{
	while (n) {
		size_t piece;

		if (c->left == 0) {
			if (take_head(l, c, (uint8_t)*p) && c->left == 0)
				whole(l, c);
			p++, n--;
			continue;
		}
		piece = n < c->left ? n : (size_t)c->left;
		if (c->head[0] == (0x80 | BINARY) && l->nnote + piece <= NOTE_MAX) {
			memcpy(l->note + l->nnote, p, piece);
			l->nnote += piece;
			l->note[l->nnote] = '\0';
		}
		p += piece, n -= piece, c->left -= piece;
		if (c->left == 0)
			whole(l, c);
	}
}

static void on_readable(struct load *l, struct client *c)
{
	ssize_t n = recv(c->fd, l->bytes, BYTES_MAX, 0);
	size_t used = 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0)
		die("recv");
	if (n == 0)
		fail("the server has closed a connection");
	if (c->state == UPGRADING)
		used = take_answer(l, c, l->bytes, (size_t)n);
	take_frames(l, c, l->bytes + used, (size_t)n - used);
}

static void turn(struct load *l, int ms)
{
	struct epoll_event e[256];
	int n = epoll_wait(l->epoll, e, 256, ms);

	if (n < 0 && errno != EINTR)
		die("epoll_wait");
	for (int i = 0; i < n; i++) {
		struct client *c = e[i].data.ptr;
		if (c->state == CONNECTING)
			upgrade(l, c);
		else
			on_readable(l, c);
	}
}

static void connect_all(struct load *l)
{
	while (l->open < l->n) {
		while (l->begun < l->n && l->begun - l->open < CONNECTING_MAX)
			begin(l);
		turn(l, 1000);
	}
}

/* ---- what is measured ---------------------------------------------------------------------------------------------------- */

/* To a line of standard input, or its end. */
static void wait_for_word(struct load *l, const char *said)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[64];

	printf("%s\n", said);
	fflush(stdout);
	while (poll(&in, 1, 0) == 0)
		turn(l, 20);
	if (read(STDIN_FILENO, line, sizeof line) < 0)
		die("read");
}

static void echo(struct load *l, size_t bytes, int ms)
{
	char *text = malloc(bytes), *message = malloc(bytes + HEAD_MAX + 4);
	double begin_s, end_s;

	if (!text || !message)
		die("malloc");
	memset(text, 'x', bytes);
	l->message_len = frame(message, text, bytes);
	l->message = message;
	l->echoing = true;
	wait_for_word(l, "ready");
	begin_s = now_s();
	end_s = begin_s + ms / 1e3;
	for (unsigned i = 0; i < l->n; i++)
		put(&l->client[i], message, l->message_len);
	while (now_s() < end_s)
		turn(l, 100);
	printf("{\"messages\": %lu, \"seconds\": %.3f}\n", (unsigned long)l->texts, now_s() - begin_s);
	free(text);
	free(message);
}

static void hold(struct load *l)
{
	for (unsigned i = 0; i < l->n; i++) {
		say(&l->client[i], "hello");
		while (l->texts <= i)
			turn(l, 100);
	}
	wait_for_word(l, "ready");
}

static void broadcast(struct load *l)
{
	struct client *last = &l->client[l->n - 1];
	uint64_t readers = l->n - l->nsilent;
	double begin_s, server_s = 0, read_s, silent_s;

	for (unsigned i = 0; i < l->nsilent; i++) {
		watch(l, &l->client[i], EPOLL_CTL_DEL, 0);
		say(&l->client[i], "fill");
	}
	say(last, "filled");
	while (l->binaries < 1)
		turn(l, 100);
	wait_for_word(l, "ready");
	begin_s = now_s();
	say(last, "broadcast");
	while (l->texts < readers || l->binaries < 2) {
		turn(l, 100);
		if (l->binaries == 2 && server_s == 0)
			server_s = now_s();
	}
	read_s = l->last_s;
	printf("{\"readers\": %lu, \"first_ms\": %.1f, \"last_ms\": %.1f, \"told_ms\": %.1f, \"server\": %s, ", (unsigned long)readers,
	       (l->first_s - begin_s) * 1e3, (read_s - begin_s) * 1e3, (server_s - begin_s) * 1e3, l->note);
	for (unsigned i = 0; i < l->nsilent; i++)
		watch(l, &l->client[i], EPOLL_CTL_ADD, EPOLLIN);
	while (l->texts < l->n)
		turn(l, 100);
	silent_s = l->nsilent ? l->last_s : read_s;
	for (unsigned i = 0; i < l->n; i++)
		if (l->client[i].texts != 1)
			fail("a client has another number of texts than one");
	printf("\"silent_ms\": %.1f}\n", (silent_s - begin_s) * 1e3);
}

static unsigned number(const char *text, unsigned least, unsigned most)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*end || n < least || n > most)
		fail("usage: ws_load PORT echo CLIENTS BYTES MS | hold CLIENTS | broadcast CLIENTS SILENT");
	return (unsigned)n;
}

static void raise_limit(unsigned clients)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		die("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_cur < clients + OWN_FDS || setrlimit(RLIMIT_NOFILE, &limit) < 0)
		fail("ulimit -n does not allow so many clients");
}

int main(int argc, char **argv)
{
	static const char *const modes[] = { "echo", "hold", "broadcast" };
	static const int words[] = { 6, 4, 5 };
	struct load l = { .epoll = epoll_create1(EPOLL_CLOEXEC) };
	int mode = 0;

	while (mode < 3 && (argc != words[mode] || strcmp(argv[2], modes[mode]) != 0))
		mode++;
	l.port = (uint16_t)number(argc > 1 ? argv[1] : "", 1, UINT16_MAX);
	l.n = number(mode < 3 ? argv[3] : "", 1, CLIENTS_MAX);
	if (mode == 2)
		l.nsilent = number(argv[4], 0, l.n++);
	raise_limit(l.n);
	alarm(LIFE_S);
	l.client = calloc(l.n, sizeof *l.client);
	l.bytes = malloc(BYTES_MAX);
	if (!l.client || !l.bytes || l.epoll < 0)
		die("start");
	connect_all(&l);
	if (mode == 0)
		echo(&l, number(argv[4], 1, BYTES_MAX - 1), (int)number(argv[5], 1, LIFE_S * 1000));
	else if (mode == 1)
		hold(&l);
	else
		broadcast(&l);
	l.echoing = false;
	if (mode != 1)
		wait_for_word(&l, "");
	return 0;
}
