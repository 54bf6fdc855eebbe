/* SPDX-License-Identifier: BSD-3-Clause */
/* totals.c - sums per policy over SAs, alive and dead. */
#include "control/totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void totals_free(struct totals *t)
{
	free(t->base);
	free(t->now);
	*t = (struct totals){0};
}

static int by_id(const void *a, const void *b)
{
	const struct totals_row *x = a, *y = b;

	return x->policy_id < y->policy_id ? -1 : x->policy_id > y->policy_id;
}

static struct totals_row *find(struct totals_row *rows, size_t n, uint32_t id)
{
	const struct totals_row key = {.policy_id = id};

	return n != 0 ? bsearch(&key, rows, n, sizeof(*rows), by_id) : NULL;
}

static void add(struct totals_row *to, const struct totals_row *from)
{
	to->out_hits += from->out_hits;
	to->in_hits += from->in_hits;
	to->out_packets += from->out_packets;
	to->out_bytes += from->out_bytes;
	to->in_packets += from->in_packets;
	to->in_bytes += from->in_bytes;
}

/* Policies of the segment with what their dead SAs have come to. */
static size_t read_policies(const struct segmap *m, struct totals_row *rows)
{
	struct abi_policy_status s;
	size_t n = 0;

	for (uint32_t i = 0; segmap_policy(m, i, &s); i++) {
		struct abi_policy_counters c;

		if (s.policy_id == 0)
			continue;
		segmap_policy_counters(m, i, &c);
		rows[n++] = (struct totals_row){
			.policy_id = s.policy_id,
			.out_hits = c.out_hits + c.dead_out_hits,
			.in_hits = c.in_hits + c.dead_in_packets,
			.out_packets = c.dead_out_packets,
			.out_bytes = c.dead_out_bytes,
			.in_packets = c.dead_in_packets,
			.in_bytes = c.dead_in_bytes,
		};
	}
	return n;
}

static void add_live(const struct segmap *m, struct totals_row *rows, size_t n)
{
	struct abi_sa_counters c;
	struct abi_sa_status s;

	for (uint32_t slot = 0; slot < m->hdr.max_sas; slot++) {
		struct totals_row *r;

		if (segmap_sa_state(m, slot) == ABI_SA_FREE || !segmap_sa(m, slot, &s))
			continue;
		r = find(rows, n, s.policy_id);
		if (r == NULL)
			continue;
		segmap_sa_counters(m, slot, &c);
		if (s.direction == ABI_DIR_OUT) {
			r->out_hits += c.hits;
			r->out_packets += c.packets;
			r->out_bytes += c.bytes;
		} else {
			r->in_hits += c.packets;
			r->in_packets += c.packets;
			r->in_bytes += c.bytes;
		}
	}
}

/* Rows of this segment and, where a policy is in both or only there, of the base. */
static int sum_up(const struct totals *t, const struct segmap *m, struct totals_row **out,
		  size_t *n_out)
{
	size_t room = t->n_base + (m->base != NULL ? m->hdr.max_policies : 0);
	struct totals_row *rows = calloc(room + 1, sizeof(*rows));
	size_t n = 0, here;

	if (rows == NULL)
		return -ENOMEM;
	if (m->base != NULL) {
		n = read_policies(m, rows);
		qsort(rows, n, sizeof(*rows), by_id);
		add_live(m, rows, n);
	}
	here = n;
	for (size_t i = 0; i < t->n_base; i++) {
		struct totals_row *r = find(rows, here, t->base[i].policy_id);

		if (r != NULL)
			add(r, &t->base[i]);
		else
			rows[n++] = t->base[i];
	}
	qsort(rows, n, sizeof(*rows), by_id);
	*out = rows;
	*n_out = n;
	return 0;
}

int totals_collect(struct totals *t, const struct segmap *m)
{
	struct totals_row *rows;
	size_t n;

	if (sum_up(t, m, &rows, &n) != 0)
		return -ENOMEM;
	free(t->now);
	t->now = rows;
	t->n_now = n;
	return 0;
}

int totals_keep(struct totals *t, const struct segmap *m)
{
	struct totals_row *rows;
	size_t n;

	if (sum_up(t, m, &rows, &n) != 0)
		return -ENOMEM;
	free(t->base);
	t->base = rows;
	t->n_base = n;
	return 0;
}

struct totals_row totals_of(const struct totals *t, uint32_t policy_id)
{
	const struct totals_row *r = find(t->now, t->n_now, policy_id);

	return r != NULL ? *r : (struct totals_row){.policy_id = policy_id};
}
