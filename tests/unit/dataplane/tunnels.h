/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tunnels.h - any number of tunnels on a harness's pipeline, and packets for them: what tests and
 * benches of scale and of many workers share.
 *
 * Tunnel t protects 192.168.1.0/24 (port 0) to 10.T.T.0/24 (T.T: the number's two bytes) with the
 * peer 203.0.113.2 behind port 1. It has three SAs: out, in, and the peer's own outbound one, which
 * makes what comes in. Every packet is UDP and carries its flow and a number in the payload.
 */
#ifndef ESPGW_TESTS_TUNNELS_H
#define ESPGW_TESTS_TUNNELS_H

#include "tests/unit/dataplane/harness.h"

struct tunnels_suite {
	uint8_t encr; /* enum abi_encr, enum abi_integ */
	uint8_t integ;
	uint8_t encr_key_len;
	uint8_t integ_key_len;
	uint8_t salt_len;
};

extern const struct tunnels_suite tunnels_sha1; /* AES-128-CBC with HMAC-SHA1-96 */

#define TUNNELS_LEN_MIN 40u /* inner IP bytes: headers, flow, number */

/** SA slots that n tunnels take: a power of two. */
uint32_t tunnels_slots(uint32_t n);

/** Policies and SAs of n <= 65536 tunnels on h (max_sas >= tunnels_slots(n), max_policies >= n).
 * window: 0 or REPLAY_WINDOW_MIN..MAX. 0, or -1 and said on stderr. */
int tunnels_create(struct harness *h, uint32_t n, const struct tunnels_suite *s, uint32_t window);

/** What makes other tunnels of them: changes addresses and selectors of an SA of ours, out or in.
 */
typedef void tunnels_dress(void *ctx, struct abi_sa_add *c, uint32_t tunnel);
/** The same with such ones; policies and the peers' SAs follow. */
int tunnels_create_dressed(struct harness *h, uint32_t n, const struct tunnels_suite *s,
			   uint32_t window, tunnels_dress *dress, void *ctx);

uint32_t tunnels_slot_out(uint32_t tunnel);
uint32_t tunnels_slot_in(uint32_t tunnel);
/** The peers' SAs are no part of the gateway: they are apart, from the last slot down. */
uint32_t tunnels_slot_peer(uint32_t max_sas, uint32_t tunnel);

/** The commands that tunnels_create() runs, for a test to run others. */
struct abi_sa_add tunnels_sa_out(const struct harness *h, uint32_t tunnel,
				 const struct tunnels_suite *s);
struct abi_sa_add tunnels_sa_in(const struct harness *h, uint32_t tunnel,
				const struct tunnels_suite *s, uint32_t window);

/** A packet of len bytes from the site to the far host of the tunnel, as it comes to port 0. NULL
 * without buffers. */
struct rte_mbuf *tunnels_clear(struct rte_mempool *pool, uint32_t tunnel, uint32_t flow,
			       uint32_t number, uint16_t len);

/**
 * The same from the far host to the site, sealed by the peer, as it comes to port 1: n packets of
 * flow, numbers from `number` on, len[i] bytes. w lends its crypto engine. 0, or -1 without
 * buffers.
 */
int tunnels_sealed(struct worker *w, struct rte_mempool *pool, const uint32_t *tunnel,
		   uint32_t flow, uint32_t number, const uint16_t *len, struct rte_mbuf **pkts,
		   uint16_t n);

/** Seal n <= WORKER_BURST frames, of either family, in place as the peer of their tunnels does. 0
 * or -1. */
int tunnels_seal(struct worker *w, const uint32_t *tunnel, struct rte_mbuf **pkts, uint16_t n);

/** What the inner packet of a frame says it is. False: no such packet. */
bool tunnels_read(struct rte_mbuf *m, uint32_t *flow, uint32_t *number);

/** The ESP sequence number of a sealed frame, plain ESP over IPv4. */
uint32_t tunnels_sequence(struct rte_mbuf *m);

#endif
