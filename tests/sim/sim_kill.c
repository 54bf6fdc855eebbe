/* SPDX-License-Identifier: BSD-3-Clause */
/* sim_kill.c - an engine that is killed, and what its records and data plane keep; see sim.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim_priv.h"

uint32_t sim_sa_save(void *ctx, uint32_t slot, const uint8_t *record, size_t len)
{
	struct sim_node *n = ctx;

	if (n->killed) /* who is dead keeps and forgets nothing */
		return slot;
	for (uint32_t i = 0; i < SIM_RECORDS && slot == 0; i++)
		slot = n->record[i] == NULL ? i + 1 : 0;
	if (!n->keeps || slot == 0)
		return 0;
	free(n->record[slot - 1]);
	n->record[slot - 1] = malloc(len);
	assert(n->record[slot - 1] != NULL);
	memcpy(n->record[slot - 1], record, len);
	n->record_len[slot - 1] = len;
	return slot;
}

void sim_sa_forget(void *ctx, uint32_t slot)
{
	struct sim_node *n = ctx;

	if (n->killed)
		return;
	assert(slot <= SIM_RECORDS && n->record[slot - 1] != NULL);
	free(n->record[slot - 1]);
	n->record[slot - 1] = NULL;
}

bool sim_child_adopt(void *ctx, uint64_t token, uint32_t policy_id, uint32_t spi_in,
		     uint32_t spi_out)
{
	struct sim_node *n = ctx;

	for (int i = 0; i < SIM_PAIRS; i++) {
		struct sim_pair *p = &n->pairs[i];

		if (p->used && p->confirmed && p->sa.token == 0 && p->sa.policy_id == policy_id &&
		    p->sa.in.spi == spi_in && p->sa.out.spi == spi_out) {
			p->sa.token = token;
			return true;
		}
	}
	return false;
}

unsigned sim_kill(struct sim *s, int i)
{
	struct sim_node *n = &s->node[i];
	struct sim_pair pairs[SIM_PAIRS];
	unsigned restored = 0;
	int r;

	memcpy(pairs, n->pairs, sizeof(pairs));
	n->killed = true;
	sim_end_engine(s, i);
	n->killed = false;
	memcpy(n->pairs, pairs, sizeof(pairs));
	n->n_reserved = 0;
	memset(n->generated, 0, sizeof(n->generated)); /* its memory alone had them */
	n->n_generated = 0;
	for (int k = 0; k < SIM_PAIRS; k++)
		n->pairs[k].sa.token = 0;
	r = ike_engine_set_peers(n->engine, &n->conf, 1, s->now);
	assert(r == 0);
	n->no_random = n->fails_restore;
	for (uint32_t k = 0; k < SIM_RECORDS; k++) {
		if (n->record[k] == NULL)
			continue;
		r = ike_engine_restore(n->engine, n->record[k], n->record_len[k], k + 1, s->now);
		if (r == 0) {
			restored++;
			continue;
		}
		free(n->record[k]);
		n->record[k] = NULL;
	}
	n->no_random = false;
	for (int k = 0; k < SIM_PAIRS; k++) { /* those that nobody knows */
		if (n->pairs[k].sa.token == 0)
			memset(&n->pairs[k], 0, sizeof(n->pairs[k]));
	}
	n->due = s->now;
	return restored;
}
