/* SPDX-License-Identifier: BSD-3-Clause */
/* test_traffic.c - tunnels that are up: traffic that ends somewhere, networks left out, the past.
 */
#include "tests/unit/control/diag/world.h"

static void up(struct world *w, int i, const uint64_t fact[TRUTH_FACTS])
{
	w->peer.up_since = 900 * SEC;
	w->policies[i].up = true;
	w->policies[i].up_since = 901 * SEC;
	w->policies[i].truth.window = 10 * SEC;
	memcpy(w->policies[i].truth.fact, fact, sizeof(w->policies[i].truth.fact));
	truth_judge(&w->policies[i].truth, true);
}

static void e14_e15_e17_traffic(void **state)
{
	static const uint64_t no_return[] = {0, 0, 9, 9, 9, 9}, no_reply[] = {9, 9, 0, 0, 0, 0},
			      natted[] = {9, 9, 9, 9, 0, 0}, lan[] = {0, 0, 9, 9, 9, 0},
			      idle[] = {0, 0, 0, 0, 0, 0}, fine[] = {9, 9, 9, 9, 9, 9};
	struct world *w = make();

	(void)state;
	up(w, 0, no_return);
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "established, not passing");
	assert_one(w, IKE_NO_RETURN_FROM_LAN, DIAG_LIKELY);
	up(w, 0, no_reply);
	assert_says(said(w, IKE_VENDOR_TENCENT), "192.168.1.0/24, 下一跳");
	assert_one(w, IKE_NO_REPLY_FROM_PEER, DIAG_LIKELY);
	up(w, 0, natted);
	assert_says(said(w, IKE_VENDOR_HUAWEI), "policy source 10.100.1.0 mask 24");
	assert_says(said(w, IKE_VENDOR_HUAWEI), "nat disable");
	assert_one(w, IKE_PEER_NATS_TUNNEL_TRAFFIC, DIAG_LIKELY);
	up(w, 0, lan);
	said(w, IKE_VENDOR_UNKNOWN);
	assert_one(w, IKE_LAN_UNREACHABLE, DIAG_LIKELY);
	up(w, 0, idle);
	said(w, IKE_VENDOR_UNKNOWN);
	assert_int_equal(w->report.n, 2);
	assert_int_equal(w->report.findings[0].code, IKE_NOT_MATCHED);
	assert_int_equal(w->report.findings[1].code, IKE_NOTHING_FROM_PEER);
	w->policies[0].shadowed_by = 3; /* an earlier policy: that is more than possible */
	said(w, IKE_VENDOR_UNKNOWN);
	assert_int_equal(w->report.findings[0].confidence, DIAG_LIKELY);
	up(w, 0, fine);
	w->policies[0].shadowed_by = 0;
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "nothing wrong is known");
}

static void e16_some_networks_only(void **state)
{
	static const uint64_t fine[] = {9, 9, 9, 9, 9, 9};
	struct world *w = make();
	char *text;

	(void)state;
	w->peer.n_policies = 2;
	up(w, 0, fine);
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_TS_PARTIAL, DIAG_CERTAIN);
	assert_says(text, "✓ policy 192.168.1.0/24 === 10.100.1.0/24");
	assert_says(text, "✗ policy 192.168.1.0/24 === 10.100.2.0/24");
	assert_says(text, "local_ts = 10.100.1.0/24,10.100.2.0/24");
	/* narrowed: up, but with less */
	up(w, 1, fine);
	w->policies[1].n_local = w->policies[1].n_remote = 1;
	w->policies[1].local[0] = w->child[1].local;
	w->policies[1].remote[0] = net("10.100.2.0", 25);
	text = said(w, IKE_VENDOR_UNKNOWN);
	assert_one(w, IKE_TS_PARTIAL, DIAG_CERTAIN);
	assert_says(text, "-> 192.168.1.0/24 === 10.100.2.0/25");
	w->policies[1].remote[0] = w->child[1].remote;
	said(w, IKE_VENDOR_UNKNOWN);
	assert_int_equal(w->report.n, 0);
}

static void what_came_up_since_is_not_told(void **state)
{
	static const uint64_t fine[] = {9, 9, 9, 9, 9, 9};
	struct world *w = make();

	(void)state;
	add(w, IKE_P1_PSK_MISMATCH, true, 1)->last = 890 * SEC;
	add(w, IKE_P2_ALG_MISMATCH, true, 1)->last = 890 * SEC;
	w->ev[1].policy_id = 7;
	up(w, 0, fine);
	said(w, IKE_VENDOR_UNKNOWN);
	assert_int_equal(w->report.n, 0);
	w->ev[1].last = 950 * SEC; /* a rekey fails now */
	said(w, IKE_VENDOR_UNKNOWN);
	assert_int_equal(w->report.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(e14_e15_e17_traffic),
		cmocka_unit_test(e16_some_networks_only),
		cmocka_unit_test(what_came_up_since_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
