/* SPDX-License-Identifier: BSD-3-Clause */
/* espkit.c - a pair of SAs and the peer's end of them. */
#include "tests/unit/dataplane/ipsec/espkit.h"

#include <stdlib.h>

#include "dataplane/ipsec/crypto_impl.h"
#include "dataplane/net/parse.h"

struct espkit esp;

/* Weak: a test of the whole pipeline has the real ones. */
__attribute__((weak)) void pipeline_route(struct worker *w, struct rte_mbuf *m)
{
	(void)w;
	assert_true(esp.n_routed < sizeof(esp.routed) / sizeof(esp.routed[0]));
	esp.routed[esp.n_routed++] = m;
}

__attribute__((weak)) void pipeline_drop(struct worker *w, struct rte_mbuf *m,
					 enum drop_reason reason)
{
	(void)w;
	esp.n_dropped++;
	esp.dropped = reason;
	rte_pktmbuf_free(m);
}

int espkit_setup(void **state)
{
	if (kit_setup(state) != 0)
		return -1;
	esp.seed = 7;
	esp.sad = sad_create(ESPKIT_SAS, ESPKIT_POLICIES, kit.h->sa_status, SOCKET_ID_ANY);
	kit.h->tables.sad = esp.sad;
	kit.w->crypto = crypto_create(SOCKET_ID_ANY);
	return esp.sad != NULL && kit.w->crypto != NULL ? 0 : -1;
}

int espkit_teardown(void **state)
{
	sad_free(esp.sad);
	crypto_free(kit.w->crypto);
	return kit_teardown(state);
}

const struct reference_suite *espkit_suite(const char *name)
{
	for (unsigned int i = 0; i < REFERENCE_SUITES; i++)
		if (strcmp(reference_suites[i].name, name) == 0)
			return &reference_suites[i];
	fail_msg("no suite %s", name);
	return NULL;
}

struct abi_range espkit_range(uint32_t lo, uint32_t hi)
{
	struct abi_range r = {.family = 4, .port_hi = UINT16_MAX};

	put32(r.lo, lo);
	put32(r.hi, hi);
	return r;
}

static struct abi_sa_add common(void)
{
	struct abi_sa_add c = {
		.msg = {.type = ABI_CMD_SA_ADD, .length = sizeof(c)},
		.policy_id = 42,
		.mode = ABI_MODE_TUNNEL,
		.encap = esp.encap,
		.encr = esp.suite->encr,
		.integ = esp.suite->integ,
		.encr_key_len = esp.suite->encr_key_len,
		.integ_key_len = esp.suite->integ_key_len,
		.salt_len = esp.suite->salt_len,
		.local = abi4(WAN_US),
		.remote = abi4(PEER),
		.n_local = 1,
		.n_remote = 1,
	};

	if (esp.encap == ABI_ENCAP_UDP) {
		c.local_port = NATT_PORT;
		c.remote_port = esp.peer_port;
	}
	c.ts_local[0] = espkit_range(IP(192, 168, 1, 0), IP(192, 168, 1, 255));
	c.ts_remote[0] = espkit_range(IP(10, 100, 1, 0), IP(10, 100, 1, 255));
	return c;
}

struct abi_sa_add espkit_out(void)
{
	struct abi_sa_add c = common();

	c.slot = OUT_SLOT;
	c.spi = OUT_SPI;
	c.cookie = 1001;
	c.direction = ABI_DIR_OUT;
	c.flags = ABI_SA_F_CURRENT;
	memcpy(c.encr_key, esp.out_key, sizeof(c.encr_key));
	memcpy(c.salt, esp.out_key + c.encr_key_len, sizeof(c.salt));
	memcpy(c.integ_key, esp.out_auth, sizeof(esp.out_auth));
	return c;
}

struct abi_sa_add espkit_in(void)
{
	struct abi_sa_add c = common();

	c.slot = IN_SLOT;
	c.spi = IN_SPI;
	c.cookie = 1002;
	c.direction = ABI_DIR_IN;
	c.replay_window = 128;
	memcpy(c.encr_key, esp.in_key, sizeof(c.encr_key));
	memcpy(c.salt, esp.in_key + c.encr_key_len, sizeof(c.salt));
	memcpy(c.integ_key, esp.in_auth, sizeof(esp.in_auth));
	return c;
}

void espkit_add(const struct abi_sa_add *c)
{
	uint32_t detail;

	assert_int_equal(sad_add(esp.sad, c, ESPKIT_POLICY, kit.w->now, &detail), ABI_OK);
}

void espkit_remove(uint32_t slot)
{
	const struct sa *sa = sad_slot(esp.sad, slot);

	if (sa == NULL)
		return;
	assert_int_equal(sad_delete(esp.sad, slot, sa->spi), ABI_OK);
	sad_reclaim(esp.sad, slot);
}

void espkit_pair(const struct reference_suite *s, uint8_t encap)
{
	struct abi_sa_add c;

	espkit_remove(OUT_SLOT);
	espkit_remove(IN_SLOT);
	esp.suite = s;
	esp.encap = encap;
	esp.peer_seq = 0;
	esp.esn = false;
	esp.seq_hi = 0;
	reference_fill(&esp.seed, esp.out_key, sizeof(esp.out_key));
	reference_fill(&esp.seed, esp.out_auth, sizeof(esp.out_auth));
	reference_fill(&esp.seed, esp.in_key, sizeof(esp.in_key));
	reference_fill(&esp.seed, esp.in_auth, sizeof(esp.in_auth));
	c = espkit_out();
	espkit_add(&c);
	c = espkit_in();
	espkit_add(&c);
}

struct abi_sa_update espkit_endpoint(const struct abi_sa_add *c)
{
	return (struct abi_sa_update){
		.msg = {.type = ABI_CMD_SA_UPDATE, .length = sizeof(struct abi_sa_update)},
		.slot = c->slot,
		.spi = c->spi,
		.what = ABI_SA_UPD_ENDPOINT,
		.encap = c->encap,
		.local_port = c->local_port,
		.remote_port = c->remote_port,
		.local = c->local,
		.remote = c->remote,
	};
}

void espkit_same_endpoint(const struct abi_sa_add *c)
{
	struct abi_sa_update u = espkit_endpoint(c);

	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_OK);
}

int espkit_begin(void **state)
{
	kit_begin(state);
	harness_clear_lines(kit.h);
	esp.n_dropped = 0;
	esp.events = 0;
	esp.peer_port = NATT_PORT;
	espkit_pair(espkit_suite("aes128+sha1"), ABI_ENCAP_NONE);
	return 0;
}

int espkit_end(void **state)
{
	rte_pktmbuf_free_bulk(esp.routed, esp.n_routed);
	esp.n_routed = 0;
	for (uint32_t i = 0; i < ESPKIT_SAS; i++)
		espkit_remove(i);
	return kit_end(state);
}

struct rte_mbuf *espkit_clear(const struct frame *f)
{
	struct rte_mbuf *m = kit_parse(f);

	assert_int_equal(pkt_meta(m)->verdict, PKT_FORWARD);
	pkt_meta(m)->sa_slot = OUT_SLOT;
	pkt_meta(m)->flags |= PKT_F_PROTECTED;
	return m;
}

static enum drop_reason reason_of(struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta(m);

	return meta->verdict == PKT_DROP ? (enum drop_reason)meta->reason : DROP_NONE;
}

enum drop_reason espkit_send(struct rte_mbuf **m)
{
	esp_out_burst(kit.w, m, 1);
	return reason_of(*m);
}

/* RFC 3686 section 3.1, RFC 4106 section 3.1, RFC 7634 section 2. */
void espkit_expect_iv(const uint8_t *esp_header, const struct reference_esp *e)
{
	const uint8_t *iv = esp_header + 8;

	if (esp.suite->salt_len == 0) /* random */
		return;
	assert_int_equal(get32(iv), e->esn ? e->seq_hi : 0);
	assert_int_equal(get32(iv + 4), e->seq);
}

long espkit_open(const struct rte_mbuf *m, struct reference_esp *e, uint8_t *inner)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
	size_t head = 20, len = get16(ip + 2);
	long opened;

	assert_int_equal(m->data_len, ETH + len);
	assert_int_equal(m->pkt_len, ETH + len);
	assert_int_equal(ip[0], 0x45);
	assert_int_equal(ref_cksum(ip, 20), 0);
	assert_int_equal(ip[8], 64);
	assert_int_equal(get32(ip + 12), WAN_US);
	assert_int_equal(get32(ip + 16), PEER);
	if (esp.encap == ABI_ENCAP_UDP) {
		assert_int_equal(ip[9], 17);
		assert_int_equal(get16(ip + 20), NATT_PORT);
		assert_int_equal(get16(ip + 22), esp.peer_port);
		assert_int_equal(get16(ip + 24), len - 20);
		assert_int_equal(get16(ip + 26), 0);
		head += 8;
	} else {
		assert_int_equal(ip[9], 50);
	}
	e->esn = esp.esn;
	e->seq_hi = esp.seq_hi;
	opened = reference_open(esp.suite, esp.out_key, esp.out_auth, ip + head, len - head, e,
				inner);
	if (opened >= 0)
		espkit_expect_iv(ip + head, e);
	return opened;
}

struct reference_esp espkit_next(uint32_t seq)
{
	struct reference_esp e = {
		.spi = IN_SPI, .seq = seq, .next_header = 4, .pad = -1, .pad_length = -1};

	reference_fill(&esp.seed, e.iv, sizeof(e.iv));
	return e;
}

struct frame espkit_wrap(const uint8_t *bytes, size_t len)
{
	struct frame f;

	if (esp.encap == ABI_ENCAP_UDP) {
		f = frame_udp(PEER, WAN_US, esp.peer_port, NATT_PORT, bytes, len);
		put16(f.b + ETH + 26, 0);
		return f;
	}
	f = frame_ipv4(PEER, WAN_US, 50, len);
	memcpy(f.b + ETH + 20, bytes, len);
	return f;
}

struct frame espkit_sealed(const struct frame *f, const struct reference_esp *e)
{
	struct reference_esp next = espkit_next(esp.peer_seq + 1);
	uint8_t bytes[2100];
	size_t len;

	if (e == NULL)
		esp.peer_seq++;
	len = reference_seal(esp.suite, esp.in_key, esp.in_auth, e != NULL ? e : &next, f->b + ETH,
			     f->len - ETH, bytes);

	return espkit_wrap(bytes, len);
}

enum drop_reason espkit_receive(const struct frame *f, struct rte_mbuf **m)
{
	*m = kit_parse(f);
	if (pkt_meta(*m)->verdict == PKT_ESP_IN)
		esp_in_burst(kit.w, m, 1);
	return reason_of(*m);
}

enum drop_reason espkit_reason(const struct frame *f)
{
	struct rte_mbuf *m;
	enum drop_reason why = espkit_receive(f, &m);

	rte_pktmbuf_free(m);
	return why;
}

const struct abi_sa_counters *espkit_counters(uint32_t slot)
{
	return worker_sa(kit.w, slot);
}

struct frame espkit_udp_in(size_t len)
{
	return frame_udp(FAR_HOST, LAN_HOST, 53, 4000, NULL, len);
}

struct frame espkit_sealed_udp(size_t len, const struct reference_esp *e)
{
	struct frame f = espkit_udp_in(len);

	return espkit_sealed(&f, e);
}

void espkit_expect_delivered(const struct frame *outer, const struct frame *inner)
{
	struct rte_mbuf *m;
	enum drop_reason why = espkit_receive(outer, &m);
	const struct pkt_meta *meta = pkt_meta(m);

	if (why != DROP_NONE)
		fail_msg("%s: dropped for reason %d", esp.suite->name, why);
	assert_int_equal(meta->verdict, PKT_FORWARD);
	assert_true(meta->flags & PKT_F_FROM_SA);
	assert_int_equal(meta->sa_slot, IN_SLOT);
	assert_int_equal(meta->l3_off, ETH);
	assert_int_equal(meta->ip_len, inner->len - ETH);
	assert_int_equal(meta->src, get32(inner->b + ETH + 12));
	assert_int_equal(meta->dst, get32(inner->b + ETH + 16));
	assert_int_equal(m->data_len, inner->len);
	assert_int_equal(m->pkt_len, inner->len);
	assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH), inner->b + ETH,
			    inner->len - ETH);
	rte_pktmbuf_free(m);
}

struct frame espkit_udp_out(size_t len)
{
	return frame_udp(LAN_HOST, FAR_HOST, 4000, 53, NULL, len);
}

uint32_t espkit_mtu(void)
{
	return sad_slot(esp.sad, OUT_SLOT)->mtu;
}

void espkit_expect_sent(const struct rte_mbuf *m, const struct frame *f, uint32_t seq)
{
	struct reference_esp e;
	uint8_t inner[ESPKIT_MAX_INNER + 64];
	long len = espkit_open(m, &e, inner);

	assert_int_equal(len, f->len - ETH);
	assert_memory_equal(inner, f->b + ETH, (size_t)len);
	assert_int_equal(e.spi, OUT_SPI);
	assert_int_equal(e.seq, seq);
	assert_int_equal(e.next_header, 4);
	assert_true(e.pad < esp.suite->block);
}

int espkit_begin_empty(void **state)
{
	int rc = espkit_begin(state);

	espkit_remove(IN_SLOT);
	espkit_remove(OUT_SLOT);
	return rc;
}

uint16_t espkit_try_add(const struct abi_sa_add *c)
{
	esp.wrong_at = UINT32_MAX;
	return sad_add(esp.sad, c, ESPKIT_POLICY, kit.w->now, &esp.wrong_at);
}

void espkit_spoil(uint32_t slot, unsigned int how)
{
	struct sa *sa = sad_slot(esp.sad, slot);
	struct sa_brief brief = sa_brief_of(&sa->outer);

	if (how < 2)
		sa->state = how == 0 ? SA_EXPIRED : SA_DEAD;
	else if (how == 2)
		sa->direction = ABI_DIR_IN;
	else if (how == 3)
		sa->outer_gen++; /* being written */
	else if (how == 4)
		sa->seq_limit = sa->seq;
	if (how == 5) {
		sa->limited = 1;
		sa->volume.hard_packets = 0;
	}
	if (how == 6) { /* the engine fails */
		sa->hash = CRYPTO_HASHES;
		sa->kind = UINT8_MAX;
	}
	if (how == 7 && sa_has_brief(sa)) { /* its length is no longer the one first seen */
		brief.length += 4;
		sa_brief_write(sa, &brief);
	}
}

void espkit_mend(uint32_t slot)
{
	struct sa *sa = sad_slot(esp.sad, slot);

	sa->direction = ABI_DIR_OUT;
	sa->state = SA_LIVE;
}

static void take_event(void *ctx, const struct abi_ev_sa *ev)
{
	(void)ctx;
	assert_true(esp.events < 16);
	esp.event[esp.events++] = *ev;
}

void espkit_tick(uint64_t now)
{
	const struct sad_tick_io io = {.counters = kit.h->sa_counters,
				       .rows = kit.h->max_sas,
				       .workers = HARNESS_LINES,
				       .event = take_event};

	sad_tick(esp.sad, &io, now);
}
