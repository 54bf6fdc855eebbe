/* SPDX-License-Identifier: BSD-3-Clause */
/* sim_look.c - what tests ask about a simulation, and what they put into it; see sim.h. */
#include "tests/sim/sim.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "control/ike/ts.h"

struct abi_addr sim_addr(const char *text)
{
	struct abi_addr a = {0};

	a.family = strchr(text, ':') != NULL ? 6 : 4;
	assert(inet_pton(a.family == 6 ? AF_INET6 : AF_INET, text, a.bytes) == 1);
	return a;
}

struct abi_range sim_net_range(const char *addr, uint8_t prefix_len)
{
	struct abi_addr a = sim_addr(addr);
	struct abi_range r;

	assert(ts_from_prefix(&r, &a, prefix_len) == 0);
	return r;
}

void sim_slow_dh(struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		uint64_t dice = sim_random(s);

		s->node[i].dh_delay_max = dice & 1 ? 1 + (dice >> 8) % (400 * SIM_MS) : 0;
		s->node[i].dh_room = (unsigned)(dice >> 2) % 4;
	}
}

void sim_inject(struct sim *s, int to, const uint8_t *data, size_t len, bool marker)
{
	struct sim_node *n = &s->node[to];
	struct ike_datagram d = {
		.src = s->node[1 - to].addr,
		.dst = n->addr,
		.src_port = marker ? 4500 : 500,
		.dst_port = marker ? 4500 : 500,
		.marker = marker,
		.data = data,
		.len = len,
	};

	ike_engine_input(n->engine, &d, s->now);
	n->due = ike_engine_tick(n->engine, s->now);
}

int sim_rekey(struct sim *s, int node, bool ike_sa)
{
	struct sim_node *n = &s->node[node];
	int r = ike_engine_rekey(n->engine, n->conf.name, ike_sa, s->now);

	n->due = s->now;
	return r;
}

const struct sim_pair *sim_current(const struct sim *s, int i, unsigned child)
{
	for (int k = 0; k < s->node[i].pairs_end; k++) {
		const struct sim_pair *p = &s->node[i].pairs[k];

		if (p->used && p->current && p->sa.policy_id == SIM_POLICY(child))
			return p;
	}
	return NULL;
}

unsigned sim_installed(const struct sim *s, int i)
{
	unsigned n = 0;

	for (int k = 0; k < SIM_PAIRS; k++)
		n += s->node[i].pairs[k].used;
	return n;
}

static bool same_key(const struct ike_child_key *a, const struct ike_child_key *b)
{
	return a->spi == b->spi && memcmp(a->encr_key, b->encr_key, sizeof(a->encr_key)) == 0 &&
	       memcmp(a->salt, b->salt, sizeof(a->salt)) == 0 &&
	       memcmp(a->integ_key, b->integ_key, sizeof(a->integ_key)) == 0;
}

bool sim_working(const struct sim *s, unsigned child)
{
	const struct sim_pair *a = sim_current(s, 0, child), *b = sim_current(s, 1, child);

	return a != NULL && b != NULL && same_key(&a->sa.in, &b->sa.out) &&
	       same_key(&a->sa.out, &b->sa.in);
}

bool sim_agreed(const struct sim *s, unsigned child)
{
	unsigned n[2] = {0, 0};

	for (int i = 0; i < 2; i++) {
		for (int k = 0; k < SIM_PAIRS; k++)
			n[i] += s->node[i].pairs[k].used &&
				s->node[i].pairs[k].sa.policy_id == SIM_POLICY(child);
	}
	return n[0] == 1 && n[1] == 1 && sim_working(s, child);
}

bool sim_logged(const struct sim *s, int i, const char *text)
{
	return strstr(s->node[i].log, text) != NULL;
}

struct count {
	enum ike_code code;
	uint64_t n;
	const char *state;
};

static void count_evidence(void *ctx, const char *peer, const struct ike_evidence *ev)
{
	struct count *c = ctx;

	(void)peer;
	if (ev->code == c->code)
		c->n += ev->count;
}

uint64_t sim_evidence(const struct sim *s, int i, enum ike_code code)
{
	struct count c = {.code = code};

	ike_engine_visit_evidence(s->node[i].engine, NULL, count_evidence, &c);
	return c.n;
}

static void count_sa(void *ctx, const struct ike_sa_info *info)
{
	struct count *c = ctx;

	c->n += c->state == NULL || strcmp(c->state, info->state) == 0;
}

unsigned sim_ike_sas(const struct sim *s, int i, const char *state)
{
	struct count c = {.state = state};

	ike_engine_visit_sas(s->node[i].engine, count_sa, &c);
	return (unsigned)c.n;
}

#define SIM_IKE_SAS 64

struct ike_sas { /* that are up, */
	const struct ike_sas *others;
	uint64_t spis[SIM_IKE_SAS][2];
	unsigned n, alone; /* and that others do not have */
};

static void take_sa(void *ctx, const struct ike_sa_info *info)
{
	const uint64_t spis[2] = {info->ispi, info->rspi};
	struct ike_sas *all = ctx;
	bool found = all->others == NULL;

	if (info->established == 0)
		return;
	assert(all->n < SIM_IKE_SAS);
	memcpy(all->spis[all->n++], spis, sizeof(spis));
	for (unsigned k = 0; !found && k < all->others->n; k++)
		found = memcmp(spis, all->others->spis[k], sizeof(spis)) == 0;
	all->alone += !found;
}

unsigned sim_ike_sas_alone(const struct sim *s, int i)
{
	struct ike_sas theirs = {.n = 0}, ours = {.others = &theirs};

	ike_engine_visit_sas(s->node[1 - i].engine, take_sa, &theirs);
	ike_engine_visit_sas(s->node[i].engine, take_sa, &ours);
	return ours.alone;
}

static void take_cookie(void *ctx, const struct ike_sa_info *info)
{
	uint8_t *cookie = ctx;

	for (int i = 0; i < 8; i++)
		cookie[i] = (uint8_t)(info->ispi >> (56 - 8 * i));
}

void sim_first_cookie(const struct sim *s, int i, uint8_t cookie[8])
{
	ike_engine_visit_sas(s->node[i].engine, take_cookie, cookie);
}

static void take_responder(void *ctx, const struct ike_sa_info *info)
{
	*(bool *)ctx = info->responder;
}

bool sim_is_responder(const struct sim *s, int i)
{
	bool responder = false;

	ike_engine_visit_sas(s->node[i].engine, take_responder, &responder);
	return responder;
}

const struct ike_counters *sim_counters(const struct sim *s, int i)
{
	return ike_engine_counters(s->node[i].engine);
}

bool sim_counters_add_up(const struct sim *s, int i)
{
	const struct ike_counters *c = sim_counters(s, i);
	uint64_t sum = 0;

#define ADD(name, label, text) sum += c->rx_##name;
	IKE_RX_CLASSES(ADD)
	return sum == c->rx;
}

unsigned long sim_count(int argc, char **argv, int i, unsigned long usual)
{
	const char *many = getenv("ESPGW_SIM_COUNT");

	if (argc <= i)
		return usual;
	return strtoul(many != NULL ? many : argv[i], NULL, 10);
}
