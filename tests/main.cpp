// Exactly one translation unit of each test executable holds CAF's main.
#include <algorithm>
#include <iostream>
#include <regex>
#include <string>

// CAF takes `-s` and `-t` for plain names, not for regular expressions, where clang compiles with a
// standard library other than its own, as if that one could not match: a relic of GCC 4.8. A filter
// that is one would then select nothing, and what runs no test passes.
#if defined(__clang__) && !defined(_LIBCPP_VERSION)
#define _LIBCPP_VERSION 0
#endif
#include <caf/test/unit_test_impl.hpp>
