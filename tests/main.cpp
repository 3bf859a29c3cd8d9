// Exactly one translation unit of each test executable holds CAF's main.
#include <caf/test/unit_test_impl.hpp>
