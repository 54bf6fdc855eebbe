/* SPDX-License-Identifier: BSD-3-Clause */
/* test_names.c - what is said of a peer's DNS name: as long as it is wrong, and whatever else is.
 */
#include "control/diag/texts.h"
#include "tests/unit/control/diag/world.h"

static const struct {
	enum ike_cause cause;
	enum diag_say check;
} causes[] = {
	{IKE_CAUSE_NAME_MISSING, SAY_CHECK_NAME_SPELLING},
	{IKE_CAUSE_NAME_FAMILY, SAY_CHECK_NAME_FAMILY},
	{IKE_CAUSE_NAME_SERVER, SAY_CHECK_NAME_SERVER},
	{IKE_CAUSE_NAME_ADDRESS, SAY_CHECK_NAME_OWNER},
	{IKE_CAUSE_NAME_TAKEN, SAY_CHECK_NAME_TAKEN},
	{IKE_CAUSE_NAME_ROUTE, SAY_CHECK_NAME_ROUTE},
};

static struct world *nameless(void)
{
	struct world *w = make();

	w->conf.named = true;
	w->conf.remote = (struct abi_addr){0};
	w->conf.remote_prefix_len = 0;
	return w;
}

static void each_cause_has_its_advice(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		struct world *w = nameless();
		const struct diag_finding *f = &w->report.findings[0];
		char *text;

		add(w, IKE_PEER_NAME_UNRESOLVED, true, 2)->cause = causes[i].cause;
		strcpy(w->ev[0].received, "no such name");
		strcpy(w->ev[0].configured, "vpn.example.com");
		text = said(w, IKE_VENDOR_UNKNOWN);
		assert_one(w, IKE_PEER_NAME_UNRESOLVED, DIAG_CERTAIN);
		assert_says(text, "the peer's name does not resolve");
		assert_says(text, "vpn.example.com");
		assert_int_equal(f->checks[0], causes[i].check);
		assert_null(strstr(text, "keeps the address"));
		assert_null(strstr(text, "0.0.0.0")); /* it has none */
	}
}

static void nothing_hides_it_while_it_lasts(void **state)
{
	struct world *w = make();
	char *text;

	(void)state;
	w->conf.named = true;
	add(w, IKE_PEER_NAME_UNUSABLE, true, 2)->cause = IKE_CAUSE_NAME_TAKEN;
	w->ev[0].last = 900 * SEC;
	add(w, IKE_P1_ID_MISMATCH, true, 2); /* further, and later */
	text = said(w, IKE_VENDOR_UNKNOWN);
	assert_says(text, "PEER_NAME_UNUSABLE");
	assert_says(text, "keeps the address");
	w->peer.n_evidence = 1;
	w->peer.up_since = 995 * SEC; /* at the address it had */
	w->peer.state = "established";
	w->policies[0].up = true;
	w->policies[0].up_since = 995 * SEC;
	said(w, IKE_VENDOR_UNKNOWN);
	assert_one(w, IKE_PEER_NAME_UNUSABLE, DIAG_CERTAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cause_has_its_advice),
		cmocka_unit_test(nothing_hides_it_while_it_lasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
