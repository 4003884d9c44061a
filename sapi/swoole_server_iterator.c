/*
 * Swoole\Connection\Iterator: the connections of a server or of one of its ports, as the board shows them: $fds, ascending. The
 * list is made when the iteration begins; what closes meanwhile is left out.
 */
#include "swoole_server.h"

#include "stubs/server_iterator_arginfo.h"

zend_class_entry *rs_swoole_iterator_ce;

struct iterator {
	int port; /* index; -1: all */
	uint32_t *fds;
	size_t at, n;
	zend_long index; /* key() */
	zend_object std;
};

static zend_object_handlers handlers;

static struct iterator *iterator_of(zval *object)
{
	return RS_SWOOLE_OBJECT(struct iterator, Z_OBJ_P(object));
}

static zend_object *create_object(zend_class_entry *ce)
{
	struct iterator *it = zend_object_alloc(sizeof *it, ce);

	it->port = -1;
	zend_object_std_init(&it->std, ce);
	object_properties_init(&it->std, ce);
	it->std.handlers = &handlers;
	return &it->std;
}

void rs_swoole_iterator_new(zval *out, int port)
{
	object_init_ex(out, rs_swoole_iterator_ce);
	iterator_of(out)->port = port;
}

static void free_object(zend_object *object)
{
	struct iterator *it = RS_SWOOLE_OBJECT(struct iterator, object);

	if (it->fds)
		efree(it->fds);
	zend_object_std_dtor(object);
}

/* Stands at one that is open, or at the end. */
static void settle(struct iterator *it)
{
	struct rs_session session;
	bool open = false;

	for (; it->at < it->n && !open; it->at += !open)
		(void)rs_swoole_session(it->fds[it->at], &session, &open);
}

ZEND_METHOD(Swoole_Connection_Iterator, rewind)
{
	struct iterator *it = iterator_of(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (it->fds)
		efree(it->fds);
	it->fds = rs_swoole_session_list(it->port, &it->n);
	it->at = 0;
	it->index = 0;
}

ZEND_METHOD(Swoole_Connection_Iterator, next)
{
	struct iterator *it = iterator_of(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (it->at == it->n)
		return;
	it->index++;
	it->at++;
	settle(it);
}

ZEND_METHOD(Swoole_Connection_Iterator, valid)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_BOOL(iterator_of(ZEND_THIS)->at < iterator_of(ZEND_THIS)->n);
}

ZEND_METHOD(Swoole_Connection_Iterator, current)
{
	struct iterator *it = iterator_of(ZEND_THIS);

	ZEND_PARSE_PARAMETERS_NONE();
	if (it->at < it->n)
		RETURN_LONG(it->fds[it->at]);
}

ZEND_METHOD(Swoole_Connection_Iterator, key)
{
	ZEND_PARSE_PARAMETERS_NONE();
	RETURN_LONG(iterator_of(ZEND_THIS)->index);
}

ZEND_METHOD(Swoole_Connection_Iterator, count)
{
	size_t n;

	ZEND_PARSE_PARAMETERS_NONE();
	efree(rs_swoole_session_list(iterator_of(ZEND_THIS)->port, &n));
	RETURN_LONG((zend_long)n);
}

/* Is fd one of ours, and open? */
static bool find(struct iterator *it, zval *fd, struct rs_session *session)
{
	bool open;

	return rs_server_here() && rs_swoole_session(zval_get_long(fd), session, &open) && open &&
	       (it->port < 0 || session->port == it->port);
}

ZEND_METHOD(Swoole_Connection_Iterator, offsetExists)
{
	struct rs_session session;
	zval *fd;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(fd)
	ZEND_PARSE_PARAMETERS_END();
	RETURN_BOOL(find(iterator_of(ZEND_THIS), fd, &session));
}

ZEND_METHOD(Swoole_Connection_Iterator, offsetGet)
{
	struct rs_session session;
	zval *fd;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(fd)
	ZEND_PARSE_PARAMETERS_END();
	if (!find(iterator_of(ZEND_THIS), fd, &session))
		RETURN_FALSE;
	rs_swoole_session_array(&session, return_value);
}

ZEND_METHOD(Swoole_Connection_Iterator, offsetSet)
{
	zval *fd, *value;

	ZEND_PARSE_PARAMETERS_START(2, 2)
		Z_PARAM_ZVAL(fd)
		Z_PARAM_ZVAL(value)
	ZEND_PARSE_PARAMETERS_END();
}

ZEND_METHOD(Swoole_Connection_Iterator, offsetUnset)
{
	zval *fd;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_ZVAL(fd)
	ZEND_PARSE_PARAMETERS_END();
}

void rs_swoole_minit_server_iterator(void)
{
	rs_swoole_iterator_ce = register_class_Swoole_Connection_Iterator(zend_ce_iterator, zend_ce_arrayaccess, zend_ce_countable);
	rs_swoole_iterator_ce->create_object = create_object;
	rs_swoole_handlers(&handlers, offsetof(struct iterator, std), free_object);
	rs_swoole_alias(rs_swoole_iterator_ce, "swoole_connection_iterator");
}
