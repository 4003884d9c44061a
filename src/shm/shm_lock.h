/*
 * Locks between processes, held for as long as the application likes. Whoever dies with one gives it to the next who wants it:
 * at once for the one who tries then, within a fifth of a second for those who sleep. A process that lives is never robbed.
 *
 * Not recursive: who holds a lock and waits for it without an end is told EDEADLK.
 */
#ifndef RS_SHM_LOCK_H
#define RS_SHM_LOCK_H

#include "shm/shm_wait.h"

enum rs_lock_type { RS_LOCK_RW = 1, RS_LOCK_FILE = 2, RS_LOCK_MUTEX = 3, RS_LOCK_SEM = 4, RS_LOCK_SPIN = 5 };

/* RW and FILE can be shared by readers; for the others both are the same. */
enum rs_lock_how { RS_LOCK_WRITE, RS_LOCK_READ };

struct rs_lock;

/* path: of RS_LOCK_FILE, made when it is not there. NULL: errno. */
struct rs_lock *rs_lock_new(enum rs_lock_type type, const char *path);
/* The same in memory (not RS_LOCK_FILE); fd as in rs_shm_map_new(). */
struct rs_lock *rs_lock_create(enum rs_lock_type type, int *fd);
/* The memory of one of that type, whoever holds it: else errno EINVAL. The fd stays the caller's. */
struct rs_lock *rs_lock_attach(enum rs_lock_type type, int fd);
/* Lets go what this process holds. */
void rs_lock_free(struct rs_lock *l);

/*
 * wait_us: 0 tries, negative waits for ever; RS_LOCK_FILE knows only these two. 0, or an errno: EBUSY when trying, ETIMEDOUT,
 * EINTR (ear said stop), EDEADLK, or what fcntl says of a file.
 */
int rs_lock_take(struct rs_lock *l, enum rs_lock_how how, int64_t wait_us, const struct rs_shm_ear *ear) RS_MUST_CHECK;
/* 0; EPERM: not held by this process (RS_LOCK_SEM: by nobody). */
int rs_lock_release(struct rs_lock *l) RS_MUST_CHECK;

#endif
