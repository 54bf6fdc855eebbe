/* SPDX-License-Identifier: BSD-3-Clause */
/* site.c - see site.h. */
#include "tests/fuzz/site.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ip.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_udp.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd_impl.h"
#include "dataplane/net/fib6.h"
#include "dataplane/net/neigh_table.h"
#include "dataplane/net/port.h"
#include "dataplane/net/reasm.h"
#include "dataplane/order.h"
#include "dataplane/pipeline.h"
#include "tests/fuzz/kept.h"
#include "tests/fuzz/peer.h"
#include "tests/unit/dataplane/harness.h"

#define SLOT_OUT   1u
#define SLOT_PLAIN 2u /* inbound, protocol 50 */
#define SLOT_UDP   3u /* inbound, UDP 4500 */
#define SLOT_OWN   4u /* inbound, transport mode */
#define SLOT_SIX   5u /* inbound, over IPv6 */
#define SLOT_OWN_U 6u /* inbound, transport mode, UDP 4500 */
#define SLOT_OWN_6 7u /* inbound, transport mode, over IPv6 */
#define SLOTS	   16u
#define SPI_HIGH   0xabcd00u
#define GW	   HARNESS_IP(192, 0, 2, 1)
#define PEER	   HARNESS_IP(203, 0, 113, 2)
#define OUTER	   (14u + 20u)
#define OUTER6	   (14u + 40u)
#define UDP	   8u
#define GW6	   host6(2, 1)
#define PEER6	   host6(9, 2)
#define MANY	   ((uint64_t)1 << 40)
#define OPTIONS	   8u
#define LONG	   96u		  /* such packets have wide lanes, others narrow ones */
#define QUIET_NS   20000000000ull /* after which no fragment is held and no rate used up */

static struct {
	struct harness *h;
	const struct reference_suite *suite;
	struct abi_sa_add added[SLOTS]; /* msg.type 0: none */
	struct kept kept[SLOTS];
	struct peer *peer[SLOTS];
	uint8_t encr_key[32 + 4], integ_key[64]; /* room for a salt */
	uint32_t seq;
	uint64_t fed, sent, slow;
	struct order *order;
	void (*watch)(uint8_t port, const uint8_t *frame, size_t len);
} site;

const uint8_t site_far6[16] = {0x20, 1, 0xd, 0xb8, 0, 11, [15] = 6};
const uint8_t site_host6[16] = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 0x12};

static const struct reference_suite *find_suite(const char *name)
{
	for (unsigned int i = 0; i < REFERENCE_SUITES; i++)
		if (strcmp(reference_suites[i].name, name) == 0)
			return &reference_suites[i];
	return NULL;
}

static struct abi_range net24(uint8_t a, uint8_t b, uint8_t c)
{
	return (struct abi_range){
		.family = 4, .port_hi = 65535, .lo = {a, b, c, 0}, .hi = {a, b, c, 255}};
}

/* 2001:db8:x::/64 */
static struct abi_range net64(uint8_t x)
{
	struct abi_range r = {.family = 6, .port_hi = 65535, .lo = {0x20, 1, 0xd, 0xb8, 0, x}};

	memcpy(r.hi, r.lo, 8);
	memset(r.hi + 8, 0xff, 8);
	return r;
}

static struct abi_addr host6(uint8_t x, uint8_t last)
{
	return (struct abi_addr){.family = 6, .bytes = {0x20, 1, 0xd, 0xb8, 0, x, [15] = last}};
}

/* 2001:db8:1::1 on the LAN, 2001:db8:2::1 on the WAN. */
static int add_ipv6(void)
{
	const struct abi_address addrs[] = {
		{.port = SITE_LAN, .prefix_len = 64, .addr = host6(1, 1)},
		{.port = SITE_WAN, .prefix_len = 64, .addr = host6(2, 1)},
	};
	const struct abi_route route = {.port = ABI_PORT_ANY,
					.distance = 1,
					.dst = {.family = 6},
					.gateway = host6(2, 0xfe)};
	const struct rte_ether_addr mac = {{2, 0, 0, 0, 1, 0x12}};
	uint32_t status;

	site.h->tables.fib6 = fib6_build(addrs, 2, &route, 1, 2, SOCKET_ID_ANY, &status);
	if (neigh_table_insert(site.h->tables.neigh6, SITE_LAN, neigh_key6(site_host6), NEIGH_KNOWN,
			       &mac) < 0)
		return -1;
	return site.h->tables.fib6 ? 0 : -1;
}

static int install(const struct abi_sa_add *c)
{
	uint32_t detail = 0;
	uint16_t status = sad_add(site.h->tables.sad, c, 0, site.h->worker.now, &detail);

	if (status != ABI_OK)
		fprintf(stderr, "SA %u refused: %u, field %u\n", c->slot, status, detail);
	return status == ABI_OK ? 0 : -1;
}

/* And what goes with it. */
static int put_sa(const struct abi_sa_add *c, const struct reference_suite *suite)
{
	if (install(c) != 0)
		return -1;
	site.added[c->slot] = *c;
	site.peer[c->slot] = peer_create(suite, site.encr_key, site.integ_key);
	if (site.peer[c->slot] != NULL &&
	    kept_take(&site.kept[c->slot], sad_slot(site.h->tables.sad, c->slot)))
		return 0;
	fprintf(stderr, "SA %u cannot be kept, or has no peer\n", c->slot);
	return -1;
}

static int add_sa(uint32_t slot, uint8_t direction, uint8_t encap)
{
	bool own6 = slot == SLOT_OWN_6, six = slot == SLOT_SIX || own6;
	bool own = slot == SLOT_OWN || slot == SLOT_OWN_U || own6;
	struct abi_sa_add c = {
		.msg = {ABI_CMD_SA_ADD, sizeof(c), 1},
		.slot = slot,
		.spi = SPI_HIGH * 256 + slot,
		.policy_id = 1,
		.flags = direction == ABI_DIR_OUT ? ABI_SA_F_CURRENT : 0,
		.direction = direction,
		.mode = own ? ABI_MODE_TRANSPORT : ABI_MODE_TUNNEL,
		.encap = encap,
		.encr = site.suite->encr,
		.integ = site.suite->integ,
		.encr_key_len = site.suite->encr_key_len,
		.integ_key_len = site.suite->integ_key_len,
		.local_port = encap ? 4500 : 0,
		.remote_port = encap ? 4500 : 0,
		.replay_window = direction == ABI_DIR_IN ? 128 : 0,
		.local = six ? GW6 : (struct abi_addr){.family = 4, .bytes = {192, 0, 2, 1}},
		.remote = six ? PEER6 : (struct abi_addr){.family = 4, .bytes = {203, 0, 113, 2}},
		.n_local = 2,
		.n_remote = 2,
		.ts_local = {own ? net24(192, 0, 2) : net24(192, 168, 1), net64(own6 ? 2 : 1)},
		.ts_remote = {own ? net24(203, 0, 113) : net24(10, 100, 1), net64(own6 ? 9 : 11)}};

	for (unsigned int i = 0; i < 2 && slot == SLOT_SIX; i++) { /* fragments are needed whole */
		c.ts_remote[i].protocol = IPPROTO_UDP;
		c.ts_remote[i].port_hi = 1023;
	}
	memcpy(c.encr_key, site.encr_key, c.encr_key_len);
	memcpy(c.integ_key, site.integ_key, c.integ_key_len);
	return put_sa(&c, site.suite);
}

/* Addresses and headers as those of the others. */
static struct abi_sa_add tunnel_sa(const struct site_tunnel *t, const struct reference_suite *suite)
{
	struct abi_sa_add c = {.msg = {ABI_CMD_SA_ADD, sizeof(c), 1},
			       .slot = t->slot,
			       .spi = SPI_HIGH * 256 + t->slot,
			       .policy_id = 1,
			       .flags = (t->esn ? ABI_SA_F_ESN : 0) |
					(t->start != 0 ? ABI_SA_F_RESUME : 0),
			       .direction = ABI_DIR_IN,
			       .mode = ABI_MODE_TUNNEL,
			       .encap = t->udp ? ABI_ENCAP_UDP : ABI_ENCAP_NONE,
			       .encr = suite->encr,
			       .integ = suite->integ,
			       .encr_key_len = suite->encr_key_len,
			       .integ_key_len = suite->integ_key_len,
			       .salt_len = suite->salt_len,
			       .seq_start = t->start,
			       .local_port = t->udp ? 4500 : 0,
			       .remote_port = t->udp ? 4500 : 0,
			       .replay_window = t->window,
			       .life.hard_packets = t->limited ? MANY : 0,
			       .local = {.family = 4, .bytes = {192, 0, 2, 1}},
			       .remote = {.family = 4, .bytes = {203, 0, 113, 2}},
			       .n_local = t->narrow ? 1 : 2,
			       .n_remote = 1,
			       .ts_local = {net24(192, 168, 1), net24(192, 168, 7)},
			       .ts_remote = {net24(10, 100, 1)}};

	if (t->inner6) {
		c.ts_local[c.n_local++] = net64(1);
		c.ts_remote[c.n_remote++] = net64(11);
	}
	if (t->outer6) {
		c.local = GW6;
		c.remote = PEER6;
	}
	memcpy(c.encr_key, site.encr_key, c.encr_key_len);
	memcpy(c.integ_key, site.integ_key, c.integ_key_len);
	memcpy(c.salt, site.encr_key + c.encr_key_len, c.salt_len);
	return c;
}

int site_add(const struct site_tunnel *t)
{
	const struct reference_suite *suite = find_suite(t->suite);
	struct abi_sa_add c;

	if (!suite)
		return -1;
	c = tunnel_sa(t, suite);
	return put_sa(&c, suite);
}

static int add_policy(void)
{
	const struct abi_policy p[2] = {{.policy_id = 1,
					 .action = ABI_ACT_PROTECT,
					 .mode = ABI_MODE_TUNNEL,
					 .local = net24(192, 168, 1),
					 .remote = net24(10, 100, 1)},
					{.policy_id = 2,
					 .action = ABI_ACT_PROTECT,
					 .mode = ABI_MODE_TUNNEL,
					 .local = net64(1),
					 .remote = net64(11)}};
	const uint32_t index[2] = {0, 0}; /* one SA carries both */
	uint32_t status = 0, detail = 0;
	struct spd *spd = spd_build(p, index, 2, 1, SOCKET_ID_ANY, &status, &detail);

	if (!spd)
		return -1;
	spd_free(site.h->tables.spd);
	site.h->tables.spd = spd;
	return 0;
}

int site_create(void)
{
	site.suite = find_suite("aes128+sha1");
	for (unsigned int i = 0; i < sizeof(site.encr_key); i++)
		site.encr_key[i] = (uint8_t)(0x11 + i); /* those of 3DES have to differ */
	memset(site.integ_key, 0x22, sizeof(site.integ_key));
	/* What was used last comes first: buffers stay in the cache. */
	if (harness_eal() != 0 || rte_mbuf_set_user_mempool_ops("stack") != 0)
		return -1;
	site.h = harness_create(64, 16, 2047);
	if (!site.suite || !site.h || harness_pipe_create(site.h) != 0 || add_ipv6() != 0 ||
	    add_policy() != 0)
		return -1;
	crypto_choose(site.h->worker.crypto, LONG); /* on each CPU the same */
	return add_sa(SLOT_OUT, ABI_DIR_OUT, ABI_ENCAP_NONE) != 0 ||
			       add_sa(SLOT_PLAIN, ABI_DIR_IN, ABI_ENCAP_NONE) != 0 ||
			       add_sa(SLOT_UDP, ABI_DIR_IN, ABI_ENCAP_UDP) != 0 ||
			       add_sa(SLOT_OWN, ABI_DIR_IN, ABI_ENCAP_NONE) != 0 ||
			       add_sa(SLOT_SIX, ABI_DIR_IN, ABI_ENCAP_NONE) != 0 ||
			       add_sa(SLOT_OWN_U, ABI_DIR_IN, ABI_ENCAP_UDP) != 0 ||
			       add_sa(SLOT_OWN_6, ABI_DIR_IN, ABI_ENCAP_NONE) != 0
		       ? -1
		       : 0;
}

void site_free(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		peer_free(site.peer[i]);
		site.peer[i] = NULL;
		site.added[i].msg.type = 0;
	}
	site.h->worker.order = NULL;
	order_free(site.order);
	site.order = NULL;
	harness_pipe_free(site.h);
	harness_free(site.h);
	site.h = NULL;
}

static void no_event(void *ctx, const struct abi_ev_sa *ev)
{
	(void)ctx;
	(void)ev;
}

/* What the manager would do between bursts: time goes on, sequence marks move, its packets go. */
static void manage(void)
{
	struct rte_mbuf *m;

	site.h->worker.now += 1000000;
	reasm_expire(&site.h->worker);
	while (rte_ring_dequeue(site.h->worker.ike, (void **)&m) == 0 ||
	       rte_ring_dequeue(site.h->worker.slow, (void **)&m) == 0) {
		site.slow++;
		rte_pktmbuf_free(m);
	}
	for (unsigned int i = 0; site.watch != NULL && i < site.h->n_sent; i++)
		site.watch(site.h->sent_port[i], rte_pktmbuf_mtod(site.h->sent[i], uint8_t *),
			   rte_pktmbuf_data_len(site.h->sent[i]));
	site.sent += site.h->n_sent;
	harness_clear_sent(site.h);
	sad_tick(site.h->tables.sad,
		 &(struct sad_tick_io){.counters = site.h->sa_counters,
				       .rows = site.h->max_sas,
				       .workers = 1,
				       .event = no_event},
		 site.h->worker.now);
}

void site_frame(uint8_t port, const uint8_t *bytes, size_t len)
{
	struct rte_mbuf *m = harness_mbuf(site.h, bytes, len > 2176 ? 2176 : len);

	if (!m)
		return; /* the books will tell: a packet leaked */
	site.fed++;
	pipeline_input(&site.h->worker, port, &m, 1);
	manage();
}

/* In two segments, when it is longer than the first. NULL: no buffer. */
static struct rte_mbuf *mbuf_of(const struct site_piece *f)
{
	size_t first = f->first < f->len ? f->first : f->len;
	struct rte_mbuf *m = harness_mbuf(site.h, f->bytes, first), *rest;

	if (!m || first == f->len)
		return m;
	rest = harness_mbuf(site.h, f->bytes + first, f->len - first);
	if (!rest || rte_pktmbuf_chain(m, rest) != 0) {
		rte_pktmbuf_free(rest);
		rte_pktmbuf_free(m);
		return NULL;
	}
	return m;
}

/* Our hold on a shared one; others may have moved its borders, but not written it. */
static void give_back(struct rte_mbuf *m, const struct site_piece *f)
{
	if (m == NULL)
		return;
	if (memcmp((const uint8_t *)m->buf_addr + RTE_PKTMBUF_HEADROOM, f->bytes, f->len) != 0) {
		fprintf(stderr, "a packet was written that is not ours alone\n");
		abort();
	}
	rte_pktmbuf_free(m);
}

void site_burst(uint8_t port, const struct site_piece *frames, unsigned int n,
		void (*sent)(uint8_t port, const uint8_t *frame, size_t len))
{
	struct rte_mbuf *m[WORKER_BURST], *held[WORKER_BURST] = {NULL};
	uint16_t k = 0;

	for (unsigned int i = 0; i < n && i < WORKER_BURST; i++) {
		m[k] = mbuf_of(&frames[i]);
		if (m[k] != NULL && frames[i].shared && m[k]->nb_segs == 1) {
			rte_mbuf_refcnt_update(m[k], 1);
			held[i] = m[k];
		}
		k = (uint16_t)(k + (m[k] != NULL));
	}
	site.fed += k;
	pipeline_input(&site.h->worker, port, m, k);
	for (unsigned int i = 0; i < n && i < WORKER_BURST; i++)
		give_back(held[i], &frames[i]);
	for (unsigned int i = 0; i < site.h->n_sent; i++)
		sent(site.h->sent_port[i], rte_pktmbuf_mtod(site.h->sent[i], const uint8_t *),
		     rte_pktmbuf_data_len(site.h->sent[i]));
	manage();
}

void site_undo(void)
{
	struct worker *w = &site.h->worker;

	w->now += QUIET_NS;
	reasm_expire(w);
	w->now += QUIET_NS; /* when it looks again, too */
	for (uint32_t i = 0; i < SLOTS; i++)
		if (site.added[i].msg.type != 0)
			kept_undo(&site.kept[i]);
	harness_clear_lines(site.h);
	site.seq = 0;
	/* None of the flows it knows is of this table. */
	site.h->tables.spd->serial += site.h->tables.spd->serial == UINT32_MAX ? 2 : 1;
}

static int renew(const struct abi_sa_add *c)
{
	if (sad_delete(site.h->tables.sad, c->slot, c->spi) != ABI_OK)
		return -1;
	sad_reclaim(site.h->tables.sad, c->slot);
	return install(c);
}

bool site_undo_holds(void)
{
	bool holds = true;

	site_undo();
	for (uint32_t i = 0; i < SLOTS; i++)
		holds = holds && (site.added[i].msg.type == 0 || renew(&site.added[i]) == 0);
	for (uint32_t i = 0; i < SLOTS && holds; i++) {
		struct sa *sa = sad_slot(site.h->tables.sad, i);

		holds = sa == NULL || (kept_is(&site.kept[i], sa) && kept_take(&site.kept[i], sa));
	}
	return holds;
}

void site_watch(void (*sent)(uint8_t port, const uint8_t *frame, size_t len))
{
	site.watch = sent;
}

int site_order(bool among_others)
{
	if (among_others && !site.order)
		site.order = order_create(SOCKET_ID_ANY, &site.h->worker.counters->out_of_turn);
	if (site.h->worker.order == NULL && among_others) { /* what went alone, nobody noted */
		struct sa *out = sad_slot(site.h->tables.sad, SLOT_OUT);

		out->sent = out->seq;
	}
	site.h->worker.order = among_others ? site.order : NULL;
	return among_others && !site.order ? -1 : 0;
}

static void put_outer(bool udp, uint8_t *out, size_t esp_len)
{
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(out + 14);
	size_t l4 = esp_len + (udp ? UDP : 0);

	memset(out, 0, OUTER);
	memcpy(out, &ports[SITE_WAN].mac, 6);
	out[6] = 2;
	out[11] = 0x54;
	out[12] = 0x08;
	*ip = (struct rte_ipv4_hdr){.version_ihl = 0x45,
				    .total_length = rte_cpu_to_be_16((uint16_t)(20 + l4)),
				    .time_to_live = 60,
				    .next_proto_id = udp ? IPPROTO_UDP : IPPROTO_ESP,
				    .src_addr = rte_cpu_to_be_32(PEER),
				    .dst_addr = rte_cpu_to_be_32(GW)};
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	if (udp)
		*(struct rte_udp_hdr *)(out + OUTER) =
			(struct rte_udp_hdr){.src_port = RTE_BE16(4500),
					     .dst_port = RTE_BE16(4500),
					     .dgram_len = rte_cpu_to_be_16((uint16_t)l4)};
}

static void put_outer6(bool options, uint8_t *out, size_t esp_len)
{
	const struct abi_addr src = PEER6, dst = GW6;
	size_t len = esp_len + (options ? OPTIONS : 0);

	memset(out, 0, OUTER6);
	memcpy(out, &ports[SITE_WAN].mac, 6);
	out[6] = 2;
	out[11] = 0x54;
	memcpy(out + 12, "\x86\xdd\x60", 3);
	out[18] = (uint8_t)(len >> 8);
	out[19] = (uint8_t)len;
	out[20] = options ? IPPROTO_DSTOPTS : IPPROTO_ESP;
	out[21] = 60;
	memcpy(out + 22, src.bytes, 16);
	memcpy(out + 38, dst.bytes, 16);
	if (options) /* PadN */
		memcpy(out + OUTER6, (const uint8_t[OPTIONS]){IPPROTO_ESP, 0, 1, 4}, OPTIONS);
}

/* The SA for packets like that. */
static uint32_t slot_of(unsigned int how)
{
	bool own = (how & SITE_TRANSPORT) != 0;

	if (how & SITE_OUTER6)
		return own ? SLOT_OWN_6 : SLOT_SIX;
	if (how & SITE_UDP)
		return own ? SLOT_OWN_U : SLOT_UDP;
	return own ? SLOT_OWN : SLOT_PLAIN;
}

size_t site_seal(unsigned int how, struct reference_esp *e, const uint8_t *payload, size_t len,
		 uint8_t *out)
{
	bool six = (how & SITE_OUTER6) != 0, udp = !six && (how & SITE_UDP) != 0;
	bool options = six && (how & SITE_OPTIONS) != 0;
	size_t start = six ? OUTER6 + (options ? OPTIONS : 0) : OUTER + (udp ? UDP : 0), esp;

	if (e->spi == 0)
		e->spi = SPI_HIGH * 256 + slot_of(how);
	if (e->seq == 0)
		e->seq = ++site.seq;
	esp = peer_seal(site.peer[slot_of(how)], e, payload, len, out + start);
	if (six)
		put_outer6(options, out, esp);
	else
		put_outer(udp, out, esp);
	return start + esp;
}

size_t site_seal_for(const struct site_tunnel *t, struct reference_esp *e, const uint8_t *payload,
		     size_t len, uint8_t *out)
{
	size_t start = (t->outer6 ? OUTER6 : OUTER) + (t->udp ? UDP : 0), esp;

	e->spi = SPI_HIGH * 256 + t->slot;
	esp = peer_seal(site.peer[t->slot], e, payload, len, out + start);
	if (t->outer6)
		put_outer6(false, out, esp);
	else
		put_outer(t->udp, out, esp);
	return start + esp;
}

uint64_t site_packets(uint32_t slot)
{
	return worker_sa(&site.h->worker, slot)->packets;
}

uint64_t site_top(uint32_t slot)
{
	const struct sa *sa = sad_slot(site.h->tables.sad, slot);

	return sa && sa_replay(sa) ? sa_replay(sa)->top : 0;
}

uint64_t site_moved(uint32_t slot)
{
	const struct sa *sa = sad_slot(site.h->tables.sad, slot);

	return sa ? sa->moved : 0;
}

uint64_t site_peer(void)
{
	return sa_peer(PEER, 4500);
}

uint64_t site_fed(void)
{
	return site.fed;
}

uint64_t site_sent(void)
{
	return site.sent;
}

uint64_t site_slow(void)
{
	return site.slow;
}

uint64_t site_dropped(void)
{
	return harness_drops(site.h);
}

uint64_t site_drops(unsigned int reason)
{
	return site.h->worker.counters->drops[reason];
}

bool site_check(void)
{
	uint64_t in = site.fed + site.h->worker.counters->made;
	uint32_t held = reasm_held(site.h->worker.reasm); /* fragments without the rest */
	uint64_t out = site.sent + site_dropped() + site.slow + held;
	unsigned int in_use = harness_in_use(site.h);

	if (in == out && in_use == held)
		return true;
	fprintf(stderr,
		"books: fed %lu + made %lu != sent %lu + dropped %lu + manager %lu + held %u; "
		"%u buffers in use\n",
		site.fed, site.h->worker.counters->made, site.sent, site_dropped(), site.slow, held,
		in_use);
	return false;
}
