/* SPDX-License-Identifier: BSD-3-Clause */
/* test_roam_limits.c - where a peer that seems to have moved is not asked, how long what failed is
 * held against it, and what follows when the IKE SA that knew the place ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike_sa.h"
#include "control/ike/state.h"
#include "tests/sim/roamkit.h"

static void run(struct sim *s, unsigned ms)
{
	sim_run(s, s->now + ms * SIM_MS);
}

static const char *const nobody[] = {"224.0.0.5", "239.1.2.3", "255.255.255.255", "0.0.0.0",
				     "0.1.2.3"};

static void what_is_no_host_is_not_asked(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct sim s;

		(void)state;
		roam_init(&s, 1, v2);
		for (unsigned i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
			roam_spoof_esp(&s, nobody[i], 4500);
			run(&s, 5000);
		}
		assert_int_equal(roam_fixed(&s)->roam_asked, 0);
		assert_int_equal(roam_fixed(&s)->roam_failed, 0);
		roam_spoof_esp(&s, "192.0.2.66", 4500);
		assert_int_equal(roam_fixed(&s)->roam_asked, 1);
		sim_fini(&s);
	}
}

struct copy {
	uint8_t data[2048];
	struct ike_datagram d;
};

static bool copy_to_fixed(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct copy *c = ctx;

	(void)s;
	if (from == R_BEHIND && d->len <= sizeof(c->data)) {
		memcpy(c->data, data, d->len);
		c->d = *d;
		c->d.data = c->data;
	}
	return true;
}

/* A request that was answered, once more: its answer goes to where it came from. */
static void nobody_is_answered(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct copy c = {.d = {.len = 0}};
		uint64_t sent, unknown;
		struct sim s;

		(void)state;
		sim_init(&s, 2);
		s.net.hook = copy_to_fixed;
		s.net.hook_ctx = &c;
		roam_start(&s, v2);
		assert_true(c.d.len > 0);
		sent = s.ike_sent;
		unknown = roam_fixed(&s)->rx_unknown_source;
		for (unsigned i = 0; i < sizeof(nobody) / sizeof(nobody[0]); i++) {
			c.d.src = sim_addr(nobody[i]);
			sim_arrive(&s, R_FIXED, &c.d);
		}
		assert_int_equal(s.ike_sent, sent);
		assert_int_equal(roam_fixed(&s)->rx_unknown_source - unknown,
				 (int)(sizeof(nobody) / sizeof(nobody[0])));
		sim_fini(&s);
	}
}

/* Many places failed in a row, and then there was peace. */
static void what_failed_is_forgotten_after_a_while(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		uint64_t asked;
		struct sim s;

		(void)state;
		roam_init(&s, 3, v2);
		for (unsigned i = 0; i < 3000; i++) {
			roam_spoof_esp(&s, "192.0.2.66", (uint16_t)(1000 + i));
			run(&s, 100);
		}
		assert_true(roam_fixed(&s)->roam_failed >= 5);
		run(&s, 800 * 1000);
		asked = roam_fixed(&s)->roam_asked;
		roam_spoof_esp(&s, "192.0.2.66", 4500);
		run(&s, 3500);
		assert_int_equal(roam_fixed(&s)->roam_asked, asked + 1);
		s.node[R_BEHIND].nat_ports = 21000;
		run(&s, 6000);
		assert_int_equal(roam_fixed(&s)->roam_moved, 1);
		sim_fini(&s);
	}
}

/* A data plane that sends elsewhere than the IKE SA knows the peer to be is put right by the first
 * packet that comes from there. */
static void a_pair_at_another_place_is_put_right(void **state)
{
	for (int v2 = 0; v2 < 2; v2++) {
		struct sim_pair *p;
		struct sim s;

		(void)state;
		roam_init(&s, 5, v2);
		p = (struct sim_pair *)sim_current(&s, R_FIXED, 0);
		p->sa.remote_port = 1;
		roam_spoof_esp(&s, "203.0.113.9", 24500);
		assert_int_equal(p->sa.remote_port, 24500);
		assert_int_equal(roam_fixed(&s)->roam_asked, 0);
		sim_fini(&s);
	}
}

/* Its vendor ID in main mode gets lost, so the peer cannot do DPD. */
static bool hide_dpd(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	static const uint8_t id[] = {0xaf, 0xca, 0xd7, 0x13, 0x68};
	uint8_t *at = memmem(data, d->len, id, sizeof(id));

	(void)s;
	(void)from;
	(void)ctx;
	if (at != NULL)
		at[0] = 0;
	return true;
}

/* One that cannot be asked is followed to its ports, one a second at most; not to an address. */
static void ports_are_followed_one_a_second(void **state)
{
	uint64_t moved;
	struct sim s;

	(void)state;
	sim_init(&s, 4);
	s.net.hook = hide_dpd;
	roam_start(&s, false);
	for (unsigned i = 0; i < 250; i++) {
		roam_spoof_esp(&s, "203.0.113.9", (uint16_t)(20001 + i));
		run(&s, 40);
	}
	assert_int_equal(roam_fixed(&s)->roam_asked, 0);
	assert_in_range(roam_fixed(&s)->roam_moved, 8, 22); /* its own packets bring it back */
	run(&s, 5000);
	moved = roam_fixed(&s)->roam_moved;
	roam_spoof_esp(&s, "192.0.2.66", 4500);
	assert_int_equal(roam_fixed(&s)->roam_moved, moved);
	run(&s, 5000);
	assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port, 24500);
	assert_memory_equal(&sim_current(&s, R_FIXED, 0)->sa.remote, &s.node[R_BEHIND].nat,
			    sizeof(struct abi_addr));
	sim_fini(&s);
}

/* IKEv1: the SA that came from the new place ends, and the older one is still at the old place. */
static void pairs_and_ike_go_on_at_one_place(void **state)
{
	struct ike_peer *peer;
	struct ike_sa *newest;
	struct sim s;

	(void)state;
	roam_init(&s, 11, false);
	s.node[0].esp_every = s.node[1].esp_every = 1000 * SIM_SEC;
	run(&s, 1000);
	s.node[R_BEHIND].nat_ports = 21000;
	ike_engine_rekey(s.node[R_BEHIND].engine, "peer1", true, s.now);
	run(&s, 1000);
	assert_int_equal(sim_ike_sas(&s, R_FIXED, NULL), 2);
	assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port, 25500);
	peer = TAILQ_FIRST(&s.node[R_FIXED].engine->peers.list);
	newest = TAILQ_FIRST(&peer->sas);
	assert_int_equal(newest->at.remote_port, 25500);
	ike_sa_free(s.node[R_FIXED].engine, newest, s.now);
	s.node[R_FIXED].due = s.now;
	run(&s, 1000);
	assert_int_equal(roam_fixed(&s)->roam_asked, 1);
	assert_int_equal(roam_fixed(&s)->roam_moved, 1);
	assert_int_equal(TAILQ_FIRST(&peer->sas)->at.remote_port, 25500);
	assert_int_equal(sim_current(&s, R_FIXED, 0)->sa.remote_port, 25500);
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_host_is_not_asked),
		cmocka_unit_test(nobody_is_answered),
		cmocka_unit_test(what_failed_is_forgotten_after_a_while),
		cmocka_unit_test(pairs_and_ike_go_on_at_one_place),
		cmocka_unit_test(ports_are_followed_one_a_second),
		cmocka_unit_test(a_pair_at_another_place_is_put_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
