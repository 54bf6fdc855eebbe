/* SPDX-License-Identifier: BSD-3-Clause */
/* log.c - plain lines on stderr with time and level. */
#include "dataplane/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warn", "notice", "info"};
	char line[LINE_MAX_BYTES];
	struct timespec ts;
	struct tm tm;
	size_t used;
	va_list ap;
	int n;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(line + used, sizeof(line) - used, ".%03dZ %s ", (int)(ts.tv_nsec / 1000000),
		     names[level]);
	used += n > 0 ? (size_t)n : 0;
	va_start(ap, fmt);
	n = vsnprintf(line + used, sizeof(line) - used - 1, fmt, ap);
	va_end(ap);
	if (n > 0)
		used = (size_t)n < sizeof(line) - used - 1 ? used + (size_t)n : sizeof(line) - 2;
	for (size_t i = 0; i < used; i++)
		if ((uint8_t)line[i] < ' ')
			line[i] = '?';
	line[used++] = '\n';
	/* One write, so that lines of several processes do not mix. A full disk is no reason to
	 * stop. */
	if (write(STDERR_FILENO, line, used) < 0)
		return;
}
