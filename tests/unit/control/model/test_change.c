/* SPDX-License-Identifier: BSD-3-Clause */
/* test_change.c - rows added, set, removed and moved in the text of a file. */
#include "changekit.h"

#include "control/model/apply.h"

static void adds_a_menu_with_the_groups_around_it(void **state)
{
	struct change c = {.verb = CHANGE_ADD, .menu = MENU_PROFILE};

	(void)state;
	pair(&c, PROFILE_NAME, "x");
	pair(&c, PROFILE_NATT, "no");
	assert_makes(&c, HEAD,
		     HEAD "ip = { ipsec = { profile = ( { name = \"x\"; nat-traversal = false; } "
			  "); }; };\n");
	pair(&c, GROUP_NAME, "g");
	c.verb = CHANGE_ADD;
	c.menu = MENU_GROUP;
	assert_makes(&c, HEAD "ip = {\n  ipsec = { # all\n  };\n};\n",
		     HEAD
		     "ip = {\n  ipsec = { policy-group = ( { name = \"g\"; } ); # all\n  };\n};\n");
	c = (struct change){.verb = CHANGE_ADD, .menu = MENU_GROUP};
	pair(&c, GROUP_NAME, "g");
	assert_makes(&c, "ip = { ipsec = { }; };\n" HEAD,
		     "ip = { ipsec = { policy-group = ( { name = \"g\"; } ); }; };\n" HEAD);
}

static void adds_behind_the_last_row_and_its_comment(void **state)
{
	struct change c = {.verb = CHANGE_ADD, .menu = MENU_INTERFACE};

	(void)state;
	pair(&c, INTERFACE_NAME, "wan");
	pair(&c, INTERFACE_DEVICE, "a\"b\\c");
	pair(&c, INTERFACE_MTU, "1400");
	assert_makes(&c, "interface = (\n  { name = \"lan\"; device = \"d\"; } # the site\n);\n",
		     "interface = (\n  { name = \"lan\"; device = \"d\"; }, # the site\n"
		     "  { name = \"wan\"; device = \"a\\\"b\\\\c\"; mtu = 1400; }\n);\n");
	c = (struct change){.verb = CHANGE_ADD, .menu = MENU_GROUP};
	pair(&c, GROUP_NAME, "g");
	assert_makes(&c, HEAD "ip = { ipsec = { policy-group = ( ); }; };\n",
		     HEAD "ip = { ipsec = { policy-group = ( { name = \"g\"; }  ); }; };\n");
}

static void adds_before_a_row(void **state)
{
	struct change c = {.verb = CHANGE_ADD, .menu = MENU_INTERFACE, .before = strdup("lan")};

	(void)state;
	pair(&c, INTERFACE_NAME, "wan");
	pair(&c, INTERFACE_DEVICE, "e");
	assert_makes(&c, HEAD,
		     "interface = ( { name = \"wan\"; device = \"e\"; },\n"
		     "              { name = \"lan\"; device = \"d\"; } );\n");
}

static void removes_rows_with_their_commas(void **state)
{
	static const struct {
		const char *which, *left;
	} t[] = {
		{"a", "interface = ( " B ", # two\n  " C " );\n"},
		{"b", "interface = ( " A ",\n  # two\n  " C " );\n"},
		{"c", "interface = ( " A ",\n  " B " # two\n   );\n"},
		{"b,c", "interface = ( " A "\n  # two\n   );\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct change c = {.verb = CHANGE_REMOVE,
				   .menu = MENU_INTERFACE,
				   .pick = CHANGE_ITEMS,
				   .which = strdup(t[i].which)};

		assert_makes(&c, THREE(A, B, C), t[i].left);
	}
}

static void moves_rows_and_leaves_what_is_between_them(void **state)
{
	static const struct {
		const char *which, *before, *now;
	} t[] = {
		{"2", "0", THREE(C, A, B)},
		{"a", NULL, THREE(B, C, A)},
		{"0", "2", THREE(B, A, C)},
		{"2,0", "1", THREE(C, A, B)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct change c = {.verb = CHANGE_MOVE,
				   .menu = MENU_INTERFACE,
				   .pick = CHANGE_ITEMS,
				   .which = strdup(t[i].which),
				   .before = t[i].before ? strdup(t[i].before) : NULL};

		assert_makes(&c, THREE(A, B, C), t[i].now);
	}
}

static void rows_are_found_or_refused(void **state)
{
	static const struct {
		enum change_pick pick;
		const char *which, *says;
	} t[] = {
		{CHANGE_ITEMS, "lam", "there is no row \"lam\"; did you mean \"lan\"?"},
		{CHANGE_ITEMS, "1", "there is no row 1; there is 1"},
		{CHANGE_ITEMS, "*0", "there is no row *0"},
		{CHANGE_ITEMS, "-1", "there is no row \"-1\""},
		{CHANGE_ITEMS, "", "which row"},
		{CHANGE_NONE, NULL, "which row"},
		{CHANGE_DEFAULT, NULL, "there is no default row here"},
		{CHANGE_WHERE, "nmae=x", "did you mean \"name\"?"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct change c = {.verb = CHANGE_SET,
				   .menu = MENU_INTERFACE,
				   .pick = t[i].pick,
				   .which = t[i].which ? strdup(t[i].which) : NULL};

		pair(&c, INTERFACE_MTU, "1400");
		assert_refuses(&c, HEAD, t[i].says);
	}
}

static void a_condition_that_finds_nothing_changes_nothing(void **state)
{
	struct change c = {.verb = CHANGE_REMOVE,
			   .menu = MENU_INTERFACE,
			   .pick = CHANGE_WHERE,
			   .which = strdup("name=wan")};

	(void)state;
	write_conf(HEAD);
	assert_int_equal(make(&c), 0);
	assert_int_equal(made.rows, 0);
	assert_null(made.path);
}

static void what_is_there_is_not_added_again(void **state)
{
	struct change c = {.verb = CHANGE_ADD, .menu = MENU_INTERFACE};

	(void)state;
	pair(&c, INTERFACE_NAME, "lan");
	assert_refuses(&c, HEAD, "there is one named \"lan\" already");
}

static void a_file_with_problems_is_not_touched(void **state)
{
	struct change c = {.verb = CHANGE_ADD, .menu = MENU_INTERFACE};

	(void)state;
	pair(&c, INTERFACE_NAME, "lan");
	assert_refuses(&c, "interface = ( { nmae = \"x\"; } );\n", "mend them first");
}

static void the_file_that_is_included_is_the_one_that_changes(void **state)
{
	static const char conf[] = "# main\n@include \"sub.conf\"\nip = { };\n";
	struct change c = {.verb = CHANGE_ADD, .menu = MENU_INTERFACE};
	char buf[256] = "";
	struct stat st;
	FILE *f;

	(void)state;
	load_write("sub.conf", HEAD, strlen(HEAD), 0640);
	write_conf(conf);
	pair(&c, INTERFACE_NAME, "wan");
	pair(&c, INTERFACE_DEVICE, "e");
	assert_int_equal(make(&c), 0);
	assert_string_equal(made.path, "sub.conf");
	assert_int_equal(change_write(&made, &why), 0);
	f = fopen("sub.conf", "r");
	assert_non_null(f);
	assert_true(fread(buf, 1, sizeof(buf) - 1, f) > 0);
	fclose(f);
	assert_string_equal(buf, "interface = ( { name = \"lan\"; device = \"d\"; },\n"
				 "              { name = \"wan\"; device = \"e\"; } );\n");
	assert_int_equal(stat("sub.conf", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_not_equal(access("sub.conf.espgw-new", F_OK), 0);
}

static void a_file_that_cannot_be_written_stays(void **state)
{
	struct change c = {.verb = CHANGE_ADD, .menu = MENU_INTERFACE};
	struct model *m;

	(void)state;
	write_conf(HEAD);
	pair(&c, INTERFACE_NAME, "wan");
	pair(&c, INTERFACE_DEVICE, "e");
	assert_int_equal(make(&c), 0);
	assert_int_equal(mkdir("t.conf.espgw-new", 0700), 0); /* in the way, for root too */
	assert_int_equal(change_write(&made, &why), -EEXIST);
	assert_non_null(strstr(why.s, "t.conf cannot be written"));
	assert_int_equal(rmdir("t.conf.espgw-new"), 0);
	problems_init(&problems);
	m = model_load("t.conf", &problems);
	assert_non_null(m);
	assert_int_equal(m->table[MENU_INTERFACE].n, 1);
	model_free(m);
	problems_free(&problems);
}

/* As in RouterOS, where rows come one by one; its policies keep what they cover from leaving. */
static void a_peer_without_an_identity_is_left_alone(void **state)
{
	char *told;
	struct model *m = load_text(
		HEAD "ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"lan\"; } );\n"
		     "ipsec = { peer = ( { name = \"p\"; address = \"192.0.2.9\"; exchange-mode = "
		     "\"ike2\"; allow-weak = \"modp1024,sha1\"; } );\n"
		     "policy = ( { peer = \"p\"; tunnel = true; src-address = \"10.0.0.0/24\"; "
		     "dst-address = \"10.1.0.0/24\"; } ); }; };\n",
		&told);
	struct model_plan *plan;

	(void)state;
	if (!m)
		print_error("%s", told);
	assert_non_null(m);
	assert_non_null(strstr(told,
			       "t.conf:3: warning: /ip ipsec peer \"p\" has no /ip ipsec "
			       "identity, so there is no secret for it, and it is left alone"));
	free(told);
	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	assert_int_equal(plan->n_peers, 0);
	assert_int_equal(plan->n_policies, 1);
	assert_int_equal(plan->policies[0].action, ABI_ACT_PROTECT);
	model_plan_free(plan);
	problems_free(&problems);
	model_free(m);
}

/* "!=" holds for what is not set, so for every row of a file. */
static void what_runs_finds_no_rows_to_change(void **state)
{
	static const char *const conditions[] = {"ph2-state!=established", "!active",
						 "comment=\"\" and (active or ph2-count<1)"};
	const char *conf =
		HEAD "ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"lan\"; } "
		     "); ipsec = { policy = ( { action = \"discard\"; src-address = "
		     "\"10.0.0.0/24\"; dst-address = \"10.1.0.0/24\"; } ); }; };\n";

	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		struct change c = {.verb = CHANGE_REMOVE,
				   .menu = MENU_POLICY,
				   .pick = CHANGE_WHERE,
				   .which = strdup(conditions[i])};

		assert_refuses(&c, conf, " is what runs, not configuration");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_a_menu_with_the_groups_around_it),
		cmocka_unit_test(adds_behind_the_last_row_and_its_comment),
		cmocka_unit_test(adds_before_a_row),
		cmocka_unit_test(removes_rows_with_their_commas),
		cmocka_unit_test(moves_rows_and_leaves_what_is_between_them),
		cmocka_unit_test(rows_are_found_or_refused),
		cmocka_unit_test(a_condition_that_finds_nothing_changes_nothing),
		cmocka_unit_test(what_is_there_is_not_added_again),
		cmocka_unit_test(a_file_with_problems_is_not_touched),
		cmocka_unit_test(the_file_that_is_included_is_the_one_that_changes),
		cmocka_unit_test(a_file_that_cannot_be_written_stays),
		cmocka_unit_test(a_peer_without_an_identity_is_left_alone),
		cmocka_unit_test(what_runs_finds_no_rows_to_change),
	};

	return cmocka_run_group_tests_name("change", tests, load_setup, changekit_clean);
}
