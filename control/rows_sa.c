/* SPDX-License-Identifier: BSD-3-Clause */
/* rows_sa.c - one row of installed-sa. */
#include <stdio.h>
#include <string.h>

#include "control/rows.h"
#include "control/secret.h"

static const char *sa_state_name(uint32_t state)
{
	switch (state) {
	case ABI_SA_MATURE:
		return "mature";
	case ABI_SA_DYING:
		return "dying";
	case ABI_SA_FREE:
	case ABI_SA_DEAD:
		return "dead";
	default:
		return "larval";
	}
}

static const char *auth_name(uint8_t integ, uint8_t encr)
{
	switch (integ) {
	case ABI_INTEG_HMAC_MD5_96:
		return "md5";
	case ABI_INTEG_HMAC_SHA1_96:
		return "sha1";
	case ABI_INTEG_HMAC_SHA2_256_128:
		return "sha256";
	case ABI_INTEG_HMAC_SHA2_256_96:
		return "sha256_96";
	case ABI_INTEG_HMAC_SHA2_384_192:
		return "sha384";
	case ABI_INTEG_HMAC_SHA2_512_256:
		return "sha512";
	default:
		return encr == ABI_ENCR_AES_GCM_16 || encr == ABI_ENCR_CHACHA20_POLY1305 ? "aead"
											 : "null";
	}
}

static const char *enc_name(uint8_t encr)
{
	switch (encr) {
	case ABI_ENCR_3DES:
		return "3des";
	case ABI_ENCR_AES_CBC:
		return "aes-cbc";
	case ABI_ENCR_AES_CTR:
		return "aes-ctr";
	case ABI_ENCR_AES_GCM_16:
		return "aes-gcm";
	case ABI_ENCR_CHACHA20_POLY1305:
		return "chacha20poly1305";
	default:
		return "null";
	}
}

/* Lifetimes are agreed in whole seconds; installing took a part of one. */
static uint64_t rounded_between(uint64_t from, uint64_t to)
{
	return to > from ? (to - from + NS_PER_SEC / 2) / NS_PER_SEC : 0;
}

/* Wall clock of a monotonic time. */
static uint64_t wall_of(const struct rows_sa *x, uint64_t mono)
{
	return (uint64_t)(x->wall_now - (int64_t)rows_seconds(mono, x->now));
}

static void fill_keys(const struct sa_half *h, struct value *v)
{
	const struct sa_keys *k;

	if (h->keys == NULL)
		return;
	k = (const struct sa_keys *)(const void *)h->keys->data;
	if (h->add.integ_key_len != 0)
		value_set_bytes(&v[SA_AUTH_KEY], k->integ_key, h->add.integ_key_len);
	if (h->add.encr_key_len != 0)
		value_set_bytes(&v[SA_ENC_KEY], k->encr_key, h->add.encr_key_len);
}

static void fill_life(const struct rows_sa *x, struct value *v)
{
	const struct abi_lifetime *l = &x->half->add.life;
	const struct sa_pair *p = x->pair;

	value_set_num(&v[SA_ADDTIME], (uint64_t)p->added_wall);
	if (l->hard_time != 0) {
		value_set_num(&v[SA_EXPIRES_IN], rows_seconds(x->now, l->hard_time));
		value_set_pair(&v[SA_ADD_LIFETIME], rounded_between(p->added, l->soft_time),
			       rounded_between(p->added, l->hard_time));
	}
	if (l->soft_bytes != 0 || l->hard_bytes != 0)
		value_set_pair(&v[SA_LIFEBYTES], l->soft_bytes, l->hard_bytes);
}

static void fill_endpoints(const struct sa_added *a, struct value *v)
{
	bool in = a->direction == ABI_DIR_IN, udp = a->encap == ABI_ENCAP_UDP;
	uint16_t local_port = udp ? a->local_port : 0, remote_port = udp ? a->remote_port : 0;

	value_set_addr(&v[in ? SA_DST : SA_SRC], &a->local, local_port);
	value_set_addr(&v[in ? SA_SRC : SA_DST], &a->remote, remote_port);
	value_set_num(&v[SA_UDP_ENCAP], udp);
}

static void fill_counters(struct rows_sa *x, struct value *v)
{
	struct abi_sa_counters c;
	uint64_t seen;
	size_t at = 0;

	segmap_sa_counters(x->map, x->half->add.slot, &c);
	value_set_num(&v[SA_CURRENT_BYTES], c.bytes);
	value_set_num(&v[SA_CURRENT_PACKETS], c.packets);
	value_set_num(&v[SA_WIRE_BYTES], c.wire_bytes);
	value_set_num(&v[SA_DROPS], c.drops);
	value_set_num(&v[SA_SEEN_TRAFFIC], c.packets != 0);
	if (c.last_used != 0)
		value_set_num(&v[SA_LAST_USED], wall_of(x, c.last_used));
	seen = segmap_sa_workers(x->map, x->half->add.slot);
	for (unsigned int w = 0; w < 64 && at + 4 < sizeof(x->workers); w++)
		if (seen >> w & 1)
			at += (size_t)snprintf(x->workers + at, sizeof(x->workers) - at, "%s%u",
					       at != 0 ? "," : "", w);
	if (at != 0)
		value_set_text(&v[SA_WORKERS], x->workers);
}

#define DROP_NAME(suffix, name, text) name,
static const char *const ipsec_drop_name[] = {ABI_DROP_IPSEC(DROP_NAME)};
#undef DROP_NAME

static void fill_drop_causes(struct rows_sa *x, struct value *v)
{
	struct abi_sa_drops d;
	size_t at = 0;

	segmap_sa_drops(x->map, x->half->add.slot, &d);
	for (unsigned int r = 1; r <= DROP_IPSEC_LAST; r++) {
		size_t room = sizeof(x->causes) - at;
		int n;

		if (d.count[r] == 0)
			continue;
		n = snprintf(x->causes + at, room, "%s%s:%llu", at != 0 ? "," : "",
			     ipsec_drop_name[r - 1], (unsigned long long)d.count[r]);
		if ((size_t)n >= room)
			break;
		at += (size_t)n;
	}
	x->causes[at] = '\0';
	if (at != 0)
		value_set_text(&v[SA_DROP_CAUSES], x->causes);
}

static void fill_status(struct rows_sa *x, struct value *v)
{
	struct abi_sa_status s;

	if (!segmap_sa(x->map, x->half->add.slot, &s) || s.spi != x->half->add.spi) {
		value_set_text(&v[SA_STATE], x->half->installed ? "dead" : "larval");
		return;
	}
	value_set_text(&v[SA_STATE], sa_state_name(s.state));
	value_set_num(&v[SA_SEQ], s.seq);
	if (s.first_used != 0)
		value_set_num(&v[SA_FIRST_USED], wall_of(x, s.first_used));
	if (x->half->add.direction == ABI_DIR_OUT) {
		value_set_num(&v[SA_CURRENT], s.current != 0);
		value_set_num(&v[SA_MTU], s.mtu);
	}
}

void rows_fill_sa(struct rows_sa *x, struct value *v)
{
	const struct sa_added *a = &x->half->add;

	menu_row_clear(v, INSTALLED_SA_PROPS);
	value_set_num(&v[SA_HW_AEAD], 0);
	value_set_num(&v[SA_AH], 0);
	value_set_num(&v[SA_ESP], 1);
	value_set_num(&v[SA_SPI], a->spi);
	fill_endpoints(a, v);
	value_set_text(&v[SA_AUTH_ALGORITHM], auth_name(a->integ, a->encr));
	value_set_text(&v[SA_ENC_ALGORITHM], enc_name(a->encr));
	value_set_num(&v[SA_ENC_KEY_SIZE], a->encr_key_len * 8u);
	fill_keys(x->half, v);
	fill_life(x, v);
	/* RouterOS shows one window for both directions; ours is kept inbound */
	value_set_num(&v[SA_REPLAY], x->pair->in.add.replay_window);
	value_set_text(&v[SA_COMMENT], x->pair->comment[0] != '\0' ? x->pair->comment : NULL);
	value_set_text(&v[SA_PEER], x->pair->peer);
	value_set_text(&v[SA_DIRECTION], a->direction == ABI_DIR_IN ? "in" : "out");
	value_set_num(&v[SA_POLICY_ID], x->pair->policy_id);
	value_set_num(&v[SA_ESN], (a->flags & ABI_SA_F_ESN) != 0);
	fill_counters(x, v);
	fill_drop_causes(x, v);
	fill_status(x, v);
}
