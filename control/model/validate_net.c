/* SPDX-License-Identifier: BSD-3-Clause */
/* validate_net.c - interfaces, addresses and routes. */
#include <arpa/inet.h>
#include <string.h>

#include "control/model/model.h"
#include "control/model/netview.h"
#include "control/model/problem.h"
#include "control/model/suggest.h"
#include "control/model/validate.h"
#include "control/model/value_parse.h"

#define MAX_INTERFACES 32u /* ABI_MAX_PORTS_LIMIT */

/* A device is opened once: what stands before its options tells two of them apart. */
static bool same_device(const char *a, const char *b)
{
	size_t n = strcspn(a, ",");

	return n == strcspn(b, ",") && strncmp(a, b, n) == 0;
}

static void check_interfaces(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_INTERFACE];

	for (size_t i = 0; i < t->n; i++) {
		const struct model_row *a = &t->rows[i];

		for (size_t j = 0; j < i; j++) {
			const struct model_row *b = &t->rows[j];

			if (!validate_active(a, INTERFACE_DISABLED) ||
			    !validate_active(b, INTERFACE_DISABLED) ||
			    !same_device(a->values[INTERFACE_DEVICE].text,
					 b->values[INTERFACE_DEVICE].text))
				continue;
			problems_error(problems, a->file, model_line(a, INTERFACE_DEVICE),
				       "/interface \"%s\": device \"%s\" already belongs to "
				       "\"%s\" in line %u",
				       a->values[INTERFACE_NAME].text,
				       a->values[INTERFACE_DEVICE].text,
				       b->values[INTERFACE_NAME].text, b->line);
		}
	}
	if (t->n == 0)
		problems_error(problems, m->path, 0,
			       "there is no /interface; at least one is needed: interface = ( { "
			       "name = \"…\"; device = \"…\"; } );");
	if (t->n > MAX_INTERFACES)
		problems_error(problems, t->rows[MAX_INTERFACES].file, t->rows[MAX_INTERFACES].line,
			       "/interface: more than %u interfaces", MAX_INTERFACES);
}

static void check_address(const struct model_row *row, struct problems *problems)
{
	const struct value *v = &row->values[ADDRESS_ADDRESS];
	uint32_t v4 = value_v4(&v->addr), host = v4 & ~value_mask(v->prefix_len);
	const char *why = NULL;

	if (v->prefix_len == 0)
		why = "has no length of its network (like 192.168.1.1/24)";
	else if (v->prefix_len < 31 && host == 0)
		why = "is the network itself, not an address in it";
	else if (v->prefix_len < 31 && host == ~value_mask(v->prefix_len))
		why = "is the broadcast address of its network";
	else if (v4 >> 24 == 0 || v4 >> 24 == 127 || v4 >> 28 >= 14)
		why = "cannot be an address of an interface";
	if (why)
		problems_error(problems, row->file, model_line(row, ADDRESS_ADDRESS),
			       "/ip address: address: %s/%u %s",
			       inet_ntoa((struct in_addr){htonl(v4)}), v->prefix_len, why);
}

static void check_addresses(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_ADDRESS];

	for (size_t i = 0; i < t->n; i++) {
		const struct model_row *a = &t->rows[i];

		if (a->broken)
			continue;
		check_address(a, problems);
		for (size_t j = 0; j < i; j++) {
			const struct model_row *b = &t->rows[j];

			if (b->broken || !netview_address_active(m, a) ||
			    !netview_address_active(m, b) ||
			    value_v4(&a->values[ADDRESS_ADDRESS].addr) !=
				    value_v4(&b->values[ADDRESS_ADDRESS].addr))
				continue;
			problems_error(problems, a->file, model_line(a, ADDRESS_ADDRESS),
				       "/ip address: the same address stands in line %u already",
				       b->line);
		}
	}
}

static void check_gateway_name(const struct model *m, const struct model_row *row,
			       struct problems *problems)
{
	const char *name = row->values[ROUTE_GATEWAY].text;
	const struct model_table *t = &m->table[MENU_INTERFACE];
	char hint[SUGGEST_MAX_LEN * 2];
	struct suggest near;

	if (model_find(m, MENU_INTERFACE, name))
		return;
	suggest_start(&near, name);
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].values[INTERFACE_NAME].set)
			suggest_offer(&near, t->rows[i].values[INTERFACE_NAME].text);
	problems_error(problems, row->file, model_line(row, ROUTE_GATEWAY),
		       "/ip route: gateway: \"%s\" is neither an IPv4 address nor the name of an "
		       "interface%s",
		       name, suggest_text(&near, hint, sizeof(hint)));
}

static void check_route(const struct model *m, const struct model_row *row,
			struct problems *problems)
{
	const struct value *gw = &row->values[ROUTE_GATEWAY];
	uint32_t v4 = value_v4(&gw->addr);
	const char *why = NULL;

	if (gw->addr.family == 0) {
		check_gateway_name(m, row, problems);
		return;
	}
	if (!validate_active(row, ROUTE_DISABLED))
		return;
	if (netview_own(m, v4))
		why = "is an address of our own";
	else if (!netview_connected(m, v4))
		why = "lies in no network of /ip address, so it cannot be reached";
	if (why)
		problems_error(problems, row->file, model_line(row, ROUTE_GATEWAY),
			       "/ip route: gateway: %s %s", inet_ntoa((struct in_addr){htonl(v4)}),
			       why);
}

static bool same_route(const struct model_row *a, const struct model_row *b)
{
	return a->values[ROUTE_DST].prefix_len == b->values[ROUTE_DST].prefix_len &&
	       value_v4(&a->values[ROUTE_DST].addr) == value_v4(&b->values[ROUTE_DST].addr) &&
	       a->values[ROUTE_DISTANCE].num == b->values[ROUTE_DISTANCE].num;
}

static void check_routes(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_ROUTE];

	for (size_t i = 0; i < t->n; i++) {
		const struct model_row *a = &t->rows[i];

		if (a->broken)
			continue;
		check_route(m, a, problems);
		for (size_t j = 0; j < i; j++) {
			const struct model_row *b = &t->rows[j];

			if (validate_active(a, ROUTE_DISABLED) &&
			    validate_active(b, ROUTE_DISABLED) && same_route(a, b))
				problems_error(problems, a->file, a->line,
					       "/ip route: line %u has the same dst-address and "
					       "distance; give one of them another distance",
					       b->line);
		}
	}
}

void validate_net(const struct model *m, struct problems *problems)
{
	check_interfaces(m, problems);
	check_addresses(m, problems);
	check_routes(m, problems);
}
