/* SPDX-License-Identifier: BSD-3-Clause */
/* manager.c - the manager's tick; see manager.h. */
#include "dataplane/manager.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/clock.h"
#include "dataplane/ipsec/pmtu.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/net/fib6.h"
#include "dataplane/net/dad.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/port.h"
#include "dataplane/net/route.h"
#include "dataplane/pipeline.h"

#define MS	       1000000ull
#define SA_INTERVAL    (5 * MS)
#define SLOW_INTERVAL  (100 * MS)
#define CLOCK_INTERVAL (1000 * MS)
#define RETIRE_SPARE   1024u

void manager_drop(struct manager *m, struct rte_mbuf *p, enum drop_reason reason)
{
	m->self.now = m->now;
	pipeline_drop(&m->self, p, reason);
}

/* The last counter line of every area is the manager's. */
static void take_lines(struct manager *m)
{
	struct worker *self = &m->self;

	self->index = m->s.segment->own.max_workers - 1;
	self->tables = m->s.tables;
	self->pool = m->s.pool;
	worker_take_lines(self, m->s.segment);
}

static void write_ports(struct manager *m, bool tell)
{
	struct abi_port *all = segment_area(m->s.segment, ABI_AREA_PORTS);

	for (uint16_t i = 0; i < n_ports; i++) {
		struct abi_ev_port ev = {.msg = {.type = ABI_EV_PORT, .length = sizeof(ev)},
					 .port = i,
					 .link_up = ports[i].link_up};
		bool changed = m->link_up[i] != ports[i].link_up;

		memcpy(all[i].name, ports[i].name, sizeof(all[i].name));
		memcpy(all[i].mac, &ports[i].mac, sizeof(all[i].mac));
		all[i].mtu = ports[i].mtu;
		all[i].ethdev = ports[i].ethdev;
		all[i].link_up = ports[i].link_up;
		m->link_up[i] = ports[i].link_up;
		if (tell && changed)
			segment_event(m->s.segment, &ev, sizeof(ev));
	}
}

int manager_create(struct manager *m, const struct manager_setup *setup, char *err, size_t err_len)
{
	const struct abi_hdr *h = &setup->segment->own;
	int ret;

	*m = (struct manager){.s = *setup};
	take_lines(m);
	ret = tables_create(m, err, err_len);
	if (ret < 0)
		return ret;
	m->sas = calloc(h->max_sas, sizeof(*m->sas));
	m->pmtu = pmtu_create();
	m->dad = calloc(1, sizeof(*m->dad));
	ret = retire_create(&m->retire, setup->rcu,
			    2 * (h->max_sas + h->max_policies) + RETIRE_SPARE);
	if (ret == 0)
		ret = hold_init(&m->hold, h->max_policies, NULL, NULL, NULL);
	slow_init(m);
	write_ports(m, false);
	if (ret == 0 && m->pmtu && m->sas && m->dad)
		return 0;
	snprintf(err, err_len, "no memory for the manager's tables");
	manager_free(m);
	return -ENOMEM;
}

static void reclaim(struct manager *m, const struct retire_item *item)
{
	if (item->kind == RETIRE_SA)
		command_reclaim_sa(m, item->value);
	else if (item->kind == RETIRE_REPLY)
		manager_reply(m, item->request_id, (uint16_t)item->value, ABI_OK, 0);
	else
		tables_reclaim(m, item);
}

void manager_free(struct manager *m)
{
	struct retire_item item;

	while (retire_pop_any(&m->retire, &item))
		reclaim(m, &item);
	hold_destroy(&m->hold);
	retire_free(&m->retire);
	tables_free(m);
	pmtu_free(m->pmtu);
	free(m->sas);
	free(m->dad);
	m->sas = NULL;
	m->dad = NULL;
}

/* --- what is due now and then --- */

static void sa_event(void *ctx, const struct abi_ev_sa *ev)
{
	struct manager *m = ctx;

	segment_event(m->s.segment, ev, sizeof(*ev));
}

uint16_t manager_port_mtu(const struct manager *m, uint8_t family, const uint8_t *remote)
{
	if (family == 4)
		return fib_mtu(m->s.tables->fib, ip4_load32(remote));
	return fib6_mtu(m->s.tables->fib6, remote);
}

static uint16_t path_mtu6(void *ctx, const uint8_t *remote)
{
	const struct manager *m = ctx;

	return pmtu_get(m->pmtu, 6, remote, manager_port_mtu(m, 6, remote), m->now);
}

static uint16_t path_mtu(void *ctx, uint32_t remote)
{
	const struct manager *m = ctx;
	uint8_t addr[4];

	ip4_store32(addr, remote);
	return pmtu_get(m->pmtu, 4, addr, manager_port_mtu(m, 4, addr), m->now);
}

static void tick_sas(struct manager *m)
{
	const struct sad_tick_io io = {
		.counters = segment_area(m->s.segment, ABI_AREA_SA_COUNTERS),
		.rows = m->s.segment->own.max_sas,
		.workers = m->s.segment->own.max_workers,
		.event = sa_event,
		.path_mtu = path_mtu,
		.path_mtu6 = path_mtu6,
		.ctx = m,
	};

	sad_tick(m->s.tables->sad, &io, m->now);
}

/* Before write_ports() takes the new state down. */
static void flush_dead_ports(struct manager *m)
{
	for (uint16_t i = 0; i < n_ports; i++) {
		if (ports[i].link_up || !m->link_up[i])
			continue;
		neigh_flush_port(m->s.tables->neigh, &m->neigh_io, (uint8_t)i);
		neigh_flush_port(m->s.tables->neigh6, &m->neigh_io, (uint8_t)i);
	}
}

static void tick_slow(struct manager *m)
{
	neigh_tick(m->s.tables->neigh, &m->neigh_io, m->now);
	neigh_tick(m->s.tables->neigh6, &m->neigh_io, m->now);
	dad_tick(m->dad, &m->neigh_io, m->now);
	tables_status(m);
	if (port_poll_links()) {
		flush_dead_ports(m);
		write_ports(m, true);
		neigh_announce(m->s.tables->neigh, &m->neigh_io);
		dad_update(m->dad, m->s.tables->fib6);
		dad_announce(m->dad, &m->neigh_io);
	}
}

static bool due(uint64_t now, uint64_t *next, uint64_t interval)
{
	if (now < *next)
		return false;
	*next = now + interval;
	return true;
}

bool manager_tick(struct manager *m, uint64_t now)
{
	struct retire_item item;
	unsigned int work = 0;

	m->now = now;
	m->self.now = now;
	__atomic_store_n(&m->self.counters->heartbeat, now, __ATOMIC_RELAXED);
	segment_beat(m->s.segment, now);
	if (m->s.clock && due(now, &m->next_calibration, CLOCK_INTERVAL))
		clock_calibrate(m->s.clock, rte_rdtsc(), now);
	work += command_poll(m);
	work += slow_poll(m);
	work += slow_poll_inject(m);
	while (retire_pop(&m->retire, &item)) {
		reclaim(m, &item);
		work++;
	}
	if (due(now, &m->next_sa_tick, SA_INTERVAL) || sad_called(m->s.tables->sad))
		tick_sas(m);
	if (m->hold.n != 0)
		slow_tick(m);
	if (due(now, &m->next_slow_tick, SLOW_INTERVAL))
		tick_slow(m);
	return work != 0;
}
