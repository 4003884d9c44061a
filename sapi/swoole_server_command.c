/*
 * Swoole\Server::addCommand() and command(): code of the script, run by name in another worker, whose answer comes back. A call
 * and its answer are messages between the processes (RS_DATA_COMMAND, RS_DATA_ANSWER); the coroutine that calls waits.
 */
#include "swoole_server_command.h"

#include <ext/json/php_json.h>

#include "swoole_coroutine_private.h"
#include "swoole_invoke.h"
#include "swoole_server_methods.h"
#include "swoole_server_task.h"

/* SWOOLE_SERVER_COMMAND_* */
enum { OF_MASTER = 2, OF_REACTOR = 4, OF_WORKER = 8, OF_TASK_WORKER = 16, OF_MANAGER = 32, OF_ALL = 62 };

/* A worker that dies takes the answer with it. */
#define ANSWER_MS 60000

struct command {
	struct rs_php_callback cb;
	zend_long accepted; /* OF_* */
};

/* In front of a call's or an answer's bytes. */
struct head {
	uint32_t call;   /* of the caller's */
	uint32_t name_n; /* bytes of the name that come first; of an answer 1: it is one, 0: the callback gave none */
};

/* A coroutine that waits. On its stack. */
struct call {
	struct rs_co *co;
	zend_string *answer; /* NULL: none has come */
};

static struct {
	HashTable commands; /* name -> struct command * */
	HashTable calls;    /* number -> struct call * */
	uint32_t last_call;
	bool ready;
} all;

static void command_free(zval *one)
{
	struct command *c = Z_PTR_P(one);

	rs_php_callback_free(&c->cb);
	efree(c);
}

static void prepare(void)
{
	if (all.ready)
		return;
	zend_hash_init(&all.commands, 8, NULL, command_free, false);
	zend_hash_init(&all.calls, 8, NULL, NULL, false);
	all.ready = true;
}

ZEND_METHOD(Swoole_Server, addCommand)
{
	struct rs_swoole_server *s = rs_swoole_server_of(ZEND_THIS);
	zend_fcall_info_cache fcc;
	zend_fcall_info fci;
	zend_string *name;
	zend_long accepted;
	struct command *c;

	ZEND_PARSE_PARAMETERS_START(3, 3)
		Z_PARAM_STR(name)
		Z_PARAM_LONG(accepted)
		Z_PARAM_FUNC(fci, fcc)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_not_running(s))
		RETURN_FALSE;
	prepare();
	if (ZSTR_LEN(name) == 0 || accepted <= 0 || accepted & ~OF_ALL || zend_hash_exists(&all.commands, name)) {
		rs_swoole_set_error(RS_SWOOLE_ERROR_SERVER_INVALID_COMMAND);
		RETURN_FALSE;
	}
	c = ecalloc(1, sizeof *c);
	c->accepted = accepted;
	rs_php_callback_copy(&c->cb, &fci, &fcc);
	zend_hash_add_new_ptr(&all.commands, name, c);
	RETURN_TRUE;
}

/* ---- in the worker that is called ---------------------------------------------------------------------------------- */

/* To whom the answer goes. */
struct caller {
	uint32_t id, call;
};

static void answer(void *arg, zval *ret)
{
	struct caller *to = arg;
	struct head h = { .call = to->call, .name_n = ret && Z_TYPE_P(ret) != IS_UNDEF && Z_TYPE_P(ret) != IS_FALSE };
	zend_string *text = h.name_n ? zval_try_get_string(ret) : NULL;
	smart_str bytes = { 0 };

	h.name_n = text != NULL;
	smart_str_appendl(&bytes, (const char *)&h, sizeof h);
	if (text) {
		smart_str_append(&bytes, text);
		zend_string_release(text);
	}
	(void)rs_server_message(to->id, RS_DATA_ANSWER, rs_slice(ZSTR_VAL(bytes.s), ZSTR_LEN(bytes.s)));
	smart_str_free(&bytes);
	efree(to);
}

static void called(struct rs_swoole_server *s, const struct rs_event *ev, const struct head *h, struct rs_slice rest)
{
	struct command *c = all.ready ? zend_hash_str_find_ptr(&all.commands, rest.p, h->name_n) : NULL;
	struct caller *to = emalloc(sizeof *to);
	struct rs_php_callback cb;
	zval argv[2];

	*to = (struct caller){ .id = ev->h.a, .call = h->call };
	if (!c) {
		answer(to, NULL);
		return;
	}
	cb = c->cb;
	rs_swoole_server_zval(&argv[0], s);
	ZVAL_STRINGL(&argv[1], rest.p + h->name_n, rest.n - h->name_n);
	rs_swoole_invoke_answer(&cb, 2, argv, answer, to);
	zval_ptr_dtor(&argv[0]);
	zval_ptr_dtor(&argv[1]);
}

static void answered(const struct head *h, struct rs_slice rest)
{
	struct call *c = all.ready ? zend_hash_index_find_ptr(&all.calls, h->call) : NULL;

	/* Too late: it has given up. */
	if (!c)
		return;
	zend_hash_index_del(&all.calls, h->call);
	c->answer = h->name_n ? zend_string_init(rest.p ? rest.p : "", rest.n, false) : NULL;
	rs_co_wake(c->co);
}

void rs_swoole_command_event(struct rs_swoole_server *s, const struct rs_event *ev)
{
	struct rs_slice rest = ev->data;
	struct head h;

	/* Other PHP processes of the host may send messages, but have no commands. */
	if (rest.n < sizeof h || ev->h.a >= RS_ID_OUTSIDE)
		return;
	memcpy(&h, rest.p, sizeof h);
	rest = rs_slice(rest.p + sizeof h, rest.n - sizeof h);
	if (ev->h.b & RS_DATA_ANSWER)
		answered(&h, rest);
	else if (h.name_n <= rest.n)
		called(s, ev, &h, rest);
}

/* ---- in the worker that calls -------------------------------------------------------------------------------------- */

/* The process, as the core numbers it. false: there is none, or none that runs commands. */
static bool target(zend_long type, zend_long id, uint32_t *out)
{
	const struct rs_board_head *head = rs_server_board()->head;
	uint32_t nworkers = head->nworkers, ntasks = rs_swoole_server_tasks();

	if (id < 0 || !(type == OF_WORKER ? id < nworkers : type == OF_TASK_WORKER && id < ntasks))
		return false;
	*out = rs_server_internal_id((uint32_t)id + (type == OF_WORKER ? 0 : nworkers));
	return true;
}

/* NULL: none came. */
static zend_string *ask(uint32_t to, zend_string *name, smart_str *data)
{
	struct head h = { .call = ++all.last_call, .name_n = (uint32_t)ZSTR_LEN(name) };
	struct call c = { .co = rs_co_self() };
	smart_str bytes = { 0 };
	enum rs_co_wait end;
	bool sent;

	smart_str_appendl(&bytes, (const char *)&h, sizeof h);
	smart_str_append(&bytes, name);
	smart_str_append_smart_str(&bytes, data);
	sent = rs_swoole_server_result(rs_server_message(to, RS_DATA_COMMAND, rs_slice(ZSTR_VAL(bytes.s), ZSTR_LEN(bytes.s))), 0,
				       ZSTR_LEN(bytes.s));
	smart_str_free(&bytes);
	if (!sent)
		return NULL;
	zend_hash_index_update_ptr(&all.calls, h.call, &c);
	end = rs_co_suspend_for(ANSWER_MS);
	zend_hash_index_del(&all.calls, h.call);
	if (end != RS_CO_READY)
		rs_swoole_set_error(end == RS_CO_TIMEOUT ? RS_CO_E_TIMEDOUT : RS_CO_E_CANCELED);
	return c.answer;
}

ZEND_METHOD(Swoole_Server, command)
{
	zend_long id, type;
	bool json_decode = true;
	smart_str text = { 0 };
	zend_string *name, *got;
	struct command *c;
	zval *data;
	uint32_t to;

	ZEND_PARSE_PARAMETERS_START(4, 5)
		Z_PARAM_STR(name)
		Z_PARAM_LONG(id)
		Z_PARAM_LONG(type)
		Z_PARAM_ZVAL(data)
		Z_PARAM_OPTIONAL
		Z_PARAM_BOOL(json_decode)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_swoole_server_running())
		RETURN_FALSE;
	if (!rs_co_require())
		RETURN_THROWS();
	c = all.ready ? zend_hash_find_ptr(&all.commands, name) : NULL;
	if (!c || !(c->accepted & type) || rs_swoole_place() != RS_SWOOLE_WORKER || !target(type, id, &to)) {
		rs_swoole_set_error(c ? RS_SWOOLE_ERROR_OPERATION_NOT_SUPPORT : RS_SWOOLE_ERROR_SERVER_INVALID_COMMAND);
		RETURN_FALSE;
	}
	if (php_json_encode(&text, data, 0) != SUCCESS) {
		smart_str_free(&text);
		rs_swoole_warn(RS_SWOOLE_ERROR_INVALID_PARAMS, "the data cannot be encoded as JSON");
		RETURN_FALSE;
	}
	got = ask(to, name, &text);
	smart_str_free(&text);
	if (!got)
		RETURN_FALSE;
	if (!json_decode)
		RETURN_STR(got);
	if (php_json_decode(return_value, ZSTR_VAL(got), ZSTR_LEN(got), true, PHP_JSON_PARSER_DEFAULT_DEPTH) != SUCCESS)
		RETVAL_FALSE;
	zend_string_release(got);
}

static void rshutdown(void)
{
	if (!all.ready)
		return;
	zend_hash_destroy(&all.commands);
	zend_hash_destroy(&all.calls);
	all.ready = false;
}

void rs_swoole_minit_server_command(void)
{
	rs_swoole_at_rshutdown(rshutdown);
}
