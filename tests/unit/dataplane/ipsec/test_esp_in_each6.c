/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_esp_in_each6.c - inbound bursts of many SAs, one of which is between IPv6 addresses: where
 * in the burst its packets are makes no difference. test_esp_in_run6.c has the rest.
 */
#include "dataplane/ipsec/warm.h"
#include "tests/unit/dataplane/ipsec/shapekit.h"

#define N 24u /* and the last of these are looked at by another loop than the first */
_Static_assert(N >= WARM_LEAST, "a look sees both SAs");

/* Of the SA between IPv6 addresses, with IPv6 in it; or of the other one, with IPv4. */
static struct frame sealed(bool six, uint32_t seq)
{
	struct frame inner = shapekit_inner(six, false, 100);
	struct reference_esp e = espkit_next(seq);
	uint8_t bytes[400];
	size_t len;

	e.spi = six ? IN_SPI : IN_SPI + 1;
	e.next_header = six ? 41 : 4;
	len = reference_seal(esp.suite, esp.in_key, esp.in_auth, &e, inner.b + ETH, inner.len - ETH,
			     bytes);
	shape.outer6 = six;
	return shapekit_wrap(bytes, len);
}

static void add_pair(void)
{
	struct abi_sa_add c;

	shapekit_pair("aes128+sha1", (struct shape){.outer6 = true});
	shape.outer6 = false;
	c = shapekit_in();
	c.slot = IN_SLOT + 1;
	c.spi = IN_SPI + 1;
	espkit_add(&c);
}

static enum drop_reason reason_of(struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta(m);

	return meta->verdict == PKT_DROP ? (enum drop_reason)meta->reason : DROP_NONE;
}

/* Packet at, and the first, are between IPv6 addresses; that one to this. */
static void expect_at(unsigned int at, const uint8_t *to, enum drop_reason why)
{
	struct rte_mbuf *m[N];

	add_pair();
	for (unsigned int i = 0; i < N; i++) {
		struct frame f = sealed(i == 0 || i == at, i + 1);

		if (i == at)
			memcpy(f.b + ETH + 24, to, ADDR6);
		m[i] = kit_parse(&f);
		assert_int_equal(pkt_meta(m[i])->verdict, PKT_ESP_IN);
	}
	esp_in_burst(kit.w, m, N);
	for (unsigned int i = 0; i < N; i++)
		assert_int_equal(reason_of(m[i]), i == at ? why : DROP_NONE);
	rte_pktmbuf_free_bulk(m, N);
	espkit_remove(IN_SLOT + 1);
	espkit_remove(IN_SLOT);
	espkit_remove(OUT_SLOT);
}

static void an_address_of_ours_is_not_that_of_the_sa_anywhere(void **state)
{
	(void)state;
	for (unsigned int at = 1; at < N; at++) {
		expect_at(at, wan6_us, DROP_NONE);
		expect_at(at, lan6_us, DROP_IN_NO_STATES);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_address_of_ours_is_not_that_of_the_sa_anywhere),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
