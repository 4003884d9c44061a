/*
 * Words of the command line into struct rs_cli. Options stand before or behind the command; everything behind `php`
 * and `run` is PHP's.
 */
#include "cli/cli.h"

#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPT_WAIT = 256, OPT_JSON, OPT_VERSION, OPT_REQUESTS };

/* --requests */
#define REQUESTS_MAX 100

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },  { "daemonize", no_argument, NULL, 'd' },
	{ "env", required_argument, NULL, 'e' },     { "ignore", no_argument, NULL, 'i' },
	{ "x-version", required_argument, NULL, 'x' }, { "test", no_argument, NULL, 't' },
	{ "wait", no_argument, NULL, OPT_WAIT },     { "json", no_argument, NULL, OPT_JSON },
	{ "version", no_argument, NULL, OPT_VERSION }, { "help", no_argument, NULL, 'h' },
	{ "requests", required_argument, NULL, OPT_REQUESTS },
	{ NULL, 0, NULL, 0 },
};

/* '+': stop at the first word that is no option. ':': tell a missing value from an unknown option. */
static const char short_options[] = "+:c:de:ix:tVh";

struct parsing {
	struct rs_cli *cli;
	unsigned given;        /* RS_CLI_* */
	bool version;
	char *why;
	size_t why_size;
};

#define PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-"
/* master/master_ctl_parse.c has them, too: of the name of an environment, and of a version, which may be a branch: "release/2.0#7". */
#define OF_ENVIRONMENT PLAIN
#define OF_VERSION PLAIN "/:,@#=%"

/* -e and -x become words of a command line and of the environment again. */
static bool word_of(const char *allowed, const char *text, size_t max)
{
	size_t n = strlen(text);

	return n && n < max && text[0] != '-' && strspn(text, allowed) == n;
}

static bool take_requests(struct parsing *p)
{
	uint64_t n;

	p->given |= RS_CLI_REQUESTS;
	rs_fmt(p->why, p->why_size, "--requests: \"%s\" is no number from 1 to %d", optarg, REQUESTS_MAX);
	if (!rs_parse_u64(rs_slice_str(optarg), REQUESTS_MAX, &n) || n == 0)
		return false;
	p->cli->requests = (unsigned)n;
	return true;
}

static bool take_option(struct parsing *p, int opt, const char *typed)
{
	struct rs_cli *cli = p->cli;

	switch (opt) {
	case 'c':
		cli->ini = optarg;
		return true;
	case 'd':
		cli->daemonize = true;
		return true;
	case 'e':
		cli->environment = optarg;
		return word_of(OF_ENVIRONMENT, optarg, 64) || !rs_fmt(p->why, p->why_size, "-e: \"%s\" is no name of an environment", optarg);
	case 'i':
		cli->ignore = true;
		return true;
	case 'x':
		cli->x_version = optarg;
		return word_of(OF_VERSION, optarg, 128) ||
		       !rs_fmt(p->why, p->why_size, "-x: \"%s\" is no version: up to 127 letters, digits and any of ._+-/:,@#=%%", optarg);
	case 't':
		cli->test = true;
		p->given |= RS_CLI_TEST;
		return true;
	case 'V':
	case OPT_VERSION:
		p->version = true;
		return true;
	case 'h':
		cli->help = true;
		return true;
	case OPT_WAIT:
		cli->wait = true;
		p->given |= RS_CLI_WAIT;
		return true;
	case OPT_JSON:
		cli->json = true;
		p->given |= RS_CLI_JSON;
		return true;
	case OPT_REQUESTS:
		return take_requests(p);
	case ':':
		rs_fmt(p->why, p->why_size, "option %s needs a value", typed);
		return false;
	default:
		rs_fmt(p->why, p->why_size, "unknown option %s", typed);
		return false;
	}
}

/* Options from optind on, up to the next word. */
static bool take_options(struct parsing *p, int argc, char **argv)
{
	int opt, at = optind;

	while ((opt = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		if (!take_option(p, opt, argv[at > 0 ? at : 1]))
			return false;
		at = optind;
	}
	return true;
}

static const struct rs_command *find(const struct rs_command *commands, const char *name)
{
	for (const struct rs_command *c = commands; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* How many letters have to change, come or go; two that have changed places count once. */
static size_t distance(const char *a, const char *b)
{
	size_t d[3][32], na = strlen(a), nb = strlen(b);

	if (na > 30 || nb > 30)
		return SIZE_MAX;
	for (size_t k = 0; k <= nb; k++)
		d[0][k] = k;
	for (size_t i = 1; i <= na; i++) {
		size_t *row = d[i % 3], *up = d[(i + 2) % 3], *up2 = d[(i + 1) % 3];
		row[0] = i;
		for (size_t k = 1; k <= nb; k++) {
			size_t best = up[k - 1] + (a[i - 1] != b[k - 1]);
			best = up[k] + 1 < best ? up[k] + 1 : best;
			best = row[k - 1] + 1 < best ? row[k - 1] + 1 : best;
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1] && up2[k - 2] + 1 < best)
				best = up2[k - 2] + 1;
			row[k] = best;
		}
	}
	return d[na % 3][nb];
}

static void unknown_command(struct parsing *p, const struct rs_command *commands, const char *word)
{
	const char *nearest = NULL;
	size_t least = 3;

	for (const struct rs_command *c = commands; c->name; c++) {
		size_t n = distance(word, c->name);
		if (c->help && n < least) {
			least = n;
			nearest = c->name;
		}
	}
	rs_fmt(p->why, p->why_size, "unknown command %s%s%s%s", word, nearest ? "; did you mean " : "",
	       nearest ? nearest : "", nearest ? "?" : "");
}

static const struct rs_command *without_word(const struct parsing *p, const struct rs_command *commands)
{
	if (p->version)
		return find(commands, "version");
	return p->cli->test ? find(commands, "start") : &commands[0];
}

static bool take_words(struct parsing *p, const struct rs_command *commands, int argc, char **argv)
{
	struct rs_cli *cli = p->cli;

	while (optind < argc) {
		if (!cli->command) {
			cli->command = find(commands, argv[optind]);
			if (!cli->command) {
				unknown_command(p, commands, argv[optind]);
				return false;
			}
			cli->argv = argv + ++optind;
			if (cli->command->arguments == UINT32_MAX) {
				cli->argc = argc - optind;
				return true;
			}
		} else if ((unsigned)cli->argc < cli->command->arguments) {
			if (cli->argc == 0)
				cli->argv = argv + optind;
			/* They are kept as a piece of argv. */
			if (argv + optind != cli->argv + cli->argc) {
				rs_fmt(p->why, p->why_size, "%s: options go before or behind all words: %s", cli->command->name,
				       argv[optind]);
				return false;
			}
			cli->argc++;
			optind++;
		} else {
			rs_fmt(p->why, p->why_size, "%s: too many words: %s", cli->command->name, argv[optind]);
			return false;
		}
		if (!take_options(p, argc, argv))
			return false;
	}
	return true;
}

bool rs_cli_parse(struct rs_cli *cli, const struct rs_command *commands, int argc, char **argv, char *why, size_t why_size)
{
	struct parsing p = { .cli = cli, .why = why, .why_size = why_size };
	unsigned wrong;

	cli->environment = cli->x_version = "";
	optind = 0;
	opterr = 0;
	if (!take_options(&p, argc, argv) || !take_words(&p, commands, argc, argv))
		return false;
	if (p.version)
		cli->command = NULL;
	if (!cli->command)
		cli->command = without_word(&p, commands);
	wrong = p.given & ~cli->command->options;
	if (wrong) {
		rs_fmt(why, why_size, "%s does not take %s", cli->command->name,
		       wrong & RS_CLI_TEST ? "-t" : wrong & RS_CLI_WAIT ? "--wait" : wrong & RS_CLI_JSON ? "--json" : "--requests");
		return false;
	}
	return true;
}

/* As `pwd -L`: a release directory behind a link keeps the link's name. */
static bool logical_cwd(char *out, size_t size)
{
	const char *pwd = getenv("PWD");
	struct stat a, b;

	if (pwd && pwd[0] == '/' && !strstr(pwd, "/./") && !strstr(pwd, "/../") && stat(pwd, &a) == 0 &&
	    stat(".", &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
		return rs_copy(out, size, rs_slice_str(pwd));
	return getcwd(out, size) != NULL;
}

bool rs_cli_locate(struct rs_cli *cli)
{
	ssize_t n = readlink("/proc/self/exe", cli->exe, sizeof cli->exe - 1);

	cli->exe[n > 0 ? n : 0] = '\0';
	return n > 0 && logical_cwd(cli->cwd, sizeof cli->cwd);
}
