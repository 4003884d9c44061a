/*
 * Garbage that somebody outside waits for. Objects that refer to each other are freed when PHP collects garbage; under php-fpm they go with
 * their request, and applications rely on it: locks are let go, destructors do their work, connections end. Here the next request of this
 * process would wait for a lock that its own wait keeps. Looked at is only what came since the first request: a pointer for each object
 * that there has been at a time.
 */
#include "php_left.h"

#include "sapi.h"

#include <zend_generators.h>

/* Classes of PHP's own and of extensions whose objects hold a file, a lock or a connection, and all that extend them. */
static const char *const names[] = {
	"pdo", "pdostatement", "sqlite3", "sqlite3stmt", "sqlite3result", "mysqli", "mysqli_result", "mysqli_stmt", "pgsql\\connection",
	"redis", "rediscluster", "memcached", "amqpconnection", "curlhandle", "curlmultihandle", "ftp\\connection", "socket", "sysvsemaphore",
	"splfileobject", "xmlwriter", "xmlreader", "ziparchive",
};

static struct {
	bool begun;
	const zend_class_entry *classes[RS_COUNTOF(names)];
	size_t nclasses;
	uint32_t first;               /* handles from here on came later, and those in holes */
	uint32_t *holes, nholes;
	uint32_t objects, resources;  /* that have somebody */
} left;

/* ---- the beginning --------------------------------------------------------------------------------------------------- */

static void find_classes(void)
{
	for (size_t i = 0; i < RS_COUNTOF(names); i++) {
		const zend_class_entry *ce = zend_hash_str_find_ptr(EG(class_table), names[i], strlen(names[i]));

		if (ce)
			left.classes[left.nclasses++] = ce;
	}
}

static void find_holes(void)
{
	left.first = EG(objects_store).top;
	left.holes = safe_pemalloc(left.first, sizeof *left.holes, 0, true);
	for (uint32_t i = 1; i < left.first; i++) {
		if (!IS_OBJ_VALID(EG(objects_store).object_buckets[i]))
			left.holes[left.nholes++] = i;
	}
}

void rs_php_left_begin(void)
{
	if (left.begun)
		return;
	left.begun = true;
	find_classes();
	find_holes();
	rs_php_left_settle();
}

/* ---- counting --------------------------------------------------------------------------------------------------------- */

static bool is_listed(const zend_class_entry *ce)
{
	for (; ce; ce = ce->parent) {
		for (size_t i = 0; ce->type == ZEND_INTERNAL_CLASS && i < left.nclasses; i++) {
			if (left.classes[i] == ce)
				return true;
		}
	}
	return false;
}

static bool matters(zend_object *o)
{
	if (!IS_OBJ_VALID(o) || (OBJ_FLAGS(o) & IS_OBJ_DESTRUCTOR_CALLED))
		return false;
	if (o->ce->destructor)
		return true;
	if (o->ce == zend_ce_generator) /* suspended: it may have a finally block */
		return ((const zend_generator *)o)->execute_data != NULL;
	return o->handlers->free_obj != zend_object_std_dtor && is_listed(o->ce);
}

static uint32_t count_objects(void)
{
	zend_object *const *at = EG(objects_store).object_buckets;
	uint32_t n = 0;

	for (uint32_t i = 0; i < left.nholes; i++)
		n += matters(at[left.holes[i]]);
	for (uint32_t i = left.first; i < EG(objects_store).top; i++)
		n += matters(at[i]);
	return n;
}

static uint32_t count_resources(void)
{
	return zend_hash_num_elements(&EG(regular_list));
}

bool rs_php_left_more(void)
{
	uint32_t objects = count_objects(), resources = count_resources();

	if (objects > left.objects || resources > left.resources)
		return true;
	left.objects = objects;
	left.resources = resources;
	return false;
}

void rs_php_left_settle(void)
{
	left.objects = count_objects();
	left.resources = count_resources();
}
