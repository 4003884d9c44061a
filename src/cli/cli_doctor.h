/*
 * rserverd doctor: what requests leave behind. Runs a private instance of the application, asks it for every path several
 * times, and tells what each has changed.
 *
 *   cli_doctor.c           the command
 *   cli_doctor_instance.c  the private server and its folder
 *   cli_doctor_request.c   one request to it
 *   cli_doctor_read.c      the worker's report (ipc/doctor.def) into the model below
 *   cli_doctor_judge.c     what of it is a finding, and whose
 *   cli_doctor_print.c     for people
 *   cli_doctor_json.c      for programs
 */
#ifndef RS_CLI_DOCTOR_H
#define RS_CLI_DOCTOR_H

#include "cli/cli.h"

#define RS_DOCTOR_REQUESTS 3
/* A path as it may be asked for. */
#define RS_DOCTOR_PATH_MAX 1000

/* ---- the model --------------------------------------------------------------------------------------------------- */

/* What became of a place in the course of the requests for one path; ONCE and TOUCHED are no findings. */
enum rs_verdict { RS_VERDICT_ONCE, RS_VERDICT_TOUCHED, RS_VERDICT_CHANGED, RS_VERDICT_EACH, RS_VERDICT_GROWS, RS_VERDICT_LEFT };

/* One request's view of a place. */
struct rs_doctor_sight {
	bool there;
	uint64_t size, mark;
};

/* A place that is different after a request: texts owned, never NULL. */
struct rs_doctor_place {
	char *kind, *owner, *name, *where, *file, *author_file;
	uint64_t author_line;          /* 0: author_file is where the class of the value is declared */
	bool changed;                  /* what boot had left there is different or gone; else it was only added to */
	char *type[2];                 /* before the first request, after the last that saw it */
	uint64_t size[2];
	struct rs_doctor_sight *sights; /* one per request */
	enum rs_verdict verdict;
};

/* A class of which there are more objects. */
struct rs_doctor_class {
	char *name, *file;
	uint64_t *more;                /* by request: how many more than after the one before */
	bool grows;
};

struct rs_doctor_request {
	unsigned status;               /* 0: no answer */
	bool reported;                 /* else the process that served it has ended */
	uint64_t begin, used;          /* bytes of memory before it, and after it was cleaned away */
	uint64_t transactions, left_out;
};

/* All about one path. */
struct rs_doctor_route {
	char *path;
	struct rs_doctor_request *requests;
	size_t nrequests, nplaces, nclasses;
	struct rs_doctor_place *places;
	struct rs_doctor_class *classes;
	uint64_t transactions, left_out; /* the most of one request */
	int64_t memory;                /* bytes per request, from the second on; 0: it does not grow with each */
	bool worker_ended;
	size_t findings;
};

struct rs_doctor {
	const struct rs_cli *cli;
	struct rs_conf conf;           /* of the private instance */
	unsigned requests;             /* of each path */
	struct rs_doctor_route *routes;
	size_t nroutes;
	size_t findings;
};

/* ---- cli_doctor_read.c ---------------------------------------------------------------------------------------------- */

struct rs_doctor_reader {
	int fd;                        /* of the report, the instance's */
	struct rs_buf text;            /* read, not yet taken */
	struct rs_strlist found;       /* paths that the application has */
	unsigned readies, ends;        /* workers that came, reports that are complete */
};

/* What has been written by now. request: of which the report is; NULL: only routes are taken. false: no memory. */
bool rs_doctor_read(struct rs_doctor_reader *r, struct rs_doctor_route *route, size_t request) RS_MUST_CHECK;
void rs_doctor_reader_free(struct rs_doctor_reader *r);

bool rs_doctor_route_init(struct rs_doctor_route *route, const char *path, unsigned requests) RS_MUST_CHECK;
void rs_doctor_route_free(struct rs_doctor_route *route);

/* ---- cli_doctor_judge.c ---------------------------------------------------------------------------------------------- */

void rs_doctor_judge(struct rs_doctor_route *route);
/* "vendor/package" of composer, "application", "PHP", or the directory that a file is in. base: laravel_base_path. */
void rs_doctor_package(const char *file, const char *base, char *out, size_t size);
/* Whose doing a place is most likely: what was put there, else what it belongs to. */
void rs_doctor_blame(const struct rs_doctor_place *p, const char *base, char *out, size_t size);
const char *rs_doctor_verdict_name(enum rs_verdict v);
static inline bool rs_doctor_is_finding(enum rs_verdict v)
{
	return v > RS_VERDICT_TOUCHED;
}

/* ---- the rest ----------------------------------------------------------------------------------------------------------- */

void rs_doctor_print(const struct rs_doctor *d);
bool rs_doctor_json(const struct rs_doctor *d, struct rs_buf *out) RS_MUST_CHECK;

/* The private server. With fds of -1 and else zeroed it is one that was never made. */
struct rs_doctor_instance {
	char dir[256];                 /* its folder, "" without */
	pid_t pid;                     /* of its master, 0 when it does not run */
	int signal_fd;                 /* INT, TERM, HUP: readable when somebody wants us to end */
	int report_fd, log_fd;         /* -1: not made */
};

/* Folder, files and the configuration for it into *conf. */
bool rs_doctor_instance_make(struct rs_doctor_instance *i, const struct rs_cli *cli, struct rs_conf *conf);
bool rs_doctor_instance_start(struct rs_doctor_instance *i, const struct rs_cli *cli, struct rs_conf *conf);
/* Did it end by itself? */
bool rs_doctor_instance_ended(struct rs_doctor_instance *i);
/* Up to ms, less when a signal came: false then. */
bool rs_doctor_instance_wait(const struct rs_doctor_instance *i, int ms);
/* The last lines of its log, for people. */
void rs_doctor_instance_say_log(const struct rs_doctor_instance *i);
/* Ends it, and removes the folder. */
void rs_doctor_instance_end(struct rs_doctor_instance *i);
bool rs_doctor_instance_path(const struct rs_doctor_instance *i, const char *name, char *out, size_t size);

/* Asks for path; keep: the next request is to find what this one leaves. RS_DONE: a signal came. RS_ERR: no server there. */
enum rs_result rs_doctor_ask(const struct rs_doctor_instance *i, const char *path, bool keep, unsigned *status) RS_MUST_CHECK;

#endif
