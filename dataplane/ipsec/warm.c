/* SPDX-License-Identifier: BSD-3-Clause */
/* warm.c - see warm.h. */
#include "dataplane/ipsec/warm.h"

#include <rte_prefetch.h>

#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/ipsec/spd_impl.h"

void warm_in(const struct worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	const struct sad *s = w->tables->sad;
	uint32_t slot[WORKER_BURST];
	const struct sa *found[WORKER_BURST];
	uint16_t n_found = 0;

	for (uint16_t i = 0; i < n; i++)
		slot[i] = warm_spi(pkts[i]) & s->mask;
	for (uint16_t i = 0; i < n; i++) {
		const struct sa *sa = sad_slot(s, slot[i]);

		if (sa == NULL)
			continue;
		found[n_found++] = sa;
		warm_lines(&sa->state, WARM_HOT + WARM_KEYS);
		warm_lines(worker_sa(w, slot[i]), 1);
	}
	for (uint16_t i = 0; i < n_found; i++) {
		const struct sa *sa = found[i];

		if (sa->replay != NULL)
			warm_lines(sa->replay, 2);
		if (sa->policy != SAD_NONE)
			warm_lines(worker_policy(w, sa->policy), 1);
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
