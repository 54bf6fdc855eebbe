/* SPDX-License-Identifier: BSD-3-Clause */
/* roamkit.c - a pair of nodes one of which a NAT moves; see roamkit.h. */
#include "tests/sim/roamkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

void roam_start(struct sim *s, bool v2)
{
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = v2 ? IKE_MODE_IKE2 : IKE_MODE_MAIN;
		s->node[i].esp_every = 20 * SIM_MS;
		s->node[i].keeps = true;
	}
	s->node[R_BEHIND].nat = sim_addr("203.0.113.9");
	s->node[R_FIXED].conf.remote = s->node[R_BEHIND].nat;
	s->node[R_FIXED].conf.passive = true;
	sim_start(s);
	sim_run(s, s->now + 5 * SIM_SEC);
	assert_true(sim_agreed(s, 0));
}

void roam_init(struct sim *s, uint64_t seed, bool v2)
{
	sim_init(s, seed);
	roam_start(s, v2);
}

const struct ike_counters *roam_fixed(const struct sim *s)
{
	return sim_counters(s, R_FIXED);
}

void roam_spoof_esp(struct sim *s, const char *addr, uint16_t port)
{
	struct abi_addr from = sim_addr(addr);

	ike_engine_child_moved(s->node[R_FIXED].engine, sim_current(s, R_FIXED, 0)->sa.token, &from,
			       port, s->now);
}
