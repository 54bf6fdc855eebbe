/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_reasm.c - fragments into reassembly. An input is a row of four-byte records: how, identity,
 * offset, length.
 *
 *   how       bit 0 more fragments follow, bit 1 to ourselves, bit 2 IPv6 (then to ourselves),
 *             bit 3 out of an SA, bits 4 and 5 a quarter, half or whole timeout passes first,
 *             bit 6 offsets count 256 bytes instead of 8, bit 7 of IPv6 options stand before the
 *             fragment header
 *   length    in units of 8 bytes, bit 7 then takes 3 off
 *
 * A fragment's bytes are a function of its identity and their place in the datagram, so that what
 * comes out whole is known, whatever it was made of. No table may ever hold more than its limit. In
 * the end, after the timeout, no buffer may be in use and each fragment must have been counted
 * once.
 */
#include <string.h>

#include <netinet/in.h>

#include "dataplane/net/fib6.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/port.h"
#include "dataplane/net/reasm.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/dataplane/harness.h"

#define MORE	   1u
#define LOCAL	   2u
#define V6	   4u
#define FROM_SA	   8u
#define FAR_OFF	   64u
#define OPTIONS	   128u
#define LIMIT	   16u /* buffers a table may hold */
#define TIMEOUT_MS 1000u
#define MS	   1000000ull
#define V6_HEADERS 48u /* with the fragment header */
#define V6_OPTIONS 16u
#define RECORDS	   64u

static const uint8_t us6[16] = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 1};
static const uint8_t host6[16] = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 0x12};

static struct harness *h;

static struct abi_addr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	return (struct abi_addr){.family = 4, .bytes = {a, b, c, d}};
}

static void up(void)
{
	struct abi_address a4 = {.prefix_len = 24, .addr = v4(192, 168, 1, 1)};
	struct abi_address a6 = {.prefix_len = 64, .addr = {.family = 6}};
	uint32_t status;

	memcpy(a6.addr.bytes, us6, sizeof(us6));
	h = harness_create(16, 4, 128);
	FUZZ_CHECK(h != NULL);
	harness_ports();
	h->tables.fib = fib_build(&a4, 1, NULL, 0, n_ports, SOCKET_ID_ANY, &status);
	h->tables.fib6 = fib6_build(&a6, 1, NULL, 0, n_ports, SOCKET_ID_ANY, &status);
	h->worker.reasm = reasm_create(0, LIMIT, TIMEOUT_MS, SOCKET_ID_ANY);
	FUZZ_CHECK(h->tables.fib != NULL && h->tables.fib6 != NULL && h->worker.reasm != NULL);
}

static uint8_t byte_at(unsigned int identity, unsigned int place)
{
	return (uint8_t)(identity * 31 + place * 7 + (place >> 8));
}

/* Headers of len bytes of payload; returns their length. */
static unsigned int headers(uint8_t *b, uint8_t how, uint8_t identity, unsigned int offset,
			    unsigned int len)
{
	uint8_t *ip = b + IP4_ETHER_ROOM;

	memcpy(b, &ports[0].mac, 6);
	memcpy(b + 6, "\2\0\0\0\1\x12", 6);
	ip4_store16(b + 12, how & V6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
	if (how & V6) {
		unsigned int more = how & OPTIONS ? V6_OPTIONS : 0;

		memset(ip, 0, V6_HEADERS + more);
		ip[0] = 0x60;
		ip4_store16(ip + 4, (uint16_t)(8 + more + len));
		ip[6] = more != 0 ? IPPROTO_DSTOPTS : IPPROTO_FRAGMENT;
		ip[7] = 64;
		memcpy(ip + 8, host6, 16);
		memcpy(ip + 24, us6, 16);
		if (more != 0)
			memcpy(ip + 40, "\x2c\1\1\x0c", 4); /* PadN of 14 bytes */
		ip += more;
		ip[40] = IPPROTO_GRE;
		ip4_store16(ip + 42, (uint16_t)(offset | (how & MORE)));
		ip[47] = identity;
		return IP4_ETHER_ROOM + V6_HEADERS + more;
	}
	memset(ip, 0, IP4_HEADER);
	ip[0] = 0x45;
	ip4_store16(ip + 2, (uint16_t)(IP4_HEADER + len));
	ip4_store16(ip + 4, identity);
	ip4_store16(ip + 6, (uint16_t)((how & MORE ? 0x2000u : 0) | offset / 8));
	ip[8] = 64;
	ip[9] = IPPROTO_GRE;
	memcpy(ip + 12, "\xc0\xa8\1\x0c", 4);
	memcpy(ip + 16, how & LOCAL ? "\xc0\xa8\1\1" : "\x0a\x64\1\6", 4);
	ip4_store16(ip + 10, 0);
	ip4_store16(ip + 10, (uint16_t)rte_be_to_cpu_16((uint16_t)~rte_raw_cksum(ip, IP4_HEADER)));
	return IP4_ETHER_ROOM + IP4_HEADER;
}

/* Every byte is where it was cut from. */
static void check_whole(struct rte_mbuf *m, uint8_t identity)
{
	const struct pkt_meta *meta = pkt_meta(m);
	const uint8_t *b = rte_pktmbuf_mtod(m, const uint8_t *);

	FUZZ_CHECK(m->nb_segs == 1 && m->data_len == m->pkt_len);
	if (meta->verdict != PKT_DROP) {
		FUZZ_CHECK((meta->flags & (PKT_F_FRAGMENT | PKT_F_NONFIRST)) == 0);
		FUZZ_CHECK(meta->l3_off + meta->ip_len == m->data_len);
		for (unsigned int i = meta->l4_off; i < m->data_len; i++)
			FUZZ_CHECK(b[i] == byte_at(identity, i - meta->l4_off));
	}
	rte_pktmbuf_free(m);
}

/* No table holds more than its limit. held: what each did; a record is for one of them. */
static void check_held(uint8_t how, uint32_t held[REASM_TABLES])
{
	unsigned int table = how & FROM_SA ? 1 : 0;

	held[table] = reasm_held(h->worker.reasm) - held[1 - table];
	FUZZ_CHECK(held[table] <= LIMIT);
}

/* One fragment; true when parse let it through to reassembly. */
static bool feed(const uint8_t *r, uint64_t *whole)
{
	uint8_t how = r[0], identity = r[1] & 7,
		frame[IP4_ETHER_ROOM + V6_HEADERS + V6_OPTIONS + 8 * 128];
	unsigned int offset = r[2] * (how & FAR_OFF ? 256u : 8u);
	unsigned int len = (r[3] & 127u) * 8, head, n;
	struct rte_mbuf *m;

	if ((r[3] & 128) && len >= 8)
		len -= 3;
	head = headers(frame, how, identity, offset, len);
	for (unsigned int i = 0; i < len; i++)
		frame[head + i] = byte_at(identity, offset + i);
	m = harness_mbuf(h, frame, head + len);
	FUZZ_CHECK(m != NULL);
	parse_burst(&h->worker, 0, &m, 1);
	if (!(pkt_meta(m)->flags & PKT_F_FRAGMENT) || pkt_meta(m)->verdict == PKT_DROP) {
		rte_pktmbuf_free(m);
		return false;
	}
	if (how & FROM_SA) {
		pkt_meta(m)->flags |= PKT_F_FROM_SA;
		pkt_meta(m)->sa_slot = 3;
	}
	n = reasm_burst(&h->worker, &m, 1);
	FUZZ_CHECK(n <= 1);
	if (n == 1) {
		check_whole(m, identity);
		++*whole;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t fed = 0, whole = 0, before;
	uint32_t held[REASM_TABLES] = {0};
	unsigned int rounds = 0;

	if (h == NULL)
		up();
	before = harness_drops(h);
	for (unsigned int i = 0; i < RECORDS && size >= 4; i++, data += 4, size -= 4) {
		h->worker.now += (data[0] >> 4 & 3) * (TIMEOUT_MS * MS / 4);
		fed += feed(data, &whole);
		check_held(data[0], held);
	}
	h->worker.now += 4 * TIMEOUT_MS * MS;
	while (reasm_held(h->worker.reasm) != 0) {
		FUZZ_CHECK(rounds++ < 4 * RECORDS);
		reasm_expire(&h->worker);
	}
	FUZZ_CHECK(fed == whole + harness_drops(h) - before);
	FUZZ_CHECK(harness_in_use(h) == 0);
	return 0;
}
