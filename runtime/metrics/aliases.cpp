#include "runtime/metrics/aliases.hpp"

#include <algorithm>

namespace bpci::metrics {

namespace {

std::string_view next_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view word(kind x) {
  return x == kind::counter ? "counter" : x == kind::gauge ? "gauge" : "histogram";
}

std::string nothing_yet(const alias& x) {
  const std::string name{x.name};
  const auto head = "# TYPE " + name + ' ' + std::string{word(x.is)} + '\n';
  if (x.is != kind::histogram) return head + name + " 0\n";
  return head + name + "_count 0\n" + name + "_sum 0\n" + name + "_bucket{le=\"+Inf\"} 0\n";
}

/// The lines of one metric stand together: HELP, TYPE, and the samples, which begin with its name.
std::string renamed(std::string_view exposed, const alias& x) {
  const auto head = "# TYPE " + std::string{x.of} + ' ';
  auto at = exposed.find(head);
  if (at == std::string_view::npos) return nothing_yet(x);
  auto rest = exposed.substr(at);
  std::string out = "# TYPE " + std::string{x.name} + ' ';
  out += next_line(rest).substr(head.size());
  out += '\n';
  while (rest.starts_with(x.of)) {
    out += x.name;
    out += next_line(rest).substr(x.of.size());
    out += '\n';
  }
  return out;
}

} // namespace

std::string aliased(std::string_view exposed, std::span<const alias> all) {
  std::string out;
  for (const auto& x : all)
    out += "# HELP " + std::string{x.name} + " The same as " + std::string{x.of} + ".\n"
           + renamed(exposed, x);
  return out;
}

} // namespace bpci::metrics
