/* SPDX-License-Identifier: BSD-3-Clause */
/* tunnels.c - tunnels by the number, and their packets. */
#include "tests/unit/dataplane/tunnels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/ipsec/esp.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/net/parse.h"

#define ETHER_LEN 14u
#define SITE	  HARNESS_IP(192, 168, 1, 0)
#define SITE_HOST HARNESS_IP(192, 168, 1, 12)
#define GATEWAY	  HARNESS_IP(192, 0, 2, 1)
#define PEER	  HARNESS_IP(203, 0, 113, 2)
#define PORT_BASE 10000u
#define PORTS	  16384u

struct payload {
	uint32_t flow;
	uint32_t number;
};

const struct tunnels_suite tunnels_sha1 = {ABI_ENCR_AES_CBC, ABI_INTEG_HMAC_SHA1_96, 16, 20, 0};

static uint32_t far_net(uint32_t tunnel)
{
	return HARNESS_IP(10, 0, 0, 0) + (tunnel << 8);
}

uint32_t tunnels_slot_out(uint32_t tunnel)
{
	return 2 * tunnel;
}

uint32_t tunnels_slot_in(uint32_t tunnel)
{
	return 2 * tunnel + 1;
}

uint32_t tunnels_slot_peer(uint32_t max_sas, uint32_t tunnel)
{
	return max_sas - 1 - tunnel;
}

uint32_t tunnels_slots(uint32_t n)
{
	uint32_t slots = 16;

	while (slots < 3 * n)
		slots *= 2;
	return slots;
}

static struct abi_addr addr4(uint32_t a)
{
	struct abi_addr out = {.family = 4};
	uint32_t be = rte_cpu_to_be_32(a);

	memcpy(out.bytes, &be, 4);
	return out;
}

static struct abi_range net24(uint32_t net)
{
	struct abi_range r = {.family = 4, .port_hi = 65535};
	uint32_t lo = rte_cpu_to_be_32(net), hi = rte_cpu_to_be_32(net | 0xff);

	memcpy(r.lo, &lo, 4);
	memcpy(r.hi, &hi, 4);
	return r;
}

static struct abi_sa_add command(const struct harness *h, uint32_t slot, uint32_t spi_slot,
				 uint32_t tunnel, const struct tunnels_suite *s)
{
	struct abi_sa_add c = {
		.msg = {.type = ABI_CMD_SA_ADD, .length = sizeof(c)},
		.slot = slot,
		.spi = 16 * h->max_sas + spi_slot,
		.policy_id = tunnel + 1,
		.direction = ABI_DIR_OUT,
		.mode = ABI_MODE_TUNNEL,
		.encap = ABI_ENCAP_NONE,
		.encr = s->encr,
		.integ = s->integ,
		.encr_key_len = s->encr_key_len,
		.integ_key_len = s->integ_key_len,
		.salt_len = s->salt_len,
		.local = addr4(GATEWAY),
		.remote = addr4(PEER),
		.n_local = 1,
		.n_remote = 1,
		.ts_local = {net24(SITE)},
		.ts_remote = {net24(far_net(tunnel))},
	};

	memset(c.encr_key, (int)(0x42 + tunnel), s->encr_key_len);
	memset(c.integ_key, (int)(0x24 + tunnel), s->integ_key_len);
	memset(c.salt, 0x11, s->salt_len);
	return c;
}

struct abi_sa_add tunnels_sa_out(const struct harness *h, uint32_t tunnel,
				 const struct tunnels_suite *s)
{
	struct abi_sa_add c =
		command(h, tunnels_slot_out(tunnel), tunnels_slot_out(tunnel), tunnel, s);

	c.flags = ABI_SA_F_CURRENT;
	return c;
}

struct abi_sa_add tunnels_sa_in(const struct harness *h, uint32_t tunnel,
				const struct tunnels_suite *s, uint32_t window)
{
	struct abi_sa_add c =
		command(h, tunnels_slot_in(tunnel), tunnels_slot_in(tunnel), tunnel, s);

	c.direction = ABI_DIR_IN;
	c.replay_window = window;
	return c;
}

/* What the peer sends with: of an inbound SA of ours. */
static struct abi_sa_add other_end(const struct harness *h, const struct abi_sa_add *in,
				   uint32_t tunnel)
{
	struct abi_sa_add c = *in;

	c.slot = tunnels_slot_peer(h->max_sas, tunnel);
	c.direction = ABI_DIR_OUT;
	c.replay_window = 0;
	c.local = in->remote;
	c.remote = in->local;
	c.ts_local[0] = in->ts_remote[0];
	c.ts_remote[0] = in->ts_local[0];
	return c;
}

static int add(struct harness *h, const struct abi_sa_add *c, uint32_t tunnel)
{
	uint32_t detail = 0;
	uint16_t status = sad_add(h->tables.sad, c, tunnel, h->worker.now, &detail);

	if (status != ABI_OK)
		fprintf(stderr, "SA in slot %u refused: status %u, field %u\n", c->slot, status,
			detail);
	return status == ABI_OK ? 0 : -1;
}

/* How all tunnels are made. */
struct wardrobe {
	const struct tunnels_suite *suite;
	uint32_t window;
	tunnels_dress *dress;
	void *ctx;
};

static struct abi_sa_add sa_out(const struct harness *h, const struct wardrobe *w, uint32_t tunnel)
{
	struct abi_sa_add c = tunnels_sa_out(h, tunnel, w->suite);

	w->dress(w->ctx, &c, tunnel);
	return c;
}

static struct abi_sa_add sa_in(const struct harness *h, const struct wardrobe *w, uint32_t tunnel)
{
	struct abi_sa_add c = tunnels_sa_in(h, tunnel, w->suite, w->window);

	w->dress(w->ctx, &c, tunnel);
	return c;
}

static int add_policies(struct harness *h, uint32_t n, const struct wardrobe *w)
{
	struct abi_policy *all = calloc(n, sizeof(*all));
	uint32_t *index = calloc(n, sizeof(*index));
	uint32_t status = 0, detail = 0;
	struct spd *spd = NULL;

	for (uint32_t t = 0; all != NULL && index != NULL && t < n; t++) {
		const struct abi_sa_add c = sa_out(h, w, t);

		index[t] = t;
		all[t] =
			(struct abi_policy){.msg = {.type = ABI_CMD_POLICY, .length = sizeof(*all)},
					    .generation = 1,
					    .policy_id = t + 1,
					    .action = ABI_ACT_PROTECT,
					    .mode = ABI_MODE_TUNNEL,
					    .local = c.ts_local[0],
					    .remote = c.ts_remote[0],
					    .tunnel_local = c.local,
					    .tunnel_remote = c.remote};
	}
	if (all != NULL && index != NULL)
		spd = spd_build(all, index, n, 1, SOCKET_ID_ANY, &status, &detail);
	free(all);
	free(index);
	if (spd == NULL) {
		fprintf(stderr, "%u policies refused: status %u\n", n, status);
		return -1;
	}
	spd_free(h->tables.spd);
	h->tables.spd = spd;
	return 0;
}

int tunnels_create_dressed(struct harness *h, uint32_t n, const struct tunnels_suite *s,
			   uint32_t window, tunnels_dress *dress, void *ctx)
{
	const struct wardrobe w = {s, window, dress, ctx};

	if (add_policies(h, n, &w) != 0)
		return -1;
	for (uint32_t t = 0; t < n; t++) {
		const struct abi_sa_add out = sa_out(h, &w, t), in = sa_in(h, &w, t);

		if (add(h, &out, t) != 0 || add(h, &in, t) != 0)
			return -1;
	}
	for (uint32_t t = 0; t < n; t++) {
		const struct abi_sa_add in = sa_in(h, &w, t), peer = other_end(h, &in, t);

		if (add(h, &peer, t) != 0)
			return -1;
	}
	return 0;
}

static void as_they_are(void *ctx, struct abi_sa_add *c, uint32_t tunnel)
{
	(void)ctx;
	(void)c;
	(void)tunnel;
}

int tunnels_create(struct harness *h, uint32_t n, const struct tunnels_suite *s, uint32_t window)
{
	return tunnels_create_dressed(h, n, s, window, as_they_are, NULL);
}

static struct rte_mbuf *make(struct rte_mempool *pool, uint32_t src, uint32_t dst, uint32_t flow,
			     uint32_t number, uint16_t len)
{
	const struct payload says = {flow, number};
	struct rte_mbuf *m = len < TUNNELS_LEN_MIN ? NULL : rte_pktmbuf_alloc(pool);
	struct rte_ether_hdr *eth;
	struct rte_ipv4_hdr *ip;
	struct rte_udp_hdr *udp;

	if (m == NULL)
		return NULL;
	eth = (struct rte_ether_hdr *)rte_pktmbuf_append(m, (uint16_t)(ETHER_LEN + len));
	if (eth == NULL) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	*eth = (struct rte_ether_hdr){.dst_addr = {{2, 0, 0, 0, 0, 1}},
				      .src_addr = {{2, 0, 0, 0, 1, 0x12}},
				      .ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4)};
	ip = (struct rte_ipv4_hdr *)(eth + 1);
	*ip = (struct rte_ipv4_hdr){.version_ihl = 0x45,
				    .total_length = rte_cpu_to_be_16(len),
				    .time_to_live = 64,
				    .next_proto_id = IPPROTO_UDP,
				    .src_addr = rte_cpu_to_be_32(src),
				    .dst_addr = rte_cpu_to_be_32(dst)};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	udp = (struct rte_udp_hdr *)(ip + 1);
	*udp = (struct rte_udp_hdr){.src_port =
					    rte_cpu_to_be_16((uint16_t)(PORT_BASE + flow % PORTS)),
				    .dst_port = RTE_BE16(9),
				    .dgram_len = rte_cpu_to_be_16((uint16_t)(len - 20))};
	memset(udp + 1, 0x5a, len - 28u);
	memcpy(udp + 1, &says, sizeof(says));
	return m;
}

struct rte_mbuf *tunnels_clear(struct rte_mempool *pool, uint32_t tunnel, uint32_t flow,
			       uint32_t number, uint16_t len)
{
	return make(pool, SITE_HOST, far_net(tunnel) | 6, flow, number, len);
}

static bool is_ipv6(const struct rte_mbuf *m)
{
	return *rte_pktmbuf_mtod_offset(m, const uint8_t *, ETHER_LEN) >> 4 == 6;
}

int tunnels_seal(struct worker *w, const uint32_t *tunnel, struct rte_mbuf **pkts, uint16_t n)
{
	struct order *order = w->order;
	bool failed = false;

	for (uint16_t i = 0; i < n; i++) {
		struct pkt_meta *meta = pkt_meta(pkts[i]);

		*meta = (struct pkt_meta){.in_port = 1};
		if (is_ipv6(pkts[i]))
			parse_ipv6(w, pkts[i], ETHER_LEN);
		else
			parse_ipv4(w, pkts[i], ETHER_LEN);
		meta->sa_slot = tunnels_slot_peer(w->max_sas, tunnel[i]);
		meta->flags |= PKT_F_PROTECTED;
	}
	w->order = NULL; /* they do not leave through this worker */
	esp_out_burst(w, pkts, n);
	w->order = order;
	for (uint16_t i = 0; i < n; i++) {
		struct rte_ether_hdr *eth = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);

		failed |= pkt_meta(pkts[i])->verdict == PKT_DROP;
		*eth = (struct rte_ether_hdr){
			.dst_addr = {{2, 0, 0, 0, 0, 2}},
			.src_addr = {{2, 0, 0, 0, 2, 0x54}},
			.ether_type = is_ipv6(pkts[i]) ? RTE_BE16(RTE_ETHER_TYPE_IPV6)
						       : RTE_BE16(RTE_ETHER_TYPE_IPV4)};
	}
	return failed ? -1 : 0;
}

int tunnels_sealed(struct worker *w, struct rte_mempool *pool, const uint32_t *tunnel,
		   uint32_t flow, uint32_t number, const uint16_t *len, struct rte_mbuf **pkts,
		   uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		pkts[i] = make(pool, far_net(tunnel[i]) | 6, SITE_HOST, flow, number + i, len[i]);
		if (pkts[i] == NULL) {
			rte_pktmbuf_free_bulk(pkts, i);
			return -1;
		}
	}
	for (uint16_t i = 0; i < n; i = (uint16_t)(i + WORKER_BURST))
		if (tunnels_seal(w, tunnel + i, pkts + i,
				 (uint16_t)RTE_MIN(n - i, (int)WORKER_BURST)) != 0)
			return -1;
	return 0;
}

bool tunnels_read(struct rte_mbuf *m, uint32_t *flow, uint32_t *number)
{
	struct payload says;

	if (m->data_len < ETHER_LEN + TUNNELS_LEN_MIN)
		return false;
	memcpy(&says, rte_pktmbuf_mtod_offset(m, const void *, ETHER_LEN + 28), sizeof(says));
	*flow = says.flow;
	*number = says.number;
	return true;
}

uint32_t tunnels_sequence(struct rte_mbuf *m)
{
	uint32_t be;

	memcpy(&be, rte_pktmbuf_mtod_offset(m, const void *, ETHER_LEN + 24), sizeof(be));
	return rte_be_to_cpu_32(be);
}
