/*
 * What the fuzz targets share.  A target is one file with one function that
 * takes any bytes and holds what it finds to be true for all of them (with
 * ck_assert, or the sanitizers): fuzz_NAME().
 *
 * The same function is called by libFuzzer ("make fuzz") and, with bytes from a
 * seeded generator, by tests/unit/fuzz_NAME, so that every check runs it and
 * any compiler will do.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Damage in a heap of any family: bytes choose it, its chunks, and words to
 * change. */
void fuzz_heap(const uint8_t *data, size_t size);
/* The same words in libc's data: locating, and then walking what was found. */
void fuzz_locate(const uint8_t *data, size_t size);
/* A line of commands, and its words as a set of chunks. */
void fuzz_words(const uint8_t *data, size_t size);
/* The text of /proc/PID/maps. */
void fuzz_maps(const uint8_t *data, size_t size);
/* An ELF image, all of it or this program's own with bytes changed. */
void fuzz_elf(const uint8_t *data, size_t size);
/* The debug information of tests/fixtures/frames with bytes changed. */
void fuzz_dwarf(const uint8_t *data, size_t size);

/* Bytes to be taken one after the other; zeros when there are no more. */
struct bytes {
	const uint8_t *data;
	size_t size;
};

unsigned take8(struct bytes *b);
unsigned take16(struct bytes *b);

#endif
