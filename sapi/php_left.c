/*
 * Garbage that somebody outside waits for. Objects that refer to each other are freed when PHP collects garbage; under php-fpm they go with
 * their request, and applications rely on it: locks are let go, destructors do their work, connections end. Here the next request of this
 * process would wait for a lock that its own wait keeps. Looked at is only what came since the first request: a pointer for each object
 * that there is or was at a time in this request. So that it is not one for each that ever was, the table of objects is made shorter.
 */
#include "php_left.h"

#include "sapi.h"

#include <zend_generators.h>

/* Free slots that are not worth it: looking at them takes some microseconds. */
#define SPARE 16384

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
	uint32_t top;                 /* of the table when it was last put in order */
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
	left.top = left.first;
	rs_php_left_settle();
}

/* ---- the table of objects ---------------------------------------------------------------------------------------------- */

/*
 * A slot in the list of free ones holds the number of the next, the last one -1. That of an object which is just being freed (by a coroutine
 * that waits in a destructor) is not in the list and holds its address, greater than any number of slots.
 */
static bool is_free(const zend_object *slot)
{
	zend_intptr_t next = GET_OBJ_BUCKET_NUMBER(slot);

	return !IS_OBJ_VALID(slot) && next >= -1 && next < EG(objects_store).top;
}

/*
 * PHP never takes a slot back from the table: after a request with a million objects, each later look would go over a million pointers.
 * What is free at its end goes, and the list of free slots begins with the lowest, so that few objects come to lie far behind. Only an
 * object that stays keeps those before it.
 */
static void put_in_order(void)
{
	zend_objects_store *store = &EG(objects_store);
	uint32_t end = store->top;

	while (end > left.first && is_free(store->object_buckets[end - 1]))
		end--;
	if (store->top - end < SPARE && store->top - left.top < SPARE)
		return;
	store->free_list_head = -1;
	for (uint32_t i = end; i-- > 1;) {
		if (is_free(store->object_buckets[i]))
			ZEND_OBJECTS_STORE_ADD_TO_FREE_LIST(i);
	}
	store->top = left.top = end;
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
	uint32_t objects, resources = count_resources();

	put_in_order();
	objects = count_objects();
	if (objects > left.objects || resources > left.resources)
		return true;
	left.objects = objects;
	left.resources = resources;
	return false;
}

void rs_php_left_settle(void)
{
	put_in_order();
	left.objects = count_objects();
	left.resources = count_resources();
}
