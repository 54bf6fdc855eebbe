/* SPDX-License-Identifier: BSD-3-Clause */
/* test_change_set.c - what "set" makes of the text of a file, and what follows a new name. */
#include "changekit.h"

static void sets_what_is_there_and_what_is_not(void **state)
{
	struct change c = {.verb = CHANGE_SET,
			   .menu = MENU_INTERFACE,
			   .pick = CHANGE_ITEMS,
			   .which = strdup("lan")};

	(void)state;
	pair(&c, INTERFACE_DEVICE, "other");
	pair(&c, INTERFACE_DISABLED, "yes");
	assert_makes(&c, HEAD,
		     "interface = ( { name = \"lan\"; device = \"other\"; disabled = true; } );\n");
	c = (struct change){.verb = CHANGE_SET, .menu = MENU_INTERFACE, .pick = CHANGE_WHERE};
	pair(&c, INTERFACE_MTU, "1400");
	pair(&c, INTERFACE_COMMENT, NULL);
	assert_makes(&c,
		     "interface = (\n  {\n    name = \"lan\"; # n\n    comment = \"c\"; # gone\n"
		     "    device = \"d\" # the card\n  }\n);\n",
		     "interface = (\n  {\n    name = \"lan\"; # n\n    device = \"d\"; # the card\n"
		     "    mtu = 1400;\n  }\n);\n");
}

static void the_default_gets_a_row_when_it_is_changed(void **state)
{
	struct change c = {.verb = CHANGE_SET, .menu = MENU_GROUP, .pick = CHANGE_DEFAULT};
	static const char conf[] = HEAD "ip = { ipsec = { profile = ( { name = \"a\"; },\n"
					"                             { name = \"default\"; "
					"lifetime = \"1h\"; } ); }; };\n";

	(void)state;
	pair(&c, GROUP_COMMENT, "mine");
	assert_makes(
		&c, HEAD "ip = { };\n",
		HEAD
		"ip = { ipsec = { policy-group = ( { name = \"default\"; comment = \"mine\"; } "
		"); }; };\n");
	c = (struct change){.verb = CHANGE_SET,
			    .menu = MENU_PROFILE,
			    .pick = CHANGE_ITEMS,
			    .which = strdup("0")};
	pair(&c, PROFILE_LIFETIME, "8h");
	assert_makes(
		&c, conf,
		HEAD
		"ip = { ipsec = { profile = ( { name = \"a\"; },\n"
		"                             { name = \"default\"; lifetime = \"8h\"; } ); }; "
		"};\n");
	c = (struct change){.verb = CHANGE_REMOVE, .menu = MENU_PROFILE, .pick = CHANGE_DEFAULT};
	assert_refuses(&c, conf, "it cannot be removed");
	c = (struct change){.verb = CHANGE_REMOVE,
			    .menu = MENU_PROFILE,
			    .pick = CHANGE_ITEMS,
			    .which = strdup("*2")};
	assert_makes(
		&c, conf,
		HEAD
		"ip = { ipsec = { profile = ( { name = \"default\"; lifetime = \"1h\"; } ); }; "
		"};\n");
}

static void single_menus_are_set_without_rows(void **state)
{
	struct change c = {.verb = CHANGE_SET, .menu = MENU_SETTINGS};

	(void)state;
	pair(&c, SETTINGS_ALLOW_WEAK, "ikev1,md5");
	assert_makes(&c, HEAD,
		     HEAD "ip = { ipsec = { settings = { allow-weak = \"ikev1,md5\"; }; }; };\n");
	c = (struct change){.verb = CHANGE_SET, .menu = MENU_SETTINGS};
	pair(&c, SETTINGS_ALLOW_WEAK, NULL);
	assert_makes(&c, HEAD "ip: { ipsec: { settings: { allow-weak = \"md5\" } } }\n",
		     HEAD "ip: { ipsec: { settings: { } } }\n");
}

static void who_refers_to_a_row_follows_its_new_name(void **state)
{
	struct change c = {.verb = CHANGE_SET,
			   .menu = MENU_INTERFACE,
			   .pick = CHANGE_ITEMS,
			   .which = strdup("lan")};

	(void)state;
	pair(&c, INTERFACE_NAME, "site");
	assert_makes(&c,
		     HEAD
		     "ip = { address = ( { address = \"10.0.0.1/24\"; interface = \"lan\"; } ); "
		     "};\n",
		     "interface = ( { name = \"site\"; device = \"d\"; } );\n"
		     "ip = { address = ( { address = \"10.0.0.1/24\"; interface = \"site\"; } ); "
		     "};\n");
}

/* Of two rows none keeps a name that is theirs alone, nor does none. */
static void nobody_follows_a_name_of_several_rows_or_none(void **state)
{
	static const char address[] =
		"ip = { address = ( { address = \"10.0.0.1/24\"; interface = \"a\"; } ); };\n";
	struct change c = {.verb = CHANGE_SET, .menu = MENU_INTERFACE, .pick = CHANGE_WHERE};
	struct text conf = {0};

	(void)state;
	text_printf(&conf, "%s%s", THREE(A, B, C), address);
	write_conf(conf.s);
	pair(&c, INTERFACE_NAME, "z");
	assert_int_equal(make(&c), 0);
	assert_int_equal(made.rows, 3);
	assert_non_null(strstr(made.text.s, address));
	c = (struct change){.verb = CHANGE_SET,
			    .menu = MENU_INTERFACE,
			    .pick = CHANGE_WHERE,
			    .which = strdup("name=nosuch")};
	pair(&c, INTERFACE_NAME, "z");
	assert_int_equal(make(&c), 0);
	assert_int_equal(made.matched, 0);
	assert_null(made.path);
	text_free(&conf);
}

/* The gateway of a route is an address, an interface, or both. */
static void gateways_follow_the_name_of_their_interface(void **state)
{
#define ROUTES(name)                                                                               \
	"ip = { address = ( { address = \"10.0.0.1/24\"; interface = \"" name "\"; } );\n"         \
	"route = ( { gateway = \"" name "\"; }, { dst-address = \"10.9.0.0/16\"; "                 \
	"gateway = \"10.0.0.9%" name "\"; }, { dst-address = \"10.8.0.0/16\"; "                    \
	"gateway = \"10.0.0.8\"; } ); };\n"                                                        \
	"ipv6 = { address = ( { address = \"2001:db8::1/64\"; interface = \"" name "\"; } );\n"    \
	"route = ( { gateway = \"fe80::1%" name "\"; } ); };\n"
	struct change c = {.verb = CHANGE_SET,
			   .menu = MENU_INTERFACE,
			   .pick = CHANGE_ITEMS,
			   .which = strdup("lan")};

	(void)state;
	pair(&c, INTERFACE_NAME, "wan2");
	assert_makes(&c, HEAD ROUTES("lan"),
		     "interface = ( { name = \"wan2\"; device = \"d\"; } );\n" ROUTES("wan2"));
}

static void a_setting_is_not_put_behind_one_that_goes(void **state)
{
	struct change c = {.verb = CHANGE_SET, .menu = MENU_INTERFACE, .pick = CHANGE_WHERE};

	(void)state;
	pair(&c, INTERFACE_COMMENT, NULL);
	pair(&c, INTERFACE_MTU, "1400");
	assert_makes(&c, "interface = ( { name = \"lan\"; device = \"d\"; comment = \"c\" } );\n",
		     "interface = ( { name = \"lan\"; device = \"d\"; mtu = 1400; } );\n");
	c = (struct change){.verb = CHANGE_SET, .menu = MENU_INTERFACE, .pick = CHANGE_WHERE};
	pair(&c, INTERFACE_MTU, "1400");
	pair(&c, INTERFACE_COMMENT, NULL);
	assert_makes(&c,
		     "interface = (\n  {\n    name = \"lan\"\n    device = \"d\"\n"
		     "    comment = \"c\"\n  }\n);\n",
		     "interface = (\n  {\n    name = \"lan\"\n    device = \"d\";\n"
		     "    mtu = 1400;\n  }\n);\n");
	c = (struct change){.verb = CHANGE_SET, .menu = MENU_SETTINGS};
	pair(&c, SETTINGS_ALLOW_WEAK, NULL);
	assert_makes(&c, HEAD "ip: { ipsec: { settings: { allow-weak = \"md5\" } } }\n",
		     HEAD "ip: { ipsec: { settings: { } } }\n");
}

/* A setting may stand without its semicolon; several behind it need it once. */
static void an_open_setting_is_closed_once(void **state)
{
	struct change c = {.verb = CHANGE_SET, .menu = MENU_INTERFACE, .pick = CHANGE_WHERE};

	(void)state;
	pair(&c, INTERFACE_MTU, "1400");
	pair(&c, INTERFACE_COMMENT, "c");
	pair(&c, INTERFACE_DISABLED, "yes");
	assert_makes(&c, "interface = ( { name = \"lan\"; device = \"d\" } );\n",
		     "interface = ( { name = \"lan\"; device = \"d\"; mtu = 1400; "
		     "comment = \"c\"; disabled = true; } );\n");
	c = (struct change){.verb = CHANGE_SET, .menu = MENU_INTERFACE, .pick = CHANGE_WHERE};
	pair(&c, INTERFACE_MTU, "1400");
	pair(&c, INTERFACE_COMMENT, "c");
	assert_makes(&c, "interface = ( {\n  name = \"lan\";\n  device = \"d\" # card\n} );\n",
		     "interface = ( {\n  name = \"lan\";\n  device = \"d\"; # card\n"
		     "  mtu = 1400;\n  comment = \"c\";\n} );\n");
}

/* What the same change puts there counts for the width. */
static void a_line_that_grows_too_long_is_broken(void **state)
{
#define FORTY "forty bytes of a comment, neither more.."
	struct change c = {.verb = CHANGE_SET, .menu = MENU_INTERFACE, .pick = CHANGE_WHERE};

	(void)state;
	pair(&c, INTERFACE_COMMENT, FORTY);
	pair(&c, INTERFACE_MTU, "1400");
	assert_makes(&c, "interface = ( { name = \"lan\"; device = \"d\" } );\n",
		     "interface = ( { name = \"lan\"; device = \"d\"; comment = \"" FORTY "\";\n"
		     "                mtu = 1400; } );\n");
	/* in groups that are made with it, too */
	c = (struct change){.verb = CHANGE_SET, .menu = MENU_GROUP, .pick = CHANGE_DEFAULT};
	pair(&c, GROUP_COMMENT, FORTY);
	assert_makes(&c, HEAD "ip = { };\n",
		     HEAD "ip = { ipsec = { policy-group = ( { name = \"default\";\n"
			  "                                    comment = \"" FORTY
			  "\"; } ); }; };\n");
}

/* However its row is named, it gets its name with it. */
static void the_default_is_named_when_its_list_is_made(void **state)
{
	static const struct {
		enum change_pick pick;
		const char *which;
	} t[] = {{CHANGE_ITEMS, "default"}, {CHANGE_ITEMS, "0"}, {CHANGE_WHERE, NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct change c = {.verb = CHANGE_SET,
				   .menu = MENU_PROPOSAL,
				   .pick = t[i].pick,
				   .which = t[i].which ? strdup(t[i].which) : NULL};

		pair(&c, PROPOSAL_LIFETIME, "8h");
		assert_makes(&c, HEAD,
			     HEAD "ip = { ipsec = { proposal = ( { name = \"default\"; lifetime = "
				  "\"8h\"; } ); }; };\n");
	}
}

static void assert_changes_nothing(struct change *c, const char *from, size_t matched)
{
	write_conf(from);
	assert_int_equal(make(c), 0);
	assert_int_equal(made.matched, matched);
	assert_int_equal(made.rows, 0);
	assert_null(made.path);
	assert_int_equal(why.len, 0);
}

static void what_is_so_already_is_not_written(void **state)
{
	struct change c = {.verb = CHANGE_SET, .menu = MENU_INTERFACE, .pick = CHANGE_WHERE};

	(void)state;
	pair(&c, INTERFACE_COMMENT, NULL);
	assert_changes_nothing(&c, THREE(A, B, C), 3);
	c = (struct change){.verb = CHANGE_SET,
			    .menu = MENU_INTERFACE,
			    .pick = CHANGE_ITEMS,
			    .which = strdup("b")};
	pair(&c, INTERFACE_DEVICE, "2");
	assert_changes_nothing(&c, THREE(A, B, C), 1);
	c = (struct change){.verb = CHANGE_MOVE,
			    .menu = MENU_INTERFACE,
			    .pick = CHANGE_ITEMS,
			    .which = strdup("0"),
			    .before = strdup("1")};
	assert_changes_nothing(&c, THREE(A, B, C), 1);
	c = (struct change){.verb = CHANGE_SET, .menu = MENU_SETTINGS};
	pair(&c, SETTINGS_ALLOW_WEAK, NULL);
	assert_changes_nothing(&c, HEAD "ip = { ipsec = { settings = { }; }; };\n", 1);
}

/* A profile that more peers use than an edit has places. */
static void too_much_at_once_is_told_with_the_bound(void **state)
{
	struct change c = {.verb = CHANGE_SET,
			   .menu = MENU_PROFILE,
			   .pick = CHANGE_ITEMS,
			   .which = strdup("p")};
	struct text conf = {0};

	(void)state;
	text_puts(&conf, HEAD "ip = { ipsec = { profile = ( { name = \"p\"; } );\npeer = (");
	for (unsigned i = 0; i <= EDIT_MAX_PATCHES; i++)
		text_printf(&conf,
			    "%s { name = \"n%u\"; address = \"198.18.%u.%u\"; exchange-mode = "
			    "\"ike2\"; profile = \"p\"; disabled = true; }",
			    i ? ",\n" : "", i, i >> 8, i & 255);
	text_puts(&conf, " ); }; };\n");
	pair(&c, PROFILE_NAME, "q");
	assert_refuses(&c, conf.s, "more than 1024 places");
	text_free(&conf);
}

static void the_default_keeps_its_name(void **state)
{
	struct change c = {.verb = CHANGE_SET, .menu = MENU_PROFILE, .pick = CHANGE_DEFAULT};
	const char *has = HEAD "ip = { ipsec = { profile = ( { name = \"default\"; } ); }; };\n";

	(void)state;
	pair(&c, PROFILE_NAME, "other");
	assert_refuses(&c, HEAD, "the default keeps its name");
	c = (struct change){.verb = CHANGE_SET, .menu = MENU_PROFILE, .pick = CHANGE_WHERE};
	pair(&c, PROFILE_NAME, "other");
	assert_refuses(&c, has, "the default keeps its name");
	c = (struct change){.verb = CHANGE_SET, .menu = MENU_PROFILE, .pick = CHANGE_DEFAULT};
	pair(&c, PROFILE_NAME, "default");
	pair(&c, PROFILE_NATT, "no");
	assert_makes(&c, HEAD,
		     HEAD "ip = { ipsec = { profile = ( { name = \"default\"; nat-traversal = "
			  "false; } ); }; };\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_what_is_there_and_what_is_not),
		cmocka_unit_test(the_default_gets_a_row_when_it_is_changed),
		cmocka_unit_test(single_menus_are_set_without_rows),
		cmocka_unit_test(who_refers_to_a_row_follows_its_new_name),
		cmocka_unit_test(nobody_follows_a_name_of_several_rows_or_none),
		cmocka_unit_test(gateways_follow_the_name_of_their_interface),
		cmocka_unit_test(a_setting_is_not_put_behind_one_that_goes),
		cmocka_unit_test(an_open_setting_is_closed_once),
		cmocka_unit_test(a_line_that_grows_too_long_is_broken),
		cmocka_unit_test(the_default_is_named_when_its_list_is_made),
		cmocka_unit_test(what_is_so_already_is_not_written),
		cmocka_unit_test(too_much_at_once_is_told_with_the_bound),
		cmocka_unit_test(the_default_keeps_its_name),
	};

	return cmocka_run_group_tests_name("change_set", tests, load_setup, changekit_clean);
}
