/*
 * Answers whose body are bytes of a file that a worker has opened: PHP never reads it, and no worker waits for the client. Runs in
 * the reactor; the bytes themselves leave by rs_static_continue().
 */
#include "reactor/reactor_file.h"

#include "base/rs_fd.h"
#include "reactor/reactor_conn.h"
#include "reactor/reactor_core.h"
#include "reactor/reactor_req.h"
#include "reactor/reactor_send.h"
#include "reactor/reactor_worker.h"

#include <sys/stat.h>

const char *rs_file_cut(const struct rs_frame *f, struct rs_frame *head, uint64_t *offset, struct rs_unfit *unfit)
{
	struct rs_slice reason, headers, body;
	struct rs_wire_response w;
	struct stat st;

	if (f->payload.n < sizeof *offset || (f->nfds != 1 && !f->fds_lost))
		return "ANSWER_FILE without offset or file";
	memcpy(offset, f->payload.p, sizeof *offset);
	*head = *f;
	head->flags = 0;
	head->payload = rs_slice(f->payload.p + sizeof *offset, f->payload.n - sizeof *offset);
	if (!rs_send_cut(head->payload, &w, &reason, &headers, &body) || body.n || w.content_length < 0)
		return "ANSWER_FILE with wrong lengths";
	if (f->fds_lost)
		*unfit = (struct rs_unfit){ 503, "no descriptor is left to take it with" };
	else if (fstat(f->fd[0], &st) < 0 || !S_ISREG(st.st_mode) || *offset > (uint64_t)st.st_size ||
		 (uint64_t)w.content_length > (uint64_t)st.st_size - *offset)
		*unfit = (struct rs_unfit){ 500, "not a file, or bytes that it does not have" };
	return NULL;
}

const char *rs_send_file(struct rs_req *q, const struct rs_frame *f, int fd, uint64_t offset)
{
	struct rs_reactor *r = q->r;
	const struct rs_frame last = { .msg = RS_MSG_BODY, .flags = RS_FRAME_END, .id = q->node.id };
	const uint64_t id = q->node.id;
	const char *why = rs_send_response(q, f);

	q = rs_slab_find(&r->reqs, id);
	if (why || !q || !q->conn || q->ended) {
		rs_fd_close(&fd);
		return why;
	}
	if (q->framing != RS_HTTP_LENGTH || q->length_left == 0) {
		rs_fd_close(&fd);
		return rs_send_body(q, &last);
	}
	q->file_fd = fd;
	q->file_at = (off_t)offset;
	q->file_left = q->length_left;
	q->length_left = 0;
	q->ended = true;
	if (!rs_conn_pending(q->conn))
		rs_static_continue(q);
	return NULL;
}

const char *rs_file_answer(struct rs_worker *w, struct rs_req *q, struct rs_frame *f)
{
	struct rs_unfit unfit = { 0 };
	struct rs_frame head;
	uint64_t offset;
	const char *why = rs_file_cut(f, &head, &offset, &unfit);

	if (why)
		return why;
	if (!unfit.why)
		return rs_send_file(q, &head, rs_ipc_take_fd(&w->ipc, f, 0), offset);
	rs_warnx(w->r->log, "request %s: worker %u: a file for an answer: %s, answered %u", q->id, w->id, unfit.why, unfit.status);
	rs_send_failed(q, unfit.status);
	return NULL;
}
