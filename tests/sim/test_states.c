/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_states.c - the transition tables held against the running engine. An SA is brought into each
 * state; then a message of every event comes for it whose cell is empty, from the peer's address
 * and with the SA's own SPIs. It is dropped, counted once as a message that does not fit, and
 * changes nothing. What is listed is never counted so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/state.h"
#include "control/ike1/fsm.h"
#include "control/ike1/quick.h"
#include "control/ike2/ike2.h"
#include "tests/sim/forge.h"
#include "tests/sim/sim.h"

#define STEP SIM_MS

static struct ike_sa *find(struct sim *s, int node, enum ike_sa_state state)
{
	struct ike_peer *peer = TAILQ_FIRST(&s->node[node].engine->peers.list);
	struct ike_sa *sa;

	TAILQ_FOREACH (sa, &peer->sas, of_peer) {
		if (sa->state == state)
			return sa;
	}
	return NULL;
}

struct way { /* how an SA gets into a state */
	enum ike_exchange_mode mode;
	enum ike_sa_state state;
	int node;
	bool rekey;	/* its successor is on the way */
	bool wrong_psk; /* IKE_AUTH is refused */
};

static const struct way ways[] = {
	{IKE_MODE_MAIN, SA_MSG1_SENT, 0, false, false},
	{IKE_MODE_MAIN, SA_MSG3_SENT, 0, false, false},
	{IKE_MODE_MAIN, SA_MSG5_SENT, 0, false, false},
	{IKE_MODE_MAIN, SA_MSG2_SENT, 1, false, false},
	{IKE_MODE_MAIN, SA_MSG4_SENT, 1, false, false},
	{IKE_MODE_MAIN, SA_ESTABLISHED, 0, false, false},
	{IKE_MODE_MAIN, SA_ESTABLISHED, 1, false, false},
	{IKE_MODE_MAIN, SA_REPLACED, 0, true, false},
	{IKE_MODE_MAIN, SA_REPLACED, 1, true, false},
	{IKE_MODE_AGGRESSIVE, SA_AGGR1_SENT, 0, false, false},
	{IKE_MODE_AGGRESSIVE, SA_AGGR2_SENT, 1, false, false},
	{IKE_MODE_AGGRESSIVE, SA_ESTABLISHED, 0, false, false},
	{IKE_MODE_AGGRESSIVE, SA_ESTABLISHED, 1, false, false},
	{IKE_MODE_IKE2, SA_INIT_SENT, 0, false, false},
	{IKE_MODE_IKE2, SA_AUTH_SENT, 0, false, false},
	{IKE_MODE_IKE2, SA_INIT_ANSWERED, 1, false, false},
	{IKE_MODE_IKE2, SA_REFUSED, 1, false, true},
	{IKE_MODE_IKE2, SA_SUCCESSOR, 0, true, false},
	{IKE_MODE_IKE2, SA_ESTABLISHED, 0, false, false},
	{IKE_MODE_IKE2, SA_ESTABLISHED, 1, false, false},
	{IKE_MODE_IKE2, SA_REPLACED, 0, true, false},
	{IKE_MODE_IKE2, SA_REPLACED, 1, true, false},
};

/* The SA, in its state, with nothing on its way any more. */
static struct ike_sa *reach(struct sim *s, const struct way *w)
{
	struct ike_sa *sa = NULL;

	sim_init(s, 77);
	for (int i = 0; i < 2; i++)
		s->node[i].conf.mode = w->mode;
	s->node[1].conf.passive = true;
	if (w->wrong_psk)
		s->node[1].psk[0] ^= 1;
	sim_start(s);
	if (w->rekey) {
		sim_run(s, s->now + 5 * SIM_SEC);
		assert_int_equal(ike_engine_rekey(s->node[0].engine, "peer1", true, s->now), 0);
		s->node[0].due = s->now;
	}
	for (unsigned i = 0; i < 2000 && (sa = find(s, w->node, w->state)) == NULL; i++)
		sim_run(s, s->now + STEP);
	return sa;
}

static void put_u64(uint8_t *at, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		at[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* A whole message for the SA: a vendor ID, or as many bytes that should be encrypted. */
static size_t message(const struct ike_sa *sa, bool ike2, uint8_t exchange, uint8_t flags,
		      uint32_t msgid, bool sealed, uint8_t buf[60])
{
	memset(buf, 0x5a, 60);
	put_u64(buf, sa->ispi);
	put_u64(buf + 8, sa->rspi != 0 ? sa->rspi : 0x1234);
	buf[16] = ike2 ? (sealed ? IKE2_PLD_SK : 43) : (sealed ? IKE1_PLD_HASH : 13);
	buf[17] = ike2 ? IKE_VERSION_2 : IKE_VERSION_1;
	buf[18] = exchange;
	buf[19] = flags;
	for (int i = 0; i < 4; i++)
		buf[20 + i] = (uint8_t)(msgid >> (24 - 8 * i));
	memset(buf + 24, 0, 3);
	buf[27] = 60;
	buf[28] = buf[29] = buf[30] = 0;
	buf[31] = 32;
	return 60;
}

struct before {
	struct ike_counters counters;
	uint64_t sent;
	unsigned sas, pairs;
	struct ike_sa copy;
};

static void note(struct before *b, struct sim *s, int node, const struct ike_sa *sa)
{
	b->counters = *sim_counters(s, node);
	b->sent = s->ike_sent;
	b->sas = sim_ike_sas(s, node, NULL);
	b->pairs = sim_installed(s, node);
	b->copy = *sa;
}

static void give(struct sim *s, int node, const uint8_t *buf, size_t len)
{
	struct ike_datagram d = {.src = s->node[1 - node].addr,
				 .dst = s->node[node].addr,
				 .src_port = 500,
				 .dst_port = 500,
				 .data = buf,
				 .len = len};

	ike_engine_input(s->node[node].engine, &d, s->now);
}

/* Nothing was sent or made, and not a byte of the SA is another one. */
static void assert_unchanged(const struct before *b, struct sim *s, int node,
			     const struct ike_sa *sa)
{
	assert_int_equal(sim_counters(s, node)->rx, b->counters.rx + 1);
	assert_true(sim_counters_add_up(s, node));
	assert_int_equal(s->ike_sent, b->sent);
	assert_int_equal(sim_ike_sas(s, node, NULL), b->sas);
	assert_int_equal(sim_installed(s, node), b->pairs);
	assert_memory_equal(sa, &b->copy, sizeof(*sa));
}

/* Dropped, and counted as what does not fit. */
static void assert_dropped(const struct before *b, struct sim *s, int node, const struct ike_sa *sa)
{
	const struct ike_counters *c = sim_counters(s, node);

	assert_unchanged(b, s, node, sa);
	if (sa->state == SA_SUCCESSOR) /* its SPIs are not both known: no message finds it */
		assert_int_equal(c->rx_unknown_sa, b->counters.rx_unknown_sa + 1);
	else
		assert_int_equal(c->rx_wrong_state, b->counters.rx_wrong_state + 1);
}

/* Exchange types of both versions, those of nobody, and flags. */
static const uint8_t exchanges1[] = {2, 4, 5, 32, 33, 6, 0, 77};
static const uint8_t exchanges2[] = {34, 35, 36, 37, 38, 43, 0, 200};

/* Cells of either version that a message was given to. */
static bool given1[SA_STATES][FSM_EVENTS], given2[SA_STATES][IKE2_EVENTS];

static unsigned all_of_ike1(struct sim *s, int node, struct ike_sa *sa)
{
	unsigned dropped = 0;

	for (size_t i = 0; i < sizeof(exchanges1); i++) {
		for (uint8_t flags = 0; flags < 8; flags++) {
			struct ike_hdr h = {.version = IKE_VERSION_1,
					    .exchange = exchanges1[i],
					    .flags = flags};
			bool phase1 = h.exchange == 2 || h.exchange == 4;
			uint8_t buf[60];
			struct before b;

			if (fsm_cell(sa->state, fsm_event_of(&h)) != NULL)
				continue;
			message(sa, false, h.exchange, flags, phase1 ? 0 : 0x1000u + flags,
				flags & IKE1_FLAG_ENCRYPTION, buf);
			note(&b, s, node, sa);
			give(s, node, buf, sizeof(buf));
			assert_dropped(&b, s, node, sa);
			given1[sa->state][fsm_event_of(&h)] = true;
			dropped++;
		}
	}
	return dropped;
}

static unsigned all_of_ike2(struct sim *s, int node, struct ike_sa *sa)
{
	unsigned dropped = 0;

	for (size_t i = 0; i < sizeof(exchanges2); i++) {
		for (unsigned k = 0; k < 4; k++) {
			bool response = k & 1, sealed = k & 2;
			struct ike_hdr h = {
				.exchange = exchanges2[i],
				.flags = (uint8_t)((sa->responder ? IKE2_FLAG_INITIATOR : 0) |
						   (response ? IKE2_FLAG_RESPONSE : 0))};
			uint8_t buf[60];
			struct before b;

			if (ike2_fsm_cell(sa->state, ike2_fsm_event(&h)) != NULL)
				continue;
			message(sa, true, h.exchange, h.flags,
				response ? sa->v2->next_out - 1 : sa->v2->next_in, sealed, buf);
			note(&b, s, node, sa);
			give(s, node, buf, sizeof(buf));
			assert_dropped(&b, s, node, sa);
			given2[sa->state][ike2_fsm_event(&h)] = true;
			dropped++;
		}
	}
	return dropped;
}

/* An SA of that version gets into this state: there is a way, which reach() proves. */
static bool has_way(bool ike2, int state)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if ((int)ways[i].state == state && (ways[i].mode == IKE_MODE_IKE2) == ike2)
			return true;
	return false;
}

/* Of the two tables: every cell of a state that its version has is either listed or was tried. */
static void assert_none_left_out(void)
{
	for (int k = 0; k < SA_STATES; k++) {
		for (int ev = 0; ev < FSM_EVENTS; ev++)
			assert_int_equal(given1[k][ev],
					 has_way(false, k) && fsm_cell((enum ike_sa_state)k,
								       (enum fsm_event)ev) == NULL);
		for (int ev = 0; ev < IKE2_EVENTS; ev++)
			assert_int_equal(given2[k][ev],
					 has_way(true, k) &&
						 ike2_fsm_cell((enum ike_sa_state)k,
							       (enum ike2_event)ev) == NULL);
	}
}

static void empty_cells_drop_and_count(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct way *w = &ways[i];
		struct sim s;
		struct ike_sa *sa = reach(&s, w);
		unsigned n;

		assert_non_null(sa);
		n = w->mode == IKE_MODE_IKE2 ? all_of_ike2(&s, w->node, sa)
					     : all_of_ike1(&s, w->node, sa);
		assert_true(n >= 12);
		sim_fini(&s);
	}
	assert_none_left_out();
}

/* Who began the IKE SA is not what a message says it is (RFC 7296 section 3.1): whatever it is, in
 * whatever state, listed or not. */
static void the_wrong_initiator_flag_is_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct way *w = &ways[i];
		struct ike_sa *sa;
		struct sim s;

		if (w->mode != IKE_MODE_IKE2 || w->state == SA_SUCCESSOR)
			continue;
		sa = reach(&s, w);
		assert_non_null(sa);
		for (size_t k = 0; k < 4 * sizeof(exchanges2); k++) {
			bool response = k & 1, sealed = k & 2;
			uint64_t malformed = sim_counters(&s, w->node)->rx_malformed;
			uint8_t buf[60];
			struct before b;

			message(sa, true, exchanges2[k / 4],
				(uint8_t)((sa->responder ? 0 : IKE2_FLAG_INITIATOR) |
					  (response ? IKE2_FLAG_RESPONSE : 0)),
				response ? sa->v2->next_out - 1 : sa->v2->next_in, sealed, buf);
			note(&b, &s, w->node, sa);
			give(&s, w->node, buf, sizeof(buf));
			assert_unchanged(&b, &s, w->node, sa);
			assert_int_equal(sim_counters(&s, w->node)->rx_malformed, malformed + 1);
		}
		sim_fini(&s);
	}
}

/* Each genuine message comes first with one flag turned, then as it is. */
static bool turn_flags(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	static const uint8_t turned[] = {IKE2_FLAG_INITIATOR, IKE2_FLAG_RESPONSE,
					 IKE2_FLAG_INITIATOR | IKE2_FLAG_RESPONSE};
	const struct ike_counters *c = sim_counters(s, 1 - from);
	unsigned *messages = ctx;

	for (size_t i = 0; i < sizeof(turned); i++) {
		struct ike_counters was = *c;
		uint64_t sent = s->ike_sent;

		data[19] ^= turned[i];
		ike_engine_input(s->node[1 - from].engine, d, s->now);
		data[19] ^= turned[i];
		assert_int_equal(c->rx, was.rx + 1);
		assert_int_equal(c->rx_handled + c->rx_repeat + c->rx_refused,
				 was.rx_handled + was.rx_repeat + was.rx_refused);
		if (turned[i] & IKE2_FLAG_INITIATOR)
			assert_int_equal(c->rx_malformed, was.rx_malformed + 1);
		assert_int_equal(s->ike_sent, sent);
	}
	++*messages;
	return true;
}

static void genuine_messages_with_flags_turned_change_nothing(void **state)
{
	unsigned messages = 0;
	struct sim s;

	(void)state;
	sim_init(&s, 79);
	for (int i = 0; i < 2; i++)
		s.node[i].conf.mode = IKE_MODE_IKE2;
	s.node[1].conf.passive = true;
	s.net.hook = turn_flags;
	s.net.hook_ctx = &messages;
	sim_start(&s);
	for (int i = 0; i < 5; i++) {
		sim_run(&s, s.now + 30 * SIM_SEC); /* and are there still? */
		assert_true(sim_agreed(&s, 0));
		assert_int_equal(ike_engine_rekey(s.node[i & 1].engine, i & 1 ? "peer0" : "peer1",
						  i & 2, s.now),
				 0);
		s.node[i & 1].due = s.now;
	}
	sim_run(&s, s.now + 30 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(sim_counters(&s, 0)->tx_retransmit + sim_counters(&s, 1)->tx_retransmit,
			 0);
	assert_true(messages >= 4 + 5 * 4); /* each rekey deletes what it replaces */
	sim_fini(&s);
}

/* No state is left out: each is reached in one of the versions. */
static void every_state_is_reached(void **state)
{
	(void)state;
	for (int k = 0; k < SA_STATES; k++) {
		bool reached = false;

		for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
			reached |= (int)ways[i].state == k;
		assert_true(reached);
	}
}

/* Cells that are listed do something else with it: junk is malformed, not authentic, or is taken
 * for what may come unprotected. */
static void listed_cells_of_ike2_are_not_counted_so(void **state)
{
	unsigned int tried = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct way *w = &ways[i];

		for (size_t k = 0; k < 8 && w->mode == IKE_MODE_IKE2; k++) {
			bool response = k & 1;
			struct sim s;
			struct ike_sa *sa = reach(&s, w);
			struct ike_hdr h = {
				.exchange = exchanges2[k / 2],
				.flags = (uint8_t)((sa->responder ? IKE2_FLAG_INITIATOR : 0) |
						   (response ? IKE2_FLAG_RESPONSE : 0))};
			uint64_t wrong = sim_counters(&s, w->node)->rx_wrong_state;
			uint64_t rx = sim_counters(&s, w->node)->rx;
			uint8_t buf[60];

			/* A response of another exchange than was asked for does not fit, either.
			 */
			if (ike2_fsm_cell(sa->state, ike2_fsm_event(&h)) != NULL &&
			    !(response && sa->x.asking && sa->state >= SA_ESTABLISHED)) {
				message(sa, true, h.exchange, h.flags,
					response ? sa->v2->next_out - 1 : sa->v2->next_in,
					h.exchange != IKE2_EXCH_SA_INIT, buf);
				give(&s, w->node, buf, sizeof(buf));
				assert_int_equal(sim_counters(&s, w->node)->rx, rx + 1);
				assert_int_equal(sim_counters(&s, w->node)->rx_wrong_state, wrong);
				tried++;
			}
			sim_fini(&s);
		}
	}
	assert_true(tried > 0);
}

static void listed_cells_of_ike1_are_not_counted_so(void **state)
{
	unsigned int tried = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const struct way *w = &ways[i];

		for (size_t k = 0; k < 4 && w->mode != IKE_MODE_IKE2; k++) {
			for (uint8_t flags = 0; flags < 2; flags++) {
				struct ike_hdr h = {.version = IKE_VERSION_1,
						    .exchange = exchanges1[k],
						    .flags = flags};
				struct sim s;
				struct ike_sa *sa = reach(&s, w);
				uint64_t wrong = sim_counters(&s, w->node)->rx_wrong_state;
				uint8_t buf[60];

				if (fsm_cell(sa->state, fsm_event_of(&h)) != NULL) {
					message(sa, false, h.exchange, flags, k < 2 ? 0 : 99, flags,
						buf);
					give(&s, w->node, buf, sizeof(buf));
					assert_int_equal(sim_counters(&s, w->node)->rx_wrong_state,
							 wrong);
					tried++;
				}
				sim_fini(&s);
			}
		}
	}
	assert_true(tried > 0);
}

static struct quick *find_quick(struct sim *s, int node, enum quick_state state)
{
	struct ike_peer *peer = TAILQ_FIRST(&s->node[node].engine->peers.list);
	struct ike_sa *sa;
	struct quick *q;

	TAILQ_FOREACH (sa, &peer->sas, of_peer) {
		TAILQ_FOREACH (q, &sa->quicks, of_sa) {
			if (q->state == state)
				return q;
		}
	}
	return NULL;
}

/* Quick mode has a table of its own: another message of the same exchange, in each of its states.
 */
static void quick_modes_drop_what_does_not_fit(void **state)
{
	(void)state;
	for (int k = 0; k < QUICK_STATES; k++) {
		bool of_initiator = k <= QUICK_I_DONE;
		int node = of_initiator ? 0 : 1;
		struct quick *q = NULL;
		struct sim s;
		struct ike_sa *sa;
		uint8_t buf[60];
		struct before b;

		sim_init(&s, 78);
		s.node[1].conf.passive = true;
		if (k == QUICK_R_REFUSED)
			s.node[1].children[0].local = sim_net_range("10.99.0.0", 24);
		sim_start(&s);
		for (unsigned i = 0; i < 3000 && q == NULL; i++) {
			sim_run(&s, s.now + STEP);
			q = find_quick(&s, node, (enum quick_state)k);
		}
		assert_non_null(q);
		if (quick_cell(q->state) == NULL) {
			sa = find(&s, node, SA_ESTABLISHED);
			message(sa, false, IKE1_EXCH_QUICK, IKE1_FLAG_ENCRYPTION, q->x.msgid, true,
				buf);
			note(&b, &s, node, sa);
			give(&s, node, buf, sizeof(buf));
			assert_dropped(&b, &s, node, sa);
			assert_int_equal(q->state, k);
		}
		sim_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_state_is_reached),
		cmocka_unit_test(empty_cells_drop_and_count),
		cmocka_unit_test(listed_cells_of_ike1_are_not_counted_so),
		cmocka_unit_test(listed_cells_of_ike2_are_not_counted_so),
		cmocka_unit_test(the_wrong_initiator_flag_is_malformed),
		cmocka_unit_test(genuine_messages_with_flags_turned_change_nothing),
		cmocka_unit_test(quick_modes_drop_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
