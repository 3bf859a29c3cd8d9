#include "actors/ledger/anchors/anchors.hpp"

#include "actors/ledger/keys.hpp"
#include "actors/ledger/module_of.hpp"

namespace bpci::ledger::anchors {

namespace {

constexpr refusal_kind subject_unknown{"subject_unknown", ec::invalid_argument};
constexpr refusal_kind label_not_allowed{"label_not_allowed", ec::invalid_argument};
constexpr refusal_kind count_must_not_be_zero{"count_must_not_be_zero", ec::invalid_argument};
constexpr refusal_kind already_anchored{"already_anchored", ec::conflict};

struct rules {
  static constexpr std::string_view name = "anchors";
  using commands = boost::mp11::mp_list<anchor>;
  using questions = boost::mp11::mp_list<get_anchor>;

  static verdict on(context& c, const anchor& x) {
    if (!is_subject(x.what)) return refuse(subject_unknown);
    if (!is_valid_id(x.label)) return refuse(label_not_allowed, "1 to 64 of A-Z a-z 0-9 . _ : -");
    if (x.count == 0) return refuse(count_must_not_be_zero);
    auto key = anchor_key(c.sender, x.what, x.label);
    if (c.state.find(key)) return refuse(already_anchored, x.label);
    anchored entry{c.sender, x.what, x.label, x.root, x.count, c.block.at, c.block.time};
    c.state.store(key, entry);
    c.emit(name, entry);
    return {};
  }

  static result<anchored> on(const reader& state, const get_anchor& x) {
    if (!is_subject(x.what) || !is_valid_id(x.label))
      return fail(ec::invalid_argument, "no such subject or label");
    auto out = load<anchored>(state, anchor_key(x.owner, x.what, x.label));
    if (!out) return fail(ec::not_found, "no anchor " + x.label);
    return std::move(*out);
  }
};

} // namespace

std::string anchor_key(const account& owner, subject what, std::string_view label) {
  auto out = key_with("anchors/root/", owner);
  out.push_back(static_cast<char>(what));
  out.append(label);
  return out;
}

module_ptr make_anchors() {
  return make_module<rules>();
}

} // namespace bpci::ledger::anchors
