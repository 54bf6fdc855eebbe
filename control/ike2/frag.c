/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * frag.c - fragments of IKEv2 messages (RFC 7383). Each piece is a message of its own, protected by
 * itself, so nothing is kept that is not authentic; one set at a time per SA. A message of ours
 * that is too long becomes several datagrams one after the other in the same buffer, each with its
 * length in its header: ike_sa_send() takes them apart.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/state.h"
#include "control/ike2/ike2.h"

#define NUMBERS 4u /* fragment number and how many there are, section 2.5 */

struct ike2_frags {
	uint32_t msgid;
	bool response;
	uint8_t first; /* type of the first payload inside, from fragment 1 */
	uint16_t total, have;
	size_t len;
	uint64_t begun;
	struct exchange digest; /* of fragment 1, by which a repeat is known */
	struct ike2_bytes piece[IKE2_MAX_FRAGMENTS];
};

void ike2_frag_free(struct ike2_sa *v2)
{
	struct ike2_frags *f = v2->frags;

	if (f == NULL)
		return;
	for (unsigned i = 0; i < IKE2_MAX_FRAGMENTS; i++) {
		OPENSSL_cleanse(f->piece[i].data, f->piece[i].len);
		ike2_bytes_free(&f->piece[i]);
	}
	free(f);
	v2->frags = NULL;
}

void ike2_frag_expire(struct ike2_sa *v2, uint64_t now)
{
	if (v2->frags != NULL && now >= v2->frags->begun + IKE2_FRAGMENTS_S * TIMERS_SEC)
		ike2_frag_free(v2);
}

/* The set that a fragment belongs to. A larger number of fragments means that the sender has begun
 * anew with smaller ones; fewer are late ones of before (section 2.6). NULL: not wanted. */
static struct ike2_frags *find_set(struct ike2_sa *v2, const struct ike2_in *in, uint16_t total)
{
	bool response = in->hdr.flags & IKE2_FLAG_RESPONSE;
	struct ike2_frags *f;

	ike2_frag_expire(v2, in->now);
	f = v2->frags;
	if (f != NULL && (f->msgid != in->hdr.msgid || f->response != response || f->total < total))
		ike2_frag_free(v2);
	else if (f != NULL)
		return f->total == total ? f : NULL;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->msgid = in->hdr.msgid;
	f->response = response;
	f->total = total;
	f->begun = in->now;
	v2->frags = f;
	return f;
}

/* All are there: the payloads go into in->plain. */
static int put_together(struct ike2_sa *v2, struct ike2_in *in)
{
	struct ike2_frags *f = v2->frags;
	struct exchange digest = f->digest;
	uint8_t first = f->first;
	size_t at = 0;

	for (unsigned i = 0; i < f->total; i++) {
		memcpy(in->plain + at, f->piece[i].data, f->piece[i].len);
		at += f->piece[i].len;
	}
	ike2_frag_free(v2);
	in->digest = digest;
	in->fragmented = true;
	return ike_msg_parse_inner(&in->msg, &in->hdr, first, in->plain, at);
}

static int keep(struct ike_sa *sa, struct ike2_in *in, unsigned number, unsigned total,
		uint8_t first, const uint8_t *text, size_t len)
{
	struct ike2_frags *f = find_set(sa->v2, in, (uint16_t)total);

	if (f == NULL || f->piece[number - 1].data != NULL)
		return -EALREADY;
	if (f->len + len > sizeof(in->plain)) {
		ike2_frag_free(sa->v2);
		return -EACCES;
	}
	if (ike2_bytes_set(&f->piece[number - 1], text, len) != 0)
		return -ENOMEM;
	f->len += len;
	f->have++;
	if (number == 1) {
		f->first = first;
		exchange_took(&f->digest, in->d->data, in->d->len);
	}
	return f->have == f->total ? put_together(sa->v2, in) : -EAGAIN;
}

int ike2_frag_take(struct ike_sa *sa, struct ike2_in *in, const struct ike_payload *skf)
{
	enum keymat_side from = sa->responder ? KEYMAT_I : KEYMAT_R;
	size_t iv_at = skf->offset + IKE_PLD_HDR_LEN + NUMBERS, len;
	const uint8_t *b = skf->body.data;
	unsigned number = (unsigned)(b[0] << 8 | b[1]), total = (unsigned)(b[2] << 8 | b[3]);
	struct sk_ike2_sizes s;
	int r;

	if (!sa->v2->fragments || number == 0 || number > total || total > IKE2_MAX_FRAGMENTS)
		return -EACCES;
	memcpy(in->plain, in->d->data, in->d->len);
	r = sk_ike2_sizes(&sa->v2->keys, &s);
	if (r == 0)
		r = sk_ike2_open(&sa->v2->keys, from, in->plain, iv_at, in->d->len, &len);
	if (r != 0)
		return r == -EBADMSG ? -EACCES : r;
	return keep(sa, in, number, total, in->d->data[skf->offset], in->plain + iv_at + s.iv, len);
}

bool ike2_frag_is_first(struct ike_sa *sa, struct ike2_in *in)
{
	enum keymat_side from = sa->responder ? KEYMAT_I : KEYMAT_R;
	const struct ike_payload *skf;
	size_t len;

	if (!sa->v2->keyed || !sa->v2->fragments || in->d->len > sizeof(in->plain) ||
	    ike_msg_parse(&in->msg, in->d->data, in->d->len) != 0)
		return false;
	skf = ike_msg_find(&in->msg, IKE2_PLD_SKF);
	if (skf == NULL || in->msg.n != 1 || skf->body.data[0] != 0 || skf->body.data[1] != 1)
		return false;
	memcpy(in->plain, in->d->data, in->d->len);
	return sk_ike2_open(&sa->v2->keys, from, in->plain, skf->offset + IKE_PLD_HDR_LEN + NUMBERS,
			    in->d->len, &len) == 0;
}

/* One fragment behind the others in o->buf. */
static int put_piece(struct ike_engine *e, struct ike2_out *o, struct ike_sa *sa,
		     const struct ike_hdr *hdr, const struct sk_ike2_sizes *s, unsigned number,
		     unsigned total, uint8_t first, const uint8_t *text, size_t len)
{
	uint8_t *at = o->buf + o->len;
	struct ike_builder b;
	size_t pad = (s->block - (len + 1) % s->block) % s->block, iv_at, whole;
	int r;

	ike_msg_begin(&b, at, sizeof(o->buf) - o->len, hdr);
	ike_msg_open(&b, IKE2_PLD_SKF);
	wire_patch_u8(&b.w, IKE_HDR_LEN, number == 1 ? first : IKE_PLD_NONE);
	wire_put_u16(&b.w, (uint16_t)number);
	wire_put_u16(&b.w, (uint16_t)total);
	iv_at = b.w.pos;
	wire_put_zero(&b.w, s->iv);
	wire_put_bytes(&b.w, text, len);
	wire_put_zero(&b.w, pad);
	wire_put_u8(&b.w, (uint8_t)pad);
	wire_put_zero(&b.w, s->icv);
	ike_msg_close(&b);
	r = ike_msg_finish(&b, 0, &whole);
	if (r == 0)
		r = ike2_seal_iv(e, at + iv_at, sa, s);
	if (r == 0)
		r = sk_ike2_seal(&sa->v2->keys, sa->responder ? KEYMAT_R : KEYMAT_I, at, iv_at,
				 whole);
	o->len += whole;
	return r;
}

int ike2_frag_split(struct ike_engine *e, struct ike2_out *o, struct ike_sa *sa)
{
	struct ike_parse_error error;
	struct sk_ike2_sizes s;
	uint8_t text[IKE_MAX_MESSAGE], first = o->buf[o->sk_at];
	size_t len, room, total;
	struct ike_hdr hdr;
	int r = sk_ike2_sizes(&sa->v2->keys, &s);

	if (r != 0)
		return r;
	len = o->b.w.pos - o->iv_at - s.iv;
	memcpy(text, o->buf + o->iv_at + s.iv, len);
	wire_patch_u32(&o->b.w, 24, (uint32_t)o->b.w.pos);
	if (ike_msg_parse_header(&hdr, o->buf, o->b.w.pos, &error) != 0)
		return -EINVAL;
	room = IKE2_FRAGMENT - IKE_HDR_LEN - IKE_PLD_HDR_LEN - NUMBERS - s.iv - s.icv - s.block;
	total = (len + room - 1) / room;
	if (total > IKE2_MAX_FRAGMENTS)
		return -ENOSPC;
	o->len = 0;
	for (size_t i = 0; i < total && r == 0; i++) {
		size_t part = len - i * room < room ? len - i * room : room;

		r = put_piece(e, o, sa, &hdr, &s, (unsigned)i + 1, (unsigned)total, first,
			      text + i * room, part);
	}
	OPENSSL_cleanse(text, sizeof(text));
	return r;
}
