/// A validator among three others who say whatever they like, with signatures that it believes. It
/// may stand still and it may halt; it never says two things that contradict each other.

#include "tests/fuzz/conversation.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/gullible_signer.hpp"

#include <deque>

using namespace bpci;
using namespace bpci::consensus;

namespace {

/// More than this, one input says nothing new.
constexpr std::size_t heard_max = 400;
constexpr std::size_t steps_max = 4'000;

class validator_1 {
public:
  validator_1() {
    how_.chain_id = testing::chain;
    begin_again(journal_state::fresh);
  }

  void hear(const fuzz::heard& x) {
    if (const auto* what = std::get_if<consensus_message>(&x.what))
      feed(arrived{testing::id_of(x.from), *what});
    else
      happen(std::get<std::uint8_t>(x.what));
    work_off();
  }

private:
  void happen(std::uint8_t what) {
    switch (what) {
    case 0:
      return expire(timer_expired::kind::round);
    case 1:
      return expire(timer_expired::kind::resend);
    case 2:
      return feed(work_due{});
    case 3:
      return begin_again(journal_state::intact);
    default:
      return;
    }
  }

  void begin_again(journal_state found) {
    engine_ = std::make_unique<engine>(how_, keys_);
    timers_.clear();
    waiting_.clear();
    feed(begin{head_, found, disk_});
  }

  void expire(timer_expired::kind what) {
    auto found = timers_.extract(what);
    if (found.empty()) return;
    now_ = timestamp_ms{now_.get() + 1'000};
    feed(found.mapped());
  }

  void feed(event what) { waiting_.push_back(std::move(what)); }

  void work_off() {
    for (std::size_t i = 0; i < steps_max && !waiting_.empty(); ++i) {
      auto next = std::move(waiting_.front());
      waiting_.pop_front();
      for (auto& x : engine_->step({now_, std::move(next)}))
        std::visit([this](auto& effect) { carry_out(effect); }, x);
    }
    (void)engine_->where();
    (void)engine_->late_seals();
  }

  void carry_out(persist& x) { disk_ = std::move(x.what); }
  void carry_out(broadcast& x) {
    remember(x.what);
    feed(arrived{keys_.self(), std::move(x.what)});
  }
  void carry_out(send_to& x) { remember(x.what); }
  void carry_out(start_timer& x) { timers_[x.what.what] = x.what; }
  void carry_out(make_block& x) {
    feed(block_made{x.at, x.round, testing::block_of(1, head_, now_)});
  }
  void carry_out(check_block& x) { feed(block_checked{x.what.head.at, x.block_id, true}); }
  void carry_out(finalize& x) {
    if (x.what.what.head.at.get() != head_.head.at.get() + 1) return;
    head_ = testing::head_behind(x.what, head_);
    timers_.clear();
    feed(advanced{head_});
  }
  void carry_out(report_evidence&) {}
  void carry_out(fall_behind&) {}
  void carry_out(halt&) {}

  template <class Vote>
  void keep(std::vector<Vote>& said, const Vote& x) {
    if (x.by != keys_.self()) return;
    for (const auto& before : said)
      fuzz::require(!contradict(before, x), "it never contradicts itself");
    if (std::ranges::find(said, x) == said.end()) said.push_back(x);
  }

  void remember(const consensus_message& x) {
    if (const auto* it = std::get_if<proposal_message>(&x)) keep(proposals_, it->what);
    if (const auto* it = std::get_if<prepare>(&x)) keep(prepares_, *it);
    if (const auto* it = std::get_if<commit>(&x)) keep(commits_, *it);
    if (const auto* it = std::get_if<round_change_message>(&x)) {
      keep(changes_, it->what);
      for (const auto& before : commits_)
        fuzz::require(!contradict(before, it->what), "it does not forget what it has committed");
    }
  }

  engine_settings how_;
  fuzz::gullible_signer keys_{1};
  timestamp_ms now_{1'001'000};
  chain_head head_ = testing::genesis(4);
  std::optional<safety_record> disk_;
  std::unique_ptr<engine> engine_;
  std::map<timer_expired::kind, timer_expired> timers_;
  std::deque<event> waiting_;
  std::vector<proposal> proposals_;
  std::vector<prepare> prepares_;
  std::vector<commit> commits_;
  std::vector<round_change> changes_;
};

} // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto x = fuzz::read_canonical<fuzz::conversation>({data, size});
  if (!x || x->all.size() > heard_max) return 0;
  validator_1 self;
  for (const auto& one : x->all)
    self.hear(one);
  return 0;
}
