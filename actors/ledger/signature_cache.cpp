#include "actors/ledger/signature_cache.hpp"

#include "runtime/crypto/keyed_hash.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <unordered_set>

namespace bpci::ledger {

namespace {

/// Two generations: when the younger is full the older is forgotten. Thread-safe.
class known_hashes {
public:
  explicit known_hashes(std::size_t size) : size_(std::max<std::size_t>(size, 1)) {}

  bool contains(const hash& x) {
    auto lock = std::lock_guard{mutex_};
    if (young_.contains(x)) return true;
    if (!old_.contains(x)) return false;
    keep(x);
    return true;
  }

  void insert(const hash& x) {
    auto lock = std::lock_guard{mutex_};
    keep(x);
  }

private:
  void keep(const hash& x) {
    if (young_.size() >= size_) {
      old_ = std::move(young_);
      young_.clear();
    }
    young_.insert(x);
  }

  std::size_t size_;
  std::mutex mutex_;
  std::unordered_set<hash, crypto::keyed_hash> young_, old_; // guarded by mutex_
};

/// So that two threads that check at once seldom meet at one lock.
class shards {
public:
  explicit shards(std::size_t known_max) {
    for (auto& x : all_)
      x = std::make_unique<known_hashes>(known_max / count);
  }

  known_hashes& of(const hash& x) { return *all_[x.back() % count]; }

private:
  static constexpr std::size_t count = 16;
  std::array<std::unique_ptr<known_hashes>, count> all_;
};

} // namespace

verifier remembering(verifier check, std::size_t known_max) {
  return [check = std::move(check), all = std::make_shared<shards>(known_max)](const transaction& x,
                                                                               const hash& id) {
    auto& known = all->of(id);
    if (known.contains(id)) return true;
    if (!check(x, id)) return false;
    known.insert(id);
    return true;
  };
}

} // namespace bpci::ledger
