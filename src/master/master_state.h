/*
 * The master's memory: what its files share with one another and nobody else. One struct rs_master per process, made
 * and freed in master.c.
 *
 *   struct rs_master --< struct rs_gen (a manager and its configuration) --< struct rs_slot (a process it is to have)
 *                                                                        --< struct rs_wproc (a worker process)
 *
 * A slot has at most one process that counts; after the death of a reactor, processes that only finish their last
 * request are beside it.
 */
#ifndef RS_MASTER_STATE_H
#define RS_MASTER_STATE_H

#include "base/rs_log.h"
#include "ipc/wire.h"
#include "master/master.h"
#include "master/master_fsm.h"
#include "master/master_listen.h"
#include "master/master_log.h"
#include "master/master_peer.h"
#include "master/master_pid.h"
#include "master/master_port.h"
#include "master/master_tls.h"

#include <sys/queue.h>

#define RS_MASTER_MAGIC 0x4d415354u
#define RS_GEN_MAGIC 0x47454e31u
#define RS_WPROC_MAGIC 0x57505231u

/* Deaths of workers or reactors before the first READY that make a start or a reload fail. */
#define RS_EARLY_DEATHS_MAX 3
/* A generation that is not serving after this long is given up. */
#define RS_BOOT_LIMIT_MS 300000
/* Between TERM and KILL. */
#define RS_TERM_GRACE_MS 5000
/* Generations at a time; a reload waits until an old one has gone. */
#define RS_GENERATIONS_MAX 4
/* To the master of a script's server, from the kernel: the script process has died. */
#define RS_SIG_SCRIPT_DIED (SIGRTMIN + 1)

struct event;
struct rs_ctl;
struct rs_gen;
struct rs_hosted;
struct rs_kept_memory;
struct rs_master;
struct rs_mserver;
struct rs_routes;
struct rs_script;

/* Grows with every failure: 0 (when free > 0), 100 ms, 200 ms, ... 10 s. */
struct rs_backoff {
	unsigned failures;
};

/* How long to wait before the next try. free_tries: failures that cost nothing. */
int rs_backoff_next(struct rs_backoff *b, unsigned free_tries);

struct rs_wproc {
	uint32_t magic;
	LIST_ENTRY(rs_wproc) link;      /* in gen->procs */
	struct rs_gen *gen;
	uint32_t id;                    /* internal, as in ipc/server_wire.h */
	enum rs_server_role role;
	bool ready;                     /* it has said READY */
	pid_t pid;                      /* 0: ordered, not yet forked */
	pid_t ready_pid;                /* READY came before FORKED, from this one; a late one of its predecessor is another */
	int pidfd;                      /* -1: not known, or not to be had */
	unsigned reactor;               /* which reactor it talks to (rs_reactor.epoch) */
	uint32_t order;                 /* what the reactor calls it by, beside its id */
	bool told;                      /* its end was wanted: no complaint, no back-off */
	bool lingers;                   /* servers of scripts: it finishes, and its successor is wanted (master_linger.c) */
	bool left;                      /* the reactor has nothing to do with it any more: it is to end by itself */
	bool overstayed;                /* and did not: it was told to, and is to blame for that */
	int64_t started_ms;
	struct event *killer;           /* next step of its end */
	int next_signal;
	int early_signal;               /* it was to get, and was not there yet */
	uint64_t memory;                /* bytes, at the last look of master_memory.c */
};

struct rs_slot {
	struct rs_gen *gen;
	uint32_t id;
	enum rs_server_role role;
	struct rs_wproc *proc;          /* NULL: none that counts */
	struct rs_backoff backoff;      /* of processes that were not ready; any that is clears it */
	struct rs_backoff crashes;      /* of processes that had been ready */
	pid_t unready_pid;              /* the last one that died without being ready, as far as we had heard; 0: none */
	int64_t ends_ms[3];             /* servers of scripts: when its last processes ended */
	struct event *respawn;
};

enum rs_gen_phase {
	RS_GEN_BOOTING,  /* the manager boots the application */
	RS_GEN_FILLING,  /* its workers start */
	RS_GEN_SERVING,
	RS_GEN_DRAINING, /* the workers end as they become free */
	RS_GEN_ENDING,   /* the manager has been told to quit */
};

struct rs_gen {
	uint32_t magic;
	LIST_ENTRY(rs_gen) link;
	struct rs_master *m;
	uint32_t number;
	enum rs_gen_phase phase;
	struct rs_conf conf;
	struct rs_buf app_conf;         /* config/laravels.php as the manager sent it */
	struct rs_buf facts;
	struct rs_peer peer;
	pid_t pid;                      /* of the manager; 0: dead */
	int64_t started_ms;
	LIST_HEAD(, rs_wproc) procs;
	struct rs_slot *slots;          /* workers, then task workers, then user processes */
	uint32_t nslots, nready;        /* nready: user processes do not count */
	uint32_t nworkers, ntasks, nusers;
	struct rs_mtls tls;             /* certificates of its ports */
	struct rs_mserver *server;      /* SERVER; NULL: the application has none */
	struct rs_kept_memory *kept;    /* KEEP: the master's when it serves */
	size_t nkept;
	unsigned early_deaths;
	bool failed;                    /* reported once */
	bool recovery;                  /* replaces a dead manager; nobody asked for it */
	struct rs_routes *routes;       /* its workers write there; NULL: a script's */
	struct event *timer;            /* boot limit, drain limit, escalation */
	int next_signal;
};

struct rs_reactor {
	struct rs_peer peer;
	pid_t pid;                      /* 0: none */
	unsigned epoch;                 /* counts reactors */
	int64_t started_ms;
	struct rs_backoff backoff;
	struct event *respawn;
	bool drained;
};

struct rs_last_reload {
	bool any, ok;
	uint32_t generation;
	char error[2048];
};

struct rs_master {
	uint32_t magic;
	const struct rs_master_start *start;
	struct rs_log *log;
	struct event_base *base;
	struct rs_mlog logs;
	struct rs_identity user;        /* who runs reactor and PHP */
	bool root;                      /* and we are root */
	struct rs_pidfile pidfile;
	struct rs_listeners listeners;  /* of the main port */
	struct rs_mports ports;         /* the others, of a hosted application's server */
	int ready_fd;                   /* to the waiting `start -d`; -1 */

	enum rs_fsm_state state;
	enum rs_fsm_event queue[16];
	unsigned queued;
	bool in_event;
	bool reload_again;              /* asked while one was running */
	bool restart;                   /* exec at the end */
	bool daemonize_again;           /* config/laravels.php wants the background: exec with -d */
	char restart_environment[64], restart_x_version[128];
	int exit_status;
	char failure[4096];             /* why the start failed */

	LIST_HEAD(, rs_gen) gens;
	struct rs_gen *current, *next;
	uint32_t last_generation;
	struct rs_buf base_conf;        /* dump of what ini and command line said for the generation that serves */
	struct rs_buf next_conf;        /* the same for the one that boots */
	struct rs_backoff recovery_backoff;
	struct rs_last_reload last_reload;
	struct rs_reactor reactor;
	uint32_t orders;                /* of processes, so far */
	struct rs_ctl *ctl;
	struct rs_master_watch *watch;  /* inotify_reload; NULL: off */
	struct rs_script *script;       /* NULL: a hosted application */
	struct rs_hosted *hosted;       /* its server; NULL: none */
	struct rs_kept_memory *kept;    /* what managers inherit: RS_KEPT_MAX at most */
	size_t nkept;

	struct event *signals, *deadline, *recover, *memory;
	struct event *watchdog;         /* NULL: systemd waits for no sign of life */
	int signal_fd;
	bool strays_termed;             /* unknown children have had their TERM */
	unsigned kills;                 /* rounds of KILL */
	bool restarted;                 /* we are what a restart has exec'ed */
	int inherited_pid_fd;           /* and this is its lock; -1 */
	int64_t started_ms, started_us;
};

/* ---- master.c ---- */
void rs_master_event(struct rs_master *m, enum rs_fsm_event ev);
/* In force: of the serving generation, else of the booting one, else what ini and command line say. */
const struct rs_conf *rs_master_conf(const struct rs_master *m);
void rs_master_after_ms(struct event *timer, int64_t ms);
/* Is there any child left? (master_end.c) Raises RS_EV_ALL_GONE when DRAIN or STOP is over. */
void rs_master_check_gone(struct rs_master *m);
/* The manager of the serving generation has died. (master_roll.c) */
void rs_master_lost_manager(struct rs_master *m, int64_t lived_ms);
/* The reactor has no request left, or is dead. (master_end.c) */
void rs_master_drained(struct rs_master *m);

/* ---- master_signal.c ---- */
bool rs_master_signals_open(struct rs_master *m);
void rs_master_signals_close(struct rs_master *m);

/* ---- master_spawn.c ---- */
struct rs_spawn {
	const char *role;           /* "manager", "reactor" */
	unsigned generation;        /* 0: none */
	bool never_block;           /* see rs_mlog_pipe() */
	int control_fd;             /* in the child: its end */
	const int *keep;            /* further fds that the child keeps, nkeep */
	size_t nkeep;
};
/*
 * Forks a child of this role with a control channel that *peer gets. Returns the pid in the master, -1 on failure
 * (logged), and 0 in the child: standard fds, log, signals and title are set, everything else is closed, privileges
 * are not dropped yet.
 */
pid_t rs_master_spawn(struct rs_master *m, struct rs_spawn *s, enum rs_ipc_role role, struct rs_peer *peer);
/* In a child: becomes the configured user for good. false: why. */
bool rs_master_become_user(const struct rs_master *m, char *why, size_t why_size);
/* Reaps all that has died and tells whom it concerns. */
void rs_master_reap(struct rs_master *m);
/* Children that are nobody's: left by PHP code, adopted. Sends sig to each; returns how many. */
unsigned rs_master_signal_strays(struct rs_master *m, int sig);
/* "signal 11 (Segmentation fault), core dumped" or "exit status 3". */
const char *rs_master_status_text(int status, char *out, size_t size);

/* ---- master_conf.c ---- */
/* ini and command line, as reload reads them; into a fresh *c. */
enum rs_result rs_master_conf_read(struct rs_master *m, struct rs_conf *c, struct rs_conf_error *err) RS_MUST_CHECK;
/* The same as last time, without reading. */
enum rs_result rs_master_conf_again(struct rs_master *m, struct rs_conf *c, struct rs_conf_error *err) RS_MUST_CHECK;
/* config/laravels.php into g->conf; completes and checks. */
enum rs_result rs_master_conf_app(struct rs_gen *g, struct rs_slice text, struct rs_conf_error *err) RS_MUST_CHECK;
/* The application has said all it will say: START options stay what they were. */
void rs_master_conf_settle(struct rs_gen *g);
/* Where the log goes: log_file, its default in the background, "" for standard error. */
void rs_master_log_path(const struct rs_conf *c, char *out, size_t size);

/* ---- master_gen.c ---- */
/* A new generation: takes the contents of *conf, starts its manager. NULL: why. */
struct rs_gen *rs_mgen_new(struct rs_master *m, struct rs_conf *conf, bool recovery, char *why, size_t why_size);
/* The same around a manager that runs already and has booted. Takes fd. */
struct rs_gen *rs_mgen_adopt(struct rs_master *m, struct rs_conf *conf, pid_t pid, int fd, char *why, size_t why_size);
void rs_mgen_free(struct rs_gen *g);
/* The application is up: workers are next. */
void rs_mgen_booted(struct rs_gen *g);
/* It will not come up. Raises NEXT_FAILED once. Frees g when its manager is dead and it has no worker. */
void rs_mgen_fail(struct rs_gen *g, const char *why);
/* Its workers may finish, then it ends. */
void rs_mgen_drain(struct rs_gen *g);
/* Its workers end now, gracefully, then the manager; KILL after wait_ms. for_good: the server ends with it. */
void rs_mgen_end(struct rs_gen *g, uint32_t wait_ms, bool for_good);
/* A signal to the manager and every worker. */
void rs_mgen_signal(struct rs_gen *g, int sig);
/* The manager was reaped. May free g. */
void rs_mgen_manager_died(struct rs_gen *g, int status);
/* One of its processes has gone: go on with what waited for that. May free g. */
void rs_mgen_check(struct rs_gen *g);
unsigned rs_mgen_count(const struct rs_master *m);

/* ---- master_slot.c ---- */
/* Makes slots for all processes that it is to have. */
bool rs_mworker_slots(struct rs_gen *g) RS_MUST_CHECK;
/* NULL: it has no process of that id. */
struct rs_slot *rs_mworker_slot(const struct rs_gen *g, uint32_t id);
/* "worker 3", "task worker 5", "process timer": for the log. */
const char *rs_mworker_name(const struct rs_wproc *w, char *out, size_t size);
/* The number that people see: what PHP calls the process. */
uint32_t rs_mworker_shown_id(const struct rs_gen *g, uint32_t id);

/* ---- master_worker.c ---- */
/* Timer of rs_slot.respawn. */
void rs_mworker_respawn_cb(int fd, short what, void *arg);
/* A process for every slot that has none, and may have one. */
void rs_mworker_order_all(struct rs_gen *g);
void rs_mworker_order_users(struct rs_gen *g);
/* No successor any more. */
void rs_mworker_cancel(struct rs_gen *g);
/* RS_ERR: the manager named a process that is not its child. */
enum rs_result rs_mworker_forked(struct rs_gen *g, const struct rs_wire_forked *f) RS_MUST_CHECK;
void rs_mworker_ready(struct rs_master *m, const struct rs_wire_fork *f);
struct rs_wproc *rs_mworker_by_pid(struct rs_master *m, pid_t pid);
struct rs_wproc *rs_mworker_by_id(struct rs_master *m, uint32_t generation, uint32_t id);
/* Whom the reactor means: also one that has no slot any more. NULL: it is gone. */
struct rs_wproc *rs_mworker_by_order(struct rs_master *m, uint32_t generation, uint32_t order);
/* It is dead. Orders a successor where one is wanted; frees w. Call rs_mgen_check() after it. */
void rs_mworker_gone(struct rs_wproc *w, int status);
/* sig now, next (0: none) after grace. */
void rs_mworker_end(struct rs_wproc *w, int sig, int next, int64_t grace_ms);
/* The reactor has died: what it had is no longer of use. */
void rs_mworker_reactor_lost(struct rs_gen *g, int64_t finish_ms);
/* Every process ends, with wait_ms for that; successors come as they are wanted. */
void rs_mworker_end_all(struct rs_gen *g, int64_t wait_ms);
void rs_mworker_free(struct rs_wproc *w);

/* ---- master_overstay.c ---- */
/* The reactor has lost it. finishes: it may still have something to do. */
void rs_mworker_left(struct rs_wproc *w, bool finishes);
/* Its time for that is over. */
void rs_mworker_overstays(struct rs_wproc *w);

/* ---- master_linger.c ---- */
/* It finishes what it has begun, beside a successor. */
void rs_mworker_lingers(struct rs_wproc *w);
/* If the process of s lingers and may: its successor is ordered. s NULL: nothing. */
void rs_mworker_succeed(struct rs_slot *s);

/* ---- master_memory.c ---- */
/* There is another process, or may be: memory_hard_limit is watched from now on, if there is one. */
void rs_mmemory_watch(struct rs_master *m);
/* Timer of rs_master.memory. */
void rs_mmemory_cb(int fd, short what, void *arg);
/* ---- master_delay.c ---- */
/* Milliseconds until the successor of w starts, which ended in order (well) or not. */
int64_t rs_mworker_delay(struct rs_slot *s, const struct rs_wproc *w, bool well, int64_t lived_ms);
/* Its last process had been ready after all: the successor that waits, waits no longer than for such a one. */
void rs_mworker_late_ready(struct rs_slot *s);

/* ---- master_reactor.c ---- */
/* Forks it and tells it everything it must know. false: logged; tried again later. */
bool rs_mreactor_start(struct rs_master *m);
void rs_mreactor_died(struct rs_master *m, int status);
void rs_mreactor_send(struct rs_master *m, enum rs_msg msg, struct rs_slice payload, const int *fds, unsigned nfds);
void rs_mreactor_conf(struct rs_master *m, const struct rs_conf *c);
/* Hosted: what shape it has, first. */
void rs_mreactor_route(struct rs_master *m, const struct rs_gen *g);
void rs_mreactor_access_log(struct rs_master *m);
/* Timer of rs_reactor.respawn. */
void rs_mreactor_respawn_cb(int fd, short what, void *arg);

#endif
