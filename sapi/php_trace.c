/*
 * Where PHP is, for the slow log. Asked for by another thread (worker/slowlog.c).
 *
 * First the thread that runs PHP is asked to look for itself, between two instructions of the VM: then everything is as it should be. If it
 * does not answer it waits in a system call (sleep(), a database), and the asking thread looks: nothing moves then. Should it move
 * nevertheless, what is read may be wrong or gone, so every byte is fetched through the kernel, which refuses addresses that are not there,
 * and every length is bounded.
 */
#include "sapi.h"

#include "base/rs_fd.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* How long the other thread may take to get between two instructions. */
#define ANSWER_MS 20
#define FRAMES_MAX 64
#define NAME_MAX_BYTES 255
#define FILE_MAX_BYTES 1023

enum { NOBODY, ASKED, LOOKING, DONE };

/* Between the two threads of the process; state says whose the rest is. */
static struct {
	atomic_int state;
	char *out;
	size_t size, n;
	int pipe[2];            /* the kernel's eyes, while somebody looks */
} asked;

/* ---- reading ------------------------------------------------------------------------------------------------ */

/* n: below the size of a pipe. false: there is nothing at that address. */
static bool fetch(const void *from, void *to, size_t n)
{
	return from && write(asked.pipe[1], from, n) == (ssize_t)n && read(asked.pipe[0], to, n) == (ssize_t)n;
}

/* Only what can be printed, so that nothing looks like a line of ours. */
static bool fetch_text(const zend_string *s, char *to, size_t size)
{
	size_t n;

	to[0] = '\0';
	if (!s || !fetch((const char *)s + offsetof(zend_string, len), &n, sizeof n))
		return false;
	if (n >= size)
		n = size - 1;
	if (n && !fetch((const char *)s + offsetof(zend_string, val), to, n))
		n = 0;
	to[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)to[i] < 0x20 || to[i] == 0x7f)
			to[i] = '?';
	return n > 0;
}

/* ---- frames --------------------------------------------------------------------------------------------------- */

struct frame {
	zend_execute_data ex;
	bool user;
	char name[2 * NAME_MAX_BYTES + 4], file[FILE_MAX_BYTES + 1];
	unsigned line;
};

static void name_frame(struct frame *f, const zend_function *func)
{
	char method[NAME_MAX_BYTES + 1], class_name[NAME_MAX_BYTES + 1] = "";
	const zend_string *of = NULL;

	if (func->common.scope)
		(void)fetch((const char *)func->common.scope + offsetof(zend_class_entry, name), (void *)&of, sizeof of);
	(void)fetch_text(of, class_name, sizeof class_name);
	if (fetch_text(func->common.function_name, method, sizeof method))
		(void)snprintf(f->name, sizeof f->name, "%s%s%s()", class_name, *class_name ? "::" : "", method);
	else
		(void)snprintf(f->name, sizeof f->name, "%s", f->user ? "{file}" : "{none}");
}

static bool fetch_frame(const zend_execute_data *at, struct frame *f)
{
	zend_function func;
	zend_op op;

	f->user = false;
	f->line = 0;
	f->file[0] = '\0';
	(void)snprintf(f->name, sizeof f->name, "{none}");
	if (!fetch(at, &f->ex, sizeof f->ex))
		return false;
	if (!f->ex.func || !fetch(f->ex.func, &func.common, sizeof func.common))
		return true;
	f->user = ZEND_USER_CODE(func.type);
	if (f->user && fetch(f->ex.func, &func.op_array, sizeof func.op_array)) {
		(void)fetch_text(func.op_array.filename, f->file, sizeof f->file);
		if (fetch(f->ex.opline, &op, sizeof op))
			f->line = op.lineno;
	}
	name_frame(f, &func);
	return true;
}

static void put_line(const void *at, const char *name, const struct frame *where)
{
	int n = snprintf(asked.out + asked.n, asked.size - asked.n, "[0x%016lx] %s %s:%u\n", (unsigned long)(uintptr_t)at, name,
			 where->file[0] ? where->file : "[internal]", where->line);

	if (n > 0 && (size_t)n < asked.size - asked.n)
		asked.n += (size_t)n;
	else
		asked.out[asked.n] = '\0';
}

/* As php-fpm's: a call, and the line of its caller that it stands in. In front of it the line that runs, if that is no call. */
static void look(void)
{
	const zend_execute_data *at = EG(current_execute_data), *of = at;
	char name[2 * NAME_MAX_BYTES + 4] = "{running}";
	struct frame f;

	for (int i = 0; at && i < FRAMES_MAX && fetch_frame(at, &f); i++) {
		if (f.user) {
			if (*name)
				put_line(of, name, &f);
			(void)snprintf(name, sizeof name, "%s", f.name);
			of = at;
		} else if (f.ex.func) {
			if (i && *name)
				put_line(of, name, &f);
			(void)snprintf(name, sizeof name, "%s", f.name);
			of = at;
		}
		at = f.ex.prev_execute_data;
	}
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static bool prepare(char *out, size_t size)
{
	if (!rs_fd_pair(asked.pipe))
		return false;
	(void)rs_fd_nonblock(asked.pipe[0], true);
	(void)rs_fd_nonblock(asked.pipe[1], true);
	asked.out = out;
	asked.size = size;
	asked.n = 0;
	return true;
}

static void rest(void)
{
	const struct timespec t = { .tv_nsec = 1000000 };

	(void)nanosleep(&t, NULL);
}

/* By whichever thread can. */
static void ask(void)
{
	int want = ASKED;

	atomic_store(&asked.state, ASKED);
	zend_atomic_bool_store_ex(&EG(vm_interrupt), true);
	for (int i = 0; i < ANSWER_MS && atomic_load(&asked.state) == ASKED; i++)
		rest();
	if (atomic_compare_exchange_strong(&asked.state, &want, NOBODY)) {
		look();
		return;
	}
	while (atomic_load(&asked.state) != DONE)
		rest();
	atomic_store(&asked.state, NOBODY);
}

size_t rs_php_trace(char *out, size_t size)
{
	if (!prepare(out, size))
		return 0;
	ask();
	(void)close(asked.pipe[0]);
	(void)close(asked.pipe[1]);
	return asked.n;
}

void rs_php_trace_here(void)
{
	int want = ASKED;

	if (atomic_load_explicit(&asked.state, memory_order_relaxed) != ASKED ||
	    !atomic_compare_exchange_strong(&asked.state, &want, LOOKING))
		return;
	look();
	atomic_store(&asked.state, DONE);
}
