/*
 * Framing: against a reader that sees everything at once and is too simple to be wrong, and with the bytes cut elsewhere.
 * Input: mode, letter of the length, two offsets, limit, step, then an eof of 1 to 8 bytes with its size in front; the rest
 * is the stream.
 */
#include "packet/packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define HEAD 7

struct input {
	struct rs_packet_settings set;
	struct rs_packet_conf conf;
	size_t step;
	struct rs_slice stream;
};

/* Needs two bytes to know, so no package has less. */
static int64_t length_func(void *arg, struct rs_slice data)
{
	(void)arg;
	return data.n < 2 ? 0 : data.p[1] == 1 ? 2 : (int8_t)data.p[1];
}

static bool read_input(struct input *in, const uint8_t *p, size_t n)
{
	static const char letters[] = "cCsSnvlLNV";

	if (n < HEAD || n < HEAD + (size_t)(p[6] % 8 + 1))
		return false;
	in->set = (struct rs_packet_settings){
		.open_eof_check = p[0] % 5 == 0,
		.open_eof_split = p[0] % 5 == 1,
		.open_length_check = p[0] % 5 == 2 || p[0] % 5 == 4,
		.open_mqtt_protocol = p[0] % 5 == 3,
		.package_length_func = p[0] % 5 == 4 ? length_func : NULL,
		.package_length_type = rs_slice(letters + p[1] % 10, 1),
		.package_length_offset = p[2] % 16,
		.package_body_offset = p[3] % 32,
		.package_max_length = p[4],
		.package_eof = rs_slice(p + HEAD, p[6] % 8 + 1),
	};
	in->step = p[5] % 17 + 1;
	in->stream = rs_slice(p + HEAD + p[6] % 8 + 1, n - HEAD - (p[6] % 8 + 1));
	return rs_packet_conf_init(&in->conf, &in->set) == NULL;
}

/* Length of the package at the front of all that will ever come. 0: not complete; -1: broken. */
static int64_t reference(const struct input *in, struct rs_slice s)
{
	const struct rs_packet_settings *set = &in->set;
	int64_t max = in->conf.max_length, total = 0;
	const uint8_t *p = (const uint8_t *)s.p;

	if (set->open_eof_split) {
		for (size_t i = 0; i + set->package_eof.n <= s.n && (int64_t)(i + set->package_eof.n) <= max; i++)
			if (memcmp(p + i, set->package_eof.p, set->package_eof.n) == 0)
				return (int64_t)(i + set->package_eof.n);
		return (int64_t)s.n >= max ? -1 : 0;
	}
	if (set->package_length_func) {
		total = length_func(NULL, s);
		if (total == 0)
			return (int64_t)s.n >= max ? -1 : 0;
	} else if (set->open_mqtt_protocol) {
		unsigned i = 0;

		do {
			if (s.n < i + 2)
				return 0;
			total += (int64_t)(p[i + 1] & 0x7f) << 7 * i;
		} while (p[++i] & 0x80 && i < 4);
		if (p[i] & 0x80)
			return -1;
		total += i + 1;
	} else {
		size_t at = (size_t)set->package_length_offset;
		int64_t v;

#define AT(i) ((int64_t)p[at + (i)])
		switch (*set->package_length_type.p) {
		case 'c': if (s.n < at + 1) return 0; at += 1; v = (int8_t)p[at - 1]; break;
		case 'C': if (s.n < at + 1) return 0; v = AT(0); at += 1; break;
		case 'n': if (s.n < at + 2) return 0; v = AT(0) << 8 | AT(1); at += 2; break;
		case 'v': if (s.n < at + 2) return 0; v = AT(1) << 8 | AT(0); at += 2; break;
		case 'N': if (s.n < at + 4) return 0; v = AT(0) << 24 | AT(1) << 16 | AT(2) << 8 | AT(3); at += 4; break;
		case 'V': if (s.n < at + 4) return 0; v = AT(3) << 24 | AT(2) << 16 | AT(1) << 8 | AT(0); at += 4; break;
		case 's': { int16_t h; if (s.n < at + 2) return 0; memcpy(&h, p + at, 2); v = h; at += 2; break; }
		case 'S': { uint16_t h; if (s.n < at + 2) return 0; memcpy(&h, p + at, 2); v = h; at += 2; break; }
		case 'l': { int32_t w; if (s.n < at + 4) return 0; memcpy(&w, p + at, 4); v = w; at += 4; break; }
		default: { uint32_t w; if (s.n < at + 4) return 0; memcpy(&w, p + at, 4); v = w; at += 4; break; }
		}
		total = v + set->package_body_offset;
		if (v < 0 || total < (int64_t)at)
			return -1;
	}
	if (total < 0 || total > max)
		return -1;
	return (int64_t)s.n >= total ? total : 0;
}

/* The bytes step at a time, each time in a block of memory that ends with them. */
static void feed(const struct input *in, size_t step)
{
	struct rs_slice rest = in->stream; /* from the first byte that is not yet in a package */
	struct rs_packet state = { 0 };
	struct rs_packet_found found;
	enum rs_result rc = RS_AGAIN;
	size_t have = 0;                   /* bytes of rest the reader has seen */

	while (rc != RS_ERR && have < rest.n) {
		have += step < rest.n - have ? step : rest.n - have;
		do {
			char *copy = malloc(have ? have : 1);

			RS_ASSERT(copy);
			if (have)
				memcpy(copy, rest.p, have);
			rc = rs_packet_next(&in->conf, &state, rs_slice(copy, have), &found);
			free(copy);
			if (rc != RS_OK)
				break;
			RS_ASSERT(found.n > 0 && found.n <= have && found.n <= in->conf.max_length);
			if (in->set.open_eof_check)
				RS_ASSERT(found.n == have && memcmp(rest.p + have - in->set.package_eof.n,
								    in->set.package_eof.p, in->set.package_eof.n) == 0);
			else
				RS_ASSERT(reference(in, rest) == (int64_t)found.n);
			rest = rs_slice(rest.p + found.n, rest.n - found.n);
			have -= found.n;
		} while (have);
	}
	RS_ASSERT((rc == RS_ERR) == (rc == RS_ERR && found.why && found.error));
	if (!in->set.open_eof_check)
		RS_ASSERT(reference(in, rest) == (rc == RS_ERR ? -1 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct input in;

	if (!read_input(&in, data, n))
		return 0;
	feed(&in, n);
	feed(&in, 1);
	feed(&in, in.step);
	return 0;
}
