/* SPDX-License-Identifier: BSD-3-Clause */
/* genkit.h - node A asks, node B has a template and no policy. */
#ifndef ESPGW_TEST_GENKIT_H
#define ESPGW_TEST_GENKIT_H

#include "tests/sim/sim.h"

#define TEMPLATE_ID 0x7e3u
#define A	    0
#define B	    1

extern struct ike_child_conf gen_template; /* B's */

/** sim_init(), and B's template, of a group "branches". */
void gen_init(struct sim *s, uint64_t seed, int version);
void gen_run(struct sim *s, unsigned seconds);
/** The one policy that B has generated. */
const struct sim_generated *gen_only(const struct sim *s);
void gen_assert_range(const struct abi_range *r, const struct abi_range *want);

#endif
