#pragma once

// The example of docs/ledger.md, which shows all between the two marks.

// example: begin
#include "actors/ledger/keys.hpp"
#include "actors/ledger/module_of.hpp"

namespace bpci::ledger::guestbook {

// messages/ledger/guestbook.hpp
struct sign_book {
  std::string words;
};
BPCI_MESSAGE(sign_book, words)

struct signed_book { // both what is stored and what is told
  account who{};
  std::string words;
  height at;
};
BPCI_MESSAGE(signed_book, who, words, at)

struct get_entry {
  account who{};
};
BPCI_MESSAGE(get_entry, who)

// actors/ledger/guestbook/guestbook.cpp
inline constexpr refusal_kind words_too_long{"words_too_long", ec::too_large};
inline constexpr refusal_kind already_signed{"already_signed", ec::conflict};
inline constexpr parameter words_max{"guestbook.words_max_bytes", 80, 1, 1'000};

struct rules {
  static constexpr std::string_view name = "guestbook";
  using commands = boost::mp11::mp_list<sign_book>;
  using questions = boost::mp11::mp_list<get_entry>;
  static constexpr std::array parameters{words_max};

  static std::string key_of(const account& who) { return key_with("guestbook/entry/", who); }

  static verdict on(context& c, const sign_book& x) {
    if (x.words.size() > c.value(words_max)) return refuse(words_too_long);
    if (c.state.find(key_of(c.sender))) return refuse(already_signed);
    const signed_book entry{c.sender, x.words, c.block.at};
    c.state.store(key_of(c.sender), entry);
    c.emit(name, entry);
    return {};
  }

  static result<signed_book> on(const reader& state, const get_entry& x) {
    auto found = load<signed_book>(state, key_of(x.who));
    if (!found) return fail(ec::not_found, "has not signed");
    return std::move(*found);
  }
};

inline module_ptr make_guestbook() {
  return make_module<rules>();
}

} // namespace bpci::ledger::guestbook
// example: end
