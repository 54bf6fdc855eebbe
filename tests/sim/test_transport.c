/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_transport.c - transport mode by both versions of IKE (RFC 2407 section 4.5, RFC 7296 section
 * 1.3.1): agreed on, rekeyed, refused to who wants a tunnel, and refused through a NAT.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/forge.h"
#include "tests/sim/forge2.h"
#include "tests/sim/sim.h"

#define A 0
#define B 1

/* Between the two gateways themselves. */
static void to_transport(struct sim_node *n, unsigned child)
{
	struct ike_child_conf *c = &n->children[child];
	struct abi_addr *end[2] = {&n->addr, &n->sim->node[1 - n->index].addr};
	struct abi_range *range[2] = {&c->local, &c->remote};

	c->mode = ABI_MODE_TRANSPORT;
	for (int i = 0; i < 2; i++) {
		memset(range[i], 0, sizeof(*range[i]));
		range[i]->family = end[i]->family;
		range[i]->port_hi = UINT16_MAX;
		memcpy(range[i]->lo, end[i]->bytes, sizeof(range[i]->lo));
		memcpy(range[i]->hi, end[i]->bytes, sizeof(range[i]->hi));
	}
}

static void init(struct sim *s, uint64_t seed, int version)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = version == 2 ? IKE_MODE_IKE2 : IKE_MODE_MAIN;
		to_transport(&s->node[i], 0);
	}
}

static void run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

static void assert_mode(const struct sim *s, unsigned child, uint8_t mode)
{
	for (int i = 0; i < 2; i++) {
		const struct sim_pair *p = sim_current(s, i, child);

		assert_non_null(p);
		assert_int_equal(p->sa.mode, mode);
	}
}

static void both_agree_on_it_and_rekey_it(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		for (int first = 0; first < 2; first++) {
			init(&s, 1, v);
			s.node[1 - first].conf.passive = true;
			for (int i = 0; i < 2; i++) {
				s.node[i].children[0].proposal.lifetime = 300;
				s.node[i].esp_every = SIM_SEC;
			}
			sim_start(&s);
			run(&s, 5);
			assert_true(sim_agreed(&s, 0));
			assert_mode(&s, 0, ABI_MODE_TRANSPORT);
			run(&s, 1200);
			assert_true(sim_working(&s, 0));
			assert_mode(&s, 0, ABI_MODE_TRANSPORT);
			assert_true(s.node[A].installs >= 4);
			assert_int_equal(s.node[A].esp_no_sa + s.node[B].esp_no_sa, 0);
			sim_fini(&s);
		}
	}
}

static void one_that_wants_a_tunnel_is_refused(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		for (int at = 0; at < 2; at++) {
			init(&s, 2, v);
			s.node[B].conf.passive = true;
			s.node[at].children[0].mode = ABI_MODE_TUNNEL;
			sim_start(&s);
			run(&s, 5);
			assert_true(sim_evidence(&s, v == 2 ? 1 - at : B, IKE_P2_ENCAP_MISMATCH) >
				    0);
			assert_int_equal(sim_installed(&s, A) + sim_installed(&s, B), 0);
			s.node[at].children[0].mode = ABI_MODE_TRANSPORT;
			assert_int_equal(sim_configure(&s, at), 0);
			run(&s, 120);
			assert_true(sim_agreed(&s, 0));
			assert_mode(&s, 0, ABI_MODE_TRANSPORT);
			sim_fini(&s);
		}
	}
}

static void cause_of(void *ctx, const char *peer, const struct ike_evidence *ev)
{
	unsigned *n = ctx;

	(void)peer;
	*n += ev->code == IKE_P2_ENCAP_MISMATCH && ev->cause == IKE_CAUSE_NAT &&
	      strstr(ev->advice, "set tunnel=yes") != NULL;
}

static unsigned says_nat(const struct sim *s, int i)
{
	unsigned n = 0;

	ike_engine_visit_evidence(s->node[i].engine, NULL, cause_of, &n);
	return n;
}

/* Node at is behind a NAT; the other knows it by the address it shows. */
static void behind_nat(struct sim *s, int at)
{
	struct ike_child_conf *c = &s->node[1 - at].children[0];

	s->node[at].nat = sim_addr("203.0.113.77");
	s->node[1 - at].conf.remote = s->node[at].nat;
	memcpy(c->remote.lo, s->node[at].nat.bytes, sizeof(c->remote.lo));
	memcpy(c->remote.hi, s->node[at].nat.bytes, sizeof(c->remote.hi));
	s->node[1 - at].conf.passive = true;
}

static void a_nat_is_named_and_a_tunnel_passes_it(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		for (int at = 0; at < 2; at++) {
			init(&s, 3, v);
			behind_nat(&s, at);
			sim_start(&s);
			run(&s, 30);
			assert_int_equal(says_nat(&s, at), 1);
			assert_int_equal(sim_installed(&s, A) + sim_installed(&s, B), 0);
			for (int i = 0; i < 2; i++) {
				struct ike_child_conf *c = &s.node[i].children[0];

				c->mode = ABI_MODE_TUNNEL;
				c->local = sim_net_range(i == A ? "192.168.1.0" : "10.100.1.0", 24);
				c->remote =
					sim_net_range(i == A ? "10.100.1.0" : "192.168.1.0", 24);
				assert_int_equal(sim_configure(&s, i), 0);
			}
			run(&s, 120);
			assert_true(sim_agreed(&s, 0));
			sim_fini(&s);
		}
	}
}

/* Payloads of a request for a tunnel become those of one for transport mode. */
static size_t ask_transport2(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap)
{
	const uint8_t notify[8] = {*next, 0, 0, 8, 0, 0, 0x40, 0x07}; /* USE_TRANSPORT_MODE */

	(void)ctx;
	assert_true(len + sizeof(notify) <= cap);
	memmove(payloads + sizeof(notify), payloads, len);
	memcpy(payloads, notify, sizeof(notify));
	*next = 41;
	return len + sizeof(notify);
}

static size_t ask_transport1(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap)
{
	static const uint8_t tunnel[4] = {0x80, 4, 0, 3}; /* of RFC 3947 section 5.1 */

	(void)ctx;
	(void)next;
	(void)cap;
	for (size_t i = 0; i + sizeof(tunnel) <= len; i++)
		if (memcmp(payloads + i, tunnel, sizeof(tunnel)) == 0)
			payloads[i + 3] = 4;
	return len;
}

static bool change_request(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
			   void *ctx)
{
	unsigned *changed = ctx;

	if (from == A && d->len > 28 && (data[18] == 35 || data[18] == 32))
		*changed +=
			data[18] == 35
				? forge2_message(s, from, data, &d->len, 4096, ask_transport2, NULL)
				: forge_message(s, from, data, &d->len, 4096, ask_transport1, NULL);
	return true;
}

static void a_request_through_a_nat_is_refused_too(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		unsigned changed = 0;

		init(&s, 4, v);
		behind_nat(&s, A);
		s.node[A].children[0].mode = ABI_MODE_TUNNEL;
		s.net.hook = change_request;
		s.net.hook_ctx = &changed;
		sim_start(&s);
		run(&s, 10);
		assert_true(changed > 0);
		assert_int_equal(says_nat(&s, B), 1);
		assert_int_equal(sim_installed(&s, A) + sim_installed(&s, B), 0);
		sim_fini(&s);
	}
}

static void a_tunnel_beside_it_comes_up_behind_a_nat(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		init(&s, 5, v);
		behind_nat(&s, A);
		for (int i = 0; i < 2; i++) {
			struct ike_child_conf *c = &s.node[i].children[1];

			*c = s.node[i].children[0];
			c->policy_id = SIM_POLICY(1);
			c->mode = ABI_MODE_TUNNEL;
			c->local = sim_net_range(i == A ? "192.168.1.0" : "10.100.1.0", 24);
			c->remote = sim_net_range(i == A ? "10.100.1.0" : "192.168.1.0", 24);
			s.node[i].conf.n_children = 2;
		}
		sim_start(&s);
		run(&s, 200);
		assert_true(sim_agreed(&s, 1));
		assert_mode(&s, 1, ABI_MODE_TUNNEL);
		assert_null(sim_current(&s, A, 0));
		assert_true(says_nat(&s, A) == 1);
		assert_int_equal(sim_ike_sas(&s, A, "established"), 1);
		sim_fini(&s);
	}
}

static void without_nat_traversal_nobody_looks_for_a_nat(void **state)
{
	struct sim s;

	(void)state;
	init(&s, 6, 1);
	for (int i = 0; i < 2; i++)
		s.node[i].conf.profile.nat_traversal = false;
	sim_start(&s);
	run(&s, 5);
	assert_true(sim_working(&s, 0));
	assert_mode(&s, 0, ABI_MODE_TRANSPORT);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_agree_on_it_and_rekey_it),
		cmocka_unit_test(one_that_wants_a_tunnel_is_refused),
		cmocka_unit_test(a_nat_is_named_and_a_tunnel_passes_it),
		cmocka_unit_test(a_request_through_a_nat_is_refused_too),
		cmocka_unit_test(a_tunnel_beside_it_comes_up_behind_a_nat),
		cmocka_unit_test(without_nat_traversal_nobody_looks_for_a_nat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
