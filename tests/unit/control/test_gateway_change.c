/* SPDX-License-Identifier: BSD-3-Clause */
/* test_gateway_change.c - changes of the configuration from the console: the file, what runs, and
 * what is said when the data plane refuses, or does not answer. */
#include "change_fixture.h"

static void a_change_is_written_and_applied(void **state)
{
	struct fixture *x = *state;

	settle(x);
	assert_string_equal(command(x, ADD, PROTOCOL_OK), "");
	assert_true(file_has(x, "action = \"discard\""));
	assert_int_equal(x->g->setup.plan->n_policies, 1); /* not before it is in force */
	/* the next one waits for that */
	command(x, "/ip ipsec policy remove 1", PROTOCOL_AGAIN);
	assert_int_equal(serve_reload(x, ABI_OK), 2);
	assert_int_equal(x->g->setup.plan->n_policies, 2);
	command(x, "/ip ipsec policy remove 1", PROTOCOL_OK);
	assert_false(file_has(x, "action = \"discard\""));
	assert_int_equal(serve_reload(x, ABI_OK), 1);
}

/* Who says one thing does not put in force what somebody else is just writing. */
static void a_file_edited_by_hand_has_to_be_loaded_first(void **state)
{
	struct fixture *x = *state;
	char *message = NULL;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	serve_reload(x, ABI_OK);
	command(x, "/ip ipsec policy set 1 comment=mine", PROTOCOL_OK); /* what it wrote itself */
	serve_reload(x, ABI_OK);
	replace_in_file(x, "10.0.0.0/8", "11.0.0.0/8");
	assert_non_null(
		strstr(command(x, "/ip ipsec policy remove [find comment=mine]", PROTOCOL_FAILED),
		       "the file was changed by hand and not loaded since"));
	assert_true(file_has(x, "11.0.0.0/8"));
	assert_int_equal(gateway_reload(x->g, &message), 0);
	free(message);
	serve_reload(x, ABI_OK);
	command(x, "/ip ipsec policy remove [find comment=mine]", PROTOCOL_OK);
	assert_false(file_has(x, "11.0.0.0/8"));
	serve_reload(x, ABI_OK);
}

static void who_changed_something_is_told_what_became_of_it(void **state)
{
	struct fixture *x = *state;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	assert_int_equal(settled(x, NULL), -EAGAIN);
	serve_reload(x, ABI_OK);
	assert_int_equal(settled(x, NULL), 0);
	command(x, "/ip ipsec policy set 1 comment=mine", PROTOCOL_OK);
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(settled(x, "the data plane refused it: it has no room for that"), -ENOSPC);
	serve_reload(x, ABI_OK); /* the one of before, again */
	command(x, "/ip ipsec policy set 1 comment=other", PROTOCOL_OK);
	serve_reload(x, ABI_OK);
	assert_int_equal(settled(x, NULL), 0);
	fake_segment_remove(&x->f);
	x->now += 2 * SEC;
	gateway_turn(x->g, x->now);
	command(x, "/ip ipsec policy set 1 comment=later", PROTOCOL_OK);
	assert_int_equal(settled(x, "when espgw-dataplane is there"), 0);
	fake_segment_make(&x->f, "gateway", 8, x->now);
}

/* What ended before is not what was asked for. */
static void the_end_of_one_change_is_not_told_of_another(void **state)
{
	struct fixture *x = *state;
	uint64_t first, second;
	char *note = NULL;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	first = x->g->settling.begun;
	serve_reload(x, ABI_OK);
	command(x, "/ip ipsec policy set 1 comment=mine", PROTOCOL_OK);
	second = x->g->settling.begun;
	assert_int_equal(gateway_settled(x->g, first, &note), 0);
	assert_null(note);
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(gateway_settled(x->g, first, &note), 0);
	assert_null(note);
	assert_int_equal(gateway_settled(x->g, second, &note), -ENOSPC);
	free(note);
}

/* What does not run does not stay in the file: control would start with it. */
static void what_the_dataplane_refuses_does_not_stay_in_the_file(void **state)
{
	struct fixture *x = *state;
	char *before;

	settle(x);
	before = strdup(file_text(x));
	before[strlen(before) - 1] = '\0'; /* byte for byte: without the end of the last line */
	rewrite(x, before);
	reload(x);
	settle(x);
	command(x, ADD, PROTOCOL_OK);
	assert_true(file_has(x, "discard"));
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(settled(x, "what was in force stays so, and the file is as it was before"),
			 -ENOSPC);
	assert_string_equal(file_text(x), before);
	assert_int_equal(x->g->setup.plan->n_policies, 1);
	assert_int_equal(serve_reload(x, ABI_OK), 1); /* the one of before, again */
	/* it is known what the file says, and what its numbers mean */
	command(x, ADD, PROTOCOL_OK);
	assert_int_equal(serve_reload(x, ABI_OK), 2);
	assert_int_equal(settled(x, NULL), 0);
	command(x, "/ip ipsec policy remove 1", PROTOCOL_OK);
	assert_int_equal(serve_reload(x, ABI_OK), 1);
	free(before);
}

/* Whoever wrote it has the last word. */
static void a_file_that_was_changed_meanwhile_is_left_alone(void **state)
{
	struct fixture *x = *state;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	replace_in_file(x, "10.0.0.0/8", "11.0.0.0/8");
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(settled(x, "The file was changed by hand meanwhile"), -ENOSPC);
	assert_true(file_has(x, "11.0.0.0/8"));
	assert_int_equal(x->g->setup.plan->n_policies, 1);
	assert_int_equal(serve_reload(x, ABI_OK), 1);
	/* nor is it touched later on */
	replace_in_file(x, "11.0.0.0/8", "10.0.0.0/8");
	command(x, "/ip ipsec policy set [find] comment=no", PROTOCOL_FAILED);
	reload(x);
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_true(file_has(x, "10.0.0.0/8"));
	assert_false(file_has(x, "comment"));
}

/* What is loaded is the operator's own text. */
static void a_refused_reload_leaves_the_file(void **state)
{
	struct fixture *x = *state;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	serve_reload(x, ABI_OK);
	replace_in_file(x, "10.0.0.0/8", "11.0.0.0/8");
	reload(x);
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(settled(x, "but the file says what was refused"), -ENOSPC);
	assert_true(file_has(x, "11.0.0.0/8"));
}

static void a_file_that_cannot_be_written_back_is_told(void **state)
{
	struct fixture *x = *state;
	char beside[80];

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	snprintf(beside, sizeof(beside), "%s.espgw-new", x->path);
	assert_int_equal(mkdir(beside, 0700), 0);
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(settled(x, "the file cannot be changed back (File exists)"), -ENOSPC);
	assert_true(file_has(x, "discard"));
	assert_int_equal(rmdir(beside), 0);
}

/* --- a data plane that does not answer --- */

static void what_is_late_can_be_replaced_by_a_reload(void **state)
{
	struct fixture *x = *state;
	struct abi_msg late, sent_again;
	char *message = NULL, *before;

	settle(x);
	before = strdup(file_text(x));
	command(x, ADD, PROTOCOL_OK);
	late = serve_but_commits(x, 29);
	assert_int_equal(gateway_reload(x->g, &message), -EBUSY); /* it has its time */
	free(message);
	assert_int_equal(settled(x, NULL), -EAGAIN);
	sent_again = serve_but_commits(x, 4);
	assert_int_not_equal(late.request_id, sent_again.request_id);
	assert_int_equal(settled(x, NULL), -EAGAIN); /* nor is it known by now */
	rewrite(x, before);
	reload(x);
	/* what is answered now is another question, whatever the answer */
	answer(x, &late, ABI_ERR_NO_SPACE);
	answer(x, &sent_again, ABI_ERR_NO_SPACE);
	assert_true(x->g->has_pending);
	assert_int_equal(settled(x, NULL), -EAGAIN);
	assert_string_equal(file_text(x), before);
	settle(x);
	settle(x);
	assert_false(x->g->has_pending);
	assert_int_equal(settled(x, NULL), 0);
	assert_int_equal(x->g->setup.plan->n_policies, 1);
	command(x, ADD, PROTOCOL_OK);
	settle(x);
	settle(x);
	assert_int_equal(x->g->setup.plan->n_policies, 2);
	free(before);
}

static void a_late_answer_puts_nothing_new_in_force(void **state)
{
	struct abi_msg late, sent_again, own;
	struct fixture *x = *state;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	late = serve_but_commits(x, 29);
	sent_again = serve_but_commits(x, 4);
	command(x, "/ip ipsec policy set 1 comment=mine", PROTOCOL_OK);
	own = serve_to_commit(x);
	answer(x, &late, ABI_OK);
	answer(x, &sent_again, ABI_OK);
	assert_true(x->g->has_pending);
	assert_int_equal(settled(x, NULL), -EAGAIN);
	answer(x, &own, ABI_OK);
	settle(x);
	assert_false(x->g->has_pending);
	assert_int_equal(settled(x, NULL), 0);
	assert_int_equal(x->g->setup.plan->n_policies, 2);
}

/* The new one has its own time, and so has what comes after something late. */
static void what_follows_something_late_is_not_late(void **state)
{
	struct fixture *x = *state;
	char *message = NULL;
	struct abi_msg own;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	serve_but_commits(x, 33);
	command(x, "/ip ipsec policy set 1 comment=mine", PROTOCOL_OK);
	own = serve_to_commit(x);
	assert_int_equal(gateway_reload(x->g, &message), -EBUSY);
	free(message);
	answer(x, &own, ABI_OK);
	settle(x);
	command(x, "/ip ipsec policy set 1 comment=yours", PROTOCOL_OK);
	own = serve_but_commits(x, 33);
	answer(x, &own, ABI_OK);
	settle(x);
	assert_false(x->g->has_pending);
	command(x, "/ip ipsec policy set 1 comment=other", PROTOCOL_OK);
	command(x, "/ip ipsec policy set 1 comment=more", PROTOCOL_AGAIN);
}

/* What is loaded in the place of a change is not that change any more. */
static void a_refused_reload_leaves_the_file_after_a_change_too(void **state)
{
	struct fixture *x = *state;
	struct abi_msg own;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	serve_but_commits(x, 33);
	replace_in_file(x, "10.0.0.0/8", "11.0.0.0/8");
	reload(x);
	own = serve_to_commit(x);
	answer(x, &own, ABI_ERR_NO_SPACE);
	settle(x);
	assert_int_equal(settled(x, "but the file says what was refused"), -ENOSPC);
	assert_true(file_has(x, "11.0.0.0/8"));
}

/* The second one holds the first one, and goes with it; who said the first is told, too. */
static void changes_that_were_refused_together_go_back_together(void **state)
{
	struct fixture *x = *state;
	struct abi_msg own;
	uint64_t first;
	char *before, *note = NULL;

	settle(x);
	before = strdup(file_text(x));
	command(x, ADD, PROTOCOL_OK);
	first = x->g->settling.begun;
	serve_but_commits(x, 33);
	command(x, "/ip ipsec policy set 1 comment=mine", PROTOCOL_OK);
	own = serve_to_commit(x);
	assert_int_equal(gateway_settled(x->g, first, &note), -EAGAIN);
	answer(x, &own, ABI_ERR_NO_SPACE);
	settle(x);
	assert_int_equal(settled(x, "the file is as it was before"), -ENOSPC);
	assert_int_equal(gateway_settled(x->g, first, &note), -ENOSPC);
	free(note);
	assert_string_equal(file_text(x), before);
	assert_int_equal(x->g->setup.plan->n_policies, 1);
	free(before);
}

/* It could not be told to the data plane: the file is not left with it, and what it was to take the
 * place of may be in force by now. */
static void without_room_in_the_queue_all_is_as_before(void **state)
{
	struct fixture *x = *state;
	struct abi_generation g = {0};
	uint8_t slot[ABI_COMMAND_SLOT];
	char *before;

	settle(x);
	before = strdup(file_text(x));
	command(x, ADD, PROTOCOL_OK);
	serve_but_commits(x, 33);
	fill_queue(x);
	turn(x);
	fill_queue(x); /* nor is there any at the next turn: so many are not answered yet */
	assert_non_null(strstr(command(x, "/ip ipsec policy set 1 comment=mine", PROTOCOL_FAILED),
			       "the file is as it was before"));
	assert_string_equal(file_text(x), before);
	assert_false(x->g->has_pending);
	for (unsigned int i = 0; i < 50000 && g.count == 0; i++) {
		turn(x);
		while (fake_segment_take(&x->f, slot) == 1) {
			struct abi_msg m;

			memcpy(&m, slot, sizeof(m));
			if (m.type == ABI_CMD_POLICY_COMMIT)
				memcpy(&g, slot, sizeof(g));
			fake_segment_reply(&x->f, &m, ABI_OK);
		}
	}
	assert_int_equal(g.count, 1);
	for (unsigned int i = 0; i < 1000 && dataplane_pending(x->g->dp) != 0; i++)
		settle(x);
	assert_int_equal(x->g->setup.plan->n_policies, 1);
	command(x, ADD, PROTOCOL_OK);
	settle(x);
	assert_int_equal(x->g->setup.plan->n_policies, 2);
	free(before);
}

/* --- warnings --- */

#define OVERLAP                                                                                    \
	"/ip ipsec policy add peer=cloud tunnel=yes src-address=192.168.1.0/25 "                   \
	"dst-address=10.100.0.0/16 proposal=p2"

static void a_warning_is_told_once(void **state)
{
	struct fixture *x = *state;

	settle(x);
	assert_non_null(strstr(command(x, OVERLAP, PROTOCOL_OK), "overlaps"));
	serve_reload(x, ABI_OK);
	assert_string_equal(command(x, "/ip ipsec policy set 1 comment=mine", PROTOCOL_OK), "");
	serve_reload(x, ABI_OK);
	/* when it was gone, it is news */
	assert_string_equal(command(x, "/ip ipsec policy set 1 disabled=yes", PROTOCOL_OK), "");
	serve_reload(x, ABI_OK);
	assert_non_null(
		strstr(command(x, "/ip ipsec policy set 1 disabled=no", PROTOCOL_OK), "overlaps"));
}

static void a_bad_change_changes_nothing(void **state)
{
	struct fixture *x = *state;
	const char *said;

	settle(x);
	said = command(x, "/ip ipsec peer remove cloud", PROTOCOL_FAILED);
	assert_non_null(strstr(said, "there is no /ip ipsec peer named \"cloud\""));
	assert_null(strstr(said, x->path)); /* what is wrong is not in the file */
	said = command(x, "/ip ipsec peer set cloud address=1.2.3", PROTOCOL_FAILED);
	assert_non_null(strstr(said, "1.2.3"));
	memset(fake_segment_area(&x->f, ABI_AREA_PORTS), 0, sizeof(struct abi_port));
	said = command(x, ADD, PROTOCOL_FAILED);
	assert_non_null(strstr(said, "interface \"wan\""));
	assert_true(file_has(x, "name = \"cloud\"; address = \"119.91.254.122\""));
	assert_false(file_has(x, "discard"));
	turn(x);
	assert_int_equal(abi_ring_avail(&x->f.command), 0);
}

static void a_peer_and_all_that_names_it_get_a_new_name(void **state)
{
	struct fixture *x = *state;

	settle(x);
	command(x, "/ip ipsec peer set cloud name=vpc comment=renamed", PROTOCOL_OK);
	serve_reload(x, ABI_OK);
	assert_int_equal(x->g->setup.plan->n_peers, 1);
	assert_string_equal(x->g->setup.plan->peers[0].name, "vpc");
	assert_string_equal(x->g->setup.plan->policy_peers[0], "vpc");
	assert_false(file_has(x, "\"cloud\""));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_change_is_written_and_applied),
		T(a_file_edited_by_hand_has_to_be_loaded_first),
		T(who_changed_something_is_told_what_became_of_it),
		T(the_end_of_one_change_is_not_told_of_another),
		T(what_the_dataplane_refuses_does_not_stay_in_the_file),
		T(a_file_that_was_changed_meanwhile_is_left_alone),
		T(a_refused_reload_leaves_the_file),
		T(a_file_that_cannot_be_written_back_is_told),
		T(what_is_late_can_be_replaced_by_a_reload),
		T(a_late_answer_puts_nothing_new_in_force),
		T(what_follows_something_late_is_not_late),
		T(a_refused_reload_leaves_the_file_after_a_change_too),
		T(changes_that_were_refused_together_go_back_together),
		T(without_room_in_the_queue_all_is_as_before),
		T(a_warning_is_told_once),
		T(a_bad_change_changes_nothing),
		T(a_peer_and_all_that_names_it_get_a_new_name),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
