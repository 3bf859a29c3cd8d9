#pragma once

#include "actors/consensus/engine.hpp"

#include <optional>
#include <span>

/// The bytes of the file that holds the safety records: a beginning, and records behind it, each
/// appended and synced before anything that it covers is sent. The last complete one counts.
///
///     journal  =  "bpci-safety-1\n"  record*
///     record   =  u32 length | u32 ~length | canonical safety_record | first 8 bytes of SHA-256
///
/// A crash while a record is written leaves less of it, or zeros where the file grew before its
/// data came: nothing of it was ever sent, so it is cut off. The sum stands last so that both can
/// be told from damage; and the length is there twice, so that a damaged one does not pass for a
/// tail that is torn.
namespace bpci::consensus {

[[nodiscard]] bytes journal_beginning();
[[nodiscard]] bytes journal_record(const safety_record& x);

struct recovered {
  journal_state state = journal_state::fresh;
  std::optional<safety_record> record;
  std::size_t good = 0; ///< cut the file here before anything is appended; 0: begin anew
};

/// `fresh`: nothing was ever recorded; that there is a file where there was one before is the
/// caller's to know. `lost`: the file is to be kept for a person to look at.
[[nodiscard]] recovered recover_journal(std::span<const std::uint8_t> all);

} // namespace bpci::consensus
