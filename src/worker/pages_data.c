/*
 * isolation = fork: the data of the program and its libraries as the nursery's own. With Debian's extensions these are 200 mappings, and for each
 * the kernel keeps a list of all processes back to the one that made it: manager, worker, nursery. A fork copies each list and an end takes it
 * apart. Of memory that the nursery has made itself the lists are short.
 */
#include "worker/pages.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Libraries have one or two each. What is larger is rather memory than data, as what a sanitizer has. */
#define RANGES_MAX 1024
#define BYTES_MAX ((size_t)2 << 20)

/* A sanitizer's memcpy() writes to the sanitizer's own data. */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

struct range {
	uintptr_t from, to;
	bool writable;
};

struct ranges {
	size_t page;
	struct range v[RANGES_MAX];
	unsigned n;
};

static uintptr_t page_of(const struct ranges *r, uintptr_t at)
{
	return at & ~(uintptr_t)(r->page - 1);
}

static void add(struct ranges *r, uintptr_t from, uintptr_t to, bool writable)
{
	if (r->n < RANGES_MAX && from < to && to - from <= BYTES_MAX)
		r->v[r->n++] = (struct range){ .from = from, .to = to, .writable = writable };
}

/* One program or library: what it writes to, without what the loader has locked after it was filled in. */
static int find_cb(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t base = info->dlpi_addr, locked_from = 0, locked_to = 0;
	struct ranges *r = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		if (h->p_type != PT_GNU_RELRO)
			continue;
		locked_from = page_of(r, base + h->p_vaddr);
		locked_to = page_of(r, base + h->p_vaddr + h->p_memsz); /* its last page, if not whole, is not locked */
	}
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t from = page_of(r, base + h->p_vaddr), to = page_of(r, base + h->p_vaddr + h->p_memsz + r->page - 1);

		if (h->p_type != PT_LOAD || (h->p_flags & (PF_W | PF_X)) != PF_W)
			continue;
		if (locked_from >= to || locked_to <= from) {
			add(r, from, to, true);
		} else if (locked_from == from) {
			add(r, from, locked_to, false);
			add(r, locked_to, to, true);
		} /* else something within it is locked, as no linker we know puts it: it stays as it is */
	}
	return 0;
}

/* What was never written to need not be there. */
static void copy(char *to, const char *from, size_t bytes, size_t page)
{
	for (size_t at = 0; at < bytes; at += page) {
		/* All of it is what its first byte is, which is 0. */
		if (from[at] || memcmp(from + at, from + at + 1, page - 1) != 0)
			memcpy(to + at, from + at, page);
	}
}

/*
 * The copy takes the place of the original in one step. Between the two nothing may write to the original, which can be this code's own data or
 * the C library's: no call here does, unless it fails.
 */
static bool renew(const struct range *old, size_t page)
{
	size_t bytes = old->to - old->from;
	char *to = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (to == MAP_FAILED)
		return false;
	copy(to, (const char *)old->from, bytes, page);
	if ((old->writable || mprotect(to, bytes, PROT_READ) == 0) &&
	    mremap(to, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)old->from) != MAP_FAILED)
		return true;
	munmap(to, bytes);
	return false;
}

unsigned rs_pages_own_data(void)
{
	struct ranges r = { .page = (size_t)sysconf(_SC_PAGESIZE) };
	unsigned n = 0;

	if (!SANITIZED)
		dl_iterate_phdr(find_cb, &r);
	for (unsigned i = 0; i < r.n; i++)
		n += renew(&r.v[i], r.page);
	return n;
}
