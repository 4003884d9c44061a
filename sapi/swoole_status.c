/*
 * Swoole\Http\Status: constants and phrases of the status codes, both made from the core's table.
 */
#include "swoole.h"

#include "stubs/status_arginfo.h"

#include <ctype.h>

static const struct status {
	int code;
	const char *phrase;
} statuses[] = {
#define RS_STATUS(code, phrase) { code, phrase },
#include "http/http_status.def"
#undef RS_STATUS
};

/* Names of older registries, which programs still write. */
static const struct status older_names[] = {
	{ 306, "SWITCH_PROXY" }, { 408, "REQUEST_TIME_OUT" }, { 413, "REQUEST_ENTITY_TOO_LARGE" },
	{ 414, "REQUEST_URI_TOO_LARGE" }, { 416, "REQUESTED_RANGE_NOT_SATISFIABLE" }, { 422, "UNPROCESSABLE_ENTITY" },
	{ 425, "UNORDERED_COLLECTION" }, { 504, "GATEWAY_TIME_OUT" },
};

/* "I'm a teapot" -> IM_A_TEAPOT */
static void declare_phrase(zend_class_entry *ce, const struct status *s)
{
	char name[64];
	size_t n = 0;

	for (const char *p = s->phrase; *p && n < sizeof name - 1; p++)
		if (*p != '\'')
			name[n++] = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	zend_declare_class_constant_long(ce, name, n, s->code);
}

ZEND_METHOD(Swoole_Http_Status, getReasonPhrases)
{
	ZEND_PARSE_PARAMETERS_NONE();
	array_init_size(return_value, RS_COUNTOF(statuses));
	for (size_t i = 0; i < RS_COUNTOF(statuses); i++)
		add_index_string(return_value, (zend_ulong)statuses[i].code, statuses[i].phrase);
}

ZEND_METHOD(Swoole_Http_Status, getReasonPhrase)
{
	zend_long code;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_LONG(code)
	ZEND_PARSE_PARAMETERS_END();
	for (size_t i = 0; i < RS_COUNTOF(statuses); i++)
		if (statuses[i].code == code)
			RETURN_STRING(statuses[i].phrase);
	RETURN_STRING("Unknown");
}

void rs_swoole_minit_status(void)
{
	zend_class_entry *ce = register_class_Swoole_Http_Status();

	for (size_t i = 0; i < RS_COUNTOF(statuses); i++)
		declare_phrase(ce, &statuses[i]);
	for (size_t i = 0; i < RS_COUNTOF(older_names); i++)
		zend_declare_class_constant_long(ce, older_names[i].phrase, strlen(older_names[i].phrase), older_names[i].code);
}
