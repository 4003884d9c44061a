/*
 * Processes: titles, fork, signals, privileges.
 */
#include "base/rs_proc.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/* Behind what is in room already. */
static char *keep(char **room, const char *text)
{
	size_t n = strlen(text) + 1;
	char *copy = memcpy(*room, text, n);

	*room += n;
	return copy;
}

/* One piece of memory, that environ leads to whatever is unset later. */
static bool keep_all(int argc, char **argv)
{
	size_t n = 0, bytes = 0;
	char **env, *room;

	for (; environ[n]; n++)
		bytes += strlen(environ[n]) + 1;
	for (int i = 0; i < argc; i++)
		bytes += strlen(argv[i]) + 1;
	env = malloc((n + 1) * sizeof *env + bytes);
	if (!env)
		return false;
	room = (char *)(env + n + 1);
	for (size_t i = 0; i < n; i++)
		env[i] = keep(&room, environ[i]);
	env[n] = NULL;
	for (int i = 0; i < argc; i++)
		argv[i] = keep(&room, argv[i]);
	environ = env;
	return true;
}

bool rs_title_init(struct rs_title *t, int argc, char **argv)
{
	char *start = argc > 0 ? argv[0] : NULL, *end;

	/* exec() with an empty argv: there is nothing to write on. */
	if (!start)
		return true;
	end = start + strlen(start) + 1;
	for (int i = 1; i < argc; i++) {
		if (argv[i] == end)
			end += strlen(argv[i]) + 1;
	}
	for (char **e = environ; *e; e++) {
		if (*e == end)
			end += strlen(*e) + 1;
	}
	if (!keep_all(argc, argv))
		return false;
	t->area = start;
	t->size = (size_t)(end - start);
	return true;
}

void rs_title_set(struct rs_title *t, const char *role)
{
	char text[512], comm[16];

	if (!t->area || t->size == 0)
		return;
	rs_fmt(text, sizeof text, "%s%slaravels: %s", t->prefix, t->prefix[0] ? " " : "", role);
	/* Where the area is small, the role tells more than the prefix. */
	if (strlen(text) >= t->size)
		rs_fmt(text, sizeof text, "laravels: %s", role);
	rs_title_put(t, text);
	rs_fmt(comm, sizeof comm, "rs %s", role);
	prctl(PR_SET_NAME, comm);
}

void rs_title_put(struct rs_title *t, const char *text)
{
	if (!t->area || t->size == 0)
		return;
	memset(t->area, 0, t->size);
	rs_copy(t->area, t->size, rs_slice_str(text));
}

void rs_signal(int sig, void (*handler)(int), bool restart)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = restart ? SA_RESTART : 0 };

	sigemptyset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

pid_t rs_fork_as_is(void)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid != 0) {
		int saved = errno;
		sigprocmask(SIG_SETMASK, &old, NULL);
		errno = saved;
	}
	return pid;
}

pid_t rs_fork_blocked(void)
{
	pid_t pid = rs_fork_as_is();

	for (int sig = 1; pid == 0 && sig < NSIG; sig++) {
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL);
	}
	return pid;
}

pid_t rs_fork(void)
{
	pid_t pid = rs_fork_blocked();
	sigset_t none;

	sigemptyset(&none);
	if (pid == 0)
		sigprocmask(SIG_SETMASK, &none, NULL);
	return pid;
}

static void fill(struct rs_identity *id, const struct passwd *pw)
{
	id->uid = pw->pw_uid;
	id->gid = pw->pw_gid;
	rs_copy(id->user, sizeof id->user, rs_slice_str(pw->pw_name));
	rs_copy(id->home, sizeof id->home, rs_slice_str(pw->pw_dir));
}

bool rs_identity_find(const char *user, const char *group, struct rs_identity *id, const char **unknown)
{
	const struct passwd *pw = getpwnam(user);
	const struct group *gr;
	uint64_t n;

	*unknown = NULL;
	if (!pw && rs_parse_u64(rs_slice_str(user), UINT32_MAX - 1, &n))
		pw = getpwuid((uid_t)n);
	if (!pw) {
		*unknown = user;
		return false;
	}
	fill(id, pw);
	if (!group || !*group)
		return true;
	gr = getgrnam(group);
	if (!gr && rs_parse_u64(rs_slice_str(group), UINT32_MAX - 1, &n))
		gr = getgrgid((gid_t)n);
	if (!gr) {
		*unknown = group;
		return false;
	}
	id->gid = gr->gr_gid;
	return true;
}

bool rs_identity_of_path(const char *path, struct rs_identity *id)
{
	const struct passwd *pw;
	struct stat st;

	if (stat(path, &st) < 0)
		return false;
	pw = getpwuid(st.st_uid);
	if (pw) {
		fill(id, pw);
	} else {
		id->uid = st.st_uid;
		/* Never root's group by chance: a folder of a number alone often has it (chown 1000). */
		id->gid = st.st_gid ? st.st_gid : (gid_t)st.st_uid;
		rs_fmt(id->user, sizeof id->user, "%u", (unsigned)st.st_uid);
		rs_copy(id->home, sizeof id->home, RS_SLICE("/"));
	}
	return true;
}

bool rs_identity_become(const struct rs_identity *id)
{
	if (geteuid() != 0) {
		errno = EPERM;
		return geteuid() == id->uid;
	}
	if (id->uid == 0)
		return id->gid == getegid() || (setgroups(1, &id->gid) == 0 && setresgid(id->gid, id->gid, id->gid) == 0);
	if (initgroups(id->user, id->gid) < 0 && setgroups(1, &id->gid) < 0)
		return false;
	if (setresgid(id->gid, id->gid, id->gid) < 0 || setresuid(id->uid, id->uid, id->uid) < 0)
		return false;
	/* Believe it only when there is no way back. */
	if (setuid(0) == 0 || geteuid() != id->uid || getegid() != id->gid) {
		errno = EPERM;
		return false;
	}
	return true;
}

pid_t rs_proc_parent(pid_t pid)
{
	char path[64], line[512];
	const char *end;
	int parent = 0;
	FILE *f;

	rs_fmt(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	end = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
	if (!end || sscanf(end + 1, " %*c %d", &parent) != 1)
		parent = 0;
	fclose(f);
	return parent;
}
