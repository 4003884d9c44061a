/*
 * Answers whose body are bytes of a file: ANSWER_FILE frames.
 */
#ifndef RS_REACTOR_FILE_H
#define RS_REACTOR_FILE_H

#include "ipc/ipc.h"

struct rs_req;
struct rs_worker;

/* Why it cannot be sent, without anybody having broken a rule, and what is answered instead. */
struct rs_unfit {
	unsigned status;
	const char *why; /* NULL: it can */
};

/*
 * Takes an ANSWER_FILE apart: its head as a RESPONSE frame. NULL: fine, and *unfit is set when the file is none, has not so many
 * bytes, which an application can bring about, or has not come. Else the rule that the worker has broken.
 */
const char *rs_file_cut(const struct rs_frame *f, struct rs_frame *head, uint64_t *offset, struct rs_unfit *unfit);

/*
 * An answer whose body are the bytes of a regular file from offset on, as many as its content_length says; f has the head alone.
 * Takes fd. Result as of rs_send_response().
 */
const char *rs_send_file(struct rs_req *q, const struct rs_frame *f, int fd, uint64_t offset);

/* The whole of it for a request that w has claimed. */
const char *rs_file_answer(struct rs_worker *w, struct rs_req *q, struct rs_frame *f);

#endif
