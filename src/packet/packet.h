/*
 * Framing of byte streams: where one package ends and the next begins. Pure: bytes in, a length out; no fd, no clock, no
 * global, no allocation. Used by the reactor (TCP ports of a server) and by the clients.
 *
 * The caller owns a buffer whose first byte is the first one not yet handed on, and one struct rs_packet a stream:
 *
 *	while (rs_packet_next(&conf, &state, rs_buf_slice(&buf), &found) == RS_OK) {
 *		deliver(rs_buf_data(&buf), found.n);
 *		rs_buf_consume(&buf, found.n);
 *	}
 *
 * Nothing is looked at twice: however small the pieces a stream comes in, the work is linear in its bytes.
 */
#ifndef RS_PACKET_H
#define RS_PACKET_H

#include "base/rs_base.h"
#include "base/rs_buf.h"

#define RS_PACKET_EOF_MAX 8
#define RS_PACKET_OFFSET_MAX 65535
#define RS_PACKET_RAW_MAX 65536            /* bytes of one piece without framing */
#define RS_PACKET_MAX_LENGTH 2097152       /* package_max_length when not set */
#define RS_PACKET_MAX_LENGTH_LEAST 65536   /* the least a server's port may be given; clients may ask for less */

enum rs_packet_mode {
	RS_PACKET_RAW,       /* what is there, at most RS_PACKET_RAW_MAX at a time */
	RS_PACKET_EOF_CHECK, /* all that is there, once it ends with eof: one package or several */
	RS_PACKET_EOF_SPLIT, /* up to and with the first eof */
	RS_PACKET_LENGTH,    /* a length in a fixed place */
	RS_PACKET_FUNC,      /* the user's function says the length */
	RS_PACKET_MQTT,      /* fixed header of MQTT */
};

/*
 * The user's function: total bytes of the package at the front of data, 0: cannot tell yet, negative: close. Called again
 * with more bytes only while it answers 0. One that needs more bytes to know than a package has makes packages that depend
 * on how the stream was cut; that is its business.
 */
typedef int64_t rs_packet_length_fn(void *arg, struct rs_slice data);

/* What users may set; a zeroed struct is "nothing set". The names are those of the settings. */
struct rs_packet_settings {
	bool open_eof_check, open_eof_split, open_length_check, open_mqtt_protocol;
	struct rs_slice package_eof;         /* p NULL: CRLF CRLF */
	struct rs_slice package_length_type; /* p NULL: N */
	int64_t package_length_offset, package_body_offset;
	int64_t package_max_length;          /* 0: RS_PACKET_MAX_LENGTH */
	rs_packet_length_fn *package_length_func;
	void *package_length_arg;
};

/* Checked settings. Immutable; a plain value, may be copied. A zeroed one is RS_PACKET_RAW. */
struct rs_packet_conf {
	enum rs_packet_mode mode;
	char eof[RS_PACKET_EOF_MAX];
	uint8_t eof_n;
	uint8_t length_n;       /* bytes of the length: 1, 2 or 4 */
	bool length_signed, length_big;
	uint32_t length_offset; /* where the length lies in a package */
	uint32_t body_offset;   /* what it does not count */
	uint32_t max_length;    /* bytes of a package with everything */
	rs_packet_length_fn *length_func;
	void *length_arg;
};

/*
 * NULL: *conf is ready. Else a constant text that names the setting and the rule, *conf is untouched. Settings of a
 * protocol that is not switched on are not checked. With several: EOF before length before MQTT.
 */
const char *rs_packet_conf_init(struct rs_packet_conf *conf, const struct rs_packet_settings *set) RS_MUST_CHECK;

/* Between two calls on one stream; zeroed at its start. */
struct rs_packet {
	size_t seen;  /* bytes at the front known not to end a package */
	size_t total; /* bytes of the package at the front; 0: not known yet */
};

/* Numbers of the server API for what is wrong with a stream. */
enum rs_packet_error {
	RS_PACKET_TOO_LARGE = 1201, /* above package_max_length */
	RS_PACKET_MALFORMED = 1204, /* a length that cannot be */
};

struct rs_packet_found {
	size_t n;                   /* RS_OK: bytes of the package. RS_AGAIN: what it will have, 0 when unknown */
	enum rs_packet_error error; /* RS_ERR */
	const char *why;            /* RS_ERR: constant text */
};

/*
 * RS_OK: the first found->n bytes of data are a package (n > 0); take them away before the next call. RS_AGAIN: call again
 * with the same front and more behind it. RS_ERR: the stream is broken for good, close it. Except with RS_PACKET_RAW and
 * RS_PACKET_EOF_CHECK the packages depend on the bytes alone, not on how they were cut.
 */
enum rs_result rs_packet_next(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
			      struct rs_packet_found *found) RS_MUST_CHECK;

#endif
