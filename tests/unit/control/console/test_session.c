/* SPDX-License-Identifier: BSD-3-Clause */
/* test_session.c - typed, pasted and piped lines to commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "control/console/session.h"

/* All commands of a text, a line each. */
static char *commands(const char *text)
{
	static char all[8192];
	struct session s = {0};
	struct text command = {0};
	size_t used = 0;

	all[0] = '\0';
	while (*text) {
		size_t len = strcspn(text, "\n");

		session_line(&s, text, len, &command);
		text += len + (text[len] == '\n');
		if (!*text && command.len == 0)
			session_end(&s, &command);
		if (command.len)
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s", command.s);
		text_cut(&command, 0);
	}
	session_end(&s, &command);
	if (command.len)
		snprintf(all + used, sizeof(all) - used, "%s", command.s);
	text_free(&command);
	session_free(&s);
	return all;
}

static void a_path_alone_leads_into_its_menu(void **state)
{
	(void)state;
	assert_string_equal(commands("/ip ipsec\npeer print\n/ip ipsec profile\nprint\n..\n"
				     "policy print\n/\nreload\n"),
			    "/ip ipsec peer print\n/ip ipsec profile print\n/ip ipsec policy "
			    "print\nreload\n");
	assert_string_equal(commands("/ ip ipsec\n/system log print\nprint"),
			    "/system log print\n/ip ipsec print\n");
	assert_string_equal(commands("/ip/ips/pee\n.. ..\nipsec pr\n/log\nprint"),
			    "/ip ipsec pr\n/system log print\n");
}

/* What follows is meant for it, and must not meet the menu one was in before. */
static void a_menu_that_is_nowhere_is_entered_too(void **state)
{
	static const char *const t[][2] = {
		/* a prompt says where one is */
		{"[a@b] /ip ipsec peer> print\n[a@b] /interface list> add name=WAN\n"
		 "[a@b] /ip smb shares> remove 0",
		 "/ip ipsec peer print\n/interface list add name=WAN\n/ip smb shares remove 0\n"},
		{"[a@b] /interface> print\n[a@b] > /interface list\n[a@b] /interface list> member\n"
		 "[a@b] /interface list member> add list=WAN",
		 "/interface print\n/interface list member add list=WAN\n"},
		/* so does a line of an export, and what follows it on its way back */
		{"/interface\n/interface list\nadd name=WAN\nmember\nset [find] list=x\n..\n"
		 "print\n..\nprint\n/ip smb shares\nadd name=pub\n/ip route\nprint",
		 "/interface list add name=WAN\n/interface list member set [find] list=x\n"
		 "/interface list print\n/interface print\n/ip smb shares add name=pub\n"
		 "/ip route print\n"},
		{"/interface\nlist\nadd name=x", "/interface list add name=x\n"},
		{"/ip ipsec/peeer\nset 0 name=x\n../peer\nprint",
		 "/ip ipsec peeer set 0 name=x\n/ip ipsec peer print\n"},
		/* a command is no place */
		{"/ip ipsec peer\n/interface list add name=x\n/system reset-configuration\n"
		 "/interface list pr\nprint",
		 "/interface list add name=x\n/system reset-configuration\n/interface list pr\n"
		 "/ip ipsec peer print\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_string_equal(commands(t[i][0]), t[i][1]);
}

static void a_slip_of_the_hand_leads_nowhere(void **state)
{
	struct session s = {.path = "interface", .typed = true};
	struct text why = {0};

	(void)state;
	assert_false(session_enter(&s, "pirnt"));
	assert_string_equal(s.path, "interface");
	assert_true(session_enter(&s, "/ip ipsce"));
	assert_string_equal(s.path, "ip ipsce");
	session_explain(&s, &why);
	assert_string_equal(why.s, "/ip ipsce: there is no such menu here; did you mean "
				   "\"ipsec\"?\n");
	assert_true(session_enter(&s, "../ipsec"));
	assert_null(s.refused);
	text_free(&why);
}

/* Commands for a menu that is not here must not meet the menu one was in before. */
static void a_menu_that_is_not_here_is_entered_all_the_same(void **state)
{
	(void)state;
	assert_string_equal(commands("/ip ipsec policy\n/ip firewall nat\nprint all\nmove 20 0\n"
				     "..\n..\nipsec policy print\n"),
			    "/ip firewall nat print all\n/ip firewall nat move 20 0\n"
			    "/ip ipsec policy print\n");
}

static void lines_go_on_behind_a_backslash(void **state)
{
	(void)state;
	assert_string_equal(commands("/ip ipsec policy\r\nadd peer=x \\\r\n    tunnel=yes "
				     "comment=\"a\\\r\n    b\"\r\n"),
			    "/ip ipsec policy add peer=x tunnel=yes comment=\"ab\"\n");
	assert_string_equal(commands("add \\"), "add\n");
}

static void comments_blank_lines_and_marks_are_nothing(void **state)
{
	(void)state;
	assert_string_equal(commands("\xef\xbb\xbf# by RouterOS 7.1\n\n   \nreload # now\n"
				     "add comment=\"a # b\" secret=a#b\n#\n"),
			    "reload\nadd comment=\"a # b\" secret=a#b\n");
}

/* The tutorial's commands as they stand on its pages. */
static void a_transcript_is_read_by_its_prompts(void **state)
{
	static const char text[] =
		"[admin@MikroTik] > /ip ipsec profile\n\n"
		"[admin@MikroTik] /ip ipsec profile> add dh-group=modp768 hash-algorithm=md5 enc-\n"
		"\nalgorithm=aes-128 name=to_tencent\n\n"
		"[admin@MikroTik] /ip ipsec profile>\n\n"
		"[admin@MikroTik] /ip ipsec profile> /ip ipsec peer\n"
		"[admin@MikroTik] /ip ipsec peer> add address=119.91.254.122 name=to_tencent \n\n"
		"profile=to_tencent exchange-mode=main\n"
		"[admin@MikroTik] /ip ipsec profile> ..\n"
		"[admin@MikroTik] /ip ipsec> policy add peer=to_tencent tunnel=yes src-\n\n"
		"address=192.168.1.0/24\n"
		"[admin@MikroTik] /ip firewall nat> print all   #\xe5\xa6\x82\xe6\x9e\x9c\n\n"
		"\xe4\xbc\x9a move items\n"
		"[admin@MikroTik] /ip firewall nat> move 20 0\n"
		"[admin@MikroTik] /ip firewall> / ip ipsec \n"
		"[admin@MikroTik] /ip ipsec>  installed-sa print where (spi=0x1 or spi=0x2) \n\n"
		"and (src-address=\"1.2.3.4:4500\" or dst-address~\"1.2.3.4\")\n"
		"Flags: H - hw-aead, A - AH, E - ESP \n"
		" 0  E spi=0x1 src-address=1.2.3.4\n\n"
		"state=mature auth-algorithm=md5\n"
		"[admin@MikroTik] /ip ipsec> ";

	(void)state;
	assert_string_equal(
		commands(text),
		"/ip ipsec profile add dh-group=modp768 hash-algorithm=md5 enc-algorithm=aes-128 "
		"name=to_tencent\n"
		"/ip ipsec peer add address=119.91.254.122 name=to_tencent profile=to_tencent "
		"exchange-mode=main\n"
		"/ip ipsec policy add peer=to_tencent tunnel=yes src-address=192.168.1.0/24\n"
		"/ip firewall nat print all\n"
		"/ip firewall nat move 20 0\n"
		"/ip ipsec installed-sa print where (spi=0x1 or spi=0x2) and "
		"(src-address=\"1.2.3.4:4500\" or dst-address~\"1.2.3.4\")\n");
}

static void what_has_no_prompt_in_a_transcript_is_counted(void **state)
{
	struct session s = {0};
	struct text command = {0};

	(void)state;
	session_line(&s, "[a@b] > print", 13, &command);
	session_line(&s, "Flags: X", 8, &command);
	session_line(&s, "name=x", 6, &command);
	assert_int_equal(command.len, 0);
	assert_int_equal(s.skipped, 2);
	assert_int_equal(s.held_began, 1);
	session_end(&s, &command);
	assert_string_equal(command.s, "print\n");
	assert_int_equal(s.began, 1);
	text_free(&command);
	session_free(&s);
}

static void prompts_are_told_from_commands(void **state)
{
	static const char *const yes[] = {"[admin@MikroTik] > ", "[espgw] /ip ipsec peer> print",
					  "  [a@b-c.d] /ip/ipsec>x"};
	static const char *const no[] = {"[find name=x] > 1", "print",		 "[",	     "[]>",
					 "set [find] >",      "[admin@MikroTik", "[a] b\"c>"};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(session_has_prompt(yes[i], strlen(yes[i])));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(session_has_prompt(no[i], strlen(no[i])));
}

static bool may_keep(struct session *s, const char *line)
{
	return session_may_keep(s, line, strlen(line));
}

static void what_may_be_a_secret_is_not_kept(void **state)
{
	struct text command = {0};
	struct session s = {0};

	(void)state;
	assert_true(may_keep(&s, "/ip ipsec peer print"));
	assert_true(may_keep(&s, "set 0 src=1 comment=s"));
	assert_false(may_keep(&s, "identity add peer=x secret=y"));
	assert_false(may_keep(&s, "identity add peer=x sec=y"));
	assert_false(may_keep(&s, "s=y"));
	assert_false(may_keep(&s, "x \"secret"));
	session_line(&s, "add peer=x secret=\\", 19, &command);
	assert_false(may_keep(&s, "y"));
	session_line(&s, "y", 1, &command);
	assert_true(may_keep(&s, "print"));
	/* a page breaks its lines anywhere */
	assert_true(may_keep(&s, "[a@b] /ip ipsec identity> add peer=x"));
	session_line(&s, "[a@b] /ip ipsec identity> add peer=x secret=", 44, &command);
	assert_false(may_keep(&s, "123456"));
	session_line(&s, "123456", 6, &command);
	assert_true(may_keep(&s, "[a@b] /ip ipsec identity> print"));
	text_free(&command);
	session_free(&s);
}

static void several_commands_may_stand_in_a_line(void **state)
{
	(void)state;
	assert_string_equal(commands("/ip ipsec peer; print; /ip ipsec profile print;\n"
				     "set [find a; b] x=\"1; 2\" y=a;b ; .. ; print;"),
			    "/ip ipsec peer print\n/ip ipsec profile print\n"
			    "/ip ipsec peer set [find a; b] x=\"1; 2\" y=a;b\n"
			    "/ip ipsec print\n");
}

/* What stands in one must not be done, whether its condition holds or not. */
static void a_script_is_one_command(void **state)
{
	(void)state;
	assert_string_equal(
		commands("/ip ipsec peer\n:if ([:len [find]] > 0) do={\n"
			 "  /ip ipsec peer remove ali # {\n  :foreach i in=[find] do={\n"
			 "    remove $i\n  }\n} else={\n  print \"}\"\n}\nprint"),
		"/ip ipsec peer :if ([:len [find]] > 0) do={ /ip ipsec peer remove ali  "
		":foreach i in=[find] do={ remove $i } } else={ print \"}\" }\n"
		"/ip ipsec peer print\n");
	assert_string_equal(commands("{\nremove 0\n"), "{ remove 0\n");
	assert_string_equal(commands("# {\nprint # {\nprint"), "print\nprint\n");
	assert_string_equal(commands("add comment=\"{\" secret=a{b\nprint"),
			    "add comment=\"{\" secret=a{b\nprint\n");
	assert_string_equal(commands("add comment=\"a\\\n {\"\nprint"),
			    "add comment=\"a{\"\nprint\n");
}

/* RouterOS's first policy is a template that is always there. */
static void numbers_of_an_export_are_not_those_of_print(void **state)
{
	struct session s = {.path = "ip ipsec policy", .exported = true, .typed = true};
	struct text command = {0};

	(void)state;
	session_line(&s, "set 0 x=y", 9, &command); /* by hand, behind what was pasted */
	assert_string_equal(command.s, "/ip ipsec policy set 0 x=y\n");
	text_free(&command);
	session_free(&s);
	assert_string_equal(commands("# nov/22/2026 12:00:01 by RouterOS 7.14.3\n/ip ipsec policy\n"
				     "set 0 disabled=yes\nset 01 x=y"),
			    "/ip ipsec policy set [find default=yes] disabled=yes\n"
			    "/ip ipsec policy set 01 x=y\n");
	assert_string_equal(commands("/ip ipsec policy\nset 0 disabled=yes"),
			    "/ip ipsec policy set 0 disabled=yes\n");
}

/* What stood before one must not be done as if it were the whole. */
static void a_zero_byte_does_not_end_a_command(void **state)
{
	static const char line[] = "remove 0\0 comment=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const char whole[] = "/ip ipsec policy remove 0\xff comment=aaa";
	struct session s = {.path = "ip ipsec policy"};
	struct text command = {0};

	(void)state;
	session_line(&s, line, sizeof(line) - 1, &command);
	assert_memory_equal(command.s, whole, sizeof(whole) - 1);
	assert_int_equal(command.len, sizeof(line) - 1 + strlen("/ip ipsec policy \n"));
	text_free(&command);
	session_free(&s);
}

static void any_bytes_are_survived(void **state)
{
	static const char *const words[] = {
		"[a@b] /ip>", "ip", "/", " ", "..", "\\",   "\n",  "\r\n",	   "ipsec", "#",
		"\"",	      "-",  "=", ">", "[",  "peer", "add", "firewall nat", "\xff"};
	char text[600];

	(void)state;
	srandom(5);
	for (int i = 0; i < 20000; i++) {
		size_t used = 0;

		for (int k = 0; k < 30; k++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s",
						 words[(size_t)random() % 19]);
		assert_non_null(commands(text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_alone_leads_into_its_menu),
		cmocka_unit_test(a_menu_that_is_not_here_is_entered_all_the_same),
		cmocka_unit_test(a_menu_that_is_nowhere_is_entered_too),
		cmocka_unit_test(a_slip_of_the_hand_leads_nowhere),
		cmocka_unit_test(lines_go_on_behind_a_backslash),
		cmocka_unit_test(comments_blank_lines_and_marks_are_nothing),
		cmocka_unit_test(a_transcript_is_read_by_its_prompts),
		cmocka_unit_test(what_has_no_prompt_in_a_transcript_is_counted),
		cmocka_unit_test(prompts_are_told_from_commands),
		cmocka_unit_test(what_may_be_a_secret_is_not_kept),
		cmocka_unit_test(several_commands_may_stand_in_a_line),
		cmocka_unit_test(a_script_is_one_command),
		cmocka_unit_test(numbers_of_an_export_are_not_those_of_print),
		cmocka_unit_test(a_zero_byte_does_not_end_a_command),
		cmocka_unit_test(any_bytes_are_survived),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
