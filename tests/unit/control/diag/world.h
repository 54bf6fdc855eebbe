/* SPDX-License-Identifier: BSD-3-Clause */
/* world.h - a peer and its evidence, made by hand. */
#ifndef ESPGW_TEST_WORLD_H
#define ESPGW_TEST_WORLD_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "control/diag/diag.h"
#include "control/ike/prop.h"
#include "control/ike/ts.h"
#include "control/model/text.h"

#define SEC 1000000000ull

struct world {
	struct ike_peer_conf conf;
	struct ike_child_conf child[2];
	struct diag_policy policies[2];
	struct ike_evidence ev[4];
	struct prop_diff diff;
	struct diag_peer peer;
	struct diag_report report;
};

static inline struct abi_range net(const char *addr, uint8_t len)
{
	struct abi_addr a = {.family = 4};
	struct abi_range r;

	assert_int_equal(inet_pton(AF_INET, addr, a.bytes), 1);
	assert_int_equal(ts_from_prefix(&r, &a, len), 0);
	return r;
}

static inline struct world *make(void)
{
	static struct world w;
	struct ike_peer_conf *c = &w.conf;

	memset(&w, 0, sizeof(w));
	strcpy(c->name, "cloud");
	c->remote.family = c->local.family = 4;
	inet_pton(AF_INET, "119.91.254.122", c->remote.bytes);
	inet_pton(AF_INET, "113.87.48.200", c->local.bytes);
	c->mode = IKE_MODE_MAIN;
	c->profile = (struct ike_profile_conf){.encr = {{ABI_ENCR_AES_CBC, 128}},
					       .n_encr = 1,
					       .hash = {SUITE_HASH_SHA1},
					       .n_hash = 1,
					       .dh = {14},
					       .n_dh = 1,
					       .lifetime = 86400};
	c->my_id.type = IKE_ID_FQDN;
	c->my_id.len = 4;
	memcpy(c->my_id.data, "site", 4);
	c->psk = (const uint8_t *)"123456";
	c->psk_len = 6;
	for (int i = 0; i < 2; i++) {
		w.child[i] = (struct ike_child_conf){
			.policy_id = 7 + (uint32_t)i,
			.mode = ABI_MODE_TUNNEL,
			.local = net("192.168.1.0", 24),
			.remote = net(i == 0 ? "10.100.1.0" : "10.100.2.0", 24)};
		strcpy(w.child[i].proposal.name, "q");
		w.child[i].proposal.encr[0] = (struct ike_encr_choice){ABI_ENCR_AES_CBC, 128};
		w.child[i].proposal.n_encr = w.child[i].proposal.n_integ = 1;
		w.child[i].proposal.integ[0] = ABI_INTEG_HMAC_SHA1_96;
		w.policies[i].conf = &w.child[i];
		w.policies[i].truth.code = IKE_CODE_COUNT;
	}
	c->children = w.child;
	c->n_children = 1;
	w.peer = (struct diag_peer){.conf = c,
				    .profile = "p",
				    .allow_weak = "ikev1",
				    .weak = SUITE_WEAK_IKEV1,
				    .state = "",
				    .now = 1000 * SEC,
				    .evidence = w.ev,
				    .policies = w.policies,
				    .n_policies = 1};
	return &w;
}

static inline struct ike_evidence *add(struct world *w, enum ike_code code, bool initiator,
				       uint8_t version)
{
	struct ike_evidence *ev = &w->ev[w->peer.n_evidence++];

	ev->code = code;
	ev->first = ev->last = 990 * SEC;
	ev->count = 1;
	ev->initiator = initiator;
	ev->version = version;
	ev->remote = w->conf.remote;
	ev->local = w->conf.local;
	strcpy(ev->message, "a message");
	return ev;
}

/* Both languages, every product and JSON: said without a hole. The English text. */
static inline char *said(struct world *w, enum ike_vendor vendor)
{
	static struct text out[4];

	diag_reason(&w->report, &w->peer);
	for (int v = IKE_VENDOR_UNKNOWN; v < IKE_VENDORS; v++) {
		w->peer.vendor = (enum ike_vendor)v;
		text_free(&out[1]);
		diag_text(&w->report, DIAG_ZH, &out[1]);
		text_free(&out[2]);
		diag_json(&w->report, DIAG_EN, &out[2]);
		assert_false(out[1].failed || out[2].failed);
		assert_null(strchr(out[1].s, '{'));
		assert_null(strstr(out[2].s, "null"));
	}
	w->peer.vendor = vendor;
	text_free(&out[0]);
	diag_text(&w->report, DIAG_EN, &out[0]);
	return out[0].s;
}

static inline void assert_says(const char *text, const char *what)
{
	if (strstr(text, what) == NULL)
		fail_msg("\"%s\" is not in:\n%s", what, text);
}

static inline void assert_one(const struct world *w, enum ike_code code, enum diag_confidence sure)
{
	assert_int_equal(w->report.n, 1);
	assert_int_equal(w->report.findings[0].code, code);
	assert_int_equal(w->report.findings[0].confidence, sure);
}

#endif
