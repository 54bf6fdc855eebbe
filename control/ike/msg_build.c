/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * msg_build.c - building of IKE messages.
 */
#include <errno.h>

#include "control/ike/msg.h"

#define NEXT_AT	  16u /* offset of the header's next-payload byte */
#define LENGTH_AT 24u

void ike_msg_begin(struct ike_builder *b, uint8_t *buf, size_t cap, const struct ike_hdr *hdr)
{
	wire_writer_init(&b->w, buf, cap < IKE_MAX_MESSAGE ? cap : IKE_MAX_MESSAGE);
	wire_put_u64(&b->w, hdr->ispi);
	wire_put_u64(&b->w, hdr->rspi);
	wire_put_u8(&b->w, IKE_PLD_NONE);
	wire_put_u8(&b->w, hdr->version);
	wire_put_u8(&b->w, hdr->exchange);
	wire_put_u8(&b->w, hdr->flags);
	wire_put_u32(&b->w, hdr->msgid);
	wire_put_u32(&b->w, 0);
	b->next_at = NEXT_AT;
	b->pld_at = 0;
}

void ike_msg_open(struct ike_builder *b, uint8_t type)
{
	size_t at = b->w.pos;

	wire_patch_u8(&b->w, b->next_at, type);
	wire_put_u8(&b->w, IKE_PLD_NONE);
	wire_put_u8(&b->w, 0);
	wire_put_u16(&b->w, 0);
	b->next_at = at;
	b->pld_at = at;
}

void ike_msg_close(struct ike_builder *b)
{
	wire_patch_u16(&b->w, b->pld_at + 2, (uint16_t)(b->w.pos - b->pld_at));
	b->pld_at = 0;
}

void ike_msg_add(struct ike_builder *b, uint8_t type, const void *body, size_t len)
{
	ike_msg_open(b, type);
	wire_put_bytes(&b->w, body, len);
	ike_msg_close(b);
}

size_t ike_msg_add_blank(struct ike_builder *b, uint8_t type, size_t len)
{
	size_t at;

	ike_msg_open(b, type);
	at = b->w.pos;
	wire_put_zero(&b->w, len);
	ike_msg_close(b);
	return at;
}

void ike_msg_add_notify(struct ike_builder *b, const struct ike_pld_notify *n)
{
	ike_msg_open(b, IKE1_PLD_NOTIFY);
	wire_put_u32(&b->w, n->doi);
	wire_put_u8(&b->w, n->protocol);
	wire_put_u8(&b->w, (uint8_t)n->spi.len);
	wire_put_u16(&b->w, n->type);
	wire_put_bytes(&b->w, n->spi.data, n->spi.len);
	wire_put_bytes(&b->w, n->data.data, n->data.len);
	if (n->spi.len > IKE_MAX_COOKIE)
		b->w.overflow = true;
	ike_msg_close(b);
}

void ike_msg_add_delete(struct ike_builder *b, const uint32_t *spis, size_t n_spis, uint64_t ispi,
			uint64_t rspi)
{
	ike_msg_open(b, IKE1_PLD_DELETE);
	wire_put_u32(&b->w, IKE1_DOI_IPSEC);
	wire_put_u8(&b->w, n_spis ? IKE_PROTO_ESP : IKE_PROTO_IKE);
	wire_put_u8(&b->w, n_spis ? 4 : 2 * IKE_COOKIE_LEN);
	wire_put_u16(&b->w, n_spis ? (uint16_t)n_spis : 1);
	for (size_t i = 0; i < n_spis; i++)
		wire_put_u32(&b->w, spis[i]);
	if (n_spis == 0) {
		wire_put_u64(&b->w, ispi);
		wire_put_u64(&b->w, rspi);
	}
	if (n_spis > IKE_MAX_SPIS)
		b->w.overflow = true;
	ike_msg_close(b);
}

void ike2_msg_add_notify(struct ike_builder *b, uint8_t protocol, struct ike_view spi,
			 uint16_t type, const void *data, size_t len)
{
	ike_msg_open(b, IKE2_PLD_NOTIFY);
	wire_put_u8(&b->w, protocol);
	wire_put_u8(&b->w, (uint8_t)spi.len);
	wire_put_u16(&b->w, type);
	wire_put_bytes(&b->w, spi.data, spi.len);
	wire_put_bytes(&b->w, data, len);
	if (spi.len > IKE_MAX_COOKIE)
		b->w.overflow = true;
	ike_msg_close(b);
}

void ike2_msg_add_delete(struct ike_builder *b, const uint32_t *spis, size_t n_spis)
{
	ike_msg_open(b, IKE2_PLD_DELETE);
	wire_put_u8(&b->w, n_spis ? IKE_PROTO_ESP : IKE_PROTO_IKE);
	wire_put_u8(&b->w, n_spis ? 4 : 0);
	wire_put_u16(&b->w, (uint16_t)n_spis);
	for (size_t i = 0; i < n_spis; i++)
		wire_put_u32(&b->w, spis[i]);
	if (n_spis > IKE_MAX_SPIS)
		b->w.overflow = true;
	ike_msg_close(b);
}

void ike2_msg_add_ke(struct ike_builder *b, uint16_t group, const void *data, size_t len)
{
	ike_msg_open(b, IKE2_PLD_KE);
	wire_put_u16(&b->w, group);
	wire_put_u16(&b->w, 0);
	wire_put_bytes(&b->w, data, len);
	ike_msg_close(b);
}

void ike2_msg_add_typed(struct ike_builder *b, uint8_t payload, uint8_t type, const void *data,
			size_t len)
{
	ike_msg_open(b, payload);
	wire_put_u8(&b->w, type);
	wire_put_zero(&b->w, 3);
	wire_put_bytes(&b->w, data, len);
	ike_msg_close(b);
}

size_t ike_msg_size(const struct ike_builder *b)
{
	return b->w.pos;
}

int ike_msg_finish(struct ike_builder *b, size_t block, size_t *len)
{
	size_t body = b->w.pos - IKE_HDR_LEN;

	if (block > 1 && body % block != 0)
		wire_put_zero(&b->w, block - body % block);
	wire_patch_u32(&b->w, LENGTH_AT, (uint32_t)b->w.pos);
	*len = b->w.overflow ? 0 : b->w.pos;
	return b->w.overflow ? -ENOSPC : 0;
}
