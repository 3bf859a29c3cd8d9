#pragma once

#include <string>
#include <vector>

/// The messages that actors send each other, in CAF's own wire form.
namespace bpci::wire {

struct caf_sample {
  std::string header;  ///< Below messages/, where it is described.
  std::string message; ///< Its name.
  std::string fields;  ///< Their names, in the order of the description.
  std::string hex;     ///< What caf::binary_serializer makes of the sample.
  bool reads_back;     ///< Deserialised, it equals the sample.
};

/// The enums that travel in them, as numbers.
struct enum_sample {
  std::string header;
  std::string name;
  std::string values; ///< "0 Low, 1 Normal"
};

/// The tables. To cover a new message or enum, add its type to caf_table.cpp, and run wire_tests
/// with BPCI_REWRITE_GOLDEN=1.
std::vector<caf_sample> caf_samples();
std::vector<enum_sample> enum_samples();

} // namespace bpci::wire
