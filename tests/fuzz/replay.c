/*
 * Runs a fuzzer's entry on every file of the directories named on the command line: the corpus as a plain test, with
 * no need of clang. Each input is a block of exactly its size, so that the sanitizer sees a read beyond it.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));

static void die(const char *path)
{
	perror(path);
	exit(1);
}

static void run_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size ? size : 1);

	if (!file || !data || fread(data, 1, size, file) != size)
		die(path);
	(void)fclose(file);
	/* An input that kills us is the last one named. */
	if (getenv("FUZZ_VERBOSE"))
		(void)fprintf(stderr, "%s\n", path);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static unsigned run_directory(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	char path[4096];
	unsigned n = 0;

	if (!d)
		die(dir);
	while ((e = readdir(d)) != NULL) {
		if (snprintf(path, sizeof path, "%s/%s", dir, e->d_name) >= (int)sizeof path || stat(path, &st) < 0)
			die(path);
		if (!S_ISREG(st.st_mode))
			continue;
		run_file(path, (size_t)st.st_size);
		n++;
	}
	(void)closedir(d);
	return n;
}

/* ".../fuzz_ini_replay" -> "ini" */
static void print_name(const char *program, unsigned n)
{
	const char *name = strrchr(program, '/');
	const char *end;

	name = name ? name + 1 : program;
	name += strncmp(name, "fuzz_", 5) == 0 ? 5 : 0;
	end = strstr(name, "_replay");
	printf("fuzz %.*s: %u inputs\n", end ? (int)(end - name) : (int)strlen(name), name, n);
}

int main(int argc, char **argv)
{
	unsigned n = 0;

	if (LLVMFuzzerInitialize)
		(void)LLVMFuzzerInitialize(&argc, &argv);
	for (int i = 1; i < argc; i++)
		n += run_directory(argv[i]);
	print_name(argv[0], n);
	/* A fuzzer without inputs has shown nothing. */
	return n ? 0 : 1;
}
