/* SPDX-License-Identifier: BSD-3-Clause */
/* netview.c - what the configured addresses and routes say about where packets go. */
#include "control/model/netview.h"

#include "control/model/validate.h"
#include "control/model/value_parse.h"

bool netview_address_active(const struct model *m, const struct model_row *row)
{
	const struct model_table *ifs = &m->table[MENU_INTERFACE];
	uint64_t i = row->values[ADDRESS_INTERFACE].num;

	return validate_active(row, ADDRESS_DISABLED) && i < ifs->n &&
	       validate_active(&ifs->rows[i], INTERFACE_DISABLED);
}

static bool covers(const struct value *prefix, uint32_t v4)
{
	return ((value_v4(&prefix->addr) ^ v4) & value_mask(prefix->prefix_len)) == 0;
}

const struct model_row *netview_connected(const struct model *m, uint32_t v4)
{
	const struct model_table *t = &m->table[MENU_ADDRESS];
	const struct model_row *best = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct value *v = &t->rows[i].values[ADDRESS_ADDRESS];

		if (netview_address_active(m, &t->rows[i]) && covers(v, v4) &&
		    (!best || v->prefix_len > best->values[ADDRESS_ADDRESS].prefix_len))
			best = &t->rows[i];
	}
	return best;
}

const struct model_row *netview_own(const struct model *m, uint32_t v4)
{
	const struct model_table *t = &m->table[MENU_ADDRESS];

	for (size_t i = 0; i < t->n; i++)
		if (netview_address_active(m, &t->rows[i]) &&
		    value_v4(&t->rows[i].values[ADDRESS_ADDRESS].addr) == v4)
			return &t->rows[i];
	return NULL;
}

const struct model_row *netview_address_of(const struct model *m, int interface_row)
{
	const struct model_table *t = &m->table[MENU_ADDRESS];

	for (size_t i = 0; i < t->n; i++)
		if (netview_address_active(m, &t->rows[i]) &&
		    t->rows[i].values[ADDRESS_INTERFACE].num == (uint64_t)interface_row)
			return &t->rows[i];
	return NULL;
}

static const struct model_row *route_source(const struct model *m, const struct model_row *route)
{
	const struct value *gw = &route->values[ROUTE_GATEWAY];

	if (gw->addr.family)
		return netview_connected(m, value_v4(&gw->addr));
	return netview_address_of(m, model_find_index(m, MENU_INTERFACE, gw->text));
}

const struct model_row *netview_source(const struct model *m, uint32_t v4)
{
	const struct model_row *best = netview_connected(m, v4);
	const struct model_table *t = &m->table[MENU_ROUTE];
	int best_len = best ? best->values[ADDRESS_ADDRESS].prefix_len : -1;
	uint64_t best_distance = 0; /* of a connected network */

	for (size_t i = 0; i < t->n; i++) {
		const struct model_row *r = &t->rows[i], *source;
		int len = r->values[ROUTE_DST].prefix_len;
		uint64_t distance = r->values[ROUTE_DISTANCE].num;

		if (!validate_active(r, ROUTE_DISABLED) || !covers(&r->values[ROUTE_DST], v4))
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
