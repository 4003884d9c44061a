/*
 * The request line of the control socket. Pure.
 */
#include "master/master_ctl.h"

enum { OPT_JSON = 1, OPT_WAIT = 2, OPT_START = 4 };

static const struct verb {
	const char *name;
	enum rs_ctl_verb verb;
	unsigned flags;
} verbs[] = {
	{ "status", RS_CTL_STATUS, OPT_JSON },
	{ "info", RS_CTL_INFO, 0 },
	{ "app-conf", RS_CTL_APP_CONF, 0 },
	{ "reload", RS_CTL_RELOAD, OPT_WAIT },
	{ "stop", RS_CTL_STOP, 0 },
	{ "restart", RS_CTL_RESTART, OPT_START },
};

/* The next word of *line, empty at its end. */
static struct rs_slice word(struct rs_slice *line)
{
	struct rs_slice w;

	while (line->n && *line->p == ' ')
		*line = rs_slice(line->p + 1, line->n - 1);
	w = *line;
	w.n = 0;
	while (w.n < line->n && line->p[w.n] != ' ')
		w.n++;
	*line = rs_slice(line->p + w.n, line->n - w.n);
	return w;
}

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-"
/* As on the command line: cli/cli_args.c. */
#define OF_ENVIRONMENT PLAIN
#define OF_VERSION PLAIN "/:,@#=%"

/* What becomes a word of a command line. */
static bool take_value(struct rs_slice *line, const char *allowed, char *out, size_t size)
{
	struct rs_slice w = word(line);

	if (w.n == 0 || w.p[0] == '-' || !rs_copy(out, size, w))
		return false;
	return strspn(out, allowed) == w.n;
}

static bool take_option(struct rs_slice w, struct rs_slice *line, unsigned flags, struct rs_ctl_request *out,
			const char **error)
{
	*error = "unknown option";
	if (rs_slice_eq(w, RS_SLICE("--json")) && (flags & OPT_JSON))
		out->json = true;
	else if (rs_slice_eq(w, RS_SLICE("--wait")) && (flags & OPT_WAIT))
		out->wait = true;
	else if (!(flags & OPT_START))
		return false;
	else if (rs_slice_eq(w, RS_SLICE("-e")))
		*error = take_value(line, OF_ENVIRONMENT, out->environment, sizeof out->environment) ? NULL : "bad value of -e";
	else if (rs_slice_eq(w, RS_SLICE("-x")))
		*error = take_value(line, OF_VERSION, out->x_version, sizeof out->x_version) ? NULL : "bad value of -x";
	else
		return false;
	if (!(flags & OPT_START))
		*error = NULL;
	return *error == NULL;
}

bool rs_ctl_parse(struct rs_slice line, struct rs_ctl_request *out, const char **error)
{
	const struct verb *v = NULL;
	struct rs_slice w;

	*out = (struct rs_ctl_request){ .json = false };
	for (size_t i = 0; i < line.n; i++) {
		if ((unsigned char)line.p[i] < 0x20 || (unsigned char)line.p[i] >= 0x7f) {
			*error = "the request is not plain text";
			return false;
		}
	}
	w = word(&line);
	for (size_t i = 0; i < RS_COUNTOF(verbs) && w.n; i++)
		if (rs_slice_eq(w, rs_slice_str(verbs[i].name)))
			v = &verbs[i];
	if (!v) {
		*error = "unknown request";
		return false;
	}
	out->verb = v->verb;
	while ((w = word(&line)).n)
		if (!take_option(w, &line, v->flags, out, error))
			return false;
	return true;
}
