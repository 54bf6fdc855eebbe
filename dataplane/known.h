/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * known.h - which hosts have an SA with us, for those who must choose when there is no room for
 * all: IKE of these goes before IKE of strangers, of whom there may be any number.
 *
 * SAs are counted under a hash of the remote address, so a stranger may be taken for a peer (as he
 * may write a peer's address), and a peer never for a stranger. The manager writes, workers read.
 */
#ifndef ESPGW_KNOWN_H
#define ESPGW_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "dataplane/api/messages.h"

#define KNOWN_SLOTS (1u << 16)

struct known {
	uint32_t key; /* at random: nobody can choose an address that falls in with a peer's */
	uint32_t sas[KNOWN_SLOTS];
};

/** Where an address is counted. k may be NULL, as below. */
uint32_t known_slot(const struct known *k, const struct abi_addr *addr);

/** One SA more (n = 1) or less (n = -1) in a slot. */
void known_count(struct known *k, uint32_t slot, int n);

/** Has the host an SA: its address is len bytes, 4 or 16, as on the wire? True when k is NULL. */
bool known_addr(const struct known *k, const uint8_t *addr, uint32_t len);

/** The same of the source of a parsed packet. */
bool known_source(const struct known *k, const struct rte_mbuf *m);

#endif
