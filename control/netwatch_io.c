/* SPDX-License-Identifier: BSD-3-Clause */
/* netwatch_io.c - netwatch's ways out: the inject ring, the log, the console. */
#include <stdio.h>
#include <string.h>

#include "control/gateway.h"
#include "control/log.h"
#include "control/model/addr.h"

#define NS_PER_SEC 1000000000ull
#define NS_PER_US  1000ull

static void io_ping(void *ctx, const struct netwatch_row *row)
{
	const struct abi_echo e = {.type = 8, .id = ABI_ECHO_ID, .seq = row->seq};
	struct gateway *g = ctx;
	struct abi_packet p;

	memset(&p, 0, ABI_PACKET_FIXED);
	p.msg.type = ABI_PACKET_ECHO;
	p.msg.length = (uint16_t)(ABI_PACKET_FIXED + sizeof(e));
	p.src = row->conf.src;
	p.dst = row->conf.host;
	p.port = ABI_PORT_ANY;
	p.data_len = sizeof(e);
	memcpy(p.data, &e, sizeof(e));
	if (g->gate_open)
		(void)dataplane_inject(g->dp, &p); /* one that is lost counts as unanswered */
}

static void io_event(void *ctx, const struct netwatch_row *row, enum netwatch_event what)
{
	const char *name = row->conf.name;
	char host[ADDR_MAX_TEXT];
	struct gateway *g = ctx;

	addr_text(&row->conf.host, host);
	switch (what) {
	case NETWATCH_HOST_UP:
		log_notice(&log_system, "netwatch %s: %s answers", name, host);
		break;
	case NETWATCH_HOST_DOWN:
		log_warn(&log_system, "netwatch %s: %s does not answer: %u pings in a row", name,
			 host, row->missed);
		break;
	case NETWATCH_PINGS_COME:
		log_notice(&log_system, "netwatch %s: the health check of %s comes in", name, host);
		break;
	case NETWATCH_PINGS_LATE:
		log_warn(&log_system,
			 "netwatch %s: the health check of %s stays away: the cloud will fail over "
			 "in %.1f s unless it comes",
			 name, host, (double)netwatch_countdown(row, g->now) / NS_PER_SEC);
		break;
	case NETWATCH_PINGS_LOST:
		log_warn(
			&log_system,
			"netwatch %s: no health check of %s for %.1f s: the cloud has switched its "
			"route, or checks nothing",
			name, host, (double)(g->now - row->heard_at) / NS_PER_SEC);
		break;
	}
}

static const struct netwatch_ops ops = {.ping = io_ping, .event = io_event};

void netwatch_io_init(struct gateway *g)
{
	netwatch_init(&g->netwatch, &ops, g);
}

void netwatch_io_configure(struct gateway *g)
{
	if (netwatch_configure(&g->netwatch, g->setup.plan->watches, g->setup.plan->n_watches,
			       g->now) != 0)
		log_error(&log_system, "netwatch: not enough memory: as before");
}

void netwatch_io_tick(struct gateway *g)
{
	if (g->gate_open && !g->stopping)
		netwatch_tick(&g->netwatch, g->now);
	if (g->gate_open && g->peers_set && !g->stopping)
		standby_io_tick(g);
}

void netwatch_io_input(struct gateway *g, const struct abi_packet *p)
{
	struct abi_echo e;

	memcpy(&e, p->data, sizeof(e));
	netwatch_input(&g->netwatch, &p->src, &p->dst, &e, g->now);
}

static const char *state_word(enum netwatch_state state)
{
	return state == NETWATCH_UP ? "up" : state == NETWATCH_DOWN ? "down" : "unknown";
}

void netwatch_io_fill(void *ctx, const struct menu_key *key, struct value *v)
{
	const struct gateway *g = ctx;
	const struct netwatch_row *r =
		key->name != NULL ? netwatch_find(&g->netwatch, key->name) : NULL;
	uint64_t countdown;

	if (r == NULL)
		return;
	if (r->conf.probe) {
		value_set_text(&v[NETWATCH_STATUS], state_word(r->state));
		value_set_num(&v[NETWATCH_SENT], r->sent);
		value_set_num(&v[NETWATCH_RECEIVED], r->received);
	}
	if (r->since != 0)
		value_set_num(&v[NETWATCH_SINCE], (g->now - r->since) / NS_PER_SEC);
	if (r->rtt != 0)
		value_set_num(&v[NETWATCH_RTT], r->rtt / NS_PER_US);
	value_set_num(&v[NETWATCH_HEARD], r->heard);
	if (r->conf.expect_interval == 0)
		return;
	value_set_text(&v[NETWATCH_EXPECTED],
		       r->late && r->peer != NETWATCH_DOWN ? "late" : state_word(r->peer));
	countdown = netwatch_countdown(r, g->now);
	if (countdown != 0)
		value_set_num(&v[NETWATCH_SWITCH_IN], (countdown + NS_PER_SEC - 1) / NS_PER_SEC);
}
