/* SPDX-License-Identifier: BSD-3-Clause */
/* sim_conf.c - what the nodes of a simulation begin with, and the NAT before them; see sim.h. */
#include <stdio.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "tests/sim/sim_priv.h"

bool sim_same_addr(const struct abi_addr *a, const struct abi_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

void sim_map_source(const struct sim_node *n, struct abi_addr *addr, uint16_t *port)
{
	if (n->nat.family == 0)
		return;
	*addr = n->nat;
	*port = (uint16_t)(*port + n->nat_ports);
}

bool sim_map_target(const struct sim_node *n, struct abi_addr *addr, uint16_t *port)
{
	if (n->nat.family == 0 || !sim_same_addr(addr, &n->nat))
		return sim_same_addr(addr, &n->addr) ||
		       (n->also.family != 0 && sim_same_addr(addr, &n->also));
	*addr = n->addr;
	*port = (uint16_t)(*port - n->nat_ports);
	if (n->forwards != 0 && *port == 4500 + n->forwards)
		*port = 4500;
	return *port == 500 || *port == 4500;
}

void sim_default_conf(struct sim_node *n)
{
	struct ike_peer_conf *c = &n->conf;
	struct ike_child_conf *child = &n->children[0];

	n->nat_ports = 20000;
	snprintf(c->name, sizeof(c->name), "peer%d", 1 - n->index);
	c->remote = n->sim->node[1 - n->index].addr;
	c->remote_prefix_len = c->remote.family == 4 ? 32 : 128;
	c->port = 500;
	c->local = n->addr;
	c->mode = IKE_MODE_MAIN;
	c->send_initial_contact = true;
	c->profile.encr[0] = (struct ike_encr_choice){12, 128};
	c->profile.hash[0] = SUITE_HASH_SHA1;
	c->profile.dh[0] = 19;
	c->profile.n_encr = c->profile.n_hash = c->profile.n_dh = 1;
	c->profile.lifetime = 86400;
	c->profile.dpd_interval = 8;
	c->profile.dpd_max_failures = 4;
	c->profile.nat_traversal = true;
	strcpy((char *)n->psk, "a secret of two");
	c->psk = n->psk;
	c->psk_len = strlen((char *)n->psk);
	c->children = n->children;
	c->n_children = 1;
	child->policy_id = SIM_POLICY(0);
	child->mode = ABI_MODE_TUNNEL;
	child->local = sim_net_range(n->index == 0 ? "192.168.1.0" : "10.100.1.0", 24);
	child->remote = sim_net_range(n->index == 0 ? "10.100.1.0" : "192.168.1.0", 24);
	child->proposal.encr[0] = (struct ike_encr_choice){12, 128};
	child->proposal.integ[0] = ABI_INTEG_HMAC_SHA1_96;
	child->proposal.n_encr = child->proposal.n_integ = 1;
	child->proposal.lifetime = 1800;
	child->replay_window = 128;
}
