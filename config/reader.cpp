#include "config/reader.hpp"

#include "config/all_keys.hpp"
#include "config/keys.hpp"
#include "config/nearest.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

namespace bpci::config {

namespace {

using yaml::kind;

/// More entries than this are a mistake, not a configuration.
constexpr std::size_t texts_max = 1'000;
constexpr std::size_t sections_max = 16;

/// How many places a remedy offers for a key that stands in the wrong section.
constexpr std::size_t places_shown_max = 3;

std::string in_quotes(std::string_view text) {
  return '"' + printable(text) + '"';
}

std::string where_else(std::string_view key) {
  std::string places;
  std::size_t shown = 0;
  for (const auto& path : all_keys()) {
    if (!path.ends_with('.' + std::string{key})) continue;
    if (++shown > places_shown_max) break;
    places += (places.empty() ? "" : " or ") + path;
  }
  return places;
}

std::string remedy_for_unknown(std::string_view key, std::span<const std::string_view> known) {
  if (const auto meant = nearest(key, known); !meant.empty())
    return "Did you mean " + std::string{meant} + "?";
  if (const auto places = where_else(key); !places.empty())
    return "Did you mean " + places + "? Check the indentation.";
  std::string list;
  for (const auto name : known)
    list += (list.empty() ? "" : ", ") + std::string{name};
  return "Remove it. The keys here are: " + list + ".";
}

/// The visitor of keys.hpp that fills the members in.
class reader {
public:
  reading out;

  void document(const yaml::node& root) {
    if (root.is == kind::null) return;
    if (root.is != kind::map) {
      refuse({&root, ""}, "the document must be a map of sections",
             "Begin with a section, such as listen: with its keys indented below it.");
      return;
    }
    inside({&root, ""}, [this] { visit_keys(*this, out.config); });
  }

  template <class Body>
  void section(std::string_view name, const Body& body) {
    const auto found = take(name);
    // An empty section is what remains when all of its keys are commented out.
    if (!found || found->value->is == kind::null) return;
    if (is_map(*found)) inside(*found, body);
  }

  template <counted T>
  void key(std::string_view name, T& member, const range& allowed) {
    const auto found = take_scalar(name, std::to_string(count_of(member)));
    if (!found) return;
    if (const auto x = whole_number(*found, allowed, count_of(member))) member = static_cast<T>(*x);
  }

  void key(std::string_view name, std::optional<std::uint16_t>& member, const range& allowed) {
    const auto found = take(name);
    // Written out, "null" says that the key is not set.
    if (!found || found->value->is == kind::null || !is_scalar(*found)) return;
    if (const auto x = whole_number(*found, allowed, std::nullopt))
      member = static_cast<std::uint16_t>(*x);
  }

  void key(std::string_view name, basis_points& member, const range& allowed) {
    const auto found = take_scalar(name, std::to_string(member.get()) + "bp");
    if (!found) return;
    const auto x = parse_basis_points(found->value->text);
    if (!x) {
      refuse(*found, x.error().detail,
             "Write a fraction (0.67), a percentage (67%) or basis points (6700bp).");
    } else if (!allowed.holds(x->get())) {
      refuse(*found, outside(x->get(), allowed) + " basis points",
             choose_within("basis points", allowed));
    } else {
      member = *x;
    }
  }

  void key(std::string_view name, bool& member) {
    const auto found = take_scalar(name, member ? "true" : "false");
    if (!found) return;
    const auto& value = *found->value;
    if (!value.quoted && (value.text == "true" || value.text == "false")) {
      member = value.text == "true";
      return;
    }
    refuse(*found, "must be true or false" + instead_of(value),
           "Write true or false, without quotes.");
  }

  void key(std::string_view name, std::string& member) {
    if (const auto found = take_scalar(name, member.empty() ? "\"\"" : member))
      member = found->value->text;
  }

  template <class Enum>
  void key(std::string_view name, Enum& member, words<Enum> allowed) {
    const auto is_default = [&](const auto& x) { return x.value == member; };
    const auto usual = std::ranges::find_if(allowed, is_default);
    const auto found = take_scalar(name, usual->text);
    if (!found) return;
    std::string list;
    for (const auto& x : allowed) {
      if (same_word(x.text, found->value->text)) {
        member = x.value;
        return;
      }
      list += (list.empty() ? "" : ", ") + std::string{x.text};
    }
    refuse(*found, "has no value " + in_quotes(found->value->text), "Choose one of: " + list + ".");
  }

  void key(std::string_view name, std::vector<std::string>& member) {
    each_entry(name, texts_max, [&](const spot& entry) {
      if (is_scalar(entry)) member.push_back(entry.value->text);
    });
  }

  template <class T, class Body>
  void list(std::string_view name, std::vector<T>& members, const Body& body) {
    each_entry(name, sections_max, [&](const spot& entry) {
      if (!is_map(entry)) return;
      members.emplace_back();
      inside(entry, [&] { body(members.back()); });
    });
  }

private:
  struct spot {
    const yaml::node* value;
    std::string path;
  };

  /// The map whose keys are being read, and those that the table has asked for.
  struct frame {
    spot map;
    std::vector<std::string_view> known;
  };

  void refuse(const spot& x, std::string what, std::string remedy) {
    add(where(*x.value), x.path, std::move(what), std::move(remedy));
  }

  void add(yaml::position at, std::string path, std::string what, std::string remedy) {
    out.problems.push_back(
        {{}, at.line, at.column, std::move(path), std::move(what), std::move(remedy)});
  }

  /// A section is found by its name; so is what has no value.
  static yaml::position where(const yaml::node& x) {
    const auto by_key = x.is != kind::scalar && x.key_at.line > 0;
    return by_key ? x.key_at : x.at;
  }

  void note(const spot& x) {
    out.given.insert_or_assign(x.path, given_key{where(*x.value), x.value->text});
  }

  template <class Body>
  void inside(const spot& map, const Body& body) {
    refuse_duplicates(map);
    open_.push_back({map, {}});
    body();
    const auto done = std::move(open_.back());
    open_.pop_back();
    refuse_unknown(done);
  }

  void refuse_duplicates(const spot& map) {
    std::unordered_map<std::string_view, int> first_line;
    for (const auto& item : map.value->items) {
      const auto [first, fresh] = first_line.try_emplace(item.key, item.key_at.line);
      if (fresh) continue;
      add(item.key_at, join(map.path, printable(item.key)),
          "is given twice, first on line " + std::to_string(first->second), "Keep one of the two.");
    }
  }

  void refuse_unknown(const frame& done) {
    for (const auto& item : done.map.value->items) {
      if (std::ranges::find(done.known, item.key) != done.known.end()) continue;
      add(item.key_at, join(done.map.path, printable(item.key)), "is not a key of this program",
          remedy_for_unknown(item.key, done.known));
    }
  }

  std::optional<spot> take(std::string_view name) {
    auto& top = open_.back();
    top.known.push_back(name);
    const auto& items = top.map.value->items;
    const auto item = std::ranges::find(items, name, &yaml::node::key);
    if (item == items.end()) return std::nullopt;
    spot found{&*item, join(top.map.path, name)};
    note(found);
    return found;
  }

  std::optional<spot> take_scalar(std::string_view name, std::string_view usual) {
    auto found = take(name);
    if (!found) return std::nullopt;
    if (found->value->is == kind::null) {
      refuse(*found, "has no value",
             "Write one behind the colon, or remove the line to use the default, "
                 + std::string{usual} + ".");
      return std::nullopt;
    }
    if (!is_scalar(*found)) return std::nullopt;
    return found;
  }

  bool is_scalar(const spot& x) {
    if (x.value->is == kind::scalar) return true;
    refuse(x, "must be a single value", "Write it behind the colon, on the same line.");
    return false;
  }

  bool is_map(const spot& x) {
    if (x.value->is == kind::map) return true;
    refuse(x, "must be a section with keys of its own",
           "Put its keys on the lines below, indented by two spaces.");
    return false;
  }

  template <class Body>
  void each_entry(std::string_view name, std::size_t most, const Body& body) {
    const auto found = take(name);
    if (!found || found->value->is == kind::null) return;
    if (found->value->is != kind::list) {
      refuse(*found, "must be a list", "Begin each entry with a dash, or write [] for none.");
      return;
    }
    const auto& items = found->value->items;
    if (items.size() > most) {
      refuse(*found,
             "has " + std::to_string(items.size()) + " entries, more than " + std::to_string(most),
             "Remove some.");
      return;
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
      const spot entry{&items[i], entry_path(found->path, i)};
      if (items[i].is == kind::null) {
        // YAML does not tell where the dash of an empty entry is.
        add(where(*found->value), entry.path, "has no value",
            "Write one behind the dash, or remove the dash.");
        continue;
      }
      note(entry);
      body(entry);
    }
  }

  static std::string instead_of(const yaml::node& x) {
    return (x.quoted ? ", not the text " : ", not ") + in_quotes(x.text);
  }

  /// `usual` is the default that the remedy mentions.
  std::optional<std::int64_t> whole_number(const spot& x, const range& allowed,
                                           std::optional<std::int64_t> usual) {
    const auto& text = x.value->text;
    const auto* end = text.data() + text.size();
    std::int64_t number = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    const auto is_number = !x.value->quoted && stop == end && !text.empty();
    auto remedy = choose_within("a whole number", allowed);
    if (usual) remedy += " The default is " + std::to_string(*usual) + ".";
    if (is_number && error == std::errc{} && allowed.holds(number)) return number;
    if (is_number && error == std::errc{}) {
      refuse(x, outside(number, allowed), std::move(remedy));
    } else {
      refuse(x, "must be a whole number" + instead_of(*x.value), std::move(remedy));
    }
    return std::nullopt;
  }

  std::vector<frame> open_;
};

} // namespace

reading read(const yaml::node& document) {
  reader r;
  r.document(document);
  return std::move(r.out);
}

} // namespace bpci::config
