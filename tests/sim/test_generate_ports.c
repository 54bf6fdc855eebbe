/* SPDX-License-Identifier: BSD-3-Clause */
/* test_generate_ports.c - policies generated of requests for ports: as asked for, or of any port.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/child_sa.h"
#include "control/ike/ike_sa.h"
#include "control/ike/state.h"
#include "tests/sim/genkit.h"

static void set_ports(struct ike_child_conf *c, uint16_t local, uint16_t remote)
{
	c->local.protocol = c->remote.protocol = 17;
	c->local.port_lo = c->local.port_hi = local;
	c->remote.port_lo = c->remote.port_hi = remote;
}

static void ports_are_taken_strictly_or_overridden(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		for (int strict = 0; strict < 2; strict++) {
			uint16_t lo = strict ? 1701 : 0, hi = strict ? 1701 : UINT16_MAX;
			const struct sim_pair *p;

			gen_init(&s, 8, v);
			set_ports(&s.node[A].children[0], 1701, 1701);
			s.node[A].children[0].proposal.lifetime = 600;
			s.node[B].conf.generate =
				strict ? IKE_GENERATE_STRICT : IKE_GENERATE_OVERRIDE;
			sim_start(&s);
			gen_run(&s, 2000); /* rekeyed a few times */
			p = sim_current(&s, B, 0);
			assert_non_null(p);
			assert_int_equal(s.node[B].generations, 1);
			assert_int_equal(gen_only(&s)->conf.local.port_lo, lo);
			assert_int_equal(gen_only(&s)->conf.remote.port_hi, hi);
			assert_int_equal(gen_only(&s)->conf.remote.protocol, 17);
			assert_int_equal(p->sa.ts_local[0].port_lo, lo);
			assert_int_equal(p->sa.ts_remote[0].port_hi, hi);
			/* the peer gets what it asked for */
			p = sim_current(&s, A, 0);
			assert_int_equal(p->sa.ts_local[0].port_lo, 1701);
			sim_fini(&s);
		}
	}
}

static void set_fqdn(struct ike_identity_conf *id, const char *text)
{
	memset(id, 0, sizeof(*id));
	id->type = IKE_ID_FQDN;
	id->len = (uint16_t)strlen(text);
	memcpy(id->data, text, id->len);
}

/* A asks for the same networks twice, with ports that differ. */
static void init_two(struct sim *s, uint64_t seed, int version)
{
	static struct ike_child_conf two[2];

	gen_init(s, seed, version);
	two[0] = two[1] = s->node[A].children[0];
	two[1].policy_id = SIM_POLICY(1);
	set_ports(&two[0], 1701, 1701);
	set_ports(&two[1], 1702, 1701);
	s->node[A].conf.children = two;
	s->node[A].conf.n_children = 2;
}

/* What goes through it differs in nothing that the override leaves: it is one policy, and the
 * newest pair has the traffic. The peer needs both, so neither is deleted for the other's sake. */
static void requests_that_differ_in_ports_alone_share_an_override(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		init_two(&s, 9, v);
		s.node[B].conf.generate = IKE_GENERATE_OVERRIDE;
		s.node[B].conf.passive = true;
		sim_start(&s);
		gen_run(&s, 60);
		assert_int_equal(s.node[B].generations, 1);
		assert_int_equal(gen_only(&s)->conf.remote.port_hi, UINT16_MAX);
		assert_int_equal(sim_installed(&s, B), 2);
		assert_int_equal(s.node[A].installs, 2); /* none was deleted and made again */
		assert_non_null(sim_current(&s, A, 0));
		assert_non_null(sim_current(&s, A, 1));
		assert_true(sim_logged(&s, B, "192.168.1.0/24[udp/1701]"));
		assert_true(sim_logged(&s, B, "=== 192.168.1.0/24[udp/1702]"));
		/* Each is rekeyed for itself. */
		ike_engine_rekey(s.node[A].engine, "peer1", false, s.now);
		gen_run(&s, 60);
		assert_int_equal(s.node[B].generations, 1);
		assert_int_equal(s.node[A].installs, 4);
		assert_int_equal(sim_installed(&s, B), 2);
		assert_non_null(sim_current(&s, A, 0));
		assert_non_null(sim_current(&s, A, 1));
		sim_fini(&s);
	}
}

/* Strictly taken they are two. */
static void strictly_they_are_apart(void **state)
{
	struct sim s;

	(void)state;
	for (int v = 1; v <= 2; v++) {
		init_two(&s, 10, v);
		sim_start(&s);
		gen_run(&s, 60);
		assert_int_equal(s.node[B].n_generated, 2);
		assert_true(sim_working(&s, 0) && sim_working(&s, 1));
		sim_fini(&s);
	}
}

/* IKEv1: a party whose IKE SA is gone keeps what was generated for it. */
static void who_is_not_there_keeps_what_is_its_own(void **state)
{
	struct ike_policy *policy;
	struct ike_peer *peer;
	struct sim s;

	(void)state;
	gen_init(&s, 12, 1);
	for (int i = 0; i < 2; i++)
		s.node[i].conf.profile.dpd_interval = 0;
	s.node[A].conf.send_initial_contact = false;
	set_fqdn(&s.node[A].conf.my_id, "one.example");
	s.node[B].conf.passive = true;
	sim_start(&s);
	gen_run(&s, 5);
	peer = TAILQ_FIRST(&s.node[B].engine->peers.list);
	ike_sa_free(s.node[B].engine, TAILQ_FIRST(&peer->sas), s.now);
	policy = &peer->policies[0];
	assert_true(policy->generated);
	assert_null(TAILQ_FIRST(&policy->pairs)->owner);
	set_fqdn(&s.node[A].conf.my_id, "two.example");
	s.node[A].children[0].local = sim_net_range("192.168.2.0", 24);
	sim_restart(&s, A);
	gen_run(&s, 5);
	assert_int_equal(s.node[B].n_generated, 2);
	assert_null(TAILQ_FIRST(&policy->pairs)->owner);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_taken_strictly_or_overridden),
		cmocka_unit_test(requests_that_differ_in_ports_alone_share_an_override),
		cmocka_unit_test(strictly_they_are_apart),
		cmocka_unit_test(who_is_not_there_keeps_what_is_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
