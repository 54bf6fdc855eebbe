/* SPDX-License-Identifier: BSD-3-Clause */
/* duration.c - times in RouterOS's syntax, both ways. */
#include "control/model/duration.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct {
	char letter;
	uint32_t seconds;
} units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};

#define UNITS	   (sizeof(units) / sizeof(units[0]))
#define MAX_NUMBER 100000000000ull /* keeps every sum far from 2^64 */

static bool number(const char **s, uint64_t *n)
{
	const char *p = *s;

	for (*n = 0; isdigit((unsigned char)*p); p++) {
		*n = *n * 10 + (uint64_t)(*p - '0');
		if (*n > MAX_NUMBER)
			return false;
	}
	if (p == *s)
		return false;
	*s = p;
	return true;
}

/* The rest of HH:MM or HH:MM:SS, whose first number was read. */
static int clock_rest(const char *s, uint64_t hours, uint64_t *seconds)
{
	uint64_t min, sec = 0;

	s++;
	if (!number(&s, &min) || min > 59)
		return -EINVAL;
	if (*s == ':') {
		s++;
		if (!number(&s, &sec) || sec > 59)
			return -EINVAL;
	}
	if (*s != '\0')
		return -EINVAL;
	*seconds += hours * 3600 + min * 60 + sec;
	return 0;
}

int duration_parse(const char *s, uint64_t *seconds)
{
	uint64_t total = 0, n;
	size_t unit = 0;
	bool first = true;

	do {
		if (!number(&s, &n))
			return -EINVAL;
		if (*s == ':' && unit <= 2) {
			if (clock_rest(s, n, &total))
				return -EINVAL;
			*seconds = total;
			return 0;
		}
		if (*s == '\0' && first) {
			*seconds = n;
			return 0;
		}
		while (unit < UNITS && units[unit].letter != *s)
			unit++;
		if (unit == UNITS)
			return -EINVAL;
		total += n * units[unit++].seconds;
		first = false;
		s++;
		if (*s == ' ' && s[1] != '\0')
			s++;
	} while (*s != '\0');
	*seconds = total;
	return 0;
}

char *duration_print(uint64_t seconds, char *buf)
{
	size_t len = 0;

	for (size_t i = 0; i < UNITS; i++) {
		uint64_t n = seconds / units[i].seconds;

		seconds %= units[i].seconds;
		if (n)
			len += (size_t)snprintf(buf + len, DURATION_TEXT - len, "%" PRIu64 "%c", n,
						units[i].letter);
	}
	if (len == 0)
		strcpy(buf, "0s");
	return buf;
}

static const char months[12][4] = {"jan", "feb", "mar", "apr", "may", "jun",
				   "jul", "aug", "sep", "oct", "nov", "dec"};

/* Not later than the last second of the year 9999 less a day of time zones: four digits are enough.
 */
static time_t four_digits(uint64_t seconds)
{
	return seconds > 253402214399ull ? 253402214399ll : (time_t)seconds;
}

char *duration_print_date(uint64_t seconds, char *buf)
{
	struct tm tm = {0};
	time_t t = four_digits(seconds);

	localtime_r(&t, &tm);
	snprintf(buf, DURATION_TEXT, "%s/%02d/%04d %02d:%02d:%02d", months[tm.tm_mon % 12],
		 tm.tm_mday, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return buf;
}

char *duration_print_iso(uint64_t seconds, char *buf)
{
	struct tm tm = {0};
	time_t t = four_digits(seconds);

	gmtime_r(&t, &tm);
	snprintf(buf, DURATION_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	return buf;
}

int duration_parse_date(const char *s, uint64_t *seconds)
{
	struct tm tm = {0};
	char month[4];
	int used = 0;
	bool local = false;

	if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) == 6) {
		s += used;
		if (*s == 'Z')
			s++;
		tm.tm_mon--;
	} else if (sscanf(s, "%3s/%2d/%4d %2d:%2d:%2d%n", month, &tm.tm_mday, &tm.tm_year,
			  &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &used) == 6) {
		s += used;
		local = true;
		for (tm.tm_mon = 0; tm.tm_mon < 12 && strcasecmp(month, months[tm.tm_mon]) != 0;)
			tm.tm_mon++;
	} else {
		return -EINVAL;
	}
	if (*s != '\0' || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_year < 1970 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 ||
	    tm.tm_min > 59 || tm.tm_sec < 0 || tm.tm_sec > 60)
		return -EINVAL;
	tm.tm_year -= 1900;
	tm.tm_isdst = -1;
	*seconds = (uint64_t)(local ? mktime(&tm) : timegm(&tm));
	return 0;
}
