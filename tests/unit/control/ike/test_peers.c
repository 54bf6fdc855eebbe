/* SPDX-License-Identifier: BSD-3-Clause */
/* test_peers.c - checking, comparing and finding peers; longest prefix against a plain scan. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/generate.h"
#include "control/ike/peers.h"

static const uint8_t psk[] = "secret";

static struct abi_addr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct abi_addr){.family = 4, .bytes = {a, b, c, d}};
}

static void fill(struct ike_peer_conf *c, const char *name, struct abi_addr remote, uint8_t len)
{
	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->remote = remote;
	c->remote_prefix_len = len;
	c->mode = IKE_MODE_MAIN;
	c->psk = psk;
	c->psk_len = sizeof(psk) - 1;
	c->profile.encr[0].id = 12;
	c->profile.encr[0].key_bits = 128;
	c->profile.hash[0] = c->profile.dh[0] = 1;
	c->profile.n_encr = c->profile.n_hash = c->profile.n_dh = 1;
	c->profile.lifetime = 3600;
}

static void fill_child(struct ike_child_conf *c, uint32_t id)
{
	memset(c, 0, sizeof(*c));
	c->policy_id = id;
	c->mode = ABI_MODE_TUNNEL;
	c->local.family = c->remote.family = 4;
	c->proposal.n_encr = 1;
	c->proposal.lifetime = 60;
}

static void nothing(struct ike_engine *e, struct timer *t, uint64_t now)
{
	(void)e;
	(void)t;
	(void)now;
}

static struct ike_peer *add(struct peers *p, const struct ike_peer_conf *c)
{
	struct ike_peer *peer = peers_new(c, nothing, nothing);

	assert_non_null(peer);
	peers_add(p, peer);
	return peer;
}

static void clear(struct peers *p)
{
	struct ike_peer *peer;

	while ((peer = TAILQ_FIRST(&p->list)) != NULL) {
		peers_remove(p, peer);
		peers_free(peer);
	}
	peers_fini(p);
}

static void bad_values_are_refused(void **state)
{
	struct ike_child_conf child;
	struct ike_peer_conf c;
	size_t bad;

	(void)state;
	fill(&c, "a", v4(1, 2, 3, 4), 32);
	fill_child(&child, 1);
	c.children = &child;
	c.n_children = 1;
	assert_int_equal(peers_check(&c, 1, &bad), 0);
#define REFUSED(field, value)                                                                      \
	do {                                                                                       \
		__typeof__(field) keep = field;                                                    \
		field = value;                                                                     \
		assert_int_equal(peers_check(&c, 1, &bad), -EINVAL);                               \
		field = keep;                                                                      \
	} while (0)
	REFUSED(c.name[0], '\0');
	REFUSED(c.remote.family, 5);
	REFUSED(c.remote_prefix_len, 33);
	REFUSED(c.local.family, 6);
	REFUSED(c.psk_len, 0);
	REFUSED(c.psk, NULL);
	REFUSED(c.profile.lifetime, 0);
	REFUSED(c.profile.n_encr, 0);
	REFUSED(c.profile.n_hash, IKE_CONF_MAX_ALGS + 1);
	REFUSED(c.profile.n_dh, 0);
	REFUSED(child.policy_id, 0);
	REFUSED(child.mode, 0);
	REFUSED(child.proposal.lifetime, 0);
	REFUSED(child.proposal.n_encr, 0);
	REFUSED(child.local.family, 6);
	REFUSED(child.local.lo[0], 9);
	REFUSED(child.remote.family, 0);
	REFUSED(c.my_id.len, 257);
	REFUSED(c.remote_id.len, 257);
	assert_int_equal(peers_check(&c, 1, &bad), 0);
	c.mode = 9;
	assert_int_equal(peers_check(&c, 1, &bad), -EPROTONOSUPPORT);
}

static void set_remote_id(struct ike_peer_conf *c, const char *fqdn)
{
	c->remote_id.type = fqdn != NULL ? IKE_ID_FQDN : IKE_ID_AUTO;
	c->remote_id.len = fqdn != NULL ? (uint16_t)strlen(fqdn) : 0;
	memcpy(c->remote_id.data, fqdn != NULL ? fqdn : "", c->remote_id.len);
}

static void one_address_may_have_a_peer_of_each_mode(void **state)
{
	static const enum ike_exchange_mode modes[] = {IKE_MODE_MAIN, IKE_MODE_AGGRESSIVE,
						       IKE_MODE_IKE2};
	struct ike_peer_conf c[3];
	size_t bad;

	(void)state;
	for (int i = 0; i < 3; i++) {
		fill(&c[i], i == 0 ? "a" : i == 1 ? "b" : "c", v4(1, 2, 3, 4), 32);
		c[i].mode = modes[i];
	}
	assert_int_equal(peers_check(c, 3, &bad), 0);
	for (int i = 0; i < 2; i++) {
		c[2].mode = modes[i];
		assert_int_equal(peers_check(c, 3, &bad), -EEXIST);
		assert_int_equal(bad, 2);
	}
}

static void tell_apart(enum ike_exchange_mode mode)
{
	struct ike_peer_conf c[3];
	size_t bad;

	for (int i = 0; i < 3; i++) {
		fill(&c[i], i == 0 ? "a" : i == 1 ? "b" : "c", v4(1, 2, 3, 4), 32);
		c[i].mode = mode;
	}
	set_remote_id(&c[0], "one.example");
	set_remote_id(&c[1], "two.example");
	assert_int_equal(peers_check(c, 3, &bad), 0);
	set_remote_id(&c[2], "ONE.example"); /* names compare without case */
	assert_int_equal(peers_check(c, 3, &bad), -EEXIST);
	set_remote_id(&c[2], NULL);
	set_remote_id(&c[1], NULL);
	c[1].remote_id.type = IKE_ID_IGNORE; /* two that take anybody */
	assert_int_equal(peers_check(c, 3, &bad), -EEXIST);
	set_remote_id(&c[2], "three.example");
	c[2].profile.lifetime++;
	assert_int_equal(peers_check(c, 3, &bad), mode == IKE_MODE_IKE2 ? -EEXIST : 0);
	c[0].mode = c[1].mode = IKE_MODE_MAIN; /* which has the address alone */
	assert_int_equal(peers_check(c, 3, &bad), -EEXIST);
	assert_int_equal(bad, 1);
}

static void identities_tell_peers_of_one_address_apart(void **state)
{
	(void)state;
	tell_apart(IKE_MODE_AGGRESSIVE);
	tell_apart(IKE_MODE_IKE2);
}

static void the_named_identity_comes_before_any(void **state)
{
	struct abi_addr at = v4(1, 2, 3, 4), local = v4(9, 9, 9, 9);
	struct ike_identity_conf who = {.type = IKE_ID_FQDN, .len = 3, .data = "one"};
	struct ike_peer *peer[4];
	struct ike_peer_conf c;
	struct peers p;

	(void)state;
	assert_int_equal(peers_init(&p, 1), 0);
	for (int i = 0; i < 4; i++) {
		char name[2] = {(char)('a' + i), '\0'};

		fill(&c, name, i == 3 ? v4(1, 2, 0, 0) : at, i == 3 ? 16 : 32);
		c.mode = i == 0 ? IKE_MODE_MAIN : IKE_MODE_AGGRESSIVE;
		set_remote_id(&c, i == 1 ? "one" : i == 3 ? "far" : NULL);
		peer[i] = peers_new(&c, NULL, NULL);
		assert_non_null(peer[i]);
		peers_add(&p, peer[i]);
	}
	assert_ptr_equal(peers_choose(&p, &at, &local, IKE_MODE_MAIN, NULL), peer[0]);
	assert_ptr_equal(peers_choose(&p, &at, &local, IKE_MODE_AGGRESSIVE, &who), peer[1]);
	memcpy(who.data, "two", 3);
	assert_ptr_equal(peers_choose(&p, &at, &local, IKE_MODE_AGGRESSIVE, &who), peer[2]);
	peers_remove(&p, peer[2]);
	assert_null(peers_choose(&p, &at, &local, IKE_MODE_AGGRESSIVE, &who));
	memcpy(who.data, "far", 3); /* a shorter prefix, but the identity is its */
	assert_ptr_equal(peers_choose(&p, &at, &local, IKE_MODE_AGGRESSIVE, &who), peer[3]);
	assert_null(peers_choose(&p, &at, &local, IKE_MODE_IKE2, NULL));
	peers_add(&p, peer[2]);
	for (int i = 0; i < 4; i++) {
		peers_remove(&p, peer[i]);
		peers_free(peer[i]);
	}
	peers_fini(&p);
}

static void sets_must_not_contradict_themselves(void **state)
{
	struct ike_child_conf one, two[2];
	struct ike_peer_conf c[2];
	size_t bad;

	(void)state;
	fill(&c[0], "a", v4(1, 2, 3, 4), 32);
	fill(&c[1], "b", v4(1, 2, 3, 4), 32);
	assert_int_equal(peers_check(c, 2, &bad), -EEXIST);
	assert_int_equal(bad, 1);
	c[1].local = v4(9, 9, 9, 9); /* another local address tells them apart */
	assert_int_equal(peers_check(c, 2, &bad), 0);
	strcpy(c[1].name, "a");
	assert_int_equal(peers_check(c, 2, &bad), -EEXIST);
	strcpy(c[1].name, "b");
	fill_child(&one, 5);
	fill_child(&two[0], 6);
	fill_child(&two[1], 5);
	c[0].children = &one;
	c[0].n_children = 1;
	c[1].children = two;
	c[1].n_children = 2;
	assert_int_equal(peers_check(c, 2, &bad), -EEXIST);
	two[1].policy_id = 6;
	assert_int_equal(peers_check(c, 2, &bad), -EEXIST);
	two[1].policy_id = 7;
	assert_int_equal(peers_check(c, 2, &bad), 0);
}

static void any_change_is_seen(void **state)
{
	struct ike_child_conf child;
	struct ike_peer_conf c;
	struct ike_peer *peer;
	uint8_t other[] = "secreT";

	(void)state;
	fill(&c, "a", v4(1, 2, 3, 4), 32);
	fill_child(&child, 1);
	c.children = &child;
	c.n_children = 1;
	peer = peers_new(&c, nothing, nothing);
	assert_non_null(peer);
	assert_true(peers_same(peer, &c));
	c.suppress_initial_contact = true; /* is not part of the configuration */
	assert_true(peers_same(peer, &c));
	c.psk = other;
	assert_false(peers_same(peer, &c));
	c.psk = psk;
	c.psk_len--;
	assert_false(peers_same(peer, &c));
	c.psk_len++;
	child.proposal.pfs_group = 14;
	assert_false(peers_same(peer, &c));
	child.proposal.pfs_group = 0;
	c.n_children = 0;
	assert_false(peers_same(peer, &c));
	c.n_children = 1;
	c.passive = true;
	assert_false(peers_same(peer, &c));
	peers_free(peer);
}

static void local_address_decides_between_equals(void **state)
{
	struct abi_addr remote = v4(1, 2, 3, 4), l1 = v4(9, 9, 9, 1), l2 = v4(9, 9, 9, 2);
	struct ike_peer *any, *exact;
	struct ike_peer_conf c;
	struct peers p;

	(void)state;
	assert_int_equal(peers_init(&p, 3), 0);
	fill(&c, "any", remote, 32);
	any = add(&p, &c);
	fill(&c, "exact", remote, 32);
	c.local = l1;
	exact = add(&p, &c);
	assert_ptr_equal(peers_find_addr(&p, &remote, &l1), exact);
	assert_ptr_equal(peers_find_addr(&p, &remote, &l2), any);
	assert_ptr_equal(peers_find_name(&p, "exact"), exact);
	assert_null(peers_find_name(&p, "none"));
	clear(&p);
}

static uint32_t number(const struct abi_addr *a)
{
	return (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 |
	       (uint32_t)a->bytes[2] << 8 | a->bytes[3];
}

/* The twin: look at all of them. */
static struct ike_peer *scan(const struct peers *p, const struct abi_addr *remote)
{
	struct ike_peer *peer, *best = NULL;

	TAILQ_FOREACH (peer, &p->list, next) {
		uint8_t len = peer->conf.remote_prefix_len;
		uint32_t mask = len == 0 ? 0 : ~0u << (32 - len);

		if (((number(&peer->conf.remote) ^ number(remote)) & mask) == 0 &&
		    (best == NULL || len > best->conf.remote_prefix_len))
			best = peer;
	}
	return best;
}

static void longest_prefix_is_found(void **state)
{
	struct abi_addr local = v4(9, 9, 9, 9);
	uint32_t rng = 12345;
	struct peers p;

	(void)state;
	assert_int_equal(peers_init(&p, 3), 0);
	for (unsigned i = 0; i < 3000; i++) {
		struct ike_peer_conf c;
		struct abi_addr a;
		char name[32];

		rng = rng * 1103515245 + 12345;
		a = v4(10, (uint8_t)(rng >> 16 & 15), (uint8_t)(rng >> 20), (uint8_t)(rng >> 24));
		snprintf(name, sizeof(name), "p%u", i);
		fill(&c, name, a, (uint8_t)(rng >> 8 & 31) + 1);
		if (rng % 5 == 0 && !TAILQ_EMPTY(&p.list)) {
			struct ike_peer *peer = TAILQ_FIRST(&p.list);

			peers_remove(&p, peer);
			peers_free(peer);
		}
		/* Two of one prefix are refused before they get here. */
		if (scan(&p, &a) == NULL ||
		    scan(&p, &a)->conf.remote_prefix_len != c.remote_prefix_len)
			add(&p, &c);
		for (unsigned k = 0; k < 20; k++) {
			rng = rng * 1103515245 + 12345;
			a = v4(10, (uint8_t)(rng >> 16 & 15), (uint8_t)(rng >> 20),
			       (uint8_t)(rng >> 24));
			struct ike_peer *fast = peers_find_addr(&p, &a, &local);
			struct ike_peer *slow = scan(&p, &a);

			assert_int_equal(fast == NULL, slow == NULL);
			if (fast != NULL)
				assert_int_equal(fast->conf.remote_prefix_len,
						 slow->conf.remote_prefix_len);
		}
	}
	clear(&p);
}

static void policies_are_found_by_id(void **state)
{
	struct ike_child_conf child[100];
	struct ike_peer_conf c;
	struct peers p;

	(void)state;
	assert_int_equal(peers_init(&p, 3), 0);
	fill(&c, "a", v4(1, 2, 3, 4), 32);
	for (uint32_t i = 0; i < 100; i++)
		fill_child(&child[i], 1000 + i);
	c.children = child;
	c.n_children = 100;
	add(&p, &c);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(peers_find_policy(&p, 1000 + i)->conf.policy_id, 1000 + i);
	assert_null(peers_find_policy(&p, 1100));
	clear(&p);
}

/* Room for what may be generated: for an address less than for a network. */
static void room_for_generated_policies_is_by_kind(void **state)
{
	static const struct {
		uint8_t len;
		bool templates;
		size_t room;
	} rows[] = {{32, false, 0},
		    {24, false, 0},
		    {32, true, GENERATE_MAX_HOST},
		    {24, true, GENERATE_MAX}};
	struct ike_child_conf child, template;
	struct ike_peer_conf c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ike_peer *peer;

		fill(&c, "a", v4(192, 0, 2, 0), rows[i].len);
		fill_child(&child, 1);
		fill_child(&template, 2);
		c.local = v4(192, 0, 2, 1);
		c.children = &child;
		c.n_children = 1;
		c.templates = &template;
		c.n_templates = rows[i].templates;
		peer = peers_new(&c, nothing, nothing);
		assert_non_null(peer);
		assert_int_equal(peer->n_policies, 1);
		assert_int_equal(peer->cap_policies, 1 + rows[i].room);
		peers_free(peer);
	}
}

static void what_names_many_or_none_is_no_host(void **state)
{
	static const struct {
		struct abi_addr addr;
		bool host;
	} rows[] = {
		{{.family = 4, .bytes = {192, 0, 2, 1}}, true},
		{{.family = 4, .bytes = {1, 0, 0, 0}}, true},
		{{.family = 4, .bytes = {223, 255, 255, 255}}, true},
		{{.family = 4, .bytes = {255, 255, 255, 254}}, true},
		{{.family = 4, .bytes = {0, 0, 0, 0}}, false},
		{{.family = 4, .bytes = {0, 1, 2, 3}}, false},
		{{.family = 4, .bytes = {224, 0, 0, 1}}, false},
		{{.family = 4, .bytes = {239, 255, 255, 255}}, false},
		{{.family = 4, .bytes = {255, 255, 255, 255}}, false},
		{{.family = 6, .bytes = {0x20, 1, 0xd, 0xb8}}, true},
		{{.family = 6, .bytes = {0xfe, 0x80, [15] = 1}}, true},
		{{.family = 6, .bytes = {[15] = 1}}, true},
		{{.family = 6, .bytes = {0}}, false},
		{{.family = 6, .bytes = {0xff, 2, [15] = 1}}, false},
		{{.family = 0, .bytes = {192, 0, 2, 1}}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(peers_addr_is_host(&rows[i].addr), rows[i].host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(sets_must_not_contradict_themselves),
		cmocka_unit_test(one_address_may_have_a_peer_of_each_mode),
		cmocka_unit_test(identities_tell_peers_of_one_address_apart),
		cmocka_unit_test(the_named_identity_comes_before_any),
		cmocka_unit_test(any_change_is_seen),
		cmocka_unit_test(local_address_decides_between_equals),
		cmocka_unit_test(longest_prefix_is_found),
		cmocka_unit_test(policies_are_found_by_id),
		cmocka_unit_test(what_names_many_or_none_is_no_host),
		cmocka_unit_test(room_for_generated_policies_is_by_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
