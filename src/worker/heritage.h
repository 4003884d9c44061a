/*
 * What the manager process gets from the master across fork(): the only struct that crosses it, and from there the
 * workers'. Anything a child inherits is a named field here.
 */
#ifndef RS_HERITAGE_H
#define RS_HERITAGE_H

#include "base/rs_log.h"
#include "base/rs_proc.h"
#include "conf/conf.h"

#define RS_KEPT_MAX 1024

/* Shared memory of an application that outlives its generations: tables, numbers, locks. The master's, inherited. */
struct rs_kept_memory {
	char name[128];
	int fd;
};

struct rs_routes;

struct rs_heritage {
	struct rs_conf *conf;      /* in force; base path already resolved for this generation in base_path */
	struct rs_log *log;
	struct rs_title *title;
	int control_fd;            /* to the master */
	pid_t master_pid;
	uint32_t generation;
	bool root;                 /* the daemon was started as root: what rs_conf_take_app() is told */
	char base_path[4096];      /* laravel_base_path, symlinks resolved when this generation was started */
	char entry_path[4096];     /* absolute; "" unless framework = callable */
	char glue_dir[4096];       /* directory with the engine's PHP files */
	char environment[64];      /* -e NAME, or "" */
	char x_version[128];       /* -x V, or "" */
	const struct rs_conf *in_force;      /* of the generation that serves; NULL: this is the first */
	struct rs_kept_memory *kept;         /* nkept; open until the boot is over */
	size_t nkept;
	struct rs_routes *routes;            /* of this generation, shared with the master */
};

#endif
