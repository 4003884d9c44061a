/*
 * The boundary between the core and a language.
 *
 * A module (rserverd-php.so, rserverd-fake.so) exports `rs_engine_module`. The core inside the module (src/worker)
 * drives the engine through `struct rs_engine`; the engine talks to the world through the exchange functions below
 * and nothing else: no fd, no clock, no socket.
 */
#ifndef RS_ENGINE_H
#define RS_ENGINE_H

#include "base/rs_base.h"
#include "conf/conf.h"

struct rs_heritage;
struct rs_exchange;

/* How one request ended, as the worker must act on it. */
enum rs_request_end {
	RS_REQUEST_OK,      /* the process is as good as new */
	RS_REQUEST_RECYCLE, /* answered, but this process must not serve another one (fatal error, memory exhausted) */
};

/* What an engine implements. One instance per module; all calls from the one thread of its process. */
struct rs_engine {
	const char *name;

	/*
	 * In the manager: start the language and boot the application. Calls `booted(arg)` exactly once from inside,
	 * when the application is up; that call is the manager's life, and in a forked worker the worker's life. Returns
	 * its result, or RS_ERR when the application did not boot (why has the reason for people).
	 */
	enum rs_result (*run)(const struct rs_heritage *h, enum rs_result (*booted)(void *arg), void *arg,
			      struct rs_buf *why);

	/* From inside booted(): config/laravels.php as lines of rs_conf_dump(); empty when there is none. */
	bool (*app_conf)(struct rs_buf *out);
	/* From inside booted(): "name\tvalue" lines for `rserverd info`. */
	bool (*facts)(struct rs_buf *out);

	/*
	 * In a fresh child of any role (worker/server.h), before anything else: new randomness, pid caches. conf is the configuration in
	 * force, worker_id the internal one.
	 */
	void (*forked)(const struct rs_conf *conf, uint32_t worker_id, uint32_t generation);
	/*
	 * In a fresh child of any role, after forked() and before the hooks of its server: what must run once in each (boot = worker boots
	 * here). RS_ERR: give up.
	 */
	enum rs_result (*worker_start)(struct rs_buf *why);
	/*
	 * isolation = fork: in a fresh child of a process that has been through worker_start(), after forked(). It serves one request and then
	 * ends with _exit(); whatever it leaves behind is gone with it.
	 */
	void (*one_request)(void);
	/*
	 * isolation = fork: once, in the process that forks those, before the first: frees what nobody needs, and sees to it that they write to few
	 * pages that are shared. RS_REQUEST_RECYCLE as with idle().
	 */
	enum rs_request_end (*settle)(void);
	/* Serves one request: reads x, answers through x. */
	enum rs_request_end (*request)(struct rs_exchange *x);
	/* Nothing to do for a moment: collect cycles, trim. Called once per idle period. Destructors may run: RS_REQUEST_RECYCLE. */
	enum rs_request_end (*idle)(void);
	/* The process ends in good order. */
	void (*worker_stop)(void);
	/* Async-signal-safe: the request has run too long. Must make request() log a backtrace and end soon if it can. */
	void (*overdue)(void);
	/*
	 * Where the request is right now: a line for each call, newest first, each ended by a newline; the bytes put into out. Called by another
	 * thread of the process (worker/slowlog.c) while request() runs, which goes on as if nothing had happened: its system calls must not be
	 * interrupted. NULL: the engine cannot tell.
	 */
	size_t (*trace)(char *out, size_t size);
};

struct rs_engine_module {
	uint32_t protocol;              /* RS_PROTOCOL */
	uint32_t size;                  /* of struct rs_heritage, as compiled */
	int (*manager_main)(struct rs_heritage *h); /* never returns to the daemon's code: its value is the exit status */
};

/* ---- the exchange: one request and its response, as the engine sees it (worker_exchange.c, _answer.c) -------- */

struct rs_field {
	struct rs_slice name, value;
};

/* The request; every slice lives until the engine's request() returns. */
struct rs_request_view {
	struct rs_slice method, target, path, query; /* query without '?' */
	const struct rs_field *fields; /* as received, order kept, checked by the reactor; no '_' in names */
	uint32_t nfields;
	struct rs_slice remote_addr, local_addr;     /* text; empty for a Unix socket */
	struct rs_slice name;   /* the host that the client asked, as a trusted proxy says; empty: it is the Host field's */
	struct rs_slice id;     /* the request's; empty for what is none */
	uint16_t remote_port, local_port;
	uint8_t http_minor;     /* 1 for HTTP/2 */
	uint8_t http_major;     /* 2: HTTP/2, else 1 */
	uint32_t stream;        /* HTTP/2: its number, else 0 */
	bool tls, trusted;
	struct rs_slice tls_variables; /* SSL_*: names and values, each terminated */
	uint64_t received_us;   /* wall clock */
	uint64_t body_len;
};

/* What SERVER_PROTOCOL says. */
static inline const char *rs_request_protocol(const struct rs_request_view *v)
{
	return v->http_major == 2 ? "HTTP/2" : v->http_minor ? "HTTP/1.1" : "HTTP/1.0";
}

const struct rs_request_view *rs_exchange_request(const struct rs_exchange *x);

/* Next bytes of the body, 0 at its end. Once: php://input is re-readable by PHP itself. */
size_t rs_exchange_read_body(struct rs_exchange *x, char *buf, size_t n);

/*
 * Head of the response, once, before any write. headers: "Name: value\r\n" lines, checked by the engine (no CR, LF, NUL
 * inside). reason empty: standard phrase. content_length -1: unknown. The bytes are copied.
 */
void rs_exchange_head(struct rs_exchange *x, unsigned status, struct rs_slice reason, struct rs_slice headers,
		      int64_t content_length);

/*
 * An informational response (103 Early Hints) before the head, any number of them; headers as there. Left out where it could not be
 * understood: HTTP/1.0. false: too late, the head was given.
 */
bool rs_exchange_interim(struct rs_exchange *x, unsigned status, struct rs_slice headers);

/*
 * The whole body after the head, and the end: n bytes of the file from offset on. They leave without passing through this process,
 * and nobody waits for the client. fd stays the caller's. Before any write. false: not done, nothing was sent.
 */
bool rs_exchange_file(struct rs_exchange *x, int fd, uint64_t offset, uint64_t n);

/*
 * Body bytes; copied. Small ones are gathered; large ones wait here for the client's credit.
 * RS_OK, or RS_DONE: the client has left (the bytes are dropped, now and from now on).
 */
enum rs_result rs_exchange_write(struct rs_exchange *x, const char *p, size_t n);

/* Everything written so far goes to the client now. Also notices a client that has left: RS_DONE. */
enum rs_result rs_exchange_flush(struct rs_exchange *x);

/* The response is complete: it leaves now. Later writes are dropped. Idempotent. */
void rs_exchange_finish(struct rs_exchange *x);

/* The response cannot be completed: an honest cut instead of a wrong end. */
void rs_exchange_abort(struct rs_exchange *x);

/*
 * The exchange of what is no request: an event, a timer. The engine arms itself with it like with a request; there is no response,
 * so what PHP prints is the process's own output. view and body (NULL, empty: of nothing) stay the caller's and live as long. One
 * at a time.
 */
struct rs_exchange *rs_exchange_mute(const struct rs_request_view *view, struct rs_slice body);
bool rs_exchange_is_mute(const struct rs_exchange *x);

bool rs_exchange_head_sent(const struct rs_exchange *x); /* true from rs_exchange_head() on */
/* Of the head that was given last; 0: none was. */
unsigned rs_exchange_status(const struct rs_exchange *x);
bool rs_exchange_finished(const struct rs_exchange *x);
bool rs_exchange_client_gone(const struct rs_exchange *x);

/* ---- host services for the engine -------------------------------------------------------------------------- */

/* Is this a child that user code has forked off a worker? Its exchange does nothing; it should end. */
bool rs_host_forked_away(void);
/*
 * Where the running request's files belong (uploads, bodies on disk), so that they go with this process however it ends. NULL: there is
 * no such place; use the usual one.
 */
const char *rs_host_upload_dir(void);
/* The process's own log. */
struct rs_log *rs_host_log(void);
/*
 * What a request or an event has left behind in the language's memory, when all is cleaned up after it. row: of its route, see
 * shm/routes.h; a row stays what it is.
 */
struct rs_growth {
	int64_t grown;   /* bytes in use after it, less those before it; negative: it has freed what others had left */
	int64_t between; /* the same for the time since the one before it */
	uint64_t used;   /* now */
	uint64_t peak;   /* at most, while it ran */
};
uint32_t rs_host_route(struct rs_slice name);
void rs_host_growth(uint32_t row, const struct rs_growth *g);
/* Ask the master for a reload (opcache_reset() and such). */
void rs_host_ask_reload(const char *why);
/*
 * In the manager, once, while it boots: what the application says of the configuration (lines of rs_conf_dump(), the same that app_conf()
 * gives later), taken into rs_heritage.conf at once, as the master will take it: what only ini and command line may say is not
 * taken, START options of a server that runs stay what they are. RS_ERR: it is wrong, and the boot must fail.
 */
enum rs_result rs_host_take_conf(struct rs_slice lines, struct rs_conf_error *err) RS_MUST_CHECK;

#endif
