/*
 * Functions of no class that suspend the coroutine, or make what does: commands as exec() and shell_exec() run them, a pair of sockets.
 */
#include "swoole_client.h"
#include "swoole_coroutine_socket.h"
#include "swoole_system.h"

#include "stubs/coroutine_helpers_arginfo.h"

#include <errno.h>
#include <sys/wait.h>

/* Appends the lines, without the white space at their ends, to list; returns the last one. */
static zend_string *split_lines(const char *text, HashTable *list)
{
	zend_string *last = ZSTR_EMPTY_ALLOC();

	while (text && *text) {
		const char *end = strchr(text, '\n');
		size_t n = end ? (size_t)(end - text) : strlen(text);
		const char *next = text + n + (end != NULL);
		zval line;

		while (n && isspace((unsigned char)text[n - 1]))
			n--;
		last = zend_string_init(text, n, 0);
		ZVAL_STR(&line, last);
		zend_hash_next_index_insert_new(list, &line);
		text = next;
	}
	return zend_string_copy(last);
}

/* As exec(): what output has already stays in front. */
ZEND_FUNCTION(swoole_exec)
{
	zval *output = NULL, *return_var = NULL, lines;
	smart_str printed = { 0 };
	zend_string *last;
	int status = 0;
	char *command;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 3)
		Z_PARAM_PATH(command, n)
		Z_PARAM_OPTIONAL
		Z_PARAM_ZVAL(output)
		Z_PARAM_ZVAL(return_var)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	if (!rs_system_exec(command, false, &printed, &status))
		RETURN_FALSE;
	if (output && Z_TYPE_P(Z_REFVAL_P(output)) == IS_ARRAY)
		ZVAL_ARR(&lines, zend_array_dup(Z_ARRVAL_P(Z_REFVAL_P(output))));
	else
		array_init(&lines);
	last = split_lines(printed.s ? ZSTR_VAL(printed.s) : NULL, Z_ARRVAL(lines));
	smart_str_free(&printed);
	RETVAL_STR(last);
	if (output)
		ZEND_TRY_ASSIGN_REF_ARR(output, Z_ARRVAL(lines));
	else
		zval_ptr_dtor(&lines);
	if (return_var)
		ZEND_TRY_ASSIGN_REF_LONG(return_var, WIFEXITED(status) ? WEXITSTATUS(status) : 0);
}

/* As shell_exec(), but "" where nothing was printed. */
ZEND_FUNCTION(swoole_shell_exec)
{
	smart_str printed = { 0 };
	int status = 0;
	char *command;
	size_t n;

	ZEND_PARSE_PARAMETERS_START(1, 1)
		Z_PARAM_PATH(command, n)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_co_require())
		RETURN_THROWS();
	if (!rs_system_exec(command, false, &printed, &status))
		RETURN_FALSE;
	RETURN_STR(smart_str_extract(&printed));
}

ZEND_FUNCTION(swoole_coroutine_socketpair)
{
	zend_long domain, type, protocol;
	struct rs_sock pair[2];
	zval socket;

	ZEND_PARSE_PARAMETERS_START(3, 3)
		Z_PARAM_LONG(domain)
		Z_PARAM_LONG(type)
		Z_PARAM_LONG(protocol)
	ZEND_PARSE_PARAMETERS_END();
	if (!rs_sock_pair(pair, (int)domain, (int)type, (int)protocol)) {
		rs_swoole_warn(errno, "cannot make a pair of sockets: %s", strerror(errno));
		RETURN_FALSE;
	}
	array_init_size(return_value, 2);
	for (size_t i = 0; i < RS_COUNTOF(pair); i++) {
		pair[i].wait = rs_client_wait;
		(void)rs_co_socket_of_sock(&socket, &pair[i]);
		add_next_index_zval(return_value, &socket);
	}
}

void rs_swoole_minit_coroutine_helpers(void)
{
	zend_register_functions(NULL, coroutine_helpers_functions, NULL, MODULE_PERSISTENT);
}
