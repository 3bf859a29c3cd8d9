#pragma once

#include <string>
#include <string_view>

namespace bpci::http {

/// Whether two names of headers, media types or tokens are the same (ASCII case is ignored;
/// RFC 9110, section 5.1).
bool same_word(std::string_view a, std::string_view b) noexcept;

/// Whether `text` is well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates.
bool is_utf8(std::string_view text) noexcept;

/// `text` when it is UTF-8, else with every byte above 0x7f replaced by `?`. For text that came
/// from outside and goes into JSON.
std::string printable(std::string_view text);

/// The longest prefix of `text` with at most `bytes_max` bytes that ends between two characters.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) noexcept;

/// `text` without spaces and tabs at both ends.
std::string_view trim(std::string_view text) noexcept;

} // namespace bpci::http
