#include "runtime/tunnel/admission.hpp"

#include <utility>

namespace bpci::tunnel {

void admission::on_view(const std::vector<cluster::member>& live) {
  certificates_.clear();
  for (const auto& x : live)
    certificates_[x.id].insert(x.certificates.begin(), x.certificates.end());
}

void admission::on_dial(link_id link, const cluster::member& who) {
  dials_[link] = {who.id, {who.certificates.begin(), who.certificates.end()}};
}

bool admission::knows(link_id link, const asking& x) const {
  const auto listed = certificates_.find(x.who.id);
  if (listed != certificates_.end() && listed->second.contains(x.who.fingerprint)) return true;
  const auto dial = dials_.find(link);
  return dial != dials_.end() && dial->second.certificates.contains(x.who.fingerprint);
}

bool admission::goes_second(const asking& x) const {
  if (x.side != link_side::accepted || x.who.id < self_) return false;
  for (const auto& [link, dial] : dials_)
    if (dial.to == x.who.id) return true;
  return false;
}

void admission::settle(link_id link, const asking& x, admission_effects& out) {
  if (goes_second(x))
    second_.emplace(link, x);
  else
    out.emplace_back(admit_link{link});
}

void admission::on_shaken(link_id link, link_side side, const peer_identity& who,
                          admission_effects& out) {
  const asking x{side, who};
  if (who.id.get().empty() || who.id == self_) {
    out.emplace_back(refuse_link{
        link, fail(ec::not_permitted, who.id == self_ ? "the certificate is this node's own"
                                                      : "the certificate names no member")});
    return;
  }
  const auto dial = dials_.find(link);
  if (dial != dials_.end() && dial->second.to != who.id) {
    out.push_back(
        refuse_link{link, fail(ec::unavailable, who.id.get() + " answers where "
                                                    + dial->second.to.get() + " should be")});
    return;
  }
  if (knows(link, x)) return settle(link, x, out);
  if (unknown_.empty()) out.emplace_back(read_table{});
  unknown_.emplace(link, x);
}

void admission::on_read(admission_effects& out) {
  for (const auto& [link, x] : std::exchange(unknown_, {})) {
    if (knows(link, x))
      settle(link, x, out);
    else
      out.push_back(
          refuse_link{link, fail(ec::not_permitted, "the certificate is none that " + x.who.id.get()
                                                        + " may show now")});
  }
}

void admission::on_over(link_id link, admission_effects& out) {
  unknown_.erase(link);
  second_.erase(link);
  if (dials_.erase(link) == 0) return;
  for (const auto& [waiting, x] : std::exchange(second_, {}))
    settle(waiting, x, out);
}

} // namespace bpci::tunnel
