#pragma once

#include "messages/ids.hpp"

#include <span>
#include <string>
#include <string_view>

/// The golden files: what each message is in bytes, for good. A test that fails here says that
/// nodes or clients of another version no longer understand this one.
///
/// BPCI_REWRITE_GOLDEN=1 in the environment writes the files anew. Look at the difference before
/// you commit it: that is the change of protocol.
namespace bpci::wire {

/// The content of tests/wire/golden/`name`; empty when there is no such file.
std::string read_golden(std::string_view name);

/// Whether `content` is what the file holds. When rewriting, makes it so.
bool matches_golden(std::string_view name, std::string_view content);

/// Lower case, 32 bytes a line, a line end behind each.
std::string to_hex_lines(std::span<const std::uint8_t> data);

/// Lower case on one line.
std::string to_hex(std::span<const std::uint8_t> data);

/// The reverse of both; white space counts for nothing.
bytes from_hex(std::string_view text);

} // namespace bpci::wire
