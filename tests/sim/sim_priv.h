/* SPDX-License-Identifier: BSD-3-Clause */
/* sim_priv.h - what the files of the simulation share. */
#ifndef ESPGW_SIM_PRIV_H
#define ESPGW_SIM_PRIV_H

#include "tests/sim/sim.h"

/** A new engine in the place of a node's. */
void sim_end_engine(struct sim *s, int i);

/* Of struct ike_ops: records, and pairs that an earlier engine made. */
uint32_t sim_sa_save(void *ctx, uint32_t slot, const uint8_t *record, size_t len);
void sim_sa_forget(void *ctx, uint32_t slot);
bool sim_child_adopt(void *ctx, uint64_t token, uint32_t policy_id, uint32_t spi_in,
		     uint32_t spi_out);

/** The node's configuration and NAT ports as they begin. */
void sim_default_conf(struct sim_node *n);
bool sim_same_addr(const struct abi_addr *a, const struct abi_addr *b);
/** What others see of a node's address and port. */
void sim_map_source(const struct sim_node *n, struct abi_addr *addr, uint16_t *port);
/** The way back; false: nobody is there, or the NAT has forgotten the mapping. */
bool sim_map_target(const struct sim_node *n, struct abi_addr *addr, uint16_t *port);
/* Of struct ike_ops: policies that are generated. */
uint32_t sim_policy_add(void *ctx, const struct ike_generated *what);
void sim_policy_remove(void *ctx, uint32_t policy_id);

#endif
