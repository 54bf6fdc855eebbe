/* SPDX-License-Identifier: BSD-3-Clause */
/* sim.c - two engines, a network and a clock; see sim.h. */
#include "tests/sim/sim.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/crypto/dh_job.h"
#include "control/crypto/suite.h"
#include "tests/sim/sim_priv.h"

enum sim_kind { SIM_IKE = 1, SIM_CONFIRM, SIM_ESP, SIM_ESP_TIMER, SIM_DH, SIM_TURN };

struct sim_event {
	uint64_t at, seq;
	enum sim_kind kind;
	int node;
	uint64_t token;
	int status;
	uint32_t spi;
	uint8_t key[8];
	struct ike_datagram d;
	uint8_t *data;
	struct dh_job *job;
};

uint64_t sim_random(struct sim *s)
{
	uint64_t z = (s->seed += 0x9e3779b97f4a7c15ULL); /* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static uint64_t between(struct sim *s, uint64_t lo, uint64_t hi)
{
	return hi <= lo ? lo : lo + sim_random(s) % (hi - lo + 1);
}

static bool chance(struct sim *s, unsigned pct)
{
	return pct > 0 && sim_random(s) % 100 < pct;
}

static bool before(const struct sim_event *a, const struct sim_event *b)
{
	return a->at != b->at ? a->at < b->at : a->seq < b->seq;
}

static void push(struct sim *s, struct sim_event ev)
{
	size_t i = s->n_events++;

	if (s->n_events > s->cap_events) {
		s->cap_events = s->cap_events == 0 ? 64 : s->cap_events * 2;
		s->heap = realloc(s->heap, s->cap_events * sizeof(s->heap[0]));
		assert(s->heap != NULL);
	}
	ev.seq = ++s->seq;
	for (; i > 0 && before(&ev, &s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = ev;
}

static struct sim_event pop(struct sim *s)
{
	struct sim_event top = s->heap[0], last = s->heap[--s->n_events];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < s->n_events) {
		if (child + 1 < s->n_events && before(&s->heap[child + 1], &s->heap[child]))
			child++;
		if (!before(&s->heap[child], &last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return top;
}

/* One copy of a datagram goes on its way. */
static void travel(struct sim *s, int to, const struct ike_datagram *d)
{
	struct sim_event ev = {.at = s->now + between(s, s->net.delay_min, s->net.delay_max),
			       .kind = SIM_IKE,
			       .node = to,
			       .d = *d};

	ev.data = malloc(d->len > 0 ? d->len : 1);
	assert(ev.data != NULL);
	memcpy(ev.data, d->data, d->len);
	push(s, ev);
}

static void op_send(void *ctx, const struct ike_datagram *sent)
{
	struct sim_node *n = ctx, *other = &n->sim->node[1 - n->index];
	struct sim *s = n->sim;
	struct ike_datagram d = *sent;
	uint8_t data[16384];

	if (n->killed)
		return;
	assert(d.len <= sizeof(data));
	memcpy(data, d.data, d.len);
	d.data = data;
	s->ike_sent++;
	assert(sim_same_addr(&d.src, &n->addr) || sim_same_addr(&d.src, &n->also));
	sim_map_source(n, &d.src, &d.src_port);
	if (!sim_map_target(other, &d.dst, &d.dst_port))
		return;
	if (s->net.hook != NULL && !s->net.hook(s, n->index, &d, data, s->net.hook_ctx))
		return;
	if (chance(s, s->net.loss_pct))
		return;
	travel(s, other->index, &d);
	if (chance(s, s->net.dup_pct))
		travel(s, other->index, &d);
}

static int op_random(void *ctx, void *buf, size_t len)
{
	struct sim_node *n = ctx;
	uint8_t *p = buf;
	size_t k;

	if (n->no_random)
		return -EIO;
	for (size_t at = 0; at < len; at += k) {
		uint64_t v = sim_random(n->sim);

		k = len - at < sizeof(v) ? len - at : sizeof(v);
		memcpy(p + at, &v, k);
	}
	if (n->sim->drawn != NULL)
		n->sim->drawn(n->sim, n->index, buf, len);
	return 0;
}

static uint32_t op_spi_alloc(void *ctx)
{
	struct sim_node *n = ctx;

	if (n->n_reserved == SIM_RESERVED)
		return 0;
	n->next_spi += 0x101;
	n->reserved[n->n_reserved++] = n->next_spi;
	return n->next_spi;
}

static void unreserve(struct sim_node *n, uint32_t spi)
{
	for (unsigned i = 0; i < n->n_reserved; i++) {
		if (n->reserved[i] == spi) {
			n->reserved[i] = n->reserved[--n->n_reserved];
			return;
		}
	}
	assert(!"SPI was not reserved");
}

static void op_spi_release(void *ctx, uint32_t spi)
{
	unreserve(ctx, spi);
}

static struct sim_pair *find_pair(struct sim_node *n, uint64_t token)
{
	for (int i = 0; i < SIM_PAIRS; i++) {
		if (n->pairs[i].used && n->pairs[i].sa.token == token)
			return &n->pairs[i];
	}
	return NULL;
}

static void op_child_install(void *ctx, const struct ike_child_sa *sa)
{
	struct sim_node *n = ctx;
	struct sim_event ev = {.at = n->sim->now + between(n->sim, 0, n->install_delay_max),
			       .kind = SIM_CONFIRM,
			       .node = n->index,
			       .token = sa->token,
			       .status = n->install_status};

	unreserve(n, sa->in.spi);
	n->installs++;
	for (int i = 0; i < SIM_PAIRS; i++) {
		if (!n->pairs[i].used) {
			n->pairs[i] = (struct sim_pair){.used = true, .sa = *sa};
			n->pairs_end = n->pairs_end > i ? n->pairs_end : i + 1;
			if (!n->mute_dataplane)
				push(n->sim, ev);
			return;
		}
	}
	assert(!"more pairs than the data plane holds");
}

static void make_current(struct sim_node *n, struct sim_pair *p)
{
	for (int i = 0; i < SIM_PAIRS; i++) {
		if (n->pairs[i].sa.policy_id == p->sa.policy_id)
			n->pairs[i].current = false;
	}
	p->current = true;
}

static void op_child_current(void *ctx, uint64_t token)
{
	struct sim_pair *p = find_pair(ctx, token);

	assert(p != NULL && p->confirmed);
	make_current(ctx, p);
}

static void op_child_remove(void *ctx, uint64_t token)
{
	struct sim_pair *p = find_pair(ctx, token);

	assert(p != NULL);
	memset(p, 0, sizeof(*p));
}

static void op_peer_failed(void *ctx, const char *peer)
{
	struct sim_node *n = ctx;

	assert(strcmp(peer, n->conf.name) == 0);
	n->failures++;
}

static void op_child_moved(void *ctx, uint64_t token, const struct abi_addr *remote, uint16_t port)
{
	struct sim_pair *p = find_pair(ctx, token);

	assert(p != NULL);
	((struct sim_node *)ctx)->moves++;
	p->sa.remote = *remote;
	p->sa.remote_port = port;
	p->told_port = 0;
}

static uint64_t op_child_last_seen(void *ctx, uint64_t token)
{
	const struct sim_pair *p = find_pair(ctx, token);

	return p != NULL ? p->last_seen : 0;
}

static void op_log(void *ctx, enum ike_log_level level, const struct ike_log_ctx *lc,
		   const char *text)
{
	static const char *const names[] = {"error", "warn", "notice", "info", "debug"};
	struct sim_node *n = ctx;
	size_t len = strlen(text);

	if (getenv("SIM_LOG") != NULL)
		fprintf(stderr, "%9.3f %c %-6s %016llx m%08x %s\n",
			(double)n->sim->now / (double)SIM_SEC, 'A' + n->index, names[level],
			(unsigned long long)lc->ispi, lc->msgid, text);
	if (n->log_len + len + 2 >= n->log_cap && n->log_cap < SIM_LOG) {
		n->log = realloc(n->log, n->log_cap *= 4);
		assert(n->log != NULL);
	}
	if (n->log_len + len + 2 < n->log_cap) {
		memcpy(n->log + n->log_len, text, len);
		n->log_len += len;
		n->log[n->log_len++] = '\n';
		n->log[n->log_len] = '\0';
	}
}

/* It is done at once and told later; what takes as long as it likes comes out of order. */
static int op_dh_submit(void *ctx, struct dh_job *job)
{
	struct sim_node *n = ctx;
	struct sim_event ev = {.at = n->sim->now + between(n->sim, 0, n->dh_delay_max),
			       .kind = SIM_DH,
			       .node = n->index,
			       .job = job};

	if (n->dh_room != 0 && n->dh_out >= n->dh_room) {
		n->dh_full++;
		return -EBUSY;
	}
	dh_job_run(job);
	n->dh_out++;
	n->dh_jobs++;
	push(n->sim, ev);
	return 0;
}

static bool op_dh_wanted(void *ctx, uint16_t group)
{
	(void)group;
	return ((struct sim_node *)ctx)->dh_delay_max != 0;
}

static const struct ike_ops ops = {
	.send = op_send,
	.random = op_random,
	.spi_alloc = op_spi_alloc,
	.spi_release = op_spi_release,
	.child_install = op_child_install,
	.child_current = op_child_current,
	.child_remove = op_child_remove,
	.child_moved = op_child_moved,
	.child_last_seen = op_child_last_seen,
	.log = op_log,
	.dh_submit = op_dh_submit,
	.dh_wanted = op_dh_wanted,
	.sa_save = sim_sa_save,
	.sa_forget = sim_sa_forget,
	.child_adopt = sim_child_adopt,
	.policy_add = sim_policy_add,
	.policy_remove = sim_policy_remove,
	.peer_failed = op_peer_failed,
};

void sim_init(struct sim *s, uint64_t seed)
{
	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->now = 1000 * SIM_SEC;
	s->net.delay_min = 5 * SIM_MS;
	s->net.delay_max = 5 * SIM_MS;
	s->node[0].addr = sim_addr("113.87.48.200");
	s->node[1].addr = sim_addr("119.91.254.122");
	for (int i = 0; i < 2; i++) {
		struct sim_node *n = &s->node[i];

		n->sim = s;
		n->index = i;
		n->next_spi = i == 0 ? 0xc0000000 : 0x0a000000;
		n->install_delay_max = 20 * SIM_MS;
		inbox_init(&n->inbox);
		n->log = calloc(1, n->log_cap = 4096);
		assert(n->log != NULL);
		n->engine = ike_engine_new(&ops, n);
		assert(n->engine != NULL);
		sim_default_conf(n);
	}
}

int sim_configure(struct sim *s, int i)
{
	struct sim_node *n = &s->node[i];
	int r = ike_engine_set_peers(n->engine, &n->conf, 1, s->now);

	n->due = ike_engine_tick(n->engine, s->now);
	return r;
}

void sim_start(struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		int r = sim_configure(s, i);

		assert(r == 0);
		if (s->node[i].ring != 0)
			push(s, (struct sim_event){
					.at = s->now + SIM_MS, .kind = SIM_TURN, .node = i});
		if (s->node[i].esp_every != 0)
			push(s, (struct sim_event){.at = s->now + s->node[i].esp_every,
						   .kind = SIM_ESP_TIMER,
						   .node = i});
	}
}

void sim_end_engine(struct sim *s, int i)
{
	struct sim_node *n = &s->node[i];

	ike_engine_free(n->engine);
	n->dh_out = 0;
	for (size_t k = 0; k < s->n_events; k++) {
		if (s->heap[k].node != i)
			continue;
		if (s->heap[k].kind == SIM_DH)
			s->heap[k].job = NULL; /* the engine's, gone with it */
		if (s->heap[k].kind == SIM_CONFIRM)
			s->heap[k].token = 0; /* nobody asks any more */
	}
	n->engine = ike_engine_new(&ops, n);
	assert(n->engine != NULL);
}

void sim_restart(struct sim *s, int i)
{
	int r;

	sim_end_engine(s, i);
	r = sim_configure(s, i);
	assert(r == 0);
}

static void confirm(struct sim *s, const struct sim_event *ev)
{
	struct sim_node *n = &s->node[ev->node];
	struct sim_pair *p = find_pair(n, ev->token);

	if (p == NULL)
		return; /* removed meanwhile */
	if (ev->status != 0) {
		memset(p, 0, sizeof(*p));
	} else {
		p->confirmed = true;
		if (p->sa.current)
			make_current(n, p);
	}
	ike_engine_child_result(n->engine, ev->token, ev->status, s->now);
}

/* Does the pair take the packet, counted in a direction? Limits are told as a data plane does: soft
 * once, hard ends it. */
static bool count(struct sim *s, struct sim_node *n, struct sim_pair *p, int out)
{
	uint64_t size = s->node[0].esp_size, token = p->sa.token;

	p->bytes[out] += size;
	if (p->sa.hard_bytes != 0 && p->bytes[out] > p->sa.hard_bytes) {
		ike_engine_child_expired(n->engine, token, true, ABI_LIMIT_BYTES, s->now);
		return false;
	}
	if (p->sa.soft_bytes != 0 && p->bytes[out] >= p->sa.soft_bytes && !p->told_soft[out]) {
		p->told_soft[out] = true;
		ike_engine_child_expired(n->engine, token, false, ABI_LIMIT_BYTES, s->now);
	}
	return true;
}

static void esp_send(struct sim *s, struct sim_node *n)
{
	struct sim_event ev = {.kind = SIM_ESP, .node = 1 - n->index};

	for (int i = 0; i < n->pairs_end; i++) {
		struct sim_pair *p = &n->pairs[i];

		if (!p->used || !p->current)
			continue;
		n->esp_sent++;
		ev.at = s->now + between(s, s->net.delay_min, s->net.delay_max);
		ev.spi = p->sa.out.spi;
		memcpy(ev.key, p->sa.out.encr_key, sizeof(ev.key));
		ev.d = (struct ike_datagram){.src = n->addr,
					     .dst = p->sa.remote,
					     .src_port = p->sa.local_port,
					     .dst_port = p->sa.remote_port};
		if (!count(s, n, p, 1)) {
			n->esp_lost++;
			continue;
		}
		if (p->sa.encap == ABI_ENCAP_UDP) {
			sim_map_source(n, &ev.d.src, &ev.d.src_port);
			if (!sim_map_target(&s->node[1 - n->index], &ev.d.dst, &ev.d.dst_port)) {
				n->esp_lost++;
				continue;
			}
		}
		if (!s->net.loses_esp || !chance(s, s->net.loss_pct))
			push(s, ev);
	}
	for (unsigned i = 0; i < n->conf.n_children; i++)
		n->esp_no_sa += sim_current(s, n->index, i) == NULL;
	push(s, (struct sim_event){
			.at = s->now + n->esp_every, .kind = SIM_ESP_TIMER, .node = n->index});
}

/* As a data plane does: another place is told once. */
static void watch_peer(struct sim *s, struct sim_node *n, struct sim_pair *p,
		       const struct ike_datagram *d)
{
	if (p->sa.encap != ABI_ENCAP_UDP || d->src_port == p->told_port ||
	    (sim_same_addr(&d->src, &p->sa.remote) && d->src_port == p->sa.remote_port))
		return;
	p->told_port = d->src_port;
	ike_engine_child_moved(n->engine, p->sa.token, &d->src, d->src_port, s->now);
}

static void esp_receive(struct sim *s, const struct sim_event *ev)
{
	struct sim_node *n = &s->node[ev->node];

	for (int i = 0; i < n->pairs_end; i++) {
		struct sim_pair *p = &n->pairs[i];

		if (!p->used || !p->confirmed || p->sa.in.spi != ev->spi ||
		    memcmp(p->sa.in.encr_key, ev->key, sizeof(ev->key)) != 0)
			continue;
		if (!count(s, n, p, 0))
			break;
		n->esp_got++;
		p->last_seen = s->now;
		if (!p->seen) {
			p->seen = true;
			ike_engine_child_first_traffic(n->engine, p->sa.token, s->now);
		}
		watch_peer(s, n, p, &ev->d);
		return;
	}
	s->node[1 - ev->node].esp_lost++;
}

/* As the daemon: what came since the last turn is sorted, then served, once a millisecond. */
static void turn(struct sim *s, struct sim_node *n)
{
	n->ring_used = 0;
	(void)inbox_serve(&n->inbox, n->engine, s->now);
	push(s, (struct sim_event){.at = s->now + SIM_MS, .kind = SIM_TURN, .node = n->index});
}

void sim_arrive(struct sim *s, int to, const struct ike_datagram *d)
{
	struct sim_node *n = &s->node[to];

	if (n->ring == 0)
		ike_engine_input(n->engine, d, s->now);
	else if (n->ring_used++ < n->ring)
		inbox_put(&n->inbox, n->engine, d, s->now);
	else
		n->ring_lost++;
}

static void happen(struct sim *s, struct sim_event *ev)
{
	struct sim_node *n = &s->node[ev->node];

	switch (ev->kind) {
	case SIM_IKE:
		ev->d.data = ev->data;
		if (!n->dead)
			sim_arrive(s, n->index, &ev->d);
		free(ev->data);
		break;
	case SIM_CONFIRM:
		confirm(s, ev);
		break;
	case SIM_ESP:
		if (!n->dead)
			esp_receive(s, ev);
		break;
	case SIM_ESP_TIMER:
		esp_send(s, n);
		break;
	case SIM_TURN:
		turn(s, n);
		break;
	case SIM_DH:
		if (ev->job != NULL) {
			n->dh_out--;
			ike_engine_dh_done(n->engine, ev->job, s->now);
		}
		break;
	}
	n->due = n->dead ? UINT64_MAX : ike_engine_tick(n->engine, s->now);
}

void sim_run(struct sim *s, uint64_t until)
{
	for (;;) {
		int first = s->node[0].due <= s->node[1].due ? 0 : 1;
		uint64_t tick = s->node[first].due;

		if (s->n_events > 0 && s->heap[0].at <= tick && s->heap[0].at <= until) {
			struct sim_event ev = pop(s);

			s->now = ev.at;
			happen(s, &ev);
		} else if (tick <= until) {
			if (tick > s->now)
				s->now = tick;
			s->node[first].due = ike_engine_tick(s->node[first].engine, s->now);
			assert(s->node[first].due > s->now);
		} else {
			break;
		}
	}
	s->now = until;
}

void sim_fini(struct sim *s)
{
	for (int i = 0; i < 2; i++) {
		ike_engine_free(s->node[i].engine);
		inbox_free(&s->node[i].inbox);
		for (int k = 0; k < SIM_RECORDS; k++)
			assert(s->node[i].record[k] == NULL);
		assert(sim_installed(s, i) == 0);
		assert(s->node[i].n_reserved == 0 && s->node[i].n_generated == 0);
		free(s->node[i].log);
	}
	while (s->n_events > 0)
		free(pop(s).data);
	free(s->heap);
}
