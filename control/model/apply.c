/* SPDX-License-Identifier: BSD-3-Clause */
/* apply.c - from a valid model to what the daemon pushes: the net, the order of things, clean-up.
 */
#include "control/model/apply.h"

#include <stdlib.h>
#include <string.h>

#include "control/model/apply_ipsec.h"
#include "control/model/model.h"
#include "control/model/netview.h"
#include "control/model/problem.h"
#include "control/model/standby.h"
#include "control/model/validate.h"

/* Row of /interface -> index in plan->interfaces, UINT16_MAX for those not in force. */
static uint16_t port_of(const struct model *m, uint64_t interface_row)
{
	const struct model_table *t = &m->table[MENU_INTERFACE];
	uint16_t port = 0;

	for (uint64_t i = 0; i < interface_row; i++)
		port += validate_active(&t->rows[i], INTERFACE_DISABLED);
	return validate_active(&t->rows[interface_row], INTERFACE_DISABLED) ? port : UINT16_MAX;
}

static int plan_interfaces(struct model_plan *plan, const struct model *m)
{
	const struct model_table *t = &m->table[MENU_INTERFACE];

	plan->interfaces = calloc(t->n + 1, sizeof(*plan->interfaces));
	if (!plan->interfaces)
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		const struct value *v = t->rows[i].values;
		struct plan_interface *p = &plan->interfaces[plan->n_interfaces];

		if (!validate_active(&t->rows[i], INTERFACE_DISABLED))
			continue;
		strncpy(p->name, v[INTERFACE_NAME].text, sizeof(p->name) - 1);
		p->mtu = (uint16_t)v[INTERFACE_MTU].num;
		plan->n_interfaces++;
	}
	return 0;
}

static void add_addresses(struct model_plan *plan, const struct model *m,
			  const struct model_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct value *v = t->rows[i].values;

		if (!netview_address_active(m, &t->rows[i]))
			continue;
		plan->addresses[plan->n_addresses++] = (struct abi_address){
			.port = port_of(m, v[ADDRESS_INTERFACE].num),
			.prefix_len = v[ADDRESS_ADDRESS].prefix_len,
			.addr = v[ADDRESS_ADDRESS].addr,
		};
	}
}

static int plan_addresses(struct model_plan *plan, const struct model *m)
{
	const struct model_table *v4 = &m->table[MENU_ADDRESS], *v6 = &m->table[MENU_ADDRESS6];

	plan->addresses = calloc(v4->n + v6->n + 1, sizeof(*plan->addresses));
	if (!plan->addresses)
		return -1;
	add_addresses(plan, m, v4);
	add_addresses(plan, m, v6);
	return 0;
}

static void add_routes(struct model_plan *plan, const struct model *m, const struct model_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct value *v = t->rows[i].values;
		struct abi_route r = {
			.port = ABI_PORT_ANY,
			.prefix_len = v[ROUTE_DST].prefix_len,
			.distance = (uint8_t)v[ROUTE_DISTANCE].num,
			.dst = v[ROUTE_DST].addr,
			.gateway = v[ROUTE_GATEWAY].addr,
		};

		if (!validate_active(&t->rows[i], ROUTE_DISABLED))
			continue;
		if (v[ROUTE_GATEWAY].text) {
			int row = model_find_index(m, MENU_INTERFACE, v[ROUTE_GATEWAY].text);

			r.port = row < 0 ? UINT16_MAX : port_of(m, (uint64_t)row);
			if (r.port == UINT16_MAX)
				continue; /* its interface is disabled */
		}
		plan->routes[plan->n_routes++] = r;
	}
}

static int plan_routes(struct model_plan *plan, const struct model *m)
{
	const struct model_table *v4 = &m->table[MENU_ROUTE], *v6 = &m->table[MENU_ROUTE6];

	plan->routes = calloc(v4->n + v6->n + 1, sizeof(*plan->routes));
	if (!plan->routes)
		return -1;
	add_routes(plan, m, v4);
	add_routes(plan, m, v6);
	return 0;
}

static int plan_watches(struct model_plan *plan, const struct model *m)
{
	const struct model_table *t = &m->table[MENU_NETWATCH];

	plan->watches = calloc(t->n + 1, sizeof(*plan->watches));
	if (!plan->watches)
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		const struct value *v = t->rows[i].values;
		struct plan_watch *p = &plan->watches[plan->n_watches];

		if (!validate_active(&t->rows[i], NETWATCH_DISABLED))
			continue;
		strncpy(p->name, v[NETWATCH_NAME].text, sizeof(p->name) - 1);
		if (v[NETWATCH_PEER].set)
			strncpy(p->peer, v[NETWATCH_PEER].text, sizeof(p->peer) - 1);
		p->host = v[NETWATCH_HOST].addr;
		p->src = v[NETWATCH_SRC].addr;
		p->interval = (uint32_t)v[NETWATCH_INTERVAL].num;
		p->failures = (uint32_t)v[NETWATCH_FAILURES].num;
		p->probe = v[NETWATCH_PROBE].num != 0;
		p->expect_interval = (uint32_t)v[NETWATCH_EXPECT].num;
		p->expect_failures = (uint32_t)v[NETWATCH_EXPECT_FAILURES].num;
		plan->n_watches++;
	}
	return 0;
}

struct model_plan *model_plan_new(const struct model *m, const struct model_plan *previous,
				  struct problems *problems)
{
	struct model_plan *plan = calloc(1, sizeof(*plan));

	if (plan && plan_interfaces(plan, m) == 0 && plan_addresses(plan, m) == 0 &&
	    plan_routes(plan, m) == 0 && apply_policies(plan, m, previous) == 0 &&
	    apply_peers(plan, m) == 0 && standby_plan(plan, m, previous) == 0 &&
	    plan_watches(plan, m) == 0)
		return plan;
	problems_error(problems, m->path, 0, "not enough memory");
	model_plan_free(plan);
	return NULL;
}

void model_plan_free(struct model_plan *plan)
{
	if (!plan)
		return;
	apply_free(plan);
	free(plan->interfaces);
	free(plan->standbys);
	free(plan->watches);
	free(plan->addresses);
	free(plan->routes);
	free(plan);
}
