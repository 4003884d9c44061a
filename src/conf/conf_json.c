/*
 * JSON of one setting: an item of a list that is itself an array in config/laravels.php (a timer job, a table's column).
 * A cursor over a terminated text; every function skips blanks first and answers false without moving on when what is
 * there is something else. Pure.
 */
#include "conf/conf_json.h"

/* Deeper texts are nobody's setting. */
#define DEPTH_MAX 16

static void skip_blanks(struct rs_conf_json *j)
{
	j->p += strspn(j->p, " \t\r\n");
}

bool rs_conf_json_take(struct rs_conf_json *j, char ch)
{
	skip_blanks(j);
	if (*j->p != ch || ch == '\0')
		return false;
	j->p++;
	return true;
}

bool rs_conf_json_end(struct rs_conf_json *j)
{
	skip_blanks(j);
	return *j->p == '\0';
}

/* Four hex digits. */
static bool hex4(const char *p, uint32_t *out)
{
	*out = 0;
	for (int i = 0; i < 4; i++) {
		char ch = p[i];
		uint32_t digit = ch >= '0' && ch <= '9' ? (uint32_t)(ch - '0') :
				 (ch | 0x20) >= 'a' && (ch | 0x20) <= 'f' ? (uint32_t)((ch | 0x20) - 'a' + 10) : 16;

		if (digit == 16)
			return false;
		*out = *out << 4 | digit;
	}
	return true;
}

/* \uXXXX at p[0] == 'u', with its second half; the bytes behind the backslash that it took, 0 when it is none. */
static size_t unicode(const char *p, uint32_t *out)
{
	uint32_t low;

	if (!hex4(p + 1, out))
		return 0;
	if (*out < 0xd800 || *out > 0xdfff)
		return 5;
	if (*out > 0xdbff || p[5] != '\\' || p[6] != 'u' || !hex4(p + 7, &low) || low < 0xdc00 || low > 0xdfff)
		return 0;
	*out = 0x10000 + ((*out - 0xd800) << 10) + (low - 0xdc00);
	return 11;
}

static size_t utf8(uint32_t ch, char out[4])
{
	size_t n = ch < 0x80 ? 1 : ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; ch >>= 6)
		out[i] = (char)(0x80 | (ch & 0x3f));
	out[0] = (char)(lead[n] | ch);
	return n;
}

/* The character behind a backslash at p; into out, *n bytes. How much of the text it took; 0: none. */
static size_t escaped(const char *p, char out[4], size_t *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = *p ? strchr(from, *p) : NULL;
	uint32_t ch = 0;
	size_t took;

	if (at) {
		out[0] = to[at - from];
		*n = 1;
		return 1;
	}
	took = *p == 'u' ? unicode(p, &ch) : 0;
	if (took == 0 || ch == 0)
		return 0;
	*n = utf8(ch, out);
	return took;
}

bool rs_conf_json_string(struct rs_conf_json *j, char *out, size_t size)
{
	struct rs_conf_json at = *j;
	size_t len = 0, n = 1, took;
	char piece[4];

	if (!rs_conf_json_take(&at, '"'))
		return false;
	for (; *at.p != '"'; at.p += took) {
		took = 1;
		piece[0] = *at.p;
		n = 1;
		if ((unsigned char)*at.p < 0x20)
			return false;
		if (*at.p == '\\') {
			took = escaped(at.p + 1, piece, &n);
			if (took++ == 0)
				return false;
		}
		if (out && len + n >= size)
			return false;
		if (out)
			memcpy(out + len, piece, n);
		len += n;
	}
	at.p++;
	if (out)
		out[len] = '\0';
	*j = at;
	return true;
}

bool rs_conf_json_int(struct rs_conf_json *j, int64_t *out)
{
	struct rs_conf_json at = *j;
	bool negative = rs_conf_json_take(&at, '-');
	size_t n = (skip_blanks(&at), strspn(at.p, "0123456789"));
	uint64_t v;

	if (!rs_parse_u64(rs_slice(at.p, n), INT64_MAX, &v) || strspn(at.p + n, ".eE"))
		return false;
	*out = negative ? -(int64_t)v : (int64_t)v;
	j->p = at.p + n;
	return true;
}

static bool word(struct rs_conf_json *j, const char *text)
{
	skip_blanks(j);
	if (strncmp(j->p, text, strlen(text)) != 0)
		return false;
	j->p += strlen(text);
	return true;
}

bool rs_conf_json_bool(struct rs_conf_json *j, bool *out)
{
	*out = word(j, "true");
	return *out || word(j, "false");
}

static bool skip_number(struct rs_conf_json *j)
{
	size_t n = strspn(j->p, "+-.0123456789eE");

	j->p += n;
	return n > 0;
}

static bool skip_value(struct rs_conf_json *j, int depth);

/* Behind the opening bracket, to behind the closing one. */
static bool skip_members(struct rs_conf_json *j, bool map, int depth)
{
	char close = map ? '}' : ']';

	if (rs_conf_json_take(j, close))
		return true;
	do {
		if (map && (!rs_conf_json_string(j, NULL, 0) || !rs_conf_json_take(j, ':')))
			return false;
		if (!skip_value(j, depth + 1))
			return false;
	} while (rs_conf_json_take(j, ','));
	return rs_conf_json_take(j, close);
}

static bool skip_value(struct rs_conf_json *j, int depth)
{
	if (depth > DEPTH_MAX)
		return false;
	if (rs_conf_json_take(j, '['))
		return skip_members(j, false, depth);
	if (rs_conf_json_take(j, '{'))
		return skip_members(j, true, depth);
	return rs_conf_json_string(j, NULL, 0) || word(j, "true") || word(j, "false") || word(j, "null") || skip_number(j);
}

bool rs_conf_json_skip(struct rs_conf_json *j)
{
	return skip_value(j, 0);
}
