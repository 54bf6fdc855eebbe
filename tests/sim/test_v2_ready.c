/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_v2_ready.c - what RFC 7296 wants ignored, on the messages that bring a tunnel up: reserved
 * bits and fields, the version bit, a higher minor version (sections 2.5, 3.1, 3.2), and payloads
 * that are not known and not critical. IKE_SA_INIT is signed as it was sent, so the sender's copy
 * is changed with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/state.h"
#include "control/ike2/ike2.h"
#include "tests/sim/forge2.h"
#include "tests/sim/sim.h"

struct change {
	bool reserved, version_bit, minor, later; /* later: not those that make the IKE SA */
	uint8_t unknown;			  /* type of a payload to put in front; 0: none */
	unsigned done;
};

static void fill_proposals(uint8_t *p, size_t len)
{
	while (len >= 8) {
		size_t size = (size_t)(p[2] << 8 | p[3]), at = 8u + p[6];

		p[1] = 0xff;
		for (uint8_t i = 0; i < p[7] && at + 8 <= size; i++) {
			p[at + 1] = p[at + 5] = 0xff;
			at += (size_t)(p[at + 2] << 8 | p[at + 3]);
		}
		if (size < 8 || size > len)
			return;
		p += size;
		len -= size;
	}
}

/* Every reserved bit of the payloads, but those of ID, which AUTH covers. */
static void fill_reserved(uint8_t next, uint8_t *p, size_t len)
{
	while (next != 0 && len >= 4) {
		size_t size = (size_t)(p[2] << 8 | p[3]);

		if (size < 4 || size > len)
			return;
		p[1] |= 0x7f;
		if (next == IKE2_PLD_SA)
			fill_proposals(p + 4, size - 4);
		else if (next == IKE2_PLD_KE)
			p[6] = p[7] = 0xff;
		else if (next == IKE2_PLD_AUTH || next == IKE2_PLD_TSI || next == IKE2_PLD_TSR)
			memset(p + 5, 0xff, 3);
		next = p[0];
		p += size;
		len -= size;
	}
}

static size_t change_payloads(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap)
{
	struct change *c = ctx;

	c->done++;
	if (c->reserved)
		fill_reserved(*next, payloads, len);
	if (c->unknown == 0 || cap - len < 12)
		return len;
	memmove(payloads + 12, payloads, len);
	memset(payloads, 0xa5, 12);
	payloads[0] = *next;
	payloads[1] = payloads[2] = 0;
	payloads[3] = 12;
	*next = c->unknown;
	return len + 12;
}

/* The copy of an IKE_SA_INIT message that its sender signs. */
static struct ike2_bytes *signed_copy(struct sim *s, int from, const uint8_t *data)
{
	struct ike_peer *peer = TAILQ_FIRST(&s->node[from].engine->peers.list);
	struct ike_sa *sa;

	TAILQ_FOREACH (sa, &peer->sas, of_peer) {
		if (sa->v2 != NULL && sa->v2->hs != NULL &&
		    !sa->responder == ((data[19] & IKE2_FLAG_RESPONSE) == 0))
			return sa->responder ? &sa->v2->hs->init_r : &sa->v2->hs->init_i;
	}
	return NULL;
}

static bool alter(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct change *c = ctx;
	struct ike2_bytes *copy;

	if (c->later) {
		if (data[18] == IKE2_EXCH_CREATE_CHILD || data[18] == IKE2_EXCH_INFO)
			(void)forge2_message(s, from, data, &d->len, 4096, change_payloads, c);
		return true;
	}
	if (data[18] == IKE2_EXCH_AUTH) {
		assert_true(forge2_message(s, from, data, &d->len, 4096, change_payloads, c));
		return true;
	}
	if (data[18] != IKE2_EXCH_SA_INIT)
		return true;
	copy = signed_copy(s, from, data);
	assert_non_null(copy);
	d->len = 28 + change_payloads(c, &data[16], data + 28, d->len - 28, 4096);
	data[26] = (uint8_t)(d->len >> 8);
	data[27] = (uint8_t)d->len;
	if (c->reserved)
		data[19] |= 0xc7;
	if (c->version_bit)
		data[19] |= 0x10;
	if (c->minor)
		data[17] = 0x2f;
	assert_int_equal(ike2_bytes_set(copy, data, d->len), 0);
	return true;
}

static void comes_up_with(struct change *c)
{
	struct sim s;

	sim_init(&s, 31);
	for (int i = 0; i < 2; i++)
		s.node[i].conf.mode = IKE_MODE_IKE2;
	s.node[1].conf.passive = true;
	s.net.hook = alter;
	s.net.hook_ctx = c;
	sim_start(&s);
	sim_run(&s, s.now + 5 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(c->done, 4);
	for (int i = 0; i < 2; i++) {
		assert_true(sim_counters_add_up(&s, i));
		assert_int_equal(sim_counters(&s, i)->rx_malformed, 0);
	}
	sim_fini(&s);
}

static void reserved_fields_are_ignored(void **state)
{
	struct change c = {.reserved = true};

	(void)state;
	comes_up_with(&c);
}

/* In CREATE_CHILD_SA and INFORMATIONAL as well. */
static void they_are_ignored_later_too(void **state)
{
	struct change c = {.reserved = true, .later = true};
	struct sim s;

	(void)state;
	sim_init(&s, 33);
	for (int i = 0; i < 2; i++) {
		s.node[i].conf.mode = IKE_MODE_IKE2;
		s.node[i].children[0].proposal.pfs_group = 31;
	}
	s.net.hook = alter;
	s.net.hook_ctx = &c;
	sim_start(&s);
	sim_run(&s, s.now + 5 * SIM_SEC);
	for (unsigned k = 0; k < 4; k++) {
		assert_int_equal(ike_engine_rekey(s.node[k & 1].engine, k & 1 ? "peer0" : "peer1",
						  k & 2, s.now),
				 0);
		s.node[k & 1].due = s.now;
		sim_run(&s, s.now + 20 * SIM_SEC);
		assert_true(sim_agreed(&s, 0));
	}
	assert_true(c.done >= 16);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(sim_counters(&s, i)->rx_malformed, 0);
		assert_int_equal(sim_ike_sas(&s, i, NULL), 1);
	}
	sim_fini(&s);
}

static void the_version_bit_is_ignored(void **state)
{
	struct change c = {.version_bit = true};

	(void)state;
	comes_up_with(&c);
}

static void a_higher_minor_version_is_taken(void **state)
{
	struct change c = {.minor = true};

	(void)state;
	comes_up_with(&c);
}

static void unknown_payloads_are_skipped(void **state)
{
	static const uint8_t types[] = {1, 32, 49, 55, 128, 255};

	(void)state;
	for (size_t i = 0; i < sizeof(types); i++) {
		struct change c = {.unknown = types[i]};

		comes_up_with(&c);
	}
}

struct refusals {
	unsigned cookies, groups, requests;
};

static bool count_refusals(struct sim *s, int from, struct ike_datagram *d, uint8_t *data,
			   void *ctx)
{
	struct refusals *n = ctx;
	unsigned type = d->len >= 36 ? (unsigned)(data[34] << 8 | data[35]) : 0;

	(void)s;
	if (data[18] != IKE2_EXCH_SA_INIT)
		return true;
	n->requests += from == 0;
	if (from == 1 && data[16] == IKE2_PLD_NOTIFY) {
		n->cookies += type == IKE2_N_COOKIE;
		n->groups += type == IKE2_N_INVALID_KE_PAYLOAD;
	}
	return true;
}

/* Section 2.6.1: the responder wants a cookie, and then another group. */
static void a_cookie_and_another_group_are_wanted(void **state)
{
	struct refusals n = {0};
	struct sim s;

	(void)state;
	sim_init(&s, 32);
	for (int i = 0; i < 2; i++) {
		s.node[i].conf.mode = IKE_MODE_IKE2;
		s.node[i].conf.profile.dh[0] = i == 0 ? 31 : 19;
	}
	s.node[0].conf.profile.dh[1] = 19;
	s.node[0].conf.profile.n_dh = 2;
	s.node[1].conf.passive = true;
	s.net.hook = count_refusals;
	s.net.hook_ctx = &n;
	s.node[1].engine->guard.half_open += GUARD_COOKIE_TOTAL; /* of others */
	sim_start(&s);
	sim_run(&s, s.now + 5 * SIM_SEC);
	s.node[1].engine->guard.half_open -= GUARD_COOKIE_TOTAL;
	assert_true(n.cookies >= 1);
	assert_int_equal(n.groups, 1);
	assert_in_range(n.requests, 3, 4);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reserved_fields_are_ignored),
		cmocka_unit_test(they_are_ignored_later_too),
		cmocka_unit_test(the_version_bit_is_ignored),
		cmocka_unit_test(a_higher_minor_version_is_taken),
		cmocka_unit_test(unknown_payloads_are_skipped),
		cmocka_unit_test(a_cookie_and_another_group_are_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
