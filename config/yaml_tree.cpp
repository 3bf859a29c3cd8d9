#include "config/yaml_tree.hpp"

#include <boost/locale/utf.hpp>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>

namespace bpci::config::yaml {

namespace {

constexpr std::string_view syntax_remedy =
    "Check this line and the one above it: indent with spaces (not tabs), put a space behind "
    "each colon, and close every quote and bracket.";

position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {mark.line + 1, mark.column + 1};
}

/// Unwinds yaml-cpp, which offers no other way to stop; caught in `parse`.
struct stopped {
  refusal why;
};

[[noreturn]] void stop(position at, std::string what, std::string remedy) {
  throw stopped{{at, std::move(what), std::move(remedy)}};
}

std::size_t size_of(const node& x) {
  std::size_t n = 1;
  for (const auto& item : x.items)
    n += size_of(item);
  return n;
}

class builder final : public YAML::EventHandler {
public:
  node root;

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    node x;
    x.at = position_of(mark);
    finish(std::move(x), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto target = anchored_.find(anchor);
    if (target == anchored_.end())
      stop(position_of(mark), "this alias stands inside of what it refers to",
           "Write the value out.");
    count(size_of(target->second), position_of(mark));
    if (open_.size() + depth_of(target->second) > depth_max) too_deep(position_of(mark));
    place(target->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    node x;
    x.is = kind::scalar;
    x.at = position_of(mark);
    x.quoted = tag == "!";
    check_tag(tag, x.at);
    if (value.size() > value_bytes_max)
      stop(x.at, "this value is longer than " + std::to_string(value_bytes_max) + " bytes",
           "Shorten it.");
    x.text = value;
    finish(std::move(x), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(kind::list, mark, tag, anchor);
  }

  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(kind::map, mark, tag, anchor);
  }

  void OnMapEnd() override { close(); }

private:
  struct frame {
    node value;
    YAML::anchor_t anchor = YAML::NullAnchor;
    bool has_key = false;
    std::string key;
    position key_at;
  };

  static void check_tag(const std::string& tag, position at) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    stop(at, "tags are not supported", "Remove the word that begins with an exclamation mark.");
  }

  [[noreturn]] static void too_deep(position at) {
    stop(at, "this is nested more than " + std::to_string(depth_max) + " levels deep",
         "No key of this program stands that deep; check the indentation and the brackets.");
  }

  static std::size_t depth_of(const node& x) {
    std::size_t deepest = 0;
    for (const auto& item : x.items)
      deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
  }

  void count(std::size_t more, position at) {
    nodes_ += more;
    if (nodes_ > nodes_max)
      stop(at, "the document has more than " + std::to_string(nodes_max) + " values",
           "Remove what does not belong here; aliases count as what they stand for.");
  }

  void open(kind is, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    const auto at = position_of(mark);
    check_tag(tag, at);
    count(1, at);
    if (!open_.empty() && is_key_next()) key_must_be_a_word(at);
    if (open_.size() >= depth_max) too_deep(at);
    frame f;
    f.value.is = is;
    f.value.at = at;
    f.anchor = anchor;
    open_.push_back(std::move(f));
  }

  void close() {
    auto done = std::move(open_.back());
    open_.pop_back();
    remember(done.value, done.anchor);
    place(std::move(done.value));
  }

  void finish(node x, YAML::anchor_t anchor) {
    count(1, x.at);
    remember(x, anchor);
    place(std::move(x));
  }

  void remember(const node& x, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) anchored_.insert_or_assign(anchor, x);
  }

  [[nodiscard]] bool is_key_next() const {
    return open_.back().value.is == kind::map && !open_.back().has_key;
  }

  [[noreturn]] static void key_must_be_a_word(position at) {
    stop(at, "a key must be a word", std::string{syntax_remedy});
  }

  /// Puts a complete value where the document is: the root, an entry, or a key.
  void place(node x) {
    if (open_.empty()) {
      root = std::move(x);
      return;
    }
    auto& top = open_.back();
    if (is_key_next()) {
      if (x.is != kind::scalar) key_must_be_a_word(x.at);
      top.key = std::move(x.text);
      top.key_at = x.at;
      top.has_key = true;
      return;
    }
    if (top.has_key) {
      x.key = std::move(top.key);
      x.key_at = top.key_at;
      top.has_key = false;
    }
    top.value.items.push_back(std::move(x));
  }

  std::vector<frame> open_;
  std::unordered_map<YAML::anchor_t, node> anchored_;
  std::size_t nodes_ = 0;
};

/// yaml-cpp would put other characters in the place of such bytes, silently.
void refuse_other_encodings(std::string_view text) {
  namespace utf = boost::locale::utf;
  const auto* at = text.data();
  const auto* end = at + text.size();
  position here{1, 1};
  while (at != end) {
    const auto* before = at;
    const auto x = utf::utf_traits<char>::decode(at, end);
    if (x == utf::illegal || x == utf::incomplete)
      stop(here, "this is not valid UTF-8", "Save the file in the UTF-8 encoding.");
    if (x == '\n') {
      here = {here.line + 1, 1};
    } else {
      here.column += static_cast<int>(at - before);
    }
  }
}

node parse_or_throw(std::string_view text) {
  refuse_other_encodings(text);
  std::istringstream in{std::string{text}};
  YAML::Parser parser{in};
  builder document;
  if (!parser.HandleNextDocument(document)) return {};
  builder second;
  if (parser.HandleNextDocument(second))
    stop(second.root.at, "a second document begins here",
         "Keep one document in the file; remove the line of three dashes.");
  return std::move(document.root);
}

} // namespace

std::variant<node, refusal> parse(std::string_view text) {
  if (text.size() > document_bytes_max)
    return refusal{{},
                   "is larger than " + std::to_string(document_bytes_max) + " bytes",
                   "Is this the right file? A configuration has a few hundred lines."};
  try {
    return parse_or_throw(text);
  } catch (const stopped& x) {
    return x.why;
  } catch (const YAML::Exception& x) {
    return refusal{position_of(x.mark), "is not valid YAML: " + x.msg, std::string{syntax_remedy}};
  }
}

} // namespace bpci::config::yaml
