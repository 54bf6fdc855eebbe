/* SPDX-License-Identifier: BSD-3-Clause */
/* nd6kit.c - see nd6kit.h. */
#include "tests/unit/dataplane/net/nd6kit.h"

#include "dataplane/net/parse.h"

int nd6kit_begin(void **state)
{
	if (neighkit_begin(state) != 0)
		return -1;
	kit.h->tables.neigh6 = nk.table;
	nk.io.fib6 = kit.h->tables.fib6;
	nk.io.dad = NULL;
	return 0;
}

struct frame nd6kit_frame(uint8_t type, const char *src, const char *dst, const char *target,
			  uint8_t flags, const uint8_t *mac)
{
	struct frame f = frame6_icmp(src, dst, type, 0, mac != NULL ? 24 : 16);
	struct ip6 t = ip6(target);
	uint8_t *p = f.b + ETH + 40;

	f.b[ETH + 7] = 255;
	memset(p + 4, 0, 4);
	p[4] = flags;
	memcpy(p + 8, t.b, 16);
	if (mac != NULL) {
		memcpy(f.b + 6, mac, 6);
		p[24] = type == 135 ? 1 : 2;
		p[25] = 1;
		memcpy(p + 26, mac, 6);
	}
	frame6_fix(&f);
	if (f.b[ETH + 24] == 0xff)
		frame6_to_group(&f);
	return f;
}

bool nd6kit_input(const struct frame *f, uint8_t port)
{
	struct rte_mbuf *m = harness_mbuf(kit.h, f->b, f->len);

	if (f->b[0] != 0x33)
		memcpy(rte_pktmbuf_mtod(m, void *), &ports[port].mac, 6);
	parse_burst(kit.w, port, &m, 1);
	if (pkt_meta(m)->verdict != PKT_SLOW) {
		rte_pktmbuf_free(m);
		return false;
	}
	neigh_nd_input(nk.table, &nk.io, m, nk.now);
	return true;
}

static const char *solicited_node(const char *target)
{
	static char text[32];
	struct ip6 t = ip6(target);

	snprintf(text, sizeof(text), "ff02::1:ff%02x:%02x%02x", t.b[13], t.b[14], t.b[15]);
	return text;
}

void nd6kit_solicit(const char *src, const char *target, const uint8_t *mac)
{
	struct frame f = nd6kit_frame(135, src, solicited_node(target), target, 0, mac);

	assert_true(nd6kit_input(&f, 0));
}

void nd6kit_advert(const char *target, uint8_t flags, const uint8_t *mac)
{
	struct frame f =
		nd6kit_frame(136, target, flags & ND_S ? LAN6_US : ALL6, target, flags, mac);

	assert_true(nd6kit_input(&f, 0));
}

static struct rte_mbuf *outgoing(const char *dst)
{
	struct frame f = frame6_udp(PEER6, LAN6_HOST, 1, 2, NULL, 10);
	struct rte_mbuf *m;
	struct ip6 d = ip6(dst);

	memcpy(f.b + ETH + 24, d.b, 16);
	m = kit_parse(&f);
	if (ip6_is_link_local(d.b)) { /* an answer of ours */
		pkt_meta(m)->verdict = PKT_FORWARD;
		pkt_meta(m)->flags |= PKT_F_ORIGIN;
	}
	route_burst(kit.w, &m, 1);
	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	neigh_burst(kit.w, &m, 1);
	return m;
}

bool nd6kit_push(const char *dst)
{
	struct rte_mbuf *m = outgoing(dst);
	uint8_t v = pkt_meta(m)->verdict;

	if (v == PKT_SLOW) {
		neigh_hold(nk.table, &nk.io, m, nk.now);
		return false;
	}
	if (v == PKT_DROP)
		nk.n_dropped[pkt_meta(m)->reason]++;
	rte_pktmbuf_free(m);
	return v == PKT_FORWARD;
}

void nd6kit_expect_mac(const char *dst, const uint8_t *mac)
{
	struct rte_mbuf *m = outgoing(dst);
	const uint8_t *b = rte_pktmbuf_mtod(m, const uint8_t *);

	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	assert_memory_equal(b, mac, 6);
	assert_memory_equal(b + 6, &ports[pkt_meta(m)->out_port].mac, 6);
	assert_int_equal(get16(b + 12), 0x86dd);
	rte_pktmbuf_free(m);
}

void nd6kit_expect(unsigned int i, uint8_t type, const char *src, const char *dst,
		   const char *target, uint8_t flags, const uint8_t *dst_mac)
{
	struct ip6 s = ip6(src != NULL ? src : "::"), d = ip6(dst), t = ip6(target);
	const uint8_t *b, *ip, *p;
	unsigned int len = src != NULL ? 32 : 24;
	const uint8_t *mac;

	assert_true(i < nk.n_sent);
	b = rte_pktmbuf_mtod(nk.sent[i], const uint8_t *);
	mac = (const uint8_t *)&ports[pkt_meta(nk.sent[i])->out_port].mac;
	ip = b + ETH;
	p = ip + 40;
	assert_int_equal(nk.sent[i]->data_len, ETH + 40 + len);
	if (dst_mac != NULL) {
		assert_memory_equal(b, dst_mac, 6);
	} else {
		assert_int_equal(get16(b), 0x3333);
		assert_memory_equal(b + 2, d.b + 12, 4);
	}
	assert_memory_equal(b + 6, mac, 6);
	assert_int_equal(get16(b + 12), 0x86dd);
	assert_int_equal(get32(ip), 0x60000000);
	assert_int_equal(get16(ip + 4), len);
	assert_int_equal(ip[6], 58);
	assert_int_equal(ip[7], 255);
	assert_memory_equal(ip + 8, s.b, 16);
	assert_memory_equal(ip + 24, d.b, 16);
	assert_int_equal(ref6_cksum(ip, 58, p, len), 0);
	assert_int_equal(get16(p), type << 8);
	assert_int_equal(get32(p + 4), (uint32_t)flags << 24);
	assert_memory_equal(p + 8, t.b, 16);
	if (src != NULL) {
		assert_int_equal(get16(p + 24), type == 135 ? 0x0101 : 0x0201);
		assert_memory_equal(p + 26, mac, 6);
	}
}

unsigned int nd6kit_count(uint8_t type)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < nk.n_sent; i++) {
		const uint8_t *b = rte_pktmbuf_mtod(nk.sent[i], const uint8_t *);

		n += get16(b + 12) == 0x86dd && b[ETH + 6] == 58 && b[ETH + 40] == type;
	}
	return n;
}
