/* SPDX-License-Identifier: BSD-3-Clause */
/* hosts_file.c - names from a hosts file; see hosts_file.h. */
#include "control/hosts_file.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/addr.h"
#include "control/model/hostname.h"

#define LINES_MAX 65536u /* the loop waits meanwhile */
#define BLANKS	  " \t\r\n"

/* Is host among the names of a line, which is cut up? *a: the address it begins with. */
static bool line_names(char *line, const char *host, struct abi_addr *a)
{
	char *rest, *word;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, BLANKS, &rest);
	if (word == NULL || addr_parse(word, a) != 0)
		return false;
	while ((word = strtok_r(NULL, BLANKS, &rest)) != NULL) {
		if (hostname_equal(word, host))
			return true;
	}
	return false;
}

size_t hosts_file_find(const char *path, const char *host, uint8_t family, struct abi_addr *out,
		       size_t max)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "re");
	struct abi_addr a;
	size_t n = 0;

	for (unsigned i = 0; f != NULL && n < max && i < LINES_MAX; i++) {
		if (getline(&line, &size, f) < 0)
			break;
		if (line_names(line, host, &a) && (family == 0 || a.family == family))
			out[n++] = a;
	}
	free(line);
	if (f != NULL)
		fclose(f);
	return n;
}
