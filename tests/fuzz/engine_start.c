/* SPDX-License-Identifier: BSD-3-Clause */
/* engine_start.c - where the engine targets begin; see engine_start.h. */
#include "tests/fuzz/engine_start.h"

#include <string.h>

#include "tests/fuzz/engine_input.h"
#include "tests/fuzz/fuzz.h"

void engine_configure(struct sim *s, bool ike2, uint8_t flags)
{
	for (int i = 0; i < 2; i++) {
		struct sim_node *n = &s->node[i];

		n->children[0].proposal.pfs_group = flags & ENGINE_PFS ? 19 : 0;
		if (ike2)
			n->conf.mode = IKE_MODE_IKE2;
		else if (flags & ENGINE_AGGRESSIVE)
			n->conf.mode = IKE_MODE_AGGRESSIVE;
		if ((flags & ENGINE_LONG) == 0)
			continue;
		n->conf.profile.dh[0] = 18;
		n->conf.profile.encr[n->conf.profile.n_encr++] = (struct ike_encr_choice){12, 256};
		n->children[1] = n->children[0];
		n->children[1].policy_id = SIM_POLICY(1);
		n->children[1].local = sim_net_range(i == 0 ? "192.168.2.0" : "10.100.2.0", 24);
		n->children[1].remote = sim_net_range(i == 0 ? "10.100.2.0" : "192.168.2.0", 24);
		n->conf.n_children = 2;
	}
	s->node[1].conf.passive = (flags & ENGINE_BOTH) == 0;
	s->node[1].conf.profile.proposal_check = ENGINE_CHECK(flags);
	if (flags & ENGINE_NAT) {
		s->node[0].nat = sim_addr("203.0.113.9");
		s->node[1].conf.remote = s->node[0].nat;
		s->node[1].conf.passive = true;
	}
}

const struct engine_state *engine_established(bool ike2, uint8_t flags)
{
	static struct engine_state all[2][256];
	struct engine_state *made = &all[ike2][flags];
	struct sim s;

	if (made->made)
		return made;
	sim_init(&s, 1);
	engine_configure(&s, ike2, flags);
	s.node[0].keeps = s.node[1].keeps = true;
	sim_start(&s);
	sim_run(&s, s.now + 5 * SIM_SEC);
	FUZZ_CHECK(sim_working(&s, 0) && ((flags & ENGINE_LONG) == 0 || sim_working(&s, 1)));
	for (int i = 0; i < 2; i++) {
		struct sim_node *n = &s.node[i];

		memcpy(made->node[i].pairs, n->pairs, sizeof(n->pairs));
		made->node[i].next_spi = n->next_spi;
		for (int k = 0; k < SIM_RECORDS; k++) {
			if (n->record[k] == NULL)
				continue;
			made->node[i].record[k] = malloc(n->record_len[k]);
			FUZZ_CHECK(made->node[i].record[k] != NULL);
			memcpy(made->node[i].record[k], n->record[k], n->record_len[k]);
			made->node[i].record_len[k] = n->record_len[k];
		}
	}
	made->now = s.now;
	made->made = true;
	sim_fini(&s);
	return made;
}

bool engine_restore(struct sim *s, const struct engine_state *from, int i)
{
	struct sim_node *n = &s->node[i];

	s->now = from->now;
	memcpy(n->pairs, from->node[i].pairs, sizeof(n->pairs));
	n->next_spi = from->node[i].next_spi;
	n->keeps = true;
	for (int k = 0; k < SIM_RECORDS; k++) {
		if (from->node[i].record[k] == NULL)
			continue;
		n->record_len[k] = from->node[i].record_len[k];
		n->record[k] = malloc(n->record_len[k]);
		FUZZ_CHECK(n->record[k] != NULL);
		memcpy(n->record[k], from->node[i].record[k], n->record_len[k]);
	}
	return sim_kill(s, i) > 0;
}
