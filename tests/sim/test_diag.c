/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_diag.c - every way to misconfigure a tunnel that a setting can cure: diagnosed on either
 * side, named, and cured by pasting what the diagnosis prints, into this side's file or the peer's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/diagkit.h"

#define PROFILE	 "ip.ipsec.profile"
#define PEER	 "ip.ipsec.peer"
#define IDENTITY "ip.ipsec.identity"
#define PROPOSAL "ip.ipsec.proposal"
#define POLICY	 "ip.ipsec.policy"

enum cure { NONE = 0, HERE = 1, THERE = 2, BOTH = 3 };

/* What one side has to find, and whose file its advice must be able to cure. */
struct expect {
	enum ike_code code;
	enum diag_confidence sure;
	enum cure cure;
};

struct fault {
	const char *name, *mode;
	struct {
		int side;
		const char *menu, *prop, *rhs;
	} set[4];
	struct expect expect[2]; /* of the initiator, of the responder */
};

#define NOBODY                                                                                     \
	{                                                                                          \
		IKE_CODE_COUNT, DIAG_CERTAIN, NONE                                                 \
	}

static const struct fault faults[] = {
	{"E1 secret, v1",
	 "main",
	 {{1, IDENTITY, "secret", "\"another secret, that is not it\""}},
	 {{IKE_P1_PSK_MISMATCH, DIAG_LIKELY, THERE}, {IKE_P1_PSK_MISMATCH, DIAG_LIKELY, HERE}}},
	{"E1 secret, v2",
	 "ike2",
	 {{1, IDENTITY, "secret", "\"another secret, that is not it\""}},
	 {{IKE_P1_PSK_MISMATCH, DIAG_LIKELY, THERE}, {IKE_P1_PSK_MISMATCH, DIAG_CERTAIN, HERE}}},
	{"E2 the peer speaks IKEv2 only",
	 "main",
	 {{1, PEER, "exchange-mode", "\"ike2\""}},
	 {{IKE_PEER_SILENT, DIAG_CERTAIN, NONE}, {IKE_P1_VERSION_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E2 the peer speaks IKEv1 only",
	 "ike2",
	 {{1, PEER, "exchange-mode", "\"main\""}},
	 {{IKE_PEER_SILENT, DIAG_CERTAIN, NONE}, {IKE_P1_VERSION_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E1 and E10 secret, aggressive",
	 "aggressive",
	 {{1, IDENTITY, "secret", "\"another secret, that is not it\""}},
	 {{IKE_P1_PSK_MISMATCH, DIAG_LIKELY, THERE}, NOBODY}},
	{"E3 the peer begins in aggressive mode",
	 "aggressive",
	 {{1, PEER, "exchange-mode", "\"main\""}, {1, PEER, "allow-weak", "\"ikev1\""}},
	 {NOBODY, {IKE_P1_MODE_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E3 the peer begins in main mode",
	 "main",
	 {{1, PEER, "exchange-mode", "\"aggressive\""},
	  {1, PEER, "allow-weak", "\"ikev1,aggressive\""}},
	 {NOBODY, {IKE_P1_MODE_MISMATCH, DIAG_CERTAIN, HERE}}},
	{"E6 group, aggressive",
	 "aggressive",
	 {{1, PROFILE, "dh-group", "\"modp2048\""}},
	 {NOBODY, {IKE_P1_DH_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E10 the peer's network, aggressive",
	 "aggressive",
	 {{1, POLICY, "src-address", "\"10.100.2.0/24\""}},
	 {{IKE_P2_TS_MISMATCH, DIAG_LIKELY, THERE}, {IKE_P2_TS_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E4 the initiator expects an FQDN, v1",
	 "main",
	 {{0, IDENTITY, "remote-id", "\"fqdn:gw.example\""}},
	 {{IKE_P1_ID_MISMATCH, DIAG_CERTAIN, BOTH}, NOBODY}},
	{"E4 the initiator expects an FQDN, v2",
	 "ike2",
	 {{0, IDENTITY, "remote-id", "\"fqdn:gw.example\""}},
	 {{IKE_P1_ID_MISMATCH, DIAG_CERTAIN, BOTH}, NOBODY}},
	{"E4 the responder expects an address, is told a mail address, v1",
	 "main",
	 {{0, IDENTITY, "my-id", "\"user-fqdn:me@a.example\""},
	  {1, IDENTITY, "remote-id", "\"address:192.0.2.9\""}},
	 {{IKE_P1_ID_MISMATCH, DIAG_LIKELY, THERE}, {IKE_P1_ID_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E4 the responder expects a key-id, v2",
	 "ike2",
	 {{0, IDENTITY, "my-id", "\"fqdn:a.example\""},
	  {1, IDENTITY, "remote-id", "\"key-id:site-7\""}},
	 {{IKE_P1_PSK_MISMATCH, DIAG_LIKELY, NONE}, {IKE_P1_ID_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E5 encryption, v1",
	 "main",
	 {{1, PROFILE, "enc-algorithm", "\"aes-256\""}},
	 {{IKE_P1_NO_PROPOSAL, DIAG_LIKELY, BOTH}, {IKE_P1_ALG_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E5 hash, v1",
	 "main",
	 {{1, PROFILE, "hash-algorithm", "\"sha256\""}},
	 {{IKE_P1_NO_PROPOSAL, DIAG_LIKELY, BOTH}, {IKE_P1_ALG_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E5 encryption, v2",
	 "ike2",
	 {{1, PROFILE, "enc-algorithm", "\"aes-256\""}},
	 {{IKE_P1_NO_PROPOSAL, DIAG_LIKELY, BOTH}, {IKE_P1_ALG_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E5 hash, v2",
	 "ike2",
	 {{1, PROFILE, "hash-algorithm", "\"sha256\""}},
	 {{IKE_P1_NO_PROPOSAL, DIAG_LIKELY, BOTH}, {IKE_P1_ALG_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E5 and E6 all of phase 1 at once, a weak one too, v1",
	 "main",
	 {{0, PROFILE, "enc-algorithm", "\"3des\""},
	  {0, PROFILE, "hash-algorithm", "\"md5\""},
	  {0, PROFILE, "dh-group", "\"modp1024\""},
	  {0, PEER, "allow-weak", "\"ikev1,3des,md5,modp1024\""}},
	 {{IKE_P1_NO_PROPOSAL, DIAG_LIKELY, HERE}, {IKE_P1_ALG_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E6 group, v1",
	 "main",
	 {{1, PROFILE, "dh-group", "\"modp2048\""}},
	 {{IKE_P1_NO_PROPOSAL, DIAG_LIKELY, BOTH}, {IKE_P1_DH_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E6 group, v2",
	 "ike2",
	 {{1, PROFILE, "dh-group", "\"modp2048\""}},
	 {{IKE_P1_NO_PROPOSAL, DIAG_LIKELY, BOTH}, {IKE_P1_DH_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E9 the peer's network, v1",
	 "main",
	 {{1, POLICY, "src-address", "\"10.100.2.0/24\""}},
	 {{IKE_P2_TS_MISMATCH, DIAG_LIKELY, THERE}, {IKE_P2_TS_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E9 the mask, v1",
	 "main",
	 {{1, POLICY, "src-address", "\"10.100.0.0/16\""}},
	 {{IKE_P2_TS_MISMATCH, DIAG_LIKELY, THERE}, {IKE_P2_TS_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E9 swapped, v1",
	 "main",
	 {{1, POLICY, "src-address", "\"192.168.1.0/24\""},
	  {1, POLICY, "dst-address", "\"10.100.1.0/24\""}},
	 {{IKE_P2_TS_MISMATCH, DIAG_LIKELY, THERE}, {IKE_P2_TS_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E9 our network, v2",
	 "ike2",
	 {{1, POLICY, "dst-address", "\"192.168.2.0/24\""}},
	 {{IKE_P2_TS_MISMATCH, DIAG_LIKELY, THERE}, {IKE_P2_TS_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E11 encryption, v1",
	 "main",
	 {{1, PROPOSAL, "enc-algorithms", "\"aes-256-cbc\""}},
	 {{IKE_P2_ALG_MISMATCH, DIAG_LIKELY, BOTH}, {IKE_P2_ALG_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E11 authentication, v1",
	 "main",
	 {{1, PROPOSAL, "auth-algorithms", "\"sha256\""}},
	 {{IKE_P2_ALG_MISMATCH, DIAG_LIKELY, BOTH}, {IKE_P2_ALG_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E11 encryption, v2",
	 "ike2",
	 {{1, PROPOSAL, "enc-algorithms", "\"aes-256-cbc\""}},
	 {{IKE_P2_ALG_MISMATCH, DIAG_LIKELY, BOTH}, {IKE_P2_ALG_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E11 authentication, v2",
	 "ike2",
	 {{1, PROPOSAL, "auth-algorithms", "\"sha256\""}},
	 {{IKE_P2_ALG_MISMATCH, DIAG_LIKELY, BOTH}, {IKE_P2_ALG_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E12 the peer wants PFS, v1",
	 "main",
	 {{1, PROPOSAL, "pfs-group", "\"modp2048\""}},
	 {{IKE_P2_ALG_MISMATCH, DIAG_LIKELY, THERE}, {IKE_P2_PFS_MISMATCH, DIAG_CERTAIN, BOTH}}},
	{"E12 we want PFS, v1",
	 "main",
	 {{0, PROPOSAL, "pfs-group", "\"modp1024\""},
	  {0, PEER, "allow-weak", "\"ikev1,modp1024\""}},
	 {{IKE_P2_ALG_MISMATCH, DIAG_LIKELY, NONE}, {IKE_P2_PFS_MISMATCH, DIAG_CERTAIN, BOTH}}},
};
#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static void run(struct diagkit *k, unsigned seconds)
{
	sim_run(&k->s, k->s.now + seconds * SIM_SEC);
}

static void provoke(struct diagkit *k, const struct fault *f, unsigned seed)
{
	diagkit_init(k, seed, f->mode);
	for (unsigned i = 0; i < 4 && f->set[i].menu != NULL; i++)
		diagkit_set(k, f->set[i].side, f->set[i].menu, NULL, "", NULL, NULL, f->set[i].prop,
			    f->set[i].rhs);
	diagkit_load(k, 0);
	diagkit_load(k, 1);
	run(k, 100);
	assert_false(sim_working(&k->s, 0));
}

static void until_up(struct diagkit *k, const struct fault *f, int side, const char *whose)
{
	for (int i = 0; i < 12 && !sim_agreed(&k->s, 0); i++)
		run(k, 15);
	if (!sim_agreed(&k->s, 0))
		fail_msg("%s: side %d's advice for %s did not cure:\n%s\n%s", f->name, side, whose,
			 k->text[side].s, k->routeros[side].s);
	diagkit_diagnose(k, 0);
	diagkit_diagnose(k, 1);
	for (int i = 0; i < 2; i++) {
		if (k->n_codes[i] != 0)
			fail_msg("%s: up, and still found:\n%s", f->name, k->text[i].s);
	}
}

static void check(const struct fault *f, int side, enum cure cure, unsigned seed)
{
	static struct diagkit k;
	const struct expect *e = &f->expect[side];
	unsigned n;

	provoke(&k, f, seed);
	diagkit_diagnose(&k, side);
	if (!diagkit_found(&k, side, e->code, e->sure))
		fail_msg("%s: side %d did not find %s:\n%s", f->name, side, ike_code_name(e->code),
			 k.text[side].s);
	if (cure != NONE) {
		n = cure == HERE ? diagkit_cure_here(&k, side) : diagkit_cure_peer(&k, side);
		if (n == 0)
			fail_msg("%s: side %d has no advice:\n%s", f->name, side, k.text[side].s);
		until_up(&k, f, side, cure == HERE ? "itself" : "the peer");
	}
	diagkit_fini(&k);
}

static void advice_cures_what_a_setting_can_cure(void **state)
{
	(void)state;
	for (unsigned i = 0; i < FAULTS; i++) {
		for (int side = 0; side < 2; side++) {
			enum cure cure = faults[i].expect[side].cure;

			if (faults[i].expect[side].code == IKE_CODE_COUNT)
				continue;
			if (cure == NONE)
				check(&faults[i], side, NONE, i);
			if (cure & HERE)
				check(&faults[i], side, HERE, i);
			if (cure & THERE)
				check(&faults[i], side, THERE, i);
		}
	}
}

/* All that is wrong is found, one stage after the other, by pasting what is said each time. */
static void many_faults_are_cured_one_after_the_other(void **state)
{
	static const struct fault all = {"all at once",
					 "main",
					 {{1, PROFILE, "hash-algorithm", "\"sha512\""},
					  {1, IDENTITY, "remote-id", "\"fqdn:nobody.example\""},
					  {1, PROPOSAL, "enc-algorithms", "\"aes-192-cbc\""},
					  {1, POLICY, "dst-address", "\"192.168.0.0/16\""}},
					 {NOBODY, NOBODY}};
	static struct diagkit k;
	unsigned rounds = 0;

	(void)state;
	provoke(&k, &all, 77);
	while (!sim_working(&k.s, 0)) {
		assert_in_range(++rounds, 1, 5);
		diagkit_diagnose(&k, 1);
		if (rounds == 3) { /* both are in one message */
			assert_true(diagkit_found(&k, 1, IKE_P2_TS_MISMATCH, DIAG_CERTAIN));
			assert_true(diagkit_found(&k, 1, IKE_P2_ALG_MISMATCH, DIAG_CERTAIN));
		}
		assert_true(diagkit_cure_here(&k, 1) > 0);
		run(&k, 100);
	}
	assert_int_equal(rounds, 3);
	diagkit_fini(&k);
}

/* Drops what goes to a port, or all. */
static bool to_port(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	const uint16_t *port = ctx;

	(void)s;
	(void)from;
	(void)data;
	return *port != 0 && d->dst_port != *port && d->src_port != *port;
}

static void silence_has_causes(void **state)
{
	static struct diagkit k;

	(void)state;
	for (int v = 0; v < 2; v++) {
		for (int what = 0; what < 2; what++) {
			uint16_t port = what == 0 ? 0 : 4500;

			diagkit_init(&k, 5, v == 0 ? "main" : "ike2");
			k.s.node[0].nat = sim_addr("198.51.100.1"); /* so that 4500 is used */
			k.s.net.hook = to_port;
			k.s.net.hook_ctx = &port;
			diagkit_set(&k, 1, PEER, NULL, "", NULL, NULL, "address",
				    "\"198.51.100.1\"");
			diagkit_load(&k, 0);
			diagkit_load(&k, 1);
			run(&k, 100);
			diagkit_diagnose(&k, 0);
			if (what == 0) {
				assert_true(diagkit_found(&k, 0, IKE_PEER_SILENT, DIAG_CERTAIN));
				assert_non_null(strstr(k.text[0].s, "Does UDP 500 pass"));
			} else {
				/* IKEv1 changes ports with the first encrypted message: a wrong
				 * secret looks the same */
				assert_true(diagkit_found(
					&k, 0, v == 0 ? IKE_P1_PSK_MISMATCH : IKE_PEER_SILENT,
					DIAG_LIKELY));
				assert_non_null(strstr(k.text[0].s, "UDP 4500"));
			}
			diagkit_fini(&k);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(advice_cures_what_a_setting_can_cure),
		cmocka_unit_test(many_faults_are_cured_one_after_the_other),
		cmocka_unit_test(silence_has_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
