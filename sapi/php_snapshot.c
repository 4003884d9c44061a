/*
 * The snapshot as a whole: its parts in order, the grave, and what it costs.
 */
#include "php_snapshot_places.h"

#include "php_call.h"

#include <time.h>
#include <zend_fibers.h>
#include <zend_generators.h>

static const struct rs_snapshot_part *const parts[] = {
	/* New classes and functions are seen before what refers to them is looked at. */
	&rs_snapshot_statics, &rs_snapshot_objects, &rs_snapshot_globals, &rs_snapshot_inner,
	/* All arrays that can hold them are known now. */
	&rs_snapshot_references, &rs_snapshot_symbols, &rs_snapshot_process,
};

/* Destructors may change what was put back; they get that many turns to come to an end. Each may leave an object with one more. */
#define TURNS 64

/* Bytes in use after a request above those after the last collection; what a request still holds is among them. */
#define GARBAGE_MAX (4u << 20)

/*
 * Whether user code has run meanwhile: every call of a function begins by writing a frame at the top of the VM stack, over this mark.
 * Where a frame may not fit any more, it is taken to have run.
 */
#define MARK UINT64_C(0x5253204e4f434f44)
#define MARK_ROOM (32u << 10) /* bytes */

static struct {
	bool taken, ended; /* ended: a generator or a fiber, see watch_ends() */
	zval *grave;
	uint32_t dead, cap;
	size_t collect_at; /* bytes in use */
	uint64_t restores, changed, restore_ns, destroy_ns, take_us;
} snapshot;

RS_HOT static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#define ROOM_MIN 16

void *rs_snapshot_room(void *v, uint32_t i, uint32_t *cap, size_t size)
{
	size_t want = *cap ? *cap : ROOM_MIN;

	if (i < *cap)
		return v;
	while (want <= i)
		want *= 2;
	v = safe_perealloc(v, want, size, 0, true);
	*cap = (uint32_t)MIN(want, UINT32_MAX);
	return v;
}

/* ---- the grave ------------------------------------------------------------------------------------------------------ */

RS_HOT void rs_snapshot_bury(zval *value)
{
	if (!Z_REFCOUNTED_P(value))
		return;
	snapshot.grave = rs_snapshot_room(snapshot.grave, snapshot.dead, &snapshot.cap, sizeof *snapshot.grave);
	ZVAL_COPY_VALUE(&snapshot.grave[snapshot.dead++], value);
}

static bool set_mark(void)
{
	zend_execute_data *frame = (zend_execute_data *)EG(vm_stack_top);

	if ((size_t)((char *)EG(vm_stack_end) - (char *)EG(vm_stack_top)) < MARK_ROOM)
		return false;
	memset(frame, 0, sizeof *frame);
	frame->func = (zend_function *)(uintptr_t)MARK;
	return true;
}

static bool mark_is_there(void)
{
	return ((const zend_execute_data *)EG(vm_stack_top))->func == (const zend_function *)(uintptr_t)MARK;
}

/*
 * What is left of a generator (its finally block) and of a fiber runs on frames of its own, not at the top of this stack: their handlers tell.
 * PHP keeps one table of handlers for each of the two classes, which objects point at.
 */
static zend_object_dtor_obj_t end_of_generator, end_of_fiber;

static void generator_ends(zend_object *object)
{
	snapshot.ended = true;
	end_of_generator(object);
}

static void fiber_ends(zend_object *object)
{
	snapshot.ended = true;
	end_of_fiber(object);
}

static void watch_ends(zend_class_entry *ce, zend_object_dtor_obj_t ends, zend_object_dtor_obj_t *original)
{
	zend_object *object = ce->create_object(ce);
	zend_object_handlers *handlers = (zend_object_handlers *)(uintptr_t)object->handlers;

	*original = handlers->dtor_obj;
	handlers->dtor_obj = ends;
	zend_object_release(object);
}

/* In the order in which they came. A destructor that throws or exits ends itself only. true: user code may have run. */
static bool empty_grave(void)
{
	bool marked = snapshot.dead > 0 && set_mark();
	bool any = snapshot.dead > 0;

	snapshot.ended = false;
	for (uint32_t i = 0; i < snapshot.dead; i++) {
		zval dead;

		ZVAL_COPY_VALUE(&dead, &snapshot.grave[i]);
		zval_ptr_dtor(&dead);
		if (UNEXPECTED(EG(exception)))
			rs_php_settle_exception();
	}
	snapshot.dead = 0;
	return any && (snapshot.ended || !(marked && mark_is_there()));
}

/* ---- garbage ------------------------------------------------------------------------------------------------------------ */

/*
 * What an application makes once and keeps when nothing is put back, with a snapshot every request makes and drops, and what refers to
 * itself stays until PHP has counted ten thousand suspects: a dumper of dd() is 22 kB and one suspect.
 */
static void collect_garbage(void)
{
	size_t used = zend_memory_usage(false);

	if (used < snapshot.collect_at)
		return;
	gc_collect_cycles();
	if (UNEXPECTED(EG(exception)))
		rs_php_settle_exception();
	snapshot.collect_at = zend_memory_usage(false) + GARBAGE_MAX;
}

/* ---- the life of it --------------------------------------------------------------------------------------------------- */

bool rs_php_snapshot_taken(void)
{
	return snapshot.taken;
}

void rs_php_snapshot_take(void)
{
	uint64_t began = now_ns();

	watch_ends(zend_ce_generator, generator_ends, &end_of_generator);
	watch_ends(zend_ce_fiber, fiber_ends, &end_of_fiber);
	rs_snapshot_exempt_begin();
	gc_collect_cycles();
	for (size_t i = 0; i < RS_COUNTOF(parts); i++)
		parts[i]->take();
	(void)empty_grave();
	snapshot.taken = true;
	snapshot.collect_at = zend_memory_usage(false) + GARBAGE_MAX;
	snapshot.take_us = (now_ns() - began) / 1000;
}

RS_HOT unsigned rs_php_snapshot_restore(void)
{
	unsigned changed = 0;
	bool again = true;

	collect_garbage();
	for (unsigned turn = 0; again && turn < TURNS; turn++) {
		uint64_t began = now_ns(), ended;

		for (size_t i = 0; i < RS_COUNTOF(parts); i++)
			changed += parts[i]->restore();
		ended = now_ns();
		again = empty_grave();
		snapshot.restore_ns += ended - began;
		snapshot.destroy_ns += now_ns() - ended;
	}
	if (again)
		rs_snapshot_lasts("left destructors that make objects with destructors without end");
	snapshot.restores++;
	snapshot.changed += changed;
	return changed;
}

void rs_php_snapshot_differences(rs_snapshot_tell tell, void *arg)
{
	for (size_t i = 0; snapshot.taken && i < RS_COUNTOF(parts); i++)
		parts[i]->differences(tell, arg);
}

ZEND_FUNCTION(rs_snapshot_facts)
{
	ZEND_PARSE_PARAMETERS_NONE();
	array_init(return_value);
	add_assoc_bool(return_value, "taken", snapshot.taken);
	add_assoc_long(return_value, "take_us", (zend_long)snapshot.take_us);
	add_assoc_long(return_value, "objects", rs_snapshot_count_objects());
	add_assoc_long(return_value, "places", rs_snapshot_count_places() + rs_snapshot_count_statics());
	add_assoc_long(return_value, "restores", (zend_long)snapshot.restores);
	add_assoc_long(return_value, "changed", (zend_long)snapshot.changed);
	add_assoc_long(return_value, "restore_ns", (zend_long)snapshot.restore_ns);
	add_assoc_long(return_value, "destroy_ns", (zend_long)snapshot.destroy_ns);
}
