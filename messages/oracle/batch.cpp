#include "messages/oracle/batch.hpp"

#include "messages/codec/msgpack_cursor.hpp"
#include "messages/codec/msgpack_writer.hpp"
#include "messages/oracle/codec.hpp"

#include <boost/describe/enum_to_string.hpp>

#include <cstring>

namespace bpci::oracle {

namespace {

using codec::msgpack_cursor;

/// The index of a name, or of none. Names are few, and nearly always in their order.
template <std::size_t N>
std::size_t place_of(std::string_view name, const std::string_view (&all)[N],
                     std::size_t expected = 0) {
  if (expected < N && all[expected] == name) return expected;
  std::size_t i = 0;
  while (i < N && all[i] != name)
    ++i;
  return i;
}

bool read_priority(msgpack_cursor& in, priority& out) {
  std::string_view name;
  if (!in.text(name)) return false;
  constexpr std::string_view names[] = {"Low", "Normal", "High", "Critical"};
  auto which = place_of(name, names);
  out = static_cast<priority>(which);
  return which < std::size(names);
}

/// All four members, and nothing else, each once.
bool read_item(msgpack_cursor& in, batch_item_view& out) {
  constexpr std::string_view names[] = {"id", "target", "type", "body"};
  const auto* begin = in.position();
  std::uint32_t members = 0;
  unsigned seen = 0;
  if (!in.map(members) || members != std::size(names)) return false;
  for (; members > 0; --members) {
    std::string_view name;
    if (!in.text(name)) return false;
    auto which = place_of(name, names, std::size(names) - members);
    auto bit = 1U << which;
    if (which == std::size(names) || (seen & bit) != 0) return false;
    seen |= bit;
    auto good = which == 0   ? in.text(out.id)
                : which == 1 ? in.text(out.target)
                : which == 2 ? in.text(out.type)
                             : in.bin(out.body);
    if (!good) return false;
  }
  out.raw = {begin, in.position()};
  return true;
}

bool read_items(msgpack_cursor& in, batch_view& out) {
  std::uint32_t count = 0;
  if (!in.array(count) || count > batch_items_max) return false;
  out.items.resize(count);
  const auto* begin = in.position();
  for (auto& item : out.items)
    if (!read_item(in, item)) return false;
  out.raw_items = {begin, in.position()};
  out.count = count;
  return true;
}

void append(bytes& out, const void* data, std::size_t size) {
  if (size == 0) return;
  auto at = out.size();
  out.resize(at + size);
  std::memcpy(out.data() + at, data, size);
}

void append_text(bytes& out, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  const std::uint8_t length[] = {
      static_cast<std::uint8_t>(size >> 24), static_cast<std::uint8_t>(size >> 16),
      static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
  append(out, length, sizeof length);
  append(out, text.data(), text.size());
}

std::string_view text_of(std::span<const std::uint8_t> x) {
  return {reinterpret_cast<const char*>(x.data()), x.size()};
}

void write_leaf(std::string_view id, std::string_view target, std::string_view type,
                std::span<const std::uint8_t> body, bytes& out) {
  out.clear();
  append_text(out, id);
  append_text(out, target);
  append_text(out, type);
  append_text(out, text_of(body));
}

} // namespace

bool view_batch(std::span<const std::uint8_t> frame, batch_view& out) {
  constexpr std::string_view names[] = {"id",      "sequence", "source",    "priority",
                                        "sent_at", "items",    "signature", "t"};
  msgpack_cursor in{frame};
  std::uint32_t members = 0;
  unsigned seen = 0;
  if (!in.map(members) || members != std::size(names)) return false;
  for (; members > 0; --members) {
    std::string_view name;
    if (!in.text(name)) return false;
    auto which = place_of(name, names);
    auto bit = 1U << which;
    if (which == std::size(names) || (seen & bit) != 0) return false;
    seen |= bit;
    auto good = false;
    std::string_view type;
    std::uint64_t number = 0;
    switch (which) {
    case 0:
      good = in.text(out.id);
      break;
    case 1:
      good = in.integer(out.sequence);
      break;
    case 2:
      good = in.text(out.source);
      break;
    case 3:
      good = read_priority(in, out.priority);
      break;
    case 4:
      good = in.integer(number) && number <= integer_max;
      out.sent_at = static_cast<std::int64_t>(number);
      break;
    case 5:
      good = read_items(in, out);
      break;
    case 6:
      good = in.bin(out.signature);
      break;
    default:
      good = in.text(type) && type == "send_batch";
    }
    if (!good) return false;
  }
  return in.at_end();
}

void write_leaf(const batch_item_view& x, bytes& out) {
  write_leaf(x.id, x.target, x.type, x.body, out);
}

void write_leaf(const batch_item& x, bytes& out) {
  write_leaf(x.id.get(), x.target.get(), x.type, x.body, out);
}

bytes encode_part(const batch_view& of, std::span<const std::uint8_t> source_key,
                  std::span<const std::span<const std::uint8_t>> items, std::size_t count,
                  std::span<const std::uint32_t> indexes, std::span<const std::uint8_t> proof) {
  constexpr auto head = codec::msgpack_writer::head_max;
  constexpr std::size_t names = 192; // of the members and of the priority, each with its head
  auto size = names + of.id.size() + of.source.size() + of.signature.size() + source_key.size()
              + 10 * head + head * indexes.size() + proof.size();
  for (const auto& x : items)
    size += x.size();
  codec::msgpack_writer to{size};
  // In the order of the struct's members, as all frames are.
  to.map(indexes.empty() ? 10 : proof.empty() ? 11 : 12);
  to.text("id");
  to.text(of.id);
  to.text("sequence");
  to.integer(of.sequence);
  to.text("source");
  to.text(of.source);
  to.text("priority");
  to.text(boost::describe::enum_to_string(of.priority, ""));
  to.text("sent_at");
  to.integer(static_cast<std::uint64_t>(of.sent_at));
  to.text("count");
  to.integer(of.count);
  to.text("signature");
  to.bin(of.signature);
  to.text("source_key");
  to.bin(source_key);
  to.text("items");
  to.array(count);
  for (const auto& x : items)
    to.raw(x);
  if (!indexes.empty()) {
    to.text("indexes");
    to.array(indexes.size());
    for (auto x : indexes)
      to.integer(x);
    if (!proof.empty()) {
      to.text("proof");
      to.bin(proof);
    }
  }
  to.text("t");
  to.text("deliver_batch");
  return to.take();
}

bytes part_as_json(const bytes& frame) {
  auto read = decode_server_frame(frame, encoding::msgpack);
  return read ? encode(*read, encoding::json) : bytes{};
}

} // namespace bpci::oracle
