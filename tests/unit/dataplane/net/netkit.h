/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * netkit.h - what the tests of dataplane/net share: a small site (192.168.1.1/24 on port 0,
 * 113.87.48.200/24 on port 1, default route through 113.87.48.1), frames built byte by byte, and a
 * checksum of its own so that no function is judged by itself.
 */
#ifndef ESPGW_TESTS_NETKIT_H
#define ESPGW_TESTS_NETKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/net/port.h"
#include "dataplane/net/route.h"
#include "dataplane/pipeline.h"
#include "tests/random.h"
#include "tests/unit/dataplane/harness.h"

#define IP(a, b, c, d)                                                                             \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define LAN_US	 IP(192, 168, 1, 1)
#define LAN_HOST IP(192, 168, 1, 12)
#define WAN_US	 IP(113, 87, 48, 200)
#define WAN_GW	 IP(113, 87, 48, 1)
#define PEER	 IP(119, 91, 254, 122)
#define FAR_HOST IP(10, 100, 1, 6)

/** Destinations to which nothing is forwarded. */
#define KIT_NOWHERE 10u
extern const uint32_t kit_nowhere[KIT_NOWHERE];

#define ETH 14u

struct frame {
	size_t len;
	uint8_t b[2100];
};

struct kit {
	struct harness *h;
	struct worker *w;
	/* What the code under test handed to pipeline_reenter(). */
	unsigned int n_out;
	struct rte_mbuf *out[256];
};
extern struct kit kit;

/** cmocka group setup and teardown: one EAL, pool, worker and routing table per program. */
int kit_setup(void **state);
int kit_teardown(void **state);
/** Per test: counters of the token bucket and captured packets are empty again; teardown also
 * checks that no packet is lost. */
int kit_begin(void **state);
int kit_end(void **state);

/** Free what was captured. */
void kit_clear(void);

void put16(uint8_t *p, unsigned int v);
void put32(uint8_t *p, uint32_t v);
unsigned int get16(const uint8_t *p);
uint32_t get32(const uint8_t *p);

/** The Internet checksum by the book (RFC 1071 section 1): what the field must hold. */
uint16_t ref_cksum(const uint8_t *p, size_t len);
/** The checksum of UDP behind the IPv4 header at ip; skip the field itself. */
uint16_t ref_udp_cksum(const uint8_t *ip);

/** Ethernet to our MAC of port 0, a 20-byte IPv4 header, len bytes of payload 0, 1, 2... */
struct frame frame_ipv4(uint32_t src, uint32_t dst, uint8_t proto, size_t len);
/** The same with UDP and its checksum; data may be NULL. */
struct frame frame_udp(uint32_t src, uint32_t dst, unsigned int sport, unsigned int dport,
		       const void *data, size_t len);
struct frame frame_icmp(uint32_t src, uint32_t dst, uint8_t type, uint8_t code, size_t len);
/** Put n bytes (a multiple of 4) of options into the IPv4 header. */
void frame_options(struct frame *f, const uint8_t *opt, size_t n);
/** From LAN_HOST to port 0; word is the field of flags and fragment offset. */
struct frame frame_fragment(uint32_t dst, unsigned int word, uint8_t proto, size_t len);
/** Make the IPv4 header checksum right again. */
void frame_fix(struct frame *f);
/** An address into an ABI record. */
struct abi_addr abi4(uint32_t addr);

/** Run parse_burst() on one frame as received on port 0. The packet is the caller's. */
struct rte_mbuf *kit_parse(const struct frame *f);
/** The verdict and reason parse_burst() gives; frees the packet. */
struct pkt_meta kit_classify(const struct frame *f);
/** The same for a packet at the end of an allocation of its own size, so that a sanitizer sees one
 * byte read beyond it. What passes lies within the frame. */
struct pkt_meta kit_classify_tight(const uint8_t *bytes, size_t len);
/** The same behind another packet of one burst. */
struct pkt_meta kit_classify_behind(const struct frame *first, const uint8_t *bytes, size_t len);

#endif
