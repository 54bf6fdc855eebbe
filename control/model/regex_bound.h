/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * regex_bound.h - keeps regular expressions of operators cheap. regcomp() copies what is repeated:
 * x{50} is fifty x and x+ is xx*, so that a few bytes of nested repetition ("a++++…") ask for
 * gigabytes; and back references match in exponential time.
 */
#ifndef ESPGW_MODEL_REGEX_BOUND_H
#define ESPGW_MODEL_REGEX_BOUND_H

#define REGEX_BOUND_TEXT 128 /* bytes */
#define REGEX_BOUND_SIZE 256 /* atoms, all copies counted; compiling is quadratic and worse */

/** NULL when a POSIX extended regular expression is cheap, else what is wrong with it. It need not
 * be valid otherwise. */
const char *regex_bound_check(const char *re);

#endif
