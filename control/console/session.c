/* SPDX-License-Identifier: BSD-3-Clause */
/* session.c - from lines to whole commands; see session.h. */
#include "control/console/session.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/console/verbs.h"
#include "control/model/suggest.h"

/* Of a place that RouterOS may have or not. */
static const char no_menu[] = "there is no such menu here";

static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

static void trim(const char **s, size_t *len)
{
	while (*len && is_blank(**s))
		(*s)++, (*len)--;
	while (*len && is_blank((*s)[*len - 1]))
		(*len)--;
}

/* --- paths --- */

static bool is_menu(const char *path)
{
	return schema_find_menu(path) >= 0 || verbs_is_folder(path);
}

/* Why a place is not here, or NULL: it is. */
static const char *refusal(const char *path)
{
	const char *why = *path == '\0' || is_menu(path) ? NULL : schema_refused_menu(path);

	return why || *path == '\0' || is_menu(path) ? why : no_menu;
}

/* One word of a path onto it; what has no room is cut. */
static void push(char path[SESSION_MAX_PATH], const char *word)
{
	char full[GRAMMAR_MAX_WORD * 2];
	size_t used = strlen(path);

	if (strcmp(word, "..") == 0) {
		char *last = strrchr(path, ' ');

		path[last ? last - path : 0] = '\0';
		return;
	}
	snprintf(full, sizeof(full), "%s", word);
	if (!refusal(path))
		verbs_expand(path, full, sizeof(full));
	snprintf(path + used, SESSION_MAX_PATH - used, "%s%s", used ? " " : "", full);
}

/* The next word of a path. False: there is none. */
static bool next_word(const char **p, char word[GRAMMAR_MAX_WORD])
{
	size_t n;

	*p += strspn(*p, " \t/");
	n = strcspn(*p, " \t/");
	snprintf(word, GRAMMAR_MAX_WORD, "%.*s", n < GRAMMAR_MAX_WORD ? (int)n : 0, *p);
	*p += n;
	return n > 0;
}

/* Could it be a word of a path? */
static bool is_word(const char *word)
{
	for (const char *c = word; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '-')
			return false;
	return *word != '\0';
}

/* Follow the words as far as one goes. Behind a place that is not here any word is one. */
static void follow(char path[SESSION_MAX_PATH], const char *p)
{
	char word[GRAMMAR_MAX_WORD];

	while (next_word(&p, word))
		push(path, *word ? word : "?");
}

/* Is the word a command of ours at a place? */
static bool is_command(const char *path, const char *word)
{
	char full[GRAMMAR_MAX_WORD * 2];

	snprintf(full, sizeof(full), "%s", word);
	verbs_expand(path, full, sizeof(full));
	return verbs_find(schema_find_menu(path), path, full) != NULL;
}

/* A command with a slip of the hand in it: one letter more, less, another one, or two swapped. */
static bool is_slip(const char *path, const char *word)
{
	char known[GRAMMAR_MAX_WORDS][GRAMMAR_MAX_WORD];
	size_t n = verbs_at(path, known);

	for (size_t i = 0; i < n; i++)
		if (verbs_find(schema_find_menu(path), path, known[i]) &&
		    suggest_distance(word, known[i]) <= 1)
			return true;
	return false;
}

/* What stands behind the last place that is here. */
enum rest {
	REST_PATH,    /* words of a path, to a place that is not here */
	REST_COMMAND, /* a command for such a place, or none at all: one stays where one is */
	REST_EITHER,  /* "/lcd pin", "/tool mac-server ping": it cannot be told from here */
};

/* Follows what may be a path onto path. */
static enum rest follow_rest(char path[SESSION_MAX_PATH], const char *p, bool absolute)
{
	bool first = true, begun = false;
	char word[GRAMMAR_MAX_WORD];

	for (; next_word(&p, word); first = false) {
		bool up = strcmp(word, "..") == 0;

		if (verbs_is_common(word))
			return REST_COMMAND;
		if (!up && !is_word(word)) {
			push(path, "?");
			return absolute && !begun ? REST_EITHER : REST_COMMAND;
		}
		push(path, word);
		begun |= !up && verbs_is_begun(word);
		if (begun && first && !absolute)
			return REST_COMMAND;
	}
	return begun ? REST_EITHER : REST_PATH;
}

bool session_enter(struct session *s, const char *command)
{
	const char *p = command + strspn(command, " \t"), *from = p;
	char path[SESSION_MAX_PATH] = "", further[SESSION_MAX_PATH], word[GRAMMAR_MAX_WORD];
	enum rest rest = REST_PATH;
	bool absolute = *p == '/';

	if (*p == '\0')
		return false;
	if (!absolute)
		strcpy(path, s->path);
	for (; next_word(&p, word); from = p) {
		strcpy(further, path);
		push(further, *word ? word : "?");
		if (refusal(further) && strcmp(word, "..") != 0) {
			if (is_command(path, word) ||
			    (s->terminal && !absolute && !refusal(path) && is_slip(path, word)))
				return false;
			rest = follow_rest(path, from, absolute);
			break;
		}
		strcpy(path, further);
	}
	if (rest == REST_COMMAND)
		return false;
	strcpy(s->path, path);
	s->refused = refusal(path);
	return rest == REST_PATH;
}

void session_explain(const struct session *s, struct text *out)
{
	char known[GRAMMAR_MAX_WORDS][GRAMMAR_MAX_WORD], path[SESSION_MAX_PATH] = "";
	char hint[SUGGEST_MAX_LEN * 2], word[GRAMMAR_MAX_WORD];
	struct suggest near = {0};
	const char *p = s->path;

	text_printf(out, "/%s: %s", s->path, s->refused);
	while (s->refused == no_menu && next_word(&p, word)) {
		size_t n = verbs_at(path, known);

		push(path, word);
		if (!refusal(path))
			continue;
		suggest_start(&near, word);
		for (size_t i = 0; i < n; i++)
			suggest_offer(&near, known[i]);
		text_puts(out, suggest_text(&near, hint, sizeof(hint)));
		break;
	}
	text_puts(out, "\n");
}

/* One has come to a place that is not here. In a transcript what follows is told, where RouterOS's
 * place is known. */
static void tell_place(const struct session *s, struct text *command)
{
	if (!s->refused || (s->transcript && s->refused != no_menu))
		return;
	text_puts(command, "#");
	session_explain(s, command);
}

/* --- lines --- */

/* Length of "[admin@MikroTik] /ip ipsec>" and a blank behind it, 0 when there is none. */
static size_t prompt_length(const char *s, size_t len)
{
	size_t n = 0;

	if (len < 3 || s[0] != '[' || !isalnum((unsigned char)s[1]))
		return 0;
	while (n < len && s[n] != ']' && !is_blank(s[n]))
		n++;
	if (n == len || s[n] != ']')
		return 0;
	for (n++; n < len && (isalnum((unsigned char)s[n]) || strchr(" /-", s[n]));)
		n++;
	if (n == len || s[n] != '>')
		return 0;
	n++;
	return n < len && s[n] == ' ' ? n + 1 : n;
}

bool session_has_prompt(const char *line, size_t len)
{
	trim(&line, &len);
	return prompt_length(line, len) > 0;
}

bool session_may_keep(const struct session *s, const char *line, size_t len)
{
	size_t end = 0;

	if (s->joined || s->quoted || (s->transcript && !session_has_prompt(line, len)))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isalpha((unsigned char)line[i]))
			end = i + 1;
		else if (len - i >= 6 && strncmp(line + i, "secret", 6) == 0)
			return false;
		if (i + 1 < len && line[i + 1] == '=' && i + 1 > end && i + 1 - end <= 6 &&
		    strncmp(line + end, "secret", i + 1 - end) == 0)
			return false; /* names may be cut */
	}
	return true;
}

/* Is the character outside of quotes, and none itself? A backslash in them takes the next along. */
static bool is_outside(const char *s, size_t *i, bool *quoted)
{
	if (s[*i] == '\\' && *quoted)
		++*i;
	else if (s[*i] == '"')
		*quoted = !*quoted;
	else
		return !*quoted;
	return false;
}

/* Where a comment begins: a # outside of quotes, behind a blank or in front. */
static size_t comment_at(const char *s, size_t len)
{
	bool quoted = false;

	for (size_t i = 0; i < len; i++)
		if (is_outside(s, &i, &quoted) && s[i] == '#' && (i == 0 || is_blank(s[i - 1])))
			return i;
	return len;
}

/* Where the first command of a line ends: at a semicolon with a blank or nothing behind it. */
static size_t command_length(const char *s, size_t len)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (!is_outside(s, &i, &quoted))
			continue;
		if (strchr("[({", s[i]))
			depth++;
		else if (depth && strchr("])}", s[i]))
			depth--;
		else if (!depth && s[i] == ';' && (i + 1 == len || is_blank(s[i + 1])))
			return i;
	}
	return len;
}

/* In an export "set 0" of the policies is said of RouterOS's own template, not of the first row
 * that print shows here. Nobody can tell which is meant once one was seen. */
static bool is_ambiguous(const struct session *s, const char *command)
{
	char path[SESSION_MAX_PATH] = "", word[GRAMMAR_MAX_WORD];
	const char *p = command;

	if (!s->exported)
		return false;
	if (*p != '/')
		strcpy(path, s->path);
	while (strcmp(path, "ip ipsec policy set") != 0) {
		if (refusal(path) || !next_word(&p, word))
			return false;
		push(path, word);
	}
	p += strspn(p, " \t");
	return *p == '0' && (p[1] == '\0' || is_blank(p[1]));
}

/* A copy as a text. A zero byte becomes one that no text has, so that it is refused as a whole. */
static char *copy(const char *p, size_t len)
{
	char *one = malloc(len + 1);

	if (!one)
		return NULL;
	for (size_t i = 0; i < len; i++)
		one[i] = p[i] ? p[i] : '\xff';
	one[len] = '\0';
	return one;
}

static void one_command(struct session *s, const char *p, size_t len, struct text *command)
{
	char was[SESSION_MAX_PATH], *one;

	trim(&p, &len);
	if (len == 0)
		return;
	one = copy(p, len);
	if (!one) {
		command->failed = true;
		return;
	}
	strcpy(was, s->path);
	if (is_ambiguous(s, one)) {
		text_puts(command,
			  "#\"set 0\" of /ip ipsec policy: RouterOS's export means its template by "
			  "0, "
			  "which is not here; say \"set [find …]\" for policies that are, or \"set "
			  "numbers=0\" for the first one of print\n");
	} else if (session_enter(s, one)) {
		if (strcmp(was, s->path) != 0)
			tell_place(s, command);
	} else {
		if (*one != '/' && *was)
			text_printf(command, "/%s ", was);
		text_printf(command, "%s\n", one);
	}
	explicit_bzero(one, len);
	free(one);
}

static void forget(struct session *s)
{
	s->began = s->held_began;
	text_free(&s->held);
	s->joined = false;
	s->depth = 0;
	s->quoted = false;
}

/* What was held is whole. */
static void finish(struct session *s, struct text *command)
{
	const char *p = s->held.s;
	size_t len = s->held.len ? comment_at(p, s->held.len) : 0, n;

	command->failed |= s->held.failed;
	for (; len && !command->failed; p += n, len -= n) {
		n = command_length(p, len);
		one_command(s, p, n, command);
		n += n < len;
	}
	forget(s);
}

/* The menu that a prompt shows. */
static void follow_prompt(struct session *s, const char *prompt, size_t len, struct text *command)
{
	const char *at = memchr(prompt, ']', len), *end = memchr(prompt, '>', len);
	char words[SESSION_MAX_PATH * 2], was[SESSION_MAX_PATH];

	strcpy(was, s->path);
	snprintf(words, sizeof(words), "%.*s", at && end > at ? (int)(end - at - 1) : 0,
		 at ? at + 1 : "");
	s->path[0] = '\0';
	follow(s->path, words);
	s->refused = refusal(s->path);
	if (strcmp(was, s->path) != 0)
		tell_place(s, command);
}

/* Does a line go on with what is held? A page or a screen may have broken it anywhere. */
static bool goes_on(const struct session *s, const char *line, size_t len)
{
	static const char *const joints[] = {"and ", "or ", "&& ", "|| ", "("};
	char last = s->held.len ? s->held.s[s->held.len - 1] : '\0';
	size_t n = 0;

	if (comment_at(s->held.s ? s->held.s : "", s->held.len) < s->held.len)
		return false;
	if (last == '-' || last == '=' || last == ',')
		return true;
	for (size_t i = 0; i < sizeof(joints) / sizeof(joints[0]); i++)
		if (len >= strlen(joints[i]) && strncmp(line, joints[i], strlen(joints[i])) == 0)
			return true;
	while (n < len && (isalnum((unsigned char)line[n]) || line[n] == '-'))
		n++;
	return n && n < len && line[n] == '=';
}

/* What is held from `at` on: the quotes and braces that it leaves open. Braces within a word are a
 * part of it. Returns how far it counts: up to a comment. */
static size_t count_open(struct session *s, size_t at)
{
	const char *t = s->held.s;

	for (size_t i = at; i < s->held.len; i++) {
		if (!is_outside(t, &i, &s->quoted))
			continue;
		if (t[i] == '#' && (i == 0 || is_blank(t[i - 1])))
			return i;
		if (t[i] == '{' && (i == 0 || s->depth || strchr(" \t=;{(", t[i - 1])))
			s->depth++;
		else if (t[i] == '}' && s->depth)
			s->depth--;
	}
	return s->held.len;
}

/* Does a line end in a backslash that no other one stands for? */
static bool ends_in_backslash(const char *line, size_t len)
{
	size_t n = 0;

	while (n < len && line[len - n - 1] == '\\')
		n++;
	return n % 2;
}

/* A line onto what is held. Of blanks behind it so many may be part of a string. A new line in
 * quotes is one of the string's. */
static void hold(struct session *s, const char *line, size_t len, size_t blanks)
{
	size_t from, used;

	if (s->held.len == 0)
		s->held_began = s->line;
	else if (!s->joined)
		text_puts(&s->held, s->quoted ? "\\n" : s->depth ? " " : "");
	from = s->held.len;
	text_add(&s->held, line, len);
	used = s->transcript ? comment_at(s->held.s, s->held.len) : count_open(s, from);
	s->joined = used == s->held.len && ends_in_backslash(line, len);
	if (from == 0 && used == 0 && s->held.len)
		s->exported |= strstr(s->held.s, " by RouterOS ") != NULL;
	if (!s->transcript)
		text_cut(&s->held, used);
	if (s->joined)
		text_cut(&s->held, s->held.len - 1);
	else if (s->quoted)
		text_add(&s->held, line + len, blanks);
}

static void transcript_line(struct session *s, const char *line, size_t len)
{
	char last = s->held.len ? s->held.s[s->held.len - 1] : '\0';

	if (s->answer || s->held.len == 0 || !goes_on(s, line, len)) {
		s->answer = true;
		s->skipped++;
		return;
	}
	if (last != '-' && last != '=' && last != ',')
		text_puts(&s->held, " ");
	hold(s, line, len, 0);
}

bool session_is_open(const struct session *s)
{
	return s->joined || s->depth || s->quoted;
}

/* A line without a prompt. */
static void plain_line(struct session *s, const char *line, size_t len, struct text *command)
{
	const char *begin = line, *end;

	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	end = line + len;
	trim(&line, &len);
	if (s->quoted && !s->joined) { /* blanks in front are the string's */
		len += (size_t)(line - begin);
		line = begin;
	}
	hold(s, line, len, (size_t)(end - (line + len)));
	if (!s->transcript && !session_is_open(s))
		finish(s, command);
}

void session_line(struct session *s, const char *line, size_t len, struct text *command)
{
	const char *all;
	size_t all_len, prompt;

	s->line++;
	if (len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3, len -= 3;
	all = line;
	all_len = len;
	trim(&line, &len);
	prompt = prompt_length(line, len);
	if (session_is_open(s) || (!prompt && !s->transcript)) {
		plain_line(s, all, all_len, command); /* what is open takes whatever comes */
	} else if (prompt) {
		finish(s, command);
		follow_prompt(s, line, prompt, command);
		s->transcript = true;
		s->answer = false;
		line += prompt;
		len -= prompt;
		trim(&line, &len);
		hold(s, line, len, 0);
	} else if (len) {
		transcript_line(s, line, len);
	}
	if (command->failed)
		forget(s); /* also what begins in this line: it is not to be done later */
}

/* The lines that wait for an end that does not come. */
static void give_up(struct session *s, struct text *command)
{
	unsigned first = s->held_began;

	text_printf(command, "#%s: ",
		    s->quoted	? "a quote is not closed"
		    : s->depth	? "a brace is not closed"
		    : s->joined ? "nothing follows a backslash at the end of a line"
				: "given up");
	if (first == s->line)
		text_printf(command, "line %u was not done\n", first);
	else
		text_printf(command, "lines %u to %u were not done\n", first, s->line);
	forget(s);
}

void session_drop(struct session *s, struct text *command)
{
	if (session_is_open(s) || s->held.len)
		give_up(s, command);
	s->transcript = false;
	s->answer = false;
}

void session_end(struct session *s, struct text *command)
{
	if (session_is_open(s))
		give_up(s, command);
	else
		finish(s, command);
	s->transcript = false;
	s->answer = false;
}

void session_free(struct session *s)
{
	text_free(&s->held);
}
