/*
 * The control socket: one line asked, one answer given.
 *
 * Request: words separated by blanks, ended by '\n', at most RS_CTL_LINE_MAX bytes. Answer: "ok\n" or "error TEXT\n",
 * then the payload, then the end of the stream. Root and the master's own user may ask. (app.sock is the reactor's.)
 */
#ifndef RS_MASTER_CTL_H
#define RS_MASTER_CTL_H

#include "master/master_state.h"

#define RS_CTL_LINE_MAX 1024

enum rs_ctl_verb {
	RS_CTL_STATUS, RS_CTL_INFO, RS_CTL_APP_CONF, RS_CTL_RELOAD, RS_CTL_STOP, RS_CTL_RESTART,
};

struct rs_ctl_request {
	enum rs_ctl_verb verb;
	bool json, wait;
	char environment[64], x_version[128]; /* "" = as it was */
};

/* line: without its '\n'. false: *error is a constant text. */
bool rs_ctl_parse(struct rs_slice line, struct rs_ctl_request *out, const char **error) RS_MUST_CHECK;

/* Opens control.sock where conf says. false: why. */
bool rs_ctl_open(struct rs_master *m, const struct rs_conf *c, char *why, size_t why_size);
void rs_ctl_close(struct rs_master *m, bool remove);

/* The reload that clients wait for is over. all: there will be no other. */
void rs_ctl_reload_done(struct rs_master *m, bool ok, const char *text, bool all);

/* The manager's answer to FACTS_ASK is in its generation. */
void rs_ctl_facts_came(struct rs_master *m);

/* The reactor's answer to STATUS_ASK. */
void rs_ctl_status_came(struct rs_master *m, struct rs_slice payload);

#endif
