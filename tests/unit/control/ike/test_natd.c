/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_natd.c - NAT detection and vendor IDs.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/prf.h"
#include "control/ike/natd.h"

static const struct ike_hdr hdr = {.ispi = 0x0102030405060708u,
				   .rspi = 0x1112131415161718u,
				   .version = IKE_VERSION_1,
				   .exchange = IKE1_EXCH_MAIN};
static const struct abi_addr site = {.family = 4, .bytes = {113, 87, 48, 200}};
static const struct abi_addr cloud = {.family = 4, .bytes = {119, 91, 254, 122}};
static const struct abi_addr lan = {.family = 4, .bytes = {192, 168, 0, 2}};

static uint8_t buf[4096];
static struct ike_builder b;
static struct ike_msg m;

static void parse(void)
{
	size_t len;

	assert_int_equal(ike_msg_finish(&b, 0, &len), 0);
	assert_int_equal(ike_msg_parse(&m, buf, len), 0);
}

static enum natd_vendor find(const void *data, size_t len)
{
	return natd_vendor_find((struct ike_view){data, len});
}

/* RFC 3947 section 3.1: the vendor ID is the MD5 of the text. */
static void vendor_ids_are_the_md5_of_their_text(void **state)
{
	static const struct {
		enum natd_vendor v;
		const char *text;
	} t[] = {
		{NATD_VENDOR_RFC3947, "RFC 3947"},
		{NATD_VENDOR_DRAFT_03, "draft-ietf-ipsec-nat-t-ike-03"},
		{NATD_VENDOR_DRAFT_02_N, "draft-ietf-ipsec-nat-t-ike-02\n"},
		{NATD_VENDOR_DRAFT_02, "draft-ietf-ipsec-nat-t-ike-02"},
		{NATD_VENDOR_DRAFT_00, "draft-ietf-ipsec-nat-t-ike-00"},
		{NATD_VENDOR_FRAGMENTATION, "FRAGMENTATION"},
		{NATD_VENDOR_STRONGSWAN, "strongSwan"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const struct prf_piece p = {t[i].text, strlen(t[i].text)};
		uint8_t md5[SUITE_MAX_HASH];

		assert_int_equal(prf_digest(SUITE_HASH_MD5, &p, 1, md5), 0);
		assert_int_equal(find(md5, 16), t[i].v);
	}
}

/* RFC 3706 section 5.1: the last two bytes are the version, any of which is DPD. */
static void dpd_is_known_with_any_version(void **state)
{
	uint8_t id[16] = "\xaf\xca\xd7\x13\x68\xa1\xf1\xc9\x6b\x86\x96\xfc\x77\x57\x01";

	(void)state;
	assert_int_equal(find(id, 16), NATD_VENDOR_DPD);
	id[14] = 9;
	assert_int_equal(find(id, 16), NATD_VENDOR_DPD);
	assert_int_equal(find(id, 14), NATD_VENDOR_DPD);
	assert_int_equal(find(id, 13), NATD_VENDOR_UNKNOWN);
	assert_int_equal(find("\x09\x00\x26\x89\xdf\xd6\xb7\x12", 8), NATD_VENDOR_XAUTH);
	assert_int_equal(find("\x09\x00\x26\x89\xdf\xd6\xb7\x12", 9), NATD_VENDOR_UNKNOWN);
	assert_int_equal(find(NULL, 0), NATD_VENDOR_UNKNOWN);
}

static void every_vendor_we_add_is_found_again(void **state)
{
	(void)state;
	for (int v = NATD_VENDOR_UNKNOWN; v <= NATD_VENDOR_COUNT; v++) {
		ike_msg_begin(&b, buf, sizeof(buf), &hdr);
		natd_vendor_add(&b, (enum natd_vendor)v);
		parse();
		assert_int_equal(m.n, v > 0 && v < NATD_VENDOR_COUNT);
		if (m.n)
			assert_int_equal(natd_vendor_find(m.pld[0].body), v);
		assert_non_null(natd_vendor_name((enum natd_vendor)v));
	}
}

static void we_announce_what_we_speak(void **state)
{
	static const enum natd_vendor want[] = {NATD_VENDOR_RFC3947,	NATD_VENDOR_DRAFT_03,
						NATD_VENDOR_DRAFT_02_N, NATD_VENDOR_DRAFT_02,
						NATD_VENDOR_DPD,	NATD_VENDOR_FRAGMENTATION};

	(void)state;
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	natd_vendor_add_all(&b, true);
	parse();
	assert_int_equal(m.n, 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(natd_vendor_find(m.pld[i].body), want[i]);
	assert_memory_equal(m.pld[4].body.data + 14, "\1\0", 2); /* DPD 1.0 */
	assert_int_equal(m.pld[4].body.len, 16);
	assert_int_equal(m.pld[5].body.len, 20);
	assert_memory_equal(m.pld[5].body.data + 16, "\x80\0\0\0", 4);
	assert_false(natd_vendor_has(&m, NATD_VENDOR_XAUTH));
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	natd_vendor_add_all(&b, false);
	parse();
	assert_int_equal(m.n, 2);
	assert_true(natd_vendor_has(&m, NATD_VENDOR_DPD));
	assert_int_equal(natd_variant(&m), NATD_VENDOR_UNKNOWN);
}

static void the_best_variant_wins_whatever_the_order(void **state)
{
	static const enum natd_vendor spoken[] = {NATD_VENDOR_DRAFT_02, NATD_VENDOR_DRAFT_02_N,
						  NATD_VENDOR_DRAFT_03, NATD_VENDOR_RFC3947};

	(void)state;
	for (size_t n = 0; n <= 4; n++) {
		ike_msg_begin(&b, buf, sizeof(buf), &hdr);
		natd_vendor_add(&b, NATD_VENDOR_DRAFT_00);
		for (size_t i = 0; i < n; i++)
			natd_vendor_add(&b, spoken[i]);
		parse();
		assert_int_equal(natd_variant(&m), n ? spoken[n - 1] : NATD_VENDOR_UNKNOWN);
	}
}

/* Drafts and RFC: payload numbers (RFC 3947 section 3.2) and modes (section 5.1). */
static void numbers_follow_the_variant(void **state)
{
	(void)state;
	assert_int_equal(natd_payload_type(NATD_VENDOR_RFC3947), 20);
	assert_int_equal(natd_payload_type(NATD_VENDOR_DRAFT_02), 130);
	assert_int_equal(natd_oa_payload_type(NATD_VENDOR_RFC3947), 21);
	assert_int_equal(natd_oa_payload_type(NATD_VENDOR_DRAFT_03), 131);
	assert_int_equal(natd_encap_mode(NATD_VENDOR_RFC3947, false, ABI_MODE_TUNNEL), 1);
	assert_int_equal(natd_encap_mode(NATD_VENDOR_DRAFT_03, false, ABI_MODE_TRANSPORT), 2);
	assert_int_equal(natd_encap_mode(NATD_VENDOR_RFC3947, true, ABI_MODE_TUNNEL), 3);
	assert_int_equal(natd_encap_mode(NATD_VENDOR_RFC3947, true, ABI_MODE_TRANSPORT), 4);
	assert_int_equal(natd_encap_mode(NATD_VENDOR_DRAFT_02_N, true, ABI_MODE_TUNNEL), 61443);
	assert_int_equal(natd_encap_mode(NATD_VENDOR_DRAFT_02, true, ABI_MODE_TRANSPORT), 61444);
}

/* RFC 3947 section 3.2: HASH(CKY-I | CKY-R | IP | Port). */
static void hash_covers_cookies_address_and_port(void **state)
{
	const struct prf_piece p = {"\1\2\3\4\5\6\7\x08\x11\x12\x13\x14\x15\x16\x17\x18"
				    "\x71\x57\x30\xc8\x11\x94",
				    22};
	struct abi_addr six = {.family = 6, .bytes = {0x20, 1, 0xd, 0xb8}};
	uint8_t want[SUITE_MAX_HASH], got[SUITE_MAX_HASH];

	(void)state;
	assert_int_equal(prf_digest(SUITE_HASH_SHA1, &p, 1, want), 0);
	assert_int_equal(natd_hash(SUITE_HASH_SHA1, hdr.ispi, hdr.rspi, &site, 4500, got), 0);
	assert_memory_equal(got, want, 20);
	assert_int_equal(natd_hash(SUITE_HASH_SHA1, hdr.ispi, hdr.rspi, &six, 4500, got), 0);
	assert_memory_not_equal(got, want, 20);
	six.family = 0;
	assert_int_equal(natd_hash(SUITE_HASH_SHA1, 1, 2, &six, 1, got), -EINVAL);
	assert_int_equal(natd_hash(SUITE_HASH_NONE, 1, 2, &site, 1, got), -ENOTSUP);
}

struct path {
	const struct abi_addr *local; /* what the sender has, and what is seen of it */
	uint16_t local_port;
	const struct abi_addr *seen;
	uint16_t seen_port;
	bool nat;
};

/* The cloud sends to the site; what the site concludes, for each place a NAT can be in. */
static void nats_are_found_on_either_side(void **state)
{
	static const struct path sites[] = {{&site, 500, &site, 500, false},
					    {&lan, 500, &site, 500, true},
					    {&site, 500, &site, 61000, true}};
	static const struct path clouds[] = {{&cloud, 500, &cloud, 500, false},
					     {&lan, 500, &cloud, 500, true},
					     {&cloud, 500, &cloud, 1024, true}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (size_t k = 0; k < 3; k++) {
			const struct path *us = &sites[i], *peer = &clouds[k];
			struct natd_result r;

			ike_msg_begin(&b, buf, sizeof(buf), &hdr);
			assert_int_equal(natd_add(&b, NATD_VENDOR_DRAFT_02, SUITE_HASH_MD5,
						  hdr.ispi, hdr.rspi, peer->local, peer->local_port,
						  us->seen, us->seen_port),
					 0);
			parse();
			assert_int_equal(m.pld[0].wire_type, 130);
			assert_int_equal(natd_check(&m, SUITE_HASH_MD5, us->local, us->local_port,
						    peer->seen, peer->seen_port, &r),
					 0);
			assert_true(r.seen);
			assert_int_equal(r.local_nat, us->nat);
			assert_int_equal(r.remote_nat, peer->nat);
		}
	}
}

/* A peer with several addresses sends a hash for each. */
static void any_of_the_peers_hashes_may_match(void **state)
{
	uint8_t hash[SUITE_MAX_HASH];
	struct natd_result r;

	(void)state;
	ike_msg_begin(&b, buf, sizeof(buf), &hdr);
	assert_int_equal(natd_add(&b, NATD_VENDOR_RFC3947, SUITE_HASH_SHA256, hdr.ispi, hdr.rspi,
				  &lan, 500, &site, 500),
			 0);
	natd_hash(SUITE_HASH_SHA256, hdr.ispi, hdr.rspi, &cloud, 500, hash);
	ike_msg_add(&b, IKE1_PLD_NATD, hash, 32);
	parse();
	assert_int_equal(natd_check(&m, SUITE_HASH_SHA256, &site, 500, &cloud, 500, &r), 0);
	assert_false(r.remote_nat);
	assert_false(r.local_nat);
	/* hashed with another algorithm: the lengths differ, and nothing matches */
	assert_int_equal(natd_check(&m, SUITE_HASH_MD5, &site, 500, &cloud, 500, &r), 0);
	assert_true(r.remote_nat && r.local_nat);
}

static void fewer_than_two_hashes_say_nothing(void **state)
{
	uint8_t hash[SUITE_MAX_HASH] = {0};
	struct natd_result r;

	(void)state;
	for (size_t n = 0; n < 2; n++) {
		ike_msg_begin(&b, buf, sizeof(buf), &hdr);
		natd_vendor_add(&b, NATD_VENDOR_DPD);
		if (n)
			ike_msg_add(&b, IKE1_PLD_NATD, hash, 16);
		parse();
		assert_int_equal(natd_check(&m, SUITE_HASH_MD5, &site, 500, &cloud, 500, &r), 0);
		assert_false(r.seen || r.local_nat || r.remote_nat);
	}
	assert_int_equal(natd_check(&m, SUITE_HASH_NONE, &site, 500, &cloud, 500, &r), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vendor_ids_are_the_md5_of_their_text),
		cmocka_unit_test(dpd_is_known_with_any_version),
		cmocka_unit_test(every_vendor_we_add_is_found_again),
		cmocka_unit_test(we_announce_what_we_speak),
		cmocka_unit_test(the_best_variant_wins_whatever_the_order),
		cmocka_unit_test(numbers_follow_the_variant),
		cmocka_unit_test(hash_covers_cookies_address_and_port),
		cmocka_unit_test(nats_are_found_on_either_side),
		cmocka_unit_test(any_of_the_peers_hashes_may_match),
		cmocka_unit_test(fewer_than_two_hashes_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
