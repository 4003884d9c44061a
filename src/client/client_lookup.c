/*
 * The C library's resolver, on a thread.
 */
#include "client/client_lookup.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <sys/socket.h>

struct rs_lookup_job *rs_lookup_job_new(const char *name, const char *service)
{
	struct rs_lookup_job *j = calloc(1, sizeof *j);

	if (!j)
		return NULL;
	j->name = strdup(name);
	j->service = service ? strdup(service) : NULL;
	if (!j->name || (service && !j->service)) {
		rs_lookup_job_free(j);
		return NULL;
	}
	return j;
}

void rs_lookup_job_free(void *job)
{
	struct rs_lookup_job *j = job;

	if (!j)
		return;
	free(j->name);
	free(j->service);
	free(j->list);
	free(j);
}

static bool known(const struct rs_lookup_job *j, const char *ip)
{
	for (size_t i = 0; i < j->n; i++)
		if (strcmp(j->list[i], ip) == 0)
			return true;
	return false;
}

static void take(struct rs_lookup_job *j, const struct addrinfo *ai)
{
	const struct sockaddr_in6 *in6 = (const void *)ai->ai_addr;
	const struct sockaddr_in *in = (const void *)ai->ai_addr;
	const void *ip = ai->ai_family == AF_INET6 ? (const void *)&in6->sin6_addr : (const void *)&in->sin_addr;
	char *text = j->list[j->n];

	if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
		return;
	if (inet_ntop(ai->ai_family, ip, text, INET6_ADDRSTRLEN) && !known(j, text))
		j->n++;
}

void rs_lookup(void *job)
{
	struct rs_lookup_job *j = job;
	const struct addrinfo hints = { .ai_family = j->family, .ai_socktype = j->socktype, .ai_protocol = j->protocol };
	struct addrinfo *all = NULL;
	size_t n = 0;

	j->error = getaddrinfo(j->name, j->service, &hints, &all);
	if (j->error)
		return;
	for (const struct addrinfo *ai = all; ai; ai = ai->ai_next)
		n++;
	j->list = calloc(n ? n : 1, sizeof *j->list);
	if (!j->list)
		j->error = EAI_MEMORY;
	for (const struct addrinfo *ai = all; ai && j->list; ai = ai->ai_next)
		take(j, ai);
	if (!j->error && j->n == 0)
		j->error = EAI_NONAME;
	freeaddrinfo(all);
}
