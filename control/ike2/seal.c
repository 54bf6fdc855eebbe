/* SPDX-License-Identifier: BSD-3-Clause */
/* seal.c - IKEv2 messages in clear and inside SK; see ike2.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/state.h"
#include "control/ike2/ike2.h"

void ike2_seal_begin(struct ike2_out *o, const struct ike_sa *sa, uint8_t exchange, uint32_t msgid,
		     bool response, bool sealed)
{
	struct ike_hdr hdr = {
		.ispi = sa->ispi,
		.rspi = sa->rspi,
		.version = IKE_VERSION_2,
		.exchange = exchange,
		.flags = (uint8_t)((sa->responder ? 0 : IKE2_FLAG_INITIATOR) |
				   (response ? IKE2_FLAG_RESPONSE : 0)),
		.msgid = msgid,
	};
	struct sk_ike2_sizes s = {0};

	o->sk_at = o->iv_at = o->len = 0;
	ike_msg_begin(&o->b, o->buf, sizeof(o->buf), &hdr);
	if (!sealed)
		return;
	(void)sk_ike2_sizes(&sa->v2->keys, &s);
	o->sk_at = ike_msg_size(&o->b);
	ike_msg_open(&o->b, IKE2_PLD_SK);
	o->iv_at = o->b.w.pos;
	wire_put_zero(&o->b.w, s.iv);
	/* The payloads that follow are inside; SK's own length is written at the end. */
}

int ike2_seal_iv(struct ike_engine *e, uint8_t *iv, struct ike_sa *sa,
		 const struct sk_ike2_sizes *s)
{
	struct wire_writer w;

	if (s->random_iv)
		return state_random(e, iv, s->iv);
	/* The same key never sees a number twice. */
	wire_writer_init(&w, iv, s->iv);
	wire_put_u64(&w, ++sa->v2->iv);
	return 0;
}

int ike2_seal_finish(struct ike_engine *e, struct ike2_out *o, struct ike_sa *sa)
{
	struct sk_ike2_sizes s;
	size_t text, pad;
	int r;

	if (o->sk_at == 0)
		return ike_msg_finish(&o->b, 0, &o->len);
	r = sk_ike2_sizes(&sa->v2->keys, &s);
	if (r != 0)
		return r;
	if (sa->v2->fragments && o->b.w.pos + s.block + s.icv > IKE2_FRAGMENT && !o->b.w.overflow)
		return ike2_frag_split(e, o, sa);
	text = o->b.w.pos - o->iv_at - s.iv + 1;
	pad = (s.block - text % s.block) % s.block;
	wire_put_zero(&o->b.w, pad);
	wire_put_u8(&o->b.w, (uint8_t)pad);
	wire_put_zero(&o->b.w, s.icv);
	wire_patch_u16(&o->b.w, o->sk_at + 2, (uint16_t)(o->b.w.pos - o->sk_at));
	r = ike_msg_finish(&o->b, 0, &o->len);
	if (r == 0)
		r = ike2_seal_iv(e, o->buf + o->iv_at, sa, &s);
	if (r == 0)
		r = sk_ike2_seal(&sa->v2->keys, sa->responder ? KEYMAT_R : KEYMAT_I, o->buf,
				 o->iv_at, o->len);
	return r;
}

int ike2_seal_parse(struct ike2_in *in)
{
	return ike_msg_parse(&in->msg, in->d->data, in->d->len);
}

int ike2_seal_open(struct ike_sa *sa, struct ike2_in *in)
{
	enum keymat_side from = sa->responder ? KEYMAT_I : KEYMAT_R;
	const struct ike_payload *sk;
	struct sk_ike2_sizes s;
	size_t iv_at, plain_len;
	uint8_t first;
	int r;

	if (in->d->len > sizeof(in->plain) || ike_msg_parse(&in->msg, in->d->data, in->d->len) != 0)
		return -EACCES;
	/* Nothing outside SK is believed; SK is the last one by its nature. */
	in->fragmented = false;
	sk = ike_msg_find(&in->msg, IKE2_PLD_SKF);
	if (sk != NULL && in->msg.n == 1)
		return ike2_frag_take(sa, in, sk);
	sk = ike_msg_find(&in->msg, IKE2_PLD_SK);
	if (sk == NULL || in->msg.n != 1)
		return -EACCES;
	iv_at = sk->offset + IKE_PLD_HDR_LEN;
	first = in->d->data[sk->offset];
	memcpy(in->plain, in->d->data, in->d->len);
	r = sk_ike2_sizes(&sa->v2->keys, &s);
	if (r == 0)
		r = sk_ike2_open(&sa->v2->keys, from, in->plain, iv_at, in->d->len, &plain_len);
	if (r != 0)
		return r == -EBADMSG ? -EACCES : r;
	return ike_msg_parse_inner(&in->msg, &in->hdr, first, in->plain + iv_at + s.iv, plain_len);
}

void ike2_add_notify(struct ike2_out *o, uint16_t type, const void *data, size_t len)
{
	ike2_msg_add_notify(&o->b, 0, (struct ike_view){NULL, 0}, type, data, len);
}

const struct ike_pld_notify *ike2_find_notify(const struct ike_msg *m, uint16_t type)
{
	const struct ike_payload *p;

	for (p = ike_msg_find(m, IKE2_PLD_NOTIFY); p != NULL; p = ike_msg_next(m, p)) {
		if (p->notify.type == type)
			return &p->notify;
	}
	return NULL;
}

const struct ike_pld_notify *ike2_find_error(const struct ike_msg *m)
{
	const struct ike_payload *p;

	for (p = ike_msg_find(m, IKE2_PLD_NOTIFY); p != NULL; p = ike_msg_next(m, p)) {
		if (p->notify.type < IKE2_N_FIRST_STATUS)
			return &p->notify;
	}
	return NULL;
}

int ike2_bytes_set(struct ike2_bytes *b, const void *data, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);

	if (copy == NULL)
		return -ENOMEM;
	memcpy(copy, data, len);
	free(b->data);
	*b = (struct ike2_bytes){copy, len};
	return 0;
}

void ike2_bytes_free(struct ike2_bytes *b)
{
	free(b->data);
	*b = (struct ike2_bytes){NULL, 0};
}
