/* Whose rights files of run time are made with, and what is refused; Unix sockets with long names. */
#include "master/master_file.c"
#include "master/master_unix.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static char dir[] = "/tmp/rs-file-XXXXXX";
static const struct rs_identity nobody = { .uid = 65534, .gid = 65534, .user = "nobody" };

static const char *in_dir(const char *name)
{
	static char path[256];

	rs_fmt(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) && chmod(dir, 0755) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void only_regular_files_and_no_links(void **state)
{
	int fd;

	(void)state;
	fd = rs_file_open(in_dir("a"), O_WRONLY | O_CREAT, 0640, NULL);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(symlink("a", in_dir("link")), 0);
	assert_int_equal(rs_file_open(in_dir("link"), O_WRONLY, 0, NULL), -1);
	assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
	assert_int_equal(rs_file_open(in_dir("fifo"), O_RDWR, 0, NULL), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(rs_file_open("/dev/null", O_WRONLY, 0, NULL), -1);
	assert_int_equal(unlink(in_dir("fifo")), 0);
	assert_int_equal(unlink(in_dir("link")), 0);
	assert_int_equal(unlink(in_dir("a")), 0);
}

static void directories_are_made(void **state)
{
	(void)state;
	assert_true(rs_file_make_dir_of(in_dir("x/y/z/file"), NULL));
	assert_int_equal(access(in_dir("x/y/z"), F_OK), 0);
	assert_int_equal(access(in_dir("x/y/z/file"), F_OK), -1);
	assert_true(rs_file_make_dir_of(in_dir("x/y/z/file"), NULL));
	assert_true(rs_file_make_dir_of("/file", NULL));
	assert_false(rs_file_make_dir_of("relative/file", NULL));
	assert_int_equal(rmdir(in_dir("x/y/z")), 0);
	assert_int_equal(rmdir(in_dir("x/y")), 0);
	assert_int_equal(rmdir(in_dir("x")), 0);
}

/* The rest is about root and another user. */
static bool as_root(void)
{
	if (geteuid() == 0)
		return true;
	skip();
	return false;
}

static void trust_ends_at_the_first_foreign_directory(void **state)
{
	char path[512];

	(void)state;
	if (!as_root())
		return;
	assert_true(rs_file_trusted("/etc/passwd"));
	assert_true(rs_file_trusted(in_dir("file")));         /* /tmp is sticky, and this is root's in it */
	assert_false(rs_file_trusted("/tmp/rs-not-there"));   /* anybody may make it */
	assert_false(rs_file_trusted("relative"));
	assert_int_equal(mkdir(in_dir("theirs"), 0755), 0);
	assert_int_equal(mkdir(in_dir("theirs/roots"), 0755), 0);
	assert_int_equal(chown(in_dir("theirs"), nobody.uid, nobody.gid), 0);
	assert_false(rs_file_trusted(in_dir("theirs/file")));
	assert_false(rs_file_trusted(in_dir("theirs/roots/file"))); /* they can put another directory there */
	/* A link of root's to a place that is not trusted. */
	rs_fmt(path, sizeof path, "%s/theirs", dir);
	assert_int_equal(symlink(path, in_dir("link")), 0);
	assert_false(rs_file_trusted(in_dir("link/file")));
	assert_int_equal(unlink(in_dir("link")), 0);
	assert_int_equal(symlink("/etc", in_dir("link")), 0);
	assert_true(rs_file_trusted(in_dir("link/file")));
	assert_int_equal(unlink(in_dir("link")), 0);
	assert_int_equal(mkdir(in_dir("open"), 0755), 0);
	assert_int_equal(chmod(in_dir("open"), 0777), 0);
	assert_false(rs_file_trusted(in_dir("open/file")));
	assert_int_equal(rmdir(in_dir("open")), 0);
	assert_int_equal(rmdir(in_dir("theirs/roots")), 0);
	assert_int_equal(rmdir(in_dir("theirs")), 0);
}

static void files_belong_to_the_owner_of_the_place(void **state)
{
	struct stat st;
	int fd;

	(void)state;
	if (!as_root())
		return;
	assert_int_equal(mkdir(in_dir("theirs"), 0755), 0);
	assert_int_equal(chown(in_dir("theirs"), nobody.uid, nobody.gid), 0);
	fd = rs_file_open(in_dir("theirs/log"), O_WRONLY | O_CREAT, 0640, &nobody);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, nobody.uid);
	assert_int_equal(st.st_gid, nobody.gid);
	close(fd);
	fd = rs_file_open(in_dir("log"), O_WRONLY | O_CREAT, 0640, &nobody);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_uid, 0);
	close(fd);
	/* Root is not led to a file that its user could not write to. */
	assert_int_equal(chmod(in_dir("log"), 0600), 0);
	{
		char from[256], to[256];
		rs_fmt(from, sizeof from, "%s/log", dir);
		rs_fmt(to, sizeof to, "%s/theirs/hard", dir);
		assert_int_equal(link(from, to), 0);
		assert_int_equal(rs_file_open(to, O_WRONLY | O_APPEND, 0, &nobody), -1);
		assert_int_equal(errno, EACCES);
		assert_int_equal(unlink(to), 0);
	}
	assert_int_equal(unlink(in_dir("log")), 0);
	assert_int_equal(unlink(in_dir("theirs/log")), 0);
	assert_int_equal(rmdir(in_dir("theirs")), 0);
	/* And root is root again. */
	fd = open("/etc/shadow", O_RDONLY);
	assert_true(fd >= 0);
	close(fd);
}

static void unix_sockets_with_long_names(void **state)
{
	char path[512], sub[256], why[1024];
	struct rs_unix_options o = { .path = path, .mode = 0600, .backlog = 4 };
	struct ucred peer;
	struct stat st;
	int fd, client, other;

	(void)state;
	memset(sub, 'd', 120);
	sub[120] = '\0';
	rs_fmt(path, sizeof path, "%s/%s", dir, sub);
	assert_int_equal(mkdir(path, 0755), 0);
	rs_fmt(path, sizeof path, "%s/%s/a.sock", dir, sub);
	fd = rs_unix_listen(&o, why, sizeof why);
	if (fd < 0)
		fail_msg("%s", why);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	client = rs_unix_connect(path);
	assert_true(client >= 0);
	other = accept(fd, NULL, NULL);
	assert_true(other >= 0);
	assert_true(rs_unix_peer(other, &peer));
	assert_int_equal(peer.pid, getpid());
	assert_int_equal(peer.uid, geteuid());
	close(other);
	close(client);
	close(fd);
	assert_int_equal(rs_unix_connect(path), -1);
	assert_int_equal(errno, ECONNREFUSED);
	rs_unix_unlink(path, NULL);
	assert_int_equal(access(path, F_OK), -1);
	rs_fmt(path, sizeof path, "%s/%s", dir, sub);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_regular_files_and_no_links),
		cmocka_unit_test(directories_are_made),
		cmocka_unit_test(trust_ends_at_the_first_foreign_directory),
		cmocka_unit_test(files_belong_to_the_owner_of_the_place),
		cmocka_unit_test(unix_sockets_with_long_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
