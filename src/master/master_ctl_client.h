/*
 * A client of the control socket: shared by master_ctl.c, which talks to it, and master_ctl_answer.c, which knows what to say.
 */
#ifndef RS_MASTER_CTL_CLIENT_H
#define RS_MASTER_CTL_CLIENT_H

#include "master/master_ctl.h"

#define RS_CTL_CLIENT_MS 5000

struct rs_ctl_endpoint {
	struct rs_master *m;
	int fd;
	struct event *ev;
	char *path;
	unsigned clients;
};

enum rs_ctl_state { RS_CTL_READING, RS_CTL_WAITING_STATUS, RS_CTL_WAITING_FACTS, RS_CTL_WAITING_RELOAD, RS_CTL_WRITING };

struct rs_ctl_client {
	LIST_ENTRY(rs_ctl_client) link;
	struct rs_ctl_endpoint *at;
	int fd;
	struct event *ev, *timer;
	enum rs_ctl_state state;
	char line[RS_CTL_LINE_MAX + 1];
	size_t n;
	struct rs_buf out;
	struct rs_ctl_request request;
	uint64_t token;       /* of the STATUS it waits for */
	bool skip;            /* the next reload to end began before it asked */
};

struct rs_ctl {
	struct rs_ctl_endpoint control;
	LIST_HEAD(, rs_ctl_client) clients;
	uint64_t last_token;
};

/* ---- master_ctl.c ---- */
/* c->out is the whole answer. Frees c, now or later. */
void rs_ctl_finish(struct rs_ctl_client *c);

/* ---- master_ctl_answer.c; each may free c ---- */
void rs_ctl_execute(struct rs_ctl_client *c);
void rs_ctl_refuse(struct rs_ctl_client *c, const char *text);
/* payload: of STATUS, empty when the reactor did not answer. */
void rs_ctl_answer_status(struct rs_ctl_client *c, struct rs_slice payload);
/* With the manager's facts as they were told last. */
void rs_ctl_answer_info(struct rs_ctl_client *c);

#endif
