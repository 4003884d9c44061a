/*
 * Finds the end of the package at the front of a buffer. One function a mode; each remembers in struct rs_packet what it
 * has seen, so that a stream that comes byte by byte costs no more than one that comes at once.
 */
#include "packet/packet.h"

#define MQTT_LENGTH_BYTES 4

typedef enum rs_result find_fn(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
			       struct rs_packet_found *found);

static find_fn find_raw, find_eof_check, find_eof_split, find_length, find_func, find_mqtt;
static enum rs_result known(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
			    struct rs_packet_found *found);
static enum rs_result broken(struct rs_packet_found *found, enum rs_packet_error error, const char *why);

static find_fn *const finders[] = {
	[RS_PACKET_RAW] = find_raw,
	[RS_PACKET_EOF_CHECK] = find_eof_check,
	[RS_PACKET_EOF_SPLIT] = find_eof_split,
	[RS_PACKET_LENGTH] = find_length,
	[RS_PACKET_FUNC] = find_func,
	[RS_PACKET_MQTT] = find_mqtt,
};

enum rs_result rs_packet_next(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
			      struct rs_packet_found *found)
{
	enum rs_result rc = RS_AGAIN;

	*found = (struct rs_packet_found){ 0 };
	if (data.n == 0)
		return RS_AGAIN;
	if (state->total == 0)
		rc = finders[conf->mode](conf, state, data, found);
	if (rc == RS_AGAIN && state->total)
		rc = known(conf, state, data, found);
	if (rc == RS_OK)
		*state = (struct rs_packet){ 0 };
	return rc;
}

static enum rs_result find_raw(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
			       struct rs_packet_found *found)
{
	(void)conf;
	(void)state;
	found->n = data.n < RS_PACKET_RAW_MAX ? data.n : RS_PACKET_RAW_MAX;
	return RS_OK;
}

static enum rs_result find_eof_check(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
				     struct rs_packet_found *found)
{
	bool ends = data.n >= conf->eof_n && memcmp(data.p + data.n - conf->eof_n, conf->eof, conf->eof_n) == 0;

	(void)state;
	/* What is full and has not ended could end only beyond the limit. */
	if (data.n > conf->max_length || (data.n == conf->max_length && !ends))
		return broken(found, RS_PACKET_TOO_LARGE, "no package_eof within package_max_length");
	found->n = ends ? data.n : 0;
	return ends ? RS_OK : RS_AGAIN;
}

static enum rs_result find_eof_split(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
				     struct rs_packet_found *found)
{
	size_t n = data.n < conf->max_length ? data.n : conf->max_length;
	/* An eof may have begun in what was there before. */
	size_t from = state->seen < conf->eof_n ? 0 : state->seen - conf->eof_n + 1;
	const char *at = memmem(data.p + from, n - from, conf->eof, conf->eof_n);

	if (at) {
		found->n = (size_t)(at - data.p) + conf->eof_n;
		return RS_OK;
	}
	if (n == conf->max_length)
		return broken(found, RS_PACKET_TOO_LARGE, "no package_eof within package_max_length");
	state->seen = n;
	return RS_AGAIN;
}

/* The length in its place, as a number. */
static int64_t read_length(const struct rs_packet_conf *conf, const char *at)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < conf->length_n; i++)
		value = value << 8 | (uint8_t)at[conf->length_big ? i : conf->length_n - 1u - i];
	if (!conf->length_signed)
		return value;
	return conf->length_n == 1 ? (int8_t)value : conf->length_n == 2 ? (int16_t)value : (int32_t)value;
}

static enum rs_result find_length(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
				  struct rs_packet_found *found)
{
	size_t head = (size_t)conf->length_offset + conf->length_n;
	int64_t length;

	if (data.n < head)
		return RS_AGAIN;
	length = read_length(conf, data.p + conf->length_offset);
	if (length < 0)
		return broken(found, RS_PACKET_MALFORMED, "the length of the package is negative");
	if (length + conf->body_offset < (int64_t)head)
		return broken(found, RS_PACKET_MALFORMED, "the length of the package is less than its head");
	state->total = (size_t)length + conf->body_offset;
	return RS_AGAIN;
}

static enum rs_result find_func(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
				struct rs_packet_found *found)
{
	int64_t length = conf->length_func(conf->length_arg, data);

	if (length < 0)
		return broken(found, RS_PACKET_MALFORMED, "package_length_func refused the package");
	if (length > 0)
		state->total = (size_t)length;
	else if (data.n >= conf->max_length)
		return broken(found, RS_PACKET_TOO_LARGE, "package_length_func knows no length within package_max_length");
	return RS_AGAIN;
}

/* One byte of type and flags, then the length of what follows, seven bits a byte, lowest first. */
static enum rs_result find_mqtt(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
				struct rs_packet_found *found)
{
	size_t length = 0;

	(void)conf;
	for (unsigned i = 0; i < MQTT_LENGTH_BYTES; i++) {
		if (data.n < i + 2u)
			return RS_AGAIN;
		length |= (size_t)((uint8_t)data.p[i + 1] & 0x7f) << 7 * i;
		if (((uint8_t)data.p[i + 1] & 0x80) == 0) {
			state->total = i + 2u + length;
			return RS_AGAIN;
		}
	}
	return broken(found, RS_PACKET_MALFORMED, "the length of the MQTT packet has more than four bytes");
}

/* The length is known: is all of it there? */
static enum rs_result known(const struct rs_packet_conf *conf, struct rs_packet *state, struct rs_slice data,
			    struct rs_packet_found *found)
{
	if (state->total > conf->max_length)
		return broken(found, RS_PACKET_TOO_LARGE, "the package is larger than package_max_length");
	found->n = state->total;
	return data.n >= state->total ? RS_OK : RS_AGAIN;
}

static enum rs_result broken(struct rs_packet_found *found, enum rs_packet_error error, const char *why)
{
	*found = (struct rs_packet_found){ .error = error, .why = why };
	return RS_ERR;
}
