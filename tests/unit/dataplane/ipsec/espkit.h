/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * espkit.h - on top of the site of netkit.h: an SA database, a crypto engine, one policy's pair of
 * SAs between the site's 192.168.1.0/24 and the peer's 10.100.1.0/24, and the peer itself by
 * OpenSSL (reference.h).
 */
#ifndef ESPGW_TESTS_ESPKIT_H
#define ESPGW_TESTS_ESPKIT_H

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/esp.h"
#include "dataplane/ipsec/sad.h"
#include "tests/unit/dataplane/ipsec/reference.h"
#include "tests/unit/dataplane/net/netkit.h"

#define ESPKIT_SAS	 64u
#define ESPKIT_POLICIES	 16u
#define ESPKIT_POLICY	 3u
#define OUT_SLOT	 5u
#define OUT_SPI		 0x00c0ffeeu
#define IN_SLOT		 7u
#define IN_SPI		 (0x12345600u + IN_SLOT)
#define NATT_PORT	 4500u
#define ESPKIT_MAX_INNER 2000u

struct espkit {
	struct sad *sad;
	const struct reference_suite *suite;
	uint8_t encap;
	uint16_t peer_port; /* in UDP, of SAs that are added: NATT_PORT from espkit_begin() on */
	uint8_t out_key[40], out_auth[64]; /* the salt follows the key */
	uint8_t in_key[40], in_auth[64];
	uint64_t seed;
	uint32_t peer_seq; /* last number of espkit_sealed() */
	bool esn;	   /* what we send has extended numbers, */
	uint32_t seq_hi;   /* with this upper half, says espkit_open() */
	unsigned int n_routed;
	struct rte_mbuf *routed[512]; /* what came to pipeline_route() */
	unsigned int n_dropped;	      /* what came to pipeline_drop() */
	enum drop_reason dropped;     /* the last of them */
	uint64_t events;
	struct abi_ev_sa event[16];
	uint32_t wrong_at; /* detail of espkit_try_add() */
};
extern struct espkit esp;

/** cmocka group setup and teardown, over kit_setup(). */
int espkit_setup(void **state);
int espkit_teardown(void **state);
/** Per test: a pair of fresh SAs (AES-128 with SHA1, plain ESP, window 128), counters zero; the
 * teardown checks that no packet is lost. */
int espkit_begin(void **state);
int espkit_end(void **state);
/** The same without the pair. */
int espkit_begin_empty(void **state);

/** The update that gives an SA the endpoints of c. */
struct abi_sa_update espkit_endpoint(const struct abi_sa_add *c);
/** Give an SA the endpoints that it has once more, as control does. */
void espkit_same_endpoint(const struct abi_sa_add *c);
/** Throw the pair away and install one of that suite and encapsulation. */
void espkit_pair(const struct reference_suite *s, uint8_t encap);
const struct reference_suite *espkit_suite(const char *name);
/** The commands espkit_pair() sends, for a test to change. */
struct abi_sa_add espkit_out(void);
struct abi_sa_add espkit_in(void);
void espkit_add(const struct abi_sa_add *c);
/** May be refused: the ABI_ERR_..., its field in esp.wrong_at. */
uint16_t espkit_try_add(const struct abi_sa_add *c);
void espkit_remove(uint32_t slot);
struct abi_range espkit_range(uint32_t lo, uint32_t hi);

/** Inner UDP with len bytes of payload, from the site to the far host and from there. */
struct frame espkit_udp_out(size_t len);
struct frame espkit_udp_in(size_t len);
/** The largest inner packet of the outbound SA. */
uint32_t espkit_mtu(void);

/** A clear packet from the site as it comes to esp_out. */
struct rte_mbuf *espkit_clear(const struct frame *f);
/** Run one packet through esp_out_burst(); its reason, DROP_NONE when it is to be sent. */
enum drop_reason espkit_send(struct rte_mbuf **m);
/** Open what esp_out made at IP header ip, by OpenSSL: the inner packet; its length, or -1. */
long espkit_open(const struct rte_mbuf *m, struct reference_esp *e, uint8_t *inner);
/** The IV behind an ESP header that was opened is one that never comes twice: where it is made of
 * the number, the whole of it. */
void espkit_expect_iv(const uint8_t *esp_header, const struct reference_esp *e);
/** m is ESP number seq of the outbound SA around the inner packet of f. */
void espkit_expect_sent(const struct rte_mbuf *m, const struct frame *f, uint32_t seq);

/** What the peer sends: an inner packet of frame f sealed with e (NULL: next number), behind outer
 * headers. */
struct frame espkit_sealed(const struct frame *f, const struct reference_esp *e);
/** The same with espkit_udp_in(). */
struct frame espkit_sealed_udp(size_t len, const struct reference_esp *e);
/** Outer headers around ready-made ESP bytes. */
struct frame espkit_wrap(const uint8_t *bytes, size_t len);
struct reference_esp espkit_next(uint32_t seq);
/** Through parse_burst() and esp_in_burst(). *m is what is left, the caller's. */
enum drop_reason espkit_receive(const struct frame *f, struct rte_mbuf **m);
/** The same when only the reason matters; frees the packet. */
enum drop_reason espkit_reason(const struct frame *f);
/** What comes in as outer is delivered as inner. */
void espkit_expect_delivered(const struct frame *outer, const struct frame *inner);

/** Make an outbound SA one that is of no use any more, or not of the usual one, in one of these
 * ways. espkit_mend() is for before it is removed. */
#define ESPKIT_SPOILS 8u
void espkit_spoil(uint32_t slot, unsigned int how);
void espkit_mend(uint32_t slot);

const struct abi_sa_counters *espkit_counters(uint32_t slot);
void espkit_tick(uint64_t now);

#endif
