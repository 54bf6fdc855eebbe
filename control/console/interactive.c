/* SPDX-License-Identifier: BSD-3-Clause */
/* interactive.c - commands from a terminal, with history and completion (libedit). */
#include <ctype.h>
#include <histedit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/console/client.h"
#include "control/console/grammar.h"

static char *prompt(EditLine *el)
{
	static char text[] = "[espgw] > ";

	(void)el;
	return text;
}

/* What the words that fit have in common. */
struct common {
	char text[64];
	size_t n;
	char all[1024];
};

static void collect(void *arg, const char *word)
{
	struct common *c = arg;
	size_t used = strlen(c->all), i = 0;

	snprintf(c->all + used, sizeof(c->all) - used, "%s%s", used ? "  " : "", word);
	if (c->n++ == 0) {
		snprintf(c->text, sizeof(c->text), "%s", word);
		return;
	}
	while (c->text[i] && c->text[i] == word[i])
		i++;
	c->text[i] = '\0';
}

static unsigned char complete(EditLine *el, int ch)
{
	const LineInfo *info = el_line(el);
	struct common c = {0};
	char line[1024];
	size_t begun = 0;

	(void)ch;
	snprintf(line, sizeof(line), "%.*s", (int)(info->cursor - info->buffer), info->buffer);
	grammar_complete(line, collect, &c);
	if (c.n == 0)
		return CC_REFRESH_BEEP;
	for (size_t len = strlen(line); len && !strchr(" \t/(!", line[len - 1]); len--)
		begun++;
	if (c.n > 1 && strlen(c.text) == begun) {
		printf("\n%s\n", c.all);
		return CC_REDISPLAY;
	}
	el_insertstr(el, c.text + begun);
	if (c.n == 1 && c.text[strlen(c.text) - 1] != '=')
		el_insertstr(el, " ");
	return CC_REFRESH;
}

/* One line: run it over a connection of its own, so that a restarted daemon is no matter. */
static int run_line(const char *instance, const char *line, bool json)
{
	int fd = client_connect(instance), rc = CLIENT_UNREACHABLE;

	if (fd >= 0) {
		rc = client_run(fd, &line, 1, json);
		close(fd);
	}
	return rc;
}

static bool is_quit(const char *line)
{
	return strcmp(line, "quit") == 0 || strcmp(line, "exit") == 0 || strcmp(line, "/quit") == 0;
}

static char *trim(const char *s, int len)
{
	while (len > 0 && isspace((unsigned char)*s))
		s++, len--;
	while (len > 0 && isspace((unsigned char)s[len - 1]))
		len--;
	return strndup(s, (size_t)len);
}

/* Without a terminal: plain lines. */
static int run_lines(const char *instance, bool json)
{
	char *raw = NULL;
	size_t room = 0;
	ssize_t n;
	int rc = 0;

	while ((n = getline(&raw, &room, stdin)) > 0) {
		char *line = trim(raw, (int)n);
		bool end = !line || is_quit(line);

		if (!end && *line && *line != '#')
			rc = run_line(instance, line, json);
		free(line);
		if (end)
			break;
	}
	free(raw);
	return rc;
}

int client_interactive(const char *instance, bool json)
{
	EditLine *el;
	History *past;
	const char *raw;
	HistEvent ev;
	bool end = false;
	int n;

	if (!isatty(STDIN_FILENO))
		return run_lines(instance, json);
	el = el_init("espgw", stdin, stdout, stderr);
	past = history_init();
	if (!el || !past) {
		fprintf(stderr, "espgw: not enough memory\n");
		return CLIENT_UNREACHABLE;
	}
	history(past, &ev, H_SETSIZE, 500);
	history(past, &ev, H_SETUNIQUE, 1);
	el_set(el, EL_PROMPT, prompt);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_SIGNAL, 1);
	el_set(el, EL_HIST, history, past);
	el_set(el, EL_ADDFN, "espgw-complete", "complete", complete);
	el_set(el, EL_BIND, "\t", "espgw-complete", NULL);
	while (!end && (raw = el_gets(el, &n)) != NULL && n > 0) {
		char *line = trim(raw, n);

		end = !line || is_quit(line);
		if (!end && *line) {
			history(past, &ev, H_ENTER, line);
			run_line(instance, line, json);
		}
		free(line);
	}
	history_end(past);
	el_end(el);
	return 0;
}
