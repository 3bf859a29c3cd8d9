#include "gateways/cli/yaml.hpp"

#include "gateways/cli/text.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>

namespace bpci::cli {

namespace {

namespace json = boost::json;

/// How YAML marks a scalar that was quoted.
constexpr std::string_view quoted_tag = "!";

constexpr auto indent = 2;

bool is_letter(char x) noexcept {
  return (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z');
}

/// Whether every reader of YAML 1.1 or 1.2 takes the bare word for text.
bool is_plain_word(std::string_view x) {
  constexpr std::array words{"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
  std::string lower{x};
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (std::ranges::any_of(words, [&](const char* word) { return lower == word; })) return false;
  return !x.empty() && (is_letter(x.front()) || x.front() == '/')
         && std::ranges::all_of(x, [](char c) {
              return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'
                     || c == '/';
            });
}

void emit(YAML::Emitter& out, const json::value& x) {
  if (const auto* object = x.if_object()) {
    out << YAML::BeginMap;
    for (const auto& [key, value] : *object) {
      out << YAML::Key;
      emit(out, json::value(key)); // braces would make it an array
      out << YAML::Value;
      emit(out, value);
    }
    out << YAML::EndMap;
  } else if (const auto* list = x.if_array()) {
    out << YAML::BeginSeq;
    for (const auto& item : *list)
      emit(out, item);
    out << YAML::EndSeq;
  } else if (const auto* text = x.if_string()) {
    const std::string value{*text};
    if (!is_plain_word(value)) out << YAML::DoubleQuoted;
    out << value;
  } else if (x.is_null()) {
    out << YAML::Null;
  } else {
    out << json::serialize(x);
  }
}

/// yaml-cpp forgets the quotes when it writes a document that it has read, and `"8080"` is not
/// 8080.
void emit(YAML::Emitter& out, const YAML::Node& x) {
  if (x.IsMap()) {
    out << YAML::BeginMap;
    for (const auto& pair : x) {
      out << YAML::Key << pair.first.Scalar() << YAML::Value;
      emit(out, pair.second);
    }
    out << YAML::EndMap;
  } else if (x.IsSequence()) {
    out << YAML::BeginSeq;
    for (const auto& item : x)
      emit(out, item);
    out << YAML::EndSeq;
  } else if (x.IsScalar()) {
    if (x.Tag() == quoted_tag) out << YAML::DoubleQuoted;
    out << x.Scalar();
  } else {
    out << YAML::Null;
  }
}

/// yaml-cpp's nodes are references: assigning to one changes the document.
void assign(YAML::Node root, std::string_view path, const YAML::Node& value) {
  const auto dot = path.find('.');
  const std::string key{path.substr(0, dot)};
  if (dot == std::string_view::npos) {
    root[key] = value;
    return;
  }
  if (!root[key] || !root[key].IsMap()) root[key] = YAML::Node{YAML::NodeType::Map};
  assign(root[key], path.substr(dot + 1), value);
}

bool is_key(std::string_view x) {
  return !x.empty() && !x.starts_with('.') && !x.ends_with('.')
         && x.find("..") == std::string_view::npos;
}

} // namespace

std::string to_yaml(const json::value& x) {
  YAML::Emitter out;
  out.SetIndent(indent);
  emit(out, x);
  return std::string{out.c_str()} + '\n';
}

result<std::string> with_assignments(const std::string& document,
                                     const std::vector<std::string>& assignments) {
  std::string now = "the document";
  try {
    auto root = YAML::Load(document);
    if (!root.IsMap()) root = YAML::Node{YAML::NodeType::Map};
    for (const auto& text : assignments) {
      const auto equals = text.find('=');
      if (equals == std::string::npos || !is_key(std::string_view{text}.substr(0, equals)))
        return fail(ec::invalid_argument, "--set needs key=value, not '" + tame(text) + "'");
      // The value may be a secret: only the key is named.
      now = "the value of " + tame(text.substr(0, equals));
      assign(root, std::string_view{text}.substr(0, equals), YAML::Load(text.substr(equals + 1)));
    }
    YAML::Emitter out;
    emit(out, root);
    return std::string{out.c_str()} + '\n';
  } catch (const YAML::Exception&) {
    return fail(ec::invalid_argument, now + " is not YAML");
  }
}

} // namespace bpci::cli
