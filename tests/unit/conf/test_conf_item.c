/*
 * The keyed sections: what is accepted, what is refused and how it is said, which origin wins, what a restart is for.
 */
#include "conf/conf_item.c"

#include "conf_fixture.h"

/* -- single values: refused when they are read ------------------------------------------------------------------- */

static const struct {
	const char *ini, *expected;
} refused[] = {
	{ "[processes.a]\nclass = 1A\n",
	  "x.ini:2: [processes.a] class: `1A` is not a class name; allowed: a PHP class name with its namespace" },
	{ "[processes.a]\nnum = 256\n", "x.ini:2: [processes.a] num: `256` is too large; allowed: 0 to 255" },
	{ "[processes.a]\npipe = 3\n", "x.ini:2: [processes.a] pipe: `3` is too large; allowed: 0 to 2" },
	{ "[processes.a]\nenable = maybe\n", "[processes.a] enable: `maybe` is not a truth value" },
	{ "[processes.a]\nrestart_interval = soon\n", "[processes.a] restart_interval: `soon` is not a time" },
	{ "[processes.a]\nclass[] = A\n", "x.ini:2: [processes.a] class: is no list; allowed: class = value" },
	{ "[processes.a\x01]\nclass = A\n", "x.ini:2: [processes.a\\x01]: the name has a control character in it" },
	{ "[processes.a]\ncl\x01 = A\n", "x.ini:2: [processes.a]: the key has a control character in it" },
	{ "[sockets.a]\nport = 65536\n", "x.ini:2: [sockets.a] port: `65536` is too large; allowed: 0 to 65535" },
	{ "[sockets.a]\ntype = sctp\n",
	  "x.ini:2: [sockets.a] type: `sctp` is not known; allowed: tcp, udp, tcp6, udp6, unix_stream, unix_dgram" },
	{ "[sockets.a]\ntype = udb\n", "did you mean `udp`?" },
	{ "[sockets.a]\ntype = 7\n", "[sockets.a] type: `7` is not known" },
	{ "[sockets.a]\ntype = 514\n",
	  "x.ini:2: [sockets.a] type: `514` asks for TLS on datagrams; allowed: TLS with tcp, tcp6 or unix_stream" },
	{ "[sockets.a]\ntype = udp ssl\n", "[sockets.a] type: `udp ssl` asks for TLS on datagrams" },
	{ "[sockets.a]\ntype = tcp tls\n", "[sockets.a] type: `tcp tls` is not known" },
	{ "[sockets.a]\ntype = 519\n", "[sockets.a] type: `7` is not known" },
	{ "[sockets.a]\nhost = \"a\\nb\"\n", "[sockets.a] host: `a\\x0ab` has a control character in it" },
	{ "[swoole_tables.t]\nsize = 0x10\n", "[swoole_tables.t] size: `0x10` is not a whole number" },
	{ "[swoole_tables.t]\ncolumn[] = value:decimal\n",
	  "x.ini:2: [swoole_tables.t] column: `value:decimal` is not a column; allowed: name:int (size 1, 2, 4 or 8), "
	  "name:float, name:string:BYTES, or the same as JSON" },
	{ "[swoole_tables.t]\ncolumn = value:int\n", "x.ini:2: [swoole_tables.t] column: is a list; allowed: column[] = value" },
	{ "[events]\nApp-Event[] = A\n", "x.ini:2: [events] App-Event: this is not the name of an event's class" },
	{ "[events]\nApp\\E[] = a b\n", "x.ini:2: [events] App\\E: `a b` is not a class name" },
	{ "[event_handlers]\nWorkerStart = a b\n", "x.ini:2: [event_handlers] WorkerStart: `a b` is not a class name" },
	{ "[timer]\njobs[] = App\\Job:0\n",
	  "x.ini:2: [timer] jobs: `App\\Job:0` is not a cron job; allowed: Class, Class:intervalMs, "
	  "Class:intervalMs:immediate, or JSON [\"Class\", [1000, true]]; the interval 1 or more" },
	{ "[inotify_reload]\nfile_types[] = a/b\n", "`a/b` is not the end of a file name" },
	{ "[websocket]\nhandler = a b\n", "[websocket] handler: `a b` is not a class name" },
};

static void a_wrong_value_is_named_with_its_line(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(refused); i++) {
		again(f);
		if (parse(f, refused[i].ini) != RS_ERR)
			fail_msg("accepted: %s", refused[i].ini);
		assert_contains(f->err.text, refused[i].expected);
	}
}

/* -- whole items: refused when everything is known ------------------------------------------------------------------ */

#define TCP "[sockets.a]\nhost = 127.0.0.1\nport = 5291\nhandler = A\n"
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static const struct {
	const char *ini, *expected;
} broken[] = {
	{ "[processes.a]\nenable = true\n",
	  "x.ini:2: [processes.a] class: the process has no class; allowed: a class that implements CustomProcessInterface, or "
	  "enable = false" },
	{ "[processes.a]\nclass = A\nnum = 200\n[processes.b]\nclass = A\nnum = 56\n",
	  "x.ini:5: [processes.b] num: these are too many processes; allowed: 255 in all" },
	{ "[sockets.a]\nhost = 127.0.0.1\nport = 5291\n", "[sockets.a] handler: the port has no handler" },
	{ "[sockets.a]\nport = 5291\nhandler = A\n", "[sockets.a] host: the port has no address; allowed: an IPv4 or IPv6" },
	{ "[sockets.a]\nhost = 127.0.0.1\nhandler = A\n", "[sockets.a] port: the port has no number; allowed: 1 to 65535" },
	{ "[sockets.a]\nhost = here\nport = 1\nhandler = A\n", "[sockets.a] host: `here` is not an address" },
	{ "[sockets.a]\nhost = 127.0.0.1\nport = 1\ntype = tcp6\nhandler = A\n",
	  "[sockets.a] host: `127.0.0.1` is not an address; allowed: an IPv6 address" },
	{ "[sockets.a]\nhandler = A\ntype = unix_stream\n", "[sockets.a] host: the port has no address; allowed: a path" },
	{ "[sockets.a]\nhandler = A\ntype = 6\nhost = " LONG "\n", "is too long for a Unix socket; allowed: 107 bytes" },
	{ TCP "[sockets.b]\nhost = 127.0.0.1\nport = 5291\nhandler = A\n",
	  "x.ini:6: [sockets.b] port: tcp 127.0.0.1:5291 is the one of [sockets.a] as well; allowed: an address of its own" },
	{ "[sockets.a]\nhost = 127.0.0.1\nport = 5200\nhandler = A\n", "[sockets.a] port: tcp 127.0.0.1:5200 is the main port's" },
	{ "[swoole_tables.t]\ncolumn[] = v:int\n", "x.ini:2: [swoole_tables.t] size: the table has no size; allowed: 1 or more" },
	{ "[swoole_tables.t]\nsize = 10\n", "[swoole_tables.t] column: the table has no columns; allowed: name:type:size" },
	{ "[swoole_tables.t]\nsize = 10\ncolumn[] = a:int\ncolumn[] = b:float\ncolumn[] = a:string:8\n",
	  "[swoole_tables.t] column: `a` is there twice; allowed: every column once" },
	{ "[events]\nApp\\E[] = App\\L\n",
	  "x.ini:2: [events] App\\E: listeners run in task workers, and there are none; allowed: swoole.task_worker_num = 1 or "
	  "more, or no listeners" },
	{ "[websocket]\nenable = true\n",
	  "[websocket] handler: websocket.enable needs a handler; allowed: a class that implements WebSocketHandlerInterface" },
	{ "[swoole]\nhttp_compression_types[] = text/*\nhttp_compression_types[] = *\nhttp_compression_types[] = text/html;q=1\n",
	  "x.ini:4: [swoole] http_compression_types: `text/html;q=1` is no content type; allowed: type/subtype, type/*, or *; one an item" },
	{ "[swoole]\nhttp_compression_types[] = text/*,*/*\n", "`text/*,*/*` is no content type" },
	{ "[swoole]\nhttp_compression_types[] = */*\n", "`*/*` is no content type" },
	{ "[swoole]\nhttp_compression_types[] = html\n", "`html` is no content type" },
	{ "[laravels]\nenable_gzip = true\n",
	  "x.ini:2: [laravels] enable_gzip: forced compression is gone; allowed: false; swoole.http_compression takes its place" },
};

static void every_broken_item_is_named(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(broken); i++) {
		again(f);
		if (parse(f, broken[i].ini) != RS_OK)
			fail_msg("%s", f->err.text);
		if (complete(f) != RS_ERR)
			fail_msg("accepted: %s", broken[i].ini);
		assert_contains(f->err.text, broken[i].expected);
	}
}

static const char *const sound[] = {
	TCP "[sockets.b]\nhost = 127.0.0.1\nport = 5291\ntype = udp\nhandler = A\n",
	TCP "[sockets.b]\nenable = no\nhost = 127.0.0.1\nport = 5291\n",
	"[sockets.a]\nhost = ::\nport = 5200\nhandler = A\n",
	"[sockets.a]\nhost = ::1\nport = 5300\ntype = 3\nhandler = A\n[sockets.b]\nhost = a.sock\ntype = 5\nhandler = A\n",
	"[processes.a]\nenable = false\n[processes.b]\nclass = \\App\\P\nnum = 0\n",
	"[events]\nApp\\E[] =\n",
	"[events]\n\\App\\E = App\\L\n[swoole]\ntask_worker_num = 1\n",
	"[laravels]\nenable_gzip = false\n[websocket]\nhandler = A\n[timer]\nenable = true\n",
};

static void sound_items_pass(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(sound); i++) {
		again(f);
		if (parse(f, sound[i]) != RS_OK || complete(f) != RS_OK)
			fail_msg("%s: %s", sound[i], f->err.text);
		assert_string_equal(f->warnings, "");
	}
}

static void there_is_an_end_to_items_and_ports(void **state)
{
	struct fixture *f = *state;
	struct rs_buf b = { 0 };

	for (int i = 0; i <= 1024; i++)
		assert_true(rs_buf_printf(&b, "[processes.p%d]\nenable = no\n", i));
	assert_int_equal(rs_conf_parse_ini(&f->c, rs_buf_slice(&b), "x.ini", &f->err, NULL, NULL), RS_ERR);
	assert_string_equal(f->err.text, "x.ini:2050: [processes.p1024]: there are too many; allowed: 1024");
	again(f);
	rs_buf_reset(&b, SIZE_MAX);
	for (int i = 0; i < 64; i++)
		assert_true(rs_buf_printf(&b, "[sockets.s%d]\nhost = ::1\nport = %d\nhandler = A\n", i, 6000 + i));
	assert_int_equal(rs_conf_parse_ini(&f->c, rs_buf_slice(&b), "x.ini", &f->err, NULL, NULL), RS_OK);
	assert_int_equal(complete(f), RS_ERR);
	assert_string_equal(f->err.text, "x.ini:254: [sockets.s63]: these are too many ports; allowed: 63");
	rs_buf_free(&b);
}

/* -- inner shapes ---------------------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	bool good;
	const char *name;
	int type;
	int64_t size;
} columns[] = {
	{ "value:int:8", true, "value", 1, 8 },
	{ "value:int", true, "value", 1, 0 },
	{ "f:float", true, "f", 2, 0 },
	{ "f:float:8", true, "f", 2, 8 },
	{ "s:string:100", true, "s", 3, 100 },
	{ "s:3:100", true, "s", 3, 100 },
	{ "s:7:100", true, "s", 3, 100 },
	{ "s:6", true, "s", 2, 0 },
	{ "{\"name\":\"value\",\"type\":1,\"size\":4}", true, "value", 1, 4 },
	{ "{ \"size\" : \"16\" , \"type\":\"string\", \"name\":\"a\\u00e9b\" } ", true, "a\xc3\xa9" "b", 3, 16 },
	{ "{\"name\":\"x\",\"type\":2,\"more\":{\"a\":[1,2.5e3,null]}}", true, "x", 2, 0 },
	{ "", false, NULL, 0, 0 },
	{ "value", false, NULL, 0, 0 },
	{ ":int:8", false, NULL, 0, 0 },
	{ "value:int:3", false, NULL, 0, 0 },
	{ "value:float:4", false, NULL, 0, 0 },
	{ "value:string", false, NULL, 0, 0 },
	{ "value:string:0", false, NULL, 0, 0 },
	{ "value:4:8", false, NULL, 0, 0 },
	{ "value::8", false, NULL, 0, 0 },
	{ "value:int:8:9", false, NULL, 0, 0 },
	{ "{\"name\":\"value\",\"size\":4}", false, NULL, 0, 0 },
	{ "{\"name\":\"value\",\"type\":1,\"size\":4", false, NULL, 0, 0 },
	{ "{\"name\":\"value\",\"type\":1} x", false, NULL, 0, 0 },
	{ "{\"name\":\"a\\u0000\",\"type\":1}", false, NULL, 0, 0 },
	{ "{\"name\":\"a\\ud800\",\"type\":1}", false, NULL, 0, 0 },
	{ "{\"name\":\"a\",\"type\":1,\"x\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}", false, NULL, 0, 0 },
};

static void columns_are_understood(void **state)
{
	struct rs_conf_column column;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(columns); i++) {
		if (rs_conf_column(columns[i].text, &column) != columns[i].good)
			fail_msg("%s", columns[i].text);
		if (!columns[i].good)
			continue;
		assert_string_equal(column.name, columns[i].name);
		assert_int_equal(column.type, columns[i].type);
		assert_int_equal(column.size, columns[i].size);
	}
}

static const struct {
	const char *text;
	bool good, has_interval;
	int64_t interval_ms;
	bool immediate;
} jobs[] = {
	{ "App\\Job", true, false, 0, false },
	{ "App\\Job:1000", true, true, 1000, false },
	{ "App\\Job:1000:true", true, true, 1000, true },
	{ "App\\Job:1000:0", true, true, 1000, false },
	{ "[\"App\\\\Job\"]", true, false, 0, false },
	{ "[\"App\\\\Job\",[]]", true, false, 0, false },
	{ "[\"App\\\\Job\",[1000]]", true, true, 1000, false },
	{ "[\"App\\\\Job\", [1000, true]]", true, true, 1000, true },
	{ "[\"App\\\\Job\",[60000,1,{\"more\":\"x\"}]]", true, true, 60000, true },
	{ "", false, false, 0, false },
	{ "App\\Job:", false, false, 0, false },
	{ "App\\Job:0:true", false, false, 0, false },
	{ "App\\Job:-1", false, false, 0, false },
	{ "App\\Job:1000:maybe", false, false, 0, false },
	{ "App\\Job:99999999999", false, false, 0, false },
	{ "[]", false, false, 0, false },
	{ "[\"App\\\\Job\",1000]", false, false, 0, false },
	{ "[\"App\\\\Job\",[\"1000\"]]", false, false, 0, false },
	{ "[\"App\\\\Job\",[1.5]]", false, false, 0, false },
	{ "[\"App\\\\Job\",[1000,true]", false, false, 0, false },
	{ "[\"App\\\\Job\",[1000,2]]", false, false, 0, false },
	{ "[\"not a class\"]", false, false, 0, false },
};

static void jobs_are_understood(void **state)
{
	struct rs_conf_job job;

	(void)state;
	for (size_t i = 0; i < RS_COUNTOF(jobs); i++) {
		if (rs_conf_job(jobs[i].text, &job) != jobs[i].good)
			fail_msg("%s", jobs[i].text);
		if (!jobs[i].good)
			continue;
		assert_string_equal(job.class_name, "App\\Job");
		assert_int_equal(job.has_interval, jobs[i].has_interval);
		assert_int_equal(job.interval_ms, jobs[i].interval_ms);
		assert_int_equal(job.immediate, jobs[i].immediate);
	}
}

/* -- values, defaults, precedence -------------------------------------------------------------------------------------- */

static void values_have_types_and_defaults(void **state)
{
	struct fixture *f = *state;
	const struct rs_conf_item *it;
	const struct rs_conf_row *row;

	assert_int_equal(parse(f, "[processes.t]\nclass = App\\P\nqueue.mode = 258\nrestart_interval = 0.5\n"
				  "[processes.q]\nclass = App\\P\nqueue = no\nqueue.mode = 1\n"
				  "[sockets.b]\nhost = run/a.sock\ntype = unix_dgram\nhandler = A\nsettings.a = 1\nport = 0\nsettings.b = x\n"
				  "settings.a = 2\n[sockets.c]\ntype = 4\nhandler = A\nhost = ::1\nport = 9\n"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	it = rs_conf_item(&f->c, RS_KIND_processes, "t");
	assert_non_null(it);
	assert_string_equal(rs_conf_item_text(it, RS_ITEM_processes_class), "App\\P");
	assert_int_equal(rs_conf_item_number(it, RS_ITEM_processes_enable), 1);
	assert_int_equal(rs_conf_item_number(it, RS_ITEM_processes_num), 1);
	assert_int_equal(rs_conf_item_number(it, RS_ITEM_processes_queue_mode), 258);
	assert_int_equal(rs_conf_item_number(it, RS_ITEM_processes_queue_capacity), -1);
	assert_int_equal(rs_conf_item_number(it, RS_ITEM_processes_restart_interval), 500);
	assert_true(rs_conf_process_queue(it));
	assert_false(rs_conf_process_queue(rs_conf_item(&f->c, RS_KIND_processes, "q")));
	assert_null(rs_conf_item(&f->c, RS_KIND_processes, "none"));
	it = rs_conf_item(&f->c, RS_KIND_sockets, "b");
	assert_int_equal(rs_conf_socket_type(it), 6);
	assert_string_equal(rs_conf_item_text(it, RS_ITEM_sockets_host), below(f, "run/a.sock"));
	row = rs_conf_item_next(it, RS_ITEM_sockets_settings, NULL);
	assert_string_equal(row->key, "settings.a");
	row = rs_conf_item_next(it, RS_ITEM_sockets_settings, row);
	assert_string_equal(row->key, "settings.b");
	row = rs_conf_item_next(it, RS_ITEM_sockets_settings, row);
	assert_string_equal(row->value, "2");
	assert_null(rs_conf_item_next(it, RS_ITEM_sockets_settings, row));
	assert_int_equal(rs_conf_socket_type(rs_conf_item(&f->c, RS_KIND_sockets, "c")), 4);
	assert_int_equal(f->c.timer_max_wait_time, 5000);
}

static enum rs_result take(struct fixture *f, const char *lines)
{
	return rs_conf_take_app(&f->c, rs_slice_str(lines), false, &f->err, on_warning, f);
}

static void an_item_of_the_ini_replaces_the_one_of_its_name(void **state)
{
	struct fixture *f = *state;
	const struct rs_conf_item *it;

	assert_int_equal(parse(f, "[sockets.echo]\nhost = ::1\nport = 7\nhandler = Ini\\H\n[event_handlers]\nWorkerStart[] =\n"), RS_OK);
	assert_int_equal(take(f, "app\t\tsockets.echo\thost\t1.1.1.1\napp\t\tsockets.echo\toptional\ttrue\n"
				 "app\t\tsockets.other\thost\t1.1.1.1\napp\t\tsockets.other\tport\t8\napp\t\tsockets.other\thandler\tA\n"
				 "app\t\tevent_handlers\tWorkerStart\tA\napp\t\tevent_handlers\tWorkerStop\tA\n"
				 "app\t\tevent_handlers\tWorkerStop\tB\n"), RS_OK);
	assert_int_equal(complete(f), RS_OK);
	assert_string_equal(f->warnings, "");
	assert_int_equal(f->c.items[RS_KIND_sockets].n, 2);
	it = rs_conf_item(&f->c, RS_KIND_sockets, "echo");
	assert_string_equal(rs_conf_item_text(it, RS_ITEM_sockets_host), "::1");
	assert_int_equal(rs_conf_item_number(it, RS_ITEM_sockets_optional), 0);
	assert_string_equal(it->at.where, "x.ini:2");
	it = rs_conf_item(&f->c, RS_KIND_sockets, "other");
	assert_int_equal(it->at.from, RS_FROM_APP);
	assert_string_equal(it->at.where, "config/laravels.php");
	assert_int_equal(rs_conf_item(&f->c, RS_KIND_event_handlers, "WorkerStart")->n, 0);
	assert_int_equal(rs_conf_item(&f->c, RS_KIND_event_handlers, "WorkerStop")->n, 2);
}

/* A stronger origin after a weaker one, too. */
static void a_stronger_item_starts_anew(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(take(f, "app\t\tprocesses.a\tclass\tA\napp\t\tprocesses.a\tnum\t3\n"), RS_OK);
	assert_int_equal(set(f, RS_FROM_INI, "processes.a", "enable", "false"), RS_OK);
	assert_int_equal(f->c.items[RS_KIND_processes].n, 1);
	assert_int_equal(f->c.items[RS_KIND_processes].v[0].n, 1);
	assert_int_equal(f->c.items[RS_KIND_processes].v[0].at.from, RS_FROM_INI);
	assert_int_equal(set(f, RS_FROM_INI, "processes.a", "enable", ""), RS_OK);
	assert_int_equal(f->c.items[RS_KIND_processes].v[0].n, 0);
}

static void a_reload_keeps_the_items_and_says_so(void **state)
{
	struct fixture *f = *state;
	struct rs_conf old;

	rs_conf_init(&old);
	assert_int_equal(rs_conf_set(&old, RS_FROM_INI, "old.ini:3", "processes.a", "class", "A", &f->err, NULL, NULL), RS_OK);
	assert_int_equal(rs_conf_set(&old, RS_FROM_INI, "old.ini:5", "events", "App\\E", "L", &f->err, NULL, NULL), RS_OK);
	assert_int_equal(parse(f, "[processes.a]\nclass = B\n"), RS_OK);
	rs_conf_keep_start_values(&f->c, &old, on_warning, f);
	assert_string_equal(f->warnings,
			    "x.ini:2: [processes]: the change needs a restart, what was there stays in force\n"
			    "old.ini:5: [events]: the change needs a restart, what was there stays in force\n");
	assert_true(rs_conf_items_eq(&f->c.items[RS_KIND_processes], &old.items[RS_KIND_processes]));
	assert_string_equal(f->c.items[RS_KIND_events].v[0].at.where, "old.ini:5");
	f->warnings[0] = '\0';
	rs_conf_keep_start_values(&f->c, &old, on_warning, f);
	assert_string_equal(f->warnings, "");
	rs_conf_fini(&old);
}

/* -- the published config/laravels.php of both lines, as rows -------------------------------------------------------------- */

#define ROW(section, key, value) "app\t\t" section "\t" key "\t" value "\n"
#define PUBLISHED                                                                                                     \
	ROW("laravels", "listen_ip", "127.0.0.1") ROW("laravels", "listen_port", "5200") ROW("laravels", "socket_type", "1")   \
	ROW("laravels", "server", "LaravelS") ROW("laravels", "handle_static", "false")                                       \
	ROW("inotify_reload", "enable", "false") ROW("inotify_reload", "watch_path", "/")                                     \
	ROW("inotify_reload", "file_types", ".php") ROW("inotify_reload", "log", "true")                                       \
	ROW("websocket", "enable", "false") ROW("timer", "enable", "false") ROW("timer", "max_wait_time", "5")                 \
	ROW("destroy_controllers", "enable", "false") ROW("swoole", "daemonize", "false") ROW("swoole", "task_ipc_mode", "1")  \
	ROW("swoole", "open_tcp_nodelay", "true") ROW("swoole", "pid_file", "storage/laravels.pid")                            \
	ROW("swoole", "log_file", "storage/logs/swoole-2020-01.log") ROW("swoole", "log_level", "4")                          \
	ROW("swoole", "buffer_output_size", "2097152") ROW("swoole", "package_max_length", "4194304")                          \
	ROW("swoole", "reload_async", "true") ROW("swoole", "max_wait_time", "60")                                             \
	ROW("swoole", "enable_reuse_port", "true") ROW("swoole", "enable_coroutine", "false")                                  \
	ROW("swoole", "http_compression", "false")

static const struct {
	const char *rows;
	unsigned warnings;
} published[] = {
	{ PUBLISHED ROW("laravels", "enable_coroutine_runtime", "false") ROW("swoole", "dispatch_mode", "2")
		  ROW("swoole", "reactor_num", "8") ROW("swoole", "worker_num", "8") ROW("swoole", "task_max_request", "8000")
		  ROW("swoole", "task_tmpdir", "/dev/shm") ROW("swoole", "max_request", "8000")
		  ROW("swoole", "socket_buffer_size", "134217728") ROW("swoole", "document_root", "/"),
	  2 }, /* reactor_num, task_tmpdir */
	{ PUBLISHED ROW("swoole", "dispatch_mode", "3") ROW("swoole", "worker_num", "30")
		  ROW("swoole", "task_max_request", "100000") ROW("swoole", "max_request", "100000")
		  ROW("swoole", "socket_buffer_size", "8388608") ROW("swoole", "upload_tmp_dir", "/tmp")
		  ROW("timer", "global_lock", "false") ROW("timer", "global_lock_key", "Laravel")
		  ROW("swoole", "document_root", "/"),
	  0 },
};

static void the_published_files_are_accepted(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < RS_COUNTOF(published); i++) {
		again(f);
		if (take(f, published[i].rows) != RS_OK || complete(f) != RS_OK)
			fail_msg("%s", f->err.text);
		if (f->nwarnings != published[i].warnings)
			fail_msg("%s", f->warnings);
		assert_int_equal(f->c.package_max_length, 4 << 20);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wrong_value_is_named_with_its_line),
		TEST(every_broken_item_is_named),
		TEST(sound_items_pass),
		TEST(there_is_an_end_to_items_and_ports),
		TEST(columns_are_understood),
		TEST(jobs_are_understood),
		TEST(values_have_types_and_defaults),
		TEST(an_item_of_the_ini_replaces_the_one_of_its_name),
		TEST(a_stronger_item_starts_anew),
		TEST(a_reload_keeps_the_items_and_says_so),
		TEST(the_published_files_are_accepted),
	};

	return cmocka_run_group_tests_name("conf_item", tests, NULL, NULL);
}
