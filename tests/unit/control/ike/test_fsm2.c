/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_fsm2.c - the transition table of IKEv2 SAs, written down a second time: what is not listed
 * drops.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "control/ike2/ike2.h"

static const struct {
	enum ike_sa_state state;
	enum ike2_event event;
	ike2_handler *handler;
} cells[] = {
	{SA_INIT_SENT, IKE2_EV_INIT_RESPONSE, ike2_init_response},
	{SA_AUTH_SENT, IKE2_EV_AUTH_RESPONSE, ike2_auth_response},
	{SA_INIT_ANSWERED, IKE2_EV_AUTH_REQUEST, ike2_auth_request},
	{SA_ESTABLISHED, IKE2_EV_CHILD_REQUEST, ike2_create_request},
	{SA_ESTABLISHED, IKE2_EV_CHILD_RESPONSE, ike2_create_response},
	{SA_ESTABLISHED, IKE2_EV_INFO_REQUEST, ike2_info_request},
	{SA_ESTABLISHED, IKE2_EV_INFO_RESPONSE, ike2_info_response},
	{SA_REPLACED, IKE2_EV_CHILD_REQUEST, ike2_create_request},
	{SA_REPLACED, IKE2_EV_CHILD_RESPONSE, ike2_create_response},
	{SA_REPLACED, IKE2_EV_INFO_REQUEST, ike2_info_request},
	{SA_REPLACED, IKE2_EV_INFO_RESPONSE, ike2_info_response},
};

static void only_listed_cells_have_handlers(void **state)
{
	(void)state;
	for (int s = 0; s < SA_STATES; s++) {
		for (int ev = 0; ev < IKE2_EVENTS; ev++) {
			ike2_handler *want = NULL;

			for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
				if ((int)cells[i].state == s && (int)cells[i].event == ev)
					want = cells[i].handler;
			}
			assert_ptr_equal(ike2_fsm_cell((enum ike_sa_state)s, (enum ike2_event)ev),
					 want);
		}
	}
}

static void events_follow_exchange_and_response_flag(void **state)
{
	(void)state;
	for (unsigned x = 0; x < 256; x++) {
		for (unsigned flags = 0; flags < 256; flags++) {
			struct ike_hdr h = {.exchange = (uint8_t)x, .flags = (uint8_t)flags};
			enum ike2_event ev = ike2_fsm_event(&h);

			if (x < IKE2_EXCH_SA_INIT || x > IKE2_EXCH_INFO)
				assert_int_equal(ev, IKE2_EV_OTHER);
			else
				assert_int_equal(ev, 2 * (x - IKE2_EXCH_SA_INIT) +
							     !!(flags & IKE2_FLAG_RESPONSE));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_listed_cells_have_handlers),
		cmocka_unit_test(events_follow_exchange_and_response_flag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
