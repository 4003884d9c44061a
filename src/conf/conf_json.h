/*
 * A cursor over JSON text, for settings that are arrays in config/laravels.php. Private to src/conf.
 */
#ifndef RS_CONF_JSON_H
#define RS_CONF_JSON_H

#include "base/rs_base.h"

struct rs_conf_json {
	const char *p; /* the rest of a terminated text */
};

/* One character of the syntax. */
bool rs_conf_json_take(struct rs_conf_json *j, char ch);
/* Decoded and terminated; false also when it does not fit or has a NUL in it. out NULL: skipped. */
bool rs_conf_json_string(struct rs_conf_json *j, char *out, size_t size);
/* A whole number. */
bool rs_conf_json_int(struct rs_conf_json *j, int64_t *out);
bool rs_conf_json_bool(struct rs_conf_json *j, bool *out);
/* Any value. false: it is none, or nested too deeply; the cursor is then anywhere. */
bool rs_conf_json_skip(struct rs_conf_json *j);
bool rs_conf_json_end(struct rs_conf_json *j);

#endif
