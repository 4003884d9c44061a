/*
 * Preloaded into sanitizer builds by the end-to-end tests: PHP loads OPcache with RTLD_DEEPBIND, which the sanitizer runtime
 * refuses, since its interceptors would be bypassed. Without the flag everything is intercepted, as it should be.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>

void *dlopen(const char *file, int flags)
{
	static void *(*next)(const char *, int);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "dlopen");
	return next(file, flags & ~RTLD_DEEPBIND);
}
