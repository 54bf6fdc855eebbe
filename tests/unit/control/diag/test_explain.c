/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_explain.c - every text of the clouds' error tables, typing errors and broken lines included,
 * those that strongSwan writes when it is set up wrong, and those of RouterOS and libreswan.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/diag/explain.h"
#include "control/model/text.h"

static const struct {
	const char *log;
	const char *want; /* the first finding */
	int n;		  /* how many there are; 0: any */
} corpus[] = {
	/* the tutorial's tables, lines broken as they are there */
	{"invalid HASH_V1 payload length, decryption failed? could not decrypt\npayloads message "
	 "parsing failed",
	 "E1 P1_PSK_MISMATCH (likely)", 1},
	{"parsed IKE_SA_INIT response 0 [ N(NO_PROP) ] received\nNO_PROPOSAL_CHOSEN notify error "
	 "received\nAUTHENTICATION_FAILED error notify",
	 "E2 P1_VERSION_MISMATCH (likely)", 1},
	{"received AUTHENTICATION_FAILED error notifyed", "E3 P1_MODE_MISMATCH (likely)", 1},
	{"[IKE] IDir xxxx does not match to xxxx", "E4 P1_ID_MISMATCH (certain)", 1},
	{"[IKE] sending retransmit 1 of request message ID 0, seq 1", "E7 PEER_SILENT (likely)", 1},
	{"received UNSUPPORTED_CRITICAL_PAYLOAD error notify", "E8 PEER_DOES_NOT_KNOW_US (likely)",
	 1},
	{"received INVALID_ID_INFORMATION error notify", "E9 P2_TS_MISMATCH (likely)", 1},
	{"received HASH payload does not match integrity check failed",
	 "E10 P2_TS_MISMATCH (likely)", 2},
	{"parsed INFORMATIONAL_V1 request xxxx [ HASH N(NO_PROP) ]\nreceived NO_PROPOSAL_CHOSEN "
	 "error notify",
	 "E11 P2_ALG_MISMATCH (likely)", 1},
	{"ESP:AES_CBC_256/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ no\nmatching proposal found, sending "
	 "NO_PROPOSAL_CHOSEN",
	 "E12 P2_PFS_MISMATCH (likely)", 2},
	/* the cloud's page: the same, with its own line breaks */
	{"    invalid HASH_V1 payload length, decryption failed?\n    could not decrypt payloads\n "
	 " "
	 "  message parsing failed\n",
	 "E1 P1_PSK_MISMATCH (likely)", 1},
	{"    parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]\n    received NO_PROPOSAL_CHOSEN notify "
	 "error\n    received AUTHENTICATION_FAILED error notify\n",
	 "E2 P1_VERSION_MISMATCH (likely)", 1},
	{"        received HASH payload does not match \n        integrity check failed\n",
	 "E10 P2_TS_MISMATCH (likely)", 2},
	{"    ESP:AES_CBC_256/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ\n"
	 "    ESP:AES_CBC_128/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ, \n"
	 "    ESP:AES_CBC_128/AES_CBC_192/AES_CBC_256/3DES_CBC/BLOWFISH_CBC_256/HMAC_SHA2_256_128/"
	 "HMAC_SHA2_384_192/HMAC_SHA2_512_256/HMAC_SHA1_96/AES_XCBC_96/HMAC_MD5_96/NO_EXT_SEQ\n"
	 "    no matching proposal found, sending NO_PROPOSAL_CHOSEN\n",
	 "E12 P2_PFS_MISMATCH (likely)", 2},
	/* its first and third line alone differ by the group and by nothing else */
	{"ESP:AES_CBC_256/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ\n"
	 "ESP:AES_CBC_128/AES_CBC_192/AES_CBC_256/3DES_CBC/BLOWFISH_CBC_256/HMAC_SHA2_256_128/"
	 "HMAC_SHA2_384_192/HMAC_SHA2_512_256/HMAC_SHA1_96/AES_XCBC_96/HMAC_MD5_96/NO_EXT_SEQ\n"
	 "no matching proposal found, sending NO_PROPOSAL_CHOSEN\n",
	 "E12 P2_PFS_MISMATCH (certain)", 1},
	/* what strongSwan writes on either side of a mistake */
	{"[IKE] tried 1 shared key for '%any' - '113.87.48.200', but MAC mismatched",
	 "E1 P1_PSK_MISMATCH (certain)", 1},
	{"[IKE] calculated HASH does not match HASH payload", "E1 P1_PSK_MISMATCH (certain)", 1},
	{"[ENC] invalid ID_V1 payload length, decryption failed?\n[ENC] could not decrypt "
	 "payloads\n"
	 "[IKE] sending retransmit 1 of request message ID 0, seq 3",
	 "E1 P1_PSK_MISMATCH (likely)", 1},
	{"[IKE] no shared key found for '%any' - '113.87.48.200'", "E1 P1_PSK_MISMATCH (likely)",
	 1},
	{"[IKE] no IKE config found for 119.91.254.122...113.87.48.200, sending NO_PROPOSAL_CHOSEN",
	 "E2 P1_VERSION_MISMATCH (likely)", 1},
	{"[ENC] parsed INFORMATIONAL_V1 request 4711 [ N(NO_PROP) ]\n[IKE] received "
	 "NO_PROPOSAL_CHOSEN error notify",
	 "E2,E5,E6 P1_NO_PROPOSAL (likely)", 1},
	{"[IKE] found 1 matching config, but none allows pre-shared key authentication using Main "
	 "Mode",
	 "E3 P1_MODE_MISMATCH (certain)", 1},
	{"[IKE] Aggressive Mode PSK disabled for security reasons", "E3 P1_MODE_MISMATCH (certain)",
	 1},
	{"[ENC] parsed INFORMATIONAL_V1 request 17 [ HASH N(AUTH_FAILED) ]\n[IKE] received "
	 "AUTHENTICATION_FAILED error notify",
	 "E4,E3 P1_ID_MISMATCH (likely)", 1},
	{"[ENC] parsed IKE_AUTH response 1 [ N(AUTH_FAILED) ]\n[IKE] received "
	 "AUTHENTICATION_FAILED "
	 "notify error",
	 "E1,E3,E4 P1_UNEXPLAINED (possible)", 1},
	{"[CFG] no matching peer config found", "E4 P1_ID_MISMATCH (likely)", 1},
	{"[CFG] constraint check failed: identity '*.other.example.com' required ",
	 "E4 P1_ID_MISMATCH (certain)", 1},
	{"[CFG] received proposals: IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024\n[CFG] "
	 "configured proposals: IKE:AES_CBC_256/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024\n[IKE] no "
	 "proposal found",
	 "E5 P1_ALG_MISMATCH (certain)", 1},
	{"[CFG] received proposals: IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024\n[CFG] "
	 "configured proposals: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_1024\n"
	 "[IKE] received proposals unacceptable",
	 "E5 P1_ALG_MISMATCH (certain)", 1},
	{"[CFG] received proposals: IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024\n[CFG] "
	 "configured proposals: IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048\n[IKE] no "
	 "proposal found",
	 "E6 P1_DH_MISMATCH (certain)", 1},
	{"[IKE] peer didn't accept DH group MODP_1024, it requested MODP_2048",
	 "E6 P1_DH_MISMATCH (likely)", 1},
	{"[IKE] giving up after 3 retransmits\n[IKE] establishing IKE_SA failed, peer not "
	 "responding",
	 "E7 PEER_SILENT (likely)", 1},
	{"[IKE] no matching CHILD_SA config found for 192.168.1.0/24 === 10.100.2.0/24",
	 "E9 P2_TS_MISMATCH (certain)", 1},
	{"[IKE] traffic selectors 10.100.2.0/24 === 192.168.1.0/24 unacceptable\n[IKE] failed to "
	 "establish CHILD_SA, keeping IKE_SA",
	 "E9 P2_TS_MISMATCH (certain)", 1},
	{"[ENC] parsed IKE_AUTH response 1 [ IDr AUTH N(TS_UNACCEPT) ]\n[IKE] received "
	 "TS_UNACCEPTABLE notify, no CHILD_SA built",
	 "E9 P2_TS_MISMATCH (certain)", 1},
	{"[ENC] parsed IKE_AUTH response 1 [ IDr AUTH N(NO_PROP) ]\n[IKE] received "
	 "NO_PROPOSAL_CHOSEN notify, no CHILD_SA built",
	 "E11 P2_ALG_MISMATCH (likely)", 1},
	{"[CFG] received proposals: ESP:AES_CBC_128/HMAC_SHA1_96/NO_EXT_SEQ\n[CFG] configured "
	 "proposals: ESP:AES_CBC_256/HMAC_SHA1_96/NO_EXT_SEQ\n[IKE] no acceptable proposal found",
	 "E11 P2_ALG_MISMATCH (certain)", 1},
	{"[CFG] received proposals: ESP:AES_CBC_128/HMAC_SHA1_96/NO_EXT_SEQ\n[CFG] configured "
	 "proposals: ESP:AES_CBC_128/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ\n[IKE] no matching proposal "
	 "found, sending NO_PROPOSAL_CHOSEN",
	 "E12 P2_PFS_MISMATCH (certain)", 1},
	/* RouterOS */
	{"no suitable proposal found", "E18,E5,E6 P1_ALG_MISMATCH (likely)", 1},
	{"failed to get valid proposal", "E18,E5,E6 P1_ALG_MISMATCH (likely)", 1},
	{"failed to pre-process ph1 packet (side: 1, status 1)",
	 "E18,E5,E6 P1_ALG_MISMATCH (likely)", 1},
	{"phase1 negotiation failed", "E18,E5,E6 P1_ALG_MISMATCH (possible)", 1},
	{"phase1 negotiation failed due to time up", "E7 PEER_SILENT (likely)", 1},
	{"rejected hashtype: DB(prop#1:trns#1):Peer(prop#1:trns#1) = MD5:SHA\nno suitable proposal "
	 "found",
	 "E5 P1_ALG_MISMATCH (certain)", 1},
	{"rejected dh_group: DB(prop#1:trns#1):Peer(prop#1:trns#1) = 768-bit MODP group:1024-bit "
	 "MODP "
	 "group",
	 "E6 P1_DH_MISMATCH (certain)", 1},
	{"parsing packet failed, possible cause: wrong password", "E1 P1_PSK_MISMATCH (likely)", 1},
	{"pfs group mismatched: my:2 peer:0", "E12 P2_PFS_MISMATCH (certain)", 1},
	{"initiator did not reauthenticate as requested", "E19 PEER_NO_REAUTH (certain)", 1},
	/* libreswan */
	{"probable authentication failure (mismatch of preshared secrets?): malformed payload in "
	 "packet",
	 "E1 P1_PSK_MISMATCH (likely)", 1},
	{"cannot respond to IPsec SA request because no connection is known for 10.0.0.0/8===x",
	 "E9 P2_TS_MISMATCH (certain)", 1},
	{"initial Main Mode message received on 192.0.2.1:500 but no connection has been "
	 "authorized "
	 "with policy PSK",
	 "E2 P1_VERSION_MISMATCH (likely)", 1},
	{"no acceptable Oakley Transform", "E5,E6 P1_ALG_MISMATCH (likely)", 1},
	/* the consoles' states */
	{"第一阶段协商失败", "E1-E8,E13 P1_UNEXPLAINED (possible)", 1},
	{"第二阶段协商失败", "E9-E12 P2_UNEXPLAINED (possible)", 1},
};
#define CORPUS (sizeof(corpus) / sizeof(corpus[0]))

static void each_text_of_the_corpus_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < CORPUS; i++) {
		struct text out = {0};
		int n = explain_log(corpus[i].log, strlen(corpus[i].log), DIAG_EN, false, &out);

		if (n <= 0 || strncmp(out.s, corpus[i].want, strlen(corpus[i].want)) != 0 ||
		    (corpus[i].n != 0 && n != corpus[i].n))
			fail_msg("%s\nwants %s (%d), is (%d)\n%s", corpus[i].log, corpus[i].want,
				 corpus[i].n, n, out.s);
		text_free(&out);
	}
}

/* Each text of the matrix by itself, typing errors as they stand there: its row is among the
 * findings. */
static void each_text_of_the_matrix_alone_finds_its_row(void **state)
{
	static const struct {
		const char *log, *row;
	} texts[] = {
		{"invalid HASH_V1 payload length, decryption failed?", "E1 "},
		{"could not decrypt payloads", "E1 "},
		{"parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]", "E2 "},
		{"received NO_PROPOSAL_CHOSEN notify error", "E2,"},
		{"received AUTHENTICATION_FAILED error notify", "E1,E3,E4 "},
		{"received AUTHENTICATION_FAILED error notifyed", "E3 "},
		{"[IKE] IDir xxxx does not match to xxxx", "E4 "},
		{"[IKE] sending retransmit 1 of request message ID 0, seq 1", "E7 "},
		{"phase1 negotiation failed due to time up", "E7 "},
		{"received UNSUPPORTED_CRITICAL_PAYLOAD error notify", "E8 "},
		{"received INVALID_ID_INFORMATION error notify", "E9 "},
		{"received HASH payload does not match", "E10 "},
		{"integrity check failed", "E10 "},
		{"parsed INFORMATIONAL_V1 request xxxx [ HASH N(NO_PROP) ]", "E11 "},
		{"received NO_PROPOSAL_CHOSEN error notify", "E2,E5,E6,E11 "},
		{"ESP:AES_CBC_256/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ\nno matching proposal found, "
		 "sending NO_PROPOSAL_CHOSEN",
		 "E12 "},
		{"no matching proposal found, sending NO_PROPOSAL_CHOSEN", "E11,E12 "},
		{"no suitable proposal found", "E18,"},
		{"failed to get valid proposal", "E18,"},
		{"failed to pre-process ph1 packet (side: 1, status 1)", "E18,"},
		{"phase1 negotiation failed", "E18,"},
		{"rejected hashtype: DB(..):Peer(..) = MD5:SHA", "E5 "},
		{"initiator did not reauthenticate as requested", "E19 "},
		{"第一阶段协商失败", "E1-E8,E13 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char line[256];
		size_t len = strlen(texts[i].log);

		/* alone, in capitals, with the blanks and line ends of a pasted page, in a log */
		for (int how = 0; how < 4; how++) {
			struct text out = {0};
			size_t n = 0;

			if (how == 3)
				n = (size_t)snprintf(line, sizeof(line), "%s",
						     "2022-10-31 12:00:00 vpn charon: 07[IKE] ");
			for (size_t k = 0; k < len && n + 4 < sizeof(line); k++) {
				char c = texts[i].log[k];

				if (how == 2 && c == ' ')
					n += (size_t)snprintf(line + n, 4, "\r\n ");
				else
					line[n++] = how == 1 ? (char)toupper((unsigned char)c) : c;
			}
			assert_true(explain_log(line, n, DIAG_EN, false, &out) > 0);
			if (strstr(out.s, texts[i].row) == NULL)
				fail_msg("%.*s\nwants %s in\n%s", (int)n, line, texts[i].row,
					 out.s);
			text_free(&out);
		}
	}
}

/* One letter swapped, left out, doubled or wrong, anywhere. */
static size_t mistype(const char *text, unsigned kind, size_t at, char *out)
{
	size_t n = strlen(text), len = 0;

	for (size_t i = 0; i < n; i++) {
		bool here = i == at;

		if (here && kind == 0 && i + 1 < n) {
			out[len++] = text[i + 1];
			out[len++] = text[i++];
		} else if (here && kind == 3) {
			out[len++] = '~';
		} else {
			if (!here || kind != 1)
				out[len++] = text[i];
			if (here && kind == 2)
				out[len++] = text[i];
		}
	}
	return len;
}

static void a_typing_error_anywhere_is_forgiven(void **state)
{
	static const struct {
		const char *log, *row;
	} texts[] = {
		{"payload length, decryption failed?", "E1 "},
		{"could not decrypt payloads", "E1 "},
		{"parsed IKE_SA_INIT response 0 [ N(NO_PROP) ]", "E2 "},
		{"received NO_PROPOSAL_CHOSEN notify", "E2,E5,E6,E11 "},
		{"[IKE] sending retransmit 1 of request", "E7 "},
		{"received UNSUPPORTED_CRITICAL_PAYLOAD error notify", "E8 "},
		{"received INVALID_ID_INFORMATION error notify", "E9 "},
		{"received HASH payload does not match", "E10 "},
		{"integrity check failed", "E10 "},
		{"no matching proposal found, sending NO_PROPOSAL_CHOSEN", "E1"},
		{"no suitable proposal found", "E18,"},
		{"failed to get valid proposal", "E18,"},
		{"failed to pre-process ph1 packet", "E18,"},
		{"phase1 negotiation failed", "E18,"},
		{"initiator did not reauthenticate as requested", "E19 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t at = 0; at < strlen(texts[i].log); at++) {
			for (unsigned kind = 0; kind < 4; kind++) {
				struct text out = {0};
				char line[128];
				size_t n = mistype(texts[i].log, kind, at, line);

				if (explain_log(line, n, DIAG_EN, false, &out) <= 0 ||
				    strstr(out.s, texts[i].row) == NULL)
					fail_msg("%.*s\nwants %s in\n%s", (int)n, line,
						 texts[i].row, out.s);
				text_free(&out);
			}
		}
	}
}

/* What is about something else stays so. */
static void other_texts_are_near_to_nothing(void **state)
{
	static const char *const texts[] = {
		"received packet from 192.0.2.1[500] to 198.51.100.1[500] (204 bytes)",
		"sending keep alive to 192.0.2.1[4500]",
		"CHILD_SA established with SPIs c1_i c2_o and TS 10.0.0.0/8 === 10.1.0.0/16",
		"the quick brown fox jumps over the lazy dog, and no tunnel is there at all",
		"generating QUICK_MODE request 1 [ HASH SA No KE ID ID ]",
		/* what they lack is the "no" of a pattern */
		"07[CFG] 1 matching peer config found",
		"a matching CHILD_SA config found for 10.0.0.0/8",
		"one acceptable proposal found",
		"preshared key found for 192.0.2.1",
		"the connection has been authorized",
		"the host name does not match the certificate",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct text out = {0};

		if (explain_log(texts[i], strlen(texts[i]), DIAG_EN, false, &out) != 0)
			fail_msg("%s\n%s", texts[i], out.s);
		text_free(&out);
	}
}

/* Noise around a text and other letters in it change nothing. */
static void case_and_noise_do_not_matter(void **state)
{
	static const char log[] = "Nov 22 01:00:00 gw charon: 05[NET] received packet\r\n"
				  "Nov 22 01:00:00 gw charon: 05[IKE] RECEIVED "
				  "invalid_id_information ERROR notify\r\n";
	struct text out = {0};

	(void)state;
	assert_int_equal(explain_log(log, strlen(log), DIAG_EN, false, &out), 1);
	assert_non_null(strstr(out.s, "E9 P2_TS_MISMATCH"));
	assert_non_null(strstr(out.s, "line 2:"));
	text_free(&out);
}

static void several_mistakes_are_all_named(void **state)
{
	static const char log[] =
		"[CFG] received proposals: ESP:AES_CBC_128/HMAC_SHA1_96/MODP_1024/NO_EXT_SEQ\n"
		"[CFG] configured proposals: ESP:AES_CBC_256/HMAC_SHA1_96/NO_EXT_SEQ\n"
		"[IKE] no matching proposal found, sending NO_PROPOSAL_CHOSEN\n"
		"[IKE] IDir 'a' does not match to 'b'\n"
		"[IKE] no matching CHILD_SA config found for 192.168.1.0/24 === 10.100.2.0/24\n";
	struct text out = {0};

	(void)state;
	assert_int_equal(explain_log(log, strlen(log), DIAG_EN, false, &out), 4);
	for (const char *const *want =
		     (const char *const[]){"E12 P2_PFS_MISMATCH (certain)",
					   "E11 P2_ALG_MISMATCH (certain)", "E4 P1_ID_MISMATCH",
					   "E9 P2_TS_MISMATCH", NULL};
	     *want != NULL; want++)
		assert_non_null(strstr(out.s, *want));
	text_free(&out);
}

static void nothing_known_is_said_to_be_nothing(void **state)
{
	struct text out = {0};

	(void)state;
	assert_int_equal(explain_log("all is well", 11, DIAG_EN, false, &out), 0);
	assert_non_null(strstr(out.s, "none of the known"));
	text_free(&out);
	assert_int_equal(explain_log("", 0, DIAG_ZH, true, &out), 0);
	assert_string_equal(out.s, "[]\n");
	text_free(&out);
}

static void what_is_quoted_cannot_steer_a_terminal(void **state)
{
	static const char log[] = "\x1b[31mIDir \xc2\x9b'x' does not match to\x07 'y'";
	struct text out = {0};

	(void)state;
	assert_int_equal(explain_log(log, sizeof(log) - 1, DIAG_EN, false, &out), 1);
	for (const char *c = out.s; *c != '\0'; c++)
		assert_true((unsigned char)*c >= ' ' || *c == '\n');
	assert_null(strstr(out.s, "\xc2\x9b"));
	text_free(&out);
}

static unsigned next(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 8;
}

/* Pieces of the corpus in any order, cut and spoilt: no harm, and no more findings than rules. */
static void anything_may_be_pasted(void **state)
{
	static char log[64 << 10];
	unsigned seed = 4711;

	(void)state;
	for (int round = 0; round < 300; round++) {
		size_t len = 0;
		struct text out = {0};
		int n;

		for (unsigned i = 0, parts = next(&seed) % 20; i < parts; i++) {
			const char *from = corpus[next(&seed) % CORPUS].log;
			size_t whole = strlen(from), skip = next(&seed) % (whole + 1);
			size_t take = next(&seed) % (whole - skip + 1);

			memcpy(log + len, from + skip, take);
			len += take;
		}
		for (unsigned i = 0, spoil = next(&seed) % 8; len > 0 && i < spoil; i++)
			log[next(&seed) % len] = (char)next(&seed);
		n = explain_log(log, len, round & 1 ? DIAG_ZH : DIAG_EN, round & 2, &out);
		assert_in_range(n, 0, 16);
		text_free(&out);
	}
}

static void what_is_too_long_is_cut(void **state)
{
	size_t len = EXPLAIN_MAX_INPUT + 100;
	char *log = malloc(len);
	struct text out = {0};

	(void)state;
	assert_non_null(log);
	memset(log, '[', len);
	memcpy(log, "does not match to", 17);
	memcpy(log + len - 60, "received INVALID_ID_INFORMATION error notify", 44);
	assert_int_equal(explain_log(log, len, DIAG_EN, false, &out), 1);
	assert_non_null(strstr(out.s, "E4"));
	text_free(&out);
	free(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_text_of_the_corpus_is_read),
		cmocka_unit_test(each_text_of_the_matrix_alone_finds_its_row),
		cmocka_unit_test(a_typing_error_anywhere_is_forgiven),
		cmocka_unit_test(other_texts_are_near_to_nothing),
		cmocka_unit_test(case_and_noise_do_not_matter),
		cmocka_unit_test(several_mistakes_are_all_named),
		cmocka_unit_test(nothing_known_is_said_to_be_nothing),
		cmocka_unit_test(what_is_quoted_cannot_steer_a_terminal),
		cmocka_unit_test(anything_may_be_pasted),
		cmocka_unit_test(what_is_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
