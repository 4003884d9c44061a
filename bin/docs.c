/*
 * docs sample|markdown|man: prints a document made from src/conf/options.def. bin/docs compiles it with the core.
 */
#include "conf/conf.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		bool (*make)(struct rs_buf *out);
	} documents[] = {
		{ "sample", rs_conf_doc_sample },
		{ "markdown", rs_conf_doc_markdown },
		{ "man", rs_conf_doc_man },
	};
	struct rs_buf out = { 0 };
	bool done = false;

	for (size_t i = 0; i < RS_COUNTOF(documents); i++)
		if (argc == 2 && strcmp(argv[1], documents[i].name) == 0)
			done = documents[i].make(&out) && fwrite(rs_buf_data(&out), 1, out.len, stdout) == out.len;
	rs_buf_free(&out);
	return done && fflush(stdout) == 0 ? 0 : 1;
}
