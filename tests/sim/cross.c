/* SPDX-License-Identifier: BSD-3-Clause */
/* cross.c - every order of what crosses; see cross.h. */
#include "tests/sim/cross.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP	   (6 * SIM_MS)	   /* longer than a packet is on its way */
#define HELD_FOR   (15 * SIM_SEC)  /* what was replaced is deleted in this time */
#define SETTLE	   (100 * SIM_SEC) /* an IKE SA that the peer never had is found by DPD */
#define SETTLE_END (180 * SIM_SEC) /* nobody tells that a half-open IKE SA was ended */

struct parcel {
	struct ike_datagram d;
	uint8_t *data;
	unsigned number;
};

struct cross {
	struct sim s;
	const struct cross_case *c;
	struct cross_path *path;
	struct parcel queue[2][CROSS_QUEUE]; /* to node i, oldest first */
	unsigned n[2], sent, begun;
	struct parcel late;
	int late_to;
	uint64_t until;
};

/* Each IKE message stops here until it is chosen. */
static bool hold(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct cross *x = ctx;
	int to = 1 - from;
	struct parcel p = {.d = *d, .number = x->sent++};

	(void)s;
	if (x->c->sent != NULL)
		x->c->sent(from, data);
	if (x->c->fate == CROSS_LOST && p.number == x->c->which)
		return false;
	p.data = malloc(d->len);
	assert(p.data != NULL && x->n[to] < CROSS_QUEUE);
	memcpy(p.data, data, d->len);
	if (x->c->fate == CROSS_LATE && p.number == x->c->which) {
		x->late = p;
		x->late_to = to;
	} else {
		x->queue[to][x->n[to]++] = p;
	}
	return false;
}

static void deliver(struct cross *x, int to, struct parcel *p)
{
	struct sim_node *n = &x->s.node[to];

	p->d.data = p->data;
	sim_arrive(&x->s, to, &p->d);
	n->due = ike_engine_tick(n->engine, x->s.now);
	free(p->data);
	p->data = NULL;
}

static void deliver_oldest(struct cross *x, int to)
{
	struct parcel p = x->queue[to][0];

	memmove(x->queue[to], x->queue[to] + 1, --x->n[to] * sizeof(p));
	deliver(x, to, &p);
}

static void begin(struct cross *x)
{
	const struct cross_action *a = &x->c->action[x->begun++];
	struct sim_node *n = &x->s.node[a->node];

	x->until = x->s.now + HELD_FOR;
	switch (a->kind) {
	case CROSS_REKEY_PAIR:
	case CROSS_REKEY_IKE: /* when there is one to rekey just then */
		(void)ike_engine_rekey(n->engine, n->conf.name, a->kind == CROSS_REKEY_IKE,
				       x->s.now);
		break;
	case CROSS_FLUSH:
		ike_engine_flush_children(n->engine, x->s.now);
		break;
	case CROSS_END:
		ike_engine_terminate(n->engine, n->conf.name, x->s.now);
		break;
	default:
		assert(!"no such action");
	}
	n->due = ike_engine_tick(n->engine, x->s.now);
}

static unsigned choose(struct cross_path *p, unsigned of)
{
	uint64_t pick = 0;

	if (of < 2)
		return 0;
	if (p->at == CROSS_DEPTH)
		return 0;
	if (p->at == p->n) {
		if (p->dice != 0) {
			p->dice = p->dice * 6364136223846793005ULL + 1442695040888963407ULL;
			pick = (p->dice >> 33) % of;
		}
		p->of[p->n++] = (uint8_t)of;
		if (p->branch != NULL)
			pick = p->branch(p, of);
		p->pick[p->n - 1] = (uint8_t)pick;
	}
	assert(p->of[p->at] == of); /* the same choices lead to the same place */
	return p->pick[p->at++];
}

/* Nothing is on its way: until a timer sends something. */
static void wait_for_message(struct cross *x)
{
	unsigned sent = x->sent;

	while (x->sent == sent && x->s.now < x->until) {
		uint64_t due =
			x->s.node[0].due < x->s.node[1].due ? x->s.node[0].due : x->s.node[1].due;
		uint64_t to = due > x->s.now + STEP ? due : x->s.now + STEP;

		sim_run(&x->s, to < x->until ? to : x->until);
	}
}

/* One of what can happen. First the oldest message, then the other side's, then an action. */
static void step(struct cross *x)
{
	bool more = x->begun < x->c->n_actions;
	int first = 0;
	unsigned pick;

	if (x->n[0] == 0 && x->n[1] == 0) {
		if (more && (x->s.now >= x->until || choose(x->path, 2) == 0)) {
			begin(x);
			return;
		}
		wait_for_message(x);
		if (x->late.data != NULL) /* only now, after what was sent later */
			deliver(x, x->late_to, &x->late);
		return;
	}
	if (x->n[0] == 0 || (x->n[1] != 0 && x->queue[1][0].number < x->queue[0][0].number))
		first = 1;
	pick = choose(x->path, (x->n[1 - first] != 0 ? 2u : 1u) + more);
	if (pick == 0)
		deliver_oldest(x, first);
	else if (pick == 1 && x->n[1 - first] != 0)
		deliver_oldest(x, 1 - first);
	else
		begin(x);
}

static void start(struct cross *x)
{
	struct sim *s = &x->s;

	sim_init(s, 12345 + x->c->seed);
	s->node[1].conf.passive = true;
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = x->c->mode;
		s->node[i].children[0].proposal.pfs_group = x->c->pfs ? 31 : 0;
		s->node[i].install_delay_max = x->c->slow_dataplane ? 40 * SIM_MS : 0;
		s->node[i].esp_every = 10 * SIM_MS;
	}
	sim_start(s);
	sim_run(s, s->now + 3 * SIM_SEC);
	assert(sim_agreed(s, 0));
	for (int i = 0; i < 2; i++)
		s->node[i].esp_lost = s->node[i].esp_no_sa = 0;
}

static void look(const struct sim *s, struct cross_end *end)
{
	memset(end, 0, sizeof(*end));
	end->agreed = sim_agreed(s, 0);
	end->clean = true;
	for (int i = 0; i < 2; i++) {
		const struct sim_pair *p = sim_current(s, i, 0);

		end->clean &= sim_counters_add_up(s, i) && s->node[i].n_reserved == 0 &&
			      sim_ike_sas_alone(s, i) == 0;
		end->lost += s->node[i].esp_lost + s->node[i].esp_no_sa;
		end->sas[i] = sim_ike_sas(s, i, NULL);
		end->spi[i] = p != NULL ? p->sa.in.spi : 0;
	}
	end->theirs = sim_is_responder(s, 0);
}

static bool ends_any(const struct cross_case *c)
{
	for (unsigned i = 0; i < c->n_actions; i++) {
		if (c->action[i].kind == CROSS_END)
			return true;
	}
	return false;
}

void cross_run(const struct cross_case *c, struct cross_path *path, struct cross_end *end)
{
	static struct cross x;

	memset(&x, 0, sizeof(x));
	x.c = c;
	x.path = path;
	path->at = 0;
	start(&x);
	x.s.net.hook = hold;
	x.s.net.hook_ctx = &x;
	x.s.drawn = c->drawn;
	do {
		begin(&x);
	} while (c->together && x.begun < c->n_actions);
	while (x.s.now < x.until || x.begun < c->n_actions) {
		sim_run(&x.s, x.s.now + STEP);
		step(&x);
	}
	for (int i = 0; i < 2; i++) {
		while (x.n[i] > 0)
			deliver_oldest(&x, i);
		x.s.node[i].esp_every = 200 * SIM_MS;
	}
	free(x.late.data);
	x.s.net.hook = NULL;
	sim_run(&x.s, x.s.now + (ends_any(c) ? SETTLE_END : SETTLE));
	look(&x.s, end);
	end->sent = x.sent;
	sim_fini(&x.s);
}

bool cross_next(struct cross_path *p)
{
	while (p->n > 0 && p->pick[p->n - 1] + 1 == p->of[p->n - 1])
		p->n--;
	if (p->n == 0)
		return false;
	p->pick[p->n - 1]++;
	return true;
}

static uint64_t mix(uint64_t h, uint64_t value)
{
	h = (h ^ value) * 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 29;
}

uint64_t cross_hash(const struct cross_path *path, const struct cross_end *end)
{
	uint64_t h = path->n;

	for (unsigned i = 0; i < path->n; i++)
		h = mix(h, path->pick[i] * 16u + path->of[i]);
	h = mix(h, end->agreed + 2u * end->clean + 4u * end->theirs);
	h = mix(mix(h, end->lost), end->sent);
	for (int i = 0; i < 2; i++)
		h = mix(mix(h, end->sas[i]), end->spi[i]);
	return h;
}

void cross_print_case(const struct cross_case *c)
{
	static const char *const kinds[] = {"pair", "IKE", "flush", "end"};

	fprintf(stderr, "mode %d pfs %d slow %d:", c->mode, c->pfs, c->slow_dataplane);
	for (unsigned i = 0; i < c->n_actions; i++)
		fprintf(stderr, " %c %s", 'A' + c->action[i].node, kinds[c->action[i].kind]);
}

void cross_print(const struct cross_case *c, const struct cross_path *path,
		 const struct cross_end *end)
{
	static const char *const fates[] = {"arrives", "lost", "late"};

	cross_print_case(c);
	fprintf(stderr, "; message %u %s; seed %llu; path", c->which, fates[c->fate],
		(unsigned long long)c->seed);
	for (unsigned i = 0; i < path->n; i++)
		fprintf(stderr, " %u", path->pick[i]);
	fprintf(stderr, ": agreed %d clean %d, %llu packets lost, IKE SAs %u %u\n", end->agreed,
		end->clean, (unsigned long long)end->lost, end->sas[0], end->sas[1]);
}
