/*
 * Settings of a server and its ports as set() has made them: where the rows of swoole_server_settings.def go that have no
 * place in struct rs_port or struct rs_swoole_http_conf. swoole_server_set.c.
 */
#ifndef RS_SWOOLE_SERVER_CONF_H
#define RS_SWOOLE_SERVER_CONF_H

#include "swoole.h"

/* Times in milliseconds, sizes in bytes. 0 of a number that has no such value: chosen at start(). */
struct rs_swoole_server_conf {
	int64_t worker_num, task_worker_num, reactor_num;
	int64_t max_wait_ms, max_request, max_request_grace, task_max_request, task_max_request_grace; /* grace -1: half */
	int64_t dispatch_mode, max_concurrency, worker_max_concurrency, max_queued_bytes, max_connection, first_fd;
	int64_t stats_timer_ms, log_level, hook_flags /* -1: not set */, max_coroutine, send_timeout_ms, task_ipc_mode;
	bool daemonize, reload_async, enable_coroutine, send_yield, display_errors;
	bool enable_reuse_port, discard_timeout_request, open_cpu_affinity;
	bool task_use_object, task_enable_coroutine, event_object;
	zend_string *pid_file, *user, *group, *log_file, *task_tmpdir, *stats_file;
	zend_array *cpu_affinity_ignore;
};

struct rs_swoole_port_conf {
	bool open_http, open_websocket;
	zend_string *package_eof, *package_length_type, *upload_tmp_dir, *document_root, *subprotocol;
	zend_array *static_locations, *index_files;
	zend_string *ssl_cert_file, *ssl_key_file, *ssl_protocols, *ssl_ciphers, *ssl_ecdh_curve, *ssl_client_cert_file, *ssl_cafile;
	zend_array *ssl_sni_certs;
	bool ssl_prefer_server_ciphers, ssl_verify_peer, ssl_allow_self_signed;
	uint32_t ssl_verify_depth;
};

enum rs_setting_owner { RS_SETTING_SERVER, RS_SETTING_PORT };

struct rs_swoole_server;
struct rs_swoole_port;

/* All defaults into a new object, and the end of what it owns. */
void rs_swoole_server_conf_init(struct rs_swoole_server *s);
void rs_swoole_server_conf_free(struct rs_swoole_server *s);
void rs_swoole_port_conf_init(struct rs_swoole_port *port);
void rs_swoole_port_conf_free(struct rs_swoole_port *port);
/* What the settings of one port are, to another one that has none of its own. */
void rs_swoole_port_conf_copy(struct rs_swoole_port *to, const struct rs_swoole_port *from);

/* The settings of set(): s NULL on a port. Stops at an exception of an error handler. */
void rs_swoole_apply_settings(struct rs_swoole_server *s, struct rs_swoole_port *port, HashTable *settings);

#endif
