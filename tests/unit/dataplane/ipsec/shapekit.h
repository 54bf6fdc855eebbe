/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * shapekit.h - espkit.h's site with IPv6 beside IPv4: a LAN of both families, a peer with an
 * address of each, and SAs of any shape between them. Outer headers are written and read byte by
 * byte here, and share no code with the data plane.
 */
#ifndef ESPGW_TESTS_SHAPEKIT_H
#define ESPGW_TESTS_SHAPEKIT_H

#include "tests/unit/dataplane/ipsec/espkit.h"

#define ADDR6 16u

extern const uint8_t lan6_us[ADDR6], lan6_host[ADDR6], wan6_us[ADDR6], peer6[ADDR6],
	far6_host[ADDR6];
/* Ours as well: of wan6_us one has the network and the other the host part. */
extern const uint8_t wan6_us_too[ADDR6], lan6_us_too[ADDR6];

/* What the SAs of a test look like outside. */
struct shape {
	bool outer6;
	bool transport;
	uint8_t encap;
	uint8_t df; /* outbound */
	uint8_t dscp;
};
extern struct shape shape;

/** In place of espkit_setup() and the others; a test begins without SAs. */
int shapekit_setup(void **state);
int shapekit_teardown(void **state);

/** The commands that install the pair: selectors of both families between the two sites, or in
 * transport mode between the two gateways. */
struct abi_sa_add shapekit_out(void);
struct abi_sa_add shapekit_in(void);
/** Install a pair of that suite and shape with fresh keys. */
void shapekit_pair(const char *suite, struct shape s);

/** Ethernet, an IPv6 header and len bytes of payload 0, 1, 2... */
struct frame frame6(const uint8_t *src, const uint8_t *dst, uint8_t next, size_t len);
/** The same with UDP and its checksum. */
struct frame frame6_udp(const uint8_t *src, const uint8_t *dst, unsigned int sport,
			unsigned int dport, size_t len);
/** Put an extension header of type and len bytes, a multiple of 8, behind the IPv6 header. Its
 * content is PadN. */
void frame6_extend(struct frame *f, uint8_t type, size_t len);
/** The checksum of upper layer proto, len bytes at l4, behind the IPv6 header at ip: what the field
 * of zero must become; 0 when it is right. */
uint16_t ref_cksum6(const uint8_t *ip, uint8_t proto, const uint8_t *l4, size_t len);
/** DSCP and ECN of the IP header of a frame, of either family. */
void frame_set_tos(struct frame *f, uint8_t tos);
uint8_t frame_tos(const struct frame *f);

/** Between the sites, to go out (true) or as it comes in, with len bytes of UDP payload. */
struct frame shapekit_inner(bool six, bool out, size_t len);

/**
 * Check the outer headers of what esp_out made, all but TOS, and open it: its payload to out; the
 * length, or -1. In transport mode the payload of ESP is the upper layer.
 */
long shapekit_open(const struct rte_mbuf *m, struct reference_esp *e, uint8_t *out);

/** Outer headers of the peer around len bytes of ESP. */
struct frame shapekit_wrap(const uint8_t *bytes, size_t len);
/** What the peer sends: len bytes of payload called next, with TFC padding of tfc bytes. */
struct frame shapekit_seal(const uint8_t *payload, size_t len, uint8_t next, size_t tfc);

#endif
