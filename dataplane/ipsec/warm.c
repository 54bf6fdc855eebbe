/* SPDX-License-Identifier: BSD-3-Clause */
/* warm.c - see warm.h. */
#include "dataplane/ipsec/warm.h"

#include <rte_prefetch.h>

#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/ipsec/spd_impl.h"

#define LINE 64u
#define CIPHER_LINES                                                                               \
	3u /* of the key schedule: all of AES-128's; the others follow by themselves               \
	    */

struct wanted {
	uint16_t n;
	const struct sa *sa[WORKER_BURST];
};

static void want_slots(const struct sad *s, const uint32_t *slot, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(&s->slot[slot[i] & s->mask]);
}

static void want_lines(const struct worker *w, const uint32_t *slot, uint16_t n, struct wanted *a)
{
	const struct sad *s = w->tables->sad;

	a->n = 0;
	for (uint16_t i = 0; i < n; i++) {
		const struct sa *sa = sad_slot(s, slot[i] & s->mask);
		const uint8_t *keys;

		if (sa == NULL)
			continue;
		a->sa[a->n++] = sa;
		rte_prefetch0(sa);
		__builtin_prefetch(worker_sa(w, slot[i] & s->mask), 1);
		rte_prefetch0(sa->local);
		rte_prefetch0(sa->remote);
		keys = (const uint8_t *)&sa->keys;
		for (unsigned int k = 0; k < sizeof(sa->keys) + CIPHER_LINES * LINE; k += LINE)
			rte_prefetch0(keys + k);
	}
}

void warm_out(const struct worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	uint32_t slot[WORKER_BURST];
	struct wanted a;

	for (uint16_t i = 0; i < n; i++)
		slot[i] = pkt_meta(pkts[i])->sa_slot;
	want_slots(w->tables->sad, slot, n);
	want_lines(w, slot, n, &a);
	for (uint16_t i = 0; i < a.n; i++) {
		__builtin_prefetch(&a.sa[i]->seq, 1);
		rte_prefetch0(&a.sa[i]->outer);
	}
}

void warm_in(const struct worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	uint32_t slot[WORKER_BURST];
	struct wanted a;

	for (uint16_t i = 0; i < n; i++)
		slot[i] = warm_spi(pkts[i]);
	want_slots(w->tables->sad, slot, n);
	want_lines(w, slot, n, &a);
	for (uint16_t i = 0; i < a.n; i++) {
		const struct sa *sa = a.sa[i];

		if (sa->replay != NULL) {
			__builtin_prefetch(sa->replay, 1);
			__builtin_prefetch(&sa->replay->cell[0], 1);
		}
		if (sa->policy != SAD_NONE)
			__builtin_prefetch(worker_policy(w, sa->policy), 1);
	}
}

void warm_policies(const struct worker *w, const struct spd *s, const struct spd_matches *match,
		   uint16_t n)
{
	const struct sad *sad = w->tables->sad;
	uint32_t index[WORKER_BURST], slot[WORKER_BURST];
	uint16_t n_slots = 0;

	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(&s->entry[match[i].out < s->n ? match[i].out : 0]);
	for (uint16_t i = 0; i < n; i++) {
		index[i] = s->entry[match[i].out < s->n ? match[i].out : 0].index;
		__builtin_prefetch(worker_policy(w, index[i]), 1);
		if (index[i] < sad->max_policies)
			rte_prefetch0(&sad->out[index[i]]);
	}
	for (uint16_t i = 0; i < n; i++) {
		if (index[i] >= sad->max_policies)
			continue;
		slot[n_slots] = __atomic_load_n(&sad->out[index[i]], __ATOMIC_RELAXED) & sad->mask;
		rte_prefetch0(&sad->slot[slot[n_slots++]]);
	}
	for (uint16_t i = 0; i < n_slots; i++)
		rte_prefetch0(sad_slot(sad, slot[i]));
}
