/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_fsm.c - every cell of the transition tables: the listed ones lead to their handler, all
 * others drop. The list here is written by hand from RFC 2409 sections 5.4, 5.5 and 5.7, not taken
 * from the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike1/aggr.h"
#include "control/ike1/fsm.h"
#include "control/ike1/info.h"
#include "control/ike1/phase1.h"
#include "control/ike1/quick.h"

static const struct {
	enum ike_sa_state state;
	enum fsm_event event;
	fsm_handler *handler;
} allowed[] = {
	{SA_MSG1_SENT, FSM_MAIN, phase1_i_msg2},
	{SA_MSG3_SENT, FSM_MAIN, phase1_i_msg4},
	{SA_MSG5_SENT, FSM_MAIN_ENCRYPTED, phase1_i_msg6},
	{SA_MSG2_SENT, FSM_MAIN, phase1_r_msg3},
	{SA_MSG4_SENT, FSM_MAIN_ENCRYPTED, phase1_r_msg5},
	{SA_ESTABLISHED, FSM_QUICK_ENCRYPTED, quick_message},
	{SA_REPLACED, FSM_QUICK_ENCRYPTED, quick_message},
	{SA_AGGR1_SENT, FSM_AGGRESSIVE, aggr_i_msg2},
	{SA_AGGR2_SENT, FSM_AGGRESSIVE, aggr_r_msg3},
	{SA_AGGR2_SENT, FSM_AGGRESSIVE_ENCRYPTED, aggr_r_msg3},
	{SA_AGGR2_SENT, FSM_QUICK_ENCRYPTED, aggr_r_early},
	{SA_AGGR2_SENT, FSM_INFO_ENCRYPTED, aggr_r_early},
	{SA_AGGR1_SENT, FSM_INFO, info_unprotected},
	{SA_AGGR2_SENT, FSM_INFO, info_unprotected},
	{SA_ESTABLISHED, FSM_OTHER, fsm_other},
	{SA_REPLACED, FSM_OTHER, fsm_other},
	{SA_MSG5_SENT, FSM_INFO_ENCRYPTED, info_message},
	{SA_ESTABLISHED, FSM_INFO_ENCRYPTED, info_message},
	{SA_REPLACED, FSM_INFO_ENCRYPTED, info_message},
	{SA_MSG1_SENT, FSM_INFO, info_unprotected},
	{SA_MSG2_SENT, FSM_INFO, info_unprotected},
	{SA_MSG3_SENT, FSM_INFO, info_unprotected},
	{SA_MSG4_SENT, FSM_INFO, info_unprotected},
	{SA_MSG5_SENT, FSM_INFO, info_unprotected},
	{SA_ESTABLISHED, FSM_INFO, info_unprotected},
	{SA_REPLACED, FSM_INFO, info_unprotected},
};

static fsm_handler *expected(enum ike_sa_state state, enum fsm_event event)
{
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (allowed[i].state == state && allowed[i].event == event)
			return allowed[i].handler;
	}
	return NULL;
}

static void every_cell_is_as_listed(void **state)
{
	(void)state;
	for (int s = 0; s < SA_STATES; s++) {
		for (int ev = 0; ev < FSM_EVENTS; ev++)
			assert_ptr_equal(fsm_cell(s, ev), expected(s, ev));
	}
}

static void every_exchange_type_is_an_event(void **state)
{
	(void)state;
	for (unsigned exchange = 0; exchange < 256; exchange++) {
		for (unsigned flags = 0; flags < 256; flags++) {
			struct ike_hdr h = {.version = IKE_VERSION_1,
					    .exchange = (uint8_t)exchange,
					    .flags = (uint8_t)flags};
			bool encrypted = flags & IKE1_FLAG_ENCRYPTION;
			enum fsm_event want = FSM_OTHER;

			if (exchange == 2)
				want = encrypted ? FSM_MAIN_ENCRYPTED : FSM_MAIN;
			else if (exchange == 4)
				want = encrypted ? FSM_AGGRESSIVE_ENCRYPTED : FSM_AGGRESSIVE;
			else if (exchange == 5)
				want = encrypted ? FSM_INFO_ENCRYPTED : FSM_INFO;
			else if (exchange == 32)
				want = encrypted ? FSM_QUICK_ENCRYPTED : FSM_QUICK;
			assert_int_equal(fsm_event_of(&h), want);
		}
	}
}

static void quick_mode_takes_one_message_in_two_states(void **state)
{
	(void)state;
	for (int s = 0; s < QUICK_STATES; s++) {
		if (s == QUICK_I_SENT1)
			assert_ptr_equal(quick_cell(s), quick_i_msg2);
		else if (s == QUICK_R_SENT2)
			assert_ptr_equal(quick_cell(s), quick_r_msg3);
		else
			assert_null(quick_cell(s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_as_listed),
		cmocka_unit_test(every_exchange_type_is_an_event),
		cmocka_unit_test(quick_mode_takes_one_message_in_two_states),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
