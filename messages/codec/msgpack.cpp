#include "messages/codec/msgpack.hpp"

namespace bpci::codec {

namespace {

failure too_many_items() {
  return fail(ec::too_large,
              "at most " + std::to_string(msgpack_items_max) + " items in a collection");
}

/// Parses with `unpack(end, limit)`.
template <class Unpack>
result<void> parse(std::span<const std::uint8_t> data, Unpack unpack) {
  // No single string or bin can be longer than the document, so their limits are its size.
  const auto limit = msgpack::unpack_limit{msgpack_items_max, msgpack_items_max, data.size(),
                                           data.size(),       data.size(),       msgpack_depth_max};
  try {
    std::size_t end = 0;
    unpack(end, limit);
    if (end != data.size()) return fail(ec::malformed, "bytes behind the end of the document");
    return {};
  } catch (const msgpack::depth_size_overflow&) {
    return fail(ec::too_deep, "at most " + std::to_string(msgpack_depth_max) + " levels");
  } catch (const msgpack::array_size_overflow&) {
    return too_many_items();
  } catch (const msgpack::map_size_overflow&) {
    return too_many_items();
  } catch (const msgpack::size_overflow&) {
    // A text or bin that says it is longer than the whole document.
    return fail(ec::malformed, "the document is cut off");
  } catch (const msgpack::insufficient_bytes&) {
    return fail(ec::malformed, "the document is cut off");
  } catch (const msgpack::unpack_error&) {
    return fail(ec::malformed, "not msgpack");
  }
}

} // namespace

result<msgpack_document> parse_msgpack(std::span<const std::uint8_t> data) {
  msgpack_document out;
  auto parsed = parse(data, [&](std::size_t& end, const msgpack::unpack_limit& limit) {
    msgpack::unpack(out, reinterpret_cast<const char*>(data.data()), data.size(), end, nullptr,
                    nullptr, limit);
  });
  if (!parsed) return parsed.error();
  return out;
}

result<void> parse_msgpack(std::span<const std::uint8_t> data, msgpack::zone& zone,
                           msgpack::object& out) {
  constexpr auto refer = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  return parse(data, [&](std::size_t& end, const msgpack::unpack_limit& limit) {
    out = msgpack::unpack(zone, reinterpret_cast<const char*>(data.data()), data.size(), end, refer,
                          nullptr, limit);
  });
}

const msgpack::object* find_key(const msgpack::object& in, std::string_view key) {
  if (in.type != msgpack::type::MAP) return nullptr;
  for (const auto& [k, v] : std::span{in.via.map.ptr, in.via.map.size})
    if (k.type == msgpack::type::STR && std::string_view{k.via.str.ptr, k.via.str.size} == key)
      return &v;
  return nullptr;
}

} // namespace bpci::codec
