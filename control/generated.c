/* SPDX-License-Identifier: BSD-3-Clause */
/* generated.c - policies made from templates; see generated.h. */
#include "control/generated.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/enforce.h"
#include "control/gateway.h"
#include "control/ike/ts.h"
#include "control/ike/ts2.h"
#include "control/log.h"
#include "control/model/policy_key.h"

void generated_init(struct generated *all)
{
	*all = (struct generated){0};
	TAILQ_INIT(&all->list);
}

static void drop(struct generated *all, struct generated_policy *p)
{
	TAILQ_REMOVE(&all->list, p, link);
	all->n_records -= p->n_records;
	free(p);
}

void generated_free(struct generated *all)
{
	struct generated_policy *p;

	while ((p = TAILQ_FIRST(&all->list)) != NULL)
		drop(all, p);
}

static struct generated_policy *find(const struct generated *all, uint32_t id)
{
	struct generated_policy *p;

	TAILQ_FOREACH (p, &all->list, link) {
		if (p->id == id)
			return p;
	}
	return NULL;
}

const struct generated_policy *generated_find(const struct generated *all, uint32_t id)
{
	return find(all, id);
}

/* The same policy has the same number each time, unless another one has it. */
static uint32_t number(const struct generated *all, const struct generated_policy *p)
{
	const struct policy_key key = {.local = p->conf.local,
				       .remote = p->conf.remote,
				       .action = ABI_ACT_PROTECT,
				       .peer = p->peer};
	uint32_t id = policy_key_hash(&key) | PLAN_ID_GENERATED;

	while (find(all, id) != NULL)
		id = (id + 1) | PLAN_ID_GENERATED;
	return id;
}

static const struct ike_peer_conf *find_peer(const struct gateway *g, const char *name)
{
	const struct model_plan *plan = g->setup.plan;

	for (size_t i = 0; i < plan->n_peers; i++)
		if (strcmp(plan->peers[i].name, name) == 0)
			return &plan->peers[i];
	return NULL;
}

static void fill_records(struct generated_policy *p, const struct ike_peer_conf *peer)
{
	struct abi_range local[ABI_MAX_SELECTORS], remote[ABI_MAX_SELECTORS];
	size_t n_local = ts2_of_conf(&p->conf, true, local);
	size_t n_remote = ts2_of_conf(&p->conf, false, remote);

	for (size_t i = 0; i < n_local * n_remote; i++) {
		struct abi_policy *r = &p->records[p->n_records++];

		*r = (struct abi_policy){.policy_id = p->id,
					 .action = ABI_ACT_PROTECT,
					 .mode = p->conf.mode,
					 .local = local[i / n_remote],
					 .remote = remote[i % n_remote]};
		if (peer == NULL)
			continue;
		r->tunnel_local = peer->local;
		/* what a name stands for may change while it and its SAs stay */
		if (!peer->named &&
		    peer->remote_prefix_len == (peer->remote.family == 6 ? 128 : 32))
			r->tunnel_remote = peer->remote;
	}
}

uint32_t generated_add(struct gateway *g, const struct ike_generated *what)
{
	struct generated_policy *p = calloc(1, sizeof(*p));
	const struct segmap *map = dataplane_map(g->dp);
	size_t n = g->setup.plan->n_policies + g->generated.n_records;

	if (p == NULL || map->base == NULL)
		goto fail;
	snprintf(p->peer, sizeof(p->peer), "%s", what->peer);
	p->template_id = what->template_id;
	p->conf = *what->conf;
	/* Also where a control of before had given it: SAs in the data plane have it. */
	if (p->conf.policy_id == 0)
		p->conf.policy_id = number(&g->generated, p);
	p->id = p->conf.policy_id;
	if ((p->id & PLAN_ID_GENERATED) == 0 || find(&g->generated, p->id) != NULL)
		goto fail;
	fill_records(p, find_peer(g, what->peer));
	p->conf.more = NULL; /* the engine's; the records have them */
	if (n + p->n_records > map->hdr.max_policies) {
		log_error(&log_ipsec,
			  "%s: no policy generated: the dataplane has room for %u (max-policies)",
			  what->peer, map->hdr.max_policies);
		goto fail;
	}
	TAILQ_INSERT_TAIL(&g->generated.list, p, link);
	g->generated.n_records += p->n_records;
	if (g->peers_set) /* else it goes with the plan */
		enforce_generated(g);
	return p->id;
fail:
	free(p);
	return 0;
}

void generated_remove(struct gateway *g, uint32_t id)
{
	struct generated_policy *p = find(&g->generated, id);

	if (p == NULL)
		return;
	drop(&g->generated, p);
	g->generated.changed = true;
}

static size_t take(const struct generated *all, uint32_t template_id, struct abi_policy *out)
{
	const struct generated_policy *p;
	size_t n = 0;

	TAILQ_FOREACH (p, &all->list, link) {
		if (p->template_id != template_id)
			continue;
		memcpy(out + n, p->records, p->n_records * sizeof(*out));
		n += p->n_records;
	}
	return n;
}

/* Is it among the first n templates? */
static bool has_template(const struct model_plan *plan, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (plan->templates[i].id == id)
			return true;
	return false;
}

struct abi_policy *generated_merge(const struct generated *all, const struct model_plan *plan,
				   size_t *n)
{
	struct abi_policy *out = calloc(plan->n_policies + all->n_records + 1, sizeof(*out));
	const struct generated_policy *p;
	size_t at = 0, done = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < plan->n_templates; i++) {
		size_t before = plan->templates[i].before;

		memcpy(out + at, plan->policies + done, (before - done) * sizeof(*out));
		at += before - done;
		done = before;
		if (!has_template(plan, i, plan->templates[i].id)) /* ids are hashes */
			at += take(all, plan->templates[i].id, out + at);
	}
	memcpy(out + at, plan->policies + done, (plan->n_policies - done) * sizeof(*out));
	at += plan->n_policies - done;
	/* Of a template that a reload has just taken away: the engine will end them. */
	TAILQ_FOREACH (p, &all->list, link) {
		if (has_template(plan, plan->n_templates, p->template_id))
			continue;
		memcpy(out + at, p->records, p->n_records * sizeof(*out));
		at += p->n_records;
	}
	*n = at;
	return out;
}

/* --- the console --- */

/* A range that is no network is shown as the smallest one around it; its comment tells. */
static void put_net(struct value *v, const struct abi_range *r)
{
	unsigned bits = r->family == 4 ? 32 : 128, len = 0;

	while (len < bits && !((r->lo[len / 8] ^ r->hi[len / 8]) & (0x80u >> len % 8)))
		len++;
	*v = (struct value){.set = true, .prefix_len = (uint8_t)len, .addr.family = r->family};
	memcpy(v->addr.bytes, r->lo, sizeof(v->addr.bytes));
	for (unsigned i = len; i < bits; i++)
		v->addr.bytes[i / 8] &= (uint8_t) ~(0x80u >> i % 8);
}

static void put_port(struct value *v, const struct abi_range *r)
{
	bool any = r->port_lo == 0 && r->port_hi == UINT16_MAX;

	value_set_pair(v, any ? VALUE_ANY : r->port_lo, any ? 0 : r->port_hi);
}

static void row_of(const struct generated_policy *p, const struct abi_policy *r, char *text,
		   size_t size, struct value *v)
{
	char local[TS_MAX_TEXT], remote[TS_MAX_TEXT];

	menu_row_clear(v, POLICY_PROPS);
	value_set_text(&v[POLICY_PEER], p->peer);
	value_set_num(&v[POLICY_TUNNEL], p->conf.mode == ABI_MODE_TUNNEL);
	put_net(&v[POLICY_SRC], &r->local);
	put_net(&v[POLICY_DST], &r->remote);
	put_port(&v[POLICY_SRC_PORT], &r->local);
	put_port(&v[POLICY_DST_PORT], &r->remote);
	value_set_num(&v[POLICY_PROTOCOL], r->local.protocol | r->remote.protocol);
	value_set_num(&v[POLICY_ACTION], 0); /* the first words of their domains */
	value_set_num(&v[POLICY_LEVEL], 0);
	value_set_num(&v[POLICY_PROTOCOLS], 0);
	value_set_text(&v[POLICY_PROPOSAL], p->conf.proposal.name);
	value_set_num(&v[POLICY_TEMPLATE], 0);
	value_set_num(&v[POLICY_DISABLED], 0);
	value_set_num(&v[POLICY_DYNAMIC], 1);
	snprintf(text, size, "%s === %s", ts_print(&r->local, local, sizeof(local)),
		 ts_print(&r->remote, remote, sizeof(remote)));
	value_set_text(&v[POLICY_COMMENT], text);
}

void generated_rows(struct gateway *g, menu_emit *emit, void *arg,
		    void (*runtime)(struct gateway *g, uint32_t id, struct value *values))
{
	const struct generated_policy *p;
	struct value v[POLICY_PROPS];
	char text[2 * TS_MAX_TEXT];

	TAILQ_FOREACH (p, &g->generated.list, link) {
		for (size_t i = 0; i < p->n_records; i++) {
			row_of(p, &p->records[i], text, sizeof(text), v);
			runtime(g, p->id, v);
			if (!emit(arg, p->id, v))
				return;
		}
	}
}
