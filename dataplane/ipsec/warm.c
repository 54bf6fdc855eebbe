/* SPDX-License-Identifier: BSD-3-Clause */
/* warm.c - see warm.h. */
#include "dataplane/ipsec/warm.h"

#include <rte_prefetch.h>

#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/ipsec/spd_impl.h"

/* The window and where in it the number is that the packet says it has. */
static void want_window(const struct sa *sa, uint32_t seq)
{
	if (sa->replay == NULL)
		return;
	warm_lines(sa->replay, 1);
	warm_lines(&sa->replay->cell[seq >> 5 & sa->replay_mask], 1);
}

void warm_in(const struct worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	const struct sad *s = w->tables->sad;
	uint32_t slot[WORKER_BURST], seq[WORKER_BURST];
	const struct sa *found[WORKER_BURST];

	for (uint16_t i = 0; i < n; i++) {
		slot[i] = warm_spi(pkts[i]) & s->mask;
		seq[i] = warm_seq(pkts[i]);
	}
	for (uint16_t i = 0; i < n; i++) {
		found[i] = sad_slot(s, slot[i]);
		if (found[i] == NULL)
			continue;
		warm_lines(&found[i]->state, WARM_HOT + WARM_KEYS);
		warm_lines(worker_sa(w, slot[i]), 1);
	}
	for (uint16_t i = 0; i < n; i++) {
		if (found[i] == NULL)
			continue;
		want_window(found[i], seq[i]);
		if (found[i]->policy != SAD_NONE)
			warm_lines(worker_policy(w, found[i]->policy), 1);
	}
}

void warm_policies(const struct worker *w, const struct spd *s, const struct spd_matches *match,
		   uint16_t n)
{
	const struct sad *sad = w->tables->sad;

	/* The way to an SA is short enough to be read in several turns at a time. */
	for (uint16_t i = 0; i < n; i++) {
		const struct sa *sa;
		uint32_t index, slot;

		if (match[i].out >= s->n)
			continue;
		index = s->entry[match[i].out].index;
		warm_lines(worker_policy(w, index), 1);
		if (index >= sad->max_policies)
			continue;
		slot = __atomic_load_n(&sad->out[index], __ATOMIC_RELAXED);
		if (slot > sad->mask)
			continue;
		warm_lines(worker_sa(w, slot), 1);
		sa = __atomic_load_n(&sad->slot[slot], __ATOMIC_ACQUIRE);
		if (sa != NULL)
			warm_lines(&sa->state, WARM_HOT + WARM_KEYS);
	}
}
