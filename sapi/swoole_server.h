/*
 * What the files of Swoole\Server and its children share (swoole_server*.c, swoole_http_server.c, swoole_websocket_server.c).
 * The server itself, processes and sockets, is behind worker/server.h; here are the objects, callbacks and settings.
 *
 * A process has one server object at a time, copied by fork into all processes of the server.
 */
#ifndef RS_SWOOLE_SERVER_H
#define RS_SWOOLE_SERVER_H

#include "swoole_http.h"
#include "swoole_server_conf.h"

/* ---- events --------------------------------------------------------------------------------------------------------- */

enum rs_on {
#define RS_ON(id, name, kind) RS_ON_##id,
#include "swoole_server_events.def"
#undef RS_ON
	RS_ON_COUNT,
	RS_ON_PORT = RS_ON_CONNECT, /* the first one of a port */
};

struct rs_on_row {
	const char *name;
	int kind; /* enum rs_event_kind; -1 */
};
extern const struct rs_on_row rs_on_rows[RS_ON_COUNT];

/* ---- objects -------------------------------------------------------------------------------------------------------- */

extern zend_class_entry *rs_swoole_server_ce, *rs_swoole_port_ce, *rs_swoole_task_ce, *rs_swoole_iterator_ce,
	*rs_swoole_http_server_ce, *rs_swoole_websocket_server_ce;

/* Swoole\Server\Port */
struct rs_swoole_port {
	struct rs_port p;              /* its settings are written here as they come */
	struct rs_swoole_port_conf conf;
	struct rs_swoole_http_conf http; /* made of conf at start() */
	struct rs_php_callback on[RS_ON_COUNT - RS_ON_PORT];
	uint32_t index;
	bool own_settings;             /* set() was called on it: nothing of the first port's holds */
	zend_object std;
};

/* Swoole\Server */
struct rs_swoole_server {
	struct rs_swoole_server_conf conf;
	struct rs_php_callback on[RS_ON_PORT];
	struct rs_swoole_port **ports; /* each a reference */
	zend_object **processes;       /* addProcess(), each a reference */
	uint32_t nports, nprocesses;
	zend_long mode;
	bool made;                     /* the constructor has run */
	bool started;                  /* start() has been called */
	bool hosted;                   /* the server of a hosted application: swoole_server_hosted.h */
	pid_t pid;                     /* of the process that made it: removes the files of Unix sockets */
	zend_object std;
};

/* The server of this process; NULL: none. */
struct rs_swoole_server *rs_swoole_the_server(void);
/* The object behind $this; fatal when its constructor has not run. */
struct rs_swoole_server *rs_swoole_server_of(zval *object);
struct rs_swoole_port *rs_swoole_port_of(zend_object *object);
/* Is it running, are we in one of its processes? Else warns. */
bool rs_swoole_server_running(void);
/* Not running yet? Else warns. */
bool rs_swoole_server_not_running(const struct rs_swoole_server *s);

/* Its first port, and what is seen of it; it is the process's server then. false: errno, why. */
bool rs_swoole_server_make(struct rs_swoole_server *s, zend_string *host, zend_long port, zend_long type, char *why, size_t why_size);
/* Another port has been added. */
void rs_swoole_server_show_ports(struct rs_swoole_server *s);
void rs_swoole_server_put_long(struct rs_swoole_server *s, const char *name, zend_long value);

/* ---- swoole_server_port.c -------------------------------------------------------------------------------------------- */

/* Binds. The port belongs to s then. false: errno, why. */
bool rs_swoole_port_open(struct rs_swoole_server *s, zend_string *host, zend_long port, zend_long type, char *why,
			 size_t why_size);
/* One that nobody listens on yet; one reference, the caller's. NULL: errno, why. */
struct rs_swoole_port *rs_swoole_port_new(zend_string *host, zend_long number, zend_long type, char *why, size_t why_size);
/* TLS, from its settings; fatal when they cannot be. s NULL: of no server. (swoole_server_tls.c) */
void rs_swoole_port_tls(const struct rs_swoole_server *s, struct rs_swoole_port *port);
/* Its settings as they will be used; s as above. */
void rs_swoole_port_settle(const struct rs_swoole_server *s, struct rs_swoole_port *port);
/* The settings into a port of s that is to be started: fatal when they contradict each other. */
void rs_swoole_port_finish(struct rs_swoole_server *s, struct rs_swoole_port *port);
/* An ext-sockets object of its own for a listening socket; false when there is none. */
void rs_swoole_port_socket(const struct rs_swoole_port *port, zval *out);
/* A property of an object (setting), with these merged into it. */
void rs_swoole_merge_settings(zend_object *object, const char *name, HashTable *settings);

/* ---- swoole_server_on.c ------------------------------------------------------------------------------------------------ */

/* Implements on() of a server (port NULL: those of ports go to the first) or of a port. */
bool rs_swoole_on(struct rs_swoole_server *s, struct rs_swoole_port *port, zend_string *name, zval *callback);
/* What was registered; NULL: nothing, or no such event. */
struct rs_php_callback *rs_swoole_on_find(struct rs_swoole_server *s, struct rs_swoole_port *port, zend_string *name);
/* The callback of an event; of a port: its own or the first one's. NULL: none. */
struct rs_php_callback *rs_swoole_callback(struct rs_swoole_server *s, enum rs_on on, uint32_t port);
/* At start(): fills rs_port.events. NULL; or the name of a callback that is missing, and the index of the port that needs it. */
const char *rs_swoole_on_finish(struct rs_swoole_server *s, uint32_t *port);

/* ---- swoole_server_start.c, swoole_server_hooks.c ------------------------------------------------------------------------ */

/* The whole of start(). */
bool rs_swoole_server_start(struct rs_swoole_server *s);
extern const struct rs_server_hooks rs_swoole_server_hooks;
/* Its parts: what the core must know, for ports that are finished; the setting property; ids of user processes. */
void rs_swoole_setup_fill(const struct rs_swoole_server *s, struct rs_server_setup *setup);
void rs_swoole_show_settings(struct rs_swoole_server *s);
void rs_swoole_number_processes(struct rs_swoole_server *s);
/* Of a running server. */
zend_long rs_swoole_manager_pid(void);
/* In a process of a running server: the properties that say which one. */
void rs_swoole_server_show_process(struct rs_swoole_server *s);

/* ---- swoole_server_settle.c ------------------------------------------------------------------------------------------------ */

/* What a callback of the server owes to somebody while it runs. */
struct rs_swoole_owed {
	uint32_t fd;     /* of a connection; 0 */
	uint32_t closes; /* of a connection: this is its onClose; 0 */
	zval response;   /* Swoole\Http\Response, or UNDEF */
	bool is_task;
	uint32_t task, task_to, task_flags; /* of a task: for its result */
};

/* Sets what ends of callbacks mean in this process (its place is set). */
void rs_swoole_server_policy(bool coroutine);
/*
 * Calls a callback of the server, in a coroutine if this process has them and plain is false, and settles whatever comes of it.
 * Takes over the references of argv and of owed (may be NULL). false: this process must end.
 */
bool rs_swoole_server_call(struct rs_php_callback *cb, bool plain, uint32_t argc, zval *argv, struct rs_swoole_owed *owed);
/* For calls from inside a method: does not return when a fatal error was in it. */
void rs_swoole_server_call_nested(struct rs_php_callback *cb, uint32_t argc, zval *argv, struct rs_swoole_owed *owed);
/* body, guarded: exceptions are reported, fatal errors end the process. false: it must end. */
bool rs_swoole_server_guarded(void (*body)(void *arg), void *arg);
/* What came of a call in this process: false: it must end. */
bool rs_swoole_server_judge(enum rs_call_end end);
/* 0: this process is well. */
int rs_swoole_server_exit_status(void);
/* The last thing of a process that the server has forked: shutdown functions, output, _exit(). */
void rs_swoole_server_leave(int status);

/* ---- swoole_server_event.c ---------------------------------------------------------------------------------------------------- */

bool rs_swoole_server_event(struct rs_event *ev);
/* onClose of a connection that this process serves and has just closed; before the method that did so returns. */
void rs_swoole_server_close_here(struct rs_swoole_server *s, const struct rs_session *session);

/* ---- swoole_server_objects.c: objects of the settings event_object, task_use_object ---------------------------------------------- */

void rs_swoole_event_object(zval *out, const struct rs_wire_event *h, struct rs_slice data);
void rs_swoole_packet_object(zval *out, const struct rs_event *ev, const struct rs_swoole_port *port);
void rs_swoole_pipe_message_object(zval *out, const struct rs_wire_event *h, zend_long from, zval *data);
void rs_swoole_status_object(zval *out, uint32_t id, pid_t pid, int code, int signal);
void rs_swoole_result_object(zval *out, const struct rs_wire_event *h, zval *data);

/* ---- swoole_server_connection.c, swoole_server_client.c ---------------------------------------------------------------------------- */

/* What became of something for a connection, as a method's result: sets the error number, logs what is to be logged. */
bool rs_swoole_server_result(enum rs_server_result r, zend_long fd, size_t n);
/* Zeroed at the start of something that is to be sent. */
struct rs_swoole_patience {
	int64_t deadline_us, pause_ms;
};
/*
 * Is it to be tried again after r? With send_yield a coroutine has waited then, for the client to take something of a queue
 * that is full.
 */
bool rs_swoole_send_again(struct rs_swoole_patience *p, enum rs_server_result r);
/* Around onClose of a connection: getClientInfo() works in it. */
void rs_swoole_close_begins(const struct rs_session *session);
void rs_swoole_close_ends(uint32_t fd);
/* A connection as the board shows it; open: it is neither closed nor closing, here or there. */
bool rs_swoole_session(zend_long fd, struct rs_session *out, bool *open);
/* Those that are open, ascending; port: its index, -1: all. The caller frees (efree). Empty outside of a server. */
uint32_t *rs_swoole_session_list(int port, size_t *n);
/* This process closes it: it is closed for user code at once. */
void rs_swoole_session_closing(const struct rs_session *session);
/* Has it, though the board may show it open? */
bool rs_swoole_session_closed_here(uint32_t fd);
/* This process has bound it to uid. */
void rs_swoole_session_bound(const struct rs_session *session, uint32_t uid);
/* The array of getClientInfo(). */
void rs_swoole_session_array(const struct rs_session *session, zval *out);

/* ---- swoole_server_iterator.c ------------------------------------------------------------------------------------------------------ */

/* Over the connections of a port (index), or of all of them (-1). */
void rs_swoole_iterator_new(zval *out, int port);

/* ---- swoole_server_info.c -------------------------------------------------------------------------------------------------------------- */

/* The array of stats(). */
void rs_swoole_server_stats(zval *out);
/* swoole_server_stats.c: in a worker that begins; what the setting stats_file asks for. */
void rs_swoole_server_stats_begin(struct rs_swoole_server *s);

/* ---- swoole_server_task.c, swoole_server_data.c ------------------------------------------------------------------------------------- */

/* TASK and FINISH events. */
bool rs_swoole_task_event(struct rs_swoole_server *s, struct rs_event *ev);
bool rs_swoole_finish_event(struct rs_swoole_server *s, struct rs_event *ev);
/* Result of the task that owed says. */
bool rs_swoole_task_finish(const struct rs_swoole_owed *owed, zval *data);

/* Data of tasks and messages as bytes: strings as they are, the rest serialized. false: an exception was thrown. */
bool rs_swoole_data_pack(zval *data, smart_str *buffer, struct rs_slice *bytes, uint32_t *flags) RS_MUST_CHECK;
/* And back; data that cannot be unserialized is false (noticed by PHP). */
void rs_swoole_data_unpack(zval *out, struct rs_slice bytes, uint32_t flags);

/* Arguments: every callback gets the server first. */
static inline void rs_swoole_server_zval(zval *out, struct rs_swoole_server *s)
{
	ZVAL_OBJ_COPY(out, &s->std);
}

#endif
