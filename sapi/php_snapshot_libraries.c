/*
 * What libraries keep for the process: libxml's mode and errors, OpenSSL's error queue, variables of output_add_rewrite_var(), the search of
 * mb_ereg, syslog, the history of readline.
 */
#include "php_call.h"
#include "php_snapshot_process.h"

#include "tls/tls_cert.h"

const char *const rs_libxml_functions[] = { "libxml_use_internal_errors", "libxml_set_streams_context", NULL };
static bool libxml_collects;

void rs_libxml_take(void)
{
	zval ret;

	libxml_collects = rs_ask("libxml_use_internal_errors", 0, NULL, &ret) && Z_TYPE(ret) == IS_TRUE;
}

unsigned rs_libxml_restore(void)
{
	zval context, ret;

	if (rs_ask("stream_context_create", 0, NULL, &context)) {
		(void)rs_ask("libxml_set_streams_context", 1, &context, &ret);
		zval_ptr_dtor(&context);
	}
	return rs_call("libxml_clear_errors");
}

/* In every request: nobody may see the errors of somebody else's documents. */
void rs_libxml_forget_errors(void)
{
	if (libxml_collects)
		(void)rs_call("libxml_clear_errors");
}

const char *const rs_entities_functions[] = { "libxml_disable_entity_loader", NULL };
static bool entities_off;

/* Says what it was. A deprecated function; there is no other that tells. */
static bool set_entities_off(bool off)
{
	zend_function *f = zend_hash_str_find_ptr(CG(function_table), ZEND_STRL("libxml_disable_entity_loader"));
	zval argument, ret;

	ZVAL_BOOL(&argument, off);
	return f && rs_php_call_quietly(f, NULL, &ret, 1, &argument) && Z_TYPE(ret) == IS_TRUE;
}

void rs_entities_take(void)
{
	entities_off = set_entities_off(false);
	if (entities_off)
		(void)set_entities_off(true);
}

unsigned rs_entities_restore(void)
{
	return set_entities_off(entities_off) != entities_off;
}

const char *const rs_openssl_functions[] = {
	"openssl_encrypt", "openssl_decrypt", "openssl_sign", "openssl_verify", "openssl_seal", "openssl_open", "openssl_public_encrypt",
	"openssl_public_decrypt", "openssl_private_encrypt", "openssl_private_decrypt", "openssl_pkey_new", "openssl_pkey_get_private",
	"openssl_pkey_get_public", "openssl_get_privatekey", "openssl_get_publickey", "openssl_pkey_export", "openssl_x509_read",
	"openssl_x509_parse", "openssl_x509_verify", "openssl_csr_new", "openssl_csr_sign", "openssl_pkcs12_read", "openssl_pkcs7_verify",
	"openssl_pkcs7_sign", "openssl_pkcs7_decrypt", "openssl_cms_verify", NULL,
};

/* The extension's queue of errors, which is made for the first one; NULL: it keeps it otherwise. */
static void *const *openssl_queue;

/* Before 8.4 its globals are that pointer. */
void rs_openssl_take(void)
{
	const zend_module_entry *module = zend_hash_str_find_ptr(&module_registry, ZEND_STRL("openssl"));

	if (PHP_VERSION_ID < 80400 && module && module->globals_size == sizeof *openssl_queue)
		openssl_queue = module->globals_ptr;
}

/* No function of the extension has ever met an error, and none is on its way there: who encrypts a cookie leaves nothing. */
static bool openssl_is_clean(void)
{
	return openssl_queue && !*openssl_queue && !rs_tlscert_error_waits();
}

/* The queue has 16 places. */
RS_HOT unsigned rs_openssl_restore(void)
{
	unsigned n = 0;
	zval text;

	if (openssl_is_clean())
		return 0;
	while (n < 32 && rs_ask("openssl_error_string", 0, NULL, &text) && Z_TYPE(text) == IS_STRING) {
		zval_ptr_dtor(&text);
		n++;
	}
	return n;
}

const char *const rs_rewrite_functions[] = { "output_add_rewrite_var", NULL };

unsigned rs_rewrite_restore(void)
{
	return rs_call("output_reset_rewrite_vars");
}

const char *const rs_regex_functions[] = { "mb_ereg_search_init", NULL };

unsigned rs_regex_restore(void)
{
	zval empty, ret;

	ZVAL_EMPTY_STRING(&empty);
	(void)rs_ask("mb_ereg_search_init", 1, &empty, &ret);
	return 1;
}

const char *const rs_syslog_functions[] = { "openlog", NULL };

unsigned rs_syslog_restore(void)
{
	return rs_call("closelog");
}

const char *const rs_readline_functions[] = { "readline_add_history", "readline_read_history", NULL };

unsigned rs_readline_restore(void)
{
	return rs_call("readline_clear_history");
}
