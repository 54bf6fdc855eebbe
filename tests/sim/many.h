/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * many.h - two engines with many peers each, on a network without delay: node 0 is the hub, node 1
 * all the spokes, each with an address of its own.
 */
#ifndef ESPGW_SIM_MANY_H
#define ESPGW_SIM_MANY_H

#include <stddef.h>
#include <stdint.h>

#include "control/ike/engine.h"
#include "control/ike/engine_counters.h"

struct many_message;

struct many_node {
	struct ike_engine *engine;
	struct many_node *other;
	uint64_t rng;
	uint32_t spi;
	unsigned pairs, reserved;
	uint64_t *confirm; /* tokens to confirm */
	size_t n_confirm, cap_confirm;
	struct many_message *first, **last; /* to this node */
	uint64_t cpu; /* ns of processor time in this engine; counted when count_cpu */
	int count_cpu;
};

struct many {
	unsigned count;
	enum ike_exchange_mode mode;
	uint16_t group;	   /* of phase 1 */
	int hub_initiates; /* else the spokes do */
};

/** Two engines with so many peers; everything is asserted. */
void many_init(struct many_node n[2], const struct many *m, uint64_t now);
/** Everything that is on its way arrives at once. */
void many_settle(struct many_node *n, uint64_t now);
void many_advance(struct many_node *n, uint64_t *now, uint64_t until);
/** Frees both; what they held must be gone then. */
void many_fini(struct many_node n[2]);

#endif
