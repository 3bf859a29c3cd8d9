#define CAF_SUITE config_basis_points

#include "config/basis_points.hpp"

#include <caf/test/unit_test.hpp>

using bpci::config::parse_basis_points;

namespace {

std::string read(std::string_view text) {
  const auto x = parse_basis_points(text);
  return x ? std::to_string(x->get()) : x.error().detail;
}

} // namespace

CAF_TEST(a share is read exactly in each of its notations) {
  struct row {
    const char* text;
    const char* expected;
  };
  constexpr row table[] = {
      {"0.67", "6700"},
      {"0.6667", "6667"},
      {"0.5", "5000"},
      {"0.29", "2900"}, // 0.29 * 10000 is 2899.99... in floating point
      {"1.0", "10000"},
      {"1.0000000", "10000"},
      {"1", "10000"},
      {"0", "0"},
      {"67%", "6700"},
      {"67 %", "6700"},
      {"66.67%", "6667"},
      {"100%", "10000"},
      {"6700bp", "6700"},
      {"6700 bp", "6700"},
      {"50bp", "50"},
      {"6700", "6700"},
      {"101", "101"},
      {"67", "may mean a percentage or basis points"},
      {"2", "may mean a percentage or basis points"},
      {"0.66667", "is finer than a basis point"},
      {"66.667%", "is finer than a basis point"},
      {"6700.5bp", "is finer than a basis point"},
      {"1.01", "is more than the whole"},
      {"101%", "is more than the whole"},
      {"10001", "is more than the whole"},
      {"999999999", "is more than the whole"},
      {"", "must be a share of the whole"},
      {"%", "must be a share of the whole"},
      {"bp", "must be a share of the whole"},
      {".5", "must be a share of the whole"},
      {"5.", "must be a share of the whole"},
      {"0.", "must be a share of the whole"},
      {"0..5", "must be a share of the whole"},
      {"-0.67", "must be a share of the whole"},
      {"+0.67", "must be a share of the whole"},
      {"6.7e-1", "must be a share of the whole"},
      {"0x1", "must be a share of the whole"},
      {"two thirds", "must be a share of the whole"},
      {"99999999999999999999", "must be a share of the whole"},
      {"0,67", "must be a share of the whole"},
  };
  for (const auto& x : table)
    CAF_CHECK_EQUAL(std::string{x.text} + " -> " + read(x.text),
                    std::string{x.text} + " -> " + x.expected);
}
