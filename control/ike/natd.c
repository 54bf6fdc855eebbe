/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * natd.c - NAT detection and vendor IDs.
 */
#include "control/ike/natd.h"

#include <errno.h>
#include <string.h>

#include "control/crypto/prf.h"
#include "control/crypto/sk.h"

struct vendor {
	const char *name;
	uint8_t len;
	bool prefix; /* what follows is a version */
	uint8_t id[16];
};

/* All but DPD's and XAUTH's are MD5 of a text, which the unit test computes again: "RFC 3947",
 * "draft-ietf-ipsec-nat-t-ike-03", "..-02\n", "..-02", "..-00", "FRAGMENTATION" (RFC 3947
 * section 3.1 and the drafts). DPD: RFC 3706 section 5.1. */
static const struct vendor vendors[NATD_VENDOR_COUNT] = {
	[NATD_VENDOR_UNKNOWN] = {"unknown", 0, false, {0}},
	[NATD_VENDOR_RFC3947] = {"RFC 3947",
				 16,
				 false,
				 {0x4a, 0x13, 0x1c, 0x81, 0x07, 0x03, 0x58, 0x45, 0x5c, 0x57, 0x28,
				  0xf2, 0x0e, 0x95, 0x45, 0x2f}},
	[NATD_VENDOR_DRAFT_03] = {"draft-ietf-ipsec-nat-t-ike-03",
				  16,
				  false,
				  {0x7d, 0x94, 0x19, 0xa6, 0x53, 0x10, 0xca, 0x6f, 0x2c, 0x17, 0x9d,
				   0x92, 0x15, 0x52, 0x9d, 0x56}},
	[NATD_VENDOR_DRAFT_02_N] = {"draft-ietf-ipsec-nat-t-ike-02\\n",
				    16,
				    false,
				    {0x90, 0xcb, 0x80, 0x91, 0x3e, 0xbb, 0x69, 0x6e, 0x08, 0x63,
				     0x81, 0xb5, 0xec, 0x42, 0x7b, 0x1f}},
	[NATD_VENDOR_DRAFT_02] = {"draft-ietf-ipsec-nat-t-ike-02",
				  16,
				  false,
				  {0xcd, 0x60, 0x46, 0x43, 0x35, 0xdf, 0x21, 0xf8, 0x7c, 0xfd, 0xb2,
				   0xfc, 0x68, 0xb6, 0xa4, 0x48}},
	[NATD_VENDOR_DRAFT_00] = {"draft-ietf-ipsec-nat-t-ike-00",
				  16,
				  false,
				  {0x44, 0x85, 0x15, 0x2d, 0x18, 0xb6, 0xbb, 0xcd, 0x0b, 0xe8, 0xa8,
				   0x46, 0x95, 0x79, 0xdd, 0xcc}},
	[NATD_VENDOR_DPD] = {"DPD",
			     14,
			     true,
			     {0xaf, 0xca, 0xd7, 0x13, 0x68, 0xa1, 0xf1, 0xc9, 0x6b, 0x86, 0x96,
			      0xfc, 0x77, 0x57, 0x01, 0x00}},
	[NATD_VENDOR_XAUTH] = {"XAUTH", 8, false, {0x09, 0x00, 0x26, 0x89, 0xdf, 0xd6, 0xb7, 0x12}},
	[NATD_VENDOR_UNITY] = {"Cisco Unity",
			       14,
			       true,
			       {0x12, 0xf5, 0xf2, 0x8c, 0x45, 0x71, 0x68, 0xa9, 0x70, 0x2d, 0x9f,
				0xe2, 0x74, 0xcc, 0x01, 0x00}},
	[NATD_VENDOR_FRAGMENTATION] = {"FRAGMENTATION",
				       16,
				       true,
				       {0x40, 0x48, 0xb7, 0xd5, 0x6e, 0xbc, 0xe8, 0x85, 0x25, 0xe7,
					0xde, 0x7f, 0x00, 0xd6, 0xc2, 0xd3}},
	[NATD_VENDOR_STRONGSWAN] = {"strongSwan",
				    16,
				    false,
				    {0x88, 0x2f, 0xe5, 0x6d, 0x6f, 0xd2, 0x0d, 0xbc, 0x22, 0x51,
				     0x61, 0x3b, 0x2e, 0xbe, 0x5b, 0xeb}},
};

enum natd_vendor natd_vendor_find(struct ike_view body)
{
	for (int v = NATD_VENDOR_UNKNOWN + 1; v < NATD_VENDOR_COUNT; v++) {
		const struct vendor *row = &vendors[v];

		if ((body.len == row->len || (row->prefix && body.len > row->len)) &&
		    memcmp(body.data, row->id, row->len) == 0)
			return (enum natd_vendor)v;
	}
	return NATD_VENDOR_UNKNOWN;
}

const char *natd_vendor_name(enum natd_vendor v)
{
	return (unsigned int)v < NATD_VENDOR_COUNT ? vendors[v].name : vendors[0].name;
}

void natd_vendor_add(struct ike_builder *b, enum natd_vendor v)
{
	/* What others compare with: the ID, and "phase 1 and after". */
	static const uint8_t fragmentation[20] = {0x40, 0x48, 0xb7, 0xd5, 0x6e, 0xbc, 0xe8,
						  0x85, 0x25, 0xe7, 0xde, 0x7f, 0x00, 0xd6,
						  0xc2, 0xd3, 0x80, 0x00, 0x00, 0x00};

	if (v <= NATD_VENDOR_UNKNOWN || v >= NATD_VENDOR_COUNT)
		return;
	if (v == NATD_VENDOR_FRAGMENTATION) {
		ike_msg_add(b, IKE1_PLD_VENDOR, fragmentation, sizeof(fragmentation));
		return;
	}
	/* DPD goes out with its version, 1.0: RFC 3706 section 5.1. */
	ike_msg_add(b, IKE1_PLD_VENDOR, vendors[v].id,
		    v == NATD_VENDOR_DPD ? sizeof(vendors[v].id) : vendors[v].len);
}

void natd_vendor_add_all(struct ike_builder *b, bool natt)
{
	for (int v = NATD_VENDOR_RFC3947; natt && v <= NATD_VENDOR_DRAFT_02; v++)
		natd_vendor_add(b, (enum natd_vendor)v);
	natd_vendor_add(b, NATD_VENDOR_DPD);
	natd_vendor_add(b, NATD_VENDOR_FRAGMENTATION);
}

enum natd_vendor natd_variant(const struct ike_msg *m)
{
	for (int v = NATD_VENDOR_RFC3947; v <= NATD_VENDOR_DRAFT_02; v++) {
		if (natd_vendor_has(m, (enum natd_vendor)v))
			return (enum natd_vendor)v;
	}
	return NATD_VENDOR_UNKNOWN;
}

bool natd_vendor_has(const struct ike_msg *m, enum natd_vendor v)
{
	for (size_t i = 0; i < m->n; i++) {
		if (m->pld[i].type == IKE1_PLD_VENDOR && natd_vendor_find(m->pld[i].body) == v)
			return true;
	}
	return false;
}

uint8_t natd_payload_type(enum natd_vendor variant)
{
	return variant == NATD_VENDOR_RFC3947 ? IKE1_PLD_NATD : IKE1_PLD_NATD_DRAFT;
}

uint8_t natd_oa_payload_type(enum natd_vendor variant)
{
	return variant == NATD_VENDOR_RFC3947 ? IKE1_PLD_NATOA : IKE1_PLD_NATOA_DRAFT;
}

uint16_t natd_encap_mode(enum natd_vendor variant, bool natt, uint8_t mode)
{
	bool tunnel = mode == ABI_MODE_TUNNEL;

	if (!natt)
		return tunnel ? IKE1_ENCAP_TUNNEL : IKE1_ENCAP_TRANSPORT;
	if (variant == NATD_VENDOR_RFC3947)
		return tunnel ? IKE1_ENCAP_UDP_TUNNEL : IKE1_ENCAP_UDP_TRANSPORT;
	return tunnel ? IKE1_ENCAP_UDP_TUNNEL_DRAFT : IKE1_ENCAP_UDP_TRANSPORT_DRAFT;
}

int natd_hash(enum suite_hash hash, uint64_t ispi, uint64_t rspi, const struct abi_addr *addr,
	      uint16_t port, uint8_t *out)
{
	uint8_t cookies[2 * IKE_COOKIE_LEN], port_be[2] = {(uint8_t)(port >> 8), (uint8_t)port};
	const struct prf_piece in[] = {{cookies, sizeof(cookies)},
				       {addr->bytes, addr->family == 4 ? 4 : 16},
				       {port_be, sizeof(port_be)}};
	struct wire_writer w;

	if (addr->family != 4 && addr->family != 6)
		return -EINVAL;
	wire_writer_init(&w, cookies, sizeof(cookies));
	wire_put_u64(&w, ispi);
	wire_put_u64(&w, rspi);
	return prf_digest(hash, in, 3, out);
}

int natd_check(const struct ike_msg *m, enum suite_hash hash, const struct abi_addr *local,
	       uint16_t local_port, const struct abi_addr *remote, uint16_t remote_port,
	       struct natd_result *out)
{
	const struct suite_digest *d = suite_digest_find(hash);
	const struct ike_payload *p = ike_msg_find(m, IKE1_PLD_NATD);
	uint8_t ours[SUITE_MAX_HASH], theirs[SUITE_MAX_HASH];
	int r;

	memset(out, 0, sizeof(*out));
	if (!d)
		return -ENOTSUP;
	if (!p || !ike_msg_next(m, p))
		return 0;
	r = natd_hash(hash, m->hdr.ispi, m->hdr.rspi, local, local_port, ours);
	if (r == 0)
		r = natd_hash(hash, m->hdr.ispi, m->hdr.rspi, remote, remote_port, theirs);
	if (r)
		return r;
	out->seen = true;
	out->local_nat = !sk_equal(p->body.data, p->body.len, ours, d->len);
	out->remote_nat = true;
	while ((p = ike_msg_next(m, p)) != NULL) {
		if (sk_equal(p->body.data, p->body.len, theirs, d->len))
			out->remote_nat = false;
	}
	return 0;
}

int natd_add(struct ike_builder *b, enum natd_vendor variant, enum suite_hash hash, uint64_t ispi,
	     uint64_t rspi, const struct abi_addr *local, uint16_t local_port,
	     const struct abi_addr *remote, uint16_t remote_port)
{
	const struct suite_digest *d = suite_digest_find(hash);
	uint8_t dst[SUITE_MAX_HASH], src[SUITE_MAX_HASH];
	int r;

	if (!d)
		return -ENOTSUP;
	r = natd_hash(hash, ispi, rspi, remote, remote_port, dst);
	if (r == 0)
		r = natd_hash(hash, ispi, rspi, local, local_port, src);
	if (r)
		return r;
	ike_msg_add(b, natd_payload_type(variant), dst, d->len);
	ike_msg_add(b, natd_payload_type(variant), src, d->len);
	return 0;
}
