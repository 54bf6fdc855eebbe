/* SPDX-License-Identifier: BSD-3-Clause */
/* outer4.h - the outer IPv4 header of a tunnel and what is before the IV, written in whole words.
 */
#ifndef ESPGW_IPSEC_OUTER4_H
#define ESPGW_IPSEC_OUTER4_H

#include <string.h>

#include <rte_byteorder.h>

#include "dataplane/ipsec/natt.h"
#include "dataplane/ipsec/sa.h"
#include "dataplane/net/ip4.h"

#define OUTER4_PLAIN (IP4_HEADER + SA_ESP_HEADER)
#define OUTER4_UDP   (IP4_HEADER + NATT_HEADER + SA_ESP_HEADER)

_Static_assert(RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN, "the first byte is the lowest one of a word");

/**
 * Write o->length bytes from ip on, OUTER4_PLAIN or OUTER4_UDP: the template o with TOS, total
 * length, checksum and sequence number put where it holds zeros. The identification is taken from
 * seq: DF is set, so any value does (RFC 6864 section 4.1).
 */
static inline void outer4_write(uint8_t *ip, const struct sa_outer *o, uint8_t tos, uint16_t len,
				uint32_t seq)
{
	uint32_t be_len = rte_cpu_to_be_16(len), be_id = rte_cpu_to_be_16((uint16_t)seq);
	uint32_t sum = o->sum + ((uint32_t)tos << 8) + be_len + be_id;
	uint64_t first = (uint32_t)tos << 8 | be_len << 16 | (uint64_t)be_id << 32, second, udp;
	uint32_t be_seq = rte_cpu_to_be_32(seq);

	sum += sum << 16 | sum >> 16; /* both halves added, with the carry, are in the upper one */
	first |= o->word[0];
	second = o->word[1] | (~sum & 0xffff0000u);
	memcpy(ip, &first, sizeof(first));
	memcpy(ip + 8, &second, sizeof(second));
	memcpy(ip + 16, &o->word[2], sizeof(uint64_t));
	if (o->length == OUTER4_UDP) {
		udp = o->word[3] | rte_cpu_to_be_16((uint16_t)(len - IP4_HEADER));
		memcpy(ip + 24, &udp, sizeof(udp));
	}
	memcpy(ip + o->length - 4, &be_seq, sizeof(be_seq));
}

/* The first word of a template, with nothing in it but version, header length and DF. */
#define OUTER4_FIRST (0x45ull | (uint64_t)0x40 << 48)

/** The same from a header in short, and the SPI. */
static inline void outer4_write_brief(uint8_t *ip, const struct sa_brief *b, uint32_t spi,
				      uint8_t tos, uint16_t len, uint32_t seq)
{
	struct sa_outer o = {.sum = b->sum, .length = b->length};

	o.word[0] = OUTER4_FIRST;
	o.word[1] = b->second;
	o.word[2] = b->third;
	o.word[3] = (uint64_t)rte_cpu_to_be_32(spi) << 32;
	outer4_write(ip, &o, tos, len, seq);
}

#endif
