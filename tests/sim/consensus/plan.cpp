#include "plan.hpp"

#include <algorithm>

namespace bpci::consensus::sim {

namespace {

std::string ms(instant x) {
  auto text = std::to_string(x.count() / 1'000);
  if (auto rest = x.count() % 1'000) text += "." + std::to_string(1'000 + rest).substr(1);
  return text + " ms";
}

std::string p(std::size_t number) {
  return "p" + std::to_string(number);
}

std::string members(std::uint64_t mask) {
  std::string out;
  for (std::size_t i = 0; i < 64; ++i)
    if (mask >> i & 1) out += (out.empty() ? "" : " ") + p(i);
  return "{" + out + "}";
}

std::string crash_text(const fault& x) {
  auto text = p(x.who) + " crashes after " + std::to_string(x.steps) + " more steps";
  text += x.tail == torn::nothing  ? ", losing what it writes"
          : x.tail == torn::a_part ? ", tearing what it writes"
                                   : ", having written";
  if (x.disk == disk_fate::damaged) text += "; its journal is damaged";
  if (x.disk == disk_fate::wiped) text += "; its journal is lost";
  if (x.disk == disk_fate::amnesia) text += "; its journal is lost and it does not say so";
  return text;
}

} // namespace

std::string to_string(const fault& x) {
  auto text = [&]() -> std::string {
    auto amount = std::to_string(x.amount);
    switch (x.what) {
    case trouble::cut:
      return "no way from " + p(x.who) + " to " + p(x.whom);
    case trouble::isolate:
      return p(x.who) + " is alone";
    case trouble::split:
      return "split into " + members(x.mask) + " and the rest";
    case trouble::clog:
      return "clogged from " + p(x.who) + " to " + p(x.whom);
    case trouble::slow:
      return p(x.who) + " is slower by " + amount + " ms";
    case trouble::lose:
      return amount + " % of the messages are lost";
    case trouble::repeat:
      return amount + " % of the messages come twice";
    case trouble::lag:
      return "messages take up to " + amount + " ms more";
    case trouble::skew:
      return "the clock of " + p(x.who) + " is off by " + amount + " ms";
    case trouble::slow_disk:
      return "the disk of " + p(x.who) + " is slower by " + amount + " ms";
    case trouble::crash:
      return crash_text(x);
    }
    return {};
  }();
  return ms(x.at) + "  " + text + ", for " + ms(x.lasts);
}

std::string to_string(conduct_kind x) {
  constexpr const char* names[] = {"honest",      "equivocator", "double voter", "false claimer",
                                   "mute",        "half mute",   "replayer",     "bomber",
                                   "seal forger", "amnesiac"};
  return names[static_cast<std::size_t>(x)];
}

host_mistakes& usual_mistakes() {
  static host_mistakes none;
  return none;
}

conduct_kind plan::conduct(std::size_t number) const {
  auto found = std::ranges::find(traitors, number, &traitor::who);
  return found == traitors.end() ? conduct_kind::honest : found->how;
}

bool plan::is_guilty(std::size_t key) const {
  return std::ranges::find(twins, key) != twins.end()
         || std::ranges::any_of(traitors, [&](const traitor& x) { return this->key(x.who) == key; })
         || std::ranges::any_of(faults, [&](const fault& x) {
              return x.what == trouble::crash && x.disk == disk_fate::amnesia
                     && this->key(x.who) == key;
            });
}

std::string to_string(const plan& x) {
  auto text = "seed " + std::to_string(x.seed) + ", weights";
  for (auto weight : x.weights)
    text += " " + std::to_string(weight);
  text += ", base " + std::to_string(x.base.count()) + " ms, cap " + std::to_string(x.cap.count())
          + " ms, delay " + ms(x.delay_min) + " to " + ms(x.delay_max)
          + (x.pipelined ? ", pipelined" : "") + (x.live ? ", calm from " + ms(x.trouble_ends) : "")
          + "\n";
  for (std::size_t i = 0; i < x.twins.size(); ++i)
    text += "  " + p(x.weights.size() + i) + " is the twin of " + p(x.twins[i]) + "\n";
  for (const auto& liar : x.traitors)
    text += "  " + p(liar.who) + " is a traitor: " + to_string(liar.how) + "\n";
  for (const auto& what : x.faults)
    text += "  " + to_string(what) + "\n";
  return text;
}

} // namespace bpci::consensus::sim
