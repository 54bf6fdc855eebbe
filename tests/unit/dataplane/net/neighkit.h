/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * neighkit.h - on top of the site of netkit.h: a neighbour table on a virtual clock, what it sends
 * and drops, and hosts on the LAN that speak ARP.
 */
#ifndef ESPGW_TESTS_NEIGHKIT_H
#define ESPGW_TESTS_NEIGHKIT_H

#include "dataplane/net/neigh.h"
#include "dataplane/net/neigh_table.h"
#include "tests/unit/dataplane/net/netkit.h"

#define NEIGHKIT_SECOND 1000000000ull
#define NEIGHKIT_SENT	4096u

struct neighkit {
	struct neigh *table;
	uint64_t now;
	struct neigh_io io;
	unsigned int n_sent;
	struct rte_mbuf *sent[NEIGHKIT_SENT];
	unsigned int n_dropped[DROP_MAX];
};
extern struct neighkit nk;

/* The MACs of two hosts, and broadcast. */
extern const uint8_t neighkit_a[6], neighkit_b[6], neighkit_all[6];

/** Per test: an empty table on the site's routes; the teardown checks that no packet is lost. */
int neighkit_begin(void **state);
int neighkit_end(void **state);
/** Free what was sent. */
void neighkit_clear(void);

/** A packet that route has sent towards next_hop on port 0. */
struct rte_mbuf *neighkit_outgoing(uint32_t next_hop);
/** Through the worker's stage. */
enum pkt_verdict neighkit_stage(struct rte_mbuf *m);
/** Through the worker, and through the manager when the worker says so. True: sent at once. */
bool neighkit_push(uint32_t next_hop);
/** ARP operation op from sha and spa about tpa comes in on port. */
void neighkit_arp(unsigned int op, const uint8_t *sha, uint32_t spa, uint32_t tpa, uint8_t port);
/** The i-th packet sent is an ARP operation op to dst. */
void neighkit_expect_arp(unsigned int i, const uint8_t *dst, unsigned int op, uint32_t spa,
			 uint32_t tpa);
/** Advance in ticks of 100 ms. */
void neighkit_pass(uint64_t ms);

#endif
