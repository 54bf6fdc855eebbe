/* SPDX-License-Identifier: BSD-3-Clause */
/* outtwin.c - see outtwin.h. */
#include "tests/unit/dataplane/ipsec/outtwin.h"

#include "dataplane/net/fib6.h"
#include "dataplane/net/neigh_table.h"

#define LEFT_MIN 60u /* bytes before a packet without room: less than its header takes, or more */
#define SYN_MSS	 1460u

/* Of packets of SAs at random: among so many the three that say that they are of several do so. */
#define MANY_LEAST 8u

struct outtwin twins;

unsigned int outtwin_any(unsigned int n)
{
	return (unsigned int)(random_next(&twins.seed) % n);
}

static uint32_t mtu_of(uint32_t at)
{
	return sad_slot(esp.sad, RUN + at % SLOTS)->mtu;
}

uint32_t outtwin_mtu(void)
{
	return mtu_of(0);
}

static uint8_t number_of(uint32_t slot)
{
	return (uint8_t)((slot >= TWIN ? slot - TWIN : slot - RUN) % SLOTS);
}

/* What is made or opened is of this SA, or of its twin. Each has keys of its own. */
static void put_on(uint32_t slot)
{
	static uint8_t worn;
	uint8_t number = number_of(slot);
	const struct twin_sa *sa = &twins.sa[number];

	esp.out_key[0] ^= worn ^ number;
	esp.out_auth[0] ^= worn ^ number;
	worn = number;
	shape = sa->shape;
	esp.encap = sa->shape.encap;
	esp.suite = espkit_suite(sa->suite);
	esp.esn = sa->esn;
}

/* --- packets --- */

static void make_syn(struct frame *f, bool is6)
{
	uint8_t *tcp = f->b + ETH + (is6 ? 40 : 20);

	f->b[ETH + (is6 ? 6 : 9)] = 6;
	memset(tcp, 0, 24);
	tcp[12] = 6 << 4;
	tcp[13] = 2;
	tcp[20] = 2;
	tcp[21] = 4;
	put16(tcp + 22, SYN_MSS);
	if (!is6)
		frame_fix(f);
}

/* at: the SA, and what is behind the last one has the size of the first. */
static struct frame frame_of(enum twin_kind kind, bool is6, uint32_t at)
{
	uint32_t head = is6 ? 48 : 28, most = mtu_of(at) - head, len = 24 + outtwin_any(most - 23);
	struct frame f;

	if (kind == LARGE)
		len = most + 1 + outtwin_any(2) * outtwin_any(60);
	if (outtwin_any(4) == 0 && kind != LARGE)
		len = most - outtwin_any(3);
	f = shapekit_inner(is6, true, len);
	if (!is6)
		put16(f.b + ETH + 6, kind == LARGE || outtwin_any(2) ? 0x4000 : 0); /* DF */
	if (kind == OTHER_HOST && !is6)
		put32(f.b + ETH + (outtwin_any(2) ? 12 : 16), IP(10, 100, 2, 6));
	if (kind == SYN)
		make_syn(&f, is6);
	frame_set_tos(&f, (uint8_t)outtwin_any(256));
	if (!is6)
		frame_fix(&f);
	return f;
}

/* In front of it there are so many bytes. */
static void move_to(struct rte_mbuf *m, unsigned int left)
{
	memmove((uint8_t *)m->buf_addr + left, rte_pktmbuf_mtod(m, uint8_t *), m->data_len);
	m->data_off = (uint16_t)left;
}

static void chain(struct rte_mbuf *m)
{
	struct rte_mbuf *end = rte_pktmbuf_alloc(kit.h->pool);
	uint8_t *to;

	assert_non_null(end);
	to = (uint8_t *)rte_pktmbuf_append(end, 10);
	memcpy(to, rte_pktmbuf_mtod_offset(m, uint8_t *, m->data_len - 10), 10);
	rte_pktmbuf_trim(m, 10);
	assert_int_equal(rte_pktmbuf_chain(m, end), 0);
}

/* how: what the twin is to do, too. */
static void disturb(struct rte_mbuf *m, enum twin_kind kind, unsigned int how)
{
	struct pkt_meta *meta = pkt_meta(m);
	bool is6 = (meta->flags & PKT_F_IPV6) != 0;

	if (kind == OTHER_HOST && is6)
		*rte_pktmbuf_mtod_offset(m, uint8_t *, ETH + 8 + how % 32) ^= 1 + how % 7;
	if (kind == ORIGIN) {
		meta->flags |= how & 1 ? PKT_F_ORIGIN : 0;
		if (is6 && ((how & 1) != 0 || meta->ip_len <= 1280))
			meta->flags &= (uint8_t)~PKT_F_DF;
	}
	if (kind == FRAGMENT)
		meta->flags |= PKT_F_FRAGMENT | (how & 1 ? PKT_F_NONFIRST : 0);
	if (kind == SHARED)
		rte_mbuf_refcnt_update(m, 1);
	if (kind == CHAINED)
		chain(m);
	if (kind == NO_ROOM)
		move_to(m, LEFT_MIN + how % 40);
	if (kind == NO_TAIL) /* up to the end, or with some of what is put there */
		move_to(m, m->buf_len - m->data_len - 3 * (how % 16));
	if (kind == CUT)
		rte_pktmbuf_trim(m, 1);
	if (kind == SHORT) {
		meta->ip_len = (uint16_t)(is6 ? 30 : 20);
		rte_pktmbuf_trim(m, (uint16_t)(m->data_len - ETH - meta->ip_len));
	}
}

struct rte_mbuf *outtwin_packet(const struct frame *f, enum twin_kind kind, uint32_t slot,
				unsigned int how)
{
	struct rte_mbuf *m = espkit_clear(f);

	pkt_meta(m)->sa_slot = slot;
	pkt_meta(m)->in_port = how % 2;
	disturb(m, kind, how);
	return m;
}

static void release(struct rte_mbuf *m, struct rte_mbuf *given, enum twin_kind kind)
{
	if (kind == SHARED && m != given) /* a copy: our hold on the original is left */
		rte_pktmbuf_free(given);
	else if (rte_mbuf_refcnt_read(m) == 2)
		rte_mbuf_refcnt_update(m, -1);
	rte_pktmbuf_free(m);
}

/* --- what is to come of them --- */

const struct rte_ether_addr outtwin_gateway = {{2, 0, 0, 0, 2, 0x54}};

/* That of one that knows its way; and its meta as of one that does not. */
static void expect_way(const struct rte_mbuf *m, struct pkt_meta *meta)
{
	const uint8_t *ether = rte_pktmbuf_mtod(m, const uint8_t *);
	uint32_t next = WAN_GW;
	struct ip6 to;

	if (meta->verdict == PKT_SEND) {
		memcpy(to.b, peer6, ADDR6);
		if (shape.outer6)
			fib6_lookup_bulk(kit.h->tables.fib6, &to, &next, 1);
		assert_int_equal(meta->out_port, 1);
		assert_int_equal(meta->next_hop, next);
		assert_memory_equal(ether, &outtwin_gateway, 6);
		assert_memory_equal(ether + 6, &ports[1].mac, 6);
		assert_int_equal(get16(ether + 12), shape.outer6 ? 0x86dd : 0x0800);
		assert_true(meta->ip_len <= ports[1].mtu);
		twins.sends++;
	}
	meta->verdict = PKT_FORWARD;
	meta->out_port = 0; /* route says it */
	meta->next_hop = 0;
}

/* But for the identification, and the checksum with it. */
void outtwin_expect_headers_alike(const struct rte_mbuf *m, const struct rte_mbuf *twin)
{
	const uint8_t *a = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
	const uint8_t *b = rte_pktmbuf_mtod_offset(twin, const uint8_t *, ETH);

	if (shape.outer6) {
		assert_memory_equal(a, b, 40);
		return;
	}
	assert_memory_equal(a, b, 4);
	assert_memory_equal(a + 6, b + 6, 4);
	assert_memory_equal(a + 12, b + 12, 8);
}

static void expect_text_alike(const struct rte_mbuf *m, const struct rte_mbuf *twin, uint32_t slot)
{
	uint8_t inner[2][ESPKIT_MAX_INNER];
	struct reference_esp e[2];
	long len = shapekit_open(m, &e[0], inner[0]);

	assert_true(len > 0);
	assert_int_equal(len, shapekit_open(twin, &e[1], inner[1]));
	if (inner[0][0] >> 4 == 6 && inner[0][6] == 44) /* a piece: of no two packets the same */
		memcpy(inner[0] + 44, inner[1] + 44, 4);
	assert_memory_equal(inner[0], inner[1], (size_t)len);
	assert_int_equal(e[0].seq, e[1].seq);
	assert_int_equal(e[0].spi, OUT_SPI + number_of(slot));
	assert_int_equal(e[1].spi, e[0].spi);
	assert_int_equal(e[0].next_header, e[1].next_header);
	assert_int_equal(e[0].next_header, inner[0][0] >> 4 == 6 ? 41 : 4);
}

/* All but the numbers of the SAs, IV and what is encrypted. */
static void expect_alike(const struct rte_mbuf *m, const struct rte_mbuf *twin)
{
	struct pkt_meta a = *pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	struct pkt_meta b = *pkt_meta((struct rte_mbuf *)(uintptr_t)twin);

	assert_int_equal(a.verdict == PKT_DROP, b.verdict == PKT_DROP);
	if (a.verdict == PKT_DROP) {
		assert_int_equal(a.reason, b.reason);
		return;
	}
	put_on(a.sa_slot);
	expect_way(m, &a);
	expect_way(twin, &b);
	assert_int_equal(a.sa_slot + TWIN - RUN, b.sa_slot);
	a.sa_slot = b.sa_slot;
	assert_int_equal(a.trim != ORDER_NONE, twins.among_others);
	a.trim = b.trim;
	assert_memory_equal(&a, &b, sizeof(a));
	assert_int_equal(m->data_off, twin->data_off);
	assert_int_equal(m->data_len, twin->data_len);
	assert_int_equal(m->pkt_len, twin->pkt_len);
	outtwin_expect_headers_alike(m, twin);
	if ((a.flags & PKT_F_FRAGMENT) == 0)
		expect_text_alike(m, twin, a.sa_slot);
}

static void expect_counted_alike(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		const struct abi_sa_counters *a = espkit_counters(RUN + i);
		const struct abi_sa_counters *b = espkit_counters(TWIN + i);

		assert_int_equal(a->hits, b->hits);
		assert_int_equal(a->packets, b->packets);
		assert_int_equal(a->bytes, b->bytes);
		assert_int_equal(a->wire_bytes, b->wire_bytes);
		assert_int_equal(a->last_used, b->last_used);
	}
}

/* Among others a burst has a number for each of its packets: those that were not sent leave the
 * last of them unused, and nobody waits for these. */
static void expect_numbered_alike(struct rte_mbuf **m, const uint32_t *slot, uint16_t n)
{
	uint64_t unused[SLOTS] = {0};

	for (uint16_t i = 0; twins.among_others && i < n; i++)
		if (slot[i] < NOTHING && pkt_meta(m[i])->verdict == PKT_DROP)
			unused[slot[i] - RUN]++;
	for (uint32_t i = 0; i < SLOTS; i++) {
		struct sa *a = sad_slot(esp.sad, RUN + i), *b = sad_slot(esp.sad, TWIN + i);

		assert_int_equal(a->seq, b->seq + unused[i]);
		b->seq = a->seq;
	}
}

/* All blocks leave. */
static void drain(struct order *o)
{
	struct rte_mbuf *out[WORKER_BURST];
	uint16_t n;

	while (order_next(o, esp.sad, kit.w->now, out, &n) != ORDER_NOTHING)
		assert_int_equal(n, 0);
	assert_int_equal(order_waiting(o), 0);
	for (uint32_t i = 0; i < SLOTS; i++)
		assert_int_equal(sad_slot(esp.sad, RUN + i)->sent, sad_slot(esp.sad, RUN + i)->seq);
}

static const uint8_t *iv_of(struct rte_mbuf *m)
{
	const struct shape *of = &twins.sa[pkt_meta(m)->sa_slot - RUN].shape;

	return rte_pktmbuf_mtod_offset(m, const uint8_t *,
				       ETH + (of->outer6 ? 40 : 20) +
					       (of->encap == ABI_ENCAP_UDP ? 8 : 0) + 8);
}

/* No IV was there before in the burst under the same key, or at all, where it is chance. */
static void expect_own_iv(struct rte_mbuf **m, uint16_t i)
{
	const struct sa *sa = sad_slot(esp.sad, pkt_meta(m[i])->sa_slot);

	if (pkt_meta(m[i])->verdict == PKT_DROP || sa->iv_len == 0)
		return;
	for (uint16_t k = 0; k < i; k++) {
		const struct pkt_meta *meta = pkt_meta(m[k]);

		if (meta->verdict != PKT_DROP &&
		    (meta->sa_slot == sa->slot ||
		     (sa->iv_len == 16 && sad_slot(esp.sad, meta->sa_slot)->iv_len == 16)))
			assert_memory_not_equal(iv_of(m[i]), iv_of(m[k]), 8);
	}
}

/* --- bursts --- */

/* One more, of both. */
void outtwin_put(struct twin_burst *p, enum twin_kind kind)
{
	uint32_t at = twins.many ? outtwin_any(SLOTS) : kind == OTHER_SA ? 1 : 0;
	unsigned int how = outtwin_any(1000);
	uint16_t i = p->n++;
	struct frame f;

	if (kind == NO_SA)
		at = SLOTS;
	f = frame_of(kind, twins.six != (kind == OTHER_FAMILY), at);
	p->slot[i] = RUN + at;
	p->kind[i] = kind;
	p->given[0][i] = p->m[i] = outtwin_packet(&f, kind, RUN + at, how);
	p->given[1][i] = p->twin[i] = outtwin_packet(&f, kind, TWIN + at, how);
}

void outtwin_send(struct twin_burst *p, struct order *order)
{
	kit.w->now++;
	kit.w->order = order;
	esp_out_burst(kit.w, p->m, p->n);
	kit.w->order = NULL;
	if (order != NULL)
		drain(order);
	for (uint16_t i = 0; i < p->n; i++)
		esp_out_burst(kit.w, &p->twin[i], 1);
	kit_clear(); /* ICMP errors */
}

void outtwin_expect_alike(struct twin_burst *p)
{
	assert_int_equal(esp.n_routed, 0);
	expect_numbered_alike(p->m, p->slot, p->n);
	for (uint16_t i = 0; i < p->n; i++) {
		expect_own_iv(p->m, i);
		expect_alike(p->m[i], p->twin[i]);
		assert_int_equal(p->m[i] == p->given[0][i], p->twin[i] == p->given[1][i]);
	}
	for (uint16_t i = 0; i < p->n; i++) {
		release(p->m[i], p->given[0][i], p->kind[i]);
		release(p->twin[i], p->given[1][i], p->kind[i]);
	}
	expect_counted_alike();
}

void outtwin_compare(uint16_t n, unsigned int disturbed, struct order *order)
{
	struct twin_burst p = {.n = 0};

	while (p.n < n)
		outtwin_put(&p, outtwin_any(disturbed) == 0 ? (enum twin_kind)outtwin_any(SPECIAL)
							    : PLAIN);
	outtwin_send(&p, order);
	outtwin_expect_alike(&p);
}

/* Each kind alone among plain ones: behind the first, behind a run, at the end. */
static void compare_each(struct order *order)
{
	for (enum twin_kind kind = PLAIN; kind < SPECIAL; kind++)
		for (unsigned int at = 0; at < 6; at++) {
			struct twin_burst p = {.n = 0};

			while (p.n < 6)
				outtwin_put(&p, p.n == at ? kind : PLAIN);
			outtwin_send(&p, order);
			outtwin_expect_alike(&p);
		}
}

/* Of one side alone. */
static void ask_for_ports(struct abi_sa_add *c)
{
	unsigned int what = outtwin_any(4);
	struct abi_range *r = what & 1 ? c->ts_local : c->ts_remote;

	for (unsigned int i = 0; i < 2; i++)
		if (what & 2)
			r[i].protocol = 17;
		else
			r[i].port_lo = r[i].port_hi = what & 1 ? 4000 : 53;
}

static void ask_for_anything(struct abi_sa_add *c)
{
	for (unsigned int i = 0; i < 2; i++) {
		memset(c->ts_local[i].lo, 0, ADDR6);
		memset(c->ts_remote[i].lo, 0, ADDR6);
		memset(c->ts_local[i].hi, 0xff, i == 0 ? 4 : ADDR6);
		memset(c->ts_remote[i].hi, 0xff, i == 0 ? 4 : ADDR6);
	}
}

static void ask_for_six(struct abi_sa_add *c)
{
	c->n_local = c->n_remote = 1;
	c->ts_local[0] = c->ts_local[1];
	c->ts_remote[0] = c->ts_remote[1];
}

struct abi_sa_add outtwin_sa(uint32_t slot)
{
	const struct twin_sa *sa = &twins.sa[number_of(slot)];
	struct abi_sa_add c;

	put_on(slot);
	c = shapekit_out();
	c.slot = slot;
	c.spi = OUT_SPI + number_of(slot);
	c.flags |= sa->esn ? ABI_SA_F_ESN : 0;
	c.life.hard_packets = sa->limited ? 1u << 30 : 0;
	if (sa->selectors == HOSTS) {
		memcpy(c.ts_local[1].lo, lan6_host, ADDR6);
		memcpy(c.ts_local[1].hi, lan6_host, ADDR6);
		memcpy(c.ts_remote[1].lo, far6_host, ADDR6);
		memcpy(c.ts_remote[1].hi, far6_host, ADDR6);
	}
	if (sa->selectors == PORTS)
		ask_for_ports(&c);
	if (sa->selectors == TWO) {
		c.n_remote = 4;
		c.ts_remote[2] = espkit_range(IP(10, 100, 2, 0), IP(10, 100, 2, 255));
		c.ts_remote[3] = c.ts_remote[1];
		c.ts_remote[3].lo[7] ^= 4;
		c.ts_remote[3].hi[7] ^= 4;
	}
	if (sa->selectors == ANYTHING)
		ask_for_anything(&c);
	if (sa->selectors == SIX || sa->selectors == RANGES)
		ask_for_six(&c);
	if (sa->selectors == RANGES) {
		c.ts_local[0].lo[15] = 1;
		c.ts_remote[0].hi[15] = 0xfe;
	}
	return c;
}

void outtwin_add_all(void)
{
	uint64_t as = twins.seed;

	for (uint32_t i = 0; i < 2 * SLOTS; i++) {
		struct abi_sa_add c;

		if (i % SLOTS == 0)
			twins.seed = as; /* twins are alike */
		c = outtwin_sa(i < SLOTS ? RUN + i : TWIN + i - SLOTS);
		espkit_add(&c);
	}
}

void outtwin_add(const char *suite, struct shape s, enum twin_selectors of)
{
	shapekit_pair(suite, s);
	for (uint32_t i = 0; i < SLOTS; i++)
		twins.sa[i] = (struct twin_sa){.suite = suite, .shape = s, .selectors = of};
	outtwin_add_all();
}

void outtwin_remove(void)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		espkit_remove(RUN + i);
		espkit_remove(TWIN + i);
	}
}

void outtwin_compare_all(void)
{
	twins.many = true;
	for (unsigned int inner = 0; inner < 2; inner++) {
		twins.six = inner != 0;
		outtwin_add_all();
		for (unsigned int round = 0; round < ROUNDS; round++)
			outtwin_compare((uint16_t)(MANY_LEAST + outtwin_any(WORKER_BURST / 4)),
					2 + outtwin_any(40), NULL);
		outtwin_compare(WORKER_BURST, 30, NULL);
		outtwin_remove();
	}
	twins.many = false;
}

void outtwin_compare_sas(const char *suite, struct shape s, enum twin_selectors of)
{
	uint64_t out_of_turn = 0;
	struct order *order = twins.among_others ? order_create(SOCKET_ID_ANY, &out_of_turn) : NULL;

	assert_int_equal(order != NULL, twins.among_others);
	for (unsigned int inner = 0; inner < 2; inner++) {
		twins.six = inner != 0;
		outtwin_add(suite, s, of);
		compare_each(order);
		for (unsigned int round = 0; round < ROUNDS; round++)
			outtwin_compare((uint16_t)(1 + outtwin_any(WORKER_BURST / 4)),
					2 + outtwin_any(40), order);
		outtwin_compare(WORKER_BURST, 30, order);
		outtwin_remove();
	}
	order_free(order);
}

struct shape outtwin_shape(unsigned int k)
{
	return (struct shape){.outer6 = (k & 1) != 0,
			      .encap = k & 2 ? ABI_ENCAP_UDP : ABI_ENCAP_NONE};
}

static struct neigh *known(struct neigh_key key)
{
	struct neigh *t = neigh_create(SOCKET_ID_ANY);

	assert_non_null(t);
	assert_int_not_equal(neigh_table_insert(t, 1, key, NEIGH_KNOWN, &outtwin_gateway), -1);
	return t;
}

void outtwin_know_gateways(void)
{
	static const uint8_t gateway6[ADDR6] = {0x20, 1, 0xd, 0xb8, 0, 1, [15] = 1};

	kit.h->tables.neigh = known(neigh_key4(WAN_GW));
	kit.h->tables.neigh6 = known(neigh_key6(gateway6));
}

void outtwin_forget_gateways(void)
{
	neigh_free(kit.h->tables.neigh);
	neigh_free(kit.h->tables.neigh6);
	kit.h->tables.neigh = kit.h->tables.neigh6 = NULL;
}

int outtwin_begin(void **state)
{
	twins.seed = 43;
	return espkit_begin(state);
}
