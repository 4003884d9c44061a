/*
 * rserverd: the program's entry. Makes what must be made before anything else looks at argv, then runs one command; under
 * the name php it is PHP's command line.
 */
#include "base/rs_fd.h"
#include "cli/cli.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct rs_title title = { .prefix = "" };
	struct rs_cli cli = { .title = &title };
	char why[512];

	if (argc > 0 && rs_cli_named_php(argv[0]))
		return rs_cli_be_php(argc, argv);
	if (!rs_fd_standard() || !rs_title_init(&title, argc, argv) || !rs_cli_locate(&cli))
		return rs_cli_fail("cannot prepare the process");
	if (!rs_cli_parse(&cli, rs_commands, argc, argv, why, sizeof why)) {
		(void)rs_cli_fail("%s; see rserverd help", why);
		return 2;
	}
	return cli.help ? rs_cmd_help(&cli) : cli.command->run(&cli);
}
