/* SPDX-License-Identifier: BSD-3-Clause */
/* addr.c - arithmetic on addresses of both families. */
#include "control/model/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(ADDR_MAX_TEXT == INET6_ADDRSTRLEN, "texts fit");

int addr_parse(const char *text, struct abi_addr *a)
{
	bool v6 = strchr(text, ':') != NULL;

	*a = (struct abi_addr){.family = v6 ? 6 : 4};
	return inet_pton(v6 ? AF_INET6 : AF_INET, text, a->bytes) == 1 ? 0 : -EINVAL;
}

const char *addr_text(const struct abi_addr *a, char *buf)
{
	if (a->family == 0 ||
	    !inet_ntop(a->family == 6 ? AF_INET6 : AF_INET, a->bytes, buf, ADDR_MAX_TEXT))
		snprintf(buf, ADDR_MAX_TEXT, "none");
	return buf;
}

uint8_t addr_bits(const struct abi_addr *a)
{
	return a->family == 6 ? 128 : a->family == 4 ? 32 : 0;
}

bool addr_equal(const struct abi_addr *a, const struct abi_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, addr_bits(a) / 8) == 0;
}

/* The bits of byte i that belong to a prefix of len bits. */
static uint8_t mask_at(uint8_t len, unsigned i)
{
	unsigned left = len > i * 8 ? len - i * 8 : 0;

	return left >= 8 ? 0xff : (uint8_t)(0xff00u >> left);
}

bool addr_covers(const struct abi_addr *net, uint8_t len, const struct abi_addr *a)
{
	if (net->family != a->family || net->family == 0)
		return false;
	for (unsigned i = 0; i < addr_bits(a) / 8u; i++)
		if ((net->bytes[i] ^ a->bytes[i]) & mask_at(len, i))
			return false;
	return true;
}

struct abi_addr addr_first(const struct abi_addr *a, uint8_t len)
{
	struct abi_addr out = *a;

	for (unsigned i = 0; i < addr_bits(a) / 8u; i++)
		out.bytes[i] &= mask_at(len, i);
	return out;
}

struct abi_addr addr_last(const struct abi_addr *a, uint8_t len)
{
	struct abi_addr out = *a;

	for (unsigned i = 0; i < addr_bits(a) / 8u; i++)
		out.bytes[i] |= (uint8_t)~mask_at(len, i);
	return out;
}

bool addr_is_private(const struct abi_addr *a, uint8_t len)
{
	static const struct {
		struct abi_addr net;
		uint8_t len;
	} nets[] = {{{.family = 4, .bytes = {10}}, 8},
		    {{.family = 4, .bytes = {172, 16}}, 12},
		    {{.family = 4, .bytes = {192, 168}}, 16},
		    {{.family = 4, .bytes = {100, 64}}, 10},
		    {{.family = 4, .bytes = {169, 254}}, 16}};

	for (size_t i = 0; a->family == 4 && i < sizeof(nets) / sizeof(nets[0]); i++)
		if (len >= nets[i].len && addr_covers(&nets[i].net, nets[i].len, a))
			return true;
	return a->family != 4;
}

bool addr_is_network_of(const char *network, const char *address)
{
	size_t n = strcspn(address, "/");
	unsigned long bits = address[n] ? strtoul(address + n + 1, NULL, 10) : 32;
	char part[ADDR_MAX_TEXT] = "";
	struct abi_addr a, b;

	if (n >= sizeof(part) || bits > 32)
		return false;
	memcpy(part, address, n);
	if (addr_parse(part, &a) || addr_parse(network, &b) || a.family != 4)
		return false;
	a = addr_first(&a, (uint8_t)bits);
	return addr_equal(&a, &b);
}

bool addr_is_link_local(const struct abi_addr *a)
{
	return a->family == 6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

bool addr_is_mapped(const struct abi_addr *a)
{
	static const uint8_t head[12] = {[10] = 0xff, [11] = 0xff};

	return a->family == 6 && memcmp(a->bytes, head, sizeof(head)) == 0;
}

bool addr_is_host(const struct abi_addr *a)
{
	static const uint8_t zero[15];

	if (a->family == 4)
		return a->bytes[0] != 0 && a->bytes[0] != 127 && a->bytes[0] < 224;
	if (a->family != 6 || a->bytes[0] == 0xff)
		return false;
	/* :: and ::1, RFC 4291 sections 2.5.2 and 2.5.3 */
	return memcmp(a->bytes, zero, sizeof(zero)) != 0 || a->bytes[15] > 1;
}
