/*
 * isolation = fork: a process for one request. It ends with _exit(), so nothing is put back and nothing of the boot is destroyed; but what
 * the request itself has made is let go of as at the end of a script under php-fpm: destructors run, connections are closed in good
 * order, files are closed.
 *
 * What is new is known by its number: objects and resources get higher ones than all that boot has made.
 */
#include "php_serve.h"

#include "swoole_server_hosted.h"

#include <rfc1867.h>

/* Connections that say goodbye to their server when they are freed. */
static const char *const connections[] = { "PDO", "mysqli", "Redis", "RedisCluster", "PgSql\\Connection" };

static struct {
	uint32_t objects;
	zend_ulong resources;
} first; /* that is the request's */

void rs_php_one_request(void)
{
	struct rs_swoole_server *s = rs_swoole_hosted();

	rs_php()->one_request = true;
	if (s)
		rs_swoole_server_show_process(s);
	EG(objects_store).free_list_head = -1; /* numbers of the dead are not given again */
	first.objects = EG(objects_store).top;
	first.resources = (zend_ulong)EG(regular_list).nNextFreeElement;
}

static void destruct_body(void *arg)
{
	(void)arg;
	for (uint32_t i = first.objects; i < EG(objects_store).top; i++) {
		zend_object *o = EG(objects_store).object_buckets[i];
		if (!IS_OBJ_VALID(o) || (OBJ_FLAGS(o) & IS_OBJ_DESTRUCTOR_CALLED))
			continue;
		GC_ADD_FLAGS(o, IS_OBJ_DESTRUCTOR_CALLED);
		if (o->handlers->dtor_obj == zend_objects_destroy_object && !o->ce->destructor)
			continue;
		GC_ADDREF(o);
		o->handlers->dtor_obj(o);
		GC_DELREF(o);
	}
}

static bool is_connection(const zend_class_entry *ce)
{
	while (ce->parent)
		ce = ce->parent;
	for (size_t i = 0; ce->type == ZEND_INTERNAL_CLASS && i < RS_COUNTOF(connections); i++)
		if (zend_string_equals_cstr(ce->name, connections[i], strlen(connections[i])))
			return true;
	return false;
}

static void release_body(void *arg)
{
	zend_ulong number;
	zval *zv;

	(void)arg;
	for (uint32_t i = first.objects; i < EG(objects_store).top; i++) {
		zend_object *o = EG(objects_store).object_buckets[i];
		if (!IS_OBJ_VALID(o) || (OBJ_FLAGS(o) & IS_OBJ_FREE_CALLED) || !is_connection(o->ce))
			continue;
		GC_ADD_FLAGS(o, IS_OBJ_FREE_CALLED);
		GC_ADDREF(o); /* and never less: its memory stays, for whoever holds it */
		o->handlers->free_obj(o);
	}
	ZEND_HASH_REVERSE_FOREACH_NUM_KEY_VAL(&EG(regular_list), number, zv) {
		if (number < first.resources)
			break;
		zend_list_close(Z_RES_P(zv));
	} ZEND_HASH_FOREACH_END();
	if (SG(rfc1867_uploaded_files))
		destroy_uploaded_files_hash(); /* and the files */
}

bool rs_php_destruct_request(void)
{
	return rs_php_guarded(destruct_body, NULL) != RS_CALL_FATAL;
}

bool rs_php_release_request(void)
{
	return rs_php_guarded(release_body, NULL) != RS_CALL_FATAL;
}
