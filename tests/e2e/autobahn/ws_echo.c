/*
 * An echo server on src/ws and blocking sockets, for the Autobahn cases: what of a WebSocket server is src/ws
 * alone. One process a connection. Prints its port, ends when its standard input does.
 */
#include "http/http.h"
#include "ws/ws_handshake.h"
#include "ws/ws_stream.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MESSAGE_MAX (32 << 20)

static bool send_all(int fd, struct rs_buf *out)
{
	while (out->len) {
		ssize_t n = send(fd, rs_buf_data(out), out->len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		rs_buf_consume(out, (size_t)n);
	}
	return true;
}

static ssize_t receive(int fd, struct rs_buf *in)
{
	char *to = rs_buf_reserve(in, 65536);
	ssize_t n;

	RS_ASSERT(to);
	n = recv(fd, to, 65536, 0);
	if (n > 0)
		rs_buf_commit(in, (size_t)n);
	return n;
}

/* Reads a request and answers it. false: it is no handshake, or not a good one. */
static bool shake_hands(int fd, struct rs_buf *in)
{
	const struct rs_http_limits limits = { .head_max = 8192 };
	struct rs_ws_offer offer = { 0 };
	struct rs_ws_refusal no;
	struct rs_ws_upgrade upgrade = { 0 };
	struct rs_buf out = { 0 };
	struct rs_http_head head;
	enum rs_result rc = RS_AGAIN;
	size_t scanned = 0;
	const char *why;
	unsigned status;
	bool ok;

	while (rc == RS_AGAIN) {
		if (receive(fd, in) <= 0)
			return false;
		rc = rs_http_parse(&head, in->p + in->off, in->len, &limits, &scanned, &status, &why);
	}
	if (rc != RS_OK)
		return false;
	for (size_t i = 0; i < head.nfields; i++)
		rs_ws_offer_field(&offer, head.fields[i].name, head.fields[i].value);
	if (rs_ws_judge(&offer, (struct rs_ws_request){ head.get_method, head.minor, head.has_length },
			&no) != RS_WS_UPGRADE)
		return false;
	upgrade.key = offer.key;
	ok = rs_ws_write_upgrade(&out, &upgrade) && send_all(fd, &out);
	rs_buf_free(&out);
	rs_buf_consume(in, head.head_len);
	return ok;
}

static bool echo_cb(void *arg, const struct rs_ws_event *e)
{
	if (e->opcode == RS_WS_TEXT || e->opcode == RS_WS_BINARY)
		RS_ASSERT(rs_ws_frame(arg, e->opcode, RS_WS_FIN, NULL, e->data));
	return true;
}

/* Closing with bytes unread would send a reset, and the client might lose what we said last. */
static void linger(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char drop[65536];

	shutdown(fd, SHUT_WR);
	while (poll(&p, 1, 5000) > 0 && recv(fd, drop, sizeof drop, 0) > 0) {
	}
}

static void serve(int fd)
{
	const struct rs_ws_options options = { .message_max = MESSAGE_MAX };
	struct rs_buf in = { 0 }, out = { 0 };
	struct rs_ws_sink sink = { echo_cb, NULL, &out, &out };
	struct rs_ws_conn conn = { 0 };
	enum rs_result rc = RS_OK;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	if (shake_hands(fd, &in)) {
		do {
			rc = rs_ws_input(&conn, &options, &sink, rs_buf_slice(&in));
			rs_buf_reset(&in, SIZE_MAX);
		} while (send_all(fd, &out) && rc == RS_OK && receive(fd, &in) > 0);
		linger(fd);
	}
	rs_ws_conn_fini(&conn);
	rs_buf_free(&in);
	rs_buf_free(&out);
}

int main(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)signal(SIGCHLD, SIG_IGN);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 64) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &len) != 0) {
		perror("ws_echo");
		return 1;
	}
	printf("%u\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	for (;;) {
		struct pollfd p[] = { { .fd = listener, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
		int fd;

		if (poll(p, 2, -1) < 0 || p[1].revents)
			break;
		fd = accept(listener, NULL, NULL);
		if (fd >= 0 && fork() == 0) {
			close(listener);
			serve(fd);
			return 0;
		}
		close(fd);
	}
	while (wait(NULL) > 0) {
	}
	return 0;
}
