/*
 * File descriptors: flags, pairs, memory files, the three standard ones.
 */
#ifndef RS_FD_H
#define RS_FD_H

#include "base/rs_base.h"

/* Closes *fd unless it is -1 and leaves -1 behind. errno survives. */
void rs_fd_close(int *fd);

bool rs_fd_nonblock(int fd, bool on);
bool rs_fd_cloexec(int fd, bool on);

/* A connected pair of AF_UNIX stream sockets, close-on-exec, blocking. false: errno says why. */
bool rs_fd_pair(int fds[2]);

/* An anonymous shared memory file of size bytes, close-on-exec. -1: errno says why. */
int rs_fd_memory(const char *name, size_t size);

/* The local port of an IP socket; 0: it has none, or is another family's. */
uint16_t rs_fd_port(int fd);

/* Fds 0, 1 and 2 exist after this (opened on /dev/null where they were closed). */
bool rs_fd_standard(void);

/* Closes every fd >= 3 but those in keep (n of them, any order). */
void rs_fd_close_others(const int *keep, size_t n);

#endif
