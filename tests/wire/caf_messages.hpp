#pragma once

#include <string>
#include <vector>

/// The messages that actors send each other, in CAF's own wire form.
namespace bpci::wire {

struct message_sample {
  std::string header;  ///< Below messages/, where it is described.
  std::string message; ///< Its name.
  std::string fields;  ///< Their names, in the order of the description.
  std::string hex;     ///< What is made of the sample.
  bool reads_back;     ///< Read again, it equals the sample.
};

/// The enums that travel in them, as numbers.
struct enum_sample {
  std::string header;
  std::string name;
  std::string values; ///< "0 Low, 1 Normal"
};

/// The tables. To cover a new message or enum, add its type to caf_table.cpp, and run wire_tests
/// with BPCI_REWRITE_GOLDEN=1.
std::vector<message_sample> caf_samples();
std::vector<enum_sample> enum_samples();

} // namespace bpci::wire
