/*
 * Name resolution as a job for client_threads.h.
 */
#ifndef RS_CLIENT_LOOKUP_H
#define RS_CLIENT_LOOKUP_H

#include <netinet/in.h>

#include "base/rs_base.h"

struct rs_lookup_job {
	char *name, *service;                /* owned; service may be NULL */
	int family, socktype, protocol;      /* as for getaddrinfo() */
	char (*list)[INET6_ADDRSTRLEN];      /* out: IPs as text, best first, each once; owned */
	size_t n;
	int error;                           /* out: 0, or EAI_* */
};

/* Copies the texts. NULL: no memory. */
struct rs_lookup_job *rs_lookup_job_new(const char *name, const char *service);
void rs_lookup_job_free(void *job);
/* Body: struct rs_lookup_job as arg. */
void rs_lookup(void *job);

#endif
