/* The allocators we can walk, in the order they are tried. */
#include "malloc/allocator.h"

const struct allocator *const allocators[] = {&allocator_glibc, NULL};
