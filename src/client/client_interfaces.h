/*
 * Network interfaces of this machine: name and address. Loopback ones and those that are down are left out.
 */
#ifndef RS_CLIENT_INTERFACES_H
#define RS_CLIENT_INTERFACES_H

#include "base/rs_base.h"

enum rs_interface_what { RS_INTERFACE_IPV4, RS_INTERFACE_MAC };

/* Calls each() with texts that live for that call: "eth0", "10.0.0.7" or "02:42:AC:11:00:02". false: errno. */
bool rs_interfaces(enum rs_interface_what what, void (*each)(void *arg, const char *name, const char *address), void *arg);

#endif
