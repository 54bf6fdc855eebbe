/* SPDX-License-Identifier: BSD-3-Clause */
/* test_interactive.c - the console on a terminal: what stands there first, a key that ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/console/client.h"

#define PROMPT "[espgw] > "

static struct {
	pid_t pid;
	int fd;
	char seen[4096];
	size_t len;
} terminal;

/* What a key sends before the prompt is there would meet the terminal as it was. */
static void read_up_to(const char *end)
{
	struct pollfd p = {.fd = terminal.fd, .events = POLLIN};

	terminal.len = 0;
	terminal.seen[0] = '\0';
	while (!strstr(terminal.seen, end)) {
		ssize_t n;

		if (poll(&p, 1, 60000) != 1) {
			print_error("there is: %s\n", terminal.seen);
			fail();
		}
		n = read(terminal.fd, terminal.seen + terminal.len,
			 sizeof(terminal.seen) - 1 - terminal.len);
		assert_true(n > 0);
		terminal.len += (size_t)n;
		terminal.seen[terminal.len] = '\0';
	}
}

static int open_console(void **state)
{
	static const struct rlimit none;

	(void)state;
	terminal.pid = forkpty(&terminal.fd, NULL, NULL, NULL);
	if (terminal.pid == 0) {
		(void)signal(SIGQUIT, SIG_DFL); /* a shell's background jobs ignore it */
		(void)setrlimit(RLIMIT_CORE, &none);
		setenv("TERM", "dumb", 1);
		_exit(client_interactive("none", false));
	}
	return terminal.pid < 0;
}

static int close_console(void **state)
{
	(void)state;
	if (terminal.pid > 0) { /* a test failed */
		(void)kill(terminal.pid, SIGKILL);
		(void)waitpid(terminal.pid, NULL, 0);
	}
	return close(terminal.fd);
}

static int press(const char *keys)
{
	int status;

	assert_int_equal(write(terminal.fd, keys, strlen(keys)), strlen(keys));
	assert_int_equal(waitpid(terminal.pid, &status, 0), terminal.pid);
	terminal.pid = 0;
	return status;
}

static void the_prompt_is_the_first_there_is(void **state)
{
	int status;

	(void)state;
	read_up_to(PROMPT);
	for (const char *p = terminal.seen; strncmp(p, PROMPT, strlen(PROMPT)) != 0; p++)
		if (*p != '\r' && *p != '\n') {
			print_error("there is: %s\n", terminal.seen);
			fail();
		}
	status = press("quit\n");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void ctrl_backslash_ends_it(void **state)
{
	int status;

	(void)state;
	read_up_to(PROMPT);
	status = press("\x1c");
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGQUIT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, open_console, close_console)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_prompt_is_the_first_there_is),
		T(ctrl_backslash_ends_it),
	};

	alarm(300); /* a key that does nothing would be waited for */
	return cmocka_run_group_tests_name("interactive", tests, NULL, NULL);
}
