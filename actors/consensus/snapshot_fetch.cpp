#include "actors/consensus/snapshot_fetch.hpp"

#include "actors/consensus/body.hpp"
#include "actors/consensus/set_rules.hpp"

#include <algorithm>

namespace bpci::consensus {

namespace {

failure refuse(const char* why) {
  return fail(ec::invalid_argument, why);
}

} // namespace

// -- whose -------------------------------------------------------------------------------

std::optional<address> snapshot_fetch::next_author() {
  if (asked_authors_ >= peers_.size()) return std::nullopt;
  author_ = peers_[asked_authors_++];
  path_.clear();
  wanted_.clear();
  open_.clear();
  asked_.clear();
  useless_.clear();
  last_.clear();
  return author_;
}

result<> snapshot_fetch::take_manifest(const ledger::snapshot_manifest& x,
                                       const std::string& chain_id) {
  if (x.chain_id != chain_id) return refuse("a snapshot of another chain");
  if (x.version != ledger::snapshot_manifest{}.version)
    return fail(ec::unsupported, "a snapshot of another version");
  if (x.at <= base_.head.at) return refuse("a snapshot that is not ahead");
  if (x.chunks.empty() || x.chunks.size() > ledger::snapshot_chunks_max)
    return refuse("a snapshot of no chunks, or of too many");
  manifest_ = x;
  path_ = {x.at};
  for (std::uint64_t i = 0; i < x.chunks.size(); ++i) {
    wanted_.insert(i);
    open_.insert(i);
  }
  return {};
}

// -- its header --------------------------------------------------------------------------

std::optional<height> snapshot_fetch::next_header() const {
  return path_.empty() ? std::nullopt : std::optional{path_.back()};
}

result<> snapshot_fetch::take_header(const chain::final_header& x, timestamp_ms now,
                                     const light_rules& rules, verifier& check) {
  if (path_.empty() || x.head.at != path_.back()) return refuse("a header of another height");
  if (auto ok = check_validators(x.next_validators); !ok) return ok.error();
  if (validator_set{x.next_validators}.id() != x.head.next_validators_hash)
    return refuse("not the validators of the height behind");
  auto good = check_light_block({x.head, x.seals, x.validators}, base_, now, rules, check);
  if (!good) {
    // Skipping so far may be what fails; a step of one height cannot be made smaller.
    auto middle = height{base_.head.at.get() + (x.head.at.get() - base_.head.at.get()) / 2};
    auto may_be_far =
        good.error().code == ec::invalid_argument && middle > base_.head.at && path_.size() < 64;
    if (!may_be_far) return good;
    path_.push_back(middle);
    return {};
  }
  base_ = {x.head, x.next_validators};
  path_.pop_back();
  if (!path_.empty()) return {};
  header_ = x;
  next_id_ = block_id(x.head);
  next_at_ = x.head.at;
  next_seals_ = x.seals;
  return {};
}

// -- its chunks --------------------------------------------------------------------------

std::vector<snapshot_fetch::chunk_question> snapshot_fetch::next_chunks() {
  std::vector<chunk_question> out;
  for (const auto& who : peers_) {
    auto is_busy = std::ranges::any_of(asked_, [&](const auto& x) { return x.second == who; });
    if (wanted_.empty() || is_busy || useless_.contains(who)) continue;
    auto index = *wanted_.begin();
    wanted_.erase(wanted_.begin());
    asked_[index] = who;
    out.push_back({index, who});
  }
  return out;
}

void snapshot_fetch::chunk_added(std::uint64_t index) {
  asked_.erase(index);
  wanted_.erase(index);
  open_.erase(index);
}

void snapshot_fetch::chunk_failed(std::uint64_t index) {
  auto found = asked_.extract(index);
  if (!found) return;
  useless_.insert(found.mapped());
  wanted_.insert(index);
}

bool snapshot_fetch::is_stuck() const {
  return !open_.empty() && asked_.empty()
         && std::ranges::all_of(peers_, [&](const auto& x) { return useless_.contains(x); });
}

// -- the blocks before it ------------------------------------------------------------------

height snapshot_fetch::lowest() const {
  auto top = header_.head.at.get();
  return height{top > last_blocks_wanted ? top - last_blocks_wanted + 1 : 1};
}

std::optional<snapshot_fetch::block_question> snapshot_fetch::next_blocks() {
  if (next_at_ < lowest() || peers_.empty()) return std::nullopt;
  auto left = next_at_.get() - lowest().get() + 1;
  auto limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, limit_));
  return block_question{height{next_at_.get() - limit + 1}, limit, peers_[turn_++ % peers_.size()]};
}

result<> snapshot_fetch::take_blocks(const block_question& asked,
                                     std::vector<sealed_block> blocks) {
  if (blocks.empty() || blocks.size() > asked.limit) return refuse("not as many as were asked for");
  if (blocks.size() < asked.limit) {
    // Together they are too large: fewer at once.
    limit_ = static_cast<std::uint32_t>(blocks.size());
    return {};
  }
  auto id = next_id_;
  auto at = next_at_;
  for (const auto& x : blocks) // by their heights first, which costs nothing
    if (x.what.head.at.get() + asked.limit <= next_at_.get() || x.what.head.at > next_at_)
      return refuse("blocks of other heights");
  auto seals = next_seals_;
  std::map<height, sealed_block> good;
  for (auto it = blocks.rbegin(); it != blocks.rend(); ++it) {
    if (it->what.head.at != at || block_id(it->what.head) != id || !roots_match(it->what))
      return refuse("blocks that do not lead up to the header");
    id = it->what.head.parent;
    auto behind = it->what.parent_seals;
    good[at] = {std::move(it->what), std::exchange(seals, std::move(behind))};
    at = height{at.get() - 1};
  }
  last_.merge(good);
  next_id_ = id;
  next_at_ = at;
  next_seals_ = std::move(seals);
  return {};
}

std::vector<chain::sealed_block_ptr> snapshot_fetch::last_blocks() const {
  std::vector<chain::sealed_block_ptr> out;
  for (const auto& [at, x] : last_)
    out.push_back(std::make_shared<const sealed_block>(x));
  return out;
}

std::string snapshot_fetch::describe() const {
  return "of height " + std::to_string(manifest_.at.get()) + ", " + std::to_string(open_.size())
         + " chunks wanting, " + std::to_string(last_.size()) + " blocks here";
}

} // namespace bpci::consensus
