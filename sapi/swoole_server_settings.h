/*
 * One setting of a server or a port: a row of swoole_server_settings.def. For swoole_server_settings.c (the table),
 * swoole_server_set.c (set() in scripts), swoole_server_hosted_set.c (the configuration of hosted applications).
 */
#ifndef RS_SWOOLE_SERVER_SETTINGS_H
#define RS_SWOOLE_SERVER_SETTINGS_H

#include "swoole_server.h"

enum rs_setting_type {
	RS_SETTING_BOOL, RS_SETTING_INT, RS_SETTING_SIZE, RS_SETTING_MS, RS_SETTING_STRING, RS_SETTING_ARRAY,
	RS_SETTING_IS_INERT, RS_SETTING_IS_ABSENT, RS_SETTING_IS_REFUSED, /* no member */
};

struct rs_setting {
	const char *key;
	enum rs_setting_owner owner;
	enum rs_setting_type type;
	size_t at, n;               /* the member */
	int64_t def, min, max;
	const char *what;
};

/* NULL: there is none of that name. */
const struct rs_setting *rs_swoole_setting(zend_string *key);
void *rs_swoole_setting_member(const struct rs_setting *row, void *server_conf, void *port);
/* A number into a member, as it is. */
void rs_swoole_setting_put(const struct rs_setting *row, void *at, int64_t value);
/* What a string's or an array's member holds is let go. */
void rs_swoole_setting_release(const struct rs_setting *row, void *at);
/* The value in the units of its row: bytes, milliseconds, or as it is. false: it is no number; *out is what PHP makes of a string. */
bool rs_swoole_setting_number(const struct rs_setting *row, zval *value, int64_t *out);
/* Seconds as milliseconds, without end rather than too many. */
int64_t rs_swoole_setting_ms(zval *value);
/* A value as messages show it. */
void rs_swoole_setting_show(zval *value, char *out, size_t n);
/* May a string have zero bytes? */
bool rs_swoole_setting_is_bytes(const struct rs_setting *row);

/* What is no matter of taste in the strings of a port. false: why, with the key. */
bool rs_swoole_settings_check(struct rs_swoole_port *port, char *why, size_t n);

#endif
