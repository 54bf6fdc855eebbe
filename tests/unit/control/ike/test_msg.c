/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_msg.c - parsing of messages: every length wrong in turn, every payload type, every cap.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/msg.h"
#include "tests/unit/control/ike/bytes.h"

static struct bytes b; /* big: not on the stack */
static struct ike_msg m;
static const uint8_t zeros[70000];

/* Parses from a heap copy of exactly the right size, so that a sanitizer sees one byte too much. */
static int parse_exact(struct ike_msg *msg, const uint8_t *data, size_t len)
{
	static uint8_t *copy;
	int r;

	free(copy);
	copy = malloc(len ? len : 1);
	assert_non_null(copy);
	memcpy(copy, data, len);
	r = ike_msg_parse(msg, copy, len);
	assert_true(r == 0 || (r == -EBADMSG && msg->n == 0));
	assert_int_equal(r == 0, msg->error.reason == IKE_PARSE_OK);
	return r;
}

static void begin_main(void)
{
	bytes_begin(&b, IKE_VERSION_1, IKE1_EXCH_MAIN, 0);
}

static enum ike_parse_reason parse_reason(void)
{
	parse_exact(&m, b.data, b.len);
	return m.error.reason;
}

static void header_fields_are_where_they_belong(void **state)
{
	(void)state;
	begin_main();
	bytes_payload(&b, IKE1_PLD_VENDOR, "abcd", 4);
	bytes_end(&b);
	assert_int_equal(parse_reason(), IKE_PARSE_OK);
	assert_true(m.hdr.ispi == 0x1122334455667788u);
	assert_true(m.hdr.rspi == 0x99aabbccddeeff00u);
	assert_int_equal(m.hdr.version, 0x10);
	assert_int_equal(m.hdr.exchange, IKE1_EXCH_MAIN);
	assert_int_equal(m.hdr.msgid, 0xcafe0001);
	assert_int_equal(m.hdr.length, 36);
	assert_int_equal(m.n, 1);
	assert_int_equal(m.pld[0].body.len, 4);
	assert_int_equal(m.pld[0].offset, 28);
	assert_int_equal(m.end, 36);
}

/* P1: a datagram shorter than a header has no version to answer. */
static void datagrams_of_0_to_27_bytes_are_short(void **state)
{
	struct ike_parse_error e;
	struct ike_hdr h;

	(void)state;
	begin_main();
	bytes_end(&b);
	for (size_t len = 0; len < 28; len++) {
		assert_int_equal(parse_exact(&m, b.data, len), -EBADMSG);
		assert_int_equal(m.error.reason, IKE_PARSE_SHORT);
		memset(&h, 0xee, sizeof(h));
		assert_int_equal(ike_msg_parse_header(&h, b.data, len, &e), -EBADMSG);
		assert_int_equal(h.version, 0);
	}
	assert_int_equal(parse_exact(&m, b.data, 28), 0);
	assert_int_equal(m.n, 0);
}

static void header_length_must_be_the_datagrams(void **state)
{
	static const uint32_t lengths[] = {0,  1,	   27,	       28,	  31,
					   33, 0x7fffffff, 0x80000000, 0xffffffff};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		begin_main();
		bytes_payload(&b, IKE1_PLD_VENDOR, "", 0);
		bytes_end(&b); /* 32 */
		bytes_set_n(&b, 24, lengths[i], 4);
		assert_int_equal(parse_reason(), IKE_PARSE_LENGTH);
		assert_int_equal(m.error.offset, 24);
	}
}

static void only_major_versions_1_and_2_are_read(void **state)
{
	(void)state;
	for (int v = 0; v < 256; v++) {
		bytes_begin(&b, (uint8_t)v, IKE1_EXCH_MAIN, 0);
		bytes_end(&b);
		assert_int_equal(parse_reason(),
				 v >> 4 == 1 || v >> 4 == 2 ? IKE_PARSE_OK : IKE_PARSE_VERSION);
		assert_int_equal(m.hdr.version, v); /* known for an answer all the same */
	}
}

static void messages_over_the_cap_are_refused(void **state)
{
	(void)state;
	for (int extra = 0; extra < 2; extra++) {
		begin_main();
		bytes_payload(&b, IKE1_PLD_VENDOR, zeros, IKE_MAX_MESSAGE - 32 + (size_t)extra);
		bytes_end(&b);
		assert_int_equal(parse_reason(), extra ? IKE_PARSE_TOO_LONG : IKE_PARSE_OK);
	}
}

/* P2: each payload type with each wrong length; none loops, none reads on. */
static void payload_lengths_out_of_bounds_are_refused(void **state)
{
	static const int lengths[] = {0, 1, 2, 3, 9, 12, 65535};

	(void)state;
	for (int version = 1; version <= 2; version++) {
		for (int type = 1; type < 256; type++) {
			for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
				/* Eight bytes of body; nothing after: 12 is right. */
				if (lengths[i] == 12)
					continue;
				bytes_begin(&b, (uint8_t)(version << 4), IKE1_EXCH_MAIN, 0);
				bytes_payload_as(&b, (uint8_t)type, zeros, 8, (uint16_t)lengths[i]);
				bytes_end(&b);
				/* 9 leaves three bytes: slack in IKEv1, if the body bears it. */
				if (lengths[i] == 9) {
					parse_reason();
					continue;
				}
				assert_int_equal(parse_reason(), IKE_PARSE_PAYLOAD_LENGTH);
				assert_int_equal(m.error.payload, type);
			}
		}
	}
}

static void payload_headers_cut_short_are_refused(void **state)
{
	(void)state;
	for (size_t keep = 1; keep < 4; keep++) {
		begin_main();
		bytes_payload(&b, IKE1_PLD_VENDOR, "abcd", 4);
		b.len = 28 + keep;
		bytes_end(&b);
		assert_int_equal(parse_reason(), IKE_PARSE_SHORT);
		assert_int_equal(m.error.offset >= 28 && m.error.offset < 32, 1);
	}
}

static void a_next_payload_without_bytes_is_refused(void **state)
{
	(void)state;
	for (int type = 1; type < 256; type++) {
		begin_main();
		b.data[16] = (uint8_t)type;
		bytes_end(&b);
		assert_int_equal(parse_reason(), IKE_PARSE_SHORT);
	}
}

/* P2, generated: every byte of a whole main mode message 1 takes every value; P1 with it. */
static void build_whole_message(void)
{
	static const uint8_t sa[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0x10,
				     1, 1, 0, 1, 0, 0, 0, 8, 1, 1, 0, 0};

	begin_main();
	bytes_payload(&b, IKE1_PLD_SA, sa, sizeof(sa));
	bytes_payload(&b, IKE1_PLD_KE, zeros, 96);
	bytes_payload(&b, IKE1_PLD_NONCE, zeros, 16);
	bytes_payload(&b, IKE1_PLD_ID, "\1\x11\1\xf4\12\0\0\1", 8);
	bytes_payload(&b, IKE1_PLD_HASH, zeros, 16);
	bytes_payload(&b, IKE1_PLD_NOTIFY, "\0\0\0\1\1\0\x60\2", 8);
	bytes_payload(&b, IKE1_PLD_DELETE, "\0\0\0\1\3\4\0\1\0\0\1\0", 12);
	bytes_payload(&b, IKE1_PLD_NATD, zeros, 20);
	bytes_payload(&b, IKE1_PLD_NATOA_DRAFT, "\1\0\0\0\12\0\0\1", 8);
	bytes_payload(&b, 200, zeros, 5);
	bytes_payload(&b, IKE1_PLD_VENDOR, zeros, 16);
	bytes_end(&b);
}

static void every_single_byte_change_is_survived(void **state)
{
	size_t refused = 0;

	(void)state;
	build_whole_message();
	assert_int_equal(parse_reason(), IKE_PARSE_OK);
	assert_int_equal(m.n, 11);
	for (size_t at = 0; at < b.len; at++) {
		uint8_t was = b.data[at];

		for (int v = 0; v < 256; v++) {
			b.data[at] = (uint8_t)v;
			refused += parse_exact(&m, b.data, b.len) != 0;
		}
		b.data[at] = was;
	}
	assert_true(refused > 256 * 11); /* at least the length fields did something */
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	build_whole_message();
	for (size_t len = 28; len < b.len; len++) {
		struct bytes *cut = &b;

		bytes_set_n(cut, 24, len, 4);
		assert_int_equal(parse_exact(&m, b.data, len), -EBADMSG);
	}
}

/* P5: the other version's payloads are not known here, and nothing looks into them. */
static void payloads_of_the_other_version_are_unknown(void **state)
{
	(void)state;
	for (int version = 1; version <= 2; version++) {
		for (int type = 1; type < 256; type++) {
			const struct ike_payload *p = &m.pld[0];
			bool v1 = type <= 14 || type == 20 || type == 21 || type == 130 ||
				  type == 131;
			bool v2 = (type >= 33 && type <= 48) || type == 53;

			/* A body that most known types accept; those that do not, refuse. */
			bytes_begin(&b, (uint8_t)(version << 4), IKE1_EXCH_MAIN, 0);
			bytes_payload(&b, (uint8_t)type, "\1\0\0\0\12\0\0\1\0\0\0\0\0\0\0\0", 16);
			bytes_end(&b);
			if (parse_reason() == IKE_PARSE_OK) {
				bool known = version == 1 ? v1 && type != 2 && type != 3 : v2;

				assert_int_equal(m.n, 1);
				assert_int_equal(p->wire_type, type);
				assert_int_equal(p->known, known);
				if (!known)
					assert_string_equal(
						ike_payload_name((uint8_t)(version << 4),
								 (uint8_t)type),
						"unknown");
			} else {
				assert_true(version == 1 ? v1 : v2);
			}
		}
	}
}

static void draft_numbers_become_the_rfcs(void **state)
{
	(void)state;
	begin_main();
	bytes_payload(&b, IKE1_PLD_NATD_DRAFT, zeros, 16);
	bytes_payload(&b, IKE1_PLD_NATOA_DRAFT, "\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 20);
	bytes_end(&b);
	assert_int_equal(parse_reason(), IKE_PARSE_OK);
	assert_int_equal(m.pld[0].type, IKE1_PLD_NATD);
	assert_int_equal(m.pld[0].wire_type, 130);
	assert_int_equal(m.pld[1].type, IKE1_PLD_NATOA);
	assert_int_equal(m.pld[1].id.data.len, 16);
}

static void reserved_byte_must_be_zero_in_ikev1(void **state)
{
	(void)state;
	for (int v = 0; v < 256; v++) {
		begin_main();
		bytes_payload(&b, IKE1_PLD_VENDOR, "x", 1);
		bytes_end(&b);
		b.data[29] = (uint8_t)v;
		assert_int_equal(parse_reason(), v ? IKE_PARSE_RESERVED : IKE_PARSE_OK);
	}
}

static void ikev2_critical_bit_decides_over_unknown_payloads(void **state)
{
	(void)state;
	for (int critical = 0; critical < 2; critical++) {
		bytes_begin(&b, IKE_VERSION_2, IKE2_EXCH_SA_INIT, IKE2_FLAG_INITIATOR);
		bytes_payload(&b, 99, "x", 1);
		bytes_end(&b);
		b.data[29] = critical ? 0x80 : 0x7f;
		assert_int_equal(parse_reason(), critical ? IKE_PARSE_CRITICAL : IKE_PARSE_OK);
		assert_int_equal(m.error.payload, critical ? 99 : 0);
	}
	bytes_begin(&b, IKE_VERSION_2, IKE2_EXCH_SA_INIT, IKE2_FLAG_INITIATOR);
	bytes_payload(&b, IKE2_PLD_NONCE, zeros, 16);
	bytes_end(&b);
	b.data[29] = 0x80;
	assert_int_equal(parse_reason(), IKE_PARSE_OK);
	assert_true(m.pld[0].critical);
}

static void ikev2_chain_ends_at_sk(void **state)
{
	(void)state;
	bytes_begin(&b, IKE_VERSION_2, IKE2_EXCH_AUTH, IKE2_FLAG_INITIATOR);
	bytes_payload(&b, IKE2_PLD_SK, zeros, 40);
	b.data[28] = IKE2_PLD_IDI; /* what is inside */
	bytes_end(&b);
	assert_int_equal(parse_reason(), IKE_PARSE_OK);
	assert_int_equal(m.n, 1);
	bytes_put_n(&b, 0, 1);
	bytes_end(&b);
	assert_int_equal(parse_reason(), IKE_PARSE_TRAILING);
}

/* P8: 1..1000 unknown payloads. */
static void more_payloads_than_the_cap_are_refused(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 1000; n++) {
		begin_main();
		for (size_t i = 0; i < n; i++)
			bytes_payload(&b, 250, "", 0);
		bytes_end(&b);
		assert_int_equal(parse_reason(),
				 n <= IKE_MAX_PAYLOADS ? IKE_PARSE_OK : IKE_PARSE_TOO_MANY);
		assert_int_equal(m.n, n <= IKE_MAX_PAYLOADS ? n : 0);
	}
}

static void only_three_bytes_may_follow_in_clear(void **state)
{
	(void)state;
	for (size_t extra = 0; extra < 20; extra++) {
		begin_main();
		bytes_payload(&b, IKE1_PLD_VENDOR, "abc", 3);
		bytes_put(&b, zeros, extra);
		bytes_end(&b);
		assert_int_equal(parse_reason(), extra <= 3 ? IKE_PARSE_OK : IKE_PARSE_TRAILING);
		assert_int_equal(ike_msg_parse_plain(&m, b.data, b.len, true), 0);
		assert_int_equal(m.end, 35);
	}
}

static void encrypted_messages_wait_for_their_plaintext(void **state)
{
	(void)state;
	bytes_begin(&b, IKE_VERSION_1, IKE1_EXCH_QUICK, IKE1_FLAG_ENCRYPTION);
	b.data[16] = IKE1_PLD_HASH;
	memset(b.data + b.len, 0xa5, 64); /* ciphertext: no valid chain */
	b.len += 64;
	bytes_end(&b);
	assert_int_equal(parse_reason(), IKE_PARSE_OK);
	assert_int_equal(m.n, 0);
	assert_true(ike_hdr_encrypted(&m.hdr));
	assert_int_equal(ike_msg_parse_plain(&m, b.data, b.len, true), -EBADMSG);
	bytes_begin(&b, IKE_VERSION_2, IKE2_EXCH_AUTH, 0x01);
	bytes_end(&b);
	assert_int_equal(parse_reason(), IKE_PARSE_OK);
	assert_false(ike_hdr_encrypted(&m.hdr));
}

static void assert_body(uint8_t type, const void *body, size_t len, enum ike_parse_reason reason)
{
	begin_main();
	bytes_payload(&b, type, body, len);
	bytes_end(&b);
	assert_int_equal(parse_reason(), reason);
}

static void bodies_have_their_shortest_and_longest(void **state)
{
	static const struct {
		uint8_t type;
		size_t min, max;
	} t[] = {
		{IKE1_PLD_SA, 8, 200},	       {IKE1_PLD_KE, 1, 1024},	   {IKE1_PLD_ID, 4, 300},
		{IKE1_PLD_HASH, 16, 64},       {IKE1_PLD_NONCE, 8, 256},   {IKE1_PLD_NATD, 16, 64},
		{IKE1_PLD_NATD_DRAFT, 16, 64}, {IKE1_PLD_NOTIFY, 8, 2000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_body(t[i].type, zeros, t[i].min - 1, IKE_PARSE_BODY);
		assert_body(t[i].type, zeros, t[i].min, IKE_PARSE_OK);
		assert_body(t[i].type, zeros, t[i].max, IKE_PARSE_OK);
	}
	assert_body(IKE1_PLD_HASH, zeros, 65, IKE_PARSE_BODY);
	assert_body(IKE1_PLD_NONCE, zeros, 257, IKE_PARSE_BODY);
	assert_body(IKE1_PLD_NATD, zeros, 65, IKE_PARSE_BODY);
	assert_body(IKE1_PLD_VENDOR, zeros, 0, IKE_PARSE_OK);
}

/* P6, P10: count times size must be what is there, for every count and the telling sizes. */
static void delete_counts_and_sizes_must_agree(void **state)
{
	static const uint8_t protocols[] = {0, 1, 2, 3, 4, 255};
	static const uint16_t sizes[] = {0, 1, 3, 4, 5, 8, 16, 255};
	static const uint16_t counts[] = {0, 1, 2, 4, 63, 64, 65, 0xffff};

	(void)state;
	for (size_t p = 0; p < sizeof(protocols); p++)
		for (size_t s = 0; s < 8; s++)
			for (size_t c = 0; c < 8; c++)
				for (size_t have = 0; have <= 300; have++) {
					uint8_t body[320] = {0, 0, 0, 1};
					bool fits = (size_t)sizes[s] * counts[c] == have;
					bool shape = protocols[p] == 1 ? sizes[s] == 16
						     : (protocols[p] == 2 || protocols[p] == 3)
							     ? sizes[s] == 4
							     : true;
					bool ok = fits && shape && counts[c] != 0 &&
						  counts[c] <= IKE_MAX_SPIS;

					body[4] = protocols[p];
					body[5] = (uint8_t)sizes[s];
					body[6] = (uint8_t)(counts[c] >> 8);
					body[7] = (uint8_t)counts[c];
					begin_main();
					bytes_payload(&b, IKE1_PLD_DELETE, body, 8 + have);
					bytes_end(&b);
					if ((ike_msg_parse(&m, b.data, b.len) == 0) != ok)
						fail_msg("protocol %u size %u count %u bytes %zu",
							 protocols[p], sizes[s], counts[c], have);
				}
}

static void delete_gives_its_spis_and_no_more(void **state)
{
	const struct ike_pld_delete *d;

	(void)state;
	assert_body(IKE1_PLD_DELETE, "\0\0\0\1\3\4\0\2\0\0\1\0\xde\xad\xbe\xef", 16, IKE_PARSE_OK);
	d = &m.pld[0].del;
	assert_int_equal(d->count, 2);
	assert_int_equal(ike_delete_spi(d, 0), 256);
	assert_int_equal(ike_delete_spi(d, 1), 0xdeadbeef);
	assert_int_equal(ike_delete_spi(d, 2), 0);
	assert_int_equal(ike_delete_spi(d, SIZE_MAX), 0);
	assert_body(IKE1_PLD_DELETE, "\0\0\0\1\1\x10\0\1aaaaaaaabbbbbbbb", 24, IKE_PARSE_OK);
	assert_int_equal(ike_delete_spi(&m.pld[0].del, 0), 0);
	assert_memory_equal(m.pld[0].del.spis.data, "aaaaaaaabbbbbbbb", 16);
}

static void notify_spi_must_fit(void **state)
{
	uint8_t body[64] = {0, 0, 0, 1, 3, 0, 0x60, 0x02};

	(void)state;
	for (unsigned int spi = 0; spi < 256; spi++) {
		for (size_t have = 0; have <= 20; have++) {
			bool ok = spi <= 16 && spi <= have;

			body[5] = (uint8_t)spi;
			begin_main();
			bytes_payload(&b, IKE1_PLD_NOTIFY, body, 8 + have);
			bytes_end(&b);
			assert_int_equal(parse_exact(&m, b.data, b.len) == 0, ok);
			if (!ok)
				continue;
			assert_int_equal(m.pld[0].notify.spi.len, spi);
			assert_int_equal(m.pld[0].notify.data.len, have - spi);
			assert_int_equal(m.pld[0].notify.type, IKE1_N_INITIAL_CONTACT);
			assert_int_equal(m.pld[0].notify.protocol, 3);
		}
	}
}

static void natoa_holds_one_address(void **state)
{
	uint8_t body[40] = {0};

	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		for (size_t len = 0; len < sizeof(body); len++) {
			body[0] = (uint8_t)type;
			begin_main();
			bytes_payload(&b, IKE1_PLD_NATOA, body, len);
			bytes_end(&b);
			assert_int_equal(parse_exact(&m, b.data, b.len) == 0,
					 (type == 1 && len == 8) || (type == 5 && len == 20));
		}
	}
}

static void sa_of_another_doi_has_no_proposals(void **state)
{
	(void)state;
	assert_body(IKE1_PLD_SA, "\0\0\0\1\0\0\0\1abcd", 12, IKE_PARSE_OK);
	assert_int_equal(m.pld[0].sa.proposals.len, 4);
	assert_int_equal(m.pld[0].sa.proposals_offset, 40);
	assert_body(IKE1_PLD_SA, "\0\0\0\2\0\0\0\1abcd", 12, IKE_PARSE_OK);
	assert_int_equal(m.pld[0].sa.doi, 2);
	assert_int_equal(m.pld[0].sa.proposals.len, 0);
	assert_body(IKE1_PLD_SA, "\0\0\0\1\0\0\0\3abcd", 12, IKE_PARSE_OK);
	assert_int_equal(m.pld[0].sa.situation, 3);
	assert_int_equal(m.pld[0].sa.proposals.len, 0);
}

static void finding_walks_the_payloads_in_order(void **state)
{
	const struct ike_payload *p;

	(void)state;
	begin_main();
	bytes_payload(&b, IKE1_PLD_VENDOR, "1", 1);
	bytes_payload(&b, IKE1_PLD_NONCE, zeros, 8);
	bytes_payload(&b, IKE1_PLD_VENDOR, "22", 2);
	bytes_end(&b);
	assert_int_equal(parse_reason(), IKE_PARSE_OK);
	assert_int_equal(ike_msg_count(&m, IKE1_PLD_VENDOR), 2);
	p = ike_msg_find(&m, IKE1_PLD_VENDOR);
	assert_ptr_equal(p, &m.pld[0]);
	p = ike_msg_next(&m, p);
	assert_ptr_equal(p, &m.pld[2]);
	assert_null(ike_msg_next(&m, p));
	assert_null(ike_msg_find(&m, IKE1_PLD_SA));
}

static void what_follows_a_payload_excludes_padding(void **state)
{
	struct ike_view v;

	(void)state;
	begin_main();
	bytes_payload(&b, IKE1_PLD_HASH, zeros, 16);
	bytes_payload(&b, IKE1_PLD_VENDOR, "abc", 3);
	bytes_put(&b, zeros, 11);
	bytes_end(&b);
	assert_int_equal(ike_msg_parse_plain(&m, b.data, b.len, true), 0);
	v = ike_msg_after(&m, &m.pld[0]);
	assert_int_equal(v.len, 7);
	assert_ptr_equal(v.data, b.data + 28 + 20);
	assert_int_equal(ike_msg_after(&m, &m.pld[1]).len, 0);
}

static void names_exist_for_every_number(void **state)
{
	(void)state;
	for (int i = 0; i < 256; i++) {
		assert_non_null(ike_payload_name(IKE_VERSION_1, (uint8_t)i));
		assert_non_null(ike_exchange_name((uint8_t)i));
		assert_non_null(ike_parse_reason_text((enum ike_parse_reason)i));
	}
	for (int i = 0; i < IKE_PARSE_REASONS; i++)
		assert_string_not_equal(ike_parse_reason_text((enum ike_parse_reason)i), "unknown");
	assert_string_equal(ike1_notify_name(14), "NO-PROPOSAL-CHOSEN");
	assert_string_equal(ike1_notify_name(36136), "R-U-THERE");
	assert_string_equal(ike1_notify_name(9999), "unknown");
	assert_string_equal(ike_payload_name(IKE_VERSION_1, 130), "NAT-D");
	assert_string_equal(ike_exchange_name(2), "main");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_fields_are_where_they_belong),
		cmocka_unit_test(datagrams_of_0_to_27_bytes_are_short),
		cmocka_unit_test(header_length_must_be_the_datagrams),
		cmocka_unit_test(only_major_versions_1_and_2_are_read),
		cmocka_unit_test(messages_over_the_cap_are_refused),
		cmocka_unit_test(payload_lengths_out_of_bounds_are_refused),
		cmocka_unit_test(payload_headers_cut_short_are_refused),
		cmocka_unit_test(a_next_payload_without_bytes_is_refused),
		cmocka_unit_test(every_single_byte_change_is_survived),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(payloads_of_the_other_version_are_unknown),
		cmocka_unit_test(draft_numbers_become_the_rfcs),
		cmocka_unit_test(reserved_byte_must_be_zero_in_ikev1),
		cmocka_unit_test(ikev2_critical_bit_decides_over_unknown_payloads),
		cmocka_unit_test(ikev2_chain_ends_at_sk),
		cmocka_unit_test(more_payloads_than_the_cap_are_refused),
		cmocka_unit_test(only_three_bytes_may_follow_in_clear),
		cmocka_unit_test(encrypted_messages_wait_for_their_plaintext),
		cmocka_unit_test(bodies_have_their_shortest_and_longest),
		cmocka_unit_test(delete_counts_and_sizes_must_agree),
		cmocka_unit_test(delete_gives_its_spis_and_no_more),
		cmocka_unit_test(notify_spi_must_fit),
		cmocka_unit_test(natoa_holds_one_address),
		cmocka_unit_test(sa_of_another_doi_has_no_proposals),
		cmocka_unit_test(finding_walks_the_payloads_in_order),
		cmocka_unit_test(what_follows_a_payload_excludes_padding),
		cmocka_unit_test(names_exist_for_every_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
