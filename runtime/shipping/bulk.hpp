#pragma once

#include "messages/error.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The bulk API of Elasticsearch ("Bulk API", `POST /_bulk`), as far as log lines need it. Pure.
namespace bpci::shipping {

/// One line, and its place among all lines of its spool.
struct entry {
  std::uint64_t sequence = 0; ///< rises, and is never used twice
  std::string line;           ///< a JSON object as runtime/log/line.hpp writes it

  bool operator==(const entry&) const = default;
};

struct bulk_names {
  std::string index; ///< the prefix: `bpci-logs`
  std::string node;  ///< who logged it
  std::string spool; ///< whose sequences these are
};

/// The index of the day on which a line was logged: `bpci-logs-2026.11.28`. A line that does not
/// begin with a timestamp, as out of a damaged spool, goes to `bpci-logs-unknown`.
std::string index_of(std::string_view prefix, std::string_view line);

/// Two lines for each entry (NDJSON). The operation is `create` under an id of our own, so what is
/// sent again after an answer was lost is refused with 409 and stands there once. The document is
/// the line with two more members: `node`, and `sequence`, the order within a millisecond.
std::string bulk_body(std::span<const entry> entries, const bulk_names& names);

enum class fate : std::uint8_t {
  taken,  ///< it is there, now or since an earlier try
  again,  ///< 429 or 5xx: the same line may be taken later
  refused ///< the line as it stands is not acceptable
};

struct bulk_answer {
  std::vector<fate> fates; ///< in the order of the request
  std::string why;         ///< of the first that was not taken; empty: all were
};

/// Errors: malformed, for whatever is not the answer to a request of `count` entries.
result<bulk_answer> read_bulk_answer(std::string_view body, std::size_t count);

} // namespace bpci::shipping
