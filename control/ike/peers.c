/* SPDX-License-Identifier: BSD-3-Clause */
/* peers.c - configured peers and how they are found; see peers.h. */
#include "control/ike/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/generate.h"
#include "control/ike/ident.h"
#include "control/ike/ts.h"
#include "control/ike/version.h"

struct addr_key {
	uint8_t family, prefix_len, has_local, pad[5];
	uint8_t bytes[16];
	uint8_t local[16];
};

static unsigned full_len(uint8_t family)
{
	return family == 4 ? 32 : 128;
}

/* The first prefix_len bits of an address, and a local address (NULL or family 0: any). */
static void addr_key(struct addr_key *k, const struct abi_addr *a, unsigned prefix_len,
		     const struct abi_addr *local)
{
	unsigned whole = prefix_len / 8, bits = prefix_len % 8;

	memset(k, 0, sizeof(*k));
	k->family = a->family;
	k->prefix_len = (uint8_t)prefix_len;
	memcpy(k->bytes, a->bytes, whole);
	if (bits != 0)
		k->bytes[whole] = (uint8_t)(a->bytes[whole] & (0xff00u >> bits));
	if (local == NULL || local->family == 0)
		return;
	k->has_local = 1;
	memcpy(k->local, local->bytes, full_len(local->family) / 8);
}

static void conf_key(struct addr_key *k, const struct ike_peer_conf *c)
{
	addr_key(k, &c->remote, c->remote_prefix_len, &c->local);
}

bool peers_addr_equal(const struct abi_addr *a, const struct abi_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, full_len(a->family) / 8) == 0;
}

bool peers_addr_is_host(const struct abi_addr *a)
{
	static const uint8_t none[16], all[4] = {0xff, 0xff, 0xff, 0xff};

	if (a->family == 4)
		return a->bytes[0] != 0 && a->bytes[0] >> 4 != 14 && memcmp(a->bytes, all, 4) != 0;
	return a->family == 6 && a->bytes[0] != 0xff && memcmp(a->bytes, none, 16) != 0;
}

int peers_init(struct peers *p, uint64_t seed)
{
	memset(p, 0, sizeof(*p));
	TAILQ_INIT(&p->list);
	if (table_init(&p->by_name, seed) != 0 || table_init(&p->by_addr, seed + 1) != 0 ||
	    table_init(&p->by_policy, seed + 2) != 0) {
		peers_fini(p);
		return -ENOMEM;
	}
	return 0;
}

void peers_fini(struct peers *p)
{
	table_fini(&p->by_name);
	table_fini(&p->by_addr);
	table_fini(&p->by_policy);
}

bool peers_can_start(const struct ike_peer *peer)
{
	return peer->conf.remote.family != 0 &&
	       peer->conf.remote_prefix_len == full_len(peer->conf.remote.family) &&
	       peer->conf.local.family == peer->conf.remote.family;
}

static bool family_ok(uint8_t family)
{
	return family == 4 || family == 6;
}

static int check_child(const struct ike_child_conf *c)
{
	if (c->policy_id == 0 || c->proposal.n_encr == 0 || c->proposal.lifetime == 0 ||
	    c->proposal.n_encr > IKE_CONF_MAX_ALGS || c->proposal.n_integ > IKE_CONF_MAX_ALGS ||
	    (c->mode != ABI_MODE_TUNNEL && c->mode != ABI_MODE_TRANSPORT) || !ts_valid(&c->local) ||
	    !ts_valid(&c->remote) || c->local.family != c->remote.family)
		return -EINVAL;
	return 0;
}

/* Further selectors are IKEv2's, and of the first one's family. */
static bool more_ok(const struct ike_peer_conf *peer, const struct ike_child_conf *c)
{
	const struct ike_child_more *m = ike_child_more(c);
	bool ok = m->n_local < ABI_MAX_SELECTORS && m->n_remote < ABI_MAX_SELECTORS &&
		  (peer->mode == IKE_MODE_IKE2 || m->n_local + m->n_remote == 0);

	ok = ok && m->n_use_local <= ABI_MAX_SELECTORS && m->n_use_remote <= ABI_MAX_SELECTORS &&
	     (m->n_use_local == 0) == (m->n_use_remote == 0);
	for (size_t i = 0; ok && i < m->n_local; i++)
		ok = ts_valid(&m->local[i]) && m->local[i].family == c->local.family;
	for (size_t i = 0; ok && i < m->n_remote; i++)
		ok = ts_valid(&m->remote[i]) && m->remote[i].family == c->remote.family;
	return ok;
}

static bool templates_ok(const struct ike_peer_conf *c)
{
	if (c->generate > IKE_GENERATE_STRICT || c->n_templates > PEERS_MAX_POLICIES ||
	    (c->generate == IKE_GENERATE_NO && c->n_templates != 0))
		return false;
	for (size_t i = 0; i < c->n_templates; i++) {
		const struct ike_child_conf *t = &c->templates[i];

		if (check_child(t) != 0 || t->more != NULL)
			return false;
	}
	return true;
}

static bool place_ok(const struct ike_peer_conf *c)
{
	if (c->named && c->remote.family == 0)
		return c->remote_prefix_len == 0;
	return family_ok(c->remote.family) && c->remote_prefix_len <= full_len(c->remote.family) &&
	       (!c->named || c->remote_prefix_len == full_len(c->remote.family)) &&
	       (c->local.family == 0 || c->local.family == c->remote.family);
}

static int check_one(const struct ike_peer_conf *c)
{
	const struct ike_profile_conf *f = &c->profile;

	if (ike_version_find(c->mode) == NULL)
		return -EPROTONOSUPPORT;
	if (c->name[0] == '\0' || !place_ok(c) || c->psk_len == 0 || c->psk == NULL ||
	    c->n_children > PEERS_MAX_POLICIES || f->lifetime == 0 ||
	    c->my_id.len > sizeof(c->my_id.data) || c->remote_id.len > sizeof(c->remote_id.data))
		return -EINVAL;
	if (f->n_encr == 0 || f->n_hash == 0 || f->n_dh == 0 || f->n_encr > IKE_CONF_MAX_ALGS ||
	    f->n_hash > IKE_CONF_MAX_ALGS || f->n_dh > IKE_CONF_MAX_ALGS)
		return -EINVAL;
	for (size_t i = 0; i < c->n_children; i++) {
		if (check_child(&c->children[i]) != 0 || !more_ok(c, &c->children[i]))
			return -EINVAL;
	}
	return templates_ok(c) ? 0 : -EINVAL;
}

static bool takes_any(const struct ike_peer_conf *c)
{
	return c->remote_id.type == IKE_ID_AUTO || c->remote_id.type == IKE_ID_IGNORE;
}

/* Whom a first message may be for. */
struct wanted {
	enum ike_exchange_mode mode;	    /* 0: any */
	const struct ike_identity_conf *id; /* NULL: any */
};

/* 2: names the identity; 1: takes it; 0: is not wanted. */
static int suits(const struct ike_peer *peer, const struct wanted *w)
{
	if (w->mode != 0 && peer->conf.mode != w->mode)
		return 0;
	if (w->id == NULL || takes_any(&peer->conf))
		return 1;
	return ident_equal(&peer->conf.remote_id, w->id) ? 2 : 0;
}

static struct ike_peer *find_key(const struct peers *p, const struct addr_key *k,
				 const struct wanted *w)
{
	struct table_node *n = table_first(&p->by_addr, table_hash(&p->by_addr, k, sizeof(*k)));
	struct ike_peer *best = NULL;
	int best_suits = 0;

	for (; n != NULL; n = table_next(n)) {
		struct ike_peer *peer = TABLE_ENTRY(n, struct ike_peer, by_addr);
		int s = suits(peer, w);
		struct addr_key own;

		conf_key(&own, &peer->conf);
		if (s <= best_suits || memcmp(k, &own, sizeof(own)) != 0)
			continue;
		best = peer;
		best_suits = s;
	}
	return best;
}

/* Nothing would tell a new peer from one of the same address: with a pre-shared key main mode has
 * nothing but the address, for its identities come too late. In IKEv2 they come after the profile
 * was used, so that must be one. */
static bool has_rival(const struct peers *p, const struct addr_key *k,
		      const struct ike_peer_conf *c)
{
	struct wanted w = {.mode = c->mode};
	struct ike_peer *peer;

	if (c->remote.family == 0) /* nothing comes from there */
		return false;
	peer = find_key(p, k, &w);
	if (peer != NULL && c->mode == IKE_MODE_IKE2 &&
	    memcmp(&peer->conf.profile, &c->profile, sizeof(c->profile)) != 0)
		return true;
	if (c->mode != IKE_MODE_MAIN) {
		w.id = &c->remote_id;
		peer = find_key(p, k, &w);
	}
	return peer != NULL && (w.id == NULL || takes_any(&peer->conf) == takes_any(c));
}

static void no_timer(struct ike_engine *e, struct timer *t, uint64_t now)
{
	(void)e;
	(void)t;
	(void)now;
}

/* Checks one peer against those before it, by building the tables for real. */
static int check_against(struct peers *p, const struct ike_peer_conf *c)
{
	struct ike_peer *peer;
	struct addr_key k;
	int r = check_one(c);

	if (r != 0)
		return r;
	conf_key(&k, c);
	if (peers_find_name(p, c->name) != NULL || has_rival(p, &k, c))
		return -EEXIST;
	peer = peers_new(c, no_timer, no_timer);
	if (peer == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < peer->n_policies; i++) {
		if (peers_find_policy(p, c->children[i].policy_id) != NULL) {
			peers_free(peer);
			return -EEXIST;
		}
		for (size_t j = 0; j < i; j++) {
			if (c->children[j].policy_id == c->children[i].policy_id) {
				peers_free(peer);
				return -EEXIST;
			}
		}
	}
	peers_add(p, peer);
	return 0;
}

int peers_check(const struct ike_peer_conf *confs, size_t n, size_t *bad)
{
	struct ike_peer *peer;
	struct peers p;
	int r = peers_init(&p, 0);

	*bad = 0;
	if (r != 0)
		return r;
	for (size_t i = 0; i < n && r == 0; i++) {
		*bad = i;
		r = check_against(&p, &confs[i]);
	}
	while ((peer = TAILQ_FIRST(&p.list)) != NULL) {
		peers_remove(&p, peer);
		peers_free(peer);
	}
	peers_fini(&p);
	return r;
}

void peers_init_policy(struct ike_policy *policy, struct ike_peer *peer, timer_fn *ensure)
{
	policy->peer = peer;
	TAILQ_INIT(&policy->pairs);
	timers_init_one(&policy->ensure, ensure);
}

static void free_policies(struct ike_policy *list, size_t n)
{
	for (size_t i = 0; list != NULL && i < n; i++) {
		ike_child_free_more(&list[i].conf);
		free(list[i].party);
	}
	free(list);
}

/* Room for cap policies, n of which are configured. The rest is not touched, so that it takes no
 * memory before there are some. NULL: no memory. */
static struct ike_policy *new_policies(struct ike_peer *peer, const struct ike_child_conf *conf,
				       size_t n, size_t cap, timer_fn *ensure)
{
	struct ike_policy *list = calloc(cap > 0 ? cap : 1, sizeof(*list));

	for (size_t i = 0; list != NULL && i < n; i++) {
		list[i].conf = conf[i];
		if (ike_child_own_more(&list[i].conf, conf[i].more) != 0) {
			free_policies(list, i);
			return NULL;
		}
		peers_init_policy(&list[i], peer, ensure);
	}
	return list;
}

static int copy_policies(struct ike_peer *peer, const struct ike_peer_conf *conf, timer_fn *ensure)
{
	size_t n = conf->n_children;

	if (conf->n_templates != 0)
		peer->cap_policies =
			conf->named || peers_can_start(peer) ? GENERATE_MAX_HOST : GENERATE_MAX;
	peer->cap_policies += n;
	peer->policies = new_policies(peer, conf->children, n, peer->cap_policies, ensure);
	if (conf->n_templates != 0)
		peer->templates = new_policies(peer, conf->templates, conf->n_templates,
					       conf->n_templates, ensure);
	peer->n_configured = peer->n_policies = n;
	peer->n_templates = conf->n_templates;
	return peer->policies != NULL && (peer->templates != NULL || conf->n_templates == 0)
		       ? 0
		       : -ENOMEM;
}

struct ike_peer *peers_new(const struct ike_peer_conf *conf, timer_fn *start, timer_fn *ensure)
{
	struct ike_peer *peer = calloc(1, sizeof(*peer));

	if (peer == NULL)
		goto fail;
	peer->conf = *conf;
	peer->v = ike_version_find(conf->mode);
	peer->conf.children = NULL;
	peer->conf.templates = NULL;
	peer->conf.psk = NULL;
	TAILQ_INIT(&peer->sas);
	TAILQ_INIT(&peer->evidence);
	timers_init_one(&peer->start, start);
	peer->psk = OPENSSL_secure_malloc(conf->psk_len);
	if (peer->psk == NULL)
		goto fail;
	memcpy(peer->psk, conf->psk, conf->psk_len);
	peer->psk_len = conf->psk_len;
	if (copy_policies(peer, conf, ensure) != 0)
		goto fail;
	return peer;
fail:
	if (peer != NULL)
		peers_free(peer);
	errno = ENOMEM;
	return NULL;
}

void peers_free(struct ike_peer *peer)
{
	struct peer_evidence *ev;

	while ((ev = TAILQ_FIRST(&peer->evidence)) != NULL) {
		TAILQ_REMOVE(&peer->evidence, ev, next);
		free(ev->ev.diff);
		free(ev);
	}
	OPENSSL_secure_clear_free(peer->psk, peer->psk_len);
	free_policies(peer->templates, peer->n_templates);
	free_policies(peer->policies, peer->n_policies);
	free(peer);
}

void peers_add_policy(struct peers *p, struct ike_policy *policy)
{
	uint32_t id = policy->conf.policy_id;

	table_insert(&p->by_policy, &policy->by_id, table_hash(&p->by_policy, &id, sizeof(id)));
}

void peers_remove_policy(struct peers *p, struct ike_policy *policy)
{
	table_remove(&p->by_policy, &policy->by_id);
}

/* A peer whose name is not resolved is found by no address. */
static void add_addr(struct peers *p, struct ike_peer *peer)
{
	struct addr_key k;

	if (peer->conf.remote.family == 0)
		return;
	conf_key(&k, &peer->conf);
	table_insert(&p->by_addr, &peer->by_addr, table_hash(&p->by_addr, &k, sizeof(k)));
	(k.family == 4 ? p->lens4 : p->lens6)[k.prefix_len]++;
}

static void remove_addr(struct peers *p, struct ike_peer *peer)
{
	uint32_t *lens = peer->conf.remote.family == 4 ? p->lens4 : p->lens6;

	if (peer->conf.remote.family == 0)
		return;
	table_remove(&p->by_addr, &peer->by_addr);
	lens[peer->conf.remote_prefix_len]--;
}

void peers_add(struct peers *p, struct ike_peer *peer)
{
	add_addr(p, peer);
	table_insert(&p->by_name, &peer->by_name,
		     table_hash(&p->by_name, peer->conf.name,
				strnlen(peer->conf.name, sizeof(peer->conf.name))));
	for (size_t i = 0; i < peer->n_configured; i++)
		peers_add_policy(p, &peer->policies[i]);
	TAILQ_INSERT_TAIL(&p->list, peer, next);
	p->count++;
}

void peers_remove(struct peers *p, struct ike_peer *peer)
{
	remove_addr(p, peer);
	table_remove(&p->by_name, &peer->by_name);
	for (size_t i = 0; i < peer->n_configured; i++)
		peers_remove_policy(p, &peer->policies[i]);
	TAILQ_REMOVE(&p->list, peer, next);
	p->count--;
}

void peers_move(struct peers *p, struct ike_peer *peer, const struct ike_peer_conf *conf)
{
	remove_addr(p, peer);
	peers_set_place(&peer->conf, conf);
	add_addr(p, peer);
}

struct ike_peer *peers_find_name(const struct peers *p, const char *name)
{
	size_t len = strnlen(name, IKE_CONF_NAME);
	struct table_node *n = table_first(&p->by_name, table_hash(&p->by_name, name, len));

	for (; n != NULL; n = table_next(n)) {
		struct ike_peer *peer = TABLE_ENTRY(n, struct ike_peer, by_name);

		if (strncmp(peer->conf.name, name, IKE_CONF_NAME) == 0)
			return peer;
	}
	return NULL;
}

static struct ike_peer *find_at(const struct peers *p, const struct abi_addr *remote, unsigned len,
				const struct abi_addr *local, const struct wanted *w)
{
	struct ike_peer *peer;
	struct addr_key k;

	addr_key(&k, remote, len, local);
	peer = find_key(p, &k, w);
	if (peer != NULL)
		return peer;
	addr_key(&k, remote, len, NULL);
	return find_key(p, &k, w);
}

static struct ike_peer *find(const struct peers *p, const struct abi_addr *remote,
			     const struct abi_addr *local, const struct wanted *w)
{
	const uint32_t *lens = remote->family == 4 ? p->lens4 : p->lens6;

	if (!family_ok(remote->family))
		return NULL;
	for (unsigned len = full_len(remote->family) + 1; len-- > 0;) {
		struct ike_peer *peer = lens[len] != 0 ? find_at(p, remote, len, local, w) : NULL;

		if (peer != NULL)
			return peer;
	}
	return NULL;
}

struct ike_peer *peers_find_addr(const struct peers *p, const struct abi_addr *remote,
				 const struct abi_addr *local)
{
	struct wanted any = {0};

	return find(p, remote, local, &any);
}

struct ike_peer *peers_choose(const struct peers *p, const struct abi_addr *remote,
			      const struct abi_addr *local, enum ike_exchange_mode mode,
			      const struct ike_identity_conf *id)
{
	struct wanted w = {mode, id};

	return find(p, remote, local, &w);
}

static bool any_of_key(const struct peers *p, const struct addr_key *k, peers_look *look,
		       const void *ctx)
{
	struct table_node *n = table_first(&p->by_addr, table_hash(&p->by_addr, k, sizeof(*k)));

	for (; n != NULL; n = table_next(n)) {
		const struct ike_peer *peer = TABLE_ENTRY(n, struct ike_peer, by_addr);
		struct addr_key own;

		conf_key(&own, &peer->conf);
		if (memcmp(k, &own, sizeof(own)) == 0 && look(peer, ctx))
			return true;
	}
	return false;
}

bool peers_any_at(const struct peers *p, const struct abi_addr *remote,
		  const struct abi_addr *local, peers_look *look, const void *ctx)
{
	const uint32_t *lens = remote->family == 4 ? p->lens4 : p->lens6;
	struct addr_key k;

	if (!family_ok(remote->family))
		return false;
	for (unsigned len = full_len(remote->family) + 1; len-- > 0;) {
		if (lens[len] == 0)
			continue;
		addr_key(&k, remote, len, local);
		if (any_of_key(p, &k, look, ctx))
			return true;
		addr_key(&k, remote, len, NULL);
		if (any_of_key(p, &k, look, ctx))
			return true;
	}
	return false;
}

struct ike_policy *peers_find_policy(const struct peers *p, uint32_t policy_id)
{
	struct table_node *n = table_first(
		&p->by_policy, table_hash(&p->by_policy, &policy_id, sizeof(policy_id)));

	for (; n != NULL; n = table_next(n)) {
		struct ike_policy *policy = TABLE_ENTRY(n, struct ike_policy, by_id);

		if (policy->conf.policy_id == policy_id)
			return policy;
	}
	return NULL;
}
