/* SPDX-License-Identifier: BSD-3-Clause */
/* policy_key.c - what makes two policies the same one. */
#include "control/model/policy_key.h"

#include <string.h>

#include "control/model/addr.h"
#include "control/model/model.h"

enum abi_action policy_action(const struct model_row *policy)
{
	const struct prop *p = &schema_menu(MENU_POLICY)->props[POLICY_ACTION];

	return (enum abi_action)p->domain->words[policy->values[POLICY_ACTION].num].value;
}

static void range(struct abi_range *r, const struct value *prefix, const struct value *port,
		  uint8_t protocol)
{
	struct abi_addr lo = addr_first(&prefix->addr, prefix->prefix_len);
	struct abi_addr hi = addr_last(&prefix->addr, prefix->prefix_len);

	memset(r, 0, sizeof(*r));
	r->family = prefix->addr.family;
	r->protocol = protocol;
	r->port_lo = port->num == VALUE_ANY ? 0 : (uint16_t)port->num;
	r->port_hi = port->num == VALUE_ANY ? 65535 : (uint16_t)port->num2;
	memcpy(r->lo, lo.bytes, sizeof(r->lo));
	memcpy(r->hi, hi.bytes, sizeof(r->hi));
}

void policy_key_make(struct policy_key *k, const struct model_row *policy, uint32_t row)
{
	const struct value *v = policy->values;
	uint8_t protocol = (uint8_t)v[POLICY_PROTOCOL].num;

	range(&k->local, &v[POLICY_SRC], &v[POLICY_SRC_PORT], protocol);
	range(&k->remote, &v[POLICY_DST], &v[POLICY_DST_PORT], protocol);
	k->action = (uint8_t)policy_action(policy);
	k->peer = v[POLICY_PEER].set && v[POLICY_PEER].text ? v[POLICY_PEER].text : "";
	k->row = row;
}

static int compare(const struct policy_key *a, const struct policy_key *b)
{
	int c = memcmp(&a->local, &b->local, sizeof(a->local));

	return c ? c : memcmp(&a->remote, &b->remote, sizeof(a->remote));
}

int policy_key_order(const void *a, const void *b)
{
	const struct policy_key *x = a, *y = b;
	int c = compare(x, y);

	return c ? c : (x->row > y->row) - (x->row < y->row);
}

bool policy_key_same_traffic(const struct policy_key *a, const struct policy_key *b)
{
	return compare(a, b) == 0;
}

static uint32_t fnv1a(uint32_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

uint32_t policy_key_hash(const struct policy_key *k)
{
	uint32_t h = 2166136261u;

	h = fnv1a(h, &k->local, sizeof(k->local));
	h = fnv1a(h, &k->remote, sizeof(k->remote));
	h = fnv1a(h, &k->action, 1);
	h = fnv1a(h, k->peer, strlen(k->peer));
	return h ? h : 1;
}
