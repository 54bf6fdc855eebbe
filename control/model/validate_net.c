/* SPDX-License-Identifier: BSD-3-Clause */
/* validate_net.c - interfaces, addresses and routes. */
#include <string.h>

#include "control/model/addr.h"
#include "control/model/device.h"
#include "control/model/model.h"
#include "control/model/netview.h"
#include "control/model/problem.h"
#include "control/model/suggest.h"
#include "control/model/validate.h"

#define MAX_INTERFACES 32u /* ABI_MAX_PORTS_LIMIT */
#define IPV6_MIN_MTU   1280u

/* A device is opened once: what stands before its options tells two of them apart. */
static bool same_device(const char *a, const char *b)
{
	size_t n = strcspn(a, ",");

	return n == strcspn(b, ",") && strncmp(a, b, n) == 0;
}

/* The data plane opens ports in the order of the file, a VLAN's after the one it belongs to. */
static const struct model_row *parent_of(const struct model_table *t, size_t i, const char *name)
{
	for (size_t j = 0; j < i; j++)
		if (validate_active(&t->rows[j], INTERFACE_DISABLED) &&
		    strcmp(t->rows[j].values[INTERFACE_NAME].text, name) == 0)
			return &t->rows[j];
	return NULL;
}

static void check_vlan(const struct model_table *t, size_t i, struct problems *problems)
{
	const struct model_row *row = &t->rows[i], *parent;
	const char *device, *name, *of;

	if (!validate_active(row, INTERFACE_DISABLED) ||
	    !device_is_vlan(row->values[INTERFACE_DEVICE].text))
		return;
	device = row->values[INTERFACE_DEVICE].text;
	name = row->values[INTERFACE_NAME].text;
	of = device_parent(device);
	parent = of ? parent_of(t, i, of) : NULL;
	if (!of)
		problems_error(problems, row->file, model_line(row, INTERFACE_DEVICE),
			       "/interface \"%s\": device: \"%s\" is no VLAN; accepted: "
			       "\"vlan1@NAME\" to \"vlan%lu@NAME\", NAME being an interface",
			       name, device, DEVICE_VLAN_MAX);
	else if (!parent)
		problems_error(problems, row->file, model_line(row, INTERFACE_DEVICE),
			       "/interface \"%s\": device: there is no interface \"%s\" before it",
			       name, of);
	else if (device_is_vlan(parent->values[INTERFACE_DEVICE].text))
		problems_error(problems, row->file, model_line(row, INTERFACE_DEVICE),
			       "/interface \"%s\": device: \"%s\" is a VLAN itself; tags within "
			       "tags are not supported",
			       name, of);
	else if (row->values[INTERFACE_MTU].num > parent->values[INTERFACE_MTU].num)
		problems_error(problems, row->file, model_line(row, INTERFACE_MTU),
			       "/interface \"%s\": mtu: %llu is larger than that of \"%s\", %llu",
			       name, (unsigned long long)row->values[INTERFACE_MTU].num, of,
			       (unsigned long long)parent->values[INTERFACE_MTU].num);
}

static void check_interfaces(const struct model *m, struct problems *problems)
{
	const struct model_table *t = &m->table[MENU_INTERFACE];

	for (size_t i = 0; i < t->n; i++) {
		const struct model_row *a = &t->rows[i];

		check_vlan(t, i, problems);
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

/* An IPv4 network has no host at either end (RFC 1812 section 4.2.2.11, RFC 3021); the first
 * address of an IPv6 network is that of any router in it (RFC 4291 section 2.6.1). */
static const char *wrong_end(const struct abi_addr *a, uint8_t len)
{
	struct abi_addr first = addr_first(a, len), last = addr_last(a, len);

	if (addr_bits(a) - len < 2)
		return NULL;
	if (addr_equal(a, &first))
		return "is the network itself, not an address in it";
	if (a->family == 4 && addr_equal(a, &last))
		return "is the broadcast address of its network";
	return NULL;
}

static void check_address(const struct model_row *row, enum menu_id menu, struct problems *problems)
{
	const struct value *v = &row->values[ADDRESS_ADDRESS];
	const char *why = wrong_end(&v->addr, v->prefix_len);
	char text[ADDR_MAX_TEXT];

	if (v->prefix_len == 0)
		why = v->addr.family == 6 ? "has no length of its network (like 2001:db8:1::1/64)"
					  : "has no length of its network (like 192.168.1.1/24)";
	else if (addr_is_link_local(&v->addr))
		why = "is link-local; every interface makes its own from its MAC address";
	else if (!addr_is_host(&v->addr) || addr_is_mapped(&v->addr))
		why = "cannot be an address of an interface";
	if (why)
		problems_error(problems, row->file, model_line(row, ADDRESS_ADDRESS),
			       "/%s: address: %s/%u %s", schema_menu(menu)->path,
			       addr_text(&v->addr, text), v->prefix_len, why);
}

/* RFC 8200 section 5: a link that carries IPv6 takes packets of 1280 bytes. */
static void check_mtu(const struct model *m, const struct model_row *row, struct problems *problems)
{
	const struct model_row *port =
		&m->table[MENU_INTERFACE].rows[row->values[ADDRESS_INTERFACE].num];

	if (netview_address_active(m, row) && port->values[INTERFACE_MTU].num < IPV6_MIN_MTU)
		problems_error(problems, port->file, model_line(port, INTERFACE_MTU),
			       "/interface \"%s\": mtu: %llu is less than the %u that IPv6 needs, "
			       "and line %u gives it an IPv6 address",
			       port->values[INTERFACE_NAME].text,
			       (unsigned long long)port->values[INTERFACE_MTU].num, IPV6_MIN_MTU,
			       row->line);
}

static void check_addresses(const struct model *m, enum menu_id menu, struct problems *problems)
{
	const struct model_table *t = &m->table[menu];

	for (size_t i = 0; i < t->n; i++) {
		const struct model_row *a = &t->rows[i];

		if (a->broken)
			continue;
		check_address(a, menu, problems);
		if (menu == MENU_ADDRESS6)
			check_mtu(m, a, problems);
		for (size_t j = 0; j < i; j++) {
			const struct model_row *b = &t->rows[j];

			if (b->broken || !netview_address_active(m, a) ||
			    !netview_address_active(m, b) ||
			    !addr_equal(&a->values[ADDRESS_ADDRESS].addr,
					&b->values[ADDRESS_ADDRESS].addr))
				continue;
			problems_error(problems, a->file, model_line(a, ADDRESS_ADDRESS),
				       "/%s: the same address stands in line %u already",
				       schema_menu(menu)->path, b->line);
		}
	}
}

static bool check_gateway_name(const struct model *m, const struct model_row *row,
			       enum menu_id menu, struct problems *problems)
{
	const char *name = row->values[ROUTE_GATEWAY].text;
	const struct model_table *t = &m->table[MENU_INTERFACE];
	char hint[SUGGEST_MAX_LEN * 2];
	struct suggest near;

	if (model_find(m, MENU_INTERFACE, name))
		return true;
	suggest_start(&near, name);
	for (size_t i = 0; i < t->n; i++)
		if (t->rows[i].values[INTERFACE_NAME].set)
			suggest_offer(&near, t->rows[i].values[INTERFACE_NAME].text);
	problems_error(problems, row->file, model_line(row, ROUTE_GATEWAY),
		       "/%s: gateway: \"%s\" is neither an IPv%c address nor the name of an "
		       "interface%s",
		       schema_menu(menu)->path, name, menu == MENU_ROUTE6 ? '6' : '4',
		       suggest_text(&near, hint, sizeof(hint)));
	return false;
}

/* What is wrong with a gateway that is an address; NULL = nothing. */
static const char *gateway_wrong(const struct model *m, const struct value *gw)
{
	const struct model_row *net = netview_connected(m, &gw->addr);

	if (addr_is_link_local(&gw->addr))
		return gw->text ? NULL : "is link-local: say behind which interface (fe80::1%wan)";
	if (netview_own(m, &gw->addr))
		return "is an address of our own";
	if (!net)
		return gw->addr.family == 6
			       ? "lies in no network of /ipv6 address, so it cannot be reached"
			       : "lies in no network of /ip address, so it cannot be reached";
	if (gw->text && strcmp(net->values[ADDRESS_INTERFACE].text, gw->text) != 0)
		return "lies in the network of another interface";
	return NULL;
}

static void check_route(const struct model *m, const struct model_row *row, enum menu_id menu,
			struct problems *problems)
{
	const struct value *gw = &row->values[ROUTE_GATEWAY];
	char text[ADDR_MAX_TEXT];
	const char *why;

	if (gw->text && !check_gateway_name(m, row, menu, problems))
		return;
	if (gw->addr.family == 0 || !validate_active(row, ROUTE_DISABLED))
		return;
	why = gateway_wrong(m, gw);
	if (why)
		problems_error(problems, row->file, model_line(row, ROUTE_GATEWAY),
			       "/%s: gateway: %s %s", schema_menu(menu)->path,
			       addr_text(&gw->addr, text), why);
}

static bool same_destination(const struct model_row *a, const struct model_row *b)
{
	return a->values[ROUTE_DST].prefix_len == b->values[ROUTE_DST].prefix_len &&
	       addr_equal(&a->values[ROUTE_DST].addr, &b->values[ROUTE_DST].addr);
}

static bool same_gateway(const struct value *a, const struct value *b)
{
	if ((a->text == NULL) != (b->text == NULL) || !addr_equal(&a->addr, &b->addr))
		return false;
	return a->text == NULL || strcmp(a->text, b->text) == 0;
}

#define MAX_LEGS 16u /* the data plane's limit for one destination */

/* The i-th route against those before it. Packets of one destination may have several ways: flows
 * are spread over those of the lowest distance, the others wait for a link to fail. */
static void check_clashes(const struct model *m, enum menu_id menu, size_t i,
			  struct problems *problems)
{
	const struct model_table *t = &m->table[menu];
	const struct model_row *a = &t->rows[i];
	unsigned int legs = 1;

	for (size_t j = 0; j < i && validate_active(a, ROUTE_DISABLED); j++) {
		const struct model_row *b = &t->rows[j];

		if (!validate_active(b, ROUTE_DISABLED) || !same_destination(a, b))
			continue;
		legs++;
		if (same_gateway(&a->values[ROUTE_GATEWAY], &b->values[ROUTE_GATEWAY]))
			problems_error(problems, a->file, a->line,
				       "/%s: line %u has the same dst-address and gateway; one of "
				       "them is enough",
				       schema_menu(menu)->path, b->line);
	}
	if (legs > MAX_LEGS)
		problems_error(problems, a->file, a->line,
			       "/%s: more than %u routes to one dst-address",
			       schema_menu(menu)->path, MAX_LEGS);
}

static void check_routes(const struct model *m, enum menu_id menu, struct problems *problems)
{
	const struct model_table *t = &m->table[menu];

	for (size_t i = 0; i < t->n; i++) {
		if (t->rows[i].broken)
			continue;
		check_route(m, &t->rows[i], menu, problems);
		check_clashes(m, menu, i, problems);
	}
}

void validate_net(const struct model *m, struct problems *problems)
{
	check_interfaces(m, problems);
	check_addresses(m, MENU_ADDRESS, problems);
	check_addresses(m, MENU_ADDRESS6, problems);
	check_routes(m, MENU_ROUTE, problems);
	check_routes(m, MENU_ROUTE6, problems);
}
