/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ts.c - traffic selectors and the ID payloads of quick mode.
 */
#include "control/ike/ts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static size_t addr_len(uint8_t family)
{
	return family == 4 ? 4 : 16;
}

/* Shape of each ID type: family, and what two halves the data has. */
enum id_shape { SHAPE_ADDR = 1, SHAPE_SUBNET, SHAPE_RANGE };

static const struct {
	uint8_t type, family;
	enum id_shape shape;
} shapes[] = {
	{IKE1_ID_IPV4_ADDR, 4, SHAPE_ADDR},	     {IKE1_ID_IPV6_ADDR, 6, SHAPE_ADDR},
	{IKE1_ID_IPV4_ADDR_SUBNET, 4, SHAPE_SUBNET}, {IKE1_ID_IPV6_ADDR_SUBNET, 6, SHAPE_SUBNET},
	{IKE1_ID_IPV4_ADDR_RANGE, 4, SHAPE_RANGE},   {IKE1_ID_IPV6_ADDR_RANGE, 6, SHAPE_RANGE},
};
#define N_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* Length of a contiguous mask in bits, or -1. */
static int mask_bits(const uint8_t *mask, size_t len)
{
	int bits = 0;
	bool ended = false;

	for (size_t i = 0; i < len * 8; i++) {
		bool set = mask[i / 8] >> (7 - i % 8) & 1;

		if (set && ended)
			return -1;
		ended = !set;
		bits += set;
	}
	return bits;
}

static void apply_prefix(struct abi_range *r, const uint8_t *addr, size_t len, size_t bits)
{
	for (size_t i = 0; i < len; i++) {
		size_t left = bits > i * 8 ? bits - i * 8 : 0;
		uint8_t mask = left >= 8 ? 0xff : (uint8_t)(0xff00u >> left);

		r->lo[i] = addr[i] & mask;
		r->hi[i] = (uint8_t)(addr[i] | (uint8_t)~mask);
	}
}

static int fill_addresses(struct abi_range *r, enum id_shape shape, const uint8_t *data, size_t len)
{
	int bits;

	switch (shape) {
	case SHAPE_ADDR:
		apply_prefix(r, data, len, len * 8);
		return 0;
	case SHAPE_SUBNET:
		bits = mask_bits(data + len, len);
		if (bits < 0)
			return -EINVAL;
		apply_prefix(r, data, len, (size_t)bits);
		return 0;
	default:
		memcpy(r->lo, data, len);
		memcpy(r->hi, data + len, len);
		return memcmp(r->lo, r->hi, len) <= 0 ? 0 : -EINVAL;
	}
}

int ts_from_id(struct abi_range *r, const struct ike_pld_id *id)
{
	size_t i, len;
	int rc;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < N_SHAPES && shapes[i].type != id->type; i++)
		;
	if (i == N_SHAPES)
		return -ENOTSUP;
	len = addr_len(shapes[i].family);
	if (id->data.len != (shapes[i].shape == SHAPE_ADDR ? len : 2 * len))
		return -EINVAL;
	rc = fill_addresses(r, shapes[i].shape, id->data.data, len);
	/* A port without a protocol means nothing (RFC 2407 section 4.6.2). */
	if (rc == 0 && id->protocol == 0 && id->port != 0)
		rc = -EINVAL;
	if (rc) {
		memset(r, 0, sizeof(*r));
		return rc;
	}
	r->family = shapes[i].family;
	r->protocol = id->protocol;
	r->port_lo = id->port;
	r->port_hi = id->port ? id->port : UINT16_MAX;
	return 0;
}

static uint8_t type_of(uint8_t family, enum id_shape shape)
{
	for (size_t i = 0; i < N_SHAPES; i++) {
		if (shapes[i].family == family && shapes[i].shape == shape)
			return shapes[i].type;
	}
	return 0;
}

int ts_put_id(struct wire_writer *w, const struct abi_range *r)
{
	bool all_ports = r->port_lo == 0 && r->port_hi == UINT16_MAX;
	enum id_shape shape = SHAPE_RANGE;
	struct abi_range mask;
	size_t len;
	int bits;

	if (!ts_valid(r))
		return -EINVAL;
	if (!all_ports && (r->port_lo != r->port_hi || r->port_lo == 0 || r->protocol == 0))
		return -ENOTSUP;
	len = addr_len(r->family);
	bits = ts_prefix_len(r);
	if (bits >= 0)
		shape = (size_t)bits == len * 8 ? SHAPE_ADDR : SHAPE_SUBNET;
	wire_put_u8(w, type_of(r->family, shape));
	wire_put_u8(w, r->protocol);
	wire_put_u16(w, all_ports ? 0 : r->port_lo);
	wire_put_bytes(w, r->lo, len);
	if (shape == SHAPE_SUBNET) {
		static const uint8_t ones[16] = {255, 255, 255, 255, 255, 255, 255, 255,
						 255, 255, 255, 255, 255, 255, 255, 255};

		apply_prefix(&mask, ones, len, (size_t)bits); /* lo: ones cut to the prefix */
		wire_put_bytes(w, mask.lo, len);
	} else if (shape == SHAPE_RANGE) {
		wire_put_bytes(w, r->hi, len);
	}
	return 0;
}

int ts_from_addr(struct abi_range *r, const struct abi_addr *addr)
{
	return ts_from_prefix(r, addr, addr->family == 4 ? 32 : 128);
}

int ts_from_prefix(struct abi_range *r, const struct abi_addr *addr, uint8_t prefix_len)
{
	memset(r, 0, sizeof(*r));
	if ((addr->family != 4 && addr->family != 6) || prefix_len > addr_len(addr->family) * 8)
		return -EINVAL;
	r->family = addr->family;
	r->port_hi = UINT16_MAX;
	apply_prefix(r, addr->bytes, addr_len(addr->family), prefix_len);
	return 0;
}

bool ts_valid(const struct abi_range *r)
{
	static const uint8_t zero[12];

	if (r->family != 4 && r->family != 6)
		return false;
	if (r->family == 4 &&
	    (memcmp(r->lo + 4, zero, 12) != 0 || memcmp(r->hi + 4, zero, 12) != 0))
		return false;
	return r->port_lo <= r->port_hi && memcmp(r->lo, r->hi, 16) <= 0;
}

bool ts_equal(const struct abi_range *a, const struct abi_range *b)
{
	return a->family == b->family && a->protocol == b->protocol && a->port_lo == b->port_lo &&
	       a->port_hi == b->port_hi && memcmp(a->lo, b->lo, 16) == 0 &&
	       memcmp(a->hi, b->hi, 16) == 0;
}

bool ts_contains(const struct abi_range *outer, const struct abi_range *inner)
{
	return outer->family == inner->family &&
	       (outer->protocol == 0 || outer->protocol == inner->protocol) &&
	       outer->port_lo <= inner->port_lo && inner->port_hi <= outer->port_hi &&
	       memcmp(outer->lo, inner->lo, 16) <= 0 && memcmp(inner->hi, outer->hi, 16) <= 0;
}

bool ts_intersect(const struct abi_range *a, const struct abi_range *b, struct abi_range *out)
{
	bool apart = a->family != b->family ||
		     (a->protocol && b->protocol && a->protocol != b->protocol);

	memset(out, 0, sizeof(*out));
	if (apart)
		return false;
	out->family = a->family;
	out->protocol = a->protocol ? a->protocol : b->protocol;
	out->port_lo = a->port_lo > b->port_lo ? a->port_lo : b->port_lo;
	out->port_hi = a->port_hi < b->port_hi ? a->port_hi : b->port_hi;
	memcpy(out->lo, memcmp(a->lo, b->lo, 16) > 0 ? a->lo : b->lo, 16);
	memcpy(out->hi, memcmp(a->hi, b->hi, 16) < 0 ? a->hi : b->hi, 16);
	if (out->port_lo <= out->port_hi && memcmp(out->lo, out->hi, 16) <= 0)
		return true;
	memset(out, 0, sizeof(*out));
	return false;
}

int ts_prefix_len(const struct abi_range *r)
{
	uint8_t same[16] = {0};
	struct abi_range whole = {0};
	size_t len = addr_len(r->family);
	int bits;

	/* Where lo and hi agree is the mask, if it is one; then the rest must be all 0 and all 1.
	 */
	for (size_t i = 0; i < len; i++)
		same[i] = (uint8_t) ~(r->lo[i] ^ r->hi[i]);
	bits = mask_bits(same, len);
	if (bits < 0)
		return -1;
	apply_prefix(&whole, r->lo, len, (size_t)bits);
	return memcmp(whole.lo, r->lo, len) == 0 && memcmp(whole.hi, r->hi, len) == 0 ? bits : -1;
}

static size_t print_ports(const struct abi_range *r, char *buf, size_t cap)
{
	bool all_ports = r->port_lo == 0 && r->port_hi == UINT16_MAX;
	char proto[8], ports[16];

	if (r->protocol == 0 && all_ports)
		return 0;
	if (r->protocol == 0)
		snprintf(proto, sizeof(proto), "any");
	else if (r->protocol == 6 || r->protocol == 17 || r->protocol == 1)
		snprintf(proto, sizeof(proto), "%s",
			 r->protocol == 6 ? "tcp" : (r->protocol == 17 ? "udp" : "icmp"));
	else
		snprintf(proto, sizeof(proto), "%u", r->protocol);
	if (all_ports)
		return (size_t)snprintf(buf, cap, "[%s]", proto);
	if (r->port_lo == r->port_hi)
		snprintf(ports, sizeof(ports), "%u", r->port_lo);
	else
		snprintf(ports, sizeof(ports), "%u-%u", r->port_lo, r->port_hi);
	return (size_t)snprintf(buf, cap, "[%s/%s]", proto, ports);
}

char *ts_print(const struct abi_range *r, char *buf, size_t cap)
{
	char lo[INET6_ADDRSTRLEN] = "?", hi[INET6_ADDRSTRLEN] = "?", tail[32] = "";
	int af = r->family == 4 ? AF_INET : AF_INET6;
	int bits;

	if (r->family != 4 && r->family != 6) {
		snprintf(buf, cap, "none");
		return buf;
	}
	bits = ts_prefix_len(r);
	inet_ntop(af, r->lo, lo, sizeof(lo));
	inet_ntop(af, r->hi, hi, sizeof(hi));
	print_ports(r, tail, sizeof(tail));
	if (bits < 0)
		snprintf(buf, cap, "%s-%s%s", lo, hi, tail);
	else if ((size_t)bits == addr_len(r->family) * 8)
		snprintf(buf, cap, "%s%s", lo, tail);
	else
		snprintf(buf, cap, "%s/%d%s", lo, bits, tail);
	return buf;
}
