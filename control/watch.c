/* SPDX-License-Identifier: BSD-3-Clause */
/* watch.c - facts about traffic from counters; see watch.h. */
#include "control/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/ts.h"

void watch_free(struct watch *w)
{
	free(w->rows);
	*w = (struct watch){0};
}

static int by_id(const void *a, const void *b)
{
	const struct watch_row *x = a, *y = b;

	return x->policy_id < y->policy_id ? -1 : x->policy_id > y->policy_id;
}

static struct watch_row *find(const struct watch_row *rows, size_t n, uint32_t id)
{
	const struct watch_row key = {.policy_id = id};

	return n != 0 ? bsearch(&key, rows, n, sizeof(*rows), by_id) : NULL;
}

/* What an inbound SA dropped: it all was received. */
static void add_drops(struct watch_counts *c, const struct segmap *m, uint32_t slot)
{
	struct abi_sa_drops d;

	segmap_sa_drops(m, slot, &d);
	for (unsigned r = DROP_IN_ERRORS; r <= DROP_IN_POLICY_ERRORS; r++)
		c->received += d.count[r];
	/* found after decryption */
	c->verified += d.count[DROP_IN_NO_POLICIES] + d.count[DROP_IN_POLICY_BLOCKED] +
		       d.count[DROP_IN_TEMPLATE_MISMATCHES] + d.count[DROP_IN_STATE_MODE_ERRORS];
	c->replayed += d.count[DROP_IN_STATE_SEQUENCE_ERRORS];
}

static void add_pairs(struct watch_row *rows, size_t n, struct sa_table *t, const struct segmap *m)
{
	struct sa_pair *p;

	if (t == NULL || m->base == NULL)
		return;
	TAILQ_FOREACH (p, sa_table_all(t), link) {
		struct watch_row *r = find(rows, n, p->policy_id);

		if (r == NULL || p->state != SA_PAIR_READY)
			continue;
		r->up = true;
		if (sa_half_exists(&p->in))
			add_drops(&r->now, m, p->in.add.slot);
	}
}

/* What came before goes on; a policy that is new starts here. */
static void carry_over(const struct watch *w, struct watch_row *r, uint64_t now)
{
	const struct watch_row *was = find(w->rows, w->n, r->policy_id);

	if (was == NULL && w->turned != 0) { /* it was not there then: it counts from nothing */
		r->up_time = r->old_time = r->mid_time = w->turned;
		r->up_counts.undelivered = r->old.undelivered = r->mid.undelivered =
			r->now.undelivered;
		return;
	}
	if (was == NULL) {
		r->up_time = r->old_time = r->mid_time = now;
		r->up_counts = r->old = r->mid = r->now;
		return;
	}
	r->up_time = was->up_time;
	r->old_time = was->old_time;
	r->mid_time = was->mid_time;
	r->up_counts = was->up_counts;
	r->old = was->old;
	r->mid = was->mid;
}

int watch_read(struct watch *w, const struct totals *totals, struct sa_table *t,
	       const struct segmap *m, uint64_t now)
{
	struct watch_row *rows = calloc(totals->n_now + 1, sizeof(*rows));
	struct abi_worker_counters all = {0};
	size_t n = totals->n_now;

	if (rows == NULL)
		return -ENOMEM;
	if (m->base != NULL)
		segmap_worker_counters(m, &all);
	for (size_t i = 0; i < n; i++) {
		const struct totals_row *from = &totals->now[i];
		struct watch_counts *c = &rows[i].now;

		rows[i].policy_id = from->policy_id;
		c->matched = from->out_hits;
		c->sent = from->out_packets;
		c->received = c->verified = c->passed = from->in_packets;
		c->undelivered = all.drops[DROP_NET_NO_ROUTE] + all.drops[DROP_NET_NO_NEIGHBOUR];
	}
	add_pairs(rows, n, t, m);
	for (size_t i = 0; i < n; i++)
		carry_over(w, &rows[i], now);
	free(w->rows);
	w->rows = rows;
	w->n = n;
	return 0;
}

void watch_turn(struct watch *w, uint64_t now)
{
	for (size_t i = 0; i < w->n; i++) {
		struct watch_row *r = &w->rows[i];

		r->old = r->mid;
		r->old_time = r->mid_time;
		r->mid = r->now;
		r->mid_time = now;
		if (!r->up) {
			r->up_counts = r->now;
			r->up_time = now;
		}
	}
	w->turned = now;
}

static uint64_t since(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

static bool take_window(struct truth *t, const struct watch_row *r, const struct watch_counts *from)
{
	t->fact[TRUTH_MATCHED] = since(r->now.matched, from->matched);
	t->fact[TRUTH_SENT] = since(r->now.sent, from->sent);
	t->fact[TRUTH_RECEIVED] = since(r->now.received, from->received);
	t->fact[TRUTH_VERIFIED] = since(r->now.verified, from->verified);
	t->fact[TRUTH_PASSED] = since(r->now.passed, from->passed);
	t->replayed = since(r->now.replayed, from->replayed) * 2 >
		      since(t->fact[TRUTH_RECEIVED], t->fact[TRUTH_VERIFIED]);
	return t->fact[TRUTH_MATCHED] != 0 || t->fact[TRUTH_RECEIVED] != 0;
}

/* Source and destination of the IP header that a sample begins with. */
static bool addresses(const struct abi_drop_sample *s, struct abi_addr *src, struct abi_addr *dst)
{
	const uint8_t *ip = s->bytes + s->l2_len;
	size_t left = (size_t)(s->kept - s->l2_len);

	memset(src, 0, sizeof(*src));
	memset(dst, 0, sizeof(*dst));
	if (left >= 20 && ip[0] >> 4 == 4) {
		src->family = dst->family = 4;
		memcpy(src->bytes, ip + 12, 4);
		memcpy(dst->bytes, ip + 16, 4);
		return true;
	}
	if (left >= 40 && ip[0] >> 4 == 6) {
		src->family = dst->family = 6;
		memcpy(src->bytes, ip + 8, 16);
		memcpy(dst->bytes, ip + 24, 16);
		return true;
	}
	return false;
}

static bool within(const struct abi_range *r, const struct abi_addr *a)
{
	struct abi_range one;

	return ts_from_addr(&one, a) == 0 && r->family == a->family &&
	       memcmp(r->lo, one.lo, sizeof(r->lo)) <= 0 &&
	       memcmp(r->hi, one.hi, sizeof(r->hi)) >= 0;
}

/* Is there a sample of the last time, for this reason, that belongs to the policy? For packets
 * outside the selectors: the SA is the policy's, and what came is not of its networks. */
static bool sampled(const struct segmap *m, enum drop_reason reason, uint32_t policy_id,
		    const struct abi_range *local, const struct abi_range *remote, uint64_t after,
		    struct abi_addr *foreign)
{
	for (uint32_t w = 0; m->base != NULL && w < m->hdr.max_workers; w++) {
		for (unsigned i = 0; i < ABI_SAMPLES; i++) {
			struct abi_addr src, dst;
			struct abi_sa_status sa;
			struct abi_drop_sample s;

			if (!segmap_sample(m, w, reason, i, &s) || s.time < after ||
			    !addresses(&s, &src, &dst))
				continue;
			if (reason != DROP_IN_NO_POLICIES) {
				if (within(remote, &src) && within(local, &dst))
					return true;
				continue;
			}
			if (s.sa_slot != ABI_SAMPLE_NO_SA && segmap_sa(m, s.sa_slot, &sa) &&
			    sa.policy_id == policy_id && !within(remote, &src)) {
				*foreign = src;
				return true;
			}
		}
	}
	return false;
}

void watch_truth(const struct watch *w, uint32_t policy_id, const struct segmap *m,
		 const struct abi_range *local, const struct abi_range *remote, uint64_t now,
		 struct truth *out)
{
	const struct watch_row *r = find(w->rows, w->n, policy_id);
	const struct watch_counts *from;
	uint64_t start, lost, *fact = out->fact;

	*out = (struct truth){.code = IKE_CODE_COUNT};
	if (r == NULL)
		return;
	from = &r->old;
	start = r->old_time;
	if (!take_window(out, r, from)) {
		from = &r->up_counts;
		start = r->up_time;
		(void)take_window(out, r, from);
	}
	out->window = since(now, start);
	lost = since(r->now.undelivered, from->undelivered);
	if (lost != 0 &&
	    !sampled(m, DROP_NET_NO_NEIGHBOUR, policy_id, local, remote, start, NULL) &&
	    !sampled(m, DROP_NET_NO_ROUTE, policy_id, local, remote, start, NULL))
		lost = 0;
	fact[TRUTH_DELIVERED] = since(fact[TRUTH_PASSED], lost);
	truth_judge(out, r->up);
	if (fact[TRUTH_VERIFIED] > fact[TRUTH_PASSED])
		(void)sampled(m, DROP_IN_NO_POLICIES, policy_id, local, remote, start,
			      &out->foreign);
}
