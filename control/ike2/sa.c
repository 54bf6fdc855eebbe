/* SPDX-License-Identifier: BSD-3-Clause */
/* sa.c - the part of an IKE SA that is IKEv2's own, and its keys; see ike2.h. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/ike/child_sa.h"
#include "control/ike/dhwork.h"
#include "control/ike/state.h"
#include "control/ike/version.h"
#include "control/ike2/ike2.h"

#define AGAIN_MS 100u /* what was under way is tried again through another SA */

static void no_give_up(struct ike_engine *e, struct exchange *x, uint64_t now)
{
	(void)e;
	(void)x;
	(void)now;
}

/* Both nonces in one piece. 0 or -ENOMEM: as before. */
static int place_nonces(struct ike2_sa *v2, size_t ni_room, size_t nr_room)
{
	uint8_t *ni = calloc(1, ni_room + nr_room + 1), *nr = ni + ni_room;

	if (ni == NULL)
		return -ENOMEM;
	if (v2->ni != NULL) {
		memcpy(ni, v2->ni, v2->ni_len);
		memcpy(nr, v2->nr, v2->nr_len);
	}
	free(v2->ni);
	v2->ni = ni;
	v2->nr = nr;
	return 0;
}

int ike2_sa_init(struct ike_sa *sa)
{
	struct ike2_sa *v2 = calloc(1, sizeof(*v2));

	if (v2 == NULL)
		return -ENOMEM;
	v2->hs = calloc(1, sizeof(*v2->hs));
	if (v2->hs == NULL || place_nonces(v2, IKE_MAX_NONCE, IKE_MAX_NONCE) != 0) {
		free(v2->hs);
		free(v2);
		return -ENOMEM;
	}
	TAILQ_INIT(&v2->tasks);
	exchange_init(&v2->answer, sa, 0, no_give_up);
	sa->v2 = v2;
	return 0;
}

void ike2_sa_drop_handshake(struct ike_sa *sa)
{
	struct ike2_handshake *hs = sa->v2 != NULL ? sa->v2->hs : NULL;

	if (hs == NULL)
		return;
	dh_free(hs->dh);
	ike2_bytes_free(&hs->init_i);
	ike2_bytes_free(&hs->init_r);
	OPENSSL_clear_free(hs, sizeof(*hs));
	sa->v2->hs = NULL;
}

/* A rekey under way does not get its SA any more. */
static void forget_successor(const struct ike_sa *sa)
{
	const struct ike_sa *other;
	struct ike2_task *t;

	TAILQ_FOREACH (other, &sa->peer->sas, of_peer) {
		if (other == sa || other->v2 == NULL)
			continue;
		TAILQ_FOREACH (t, &other->v2->tasks, of_sa) {
			if (t->successor == sa)
				t->successor = NULL;
		}
	}
}

void ike2_sa_free(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct ike2_task *t;

	forget_successor(sa);
	ike2_rekey_settle(e, sa, now);
	if (sa->v2->dh_waits)
		dhwork_forget(e, sa);
	while ((t = TAILQ_FIRST(&sa->v2->tasks)) != NULL) {
		struct ike_policy *policy = t->policy;

		ike2_task_free(e, t, now);
		/* What it was for is still to be done. */
		if (policy != NULL)
			child_ensure_in(e, policy, now + AGAIN_MS * TIMERS_MS);
	}
	child_disown(e, sa, now);
	exchange_fini(e, &sa->v2->answer);
	ike2_frag_free(sa->v2);
	ike2_sa_drop_handshake(sa);
	free(sa->v2->ni);
	OPENSSL_clear_free(sa->v2, sizeof(*sa->v2));
	sa->v2 = NULL;
}

void ike2_sa_keyed(struct ike2_sa *v2)
{
	v2->keyed = true;
	(void)place_nonces(v2, v2->ni_len, v2->nr_len);
}

int ike2_derive(struct ike_sa *sa, const struct dh *dh, const uint8_t *peer, size_t peer_len,
		const struct ike_sa *old)
{
	struct ike2_sa *v2 = sa->v2;
	uint64_t ispi = htobe64(sa->ispi), rspi = htobe64(sa->rspi);
	struct keymat_ike2_input in = {
		.prf = v2->keys.prf,
		.encr = v2->keys.encr,
		.key_bits = v2->keys.key_bits,
		.integ = v2->keys.integ,
		.ni = {v2->ni, v2->ni_len},
		.nr = {v2->nr, v2->nr_len},
	};
	uint8_t secret[DH_MAX_SECRET];
	size_t len;
	int r;

	memcpy(in.spi_i, &ispi, sizeof(ispi));
	memcpy(in.spi_r, &rspi, sizeof(rspi));
	r = dh_derive(dh, peer, peer_len, secret, sizeof(secret), &len);
	if (r != 0)
		return r;
	in.gir = (struct prf_piece){secret, len};
	r = keymat_ike2_derive(&v2->keys, &in, old != NULL ? &old->v2->keys : NULL);
	OPENSSL_cleanse(secret, sizeof(secret));
	if (r == 0)
		ike2_sa_keyed(v2);
	return r;
}

int ike2_auth(const struct ike_sa *sa, bool of_initiator, struct ike_view id_b, uint8_t *out)
{
	const struct ike2_sa *v2 = sa->v2;
	const struct ike2_bytes *init = of_initiator ? &v2->hs->init_i : &v2->hs->init_r;
	struct keymat_ike2_auth a = {
		.psk = {sa->peer->psk, sa->peer->psk_len},
		.message = {init->data, init->len},
		.nonce = {of_initiator ? v2->nr : v2->ni, of_initiator ? v2->nr_len : v2->ni_len},
		.id_b = {id_b.data, id_b.len},
	};

	return keymat_ike2_auth_psk(&v2->keys, of_initiator ? KEYMAT_I : KEYMAT_R, &a, out);
}

void ike2_take_choice(struct ike_sa *sa, const struct prop2_choice *choice)
{
	struct keymat_ike2 *k = &sa->v2->keys;

	sa->encr = choice->encr;
	sa->hash = choice->prf;
	sa->group = choice->group;
	sa->lifetime = sa->peer->conf.profile.lifetime; /* each side its own: section 2.8 */
	k->prf = (enum suite_hash)choice->prf;
	k->encr = choice->encr.id;
	k->key_bits = choice->encr.key_bits;
	k->integ = choice->integ;
}

int ike2_take_nonce(const struct ike_msg *m, uint8_t *nonce, size_t *len)
{
	const struct ike_payload *p = ike_msg_find(m, IKE2_PLD_NONCE);

	if (p == NULL || p->body.len < IKE2_MIN_NONCE || p->body.len > IKE_MAX_NONCE)
		return -EBADMSG;
	memcpy(nonce, p->body.data, p->body.len);
	*len = p->body.len;
	return 0;
}
