#include "actors/oracle/mailbox.hpp"

#include "actors/oracle/telemetry.hpp"
#include "runtime/entity/durable.hpp"
#include "runtime/log/log.hpp"

#include <array>
#include <charconv>

namespace bpci::oracle::mailbox {

namespace {

/// What a letter takes beside its body, about: the rest of the envelope, names, two rows.
constexpr std::uint64_t letter_overhead = 512;

/// No page has more bodies than this, in bytes, unless its first letter alone has.
constexpr std::uint64_t page_bytes_max = 2 * 1'024 * 1'024;

constexpr std::uint64_t page_letters_max = 64;

constexpr std::string_view label_prefix = "k/";
constexpr std::string_view letter_prefix = "m/";

/// The timer's slack, as a part of the age.
constexpr std::uint64_t slack_part = 30;

std::string item_key(std::string_view prefix, std::uint64_t number) {
  constexpr std::size_t digits = 16;
  std::array<char, digits> text{};
  auto end = std::to_chars(text.data(), text.data() + digits, number, 16).ptr;
  auto used = static_cast<std::size_t>(end - text.data());
  auto out = std::string{prefix};
  out.append(digits - used, '0').append(text.data(), used);
  return out;
}

std::uint64_t number_of(const std::string& item_key) {
  std::uint64_t out = 0;
  std::from_chars(item_key.data() + label_prefix.size(), item_key.data() + item_key.size(), out,
                  16);
  return out;
}

std::uint64_t weight_of(const envelope& x) {
  return letter_overhead + x.body.size();
}

/// When the timer should fire for a letter of this time.
timestamp_ms due_for(timestamp_ms stored_at, std::uint64_t age_ms) {
  return timestamp_ms{stored_at.get() + static_cast<std::int64_t>(age_ms + age_ms / slack_part)};
}

void drop(state& s, std::uint64_t number, const label& what, entity::context& c) {
  s.letters -= std::min<std::uint64_t>(s.letters, 1);
  s.bytes -= std::min(s.bytes, what.bytes);
  c.remove_item(item_key(label_prefix, number));
  c.remove_item(item_key(letter_prefix, number));
}

struct mailbox {
  static constexpr std::string_view kind = kind_name;
  static constexpr std::uint32_t schema = 1;
  using state = oracle::mailbox::state;
  using commands = boost::mp11::mp_list<store, remove, entity::timer_fired>;
  using questions = boost::mp11::mp_list<peek>;

  static result<kept> on(state& s, const store& x, entity::context& c) {
    auto bytes = weight_of(x.envelope);
    if (s.letters >= x.within.letters)
      return fail(ec::busy, "the mailbox holds " + std::to_string(s.letters) + " messages");
    if (s.letters > 0 && s.bytes + bytes > x.within.bytes)
      return fail(ec::busy, "the mailbox holds " + std::to_string(s.bytes) + " bytes");
    ++s.letters;
    s.bytes += bytes;
    s.age_ms = x.within.age_ms;
    c.put_item(item_key(label_prefix, ++s.last), label{c.now(), bytes});
    c.put_item(item_key(letter_prefix, s.last), letter{s.last, x.envelope, x.source_key});
    if (!std::exchange(s.armed, true)) c.start_timer(age_timer, due_for(c.now(), s.age_ms));
    return kept{s.letters, s.bytes};
  }

  static std::optional<entity::item_range> items_for(const state&, const remove& x) {
    if (x.numbers.empty()) return {};
    entity::item_range out;
    for (auto number : x.numbers)
      out.keys.push_back(item_key(label_prefix, number));
    return out;
  }

  static result<kept> on(state& s, const remove& x, entity::context& c) {
    if (x.numbers.size() > removed_max)
      return fail(ec::invalid_argument, "numbers: at most " + std::to_string(removed_max));
    for (const auto& one : c.items())
      if (auto what = entity::read_item<label>(one)) drop(s, number_of(one.key), *what, c);
    return kept{s.letters, s.bytes};
  }

  /// As many as there are letters: behind the last label the bodies begin.
  static std::optional<entity::item_range> items_for(const state& s, const entity::timer_fired&) {
    if (s.letters == 0) return {};
    return entity::item_range{std::string{label_prefix}, std::min(s.letters, labels_max)};
  }

  static result<kept> on(state& s, const entity::timer_fired&, entity::context& c) {
    s.armed = false;
    auto too_old = timestamp_ms{c.now().get() - static_cast<std::int64_t>(s.age_ms)};
    std::uint64_t dropped = 0;
    for (const auto& one : c.items()) {
      if (!one.key.starts_with(label_prefix)) break;
      auto what = entity::read_item<label>(one);
      if (!what) return what.error();
      if (what->stored_at > too_old) {
        rearm(s, due_for(what->stored_at, s.age_ms), c);
        break;
      }
      drop(s, number_of(one.key), *what, c);
      ++dropped;
    }
    if (!s.armed && s.letters > 0) rearm(s, c.now(), c);
    if (dropped > 0) tell(s, dropped, c);
    return kept{s.letters, s.bytes};
  }

  /// An empty mailbox is answered from memory: every connected node looks into its own now and
  /// then.
  static std::optional<entity::item_range> items_for(const state& s, const peek& x) {
    if (s.letters == 0) return {};
    auto limit = std::clamp<std::uint64_t>(x.limit, 1, page_letters_max);
    return entity::item_range{item_key(letter_prefix, x.after), limit};
  }

  static result<page> on(const state& s, const peek& x, const entity::items& read) {
    page out;
    out.inside = {s.letters, s.bytes};
    out.more = read.size() >= std::clamp<std::uint64_t>(x.limit, 1, page_letters_max);
    std::uint64_t bytes = 0;
    for (const auto& one : read) {
      bytes += one.value.size();
      if (!out.letters.empty() && bytes > page_bytes_max) {
        out.more = true;
        break;
      }
      auto what = entity::read_item<letter>(one);
      if (!what) return what.error();
      out.letters.push_back(std::move(*what));
    }
    return out;
  }

private:
  static void rearm(state& s, timestamp_ms due, entity::context& c) {
    s.armed = true;
    c.start_timer(age_timer, due);
  }

  /// Before the commit: one that has to be repeated is told of twice.
  static void tell(state& s, std::uint64_t dropped, const entity::context& c) {
    s.expired += dropped;
    telemetry::expired_in_mailbox(dropped);
    log::warn("mailbox-expired", {{"node", c.self().id}, {"letters", dropped}});
  }
};

} // namespace

entity::kind_ptr make_kind() {
  return entity::make_kind<mailbox>();
}

} // namespace bpci::oracle::mailbox
