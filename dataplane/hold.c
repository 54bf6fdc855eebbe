/* SPDX-License-Identifier: BSD-3-Clause */
/* hold.c - packets that wait for an SA; see hold.h. */
#include "dataplane/hold.h"

#include <errno.h>
#include <stdlib.h>

int hold_init(struct hold *h, uint32_t max_policies,
	      void (*drop)(void *ctx, struct rte_mbuf *m, enum drop_reason reason),
	      void (*release)(void *ctx, struct rte_mbuf *m), void *ctx)
{
	*h = (struct hold){
		.max_policies = max_policies, .drop = drop, .release = release, .ctx = ctx};
	TAILQ_INIT(&h->by_age);
	TAILQ_INIT(&h->free);
	for (unsigned int i = 0; i < HOLD_TOTAL; i++)
		TAILQ_INSERT_TAIL(&h->free, &h->entries[i], by_policy);
	h->policies = calloc(max_policies, sizeof(*h->policies));
	if (!h->policies)
		return -ENOMEM;
	for (uint32_t i = 0; i < max_policies; i++)
		TAILQ_INIT(&h->policies[i].packets);
	return 0;
}

/* Unlink e and return its packet. */
static struct rte_mbuf *take(struct hold *h, struct hold_entry *e)
{
	struct hold_policy *p = &h->policies[e->policy];

	TAILQ_REMOVE(&h->by_age, e, by_age);
	TAILQ_REMOVE(&p->packets, e, by_policy);
	TAILQ_INSERT_HEAD(&h->free, e, by_policy);
	p->n--;
	h->n--;
	return e->m;
}

void hold_destroy(struct hold *h)
{
	struct hold_entry *e;

	if (!h->policies)
		return;
	while ((e = TAILQ_FIRST(&h->by_age)))
		h->drop(h->ctx, take(h, e), DROP_OUT_NO_STATES);
	free(h->policies);
	h->policies = NULL;
}

bool hold_put(struct hold *h, uint32_t policy, struct rte_mbuf *m, uint64_t now)
{
	struct hold_policy *p = &h->policies[policy];
	struct hold_entry *e;
	bool ask = now >= p->next_acquire;

	if (p->n == HOLD_PER_POLICY)
		h->drop(h->ctx, take(h, TAILQ_FIRST(&p->packets)), DROP_OUT_NO_STATES);
	else if (h->n == HOLD_TOTAL)
		h->drop(h->ctx, take(h, TAILQ_FIRST(&h->by_age)), DROP_OUT_NO_STATES);
	e = TAILQ_FIRST(&h->free);
	TAILQ_REMOVE(&h->free, e, by_policy);
	e->m = m;
	e->since = now;
	e->policy = policy;
	TAILQ_INSERT_TAIL(&h->by_age, e, by_age);
	TAILQ_INSERT_TAIL(&p->packets, e, by_policy);
	p->n++;
	h->n++;
	if (ask)
		p->next_acquire = now + HOLD_ACQUIRE_NS;
	return ask;
}

void hold_release(struct hold *h, uint32_t policy)
{
	struct hold_entry *e;

	while ((e = TAILQ_FIRST(&h->policies[policy].packets)))
		h->release(h->ctx, take(h, e));
}

void hold_forget(struct hold *h, uint32_t policy)
{
	struct hold_entry *e;

	while ((e = TAILQ_FIRST(&h->policies[policy].packets)))
		h->drop(h->ctx, take(h, e), DROP_OUT_POLICY_DEAD);
	h->policies[policy].next_acquire = 0;
}

void hold_expire(struct hold *h, uint64_t now)
{
	struct hold_entry *e;

	while ((e = TAILQ_FIRST(&h->by_age)) && now - e->since >= HOLD_NS)
		h->drop(h->ctx, take(h, e), DROP_OUT_NO_STATES);
}
