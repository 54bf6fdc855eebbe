/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * integers.h - has libconfig read integers as what they are. Without a final L it cuts them to 32
 * bits, with one to what 64 bits hold, and says nothing: 4294967299 becomes 3.
 */
#ifndef ESPGW_MODEL_INTEGERS_H
#define ESPGW_MODEL_INTEGERS_H

struct problems;
struct source;

/**
 * Put an L behind every integer of the text that has none, all of them, as the elements of an array
 * must be of one type. One that 64 bits do not hold is an error at its place, which does not repeat
 * it, as it might be a secret without its quotes. 0, or -1 with problems (the text is as it was).
 */
int integers_widen(struct source *s, struct problems *problems);

#endif
