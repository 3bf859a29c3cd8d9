#include "config/all_keys.hpp"

#include "config/keys.hpp"

namespace bpci::config {

namespace {

/// The visitor of keys.hpp that notes the names.
class key_names {
public:
  std::vector<std::string> names;

  template <class Body>
  void section(std::string_view name, const Body& body) {
    auto path = join(path_, name);
    std::swap(path_, path);
    body();
    std::swap(path_, path);
  }

  template <class T, class Body>
  void list(std::string_view name, const T&, const Body&) {
    names.push_back(join(path_, name));
  }

  template <class... Rest>
  void key(std::string_view name, const Rest&...) {
    names.push_back(join(path_, name));
  }

private:
  std::string path_;
};

} // namespace

const std::vector<std::string>& all_keys() {
  static const auto names = [] {
    key_names v;
    const node_config defaults;
    visit_keys(v, defaults);
    return std::move(v.names);
  }();
  return names;
}

} // namespace bpci::config
