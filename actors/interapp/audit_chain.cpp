#include "actors/interapp/audit_chain.hpp"

#include "messages/interapp/signing.hpp"
#include "runtime/crypto/hash.hpp"

namespace bpci::interapp {

std::string hash_of(const agreement_id& id, const audit_entry& x) {
  return crypto::to_hex(crypto::sha256(audit_bytes(id, x)));
}

std::string root_of(const agreement_id& id, const terms& x) {
  return crypto::to_hex(crypto::sha256(agreement_bytes(id, x)));
}

void append(const agreement_id& id, const terms& of, audit_head& head, audit_entry& x) {
  x.seq = head.seq + 1;
  x.previous = head.seq == 0 ? root_of(id, of) : head.hash;
  x.hash = hash_of(id, x);
  head = {x.seq, x.hash};
}

void chain_check::anchor(const stored_entry& x) {
  previous_ = x && hash_of(id_, *x) == x->hash ? x->hash : std::string{};
}

void chain_check::take(std::uint64_t seq, const stored_entry& x) {
  for (auto gone = last_ + 1; gone < seq && faults_.size() < audit_faults_max; ++gone)
    find(gone, finding_code::audit_missing);
  auto follows = seq == last_ + 1;
  last_ = seq;
  auto sound = x && x->seq == seq && hash_of(id_, *x) == x->hash;
  // Behind a fault the hash before is not known: what is wrong is the fault's, not this one's.
  if (sound && follows && !previous_.empty()) sound = x->previous == previous_;
  if (!sound) find(seq, finding_code::audit_changed);
  previous_ = sound ? x->hash : std::string{};
}

void chain_check::end(const audit_head& head) {
  if (last_ == head.seq && (previous_.empty() || previous_ == head.hash)) return;
  find(std::max(last_, head.seq), finding_code::audit_cut);
}

void chain_check::find(std::uint64_t seq, finding_code what) {
  if (faults_.size() < audit_faults_max) faults_.push_back({seq, what});
}

} // namespace bpci::interapp
