/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * netkit6.h - the site of netkit.h with IPv6 beside: 2001:db8:1::1/64 on port 0, 2001:db8:2::1/64
 * on port 1, default route through 2001:db8:2::fe; frames, and a checksum of its own.
 */
#ifndef ESPGW_TESTS_NETKIT6_H
#define ESPGW_TESTS_NETKIT6_H

#include "dataplane/net/fib6.h"
#include "tests/unit/dataplane/net/netkit.h"

#define LAN6_US	  "2001:db8:1::1"
#define LAN6_HOST "2001:db8:1::12"
#define WAN6_US	  "2001:db8:2::1"
#define WAN6_GW	  "2001:db8:2::fe"
#define PEER6	  "2001:db8:ffff::22"
#define FAR6_HOST "2001:db8:a::6"
#define LINK6_US  "fe80::ff:fe00:1" /* of port 0 and its MAC 02:00:00:00:00:01 */
#define LINK6_US1 "fe80::ff:fe00:2"
#define LINK6_A	  "fe80::12"
#define ALL6	  "ff02::1"

/** cmocka group setup and teardown, in place of kit_setup(). */
int kit6_setup(void **state);
int kit6_teardown(void **state);

struct ip6 ip6(const char *text);
struct abi_addr abi6(const char *text);

/** What the checksum field of len bytes behind the IPv6 header at ip must hold, by the book; 0 when
 * it is there and right. */
uint16_t ref6_cksum(const uint8_t *ip, uint8_t proto, const uint8_t *l4, size_t len);

/** Ethernet to our MAC of port 0, an IPv6 header, len bytes 0, 1, 2... */
struct frame frame6(const char *src, const char *dst, uint8_t next, size_t len);
struct frame frame6_udp(const char *src, const char *dst, unsigned int sport, unsigned int dport,
			const void *data, size_t len);
struct frame frame6_icmp(const char *src, const char *dst, uint8_t type, uint8_t code, size_t len);
/** Put an extension header of that type and n bytes (its first two are filled in) in front of what
 * the IPv6 header carries. */
void frame6_extend(struct frame *f, uint8_t type, const uint8_t *ext, size_t n);
/** Put a fragment header there; word is offset and M. */
void frame6_fragment(struct frame *f, unsigned int word);
/** Write checksum of the ICMPv6 or UDP right behind the IPv6 header. */
void frame6_fix(struct frame *f);
/** To the Ethernet group of its destination. */
void frame6_to_group(struct frame *f);

#endif
