/* SPDX-License-Identifier: BSD-3-Clause */
/* test_paste.c - what is exported and pasted again is the same configuration, whatever is in it. */
#include "tests/unit/control/model/load.h"

#include <errno.h>

#include "control/console/export.h"
#include "control/console/server.h"
#include "control/console/session.h"
#include "control/model/change.h"
#include "control/model/source.h"

#define ROUNDS 60

static uint64_t seed;

static unsigned int any(unsigned int below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned int)(seed >> 11) % below;
}

/* Bytes that mean something to one of the writers and readers on the way, or to none. */
static const char *hostile(bool controls)
{
	static const char *const bits[] = {"\"",
					   "\\",
					   "$",
					   "[",
					   "]",
					   ";",
					   "{",
					   "}",
					   "(",
					   ")",
					   "#",
					   "'",
					   "/*",
					   "*/",
					   "//",
					   "=",
					   " ",
					   ",",
					   "!",
					   "?",
					   "\\x",
					   "@include \"x\"",
					   "\xc3\xa9",
					   "\xe5\xaf\x86",
					   "\xff",
					   "\xc2\x9b",
					   "a",
					   "0",
					   "find",
					   "..",
					   "\\\"",
					   "%s",
					   "-",
					   "~",
					   "set",
					   "\xf0\x9f\x94\x91",
					   "\n",
					   "\r",
					   "\t",
					   "\x01",
					   "\x7f",
					   "\n/",
					   "\r\n@include \"x\"\n"};
	static char text[4][512];
	static unsigned int which;
	char *t = text[which++ % 4];
	size_t n = sizeof(bits) / sizeof(bits[0]) - (controls ? 0 : 7);

	*t = '\0';
	for (unsigned int i = 1 + any(12); i; i--)
		strcat(t, bits[any((unsigned int)n)]);
	return t;
}

static void say(struct text *out, const char *name, const char *value)
{
	text_printf(out, "%s = ", name);
	edit_quote(value, out);
	text_puts(out, "; ");
}

static const char *const names[] = {"default", "0", "-1", "find", "..", "add", "1.2", "_", "A-b"};

/* Of each list some rows: names that mean something, comments and secrets that do. */
static void make_conf(struct text *out)
{
	unsigned int n = 1 + any(sizeof(names) / sizeof(names[0])), first = any(9);

	text_puts(out, "interface = ( { device = \"net_tap0\"; ");
	say(out, "name", names[first]);
	say(out, "comment", hostile(false));
	text_puts(out, "} );\nip = { address = ( { address = \"192.0.2.1/24\"; ");
	say(out, "interface", names[first]);
	text_puts(out, "} ); ipsec = {\nsettings = { allow-weak = \"ikev1,sha1,modp1024\"; "
		       "};\nprofile = ( { name = \"default\"; nat-traversal = false; "
		       "}, { name = \"p\"; ");
	say(out, "comment", hostile(false));
	text_puts(out, "} );\npeer = (");
	for (unsigned int i = 0; i < n; i++) {
		text_printf(out, "%s { address = \"192.0.2.%u\"; ", i ? ",\n" : "", 10 + i);
		say(out, "name", names[i]);
		say(out, "comment", hostile(false));
		say(out, "profile", any(2) ? "default" : "p");
		text_puts(out, any(4) ? "}" : "disabled = true; }");
	}
	text_puts(out, " );\nidentity = (");
	for (unsigned int i = 0; i < n; i++) {
		text_printf(out, "%s { ", i ? ",\n" : "");
		say(out, "peer", names[i]);
		say(out, "secret", hostile(true));
		say(out, "comment", hostile(false));
		text_puts(out, "}");
	}
	text_puts(out, " );\npolicy = (");
	for (unsigned int i = 0; i < n; i++) {
		text_printf(out,
			    "%s { src-address = \"10.0.0.0/24\"; dst-address = \"10.1.%u.0/24\"; "
			    "tunnel = true; ",
			    i ? ",\n" : "", i);
		say(out, "peer", names[i]);
		text_puts(out, "}");
	}
	text_puts(out, " ); }; };\n");
}

/* As the daemon does it: the new text is loaded, then written. */
static int change(void *ctx, const struct change *c, char **message)
{
	static struct problems problems;
	struct change_made made;
	struct source_instead in;
	struct text why = {0};
	struct model *m = NULL;
	int rc;

	(void)ctx;
	problems_init(&problems);
	rc = change_make(c, "t.conf", &made, &problems, &why);
	if (rc == 0) {
		in = (struct source_instead){made.path, made.text.s, made.text.len};
		m = model_load_with("t.conf", &in, &problems);
		rc = m ? change_write(&made, &why) : -EINVAL;
	}
	if (rc)
		*message = why.len ? text_steal(&why) : problems_text(&problems);
	model_free(m);
	text_free(&why);
	problems_free(&problems);
	change_made_free(&made);
	return rc;
}

/* Over the socket's frames, which must be able to carry it. */
static void run(const char *line)
{
	static struct menu_source source[MENU_MAX];
	struct console c = {.source = source, .actions = {.change = change}};
	struct protocol_request req;
	struct console_result r;
	const char *why;
	size_t len;
	uint8_t *frame = protocol_make_request(&line, 1, false, 80, &len);

	assert_non_null(frame);
	assert_int_equal(protocol_parse_request((char *)frame + PROTOCOL_HEADER,
						len - PROTOCOL_HEADER, &req, &why),
			 0);
	free(frame);
	c.model = model_new("none");
	console_execute(&c, (const char *const *)req.args, req.n_args, false, 80, &r);
	if (r.status)
		print_error("%s\n%s\n", line, r.note ? r.note : "");
	assert_int_equal(r.status, PROTOCOL_OK);
	console_result_free(&r);
	protocol_free_request(&req);
	model_free((struct model *)(uintptr_t)c.model);
}

static void run_all(struct text *commands)
{
	char *rest = commands->s, *line;

	while (rest && (line = strsep(&rest, "\n")) != NULL)
		if (*line)
			run(line);
	text_free(commands);
}

static void paste(const char *text)
{
	struct session s = {0};
	struct text command = {0};

	while (*text) {
		size_t len = strcspn(text, "\n");

		session_line(&s, text, len, &command);
		run_all(&command);
		text += len + (text[len] == '\n');
	}
	session_end(&s, &command);
	run_all(&command);
	text_free(&command);
	session_free(&s);
}

static void what_is_exported_makes_the_same_again(void **state)
{
	static struct problems problems;
	unsigned int good = 0;

	(void)state;
	seed = 88172645463325252u;
	for (int round = 0; round < ROUNDS; round++) {
		struct text conf = {0}, before = {0}, after = {0};
		struct model *m;
		char *told;

		make_conf(&conf);
		m = load_text(conf.s, &told);
		if (m) {
			good++;
			export_print(m, "", true, &before);
			model_free(m);
			/* a gateway without an interface does not start, so one is there */
			load_write("t.conf", conf.s, strcspn(conf.s, "\n"), 0600);
			paste(strstr(before.s, "\n/ip"));
			problems_init(&problems);
			m = model_load("t.conf", &problems);
			problems_free(&problems);
			assert_non_null(m);
			export_print(m, "", true, &after);
			assert_string_equal(after.s, before.s);
			model_free(m);
		} else {
			print_message("%s", told);
		}
		free(told);
		text_free(&conf);
		text_free(&before);
		text_free(&after);
	}
	assert_in_range(good, ROUNDS / 2, ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_exported_makes_the_same_again),
	};

	return cmocka_run_group_tests_name("paste", tests, load_setup, load_teardown);
}
