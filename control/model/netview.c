/* SPDX-License-Identifier: BSD-3-Clause */
/* netview.c - what the configured addresses and routes say about where packets go. */
#include "control/model/netview.h"

#include "control/model/addr.h"
#include "control/model/validate.h"

enum menu_id netview_addresses(uint8_t family)
{
	return family == 6 ? MENU_ADDRESS6 : MENU_ADDRESS;
}

enum menu_id netview_routes(uint8_t family)
{
	return family == 6 ? MENU_ROUTE6 : MENU_ROUTE;
}

bool netview_address_active(const struct model *m, const struct model_row *row)
{
	const struct model_table *ifs = &m->table[MENU_INTERFACE];
	uint64_t i = row->values[ADDRESS_INTERFACE].num;

	return validate_active(row, ADDRESS_DISABLED) && i < ifs->n &&
	       validate_active(&ifs->rows[i], INTERFACE_DISABLED);
}

static bool covers(const struct value *prefix, const struct abi_addr *a)
{
	return addr_covers(&prefix->addr, prefix->prefix_len, a);
}

const struct model_row *netview_connected(const struct model *m, const struct abi_addr *a)
{
	const struct model_table *t = &m->table[netview_addresses(a->family)];
	const struct model_row *best = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct value *v = &t->rows[i].values[ADDRESS_ADDRESS];

		if (netview_address_active(m, &t->rows[i]) && covers(v, a) &&
		    (!best || v->prefix_len > best->values[ADDRESS_ADDRESS].prefix_len))
			best = &t->rows[i];
	}
	return best;
}

const struct model_row *netview_own(const struct model *m, const struct abi_addr *a)
{
	const struct model_table *t = &m->table[netview_addresses(a->family)];

	for (size_t i = 0; i < t->n; i++)
		if (netview_address_active(m, &t->rows[i]) &&
		    addr_equal(&t->rows[i].values[ADDRESS_ADDRESS].addr, a))
			return &t->rows[i];
	return NULL;
}

const struct model_row *netview_address_of(const struct model *m, int interface_row, uint8_t family)
{
	const struct model_table *t = &m->table[netview_addresses(family)];

	for (size_t i = 0; i < t->n; i++)
		if (netview_address_active(m, &t->rows[i]) &&
		    t->rows[i].values[ADDRESS_INTERFACE].num == (uint64_t)interface_row)
			return &t->rows[i];
	return NULL;
}

static const struct model_row *route_source(const struct model *m, const struct model_row *route)
{
	const struct value *gw = &route->values[ROUTE_GATEWAY];

	if (gw->text) /* an interface, with or without a link-local router behind it */
		return netview_address_of(m, model_find_index(m, MENU_INTERFACE, gw->text),
					  route->values[ROUTE_DST].addr.family);
	return netview_connected(m, &gw->addr);
}

const struct model_row *netview_source(const struct model *m, const struct abi_addr *a)
{
	const struct model_row *best = netview_connected(m, a);
	const struct model_table *t = &m->table[netview_routes(a->family)];
	int best_len = best ? best->values[ADDRESS_ADDRESS].prefix_len : -1;
	uint64_t best_distance = 0; /* of a connected network */

	for (size_t i = 0; i < t->n; i++) {
		const struct model_row *r = &t->rows[i], *source;
		int len = r->values[ROUTE_DST].prefix_len;
		uint64_t distance = r->values[ROUTE_DISTANCE].num;

		if (!validate_active(r, ROUTE_DISABLED) || !covers(&r->values[ROUTE_DST], a))
			continue;
		if (len < best_len || (len == best_len && distance >= best_distance))
			continue;
		source = route_source(m, r);
		if (!source)
			continue;
		best = source;
		best_len = len;
		best_distance = distance;
	}
	return best;
}
