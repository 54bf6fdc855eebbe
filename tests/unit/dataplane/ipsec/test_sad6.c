/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sad6.c - SAs with IPv6 in the database: what is refused, what may change, where a peer went,
 * and selectors against a plain comparison. */
#include "tests/unit/dataplane/ipsec/shapekit.h"

#include "dataplane/ipsec/sa6.h"

#define REFUSE(c, change, field)                                                                   \
	do {                                                                                       \
		struct abi_sa_add bad = (c);                                                       \
		bad.change;                                                                        \
		assert_int_equal(espkit_try_add(&bad), ABI_ERR_FIELD);                             \
		assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_add, field));                \
		assert_int_equal(sad_count(esp.sad), 0);                                           \
	} while (0)

static struct abi_sa_add dressed(struct shape s, bool out)
{
	shapekit_pair("aes128+sha1", s);
	espkit_remove(OUT_SLOT);
	espkit_remove(IN_SLOT);
	return out ? shapekit_out() : shapekit_in();
}

static void addresses_that_no_host_has_are_refused(void **state)
{
	const struct abi_sa_add in = dressed((struct shape){.outer6 = true}, false);

	(void)state;
	REFUSE(in, local.family = 4, remote); /* the other is of family 6 */
	REFUSE(in, remote.family = 4, remote);
	REFUSE(in, local.family = 0, local);
	REFUSE(in, local.family = 5, local);
	REFUSE(in, local.bytes[0] = 0xff, local);
	REFUSE(in, remote.bytes[0] = 0xfe; bad.remote.bytes[1] = 0x80, remote);
	REFUSE(in, remote = (struct abi_addr){.family = 6}, remote);
	REFUSE(in, remote = ((struct abi_addr){.family = 6, .bytes = {[15] = 1}}), remote);
}

static void selectors_of_one_family_on_one_side_alone_are_refused(void **state)
{
	const struct abi_sa_add in = dressed((struct shape){.outer6 = true}, false);

	(void)state;
	REFUSE(in, n_local = 1, ts_remote);
	REFUSE(in, n_remote = 1, ts_remote);
	REFUSE(in, ts_local[1].lo[15] = 9; bad.ts_local[1].hi[7] = 0;
	       memcpy(bad.ts_local[1].hi, bad.ts_local[1].lo, 16);
	       bad.ts_local[1].hi[15] = 8, ts_local[1]);
	REFUSE(in, ts_local[1].port_lo = 2; bad.ts_local[1].port_hi = 1, ts_local[1]);
}

static void marks_are_for_what_writes_an_outer_header(void **state)
{
	struct abi_sa_add in = dressed((struct shape){.outer6 = true}, false), out, own;

	(void)state;
	REFUSE(in, df = ABI_DF_COPY, df);
	REFUSE(in, dscp = ABI_DSCP_SET, dscp);
	out = dressed((struct shape){.outer6 = false}, true);
	REFUSE(out, df = 3, df);
	REFUSE(out, dscp = 1, dscp);
	REFUSE(out, dscp = ABI_DSCP_SET | 64, dscp);
	own = dressed((struct shape){.transport = true}, true);
	REFUSE(own, df = ABI_DF_CLEAR, df);
	REFUSE(own, dscp = ABI_DSCP_SET | 5, dscp);
	out.dscp = ABI_DSCP_SET | ABI_DSCP_MAX;
	out.df = ABI_DF_CLEAR;
	assert_int_equal(espkit_try_add(&out), ABI_OK);
}

static void ends_move_within_their_family(void **state)
{
	struct abi_sa_add c = dressed((struct shape){.outer6 = true, .encap = ABI_ENCAP_UDP}, true);
	struct frame f = shapekit_inner(true, true, 20);
	struct abi_sa_update u = espkit_endpoint(&c);
	struct rte_mbuf *m;
	const uint8_t *ip;

	(void)state;
	espkit_add(&c);
	memcpy(u.remote.bytes, far6_host, ADDR6);
	u.remote_port = 31000;
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_OK);
	m = espkit_clear(&f);
	assert_int_equal(espkit_send(&m), DROP_NONE);
	ip = rte_pktmbuf_mtod_offset(m, const uint8_t *, ETH);
	assert_memory_equal(ip + 24, far6_host, ADDR6);
	assert_int_equal(get16(ip + 42), 31000);
	rte_pktmbuf_free(m);
	u.local = abi4(WAN_US);
	u.remote = abi4(PEER);
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_FIELD);
	assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_update, local));
	u.local = c.local;
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_FIELD);
	assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_update, remote));
	espkit_remove(OUT_SLOT);
	c = dressed((struct shape){.outer6 = false}, true);
	espkit_add(&c);
	u = espkit_endpoint(&c);
	u.local.family = u.remote.family = 6;
	memcpy(u.local.bytes, wan6_us, ADDR6);
	memcpy(u.remote.bytes, peer6, ADDR6);
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_FIELD);
}

static struct frame from(const uint8_t *addr, unsigned int port)
{
	struct frame inner = shapekit_inner(true, false, 20);
	struct frame f = shapekit_seal(inner.b + ETH, inner.len - ETH, 41, 0);

	memcpy(f.b + ETH + 8, addr, ADDR6);
	put16(f.b + ETH + 40, port);
	put16(f.b + ETH + 46, 0);
	put16(f.b + ETH + 46, ref_cksum6(f.b + ETH, 17, f.b + ETH + 40, f.len - ETH - 40));
	return f;
}

static void take(const struct frame *f, unsigned int events)
{
	esp.events = 0;
	assert_int_equal(espkit_reason(f), DROP_NONE);
	espkit_tick(kit.w->now);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, events);
}

static void a_peer_that_moved_is_reported_once(void **state)
{
	struct frame f, old;
	struct abi_sa_add c;

	(void)state;
	shapekit_pair("aes128+sha1", (struct shape){.outer6 = true, .encap = ABI_ENCAP_UDP});
	old = from(far6_host, 31000);
	f = from(peer6, NATT_PORT);
	take(&f, 1); /* first traffic */
	assert_int_equal(esp.event[0].msg.type, ABI_EV_FIRST_TRAFFIC);
	take(&old, 0); /* late: it says nothing of where the peer is */
	f = from(far6_host, 31000);
	f.b[f.len - 1] ^= 1;
	put16(f.b + ETH + 46, 0);
	assert_int_equal(espkit_reason(&f), DROP_IN_STATE_PROTOCOL_ERRORS);
	f = from(far6_host, 31000);
	take(&f, 1);
	assert_int_equal(esp.event[0].msg.type, ABI_EV_PEER_MOVED);
	assert_int_equal(esp.event[0].remote.family, 6);
	assert_memory_equal(esp.event[0].remote.bytes, far6_host, ADDR6);
	assert_int_equal(esp.event[0].remote_port, 31000);
	f = from(far6_host, 31000);
	take(&f, 0);
	f = from(far6_host, 31001);
	take(&f, 1);
	assert_int_equal(esp.event[0].remote_port, 31001);
	c = shapekit_in();
	espkit_same_endpoint(&c);
	f = from(far6_host, 31001); /* news again */
	take(&f, 1);
	assert_int_equal(esp.event[0].remote_port, 31001);
	f = from(peer6, NATT_PORT); /* where it is expected */
	take(&f, 0);
}

static bool inside(const struct abi_range *r, const uint8_t *addr, uint8_t proto, uint16_t port)
{
	return memcmp(addr, r->lo, 16) >= 0 && memcmp(addr, r->hi, 16) <= 0 &&
	       (r->protocol == 0 || r->protocol == proto) && port >= r->port_lo &&
	       port <= r->port_hi;
}

static void random_addr(uint64_t *seed, uint8_t *a)
{
	memset(a, random_next(seed) >> 60 & 1 ? 0xff : 0, ADDR6);
	for (unsigned int i = 0; i < 2; i++)
		a[random_next(seed) >> 40 & 15] = (uint8_t)(random_next(seed) >> 50 & 3);
	a[0] = 0x20;
}

static void selectors_agree_with_a_plain_comparison(void **state)
{
	struct abi_sa_add c = dressed((struct shape){.outer6 = true}, true);
	uint64_t seed = 17;
	unsigned int hits = 0;

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		struct abi_range *r[2] = {c.ts_local, c.ts_remote};

		for (unsigned int i = 0; i < 2 * ABI_MAX_SELECTORS; i++) {
			struct abi_range *t = &r[i & 1][i / 2];
			uint8_t a[16], b[16];

			random_addr(&seed, a);
			random_addr(&seed, b);
			*t = (struct abi_range){.family = 6, .port_hi = UINT16_MAX};
			memcpy(t->lo, memcmp(a, b, 16) < 0 ? a : b, 16);
			memcpy(t->hi, memcmp(a, b, 16) < 0 ? b : a, 16);
			t->protocol = random_next(&seed) >> 63 ? 17 : 0;
			if (random_next(&seed) >> 62 == 0)
				t->port_lo = 1000;
		}
		c.n_local = c.n_remote = ABI_MAX_SELECTORS;
		espkit_add(&c);
		for (unsigned int i = 0; i < 500; i++) {
			uint8_t src[16], dst[16];
			struct selector6 s = {
				.src = src,
				.dst = dst,
				.proto = random_next(&seed) >> 63 ? 17 : 6,
				.src_port = (uint16_t)(990 + (random_next(&seed) >> 59)),
				.dst_port = (uint16_t)(990 + (random_next(&seed) >> 59)),
				.ports = true};
			bool local = false, remote = false;

			random_addr(&seed, src);
			random_addr(&seed, dst);
			for (unsigned int k = 0; k < ABI_MAX_SELECTORS; k++) {
				local = local || inside(&c.ts_local[k], src, s.proto, s.src_port);
				remote =
					remote || inside(&c.ts_remote[k], dst, s.proto, s.dst_port);
			}
			assert_int_equal(sa6_selects(sad_slot(esp.sad, OUT_SLOT), &s, false),
					 local && remote);
			hits += local && remote;
		}
		espkit_remove(OUT_SLOT);
	}
	assert_true(hits > 1000 && hits < 99000);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(addresses_that_no_host_has_are_refused),
		CASE(selectors_of_one_family_on_one_side_alone_are_refused),
		CASE(marks_are_for_what_writes_an_outer_header),
		CASE(ends_move_within_their_family),
		CASE(a_peer_that_moved_is_reported_once),
		CASE(selectors_agree_with_a_plain_comparison),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
