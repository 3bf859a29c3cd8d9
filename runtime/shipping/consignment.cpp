#include "runtime/shipping/consignment.hpp"

#include "messages/codec/json.hpp"

#include <algorithm>

namespace bpci::shipping {

namespace {

constexpr int bad_request = 400;
constexpr int content_too_large = 413;
constexpr int first_success = 200;
constexpr int first_redirection = 300;

/// Doubling stops here: 500 ms become more than an hour, which `longest` cuts.
constexpr std::uint32_t doublings_max = 13;

constexpr std::size_t shown_max = 200;

/// A proxy in front of the wrong port answers 400 as well, and must not cost a line.
bool is_of_elasticsearch(const web_answer& x) {
  const auto body = codec::parse_json(x.body);
  return body && body->is_object() && body->get_object().contains("error");
}

std::string shown(const web_answer& x) {
  if (x.status == 0) return x.error;
  return "HTTP " + std::to_string(x.status) + ' ' + x.body.substr(0, shown_max);
}

} // namespace

void consignment::load(std::vector<entry> entries) {
  left_ = std::move(entries);
  most_ = left_.size();
}

std::span<const entry> consignment::next() const {
  return std::span{left_}.first(std::min(most_, left_.size()));
}

consignment::outcome consignment::answered(const web_answer& x) {
  const auto is_too_much =
      x.status == content_too_large || (x.status == bad_request && is_of_elasticsearch(x));
  if (is_too_much) return smaller(shown(x));
  if (x.status < first_success || x.status >= first_redirection) return once_more(shown(x));
  const auto answer = read_bulk_answer(x.body, next().size());
  if (!answer) return once_more(answer.error().detail);
  return items(*answer);
}

consignment::outcome consignment::once_more(std::string why) {
  outcome out;
  out.wait = std::min(how_.longest, how_.first * (1U << std::min(failures_, doublings_max)));
  ++failures_;
  out.why = std::move(why);
  return out;
}

/// Halves the request until the one line that is not acceptable stands alone.
consignment::outcome consignment::smaller(std::string why) {
  outcome out;
  out.why = std::move(why);
  const auto sent = next().size();
  most_ = std::max<std::size_t>(sent / 2, 1);
  if (sent > 1) return out;
  left_.erase(left_.begin());
  out.refused = 1;
  return out;
}

consignment::outcome consignment::items(const bulk_answer& x) {
  outcome out;
  std::vector<entry> again;
  for (std::size_t i = 0; i < x.fates.size(); ++i) {
    if (x.fates[i] == fate::again) again.push_back(std::move(left_[i]));
    if (x.fates[i] == fate::taken) ++out.taken;
    if (x.fates[i] == fate::refused) ++out.refused;
  }
  const auto some_wait = !again.empty();
  left_.erase(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(x.fates.size()));
  left_.insert(left_.begin(), std::move_iterator{again.begin()}, std::move_iterator{again.end()});
  out.why = x.why;
  if (!some_wait || out.taken > 0) failures_ = 0;
  if (some_wait) out.wait = once_more({}).wait;
  return out;
}

} // namespace bpci::shipping
