/*
 * The table of commands.
 */
#include "cli/cli.h"

const struct rs_command rs_commands[] = {
	{ "help", rs_cmd_help, 0, 1, "this text" },
	{ "start", rs_cmd_start, RS_CLI_TEST, 0, "start the server, in the foreground unless told otherwise" },
	{ "stop", rs_cmd_stop, 0, 0, "stop it; running requests may finish" },
	{ "restart", rs_cmd_restart, 0, 0, "replace the running server; no connection is refused meanwhile" },
	{ "reload", rs_cmd_reload, RS_CLI_WAIT, 0, "boot the application anew beside the old one, then switch" },
	{ "status", rs_cmd_status, RS_CLI_JSON, 0, "processes, requests, connections" },
	{ "info", rs_cmd_info, 0, 0, "versions, listeners, files" },
	{ "config", rs_cmd_config, RS_CLI_JSON, 0, "every option's value and where it comes from" },
	{ "doctor", rs_cmd_doctor, RS_CLI_JSON | RS_CLI_REQUESTS, 1000, "what requests leave behind: rserverd doctor [PATH ...]" },
	{ "run", rs_cmd_run, 0, UINT32_MAX, "run a PHP script with our classes, a server's script too: rserverd run script.php" },
	{ "artisan", rs_cmd_artisan, 0, UINT32_MAX, "the application's Artisan with our classes: rserverd artisan queue:work" },
	{ "php", rs_cmd_php, 0, UINT32_MAX, "PHP's own command line with our classes: rserverd php script.php" },
	{ "serve-script", rs_cmd_serve_script, 0, 1, NULL },
	{ "version", rs_cmd_version, 0, 0, "print the version" },
	{ "docs", rs_cmd_docs, 0, 1, NULL },
	{ NULL, NULL, 0, 0, NULL },
};
