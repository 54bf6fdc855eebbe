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

/* All that comes of a text, a line each: commands, and "#" with what is not done. */
static char *lines(const char *text)
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

/* What is done of a text alone. */
static char *commands(const char *text)
{
	char *all = lines(text), *to = all;

	for (char *p = all, *next; *p; p = next) {
		next = p + strcspn(p, "\n") + 1;
		if (*p == '#')
			continue;
		memmove(to, p, (size_t)(next - p));
		to += next - p;
	}
	*to = '\0';
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
		{"/ip ipsec peer\n/interface list add name=x\n/interface list print\n"
		 "/interface list pr where x=y\n/ping 1.2.3.4\n/ip address pr\nprint",
		 "/interface list add name=x\n/interface list print\n"
		 "/interface list pr where x=y\n/ping 1.2.3.4\n/ip address pr\n"
		 "/ip ipsec peer print\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_string_equal(commands(t[i][0]), t[i][1]);
}

/* Words of RouterOS's places may begin commands of ours, or be ones. */
static void what_may_be_a_place_is_left_for(void **state)
{
	static const char *const t[][2] = {
		{"/ip route\n/lcd pin\nset 0 distance=7", "/lcd pin\n/lcd pin set 0 distance=7\n"},
		{"/ip address\n/tool mac-server ping\nset 0 comment=oops",
		 "/tool mac-server ping\n/tool mac-server ping set 0 comment=oops\n"},
		{"/ip route\n/system reset-configuration\nset 0 x=y",
		 "/system reset-configuration\n/system reset-configuration set 0 x=y\n"},
		{"/ip route\n/interface list pr\nset 0 x=y",
		 "/interface list pr\n/interface list pr set 0 x=y\n"},
		{"/interface\nfoo ping\nset 0 x=y",
		 "/interface foo ping\n/interface foo ping set 0 x=y\n"},
		/* nor is what no path of RouterOS's is written with */
		{"/ip route\n/l\xc3\xa9 pin\nset 0 x=y", "/l\xc3\xa9 pin\n/? set 0 x=y\n"},
		{"/ip route\n/lcd a=b\nset 0 x=y", "/lcd a=b\n/lcd ? set 0 x=y\n"},
		/* a command where one is leads nowhere */
		{"/ip route\nping\npin\nfoo=bar\nset 0 x=y",
		 "/ip route ping\n/ip route pin\n/ip route foo=bar\n/ip route set 0 x=y\n"},
		/* and one comes back */
		{"/ip route\n/lcd pin\n/ip address\nset 0 x=y",
		 "/lcd pin\n/ip address set 0 x=y\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_string_equal(commands(t[i][0]), t[i][1]);
}

/* Each of them, wherever in a line one came there. */
static void of_a_place_that_is_not_here_it_is_said(void **state)
{
	(void)state;
	assert_string_equal(lines("/nosuch; /ip ipsec; print; ../ipsce"),
			    "#/nosuch: there is no such menu here\n/ip ipsec print\n"
			    "#/ip ipsce: there is no such menu here; did you mean \"ipsec\"?\n");
	assert_string_equal(lines("/nosuch\n/nosuch\n[a@b] /nosuch> print\n[a@b] /such> "),
			    "#/nosuch: there is no such menu here\n/nosuch print\n"
			    "#/such: there is no such menu here\n");
	/* what follows is told */
	assert_string_equal(lines("[a@b] > /ip firewall nat\n[a@b] /ip firewall nat> print"),
			    "/ip firewall nat print\n");
}

static void a_slip_of_the_hand_leads_nowhere(void **state)
{
	struct session s = {.path = "interface", .terminal = true};
	struct text why = {0};

	(void)state;
	assert_false(session_enter(&s, "pirnt"));
	assert_false(session_enter(&s, "pirnt all"));
	assert_string_equal(s.path, "interface");
	/* two slips make no command: it is a place like any other */
	assert_true(session_enter(&s, "pirnnt"));
	assert_string_equal(s.path, "interface pirnnt");
	assert_true(session_enter(&s, ".."));
	/* but what is no command must not meet the menu, however slowly it comes */
	assert_true(session_enter(&s, "list"));
	assert_string_equal(s.path, "interface list");
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
	assert_string_equal(commands("add \\ \nx"), "add x\n");
	/* not behind a comment, nor when it stands for itself */
	assert_string_equal(commands("# a \\\nprint # b \\\nadd x=\"#\\\n#\""),
			    "print\nadd x=\"##\"\n");
	assert_string_equal(commands("add x=\"a\\\\\nb\""), "add x=\"a\\\\\\nb\"\n");
}

/* A string may have lines, and they are no commands. */
static void lines_go_on_in_quotes(void **state)
{
	(void)state;
	assert_string_equal(commands("/system script add name=s source=\"\n/ip route set 0 "
				     "distance=9\n[a@b] > print\n\"\n/ip route print"),
			    "/system script add name=s source=\"\\n/ip route set 0 distance=9"
			    "\\n[a@b] > print\\n\"\n/ip route print\n");
	/* as they are, but for the end of the line */
	assert_string_equal(
		commands("add x=\"a  \r\n  # b { \r\n\r\n c\\\r\n  d\" # e { \"\nprint"),
		"add x=\"a  \\n  # b { \\n\\n cd\"\nprint\n");
	assert_string_equal(commands("\n  add x=\" \n \" y\"z\"\nprint"),
			    "add x=\" \\n \" y\"z\"\nprint\n");
}

/* Half a command is none. */
static void what_has_no_end_is_not_done(void **state)
{
	static const char *const t[][2] = {
		{"print\nset x comment={x\nremove 0\nremove 1",
		 "print\n#a brace is not closed: lines 2 to 4 were not done\n"},
		{"{ \"a\n}\nremove 0", "#a quote is not closed: lines 1 to 3 were not done\n"},
		{"set 0 comment=\"a", "#a quote is not closed: line 1 was not done\n"},
		{"\nremove 0 \\",
		 "#nothing follows a backslash at the end of a line: line 2 was not done\n"},
		{"\\", "#nothing follows a backslash at the end of a line: line 1 was not done\n"},
		{"[a@b] > remove 0 \\\n[a@b] > print \\",
		 "#nothing follows a backslash at the end of a line: lines 1 to 2 were not done\n"},
	};
	struct text command = {0};
	struct session s = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_string_equal(lines(t[i][0]), t[i][1]);
	/* and what comes behind its end is */
	session_line(&s, "{ \"a", 4, &command);
	assert_true(session_is_open(&s));
	session_end(&s, &command);
	assert_false(session_is_open(&s));
	session_line(&s, "print", 5, &command);
	assert_string_equal(command.s, "#a quote is not closed: line 1 was not done\nprint\n");
	/* nor what was given up, be it whole */
	text_cut(&command, 0);
	session_drop(&s, &command);
	assert_int_equal(command.len, 0);
	session_line(&s, "[a@b] > remove 0", 16, &command);
	session_drop(&s, &command);
	session_end(&s, &command);
	assert_string_equal(command.s, "#given up: line 3 was not done\n");
	text_free(&command);
	session_free(&s);
}

/* Its first half would be another one. */
static void what_found_no_memory_is_not_done(void **state)
{
	struct session s = {.held.limit = 12};
	struct text command = {0};

	(void)state;
	session_line(&s, "remove 0 \\", 10, &command);
	session_line(&s, "comment=x", 9, &command);
	assert_true(command.failed);
	assert_int_equal(command.len, 0);
	text_free(&command);
	session_free(&s);
}

/* Nor what the prompt that ended it stands before. */
static void what_follows_what_found_no_memory_is_not_done(void **state)
{
	struct session s = {0};
	struct text command = {0};

	(void)state;
	session_line(&s, "[a@b] > add name=x \\", 20, &command);
	s.held.limit = 1; /* from here on */
	session_line(&s, "comment=aa", 10, &command);
	assert_false(command.failed);
	session_line(&s, "[a@b] > remove 0", 16, &command);
	assert_true(command.failed);
	text_free(&command);
	session_end(&s, &command);
	assert_int_equal(command.len, 0);
	assert_false(command.failed);
	session_free(&s);
}

/* What was given up ends the transcript, too: no prompt is waited for. */
static void behind_what_is_given_up_no_prompt_is_needed(void **state)
{
	struct text command = {0};
	struct session s = {0};

	(void)state;
	session_line(&s, "[a@b] > remove 0", 16, &command);
	session_line(&s, "an answer", 9, &command);
	session_drop(&s, &command);
	text_cut(&command, 0);
	session_line(&s, "print", 5, &command);
	assert_string_equal(command.s, "print\n");
	text_free(&command);
	session_free(&s);
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
	session_line(&s, "add peer=x secret=\"x", 20, &command);
	assert_false(may_keep(&s, "y"));
	session_line(&s, "\"", 1, &command);
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
	assert_string_equal(commands("{ remove 0\n # }\n}"), "{ remove 0  }\n");
	/* nor is a part of it, when one of its lines is joined */
	assert_string_equal(commands("{\nremove 0 \\\n  1\nremove 2\n}\nprint"),
			    "{ remove 0 1 remove 2 }\nprint\n");
	assert_string_equal(commands("# {\nprint # {\nprint"), "print\nprint\n");
	assert_string_equal(commands("add comment=\"{\" secret=a{b\nprint"),
			    "add comment=\"{\" secret=a{b\nprint\n");
	assert_string_equal(commands("add comment=\"a\\\n {\"\nprint"),
			    "add comment=\"a{\"\nprint\n");
}

/* RouterOS's first policy is a template that is always there, and no row here. */
static void numbers_of_an_export_are_not_those_of_print(void **state)
{
	static const char header[] = "# nov/22/2026 12:00:01 by RouterOS 7.14.3\n";
	static const char *const either[] = {
		"/ip ipsec policy\nset 0 disabled=yes",
		"/ip ipsec policy set 0 disabled=yes",
		"/ip/ipsec/policy/set 0 disabled=yes",
		"/ip ipsec\npolicy set  0 disabled=yes",
		"/ip ips pol se 0 disabled=yes",
		"/ip route\n.. ipsec policy set 0 a=b; ",
		"/ip ipsec policy; set 0",
	};
	static const char *const one[] = {
		"set numbers=0 x=y", "set [find action=none] x=y",
		"set 01 x=y",	     "set 0,1 x=y",
		"set 1 x=y",	     "disable 0",
		"comment 0 set 0",
	};
	struct session s = {.path = "ip ipsec policy", .exported = true, .terminal = true};
	struct text command = {0};
	char text[300], done[100];

	(void)state;
	for (size_t i = 0; i < sizeof(either) / sizeof(either[0]); i++) {
		snprintf(text, sizeof(text), "%s%s", header, either[i]);
		assert_string_equal(commands(text), "");
		assert_non_null(strstr(lines(text), "#\"set 0\" of /ip ipsec policy: "));
		assert_string_not_equal(commands(either[i]), "");
	}
	for (size_t i = 0; i < sizeof(one) / sizeof(one[0]); i++) {
		snprintf(text, sizeof(text), "%s/ip ipsec policy\n%s", header, one[i]);
		snprintf(done, sizeof(done), "/ip ipsec policy %s\n", one[i]);
		assert_string_equal(commands(text), done);
	}
	/* by hand, behind what was pasted: that it came late says nothing */
	session_line(&s, "set 0 x=y", 9, &command);
	assert_memory_equal(command.s, "#\"set 0\" of /ip ipsec policy: ", 29);
	text_cut(&command, 0);
	session_line(&s, "/ip route set 0 x=y", 19, &command);
	assert_string_equal(command.s, "/ip route set 0 x=y\n");
	text_free(&command);
	session_free(&s);
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
		cmocka_unit_test(what_may_be_a_place_is_left_for),
		cmocka_unit_test(of_a_place_that_is_not_here_it_is_said),
		cmocka_unit_test(a_slip_of_the_hand_leads_nowhere),
		cmocka_unit_test(lines_go_on_behind_a_backslash),
		cmocka_unit_test(lines_go_on_in_quotes),
		cmocka_unit_test(what_has_no_end_is_not_done),
		cmocka_unit_test(what_found_no_memory_is_not_done),
		cmocka_unit_test(what_follows_what_found_no_memory_is_not_done),
		cmocka_unit_test(behind_what_is_given_up_no_prompt_is_needed),
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
