/* SPDX-License-Identifier: BSD-3-Clause */
/* forge2.c - authentic lies in IKEv2; see forge2.h. */
#include "tests/sim/forge2.h"

#include <string.h>

#include "control/crypto/sk2.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

#define NEXT_AT 16u	    /* in the header: type of the first payload */
#define SK_AT	IKE_HDR_LEN /* alone in the message */
#define IV_AT	(SK_AT + IKE_PLD_HDR_LEN)

static struct ike_sa *find(struct sim *s, int node, const uint8_t *data)
{
	struct ike_peer *peer = TAILQ_FIRST(&s->node[node].engine->peers.list);
	struct ike_parse_error error;
	struct ike_hdr hdr;
	struct ike_sa *sa;

	if (ike_msg_parse_header(&hdr, data, IKE_HDR_LEN, &error) != 0 &&
	    error.reason != IKE_PARSE_LENGTH && error.reason != IKE_PARSE_SHORT)
		return NULL;
	TAILQ_FOREACH (sa, &peer->sas, of_peer) {
		if (sa->ispi == hdr.ispi && sa->rspi == hdr.rspi && sa->v2 != NULL && sa->v2->keyed)
			return sa;
	}
	return NULL;
}

static void put_u16(uint8_t *at, size_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

bool forge2_message(struct sim *s, int from, uint8_t *data, size_t *len, size_t cap,
		    forge2_change *change, void *ctx)
{
	struct sk_ike2_sizes z;
	struct ike_sa *sa;
	enum keymat_side side;
	size_t plain_len, at, total;

	if (*len <= IV_AT || data[NEXT_AT] != IKE2_PLD_SK)
		return false;
	sa = find(s, from, data);
	if (sa == NULL || sk_ike2_sizes(&sa->v2->keys, &z) != 0)
		return false;
	side = sa->responder ? KEYMAT_R : KEYMAT_I;
	if (sk_ike2_open(&sa->v2->keys, side, data, IV_AT, *len, &plain_len) != 0)
		return false;
	at = IV_AT + z.iv;
	plain_len =
		change(ctx, &data[SK_AT], data + at, plain_len, cap - at - z.block - z.icv - 1u);
	total = plain_len + 1;
	while (z.block != 0 && total % z.block != 0)
		total++;
	memset(data + at + plain_len, 0, total - plain_len);
	data[at + total - 1] = (uint8_t)(total - plain_len - 1);
	*len = at + total + z.icv;
	put_u16(data + SK_AT + 2, *len - SK_AT);
	put_u16(data + 24, 0);
	put_u16(data + 26, *len);
	return sk_ike2_seal(&sa->v2->keys, side, data, IV_AT, *len) == 0;
}

struct put {
	uint8_t next;
	const uint8_t *payloads;
	size_t len;
};

static size_t put_payloads(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap)
{
	const struct put *p = ctx;

	len = p->len < cap ? p->len : cap;
	*next = p->next;
	memcpy(payloads, p->payloads, len);
	return len;
}

bool forge2_send_as(struct sim *s, int from, uint8_t exchange, int off, bool response, uint8_t next,
		    const uint8_t *payloads, size_t len)
{
	struct ike_peer *peer = TAILQ_FIRST(&s->node[from].engine->peers.list);
	struct put put = {next, payloads, len};
	struct ike_sa *sa = ike_sa_best(peer);
	static struct ike2_out out; /* big: not on the stack */
	uint32_t id;

	if (sa == NULL || sa->v2 == NULL || !sa->v2->keyed)
		return false;
	id = (response ? sa->v2->next_in : sa->v2->next_out) + (uint32_t)off;
	ike2_seal_begin(&out, sa, exchange, id, response, true);
	if (ike2_seal_finish(s->node[from].engine, &out, sa) != 0 ||
	    !forge2_message(s, from, out.buf, &out.len, sizeof(out.buf), put_payloads, &put))
		return false;
	if (!response && off == 0)
		sa->v2->next_out++;
	sim_inject(s, 1 - from, out.buf, out.len, sa->at.marker);
	return true;
}

bool forge2_send(struct sim *s, int from, uint8_t exchange, uint8_t next, const uint8_t *payloads,
		 size_t len)
{
	return forge2_send_as(s, from, exchange, 0, false, next, payloads, len);
}

bool forge2_send_fragment(struct sim *s, int from, uint16_t number, uint16_t total, uint8_t next,
			  const uint8_t *text, size_t len)
{
	struct ike_peer *peer = TAILQ_FIRST(&s->node[from].engine->peers.list);
	struct ike_sa *sa = ike_sa_best(peer);
	struct sk_ike2_sizes z;
	static struct ike2_out out;
	size_t pad, iv_at;

	if (sa == NULL || sa->v2 == NULL || !sa->v2->keyed || len > 4096 ||
	    sk_ike2_sizes(&sa->v2->keys, &z) != 0)
		return false;
	ike2_seal_begin(&out, sa, IKE2_EXCH_INFO, sa->v2->next_out, false, false);
	ike_msg_open(&out.b, IKE2_PLD_SKF);
	wire_patch_u8(&out.b.w, SK_AT, next);
	wire_put_u16(&out.b.w, number);
	wire_put_u16(&out.b.w, total);
	iv_at = out.b.w.pos;
	pad = (z.block - (len + 1) % z.block) % z.block;
	wire_put_zero(&out.b.w, z.iv);
	wire_put_bytes(&out.b.w, text, len);
	wire_put_zero(&out.b.w, pad);
	wire_put_u8(&out.b.w, (uint8_t)pad);
	wire_put_zero(&out.b.w, z.icv);
	ike_msg_close(&out.b);
	if (ike_msg_finish(&out.b, 0, &out.len) != 0 ||
	    ike2_seal_iv(s->node[from].engine, out.buf + iv_at, sa, &z) != 0 ||
	    sk_ike2_seal(&sa->v2->keys, sa->responder ? KEYMAT_R : KEYMAT_I, out.buf, iv_at,
			 out.len) != 0)
		return false;
	sim_inject(s, 1 - from, out.buf, out.len, sa->at.marker);
	return true;
}
