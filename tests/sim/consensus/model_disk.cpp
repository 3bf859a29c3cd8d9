#include "model_disk.hpp"

namespace bpci::consensus::sim {

namespace {

void append(bytes& to, const bytes& more) {
  for (auto x : more)
    to.push_back(x);
}

} // namespace

void model_disk::write(const safety_record& what) {
  append(writing_, journal_record(what));
}

void model_disk::sync() {
  if (writing_.empty()) return;
  if (lost_ || journal_.empty()) journal_ = journal_beginning();
  append(journal_, std::exchange(writing_, {}));
  lost_ = false;
  existed_ = true;
}

/// The beginning of it, or as many zeros: the file had grown before its data came.
void model_disk::tear() {
  if (lost_ || writing_.size() < 2) return;
  if (journal_.empty()) journal_ = journal_beginning();
  auto kept = static_cast<std::ptrdiff_t>(luck_.between(1, writing_.size() - 1));
  auto part = bytes(writing_.begin(), writing_.begin() + kept);
  if (luck_.percent(20)) part.assign(part.size(), 0);
  append(journal_, part);
}

void model_disk::crash(torn tail, disk_fate fate) {
  // All of it arrived, but nobody was told so.
  if (tail == torn::all) sync();
  if (tail == torn::a_part) tear();
  writing_.clear();
  if (fate == disk_fate::intact || !existed_) return;
  if (fate == disk_fate::damaged) {
    // Where it was lost already there is nothing to damage, and it stays lost.
    if (!journal_.empty())
      journal_[luck_.below(journal_.size())] ^= static_cast<std::uint8_t>(1U << luck_.below(8));
    return;
  }
  journal_.clear();
  lost_ = fate == disk_fate::wiped;
  existed_ = lost_;
}

begin model_disk::recover(chain_head head) {
  if (lost_) return {std::move(head), journal_state::lost, {}};
  if (journal_.empty()) return {std::move(head), journal_state::fresh, {}};
  auto found = recover_journal(journal_);
  lost_ = found.state == journal_state::lost;
  if (!lost_) journal_.resize(found.good);
  return {std::move(head), found.state, found.record};
}

} // namespace bpci::consensus::sim
