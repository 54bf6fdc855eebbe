/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_refuse.c - what goes wrong between two configurations: the evidence, the words in the log,
 * that it is tried again without flooding, that nothing is left over, and that it comes up when the
 * fault is mended.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "tests/sim/sim.h"

static void init_one_way(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	s->node[1].conf.passive = true;
}

static void run(struct sim *s, unsigned seconds)
{
	sim_run(s, s->now + seconds * SIM_SEC);
}

static unsigned times_logged(const struct sim *s, int i, const char *text)
{
	const char *p = s->node[i].log;
	unsigned n = 0;

	while ((p = strstr(p, text)) != NULL) {
		n++;
		p += strlen(text);
	}
	return n;
}

/* Some minutes of failing: tried again and again, but with back-off, logged sparsely, and holding
 * nothing. */
static void fails_for_ten_minutes(struct sim *s)
{
	sim_start(s);
	run(s, 600);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sim_installed(s, i), 0);
		assert_int_equal(s->node[i].n_reserved, 0);
		assert_true(sim_ike_sas(s, i, NULL) <= 2);
		assert_true(s->node[i].log_len < 64 * 1024);
		assert_true(sim_counters_add_up(s, i));
	}
	assert_true(s->ike_sent < 400);
}

static void mended(struct sim *s)
{
	sim_configure(s, 0);
	sim_configure(s, 1);
	run(s, 90);
	assert_true(sim_agreed(s, 0));
	sim_fini(s);
}

static void wrong_psk_is_named_on_both_sides(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 1);
	strcpy((char *)s.node[1].psk, "another secret!");
	fails_for_ten_minutes(&s);
	assert_true(sim_evidence(&s, 0, IKE_P1_PSK_MISMATCH) >= 5);
	assert_true(sim_evidence(&s, 1, IKE_P1_PSK_MISMATCH) >= 5);
	assert_true(sim_logged(&s, 1,
			       "decryption failed?; could not decrypt payloads; message "
			       "parsing failed"));
	assert_true(sim_logged(&s, 0, "P1_PSK_MISMATCH at main mode message 5"));
	assert_true(sim_logged(&s, 0, "sending retransmit 1 of request message ID 0, seq 3"));
	assert_in_range(times_logged(&s, 0, "P1_PSK_MISMATCH at"), 2, 10);
	assert_in_range(times_logged(&s, 1, "P1_PSK_MISMATCH at"), 2, 10);
	assert_null(strstr(s.node[0].log, "secret!"));
	memcpy(s.node[1].psk, s.node[0].psk, sizeof(s.node[0].psk));
	mended(&s);
}

static void phase1_algorithms_are_compared(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 2);
	s.node[1].conf.profile.encr[0].key_bits = 256;
	fails_for_ten_minutes(&s);
	assert_true(sim_evidence(&s, 1, IKE_P1_ALG_MISMATCH) >= 5);
	assert_true(sim_evidence(&s, 0, IKE_P1_NO_PROPOSAL) >= 5);
	assert_true(sim_logged(&s, 1, "no suitable proposal found"));
	assert_true(sim_logged(&s, 1, "sending NO_PROPOSAL_CHOSEN"));
	assert_true(sim_logged(&s, 1, "aes-128; configured encr aes-256"));
	assert_true(sim_logged(&s, 0, "received NO_PROPOSAL_CHOSEN error notify"));
	s.node[1].conf.profile.encr[0].key_bits = 128;
	mended(&s);
}

static void phase1_group_alone_is_named(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 3);
	s.node[1].conf.profile.dh[0] = 2;
	fails_for_ten_minutes(&s);
	assert_true(sim_evidence(&s, 1, IKE_P1_DH_MISMATCH) >= 5);
	assert_int_equal(sim_evidence(&s, 1, IKE_P1_ALG_MISMATCH), 0);
	s.node[1].conf.profile.dh[0] = 19;
	mended(&s);
}

static void set_fqdn(struct ike_identity_conf *id, const char *text)
{
	id->type = IKE_ID_FQDN;
	id->len = (uint16_t)strlen(text);
	memset(id->data, 0, sizeof(id->data));
	memcpy(id->data, text, id->len);
}

static void wrong_identity_of_the_initiator(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 4);
	set_fqdn(&s.node[1].conf.remote_id, "b.example.com");
	fails_for_ten_minutes(&s);
	assert_true(sim_evidence(&s, 1, IKE_P1_ID_MISMATCH) >= 5);
	assert_true(sim_logged(&s, 1,
			       "IDii 'ipv4:113.87.48.200' does not match to "
			       "'fqdn:b.example.com'"));
	assert_true(sim_evidence(&s, 0, IKE_P1_ID_MISMATCH) >= 5);
	assert_true(sim_logged(&s, 0, "received AUTHENTICATION_FAILED error notify"));
	set_fqdn(&s.node[0].conf.my_id, "b.example.com");
	mended(&s);
}

static void wrong_identity_of_the_responder(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 5);
	set_fqdn(&s.node[0].conf.remote_id, "b.example.com");
	fails_for_ten_minutes(&s);
	assert_true(sim_evidence(&s, 0, IKE_P1_ID_MISMATCH) >= 5);
	assert_true(sim_logged(&s, 0,
			       "IDir 'ipv4:119.91.254.122' does not match to "
			       "'fqdn:b.example.com'"));
	assert_int_equal(sim_ike_sas(&s, 1, "established"), 0);
	set_fqdn(&s.node[1].conf.my_id, "B.example.COM"); /* names have no case */
	mended(&s);
}

static void different_selectors_are_shown_side_by_side(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 6);
	s.node[1].children[0].local = sim_net_range("10.100.0.0", 16);
	fails_for_ten_minutes(&s);
	assert_true(sim_evidence(&s, 1, IKE_P2_TS_MISMATCH) >= 5);
	assert_true(sim_evidence(&s, 0, IKE_P2_TS_MISMATCH) >= 5);
	assert_int_equal(sim_evidence(&s, 1, IKE_P2_ALG_MISMATCH), 0);
	assert_true(sim_logged(&s, 1,
			       "received 10.100.1.0/24 === 192.168.1.0/24; configured "
			       "10.100.0.0/16 === 192.168.1.0/24"));
	assert_true(sim_logged(&s, 0, "received INVALID_ID_INFORMATION error notify"));
	assert_int_equal(sim_counters(&s, 0)->phase1_established, 1);
	s.node[1].children[0].local = sim_net_range("10.100.1.0", 24);
	mended(&s);
}

static void phase2_algorithms_are_compared(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 7);
	s.node[1].children[0].proposal.integ[0] = ABI_INTEG_HMAC_SHA2_256_128;
	fails_for_ten_minutes(&s);
	assert_true(sim_evidence(&s, 1, IKE_P2_ALG_MISMATCH) >= 5);
	assert_true(sim_evidence(&s, 0, IKE_P2_ALG_MISMATCH) >= 5);
	assert_true(sim_logged(&s, 1, "no matching proposal found, sending NO_PROPOSAL_CHOSEN"));
	assert_true(sim_logged(&s, 1, "sha1; configured"));
	s.node[1].children[0].proposal.integ[0] = ABI_INTEG_HMAC_SHA1_96;
	mended(&s);
}

static void pfs_on_one_side_only_is_named(void **state)
{
	(void)state;
	for (int with = 0; with < 2; with++) {
		struct sim s;

		init_one_way(&s, 8 + (unsigned)with);
		s.node[with].children[0].proposal.pfs_group = 19;
		fails_for_ten_minutes(&s);
		assert_true(sim_evidence(&s, 1, IKE_P2_PFS_MISMATCH) >= 5);
		assert_int_equal(sim_evidence(&s, 1, IKE_P2_ALG_MISMATCH), 0);
		s.node[1 - with].children[0].proposal.pfs_group = 19;
		mended(&s);
	}
}

static void silent_peer_is_tried_for_ever_with_back_off(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 10);
	s.net.loss_pct = 100;
	fails_for_ten_minutes(&s);
	assert_in_range(sim_evidence(&s, 0, IKE_PEER_SILENT), 5, 10);
	assert_true(sim_logged(&s, 0, "establishing IKE_SA failed, peer not responding"));
	assert_true(sim_logged(&s, 0, "giving up after 5 retransmits"));
	s.net.loss_pct = 0;
	run(&s, 130);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

static void traffic_shortens_the_wait(void **state)
{
	struct sim s;

	(void)state;
	init_one_way(&s, 11);
	s.net.loss_pct = 100;
	sim_start(&s);
	while (sim_evidence(&s, 0, IKE_PEER_SILENT) < 6)
		run(&s, 1);
	s.net.loss_pct = 0;
	run(&s, 1);
	ike_engine_acquire(s.node[0].engine, SIM_POLICY(0), s.now);
	s.node[0].due = s.now;
	run(&s, 7);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

static void unknown_source_gets_no_answer_and_no_state(void **state)
{
	struct sim s;
	uint64_t sent;

	(void)state;
	init_one_way(&s, 12);
	s.node[1].conf.remote = sim_addr("198.51.100.1");
	fails_for_ten_minutes(&s);
	sent = sim_counters(&s, 1)->tx;
	assert_int_equal(sent, 0);
	assert_true(sim_counters(&s, 1)->rx_unknown_source > 10);
	assert_int_equal(sim_counters(&s, 1)->rx_unknown_source, sim_counters(&s, 1)->rx);
	sim_fini(&s);
}

static void data_plane_that_refuses(void **state)
{
	(void)state;
	for (int bad = 0; bad < 2; bad++) {
		struct sim s;

		init_one_way(&s, 13 + (unsigned)bad);
		s.node[bad].install_status = -ENOSPC;
		sim_start(&s);
		run(&s, 300);
		assert_true(sim_evidence(&s, bad, IKE_P2_INSTALL_FAILED) >= 3);
		for (int i = 0; i < 2; i++)
			assert_int_equal(s.node[i].n_reserved, 0);
		assert_int_equal(sim_installed(&s, bad), 0);
		s.node[bad].install_status = 0;
		run(&s, 120);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void data_plane_that_does_not_answer(void **state)
{
	(void)state;
	for (int bad = 0; bad < 2; bad++) {
		struct sim s;

		init_one_way(&s, 15 + (unsigned)bad);
		s.node[bad].mute_dataplane = true;
		sim_start(&s);
		run(&s, 60);
		/* Nothing that lets the peer use the pair has left. */
		assert_null(sim_current(&s, 0, 0));
		assert_null(sim_current(&s, 1, 0));
		assert_true(sim_evidence(&s, bad, IKE_P2_INSTALL_FAILED) >= 1);
		s.node[bad].mute_dataplane = false;
		run(&s, 120);
		assert_true(sim_agreed(&s, 0));
		sim_fini(&s);
	}
}

static void lifetime_case(enum ike_proposal_check check, uint32_t offered, uint32_t expected)
{
	struct sim s;

	init_one_way(&s, 20 + check * 10 + offered);
	s.node[1].conf.profile.proposal_check = check;
	s.node[0].children[0].proposal.lifetime = offered;
	sim_start(&s);
	run(&s, 5);
	if (expected == 0) {
		assert_null(sim_current(&s, 1, 0));
		assert_true(sim_evidence(&s, 1, IKE_P2_LIFETIME_MISMATCH) >= 1);
	} else {
		const struct ike_child_sa *sa = &sim_current(&s, 1, 0)->sa;

		assert_true(sim_agreed(&s, 0));
		assert_int_equal((sa->hard_time - sa->soft_time) / SIM_SEC * 5, expected);
		/* claim tells the initiator, which shortens its own. */
		sa = &sim_current(&s, 0, 0)->sa;
		if (check == IKE_CHECK_CLAIM)
			assert_int_equal((sa->hard_time - sa->soft_time) / SIM_SEC * 5, expected);
	}
	sim_fini(&s);
}

/* Ours is 1800 s. */
static void proposal_check_judges_lifetimes(void **state)
{
	(void)state;
	lifetime_case(IKE_CHECK_OBEY, 3600, 3600);
	lifetime_case(IKE_CHECK_OBEY, 1200, 1200);
	lifetime_case(IKE_CHECK_STRICT, 3600, 0);
	lifetime_case(IKE_CHECK_STRICT, 1200, 1200);
	lifetime_case(IKE_CHECK_EXACT, 3600, 0);
	lifetime_case(IKE_CHECK_EXACT, 1200, 0);
	lifetime_case(IKE_CHECK_EXACT, 1800, 1800);
	lifetime_case(IKE_CHECK_CLAIM, 3600, 1800);
	lifetime_case(IKE_CHECK_CLAIM, 1200, 1200);
}

static void other_versions_and_modes_are_named(void **state)
{
	static const uint8_t v2[32] = {1,  2,	 3,  4, 5, 6, 7, 8, 0, 0, 0, 0,	 0, 0, 0, 0,
				       33, 0x20, 34, 8, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 4};
	static const uint8_t aggressive[32] = {1,  2,	 3, 4, 5, 6, 7, 8, 0, 0, 0, 0,	0, 0, 0, 0,
					       13, 0x10, 4, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 4};
	struct sim s;

	(void)state;
	init_one_way(&s, 17);
	s.net.loss_pct = 100;
	sim_start(&s);
	sim_inject(&s, 1, v2, sizeof(v2), false);
	sim_inject(&s, 1, aggressive, sizeof(aggressive), false);
	assert_int_equal(sim_evidence(&s, 1, IKE_P1_VERSION_MISMATCH), 1);
	assert_int_equal(sim_evidence(&s, 1, IKE_P1_MODE_MISMATCH), 1);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 0);
	sim_fini(&s);
}

static void from_elsewhere(struct sim *s, const uint8_t *data, size_t len)
{
	struct ike_datagram d = {.src = sim_addr("198.51.100.7"),
				 .dst = s->node[0].addr,
				 .src_port = 500,
				 .dst_port = 500,
				 .data = data,
				 .len = len};

	ike_engine_input(s->node[0].engine, &d, s->now);
}

/* Anybody can send it: the exchange must go on. */
static void unprotected_notify_does_not_stop_an_exchange(void **state)
{
	uint8_t n[28 + 12] = {0};
	struct sim s;

	(void)state;
	init_one_way(&s, 18);
	s.net.delay_min = s.net.delay_max = 200 * SIM_MS;
	sim_start(&s);
	sim_run(&s, s.now + 100 * SIM_MS);
	/* Reply to the cookie that is known from message 1, which is still on its way. */
	memset(n + 8, 7, 8);
	n[16] = 11;
	n[17] = 0x10;
	n[18] = 5;
	n[27] = sizeof(n);
	n[28 + 3] = 12;
	n[28 + 7] = 1;
	n[28 + 8] = 1;
	n[28 + 11] = 14;
	sim_first_cookie(&s, 0, n);
	from_elsewhere(&s, n, sizeof(n));
	assert_int_equal(sim_counters(&s, 0)->rx_wrong_address, 1);
	assert_int_equal(sim_counters(&s, 0)->rx_unprotected, 0);
	sim_inject(&s, 0, n, sizeof(n), false);
	assert_true(sim_logged(&s, 0, "received NO_PROPOSAL_CHOSEN error notify"));
	assert_int_equal(sim_counters(&s, 0)->rx_unprotected, 1);
	run(&s, 5);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_psk_is_named_on_both_sides),
		cmocka_unit_test(phase1_algorithms_are_compared),
		cmocka_unit_test(phase1_group_alone_is_named),
		cmocka_unit_test(wrong_identity_of_the_initiator),
		cmocka_unit_test(wrong_identity_of_the_responder),
		cmocka_unit_test(different_selectors_are_shown_side_by_side),
		cmocka_unit_test(phase2_algorithms_are_compared),
		cmocka_unit_test(pfs_on_one_side_only_is_named),
		cmocka_unit_test(silent_peer_is_tried_for_ever_with_back_off),
		cmocka_unit_test(traffic_shortens_the_wait),
		cmocka_unit_test(unknown_source_gets_no_answer_and_no_state),
		cmocka_unit_test(data_plane_that_refuses),
		cmocka_unit_test(data_plane_that_does_not_answer),
		cmocka_unit_test(proposal_check_judges_lifetimes),
		cmocka_unit_test(other_versions_and_modes_are_named),
		cmocka_unit_test(unprotected_notify_does_not_stop_an_exchange),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
