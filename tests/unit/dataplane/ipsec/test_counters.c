/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_counters.c - the IPsec drop counters through the whole pipeline: each is provoked, and
 * exactly that one rises, by the number of packets sent; then a million mutated packets, of which
 * every single one must be accounted for.
 */
#include "tests/unit/dataplane/ipsec/espkit.h"

#include <stdlib.h>

#include <rte_malloc.h>

#include "dataplane/api/sample.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/ipsec/spd_cache.h"
#include "dataplane/net/neigh.h"

#define PACKETS 3u
#define MUTATED 1000000u

static struct frame in_frame[PACKETS]; /* what a case sends */
static uint64_t sent;

static uint16_t take_sent(void *ctx, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	(void)ctx;
	(void)port;
	rte_pktmbuf_free_bulk(pkts, n);
	sent += n;
	return n;
}

static struct abi_policy policy(uint8_t action)
{
	struct abi_policy p = {.policy_id = 42, .action = action, .mode = ABI_MODE_TUNNEL};

	p.local = espkit_range(IP(192, 168, 1, 0), IP(192, 168, 1, 255));
	p.remote = espkit_range(IP(10, 100, 1, 0), IP(10, 100, 1, 255));
	return p;
}

static void install(struct abi_policy p)
{
	uint32_t index = ESPKIT_POLICY, status, detail;

	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = spd_build(&p, &index, 1, 1, SOCKET_ID_ANY, &status, &detail);
	assert_non_null(kit.h->tables.spd);
}

static int begin(void **state)
{
	if (espkit_begin(state) != 0)
		return -1;
	install(policy(ABI_ACT_PROTECT));
	kit.w->spd_cache = spd_cache_create(SOCKET_ID_ANY);
	kit.h->tables.neigh = neigh_create(SOCKET_ID_ANY);
	return pipeline_create(kit.w, take_sent, NULL, SOCKET_ID_ANY);
}

static unsigned int clear_slow(void)
{
	unsigned int n = 0;
	void *m;

	for (; rte_ring_dequeue(kit.w->slow, &m) == 0; n++)
		rte_pktmbuf_free(m);
	return n;
}

static int end(void **state)
{
	clear_slow();
	pipeline_free(kit.w);
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = NULL;
	spd_cache_free(kit.w->spd_cache);
	kit.w->spd_cache = NULL;
	neigh_free(kit.h->tables.neigh);
	return espkit_end(state);
}

static void feed(const struct frame *f, unsigned int n)
{
	struct rte_mbuf *m[WORKER_BURST];

	for (unsigned int i = 0; i < n; i++) {
		m[i] = harness_mbuf(kit.h, f[i].b, f[i].len);
		assert_non_null(m[i]);
	}
	pipeline_input(kit.w, 0, m, (uint16_t)n);
}

/* What the lines of one worker say; kit.w is worker 0 unless a case makes it another. */
static uint64_t sa_drops_of(uint32_t line, uint32_t slot, enum drop_reason why)
{
	return kit.h->sa_drops[abi_line(ESPKIT_SAS, slot, line)].count[why];
}

static uint32_t line_of_w(void)
{
	return (uint32_t)(kit.w->sa_drops - kit.h->sa_drops) / ESPKIT_SAS;
}

static uint64_t sa_drops(uint32_t slot, enum drop_reason why)
{
	uint64_t own = sa_drops_of(line_of_w(), slot, why);

	for (uint32_t line = 0; line < HARNESS_LINES; line++)
		if (line != line_of_w())
			assert_int_equal(sa_drops_of(line, slot, why), 0);
	return own;
}

/* The newest sample of the reason is the last packet's. */
static void expect_samples(enum drop_reason why, uint32_t slot)
{
	uint64_t n = kit.w->counters->drops[why];
	struct abi_drop_sample s = {0};

	for (uint64_t i = 1; i <= PACKETS; i++) {
		const struct abi_drop_sample *at =
			&kit.w->samples[why * ABI_SAMPLES + (n - i) % ABI_SAMPLES];

		assert_true(abi_sample_read(at, &s));
		assert_int_equal(s.reason, why);
		assert_int_equal(s.number, n - i + 1);
		assert_int_equal(s.sa_slot, slot);
		assert_true(s.kept > s.l2_len);
	}
}

/* slot: the SA that has to know of it, or PKT_NO_SA. Run after the packets. */
static void expect_only(const uint64_t *before, enum drop_reason why, uint32_t slot)
{
	for (unsigned int i = 1; i < DROP_MAX; i++) {
		uint64_t rise = kit.w->counters->drops[i] - before[i];

		if (rise != (i == why ? PACKETS : 0))
			fail_msg("counter %u rose by %lu", i, (unsigned long)rise);
	}
	for (uint32_t s = 0; s < ESPKIT_SAS; s++)
		for (unsigned int i = 1; i <= DROP_IPSEC_LAST; i++)
			assert_int_equal(sa_drops(s, i), s == slot && i == why ? PACKETS : 0);
	if (slot != PKT_NO_SA)
		assert_int_equal(kit.w->sa_counters[slot].drops, PACKETS);
	expect_samples(why, slot);
}

static void expect_rise(enum drop_reason why, uint32_t slot)
{
	uint64_t before[ABI_DROP_SLOTS];

	memcpy(before, kit.w->counters->drops, sizeof(before));
	feed(in_frame, PACKETS);
	expect_only(before, why, slot);
}

static void set_all(struct frame f)
{
	for (unsigned int i = 0; i < PACKETS; i++)
		in_frame[i] = f;
}

/* Genuine packets from the peer. */
static void set_sealed(struct frame inner)
{
	for (unsigned int i = 0; i < PACKETS; i++)
		in_frame[i] = espkit_sealed(&inner, NULL);
}

static struct frame from_far(void)
{
	return frame_udp(FAR_HOST, LAN_HOST, 53, 4000, NULL, 20);
}

static struct frame from_lan(void)
{
	return frame_udp(LAN_HOST, FAR_HOST, 4000, 53, NULL, 20);
}

static void genuine_packets_raise_none(void **state)
{
	uint64_t before[ABI_DROP_SLOTS];

	(void)state;
	memcpy(before, kit.w->counters->drops, sizeof(before));
	set_sealed(from_far());
	feed(in_frame, PACKETS);
	set_all(from_lan());
	feed(in_frame, PACKETS);
	assert_memory_equal(before, kit.w->counters->drops, sizeof(before));
	/* Nobody has told us a neighbour: all wait for one. */
	assert_int_equal(clear_slow(), 2 * PACKETS);
	assert_int_equal(espkit_counters(IN_SLOT)->packets, PACKETS);
	assert_int_equal(espkit_counters(OUT_SLOT)->packets, PACKETS);
}

static void in_errors(void **state)
{
	struct frame inner = from_far();

	(void)state;
	set_sealed(inner);
	for (unsigned int i = 0; i < PACKETS; i++) {
		in_frame[i].b[ETH + 1] = 3; /* congestion on what cannot say so (RFC 6040) */
		frame_fix(&in_frame[i]);
	}
	expect_rise(DROP_IN_ERRORS, IN_SLOT);
}

static void in_buffer_errors(void **state)
{
	struct rte_mbuf *m[PACKETS], *keep[PACKETS], **all = calloc(4096, sizeof(*all));
	uint64_t before[ABI_DROP_SLOTS];
	unsigned int n = 0;

	(void)state;
	assert_non_null(all);
	set_sealed(from_far());
	for (unsigned int i = 0; i < PACKETS; i++) {
		keep[i] = m[i] = harness_mbuf(kit.h, in_frame[i].b, in_frame[i].len);
		rte_mbuf_refcnt_update(m[i], 1);
	}
	while (n < 4096 && (all[n] = rte_pktmbuf_alloc(kit.h->pool)) != NULL)
		n++;
	memcpy(before, kit.w->counters->drops, sizeof(before));
	pipeline_input(kit.w, 0, m, PACKETS);
	expect_only(before, DROP_IN_BUFFER_ERRORS, PKT_NO_SA);
	rte_pktmbuf_free_bulk(all, n);
	rte_pktmbuf_free_bulk(keep, PACKETS);
	free(all);
}

static void in_header_errors(void **state)
{
	static const uint8_t bytes[7] = {1, 2, 3, 4, 5, 6, 7};

	(void)state;
	set_all(espkit_wrap(bytes, sizeof(bytes)));
	expect_rise(DROP_IN_HEADER_ERRORS, PKT_NO_SA);
}

static void in_no_states(void **state)
{
	(void)state;
	set_sealed(from_far());
	espkit_remove(IN_SLOT);
	expect_rise(DROP_IN_NO_STATES, PKT_NO_SA);
}

static void in_state_protocol_errors(void **state)
{
	(void)state;
	set_sealed(from_far());
	for (unsigned int i = 0; i < PACKETS; i++)
		in_frame[i].b[in_frame[i].len - 1] ^= 1;
	expect_rise(DROP_IN_STATE_PROTOCOL_ERRORS, IN_SLOT);
}

static void in_state_mode_errors(void **state)
{
	struct frame inner = from_far();

	(void)state;
	for (unsigned int i = 0; i < PACKETS; i++) {
		struct reference_esp e = espkit_next(1 + i);

		e.next_header = 17; /* as transport mode has it */
		in_frame[i] = espkit_sealed(&inner, &e);
	}
	expect_rise(DROP_IN_STATE_MODE_ERRORS, IN_SLOT);
}

static void in_state_sequence_errors(void **state)
{
	(void)state;
	set_sealed(from_far());
	feed(in_frame, PACKETS);
	expect_rise(DROP_IN_STATE_SEQUENCE_ERRORS, IN_SLOT);
}

static void in_state_expired(void **state)
{
	(void)state;
	set_sealed(from_far());
	sad_slot(esp.sad, IN_SLOT)->life.hard_time = kit.w->now;
	espkit_tick(kit.w->now);
	expect_rise(DROP_IN_STATE_EXPIRED, IN_SLOT);
}

static void in_state_mismatches(void **state)
{
	(void)state;
	esp.encap = ABI_ENCAP_UDP;
	set_sealed(from_far());
	expect_rise(DROP_IN_STATE_MISMATCHES, IN_SLOT);
}

static void in_state_invalid(void **state)
{
	(void)state;
	set_sealed(from_far());
	sad_slot(esp.sad, IN_SLOT)->state = SA_LARVAL;
	expect_rise(DROP_IN_STATE_INVALID, IN_SLOT);
}

static void in_template_mismatches(void **state)
{
	(void)state;
	set_all(from_far()); /* in clear */
	expect_rise(DROP_IN_TEMPLATE_MISMATCHES, PKT_NO_SA);
}

static void in_no_policies(void **state)
{
	(void)state;
	set_sealed(frame_udp(IP(10, 100, 2, 6), LAN_HOST, 53, 4000, NULL, 20));
	expect_rise(DROP_IN_NO_POLICIES, IN_SLOT);
}

static void in_policy_blocked(void **state)
{
	(void)state;
	install(policy(ABI_ACT_DISCARD));
	set_all(from_far());
	expect_rise(DROP_IN_POLICY_BLOCKED, PKT_NO_SA);
}

static void in_policy_errors(void **state)
{
	(void)state;
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = NULL;
	set_all(from_far());
	expect_rise(DROP_IN_POLICY_ERRORS, PKT_NO_SA);
}

static void out_errors(void **state)
{
	struct rte_mbuf *m[PACKETS];
	uint64_t before[ABI_DROP_SLOTS];
	struct frame f = from_lan();

	(void)state;
	for (unsigned int i = 0; i < PACKETS; i++) {
		m[i] = harness_mbuf(kit.h, f.b, f.len);
		m[i]->data_off = 0; /* no room for headers in front */
		memcpy(rte_pktmbuf_mtod(m[i], uint8_t *), f.b, f.len);
	}
	memcpy(before, kit.w->counters->drops, sizeof(before));
	pipeline_input(kit.w, 0, m, PACKETS);
	expect_only(before, DROP_OUT_ERRORS, OUT_SLOT);
}

static void out_bundle_errors(void **state)
{
	(void)state;
	/* The policy covers more than the peer agreed to. */
	sad_slot(esp.sad, OUT_SLOT)->narrow.remote_hi = FAR_HOST - 1;
	set_all(from_lan());
	expect_rise(DROP_OUT_BUNDLE_ERRORS, OUT_SLOT);
}

static void out_bundle_check_errors(void **state)
{
	(void)state;
	sad_slot(esp.sad, OUT_SLOT)->outer_gen++; /* its ends are being changed right now */
	set_all(from_lan());
	expect_rise(DROP_OUT_BUNDLE_CHECK_ERRORS, OUT_SLOT);
}

static void out_state_protocol_errors(void **state)
{
	(void)state;
	sad_slot(esp.sad, OUT_SLOT)->hash = CRYPTO_HASHES;
	set_all(from_lan());
	expect_rise(DROP_OUT_STATE_PROTOCOL_ERRORS, OUT_SLOT);
}

static void out_state_mode_errors(void **state)
{
	struct abi_policy p = policy(ABI_ACT_PROTECT);

	(void)state;
	p.mode = ABI_MODE_TRANSPORT;
	install(p);
	set_all(from_lan());
	expect_rise(DROP_OUT_STATE_MODE_ERRORS, PKT_NO_SA);
}

static void out_state_sequence_errors(void **state)
{
	struct abi_sa_add c = espkit_out();

	(void)state;
	espkit_remove(OUT_SLOT);
	c.seq_start = UINT32_MAX;
	espkit_add(&c);
	set_all(from_lan());
	expect_rise(DROP_OUT_STATE_SEQUENCE_ERRORS, OUT_SLOT);
}

static void out_state_expired(void **state)
{
	(void)state;
	sad_slot(esp.sad, OUT_SLOT)->life.hard_time = kit.w->now;
	espkit_tick(kit.w->now);
	set_all(from_lan());
	expect_rise(DROP_OUT_STATE_EXPIRED, OUT_SLOT);
}

static void out_policy_blocked(void **state)
{
	(void)state;
	install(policy(ABI_ACT_DISCARD));
	set_all(from_lan());
	expect_rise(DROP_OUT_POLICY_BLOCKED, PKT_NO_SA);
}

static void out_policy_errors(void **state)
{
	(void)state;
	spd_free(kit.h->tables.spd);
	kit.h->tables.spd = NULL;
	set_sealed(from_far()); /* out of an SA, so the first to ask is the outbound check */
	expect_rise(DROP_OUT_POLICY_ERRORS, PKT_NO_SA);
}

/* Each worker has lines of its own, and touches no other's. */
static void another_worker_counts_in_its_own_lines(void **state)
{
	uint64_t before[ABI_DROP_SLOTS];

	memcpy(before, kit.h->worker_counters[0].drops, sizeof(before));
	kit.w->counters++;
	kit.w->sa_counters += abi_line(ESPKIT_SAS, 0, 1);
	kit.w->sa_drops += abi_line(ESPKIT_SAS, 0, 1);
	in_state_protocol_errors(state);
	espkit_pair(esp.suite, esp.encap);
	harness_clear_lines(kit.h);
	out_state_expired(state);
	kit.w->counters--;
	kit.w->sa_counters = kit.h->sa_counters;
	kit.w->sa_drops = kit.h->sa_drops;
	assert_memory_equal(before, kit.h->worker_counters[0].drops, sizeof(before));
	assert_int_equal(espkit_counters(IN_SLOT)->drops, 0);
	assert_int_equal(espkit_counters(OUT_SLOT)->drops, 0);
}

static void without_an_sa_packets_wait_at_the_manager(void **state)
{
	uint64_t before[ABI_DROP_SLOTS];

	(void)state;
	espkit_remove(OUT_SLOT);
	memcpy(before, kit.w->counters->drops, sizeof(before));
	set_all(from_lan());
	feed(in_frame, PACKETS);
	assert_memory_equal(before, kit.w->counters->drops, sizeof(before));
	assert_int_equal(clear_slow(), PACKETS);
	assert_int_equal(sent, 0);
}

static struct frame mutated(uint64_t *seed)
{
	struct frame inner = frame_udp(FAR_HOST, LAN_HOST, 53, 4000, NULL, random_next(seed) % 200);
	struct reference_esp e = espkit_next(++esp.peer_seq + (uint32_t)(random_next(seed) % 100));
	uint64_t x = random_next(seed);
	struct frame f;

	if (x % 4 == 0)
		inner.b[ETH + (x >> 8) % (inner.len - ETH)] = (uint8_t)(x >> 32);
	f = espkit_sealed(&inner, &e);
	for (uint64_t k = 0; k < x % 5; k++)
		f.b[random_next(seed) % f.len] ^= (uint8_t)(1u << (seed[0] & 7));
	if (x % 11 == 0)
		f.len = random_next(seed) % (f.len + 1);
	else if (x % 13 == 0)
		f.len += x >> 40 & 63;
	return f;
}

/* What was not dropped was sent or waits at the manager. ICMP errors we make come on top. */
static void a_million_mutated_packets_are_accounted_for(void **state)
{
	uint64_t seed = 31, dropped = harness_drops(kit.h), slow = 0, passed;

	(void)state;
	sent = 0;
	for (unsigned int i = 0; i < MUTATED; i += WORKER_BURST) {
		struct frame f[WORKER_BURST];

		if (i % (WORKER_BURST * 512) == 0)
			espkit_pair(&reference_suites[i / (WORKER_BURST * 512) % REFERENCE_SUITES],
				    (uint8_t)(i / (WORKER_BURST * 512) % 2));
		for (unsigned int k = 0; k < WORKER_BURST; k++)
			f[k] = mutated(&seed);
		feed(f, WORKER_BURST);
		slow += clear_slow();
	}
	dropped = harness_drops(kit.h) - dropped;
	passed = slow + sent;
	assert_true(passed > MUTATED / 10 && passed < MUTATED);
	assert_int_equal(dropped + passed,
			 (MUTATED + WORKER_BURST - 1) / WORKER_BURST * WORKER_BURST);
	assert_int_equal(harness_in_use(kit.h), 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CASE(genuine_packets_raise_none),
		CASE(in_errors),
		CASE(in_buffer_errors),
		CASE(in_header_errors),
		CASE(in_no_states),
		CASE(in_state_protocol_errors),
		CASE(in_state_mode_errors),
		CASE(in_state_sequence_errors),
		CASE(in_state_expired),
		CASE(in_state_mismatches),
		CASE(in_state_invalid),
		CASE(in_template_mismatches),
		CASE(in_no_policies),
		CASE(in_policy_blocked),
		CASE(in_policy_errors),
		CASE(out_errors),
		CASE(out_bundle_errors),
		CASE(out_bundle_check_errors),
		CASE(out_state_protocol_errors),
		CASE(out_state_mode_errors),
		CASE(out_state_sequence_errors),
		CASE(out_state_expired),
		CASE(out_policy_blocked),
		CASE(out_policy_errors),
		CASE(another_worker_counts_in_its_own_lines),
		CASE(without_an_sa_packets_wait_at_the_manager),
	};
	const struct CMUnitTest many[] = {
		CASE(a_million_mutated_packets_are_accounted_for),
	};

	if (argc > 1 && strcmp(argv[1], "many") == 0)
		return cmocka_run_group_tests(many, espkit_setup, espkit_teardown);
	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
