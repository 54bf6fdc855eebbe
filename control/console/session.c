/* SPDX-License-Identifier: BSD-3-Clause */
/* session.c - from lines to whole commands; see session.h. */
#include "control/console/session.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "control/console/verbs.h"

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

/* One word of a path onto it. False: there is no such menu, here or in RouterOS. */
static bool push(char path[SESSION_MAX_PATH], const char *word, const char **refused)
{
	char full[GRAMMAR_MAX_WORD * 2], longer[SESSION_MAX_PATH * 2];

	if (strcmp(word, "..") == 0) {
		char *last = strrchr(path, ' ');

		path[last ? last - path : 0] = '\0';
		return true;
	}
	snprintf(full, sizeof(full), "%s", word);
	if (!*refused)
		verbs_expand(path, full, sizeof(full));
	if (*path == '\0' && strcmp(full, "log") == 0)
		snprintf(full, sizeof(full), "system log");
	snprintf(longer, sizeof(longer), "%s%s%s", path, *path ? " " : "", full);
	if (strlen(longer) >= SESSION_MAX_PATH)
		return false;
	if (!is_menu(longer)) {
		*refused = schema_refused_menu(longer);
		/* below a menu that is not here only its own name is one: print and the like are
		 * commands */
		if (!*refused || (schema_refused_menu(path) && !schema_is_parent(path) &&
				  *refused == schema_refused_menu(path)))
			return false;
	} else {
		*refused = NULL;
	}
	strcpy(path, longer);
	return true;
}

bool session_enter(struct session *s, const char *command)
{
	const char *p = command + strspn(command, " \t"), *refused = s->refused;
	char path[SESSION_MAX_PATH] = "";

	if (*p == '\0')
		return false;
	if (*p != '/')
		strcpy(path, s->path);
	else
		refused = NULL;
	while (*(p += strspn(p, " \t/"))) {
		size_t n = strcspn(p, " \t/");
		char word[GRAMMAR_MAX_WORD];

		if (n >= sizeof(word))
			return false;
		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		if (strcmp(word, "..") == 0)
			refused = NULL;
		if (!push(path, word, &refused))
			return false;
		p += n;
	}
	strcpy(s->path, path);
	s->refused = is_menu(path) || *path == '\0' ? NULL : schema_refused_menu(path);
	return true;
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

/* Where a comment begins: a # outside of quotes, behind a blank or in front. */
static size_t comment_at(const char *s, size_t len)
{
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && quoted)
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
		else if (s[i] == '#' && !quoted && (i == 0 || is_blank(s[i - 1])))
			return i;
	}
	return len;
}

/* What was held is whole. */
static void finish(struct session *s, struct text *command)
{
	const char *p = s->held.s;
	size_t len = s->held.len;

	if (len)
		len = comment_at(p, len);
	if (len)
		trim(&p, &len);
	if (len) {
		text_cut(&s->held, (size_t)(p - s->held.s) + len);
		if (*p != '/' && *s->path)
			text_printf(command, "/%s ", s->path);
		if (!session_enter(s, p))
			text_add(command, p, len);
		else
			text_cut(command, 0);
	}
	s->began = s->held_began;
	text_free(&s->held);
	s->joined = false;
}

/* The menu that a prompt shows. */
static void follow_prompt(struct session *s, const char *prompt, size_t len)
{
	const char *at = memchr(prompt, ']', len), *end = memchr(prompt, '>', len);
	char path[SESSION_MAX_PATH];

	snprintf(path, sizeof(path), "/%.*s", at && end > at ? (int)(end - at - 1) : 0,
		 at ? at + 1 : "");
	(void)session_enter(s, path);
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

static void hold(struct session *s, const char *line, size_t len)
{
	if (s->held.len == 0)
		s->held_began = s->line;
	s->joined = len && line[len - 1] == '\\';
	text_add(&s->held, line, len - s->joined);
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
	hold(s, line, len);
}

void session_line(struct session *s, const char *line, size_t len, struct text *command)
{
	size_t prompt;

	s->line++;
	if (len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		line += 3, len -= 3;
	trim(&line, &len);
	if (s->joined) { /* a backslash: whatever comes belongs to it */
		hold(s, line, len);
		if (!s->joined && !s->transcript)
			finish(s, command);
		return;
	}
	prompt = prompt_length(line, len);
	if (prompt) {
		finish(s, command);
		follow_prompt(s, line, prompt);
		s->transcript = true;
		s->answer = false;
		line += prompt;
		len -= prompt;
		trim(&line, &len);
		hold(s, line, len);
	} else if (s->transcript) {
		if (len)
			transcript_line(s, line, len);
	} else {
		hold(s, line, len);
		if (!s->joined)
			finish(s, command);
	}
}

void session_end(struct session *s, struct text *command)
{
	finish(s, command);
	s->transcript = false;
	s->answer = false;
}

void session_free(struct session *s)
{
	text_free(&s->held);
}
