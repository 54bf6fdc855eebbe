/* SPDX-License-Identifier: BSD-3-Clause */
/* netkit6.c - see netkit6.h. */
#include "tests/unit/dataplane/net/netkit6.h"

#include <arpa/inet.h>

struct ip6 ip6(const char *text)
{
	struct ip6 a;

	assert_int_equal(inet_pton(AF_INET6, text, a.b), 1);
	return a;
}

struct abi_addr abi6(const char *text)
{
	struct abi_addr a = {.family = 6};
	struct ip6 raw = ip6(text);

	memcpy(a.bytes, raw.b, sizeof(a.bytes));
	return a;
}

int kit6_setup(void **state)
{
	uint32_t status;

	if (kit_setup(state) != 0)
		return -1;
	kit.h->tables.fib6 = fib6_build(
		(struct abi_address[]){{.port = 0, .prefix_len = 64, .addr = abi6(LAN6_US)},
				       {.port = 1, .prefix_len = 64, .addr = abi6(WAN6_US)}},
		2,
		&(struct abi_route){.port = ABI_PORT_ANY,
				    .distance = 1,
				    .dst = abi6("::"),
				    .gateway = abi6(WAN6_GW)},
		1, 2, SOCKET_ID_ANY, &status);
	return kit.h->tables.fib6 != NULL ? 0 : -1;
}

int kit6_teardown(void **state)
{
	fib6_free(kit.h->tables.fib6);
	return kit_teardown(state);
}

/* RFC 8200 section 8.1, word by word. */
uint16_t ref6_cksum(const uint8_t *ip, uint8_t proto, const uint8_t *l4, size_t len)
{
	uint32_t sum = (uint32_t)len + proto;

	for (size_t i = 8; i < 40; i += 2)
		sum += get16(ip + i);
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? l4[i] : (uint32_t)l4[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

struct frame frame6(const char *src, const char *dst, uint8_t next, size_t len)
{
	struct frame f = {.len = ETH + 40 + len};
	struct ip6 s = ip6(src), d = ip6(dst);
	uint8_t *ip = f.b + ETH;

	memcpy(f.b, &ports[0].mac, 6);
	memcpy(f.b + 6, "\x02\x00\x00\x00\x01\x12", 6);
	put16(f.b + 12, 0x86dd);
	ip[0] = 0x60;
	put16(ip + 4, (unsigned int)len);
	ip[6] = next;
	ip[7] = 63;
	memcpy(ip + 8, s.b, 16);
	memcpy(ip + 24, d.b, 16);
	for (size_t i = 0; i < len; i++)
		ip[40 + i] = (uint8_t)i;
	return f;
}

void frame6_fix(struct frame *f)
{
	uint8_t *ip = f->b + ETH, *field = ip + 40 + (ip[6] == 58 ? 2 : 6);
	uint16_t sum;

	put16(field, 0);
	sum = ref6_cksum(ip, ip[6], ip + 40, f->len - ETH - 40);
	put16(field, sum == 0 && ip[6] == 17 ? 0xffff : sum);
}

struct frame frame6_udp(const char *src, const char *dst, unsigned int sport, unsigned int dport,
			const void *data, size_t len)
{
	struct frame f = frame6(src, dst, 17, 8 + len);
	uint8_t *udp = f.b + ETH + 40;

	put16(udp, sport);
	put16(udp + 2, dport);
	put16(udp + 4, (unsigned int)(8 + len));
	if (data != NULL && len != 0)
		memcpy(udp + 8, data, len);
	frame6_fix(&f);
	return f;
}

struct frame frame6_icmp(const char *src, const char *dst, uint8_t type, uint8_t code, size_t len)
{
	struct frame f = frame6(src, dst, 58, 8 + len);

	f.b[ETH + 40] = type;
	f.b[ETH + 41] = code;
	frame6_fix(&f);
	return f;
}

void frame6_extend(struct frame *f, uint8_t type, const uint8_t *ext, size_t n)
{
	uint8_t *ip = f->b + ETH;

	memmove(ip + 40 + n, ip + 40, f->len - ETH - 40);
	memcpy(ip + 40, ext, n);
	ip[40] = ip[6];
	ip[6] = type;
	if (type != 44)
		ip[41] = (uint8_t)(n / 8 - 1);
	f->len += n;
	put16(ip + 4, (unsigned int)(f->len - ETH - 40));
}

void frame6_fragment(struct frame *f, unsigned int word)
{
	uint8_t ext[8] = {0, 0, (uint8_t)(word >> 8), (uint8_t)word, 0xca, 0xfe, 0xba, 0xbe};

	frame6_extend(f, 44, ext, 8);
}

void frame6_to_group(struct frame *f)
{
	f->b[0] = f->b[1] = 0x33;
	memcpy(f->b + 2, f->b + ETH + 36, 4);
}
