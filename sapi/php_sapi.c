/*
 * Our server API: what PHP calls to write, to send headers, to read a body, to log. Everything goes through the exchange
 * of the request that runs; between requests output goes to the process's standard output, as a CLI's would.
 */
#include "php_doctor.h"

#include <syslog.h>
#include <unistd.h>

/* ---- output ---------------------------------------------------------------------------------------- */

/*
 * The client has left. As under every SAPI the script ends at its next output, unless it asked to go on; here by unwinding
 * like exit(), so that the process stays as good as new.
 */
static void client_left(void)
{
	PG(connection_status) = PHP_CONNECTION_ABORTED;
	php_output_set_status(PHP_OUTPUT_DISABLED);
	if (!PG(ignore_user_abort) && EG(current_execute_data) && !EG(exception))
		zend_throw_unwind_exit();
}

/*
 * An output callback has thrown, or called exit, at the end of the output: PHP passes on what it was to change as it was, and php-fpm
 * sends nothing of that.
 */
static bool spoilt_at_end(void)
{
	return rs_php()->ending_output && EG(exception);
}

static size_t sapi_ub_write(const char *p, size_t n)
{
	struct rs_exchange *x = rs_php()->x;

	if (!x || rs_exchange_is_mute(x)) {
		ssize_t out = write(STDOUT_FILENO, p, n);
		return out < 0 ? 0 : (size_t)out;
	}
	if (spoilt_at_end())
		return n;
	if (!rs_exchange_head_sent(x) && !SG(headers_sent))
		sapi_send_headers();
	if (rs_exchange_head_sent(x) && rs_exchange_write(x, p, n) == RS_DONE)
		client_left();
	return n;
}

static void sapi_flush_output(void *context)
{
	struct rs_exchange *x = rs_php()->x;

	(void)context;
	if (!x || rs_exchange_is_mute(x))
		return;
	if (!SG(headers_sent))
		sapi_send_headers();
	if (rs_exchange_flush(x) == RS_DONE)
		client_left();
}

/* ---- headers --------------------------------------------------------------------------------------- */

enum header_kind { PASS, LENGTH, STATUS, HOP };

/* Headers that are not simply passed on. */
static const struct {
	const char *name;
	size_t n;
	enum header_kind kind;
} special[] = {
	{ "content-length", 14, LENGTH }, { "status", 6, STATUS },       { "transfer-encoding", 17, HOP },
	{ "connection", 10, HOP },        { "keep-alive", 10, HOP },     { "upgrade", 7, HOP },
	{ "proxy-connection", 16, HOP },
};

static enum header_kind kind_of(struct rs_slice line, struct rs_slice *value)
{
	const char *colon = memchr(line.p, ':', line.n);
	size_t name = colon ? (size_t)(colon - line.p) : line.n;

	*value = rs_slice(line.p + name + (colon != NULL), line.n - name - (colon != NULL));
	while (value->n && (*value->p == ' ' || *value->p == '\t')) {
		value->p++;
		value->n--;
	}
	for (size_t i = 0; i < RS_COUNTOF(special); i++) {
		if (special[i].n == name && strncasecmp(special[i].name, line.p, name) == 0)
			return special[i].kind;
	}
	return colon && name ? PASS : HOP;
}

/*
 * A header that HTTP does not know would break the response for everybody, and the reactor ends a worker that sends one: it is dropped
 * with a warning. PHP itself refuses CR, LF and NUL in header(), but not in all that ends up here, and not the other control bytes.
 */
static bool usable(struct rs_slice line)
{
	size_t i = 0;

	for (; i < line.n && line.p[i] != ':'; i++) {
		unsigned char c = (unsigned char)line.p[i];
		if (c <= ' ' || c >= 0x7f || strchr("()<>@,;\\\"/[]?={}", c))
			return false;
	}
	for (; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* What nginx passes on from php-fpm: three digits. */
#define STATUS_MAX 999

/* "HTTP/1.1 404 Not here" as given to header(): the part behind the number. */
static struct rs_slice reason_of(const char *line)
{
	const char *p = line ? strchr(line, ' ') : NULL;

	while (p && *p == ' ')
		p++;
	while (p && *p >= '0' && *p <= '9')
		p++;
	return p && *p == ' ' ? rs_slice_str(p + 1) : RS_SLICE("");
}

/* What header() has gathered: the lines that are simply passed on; those that are not are told in length (-1: none) and status. */
static bool gather(sapi_headers_struct *headers, struct rs_buf *block, int64_t *length, uint64_t *status)
{
	struct rs_slice line, value;
	zend_llist_position pos;
	sapi_header_struct *h;
	uint64_t n;
	bool ok = true;

	*length = -1;
	for (h = zend_llist_get_first_ex(&headers->headers, &pos); h && ok;
	     h = zend_llist_get_next_ex(&headers->headers, &pos)) {
		line = rs_slice(h->header, h->header_len);
		switch (kind_of(line, &value)) {
		case LENGTH:
			*length = rs_parse_u64(value, INT64_MAX, &n) ? (int64_t)n : -1;
			break;
		case STATUS:
			if (value.n >= 3)
				(void)rs_parse_u64(rs_slice(value.p, 3), STATUS_MAX, status);
			break;
		case HOP:
			break;
		case PASS:
			if (usable(line))
				ok = rs_buf_put(block, line.p, line.n) && rs_buf_put(block, "\r\n", 2);
			else
				rs_warnx(rs_host_log(), "dropped a malformed response header: %.*s", (int)line.n, line.p);
			break;
		}
	}
	return ok;
}

bool rs_php_send_interim(unsigned status)
{
	struct rs_exchange *x = rs_php()->x;
	struct rs_buf block = { 0 };
	uint64_t ignored;
	int64_t length;
	bool ok;

	if (!x || rs_exchange_is_mute(x) || rs_exchange_head_sent(x))
		return false;
	ok = gather(&SG(sapi_headers), &block, &length, &ignored) && rs_exchange_interim(x, status, rs_buf_slice(&block));
	rs_buf_free(&block);
	return ok;
}

static int sapi_send_all_headers(sapi_headers_struct *headers)
{
	struct rs_exchange *x = rs_php()->x;
	struct rs_buf block = { 0 };
	uint64_t status = (uint64_t)headers->http_response_code;
	int64_t length;
	bool ok;

	if (!x || rs_exchange_is_mute(x) || rs_exchange_head_sent(x))
		return SAPI_HEADER_SENT_SUCCESSFULLY;
	/* Later: the error that is reported first may become the status. */
	if (spoilt_at_end())
		return SAPI_HEADER_SEND_FAILED;
	ok = gather(headers, &block, &length, &status) && rs_php_doctor_header(&block);
	if (status == 0)
		status = 200;
	if (status < 200 || status > STATUS_MAX || !ok) {
		if (ok)
			rs_warnx(rs_host_log(), "%llu is no status of a response; 500 is sent", (unsigned long long)status);
		status = 500;
	}
	rs_exchange_head(x, (unsigned)status,
			 headers->http_status_line && status == (uint64_t)headers->http_response_code
				 ? reason_of(headers->http_status_line) : RS_SLICE(""),
			 rs_buf_slice(&block), length);
	rs_buf_free(&block);
	return SAPI_HEADER_SENT_SUCCESSFULLY;
}

/* ---- input ----------------------------------------------------------------------------------------- */

static size_t sapi_read_body(char *buf, size_t n)
{
	struct rs_exchange *x = rs_php()->x;

	return x ? rs_exchange_read_body(x, buf, n) : 0;
}

/* arm() has put the joined Cookie fields where PHP will find them. */
static char *sapi_cookies(void)
{
	return SG(request_info).cookie_data;
}

static zend_result sapi_request_time(double *t)
{
	struct rs_exchange *x = rs_php()->x;

	if (!x)
		return FAILURE;
	*t = (double)rs_exchange_request(x)->received_us / 1e6;
	return SUCCESS;
}

/* ---- the rest -------------------------------------------------------------------------------------- */

static void sapi_log(const char *message, int level)
{
	enum rs_log_level l = level <= LOG_ERR ? RS_LOG_ERROR : level == LOG_WARNING ? RS_LOG_WARN
			    : level == LOG_NOTICE ? RS_LOG_NOTICE : level == LOG_INFO ? RS_LOG_INFO : RS_LOG_DEBUG;

	/* Without a level of its own error_log() says LOG_NOTICE; PHP's own errors come so as well. */
	rs_log_text(rs_host_log(), l, "", rs_slice_str(message));
}

static int sapi_start(sapi_module_struct *module)
{
	return php_module_startup(module, &rs_swoole_module_entry);
}

sapi_module_struct rs_php_sapi = {
	.name = "cli", /* what resident packages and OPcache expect */
	.pretty_name = "rserverd",
	.startup = sapi_start,
	.shutdown = php_module_shutdown_wrapper,
	.ub_write = sapi_ub_write,
	.flush = sapi_flush_output,
	.getenv = rs_php_getenv,
	.sapi_error = php_error,
	.send_headers = sapi_send_all_headers,
	.read_post = sapi_read_body,
	.read_cookies = sapi_cookies,
	.register_server_variables = rs_php_server_variables,
	.log_message = sapi_log,
	.get_request_time = sapi_request_time,
	.additional_functions = rs_php_glue_functions,
};
