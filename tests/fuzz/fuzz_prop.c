/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_prop.c - any bytes as proposals. The first byte picks phase and NAT; what is chosen must
 * survive the way into an answer and back as the same choice.
 */
#include <string.h>

#include "control/crypto/suite.h"
#include "control/ike/prop.h"
#include "tests/fuzz/fuzz.h"

static struct prop_sa sa;
static const struct ike_profile_conf profile = {
	.encr = {{12, 128}, {12, 192}, {12, 256}, {3, 0}},
	.n_encr = 4,
	.hash = {SUITE_HASH_MD5, SUITE_HASH_SHA1, SUITE_HASH_SHA256, SUITE_HASH_SHA384,
		 SUITE_HASH_SHA512},
	.n_hash = 5,
	.dh = {1, 2, 5, 14, 15, 16, 19, 31},
	.n_dh = 8,
};
static const struct ike_proposal_conf proposal = {
	.encr = {{12, 128}, {12, 192}, {12, 256}},
	.n_encr = 3,
	.integ = {1, 2, 12, 13, 14},
	.n_integ = 5,
};

static int choose(int phase, const struct prop_esp_want *want, struct prop_choice *c,
		  struct prop_diff *diff)
{
	return phase == 1 ? prop_select_ike(&sa, &profile, c, diff)
			  : prop_select_esp(&sa, want, c, diff);
}

static void check_answer(int phase, const struct prop_esp_want *want, const struct prop_choice *c)
{
	struct prop_choice back;
	struct prop_diff diff;
	struct ike_parse_error error;
	struct ike_pld_sa pld = {0};
	uint8_t buf[IKE_MAX_MESSAGE];
	struct wire_writer w;
	const struct prop_choice was = *c;

	wire_writer_init(&w, buf, sizeof(buf));
	FUZZ_CHECK(prop_build_answer(&w, c, phase, 0x12345678) == 0);
	pld.proposals = (struct ike_view){buf + 8, w.pos - 8};
	FUZZ_CHECK(prop_decode(&sa, phase, &pld, &error) == 0);
	FUZZ_CHECK(prop_single(&sa));
	FUZZ_CHECK(choose(phase, want, &back, &diff) == 0);
	FUZZ_CHECK(back.encr.id == was.encr.id && back.encr.key_bits == was.encr.key_bits);
	FUZZ_CHECK(back.hash == was.hash && back.integ == was.integ && back.group == was.group);
	FUZZ_CHECK(back.seconds == was.seconds && back.kilobytes == was.kilobytes);
	FUZZ_CHECK(phase == 1 || back.spi == 0x12345678);
}

static void check_decoded(const uint8_t *data, size_t size)
{
	char text[256];

	FUZZ_CHECK(sa.n_proposals >= 1 && sa.n_proposals <= IKE_MAX_PROPOSALS);
	for (size_t i = 0; i < sa.n_proposals; i++) {
		FUZZ_CHECK(sa.proposals[i].n >= 1);
		FUZZ_CHECK(sa.proposals[i].first + sa.proposals[i].n <= sa.n_transforms);
	}
	for (size_t i = 0; i < sa.n_transforms; i++) {
		const struct ike_view *raw = &sa.transforms[i].raw;

		FUZZ_CHECK(raw->data >= data && raw->data + raw->len <= data + size);
		prop_transform_print(sa.phase, &sa.transforms[i], text, sizeof(text));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct prop_esp_want want = {.conf = &proposal, .mode = ABI_MODE_TUNNEL};
	struct ike_parse_error error;
	struct ike_pld_sa pld = {0};
	struct prop_choice c;
	struct prop_diff diff;
	char text[512];
	int phase;

	if (size == 0)
		return 0;
	phase = data[0] & 1 ? 2 : 1;
	want.natt = data[0] & 2;
	want.encap = data[0] & 4 ? IKE1_ENCAP_UDP_TUNNEL : IKE1_ENCAP_UDP_TUNNEL_DRAFT;
	pld.proposals = (struct ike_view){data + 1, size - 1};
	if (prop_decode(&sa, phase, &pld, &error) != 0) {
		FUZZ_CHECK(error.reason != IKE_PARSE_OK && error.offset <= size);
		return 0;
	}
	check_decoded(data + 1, size - 1);
	if (choose(phase, &want, &c, &diff) == 0) {
		check_answer(phase, &want, &c);
	} else {
		prop_diff_print(&diff, text, sizeof(text));
		FUZZ_CHECK(text[0] != '\0');
	}
	return 0;
}
