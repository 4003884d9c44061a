/*
 * The opening handshake: which requests are one, which are good, what is answered.
 */
#include "ws/ws_handshake.c"

#include "ws/streams.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* RFC 6455, 1.3 */
#define ROW_FIELDS 8

struct row {
	const char *name;
	enum rs_ws_verdict verdict;
	unsigned status;
	const char *fields[ROW_FIELDS][2];
	const char *protocols; /* ours */
	const char *protocol;  /* chosen */
	unsigned http_1_0 : 1, post : 1, body : 1;
};

#define UPGRADE                                                                                              \
	{                                                                                                    \
		"Upgrade", "websocket"                                                                       \
	}
#define CONNECTION                                                                                           \
	{                                                                                                    \
		"Connection", "Upgrade"                                                                      \
	}
#define VERSION                                                                                              \
	{                                                                                                    \
		"Sec-WebSocket-Version", "13"                                                                \
	}
#define WITH_KEY                                                                                             \
	{                                                                                                    \
		"Sec-WebSocket-Key", KEY                                                                     \
	}
#define GOOD UPGRADE, CONNECTION, VERSION, WITH_KEY
#define OFFER(value)                                                                                         \
	{                                                                                                    \
		"Sec-WebSocket-Protocol", (value)                                                            \
	}

static const struct row rows[] = {
	{ "good", RS_WS_UPGRADE, 0, .fields = { GOOD } },
	{ "any case", RS_WS_UPGRADE, 0,
	  .fields = { { "uPGRADE", "WebSocket" },
		      { "CONNECTION", "upgrade" },
		      { "sec-websocket-version", "13" },
		      { "SEC-WEBSOCKET-KEY", KEY } } },
	{ "lists", RS_WS_UPGRADE, 0,
	  .fields = { { "Upgrade", "h2c ,\twebsocket" },
		      { "Connection", "keep-alive" },
		      { "Connection", ", Upgrade,x" },
		      VERSION,
		      WITH_KEY,
		      { "Host", "x" } } },
	{ "spare bits of the key", RS_WS_UPGRADE, 0,
	  .fields = { UPGRADE, CONNECTION, VERSION, { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZ/==" } } },

	{ "plain", RS_WS_PLAIN, 0, .fields = { { "Host", "x" } } },
	{ "no Upgrade", RS_WS_PLAIN, 0, .fields = { CONNECTION, VERSION, WITH_KEY } },
	{ "no Connection", RS_WS_PLAIN, 0, .fields = { UPGRADE, VERSION, WITH_KEY } },
	{ "another upgrade", RS_WS_PLAIN, 0, .fields = { { "Upgrade", "websockets, h2c" }, CONNECTION } },
	{ "no member of Connection", RS_WS_PLAIN, 0, .fields = { UPGRADE, { "Connection", "no upgrade" } } },
	{ "HTTP/1.0", RS_WS_PLAIN, 0, .fields = { GOOD }, .http_1_0 = 1 },

	{ "POST", RS_WS_REFUSED, 400, .fields = { GOOD }, .post = 1 },
	{ "body", RS_WS_REFUSED, 400, .fields = { GOOD }, .body = 1 },
	{ "no key", RS_WS_REFUSED, 400, .fields = { UPGRADE, CONNECTION, VERSION } },
	{ "empty key", RS_WS_REFUSED, 400,
	  .fields = { UPGRADE, CONNECTION, VERSION, { "Sec-WebSocket-Key", "" } } },
	{ "short key", RS_WS_REFUSED, 400,
	  .fields = { UPGRADE, CONNECTION, VERSION, { "Sec-WebSocket-Key", "c2hvcnQ=" } } },
	{ "long key", RS_WS_REFUSED, 400,
	  .fields = { UPGRADE, CONNECTION, VERSION, { "Sec-WebSocket-Key", KEY "=" } } },
	{ "key of 17 bytes", RS_WS_REFUSED, 400,
	  .fields = { UPGRADE, CONNECTION, VERSION, { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSA=" } } },
	{ "key of 18 bytes", RS_WS_REFUSED, 400,
	  .fields = { UPGRADE, CONNECTION, VERSION, { "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZSAh" } } },
	{ "no base64", RS_WS_REFUSED, 400,
	  .fields = { UPGRADE, CONNECTION, VERSION, { "Sec-WebSocket-Key", "dGhlIHNhbXBs_SBub25jZQ==" } } },
	{ "two keys", RS_WS_REFUSED, 400, .fields = { GOOD, WITH_KEY } },
	{ "no version", RS_WS_REFUSED, 400, .fields = { UPGRADE, CONNECTION, WITH_KEY } },
	{ "two versions", RS_WS_REFUSED, 400, .fields = { GOOD, VERSION } },
	{ "bad version", RS_WS_REFUSED, 400,
	  .fields = { UPGRADE, CONNECTION, WITH_KEY, { "Sec-WebSocket-Version", "13, 8" } } },
	{ "empty version", RS_WS_REFUSED, 400,
	  .fields = { UPGRADE, CONNECTION, WITH_KEY, { "Sec-WebSocket-Version", "" } } },
	{ "version 8", RS_WS_REFUSED, 426,
	  .fields = { UPGRADE, CONNECTION, WITH_KEY, { "Sec-WebSocket-Version", "8" } } },
	{ "version 14", RS_WS_REFUSED, 426,
	  .fields = { UPGRADE, CONNECTION, WITH_KEY, { "Sec-WebSocket-Version", "14" } } },
	{ "version 013", RS_WS_REFUSED, 426,
	  .fields = { UPGRADE, CONNECTION, WITH_KEY, { "Sec-WebSocket-Version", "013" } } },

	{ "protocol", RS_WS_UPGRADE, 0, .fields = { GOOD, OFFER("chat") }, .protocols = "chat",
	  .protocol = "chat" },
	{ "protocol not offered", RS_WS_UPGRADE, 0, .fields = { GOOD }, .protocols = "chat", .protocol = "" },
	{ "protocol not ours", RS_WS_UPGRADE, 0, .fields = { GOOD, OFFER("chat, mqtt") }, .protocols = "soap",
	  .protocol = "" },
	{ "we have none", RS_WS_UPGRADE, 0, .fields = { GOOD, OFFER("chat") }, .protocols = "",
	  .protocol = "" },
	{ "protocols have a case", RS_WS_UPGRADE, 0, .fields = { GOOD, OFFER("Chat") }, .protocols = "chat",
	  .protocol = "" },
	{ "the client prefers", RS_WS_UPGRADE, 0, .fields = { GOOD, OFFER("x, mqtt ,chat") },
	  .protocols = "chat, mqtt", .protocol = "mqtt" },
	{ "two fields", RS_WS_UPGRADE, 0, .fields = { GOOD, OFFER("x"), OFFER("chat,mqtt") },
	  .protocols = "mqtt,chat", .protocol = "chat" },
	{ "empty members", RS_WS_UPGRADE, 0, .fields = { GOOD, OFFER(",, ,") }, .protocols = ",",
	  .protocol = "" },
};

static void test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(rows); i++) {
		const struct row *row = &rows[i];
		struct rs_ws_offer o = { .protocols = rs_slice_str(row->protocols) };
		struct rs_ws_refusal no;

		at_row(row->name);
		for (size_t f = 0; f < ROW_FIELDS && row->fields[f][0]; f++)
			rs_ws_offer_field(&o, rs_slice_str(row->fields[f][0]),
					  rs_slice_str(row->fields[f][1]));
		assert_int_equal(
			rs_ws_judge(&o, (struct rs_ws_request){ !row->post, !row->http_1_0, row->body }, &no),
			row->verdict);
		if (row->verdict == RS_WS_REFUSED) {
			assert_int_equal(no.status, row->status);
			assert_non_null(no.why);
			assert_int_equal(strstr(no.extra, "Sec-WebSocket-Version: 13\r\n") != NULL,
					 row->status == 426);
		}
		if (row->verdict == RS_WS_UPGRADE)
			assert_true(
				rs_slice_eq(o.protocol, rs_slice_str(row->protocol ? row->protocol : "")));
	}
	at_row(NULL);
}

static void test_accept(void **state)
{
	char accept[RS_WS_ACCEPT_LEN + 1];

	(void)state;
	assert_true(rs_ws_accept(RS_SLICE(KEY), accept));
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void test_answer(void **state)
{
	struct rs_ws_upgrade u = { .key = RS_SLICE(KEY) };
	struct rs_buf out = { 0 };

	(void)state;
	assert_true(rs_ws_write_upgrade(&out, &u));
	assert_true(rs_slice_eq(rs_buf_slice(&out),
				RS_SLICE("HTTP/1.1 101 Switching Protocols\r\n"
					 "Upgrade: websocket\r\n"
					 "Connection: Upgrade\r\n"
					 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
					 "Sec-WebSocket-Version: 13\r\n\r\n")));
	rs_buf_reset(&out, SIZE_MAX);
	u.protocol = RS_SLICE("chat, mqtt");
	u.protocol.n = 4;
	u.extensions = RS_SLICE("permessage-deflate");
	u.headers = RS_SLICE("X-A: b\r\nX-C: d\r\n");
	u.date = "Sat, 21 Nov 2026 09:30:00 GMT";
	u.server = "rserverd";
	assert_true(rs_ws_write_upgrade(&out, &u));
	assert_true(rs_slice_eq(rs_buf_slice(&out),
				RS_SLICE("HTTP/1.1 101 Switching Protocols\r\n"
					 "Upgrade: websocket\r\n"
					 "Connection: Upgrade\r\n"
					 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
					 "Sec-WebSocket-Version: 13\r\n"
					 "Sec-WebSocket-Protocol: chat\r\n"
					 "Sec-WebSocket-Extensions: permessage-deflate\r\n"
					 "Server: rserverd\r\n"
					 "Date: Sat, 21 Nov 2026 09:30:00 GMT\r\n"
					 "X-A: b\r\nX-C: d\r\n\r\n")));
	rs_buf_free(&out);
}

/* What an application answers, and what goes out of it. */
static void test_answer_of_the_application(void **state)
{
	struct rs_ws_upgrade u = { .key = RS_SLICE(KEY), .protocol = RS_SLICE("chat"), .date = "D", .server = "S" };
	struct rs_buf kept = { 0 }, out = { 0 };

	(void)state;
	assert_true(rs_ws_upgrade_headers(&u,
					  RS_SLICE("upgrade: h2c\r\nX-A: b:c\r\nCONNECTION: close\r\nServer: mine\r\n"
						   "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nKeep-Alive: 5\r\n"
						   "Sec-WebSocket-Extensions: permessage-deflate\r\n"
						   "Sec-Websocket-Accept: own\r\nSec-Websocket-Version: 13\r\n"),
					  &kept));
	assert_true(rs_ws_write_upgrade(&out, &u));
	assert_true(rs_slice_eq(rs_buf_slice(&out),
				RS_SLICE("HTTP/1.1 101 Switching Protocols\r\n"
					 "Upgrade: websocket\r\n"
					 "Connection: Upgrade\r\n"
					 "Sec-WebSocket-Protocol: chat\r\n"
					 "Date: D\r\n"
					 "X-A: b:c\r\nServer: mine\r\n"
					 "Sec-Websocket-Accept: own\r\nSec-Websocket-Version: 13\r\n\r\n")));
	rs_buf_reset(&kept, 0);
	rs_buf_reset(&out, 0);

	/* What it leaves to us. */
	u = (struct rs_ws_upgrade){ .key = RS_SLICE(KEY), .protocol = RS_SLICE("chat"), .date = "D", .server = "S" };
	assert_true(rs_ws_upgrade_headers(&u, RS_SLICE("sec-websocket-protocol: mqtt\r\nDate: mine\r\n"), &kept));
	assert_true(rs_ws_write_upgrade(&out, &u));
	assert_true(rs_slice_eq(rs_buf_slice(&out),
				RS_SLICE("HTTP/1.1 101 Switching Protocols\r\n"
					 "Upgrade: websocket\r\n"
					 "Connection: Upgrade\r\n"
					 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
					 "Sec-WebSocket-Version: 13\r\n"
					 "Server: S\r\n"
					 "sec-websocket-protocol: mqtt\r\nDate: mine\r\n\r\n")));
	rs_buf_free(&kept);
	rs_buf_free(&out);
}

/* RFC 7692 7.1: what of the client's offers we take. bits 0: none of them. */
static void deflate_offers(void **state)
{
	static const struct {
		const char *value;
		unsigned bits;
		bool said;
	} offers[] = {
		{ "permessage-deflate", 15, false },
		{ "Permessage-Deflate;client_no_context_takeover ; server_no_context_takeover", 15, false },
		{ "permessage-deflate; client_max_window_bits", 15, false },
		{ "permessage-deflate; client_max_window_bits=\"8\"", 15, false },
		{ "permessage-deflate; server_max_window_bits=9", 9, true },
		{ "permessage-deflate; server_max_window_bits=\"15\"", 15, true },
		{ "permessage-deflate; server_max_window_bits=8", 0, false },
		{ "permessage-deflate; server_max_window_bits=8, permessage-deflate", 15, false },
		{ "permessage-deflate; server_max_window_bits=10, permessage-deflate", 10, true },
		{ "permessage-deflate; server_max_window_bits", 0, false },
		{ "permessage-deflate; server_max_window_bits=", 0, false },
		{ "permessage-deflate; server_max_window_bits=16", 0, false },
		{ "permessage-deflate; server_max_window_bits=010", 0, false },
		{ "permessage-deflate; client_max_window_bits=16", 0, false },
		{ "permessage-deflate; server_no_context_takeover=1", 0, false },
		{ "permessage-deflate; client_max_window_bits; client_max_window_bits", 0, false },
		{ "permessage-deflate; anything", 0, false },
		{ "permessage-deflate;", 15, false },
		{ "permessage-deflate;;", 0, false },
		{ "permessage-deflate=1", 0, false },
		{ "permessage-bzip2", 0, false },
		{ ";=\";,", 0, false },
		{ "", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(offers); i++) {
		struct rs_ws_offer o = { .protocols = RS_SLICE("") };

		rs_ws_offer_field(&o, RS_SLICE("sec-websocket-extensions"), rs_slice_str(offers[i].value));
		if (o.deflate != offers[i].bits || (o.deflate && o.deflate_bits_said != offers[i].said))
			fail_msg("%s: %u bits", offers[i].value, o.deflate);
	}
}

static void deflate_is_answered(void **state)
{
	struct rs_ws_upgrade u = { .key = RS_SLICE("dGhlIHNhbXBsZSBub25jZQ=="), .deflate = 12, .deflate_bits_said = true };
	struct rs_buf out = { 0 };

	(void)state;
	assert_true(rs_ws_write_upgrade(&out, &u) && rs_buf_put(&out, "", 1));
	assert_non_null(strstr(rs_buf_data(&out), "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
						  "client_no_context_takeover; server_max_window_bits=12\r\n"));
	rs_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deflate_offers),
		cmocka_unit_test(deflate_is_answered),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_answer_of_the_application),
	};

	return cmocka_run_group_tests_name("ws_handshake", tests, NULL, NULL);
}
