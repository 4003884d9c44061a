/*
 * swoole_client_select(): waits for several clients at once. Each array is reduced to those that are ready, with their keys.
 */
#include "swoole_client.h"

#include <errno.h>

#include <php_network.h>

#define INVALID_PARAMS 505

/* The three arrays, and what of them is asked for. */
enum { READ, WRITE, ERROR, LISTS };

/* In place of a descriptor, for poll to pass over: none at all; or there is something inside, no need to ask. */
enum { NONE = -1, INSIDE = -2 };

ZEND_FUNCTION(swoole_client_select);

struct choice {
	HashTable *lists[LISTS];      /* held: what is asked here may run user code. NULL: not given */
	struct rs_wait_item *items;   /* one for each entry of each list, in order */
	size_t n;
	bool at_once;                 /* something is ready without waiting */
};

/* The descriptor of an entry, or NONE. *inside: bytes wait where poll does not see them. */
static int descriptor(zval *entry, bool *inside)
{
	php_stream *stream;
	php_socket_t fd;

	ZVAL_DEREF(entry);
	*inside = false;
	if (Z_TYPE_P(entry) == IS_OBJECT && instanceof_function(Z_OBJCE_P(entry), rs_swoole_client_ce)) {
		struct rs_client_object *o = RS_SWOOLE_OBJECT(struct rs_client_object, Z_OBJ_P(entry));

		if (!rs_client_is_open(&o->c))
			return NONE;
		*inside = rs_client_has_package(&o->c, &o->conf) || (o->c.sock.tls && rs_tls_pending(o->c.sock.tls));
		return o->c.sock.fd;
	}
	if (Z_TYPE_P(entry) == IS_LONG)
		return Z_LVAL_P(entry) >= 0 && Z_LVAL_P(entry) <= INT_MAX ? (int)Z_LVAL_P(entry) : NONE;
	if (Z_TYPE_P(entry) != IS_RESOURCE)
		return NONE;
	stream = zend_fetch_resource2(Z_RES_P(entry), NULL, php_file_le_stream(), php_file_le_pstream());
	if (!stream)
		return NONE;
	*inside = stream->writepos > stream->readpos;
	if (php_stream_cast(stream, PHP_STREAM_AS_FD_FOR_SELECT | PHP_STREAM_CAST_INTERNAL, (void *)&fd, false) != SUCCESS)
		return NONE;
	return (int)fd;
}

static void gather(struct choice *c)
{
	static const unsigned wants[LISTS] = { RS_WATCH_READ, RS_WATCH_WRITE, 0 };
	size_t room = 0;
	zval *entry;

	for (int l = 0; l < LISTS; l++)
		room += c->lists[l] ? zend_hash_num_elements(c->lists[l]) : 0;
	c->items = safe_emalloc(room ? room : 1, sizeof *c->items, 0);
	for (int l = 0; l < LISTS; l++) {
		if (!c->lists[l])
			continue;
		ZEND_HASH_FOREACH_VAL(c->lists[l], entry) {
			bool inside;
			int fd = descriptor(entry, &inside);

			c->items[c->n] = (struct rs_wait_item){ .fd = fd, .want = wants[l] };
			if (l == READ && inside) {
				c->items[c->n].fd = INSIDE;
				c->at_once = true;
			}
			c->n++;
		} ZEND_HASH_FOREACH_END();
	}
}

/* Those of one list that are ready. at: its first item. */
static void choose(const struct choice *c, int l, size_t at, bool timed_out, zval *ready)
{
	zend_string *key;
	zend_ulong index;
	zval *entry;

	array_init(ready);
	ZEND_HASH_FOREACH_KEY_VAL(c->lists[l], index, key, entry) {
		const struct rs_wait_item *item = &c->items[at++];
		bool is = item->fd == INSIDE || (!timed_out && (l == ERROR ? item->error : item->ready & item->want));

		if (item->fd == NONE || !is)
			continue;
		Z_TRY_ADDREF_P(entry);
		if (key)
			zend_hash_add_new(Z_ARRVAL_P(ready), key, entry);
		else
			zend_hash_index_add_new(Z_ARRVAL_P(ready), index, entry);
	} ZEND_HASH_FOREACH_END();
}

/* Each array becomes what of it is ready; how many that are. */
static zend_long reduce(const struct choice *c, zval *lists[LISTS], bool timed_out)
{
	zend_long all = 0;
	size_t at = 0;

	for (int l = 0; l < LISTS; l++) {
		zval ready;

		if (!c->lists[l])
			continue;
		choose(c, l, at, timed_out, &ready);
		at += zend_hash_num_elements(c->lists[l]);
		all += zend_hash_num_elements(Z_ARRVAL(ready));
		ZEND_TRY_ASSIGN_REF_TMP(lists[l], &ready);
	}
	return all;
}

static void forget(struct choice *c)
{
	for (int l = 0; l < LISTS; l++)
		if (c->lists[l])
			zend_array_release(c->lists[l]);
	efree(c->items);
}

ZEND_FUNCTION(swoole_client_select)
{
	struct choice c = { 0 };
	double timeout = 0.5;
	bool no_timeout = false, any = false;
	zval *lists[LISTS] = { 0 };
	int rc;

	ZEND_PARSE_PARAMETERS_START(3, 4)
		Z_PARAM_ZVAL(lists[READ])
		Z_PARAM_ZVAL(lists[WRITE])
		Z_PARAM_ZVAL(lists[ERROR])
		Z_PARAM_OPTIONAL
		Z_PARAM_DOUBLE_OR_NULL(timeout, no_timeout)
	ZEND_PARSE_PARAMETERS_END();
	for (int l = 0; l < LISTS; l++) {
		zval *v = lists[l];

		ZVAL_DEREF(v);
		if (Z_TYPE_P(v) != IS_ARRAY && Z_TYPE_P(v) != IS_NULL) {
			zend_argument_type_error((uint32_t)l + 1, "must be of type ?array, %s given", zend_zval_type_name(v));
			RETURN_THROWS();
		}
	}
	for (int l = 0; l < LISTS; l++) {
		zval *v = lists[l];

		ZVAL_DEREF(v);
		if (Z_TYPE_P(v) != IS_ARRAY)
			continue;
		c.lists[l] = Z_ARR_P(v);
		GC_TRY_ADDREF(c.lists[l]);
	}
	gather(&c);
	for (size_t i = 0; i < c.n; i++)
		any = any || c.items[i].fd != NONE;
	if (!any) {
		forget(&c);
		rs_swoole_warn(INVALID_PARAMS, "no resource arrays were passed to select");
		RETURN_FALSE;
	}
	rc = rs_wait_many(c.items, c.n, c.at_once || timeout == 0 ? 0 : no_timeout ? -1 : rs_client_ms(timeout));
	if (rc < 0) {
		int error = errno;

		rs_swoole_warn(error, "unable to select: %s [%d]", rs_swoole_strerror(error), error);
		RETVAL_FALSE;
	} else {
		RETVAL_LONG(reduce(&c, lists, rc == 0));
	}
	forget(&c);
}
