/* SPDX-License-Identifier: BSD-3-Clause */
/* test_outer4.c - outer headers in words against the same field by field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/ipsec/outer4.h"
#include "tests/unit/dataplane/ipsec/reference.h"

#define CASES 1000000u
#define ROOM  48u

static uint64_t seed = 41;

static uint32_t pick(void)
{
	return (uint32_t)(random_next(&seed) >> 16);
}

static struct rte_ipv4_hdr random_header(bool udp)
{
	return (struct rte_ipv4_hdr){.version_ihl = RTE_IPV4_VHL_DEF,
				     .fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
				     .time_to_live = (uint8_t)pick(),
				     .next_proto_id = udp ? 17 : 50,
				     .src_addr = pick(),
				     .dst_addr = pick()};
}

static struct sa_outer template_of(const struct rte_ipv4_hdr *ip, bool udp, uint32_t spi)
{
	struct sa_outer o = {.length = udp ? OUTER4_UDP : OUTER4_PLAIN};

	memcpy(o.header, ip, sizeof(*ip));
	o.sum = rte_raw_cksum(ip, sizeof(*ip));
	if (udp)
		natt_header(o.header + sizeof(*ip), 4500, 10123);
	memcpy(o.header + o.length - SA_ESP_HEADER, &spi, sizeof(spi));
	return o;
}

static void expect(uint8_t *at, struct rte_ipv4_hdr ip, bool udp, const uint32_t esp[2])
{
	struct rte_udp_hdr u = {.src_port = RTE_BE16(4500), .dst_port = RTE_BE16(10123)};

	ip.hdr_checksum = rte_ipv4_cksum(&ip);
	memcpy(at, &ip, sizeof(ip));
	at += sizeof(ip);
	if (udp) {
		u.dgram_len = rte_cpu_to_be_16(
			(uint16_t)(rte_be_to_cpu_16(ip.total_length) - sizeof(ip)));
		memcpy(at, &u, sizeof(u));
		at += sizeof(u);
	}
	memcpy(at, esp, SA_ESP_HEADER);
}

static void writes_what_the_fields_say(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < CASES; i++) {
		bool udp = i % 2;
		struct rte_ipv4_hdr ip = random_header(udp);
		uint32_t spi = pick(), seq = i % 8 ? pick() : i;
		uint16_t len = (uint16_t)(100 + pick() % 65400);
		struct sa_outer o = template_of(&ip, udp, spi);
		struct sa_brief brief;
		uint8_t got[ROOM], want[ROOM];

		memset(got, 0x11, ROOM);
		memset(want, 0x11, ROOM);
		ip.type_of_service = (uint8_t)pick();
		ip.total_length = rte_cpu_to_be_16(len);
		ip.packet_id = rte_cpu_to_be_16((uint16_t)seq);
		expect(want, ip, udp, (uint32_t[]){spi, rte_cpu_to_be_32(seq)});
		outer4_write(got, &o, ip.type_of_service, len, seq);
		assert_memory_equal(got, want, ROOM);
		o.encap = udp ? ABI_ENCAP_UDP : ABI_ENCAP_NONE;
		brief = sa_brief_of(&o);
		memset(got, 0x11, ROOM);
		outer4_write_brief(got, &brief, rte_be_to_cpu_32(spi), ip.type_of_service, len,
				   seq);
		assert_memory_equal(got, want, ROOM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_what_the_fields_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
