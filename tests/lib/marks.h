/*
 * libcheck, but for its marks: each assertion that holds makes it write where
 * that was to a file, for the report of a crash.  In a loop this takes longer
 * than what is tested; so each place is told once a test.
 */
#ifndef TESTS_LIB_MARKS_H
#define TESTS_LIB_MARKS_H

#include <check.h>

#define _mark_point(file, line)                                                \
	__extension__({                                                        \
		static char told;                                              \
                                                                               \
		if (!told) {                                                   \
			told = 1;                                              \
			(_mark_point)(file, line);                             \
		}                                                              \
	})

#endif
