/* SPDX-License-Identifier: BSD-3-Clause */
/* interactive.c - commands from a terminal, with history and completion (libedit), or from a pipe.
 */
#include <ctype.h>
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/console/client.h"
#include "control/console/grammar.h"
#include "control/console/protocol.h"
#include "control/console/session.h"
#include "control/console/verbs.h"

#define PASTE_MS 50 /* lines of a paste come no further apart */

struct shell {
	struct session session;
	const char *instance;
	bool json;
	bool end;
	bool piped;
	bool typed;		     /* by hand, line by line: each command is answered */
	bool dropped;		     /* the line was given up with Ctrl-C */
	int rc;			     /* of the first command that failed */
	char told[SESSION_MAX_PATH]; /* a place that is not here, which has been said; "" = none */
	unsigned passed;	     /* commands for it since, from line first on */
	unsigned first;
};

static char *prompt(EditLine *el)
{
	static char text[SESSION_MAX_PATH + 64];
	struct shell *sh = NULL;

	el_get(el, EL_CLIENTDATA, &sh);
	if (session_is_open(&sh->session))
		return strcpy(text, sh->session.quoted	? "... \" is open, Ctrl-C drops it> "
				    : sh->session.depth ? "... { is open, Ctrl-C drops it> "
							: "... ");
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

static void failed(struct shell *sh, int rc)
{
	if (sh->piped && !sh->session.transcript)
		fprintf(stderr, "espgw: line %u: not done, see above\n", sh->session.began);
	if (sh->rc == 0)
		sh->rc = rc;
}

/* A section of a paste for a place that is not here: that was said once, and is true of all of it.
 */
static bool is_passed(struct shell *sh, const char *line)
{
	char word[GRAMMAR_MAX_WORD];
	size_t n = strlen(sh->told);

	if (n == 0 || sh->typed || *line != '/' || strncmp(line + 1, sh->told, n) != 0 ||
	    line[1 + n] != ' ')
		return false;
	line += 2 + n;
	n = strcspn(line, " ");
	snprintf(word, sizeof(word), "%.*s", n < sizeof(word) ? (int)n : 0, line);
	if (!verbs_is_begun(word))
		return false; /* a place below it, of which there may be more to say */
	if (sh->passed++ == 0)
		sh->first = sh->session.began;
	if (sh->rc == 0)
		sh->rc = PROTOCOL_USAGE;
	return true;
}

/* The section is over. */
static void end_section(struct shell *sh)
{
	if (sh->passed != 0)
		fprintf(stderr,
			"espgw: %u command%s for /%s from line %u on: not done, see above\n",
			sh->passed, sh->passed == 1 ? "" : "s", sh->told, sh->first);
	sh->passed = 0;
	sh->told[0] = '\0';
}

/* Why something is not done here, or a place is not. */
static void run_told(struct shell *sh, const char *why)
{
	if (*why == '/') {
		end_section(sh);
		snprintf(sh->told, sizeof(sh->told), "%.*s", (int)strcspn(why + 1, ":"), why + 1);
	}
	fprintf(stderr, "%s\n", why);
	failed(sh, PROTOCOL_USAGE);
}

/* Half a command is none, and what follows may depend on it. */
static void run_out_of_memory(struct shell *sh)
{
	fputs("espgw: not enough memory: this and what follows is not done\n", stderr);
	failed(sh, PROTOCOL_FAILED);
	sh->end = true;
}

static void run(struct shell *sh, struct text *commands)
{
	char *rest = commands->s, *line;

	if (commands->failed)
		run_out_of_memory(sh);
	while (!commands->failed && rest && (line = strsep(&rest, "\n")) != NULL) {
		if (*line == '#')
			run_told(sh, line + 1);
		else if (*line && !is_passed(sh, line))
			run_one(sh, line);
	}
	text_free(commands);
}

/* A line in, and what is a whole command now, done. last: no line is known to follow. */
static void take(struct shell *sh, const char *raw, size_t len, bool last)
{
	struct text command = {0};

	sh->end = !session_is_open(&sh->session) && is_quit(raw, len);
	if (sh->end)
		session_end(&sh->session, &command);
	else
		session_line(&sh->session, raw, len, &command);
	run(sh, &command);
	if (last && !sh->end && !session_is_open(&sh->session)) {
		session_end(&sh->session, &command);
		run(sh, &command);
	}
	if (strcmp(sh->session.path, sh->told) != 0)
		end_section(sh);
}

static void end(struct shell *sh)
{
	struct text command = {0};

	session_end(&sh->session, &command);
	run(sh, &command);
}

/* Without a terminal: plain lines. */
static int run_lines(struct shell *sh)
{
	char *raw = NULL;
	size_t room = 0;
	ssize_t n;

	while (!sh->end && (n = getline(&raw, &room, stdin)) > 0) {
		take(sh, raw, (size_t)n, false);
		explicit_bzero(raw, room);
	}
	if (!sh->end && !feof(stdin)) {
		fprintf(stderr, "espgw: standard input: %s: what follows is not done\n",
			strerror(errno));
		failed(sh, PROTOCOL_FAILED);
	}
	end(sh);
	end_section(sh);
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

/* Ctrl-C: the line, and what is open before it, are not done. */
static unsigned char drop(EditLine *el, int ch)
{
	struct shell *sh = NULL;

	(void)ch;
	el_get(el, EL_CLIENTDATA, &sh);
	sh->dropped = true;
	fputs("^C\n", stdout);
	return CC_EOF;
}

/* The terminal makes no signals of keys while a line is edited. */
static unsigned char stop(EditLine *el, int ch)
{
	(void)el;
	kill(0, ch == ('Z' & 0x1f) ? SIGTSTP : SIGQUIT);
	return CC_REFRESH;
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
	el_set(el, EL_SETTY, "-d", "-isig", NULL); /* a key of the editor's; elsewhere as ever */
	el_set(el, EL_ADDFN, "espgw-drop", "drop the line", drop);
	el_set(el, EL_BIND, "^C", "espgw-drop", NULL);
	el_set(el, EL_ADDFN, "espgw-stop", "stop or end the program", stop);
	el_set(el, EL_BIND, "^Z", "espgw-stop", NULL);
	el_set(el, EL_BIND, "^\\", "espgw-stop", NULL);
	return el;
}

static void one_line(struct shell *sh, History *past, const char *raw, size_t len)
{
	bool transcript = sh->session.transcript || session_has_prompt(raw, len), more;

	if (session_may_keep(&sh->session, raw, len))
		remember(past, raw);
	more = more_is_coming();
	sh->typed = !more && !transcript;
	take(sh, raw, len, !transcript || !more);
}

/* The line was given up, or there are no more. Of what is open, that it was not done. */
static void no_line(struct shell *sh)
{
	struct text command = {0};

	sh->end = !sh->dropped && !session_is_open(&sh->session);
	if (sh->dropped)
		session_drop(&sh->session, &command);
	else
		session_end(&sh->session, &command);
	sh->dropped = false;
	run(sh, &command);
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
	sh.session.terminal = true;
	el = open_terminal(&sh, &past);
	if (!el) {
		fprintf(stderr, "espgw: not enough memory\n");
		return CLIENT_UNREACHABLE;
	}
	while (!sh.end) {
		el_set(el, EL_PREP_TERM, 1); /* before the prompt, whose reader may be quick */
		raw = el_gets(el, &n);
		if (raw && n > 0)
			one_line(&sh, past, raw, (size_t)n);
		else
			no_line(&sh);
	}
	session_free(&sh.session);
	history_end(past);
	el_end(el);
	return 0;
}
