/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_ike_body.c - what an authentic peer may write, straight to the code that reads it. The first
 * byte says where: a TS or an SA payload of IKEv2, the inside of SK, fragments of either version.
 * The second: bit 0 CBC instead of GCM, the rest the type of the first payload. All is sealed with
 * keys that fit; ciphers and digests are the cheap ones.
 */
#include <errno.h>
#include <string.h>

#include "control/ike/prop2.h"
#include "control/ike/state.h"
#include "control/ike/ts2.h"
#include "control/ike1/frag1.h"
#include "control/ike2/ike2.h"
#include "tests/fuzz/fuzz.h"

#define IV_AT (IKE_HDR_LEN + 4u)

static struct ike2_sa v2;
static struct ike_sa sa = {.ispi = 1, .rspi = 2, .responder = true, .v2 = &v2};
static struct ike1_in in1;
static struct ike2_in in2;

static const struct ike_profile_conf profile = {.encr = {{12, 128}, {20, 256}},
						.hash = {SUITE_HASH_SHA1, SUITE_HASH_SHA256},
						.dh = {14, 19},
						.n_encr = 2,
						.n_hash = 2,
						.n_dh = 2};
static const struct ike_proposal_conf proposal = {.encr = {{12, 128}, {20, 256}},
						  .integ = {2, 12},
						  .n_encr = 2,
						  .n_integ = 2,
						  .pfs_group = 19};

static void check_ts(const struct ike_pld_ts *pld)
{
	static const struct abi_range any = {
		.family = 4, .port_hi = UINT16_MAX, .hi = {255, 255, 255, 255}};
	static struct ts2_list list, back;
	struct abi_range out[ABI_MAX_SELECTORS];
	uint8_t buf[1024];
	char text[TS_MAX_TEXT * IKE2_MAX_TS];
	struct wire_writer w;
	size_t n;

	if (ts2_decode(&list, pld) != 0)
		return;
	FUZZ_CHECK(list.n <= pld->count && list.n <= IKE2_MAX_TS);
	for (unsigned i = 0; i < list.n; i++)
		FUZZ_CHECK(ts_valid(&list.r[i]));
	n = ts2_narrow(&any, 1, &list, out, ABI_MAX_SELECTORS);
	FUZZ_CHECK(n <= ABI_MAX_SELECTORS && ts2_within(out, n, &any, 1) &&
		   ts2_within(out, n, list.r, list.n));
	(void)ts2_print(list.r, list.n, text, sizeof(text));
	wire_writer_init(&w, buf, sizeof(buf));
	if (list.n == 0 || ts2_put(&w, list.r, list.n) != 0)
		return;
	FUZZ_CHECK(ts2_decode(&back, &(struct ike_pld_ts){(uint8_t)list.n, {buf + 4, w.pos - 4}}) ==
		   0);
	FUZZ_CHECK(back.n == list.n && memcmp(back.r, list.r, list.n * sizeof(list.r[0])) == 0);
}

static void check_choice(const struct prop2_want *want, const struct ike_pld_sa *pld)
{
	static struct prop2_sa decoded;
	static const uint8_t spi[8] = {1, 2, 3, 4};
	struct ike_parse_error error;
	struct prop2_choice c, again;
	struct prop_diff diff;
	uint8_t buf[256];
	struct wire_writer w;

	if (prop2_decode(&decoded, pld, &error) != 0) {
		FUZZ_CHECK(error.reason != IKE_PARSE_OK);
		return;
	}
	FUZZ_CHECK(decoded.n_proposals >= 1 && decoded.n_proposals <= IKE2_MAX_PROPOSALS);
	if (prop2_select(&decoded, want, 19, &c, &diff) != 0)
		return;
	wire_writer_init(&w, buf, sizeof(buf));
	FUZZ_CHECK(prop2_build_answer(&w, &c, spi, want->spi_len) == 0);
	FUZZ_CHECK(prop2_decode(&decoded, &(struct ike_pld_sa){.proposals = {buf, w.pos}},
				&error) == 0);
	FUZZ_CHECK(prop2_single(&decoded) && prop2_select(&decoded, want, 19, &again, NULL) == 0);
	FUZZ_CHECK(again.encr.id == c.encr.id && again.encr.key_bits == c.encr.key_bits &&
		   again.integ == c.integ && again.prf == c.prf && again.group == c.group);
}

/* Payloads of IKEv2 that came out of SK. */
static void check_payloads(const struct ike_msg *m)
{
	struct prop2_want want;

	for (const struct ike_payload *p = m->pld; p < m->pld + m->n; p++) {
		FUZZ_CHECK(p->body.len == 0 || (p->body.data >= m->buf &&
						p->body.data + p->body.len <= m->buf + m->len));
		if (p->type == IKE2_PLD_TSI || p->type == IKE2_PLD_TSR)
			check_ts(&p->ts);
		if (p->type == IKE2_PLD_DELETE)
			(void)ike_delete_spi(&p->del, p->del.spis.len);
		if (p->type != IKE2_PLD_SA)
			continue;
		prop2_want_ike(&want, &profile, false);
		check_choice(&want, &p->sa);
		prop2_want_esp(&want, &proposal, false);
		check_choice(&want, &p->sa);
	}
}

/* One payload of that type. */
static void read_payload(uint8_t type, const uint8_t *body, size_t len)
{
	static const struct ike_hdr hdr = {.version = IKE_VERSION_2, .exchange = IKE2_EXCH_AUTH};
	static uint8_t buf[IKE_MAX_MESSAGE];

	buf[2] = (uint8_t)((len + 4) >> 8);
	buf[3] = (uint8_t)(len + 4);
	memcpy(buf + 4, body, len);
	if (ike_msg_parse_inner(&in2.msg, &hdr, type, buf, len + 4) == 0)
		check_payloads(&in2.msg);
}

/* A message with one payload; its length. */
static size_t build(uint8_t *m, const struct ike_hdr *hdr, uint8_t first, const uint8_t *numbers,
		    const struct sk_ike2_sizes *s, const uint8_t *text, size_t len)
{
	struct ike_builder b;
	size_t whole;

	ike_msg_begin(&b, m, IKE_MAX_MESSAGE, hdr);
	ike_msg_open(&b, hdr->next);
	wire_patch_u8(&b.w, IKE_HDR_LEN, first);
	wire_put_bytes(&b.w, numbers, numbers != NULL ? 4 : 0);
	wire_put_zero(&b.w, s->iv);
	wire_put_bytes(&b.w, text, len);
	wire_put_zero(&b.w, s->icv);
	ike_msg_close(&b);
	FUZZ_CHECK(ike_msg_finish(&b, 0, &whole) == 0);
	return whole;
}

/* numbers: of a fragment; NULL: SK. The last byte of text is the length of the padding. */
static void read_sealed(uint8_t first, const uint8_t *numbers, const uint8_t *text, size_t len)
{
	static uint8_t m[IKE_MAX_MESSAGE];
	struct ike_datagram d = {.data = m};
	struct sk_ike2_sizes s;
	int r;

	in2.hdr = (struct ike_hdr){.ispi = 1,
				   .rspi = 2,
				   .next = numbers != NULL ? IKE2_PLD_SKF : IKE2_PLD_SK,
				   .version = IKE_VERSION_2,
				   .exchange = IKE2_EXCH_INFO,
				   .flags = IKE2_FLAG_INITIATOR};
	FUZZ_CHECK(sk_ike2_sizes(&v2.keys, &s) == 0);
	len -= len % s.block;
	if (len == 0)
		return;
	d.len = build(m, &in2.hdr, first, numbers, &s, text, len);
	FUZZ_CHECK(sk_ike2_seal(&v2.keys, KEYMAT_I, m, IV_AT + (numbers != NULL ? 4 : 0), d.len) ==
		   0);
	in2.d = &d;
	r = ike2_seal_open(&sa, &in2);
	FUZZ_CHECK(r == 0 || r == -EACCES || r == -EBADMSG || r == -EAGAIN || r == -EALREADY);
	FUZZ_CHECK((r == -EAGAIN || r == -EALREADY) <= (v2.frags != NULL));
	if (r == 0)
		check_payloads(&in2.msg);
}

static void read_piece1(uint8_t number, uint8_t flags, const uint8_t *text, size_t len)
{
	static const struct sk_ike2_sizes none;
	static uint8_t m[IKE_MAX_MESSAGE], buf[IKE_MAX_MESSAGE];
	const uint8_t head[4] = {0, flags >> 7, number, flags & 0x7f}; /* two sets */
	struct ike_datagram d = {.data = m}, whole;
	int r;

	in1.hdr = (struct ike_hdr){.ispi = 1,
				   .rspi = 2,
				   .next = IKE1_PLD_FRAGMENT,
				   .version = IKE_VERSION_1,
				   .exchange = IKE1_EXCH_MAIN};
	d.len = build(m, &in1.hdr, 0, head, &none, text, len);
	in1.d = &d;
	r = frag1_take(&sa, &in1, &whole, buf);
	FUZZ_CHECK(r != -EACCES && r != -ENOMEM);
	FUZZ_CHECK(r != 0 || (sa.frag1 == NULL && whole.data == buf && whole.len >= IKE_HDR_LEN &&
			      whole.len <= sizeof(buf)));
}

/* Fragments: number, how many (or flags), length, bytes. */
static void read_pieces(bool ike2, uint8_t first, const uint8_t *data, size_t size)
{
	while (size >= 4) {
		size_t len = data[2] < size - 3 ? data[2] : size - 3;
		const uint8_t numbers[4] = {0, data[0], 0, data[1]};

		if (ike2)
			read_sealed(first, numbers, data + 3, len);
		else
			read_piece1(data[0], data[1], data + 3, len);
		data += 3 + len;
		size -= 3 + len;
		in1.now = in2.now += TIMERS_SEC;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool cbc = size > 1 && data[1] & 1;

	if (size < 3 || size > 4096)
		return 0;
	v2.keys = (struct keymat_ike2){.prf = SUITE_HASH_SHA256,
				       .encr = cbc ? 12 : 20,
				       .key_bits = 128,
				       .integ = cbc ? 12 : 0,
				       .len = 32,
				       .encr_len = cbc ? 16 : 20,
				       .integ_len = cbc ? 32 : 0};
	v2.fragments = sa.fragments = true;
	in1.now = in2.now = 0;
	if (data[0] % 5 < 2)
		read_payload(data[0] % 5 == 0 ? IKE2_PLD_TSI : IKE2_PLD_SA, data + 2, size - 2);
	else if (data[0] % 5 == 2)
		read_sealed(data[1] >> 1, NULL, data + 2, size - 2);
	else
		read_pieces(data[0] % 5 == 3, data[1] >> 1, data + 2, size - 2);
	ike2_frag_free(&v2);
	frag1_free(&sa);
	return 0;
}
