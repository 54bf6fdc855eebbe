/* SPDX-License-Identifier: BSD-3-Clause */
/* test_gateway_refused.c - changes that find no room, are refused late, or meet another hand: what
 * is in force, what the file says, and what is told. */
#include "change_fixture.h"

#include <fcntl.h>

#include "control/model/problem.h"
#include "control/model/source.h"

static void lose_dataplane(struct fixture *x)
{
	fake_segment_remove(&x->f);
	x->now += 2 * SEC;
	gateway_turn(x->g, x->now);
}

static void start_dataplane(struct fixture *x)
{
	fake_segment_make(&x->f, "gateway", 8, x->now);
	name_ports(x);
}

/* All that waits is answered; how many policies the last commit was of. */
static unsigned int serve_all(struct fixture *x, unsigned int last)
{
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_generation g;
	struct abi_msg m;

	for (unsigned int i = 0; i < 100000 && (dataplane_pending(x->g->dp) != 0 || i < 10); i++) {
		turn(x);
		while (fake_segment_take(&x->f, slot) == 1) {
			memcpy(&m, slot, sizeof(m));
			memcpy(&g, slot, sizeof(g));
			if (m.type == ABI_CMD_POLICY_COMMIT)
				last = g.count;
			fake_segment_reply(&x->f, &m, ABI_OK);
		}
	}
	return last;
}

/* A data plane that lives, but says nothing. */
static void stay_silent(struct fixture *x, unsigned int seconds)
{
	uint8_t slot[ABI_COMMAND_SLOT];

	for (unsigned int i = 0; i < 5 * seconds; i++) {
		turn(x);
		while (fake_segment_take(&x->f, slot) == 1)
			;
	}
}

static char *refused_path(const struct fixture *x)
{
	static char path[90];

	snprintf(path, sizeof(path), "%s.espgw-refused", x->path);
	return path;
}

static bool refused_has(const struct fixture *x, const char *text)
{
	return strstr(text_at(refused_path(x)), text) != NULL;
}

static int setup_refused(void **state)
{
	int rc = setup(state);

	if (rc == 0)
		unlink(refused_path(*state));
	return rc;
}

static int teardown_refused(void **state)
{
	unlink(refused_path(*state));
	return teardown(state);
}

/* --- no room in the queue --- */

static void ike_opens_after_a_change_that_found_no_room(void **state)
{
	struct fixture *x = *state;

	turn(x); /* attached; the configuration is on its way */
	assert_true(dataplane_pending(x->g->dp) > 0);
	fill_queue(x);
	command(x, ADD, PROTOCOL_FAILED);
	assert_false(x->g->gate_open);
	assert_int_equal(serve_all(x, 0), 1);
	assert_true(x->g->gate_open);
	assert_true(x->g->peers_set);
}

static void ike_opens_after_a_plan_that_found_no_room(void **state)
{
	struct fixture *x = *state;

	turn(x);
	fill_queue(x);
	x->g->replan = true;
	x->now++; /* nothing gets into the ring before it */
	fill_queue(x);
	gateway_turn(x->g, x->now);
	serve_all(x, 0);
	assert_false(x->g->replan);
	assert_true(x->g->gate_open);
	assert_true(x->g->peers_set);
}

/* The policies were taken, the addresses not. */
static void what_could_not_be_put_back_is_put_back_later(void **state)
{
	struct fixture *x = *state;
	struct abi_msg m, net = {0};
	uint8_t slot[ABI_COMMAND_SLOT];

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	for (int i = 0; i < 20 && net.type == 0; i++) {
		turn(x);
		while (net.type == 0 && fake_segment_take(&x->f, slot) == 1) {
			memcpy(&m, slot, sizeof(m));
			if (m.type == ABI_CMD_NET_COMMIT)
				net = m;
			else
				fake_segment_reply(&x->f, &m, ABI_OK);
		}
	}
	assert_int_equal(net.type, ABI_CMD_NET_COMMIT);
	fill_queue(x);
	answer(x, &net, ABI_ERR_NO_SPACE);
	assert_int_equal(serve_all(x, 2), 1);
	assert_int_equal(x->g->setup.plan->n_policies, 1);
}

static void a_reload_that_found_no_room_says_so(void **state)
{
	struct console_result result = {0};
	struct fixture *x = *state;
	const char *line = "/reload";
	struct console c;

	settle(x);
	write_config(x, SECOND_POLICY);
	fill_queue(x);
	c = gateway_console(x->g);
	console_execute(&c, &line, 1, false, 80, &result);
	assert_int_equal(result.status, PROTOCOL_FAILED);
	assert_non_null(strstr(result.note, "it cannot be told to the data plane"));
	assert_non_null(strstr(result.note, "but the file says what was refused"));
	console_result_free(&result);
	assert_int_equal(serve_all(x, 0), 1);
}

/* --- late --- */

static void a_silent_dataplane_keeps_nobody_waiting(void **state)
{
	struct fixture *x = *state;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	stay_silent(x, 29);
	assert_true(gateway_is_busy(x->g));
	stay_silent(x, 2);
	assert_false(gateway_is_busy(x->g));
	stay_silent(x, 900);
	command(x, "/ip ipsec policy set 1 comment=mine", PROTOCOL_OK); /* nor the next */
	stay_silent(x, 29);
	assert_true(gateway_is_busy(x->g));
	stay_silent(x, 2);
	assert_false(gateway_is_busy(x->g));
}

static void another_dataplane_has_its_own_time(void **state)
{
	struct fixture *x = *state;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	serve_but_commits(x, 33);
	assert_false(gateway_is_busy(x->g));
	lose_dataplane(x);
	start_dataplane(x);
	for (int i = 0; i < 3; i++)
		turn(x);
	assert_non_null(dataplane_map(x->g->dp)->base);
	assert_true(gateway_is_busy(x->g));
	serve_but_commits(x, 30);
	assert_false(gateway_is_busy(x->g));
}

/* Nothing was changed: there is nothing to wait for. */
static void a_configuration_sent_again_keeps_nobody_waiting(void **state)
{
	struct fixture *x = *state;

	serve_but_commits(x, 33);
	assert_false(gateway_is_busy(x->g));
	command(x, ADD, PROTOCOL_OK);
	assert_true(gateway_is_busy(x->g));
	command(x, "/ip ipsec policy remove 1", PROTOCOL_AGAIN);
}

/* --- refused --- */

static void what_was_entered_without_a_dataplane_is_kept(void **state)
{
	struct fixture *x = *state;
	struct stat st;
	char other[90];

	settle(x);
	/* a link there is not followed */
	snprintf(other, sizeof(other), "%s.other", x->path);
	assert_int_equal(close(open(other, O_WRONLY | O_CREAT | O_TRUNC, 0644)), 0);
	assert_int_equal(symlink(other, refused_path(x)), 0);
	lose_dataplane(x);
	command(x, ADD, PROTOCOL_OK);
	command(x, "/ip ipsec policy set 0 comment=hours-of-work", PROTOCOL_OK);
	start_dataplane(x);
	for (int i = 0; i < 10; i++)
		serve_reload(x, i < 5 ? ABI_ERR_NO_SPACE : ABI_OK);
	assert_int_equal(settled(x, "the file is as it was before\nwhat was refused is kept in /"),
			 -ENOSPC);
	assert_int_equal(settled(x, refused_path(x)), -ENOSPC);
	assert_false(file_has(x, "hours-of-work"));
	assert_true(refused_has(x, "hours-of-work"));
	assert_true(refused_has(x, "discard"));
	assert_int_equal(lstat(refused_path(x), &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(unlink(other), 0);
}

static void what_stays_in_the_file_is_not_kept_beside_it(void **state)
{
	struct fixture *x = *state;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	replace_in_file(x, "10.0.0.0/8", "11.0.0.0/8");
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(settled(x, "The file was changed by hand meanwhile"), -ENOSPC);
	assert_int_not_equal(access(refused_path(x), F_OK), 0);
}

/* The copy is of a file that others may read. */
static void what_is_kept_is_for_nobody_else(void **state)
{
	struct fixture *x = *state;
	struct stat st;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	assert_int_equal(chmod(x->path, 0640), 0);
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(stat(refused_path(x), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* What is written on the way to the copy. */
static char *refused_new_path(const struct fixture *x)
{
	static char path[100];

	snprintf(path, sizeof(path), "%s-new", refused_path(x));
	return path;
}

static void write_at(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void what_cannot_be_kept_is_told(void **state)
{
	struct fixture *x = *state;

	settle(x);
	command(x, ADD, PROTOCOL_OK);
	assert_int_equal(mkdir(refused_path(x), 0700), 0);
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(rmdir(refused_path(x)), 0);
	assert_int_equal(settled(x, "the file is as it was before\n/"), -ENOSPC);
	assert_int_equal(settled(x, "cannot be kept as it was refused: Is a directory\n"), -ENOSPC);
	assert_int_not_equal(access(refused_new_path(x), F_OK), 0);
	settle(x);
	command(x, ADD, PROTOCOL_OK);
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(settled(x, "is kept in"), -ENOSPC);
	assert_true(refused_has(x, "discard"));
	assert_int_equal(x->g->settling.unkept.len, 0); /* that was another */
}

static void what_was_kept_stays_until_the_next_is_written(void **state)
{
	struct fixture *x = *state;

	settle(x);
	write_at(refused_path(x), "earlier");
	assert_int_equal(mkdir(refused_new_path(x), 0700), 0);
	command(x, ADD, PROTOCOL_OK);
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(rmdir(refused_new_path(x)), 0);
	assert_int_equal(settled(x, "cannot be kept"), -ENOSPC);
	assert_true(refused_has(x, "earlier"));
	settle(x);
	write_at(refused_new_path(x), "half of it"); /* of one that was killed */
	command(x, ADD, PROTOCOL_OK);
	serve_reload(x, ABI_ERR_NO_SPACE);
	assert_int_equal(settled(x, "is kept in"), -ENOSPC);
	assert_true(refused_has(x, "discard"));
	assert_int_not_equal(access(refused_new_path(x), F_OK), 0);
}

/* It is undone by itself only; what was refused with it does not come along with the next one. */
static void a_refused_reload_needs_a_reload_after_a_change_too(void **state)
{
	struct fixture *x = *state;

	settle(x);
	lose_dataplane(x);
	write_config(x, SECOND_POLICY);
	reload(x);
	command(x, "/ip ipsec policy set 0 comment=harmless", PROTOCOL_OK);
	start_dataplane(x);
	for (int i = 0; i < 10; i++)
		serve_reload(x, i < 5 ? ABI_ERR_NO_SPACE : ABI_OK);
	assert_int_equal(settled(x, "but the file says what was refused"), -ENOSPC);
	assert_true(file_has(x, "discard"));
	assert_non_null(
		strstr(command(x, "/ip ipsec peer set cloud comment=again", PROTOCOL_FAILED),
		       "not loaded since"));
	settle(x);
	assert_int_equal(x->g->setup.plan->n_policies, 1);
	write_config(x, ""); /* what is in force */
	command(x, "/ip ipsec peer set cloud comment=again", PROTOCOL_OK);
}

static void a_refused_reload_needs_a_reload(void **state)
{
	struct fixture *x = *state;

	settle(x);
	write_config(x, SECOND_POLICY);
	reload(x);
	serve_reload(x, ABI_ERR_NO_SPACE);
	serve_reload(x, ABI_OK);
	command(x, "/ip ipsec peer set cloud comment=again", PROTOCOL_FAILED);
	assert_false(file_has(x, "again"));
	reload(x);
	serve_reload(x, ABI_OK);
	command(x, "/ip ipsec peer set cloud comment=again", PROTOCOL_OK);
}

/* --- another hand --- */

int __wrap_setup_load_with(struct setup *out, const char *path,
			   const struct source_instead *instead, const struct model_plan *previous,
			   const struct hosts *names, struct problems *problems);
int __real_setup_load_with(struct setup *out, const char *path,
			   const struct source_instead *instead, const struct model_plan *previous,
			   const struct hosts *names, struct problems *problems);

static struct fixture *editor;

int __wrap_setup_load_with(struct setup *out, const char *path,
			   const struct source_instead *instead, const struct model_plan *previous,
			   const struct hosts *names, struct problems *problems)
{
	int rc = __real_setup_load_with(out, path, instead, previous, names, problems);

	if (editor != NULL)
		replace_in_file(editor, "10.100.1.0/24", "10.200.2.0/24");
	editor = NULL;
	return rc;
}

static void a_file_saved_while_a_change_is_checked_stays(void **state)
{
	struct fixture *x = *state;

	settle(x);
	editor = x;
	assert_non_null(strstr(command(x, ADD, PROTOCOL_FAILED), "by hand meanwhile"));
	assert_true(file_has(x, "10.200.2.0/24"));
	assert_false(file_has(x, "discard"));
	assert_false(x->g->has_pending);
	assert_int_equal(x->g->settling.changed.n, 0);
}

/* There is nothing to go back from. */
static void a_change_that_was_not_written_is_forgotten(void **state)
{
	struct fixture *x = *state;
	char beside[90];

	settle(x);
	snprintf(beside, sizeof(beside), "%s.espgw-new", x->path);
	assert_int_equal(mkdir(beside, 0700), 0);
	command(x, ADD, PROTOCOL_FAILED);
	assert_int_equal(rmdir(beside), 0);
	assert_int_equal(x->g->settling.changed.n, 0);
	assert_false(x->g->has_pending);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup_refused, teardown_refused)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(ike_opens_after_a_change_that_found_no_room),
		T(ike_opens_after_a_plan_that_found_no_room),
		T(what_could_not_be_put_back_is_put_back_later),
		T(a_reload_that_found_no_room_says_so),
		T(a_silent_dataplane_keeps_nobody_waiting),
		T(another_dataplane_has_its_own_time),
		T(a_configuration_sent_again_keeps_nobody_waiting),
		T(what_was_entered_without_a_dataplane_is_kept),
		T(what_stays_in_the_file_is_not_kept_beside_it),
		T(what_is_kept_is_for_nobody_else),
		T(what_cannot_be_kept_is_told),
		T(what_was_kept_stays_until_the_next_is_written),
		T(a_refused_reload_needs_a_reload_after_a_change_too),
		T(a_refused_reload_needs_a_reload),
		T(a_file_saved_while_a_change_is_checked_stays),
		T(a_change_that_was_not_written_is_forgotten),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
