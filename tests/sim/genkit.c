/* SPDX-License-Identifier: BSD-3-Clause */
/* genkit.c - one asks, the other generates; see genkit.h. */
#include "tests/sim/genkit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ts.h"

struct ike_child_conf gen_template;

void gen_init(struct sim *s, uint64_t seed, int version)
{
	struct sim_node *b;

	sim_init(s, seed);
	for (int i = 0; i < 2; i++)
		s->node[i].conf.mode = version == 2 ? IKE_MODE_IKE2 : IKE_MODE_MAIN;
	b = &s->node[B];
	gen_template = b->children[0];
	gen_template.policy_id = TEMPLATE_ID;
	gen_template.local = sim_net_range("10.100.0.0", 16);
	gen_template.remote = sim_net_range("192.168.0.0", 16);
	b->conf.n_children = 0;
	b->conf.templates = &gen_template;
	b->conf.n_templates = 1;
	b->conf.generate = IKE_GENERATE_STRICT;
	strcpy(b->conf.template_group, "branches");
}

void gen_run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

const struct sim_generated *gen_only(const struct sim *s)
{
	assert_int_equal(s->node[B].n_generated, 1);
	for (int i = 0; i < SIM_GENERATED; i++)
		if (s->node[B].generated[i].id != 0)
			return &s->node[B].generated[i];
	fail();
	return NULL;
}

void gen_assert_range(const struct abi_range *r, const struct abi_range *want)
{
	char is[TS_MAX_TEXT], should[TS_MAX_TEXT];

	assert_string_equal(ts_print(r, is, sizeof(is)), ts_print(want, should, sizeof(should)));
}
