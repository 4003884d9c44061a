/*
 * The fields of a handshake as a table, the verdict, and the answer. SHA-1 and base64 are libcrypto's.
 */
#include "ws/ws_handshake.h"

#include <openssl/evp.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* RFC 6455, 1.3 */
#define SHA1_LEN 20

typedef void take_fn(struct rs_ws_offer *o, struct rs_slice value);

static take_fn take_upgrade, take_connection, take_key, take_version, take_protocol, take_extensions;

static const struct {
	struct rs_slice name;
	take_fn *take;
} fields[] = {
	{ RS_SLICE("Upgrade"), take_upgrade },
	{ RS_SLICE("Connection"), take_connection },
	{ RS_SLICE("Sec-WebSocket-Key"), take_key },
	{ RS_SLICE("Sec-WebSocket-Version"), take_version },
	{ RS_SLICE("Sec-WebSocket-Protocol"), take_protocol },
	{ RS_SLICE("Sec-WebSocket-Extensions"), take_extensions },
};

void rs_ws_offer_field(struct rs_ws_offer *o, struct rs_slice name, struct rs_slice value)
{
	for (size_t i = 0; i < RS_COUNTOF(fields); i++)
		if (rs_slice_eqi(name, fields[i].name))
			fields[i].take(o, value);
}

/* ---- lists ----------------------------------------------------------------------------------------- */

/* The next member of a list with commas, without blanks around it; *list moves behind it. false: no more. */
static bool list_next(struct rs_slice *list, struct rs_slice *member)
{
	while (list->n) {
		*member = rs_slice_trim(rs_slice_cut(list, ','));
		if (member->n)
			return true;
	}
	return false;
}

static bool list_has(struct rs_slice list, struct rs_slice want,
		     bool (*same)(struct rs_slice, struct rs_slice))
{
	struct rs_slice member;

	while (list_next(&list, &member))
		if (same(member, want))
			return true;
	return false;
}

/* ---- fields ---------------------------------------------------------------------------------------- */

static void take_upgrade(struct rs_ws_offer *o, struct rs_slice value)
{
	o->websocket = o->websocket || list_has(value, RS_SLICE("websocket"), rs_slice_eqi);
}

static void take_connection(struct rs_ws_offer *o, struct rs_slice value)
{
	o->upgrade = o->upgrade || list_has(value, RS_SLICE("upgrade"), rs_slice_eqi);
}

static void take_key(struct rs_ws_offer *o, struct rs_slice value)
{
	o->key_twice = o->key.p != NULL;
	o->key = value;
}

static void take_version(struct rs_ws_offer *o, struct rs_slice value)
{
	o->version_twice = o->version.p != NULL;
	o->version = value;
}

static void take_protocol(struct rs_ws_offer *o, struct rs_slice value)
{
	struct rs_slice member;

	while (o->protocol.n == 0 && list_next(&value, &member))
		if (list_has(o->protocols, member, rs_slice_eq))
			o->protocol = member;
}

/* ---- permessage-deflate ----------------------------------------------------------------------------- */

/* The next of a list with semicolons: "name" or "name=value", quotes taken off. *rest moves behind it. false: no more. */
static bool parameter_next(struct rs_slice *rest, struct rs_slice *name, struct rs_slice *value)
{
	const char *semicolon, *eq;
	size_t n;

	if (rest->n == 0)
		return false;
	semicolon = memchr(rest->p, ';', rest->n);
	n = semicolon ? (size_t)(semicolon - rest->p) : rest->n;
	*name = rs_slice(rest->p, n);
	n += semicolon ? 1 : 0;
	*rest = rs_slice(rest->p + n, rest->n - n);
	*value = rs_slice(NULL, 0);
	eq = name->n ? memchr(name->p, '=', name->n) : NULL;
	if (eq) {
		*value = rs_slice_trim(rs_slice(eq + 1, (size_t)(name->p + name->n - eq) - 1));
		if (value->n >= 2 && value->p[0] == '"' && value->p[value->n - 1] == '"')
			*value = rs_slice(value->p + 1, value->n - 2);
		name->n = (size_t)(eq - name->p);
	}
	*name = rs_slice_trim(*name);
	return true;
}

/* zlib has no raw deflate with the smallest window, 8. */
static bool bits_ok(struct rs_slice value, uint64_t least, uint64_t *bits)
{
	return rs_parse_u64(value, 15, bits) && *bits >= least && (value.n == 1 || value.p[0] != '0');
}

/* Window bits for us; 0: an extension, or a parameter, that we do not do. */
static uint8_t judge_offer(struct rs_slice offer, bool *bits_said)
{
	struct rs_slice name, value;
	uint64_t bits = 15, theirs;
	unsigned seen = 0, which;

	*bits_said = false;
	if (!parameter_next(&offer, &name, &value) || value.p || !rs_slice_eqi(name, RS_SLICE("permessage-deflate")))
		return 0;
	while (parameter_next(&offer, &name, &value)) {
		if (rs_slice_eqi(name, RS_SLICE("server_no_context_takeover")) && !value.p) {
			which = 1;
		} else if (rs_slice_eqi(name, RS_SLICE("client_no_context_takeover")) && !value.p) {
			which = 2;
		} else if (rs_slice_eqi(name, RS_SLICE("server_max_window_bits")) && value.p && bits_ok(value, 9, &bits)) {
			which = 4;
			*bits_said = true;
		} else if (rs_slice_eqi(name, RS_SLICE("client_max_window_bits")) && (!value.p || bits_ok(value, 8, &theirs))) {
			which = 8; /* smaller than ours is fine for us */
		} else {
			return 0;
		}
		if (seen & which)
			return 0;
		seen |= which;
	}
	return (uint8_t)bits;
}

static void take_extensions(struct rs_ws_offer *o, struct rs_slice value)
{
	struct rs_slice member;

	while (o->deflate == 0 && list_next(&value, &member))
		o->deflate = judge_offer(member, &o->deflate_bits_said);
}

static bool put_deflate(struct rs_buf *out, const struct rs_ws_upgrade *u)
{
	if (u->deflate == 0)
		return true;
	return rs_buf_printf(out, "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover") &&
	       (!u->deflate_bits_said || rs_buf_printf(out, "; server_max_window_bits=%u", u->deflate)) && rs_buf_put(out, "\r\n", 2);
}

/* ---- the verdict ----------------------------------------------------------------------------------- */

/* 16 bytes: 22 digits of base64 and "==". The last digit has bits to spare; clients set them as they like. */
static bool key_ok(struct rs_slice key)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	if (key.n != RS_WS_KEY_LEN || memcmp(key.p + 22, "==", 2) != 0)
		return false;
	for (size_t i = 0; i < 22; i++)
		if (!memchr(digits, key.p[i], sizeof digits - 1))
			return false;
	return true;
}

enum rs_ws_verdict rs_ws_judge(const struct rs_ws_offer *o, struct rs_ws_request r, struct rs_ws_refusal *no)
{
	uint64_t version;

	*no = (struct rs_ws_refusal){ 400, NULL, "" };
	if (r.minor == 0 || !o->websocket || !o->upgrade)
		return RS_WS_PLAIN;
	if (!r.get)
		no->why = "WebSocket handshake that is not a GET";
	else if (r.body)
		no->why = "WebSocket handshake with a body";
	else if (o->key.p == NULL)
		no->why = "WebSocket handshake without Sec-WebSocket-Key";
	else if (o->key_twice || !key_ok(o->key))
		no->why = "bad Sec-WebSocket-Key";
	else if (o->version.p == NULL)
		no->why = "WebSocket handshake without Sec-WebSocket-Version";
	else if (o->version_twice || !rs_parse_u64(o->version, 255, &version))
		no->why = "bad Sec-WebSocket-Version";
	else if (!rs_slice_eq(o->version, RS_SLICE("13")))
		*no = (struct rs_ws_refusal){ 426, "Sec-WebSocket-Version is not 13",
					      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" };
	return no->why ? RS_WS_REFUSED : RS_WS_UPGRADE;
}

/* ---- the answer ------------------------------------------------------------------------------------ */

bool rs_ws_accept(struct rs_slice key, char accept[RS_WS_ACCEPT_LEN + 1])
{
	char text[RS_WS_KEY_LEN + sizeof GUID - 1];
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	RS_ASSERT(key.n == RS_WS_KEY_LEN);
	memcpy(text, key.p, RS_WS_KEY_LEN);
	memcpy(text + RS_WS_KEY_LEN, GUID, sizeof GUID - 1);
	if (EVP_Digest(text, sizeof text, hash, &n, EVP_sha1(), NULL) != 1 || n != SHA1_LEN)
		return false;
	return EVP_EncodeBlock((unsigned char *)accept, hash, SHA1_LEN) == RS_WS_ACCEPT_LEN;
}

static bool put_line(struct rs_buf *out, const char *name, struct rs_slice value)
{
	return value.n == 0 || rs_buf_printf(out, "%s: %.*s\r\n", name, (int)value.n, value.p);
}

bool rs_ws_write_upgrade(struct rs_buf *out, const struct rs_ws_upgrade *u)
{
	static const struct rs_slice begin = RS_SLICE("HTTP/1.1 101 Switching Protocols\r\n"
						      "Upgrade: websocket\r\nConnection: Upgrade\r\n");
	const size_t before = out->len;
	char accept[RS_WS_ACCEPT_LEN + 1] = "";

	if ((u->has_accept || rs_ws_accept(u->key, accept)) && rs_buf_put(out, begin.p, begin.n) &&
	    put_line(out, "Sec-WebSocket-Accept", rs_slice_str(accept)) &&
	    put_line(out, "Sec-WebSocket-Version", rs_slice_str(u->has_version ? "" : "13")) &&
	    put_line(out, "Sec-WebSocket-Protocol", u->protocol) &&
	    put_line(out, "Sec-WebSocket-Extensions", u->extensions) && put_deflate(out, u) &&
	    put_line(out, "Server", rs_slice_str(u->server)) &&
	    put_line(out, "Date", rs_slice_str(u->date)) && rs_buf_put(out, u->headers.p, u->headers.n) &&
	    rs_buf_put(out, "\r\n", 2))
		return true;
	out->len = before;
	return false;
}

/* ---- an answer of the application ------------------------------------------------------------------- */

typedef void keep_fn(struct rs_ws_upgrade *u);

static keep_fn keep_accept, keep_version, keep_protocol, keep_date, keep_server;

static const struct {
	struct rs_slice name;
	keep_fn *keep; /* NULL: the line is left out */
} lines_of_app[] = {
	{ RS_SLICE("Upgrade"), NULL },
	{ RS_SLICE("Connection"), NULL },
	{ RS_SLICE("Keep-Alive"), NULL },
	{ RS_SLICE("Content-Length"), NULL },
	{ RS_SLICE("Transfer-Encoding"), NULL },
	{ RS_SLICE("Sec-WebSocket-Extensions"), NULL },
	{ RS_SLICE("Sec-WebSocket-Accept"), keep_accept },
	{ RS_SLICE("Sec-WebSocket-Version"), keep_version },
	{ RS_SLICE("Sec-WebSocket-Protocol"), keep_protocol },
	{ RS_SLICE("Date"), keep_date },
	{ RS_SLICE("Server"), keep_server },
};

static void keep_accept(struct rs_ws_upgrade *u)
{
	u->has_accept = true;
}

static void keep_version(struct rs_ws_upgrade *u)
{
	u->has_version = true;
}

static void keep_protocol(struct rs_ws_upgrade *u)
{
	u->protocol = rs_slice("", 0);
}

static void keep_date(struct rs_ws_upgrade *u)
{
	u->date = NULL;
}

static void keep_server(struct rs_ws_upgrade *u)
{
	u->server = NULL;
}

/* May the application's line of this name stand in the answer? */
static bool keep_line(struct rs_ws_upgrade *u, struct rs_slice name)
{
	for (size_t i = 0; i < RS_COUNTOF(lines_of_app); i++) {
		if (!rs_slice_eqi(name, lines_of_app[i].name))
			continue;
		if (lines_of_app[i].keep)
			lines_of_app[i].keep(u);
		return lines_of_app[i].keep != NULL;
	}
	return true;
}

bool rs_ws_upgrade_headers(struct rs_ws_upgrade *u, struct rs_slice lines, struct rs_buf *kept)
{
	while (lines.n) {
		const char *colon = memchr(lines.p, ':', lines.n), *end = memchr(lines.p, '\n', lines.n);
		size_t n;

		RS_ASSERT(colon && end && colon < end);
		n = (size_t)(end - lines.p) + 1;
		if (keep_line(u, rs_slice(lines.p, (size_t)(colon - lines.p))) && !rs_buf_put(kept, lines.p, n))
			return false;
		lines = rs_slice(lines.p + n, lines.n - n);
	}
	u->headers = rs_buf_slice(kept);
	return true;
}
