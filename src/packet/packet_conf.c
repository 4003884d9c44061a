/*
 * From what users set to a checked struct rs_packet_conf.
 */
#include "packet/packet.h"

/* Letters as of PHP's pack(). */
static const struct {
	char letter;
	uint8_t bytes;
	bool is_signed, big;
} length_types[] = {
	{ 'c', 1, true, false },
	{ 'C', 1, false, false },
	{ 's', 2, true, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ },
	{ 'S', 2, false, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ },
	{ 'n', 2, false, true },
	{ 'v', 2, false, false },
	{ 'l', 4, true, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ },
	{ 'L', 4, false, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ },
	{ 'N', 4, false, true },
	{ 'V', 4, false, false },
};

static const char *init_eof(struct rs_packet_conf *conf, const struct rs_packet_settings *set);
static const char *init_length(struct rs_packet_conf *conf, const struct rs_packet_settings *set);

const char *rs_packet_conf_init(struct rs_packet_conf *conf, const struct rs_packet_settings *set)
{
	struct rs_packet_conf c = { .mode = RS_PACKET_RAW };
	const char *wrong = NULL;

	if (set->package_max_length < 0)
		return "package_max_length must be a positive number";
	if (set->package_max_length > INT32_MAX)
		return "package_max_length must be at most 2147483647";
	c.max_length = set->package_max_length ? (uint32_t)set->package_max_length : RS_PACKET_MAX_LENGTH;
	if (set->open_eof_check || set->open_eof_split)
		wrong = init_eof(&c, set);
	else if (set->open_length_check)
		wrong = init_length(&c, set);
	else if (set->open_mqtt_protocol)
		c.mode = RS_PACKET_MQTT;
	if (!wrong)
		*conf = c;
	return wrong;
}

static const char *init_eof(struct rs_packet_conf *conf, const struct rs_packet_settings *set)
{
	struct rs_slice eof = set->package_eof.p ? set->package_eof : RS_SLICE("\r\n\r\n");

	if (eof.n == 0)
		return "package_eof cannot be an empty string";
	if (eof.n > RS_PACKET_EOF_MAX)
		return "package_eof must be at most 8 bytes";
	if (eof.n > conf->max_length)
		return "package_max_length has no room for package_eof";
	memcpy(conf->eof, eof.p, eof.n);
	conf->eof_n = (uint8_t)eof.n;
	conf->mode = set->open_eof_split ? RS_PACKET_EOF_SPLIT : RS_PACKET_EOF_CHECK;
	return NULL;
}

static const char *init_length(struct rs_packet_conf *conf, const struct rs_packet_settings *set)
{
	struct rs_slice type = set->package_length_type.p ? set->package_length_type : RS_SLICE("N");
	size_t i = 0;

	if (set->package_length_func) {
		conf->mode = RS_PACKET_FUNC;
		conf->length_func = set->package_length_func;
		conf->length_arg = set->package_length_arg;
		return NULL;
	}
	while (i < RS_COUNTOF(length_types) && (type.n != 1 || length_types[i].letter != type.p[0]))
		i++;
	if (i == RS_COUNTOF(length_types))
		return "package_length_type must be one of c C s S n v l L N V";
	if (set->package_length_offset < 0 || set->package_length_offset > RS_PACKET_OFFSET_MAX)
		return "package_length_offset must be 0 to 65535";
	if (set->package_body_offset < 0 || set->package_body_offset > RS_PACKET_OFFSET_MAX)
		return "package_body_offset must be 0 to 65535";
	conf->length_n = length_types[i].bytes;
	conf->length_signed = length_types[i].is_signed;
	conf->length_big = length_types[i].big;
	conf->length_offset = (uint32_t)set->package_length_offset;
	conf->body_offset = (uint32_t)set->package_body_offset;
	if (conf->length_offset + conf->length_n > conf->max_length)
		return "package_max_length has no room for the length of a package";
	conf->mode = RS_PACKET_LENGTH;
	return NULL;
}
