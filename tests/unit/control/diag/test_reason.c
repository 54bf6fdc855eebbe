/* SPDX-License-Identifier: BSD-3-Clause */
/* test_reason.c - evidence made by hand, row by row of the error matrix, to findings and advice. */
#include "control/diag/texts.h"
#include "control/diag/vendor.h"
#include "control/ike/ike.h"
#include "control/ike/probe.h"
#include "tests/unit/control/diag/world.h"

static void e1_the_secret(void **state)
{
	struct world *w = make();
	char *text;

	(void)state;
	add(w, IKE_P1_PSK_MISMATCH, true, 1);
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P1_PSK_MISMATCH, DIAG_LIKELY);
	assert_says(text, "6 bytes, its SHA-256 begins with 8d96"); /* of 123456 */
	assert_null(strstr(text, "123456"));
	assert_says(text, "[swanctl.conf, secrets.ike<name>] secret = ");
	w->peer.hide_sensitive = true;
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_null(strstr(text, "SHA-256"));
	assert_null(strstr(text, "6 bytes"));
	assert_says(text, "secrets.ike<name>] secret = ");
	w->ev[0].version = 2;
	said(w, IKE_VENDOR_UNKNOWN);
	assert_one(w, IKE_P1_PSK_MISMATCH, DIAG_CERTAIN);
	w->conf.psk = (const uint8_t *)"123456 ";
	w->conf.psk_len = 7;
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "ends with a blank");
}

static void e2_the_version(void **state)
{
	struct world *w = make();
	char *text;

	(void)state;
	add(w, IKE_P1_VERSION_MISMATCH, false, 1);
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P1_VERSION_MISMATCH, DIAG_CERTAIN);
	assert_says(text, "ip.ipsec.peer name=\"cloud\": exchange-mode = \"ike2\";");
	assert_says(text, "version = 1");
	assert_says(said(w, IKE_VENDOR_TENCENT), "IKEV1");
	w = make();
	w->conf.mode = IKE_MODE_IKE2;
	w->peer.weak = 0;
	w->peer.allow_weak = "";
	add(w, IKE_P1_VERSION_MISMATCH, false, 2);
	text = said(w, IKE_VENDOR_UNKNOWN);
	assert_says(text, "exchange-mode = \"main\";");
	assert_says(text, "allow-weak = \"ikev1\";"); /* the permission it needs */
}

static void e3_the_mode(void **state)
{
	struct world *w = make();
	char *text;

	(void)state;
	add(w, IKE_P1_MODE_MISMATCH, false, 1);
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P1_MODE_MISMATCH, DIAG_CERTAIN);
	assert_says(text, "aggressive = no");
	assert_says(text, "exchange-mode = \"aggressive\";"); /* the worse of both ways */
	assert_says(text, "allow-weak = \"ikev1,aggressive,short-secret\";");
	assert_says(said(w, IKE_VENDOR_TENCENT), "MAIN");
	assert_says(said(w, IKE_VENDOR_ALIBABA), "main");
	w->ev[0].notify = IKE1_N_AUTHENTICATION_FAILED; /* the peer said so, unprotected */
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "pre-shared keys differ");
	assert_one(w, IKE_P1_MODE_MISMATCH, DIAG_POSSIBLE);
}

static void e4_identities_of_all_types(void **state)
{
	static const struct {
		enum ike_id_type type;
		const char *data, *here, *swan;
	} ids[] = {
		{IKE_ID_FQDN, "a.example", "fqdn:a.example", "id = b.example"},
		{IKE_ID_FQDN, "192.0.2.1", "fqdn:192.0.2.1", "id = b.example"},
		{IKE_ID_USER_FQDN, "x@a.example", "user-fqdn:x@a.example", "id = b.example"},
		{IKE_ID_KEY_ID, "site-9", "key-id:site-9", "id = b.example"},
		{IKE_ID_IPV4, "\xc0\x00\x02\x01", "address:192.0.2.1", "id = b.example"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		struct world *w = make();
		struct ike_evidence *ev = add(w, IKE_P1_ID_MISMATCH, false, 1);
		char want[128], *text;

		w->conf.remote_id.type = IKE_ID_FQDN;
		w->conf.remote_id.len = 9;
		memcpy(w->conf.remote_id.data, "b.example", 9);
		ev->id.type = ids[i].type;
		ev->id.len = ids[i].type == IKE_ID_IPV4 ? 4 : (uint16_t)strlen(ids[i].data);
		memcpy(ev->id.data, ids[i].data, ev->id.len);
		text = said(w, IKE_VENDOR_STRONGSWAN);
		assert_one(w, IKE_P1_ID_MISMATCH, DIAG_CERTAIN);
		snprintf(want, sizeof(want), "remote-id = \"%s\";", ids[i].here);
		assert_says(text, want);
		assert_says(text, ids[i].swan);
	}
}

static void e4_the_peer_wants_another_name_of_us(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_ID_MISMATCH, true, 1);

	(void)state;
	ev->notify = IKE1_N_INVALID_ID_INFORMATION;
	ev->proven = true;
	assert_says(said(w, IKE_VENDOR_ALIBABA), "RemoteId: site");
	assert_one(w, IKE_P1_ID_MISMATCH, DIAG_LIKELY);
}

static void set_diff(struct world *w, struct ike_evidence *ev, uint8_t phase, enum prop_type type,
		     uint16_t received, uint16_t bits, uint16_t configured, uint16_t bits2)
{
	struct prop_diff_type *t = &w->diff.types[type];

	w->diff.phase = phase;
	ev->diff = &w->diff;
	t->mismatch = received != configured || bits != bits2;
	t->nearest = received;
	t->nearest_bits = bits;
	t->n_received = t->n_configured = 1;
	t->received[0].value = received;
	t->received[0].bits = bits;
	t->configured[0].value = configured;
	t->configured[0].bits = bits2;
}

static void e5_e6_all_of_phase_1(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_ALG_MISMATCH, false, 1);
	char *text;

	(void)state;
	set_diff(w, ev, 1, PROP_ENCR, 5, 0, 7, 128); /* 3DES, AES-128 */
	set_diff(w, ev, 1, PROP_HASH, 1, 0, 2, 0);   /* MD5, SHA1 */
	set_diff(w, ev, 1, PROP_GROUP, 1, 0, 14, 0); /* modp768, modp2048 */
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P1_ALG_MISMATCH, DIAG_CERTAIN);
	assert_says(text, "ip.ipsec.profile name=\"p\": enc-algorithm = \"aes-128,3des\";");
	assert_says(text, "hash-algorithm = \"sha1,md5\";");
	assert_says(text, "dh-group = \"modp2048,modp768\";");
	assert_says(text, "allow-weak = \"ikev1,modp768,md5,3des\";");
	assert_says(text, "proposals = aes128-sha1-modp2048");
	text = said(w, IKE_VENDOR_TENCENT);
	assert_says(text, "AES-CBC-128");
	assert_says(text, "(authentication): SHA\n");
	assert_says(text, "GROUP14");
	text = said(w, IKE_VENDOR_ALIBABA);
	assert_says(text, "encryption): aes\n");
	assert_says(text, "group14");
	text = said(w, IKE_VENDOR_HUAWEI);
	assert_says(text, "encryption-algorithm aes-128");
	assert_says(text, "dh group14");
}

/* What we cannot do is not advised here. */
static void e5_what_the_peer_has_may_be_unknown(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_ALG_MISMATCH, false, 1);
	char *text;

	(void)state;
	set_diff(w, ev, 1, PROP_ENCR, 1, 0, 7, 128); /* DES */
	text = said(w, IKE_VENDOR_ROUTEROS);
	assert_null(strstr(text, "change here"));
	assert_says(text, "enc-algorithm=aes-128");
}

static void e6_ikev2_names_the_group(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_DH_MISMATCH, true, 2);
	char *text;

	(void)state;
	w->conf.mode = IKE_MODE_IKE2;
	ev->notify = IKE2_N_INVALID_KE_PAYLOAD;
	ev->group = 19;
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P1_DH_MISMATCH, DIAG_CERTAIN);
	assert_says(text, "dh-group = \"modp2048,ecp256\";");
	assert_says(text, "proposals = aes128-sha1-modp2048");
}

static void e7_silence_and_its_causes(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_PEER_SILENT, true, 2);

	(void)state;
	ev->cause = IKE_CAUSE_NO_ANSWER;
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "UDP 500");
	assert_one(w, IKE_PEER_SILENT, DIAG_CERTAIN);
	ev->cause = IKE_CAUSE_PORT_4500;
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "UDP 4500");
	ev->cause = IKE_CAUSE_HALF_WAY;
	ev->sent = 700;
	ev->answered = 300;
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "large packets");
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "answer: 700; of the largest with one 300");
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "espgw probe");
	ev->answered = 700; /* one of that size did get through */
	assert_null(strstr(said(w, IKE_VENDOR_UNKNOWN), "large packets"));
	ev->cause = IKE_CAUSE_NO_ANSWER;
	add(w, IKE_P1_MALFORMED, false, 2); /* its own packets do come */
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "Its own packets do reach us");
}

/* Who proves the secret may still not write into our file through the operator's hands. */
static void e4_an_identity_is_no_configuration(void **state)
{
	static const char evil[] = "x\"; secret = \"y#$(z)";
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_ID_MISMATCH, false, 1);

	(void)state;
	ev->id.type = IKE_ID_FQDN;
	ev->id.len = sizeof(evil) - 1;
	memcpy(ev->id.data, evil, sizeof(evil) - 1);
	assert_says(said(w, IKE_VENDOR_STRONGSWAN),
		    "remote-id = "
		    "\"fqdn:x\\x22\\x3b\\x20secret\\x20=\\x20\\x22y\\x23\\x24\\x28z\\x29\";");
}

static void tencent_names_its_hashes_by_phase(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_NO_PROPOSAL, true, 1);

	(void)state;
	ev->notify = IKE1_N_NO_PROPOSAL_CHOSEN;
	assert_says(said(w, IKE_VENDOR_TENCENT), "(authentication): SHA\n");
	w->conf.profile.hash[0] = SUITE_HASH_SHA256;
	assert_says(said(w, IKE_VENDOR_TENCENT), "(authentication): SHA-256\n");
	ev->code = IKE_P2_ALG_MISMATCH;
	ev->policy_id = 7;
	assert_says(said(w, IKE_VENDOR_TENCENT), "(authentication): SHA1\n");
}

static void a_name_with_a_blank_is_one_word_for_the_console(void **state)
{
	struct diag_change c = {.menu = "ip ipsec peer", .prop = "comment"};
	char line[256];

	(void)state;
	strcpy(c.find[0][0], "name");
	strcpy(c.find[0][1], "head office");
	strcpy(c.text, "it's $5 \"more\"");
	assert_string_equal(diag_routeros_line(&c, line, sizeof(line)),
			    "/ip ipsec peer set [find name=\"head office\"] comment=\"it's \\$5 "
			    "\\\"more\\\"\"");
	strcpy(c.find[0][1], "head-office");
	strcpy(c.text, "aes-128,aes-256");
	assert_string_equal(diag_routeros_line(&c, line, sizeof(line)),
			    "/ip ipsec peer set [find name=head-office] comment=aes-128,aes-256");
}

/* What a probe heard: all of it, but for one question. */
static void probe_but(struct world *w, struct ike_probe *p, enum probe_ask silent)
{
	*p = (struct ike_probe){.begun = 991 * SEC, .ended = 992 * SEC, .ike2 = true};
	for (int i = 0; i < PROBE_ASKS; i++)
		p->rows[i].said = PROBE_ANSWERS;
	p->rows[PROBE_MAIN].said = p->rows[PROBE_AGGRESSIVE].said = PROBE_NOTHING;
	if (silent < PROBE_ASKS)
		p->rows[silent].said = PROBE_NOTHING;
	w->peer.probe = p;
}

static void e7_the_probe_names_port_and_size(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_PEER_SILENT, true, 2);
	struct ike_probe p;

	(void)state;
	ev->cause = IKE_CAUSE_PORT_4500;
	ev->sent = 600;
	probe_but(w, &p, PROBE_4500);
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "check: Does UDP 4500 pass");
	assert_null(strstr(said(w, IKE_VENDOR_UNKNOWN), "large packets"));
	assert_one(w, IKE_PEER_SILENT, DIAG_CERTAIN);
	probe_but(w, &p, PROBE_LARGE);
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "large packets");
	assert_null(strstr(said(w, IKE_VENDOR_UNKNOWN), "UDP 4500 pass"));
	probe_but(w, &p, PROBE_FRAGMENTS);
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "the peer itself does not answer");
	ev->sent = 1600;
	assert_says(said(w, IKE_VENDOR_STRONGSWAN), "fragmentation = yes");
	probe_but(w, &p, PROBE_ASKS);
	p.rows[PROBE_IKE2].said = p.rows[PROBE_SMALL].said = PROBE_NOTHING;
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "answers on UDP 4500 and none on UDP 500");
	p.rows[PROBE_4500].said = PROBE_NOTHING;
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "no answer on either port");
}

static void e7_icmp_says_who_refuses(void **state)
{
	static const struct {
		uint8_t family, code;
		const char *text;
	} cases[] = {{4, 3, "The port is refused"}, {4, 13, "A firewall refuses"},
		     {4, 1, "A router has no way"}, {6, 4, "The port is refused"},
		     {6, 1, "A firewall refuses"},  {6, 0, "A router has no way"}};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w = make();
		struct ike_evidence *ev = add(w, IKE_PEER_SILENT, true, 2);

		ev->cause = IKE_CAUSE_NO_ANSWER;
		ev->icmp = (struct ike_icmp){.heard = true,
					     .type = cases[i].family == 4 ? 3 : 1,
					     .code = cases[i].code,
					     .port = 500,
					     .from = {.family = cases[i].family}};
		assert_says(said(w, IKE_VENDOR_UNKNOWN), cases[i].text);
		assert_says(said(w, IKE_VENDOR_UNKNOWN), "a hint, no proof");
	}
}

static void e7_both_wait(void **state)
{
	struct world *w = make();
	char *text;

	(void)state;
	w->conf.passive = true;
	w->conf.remote_prefix_len = 32;
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_PEER_SILENT, DIAG_POSSIBLE);
	assert_says(text, "start_action = start");
	assert_says(text, "ip.ipsec.peer name=\"cloud\": passive = false;");
	w->conf.remote_prefix_len = 0; /* who may come from anywhere is not waited for */
	said(w, IKE_VENDOR_STRONGSWAN);
	assert_int_equal(w->report.n, 0);
}

static void e2_e3_the_probe_names_version_and_mode(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_NO_PROPOSAL, true, 1);
	struct ike_probe p;
	char *text;

	(void)state;
	ev->notify = IKE1_N_NO_PROPOSAL_CHOSEN;
	probe_but(w, &p, PROBE_ASKS);
	p.rows[PROBE_MAIN].said = PROBE_NO_PROPOSAL;
	p.rows[PROBE_IKE2].said = PROBE_TAKES;
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P1_VERSION_MISMATCH, DIAG_LIKELY);
	assert_says(text, "exchange-mode = \"ike2\"");
	assert_says(text, "version = 1");
	p.rows[PROBE_IKE2].said = PROBE_NOTHING;
	p.rows[PROBE_AGGRESSIVE].said = PROBE_TAKES;
	said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P1_MODE_MISMATCH, DIAG_LIKELY);
	p.rows[PROBE_MAIN].said = PROBE_TAKES; /* then it is not that */
	said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P1_NO_PROPOSAL, DIAG_LIKELY);
}

static void e8_our_address(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_PEER_DOES_NOT_KNOW_US, true, 1);

	(void)state;
	ev->notify = IKE1_N_INVALID_PAYLOAD_TYPE; /* strongSwan: UNSUPPORTED_CRITICAL_PAYLOAD */
	assert_says(said(w, IKE_VENDOR_TENCENT), "public IP): 113.87.48.200");
	assert_says(said(w, IKE_VENDOR_STRONGSWAN), "remote_addrs = 113.87.48.200");
	assert_one(w, IKE_PEER_DOES_NOT_KNOW_US, DIAG_LIKELY);
}

static void want_nets(struct world *w, struct abi_range local, struct abi_range remote)
{
	struct ike_evidence *ev = add(w, IKE_P2_TS_MISMATCH, false, 1);

	ev->ts_local[0] = local;
	ev->ts_remote[0] = remote;
	ev->n_local = ev->n_remote = 1;
}

static void e9_networks(void **state)
{
	struct world *w = make();
	char *text;

	(void)state;
	want_nets(w, net("192.168.1.0", 24), net("10.100.0.0", 16));
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P2_TS_MISMATCH, DIAG_CERTAIN);
	assert_says(text, "Only the masks differ");
	assert_says(text, "ip.ipsec.policy src-address=\"192.168.1.0/24\" "
			  "dst-address=\"10.100.1.0/24\": dst-address = \"10.100.0.0/16\";");
	assert_says(text, "local_ts = 10.100.1.0/24");
	assert_says(text, "remote_ts = 192.168.1.0/24");
	assert_says(said(w, IKE_VENDOR_HUAWEI), "rule permit ip source 10.100.1.0 0.0.0.255 "
						"destination 192.168.1.0 0.0.0.255");
	w = make();
	want_nets(w, net("10.100.1.0", 24), net("192.168.1.0", 24));
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "swapped");
	w = make();
	want_nets(w, net("192.168.1.0", 24), net("172.16.0.0", 16));
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "One of both networks agrees");
}

/* Evidence of aggressive mode's HASH comes as one of both codes; what follows is E1's or E9's. */
static void e10_is_told_apart_by_the_phase(void **state)
{
	struct world *w = make();

	(void)state;
	add(w, IKE_P1_PSK_MISMATCH, false, 1);
	want_nets(w, net("192.168.1.0", 24), net("172.16.0.0", 16));
	w->ev[1].last++; /* phase 2 was reached later: the secret is right */
	said(w, IKE_VENDOR_UNKNOWN);
	assert_one(w, IKE_P2_TS_MISMATCH, DIAG_CERTAIN);
}

static void e11_phase_2_refused_by_the_peer(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P2_ALG_MISMATCH, true, 1);
	char *text;

	(void)state;
	ev->notify = IKE1_N_NO_PROPOSAL_CHOSEN;
	ev->proven = true;
	ev->policy_id = 7;
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P2_ALG_MISMATCH, DIAG_LIKELY);
	assert_says(text, "PFS groups differ");
	assert_says(text, "encapsulation");
	assert_says(text, "lifetime");
	assert_says(text, "enc-algorithms = \"aes-128-cbc,aes-256-cbc,aes-256-gcm\";");
	assert_says(text, "esp_proposals = aes128-sha1\n");
	assert_says(said(w, IKE_VENDOR_TENCENT), "PFS: NULL");
	/* a console's defaults come first when the product is known */
	w->peer.vendor = IKE_VENDOR_TENCENT;
	diag_reason(&w->report, &w->peer);
	for (unsigned i = 0; i < w->report.findings[0].n_changes; i++) {
		const struct diag_change *c = &w->report.findings[0].changes[i];

		if (c->side == DIAG_HERE && strcmp(c->prop, "enc-algorithms") == 0)
			assert_string_equal(c->text, "aes-128-cbc,3des,aes-256-cbc,aes-256-gcm");
	}
}

/* Neither sha256 nor an AEAD may stand beside it, and no peer has the word in a proposal. */
static void a_short_icv_is_left_alone(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P2_ALG_MISMATCH, true, 1);
	char *text;

	(void)state;
	ev->notify = IKE1_N_NO_PROPOSAL_CHOSEN;
	ev->proven = true;
	ev->policy_id = 7;
	w->child[0].proposal.integ[0] = ABI_INTEG_HMAC_SHA2_256_96;
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_says(text, "enc-algorithms = \"aes-128-cbc,aes-256-cbc\";");
	assert_says(text, "auth-algorithms = \"sha256_96,sha1\";");
	assert_says(text, "esp_proposals = aes128-sha256\n");
	set_diff(w, ev, 2, PROP_ENCR, 20, 128, 12, 128);
	set_diff(w, ev, 2, PROP_INTEG, 0, 0, 5, 0);
	assert_says(said(w, IKE_VENDOR_STRONGSWAN), "auth-algorithms = \"sha256\";");
}

static void e12_pfs(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P2_PFS_MISMATCH, false, 1);
	char *text;

	(void)state;
	ev->policy_id = 7;
	set_diff(w, ev, 2, PROP_ENCR, 12, 128, 12, 128);
	set_diff(w, ev, 2, PROP_INTEG, 2, 0, 2, 0);
	set_diff(w, ev, 2, PROP_GROUP, 2, 0, 0, 0); /* modp1024 against none */
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_one(w, IKE_P2_PFS_MISMATCH, DIAG_CERTAIN);
	assert_says(text, "ip.ipsec.proposal name=\"q\": pfs-group = \"modp1024\";");
	assert_says(text, "allow-weak = \"ikev1,modp1024\";");
	assert_says(text, "esp_proposals = aes128-sha1\n");
	assert_says(said(w, IKE_VENDOR_ALIBABA), "disabled");
	assert_says(said(w, IKE_VENDOR_ROUTEROS), "pfs-group=none");
	set_diff(w, ev, 2, PROP_GROUP, 0, 0, 2, 0); /* none against modp1024 */
	text = said(w, IKE_VENDOR_STRONGSWAN);
	assert_says(text, "pfs-group = \"none\";");
	assert_says(text, "esp_proposals = aes128-sha1-modp1024");
	assert_says(said(w, IKE_VENDOR_TENCENT), "PFS: GROUP2");
}

static void e13_nothing_explains_it(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_UNEXPLAINED, true, 1);

	(void)state;
	ev->notify = 8192;
	assert_says(said(w, IKE_VENDOR_UNKNOWN), "aggressive mode");
	assert_one(w, IKE_P1_UNEXPLAINED, DIAG_POSSIBLE);
	w->conf.mode = IKE_MODE_IKE2;
	assert_null(strstr(said(w, IKE_VENDOR_UNKNOWN), "aggressive mode"));
}

/* The peer also begins, and so shows what it has: no guessing about its refusal then. */
static void what_is_certain_replaces_a_guess(void **state)
{
	struct world *w = make();
	struct ike_evidence *ev = add(w, IKE_P1_NO_PROPOSAL, true, 1);

	(void)state;
	ev->notify = IKE1_N_NO_PROPOSAL_CHOSEN;
	said(w, IKE_VENDOR_UNKNOWN);
	assert_one(w, IKE_P1_NO_PROPOSAL, DIAG_LIKELY);
	ev = add(w, IKE_P1_DH_MISMATCH, false, 1);
	set_diff(w, ev, 1, PROP_GROUP, 2, 0, 14, 0);
	said(w, IKE_VENDOR_UNKNOWN);
	assert_one(w, IKE_P1_DH_MISMATCH, DIAG_CERTAIN);
}

static void every_code_and_sentence_has_both_languages(void **state)
{
	(void)state;
	for (int c = 0; c < IKE_CODE_COUNT; c++) {
		assert_non_null(diag_code_text((enum ike_code)c, DIAG_EN));
		assert_non_null(diag_code_text((enum ike_code)c, DIAG_ZH));
		assert_non_null(diag_code_rows((enum ike_code)c));
	}
	for (int s = 0; s < SAY_COUNT; s++) {
		assert_true(strlen(diag_say_text((enum diag_say)s, DIAG_EN)) > 10);
		assert_true((unsigned char)diag_say_text((enum diag_say)s, DIAG_ZH)[0] >= 0x40);
	}
	for (int word = 0; word < WORDS; word++)
		assert_true(diag_word((enum diag_word)word, DIAG_EN)[0] != '\0' &&
			    diag_word((enum diag_word)word, DIAG_ZH)[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(e1_the_secret),
		cmocka_unit_test(e2_the_version),
		cmocka_unit_test(e3_the_mode),
		cmocka_unit_test(e4_identities_of_all_types),
		cmocka_unit_test(e4_the_peer_wants_another_name_of_us),
		cmocka_unit_test(e5_e6_all_of_phase_1),
		cmocka_unit_test(e5_what_the_peer_has_may_be_unknown),
		cmocka_unit_test(e6_ikev2_names_the_group),
		cmocka_unit_test(e7_silence_and_its_causes),
		cmocka_unit_test(e7_the_probe_names_port_and_size),
		cmocka_unit_test(e7_icmp_says_who_refuses),
		cmocka_unit_test(e7_both_wait),
		cmocka_unit_test(e2_e3_the_probe_names_version_and_mode),
		cmocka_unit_test(e4_an_identity_is_no_configuration),
		cmocka_unit_test(tencent_names_its_hashes_by_phase),
		cmocka_unit_test(a_name_with_a_blank_is_one_word_for_the_console),
		cmocka_unit_test(e8_our_address),
		cmocka_unit_test(e9_networks),
		cmocka_unit_test(e10_is_told_apart_by_the_phase),
		cmocka_unit_test(e11_phase_2_refused_by_the_peer),
		cmocka_unit_test(a_short_icv_is_left_alone),
		cmocka_unit_test(e12_pfs),
		cmocka_unit_test(e13_nothing_explains_it),
		cmocka_unit_test(what_is_certain_replaces_a_guess),
		cmocka_unit_test(every_code_and_sentence_has_both_languages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
