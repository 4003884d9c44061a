/*
 * The opening handshake of a WebSocket server (RFC 6455, section 4.2): is this request one, is it a good one,
 * and what is answered. Pure functions. The caller has parsed the request and shows its fields one by one.
 */
#ifndef RS_WS_HANDSHAKE_H
#define RS_WS_HANDSHAKE_H

#include "base/rs_base.h"
#include "base/rs_buf.h"

#define RS_WS_KEY_LEN 24    /* base64 of 16 bytes */
#define RS_WS_ACCEPT_LEN 28 /* base64 of 20 bytes */

/* What the fields said so far. Slices point into the request. */
struct rs_ws_offer {
	struct rs_slice protocols; /* ours, set before: a list with commas, or empty */
	bool websocket, upgrade;   /* named in Upgrade, in Connection */
	bool key_twice, version_twice;
	struct rs_slice key, version;
	struct rs_slice protocol; /* the first of the client's that is one of ours; n 0: none */
	/* RFC 7692: of its first offer that we can take, without context taken over on either side. */
	uint8_t deflate;          /* window bits of what we send, 9 to 15; 0: there is no such offer */
	bool deflate_bits_said;   /* the client has said how many, and has to be told */
};

/* One field of the request, in its order; those that do not matter may be shown or not. */
void rs_ws_offer_field(struct rs_ws_offer *o, struct rs_slice name, struct rs_slice value);

enum rs_ws_verdict {
	RS_WS_PLAIN,   /* an ordinary HTTP request */
	RS_WS_UPGRADE, /* a good handshake: answer rs_ws_write_upgrade() */
	RS_WS_REFUSED, /* a bad one: answer with the status, then close */
};

struct rs_ws_refusal {
	unsigned status;   /* 400 or 426 */
	const char *why;   /* constant text, for the log */
	const char *extra; /* header lines the answer must have, or "" */
};

/* The request line, which the fields do not tell. */
struct rs_ws_request {
	bool get;       /* its method */
	unsigned minor; /* HTTP/1.minor */
	bool body;      /* one follows */
};

/*
 * PLAIN: HTTP/1.0, or it does not name websocket in Upgrade and upgrade in Connection. Otherwise it must be a
 * GET without body, with one key of 16 bytes in base64 and version 13 once. Another version: 426, which names
 * ours; all else 400.
 */
enum rs_ws_verdict rs_ws_judge(const struct rs_ws_offer *o, struct rs_ws_request r, struct rs_ws_refusal *no);

/* key: RS_WS_KEY_LEN bytes. Terminated. false: the library could not (no memory, no SHA-1). */
bool rs_ws_accept(struct rs_slice key, char accept[RS_WS_ACCEPT_LEN + 1]) RS_MUST_CHECK;

struct rs_ws_upgrade {
	struct rs_slice key;        /* of the offer */
	struct rs_slice protocol;   /* n 0: none */
	struct rs_slice extensions; /* what was agreed on; n 0: nothing */
	uint8_t deflate;            /* of the offer, instead of that; 0: no */
	bool deflate_bits_said;
	struct rs_slice headers;    /* more lines, "Name: value\r\n" each, checked */
	const char *date, *server;  /* NULL: none, or headers has it */
	bool has_accept, has_version; /* headers has it */
};

/* Appends the head of the 101 answer. key may be empty with has_accept. false: no memory, nothing appended. */
bool rs_ws_write_upgrade(struct rs_buf *out, const struct rs_ws_upgrade *u) RS_MUST_CHECK;

/*
 * The application answers a handshake with these lines (checked, as in u->headers): what it may say goes into kept, which
 * becomes u->headers; where it speaks for itself, u's own line is left out. Upgrade, Connection and what frames a body are
 * ours to say; extensions are not the application's to agree on. false: no memory. kept is the caller's, and must outlive u.
 */
bool rs_ws_upgrade_headers(struct rs_ws_upgrade *u, struct rs_slice lines, struct rs_buf *kept) RS_MUST_CHECK;

#endif
