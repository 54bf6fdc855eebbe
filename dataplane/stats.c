/* SPDX-License-Identifier: BSD-3-Clause */
/* stats.c - sums over counter lines. */
#include "dataplane/stats.h"

#include "dataplane/api/sample.h"
#include "dataplane/ipsec/sad.h"

#define DROP_NAME(name, text, why) [DROP_##name] = text,

const char *stats_drop_name(unsigned int reason)
{
	static const char *const names[DROP_MAX] = {ABI_DROP_IPSEC(DROP_NAME)
							    ABI_DROP_NET(DROP_NAME)};

	return reason < DROP_MAX ? names[reason] : NULL;
}

static uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* The lines of worker, or of all. */
static bool is_line(uint32_t i, uint32_t worker)
{
	return worker == STATS_ALL || worker == i;
}

struct abi_sa_counters stats_sa(const struct segment *s, uint32_t slot, uint32_t worker)
{
	const struct abi_sa_counters *all = segment_area(s, ABI_AREA_SA_COUNTERS);
	struct abi_sa_counters sum = {0};

	for (uint32_t i = 0; i < s->own.max_workers; i++) {
		const struct abi_sa_counters *c = &all[abi_line(s->own.max_sas, slot, i)];
		uint64_t used = load(&c->last_used);

		if (!is_line(i, worker))
			continue;
		sum.packets += load(&c->packets);
		sum.bytes += load(&c->bytes);
		sum.wire_bytes += load(&c->wire_bytes);
		sum.drops += load(&c->drops);
		sum.hits += load(&c->hits);
		sum.last_used = used > sum.last_used ? used : sum.last_used;
	}
	return sum;
}

struct abi_sa_drops stats_sa_drops(const struct segment *s, uint32_t slot, uint32_t worker)
{
	const struct abi_sa_drops *all = segment_area(s, ABI_AREA_SA_DROPS);
	struct abi_sa_drops sum = {.count = {0}};

	for (uint32_t i = 0; i < s->own.max_workers; i++) {
		const struct abi_sa_drops *d = &all[abi_line(s->own.max_sas, slot, i)];

		for (unsigned int r = 0; is_line(i, worker) && r <= DROP_IPSEC_LAST; r++)
			sum.count[r] += load(&d->count[r]);
	}
	return sum;
}

#define LOOKS 8u /* at a list that changes */

struct hits {
	const struct segment *segment;
	uint32_t policy_id;
	uint64_t out, in;
};

static void add_hits(void *ctx, uint32_t slot)
{
	struct hits *h = ctx;
	const struct abi_sa_status *sa = segment_area(h->segment, ABI_AREA_SA_STATUS);
	struct abi_sa_counters c;

	if (slot >= h->segment->own.max_sas || sa[slot].state == ABI_SA_FREE ||
	    sa[slot].policy_id != h->policy_id)
		return;
	c = stats_sa(h->segment, slot, STATS_ALL);
	if (sa[slot].direction == ABI_DIR_OUT)
		h->out += c.hits;
	else
		h->in += c.packets;
}

/* Those of live SAs of the policy: as many steps as there are SAs, of whatever policy. What an
 * earlier dataplane left has none here. */
static void add_live(const struct segment *s, const struct sad *sad, uint32_t policy_id,
		     struct abi_policy_counters *sum)
{
	struct hits h;
	unsigned int looks = 0;

	do
		h = (struct hits){.segment = s, .policy_id = policy_id};
	while (!sad_visit_used(sad, add_hits, &h) && ++looks < LOOKS);
	sum->out_hits += h.out;
	sum->in_hits += h.in;
}

struct abi_policy_counters stats_policy(const struct segment *s, const struct sad *sad,
					uint32_t index)
{
	const struct abi_policy_status *status = segment_area(s, ABI_AREA_POLICY_STATUS);
	const struct abi_policy_counters *all = segment_area(s, ABI_AREA_POLICY_COUNTERS);
	struct abi_policy_counters sum = {0};

	for (uint32_t i = 0; i < s->own.max_workers; i++) {
		const struct abi_policy_counters *c = &all[abi_line(s->own.max_policies, index, i)];

		sum.out_hits += load(&c->out_hits);
		sum.in_hits += load(&c->in_hits);
		sum.dead_out_packets += load(&c->dead_out_packets);
		sum.dead_out_bytes += load(&c->dead_out_bytes);
		sum.dead_in_packets += load(&c->dead_in_packets);
		sum.dead_in_bytes += load(&c->dead_in_bytes);
		sum.dead_out_hits += load(&c->dead_out_hits);
	}
	sum.out_hits += sum.dead_out_hits;
	sum.in_hits += sum.dead_in_packets;
	if (status[index].policy_id != 0)
		add_live(s, sad, status[index].policy_id, &sum);
	return sum;
}

struct abi_worker_counters stats_workers(const struct segment *s)
{
	const struct abi_worker_counters *c = segment_area(s, ABI_AREA_WORKER_COUNTERS);
	struct abi_worker_counters sum = {0};

	for (uint32_t i = 0; i < s->own.max_workers; i++) {
		for (unsigned int r = 0; r < ABI_DROP_SLOTS; r++)
			sum.drops[r] += load(&c[i].drops[r]);
		sum.rx_packets += load(&c[i].rx_packets);
		sum.tx_packets += load(&c[i].tx_packets);
		sum.polls += load(&c[i].polls);
		sum.busy_polls += load(&c[i].busy_polls);
		sum.punted += load(&c[i].punted);
		sum.out_of_turn += load(&c[i].out_of_turn);
	}
	return sum;
}

struct abi_port_counters stats_port(const struct segment *s, uint32_t port)
{
	const struct abi_port_counters *all = segment_area(s, ABI_AREA_PORT_COUNTERS);
	struct abi_port_counters sum = {0};

	for (uint32_t i = 0; i < s->own.max_workers; i++) {
		const struct abi_port_counters *c = &all[abi_line(s->own.max_ports, port, i)];

		sum.rx_packets += load(&c->rx_packets);
		sum.rx_bytes += load(&c->rx_bytes);
		sum.tx_packets += load(&c->tx_packets);
		sum.tx_bytes += load(&c->tx_bytes);
	}
	return sum;
}

static bool newer(const struct abi_drop_sample *a, const struct abi_drop_sample *b)
{
	return a->time != b->time ? a->time > b->time : a->number > b->number;
}

/* Keep out sorted, the newest first; beyond max the oldest is lost. */
static unsigned int insert(struct stats_sample *out, unsigned int n, unsigned int max,
			   const struct stats_sample *x)
{
	unsigned int at = n;

	for (; at > 0 && newer(&x->s, &out[at - 1].s); at--)
		if (at < max)
			out[at] = out[at - 1];
	if (at < max)
		out[at] = *x;
	return n < max ? n + 1 : max;
}

unsigned int stats_samples(const struct segment *s, unsigned int reason, struct stats_sample *out,
			   unsigned int max)
{
	struct stats_sample x;
	unsigned int n = 0;

	for (x.worker = 0; x.worker < s->own.max_workers; x.worker++)
		for (unsigned int i = 0; i < ABI_SAMPLES; i++)
			if (abi_sample_read(&segment_samples(s, x.worker)[reason * ABI_SAMPLES + i],
					    &x.s))
				n = insert(out, n, max, &x);
	return n;
}
