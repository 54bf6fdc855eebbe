/* SPDX-License-Identifier: BSD-3-Clause */
/* test_probe_child.c - what is said of a probe of phase 2: what was asked, and why it ended. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/diag/diag.h"
#include "control/ike/probe_child.h"
#include "control/model/text.h"

#define NOTHING "nothing of what allow-weak permits is taken"

static struct ike_probe_child asked(enum probe_child_end end, unsigned n)
{
	struct ike_probe_child p = {
		.begun = 1000000000, .ended = 3000000000, .end = end, .policy_id = 7, .n = n};

	for (unsigned i = 0; i < n; i++)
		p.rows[i] = (struct probe_child_row){
			.group = 14, .said = PROBE_NO_PROPOSAL, .notify = 14};
	return p;
}

static void assert_text(const struct ike_probe_child *p, bool json, const char *has,
			const char *lacks)
{
	struct text out = {0};

	assert_int_equal(diag_probe_child_report("cloud", p, json, &out), 0);
	if (strstr(out.s, has) == NULL || strstr(out.s, lacks) != NULL)
		fail_msg("\"%s\" instead of \"%s\" without \"%s\"", out.s, has, lacks);
	text_free(&out);
}

static void who_took_nothing_is_said_to(void **state)
{
	struct ike_probe_child p = asked(PROBE_CHILD_DONE, 2);

	(void)state;
	assert_text(&p, false, NOTHING, "meanwhile");
	assert_text(&p, false, "pfs-group=modp2048: refused: NO-PROPOSAL-CHOSEN", "no answer");
	assert_text(&p, true, "\"end\":\"asked\"", "takes");
}

static void what_is_taken_ends_the_list(void **state)
{
	struct ike_probe_child p = asked(PROBE_CHILD_DONE, 2);

	(void)state;
	p.rows[1] = (struct probe_child_row){.group = 14,
					     .said = PROBE_TAKES,
					     .encr = {ABI_ENCR_AES_CBC, 128},
					     .integ = ABI_INTEG_HMAC_SHA1_96};
	assert_text(&p, false,
		    "pfs-group=modp2048: taken, with enc-algorithms=aes-128-cbc "
		    "auth-algorithms=sha1",
		    NOTHING);
}

/* Nothing was refused to it for good: it works. */
static void a_policy_that_came_up_meanwhile_is_no_refusal(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 3; n++) {
		struct ike_probe_child p = asked(PROBE_CHILD_UP, n);

		assert_text(&p, false, "has come up meanwhile", NOTHING);
		assert_text(&p, true, "\"end\":\"came-up\"", "asked\"");
	}
}

static void what_was_broken_off_says_so(void **state)
{
	struct ike_probe_child p = asked(PROBE_CHILD_GONE, 1);

	(void)state;
	assert_text(&p, false, "broken off", NOTHING);
	assert_text(&p, true, "\"end\":\"broken-off\"", "asked\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_took_nothing_is_said_to),
		cmocka_unit_test(what_is_taken_ends_the_list),
		cmocka_unit_test(a_policy_that_came_up_meanwhile_is_no_refusal),
		cmocka_unit_test(what_was_broken_off_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
