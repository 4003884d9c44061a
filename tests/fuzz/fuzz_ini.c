/*
 * An ini file of any bytes: an error or a configuration, and then one that survives being passed on and completed.
 */
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *arg, const char *text)
{
	(void)arg;
	RS_ASSERT(text[0] != '\0' && strchr(text, '\n') == NULL);
}

/* Dumped, read back, dumped again: the same bytes. */
static void check_copy(const struct rs_conf *c)
{
	struct rs_conf copy;
	struct rs_conf_error err;
	struct rs_buf one = { 0 }, two = { 0 };

	rs_conf_init(&copy);
	RS_ASSERT(rs_conf_dump(c, &one));
	RS_ASSERT(rs_conf_undump(&copy, rs_buf_slice(&one), &err) == RS_OK);
	RS_ASSERT(rs_conf_dump(&copy, &two));
	RS_ASSERT(rs_slice_eq(rs_buf_slice(&one), rs_buf_slice(&two)));
	rs_conf_fini(&copy);
	rs_buf_free(&one);
	rs_buf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_conf c;
	struct rs_conf_error err;
	struct rs_buf out = { 0 };

	rs_conf_init(&c);
	if (rs_conf_parse_ini(&c, rs_slice(data, size), "fuzz.ini", &err, ignore, NULL) == RS_OK) {
		check_copy(&c);
		if (rs_conf_complete(&c, "/", &err) == RS_OK)
			check_copy(&c);
		RS_ASSERT(rs_conf_print(&c, false, &out) && rs_conf_print(&c, true, &out));
	} else {
		RS_ASSERT(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
	}
	rs_conf_fini(&c);
	rs_buf_free(&out);
	return 0;
}
