#pragma once

#include "messages/oracle/frames.hpp"

#include <span>
#include <string_view>

/// Batches where they are checked and taken apart: views into a frame, and the bytes of
/// deliver_batch frames without the structs (docs/protocol/bpi-1.0.md, section 14).
namespace bpci::oracle {

struct batch_item_view {
  std::string_view id;
  std::string_view target;
  std::string_view type;
  std::span<const std::uint8_t> body;
  std::span<const std::uint8_t> raw; ///< The whole item, a msgpack map.
};

/// What a batch's signature covers beside its items.
struct batch_head {
  std::string_view id;
  std::uint64_t sequence = 0;
  std::string_view source;
  oracle::priority priority = priority::Normal;
  std::int64_t sent_at = 0;
  std::uint64_t count = 0;
};

/// A send_batch frame, taken apart in place: it lives as long as the frame's bytes.
struct batch_view : batch_head {
  std::span<const std::uint8_t> signature;
  std::span<const std::uint8_t> raw_items; ///< The items, behind the head of their array.
  std::vector<batch_item_view> items;
};

/// False: this is not a send_batch frame in msgpack, or there is something about it that
/// decode_client_frame has to say. Keeps the memory of `out`.
bool view_batch(std::span<const std::uint8_t> frame, batch_view& out);

/// What stands in a leaf of the tree. Replaces what is in `out`.
void write_leaf(const batch_item_view& x, bytes& out);
void write_leaf(const batch_item& x, bytes& out);

/// A msgpack deliver_batch frame. `items` are whole items behind one another, `count` of them.
/// `indexes` empty: these are all items of the batch.
bytes encode_part(const batch_view& of, std::span<const std::uint8_t> source_key,
                  std::span<const std::span<const std::uint8_t>> items, std::size_t count,
                  std::span<const std::uint32_t> indexes, std::span<const std::uint8_t> proof);

/// The same frame for a connection that speaks JSON. Empty when it is none.
bytes part_as_json(const bytes& frame);

} // namespace bpci::oracle
