/*
 * The settings of a TLS server as a list of parts (tls_parts.def): with paths from who knows the configuration, with the
 * contents of the files from rs_tls_load(). Pure but for that. OpenSSL is in tls_context.c.
 */
#ifndef RS_TLS_PARTS_H
#define RS_TLS_PARTS_H

#include "base/rs_base.h"
#include "base/rs_buf.h"

/* Certificates, chains and lists of authorities are a few kB; with so many bytes something else was named. */
#define RS_TLS_FILE_MAX (4u << 20)

enum rs_tls_part {
#define RS_TLS_PART(name, is, prose) RS_TLS_##name,
#include "tls/tls_parts.def"
#undef RS_TLS_PART
	RS_TLS_PARTS
};

/* The name in tls_parts.def, or "?". */
const char *rs_tls_part_name(unsigned part);

bool rs_tls_put(struct rs_buf *b, enum rs_tls_part part, struct rs_slice value) RS_MUST_CHECK;
/* The next one of *list, which moves on. RS_DONE: there is none; RS_ERR: what is there is no part. */
enum rs_result rs_tls_next(struct rs_slice *list, enum rs_tls_part *part, struct rs_slice *value) RS_MUST_CHECK;

/*
 * The same list with the contents of its files, written to out, which has room (a memory file). Opens files with the
 * rights of whoever calls. false: why, with the part and the file named.
 */
bool rs_tls_load(struct rs_slice list, int out, char *why, size_t why_size);

/*
 * Bits of protocols by their names ("TLSv1.2 TLSv1.3", separated by blanks or commas), or a number as SWOOLE_SSL_* has them.
 * "" and 0 are the default, 1.2 and 1.3. false: *bad is the word that is none.
 */
#define RS_TLS_1_0 8u
#define RS_TLS_1_1 16u
#define RS_TLS_1_2 32u
#define RS_TLS_1_3 64u
bool rs_tls_protocols(struct rs_slice text, unsigned *bits, struct rs_slice *bad);

#endif
