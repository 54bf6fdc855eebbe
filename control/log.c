/* SPDX-License-Identifier: BSD-3-Clause */
/* log.c - escaping, limiting, keeping and writing of log lines. */
#include "control/log.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SEC    1000000000ull
#define LIMIT_RATE    10u /* lines per second and source class */
#define LIMIT_BURST   20u
#define LIMIT_CLASSES 64u

const struct log_ctx log_system = {.topic = "system", .peer = ""};
const struct log_ctx log_ipsec = {.topic = "ipsec", .peer = ""};
const struct log_ctx log_interface = {.topic = "interface", .peer = ""};

struct bucket { /* tokens are counted in 1/LIMIT_RATE seconds of time */
	uint64_t filled_at;
	uint32_t tokens;
	uint32_t held_back;
};

static struct {
	int fd;
	enum log_level level;
	uint64_t next; /* number of the next line */
	uint64_t suppressed;
	uint64_t held_since;
	struct bucket class[LIMIT_CLASSES];
	struct log_line line[LOG_KEEP];
} lg = {.fd = 2, .level = LOG_LEVEL_INFO, .next = 1};

static const char *const level_name[] = {"error", "warning", "notice", "info", "debug"};

void log_setup(int fd, enum log_level level)
{
	lg.fd = fd;
	lg.level = level;
}

void log_set_level(enum log_level level)
{
	lg.level = level;
}

void log_reset(void)
{
	int fd = lg.fd;
	enum log_level level = lg.level;

	memset(&lg, 0, sizeof(lg));
	lg.fd = fd;
	lg.level = level;
	lg.next = 1;
}

/* Length of the UTF-8 sequence at s, or 0 when it is none that may be shown as it is. */
static size_t utf8_length(const uint8_t *s)
{
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	uint32_t cp;

	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	cp = s[0] & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		cp = cp << 6 | (s[i] & 0x3f);
	}
	if ((n == 3 && cp < 0x800) || (n == 4 && (cp < 0x10000 || cp > 0x10ffff)))
		return 0;
	/* C1 controls, surrogates, and the marks that turn or hide text */
	if (cp < 0xa0 || (cp >= 0xd800 && cp < 0xe000) || (cp >= 0x200b && cp <= 0x200f) ||
	    (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff)
		return 0;
	return n;
}

size_t log_escape(char *dst, size_t size, const char *src)
{
	const uint8_t *s = (const uint8_t *)src;
	size_t at = strnlen(dst, size - 1);

	while (*s != '\0') {
		char part[5] = {0};
		size_t take = 1, len;

		if (*s == '\\')
			memcpy(part, "\\\\", 2);
		else if (*s >= 0x20 && *s < 0x7f)
			part[0] = (char)*s;
		else if (*s >= 0x80 && utf8_length(s) != 0)
			memcpy(part, s, take = utf8_length(s));
		else
			snprintf(part, sizeof(part), "\\x%02x", *s);
		len = strlen(part);
		if (at + len >= size)
			break;
		memcpy(dst + at, part, len);
		at += len;
		s += take;
	}
	dst[at] = '\0';
	return at;
}

static uint64_t mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* A known peer has a class of its own; all strangers share the first, so that many addresses do not
 * buy many lines. */
static struct bucket *class_of(const struct log_ctx *lc)
{
	uint32_t h = 2166136261u;

	if (lc->peer == NULL || lc->peer[0] == '\0')
		return &lg.class[0];
	for (const char *p = lc->peer; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 16777619u;
	return &lg.class[1 + h % (LIMIT_CLASSES - 1)];
}

static bool within_limit(const struct log_ctx *lc, uint64_t now)
{
	struct bucket *b = class_of(lc);
	uint64_t add;

	if (!lc->limited)
		return true;
	if (b->filled_at == 0) {
		b->filled_at = now;
		b->tokens = LIMIT_BURST;
	}
	add = (now - b->filled_at) / (NS_PER_SEC / LIMIT_RATE);
	if (add > 0) {
		b->tokens =
			add + b->tokens > LIMIT_BURST ? LIMIT_BURST : (uint32_t)(b->tokens + add);
		b->filled_at += add * (NS_PER_SEC / LIMIT_RATE);
	}
	if (b->tokens == 0) {
		b->held_back++;
		lg.suppressed++;
		lg.held_since = now;
		return false;
	}
	b->tokens--;
	return true;
}

/* A pipe that polls writable takes PIPE_BUF bytes without blocking, and a line is shorter. */
static void emit(const struct log_line *l)
{
	struct pollfd pfd = {.fd = lg.fd, .events = POLLOUT};
	char out[LOG_TEXT + LOG_TOPICS_LEN + 48];
	time_t sec = (time_t)l->wall_sec;
	struct tm tm;
	int n;

	if (lg.fd < 0)
		return;
	localtime_r(&sec, &tm);
	n = snprintf(out, sizeof(out), "%04d-%02d-%02d %02d:%02d:%02d.%03u %s %s\n",
		     tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		     l->wall_ms, l->topics, l->text);
	if (n > (int)sizeof(out) - 1)
		n = (int)sizeof(out) - 1;
	if (poll(&pfd, 1, 0) != 1 || (pfd.revents & POLLOUT) == 0 ||
	    write(lg.fd, out, (size_t)n) != n)
		lg.suppressed++;
}

/* peer and addresses in front, as far as they are known */
static void put_context(char *dst, size_t size, const struct log_ctx *lc)
{
	char addr[INET6_ADDRSTRLEN] = "";
	int family = lc->remote.family == 4 ? AF_INET : AF_INET6;

	if (lc->peer != NULL && lc->peer[0] != '\0') {
		log_escape(dst, size, lc->peer);
		log_escape(dst, size, " ");
	}
	if (lc->remote.family == 4 || lc->remote.family == 6) {
		inet_ntop(family, lc->remote.bytes, addr, sizeof(addr));
		log_escape(dst, size, addr);
		log_escape(dst, size, " ");
	}
	if (lc->ispi != 0) {
		char id[64];

		snprintf(id, sizeof(id), "%016llx:%016llx ", (unsigned long long)lc->ispi,
			 (unsigned long long)lc->rspi);
		log_escape(dst, size, id);
	}
}

static void put_line(const struct log_ctx *lc, enum log_level level, const char *raw)
{
	struct log_line *l = &lg.line[lg.next % LOG_KEEP];
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	l->number = lg.next++;
	l->wall_sec = wall.tv_sec;
	l->wall_ms = (uint32_t)(wall.tv_nsec / 1000000);
	l->level = level;
	l->text[0] = '\0';
	snprintf(l->topics, sizeof(l->topics), "%s,%s", lc->topic != NULL ? lc->topic : "system",
		 level_name[level]);
	put_context(l->text, sizeof(l->text), lc);
	log_escape(l->text, sizeof(l->text), raw);
	emit(l);
}

void log_write(const struct log_ctx *lc, enum log_level level, const char *fmt, ...)
{
	char raw[LOG_TEXT];
	va_list ap;

	if (level > lg.level || level > LOG_LEVEL_DEBUG || !within_limit(lc, mono_ns()))
		return;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	put_line(lc, level, raw);
}

void log_visit(log_visit_fn *fn, void *ctx)
{
	uint64_t first = lg.next > LOG_KEEP ? lg.next - LOG_KEEP : 1;

	for (uint64_t n = first; n < lg.next; n++)
		fn(ctx, &lg.line[n % LOG_KEEP]);
}

uint64_t log_suppressed(void)
{
	return lg.suppressed;
}

void log_tick(uint64_t now_ns)
{
	uint64_t strangers, peers = 0;

	if (lg.held_since == 0 || now_ns < lg.held_since + NS_PER_SEC)
		return;
	strangers = lg.class[0].held_back;
	lg.class[0].held_back = 0;
	for (unsigned int i = 1; i < LIMIT_CLASSES; i++) {
		peers += lg.class[i].held_back;
		lg.class[i].held_back = 0;
	}
	lg.held_since = 0;
	log_write(&log_system, LOG_LEVEL_WARN,
		  "log: %llu lines about unknown sources and %llu about peers held back",
		  (unsigned long long)strangers, (unsigned long long)peers);
}
