/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * harness.h - what a test, fuzzer or bench of the data plane needs around it: EAL without
 * hugepages and devices, a packet pool, and one worker whose counter lines lie in plain memory.
 *
 * A test of one stage calls harness_create() and the stage, and defines pipeline_reenter() and
 * pipeline_drop() itself when the stage calls them. A test of the whole calls harness_pipe_create()
 * on top: two pretended ports, every table, and what would be transmitted is kept for the test.
 */
#ifndef ESPGW_TESTS_HARNESS_H
#define ESPGW_TESTS_HARNESS_H

#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "dataplane/api/segment.h"
#include "dataplane/worker.h"

/** An IPv4 address in host order. RTE_IPV4 shifts into the sign bit of an int. */
#define HARNESS_IP(a, b, c, d)                                                                     \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

#define HARNESS_PORTS	    2u
#define HARNESS_LINES	    2u	/* of a row: this worker's, the manager's */
#define HARNESS_FRAGMENTS   64u /* held in each table */
#define HARNESS_FRAGMENT_MS 15000u
#define HARNESS_SENT	    2048u

struct harness {
	struct worker worker; /* index 0; now = 1 s */
	struct tables tables;
	struct rte_mempool *pool;
	struct rte_mempool *large; /* 15 buffers of linear.h */
	uint32_t max_sas;
	uint32_t max_policies;
	struct abi_sa_status *sa_status;
	/* The areas, as in the segment: the lines of this worker, then the manager's.
	 * worker.*_counters point at them. */
	struct abi_worker_counters *worker_counters;
	struct abi_sa_counters *sa_counters;
	struct abi_sa_drops *sa_drops;
	struct abi_policy_counters *policy_counters;
	struct abi_port_counters *port_counters;
	struct abi_drop_sample *samples;
	/* harness_pipe_create(): what left through a port, oldest first. */
	struct rte_mbuf *sent[HARNESS_SENT];
	uint8_t sent_port[HARNESS_SENT];
	unsigned int n_sent;
};

/** Bring up EAL (--no-huge --no-pci, in memory, lcore 0) and pkt_register(), once per process. 0 or
 * -1, said on stderr. */
int harness_eal(void);

/** A worker without pipeline or tables. n_mbufs packets of 2176 bytes data room. NULL when memory
 * is short. Calls harness_eal(). */
struct harness *harness_create(uint32_t max_sas, uint32_t max_policies, unsigned int n_mbufs);
void harness_free(struct harness *h);

/** A packet with these bytes at its start, meta zeroed but sa_slot = PKT_NO_SA. NULL when none is
 * left. */
struct rte_mbuf *harness_mbuf(struct harness *h, const void *bytes, size_t len);

/** No counters of an SA or a policy. */
void harness_clear_lines(struct harness *h);

/** Sum of all drops counted against the worker. */
uint64_t harness_drops(const struct harness *h);

/** Packets of both pools that are in use. */
unsigned int harness_in_use(const struct harness *h);

/** Only the two pretended ports of harness_pipe_create(). */
void harness_ports(void);

/**
 * The whole pipeline on h: ports 0 and 1 with MAC 02:00:00:00:00:01 and :02 and MTU 1500, SAD,
 * crypto, an empty SPD (bypass), 192.168.1.1/24 on port 0, 192.0.2.1/24 on port 1 with the default
 * route through 192.0.2.254, and the neighbours 192.168.1.12 (02:00:00:00:01:12) and 192.0.2.254
 * (02:00:00:00:02:54). 0 or -1.
 */
int harness_pipe_create(struct harness *h);
void harness_pipe_free(struct harness *h);

/** Free the packets in h->sent. */
void harness_clear_sent(struct harness *h);

#endif
