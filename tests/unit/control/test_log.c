/* SPDX-License-Identifier: BSD-3-Clause */
/* test_log.c - escaping, the kept lines, the limits, and a sink that does not take anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/log.h"

struct seen {
	unsigned int lines;
	uint64_t first, last;
	struct log_line line; /* the last one */
};

static void see(void *ctx, const struct log_line *l)
{
	struct seen *s = ctx;

	if (s->lines++ == 0)
		s->first = l->number;
	s->last = l->number;
	s->line = *l;
}

static struct seen look(void)
{
	struct seen s = {0};

	log_visit(see, &s);
	return s;
}

static int setup(void **state)
{
	(void)state;
	log_setup(-1, LOG_LEVEL_INFO);
	log_reset();
	return 0;
}

static void escapes_what_could_forge(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{"plain", "plain"},
		{"two\nlines\r", "two\\x0alines\\x0d"},
		{"\x1b[31mred", "\\x1b[31mred"},
		{"del\x7f", "del\\x7f"},
		{"back\\x0a", "back\\\\x0a"},
		{"\xe4\xbd\xa0\xe5\xa5\xbd", "\xe4\xbd\xa0\xe5\xa5\xbd"},
		{"\xc0\x8a", "\\xc0\\x8a"},	     /* overlong newline */
		{"\xc2\x85", "\\xc2\\x85"},	     /* C1 next line */
		{"\xe2\x80\xae", "\\xe2\\x80\\xae"}, /* right-to-left override */
		{"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
		{"\xe4\xbd", "\\xe4\\xbd"}, /* cut short */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		char out[64] = "";

		assert_int_equal(log_escape(out, sizeof(out), t[i].in), strlen(t[i].out));
		assert_string_equal(out, t[i].out);
	}
}

static void cuts_between_escapes(void **state)
{
	char out[8] = "abc";

	(void)state;
	log_escape(out, sizeof(out), "\n\n");
	assert_string_equal(out, "abc\\x0a");
}

static void every_byte_comes_out_printable(void **state)
{
	(void)state;
	for (int b = 1; b < 256; b++) {
		char in[2] = {(char)b, '\0'}, out[16] = "";

		log_escape(out, sizeof(out), in);
		for (const char *p = out; *p != '\0'; p++)
			assert_in_range((unsigned char)*p, 0x20, 0x7e);
	}
}

static void line_carries_topic_level_and_context(void **state)
{
	const struct log_ctx lc = {.topic = "ipsec",
				   .peer = "to_tencent",
				   .remote = {.family = 4, .bytes = {119, 91, 254, 122}},
				   .ispi = 0x0123456789abcdef,
				   .rspi = 1};
	struct seen s;

	(void)state;
	log_info(&lc, "phase 1 %s", "established");
	s = look();
	assert_int_equal(s.lines, 1);
	assert_string_equal(s.line.topics, "ipsec,info");
	assert_string_equal(s.line.text, "to_tencent 119.91.254.122 "
					 "0123456789abcdef:0000000000000001 phase 1 established");
	assert_true(s.line.wall_sec > 1600000000);
}

static void an_empty_context_is_enough(void **state)
{
	const struct log_ctx none = {0};

	(void)state;
	log_error(&none, "text");
	assert_string_equal(look().line.text, "text");
	assert_string_equal(look().line.topics, "system,error");
}

static void keeps_the_last_lines(void **state)
{
	struct seen s;

	(void)state;
	for (unsigned int i = 0; i < LOG_KEEP + 10; i++)
		log_info(&log_system, "line %u", i);
	s = look();
	assert_int_equal(s.lines, LOG_KEEP);
	assert_int_equal(s.first, 11);
	assert_int_equal(s.last, LOG_KEEP + 10);
}

static void long_lines_are_cut(void **state)
{
	char big[4000];

	(void)state;
	memset(big, '\n', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	log_info(&log_system, "%s", big);
	assert_in_range(strlen(look().line.text), LOG_TEXT - 8, LOG_TEXT - 1);
}

static void level_filters(void **state)
{
	(void)state;
	log_debug(&log_system, "unseen");
	assert_int_equal(look().lines, 0);
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug(&log_system, "seen");
	assert_int_equal(look().lines, 1);
}

static void strangers_share_one_limit(void **state)
{
	struct log_ctx lc = {.topic = "ipsec", .peer = "", .limited = true};
	struct seen s;

	(void)state;
	lc.remote.family = 4;
	for (unsigned int i = 0; i < 500; i++) {
		lc.remote.bytes[3] = (uint8_t)i;
		lc.remote.bytes[2] = (uint8_t)(i >> 8);
		log_warn(&lc, "malformed");
	}
	s = look();
	assert_in_range(s.lines, 20, 40); /* the burst, and what a slow machine lets through */
	assert_int_equal(s.lines + log_suppressed(), 500);
	/* a known peer is not silenced by strangers */
	lc.peer = "to_tencent";
	log_warn(&lc, "retransmit");
	assert_string_equal(look().line.text, "to_tencent 0.0.1.243 retransmit");
}

static void held_back_lines_are_summed_up(void **state)
{
	const struct log_ctx lc = {.topic = "ipsec", .peer = "", .limited = true};
	char want[96];
	uint64_t held;

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		log_warn(&lc, "x");
	held = log_suppressed();
	assert_true(held > 0);
	log_tick(UINT64_MAX);
	snprintf(want, sizeof(want),
		 "log: %llu lines about unknown sources and 0 about peers held back",
		 (unsigned long long)held);
	assert_string_equal(look().line.text, want);
	log_tick(UINT64_MAX); /* once */
	assert_int_equal(look().line.number, look().lines);
}

static void a_blocked_sink_does_not_block(void **state)
{
	char junk[4096] = {0};
	int p[2];
	uint64_t before;

	(void)state;
	assert_int_equal(pipe2(p, O_NONBLOCK), 0);
	while (write(p[1], junk, sizeof(junk)) > 0)
		;
	assert_int_equal(fcntl(p[1], F_SETFL, 0), 0); /* a write would block for ever now */
	log_setup(p[1], LOG_LEVEL_INFO);
	before = log_suppressed();
	log_info(&log_system, "nobody reads");
	assert_int_equal(log_suppressed(), before + 1);
	assert_string_equal(look().line.text, "nobody reads"); /* kept all the same */
	close(p[0]);
	close(p[1]);
	log_setup(-1, LOG_LEVEL_INFO);
}

static void writes_one_whole_line(void **state)
{
	char out[256] = {0};
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	log_setup(p[1], LOG_LEVEL_INFO);
	log_info(&log_ipsec, "hello");
	log_setup(-1, LOG_LEVEL_INFO);
	assert_true(read(p[0], out, sizeof(out) - 1) > 0);
	assert_non_null(strstr(out, " ipsec,info hello\n"));
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	close(p[0]);
	close(p[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(escapes_what_could_forge, setup),
		cmocka_unit_test_setup(cuts_between_escapes, setup),
		cmocka_unit_test_setup(every_byte_comes_out_printable, setup),
		cmocka_unit_test_setup(line_carries_topic_level_and_context, setup),
		cmocka_unit_test_setup(an_empty_context_is_enough, setup),
		cmocka_unit_test_setup(keeps_the_last_lines, setup),
		cmocka_unit_test_setup(long_lines_are_cut, setup),
		cmocka_unit_test_setup(level_filters, setup),
		cmocka_unit_test_setup(strangers_share_one_limit, setup),
		cmocka_unit_test_setup(held_back_lines_are_summed_up, setup),
		cmocka_unit_test_setup(a_blocked_sink_does_not_block, setup),
		cmocka_unit_test_setup(writes_one_whole_line, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
