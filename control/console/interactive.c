/* SPDX-License-Identifier: BSD-3-Clause */
/* interactive.c - commands from a terminal, with history and completion (libedit), or from a pipe.
 */
#include <ctype.h>
#include <histedit.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/console/client.h"
#include "control/console/grammar.h"
#include "control/console/protocol.h"
#include "control/console/session.h"

#define PASTE_MS 50 /* lines of a paste come no further apart */

struct shell {
	struct session session;
	const char *instance;
	bool json;
	bool end;
	bool piped;
	int rc; /* of the first command that failed */
};

static char *prompt(EditLine *el)
{
	static char text[SESSION_MAX_PATH + 16];
	struct shell *sh = NULL;

	el_get(el, EL_CLIENTDATA, &sh);
	if (sh->session.joined || sh->session.depth)
		return strcpy(text, "... ");
	snprintf(text, sizeof(text), "[espgw] %s%s> ", *sh->session.path ? "/" : "",
		 sh->session.path);
	return text;
}

/* What the words that fit have in common. */
struct common {
	char text[256];
	size_t n;
	char all[2048];
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
	int len = (int)(info->cursor - info->buffer);
	struct shell *sh = NULL;
	struct common c = {0};
	char line[1024];
	size_t begun = 0;

	(void)ch;
	el_get(el, EL_CLIENTDATA, &sh);
	if (len > 0 && info->buffer[0] == '/')
		snprintf(line, sizeof(line), "%.*s", len, info->buffer);
	else
		snprintf(line, sizeof(line), "%s %.*s", sh->session.path, len, info->buffer);
	grammar_complete(line, collect, &c);
	if (c.n == 0)
		return CC_REFRESH_BEEP;
	for (size_t n = strlen(line); n && !strchr(" \t/(!", line[n - 1]); n--)
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

static bool is_quit(const char *raw, size_t len)
{
	static const char *const words[] = {"quit", "exit"};

	while (len && (isspace((unsigned char)*raw) || *raw == '/'))
		raw++, len--;
	while (len && isspace((unsigned char)raw[len - 1]))
		len--;
	for (size_t i = 0; i < 2; i++)
		if (len == strlen(words[i]) && memcmp(raw, words[i], len) == 0)
			return true;
	return false;
}

/* One command: over a connection of its own, so that a restarted daemon is no matter. */
static void run_one(struct shell *sh, const char *line)
{
	int fd = client_connect(sh->instance), rc = CLIENT_UNREACHABLE;

	if (fd >= 0) {
		rc = client_run(fd, &line, 1, sh->json);
		close(fd);
	}
	if (rc && sh->piped)
		fprintf(stderr, "espgw: line %u: not done, see above\n", sh->session.began);
	if (sh->rc == 0)
		sh->rc = rc;
}

static void run(struct shell *sh, struct text *commands)
{
	char *rest = commands->s, *line;

	if (commands->failed)
		fputs("espgw: not enough memory\n", stderr);
	while (rest && (line = strsep(&rest, "\n")) != NULL)
		if (*line)
			run_one(sh, line);
}

/* Where one has come to is not here. */
static void tell_place(struct shell *sh)
{
	bool nowhere = sh->session.refused == session_no_menu;
	struct text why = {0};

	if (sh->session.transcript && !nowhere)
		return; /* what follows is told */
	session_explain(&sh->session, &why);
	fputs(why.s ? why.s : "", stderr);
	text_free(&why);
	if (!nowhere)
		return;
	if (sh->piped && !sh->session.transcript)
		fprintf(stderr, "espgw: line %u: not done, see above\n", sh->session.began);
	if (sh->rc == 0)
		sh->rc = PROTOCOL_USAGE;
}

/* A line in, and what is a whole command now, done. last: no line is known to follow. */
static void take(struct shell *sh, const char *raw, size_t len, bool last)
{
	struct text command = {0};
	char was[SESSION_MAX_PATH];

	strcpy(was, sh->session.path);

	sh->end = !sh->session.joined && !sh->session.depth && is_quit(raw, len);
	if (sh->end)
		session_end(&sh->session, &command);
	else
		session_line(&sh->session, raw, len, &command);
	run(sh, &command);
	text_cut(&command, 0);
	if (last && !sh->end && !sh->session.joined && !sh->session.depth) {
		session_end(&sh->session, &command);
		run(sh, &command);
	}
	if (sh->session.refused && strcmp(sh->session.path, was) != 0)
		tell_place(sh);
	text_free(&command);
}

/* Without a terminal: plain lines. */
static int run_lines(struct shell *sh)
{
	struct text command = {0};
	char *raw = NULL;
	size_t room = 0;
	ssize_t n;

	while (!sh->end && (n = getline(&raw, &room, stdin)) > 0) {
		take(sh, raw, (size_t)n, false);
		explicit_bzero(raw, room);
	}
	session_end(&sh->session, &command);
	run(sh, &command);
	text_free(&command);
	if (sh->session.skipped)
		fprintf(stderr,
			"espgw: %u lines without a prompt were taken for a router's answers\n",
			sh->session.skipped);
	free(raw);
	return sh->rc;
}

static bool more_is_coming(void)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&p, 1, PASTE_MS) > 0;
}

static void remember(History *past, const char *raw)
{
	HistEvent ev;
	char *line = strdup(raw);

	if (!line)
		return;
	line[strcspn(line, "\r\n")] = '\0';
	if (*line)
		history(past, &ev, H_ENTER, line);
	explicit_bzero(line, strlen(line));
	free(line);
}

static EditLine *open_terminal(struct shell *sh, History **past)
{
	EditLine *el = el_init("espgw", stdin, stdout, stderr);
	HistEvent ev;

	*past = history_init();
	if (!el || !*past)
		return NULL;
	history(*past, &ev, H_SETSIZE, 500);
	history(*past, &ev, H_SETUNIQUE, 1);
	el_set(el, EL_CLIENTDATA, sh);
	el_set(el, EL_PROMPT, prompt);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_SIGNAL, 1);
	el_set(el, EL_HIST, history, *past);
	el_set(el, EL_ADDFN, "espgw-complete", "complete", complete);
	el_set(el, EL_BIND, "\t", "espgw-complete", NULL);
	return el;
}

int client_interactive(const char *instance, bool json)
{
	struct shell sh = {.instance = instance, .json = json, .piped = !isatty(STDIN_FILENO)};
	History *past;
	const char *raw;
	EditLine *el;
	int n;

	if (sh.piped) {
		n = run_lines(&sh);
		session_free(&sh.session);
		return n;
	}
	el = open_terminal(&sh, &past);
	if (!el) {
		fprintf(stderr, "espgw: not enough memory\n");
		return CLIENT_UNREACHABLE;
	}
	while (!sh.end && (raw = el_gets(el, &n)) != NULL && n > 0) {
		bool transcript = sh.session.transcript || session_has_prompt(raw, (size_t)n);
		bool more = more_is_coming();

		if (session_may_keep(&sh.session, raw, (size_t)n))
			remember(past, raw);
		sh.session.typed = !more && !transcript;
		take(&sh, raw, (size_t)n, !transcript || !more);
	}
	session_free(&sh.session);
	history_end(past);
	el_end(el);
	return 0;
}
