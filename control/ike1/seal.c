/* SPDX-License-Identifier: BSD-3-Clause */
/* seal.c - encrypted IKEv1 messages; see seal.h. */
#include "control/ike1/seal.h"

#include <errno.h>
#include <string.h>

#include "control/crypto/sk.h"

int seal_first_iv(const struct ike_sa *sa, uint32_t msgid, uint8_t *iv)
{
	return keymat_ike1_phase2_iv(sa->keys->hash, sa->iv, msgid, iv, sk_ike1_block(sa->keys));
}

int seal_open(const struct ike_sa *sa, struct ike1_in *in, const uint8_t *iv)
{
	size_t len = in->d->len, block = sk_ike1_block(sa->keys);
	int r;

	if (len > sizeof(in->plain) || len < IKE_HDR_LEN + block ||
	    (len - IKE_HDR_LEN) % block != 0)
		return -EBADMSG;
	memcpy(in->plain, in->d->data, len);
	memcpy(in->next_iv, iv, block);
	r = sk_ike1_decrypt(sa->keys, in->next_iv, in->plain + IKE_HDR_LEN, len - IKE_HDR_LEN);
	if (r != 0)
		return r;
	return ike_msg_parse_plain(&in->msg, in->plain, len, true);
}

int seal_parse(struct ike1_in *in)
{
	return ike_msg_parse(&in->msg, in->d->data, in->d->len);
}

bool seal_hash_ok(const struct ike_sa *sa, const struct ike1_in *in, const uint8_t *expected)
{
	const struct ike_payload *p = in->msg.n > 0 ? &in->msg.pld[0] : NULL;

	return p != NULL && p->type == IKE1_PLD_HASH &&
	       sk_equal(p->body.data, p->body.len, expected, sa->keys->len);
}

bool seal_hash1_ok(const struct ike_sa *sa, const struct ike1_in *in)
{
	uint8_t expected[SUITE_MAX_HASH];
	struct prf_piece rest;
	struct ike_view after;

	if (in->msg.n == 0)
		return false;
	after = ike_msg_after(&in->msg, &in->msg.pld[0]);
	rest = (struct prf_piece){after.data, after.len};
	return keymat_ike1_hash1(sa->keys, in->hdr.msgid, &rest, expected) == 0 &&
	       seal_hash_ok(sa, in, expected);
}

void seal_begin(struct ike1_out *o, const struct ike_sa *sa, uint8_t exchange, uint32_t msgid,
		bool encrypted, bool with_hash)
{
	struct ike_hdr hdr = {
		.ispi = sa->ispi,
		.rspi = sa->rspi,
		.version = IKE_VERSION_1,
		.exchange = exchange,
		.flags = encrypted ? IKE1_FLAG_ENCRYPTION : 0,
		.msgid = msgid,
	};

	o->hash_at = 0;
	o->len = 0;
	ike_msg_begin(&o->b, o->buf, sizeof(o->buf), &hdr);
	if (with_hash)
		o->hash_at = ike_msg_add_blank(&o->b, IKE1_PLD_HASH, sa->keys->len);
	o->hash_end = ike_msg_size(&o->b);
}

struct prf_piece seal_covered(const struct ike1_out *o)
{
	return (struct prf_piece){o->buf + o->hash_end, ike_msg_size(&o->b) - o->hash_end};
}

void seal_set_hash(struct ike1_out *o, const struct ike_sa *sa, const uint8_t *hash)
{
	memcpy(o->buf + o->hash_at, hash, sa->keys->len);
}

int seal_hash1(struct ike1_out *o, const struct ike_sa *sa, uint32_t msgid)
{
	struct prf_piece rest = seal_covered(o);
	uint8_t hash[SUITE_MAX_HASH];
	int r = keymat_ike1_hash1(sa->keys, msgid, &rest, hash);

	if (r == 0)
		seal_set_hash(o, sa, hash);
	return r;
}

int seal_finish(struct ike1_out *o)
{
	return ike_msg_finish(&o->b, 0, &o->len);
}

int seal_close(struct ike1_out *o, const struct ike_sa *sa, uint8_t *iv)
{
	int r = ike_msg_finish(&o->b, sk_ike1_block(sa->keys), &o->len);

	if (r != 0)
		return r;
	return sk_ike1_encrypt(sa->keys, iv, o->buf + IKE_HDR_LEN, o->len - IKE_HDR_LEN);
}
