/*
 * A lock on a whole file: POSIX record locks, which belong to the process (a forked child has none of them) and end with it.
 */
#include "shm/shm_lock_private.h"

#include <fcntl.h>

bool rs_lock_file_open(struct rs_lock *l, const char *path)
{
	l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	return l->fd >= 0;
}

/* To fcntl a second lock of the same process is none; to us it is a mistake, as with the other kinds. */
int rs_lock_file_take(struct rs_lock *l, enum rs_lock_how how, struct pace *p)
{
	struct flock whole = { .l_type = how == RS_LOCK_READ ? F_RDLCK : F_WRLCK, .l_whence = SEEK_SET };

	if (l->file_held_by == l->pid)
		return p->refusal ? p->refusal : EDEADLK;
	while (fcntl(l->fd, p->refusal ? F_SETLK : F_SETLKW, &whole) < 0) {
		if (errno == EINTR && (!p->ear || p->ear->go_on(p->ear->arg)))
			continue;
		return errno == EACCES || errno == EAGAIN ? EBUSY : errno;
	}
	l->file_held_by = l->pid;
	return 0;
}

int rs_lock_file_release(struct rs_lock *l)
{
	struct flock whole = { .l_type = F_UNLCK, .l_whence = SEEK_SET };

	if (l->file_held_by != l->pid)
		return EPERM;
	if (fcntl(l->fd, F_SETLK, &whole) < 0)
		return errno;
	l->file_held_by = 0;
	return 0;
}
