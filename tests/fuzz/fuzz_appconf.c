/*
 * config/laravels.php as a manager sends it: lines that application code made. Whatever they are, nothing that only ini
 * and command line may say is changed by them when the server was started as root.
 */
#include "conf/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rs_conf c;
	struct rs_conf_error err;

	rs_conf_init(&c);
	if (rs_conf_take_app(&c, rs_slice(data, size), true, &err, NULL, NULL) != RS_OK)
		RS_ASSERT(err.text[0] != '\0');
	for (size_t i = 0; i < RS_OPT_COUNT; i++) {
		RS_ASSERT(c.origin[i].from <= RS_FROM_APP && !c.origin[i].derived);
		RS_ASSERT(!(rs_options[i].flags & RS_OPT_ROOT) || c.origin[i].from == RS_FROM_DEFAULT);
	}
	RS_ASSERT(c.listen_port >= 1024 && strchr(c.listen_ip, '/') == NULL);
	RS_ASSERT(c.php.n == 0 && c.ini_file[0] == '\0');
	rs_conf_fini(&c);

	/* Between our own processes: an error or a configuration. */
	rs_conf_init(&c);
	if (rs_conf_undump(&c, rs_slice(data, size), &err) != RS_OK)
		RS_ASSERT(err.text[0] != '\0');
	rs_conf_fini(&c);
	return 0;
}
