/* SPDX-License-Identifier: BSD-3-Clause */
/* apply_peers.c - peers for the IKE engine: names of algorithms become numbers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/crypto/suite.h"
#include "control/model/addr.h"
#include "control/model/apply_ipsec.h"
#include "control/model/hostname.h"
#include "control/model/model.h"
#include "control/model/netview.h"
#include "control/model/policy_key.h"
#include "control/model/selectors.h"
#include "control/model/templates.h"
#include "control/model/validate.h"

_Static_assert(VALUE_MAX_LIST <= IKE_CONF_MAX_ALGS, "lists fit");

static const char *word(enum menu_id menu, int prop, uint64_t index)
{
	return schema_menu(menu)->props[prop].domain->words[index].name;
}

static void copy_text(char *to, size_t size, const struct value *v)
{
	if (v->set && v->text)
		strncpy(to, v->text, size - 1); /* to was zeroed */
}

struct abi_addr apply_local(const struct model *m, const struct model_row *peer)
{
	const struct value *local = &peer->values[PEER_LOCAL];
	const struct model_row *source;

	if (local->set && local->addr.family)
		return local->addr;
	source = netview_source(m, &peer->values[PEER_ADDRESS].addr);
	return source ? source->values[ADDRESS_ADDRESS].addr : (struct abi_addr){0};
}

/* Every accepted word is in the suite tables (tests/unit/control/model/test_schema.c holds them to
 * it); one that were not is left out rather than guessed. */
static uint8_t encrs(struct ike_encr_choice *out, const struct value *v, enum menu_id menu,
		     int prop)
{
	uint8_t n = 0;

	for (unsigned i = 0; i < v->n; i++) {
		const struct suite_encr *s = suite_encr_find_name(word(menu, prop, v->list[i]));

		if (s)
			out[n++] = (struct ike_encr_choice){s->id, s->key_bits};
	}
	return n;
}

static void profile(struct ike_profile_conf *p, const struct model_row *row)
{
	const struct value *v = row->values, *l;

	p->n_encr = encrs(p->encr, &v[PROFILE_ENC], MENU_PROFILE, PROFILE_ENC);
	l = &v[PROFILE_HASH];
	for (unsigned i = 0; i < l->n; i++) {
		const struct suite_digest *s =
			suite_digest_find_name(word(MENU_PROFILE, PROFILE_HASH, l->list[i]));

		if (s)
			p->hash[p->n_hash++] = (uint16_t)s->hash;
	}
	l = &v[PROFILE_DH];
	for (unsigned i = 0; i < l->n; i++) {
		const struct suite_group *s =
			suite_group_find_name(word(MENU_PROFILE, PROFILE_DH, l->list[i]));

		if (s)
			p->dh[p->n_dh++] = s->id;
	}
	p->prf = (uint16_t)schema_menu(MENU_PROFILE)
			 ->props[PROFILE_PRF]
			 .domain->words[v[PROFILE_PRF].num]
			 .value;
	p->lifetime = (uint32_t)v[PROFILE_LIFETIME].num;
	p->lifebytes = (uint32_t)v[PROFILE_LIFEBYTES].num;
	p->dpd_interval = (uint32_t)v[PROFILE_DPD_INTERVAL].num;
	p->dpd_max_failures = (uint32_t)v[PROFILE_DPD_FAILURES].num;
	p->nat_traversal = v[PROFILE_NATT].num != 0;
	p->reauthentication = v[PROFILE_REAUTH].num != 0;
	p->proposal_check = (enum ike_proposal_check)schema_menu(MENU_PROFILE)
				    ->props[PROFILE_PROPOSAL_CHECK]
				    .domain->words[v[PROFILE_PROPOSAL_CHECK].num]
				    .value;
}

static void proposal(struct ike_proposal_conf *p, const struct model_row *row)
{
	const struct value *v = row->values, *l = &v[PROPOSAL_AUTH];
	const struct suite_group *group =
		suite_group_find_name(word(MENU_PROPOSAL, PROPOSAL_PFS, v[PROPOSAL_PFS].num));

	copy_text(p->name, sizeof(p->name), &v[PROPOSAL_NAME]);
	p->n_encr = encrs(p->encr, &v[PROPOSAL_ENC], MENU_PROPOSAL, PROPOSAL_ENC);
	for (unsigned i = 0; i < l->n; i++) {
		const struct suite_integ *s =
			suite_integ_find_name(word(MENU_PROPOSAL, PROPOSAL_AUTH, l->list[i]));

		if (s)
			p->integ[p->n_integ++] = s->id;
	}
	p->lifetime = (uint32_t)v[PROPOSAL_LIFETIME].num;
	p->lifebytes = (uint32_t)v[PROPOSAL_LIFEBYTES].num;
	p->pfs_group = group ? group->id : 0;
}

static void identity(struct ike_identity_conf *id, const struct value *v)
{
	id->type = (enum ike_id_type)v->num;
	id->len = (uint16_t)v->len;
	if (v->len)
		memcpy(id->data, v->bytes, v->len); /* at most 255: ident_text.c */
}

/* Rows that name a peer, by peer and then in order: peers are walked in order, too, so that each
 * finds its own where the last one stopped. */
struct link {
	uint64_t peer;
	size_t row;
	const struct abi_policy *policy;
};

struct links {
	struct link *list;
	size_t n, at;
};

static int by_peer(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->peer != y->peer)
		return x->peer < y->peer ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

static size_t links_of(struct links *l, uint64_t peer)
{
	size_t n = 0;

	while (l->at < l->n && l->list[l->at].peer < peer)
		l->at++;
	while (l->at + n < l->n && l->list[l->at + n].peer == peer)
		n++;
	return n;
}

static int link_policies(struct links *l, const struct model *m, const struct model_plan *plan)
{
	const struct model_table *t = &m->table[MENU_POLICY];
	size_t k = 0;

	l->list = calloc(t->n + 1, sizeof(*l->list));
	if (!l->list)
		return -1;
	for (size_t i = 0; i < t->n; i++) {
		if (!plan->policy_ids[i])
			continue;
		if (plan->policies[k].action == ABI_ACT_PROTECT)
			l->list[l->n++] = (struct link){t->rows[i].values[POLICY_PEER].num, i,
							&plan->policies[k]};
		k++;
	}
	qsort(l->list, l->n, sizeof(*l->list), by_peer);
	return 0;
}

static int link_identities(struct links *l, const struct model *m)
{
	const struct model_table *t = &m->table[MENU_IDENTITY];

	l->list = calloc(t->n + 1, sizeof(*l->list));
	if (!l->list)
		return -1;
	for (size_t i = 0; i < t->n; i++)
		if (validate_active(&t->rows[i], IDENTITY_DISABLED))
			l->list[l->n++] =
				(struct link){t->rows[i].values[IDENTITY_PEER].num, i, NULL};
	qsort(l->list, l->n, sizeof(*l->list), by_peer);
	return 0;
}

/* All networks of the n policies at l that one of them stands for. */
static void selectors(struct ike_child_conf *c, struct ike_child_more *more, const struct link *l,
		      size_t n, const uint32_t *leader, size_t row)
{
	struct abi_range local[ABI_MAX_SELECTORS], remote[ABI_MAX_SELECTORS];
	size_t n_local = 0, n_remote = 0;

	for (size_t i = 0; i < n; i++) {
		if (leader[l[i].row] != row)
			continue;
		n_local = selectors_add(local, n_local, ABI_MAX_SELECTORS, &l[i].policy->local);
		n_remote = selectors_add(remote, n_remote, ABI_MAX_SELECTORS, &l[i].policy->remote);
	}
	c->local = local[0];
	c->remote = remote[0];
	more->n_local = (uint8_t)(n_local - 1); /* selectors_leaders() sees to at most so many */
	more->n_remote = (uint8_t)(n_remote - 1);
	memcpy(more->local, local + 1, more->n_local * sizeof(local[0]));
	memcpy(more->remote, remote + 1, more->n_remote * sizeof(remote[0]));
}

/* multi-selector=any: what goes through the pair stays, but another thing is negotiated. */
static void negotiate_any(struct ike_child_conf *c, struct ike_child_more *more)
{
	struct abi_range any = {.family = c->local.family, .port_hi = UINT16_MAX};

	more->n_use_local = (uint8_t)(1 + more->n_local);
	more->n_use_remote = (uint8_t)(1 + more->n_remote);
	more->use_local[0] = c->local;
	more->use_remote[0] = c->remote;
	memcpy(more->use_local + 1, more->local, sizeof(more->local));
	memcpy(more->use_remote + 1, more->remote, sizeof(more->remote));
	memset(more->local, 0, sizeof(more->local));
	memset(more->remote, 0, sizeof(more->remote));
	more->n_local = more->n_remote = 0;
	memset(any.hi, 0xff, any.family == 4 ? 4 : 16);
	c->local = c->remote = any;
}

/* What a policy and a template have alike. */
static void child(struct ike_child_conf *c, const struct model *m, const struct value *v)
{
	const struct domain_word *df = schema_menu(MENU_POLICY)->props[POLICY_DF].domain->words;

	copy_text(c->comment, sizeof(c->comment), &v[POLICY_COMMENT]);
	proposal(&c->proposal, &m->table[MENU_PROPOSAL].rows[v[POLICY_PROPOSAL].num]);
	c->replay_window = (uint32_t)v[POLICY_REPLAY].num;
	c->df = (uint8_t)df[v[POLICY_DF].num].value;
	if (v[POLICY_DSCP].num != VALUE_ANY)
		c->dscp = (uint8_t)(ABI_DSCP_SET | v[POLICY_DSCP].num);
	c->keep_mss = v[POLICY_MSS].num == 0;
}

/* The children of a peer: its policies that protect, in order. */
static int children(struct ike_peer_conf *peer, const struct model *m, const uint32_t *leader,
		    struct links *policies, uint64_t index)
{
	size_t n = links_of(policies, index);
	struct ike_child_conf *list = calloc(n + 1, sizeof(*list));

	if (!list)
		return -1;
	peer->children = list;
	for (size_t i = 0; i < n; i++) {
		const struct link *l = &policies->list[policies->at + i];
		const struct value *v = m->table[MENU_POLICY].rows[l->row].values;
		struct ike_child_conf *c = &list[peer->n_children];
		struct ike_child_more more = {0};

		if (leader[l->row] != l->row)
			continue; /* it is among the selectors of that one */
		c->policy_id = l->policy->policy_id;
		c->mode = l->policy->mode;
		selectors(c, &more, &policies->list[policies->at + i], n - i, leader, l->row);
		if (selectors_mode(&m->table[MENU_PEER].rows[index]) == SELECTORS_ANY)
			negotiate_any(c, &more);
		child(c, m, v);
		if (ike_child_own_more(c, &more))
			return -1;
		peer->n_children++;
	}
	return 0;
}

static int secret(struct ike_peer_conf *peer, const struct value *v)
{
	uint8_t *copy = malloc(v->len + 1);

	if (!copy)
		return -1;
	memcpy(copy, v->bytes, v->len);
	peer->psk = copy;
	peer->psk_len = v->len;
	return 0;
}

/* What may be generated for a peer. */
static int templates(struct ike_peer_conf *peer, const struct model *m, const struct model_row *id)
{
	struct ike_child_conf *list = NULL;
	const struct model_row *row;
	size_t n = 0, at = 0;

	peer->generate = templates_mode(id);
	if (peer->generate == IKE_GENERATE_NO)
		return 0;
	copy_text(peer->template_group, sizeof(peer->template_group),
		  &templates_group(m, id)->values[GROUP_NAME]);
	list = calloc(m->table[MENU_POLICY].n + 1, sizeof(*list));
	if (!list)
		return -1;
	while ((row = templates_next(m, id, &at))) {
		struct ike_child_conf *c = &list[n++];
		struct policy_key key;

		policy_key_make(&key, row, 0);
		c->policy_id = templates_id(m, row);
		c->mode = ABI_MODE_TUNNEL;
		c->local = key.local;
		c->remote = key.remote;
		child(c, m, row->values);
	}
	peer->templates = list;
	peer->n_templates = n;
	return 0;
}

static int identities(struct ike_peer_conf *peer, const struct model *m, struct links *ids,
		      uint64_t index)
{
	const struct model_row *row;
	const struct value *v;

	if (links_of(ids, index) == 0)
		return 0;
	row = &m->table[MENU_IDENTITY].rows[ids->list[ids->at].row];
	v = row->values;
	if (templates(peer, m, row))
		return -1;
	identity(&peer->my_id, &v[IDENTITY_MY_ID]);
	identity(&peer->remote_id, &v[IDENTITY_REMOTE_ID]);
	if (peer->my_id.type == IKE_ID_AUTO) { /* with a pre-shared key: our address */
		peer->my_id_auto = true;
		peer->my_id.type = peer->local.family == 6 ? IKE_ID_IPV6 : IKE_ID_IPV4;
		peer->my_id.len = addr_bits(&peer->local) / 8u;
		memcpy(peer->my_id.data, peer->local.bytes, peer->my_id.len);
	}
	return secret(peer, &v[IDENTITY_SECRET]);
}

static void one_peer(struct ike_peer_conf *p, const struct model *m, const struct model_row *row)
{
	const struct value *v = row->values;
	const struct domain *modes = schema_menu(MENU_PEER)->props[PEER_MODE].domain;

	copy_text(p->name, sizeof(p->name), &v[PEER_NAME]);
	copy_text(p->comment, sizeof(p->comment), &v[PEER_COMMENT]);
	p->remote = v[PEER_ADDRESS].addr;
	p->remote_prefix_len = v[PEER_ADDRESS].prefix_len;
	p->named = v[PEER_ADDRESS].text != NULL;
	p->host = p->named ? hostname_hash(v[PEER_ADDRESS].text) : 0;
	p->port = (uint16_t)v[PEER_PORT].num;
	p->local = apply_local(m, row);
	p->mode = (enum ike_exchange_mode)modes->words[v[PEER_MODE].num].value;
	p->passive = v[PEER_PASSIVE].num || p->remote_prefix_len < addr_bits(&p->remote);
	p->on_demand =
		schema_menu(MENU_PEER)->props[PEER_START].domain->words[v[PEER_START].num].value !=
		0;
	p->send_initial_contact = v[PEER_INITIAL_CONTACT].num != 0;
	profile(&p->profile, &m->table[MENU_PROFILE].rows[v[PEER_PROFILE].num]);
}

int apply_peers(struct model_plan *plan, const struct model *m)
{
	const struct model_table *t = &m->table[MENU_PEER];
	struct links policies = {0}, ids = {0};
	uint32_t *leader = selectors_leaders(m);
	int rc = -1;

	plan->peers = calloc(t->n + 1, sizeof(*plan->peers));
	if (!leader || !plan->peers || link_policies(&policies, m, plan) ||
	    link_identities(&ids, m))
		goto out;
	for (size_t i = 0; i < t->n; i++) {
		struct ike_peer_conf *p = &plan->peers[plan->n_peers];

		if (!validate_active(&t->rows[i], PEER_DISABLED) || links_of(&ids, i) == 0)
			continue; /* without an identity it is as if it were disabled */
		plan->n_peers++;  /* apply_free() finds it from here on */
		one_peer(p, m, &t->rows[i]);
		if (identities(p, m, &ids, i) || children(p, m, leader, &policies, i))
			goto out;
	}
	rc = 0;
out:
	free(leader);
	free(policies.list);
	free(ids.list);
	return rc;
}

void apply_free(struct model_plan *plan)
{
	for (size_t i = 0; i < plan->n_peers; i++) {
		struct ike_peer_conf *p = &plan->peers[i];

		if (p->psk) {
			explicit_bzero((void *)(uintptr_t)p->psk, p->psk_len);
			free((void *)(uintptr_t)p->psk);
		}
		for (size_t k = 0; k < p->n_children; k++)
			free((void *)(uintptr_t)p->children[k].more);
		free((void *)(uintptr_t)p->children);
		free((void *)(uintptr_t)p->templates);
	}
	free(plan->peers);
	free(plan->policies);
	free(plan->policy_peers);
	free(plan->policy_ids);
	free(plan->templates);
}
