/* SPDX-License-Identifier: BSD-3-Clause */
/* input.c - see input.h. */
#include "control/console/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *input_read(const char *path, size_t max, size_t *len)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *data = f != NULL ? malloc(max) : NULL;

	*len = data != NULL ? fread(data, 1, max, f) : 0;
	if (data == NULL || ferror(f)) {
		fprintf(stderr, "espgw: %s: %s\n", path, strerror(errno));
		input_free(data, *len);
		data = NULL;
	}
	if (f != NULL && f != stdin)
		fclose(f);
	return data;
}

void input_free(char *data, size_t len)
{
	if (data != NULL)
		explicit_bzero(data, len);
	free(data);
}
