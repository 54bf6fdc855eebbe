/* SPDX-License-Identifier: BSD-3-Clause */
/* test_esp_shape_inner.c - what genuine packets may carry when IPv6 is inside or outside: trailers,
 * inner headers, any length; and buffers that others hold. */
#include "tests/unit/dataplane/ipsec/shapekit.h"

static struct shape nth_shape(unsigned int k)
{
	return (struct shape){.outer6 = (k & 1) != 0,
			      .encap = k & 2 ? ABI_ENCAP_UDP : ABI_ENCAP_NONE};
}

static enum drop_reason with_trailer(const struct frame *inner, int pad, bool bad_pad, int said,
				     uint8_t next)
{
	struct reference_esp e = espkit_next(++esp.peer_seq);
	uint8_t bytes[2600];
	struct frame f;
	size_t len;

	e.pad = pad;
	e.bad_pad = bad_pad;
	e.pad_length = said;
	e.next_header = next;
	len = reference_seal(esp.suite, esp.in_key, esp.in_auth, &e, inner->b + ETH,
			     inner->len - ETH, bytes);
	f = shapekit_wrap(bytes, len);
	return espkit_reason(&f);
}

static void trailers_of_genuine_packets_are_checked(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 4; k++) {
		/* 56 bytes: with 6 of pad and the trailer four blocks. */
		struct frame inner = shapekit_inner(true, false, 8);

		shapekit_pair("aes128+sha1", nth_shape(k));
		for (int pad = 6; pad < 255; pad += 16)
			assert_int_equal(with_trailer(&inner, pad, false, -1, 41), DROP_NONE);
		assert_int_equal(with_trailer(&inner, 6, true, -1, 41),
				 DROP_IN_STATE_PROTOCOL_ERRORS);
		for (int said = 0; said < 256; said++)
			assert_int_equal(with_trailer(&inner, 6, false, said, 41),
					 said == 6 || said == 0 ? DROP_NONE
								: DROP_IN_STATE_PROTOCOL_ERRORS);
	}
}

static void next_headers_are_checked(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 4; k++) {
		struct frame inner = shapekit_inner(true, false, 8);

		shapekit_pair("aes128+sha1", nth_shape(k));
		for (unsigned int next = 0; next < 256; next++) {
			enum drop_reason why = with_trailer(&inner, -1, false, -1, (uint8_t)next);

			switch (next) {
			case 41:
				assert_int_equal(why, DROP_NONE);
				break;
			case 4: /* its length is no IPv4 packet's, or its version not 4 */
				assert_true(why == DROP_NET_HEADER ||
					    why == DROP_IN_STATE_PROTOCOL_ERRORS);
				break;
			case 59:
				assert_int_equal(why, DROP_NET_CONSUMED);
				break;
			default:
				assert_int_equal(why, DROP_IN_STATE_MODE_ERRORS);
				break;
			}
		}
	}
}

static enum drop_reason with_inner(struct frame f)
{
	f = shapekit_seal(f.b + ETH, f.len - ETH, 41, 0);
	return espkit_reason(&f);
}

static void inner_headers_are_checked(void **state)
{
	struct frame f;

	(void)state;
	for (unsigned int k = 0; k < 4; k++) {
		shapekit_pair("aes128+sha1", nth_shape(k));
		f = shapekit_inner(true, false, 20);
		f.b[ETH] = 0x40;
		assert_int_equal(with_inner(f), DROP_NET_HEADER);
		f = shapekit_inner(true, false, 20);
		put16(f.b + ETH + 4, 29); /* one more than there is */
		assert_int_equal(with_inner(f), DROP_IN_STATE_PROTOCOL_ERRORS);
		put16(f.b + ETH + 4, 65535);
		assert_int_equal(with_inner(f), DROP_IN_STATE_PROTOCOL_ERRORS);
		put16(f.b + ETH + 4, 7); /* UDP's header is cut */
		assert_int_equal(with_inner(f), DROP_NET_HEADER);
		for (size_t len = 0; len < 40; len++) {
			f = shapekit_inner(true, false, 20);
			f.len = ETH + len;
			assert_int_equal(with_inner(f), DROP_IN_STATE_PROTOCOL_ERRORS);
		}
		f = shapekit_inner(true, false, 20);
		f.b[ETH + 8] = 0xff;
		assert_int_equal(with_inner(f), DROP_NET_MARTIAN);
		f = frame6_udp(wan6_us, lan6_host, 53, 4000, 20);
		assert_int_equal(with_inner(f), DROP_NET_MARTIAN);
		f = shapekit_inner(true, false, 20);
		frame6_extend(&f, 60, 8);
		assert_int_equal(with_inner(f), DROP_NONE);
		f = shapekit_inner(true, false, 20);
		frame6_extend(&f, 43, 8);
		f.b[ETH + 42] = 0; /* a source route */
		assert_int_equal(with_inner(f), DROP_NET_MARTIAN);
	}
}

/* Bits of a chain, in the order of RFC 8200 section 4.1. */
enum { HOP_BY_HOP = 1, OPTIONS = 2, ROUTING = 4, FRAGMENT = 8, CHAINS = 16 };

/* Put such headers in front of what the outer header is followed by; from the last one on. */
static void extend(struct frame *f, unsigned int chain)
{
	uint8_t *first = f->b + ETH + 40;

	if (chain & FRAGMENT) { /* of the whole packet (RFC 6946) */
		frame6_extend(f, 44, 8);
		put16(first + 2, 0);
	}
	if (chain & ROUTING) { /* all places were visited */
		frame6_extend(f, 43, 24);
		first[2] = 4;
		first[3] = 0;
	}
	if (chain & OPTIONS)
		frame6_extend(f, 60, 16);
	if (chain & HOP_BY_HOP)
		frame6_extend(f, 0, 8);
}

static void headers_in_front_of_esp_are_passed_over(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 4 * CHAINS; k++) {
		bool six = k & 1;
		struct frame inner = shapekit_inner(six, false, 20), f;
		struct rte_mbuf *m;

		shapekit_pair("aes128+sha1",
			      (struct shape){.outer6 = true,
					     .encap = k & 2 ? ABI_ENCAP_UDP : ABI_ENCAP_NONE});
		f = shapekit_seal(inner.b + ETH, inner.len - ETH, six ? 41 : 4, 0);
		extend(&f, k / 4);
		assert_int_equal(espkit_receive(&f, &m), DROP_NONE);
		assert_int_equal(m->pkt_len, inner.len);
		assert_memory_equal(rte_pktmbuf_mtod_offset(m, uint8_t *, ETH), inner.b + ETH,
				    inner.len - ETH);
		rte_pktmbuf_free(m);
	}
}

/* A source route that is not at its end, of any type, is not followed, nor a dead one looked into;
 * what this host must know to act on it does not. */
static void headers_that_want_something_are_refused(void **state)
{
	static const struct {
		unsigned int chain;
		unsigned int at; /* of a byte behind the outer header */
		uint8_t value;
		enum drop_reason why;
	} bad[] = {
		{ROUTING, 2, 0, DROP_NET_MARTIAN},	       /* type 0 (RFC 5095) */
		{ROUTING, 3, 1, DROP_NET_MARTIAN},	       /* segments left */
		{HOP_BY_HOP, 2, 0xc2, DROP_NET_HEADER},	       /* a jumbo payload */
		{OPTIONS, 2, 0x5e, DROP_NET_HEADER},	       /* unknown: discard */
		{OPTIONS, 1, 0xff, DROP_NET_HEADER},	       /* longer than all of it */
		{HOP_BY_HOP | OPTIONS, 0, 0, DROP_NET_HEADER}, /* hop by hop twice */
	};

	(void)state;
	for (unsigned int i = 0; i < RTE_DIM(bad); i++) {
		struct frame inner = shapekit_inner(true, false, 20), f;
		struct rte_mbuf *m;

		shapekit_pair("aes128+sha1", (struct shape){.outer6 = true});
		f = shapekit_seal(inner.b + ETH, inner.len - ETH, 41, 0);
		extend(&f, bad[i].chain);
		f.b[ETH + 40 + bad[i].at] = bad[i].value;
		m = kit_parse(&f);
		assert_int_equal(pkt_meta(m)->verdict, PKT_DROP);
		assert_int_equal(pkt_meta(m)->reason, bad[i].why);
		rte_pktmbuf_free(m);
	}
}

/* Cut everywhere; nothing outside the buffer is read (address sanitizer) and nothing passes. */
static void every_shorter_packet_is_dropped(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 8; k++) {
		struct frame inner = shapekit_inner(true, false, 8), f;
		size_t head;

		shapekit_pair("aes128+sha1", (struct shape){.outer6 = k & 1,
							    .encap = k & 2 ? ABI_ENCAP_UDP : 0,
							    .transport = k & 4});
		f = shapekit_seal(inner.b + ETH, inner.len - ETH, k & 4 ? 17 : 41, 0);
		head = ETH + (shape.outer6 ? 40 : 20) + (shape.encap ? 8 : 0);
		for (size_t len = head; len < f.len; len++) {
			struct frame cut = shapekit_wrap(f.b + head, len - head);

			assert_int_not_equal(espkit_reason(&cut), DROP_NONE);
		}
	}
}

static void a_shared_packet_is_copied(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < 8; k++) {
		struct frame inner = shapekit_inner(true, false, 40), f;
		struct rte_mbuf *m, *other;

		shapekit_pair("aes128+sha1", (struct shape){.outer6 = k & 1,
							    .encap = k & 2 ? ABI_ENCAP_UDP : 0,
							    .transport = k & 4});
		f = shapekit_seal(inner.b + ETH + (k & 4 ? 40 : 0),
				  inner.len - ETH - (k & 4 ? 40 : 0), k & 4 ? 17 : 41, 0);
		m = other = kit_parse(&f);
		rte_mbuf_refcnt_update(m, 1);
		esp_in_burst(kit.w, &m, 1);
		assert_ptr_not_equal(m, other);
		assert_int_not_equal(pkt_meta(m)->verdict, PKT_DROP);
		assert_memory_equal(rte_pktmbuf_mtod(other, uint8_t *), f.b, f.len);
		rte_pktmbuf_free(m);
		rte_pktmbuf_free(other);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(trailers_of_genuine_packets_are_checked),
		CASE(next_headers_are_checked),
		CASE(inner_headers_are_checked),
		CASE(headers_in_front_of_esp_are_passed_over),
		CASE(headers_that_want_something_are_refused),
		CASE(every_shorter_packet_is_dropped),
		CASE(a_shared_packet_is_copied),
	};

	return cmocka_run_group_tests(tests, shapekit_setup, shapekit_teardown);
}
