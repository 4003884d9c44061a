/*
 * The board for everybody: making, mapping, reading. Runs in every process of a server; takes no lock and never waits for
 * long: a writer that died in the middle of a change costs a reader PATIENCE_US, then the connection counts as gone.
 */
#include "shm/board_private.h"

#include "base/rs_clock.h"
#include "base/rs_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Readers try again so often before they give the processor away, and for so long at all. */
#define SPINS 64
#define PATIENCE_US 500000
/* Without these a peer could cut the file, and a look at the board would be a SIGBUS. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define NSESSIONS_MAX (1u << 24)

/* One try after another, politely. */
struct patience {
	unsigned tries;
	int64_t end_us;
};

static bool once_more(struct patience *p);

/* ---- making and mapping ----------------------------------------------------------------------------------------------- */

static size_t line_up(size_t n)
{
	return (n + 63) & ~(size_t)63;
}

bool rs_board_sizes(struct rs_board_sizes *z, uint32_t nsessions, uint64_t ncells, bool certs)
{
	if (nsessions == 0 || nsessions > NSESSIONS_MAX || ncells < 2 || ncells > UINT16_MAX * 4u)
		return false;
	*z = (struct rs_board_sizes){ .ncells = (uint32_t)ncells, .nindex = 16, .nsessions = nsessions,
				      .ncerts = certs ? nsessions : 0 };
	/* At most half full: few probes. */
	while (z->nindex < nsessions * 2)
		z->nindex *= 2;
	z->cells = line_up(sizeof(struct rs_board_head));
	z->index = z->cells + line_up(ncells * sizeof(struct rs_cell));
	z->slots = z->index + line_up(z->nindex * sizeof(uint32_t));
	z->certs = (z->slots + nsessions * sizeof(struct rs_board_slot) + RS_BOARD_CERT_MAX - 1) & ~((size_t)RS_BOARD_CERT_MAX - 1);
	z->bytes = z->certs + (size_t)z->ncerts * RS_BOARD_CERT_MAX;
	return true;
}

int rs_board_create(uint32_t nsessions, uint32_t nworkers, uint32_t ntasks, uint32_t nusers, bool certs)
{
	struct rs_board_sizes z;
	struct rs_board_head head = { .magic = RS_BOARD_MAGIC, .nworkers = nworkers, .ntasks = ntasks, .nusers = nusers };
	int fd;

	if (!rs_board_sizes(&z, nsessions, (uint64_t)nworkers + ntasks + nusers + 2, certs)) {
		errno = EINVAL;
		return -1;
	}
	head.ncells = z.ncells;
	head.nindex = z.nindex;
	head.nsessions = z.nsessions;
	head.ncerts = z.ncerts;
	fd = memfd_create("rserverd-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	/* Whoever gets it read only cannot open it again for more. */
	if (fd >= 0 && fchmod(fd, 0644) == 0 && ftruncate(fd, (off_t)z.bytes) == 0 &&
	    pwrite(fd, &head, sizeof head, 0) == (ssize_t)sizeof head && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
		return fd;
	rs_fd_close(&fd);
	return -1;
}

static bool map(struct rs_board *b, int fd, int protection)
{
	struct rs_board_sizes z;
	struct rs_board_head head;
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	char *base;

	*b = (struct rs_board){ 0 };
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0 ||
	    pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head || head.magic != RS_BOARD_MAGIC ||
	    !rs_board_sizes(&z, head.nsessions, head.ncells, head.ncerts) || z.ncerts != head.ncerts || z.nindex != head.nindex || (uint64_t)st.st_size != z.bytes) {
		errno = EINVAL;
		return false;
	}
	base = mmap(NULL, z.bytes, protection, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return false;
	b->head = (void *)base;
	b->cells = (void *)(base + z.cells);
	b->index = (void *)(base + z.index);
	b->slots = (void *)(base + z.slots);
	b->certs = base + z.certs;
	b->bytes = z.bytes;
	b->ncells = z.ncells;
	b->nindex = z.nindex;
	b->nsessions = z.nsessions;
	b->ncerts = z.ncerts;
	return true;
}

bool rs_board_map(struct rs_board *b, int fd)
{
	return map(b, fd, PROT_READ | PROT_WRITE);
}

bool rs_board_map_reader(struct rs_board *b, int fd)
{
	return map(b, fd, PROT_READ);
}

void rs_board_unmap(struct rs_board *b)
{
	if (b->head)
		munmap((void *)b->head, b->bytes);
	free(b->free_slots);
	free(b->own_index);
	free(b->own_fd);
	*b = (struct rs_board){ 0 };
}

/* ---- reading ----------------------------------------------------------------------------------------------------------- */

static bool once_more(struct patience *p)
{
	if (++p->tries < SPINS)
		return true;
	if (p->end_us == 0)
		p->end_us = rs_now_us() + PATIENCE_US;
	sched_yield();
	return rs_now_us() < p->end_us;
}

/* The slot that holds fd now, or UINT32_MAX. May be wrong while the index changes. */
static uint32_t probe(const struct rs_board *b, uint32_t fd)
{
	uint32_t mask = b->nindex - 1, v;

	for (uint32_t i = fd & mask, n = 0; n < b->nindex; i = (i + 1) & mask, n++) {
		v = atomic_load_explicit(&b->index[i], memory_order_acquire);
		if (v == 0)
			return UINT32_MAX;
		if (v <= b->nsessions && atomic_load_explicit(&b->slots[v - 1].fd, memory_order_acquire) == fd)
			return v - 1;
	}
	return UINT32_MAX;
}

/* false: it was changed meanwhile. */
static bool copy_out(const struct rs_board_slot *s, struct rs_session *out)
{
	uint64_t word[RS_SESSION_WORDS];
	uint32_t seq = atomic_load_explicit(&s->seq, memory_order_acquire);

	if (seq & 1)
		return false;
	for (size_t i = 0; i < RS_SESSION_WORDS; i++)
		word[i] = atomic_load_explicit(&s->word[i], memory_order_relaxed);
	atomic_thread_fence(memory_order_acquire);
	if (atomic_load_explicit(&s->seq, memory_order_relaxed) != seq)
		return false;
	memcpy(out, word, sizeof *out);
	return true;
}

bool rs_board_get(const struct rs_board *b, uint32_t fd, struct rs_session *out)
{
	struct patience p = { 0 };

	if (fd == 0 || fd > RS_SESSION_MAX)
		return false;
	do {
		uint32_t seq = atomic_load_explicit(&b->head->index_seq, memory_order_acquire);
		uint32_t slot = probe(b, fd);
		if (slot != UINT32_MAX && copy_out(&b->slots[slot], out) && out->fd == fd)
			return true;
		atomic_thread_fence(memory_order_acquire);
		/* Not there, and nothing has moved while we looked: so it is. */
		if (slot == UINT32_MAX && !(seq & 1) &&
		    atomic_load_explicit(&b->head->index_seq, memory_order_relaxed) == seq)
			return false;
	} while (once_more(&p));
	return false;
}

size_t rs_board_cert(const struct rs_board *b, const struct rs_session *of, char out[RS_BOARD_CERT_MAX])
{
	struct rs_session after;
	uint32_t slot = of->cert_len && of->cert_len <= RS_BOARD_CERT_MAX ? probe(b, of->fd) : UINT32_MAX;

	if (slot >= b->ncerts)
		return 0;
	memcpy(out, b->certs + (size_t)slot * RS_BOARD_CERT_MAX, of->cert_len);
	atomic_thread_fence(memory_order_acquire);
	/* It does not change while its connection has the slot. */
	if (probe(b, of->fd) != slot || !rs_board_get(b, of->fd, &after) || after.connect_us != of->connect_us)
		return 0;
	return of->cert_len;
}

/* ---- listing: the smallest max of them, in a heap whose root is the greatest ---------------------------------------------- */

static void sift_down(uint32_t *heap, size_t n, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;
		uint32_t held = heap[at];
		if (child >= n)
			return;
		if (child + 1 < n && heap[child + 1] > heap[child])
			child++;
		if (heap[child] <= held)
			return;
		heap[at] = heap[child];
		heap[child] = held;
		at = child;
	}
}

static void sift_up(uint32_t *heap, size_t at)
{
	while (at && heap[(at - 1) / 2] < heap[at]) {
		uint32_t held = heap[at];
		heap[at] = heap[(at - 1) / 2];
		at = (at - 1) / 2;
		heap[at] = held;
	}
}

static bool listed(const struct rs_board_slot *s, int port, uint32_t *fd)
{
	struct patience p = { 0 };
	uint32_t seq, tag;

	do {
		seq = atomic_load_explicit(&s->seq, memory_order_acquire);
		*fd = atomic_load_explicit(&s->fd, memory_order_relaxed);
		tag = atomic_load_explicit(&s->tag, memory_order_relaxed);
		atomic_thread_fence(memory_order_acquire);
		if (!(seq & 1) && atomic_load_explicit(&s->seq, memory_order_relaxed) == seq)
			return *fd && (tag & 0xff) == RS_SESSION_OPEN && (port < 0 || tag >> 8 == (uint32_t)port);
	} while (once_more(&p));
	return false;
}

size_t rs_board_list(const struct rs_board *b, uint32_t after, int port, uint32_t *out, size_t max)
{
	uint32_t used = atomic_load_explicit(&b->head->slots_used, memory_order_acquire);
	size_t n = 0;
	uint32_t fd;

	for (uint32_t slot = 0; slot < used && slot < b->nsessions && max; slot++) {
		if (!listed(&b->slots[slot], port, &fd) || fd <= after || (n == max && fd >= out[0]))
			continue;
		if (n < max) {
			out[n] = fd;
			sift_up(out, n++);
		} else {
			out[0] = fd;
			sift_down(out, n, 0);
		}
	}
	for (size_t left = n; left > 1; left--) {
		uint32_t greatest = out[0];
		out[0] = out[left - 1];
		out[left - 1] = greatest;
		sift_down(out, left - 1, 0);
	}
	return n;
}

struct rs_cell *rs_board_cell(const struct rs_board *b, uint32_t id)
{
	if (id == RS_ID_MANAGER)
		return &b->cells[b->ncells - 2];
	if (id == RS_ID_SCRIPT)
		return &b->cells[b->ncells - 1];
	return id < b->ncells - 2 ? &b->cells[id] : NULL;
}
