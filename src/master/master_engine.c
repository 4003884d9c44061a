/*
 * The engine module. Runs in a manager, after privileges were dropped and before any PHP: the only place of the daemon
 * that loads code.
 */
#include "master/master_engine.h"

#include "ipc/wire.h"
#include "worker/engine.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* Code that others than its owner can change is not loaded. */
static bool check_writable(const char *path, char *why, size_t why_size)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		rs_fmt(why, why_size, "cannot load the engine, %s: %s", path, strerror(errno));
		return false;
	}
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX))) {
		rs_fmt(why, why_size, "%s: others than its owner can write to it (mode %03o); chmod go-w", path,
		       (unsigned)st.st_mode & 0777);
		return false;
	}
	return true;
}

static bool dir_of(const char *path, char *dir, size_t size)
{
	const char *slash = strrchr(path, '/');

	return slash && rs_copy(dir, size, rs_slice(path, (size_t)(slash - path)));
}

static bool find_glue(struct rs_heritage *h, const char *module, char *why, size_t why_size)
{
	char dir[PATH_MAX];

	if (!dir_of(module, dir, sizeof dir) || !rs_fmt(h->glue_dir, sizeof h->glue_dir, "%s/php", dir)) {
		rs_fmt(why, why_size, "engine_module: %s is not a usable path", module);
		return false;
	}
	return check_writable(module, why, why_size) && check_writable(dir, why, why_size);
}

static void *load(const char *path, int flags, char *why, size_t why_size)
{
	void *lib = dlopen(path, RTLD_NOW | flags);

	if (!lib)
		rs_fmt(why, why_size, "cannot load %s: %s", path, dlerror());
	return lib;
}

int rs_engine_enter(struct rs_heritage *h, char *why, size_t why_size)
{
	const char *module = h->conf->engine_module, *libphp = h->conf->libphp;
	const struct rs_engine_module *m;
	void *lib;

	if (!find_glue(h, module, why, why_size))
		return -1;
	if (h->conf->engine == RS_ENGINE_PHP) {
		if (!*libphp) {
			rs_fmt(why, why_size, "libphp is not known; install libphp-embed, or set libphp in [rserverd]");
			return -1;
		}
		/* Global: the module and PHP's own extensions resolve their symbols in it. */
		if (!load(libphp, RTLD_GLOBAL, why, why_size))
			return -1;
	}
	lib = load(module, RTLD_LOCAL, why, why_size);
	if (!lib)
		return -1;
	m = dlsym(lib, "rs_engine_module");
	if (!m || m->protocol != RS_PROTOCOL || m->size != sizeof *h) {
		rs_fmt(why, why_size, "%s was not built together with this rserverd (protocol %u, here %u); restart after an upgrade",
		       module, m ? m->protocol : 0, RS_PROTOCOL);
		return -1;
	}
	return m->manager_main(h);
}
