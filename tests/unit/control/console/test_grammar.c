/* SPDX-License-Identifier: BSD-3-Clause */
/* test_grammar.c - command lines: what is understood, what is refused and how, completion. */
#include "fixture.h"

#include <errno.h>

#include "control/console/grammar.h"

static void paths_are_written_in_every_way(void **state)
{
	static const char *const same[] = {
		"ip ipsec peer print",	  "/ip ipsec peer print",	    "/ip/ipsec/peer/print",
		"/ ip ipsec peer  print", "ip ipsec profile .. peer print",
	};
	char *first = strdup(fixture_text(*state, same[0]));

	for (size_t i = 1; i < sizeof(same) / sizeof(same[0]); i++)
		assert_string_equal(fixture_text(*state, same[i]), first);
	assert_string_equal(fixture_text(*state, "ip ipsec peer print all"), first);
	free(first);
}

static void words_may_come_one_by_one(void **state)
{
	static const char *const args[] = {"ip",	 "ipsec", "installed-sa",  "print",
					   "count-only", "where", "spi=0x2953159", "or",
					   "spi=1"};
	struct fixture *f = *state;

	console_result_free(&f->result);
	console_execute(&f->console, args, 9, false, 80, &f->result);
	assert_string_equal(f->result.text, "1\n");
}

static void unknown_words_get_the_nearest(void **state)
{
	assert_non_null(strstr(fixture_note(*state, "ip ipsce peer print", PROTOCOL_USAGE),
			       "\"ipsce\" is not known in /ip; did you mean \"ipsec\"?"));
	assert_non_null(strstr(fixture_note(*state, "ip ipsec installed-as print", PROTOCOL_USAGE),
			       "did you mean \"installed-sa\"?"));
	assert_non_null(strstr(fixture_note(*state, "ip ipsec peer pirnt", PROTOCOL_USAGE),
			       "did you mean \"print\"?"));
	assert_non_null(strstr(fixture_note(*state, "ip ipsec peer print detial", PROTOCOL_USAGE),
			       "print: \"detial\" is not known; did you mean \"detail\"?"));
	assert_non_null(
		strstr(fixture_note(*state, "relaod", PROTOCOL_USAGE), "did you mean \"reload\"?"));
	assert_non_null(
		strstr(fixture_note(*state, "ip ipsec peer print where nmae=x", PROTOCOL_USAGE),
		       "did you mean \"name\"?"));
}

static void what_is_not_built_is_refused_by_name(void **state)
{
	assert_non_null(strstr(fixture_note(*state, "ip ipsec peer edit 0", PROTOCOL_USAGE),
			       "edit: there is no editor here"));
	assert_non_null(strstr(fixture_note(*state, "/ip firewall nat print", PROTOCOL_USAGE),
			       "/ip firewall nat: address translation is not built yet"));
	assert_non_null(strstr(fixture_note(*state, "/ip firewall filter add", PROTOCOL_USAGE),
			       "packet filtering"));
	assert_non_null(strstr(fixture_note(*state, "/ip ipsec key print", PROTOCOL_USAGE),
			       "RSA keys are not supported"));
}

static void assert_changes(struct fixture *f, const char *line, const char *expected)
{
	assert_string_equal(fixture_text(f, line), "");
	assert_string_equal(f->changed, expected);
}

static void rows_are_changed_in_the_words_of_routeros(void **state)
{
	static const struct {
		const char *line, *change;
	} t[] = {
		{"/ip ipsec peer add name=x address=1.2.3.4 comment=\"a b\"",
		 "add /ip ipsec peer none: name=x address=1.2.3.4 comment=a b"},
		{"ip ips pee add nam=x addr=1.2.3.4 exch=main", /* as short as it may be */
		 "add /ip ipsec peer none: name=x address=1.2.3.4 exchange-mode=main"},
		/* as RouterOS exports them */
		{"/ip address add address=192.168.88.1/21 interface=lan network=192.168.88.0",
		 "add /ip address none: address=192.168.88.1/21 interface=lan"},
		{"/ip address add address=10.0.0.1 interface=lan network=10.0.0.1",
		 "add /ip address none: address=10.0.0.1 interface=lan"},
		{"/ip route add gateway=1.2.3.4 scope=30 target-scope=10 pref-src=\"\" "
		 "suppress-hw-offload=no routing-table=main",
		 "add /ip route none: gateway=1.2.3.4"},
		{"/ip ipsec peer comment 0 \"\\?\\AB\\aB\\_\\f0\"", /* hex digits are capital */
		 "set /ip ipsec peer items:0 comment=?\xab\aB \f0"},
		{"/ip ipsec identity add peer=x secret=\"\\\"\\\\\\$\\_\\41;[#\"",
		 "add /ip ipsec identity none: peer=x secret=\"\\$ A;[#"},
		{"/ip ipsec policy add place-before=0 action=discard",
		 "add /ip ipsec policy none: before 0 action=discard"},
		{"/ip ipsec peer set x,1 passive=yes", "set /ip ipsec peer items:x,1 passive=yes"},
		{"/ip ipsec peer set [ find where name~\"^a]\" ] !comment port=501",
		 "set /ip ipsec peer where:name~\"^a]\" comment=(default) port=501"},
		{"/ip ipsec peer set numbers=[find] port=501",
		 "set /ip ipsec peer where: port=501"},
		{"/ip ipsec profile set [ find default=yes ] lifetime=8h",
		 "set /ip ipsec profile default: lifetime=8h"},
		{"/ip ipsec settings set allow-weak=ikev1,md5",
		 "set /ip ipsec settings none: allow-weak=ikev1,md5"},
		{"/ip ipsec peer remove *1A", "remove /ip ipsec peer items:*1A"},
		{"/ip ipsec policy move 20 0", "move /ip ipsec policy items:20 before 0"},
		{"/ip ipsec policy move numbers=3 destination=1",
		 "move /ip ipsec policy items:3 before 1"},
		{"/ip ipsec peer disable x", "set /ip ipsec peer items:x disabled=yes"},
		{"/ip ipsec peer enable [find]", "set /ip ipsec peer where: disabled=no"},
		{"/ip ipsec peer comment 0 \"new one\"",
		 "set /ip ipsec peer items:0 comment=new one"},
		{"/ip ipsec peer unset 0 comment value-name=port",
		 "set /ip ipsec peer items:0 comment=(default) port=(default)"},
		{"/ip ipsec identity set 0 mode-config=none secret=s # asks for nothing",
		 "set /ip ipsec identity items:0 secret=s"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_changes(*state, t[i].line, t[i].change);
	assert_non_null(strstr(fixture_text(*state, "/ip ipsec peer add ?"), "exchange-mode"));
	assert_string_equal(fixture_json(*state, "/ip ipsec peer remove 0"), "[]\n");
}

static void the_quotes_that_a_shell_took_come_back(void **state)
{
	static const struct {
		const char *args[10], *change;
	} t[] = {
		{{"ip", "ipsec", "identity", "add", "peer=x", "secret=a \"b\" $c", "comment=plain"},
		 "add /ip ipsec identity none: peer=x secret=a \"b\" $c comment=plain"},
		{{"ip", "ipsec", "peer", "comment", "0", "two words"},
		 "set /ip ipsec peer items:0 comment=two words"},
		/* cut, or in one word with its path */
		{{"ip", "ips", "pee", "se", "0", "comment=two words"},
		 "set /ip ipsec peer items:0 comment=two words"},
		{{"ip", "ips", "pee", "comm", "0", "two words"},
		 "set /ip ipsec peer items:0 comment=two words"},
		{{"/ip/ipsec/peer/set", "0", "comment=two words"},
		 "set /ip ipsec peer items:0 comment=two words"},
		{{"/ip ipsec identity set", "0", "secret=a;b"},
		 "set /ip ipsec identity items:0 secret=a;b"},
		{{"ip", "ad", "set", "print", "comment=two words"},
		 "set /ip address items:print comment=two words"},
		/* conditions */
		{{"ip", "ipsec", "peer", "set", "[find", "name=x]", "comment=a b"},
		 "set /ip ipsec peer where:name=x comment=a b"},
		{{"/ip/ipsec/peer/rem", "[find", "comment~a (b)", "and", "name!=x y]"},
		 "remove /ip ipsec peer where:comment~\"a (b)\" and name!=\"x y\""},
		{{"ip", "ipsec", "peer", "set", "[find name=\"x y\"]", "comment="},
		 "set /ip ipsec peer where:name=\"x y\" comment="},
		{{"ip", "ipsec", "peer", "set", "numbers=[find", "name=x y]", "port=501"},
		 "set /ip ipsec peer where:name=\"x y\" port=501"},
		{{"ip", "ipsec", "peer", "set", "[find]", "comment=[x]"},
		 "set /ip ipsec peer where: comment=[x]"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		size_t n = 0;

		while (n < 10 && t[i].args[n])
			n++;
		console_result_free(&f->result);
		console_execute(&f->console, t[i].args, n, false, 80, &f->result);
		if (f->result.status)
			print_error("%zu: %s", i, f->result.note);
		assert_int_equal(f->result.status, PROTOCOL_OK);
		assert_string_equal(f->changed, t[i].change);
	}
}

/* "ad" is as much as an address, "se" as settings: what asks is left as it is. */
static void a_condition_of_print_stays_as_it_is(void **state)
{
	static const char *const args[] = {"ip",    "ad",    "print",
					   "where", "count", "comment=\"a\" or address~\"192\""};
	struct fixture *f = *state;

	console_result_free(&f->result);
	console_execute(&f->console, args, 4, false, 80, &f->result);
	assert_string_equal(f->result.note, "where: a condition is missing\n");
	console_result_free(&f->result);
	console_execute(&f->console,
			(const char *const[]){"ip", "ad", "pr", "count-only", "where", args[5]}, 6,
			false, 80, &f->result);
	assert_int_equal(f->result.status, PROTOCOL_OK);
	assert_string_equal(f->result.text, "1\n");
}

static void changes_are_refused_with_the_reason(void **state)
{
	static const struct {
		const char *line, *says;
	} t[] = {
		{"ip ipsec peer add adress=1.2.3.4",
		 "no property \"adress\"; did you mean \"address\"?"},
		{"ip ipsec peer add p=1", "no property \"p\""},
		{"ip ipsec peer add", "properties are missing"},
		{"ip ipsec peer add name", "\"name\" is not of the form name=value"},
		{"ip ipsec peer add name=a name=b", "name is said twice"},
		{"ip ipsec peer add name=\"a", "a quote is not closed"},
		{"ip ipsec peer add name=\"a\\q\"", "a backslash in quotes"},
		{"ip ipsec peer add name=\"\\00\"", "a zero byte"},
		{"ip ipsec peer add name=$x", "scripts are not run here"},
		{"ip ipsec peer add name=\"$x\"", "variables are not known"},
		{"ip ipsec peer add responder=yes", "responder is read-only"},
		{"ip ipsec identity add certificate=x", "certificates are not built"},
		{"ip ipsec peer set name=x", "which rows?"},
		{"ip ipsec peer set 0", "what is to be changed is missing"},
		{"ip address add address=10.0.0.1/32 network=10.0.0.2 interface=wan",
		 "network: is that of address"},
		{"ip address set 0 network=10.0.0.0", "network: is that of address"},
		{"ip address add network=10.0.0.0", "network: is that of address"},
		{"ip address add address=10.0.0.1/33 network=10.0.0.1 interface=wan",
		 "network: is that of address"},
		{":foreach i in=[/ip ipsec peer find] do={ x }",
		 ":foreach: scripts are not run here"},
		{"/interface list add name=WAN", "/interface list: there is no such menu here"},
		{"/ip smb users set [find default=yes] x=y",
		 "/ip smb users: there is no such menu here"},
		{"ip ipsec peer set [print] name=x", "only [find"},
		{"ip ipsec peer set [find name=x", "a bracket is not closed"},
		{"ip ipsec peer set [find] [find] name=x", "said twice"},
		{"ip ipsec peer remove", "which rows?"},
		{"ip ipsec peer remove 0 name=x", "takes rows alone"},
		{"ip ipsec active-peers remove 0", "\"remove\" is not known"},
		{"ip ipsec settings add allow-weak=md5", "\"add\" is not known"},
		{"add name=x", "\"add\" is not known"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const char *note = fixture_note(*state, t[i].line, PROTOCOL_USAGE);

		if (!strstr(note, t[i].says))
			print_error("%s: %s", t[i].line, note);
		assert_non_null(strstr(note, t[i].says));
	}
}

static void a_change_that_fails_or_has_to_wait_says_so(void **state)
{
	struct fixture *f = *state;

	f->fail = -EINVAL;
	assert_string_equal(fixture_note(f, "ip ipsec peer remove 0", PROTOCOL_FAILED),
			    "no such thing\n");
	f->fail = -EAGAIN;
	fixture_note(f, "ip ipsec peer remove 0", PROTOCOL_AGAIN);
	f->fail = 0;
}

static void a_line_a_row_without_a_head(void **state)
{
	assert_string_equal(
		fixture_text(*state, "ip ipsec proposal print terse where name=to_tencent"),
		" 1    name=\"to_tencent\" auth-algorithms=md5 enc-algorithms=aes-128-cbc "
		"lifetime=30m lifebytes=0 pfs-group=none disabled=no\n");
	assert_non_null(strstr(fixture_text(*state, "/log print"), "child installed"));
}

static void a_line_may_be_at_fault_in_many_ways(void **state)
{
	fixture_note(*state, "ip ipsec peer print where", PROTOCOL_USAGE);
	fixture_note(*state, "ip ipsec peer flush", PROTOCOL_USAGE);
	fixture_note(*state, "ip ipsec reload", PROTOCOL_USAGE);
	fixture_note(*state, "print", PROTOCOL_USAGE);
	fixture_note(*state, "ip ipsec installed-sa flush now", PROTOCOL_USAGE);
	fixture_note(*state, "ip ipsec active-peers kill-connections peer=", PROTOCOL_USAGE);
}

static void actions_are_done_once(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_text(f, "ip ipsec installed-sa flush"), "SAs removed\n");
	assert_int_equal(f->flushed, 1);
	fixture_text(f, "ip ipsec active-peers kill-connections");
	assert_string_equal(f->killed, "*");
	fixture_text(f, "ip ipsec active-peers kill-connections peer=to_tencent");
	assert_string_equal(f->killed, "to_tencent");
	assert_non_null(
		strstr(fixture_note(f, "ip ipsec active-peers kill-connections peer=to_tencemt",
				    PROTOCOL_FAILED),
		       "did you mean \"to_tencent\"?"));
	assert_string_equal(f->killed, "to_tencent");
	assert_string_equal(fixture_text(f, "ip ipsec installed-sa rekey"), "rekeying SA pairs\n");
	assert_string_equal(f->rekeyed, "pair of *");
	fixture_text(f, "ip ipsec active-peers rekey peer=to_tencent");
	assert_string_equal(f->rekeyed, "IKE SA of to_tencent");
	fixture_note(f, "ip ipsec active-peers rekey peer=nobody", PROTOCOL_FAILED);
	assert_string_equal(fixture_text(f, "/reload"), "configuration loaded\n");
	assert_int_equal(f->reloaded, 1);
}

static void a_failed_action_says_why(void **state)
{
	struct fixture *f = *state;

	f->fail = -EINVAL;
	assert_string_equal(fixture_note(f, "reload", PROTOCOL_FAILED), "t.conf:1: no\n");
	assert_string_equal(fixture_note(f, "ip ipsec installed-sa flush", PROTOCOL_FAILED),
			    "Invalid argument\n");
	f->fail = 0;
}

static void help_leads_from_the_root_to_a_property(void **state)
{
	assert_non_null(strstr(fixture_text(*state, ""), "reload"));
	assert_non_null(strstr(fixture_text(*state, "help"), "ip "));
	assert_non_null(strstr(fixture_text(*state, "ip ipsec"), "installed-sa"));
	assert_non_null(strstr(fixture_text(*state, "ip ipsec profile help"), "modp768, modp1024"));
	assert_non_null(strstr(fixture_text(*state, "ip ipsec profile ?"), "default 8s"));
}

static void the_hint_comes_with_the_rows(void **state)
{
	struct fixture *f = *state;

	fixture_text(f, "ip ipsec installed-sa print where src-address=\"^192.*\"");
	assert_non_null(f->result.note);
	assert_non_null(strstr(f->result.note, "for a pattern use \"~\""));
}

static void collect(void *arg, const char *word)
{
	char *all = arg;

	strcat(all, word);
	strcat(all, " ");
}

static void assert_completes(const char *line, const char *expected)
{
	char all[4096] = "";

	grammar_complete(line, collect, all);
	assert_string_equal(all, expected);
}

static void completes_what_was_begun(void **state)
{
	(void)state;
	assert_completes("i", "interface ip ipv6 ");
	assert_completes("/ip ips", "ipsec ");
	assert_completes("ip ipsec p", "profile peer policy proposal ");
	assert_completes("/ip/ipsec/in", "installed-sa ");
	assert_completes("ip ipsec installed-sa ", "print flush rekey export help ? ");
	assert_completes("ip ipsec installed-sa print s", "stats show-sensitive ");
	assert_completes("ip ipsec installed-sa print where (sp", "spi ");
	assert_completes("ip ipsec installed-sa print where enc", "enc-algorithm enc-key-size ");
	assert_completes("ip nosuch p", "");
	assert_completes("ip ipsec peer add ex", "exchange-mode= ");
	assert_completes("ip ips pee set 0 exchange-mode=m", "exchange-mode=main ");
	assert_completes("ip ipsec profile add dh-group=modp2048,modp3",
			 "dh-group=modp2048,modp3072 ");
	assert_completes("ip ipsec peer set 0 passive=", "passive=no passive=yes ");
}

static void survives_anything(void **state)
{
	static const char *const words[] = {"ip",     "ipsec",	"peer",	  "print", "where", "..",
					    "/",      "//",	"detail", "help",  "=",	    "(",
					    "\"",     "system", "log",	  "add",   "\x80",  "spi=1",
					    "export", "and",	"name~a", "!"};
	struct fixture *f = *state;

	srandom(8);
	for (int i = 0; i < 20000; i++) {
		const char *args[8];
		size_t n = (size_t)random() % 8;

		for (size_t k = 0; k < n; k++)
			args[k] = words[(size_t)random() % 22];
		console_result_free(&f->result);
		console_execute(&f->console, args, n, random() % 2, 80, &f->result);
		assert_true(f->result.status == PROTOCOL_OK || f->result.note);
	}
}

static void a_line_is_bounded(void **state)
{
	char *line = malloc(100000);

	memset(line, 'a', 99999);
	line[99999] = '\0';
	assert_string_equal(fixture_note(*state, line, PROTOCOL_USAGE),
			    "the command is too long\n");
	free(line);
}

static void probe_takes_a_peer_and_says_when_to_ask_again(void **state)
{
	struct fixture *f = *state;

	f->fail = 0;
	assert_string_equal(fixture_text(f, "probe to_tencent"), "to_tencent\n");
	assert_string_equal(fixture_text(f, "probe peer=to_tencent aggressive"),
			    "to_tencent aggressive\n");
	assert_string_equal(fixture_text(f, "probe --phase2 to_tencent"), "to_tencent phase2\n");
	assert_string_equal(fixture_text(f, "probe to_tencent phase2"), "to_tencent phase2\n");
	fixture_note(f, "probe", PROTOCOL_USAGE);
	fixture_note(f, "probe --phase2", PROTOCOL_USAGE);
	fixture_note(f, "probe --phase3 to_tencent", PROTOCOL_USAGE);
	fixture_note(f, "probe to_tencent to_tencent", PROTOCOL_USAGE);
	assert_non_null(strstr(fixture_note(f, "probe to_tencemt", PROTOCOL_FAILED), "to_tencent"));
	f->fail = -EAGAIN;
	assert_non_null(strstr(fixture_note(f, "probe to_tencent", PROTOCOL_AGAIN), "again"));
	f->fail = -EDESTADDRREQ;
	assert_non_null(strstr(fixture_note(f, "probe to_tencent", PROTOCOL_FAILED), "no address"));
	f->fail = -ENOENT;
	assert_non_null(strstr(fixture_note(f, "probe to_tencent", PROTOCOL_FAILED), "disabled"));
	f->fail = -ENOTCONN;
	assert_non_null(
		strstr(fixture_note(f, "probe to_tencent phase2", PROTOCOL_FAILED), "phase 1"));
	f->fail = -EALREADY;
	assert_non_null(strstr(fixture_note(f, "probe to_tencent phase2", PROTOCOL_FAILED),
			       "every policy"));
	f->fail = 0;
}

static void diagnose_takes_a_peer_a_vendor_and_a_language(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_text(f, "diagnose"), "* unknown en\n");
	assert_string_equal(fixture_text(f, "diagnose to_tencent vendor=tencent lang=zh"),
			    "to_tencent tencent zh\n");
	assert_string_equal(fixture_text(f, "diagnose --lang zh to_tencent"),
			    "to_tencent unknown zh\n");
	assert_string_equal(fixture_text(f, "diagnose peer=to_tencent --vendor=huawei"),
			    "to_tencent huawei en\n");
	assert_string_equal(fixture_text(f, "diagnose hide-sensitive to_tencent"),
			    "to_tencent unknown en hidden\n");
	assert_non_null(
		strstr(fixture_note(f, "diagnose to_tencemt", PROTOCOL_FAILED), "to_tencent"));
	fixture_note(f, "diagnose lang=fr", PROTOCOL_USAGE);
	fixture_note(f, "diagnose vendor=nobody", PROTOCOL_USAGE);
	fixture_note(f, "diagnose a b", PROTOCOL_USAGE);
	fixture_note(f, "diagnose --lang", PROTOCOL_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(diagnose_takes_a_peer_a_vendor_and_a_language),
		cmocka_unit_test(probe_takes_a_peer_and_says_when_to_ask_again),
		cmocka_unit_test(paths_are_written_in_every_way),
		cmocka_unit_test(words_may_come_one_by_one),
		cmocka_unit_test(unknown_words_get_the_nearest),
		cmocka_unit_test(what_is_not_built_is_refused_by_name),
		cmocka_unit_test(rows_are_changed_in_the_words_of_routeros),
		cmocka_unit_test(the_quotes_that_a_shell_took_come_back),
		cmocka_unit_test(a_condition_of_print_stays_as_it_is),
		cmocka_unit_test(changes_are_refused_with_the_reason),
		cmocka_unit_test(a_change_that_fails_or_has_to_wait_says_so),
		cmocka_unit_test(a_line_a_row_without_a_head),
		cmocka_unit_test(a_line_may_be_at_fault_in_many_ways),
		cmocka_unit_test(actions_are_done_once),
		cmocka_unit_test(a_failed_action_says_why),
		cmocka_unit_test(help_leads_from_the_root_to_a_property),
		cmocka_unit_test(the_hint_comes_with_the_rows),
		cmocka_unit_test(completes_what_was_begun),
		cmocka_unit_test(survives_anything),
		cmocka_unit_test(a_line_is_bounded),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
