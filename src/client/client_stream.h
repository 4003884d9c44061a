/*
 * What the stream hooks must ask a socket that PHP's streams own.
 */
#ifndef RS_CLIENT_STREAM_H
#define RS_CLIENT_STREAM_H

#include "base/rs_base.h"

/* The pending error of a socket, taken from it: 0 for none. After a connect that had to wait: how it ended. */
int rs_stream_error(int fd);

#endif
