/* SPDX-License-Identifier: BSD-3-Clause */
/* addr.h - arithmetic on addresses of both families (struct abi_addr, network order). */
#ifndef ESPGW_MODEL_ADDR_H
#define ESPGW_MODEL_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/messages.h"

#define ADDR_MAX_TEXT 46 /* INET6_ADDRSTRLEN */

/** "192.0.2.1" or "2001:db8::1" (no zone). *a is whole: unused bytes are zero. 0 or -EINVAL. */
int addr_parse(const char *text, struct abi_addr *a);
/** As inet_ntop() writes it, "none" for family 0; buf (ADDR_MAX_TEXT). */
const char *addr_text(const struct abi_addr *a, char *buf);

/** Length of a whole address in bits: 32, 128, or 0 for family 0. */
uint8_t addr_bits(const struct abi_addr *a);
/** Is the network of its first len bits private: RFC 1918, RFC 6598 (carriers), RFC 3927
 * (link-local, which clouds use inside tunnels)? IPv4 alone; IPv6 is true. */
bool addr_is_private(const struct abi_addr *a, uint8_t len);
/** Same family and bytes. */
bool addr_equal(const struct abi_addr *a, const struct abi_addr *b);
/** Is a in the network of the first len bits of net? False across families. */
bool addr_covers(const struct abi_addr *net, uint8_t len, const struct abi_addr *a);
/** The first and the last address of that network. len is at most addr_bits(). */
struct abi_addr addr_first(const struct abi_addr *a, uint8_t len);
struct abi_addr addr_last(const struct abi_addr *a, uint8_t len);

/** Is network, written without a length, that of address, "10.0.0.1/24" or without one? IPv4 alone.
 */
bool addr_is_network_of(const char *network, const char *address);

/** fe80::/10: means something on one link alone (RFC 4291 section 2.5.6). */
bool addr_is_link_local(const struct abi_addr *a);
/** ::ffff:0:0/96: an IPv4 address in IPv6 form, never in a packet (RFC 4291 section 2.5.5.2). */
bool addr_is_mapped(const struct abi_addr *a);
/** Neither multicast nor loopback nor "this host": what an interface or a peer can have. */
bool addr_is_host(const struct abi_addr *a);

#endif
