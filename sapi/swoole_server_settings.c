/*
 * The table of settings (swoole_server_settings.def) and the members that its rows are about: defaults, copies, the end.
 */
#include "swoole_server_settings.h"

/* TYPE of a row. */
#define BOOL RS_SETTING_BOOL
#define INT RS_SETTING_INT
#define SIZE RS_SETTING_SIZE
#define MS RS_SETTING_MS
#define STRING RS_SETTING_STRING
#define ARRAY RS_SETTING_ARRAY
#define OWNER_SERVER struct rs_swoole_server_conf
#define OWNER_PORT struct rs_swoole_port
#define MEMBER_SIZE(type, member) sizeof(((type *)0)->member)

#define RS_SETTING(key, owner, type, member, def, min, max) \
	{ #key, RS_SETTING_##owner, type, offsetof(OWNER_##owner, member), MEMBER_SIZE(OWNER_##owner, member), def, min, max, NULL },
#define RS_SETTING_INERT(key, owner, why) { #key, RS_SETTING_##owner, RS_SETTING_IS_INERT, 0, 0, 0, 0, 0, why },
#define RS_SETTING_ABSENT(key, owner, what) { #key, RS_SETTING_##owner, RS_SETTING_IS_ABSENT, 0, 0, 0, 0, 0, what },
#define RS_SETTING_REFUSED(key, owner, what) { #key, RS_SETTING_##owner, RS_SETTING_IS_REFUSED, 0, 0, 0, 0, 0, what },
static const struct rs_setting settings[] = {
#include "swoole_server_settings.def"
};
#undef RS_SETTING
#undef RS_SETTING_INERT
#undef RS_SETTING_ABSENT
#undef RS_SETTING_REFUSED

const struct rs_setting *rs_swoole_setting(zend_string *key)
{
	for (size_t i = 0; i < RS_COUNTOF(settings); i++)
		if (zend_string_equals_cstr(key, settings[i].key, strlen(settings[i].key)))
			return &settings[i];
	return NULL;
}

bool rs_swoole_setting_is_bytes(const struct rs_setting *row)
{
	return strcmp(row->key, "package_eof") == 0;
}

/* ---- members -------------------------------------------------------------------------------------------------------- */

void *rs_swoole_setting_member(const struct rs_setting *row, void *server_conf, void *port)
{
	return (char *)(row->owner == RS_SETTING_SERVER ? server_conf : port) + row->at;
}

void rs_swoole_setting_put(const struct rs_setting *row, void *at, int64_t value)
{
	switch (row->n) {
	case 1:
		*(uint8_t *)at = (uint8_t)value;
		break;
	case 4:
		*(uint32_t *)at = (uint32_t)value;
		break;
	default:
		RS_ASSERT(row->n == 8);
		*(uint64_t *)at = (uint64_t)value;
		break;
	}
}

static void init(enum rs_setting_owner owner, void *target)
{
	for (size_t i = 0; i < RS_COUNTOF(settings); i++) {
		const struct rs_setting *row = &settings[i];

		if (row->owner == owner && row->type <= MS)
			rs_swoole_setting_put(row, (char *)target + row->at, row->def);
	}
}

void rs_swoole_setting_release(const struct rs_setting *row, void *at)
{
	if (row->type == STRING && *(zend_string **)at)
		zend_string_release(*(zend_string **)at);
	if (row->type == ARRAY && *(zend_array **)at)
		zend_array_release(*(zend_array **)at);
	*(void **)at = NULL;
}

/* Several keys may have one member. */
static void each_pointer(enum rs_setting_owner owner, void *target, void (*what)(const struct rs_setting *row, void *at))
{
	for (size_t i = 0; i < RS_COUNTOF(settings); i++) {
		const struct rs_setting *row = &settings[i];

		if (row->owner == owner && (row->type == STRING || row->type == ARRAY))
			what(row, (char *)target + row->at);
	}
}

void rs_swoole_server_conf_init(struct rs_swoole_server *s)
{
	init(RS_SETTING_SERVER, &s->conf);
	s->conf.enable_coroutine = INI_BOOL("swoole.enable_coroutine");
	s->conf.enable_reuse_port = rs_swoole_reuse_port();
	s->conf.log_level = rs_swoole_log_level();
}

void rs_swoole_server_conf_free(struct rs_swoole_server *s)
{
	each_pointer(RS_SETTING_SERVER, &s->conf, rs_swoole_setting_release);
}

void rs_swoole_port_conf_init(struct rs_swoole_port *port)
{
	init(RS_SETTING_PORT, port);
}

void rs_swoole_port_conf_free(struct rs_swoole_port *port)
{
	each_pointer(RS_SETTING_PORT, port, rs_swoole_setting_release);
	rs_strlist_clear(&port->http.types);
}

void rs_swoole_port_conf_copy(struct rs_swoole_port *to, const struct rs_swoole_port *from)
{
	rs_swoole_port_conf_free(to);
	for (size_t i = 0; i < RS_COUNTOF(settings); i++) {
		const struct rs_setting *row = &settings[i];
		const char *source = (const char *)from + row->at;
		char *target = (char *)to + row->at;

		if (row->owner != RS_SETTING_PORT || row->type >= RS_SETTING_IS_INERT)
			continue;
		/* What several keys share is taken once. */
		if ((row->type == STRING || row->type == ARRAY) && *(void **)target)
			continue;
		memcpy(target, source, row->n);
		if (row->type == STRING && *(zend_string **)target)
			zend_string_addref(*(zend_string **)target);
		if (row->type == ARRAY && *(zend_array **)target)
			GC_TRY_ADDREF(*(zend_array **)target);
	}
}
