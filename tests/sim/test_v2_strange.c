/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_v2_strange.c - authentic messages of IKEv2 that make no sense: node 0's own keys are used to
 * say strange things to node 1. It answers by the book, keeps nothing, and the tunnel comes back.
 * Arguments: how many random messages.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/dh.h"
#include "control/crypto/suite.h"
#include "control/ike/child_sa.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"
#include "tests/sim/forge2.h"
#include "tests/sim/sim.h"

static unsigned long n_random = 3000;
static struct ike2_out out; /* big: not on the stack */

static struct ike_sa *sa_of(struct sim *s, int node)
{
	struct ike_peer *peer = TAILQ_FIRST(&s->node[node].engine->peers.list);
	struct ike_sa *sa;

	TAILQ_FOREACH (sa, &peer->sas, of_peer) {
		if (sa->state == SA_ESTABLISHED)
			return sa;
	}
	return NULL;
}

static void start(struct sim *s, uint64_t seed)
{
	sim_init(s, seed);
	for (int i = 0; i < 2; i++) {
		s->node[i].conf.mode = IKE_MODE_IKE2;
		s->node[i].conf.profile.dpd_interval = 600; /* nothing else is said */
	}
	s->node[1].conf.passive = true;
	sim_start(s);
	sim_run(s, s->now + 5 * SIM_SEC);
	assert_true(sim_agreed(s, 0));
}

static void begin(struct sim *s, uint8_t exchange)
{
	struct ike_sa *sa = sa_of(s, 0);

	ike2_seal_begin(&out, sa, exchange, sa->v2->next_out, false, true);
}

static void say(struct sim *s)
{
	struct ike_sa *sa = sa_of(s, 0);

	assert_int_equal(ike2_seal_finish(s->node[0].engine, &out, sa), 0);
	sim_inject(s, 1, out.buf, out.len, sa->at.marker);
	sa->v2->next_out++;
}

/* What node 1 has for the SA that node 0 uses. */
static struct ike_sa *other_end(struct sim *s)
{
	struct ike_sa *mine = sa_of(s, 0);

	return ike_sa_find(s->node[1].engine, mine->ispi, mine->rspi);
}

/* The answer that node 1 keeps for what it was asked last, opened with node 0's keys. */
static const struct ike_msg *answer(struct sim *s)
{
	static struct ike2_in in;
	static struct ike_datagram d;
	const struct exchange *x = &other_end(s)->v2->answer;
	struct ike_parse_error error;

	assert_non_null(x->msg);
	d = (struct ike_datagram){.data = x->msg, .len = x->len};
	in.d = &d;
	assert_int_equal(ike_msg_parse_header(&in.hdr, d.data, d.len, &error), 0);
	assert_int_equal(in.hdr.flags, IKE2_FLAG_RESPONSE);
	assert_int_equal(ike2_seal_open(sa_of(s, 0), &in), 0);
	return &in.msg;
}

static void assert_refused(struct sim *s, uint16_t type)
{
	const struct ike_pld_notify *n = ike2_find_error(answer(s));

	assert_non_null(n);
	assert_int_equal(n->type, type);
}

static void recovers(struct sim *s)
{
	sim_run(s, s->now + 2500 * SIM_SEC);
	assert_true(sim_agreed(s, 0));
	assert_true(sim_counters_add_up(s, 0) && sim_counters_add_up(s, 1));
	sim_fini(s);
}

static void an_unknown_critical_payload_is_refused_by_name(void **state)
{
	const struct ike_pld_notify *n;
	struct sim s;

	(void)state;
	start(&s, 1);
	begin(&s, IKE2_EXCH_INFO);
	ike_msg_add(&out.b, 200, "what", 4);
	out.buf[out.b.next_at + 1] = 0x80;
	say(&s);
	assert_refused(&s, IKE2_N_UNSUPPORTED_CRITICAL_PAYLOAD);
	n = ike2_find_error(answer(&s));
	assert_int_equal(n->data.len, 1);
	assert_int_equal(n->data.data[0], 200);
	assert_true(sim_agreed(&s, 0));
	begin(&s, IKE2_EXCH_INFO); /* not critical: passed over */
	ike_msg_add(&out.b, 200, "what", 4);
	say(&s);
	assert_int_equal(answer(&s)->n, 0);
	recovers(&s);
}

static void a_malformed_message_ends_the_sa_on_both_sides(void **state)
{
	struct sim s;

	(void)state;
	start(&s, 2);
	begin(&s, IKE2_EXCH_INFO);
	ike_msg_add(&out.b, IKE2_PLD_DELETE, "\x03\x04\xff\xff", 4);
	say(&s);
	assert_null(sa_of(&s, 1));
	assert_int_equal(sim_installed(&s, 1), 0);
	recovers(&s);
}

static void deletes_of_what_is_not_there_are_answered_empty(void **state)
{
	static const uint32_t unknown[] = {0x12345678, 0, 0xffffffff};
	struct sim s;

	(void)state;
	start(&s, 3);
	begin(&s, IKE2_EXCH_INFO);
	ike2_msg_add_delete(&out.b, unknown, 3);
	say(&s);
	assert_int_equal(answer(&s)->n, 0);
	begin(&s, IKE2_EXCH_INFO);
	ike_msg_add(&out.b, IKE2_PLD_DELETE,
		    "\x02\x04\0\x01"
		    "aaaa",
		    8); /* AH */
	ike_msg_add(&out.b, IKE2_PLD_DELETE,
		    "\x63\x02\0\x01"
		    "aa",
		    6);
	say(&s);
	assert_int_equal(answer(&s)->n, 0);
	assert_true(sim_agreed(&s, 0));
	recovers(&s);
}

static void a_pair_deleted_twice_goes_once(void **state)
{
	uint32_t spis[3];
	struct sim s;

	(void)state;
	start(&s, 4);
	spis[0] = spis[1] = spis[2] = sim_current(&s, 0, 0)->sa.in.spi;
	begin(&s, IKE2_EXCH_INFO);
	ike2_msg_add_delete(&out.b, spis, 3);
	ike2_msg_add_delete(&out.b, spis, 1);
	say(&s);
	assert_int_equal(answer(&s)->n, 1);
	assert_int_equal(answer(&s)->pld[0].del.count, 1);
	recovers(&s);
}

static void an_ike_delete_comes_before_all_else(void **state)
{
	struct sim s;
	uint32_t spi;

	(void)state;
	start(&s, 5);
	spi = sim_current(&s, 0, 0)->sa.in.spi;
	begin(&s, IKE2_EXCH_INFO);
	ike2_msg_add_delete(&out.b, &spi, 1);
	ike2_msg_add_delete(&out.b, NULL, 0);
	ike2_msg_add_delete(&out.b, NULL, 0);
	ike2_add_notify(&out, IKE2_N_INITIAL_CONTACT, NULL, 0);
	say(&s);
	assert_null(sa_of(&s, 1));
	assert_int_equal(sim_installed(&s, 1), 0);
	recovers(&s);
}

static void an_initiator_may_refuse_after_all(void **state)
{
	static const uint16_t ends[] = {IKE2_N_AUTHENTICATION_FAILED, IKE2_N_INVALID_SYNTAX};
	struct sim s;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		start(&s, 50 + i);
		begin(&s, IKE2_EXCH_INFO);
		ike2_add_notify(&out, IKE2_N_TEMPORARY_FAILURE, NULL, 0); /* says nothing here */
		say(&s);
		assert_non_null(sa_of(&s, 1));
		begin(&s, IKE2_EXCH_INFO);
		ike2_add_notify(&out, ends[i], NULL, 0);
		say(&s);
		assert_null(sa_of(&s, 1));
		assert_int_equal(sim_installed(&s, 1), 0);
		assert_true(sim_logged(&s, 1,
				       i == 0 ? "received AUTHENTICATION_FAILED error notify"
					      : "received INVALID_SYNTAX error notify"));
		recovers(&s);
	}
}

static void a_rekey_of_nothing_is_not_found(void **state)
{
	const struct ike_view spi = {(const uint8_t *)"none", 4};
	const uint8_t nonce[32] = {1};
	struct prop2_want want = {.protocol = IKE_PROTO_ESP,
				  .spi_len = 4,
				  .n_encr = 1,
				  .n_integ = 1,
				  .encr = {{12, 128}},
				  .integ = {2}};
	struct sim s;

	(void)state;
	start(&s, 6);
	begin(&s, IKE2_EXCH_CREATE_CHILD);
	ike2_msg_add_notify(&out.b, IKE_PROTO_ESP, spi, IKE2_N_REKEY_SA, NULL, 0);
	ike_msg_open(&out.b, IKE2_PLD_SA);
	assert_int_equal(prop2_build(&out.b.w, &want, (const uint8_t *)"spi!"), 0);
	ike_msg_close(&out.b);
	ike_msg_add(&out.b, IKE2_PLD_NONCE, nonce, sizeof(nonce));
	for (int i = 0; i < 2; i++) {
		ike_msg_open(&out.b, i == 0 ? IKE2_PLD_TSI : IKE2_PLD_TSR);
		assert_int_equal(ts2_put(&out.b.w,
					 i == 0 ? &s.node[0].children[0].local
						: &s.node[0].children[0].remote,
					 1),
				 0);
		ike_msg_close(&out.b);
	}
	say(&s);
	assert_refused(&s, IKE2_N_CHILD_SA_NOT_FOUND);
	assert_true(sim_agreed(&s, 0));
	recovers(&s);
}

static bool drop_auth(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)d;
	(void)ctx;
	return from != 0 || data[18] != IKE2_EXCH_AUTH;
}

/* RFC 6023: IKE_AUTH without SA payload makes an IKE SA alone; pairs come later. */
static void a_childless_request_is_answered(void **state)
{
	struct ike_sa *sa;
	struct sim s;

	(void)state;
	sim_init(&s, 8);
	for (int i = 0; i < 2; i++)
		s.node[i].conf.mode = IKE_MODE_IKE2;
	s.node[1].conf.passive = true;
	s.net.hook = drop_auth;
	sim_start(&s);
	sim_run(&s, s.now + 100 * SIM_MS);
	sa = TAILQ_FIRST(&TAILQ_FIRST(&s.node[0].engine->peers.list)->sas);
	assert_int_equal(sa->state, SA_AUTH_SENT);
	ike2_seal_begin(&out, sa, IKE2_EXCH_AUTH, 1, false, true);
	assert_int_equal(ike2_put_auth(&out, sa), 0);
	assert_int_equal(ike2_seal_finish(s.node[0].engine, &out, sa), 0);
	sim_inject(&s, 1, out.buf, out.len, sa->at.marker);
	assert_int_equal(sim_ike_sas(&s, 1, "established"), 1);
	sim_run(&s, s.now + 100 * SIM_MS);
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 1);
	assert_int_equal(sim_installed(&s, 0) + sim_installed(&s, 1), 0);
	s.net.hook = NULL;
	sim_run(&s, s.now + 30 * SIM_SEC);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
}

/* A good request with one payload left out, one time each, or one given twice. */
static void each_payload_is_missed(void **state)
{
	static const uint8_t order[] = {IKE2_PLD_SA, IKE2_PLD_NONCE, IKE2_PLD_TSI, IKE2_PLD_TSR};
	const uint8_t nonce[32] = {1};
	struct prop2_want want = {.protocol = IKE_PROTO_ESP,
				  .spi_len = 4,
				  .n_encr = 1,
				  .n_integ = 1,
				  .encr = {{12, 128}},
				  .integ = {2}};
	struct sim s;

	(void)state;
	for (unsigned mask = 0; mask < 15; mask++) {
		start(&s, 100 + mask);
		begin(&s, IKE2_EXCH_CREATE_CHILD);
		for (unsigned i = 0; i < 4; i++) {
			if (!(mask >> i & 1))
				continue;
			ike_msg_open(&out.b, order[i]);
			if (i == 0)
				(void)prop2_build(&out.b.w, &want, (const uint8_t *)"spi!");
			else if (i == 1)
				wire_put_bytes(&out.b.w, nonce, sizeof(nonce));
			else
				(void)ts2_put(&out.b.w,
					      i == 2 ? &s.node[0].children[0].local
						     : &s.node[0].children[0].remote,
					      1);
			ike_msg_close(&out.b);
		}
		say(&s);
		assert_non_null(ike2_find_error(answer(&s)));
		assert_int_equal(sim_installed(&s, 1), 1);
		recovers(&s);
	}
}

static void put_random(struct sim *s)
{
	static const uint8_t types[] = {IKE2_PLD_SA,	 IKE2_PLD_KE,	  IKE2_PLD_IDI,
					IKE2_PLD_AUTH,	 IKE2_PLD_NONCE,  IKE2_PLD_NOTIFY,
					IKE2_PLD_DELETE, IKE2_PLD_VENDOR, IKE2_PLD_TSI,
					IKE2_PLD_TSR,	 IKE2_PLD_CP,	  200};
	uint8_t body[96];
	size_t len = sim_random(s) % sizeof(body);

	for (size_t i = 0; i < len; i++)
		body[i] = (uint8_t)(sim_random(s) % (sim_random(s) & 1 ? 256 : 5));
	ike_msg_add(&out.b, types[sim_random(s) % sizeof(types)], body, len);
}

static void random_payloads_are_survived(void **state)
{
	static const uint8_t exchanges[] = {IKE2_EXCH_AUTH, IKE2_EXCH_CREATE_CHILD,
					    IKE2_EXCH_CREATE_CHILD, IKE2_EXCH_INFO, 38};
	struct sim s;

	(void)state;
	start(&s, 7);
	for (unsigned long i = 0; i < n_random; i++) {
		while (sa_of(&s, 0) == NULL || sa_of(&s, 1) == NULL)
			sim_run(&s, s.now + 20 * SIM_SEC);
		begin(&s, exchanges[sim_random(&s) % sizeof(exchanges)]);
		for (unsigned k = (unsigned)(sim_random(&s) % 5); k > 0; k--)
			put_random(&s);
		say(&s);
		if (i % 16 == 0) /* node 0's numbers are ahead of what it knows: begin anew */
			ike_engine_terminate(s.node[0].engine, "peer1", s.now);
		sim_run(&s, s.now + 50 * SIM_MS);
	}
	recovers(&s);
}

/* The IKE_AUTH request of node 0, kept back. */
static struct {
	uint8_t data[4096];
	size_t len;
	bool marker;
} auth;

static bool keep_auth(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)ctx;
	if (from != 0 || data[18] != IKE2_EXCH_AUTH || auth.len != 0)
		return true;
	assert_true(d->len <= sizeof(auth.data));
	memcpy(auth.data, data, d->len);
	auth.len = d->len;
	auth.marker = d->marker;
	return false;
}

/* The next number, and another SPI in each proposal. */
static size_t change_spi(void *ctx, uint8_t *next, uint8_t *payloads, size_t len, size_t cap)
{
	uint8_t *spi = ctx;

	(void)next;
	(void)cap;
	auth.data[23]++;
	for (size_t i = 0; i + 4 <= len; i++) {
		if (memcmp(payloads + i, spi, 4) == 0)
			payloads[i + 3] ^= 0x55;
	}
	return len;
}

/* The window is one (RFC 7296 section 2.3): while the data plane of node 1 still works on the
 * first IKE_AUTH, another one with the next number is not for it. */
static void a_second_ike_auth_is_not_taken_before_the_answer(void **state)
{
	struct ike_peer *peer;
	struct sim s;
	uint8_t spi[4];

	(void)state;
	memset(&auth, 0, sizeof(auth));
	sim_init(&s, 10);
	for (int i = 0; i < 2; i++)
		s.node[i].conf.mode = IKE_MODE_IKE2;
	s.node[1].conf.passive = true;
	s.node[1].install_delay_max = 0;
	s.net.hook = keep_auth;
	sim_start(&s);
	while (auth.len == 0)
		sim_run(&s, s.now + SIM_MS);
	sim_inject(&s, 1, auth.data, auth.len, auth.marker);
	assert_int_equal(s.node[1].installs, 1);
	peer = TAILQ_FIRST(&s.node[0].engine->peers.list);
	ike2_put_spi(TAILQ_FIRST(&peer->policies[0].pairs)->spi_in, spi);
	assert_true(
		forge2_message(&s, 0, auth.data, &auth.len, sizeof(auth.data), change_spi, spi));
	s.node[1].install_status = -ENOSPC;
	sim_inject(&s, 1, auth.data, auth.len, auth.marker);
	s.node[1].install_status = 0;
	sim_run(&s, s.now + 5 * SIM_SEC);
	assert_int_equal(s.node[1].installs, 1);
	assert_int_equal(sim_counters(&s, 1)->phase1_established, 1);
	recovers(&s);
}

/* A rekey of the IKE SA as node 0 would ask for it, with a number that has not been used. */
static void say_rekey(struct sim *s, uint8_t number)
{
	uint8_t nonce[32] = {number}, spi[8] = {number, 1}, seed[DH_MAX_SEED] = {1};
	struct ike_sa *sa = sa_of(s, 0);
	const struct suite_group *g = suite_group_find(sa->group);
	struct dh *dh = dh_new(sa->group, seed, g->seed_len);
	struct prop2_want want;
	const uint8_t *public;
	size_t len;

	assert_non_null(dh);
	prop2_want_ike(&want, &sa->peer->conf.profile, true);
	begin(s, IKE2_EXCH_CREATE_CHILD);
	ike_msg_open(&out.b, IKE2_PLD_SA);
	assert_int_equal(prop2_build(&out.b.w, &want, spi), 0);
	ike_msg_close(&out.b);
	ike_msg_add(&out.b, IKE2_PLD_NONCE, nonce, sizeof(nonce));
	public = dh_public(dh, &len);
	ike2_msg_add_ke(&out.b, sa->group, public, len);
	dh_free(dh);
	say(s);
}

static bool lose_all(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)from;
	(void)d;
	(void)data;
	(void)ctx;
	return false;
}

/* Both sides rekey the IKE SA, which makes two; a peer that goes on asking gets no more. */
static void a_crossed_rekey_makes_one_heir(void **state)
{
	struct sim s;

	(void)state;
	start(&s, 11);
	s.net.hook = lose_all;
	assert_int_equal(ike_engine_rekey(s.node[1].engine, "peer0", true, s.now), 0);
	say_rekey(&s, 1);
	assert_null(ike2_find_error(answer(&s)));
	assert_int_equal(sim_ike_sas(&s, 1, "established"), 1);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 3); /* one waits for the answer to our request */
	for (uint8_t i = 2; i < 20; i++) {
		say_rekey(&s, i);
		assert_refused(&s, IKE2_N_TEMPORARY_FAILURE);
	}
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 3);
	s.net.hook = NULL;
	ike_engine_terminate(s.node[0].engine, "peer1", s.now);
	recovers(&s);
}

/* A request was answered, and comes again in smaller fragments because its sender saw no answer. */
static void a_request_in_other_fragments_is_answered_again(void **state)
{
	static const uint8_t none[1];
	uint64_t sent;
	struct sim s;

	(void)state;
	start(&s, 90);
	assert_true(forge2_send(&s, 0, IKE2_EXCH_INFO, 0, none, 0));
	sent = s.ike_sent;
	sa_of(&s, 0)->v2->next_out--;
	assert_true(forge2_send_fragment(&s, 0, 2, 2, 0, none, 0)); /* the first one speaks */
	assert_int_equal(s.ike_sent, sent);
	for (unsigned i = 1; i <= 30; i++) {
		assert_true(forge2_send_fragment(&s, 0, 1, 2, 0, none, 0));
		assert_int_equal(s.ike_sent, sent + (i < 16 ? i : 16));
	}
	sa_of(&s, 0)->v2->next_out++;
	recovers(&s);
}

/* Node 0 rekeys the IKE SA again and again, and what it would say to delete the old ones is lost.
 */
static bool lose_info(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	(void)s;
	(void)d;
	(void)ctx;
	return from != 0 || data[18] != IKE2_EXCH_INFO || (data[19] & IKE2_FLAG_RESPONSE) != 0;
}

static void replaced_sas_do_not_pile_up(void **state)
{
	unsigned most = 0;
	struct sim s;

	(void)state;
	start(&s, 91);
	s.net.hook = lose_info;
	for (unsigned i = 0; i < 40; i++) {
		(void)ike_engine_rekey(s.node[0].engine, "peer1", true, s.now);
		sim_run(&s, s.now + 150 * SIM_MS);
		if (sim_ike_sas(&s, 1, NULL) > most)
			most = sim_ike_sas(&s, 1, NULL);
	}
	assert_in_range(most, 4, 5);
	s.net.hook = NULL;
	recovers(&s);
}

/* The data plane has not answered for a pair when the engine ends. */
static void an_engine_that_ends_is_silent(void **state)
{
	uint64_t sent;
	struct sim s;

	(void)state;
	start(&s, 92);
	s.node[1].mute_dataplane = true;
	(void)ike_engine_rekey(s.node[0].engine, "peer1", false, s.now);
	s.node[0].due = s.now;
	sim_run(&s, s.now + 100 * SIM_MS);
	assert_int_equal(sim_installed(&s, 1), 2);
	sent = s.ike_sent;
	sim_restart(&s, 1);
	assert_int_equal(s.ike_sent, sent);
	s.node[1].mute_dataplane = false;
	recovers(&s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_unknown_critical_payload_is_refused_by_name),
		cmocka_unit_test(a_malformed_message_ends_the_sa_on_both_sides),
		cmocka_unit_test(deletes_of_what_is_not_there_are_answered_empty),
		cmocka_unit_test(a_pair_deleted_twice_goes_once),
		cmocka_unit_test(an_ike_delete_comes_before_all_else),
		cmocka_unit_test(an_initiator_may_refuse_after_all),
		cmocka_unit_test(a_rekey_of_nothing_is_not_found),
		cmocka_unit_test(a_childless_request_is_answered),
		cmocka_unit_test(each_payload_is_missed),
		cmocka_unit_test(a_second_ike_auth_is_not_taken_before_the_answer),
		cmocka_unit_test(a_crossed_rekey_makes_one_heir),
		cmocka_unit_test(random_payloads_are_survived),
		cmocka_unit_test(a_request_in_other_fragments_is_answered_again),
		cmocka_unit_test(replaced_sas_do_not_pile_up),
		cmocka_unit_test(an_engine_that_ends_is_silent),
	};

	n_random = sim_count(argc, argv, 1, n_random);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
