#include "actors/governance/result_notice.hpp"

#include "messages/codec/json.hpp"

namespace bpci::governance {

bytes proposal_body(const round_record& opened) {
  const auto text = codec::to_text({{"proposal", codec::to_json(opened.what)},
                                    {"digest", opened.digest},
                                    {"voters", codec::to_json(opened.tally.voters)},
                                    {"total_weight", codec::to_json(opened.tally.total_weight)}});
  return {text.begin(), text.end()};
}

bytes result_body(const round_record& ended) {
  const auto text =
      codec::to_text({{"proposal_id", ended.what.proposal_id},
                      {"proposal_type", ended.what.proposal_type},
                      {"digest", ended.digest},
                      {"outcome", codec::to_json(ended.standing)},
                      {"closed_at", ended.closed_at.value_or(timestamp_ms{}).get()},
                      {"required_threshold", codec::to_json(ended.what.required_threshold)},
                      {"tally", codec::to_json(ended.tally)}});
  return {text.begin(), text.end()};
}

} // namespace bpci::governance
