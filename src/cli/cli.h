/*
 * The command line: one struct of what was typed, one function per command. A command returns the exit status: 0 only
 * when what it says has happened, 1 otherwise; 2 is a usage error, found before.
 */
#ifndef RS_CLI_H
#define RS_CLI_H

#include "base/rs_proc.h"
#include "conf/conf.h"

struct rs_cli;

typedef int (*rs_command_fn)(const struct rs_cli *cli);

struct rs_command {
	const char *name;
	rs_command_fn run;
	unsigned options;     /* RS_CLI_* it understands, beside those that every command takes */
	unsigned arguments;   /* words it takes at most; UINT32_MAX: everything behind its name, options included */
	const char *help;     /* NULL: not shown */
};

enum rs_cli_option { RS_CLI_WAIT = 1, RS_CLI_JSON = 2, RS_CLI_TEST = 4, RS_CLI_REQUESTS = 8 };

struct rs_cli {
	const struct rs_command *command; /* never NULL after a parse that succeeded */
	struct rs_title *title;
	const char *ini;          /* -c FILE as typed, or NULL */
	const char *environment;  /* -e NAME, or "" */
	const char *x_version;    /* -x V, or "" */
	bool daemonize, ignore, test, wait, json, help;
	unsigned requests;        /* --requests N; 0: not given */
	int argc;                 /* words behind the command */
	char **argv;
	char cwd[4096];           /* absolute; links not resolved where the shell says how it got here */
	char exe[4096];           /* this program */
};

/* ends with a row whose name is NULL; the first one is what no command at all means */
extern const struct rs_command rs_commands[];

/* argv is not changed, pieces of it are kept. false: why is a usage error. */
bool rs_cli_parse(struct rs_cli *cli, const struct rs_command *commands, int argc, char **argv, char *why, size_t why_size);

/* Fills cwd and exe. */
bool rs_cli_locate(struct rs_cli *cli);

/* ---- cli_conf.c ---- */
/* ini (-c, else ./laravels.ini, else none) and command line into a fresh *c, complete. rs_master_read_fn; arg: struct rs_cli. */
enum rs_result rs_cli_read_conf(const void *arg, struct rs_conf *c, struct rs_conf_error *err, rs_conf_warn_fn warn,
				void *warn_arg) RS_MUST_CHECK;
/* The same for a command: says what is wrong on standard error. loud: warnings too. */
bool rs_cli_load(const struct rs_cli *cli, struct rs_conf *c, bool loud);
/*
 * For commands that only need to find a running server: mistakes in the ini file are warned about and passed over, for
 * who has a broken ini file must still be able to look and to stop.
 */
bool rs_cli_find(const struct rs_cli *cli, struct rs_conf *c);

/* ---- cli_ask.c ---- */
/*
 * One request to the running server. RS_OK: *answer. RS_DONE: nobody answers. RS_ERR: why. timeout_ms -1: for ever.
 */
enum rs_result rs_cli_ask(const struct rs_conf *c, const char *request, int timeout_ms, struct rs_buf *answer, char *why,
			  size_t why_size) RS_MUST_CHECK;
/* The number behind "name " at the start of a line; fallback when there is none. */
int64_t rs_cli_answer_number(const struct rs_buf *answer, const char *name, int64_t fallback);
/* Prints what came from a server; bytes that could drive a terminal are left out. */
void rs_cli_print(struct rs_slice text);
/* Asks, prints the answer, and returns the exit status. unanswered: what is done when no server runs; NULL: that is an error. */
int rs_cli_ask_and_print(const struct rs_cli *cli, const char *request, int timeout_ms, void (*unanswered)(const struct rs_conf *c));
/* "rserverd: ..." on standard error; returns 1. */
int rs_cli_fail(const char *fmt, ...) RS_PRINTF(1, 2);

/* ---- cli_php.c ---- */
/* Was this program started as php? It is then PHP's command line and has no commands of its own. */
bool rs_cli_named_php(const char *argv0);
/* The life of such a process; returns only when php cannot be run. May change argv. */
int rs_cli_be_php(int argc, char **argv);

/* ---- commands ---- */
int rs_cmd_start(const struct rs_cli *cli);
int rs_cmd_stop(const struct rs_cli *cli);
int rs_cmd_restart(const struct rs_cli *cli);
int rs_cmd_reload(const struct rs_cli *cli);
int rs_cmd_status(const struct rs_cli *cli);
int rs_cmd_info(const struct rs_cli *cli);
int rs_cmd_config(const struct rs_cli *cli);
int rs_cmd_doctor(const struct rs_cli *cli);
int rs_cmd_artisan(const struct rs_cli *cli);
int rs_cmd_php(const struct rs_cli *cli);
int rs_cmd_serve_script(const struct rs_cli *cli);
int rs_cmd_run(const struct rs_cli *cli);
int rs_cmd_docs(const struct rs_cli *cli);
int rs_cmd_version(const struct rs_cli *cli);
int rs_cmd_help(const struct rs_cli *cli);

#endif
