/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * engine_start.h - two nodes as the flags of an input want them, and such nodes with their SAs up:
 * made once, then brought back from records, which takes a fraction of a handshake.
 */
#ifndef ESPGW_FUZZ_ENGINE_START_H
#define ESPGW_FUZZ_ENGINE_START_H

#include "tests/sim/sim.h"

/* What records and data planes of two established nodes hold. */
struct engine_state {
	bool made;
	uint64_t now;
	struct {
		struct sim_pair pairs[SIM_PAIRS];
		uint32_t next_spi;
		uint8_t *record[SIM_RECORDS];
		size_t record_len[SIM_RECORDS];
	} node[2];
};

/** After sim_init(): the configuration of flags (engine_input.h). */
void engine_configure(struct sim *s, bool ike2, uint8_t flags);
/** The state of such nodes five seconds later; kept for ever. */
const struct engine_state *engine_established(bool ike2, uint8_t flags);
/** After engine_configure(), instead of sim_start(): node i is restored from it. False: nothing
 * goes on there. Its random numbers must be others than those of seed 1. */
bool engine_restore(struct sim *s, const struct engine_state *from, int i);

#endif
