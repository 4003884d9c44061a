/*
 * Heads of HTTP/2 in the words of HTTP/1: the header list of a request becomes the text that rs_http_parse() reads, so that both
 * protocols have the same checks and the same way from there; the lines of an answer become fields. Pure functions, as all of
 * src/http; frames and compression are src/h2's.
 */
#ifndef RS_HTTP_H2_H
#define RS_HTTP_H2_H

#include "http/http.h"

/* A request's header list while it comes in. Zeroed with max_size set it is an empty one. */
struct rs_http_h2_head {
	size_t max_size;        /* bytes of the list as RFC 9113 6.5.2 counts them: names, values, 32 for each field */
	size_t size;            /* so far, of those beyond max_size as well */
	unsigned status;        /* of the answer to what cannot be served: 400, 414, 431, 501; 0: nothing is wrong */
	const char *why;        /* constant text for the log */
	struct rs_buf text;     /* the head: complete, or (status) as far as it was made */
	struct rs_buf cookie;   /* crumbs, joined */
	struct rs_buf method, path, authority;
	bool scheme, began;     /* began: the request line stands in text, no pseudo field may follow */
	bool has_host, has_path, has_authority;
};

/*
 * Takes one field, in its order. What is wrong is noted in status and why, once; then nothing more is kept.
 *
 * - Pseudo fields: :method, :scheme (http or https), :path, :authority; each once, in front of all others. :path begins with '/', or
 *   is "*" with OPTIONS. CONNECT: 501.
 * - Names are tokens without capitals; values have neither control bytes nor blanks around them.
 * - connection, keep-alive, proxy-connection, transfer-encoding, upgrade: 400; te only as "trailers".
 * - Host must be what :authority says; without :authority it takes its place.
 * - Cookie fields become one.
 * - A list above max_size: 414 within the pseudo fields, else 431.
 * Everything else, such as what Host or Content-Length may be, is rs_http_parse()'s to say.
 */
void rs_http_h2_field(struct rs_http_h2_head *h, struct rs_slice name, struct rs_slice value);
/* The list is complete: so is text, if there is no status. */
void rs_http_h2_end(struct rs_http_h2_head *h);
/* Empty again, for the next list; keeps small buffers. */
void rs_http_h2_reset(struct rs_http_h2_head *h);
void rs_http_h2_free(struct rs_http_h2_head *h);

/*
 * The next field of a checked block of an answer, its value without blanks around it; those that speak of an HTTP/1 connection are
 * left out. Names are as the application wrote them: whoever sends them makes them small. *block moves behind it. false: none.
 */
bool rs_http_h2_next(struct rs_slice *block, struct rs_http_field *f);

#endif
