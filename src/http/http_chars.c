/*
 * The table of character classes. Every byte not named here (controls, DEL) belongs to no class.
 */
#include "http/http_chars.h"

#define V RS_CH_VALUE
#define U (V | RS_CH_TARGET)
#define T (U | RS_CH_TOKEN)
#define H (T | RS_CH_HOST)

const unsigned char rs_http_chars[256] = {
	['\t'] = V,
	[' '] = V,
	['!'] = T,
	['"'] = U,
	['#'] = V | RS_CH_TOKEN,
	['$' ... '\''] = T,
	['('] = U,
	[')'] = U,
	['*'] = T,
	['+'] = T,
	[','] = U,
	['-'] = H,
	['.'] = H,
	['/'] = U,
	['0' ... '9'] = H | RS_CH_DIGIT,
	[':' ... '@'] = U,
	['A' ... 'Z'] = H,
	['[' ... ']'] = U,
	['^'] = T,
	['_'] = H | RS_CH_UNDERSCORE,
	['`'] = T,
	['a' ... 'z'] = H,
	['{'] = U,
	['|'] = T,
	['}'] = U,
	['~'] = T,
	[0x80 ... 0xff] = U,
};
