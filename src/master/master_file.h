/*
 * Opening and making files at run time with the right owner's rights.
 *
 * A master that runs as root must not be led by the application's user, who owns the directories below storage/:
 * where anybody but root could rename or replace a part of the path, the file is made with that user's rights, by him
 * and for him; elsewhere (/run, /var/log) by root.
 */
#ifndef RS_MASTER_FILE_H
#define RS_MASTER_FILE_H

#include "base/rs_proc.h"

/* Whose rights the calling thread uses on files. */
struct rs_file_rights {
	bool changed;
	uid_t uid;
	gid_t gid;
};

/* false when some directory on the way to the absolute path can be changed by another user than root. */
bool rs_file_trusted(const char *path);

/* Until rs_file_rights_drop(): the rights that fit path. user NULL, or not root: nothing changes. */
struct rs_file_rights rs_file_rights_take(const char *path, const struct rs_identity *user);
/* errno survives. */
void rs_file_rights_drop(const struct rs_file_rights *r);

/*
 * open(2) of a regular file, close-on-exec, never through a symlink in the last place, never a device or FIFO.
 * -1: errno (EINVAL: it is there, but not a regular file).
 */
int rs_file_open(const char *path, int flags, mode_t mode, const struct rs_identity *user);

/* The directory of path exists after this; missing ones are made with mode 0755. false: errno. */
bool rs_file_make_dir_of(const char *path, const struct rs_identity *user);

#endif
