#include "runtime/shipping/shipper.hpp"

#include "runtime/log/log.hpp"
#include "runtime/metrics/metrics.hpp"
#include "runtime/time/clock.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace bpci::shipping {

namespace {

using std::chrono::milliseconds;

/// When nothing is to be done.
constexpr auto idle_pause = milliseconds{60'000};

/// Lines that say what was dropped come at most this often: they go the same way, and may be
/// dropped themselves.
constexpr auto report_every = std::chrono::seconds{10};

constexpr std::string_view refused_reason = "refused";

/// Only what is read of the answer.
constexpr auto bulk_path = "/_bulk?filter_path=errors,error,items.*.status,items.*.error.type,"
                           "items.*.error.reason";

void count_shipped(std::size_t lines) {
  static auto& counter = metrics::metrics().counter("bpci_log_lines_shipped_total",
                                                    "Log lines that Elasticsearch has taken.");
  counter.add(lines);
}

/// A thread that no signal comes to: those that end a node have a thread of their own.
template <class Body>
std::thread quiet_thread(Body body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread out{std::move(body)};
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return out;
}

std::string without_slash(std::string x) {
  while (x.ends_with('/'))
    x.pop_back();
  return x;
}

} // namespace

result<std::shared_ptr<shipper>> shipper::start(shipper_options how) {
  if (const auto key = how.api_key(); !key) return key.error();
  auto lines = spool::open(how.folder, how.spool_bytes_max);
  if (!lines) return lines.error();
  std::shared_ptr<shipper> out{new shipper{std::move(how), std::move(*lines)}};
  out->thread_ = quiet_thread([self = out.get()] { self->run(); });
  return out;
}

shipper::shipper(shipper_options how, std::unique_ptr<spool> lines)
    : how_(std::move(how)),
      spool_(std::move(lines)),
      under_way_(how_.backoff),
      web_(how_.web),
      not_before_(steady_now()),
      unread_since_(not_before_ - how_.batch_wait),
      reported_(not_before_ - report_every) {
  how_.endpoint = without_slash(std::move(how_.endpoint));
}

shipper::~shipper() {
  finish();
}

void shipper::take(std::string line) noexcept {
  auto wake = false;
  {
    std::lock_guard lock{guard_};
    if (queue_bytes_ + line.size() > how_.queue_bytes_max) {
      ++overflown_;
    } else {
      queue_bytes_ += line.size();
      queue_.push_back(std::move(line));
    }
    wake = !std::exchange(woken_, true);
  }
  if (wake) web_.wake();
}

void shipper::finish() noexcept {
  std::call_once(finished_, [this] {
    {
      std::lock_guard lock{guard_};
      finishing_ = true;
      finish_by_ = steady_now() + how_.finish_max;
    }
    web_.wake();
    if (thread_.joinable()) thread_.join();
  });
}

void shipper::run() {
  show_waiting(); // of a former life
  for (;;) {
    const auto answer = web_.wait(pause());
    store();
    if (answer) conclude(under_way_.answered(*answer));
    report_dropped();
    if (is_over()) break;
    send_if_due();
  }
  // What was under way for long may have left the disk meanwhile.
  const auto is_lost = [this](const entry& x) { return !spool_->keeps(x); };
  dropped("buffer_full",
          static_cast<std::uint64_t>(std::ranges::count_if(under_way_.left(), is_lost)));
}

milliseconds shipper::pause() {
  auto until = steady_now() + idle_pause;
  if (!unreported_.empty()) until = std::min(until, reported_ + report_every);
  if (!web_.busy() && !under_way_.empty()) until = std::min(until, not_before_);
  if (!web_.busy() && under_way_.empty() && spool_->unread_lines() > 0)
    until = std::min(until, std::max(not_before_, unread_since_ + how_.batch_wait));
  {
    std::lock_guard lock{guard_};
    if (finishing_) until = std::min(until, finish_by_);
  }
  return std::max(std::chrono::ceil<milliseconds>(until - steady_now()), milliseconds{0});
}

/// From the queue to the disk.
void shipper::store() {
  std::vector<std::string> lines;
  std::uint64_t overflown = 0;
  {
    std::lock_guard lock{guard_};
    lines.swap(queue_);
    queue_bytes_ = 0;
    overflown = std::exchange(overflown_, 0);
    woken_ = false;
  }
  dropped("queue_full", overflown);
  if (lines.empty()) return;
  if (spool_->unread_lines() == 0) unread_since_ = steady_now();
  dropped("disk", spool_->append(lines));
  dropped("buffer_full", spool_->take_dropped());
  show_waiting();
}

bool shipper::batch_is_due() const {
  return spool_->unread_lines() >= how_.batch_lines || spool_->unread_bytes() >= how_.batch_bytes
         || steady_now() >= unread_since_ + how_.batch_wait;
}

void shipper::send_if_due() {
  if (web_.busy() || steady_now() < not_before_) return;
  if (!under_way_.empty()) return begin_request();
  if (spool_->unread_lines() == 0) return;
  auto ending = false;
  {
    std::lock_guard lock{guard_};
    ending = finishing_;
  }
  if (!ending && !batch_is_due()) return;
  under_way_.load(spool_->read(how_.batch_lines, how_.batch_bytes));
  dropped("disk", spool_->take_dropped());
  unread_since_ = steady_now();
  if (!under_way_.empty()) begin_request();
}

void shipper::begin_request() {
  const auto key = how_.api_key();
  if (!key) return conclude(under_way_.answered({0, {}, key.error().detail}));
  web_request what;
  what.url = how_.endpoint + bulk_path;
  what.headers = {"Content-Type: application/x-ndjson"};
  if (!key->empty()) what.headers.push_back("Authorization: ApiKey " + *key);
  what.body = bulk_body(under_way_.next(), {how_.index, how_.node, spool_->id()});
  web_.begin(std::move(what));
}

void shipper::conclude(const consignment::outcome& x) {
  count_shipped(x.taken);
  dropped(refused_reason, x.refused);
  // Half of it is left to chance: the nodes of a cluster must not all come at once.
  const auto half = x.wait.count() / 2;
  const auto chance = half > 0 ? random_below(static_cast<std::uint64_t>(half) + 1) : 0;
  not_before_ = steady_now() + milliseconds{half + static_cast<std::int64_t>(chance)};
  const auto fails = x.wait.count() > 0;
  if (fails && !failing_)
    log::warn("log-shipping-failed", {{"endpoint", how_.endpoint}, {"detail", x.why}});
  if (!fails && failing_ && x.taken > 0)
    log::info("log-shipping-resumed", {{"endpoint", how_.endpoint}});
  if (x.refused > 0) refused_why_ = x.why;
  failing_ = fails;
  if (!under_way_.empty()) return;
  spool_->settle();
  show_waiting();
}

/// One number for all outputs, so each adds what has changed.
void shipper::show_waiting() {
  static auto& gauge = metrics::metrics().gauge(
      "bpci_log_buffered_bytes", "Log lines on disk that Elasticsearch has not taken.");
  const auto now = spool_->unsettled_bytes();
  gauge.add(static_cast<double>(now) - static_cast<double>(std::exchange(shown_bytes_, now)));
}

/// What is left stays on disk for the next life.
bool shipper::is_over() {
  {
    std::lock_guard lock{guard_};
    if (!finishing_ || !queue_.empty()) return false;
    if (steady_now() >= finish_by_) return true;
  }
  if (web_.busy()) return false;
  return failing_ || (under_way_.empty() && spool_->unread_lines() == 0);
}

void shipper::dropped(std::string_view reason, std::uint64_t lines) {
  if (lines == 0) return;
  metrics::metrics()
      .counter("bpci_log_lines_dropped_total", "Log lines that Elasticsearch never gets.",
               {{"reason", reason}})
      .add(lines);
  unreported_[std::string{reason}] += lines;
}

void shipper::report_dropped() {
  if (unreported_.empty() || steady_now() < reported_ + report_every) return;
  reported_ = steady_now();
  for (const auto& [reason, lines] : std::exchange(unreported_, {}))
    log::warn("log-lines-dropped", {{"endpoint", how_.endpoint},
                                    {"reason", reason},
                                    {"lines", lines},
                                    {"detail", reason == refused_reason ? refused_why_ : ""}});
}

} // namespace bpci::shipping
