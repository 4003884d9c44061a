/*
 * PHP's configuration: which php.ini, and the directives that this server decides.
 *
 * Three layers reach PHP as one text of ini entries, the last one wins: defaults of ours, the [php] section, and what
 * a resident process cannot do without.
 */
#include "sapi.h"

#include <libgen.h>
#include <sys/stat.h>

static const char ours[] = "html_errors=1\n"
			   "output_buffering=0\n"
			   "implicit_flush=Off\n"
			   "opcache.enable=1\n";

/*
 * OPcache's clock stands still in one long PHP request: a file younger than file_update_protection at boot would never
 * be cached, and a revalidation interval would never end. Superglobals armed by the compiler would be stale.
 */
static const char forced[] = "auto_globals_jit=0\n"
			     "register_argc_argv=0\n"
			     "opcache.enable_cli=1\n"
			     "opcache.file_update_protection=0\n"
			     "opcache.revalidate_freq=0\n";

static bool put_user_entries(struct rs_buf *b, const struct rs_strlist *php)
{
	for (size_t i = 0; i < php->n; i++) {
		const char *eq = strchr(php->v[i], '=');
		if (!eq)
			continue;
		/* Quoted, so that a value with ; or = stays one; a quote inside cannot be expressed in ini syntax. */
		bool quote = !strchr(eq + 1, '"') && !strchr(eq + 1, '\n');
		if (!rs_buf_printf(b, quote ? "%.*s=\"%s\"\n" : "%.*s=%s\n", (int)(eq - php->v[i]), php->v[i], eq + 1))
			return false;
	}
	return true;
}

/* conf.d beside the named php.ini is scanned, as the distribution does for its own SAPIs. */
static bool use_scan_dir(const char *php_ini)
{
	char copy[4096], dir[4200];
	struct stat st;

	if (!rs_copy(copy, sizeof copy, rs_slice_str(php_ini)) ||
	    !rs_fmt(dir, sizeof dir, "%s/conf.d", dirname(copy)))
		return false;
	if (stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))
		return true;
	return setenv("PHP_INI_SCAN_DIR", dir, 1) == 0;
}

bool rs_php_ini_prepare(const struct rs_conf *conf)
{
	struct rs_buf b = { 0 };

	if (!rs_buf_put(&b, ours, sizeof ours - 1))
		return false;
	if (*conf->upload_tmp_dir && !rs_buf_printf(&b, "upload_tmp_dir=\"%s\"\n", conf->upload_tmp_dir))
		return false;
	if (!put_user_entries(&b, &conf->php) || !rs_buf_put(&b, forced, sizeof forced))
		return false;
	rs_php_sapi.ini_entries = b.p; /* stays for the life of the process */
	rs_php_sapi.executable_location = conf->php_binary;
	rs_php_sapi.php_ini_ignore_cwd = 1;
	if (*conf->php_ini) {
		rs_php_sapi.php_ini_path_override = conf->php_ini;
		return use_scan_dir(conf->php_ini);
	}
	return true;
}
