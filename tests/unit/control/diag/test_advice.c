/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_advice.c - no code without advice, no advice without the words of every product and of both
 * languages: the tables are gone through row by row.
 */
#include "tests/unit/control/diag/world.h"

#include "control/diag/texts.h"
#include "control/diag/vendor.h"
#include "control/diag/vendor_templates.h"
#include "control/ike/ike.h"
#include "control/ike/probe.h"

static const enum ike_vendor products[] = {IKE_VENDOR_ROUTEROS, IKE_VENDOR_STRONGSWAN,
					   IKE_VENDOR_TENCENT, IKE_VENDOR_ALIBABA,
					   IKE_VENDOR_HUAWEI};
#define PRODUCTS (sizeof(products) / sizeof(products[0]))

/* Is there a row of that product for a setting, and for the part of a suite? */
static bool has_words(enum ike_vendor vendor, enum diag_set set, uint32_t what)
{
	const struct vendor_template *t;

	for (size_t i = 0; (t = vendor_template_at(i)) != NULL; i++) {
		if (t->vendor == vendor && t->set == set &&
		    (what == 0 || t->what == 0 || (t->what & what) != 0))
			return true;
	}
	return false;
}

static void every_setting_has_the_words_of_every_product(void **state)
{
	static const uint32_t parts[] = {1u << PROP_ENCR, 1u << PROP_HASH, 1u << PROP_INTEG,
					 1u << PROP_GROUP};

	(void)state;
	for (int set = DIAG_SET_HERE + 1; set < DIAG_SETS; set++) {
		bool suite = set == DIAG_SET_IKE_SUITE || set == DIAG_SET_ESP_SUITE;

		for (size_t v = 0; v < PRODUCTS; v++) {
			for (size_t part = 0; part < (suite ? 4 : 1); part++) {
				if (!has_words(products[v], (enum diag_set)set,
					       suite ? parts[part] : 0))
					fail_msg("setting %d has no words of %s", set,
						 ike_vendor_name(products[v]));
			}
		}
	}
}

static bool is_chinese(const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++) {
		if (*p >= 0xe4 && *p <= 0xe9)
			return true;
	}
	return false;
}

static void every_text_is_there_in_chinese(void **state)
{
	(void)state;
	for (int c = 0; c < IKE_CODE_COUNT; c++) {
		if (!is_chinese(diag_code_text((enum ike_code)c, DIAG_ZH)))
			fail_msg("%s", ike_code_name((enum ike_code)c));
	}
	for (int s = 0; s < SAY_COUNT; s++) {
		if (!is_chinese(diag_say_text((enum diag_say)s, DIAG_ZH)))
			fail_msg("%s", diag_say_name((enum diag_say)s));
	}
}

struct seen {
	unsigned lines;
	const char *product;
};

static void see(void *ctx, const struct diag_line *line)
{
	struct seen *s = ctx;

	s->lines++;
	if (strchr(line->text, '{') != NULL || line->text[0] == '\0' ||
	    strstr(line->text, "(null)"))
		fail_msg("%s: \"%s\"", s->product, line->text);
}

/* The finding of a code: it advises something, and each line can be written for every product. */
static void assert_advised(const struct diag_report *r, enum ike_code code)
{
	const struct diag_finding *f = NULL;

	for (size_t i = 0; i < r->n; i++) {
		if (r->findings[i].code == code)
			f = &r->findings[i];
	}
	if (f == NULL)
		fail_msg("%s is not found", ike_code_name(code));
	if (f->n_changes + f->n_checks == 0)
		fail_msg("%s has no advice", ike_code_name(code));
	for (unsigned i = 0; i < f->n_changes; i++) {
		for (size_t v = 0; v < PRODUCTS; v++) {
			struct seen s = {0, ike_vendor_name(products[v])};

			diag_lines(&f->changes[i], products[v], see, &s);
			if (s.lines == 0)
				fail_msg("%s: nothing for %s", ike_code_name(code), s.product);
		}
	}
}

static bool of_traffic(int code)
{
	return code >= IKE_NO_RETURN_FROM_LAN;
}

static void fill_in(struct world *w, struct ike_evidence *ev)
{
	ev->ts_local[0] = w->child[0].local;
	ev->ts_remote[0] = net("10.9.9.0", 24);
	ev->n_local = ev->n_remote = 1;
	ev->policy_id = diag_code_rows(ev->code)[0] != '\0' && ev->code >= IKE_P2_TS_MISMATCH
				? w->child[0].policy_id
				: 0;
	w->conf.profile.reauthentication = true;
}

static void every_code_of_a_handshake_is_advised(void **state)
{
	(void)state;
	for (int code = 0; code < IKE_CODE_COUNT; code++) {
		/* with and without a notify of the peer, in both roles and versions */
		for (unsigned how = 0; how < 8 && !of_traffic(code) && code != IKE_TS_PARTIAL;
		     how++) {
			struct world *w = make();
			struct ike_evidence *ev =
				add(w, (enum ike_code)code, how & 1, how & 2 ? 2 : 1);

			ev->notify = how & 4 ? 14 : 0;
			if (how & 2)
				w->conf.mode = IKE_MODE_IKE2;
			fill_in(w, ev);
			said(w, IKE_VENDOR_UNKNOWN);
			assert_advised(&w->report, (enum ike_code)code);
		}
	}
}

static void every_code_of_traffic_is_advised(void **state)
{
	(void)state;
	for (int code = IKE_NO_RETURN_FROM_LAN; code < IKE_CODE_COUNT; code++) {
		struct world *w = make();

		w->policies[0].up = code != IKE_NO_SA_FOR_TRAFFIC;
		w->peer.up_since = w->policies[0].up_since = 900 * SEC;
		w->policies[0].truth.state = TRUTH_NOT_PASSING;
		w->policies[0].truth.window = 10 * SEC;
		w->policies[0].truth.code = (enum ike_code)code;
		if (code == IKE_NOTHING_FROM_PEER || code == IKE_NOT_MATCHED)
			w->policies[0].truth.state = TRUTH_IDLE; /* nothing either way: both */
		said(w, IKE_VENDOR_UNKNOWN);
		assert_advised(&w->report, (enum ike_code)code);
	}
}

static void networks_left_out_are_advised(void **state)
{
	struct world *w = make();

	(void)state;
	w->peer.n_policies = w->conf.n_children = 2;
	w->peer.up_since = w->policies[0].up_since = 900 * SEC;
	w->policies[0].up = true;
	said(w, IKE_VENDOR_UNKNOWN);
	assert_advised(&w->report, IKE_TS_PARTIAL);
}

/* Main mode behind a NAT: the secrets may agree, and be found by address. */
static void e13_aggressive_is_the_last_resort(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_PSK_MISMATCH, true, 1);
	const char *text;

	(void)state;
	ev->cause = IKE_CAUSE_PORT_4500;
	ev = add(w, IKE_P1_UNEXPLAINED, true, 1);
	ev->cause = IKE_CAUSE_PORT_4500;
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_int_equal(w->report.n, 2);
	assert_int_equal(w->report.findings[1].code, IKE_P1_UNEXPLAINED);
	assert_says(text, "exchange-mode = \"aggressive\"");
	assert_says(text, "allow-weak = \"ikev1,aggressive,short-secret\"");
	assert_says(text, "and at the peer (strongswan):");
	assert_says(text, "aggressive = yes");
	assert_says(text, "exposes a hash of the secret");
	assert_says(text, "diagnose --bundle");
	assert_null(strstr(text, "my-id =")); /* it has a name */
	w->conf.my_id = (struct ike_identity_conf){.type = IKE_ID_AUTO};
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_says(text, "my-id = \"fqdn:cloud\"");
	assert_says(text, "id = cloud");
	w->ev[0].icmp.heard = w->ev[1].icmp.heard = true; /* it is the way */
	w->ev[0].icmp.from.family = 4;
	said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_PEER_SILENT, DIAG_LIKELY);
}

/* A refusal by who takes nothing of all there is means the address. */
static void e8_the_probe_tells_address_from_algorithms(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_NO_PROPOSAL, true, 2);
	struct ike_probe p = {.begun = 991 * SEC, .ended = 992 * SEC, .ike2 = true};

	(void)state;
	ev->notify = IKE2_N_NO_PROPOSAL_CHOSEN;
	w->conf.mode = IKE_MODE_IKE2;
	w->peer.probe = &p;
	p.rows[PROBE_IKE2].said = p.rows[PROBE_MAIN].said = PROBE_NO_PROPOSAL;
	p.rows[PROBE_WIDE2].said = p.rows[PROBE_WIDE1].said = PROBE_NO_PROPOSAL;
	assert_says(said(w, IKE_VENDOR_STRONGSWAN), "remote_addrs = 113.87.48.200");
	assert_one(w, IKE_PEER_DOES_NOT_KNOW_US, DIAG_LIKELY);
	p.rows[PROBE_WIDE2].said = PROBE_TAKES;
	assert_says(said(w, IKE_VENDOR_STRONGSWAN), "enc-algorithm = ");
	assert_one(w, IKE_P1_ALG_MISMATCH, DIAG_LIKELY);
	p.rows[PROBE_WIDE2].said = p.rows[PROBE_WIDE1].said = PROBE_NOTHING;
	said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P1_NO_PROPOSAL, DIAG_LIKELY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_setting_has_the_words_of_every_product),
		cmocka_unit_test(every_text_is_there_in_chinese),
		cmocka_unit_test(every_code_of_a_handshake_is_advised),
		cmocka_unit_test(every_code_of_traffic_is_advised),
		cmocka_unit_test(e13_aggressive_is_the_last_resort),
		cmocka_unit_test(e8_the_probe_tells_address_from_algorithms),
		cmocka_unit_test(networks_left_out_are_advised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
