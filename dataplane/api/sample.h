/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sample.h - reading drop samples out of the segment, and saying in a line what a sample shows.
 *
 * A sample is written by one worker while others read it: the version is odd during a write and
 * another one after it, so a reader that finds the same even version before and after its copy has
 * a whole one.
 */
#ifndef ESPGW_API_SAMPLE_H
#define ESPGW_API_SAMPLE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/api/counters.h"

#define ABI_SAMPLE_WORDS (sizeof(struct abi_drop_sample) / sizeof(uint64_t))
#define ABI_SAMPLE_TEXT	 160u

/* The version shares the first word with four other fields. */
_Static_assert(offsetof(struct abi_drop_sample, number) == sizeof(uint64_t), "abi_drop_sample");

/** Put s, whose version is ignored, in place of what is there: all but the bytes that are not
 * kept. One writer per place. */
static inline void abi_sample_write(struct abi_drop_sample *place, struct abi_drop_sample *s)
{
	const uint64_t *from = (const uint64_t *)(const void *)s;
	uint64_t *to = (uint64_t *)(void *)place;
	uint32_t version = place->version;

	__atomic_store_n(&place->version, version + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	s->version = version + 1;
	for (unsigned int i = 0; i * 8 < offsetof(struct abi_drop_sample, bytes) + s->kept; i++)
		__atomic_store_n(&to[i], from[i], __ATOMIC_RELAXED);
	/* 0 says "never": the one version in four billion that would be it is passed over. */
	__atomic_store_n(&place->version, version + 2 != 0 ? version + 2 : 2, __ATOMIC_RELEASE);
}

/** Copy a sample out and check it. False: none there, being written right now, or nonsense. */
static inline bool abi_sample_read(const struct abi_drop_sample *place, struct abi_drop_sample *s)
{
	uint32_t version = __atomic_load_n(&place->version, __ATOMIC_ACQUIRE);
	const uint64_t *from = (const uint64_t *)(const void *)place;
	uint64_t words[ABI_SAMPLE_WORDS];

	if (version == 0 || version % 2 != 0)
		return false;
	for (unsigned int i = 0; i < ABI_SAMPLE_WORDS; i++)
		words[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	memcpy(s, words, sizeof(words));
	return version == __atomic_load_n(&place->version, __ATOMIC_RELAXED) &&
	       s->version == version && s->reason != DROP_NONE && s->reason < DROP_MAX &&
	       s->kept <= ABI_SAMPLE_BYTES && s->l2_len <= s->kept;
}

static inline uint16_t abi_sample_u16(const uint8_t *b)
{
	return (uint16_t)(b[0] << 8 | b[1]);
}

static inline uint32_t abi_sample_u32(const uint8_t *b)
{
	return (uint32_t)abi_sample_u16(b) << 16 | abi_sample_u16(b + 2);
}

/* What follows the IP header: n bytes are there. */
static inline void abi_sample_l4(char *out, size_t cap, uint8_t proto, const uint8_t *l4, size_t n)
{
	if (proto == IPPROTO_ESP && n >= 8)
		snprintf(out, cap, " esp spi=0x%x seq=%u", abi_sample_u32(l4),
			 abi_sample_u32(l4 + 4));
	else if ((proto == IPPROTO_UDP || proto == IPPROTO_TCP) && n >= 4)
		snprintf(out, cap, " %s %u>%u", proto == IPPROTO_UDP ? "udp" : "tcp",
			 abi_sample_u16(l4), abi_sample_u16(l4 + 2));
	else if ((proto == IPPROTO_ICMP || proto == IPPROTO_ICMPV6) && n >= 2)
		snprintf(out, cap, " icmp type=%u code=%u", l4[0], l4[1]);
	else
		snprintf(out, cap, " proto=%u", proto);
}

static inline void abi_sample_ip(char *out, size_t cap, const uint8_t *ip, size_t n)
{
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];
	bool six = n > 0 && ip[0] >> 4 == 6;
	size_t head = six ? 40 : n > 0 ? (ip[0] & 15u) * 4u : 0;
	int at;

	if (head < 20 || head > n) {
		snprintf(out, cap, "no whole IP header");
		return;
	}
	inet_ntop(six ? AF_INET6 : AF_INET, ip + (six ? 8 : 12), src, sizeof(src));
	inet_ntop(six ? AF_INET6 : AF_INET, ip + (six ? 24 : 16), dst, sizeof(dst));
	at = snprintf(out, cap, "%s>%s", src, dst);
	if (at < 0 || (size_t)at >= cap)
		return;
	if (!six && (abi_sample_u16(ip + 6) & 0x1fff) != 0)
		snprintf(out + at, cap - (size_t)at, " proto=%u fragment at %u", ip[9],
			 (abi_sample_u16(ip + 6) & 0x1fffu) * 8);
	else
		abi_sample_l4(out + at, cap - (size_t)at, ip[six ? 6 : 9], ip + head, n - head);
}

/** One line about the packet: "10.100.1.6>192.168.1.12 udp 53>4000". Addresses as they are in the
 * packet; out has ABI_SAMPLE_TEXT bytes. */
static inline void abi_sample_text(const struct abi_drop_sample *s, char *out)
{
	const uint8_t *b = s->bytes;

	if (s->kept > s->l2_len) {
		abi_sample_ip(out, ABI_SAMPLE_TEXT, b + s->l2_len, (size_t)s->kept - s->l2_len);
		return;
	}
	if (s->l2_len < 14) {
		snprintf(out, ABI_SAMPLE_TEXT, "nothing kept");
		return;
	}
	snprintf(out, ABI_SAMPLE_TEXT,
		 "%02x:%02x:%02x:%02x:%02x:%02x>%02x:%02x:%02x:%02x:%02x:%02x type=0x%04x", b[6],
		 b[7], b[8], b[9], b[10], b[11], b[0], b[1], b[2], b[3], b[4], b[5],
		 abi_sample_u16(b + s->l2_len - 2));
}

#endif
