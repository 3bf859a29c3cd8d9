#pragma once

#include "plan.hpp"

#include <functional>

namespace bpci::consensus::sim {

/// The links between the processes: what each of them does to a message.
class network {
public:
  using delivery = std::function<void()>;
  using later = std::function<void(instant, delivery)>; ///< after that time

  network(const plan& what, later do_later);

  void send(std::size_t from, std::size_t to, const delivery& deliver);

  void begin(const fault& what);
  void end(const fault& what);

  [[nodiscard]] bool reaches(std::size_t from, std::size_t to) const;

private:
  struct link {
    int cuts = 0;
    int clogs = 0;
    std::uint64_t sent = 0;
    std::vector<delivery> held;
  };

  void add(const fault& what, int sign);
  void add_cuts(std::size_t from, std::size_t to, int sign);
  void deliver(std::size_t from, std::size_t to, const delivery& what);
  link& at(std::size_t from, std::size_t to) { return links_[from * n_ + to]; }

  std::uint64_t seed_;
  std::size_t n_;
  instant delay_min_, delay_max_;
  later later_;
  std::vector<link> links_;
  std::vector<std::int64_t> slow_ms_;
  std::int64_t lost_percent_ = 0, repeated_percent_ = 0, lag_ms_ = 0;
};

} // namespace bpci::consensus::sim
