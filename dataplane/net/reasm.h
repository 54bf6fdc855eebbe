/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * reasm.h - IP fragments put together again (RFC 791 section 3.2, RFC 8200 section 4.5) around
 * rte_ip_frag: those to our own addresses, and those in transit when a policy asks for ports (RFC
 * 4301 section 7).
 *
 * Each worker has two tables, so that what comes in clear never meets what came out of an SA. Both
 * are bounded by the buffers they hold: when that many are held, the oldest datagrams make room, so
 * a flood of fragments costs other fragments and nothing else. A datagram may have up to
 * REASM_MAX_PIECES fragments (rte_ip_frag's build). Fragments that overlap, or come twice, take
 * the whole datagram with them (RFC 5722, RFC 1858 section 4): nothing of an overlap can be
 * believed. So does a datagram that is not whole after the timeout. Every fragment lost is counted
 * once, as net-reassembly.
 *
 * Of IPv6 a whole packet has the headers in front of its first fragment's fragment header; those
 * of the others do not count (RFC 8200 section 4.5, perfrag6.h). What is for others loses PKT_F_DF
 * and is split again into pieces of 1280 bytes, before encryption or where it leaves, as nobody on
 * its way could say to us that larger ones do not pass.
 *
 * RSS and a TAP's queues spread fragments by addresses only, but what came out of an SA is wherever
 * that SA was decrypted. So with several workers a datagram has one of them, found by a hash of
 * addresses and identification, and the others hand its fragments over through a ring.
 */
#ifndef ESPGW_NET_REASM_H
#define ESPGW_NET_REASM_H

#include <stdbool.h>

#include "dataplane/worker.h"

#define REASM_MAX_PIECES 8u /* RTE_LIBRTE_IP_FRAG_MAX_FRAG */
#define REASM_TABLES	 2u /* of each worker */

struct reasm;

/** Tables that hold at most that many buffers each (16 or more), timeout in ms. NULL when memory is
 * short. */
struct reasm *reasm_create(unsigned int index, uint32_t max_buffers, uint32_t timeout_ms,
			   int socket);
/** Frees the fragments it holds, too. */
void reasm_free(struct reasm *r);

/** Tell one of n workers where the others' fragments go, all[] by worker. Before they run. */
void reasm_connect(struct reasm *r, struct reasm *const *all, unsigned int n);

/**
 * Stage: takes n fragments (PKT_F_FRAGMENT, meta valid, any verdict). What has become whole is put
 * at the start of pkts, one segment each, without DF, and parsed: verdict and meta as parse_burst()
 * leaves them, or parse_ipv4() for what came out of an SA, whose selectors are to be looked at
 * again. Returns their number, at most n.
 */
uint16_t reasm_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n);

/** Fragments that other workers have handed over, for reasm_burst(). At most WORKER_BURST. */
uint16_t reasm_handed(struct worker *w, struct rte_mbuf **pkts);

/** Give up what is too old. Cheap when there is nothing; for every poll. */
void reasm_expire(struct worker *w);

/** Buffers held, both tables. */
uint32_t reasm_held(const struct reasm *r);

#endif
