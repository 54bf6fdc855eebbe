/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * rows.c - what the runtime menus show, with RouterOS's meanings: expires-in runs to the hard
 * lifetime, current-bytes and current-packets count inner packets, sums over a peer survive
 * rekeying.
 */
#include "control/rows.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "control/diagnose.h"
#include "control/gateway.h"
#include "control/ike/engine_counters.h"
#include "control/ike/ident.h"
#include "control/log.h"

/* --- installed-sa --- */

static void installed_sa_rows(void *ctx, menu_emit *emit, void *arg)
{
	struct gateway *g = ctx;
	struct sa_table *t = children_table(g->children);
	struct value v[INSTALLED_SA_PROPS];
	struct sa_pair *p;

	if (t == NULL)
		return;
	TAILQ_FOREACH (p, sa_table_all(t), link) {
		const struct sa_half *half[] = {&p->in, &p->out};

		for (unsigned int i = 0; i < 2; i++) {
			struct rows_sa x = {.map = dataplane_map(g->dp),
					    .pair = p,
					    .half = half[i],
					    .now = g->now,
					    .wall_now = time(NULL)};

			if (!sa_half_exists(half[i]) || p->state == SA_PAIR_REMOVING)
				continue;
			rows_fill_sa(&x, v);
			if (!emit(arg, half[i]->add.spi, v))
				return;
		}
	}
}

/* --- totals --- */

static const struct totals *totals_now(struct gateway *g)
{
	if (g->totals_request != g->request || g->request == 0) {
		(void)totals_collect(&g->totals, dataplane_map(g->dp));
		g->totals_request = g->request;
	}
	return &g->totals;
}

static void add_totals(struct totals_row *sum, const struct totals_row *r)
{
	sum->out_packets += r->out_packets;
	sum->out_bytes += r->out_bytes;
	sum->in_packets += r->in_packets;
	sum->in_bytes += r->in_bytes;
}

static struct totals_row peer_totals(struct gateway *g, const char *peer)
{
	const struct totals *t = totals_now(g);
	const struct model_plan *plan = g->setup.plan;
	const struct generated_policy *p;
	struct totals_row sum = {0};

	for (size_t i = 0; i < plan->n_peers; i++) {
		if (strcmp(plan->peers[i].name, peer) != 0)
			continue;
		for (size_t k = 0; k < plan->peers[i].n_children; k++) {
			struct totals_row r = totals_of(t, plan->peers[i].children[k].policy_id);

			add_totals(&sum, &r);
		}
	}
	TAILQ_FOREACH (p, &g->generated.list, link) {
		struct totals_row r = totals_of(t, p->id);

		if (strcmp(p->peer, peer) != 0)
			continue;
		add_totals(&sum, &r);
	}
	return sum;
}

/* --- active-peers --- */

struct peer_rows {
	struct gateway *g;
	menu_emit *emit;
	void *arg;
	bool full;
};

/* An address says what it is; other identities carry their type in front. */
static const char *id_text(const struct ike_identity_conf *id, char *buf, size_t cap)
{
	const char *text = ident_print(id, buf, cap);
	const char *colon = strchr(text, ':');

	if ((id->type == IKE_ID_IPV4 || id->type == IKE_ID_IPV6) && colon != NULL)
		return colon + 1;
	return text;
}

static void fill_peer_traffic(const struct totals_row *t, struct value *v)
{
	value_set_num(&v[ACTIVE_RX_BYTES], t->in_bytes);
	value_set_num(&v[ACTIVE_RX_PACKETS], t->in_packets);
	value_set_num(&v[ACTIVE_TX_BYTES], t->out_bytes);
	value_set_num(&v[ACTIVE_TX_PACKETS], t->out_packets);
}

/* The latest packet counts, of IKE or of ESP. */
static uint64_t last_seen(struct gateway *g, const struct ike_sa_info *info)
{
	struct sa_table *t = children_table(g->children);
	uint64_t seen = info->last_seen;
	struct sa_pair *p;

	if (t == NULL)
		return seen;
	TAILQ_FOREACH (p, sa_table_all(t), link) {
		struct abi_sa_counters c;

		if (strcmp(p->peer, info->peer) != 0 || !sa_half_exists(&p->in))
			continue;
		segmap_sa_counters(dataplane_map(g->dp), p->in.add.slot, &c);
		if (c.last_used > seen)
			seen = c.last_used;
	}
	return seen;
}

/* One policy that passes nothing is enough to look. */
static const char *peer_phase2_state(struct gateway *g, const struct ike_sa_info *info)
{
	const struct model_plan *plan = g->setup.plan;

	if (info->ph2_total == 0)
		return "no-phase2";
	for (size_t i = 0; i < plan->n_peers; i++) {
		if (strcmp(plan->peers[i].name, info->peer) != 0)
			continue;
		for (size_t k = 0; k < plan->peers[i].n_children; k++) {
			struct truth t;

			diagnose_truth(g, plan->peers[i].children[k].policy_id, &t);
			if (t.state == TRUTH_NOT_PASSING && t.code != IKE_NO_SA_FOR_TRAFFIC)
				return "established, not passing";
		}
	}
	return "established";
}

static void fill_peer(struct gateway *g, const struct ike_sa_info *i, struct value *v)
{
	struct totals_row t = peer_totals(g, i->peer);
	uint64_t seen = last_seen(g, i);

	value_set_num(&v[ACTIVE_RESPONDER], i->responder);
	value_set_num(&v[ACTIVE_NATT], i->natt);
	value_set_text(&v[ACTIVE_COMMENT], i->comment[0] != '\0' ? i->comment : NULL);
	value_set_text(&v[ACTIVE_STATE], i->state);
	if (i->established != 0)
		value_set_num(&v[ACTIVE_UPTIME], rows_seconds(i->established, g->now));
	value_set_num(&v[ACTIVE_PH2_TOTAL], i->ph2_total);
	value_set_addr(&v[ACTIVE_REMOTE], &i->remote, 0);
	value_set_text(&v[ACTIVE_PEER], i->peer);
	value_set_addr(&v[ACTIVE_LOCAL], &i->local, 0);
	value_set_num(&v[ACTIVE_PORT], i->remote_port);
	value_set_num(&v[ACTIVE_LOCAL_PORT], i->local_port);
	value_set_text(&v[ACTIVE_SIDE], i->responder ? "responder" : "initiator");
	value_set_num(&v[ACTIVE_VERSION], i->version);
	if (seen != 0)
		value_set_num(&v[ACTIVE_LAST_SEEN], rows_seconds(seen, g->now));
	value_set_text(&v[ACTIVE_PH2_STATE], peer_phase2_state(g, i));
	fill_peer_traffic(&t, v);
}

static void peer_row(void *ctx, const struct ike_sa_info *info)
{
	struct value v[ACTIVE_PEERS_PROPS];
	char id[IDENT_MAX_TEXT], spii[17], spir[17];
	struct peer_rows *x = ctx;

	if (x->full)
		return;
	menu_row_clear(v, ACTIVE_PEERS_PROPS);
	fill_peer(x->g, info, v);
	if (info->id_remote.type != IKE_ID_AUTO)
		value_set_text(&v[ACTIVE_ID], id_text(&info->id_remote, id, sizeof(id)));
	snprintf(spii, sizeof(spii), "%016llx", (unsigned long long)info->ispi);
	snprintf(spir, sizeof(spir), "%016llx", (unsigned long long)info->rspi);
	value_set_text(&v[ACTIVE_SPII], spii);
	value_set_text(&v[ACTIVE_SPIR], spir);
	x->full = !x->emit(x->arg, info->id, v);
}

static void active_peers_rows(void *ctx, menu_emit *emit, void *arg)
{
	struct gateway *g = ctx;
	struct peer_rows x = {.g = g, .emit = emit, .arg = arg};

	ike_engine_visit_sas(g->engine, peer_row, &x);
}

/* --- statistics, log --- */

static void statistics_rows(void *ctx, menu_emit *emit, void *arg)
{
	struct gateway *g = ctx;
	struct value v[STATISTICS_PROPS];
	struct abi_worker_counters c;

	segmap_worker_counters(dataplane_map(g->dp), &c);
	menu_row_clear(v, STATISTICS_PROPS);
	for (unsigned int r = 1; r < DROP_MAX; r++)
		value_set_num(&v[STAT_ID(r)], c.drops[r]);
	(void)emit(arg, 0, v);
}

static void ike_counters_rows(void *ctx, menu_emit *emit, void *arg)
{
	struct gateway *g = ctx;
	const struct ike_counters *c = ike_engine_counters(g->engine);
	struct value v[IKE_COUNTERS_PROPS];

	menu_row_clear(v, IKE_COUNTERS_PROPS);
	value_set_num(&v[IKE_STAT_rx], c->rx);
#define RX(name, label, text)	 value_set_num(&v[IKE_STAT_rx_##name], c->rx_##name);
#define EVENT(name, label, text) value_set_num(&v[IKE_STAT_##name], c->name);
	IKE_RX_CLASSES(RX)
	IKE_EVENT_COUNTERS(EVENT)
	(void)emit(arg, 0, v);
}

struct log_rows {
	menu_emit *emit;
	void *arg;
	bool full;
};

static void log_row(void *ctx, const struct log_line *l)
{
	struct value v[LOG_PROPS];
	struct log_rows *x = ctx;

	if (x->full)
		return;
	menu_row_clear(v, LOG_PROPS);
	value_set_num(&v[LOG_TIME], (uint64_t)l->wall_sec);
	value_set_text(&v[LOG_TOPICS], l->topics);
	value_set_text(&v[LOG_MESSAGE], l->text);
	x->full = !x->emit(x->arg, l->number, v);
}

static void log_rows(void *ctx, menu_emit *emit, void *arg)
{
	struct log_rows x = {.emit = emit, .arg = arg};

	(void)ctx;
	log_visit(log_row, &x);
}

/* --- configured rows --- */

static bool find_interface(const struct gateway *g, const char *name, uint32_t *index,
			   struct abi_port *port)
{
	for (uint32_t i = 0; segmap_port(dataplane_map(g->dp), i, port); i++)
		if (port->name[0] != '\0' && strcmp(port->name, name) == 0) {
			*index = i;
			return true;
		}
	return false;
}

static void interface_fill(void *ctx, const struct menu_key *key, struct value *v)
{
	static char mac[18]; /* borrowed until the row is printed */
	struct gateway *g = ctx;
	struct abi_port_counters c;
	struct abi_port p;
	uint32_t index;

	if (!find_interface(g, key->name, &index, &p)) {
		value_set_num(&v[INTERFACE_RUNNING], 0);
		return;
	}
	snprintf(mac, sizeof(mac), "%02X:%02X:%02X:%02X:%02X:%02X", p.mac[0], p.mac[1], p.mac[2],
		 p.mac[3], p.mac[4], p.mac[5]);
	segmap_port_counters(dataplane_map(g->dp), index, &c);
	value_set_num(&v[INTERFACE_RUNNING], p.link_up != 0);
	value_set_text(&v[INTERFACE_MAC], mac);
	value_set_num(&v[INTERFACE_RX_PACKETS], c.rx_packets);
	value_set_num(&v[INTERFACE_RX_BYTES], c.rx_bytes);
	value_set_num(&v[INTERFACE_TX_PACKETS], c.tx_packets);
	value_set_num(&v[INTERFACE_TX_BYTES], c.tx_bytes);
}

/* Pairs of a policy that are in use, the newest one's endpoints. */
static unsigned int policy_pairs(struct gateway *g, uint32_t id, struct value *v)
{
	struct sa_table *t = children_table(g->children);
	unsigned int n = 0;
	struct sa_pair *p;

	if (t == NULL)
		return 0;
	TAILQ_FOREACH (p, sa_table_all(t), link) {
		if (p->policy_id != id || p->state != SA_PAIR_READY)
			continue;
		n++;
		value_set_addr(&v[POLICY_SA_SRC], &p->out.add.local, 0);
		value_set_addr(&v[POLICY_SA_DST], &p->out.add.remote, 0);
	}
	return n;
}

static const char *phase2_state(struct gateway *g, uint32_t policy_id, unsigned int pairs,
				bool clear)
{
	struct truth t;

	if (pairs == 0)
		return clear ? "passing in clear" : "no-phase2";
	diagnose_truth(g, policy_id, &t);
	return t.state == TRUTH_NOT_PASSING ? "established, not passing" : "established";
}

static void policy_runtime(struct gateway *g, uint32_t id, struct value *v)
{
	struct totals_row t;
	unsigned int n;

	t = totals_of(totals_now(g), id);
	value_set_num(&v[POLICY_ID], id);
	value_set_num(&v[POLICY_OUT_HITS], t.out_hits);
	value_set_num(&v[POLICY_IN_HITS], t.in_hits);
	if (setup_find(&g->setup, id) == NULL && generated_find(&g->generated, id) == NULL)
		return; /* bypass or discard: no SAs */
	n = policy_pairs(g, id, v);
	value_set_num(&v[POLICY_ACTIVE], n != 0);
	value_set_num(&v[POLICY_PH2_COUNT], n);
	value_set_text(&v[POLICY_PH2_STATE],
		       phase2_state(g, id, n, v[POLICY_ALLOW_CLEAR].num != 0));
	value_set_num(&v[POLICY_OUT_PACKETS], t.out_packets);
	value_set_num(&v[POLICY_OUT_BYTES], t.out_bytes);
	value_set_num(&v[POLICY_IN_PACKETS], t.in_packets);
	value_set_num(&v[POLICY_IN_BYTES], t.in_bytes);
}

static void policy_fill(void *ctx, const struct menu_key *key, struct value *v)
{
	if (key->policy_id != 0)
		policy_runtime(ctx, key->policy_id, v);
}

static void peer_fill(void *ctx, const struct menu_key *key, struct value *v)
{
	struct gateway *g = ctx;
	const struct model_plan *plan = g->setup.plan;

	names_io_fill(g, key->name, v);
	for (size_t i = 0; i < plan->n_peers; i++)
		if (strcmp(plan->peers[i].name, key->name) == 0)
			value_set_num(&v[PEER_RESPONDER], plan->peers[i].passive);
}

static void policy_rows(void *ctx, menu_emit *emit, void *arg)
{
	generated_rows(ctx, emit, arg, policy_runtime);
}

void rows_setup(struct gateway *g)
{
	g->source[MENU_ACTIVE_PEERS] = (struct menu_source){.rows = active_peers_rows, .ctx = g};
	g->source[MENU_INSTALLED_SA] = (struct menu_source){.rows = installed_sa_rows, .ctx = g};
	g->source[MENU_STATISTICS] = (struct menu_source){.rows = statistics_rows, .ctx = g};
	g->source[MENU_IKE_COUNTERS] = (struct menu_source){.rows = ike_counters_rows, .ctx = g};
	g->source[MENU_DROP_SAMPLES] = (struct menu_source){.rows = rows_samples, .ctx = g};
	g->source[MENU_LOG] = (struct menu_source){.rows = log_rows, .ctx = g};
	g->source[MENU_INTERFACE] = (struct menu_source){.fill = interface_fill, .ctx = g};
	g->source[MENU_PEER] = (struct menu_source){.fill = peer_fill, .ctx = g};
	g->source[MENU_NETWATCH] = (struct menu_source){.fill = netwatch_io_fill, .ctx = g};
	g->source[MENU_POLICY] =
		(struct menu_source){.rows = policy_rows, .fill = policy_fill, .ctx = g};
}
