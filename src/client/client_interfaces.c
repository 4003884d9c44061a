/*
 * Network interfaces. No state.
 */
#include "client/client_interfaces.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netpacket/packet.h>
#include <sys/socket.h>

/* false: not an address of this kind. */
static bool address_text(const struct sockaddr *sa, enum rs_interface_what what, char *out, size_t size)
{
	if (what == RS_INTERFACE_IPV4 && sa->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, sa, sizeof in);
		return inet_ntop(AF_INET, &in.sin_addr, out, (socklen_t)size) != NULL;
	}
	if (what == RS_INTERFACE_MAC && sa->sa_family == AF_PACKET) {
		struct sockaddr_ll ll;
		const unsigned char *m = ll.sll_addr;

		memcpy(&ll, sa, sizeof ll);
		return ll.sll_halen == 6 &&
		       rs_fmt(out, size, "%02X:%02X:%02X:%02X:%02X:%02X", m[0], m[1], m[2], m[3], m[4], m[5]);
	}
	return false;
}

bool rs_interfaces(enum rs_interface_what what, void (*each)(void *arg, const char *name, const char *address), void *arg)
{
	struct ifaddrs *list, *i;
	char text[64];

	if (getifaddrs(&list) < 0)
		return false;
	for (i = list; i; i = i->ifa_next)
		if (i->ifa_addr && (i->ifa_flags & IFF_UP) && !(i->ifa_flags & IFF_LOOPBACK) &&
		    address_text(i->ifa_addr, what, text, sizeof text))
			each(arg, i->ifa_name, text);
	freeifaddrs(list);
	return true;
}
