/* SPDX-License-Identifier: BSD-3-Clause */
/* schema.c - the tables of menus.h made into data, and looking things up in them. */
#include "control/model/schema.h"

#include <string.h>

#include "control/model/domains.h"
#include "control/model/menus.h"

#define PROP(id, name, type, flags, preset, domain, help)                                          \
	{name, type, flags, preset, &domain_##domain, help},
#define STAT(id, name, why)   {name, PROP_COUNT, PROP_F_RUNTIME, NULL, &domain_none, why},
#define IKE_RX(id, name, why) STAT(id, "rx-" name, why)

static const struct prop interface_props[] = {MENU_INTERFACE_PROPS(PROP)};
static const struct prop address_props[] = {MENU_ADDRESS_PROPS(PROP)};
static const struct prop route_props[] = {MENU_ROUTE_PROPS(PROP)};
static const struct prop address6_props[] = {MENU_ADDRESS6_PROPS(PROP)};
static const struct prop route6_props[] = {MENU_ROUTE6_PROPS(PROP)};
static const struct prop profile_props[] = {MENU_PROFILE_PROPS(PROP)};
static const struct prop peer_props[] = {MENU_PEER_PROPS(PROP)};
static const struct prop identity_props[] = {MENU_IDENTITY_PROPS(PROP)};
static const struct prop proposal_props[] = {MENU_PROPOSAL_PROPS(PROP)};
static const struct prop group_props[] = {MENU_GROUP_PROPS(PROP)};
static const struct prop policy_props[] = {MENU_POLICY_PROPS(PROP)};
static const struct prop settings_props[] = {MENU_SETTINGS_PROPS(PROP)};
static const struct prop dataplane_props[] = {MENU_DATAPLANE_PROPS(PROP)};
static const struct prop active_peers_props[] = {MENU_ACTIVE_PEERS_PROPS(PROP)};
static const struct prop installed_sa_props[] = {MENU_INSTALLED_SA_PROPS(PROP)};
static const struct prop statistics_props[] = {ABI_DROP_IPSEC(STAT) ABI_DROP_NET(STAT)};
static const struct prop ike_counters_props[] = {
	STAT(rx, "rx", "datagrams received: the sum of all rx-…") IKE_RX_CLASSES(IKE_RX)
		IKE_EVENT_COUNTERS(STAT)};
static const struct prop drop_samples_props[] = {MENU_DROP_SAMPLES_PROPS(PROP)};
static const struct prop netwatch_props[] = {MENU_NETWATCH_PROPS(PROP)};
static const struct prop log_props[] = {MENU_LOG_PROPS(PROP)};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#define MENU_ROW(id, p, props_, f, h)                                                              \
	[MENU_##id] = {.path = p, .props = props_, .n_props = COUNT(props_), .flags = f, .help = h}

#define PROPS_INTERFACE	   interface_props
#define PROPS_ADDRESS	   address_props
#define PROPS_ROUTE	   route_props
#define PROPS_ADDRESS6	   address6_props
#define PROPS_ROUTE6	   route6_props
#define PROPS_PROFILE	   profile_props
#define PROPS_PEER	   peer_props
#define PROPS_IDENTITY	   identity_props
#define PROPS_PROPOSAL	   proposal_props
#define PROPS_GROUP	   group_props
#define PROPS_POLICY	   policy_props
#define PROPS_SETTINGS	   settings_props
#define PROPS_DATAPLANE	   dataplane_props
#define PROPS_ACTIVE_PEERS active_peers_props
#define PROPS_INSTALLED_SA installed_sa_props
#define PROPS_STATISTICS   statistics_props
#define PROPS_IKE_COUNTERS ike_counters_props
#define PROPS_DROP_SAMPLES drop_samples_props
#define PROPS_NETWATCH	   netwatch_props
#define PROPS_LOG	   log_props

#define MENU(id, path, flags, help) MENU_ROW(id, path, PROPS_##id, flags, help),
static const struct menu menus[MENU_MAX] = {MENUS(MENU)};

#define FITS(id, path, flags, help) _Static_assert(COUNT(PROPS_##id) <= MENU_MAX_PROPS, path);
MENUS(FITS)
_Static_assert(COUNT(statistics_props) == STATISTICS_PROPS, "one property per drop reason");
_Static_assert(COUNT(ike_counters_props) == IKE_COUNTERS_PROPS, "one property per counter");

/* Menus of RouterOS that have no part here. A path covers what lies below it. */
static const struct refused_menu refused[] = {
	{"ip firewall nat", "address translation is not built yet; traffic that a policy covers "
			    "meets none, so an accept rule above masquerade is not needed"},
	{"ip firewall connection", "there is no connection tracking"},
	{"ip firewall", "packet filtering is not built; /ip ipsec policy with action=discard drops "
			"what it covers"},
	{"ip ipsec group", "groups of policy templates are in /ip ipsec policy group"},
	{"ip ipsec mode-config", "addresses are not handed out: a gateway joins networks"},
	{"ip ipsec key", "RSA keys are not supported; use a pre-shared key"},
	{"ip ipsec user", "XAuth is for roaming users and is not supported"},
	{"ip dhcp-client", "addresses are written down in /ip address"},
	{"ip dhcp-server", "not a part of a gateway for tunnels"},
	{"ip dns", "names of peers are asked of the name servers in /etc/resolv.conf"},
	{"ip pool", "addresses are not handed out: a gateway joins networks"},
	{"ip service", "the only service is the local socket of the console"},
	{"ip arp", "neighbours are always found by ARP"},
	{"ip neighbor", "not a part of a gateway for tunnels"},
	{"ip settings", "nothing to set"},
	{"ip cloud", "not a part of a gateway for tunnels"},
	{"ipv6 firewall", "packet filtering is not built; /ip ipsec policy with action=discard "
			  "drops what it covers"},
	{"ipv6 nd", "router advertisements are neither sent nor heard; addresses and routes are "
		    "written down"},
	{"ipv6 dhcp-client", "addresses are written down in /ipv6 address"},
	{"ipv6 dhcp-server", "not a part of a gateway for tunnels"},
	{"ipv6 pool", "addresses are not handed out: a gateway joins networks"},
	{"ipv6 neighbor", "neighbours are always found by neighbour discovery"},
	{"ipv6 settings", "nothing to set"},
	{"radius", "RADIUS is not part of a site-to-site gateway"},
	{"ppp", "not a part of a gateway for tunnels"},
	{"certificate", "certificates are not built yet"},
	{"routing", "routes are static: /ip route"},
	{"system logging", "log topics cannot be chosen yet"},
	{"system", "the operating system's own tools do this"},
	{"queue", "there is no traffic shaping"},
	{"snmp", "not built yet"},
	{"user", "who may use the socket is up to the file system"},
	{"tool", "the operating system's own tools do this"},
};

const struct menu *schema_menu(int id)
{
	return id >= 0 && id < MENU_MAX ? &menus[id] : NULL;
}

int schema_find_prop(const struct menu *m, const char *name)
{
	for (size_t i = 0; i < m->n_props; i++)
		if (strcmp(m->props[i].name, name) == 0)
			return (int)i;
	return -1;
}

int schema_find_menu(const char *path)
{
	for (int i = 0; i < MENU_MAX; i++)
		if (strcmp(menus[i].path, path) == 0)
			return i;
	return -1;
}

const char *schema_refused_menu(const char *path)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		size_t len = strlen(refused[i].path);

		if (strncmp(path, refused[i].path, len) == 0 &&
		    (path[len] == '\0' || path[len] == ' '))
			return refused[i].why;
	}
	return NULL;
}

int schema_name_prop(const struct menu *m)
{
	for (size_t i = 0; i < m->n_props; i++)
		if (m->props[i].flags & PROP_F_NAME)
			return (int)i;
	return -1;
}

bool schema_is_below(const char *path, const char *parent)
{
	size_t len = strlen(parent);

	return len == 0 || (strncmp(path, parent, len) == 0 && path[len] == ' ');
}

bool schema_is_parent(const char *path)
{
	for (int i = 0; i < MENU_MAX; i++)
		if (schema_is_below(menus[i].path, path))
			return true;
	for (size_t i = 0; i < COUNT(refused); i++)
		if (schema_is_below(refused[i].path, path))
			return true;
	return false;
}
